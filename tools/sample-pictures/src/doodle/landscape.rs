//! The motif: which part of the landscape is where, its colour, and the way of the brush.
//!
//! A river flows between a far shore with poplars and tall trees, and a near meadow with a path. The
//! afternoon sun stands at the upper left, outside of the picture.

use super::Part;
use crate::colour::{Colour, paint, ramp};
use crate::noise::{fractal2, noise2, smoothstep};

/// The crown of a tree: an ellipse with a ragged border.
struct Crown {
    centre: [f32; 2],
    half: [f32; 2],
}

/// The trees of the far shore, farther ones first: bushes, two poplars, the tall group on the right.
const CROWNS: [Crown; 12] = [
    crown(322.0, 176.0, 44.0, 34.0),
    crown(206.0, 166.0, 15.0, 40.0),
    crown(236.0, 132.0, 14.0, 76.0),
    crown(268.0, 146.0, 13.0, 64.0),
    crown(296.0, 186.0, 30.0, 26.0),
    crown(392.0, 84.0, 50.0, 52.0),
    crown(466.0, 92.0, 62.0, 66.0),
    crown(352.0, 138.0, 44.0, 48.0),
    crown(426.0, 142.0, 60.0, 58.0),
    crown(506.0, 162.0, 52.0, 56.0),
    crown(378.0, 186.0, 48.0, 34.0),
    crown(462.0, 192.0, 64.0, 34.0),
];

const fn crown(x: f32, y: f32, half_width: f32, half_height: f32) -> Crown {
    Crown { centre: [x, y], half: [half_width, half_height] }
}

/// Leaves at a place: how much sun they catch, about −1..1, and how much air is before them, 0..1.
struct Leaves {
    sun: f32,
    air: f32,
}

/// The row in which the river begins.
fn shore(x: f32) -> f32 {
    205.0 + 9.0 * smoothstep(250.0, 420.0, x) + 2.0 * noise2(x / 30.0, 2.5, 11)
}

/// The row in which the near meadow begins.
fn bank(x: f32) -> f32 {
    272.0 + 44.0 * smoothstep(60.0, 512.0, x) + 7.0 * fractal2(x / 60.0, 7.5, 3, 12)
}

/// The crest of the sunlit slope behind the river.
fn slope(x: f32) -> f32 {
    176.0 + 24.0 * smoothstep(60.0, 330.0, x) + 4.0 * noise2(x / 70.0, 1.5, 13)
}

/// Half the width of the path at a row, and its middle.
fn path(y: f32) -> (f32, f32) {
    let near = smoothstep(262.0, 400.0, y);
    let middle = 96.0 + 30.0 * libm::sinf((y - 262.0) / 26.0) * (1.0 - 0.3 * near) + 120.0 * near * near;
    (8.0 + 46.0 * near, middle)
}

/// The leaves at a place, if there are any.
fn leaves(x: f32, y: f32) -> Option<Leaves> {
    let clumps = fractal2(x / 15.0, y / 12.0, 3, 21);
    for (index, crown) in CROWNS.iter().enumerate().rev() {
        let right = (x - crown.centre[0]) / crown.half[0];
        let down = (y - crown.centre[1]) / crown.half[1];
        let border = 1.0 - 0.28 * fractal2(x / 13.0, y / 13.0, 2, 22 + index as i32);
        if right * right + down * down < border * border {
            let sun = -0.62 * right - 0.62 * down + 0.75 * clumps;
            return Some(Leaves { sun, air: 0.14 * (1.0 - index as f32 / 11.0) });
        }
    }
    let crest = slope(x);
    let top = crest - 24.0 - 30.0 * fractal2(x / 46.0, 3.5, 3, 23) - 10.0 * smoothstep(140.0, 0.0, x);
    (y > top && y < crest + 3.0).then(|| Leaves { sun: 0.8 * (crest - 14.0 - y) / 30.0 + clumps, air: 0.42 })
}

/// What a place shows above the river: the part that the water mirrors.
fn beyond(x: f32, y: f32) -> Part {
    if leaves(x, y).is_some() {
        Part::Trees
    } else if y > slope(x) {
        Part::Meadow
    } else {
        Part::Sky
    }
}

/// What a place shows.
pub fn part(x: f32, y: f32) -> Part {
    let (half, middle) = path(y);
    if y > bank(x) {
        let on_path = (x - middle).abs() < half + 3.0 * noise2(x / 16.0, y / 12.0, 14);
        if on_path { Part::Path } else { Part::Meadow }
    } else if y > shore(x) {
        Part::Water
    } else {
        beyond(x, y)
    }
}

/// The colour that a place asks for if it is painted as a certain part.
pub fn colour(part: Part, x: f32, y: f32) -> Colour {
    match part {
        Part::Sky => sky(x, y),
        Part::Trees => foliage(leaves(x, y).unwrap_or(Leaves { sun: -0.4, air: 0.1 })),
        Part::Meadow => meadow(x, y),
        Part::Water => river(x, y),
        Part::Path => earth(x, y),
    }
}

/// Blue above, cream and rose towards the horizon, clouds lit from the left with violet undersides.
fn sky(x: f32, y: f32) -> Colour {
    let height = y / 172.0 + 0.10 * fractal2(x / 90.0, y / 50.0, 2, 31) - 0.10 * (1.0 - x / 512.0);
    let air = ramp(
        &[
            (0.0, paint(0x5288c8)),
            (0.35, paint(0x86b2dc)),
            (0.65, paint(0xbcd2dc)),
            (0.85, paint(0xf2dcc0)),
            (1.0, paint(0xf8e2b4)),
        ],
        height,
    );
    let cloud = |x: f32, y: f32| fractal2(x / 120.0 + 0.3, y / 46.0 + 0.6, 3, 32);
    let here = cloud(x, y);
    let lit = smoothstep(-0.14, 0.16, here - cloud(x - 14.0, y - 16.0));
    let body = paint(0xb0acd0).mix(paint(0xfff4de), lit);
    air.mix(body, 0.95 * smoothstep(-0.02, 0.22, here) * smoothstep(205.0, 120.0, y))
}

/// From violet shade over deep and sap green to sunlit yellow; air turns it blue.
fn foliage(leaves: Leaves) -> Colour {
    let near = ramp(
        &[
            (0.0, paint(0x1a2044)),
            (0.25, paint(0x123a34)),
            (0.5, paint(0x27582f)),
            (0.7, paint(0x5c8430)),
            (0.88, paint(0xa8a838)),
            (1.0, paint(0xe8cc5c)),
        ],
        0.38 + 0.56 * leaves.sun,
    );
    near.mix(paint(0x7d9cbc), leaves.air)
}

/// Ripe grass with green hollows, more of them to the right; the foremost tufts lie in shade.
fn meadow(x: f32, y: f32) -> Colour {
    let nearness = smoothstep(255.0, 384.0, y);
    let tufts = fractal2(x / (26.0 + 30.0 * nearness), y / (8.0 + 16.0 * nearness), 3, 41);
    let hollow =
        smoothstep(-0.06, 0.26, fractal2(x / 90.0 + 4.0, y / 34.0, 2, 42) + 0.12 * (x / 512.0 - 0.2));
    let ripe = ramp(
        &[(0.0, paint(0xa0662a)), (0.35, paint(0xd49a34)), (0.7, paint(0xecc656)), (1.0, paint(0xf8e69a))],
        0.5 + 0.8 * tufts,
    );
    let green = ramp(
        &[(0.0, paint(0x24503c)), (0.4, paint(0x527c30)), (0.75, paint(0x90a838)), (1.0, paint(0xd4c854))],
        0.45 + 0.8 * tufts,
    );
    ripe.mix(green, 0.22 + 0.78 * hollow) * (1.0 - 0.12 * smoothstep(350.0, 384.0, y))
}

/// What is beyond the river, mirrored and broken by waves, with the river's own blue.
fn river(x: f32, y: f32) -> Colour {
    let depth = y - shore(x);
    let wave = noise2(x / 40.0, y / (3.0 + depth * 0.05), 51);
    let (mirror_x, mirror_y) = (x + 7.0 * wave, shore(x) - 1.25 * depth - 12.0 * wave);
    let mirrored = colour(beyond(mirror_x, mirror_y), mirror_x, mirror_y);
    let own = paint(0x5480b8).mix(paint(0x2c5490), smoothstep(10.0, 90.0, depth));
    let broken = mirrored.mix(own, 0.34 + 0.30 * smoothstep(-0.1, 0.5, wave));
    broken.mix(paint(0xd8e4ec), 0.5 * smoothstep(0.30, 0.55, noise2(x / 60.0, y / 5.0, 52)))
}

/// Dry earth, rose and ochre in the sun, violet in the ruts.
fn earth(x: f32, y: f32) -> Colour {
    let (half, middle) = path(y);
    let across = (x - middle) / half;
    let ruts = 0.5 * (across.abs() - 0.5).abs() + 0.6 * fractal2(x / 24.0, y / 9.0, 2, 61);
    ramp(
        &[(0.0, paint(0x9a7ca0)), (0.3, paint(0xc8987c)), (0.65, paint(0xeac8a0)), (1.0, paint(0xfbeacc))],
        0.5 + 0.9 * ruts - 0.22 * across,
    )
}

/// The way of the brush in a part.
pub fn flow(part: Part, x: f32, y: f32) -> [f32; 2] {
    match part {
        Part::Sky => [1.0, -0.30 + 0.9 * noise2(x / 110.0, y / 60.0, 71)],
        Part::Trees => [0.55 + 0.8 * noise2(x / 30.0, y / 30.0, 72), -1.0],
        Part::Meadow => [0.35 + 0.9 * noise2(x / 90.0, y / 40.0, 73), -1.0],
        Part::Water => [1.0, 0.05 * noise2(x / 80.0, y / 20.0, 74)],
        Part::Path => {
            let (_, above) = path(y - 2.0);
            let (_, below) = path(y + 2.0);
            [0.6 * (above - below) + 1.6, -2.0]
        }
    }
}
