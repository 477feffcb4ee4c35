//! A summer river in dots of divided colour.
//!
//! Dots of four sizes, larger ones first, are laid over a simple composition. No dot has quite the
//! colour that its place asks for: light is broken into yellows and oranges, shadow into blues and
//! violets, and here and there sits the complement, so that the eye does the mixing.

use crate::brush::scatter;
use crate::canvas::Canvas;
use crate::colour::{Colour, luminance, paint, ramp, saturate};
use crate::dab::Dab;
use crate::noise::{Random, fractal2, noise2, smoothstep};
use crate::vector::Vec3;

const WIDTH: usize = 800;
const HEIGHT: usize = 640;
const SUN: [f32; 2] = [520.0, 118.0];
const SHORE: f32 = 282.0;

/// The bank in front of the river at a column.
fn bank(x: f32) -> f32 {
    448.0 + 58.0 * smoothstep(250.0, 800.0, x) + 14.0 * noise2(x / 90.0, 1.0, 3)
        - 30.0 * smoothstep(260.0, 0.0, x)
}

/// Whether a point is in the crown of the big tree on the left, 0..1.
fn crown(x: f32, y: f32) -> f32 {
    let edge = 0.30 * fractal2(x / 60.0, y / 60.0, 4, 11);
    let ball = |cx: f32, cy: f32, rx: f32, ry: f32| {
        let (dx, dy) = ((x - cx) / rx, (y - cy) / ry);
        1.0 - (dx * dx + dy * dy).sqrt()
    };
    let mass = ball(120.0, 120.0, 210.0, 130.0)
        .max(ball(40.0, 215.0, 150.0, 90.0))
        .max(ball(235.0, 190.0, 105.0, 62.0));
    smoothstep(-0.03, 0.05, mass + edge)
}

fn sky(x: f32, y: f32) -> Colour {
    let (dx, dy) = (x - SUN[0], y - SUN[1]);
    let from_sun = (dx * dx + dy * dy).sqrt();
    let base = ramp(
        &[(0.0, paint(0x4a78c8)), (0.35, paint(0x7fa8dc)), (0.7, paint(0xd8c4d0)), (1.0, paint(0xffd9a0))],
        y / SHORE + 0.14 * fractal2(x / 120.0, y / 40.0, 3, 21),
    );
    let cloud = smoothstep(0.05, 0.42, fractal2(x / 150.0, y / 46.0, 4, 22));
    let mut colour = base
        .mix(paint(0xf7dce0).mix(paint(0xfff0c8), 0.5 + 0.5 * noise2(x / 50.0, y / 20.0, 23)), 0.75 * cloud);
    colour = colour.mix(paint(0xffe27a), smoothstep(230.0, 20.0, from_sun) * 0.85);
    colour.mix(paint(0xfff8d8), smoothstep(34.0, 27.0, from_sun))
}

/// The far shore: rows of trees and two white houses.
fn far_shore(x: f32, y: f32) -> Option<Colour> {
    let back = SHORE - 46.0 - 30.0 * fractal2(x / 70.0, 3.0, 4, 31) + 22.0 * smoothstep(420.0, 620.0, x);
    let front = SHORE - 20.0 - 15.0 * fractal2(x / 34.0, 7.0, 3, 32);
    for (left, width, top) in [(452.0, 30.0, 246.0), (640.0, 40.0, 240.0), (690.0, 24.0, 252.0)] {
        if (left..left + width).contains(&x) && y > top && y < SHORE {
            return Some(if y < top + 11.0 {
                paint(0xd8582c)
            } else {
                paint(0xfff2dc).mix(paint(0xb8a8d8), smoothstep(left, left + width, x))
            });
        }
    }
    let lit = noise2(x / 16.0, y / 11.0, 33);
    if y > front {
        Some(paint(0x2f6b58).mix(paint(0x9cb83c), smoothstep(-0.2, 0.5, lit)))
    } else if y > back {
        Some(paint(0x5a6cb0).mix(paint(0x7fb09c), smoothstep(-0.2, 0.5, lit)))
    } else {
        None
    }
}

/// Sails on the river: left end, waterline, height, colour.
const SAILS: [(f32, f32, f32, u32); 4] = [
    (356.0, 338.0, 92.0, 0xfffaf0),
    (585.0, 318.0, 62.0, 0xffe0b0),
    (262.0, 304.0, 40.0, 0xfff4ea),
    (706.0, 352.0, 84.0, 0xf0683c),
];

fn sail(x: f32, y: f32) -> Option<Colour> {
    SAILS.iter().find_map(|&(left, water, height, colour)| {
        let level = (water - 7.0 - y) / height;
        let wide = height * 0.46 * (1.0 - level);
        let mast = left + height * 0.42;
        if (0.0..1.0).contains(&level) && x < mast && x > mast - wide * 0.85 {
            return Some(paint(colour));
        }
        if (0.0..0.86).contains(&level) && x > mast + 2.0 && x < mast + wide * 0.6 {
            return Some(paint(colour).mix(paint(0x9c90d0), 0.4));
        }
        ((water - 7.0..water).contains(&y) && x > left && x < left + height * 0.85).then(|| paint(0x6a2c3c))
    })
}

/// What stands above the water line, mirrored by the river too.
fn above(x: f32, y: f32) -> Colour {
    far_shore(x, y).unwrap_or_else(|| sky(x, y))
}

fn river(x: f32, y: f32) -> Colour {
    let depth = y - SHORE;
    let wave = noise2(x / 44.0, y / (4.0 + depth * 0.05), 41);
    let mirrored = above(x + 9.0 * wave, SHORE - depth * 0.82 - 10.0 * wave);
    let mut colour = mirrored.mix(paint(0x2f62b0), 0.34 + 0.22 * wave);
    for (left, water, height, sail) in SAILS {
        let reach = smoothstep(water + height * 0.8, water, y) * if y > water { 1.0 } else { 0.0 };
        let aside = (x - left - height * 0.3 + 16.0 * wave).abs();
        colour = colour.mix(paint(sail), reach * smoothstep(height * 0.3, height * 0.08, aside) * 0.8);
    }
    let glitter = smoothstep(120.0, 10.0, (x - SUN[0] + 12.0 * wave).abs()) * smoothstep(-0.1, 0.4, wave);
    colour.mix(paint(0xfff0a8), glitter * 0.95)
}

fn meadow(x: f32, y: f32) -> Colour {
    let tuft = fractal2(x / 22.0, y / 30.0, 3, 51);
    let sunny = paint(0x8cb42c).mix(paint(0xf0d848), smoothstep(-0.25, 0.5, tuft));
    let shadow = paint(0x1c3468).mix(paint(0x2f6a44), smoothstep(-0.3, 0.4, tuft));
    let (dx, dy) = ((x - 190.0) / 300.0, (y - 545.0) / 62.0);
    let shade =
        smoothstep(1.15, 0.75, (dx * dx + dy * dy).sqrt() + 0.5 * fractal2(x / 50.0, y / 26.0, 3, 52));
    let grass = sunny.mix(shadow, shade.max(smoothstep(600.0, 660.0, y) * 0.6));
    let poppies = smoothstep(0.20, 0.30, noise2(x / 15.0, y / 12.0, 53))
        * smoothstep(0.0, 0.25, noise2(x / 110.0, y / 50.0, 54));
    let blue = smoothstep(0.28, 0.36, noise2(x / 13.0, y / 10.0, 55))
        * smoothstep(0.05, 0.3, noise2(x / 90.0, y / 45.0, 56));
    grass.mix(paint(0xe83424), poppies * (1.0 - 0.4 * shade)).mix(paint(0x8c6ad8), blue)
}

/// Strollers with parasols on the bank: left edge, foot, height, coat and parasol.
const STROLLERS: [(f32, f32, f32, u32, u32); 4] = [
    (474.0, 592.0, 176.0, 0x24245c, 0xe8502c),
    (566.0, 600.0, 158.0, 0xb82c5c, 0xf7a02c),
    (690.0, 548.0, 92.0, 0x3c2c7c, 0xf0b83c),
    (322.0, 520.0, 84.0, 0x7c2c3c, 0x8c5cc8),
];

fn stroller(x: f32, y: f32) -> Option<Colour> {
    STROLLERS.iter().find_map(|&(left, foot, height, coat, parasol)| {
        let level = (foot - y) / height;
        let middle = (x - left) / height;
        let half = 0.05 + 0.17 * smoothstep(0.46, 0.0, level) + 0.035 * smoothstep(0.42, 0.58, level);
        let cloth = paint(coat).mix(paint(0xe8a07c), smoothstep(-0.02, 0.12, middle) * 0.5);
        if (0.0..0.72).contains(&level) && middle.abs() < half {
            return Some(cloth);
        }
        let (dx, dy) = (middle, level - 0.79);
        if dx * dx + dy * dy < 0.0068 {
            return Some(paint(0xe8a078).mix(paint(0x4c2024), smoothstep(0.01, -0.04, dx)));
        }
        let (dx, dy) = ((middle - 0.06) / 0.33, (level - 0.9) / 0.17);
        if (0.5..1.0).contains(&level) && (middle - 0.1).abs() < 0.014 {
            return Some(paint(0x4c3018));
        }
        (level > 0.9 && dx * dx + dy * dy < 1.0)
            .then(|| paint(parasol).mix(paint(0x6c5cb0), smoothstep(0.3, -0.9, dx) * 0.4))
    })
}

/// The colour that a place asks for.
fn target(x: f32, y: f32) -> Colour {
    if let Some(colour) = stroller(x, y) {
        return colour;
    }
    let trunk = (x - 128.0 - 12.0 * libm::sinf(y / 60.0)).abs()
        < 17.0 + 4.0 * noise2(y / 20.0, 1.0, 64) + 22.0 * smoothstep(470.0, 540.0, y);
    if trunk && (190.0..540.0).contains(&y) && crown(x, y) < 0.6 {
        return paint(0x2c1c4c)
            .mix(paint(0xa8582c), 0.85 * smoothstep(122.0, 160.0, x + 14.0 * noise2(x / 9.0, y / 24.0, 63)));
    }
    let leaves = crown(x, y);
    let open = smoothstep(0.22, 0.34, noise2(x / 24.0, y / 22.0, 61));
    if leaves > 0.5 && open < 0.5 {
        let lit = fractal2(x / 34.0, y / 26.0, 3, 62) + 0.5 * smoothstep(60.0, 320.0, x) - 0.2;
        return ramp(
            &[
                (0.0, paint(0x1c2c6c)),
                (0.35, paint(0x1f6650)),
                (0.65, paint(0x6ca434)),
                (1.0, paint(0xf0dc48)),
            ],
            0.36 + 1.0 * lit,
        );
    }
    if y > bank(x) {
        meadow(x, y)
    } else if let Some(colour) = sail(x, y) {
        colour
    } else if y > SHORE {
        river(x, y)
    } else {
        above(x, y)
    }
}

/// Breaks a colour into one of its parts.
fn divided(colour: Colour, random: &mut Random) -> Colour {
    let bright = luminance(colour);
    let pure = saturate(colour, 1.6);
    let chance = random.next();
    let shifted = if chance < 0.52 {
        pure
    } else if chance < 0.70 {
        pure.mix(random.pick(&[paint(0xffd84c), paint(0xff9c3c), paint(0xfff2b8)]), 0.35 + 0.5 * bright)
    } else if chance < 0.88 {
        pure.mix(
            random.pick(&[paint(0x2c4cc0), paint(0x6c3cb0), paint(0x1f8c9c)]),
            (0.72 - 0.5 * bright).max(0.16),
        )
    } else {
        // A breath of the complement, at the brightness of the place.
        let complement = saturate(Vec3::splat(1.0) - pure, 1.3).map(|v| v.max(0.0)) + Vec3::splat(0.12);
        let mixed = pure.mix(complement * (bright / luminance(complement)), 0.55).map(|v| v.min(1.0));
        mixed * (0.4 + 0.6 * bright / luminance(mixed).max(0.05)).min(1.4)
    };
    shifted * random.between(0.88, 1.12)
}

/// Paints the picture.
pub fn draw() -> Canvas {
    let mut canvas = Canvas::drawn(WIDTH, HEIGHT, |x, y| {
        paint(0xe8d8b4) * (1.0 + 0.08 * noise2(x * 0.7, y * 0.7, 71)).min(1.05)
    });
    let mut random = Random::new(72);
    for (spacing, radius, seed) in [(7.5, 6.4, 81), (6.2, 4.5, 82), (5.6, 3.3, 83), (6.2, 2.3, 84)] {
        for [x, y] in scatter(WIDTH, HEIGHT, spacing, seed) {
            let size = radius * random.between(0.75, 1.2);
            let colour = divided(target(x, y), &mut random);
            let angle =
                if y > SHORE && y < bank(x) { 0.0 } else { 1.6 * noise2(x / 70.0, y / 70.0, 73) - 0.6 };
            Dab { centre: [x, y], half: [size * 1.12, size * 0.86], angle, power: 2.0 }
                .touch(&mut canvas, colour);
        }
    }
    // Small things get small dots, or they would dissolve.
    for [x, y] in scatter(WIDTH, HEIGHT, 3.6, 85) {
        if stroller(x, y).is_some()
            || sail(x, y).is_some()
            || (y < SHORE && far_shore(x, y).is_some_and(|c| c.x > 0.6))
        {
            let colour = divided(target(x, y), &mut random);
            Dab { centre: [x, y], half: [2.2, 1.9], angle: 0.0, power: 2.0 }.touch(&mut canvas, colour);
        }
    }
    canvas
}
