//! Fish among waves under a golden sun, in glass tiles set in mortar.
//!
//! The tiles run in rows that follow the outlines (the mosaicist's *andamento*): a tile is laid, and its
//! neighbours along and across the local direction are tried next, each where it still fits. A raster
//! of what is covered keeps tiles apart. Every tile has one colour, a slight tilt, and a bevel.

use std::collections::VecDeque;

use crate::canvas::Canvas;
use crate::colour::{Colour, paint, ramp};
use crate::dab::Dab;
use crate::noise::{Random, fractal2, noise2, smoothstep};
use crate::vector::Vec3;

const WIDTH: usize = 800;
const HEIGHT: usize = 640;
const BORDER: f32 = 46.0;
const SUN: [f32; 2] = [585.0, 150.0];
const SUN_RADIUS: f32 = 62.0;

/// A fish: where its middle is, half its length, its heading, and its three colours (back, side, belly).
struct Fish {
    middle: [f32; 2],
    long: f32,
    heading: f32,
    colours: [u32; 3],
}

const FISH: [Fish; 4] = [
    Fish { middle: [268.0, 372.0], long: 176.0, heading: -0.30, colours: [0xa8281c, 0xe8702c, 0xf8d48c] },
    Fish { middle: [560.0, 478.0], long: 138.0, heading: 2.86, colours: [0x18406c, 0x3c8cb0, 0xe0ecd8] },
    Fish { middle: [622.0, 322.0], long: 84.0, heading: 0.28, colours: [0x8c6414, 0xe8b83c, 0xfff0c0] },
    Fish { middle: [180.0, 528.0], long: 84.0, heading: 0.12, colours: [0x4c2c6c, 0x9c5c9c, 0xf0d0c8] },
];

/// A point as a fish sees it: along its length (1 at the mouth, −1 at the root of the tail) and across.
fn fish_view(fish: &Fish, x: f32, y: f32) -> [f32; 2] {
    let (sine, cosine) = libm::sincosf(fish.heading);
    let (dx, dy) = ((x - fish.middle[0]) / fish.long, (y - fish.middle[1]) / fish.long);
    // Fish that swim to the left would be upside down.
    let up = if cosine < 0.0 { -1.0 } else { 1.0 };
    let (u, v) = (dx * cosine + dy * sine, (dy * cosine - dx * sine) * up);
    [u, v - 0.06 * libm::sinf(u * 2.6)]
}

/// Half the height of a fish's body at a place along it.
fn girth(u: f32) -> f32 {
    if !(-1.0..1.0).contains(&u) {
        return 0.0;
    }
    0.40 * (1.0 - u * u).sqrt() * (0.62 + 0.38 * smoothstep(-1.0, 0.35, u)) * smoothstep(1.25, 0.5, u)
}

/// How far outside a fish a point is, in pixels; negative inside.
fn outside_fish(fish: &Fish, x: f32, y: f32) -> f32 {
    let [u, v] = fish_view(fish, x, y);
    let body = v.abs() - girth(u).max(0.05);
    let body = body.max(u - 1.0).max(-1.0 - u);
    let spread = (-0.85 - u) / 0.45;
    let notch = 0.30 * (1.0 - (v.abs() / 0.36).min(1.0));
    let tail = (v.abs() - 0.38 * spread).max(-1.38 + notch - u).max(u + 0.8);
    let sail = (-v - girth(u) - 0.15 * smoothstep(-0.65, 0.0, u) * smoothstep(0.55, 0.15, u))
        .max(v)
        .max((u + 0.05).abs() - 0.6);
    body.min(tail).min(sail) * fish.long
}

fn fish_colour(fish: &Fish, x: f32, y: f32) -> Colour {
    let [u, v] = fish_view(fish, x, y);
    let [back, side, belly] = fish.colours.map(paint);
    if v.abs() > girth(u) + 0.01 || u < -0.85 {
        let ray = libm::sinf(if u < -0.8 { v * 40.0 } else { (u + v) * 34.0 });
        return back.mix(side, 0.5 + 0.5 * ray);
    }
    let gill = (u - 0.44 + 0.9 * v * v).abs();
    if gill < 0.035 {
        return paint(0x7c1c2c).mix(back, 0.4);
    }
    if u > 0.44 {
        return side.mix(belly, smoothstep(-0.2, 0.25, v)).mix(back, smoothstep(-0.08, -0.3, v));
    }
    let scales = libm::sinf(u * 30.0 + 5.0 * libm::cosf(v * 22.0));
    let body =
        ramp(&[(0.0, back), (0.45, side), (0.8, belly), (1.0, belly)], 0.5 + v / (2.0 * girth(u).max(0.1)));
    body.mix(if scales > 0.3 { belly } else { back }, 0.30 * scales.abs())
}

/// The waterline at a column.
fn waterline(x: f32) -> f32 {
    232.0 + 12.0 * libm::sinf(x / 46.0) + 5.0 * libm::sinf(x / 17.0)
}

/// How far from the inner edge of the border frieze, positive inside the picture.
fn inside_border(x: f32, y: f32) -> f32 {
    (x - BORDER).min(WIDTH as f32 - BORDER - x).min(y - BORDER).min(HEIGHT as f32 - BORDER - y)
}

fn nearest_fish(x: f32, y: f32) -> (f32, &'static Fish) {
    FISH.iter()
        .map(|fish| (outside_fish(fish, x, y), fish))
        .min_by(|a, b| a.0.total_cmp(&b.0))
        .unwrap_or((f32::MAX, &FISH[0]))
}

fn from_sun(x: f32, y: f32) -> f32 {
    let (dx, dy) = (x - SUN[0], y - SUN[1]);
    (dx * dx + dy * dy).sqrt()
}

/// A height whose level lines the rows of tiles follow.
fn rows(x: f32, y: f32) -> f32 {
    let border = inside_border(x, y);
    if border < 0.0 {
        return border;
    }
    let waves = y
        - waterline(x) * smoothstep(420.0, 240.0, y)
        - 16.0 * libm::sinf(x / 58.0 + y / 70.0) * smoothstep(240.0, 330.0, y);
    if y < waterline(x) {
        return from_sun(x, y);
    }
    let (outside, _) = nearest_fish(x, y);
    // Two or three rows run around a fish before the waves take over.
    waves * smoothstep(8.0, 60.0, outside) + outside * 2.4 * smoothstep(60.0, 8.0, outside)
}

/// The direction of the rows at a point: along the level line of [`rows`].
fn direction(x: f32, y: f32) -> f32 {
    if y > waterline(x) {
        let (outside, fish) = nearest_fish(x, y);
        if outside < -6.0 {
            let [u, _] = fish_view(fish, x, y);
            return fish.heading + 0.06 * 2.6 * libm::cosf(u * 2.6);
        }
    }
    let slope_x = rows(x + 2.0, y) - rows(x - 2.0, y);
    let slope_y = rows(x, y + 2.0) - rows(x, y - 2.0);
    libm::atan2f(-slope_x, slope_y)
}

fn frieze(x: f32, y: f32) -> Colour {
    let depth = -inside_border(x, y);
    if !(9.0..37.0).contains(&depth) {
        return paint(if depth < 9.0 { 0x5c1c1c } else { 0x1c2c4c });
    }
    // A running wave of two colours.
    let along = if x < BORDER || x > WIDTH as f32 - BORDER { y } else { x };
    let level = (depth - 23.0) / 14.0;
    if level > libm::sinf(along / 13.0) * 0.8 { paint(0xe0b45c) } else { paint(0xb84c30) }
}

fn target(x: f32, y: f32) -> Colour {
    if inside_border(x, y) < 0.0 {
        return frieze(x, y);
    }
    let radius = from_sun(x, y);
    if y < waterline(x) {
        let angle = libm::atan2f(y - SUN[1], x - SUN[0]);
        if radius < SUN_RADIUS {
            return ramp(
                &[(0.0, paint(0xfff3b0)), (0.6, paint(0xf8c63c)), (1.0, paint(0xe88c1c))],
                radius / SUN_RADIUS,
            );
        }
        if radius < SUN_RADIUS + 10.0 {
            return paint(0x9c2c1c);
        }
        let ray = libm::cosf(angle * 14.0) * (1.0 - (radius - SUN_RADIUS) / 130.0).max(0.0);
        if ray > 0.12 {
            return paint(0xf6c244).mix(paint(0xd85c24), smoothstep(SUN_RADIUS, SUN_RADIUS + 80.0, radius));
        }
        let cloud = noise2(x / 70.0, y / 24.0, 5);
        let sky = ramp(
            &[
                (0.0, paint(0xf4d8a4)),
                (0.35, paint(0xe8b8a0)),
                (0.7, paint(0x9cb8c8)),
                (1.0, paint(0x5c88b4)),
            ],
            radius / 560.0 + 0.25 * cloud,
        );
        return sky.mix(paint(0xfff6e4), smoothstep(0.22, 0.4, cloud));
    }
    let (outside, fish) = nearest_fish(x, y);
    if outside < -3.5 {
        return fish_colour(fish, x, y);
    }
    if outside < 5.0 {
        return paint(0x101830);
    }
    if y < waterline(x) + 9.0 {
        return paint(0xf8f4e4);
    }
    let level = rows(x, y) / 52.0 + 0.5 * noise2(x / 120.0, y / 60.0, 6);
    let band = level - level.floor();
    let deep = ramp(
        &[
            (0.0, paint(0x0f3c5c)),
            (0.3, paint(0x14607c)),
            (0.55, paint(0x2490a0)),
            (0.8, paint(0x5cc0b4)),
            (0.92, paint(0xd4ecd8)),
            (1.0, paint(0x12486c)),
        ],
        band,
    );
    let weed = smoothstep(0.2, 0.3, fractal2(x / 30.0 + 0.5 * libm::sinf(y / 22.0), y / 130.0, 2, 7))
        * smoothstep(420.0, 560.0, y);
    deep.mix(paint(0x3c7c3c), weed * 0.85)
}

/// The tile that would lie at a point; `scale` 1 is a whole one.
fn tile(x: f32, y: f32, scale: f32, random: &mut Random) -> Dab {
    let fine = inside_border(x, y) > 0.0 && y > waterline(x) && nearest_fish(x, y).0 < 7.0;
    let size = scale * if fine { 3.6 } else { 4.7 };
    Dab {
        centre: [x, y],
        half: [size * random.between(0.95, 1.25), size],
        angle: direction(x, y) + 0.07 * random.bell(),
        power: 6.0,
    }
}

/// The pixels that a tile would cover.
fn covered(dab: &Dab, grow: f32) -> Vec<usize> {
    let [left, top, right, bottom] = dab.bounds(WIDTH, HEIGHT);
    let mut pixels = Vec::new();
    for y in top..bottom {
        for x in left..right {
            let [u, v] = dab.own(x as f32 + 0.5, y as f32 + 0.5);
            if u.abs() < 1.0 + grow / dab.half[0] && v.abs() < 1.0 + grow / dab.half[1] {
                pixels.push(y * WIDTH + x);
            }
        }
    }
    pixels
}

/// Lays one tile: flat colour, a bevel lit from the upper left, a glint on some.
fn lay(canvas: &mut Canvas, dab: &Dab, colour: Colour, random: &mut Random) {
    let tilt = [0.10 * random.bell(), 0.10 * random.bell()];
    let glint = if random.next() < 0.10 { random.between(0.15, 0.4) } else { 0.0 };
    let (sine, cosine) = libm::sincosf(dab.angle);
    let [left, top, right, bottom] = dab.bounds(WIDTH, HEIGHT);
    for y in top..bottom {
        for x in left..right {
            let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
            let own = dab.own(px, py);
            let chipped = 0.10 * noise2(px * 0.5 + dab.centre[0], py * 0.5, 8);
            let radius = dab.radius(own) + chipped;
            let opacity = smoothstep(1.10, 0.88, radius);
            if opacity <= 0.0 {
                continue;
            }
            let [u, v] = own;
            let (dx, dy) = (u * cosine - v * sine, u * sine + v * cosine);
            let bevel = smoothstep(0.62, 0.95, radius) * -(dx + dy) * 0.28;
            let plane = tilt[0] * u + tilt[1] * v;
            let shine = glint * smoothstep(0.5, 0.0, ((u + 0.3) * (u + 0.3) + (v + 0.3) * (v + 0.3)).sqrt());
            let body = 1.0 + 0.07 * noise2(px * 0.35, py * 0.35, 9);
            let lit = colour * (body + bevel + plane) + Vec3::splat(shine);
            let pixel = &mut canvas.pixels[y * WIDTH + x];
            *pixel = pixel.mix(lit, opacity);
        }
    }
}

/// Lays a fish's eye: a round dark tile in a ring of small bright ones.
fn lay_eye(canvas: &mut Canvas, taken: &mut [bool], fish: &Fish, random: &mut Random) {
    let side = if libm::cosf(fish.heading) < 0.0 { -1.0 } else { 1.0 };
    let (sine, cosine) = libm::sincosf(fish.heading);
    let (u, v) = (0.66 * fish.long, -0.02 * side * fish.long);
    let (x, y) = (fish.middle[0] + u * cosine - v * sine, fish.middle[1] + u * sine + v * cosine);
    let size = 2.6 + fish.long * 0.018;
    let mut put = |x: f32, y: f32, half: [f32; 2], angle: f32, power: f32, colour: u32| {
        let dab = Dab { centre: [x, y], half, angle, power };
        for pixel in covered(&dab, 0.6) {
            taken[pixel] = true;
        }
        lay(canvas, &dab, paint(colour), random);
    };
    put(x, y, [size, size], 0.0, 2.2, 0x14141c);
    for index in 0..9 {
        let angle = index as f32 * core::f32::consts::TAU / 9.0;
        let reach = size * 1.75;
        let (sine, cosine) = libm::sincosf(angle);
        put(x + reach * cosine, y + reach * sine, [size * 0.55, size * 0.5], angle, 4.0, 0xfdf3cf);
    }
}

/// Lays the picture.
pub fn draw() -> Canvas {
    let mut canvas = Canvas::drawn(WIDTH, HEIGHT, |x, y| {
        paint(0x4a443c)
            * (1.0 + 0.25 * fractal2(x / 3.0, y / 3.0, 3, 10) + 0.12 * noise2(x / 40.0, y / 40.0, 11))
    });
    let mut random = Random::new(12);
    let mut taken = vec![false; WIDTH * HEIGHT];
    for fish in &FISH {
        lay_eye(&mut canvas, &mut taken, fish, &mut random);
    }
    let mut waiting = VecDeque::new();
    // Rows start at outlines first, so that these get whole tiles; a raster of starts fills what is left.
    let mut starts: Vec<[f32; 2]> =
        (0..260 * 208).map(|i| [(i % 260) as f32 * 3.08 + 1.0, (i / 260) as f32 * 3.08 + 1.0]).collect();
    starts.sort_by_key(|&[x, y]| {
        let (outside, _) = nearest_fish(x, y);
        let edge = inside_border(x, y)
            .abs()
            .min((from_sun(x, y) - SUN_RADIUS - 5.0).abs())
            .min((y - waterline(x) - 4.0).abs());
        let fish = if y > waterline(x) { (outside - 0.5).abs() } else { f32::MAX };
        edge.min(fish) as i32 / 3
    });
    // Whole tiles first, then pieces cut to fill the gaps.
    for (start, scale) in
        [1.0, 0.72, 0.5].iter().flat_map(|&scale| starts.iter().map(move |&start| (start, scale)))
    {
        waiting.push_back(start);
        while let Some([x, y]) = waiting.pop_front() {
            let dab = tile(x, y, scale, &mut random);
            let wanted = covered(&dab, 0.3);
            if wanted.is_empty() || wanted.iter().any(|&pixel| taken[pixel]) {
                continue;
            }
            for pixel in covered(&dab, 0.1) {
                taken[pixel] = true;
            }
            let base = target(x, y);
            let warmth = 0.06 * random.bell();
            let colour =
                (base + Vec3 { x: warmth, y: 0.3 * warmth, z: -warmth }) * (1.0 + 0.17 * random.bell());
            lay(&mut canvas, &dab, colour, &mut random);
            if scale < 1.0 {
                continue;
            }
            let (sine, cosine) = libm::sincosf(dab.angle);
            let (along, across) = (2.0 * dab.half[0] + 1.6, 2.0 * dab.half[1] + 1.5);
            for (a, b) in [(along, 0.0), (-along, 0.0), (0.0, across), (0.0, -across)] {
                waiting.push_back([x + a * cosine - b * sine, y + a * sine + b * cosine]);
            }
        }
    }
    canvas
}
