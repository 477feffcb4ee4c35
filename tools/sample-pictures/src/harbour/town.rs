//! What people built and planted: houses up the hill, church, lighthouse, quay, jetty, trees.

use crate::colour::light;
use crate::noise::Random;
use crate::solid::{Bound, Group, Solid, cuboid, rod};
use crate::vector::{Vec3, vec3};

use super::land::Land;
use super::material::{Kind, Material};

/// The lighthouse stands here.
pub const ISLET: Vec3 = vec3(-30.0, 0.0, 92.0);
/// The front edge of the quay: its left end, and how high and far away it is.
pub const QUAY: Vec3 = vec3(-26.0, 1.7, 74.0);

const PLASTER: [u32; 10] =
    [0xe9dcc0, 0xdda56c, 0xcc7f5c, 0xd8b07c, 0xd9b878, 0xbc6c62, 0xa9b8b8, 0xe2c89c, 0xc98f5a, 0xdcc4b0];
const SHUTTER: [u32; 6] = [0x3f6a5a, 0x4a6b8c, 0x7c3b30, 0x5a6b3c, 0x2f4f66, 0x8a6a44];
const TILES: [u32; 4] = [0xa45c46, 0x96523e, 0xb07058, 0x875046];

/// A solid without a hollow.
pub fn solid(bounds: Vec<Bound>, kind: Kind, colour: u32, second: u32, seed: u32) -> Solid<Material> {
    let material = Material { kind, colour: light(colour), second: light(second), seed };
    Solid { bounds, hollow: Vec::new(), material }
}

fn half(x: f32, y: f32, z: f32, offset: f32) -> Bound {
    let normal = vec3(x, y, z);
    let length = normal.length();
    Bound::Half { normal: normal / length, offset: offset / length }
}

/// A house with its ridge along its own x axis; `size` is half its width, the height of its walls, half
/// its depth.
fn house(place: Vec3, angle: f32, size: Vec3, random: &mut Random) -> Group<Material> {
    let Vec3 { x: width, y: wall, z: depth } = size;
    let seed = (random.next() * 1e6) as u32;
    let slope = random.between(0.5, 0.7);
    let ridge = wall + slope * depth;
    let plaster = random.pick(&PLASTER);
    let shutter = random.pick(&SHUTTER);
    let tile = random.pick(&TILES);
    let mut body = cuboid(vec3(-width, -6.0, -depth), vec3(width, ridge, depth));
    body.push(half(0.0, 1.0, slope, ridge));
    body.push(half(0.0, 1.0, -slope, ridge));
    let mut solids = vec![solid(body, Kind::Wall, plaster, shutter, seed)];
    for side in [-1.0, 1.0] {
        let eaves = 0.45;
        let slab = vec![
            half(0.0, 1.0, side * slope, ridge + 0.32),
            half(0.0, -1.0, -side * slope, -(ridge + 0.02)),
            half(1.0, 0.0, 0.0, width + 0.35),
            half(-1.0, 0.0, 0.0, width + 0.35),
            half(0.0, 0.0, side, depth + eaves),
            half(0.0, 0.0, -side, 0.0),
        ];
        solids.push(solid(slab, Kind::Roof, tile, 0x5c2c20, seed));
    }
    let x = random.between(-0.6, 0.6) * width;
    let z = random.between(-0.3, 0.3) * depth;
    let chimney = cuboid(vec3(x - 0.4, ridge - 1.4, z - 0.4), vec3(x + 0.4, ridge + 1.1, z + 0.4));
    solids.push(solid(chimney, Kind::Stone, 0xb89a80, 0x80604c, seed));
    let reach = (width * width + depth * depth + 0.3 * ridge * ridge).sqrt() + 2.5;
    Group { place, angle, middle: ridge * 0.5, reach, solids }
}

/// A tree of leafy balls; `tall` makes it a cypress.
fn tree(place: Vec3, size: f32, tall: bool, random: &mut Random) -> Group<Material> {
    let seed = (random.next() * 1e6) as u32;
    let colour = if tall { 0x2c3f22 } else { random.pick(&[0x55662e, 0x475c2c, 0x6b6c30, 0x3e5530]) };
    let mut solids = vec![solid(
        rod(vec3(0.0, -2.0, 0.0), vec3(0.0, size, 0.0), 0.22),
        Kind::Wood,
        0x4a3a2c,
        0x2c2018,
        seed,
    )];
    let count = if tall { 16 } else { 22 };
    for index in 0..count {
        let level = index as f32 / count as f32;
        let (spread, y, radius) = if tall {
            let taper = (1.0 - level) * 0.8 + 0.12;
            (0.10 * size * taper, size * (0.2 + 2.1 * level), 0.30 * size * taper)
        } else {
            let round = (1.0 - (2.0 * level - 1.0) * (2.0 * level - 1.0)).sqrt();
            (size * 0.75 * round, size * (0.75 + 1.0 * level), size * random.between(0.28, 0.46))
        };
        let centre = vec3(random.between(-spread, spread), y, random.between(-spread, spread));
        solids.push(solid(vec![Bound::Ball { centre, radius }], Kind::Leaf, colour, 0x8c8440, seed + index));
    }
    Group { place, angle: 0.0, middle: size * 1.2, reach: size * 1.5, solids }
}

fn church(land: &Land) -> Group<Material> {
    let place = vec3(30.0, land.height(30.0, 176.0) - 1.0, 176.0);
    let mut solids = Vec::new();
    let tower = cuboid(vec3(-3.2, -5.0, -3.2), vec3(3.2, 21.0, 3.2));
    solids.push(solid(tower, Kind::Tower, 0xead9b8, 0x8c7a60, 5));
    solids.push(solid(
        cuboid(vec3(-3.7, 14.6, -3.7), vec3(3.7, 15.2, 3.7)),
        Kind::Stone,
        0xd8c6a4,
        0xa08c6c,
        6,
    ));
    solids.push(solid(
        cuboid(vec3(-3.7, 20.8, -3.7), vec3(3.7, 21.5, 3.7)),
        Kind::Stone,
        0xd8c6a4,
        0xa08c6c,
        6,
    ));
    let mut spire = vec![half(0.0, -1.0, 0.0, -21.4)];
    for side in [-1.0, 1.0] {
        spire.push(half(side * 3.0, 1.0, 0.0, 31.5));
        spire.push(half(0.0, 1.0, side * 3.0, 31.5));
    }
    solids.push(solid(spire, Kind::Roof, 0x6a7a78, 0x3c4a4c, 7));
    solids.push(solid(rod(vec3(0.0, 31.0, 0.0), vec3(0.0, 34.2, 0.0), 0.1), Kind::Plain, 0x3a3430, 0, 8));
    let mut nave = cuboid(vec3(3.0, -5.0, -4.6), vec3(21.0, 13.0, 4.6));
    nave.push(half(0.0, 1.0, 0.8, 13.0));
    nave.push(half(0.0, 1.0, -0.8, 13.0));
    solids.push(solid(nave, Kind::Wall, 0xeeddc0, 0x8c7a60, 9));
    for side in [-1.0, 1.0] {
        let slab = vec![
            half(0.0, 1.0, side * 0.8, 13.4),
            half(0.0, -1.0, -side * 0.8, -13.0),
            half(1.0, 0.0, 0.0, 21.4),
            half(-1.0, 0.0, 0.0, -3.2),
            half(0.0, 0.0, side, 5.1),
            half(0.0, 0.0, -side, 0.0),
        ];
        solids.push(solid(slab, Kind::Roof, 0x9a4e36, 0x5c2c20, 10));
    }
    Group { place, angle: 0.25, middle: 14.0, reach: 27.0, solids }
}

fn lighthouse(land: &Land) -> Group<Material> {
    let place = vec3(ISLET.x, land.height(ISLET.x, ISLET.z) - 0.6, ISLET.z);
    let mut solids = Vec::new();
    for ring in 0..9 {
        let (low, radius) = (ring as f32 * 1.9, 2.5 - 0.12 * ring as f32);
        let colour = if ring % 4 < 2 { 0xf2ebe0 } else { 0xb8382c };
        solids.push(solid(
            rod(vec3(0.0, low - 0.02, 0.0), vec3(0.0, low + 1.9, 0.0), radius),
            Kind::Plaster,
            colour,
            0x9a8c7c,
            21,
        ));
    }
    solids.push(solid(rod(vec3(0.0, 17.1, 0.0), vec3(0.0, 17.5, 0.0), 2.3), Kind::Plain, 0x3a3c40, 0, 22));
    solids.push(solid(rod(vec3(0.0, 17.5, 0.0), vec3(0.0, 19.3, 0.0), 1.1), Kind::Lamp, 0xffd890, 0, 23));
    for index in 0..6 {
        let post = vec3(1.2, 0.0, 0.0).turned(index as f32 * core::f32::consts::FRAC_PI_3);
        let rail = vec3(2.15, 0.0, 0.0).turned(index as f32 * core::f32::consts::FRAC_PI_3);
        let up = |from: f32, to: f32, at: Vec3| rod(at + vec3(0.0, from, 0.0), at + vec3(0.0, to, 0.0), 0.07);
        solids.push(solid(up(17.4, 19.4, post), Kind::Plain, 0x2c2c30, 0, 24));
        solids.push(solid(up(17.4, 18.3, rail), Kind::Plain, 0x2c2c30, 0, 24));
    }
    solids.push(solid(
        vec![Bound::Ball { centre: vec3(0.0, 18.9, 0.0), radius: 1.5 }, half(0.0, -1.0, 0.0, -19.3)],
        Kind::Plain,
        0x9c3226,
        0,
        25,
    ));
    let mut hut = cuboid(vec3(2.0, -2.0, -2.2), vec3(8.0, 5.0, 2.2));
    hut.push(half(0.0, 1.0, 0.7, 5.0));
    hut.push(half(0.0, 1.0, -0.7, 5.0));
    solids.push(solid(hut, Kind::Wall, 0xf0e6d4, 0x7c3b30, 26));
    for side in [-1.0, 1.0] {
        let slab = vec![
            half(0.0, 1.0, side * 0.7, 5.3),
            half(0.0, -1.0, -side * 0.7, -5.0),
            half(1.0, 0.0, 0.0, 8.3),
            half(-1.0, 0.0, 0.0, -1.9),
            half(0.0, 0.0, side, 2.6),
            half(0.0, 0.0, -side, 0.0),
        ];
        solids.push(solid(slab, Kind::Roof, 0xa0503a, 0x5c2c20, 27));
    }
    Group { place, angle: 0.3, middle: 9.0, reach: 14.0, solids }
}

fn quay() -> Group<Material> {
    let mut solids = vec![
        solid(cuboid(vec3(0.0, -3.0, 0.0), vec3(200.0, 0.0, 13.0)), Kind::Stone, 0xb8a588, 0x6c604e, 31),
        solid(cuboid(vec3(-0.3, -0.28, -0.3), vec3(200.0, 0.06, 0.7)), Kind::Stone, 0xcbbb9c, 0x8c7e68, 32),
    ];
    for index in 0..9 {
        let x = 5.0 + index as f32 * 10.5;
        let up = |from: f32, to: f32, radius: f32| rod(vec3(x, from, 1.6), vec3(x, to, 1.6), radius);
        solids.push(solid(up(0.0, 4.6, 0.09), Kind::Plain, 0x2c3030, 0, 33));
        solids.push(solid(
            vec![Bound::Ball { centre: vec3(x, 4.8, 1.6), radius: 0.3 }],
            Kind::Lamp,
            0xffc870,
            0,
            34,
        ));
        solids.push(solid(
            rod(vec3(x + 5.0, 0.0, 0.4), vec3(x + 5.0, 0.7, 0.4), 0.25),
            Kind::Plain,
            0x2a2a2c,
            0,
            35,
        ));
    }
    let mut random = Random::new(36);
    for _ in 0..16 {
        let (x, z, tall) = (random.between(3.0, 85.0), random.between(2.2, 6.0), random.between(1.3, 1.5));
        let coat = random.pick(&[0x7c2c2c, 0x2c3c5c, 0xd8c8a8, 0x3c3c38, 0x8c6a3c, 0x4c6a5c]);
        solids.push(solid(rod(vec3(x, 0.0, z), vec3(x, tall, z), 0.24), Kind::Plain, coat, 0, 37));
        solids.push(solid(
            vec![Bound::Ball { centre: vec3(x, tall + 0.16, z), radius: 0.17 }],
            Kind::Plain,
            0xb88868,
            0,
            38,
        ));
    }
    Group { place: QUAY, angle: 0.0, middle: 0.0, reach: 215.0, solids }
}

/// Planks and posts in the foreground on the right.
fn jetty() -> Group<Material> {
    let mut solids = vec![
        solid(cuboid(vec3(-1.5, 0.95, -14.0), vec3(1.5, 1.12, 16.0)), Kind::Planks, 0x9a8060, 0x4c3c2c, 41),
        solid(cuboid(vec3(-1.55, 0.62, -14.0), vec3(-1.35, 0.95, 16.0)), Kind::Wood, 0x7a6248, 0x3c2c20, 42),
        solid(cuboid(vec3(1.35, 0.62, -14.0), vec3(1.55, 0.95, 16.0)), Kind::Wood, 0x7a6248, 0x3c2c20, 43),
    ];
    for index in 0..6 {
        for side in [-1.0, 1.0] {
            let z = index as f32 * 5.0 - 10.0;
            let tall = if index % 2 == 1 { 2.3 } else { 1.55 };
            let (from, to) = (vec3(side * 1.62, -3.0, z), vec3(side * 1.62, tall, z));
            solids.push(solid(rod(from, to, 0.16), Kind::Wood, 0x846a4c, 0x3a2c20, 44 + index));
        }
    }
    solids.push(solid(
        rod(vec3(-0.7, 1.12, 9.0), vec3(-0.7, 1.95, 9.0), 0.34),
        Kind::Wood,
        0x8a5c34,
        0x4a3020,
        50,
    ));
    solids.push(solid(
        cuboid(vec3(0.2, 1.12, 7.0), vec3(1.1, 1.62, 7.9)),
        Kind::Planks,
        0xa88858,
        0x5c4630,
        51,
    ));
    Group { place: vec3(8.0, 0.0, 20.0), angle: -0.16, middle: 0.0, reach: 17.0, solids }
}

/// Everything on land.
pub fn build(land: &Land) -> Vec<Group<Material>> {
    let mut random = Random::new(20);
    let mut groups = vec![church(land), lighthouse(land), quay(), jetty()];
    let mut x = QUAY.x + 5.0;
    while x < 74.0 {
        let width = random.between(2.9, 4.4);
        let wall = random.between(6.2, 11.5);
        let place = vec3(x + width, QUAY.y, QUAY.z + 11.5 + random.between(0.0, 1.5));
        groups.push(house(
            place,
            random.between(-0.04, 0.04),
            vec3(width, wall, random.between(3.6, 4.6)),
            &mut random,
        ));
        x += 2.0 * width + random.pick(&[0.1, 0.1, 0.3, 2.2]);
    }
    for row in 0..8 {
        let z = QUAY.z + 25.0 + 12.5 * row as f32;
        let mut x = -24.0 + 3.5 * row as f32 + random.between(-4.0, 4.0);
        while x < 74.0 + 5.0 * row as f32 {
            let width = random.between(2.7, 4.4);
            let base = land.height(x, z);
            let near_church = (x - 34.0).abs() < 17.0 && (z - 170.0).abs() < 14.0;
            if base > 1.5 && !near_church && random.next() < 0.74 {
                let size = vec3(width, random.between(4.5, 8.0), random.between(3.2, 4.6));
                let turn = if random.next() < 0.35 { core::f32::consts::FRAC_PI_2 } else { 0.0 };
                let place = vec3(x, base - 0.6, z + random.between(-3.0, 3.0));
                groups.push(house(place, turn + random.between(-0.25, 0.25), size, &mut random));
            } else if base > 1.5 && !near_church {
                let tall = random.next() < 0.4;
                groups.push(tree(vec3(x, base, z), random.between(2.2, 3.6), tall, &mut random));
            }
            x += 2.0 * width + random.between(0.5, 4.5);
        }
    }
    for _ in 0..90 {
        let (x, z) = (random.between(-20.0, 110.0), random.between(100.0, 235.0));
        let tall = random.next() < 0.45;
        groups.push(tree(vec3(x, land.height(x, z) - 0.3, z), random.between(2.0, 3.9), tall, &mut random));
    }
    groups
}
