//! The colours and sheens of the things on the table.

use crate::colour::{Colour, light};
use crate::noise::{cell, fractal2, fractal3, noise2, noise3, smoothstep};
use crate::vector::{Vec3, vec3};

use super::shapes::{APPLE, CUT, HALF_LEMON, JUG, LEMON, PEAR, Thing};

/// A surface at one point.
pub struct Surface {
    pub albedo: Colour,
    /// Added to the normal.
    pub bump: Vec3,
    /// Share of light mirrored when looking straight at it.
    pub gloss: f32,
    /// How wide the mirror image is smeared: 0 mirror, 1 dull.
    pub rough: f32,
    /// How much light wanders through, softening the edge of its shadow.
    pub soft: f32,
}

fn shaken(p: Vec3, scale: f32, amount: f32, seed: i32) -> Vec3 {
    vec3(noise3(p * scale, seed), noise3(p * scale, seed + 1), noise3(p * scale, seed + 2)) * amount
}

/// The blue painting on the jug: vines between two bands.
fn glaze(p: Vec3) -> Colour {
    let ground = light(0xe6dfcc) * (0.92 + 0.14 * fractal3(p * 3.0, 3, 31));
    let blue = light(0x132c68).mix(light(0x2a55a0), 0.5 + 0.5 * noise3(p * 9.0, 32));
    let around = libm::atan2f(p.z, p.x);
    let band = |at: f32, width: f32| smoothstep(width + 0.012, width - 0.012, (p.y - at).abs());
    let mut ink = band(0.24, 0.035)
        .max(band(0.33, 0.012))
        .max(band(1.78, 0.03))
        .max(band(1.69, 0.012))
        .max(band(2.42, 0.06));
    // Flowers: eight petals around centres on a wavy vine.
    let (u, v) = (around * 7.0 / core::f32::consts::TAU, p.y - 1.02);
    let column = u.floor();
    let wave = 0.16 * libm::cosf(core::f32::consts::PI * (column + 0.5) * 2.0 * 0.5);
    let (dx, dy) = ((u - column - 0.5) * 0.86, v - wave);
    let (radius, angle) = ((dx * dx + dy * dy).sqrt(), libm::atan2f(dy, dx));
    let petals = 0.17 + 0.07 * libm::cosf(6.0 * angle + column);
    let flower = smoothstep(0.02, -0.01, radius - petals) * smoothstep(0.035, 0.06, radius);
    let veins = 0.6 + 0.4 * smoothstep(-0.2, 0.2, libm::cosf(18.0 * angle));
    let stem = smoothstep(0.03, 0.012, (v - 0.34 * libm::sinf(u * core::f32::consts::TAU * 0.5)).abs());
    let leaves = smoothstep(
        0.30,
        0.42,
        libm::sinf(u * 14.0 + 3.0 * v) * libm::cosf(v * 15.0 + 2.0 * libm::sinf(u * 6.3)),
    );
    let field = smoothstep(0.62, 0.52, v.abs());
    ink = ink
        .max(flower * veins)
        .max(stem * field * 0.9)
        .max(leaves * field * 0.85 * smoothstep(0.26, 0.3, radius));
    let brushed = 0.75 + 0.35 * noise3(p * 14.0, 33);
    ground.mix(blue, (ink * brushed).clamp(0.0, 1.0))
}

fn wood(p: Vec3) -> Colour {
    let plank = ((p.z + 0.1) / 0.85).floor();
    let inside = (p.z + 0.1) / 0.85 - plank - 0.5;
    let shift = 40.0 * cell(plank as i32, 1, 41);
    let rings = fractal2(p.x * 0.35 + shift, p.z * 3.2 + 0.5 * fractal2(p.x * 0.6, p.z, 2, 44), 4, 42);
    let pores = fractal2(p.x * 1.6 + shift, p.z * 46.0, 3, 43);
    let tone = smoothstep(-0.5, 0.5, rings + 0.35 * libm::sinf(rings * 26.0));
    let colour = light(0x3c2110).mix(light(0x8a5a30), tone) * (0.85 + 0.3 * cell(plank as i32, 2, 41));
    colour
        * ((1.0 - 0.3 * smoothstep(0.05, 0.5, pores)) * (1.0 - 0.85 * smoothstep(0.485, 0.497, inside.abs())))
}

/// The surface of a thing at a point with a normal.
pub fn surface(thing: Thing, p: Vec3, normal: Vec3) -> Surface {
    let make = |albedo, gloss, rough, soft| Surface { albedo, bump: Vec3::default(), gloss, rough, soft };
    match thing {
        Thing::Wall => {
            let blotch = fractal2(p.x * 0.8, p.y * 0.8, 5, 51);
            let fine = fractal2(p.x * 7.0, p.y * 7.0, 3, 52);
            make(
                light(0x8c8462).mix(light(0x5c5844), smoothstep(-0.3, 0.4, blotch)) * (1.0 + 0.2 * fine),
                0.0,
                1.0,
                0.0,
            )
        }
        Thing::Curtain => {
            let weave =
                1.0 + 0.16 * noise2(p.x * 60.0, p.y * 6.0, 53) + 0.1 * noise2(p.x * 9.0, p.y * 70.0, 54);
            let (u, v) = ((p.x * 3.1 + p.y * 0.2).fract().abs() - 0.5, (p.y * 2.4).rem_euclid(1.0) - 0.5);
            let motif = smoothstep(
                0.05,
                0.0,
                ((u * u + v * v).sqrt() - 0.28 - 0.08 * libm::cosf(4.0 * libm::atan2f(v, u))).abs() - 0.03,
            );
            make(light(0x6e1f1c).mix(light(0xa87c34), motif * 0.6) * weave, 0.02, 0.8, 0.0)
        }
        Thing::Table => Surface {
            bump: vec3(0.0, 0.0, 0.05 * noise2(p.x * 2.0, p.z * 40.0, 55)),
            ..make(wood(p), 0.05, 0.35, 0.0)
        },
        Thing::Cloth => {
            let thread = 1.0
                + 0.07
                    * (noise2(p.x * 90.0, (p.z - p.y) * 12.0, 56)
                        + noise2(p.x * 12.0, (p.z - p.y) * 90.0, 57));
            let stripe = |at: f32, width: f32| {
                smoothstep(width + 0.012, width - 0.004, ((p.x + 0.35 * (p.z + 1.7)) - at).abs())
            };
            let bands = [(1.10, 0.07), (0.92, 0.025), (1.27, 0.025), (-1.85, 0.07), (-2.02, 0.025)];
            let blue = bands.iter().map(|&(at, width)| stripe(at, width)).fold(0.0, f32::max);
            make(light(0xd6cdb8).mix(light(0x2c4c80), blue * 0.85) * thread, 0.0, 1.0, 0.25)
        }
        Thing::Jug => make(glaze((p - JUG).turned(0.35)), 0.06, 0.06, 0.0),
        Thing::Plate => {
            let dent = shaken(p, 5.0, 0.06, 61);
            Surface {
                bump: dent,
                ..make(light(0x8f9092) * (0.85 + 0.25 * noise3(p * 4.0, 64)), 0.45, 0.3, 0.0)
            }
        }
        Thing::Orange => {
            let pores = shaken(p, 24.0, 0.16, 71);
            let tone = fractal3(p * 2.2, 3, 74);
            Surface {
                bump: pores,
                ..make(light(0xe87d14).mix(light(0xf5a623), 0.5 + tone), 0.045, 0.32, 0.3)
            }
        }
        Thing::Apple => {
            let own = p - APPLE;
            let around = libm::atan2f(own.z, own.x);
            let streak = fractal2(around * 9.0, own.y * 1.6, 4, 81);
            let blush = smoothstep(-0.35, 0.35, streak + 0.7 * noise3(own * 2.2, 82) + 0.3);
            let crown =
                smoothstep(0.18, 0.05, (own.x * own.x + own.z * own.z).sqrt()) * smoothstep(0.0, 0.2, own.y);
            let spots = smoothstep(0.42, 0.5, noise3(own * 22.0, 83));
            let colour = light(0xd9b23c).mix(light(0xa81c1c), blush).mix(light(0xa8a050), crown * 0.8);
            make(colour.mix(light(0xe8d090), spots * 0.35), 0.05, 0.1, 0.15)
        }
        Thing::Pear => {
            let own = p - PEAR;
            let russet =
                smoothstep(0.1, 0.5, fractal3(own * 9.0, 4, 91) + 0.25 * smoothstep(0.9, 1.3, own.y));
            let blush = smoothstep(-0.2, 0.9, -own.x * 1.1 + 0.5 * noise3(own * 2.0, 92));
            make(
                light(0xb8b03c).mix(light(0xd08a30), blush).mix(light(0x8a6a30), russet * 0.55),
                0.035,
                0.28,
                0.25,
            )
        }
        Thing::Lemon => {
            let own = p - LEMON;
            Surface {
                bump: shaken(own, 19.0, 0.14, 101),
                ..make(
                    light(0xf0c81c).mix(light(0xd8c83c), 0.5 + fractal3(own * 2.0, 3, 104)),
                    0.045,
                    0.25,
                    0.3,
                )
            }
        }
        Thing::HalfLemon => {
            let own = p - HALF_LEMON;
            let cut = CUT.unit();
            if normal.dot(cut) < 0.9 {
                return Surface {
                    bump: shaken(own, 21.0, 0.14, 111),
                    ..make(light(0xf0c81c), 0.045, 0.25, 0.3)
                };
            }
            let right = cut.cross(vec3(0.0, 1.0, 0.0)).unit();
            let up = right.cross(cut);
            let (u, v) = (own.dot(right), own.dot(up));
            let (radius, angle) = ((u * u + v * v).sqrt(), libm::atan2f(v, u) + 0.25);
            let sector = (angle / core::f32::consts::TAU * 9.0).rem_euclid(1.0) - 0.5;
            let wall = smoothstep(0.022, 0.008, (0.5 - sector.abs()) * radius * 0.7);
            let pith = smoothstep(0.345, 0.365, radius).max(wall).max(smoothstep(0.04, 0.025, radius));
            let cells = fractal2(radius * 9.0, angle * 26.0, 3, 112);
            let flesh = light(0xd8b42c).mix(light(0xb07c10), smoothstep(-0.3, 0.4, cells));
            let rind = smoothstep(0.405, 0.415, radius);
            let colour = flesh.mix(light(0xdccf9c), pith).mix(light(0xdcae18), rind);
            Surface { bump: shaken(own, 26.0, 0.18 * (1.0 - pith), 113), ..make(colour, 0.05, 0.15, 0.4) }
        }
        Thing::Grape => {
            let bloom = smoothstep(-0.1, 0.5, fractal3(p * 5.0, 3, 121) + 0.3 * normal.y);
            let colour = light(0x30102c).mix(light(0x5c1c44), 0.5 + 0.6 * noise3(p * 3.0, 122));
            make(colour.mix(light(0x6c6c94), bloom * 0.38), 0.05, 0.1, 0.4)
        }
        Thing::Stem => make(light(0x5a4428), 0.0, 1.0, 0.0),
    }
}
