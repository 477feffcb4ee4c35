//! The boats: moored yachts, a rowing boat in front, sails out in the bay.

use crate::colour::light;
use crate::solid::{Bound, Group, Solid, cuboid, rod};
use crate::vector::{Vec3, vec3};

use super::material::{Kind, Material};
use super::town::solid;

/// The lens-shaped body that two large balls have in common: a hull `long` and `wide` (halves), from its
/// deck downwards. Its length lies along z.
fn hull(long: f32, wide: f32, deck: f32) -> Vec<Bound> {
    let radius = (long * long + wide * wide) / (2.0 * wide);
    let ball = |side: f32| Bound::Ball { centre: vec3(side * (radius - wide), deck, 0.0), radius };
    vec![
        ball(-1.0),
        ball(1.0),
        Bound::Half { normal: vec3(0.0, 1.0, 0.0), offset: deck },
        Bound::Half { normal: vec3(0.0, 0.0, -1.0), offset: 0.8 * long },
        Bound::Half { normal: vec3(0.0, -1.0, 0.0), offset: 0.6 },
    ]
}

/// A yacht of half length `long`, its sail furled along the boom.
fn yacht(place: Vec3, angle: f32, long: f32, colours: [u32; 2], seed: u32) -> Group<Material> {
    let wide = long * 0.3;
    let deck = 0.2 * long;
    let mast = 2.5 * long;
    let mut solids = vec![
        solid(hull(long, wide, deck), Kind::Hull, colours[0], colours[1], seed),
        solid(
            cuboid(vec3(-wide * 0.45, deck, -0.35 * long), vec3(wide * 0.45, deck + 0.5, 0.25 * long)),
            Kind::Plaster,
            0xf0e8d8,
            0x8c8070,
            seed,
        ),
        solid(
            cuboid(vec3(-wide * 0.46, deck + 0.16, -0.2 * long), vec3(wide * 0.46, deck + 0.36, 0.15 * long)),
            Kind::Plain,
            0x1c2430,
            0,
            seed,
        ),
    ];
    let mut spar = |from: Vec3, to: Vec3, radius: f32, colour: u32| {
        solids.push(solid(rod(from, to, radius), Kind::Plain, colour, 0, seed));
    };
    let foot = vec3(0.0, deck, 0.12 * long);
    let head = vec3(0.0, deck + mast, 0.12 * long);
    spar(foot, head, 0.085, 0xc9a878);
    spar(vec3(0.0, deck + 1.25, 0.1 * long), vec3(0.0, deck + 1.3, -0.72 * long), 0.06, 0xb08c5c);
    spar(vec3(0.0, deck + 1.45, 0.1 * long), vec3(0.0, deck + 1.42, -0.66 * long), 0.17, 0xe8dcc0);
    spar(
        vec3(-wide * 0.6, deck + mast * 0.62, 0.12 * long),
        vec3(wide * 0.6, deck + mast * 0.62, 0.12 * long),
        0.04,
        0xb08c5c,
    );
    for end in [
        vec3(0.0, deck, 0.97 * long),
        vec3(0.0, deck, -0.78 * long),
        vec3(wide * 0.9, deck, 0.0),
        vec3(-wide * 0.9, deck, 0.0),
    ] {
        spar(head, end, 0.022, 0x4a4640);
    }
    Group { place, angle, middle: mast * 0.5, reach: mast * 0.56 + long * 0.6, solids }
}

/// A rowing boat with an open hull, three thwarts and two oars.
fn rowing_boat(place: Vec3, angle: f32) -> Group<Material> {
    let (long, wide, rim) = (2.5, 0.85, 0.62);
    let shell = |bounds, hollow, kind, colour, second| Solid {
        bounds,
        hollow,
        material: Material { kind, colour: light(colour), second: light(second), seed: 61 },
    };
    let mut inner = hull(long * 0.95, wide * 0.9, rim + 0.02);
    inner.push(Bound::Half { normal: vec3(0.0, -1.0, 0.0), offset: -0.12 });
    let mut solids = vec![shell(hull(long, wide, rim), inner, Kind::Hull, 0xd8ccb0, 0x2f6a6c)];
    for z in [-1.3, -0.2, 0.9] {
        let reach = wide * (1.0 - z * z / (long * long)) * 0.95;
        let thwart = cuboid(vec3(-reach, rim - 0.22, z - 0.14), vec3(reach, rim - 0.17, z + 0.14));
        solids.push(solid(thwart, Kind::Wood, 0xa87c4c, 0x5c4028, 62));
    }
    for side in [-1.0, 1.0] {
        let (from, to) = (vec3(side * 0.25, rim - 0.1, -1.5), vec3(side * 0.42, rim - 0.02, 1.5));
        solids.push(solid(rod(from, to, 0.035), Kind::Wood, 0xc8a070, 0x8c6a44, 63));
    }
    Group { place, angle, middle: 0.3, reach: 2.8, solids }
}

/// A boat under sail.
fn sailing(place: Vec3, angle: f32, long: f32, cloth: u32, seed: u32) -> Group<Material> {
    let mut group = yacht(place, angle, long, [0xe8e0d0, 0x5c3c2c], seed);
    let (deck, mast) = (0.2 * long, 2.5 * long);
    // Sail and jib are thin slabs cut to triangles.
    for (tack, clew, luff) in [
        (vec3(0.0, deck + 1.3, 0.08 * long), vec3(0.0, deck + 1.4, -0.75 * long), 0.96 * mast),
        (vec3(0.0, deck + 0.5, 0.92 * long), vec3(0.0, deck + 0.9, 0.2 * long), 0.85 * mast),
    ] {
        let head = vec3(0.0, deck + luff, 0.1 * long);
        let thin = |side: f32| Bound::Half { normal: vec3(side, 0.0, 0.0), offset: 0.02 };
        let mut bounds = vec![thin(-1.0), thin(1.0)];
        let middle = (tack + clew + head) / 3.0;
        for (from, to) in [(tack, clew), (clew, head), (head, tack)] {
            let mut normal = (to - from).cross(vec3(1.0, 0.0, 0.0)).unit();
            if normal.dot(middle - from) > 0.0 {
                normal = -normal;
            }
            bounds.push(Bound::Half { normal, offset: normal.dot(from) });
        }
        group.solids.push(solid(bounds, Kind::Sail, cloth, 0xffffff, seed));
    }
    group
}

/// All boats, afloat on a sea at height zero.
pub fn build() -> Vec<Group<Material>> {
    vec![
        rowing_boat(vec3(-5.2, 0.0, 20.5), -0.75),
        yacht(vec3(2.6, 0.0, 38.0), 0.55, 4.2, [0x2c4a6c, 0xe8dcc0], 51),
        yacht(vec3(13.5, 0.0, 48.0), -0.35, 4.8, [0xf0ead8, 0x9c3a2c], 52),
        yacht(vec3(-10.5, 0.0, 50.0), 1.1, 3.9, [0x8c2f28, 0xf0e0c0], 53),
        yacht(vec3(21.0, 0.0, 57.0), -0.8, 4.4, [0xe8e4d8, 0x2c5c5c], 54),
        yacht(vec3(5.5, 0.0, 62.0), -1.25, 4.3, [0x3c5c4c, 0xe8d8b0], 55),
        yacht(vec3(29.0, 0.0, 63.0), 0.3, 5.0, [0xf4ecdc, 0x34507c], 56),
        sailing(vec3(-50.0, 0.0, 150.0), 1.25, 5.2, 0xf4e4c4, 57),
        sailing(vec3(-13.0, 0.0, 128.0), 1.9, 4.4, 0xc8744a, 58),
        sailing(vec3(-96.0, 0.0, 330.0), 1.4, 6.0, 0xf0e0c8, 59),
    ]
}
