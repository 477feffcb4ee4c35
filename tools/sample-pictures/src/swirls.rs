//! A night of whirling discs over hills and a wheat field, in thick oil paint.
//!
//! A simple picture (what colour is where) and a flow (which way the brush goes) are painted over in
//! layers, broad strokes first. The flow is drifting curl noise with a vortex around every disc; on land
//! it follows the hills.

use crate::brush::{Painting, Stroke, follow, scatter};
use crate::canvas::Canvas;
use crate::colour::{Colour, paint, ramp};
use crate::noise::{Random, curl2, fractal2, noise2, smoothstep};
use crate::vector::{Vec3, vec3};

const WIDTH: usize = 800;
const HEIGHT: usize = 640;

/// A glowing disc in the sky: centre, radius of its heart, radius of its whirl, heart and rim colours.
struct Disc {
    centre: [f32; 2],
    heart: f32,
    whirl: f32,
    colours: [Colour; 2],
    turn: f32,
}

fn discs() -> Vec<Disc> {
    let disc = |x, y, heart, whirl, inner, outer, turn| Disc {
        centre: [x, y],
        heart,
        whirl,
        colours: [paint(inner), paint(outer)],
        turn,
    };
    vec![
        disc(598.0, 138.0, 46.0, 150.0, 0xffec8c, 0xf5821a, 1.0),
        disc(318.0, 236.0, 20.0, 96.0, 0xfdf6cf, 0x6fb4c8, -1.0),
        disc(168.0, 86.0, 17.0, 74.0, 0xffe27a, 0xe0a52e, 1.0),
        disc(395.0, 62.0, 13.0, 56.0, 0xfff3b8, 0xdca53c, -1.0),
        disc(742.0, 300.0, 12.0, 54.0, 0xffe9a0, 0xd98a3a, -1.0),
        disc(492.0, 272.0, 9.0, 40.0, 0xfff3c0, 0xc9b060, 1.0),
        disc(62.0, 214.0, 10.0, 46.0, 0xfff3c0, 0xd8b050, -1.0),
        disc(742.0, 40.0, 9.0, 42.0, 0xfff3c0, 0xb8b890, 1.0),
    ]
}

/// The heights in pixels of the three ridges of land at a column, farthest first.
fn ridges(x: f32) -> [f32; 3] {
    [
        398.0 - 78.0 * fractal2(x / 190.0, 1.5, 3, 11) - 26.0 * smoothstep(300.0, 700.0, x),
        452.0 + 30.0 * fractal2(x / 230.0, 4.5, 2, 12) + 30.0 * smoothstep(500.0, 800.0, x),
        512.0 + 22.0 * fractal2(x / 260.0, 8.5, 2, 13) - 34.0 * smoothstep(420.0, 0.0, x),
    ]
}

/// Which part of the picture a point belongs to.
#[derive(Clone, Copy, PartialEq)]
enum Part {
    Sky,
    Far,
    Middle,
    Field,
    Tree,
}

/// Half the width in pixels of the flame-shaped tree at a row, and its middle.
fn tree(y: f32) -> (f32, f32) {
    let height = ((600.0 - y) / 520.0).clamp(0.0, 1.0);
    let middle = 96.0 + 16.0 * libm::sinf(y / 46.0) * (0.4 + height) + 20.0 * height;
    let taper = (1.0 - height) * (0.35 + 0.65 * smoothstep(0.0, 0.3, height));
    (58.0 * taper + 10.0 * taper * libm::sinf(y / 17.0), middle)
}

fn part(x: f32, y: f32) -> Part {
    let (half_width, middle) = tree(y);
    let leaning = middle + 9.0 * noise2(x / 14.0, y / 20.0, 31);
    let [far, middle_ridge, field] = ridges(x);
    if (80.0..600.0).contains(&y) && (x - leaning).abs() < half_width {
        Part::Tree
    } else if y > field {
        Part::Field
    } else if y > middle_ridge {
        Part::Middle
    } else if y > far {
        Part::Far
    } else {
        Part::Sky
    }
}

/// The way of the brush.
fn flow(discs: &[Disc], x: f32, y: f32) -> [f32; 2] {
    match part(x, y) {
        Part::Sky => {
            let [drift_x, drift_y] = curl2(x / 210.0, y / 170.0, 2, 5);
            let mut direction = [0.75 + 0.75 * drift_x, 0.75 * drift_y];
            for disc in discs {
                let (dx, dy) = (x - disc.centre[0], y - disc.centre[1]);
                let distance = (dx * dx + dy * dy).sqrt().max(1.0);
                let strength = 9.0 * smoothstep(disc.whirl * 1.25, disc.whirl * 0.35, distance);
                // A little inward pull turns circles into spirals.
                direction[0] += strength * (-dy * disc.turn - 0.16 * dx) / distance;
                direction[1] += strength * (dx * disc.turn - 0.16 * dy) / distance;
            }
            direction
        }
        Part::Tree => [0.5 * libm::sinf(y / 34.0 + x / 40.0), -1.0],
        Part::Field => {
            let lean = noise2(x / 120.0, y / 60.0, 23);
            [0.45 + 0.9 * lean, -0.9 + 0.5 * noise2(x / 60.0, y / 60.0, 24)]
        }
        Part::Middle | Part::Far => {
            let index = if part(x, y) == Part::Far { 0 } else { 1 };
            let slope = (ridges(x + 4.0)[index] - ridges(x - 4.0)[index]) / 8.0;
            let roll = 0.7 * noise2(x / 50.0, y / 30.0, 25 + index as i32);
            [1.0, 1.3 * slope + roll]
        }
    }
}

/// The colour that the picture wants at a point.
fn target(discs: &[Disc], x: f32, y: f32) -> Colour {
    match part(x, y) {
        Part::Sky => {
            let deep = ramp(
                &[
                    (0.0, paint(0x0d1c54)),
                    (0.45, paint(0x1b3f94)),
                    (0.8, paint(0x3f7fc0)),
                    (1.0, paint(0x9cc4c0)),
                ],
                y / 410.0 + 0.16 * fractal2(x / 130.0, y / 80.0, 3, 41),
            );
            let band = noise2(x / 95.0 + 0.6 * noise2(x / 60.0, y / 60.0, 44), y / 26.0, 42);
            let mut colour = deep.mix(paint(0x8fc6d8), 0.55 * smoothstep(0.12, 0.55, band));
            colour = colour.mix(paint(0x0a1240), 0.55 * smoothstep(-0.15, -0.55, band));
            for disc in discs {
                let (dx, dy) = (x - disc.centre[0], y - disc.centre[1]);
                let distance = (dx * dx + dy * dy).sqrt();
                let rings = 0.5 + 0.5 * libm::cosf((distance - disc.heart) / (disc.heart * 0.2 + 7.0));
                let outward = (distance - disc.heart) / (disc.whirl - disc.heart);
                let halo = ramp(
                    &[
                        (0.0, disc.colours[0]),
                        (0.22, disc.colours[1]),
                        (0.48, disc.colours[1].mix(paint(0xe8d88c), 0.5)),
                        (0.75, paint(0x6fb4a8)),
                        (1.0, paint(0x3f86c0)),
                    ],
                    outward + 0.10 * rings,
                );
                colour = colour.mix(halo, smoothstep(1.0, 0.35, outward) * (0.45 + 0.55 * rings));
                colour =
                    colour.mix(disc.colours[0], smoothstep(disc.heart + 5.0, disc.heart - 3.0, distance));
            }
            colour
        }
        Part::Far => ramp(
            &[(0.0, paint(0x2a5a8c)), (0.5, paint(0x1c3f78)), (1.0, paint(0x4d86a0))],
            0.5 + 0.8 * noise2(x / 46.0, y / 18.0, 51),
        ),
        Part::Middle => ramp(
            &[
                (0.0, paint(0x12403c)),
                (0.35, paint(0x1f6b58)),
                (0.7, paint(0x5c9a58)),
                (1.0, paint(0xc9b84c)),
            ],
            0.45 + 0.9 * noise2(x / 50.0, y / 16.0, 52),
        ),
        Part::Field => ramp(
            &[(0.0, paint(0x7a3c14)), (0.3, paint(0xc4701c)), (0.6, paint(0xecaa2c)), (1.0, paint(0xffe48a))],
            0.55 + 0.75 * noise2(x / 34.0, y / 40.0, 53) - 0.25 * smoothstep(560.0, 640.0, y),
        ),
        Part::Tree => ramp(
            &[
                (0.0, paint(0x0b1a1c)),
                (0.5, paint(0x17382a)),
                (0.85, paint(0x3a5c2a)),
                (1.0, paint(0x8a7a30)),
            ],
            0.42 + 0.8 * noise2(x / 11.0, y / 46.0, 54),
        ),
    }
}

/// Shifts a colour as a hand mixing paint does: in brightness, and towards warm or cold.
fn varied(colour: Colour, random: &mut Random, amount: f32) -> Colour {
    let warmth = amount * random.bell();
    let bright = 1.0 + amount * random.bell();
    let accents = [paint(0x2aa0a0), paint(0x6a4aa8), paint(0xe8863a), paint(0xf2e2b0)];
    let accent = if random.next() < 0.10 { random.between(0.2, 0.45) } else { 0.0 };
    colour.mix(random.pick(&accents), accent) * bright + vec3(0.35 * warmth, 0.08 * warmth, -0.35 * warmth)
}

/// Covers the canvas with strokes of one size.
fn layer(painting: &mut Painting, discs: &[Disc], spacing: f32, radius: f32, length: f32, seed: u32) {
    let mut random = Random::new(seed);
    for [x, y] in scatter(WIDTH, HEIGHT, spacing, seed) {
        let here = part(x, y);
        let stretch = match here {
            Part::Field => 0.6,
            Part::Tree => 0.8,
            _ => 1.0,
        };
        let length = length * stretch * random.between(0.6, 1.3);
        let mut path = follow(|x, y| flow(discs, x, y), [x, y], length);
        path.retain(|p| part(p[0], p[1]) == here);
        let colour = target(discs, x, y);
        let second = target(discs, x + radius, y - radius).mix(colour, 0.5);
        let radius = radius * random.between(0.75, 1.2) * if here == Part::Tree { 0.8 } else { 1.0 };
        painting.stroke(&Stroke {
            path,
            radius,
            paints: [varied(colour, &mut random, 0.22), varied(second, &mut random, 0.34)],
            load: random.between(0.7, 1.2),
            seed: seed.wrapping_add((x * 977.0) as i32 as u32 ^ ((y * 3571.0) as i32 as u32) << 7),
        });
    }
}

/// Lights in the windows of a small village under the far ridge.
fn village(painting: &mut Painting) {
    let mut random = Random::new(77);
    for index in 0..9 {
        let x = 352.0 + 31.0 * index as f32 + random.between(-7.0, 7.0);
        let base = ridges(x)[1] + random.between(-3.0, 10.0);
        let (half, wall) = (random.between(9.0, 14.0), random.between(14.0, 24.0));
        let mut line = |from: [f32; 2], to: [f32; 2], radius: f32, colour: u32| {
            let light = varied(paint(colour), &mut random, 0.1);
            painting.stroke(&Stroke {
                path: vec![from, to],
                radius,
                paints: [light, light * 0.8],
                load: 1.0,
                seed: (x * 31.0 + from[1] * 7.0) as u32,
            });
        };
        line([x, base - wall], [x, base], half, [0x2a4a7c, 0x5a6a8c, 0x7a5a5c][index % 3]);
        line([x - half * 1.2, base - wall], [x, base - wall - half * 1.1], 4.0, 0xa4482a);
        line([x + half * 1.2, base - wall], [x, base - wall - half * 1.1], 4.0, 0x6a2c28);
        line([x - 3.0, base - wall * 0.45], [x + 2.0, base - wall * 0.4], 3.2, 0xffd24a);
        if index == 4 {
            line([x + 4.0, base - wall - 52.0], [x + 4.0, base - wall], 4.5, 0x3c4c70);
            line([x + 4.0, base - wall - 82.0], [x + 4.0, base - wall - 50.0], 2.4, 0x2a2c50);
        }
    }
}

/// Paints the picture.
pub fn draw() -> Canvas {
    let discs = discs();
    let mut painting = Painting::primed(WIDTH, HEIGHT, paint(0x24345c));
    layer(&mut painting, &discs, 14.0, 13.0, 100.0, 1);
    layer(&mut painting, &discs, 10.5, 7.5, 85.0, 2);
    village(&mut painting);
    layer_sparse(&mut painting, &discs);
    painting.lit(0.6)
}

/// A last layer of thin, heavily loaded strokes where there is light to catch.
fn layer_sparse(painting: &mut Painting, discs: &[Disc]) {
    let mut random = Random::new(9);
    for [x, y] in scatter(WIDTH, HEIGHT, 10.0, 9) {
        let here = part(x, y);
        let colour = target(discs, x, y);
        let bright = (colour.x + colour.y + colour.z) / 3.0;
        if random.next() > 0.12 + 0.6 * smoothstep(0.3, 0.75, bright) {
            continue;
        }
        let mut path = follow(|x, y| flow(discs, x, y), [x, y], random.between(24.0, 60.0));
        path.retain(|p| part(p[0], p[1]) == here);
        let accent = colour.mix(Vec3::splat(1.0), random.between(0.0, 0.3)) * random.between(0.85, 1.12);
        painting.stroke(&Stroke {
            path,
            radius: random.between(2.6, 4.6),
            paints: [varied(accent, &mut random, 0.2), varied(colour, &mut random, 0.3)],
            load: 1.6,
            seed: (x * 131.0 + y * 7919.0) as i32 as u32,
        });
    }
}
