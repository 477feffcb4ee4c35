//! A mountain over the sea as a woodcut: black lines over three blocks of flat colour on cream paper.
//!
//! Every part of the scene has a phase that grows across its lines, so that the lines follow its form,
//! and a tone. A line is cut wherever the fraction of the phase is within the tone; darker tones make
//! wider lines, down to solid black. The colour blocks are printed a little out of register, over the
//! grain of the wood.

use crate::canvas::Canvas;
use crate::colour::{Colour, paint};
use crate::noise::{fractal2, noise2, smoothstep};
use crate::vector::vec3;

const WIDTH: usize = 800;
const HEIGHT: usize = 640;
const MARGIN: f32 = 14.0;
const SUN: ([f32; 2], f32) = ([560.0, 178.0], 92.0);
const PEAK: [f32; 2] = [330.0, 112.0];
const SEA: f32 = 398.0;

/// What one part contributes at a point.
struct Cut {
    /// Tells parts apart: an outline runs where neighbours differ.
    part: i32,
    /// Grows by one from line to line.
    phase: f32,
    /// The share of black, 0..1.
    tone: f32,
    /// The colour under the lines.
    block: Colour,
}

const CREAM: Colour = paint(0xf1e4c6);
const INDIGO: Colour = paint(0x2f5278);
const PALE: Colour = paint(0x8fb0b4);
const RED: Colour = paint(0xd2452c);
const OCHRE: Colour = paint(0xdba24a);
const GREEN: Colour = paint(0x6b7f52);

/// The outline of the mountain at a column.
fn mountain(x: f32) -> f32 {
    let aside = (x - PEAK[0]).abs();
    let crater = 9.0 * smoothstep(26.0, 8.0, aside) + 3.0 * noise2(x / 7.0, 2.0, 4);
    PEAK[1]
        + crater
        + 330.0 * (1.0 - libm::expf(-aside / 265.0))
        + 7.0 * fractal2(x / 30.0, 1.0, 3, 5) * smoothstep(10.0, 60.0, aside)
}

fn hills(x: f32) -> f32 {
    SEA - 34.0 - 34.0 * fractal2(x / 130.0, 5.0, 3, 7) - 26.0 * smoothstep(480.0, 800.0, x)
}

/// The crests of the rows of waves, far ones first: the height of row `index` at a column.
fn crest(index: usize, x: f32) -> f32 {
    let row = index as f32;
    let period = 62.0 + 38.0 * row;
    let amplitude = 5.0 + 7.5 * row;
    let t = x / period + 0.37 * row * row + 0.12 * noise2(x / 90.0, row, 9);
    let roll = t - t.floor();
    // A sharp front and a long back.
    let shape = if roll < 0.68 { roll / 0.68 } else { (1.0 - roll) / 0.32 };
    let line = SEA + 16.0 + 15.0 * row + 7.5 * row * row;
    line - amplitude
        * (shape * shape * (3.0 - 2.0 * shape))
        * (0.8 + 0.4 * noise2(t.floor() * 3.1, row, 10))
        * 1.6
}

fn sky(x: f32, y: f32) -> Cut {
    let (dx, dy) = (x - SUN.0[0], y - SUN.0[1]);
    let from_sun = (dx * dx + dy * dy).sqrt();
    if from_sun < SUN.1 {
        let streak = y / 7.5 + 1.2 * noise2(x / 70.0, y / 18.0, 12);
        return Cut {
            part: 1,
            phase: streak,
            tone: 0.06 + 0.36 * smoothstep(SUN.0[1] - 80.0, SUN.0[1] + 100.0, y),
            block: RED,
        };
    }
    let cloud = fractal2(x / 150.0 + 0.3 * noise2(x / 80.0, y / 40.0, 14), y / 34.0, 3, 13)
        + 0.22 * smoothstep(300.0, 120.0, y)
        - 0.12;
    if cloud > 0.14 {
        // Clouds are outlined in their own curves and left nearly white.
        return Cut {
            part: 2,
            phase: cloud * 16.0,
            tone: 0.30 * smoothstep(0.5, 0.14, cloud),
            block: CREAM.mix(OCHRE, 0.25),
        };
    }
    let wind = y / 8.0 + 2.2 * noise2(x / 130.0, y / 60.0, 15);
    let rays = libm::atan2f(dy, dx) * 96.0 / core::f32::consts::TAU;
    let near = smoothstep(300.0, 130.0, from_sun);
    let bokashi = smoothstep(230.0, 30.0, y);
    if near > 0.35 + 0.2 * noise2(x / 14.0, y / 14.0, 16) {
        let tone = 0.26 + 0.24 * smoothstep(SUN.1, 220.0, from_sun);
        return Cut {
            part: 0,
            phase: rays,
            tone,
            block: OCHRE.mix(CREAM, 0.35).mix(INDIGO, 0.5 * bokashi * (1.0 - near)),
        };
    }
    Cut {
        part: 0,
        phase: wind,
        tone: 0.24 + 0.40 * bokashi,
        block: PALE.mix(INDIGO, bokashi).mix(CREAM, 0.35 * smoothstep(200.0, 360.0, y)),
    }
}

fn slope(x: f32, y: f32) -> Cut {
    let below = y - mountain(x);
    let side = x - PEAK[0];
    let gully = fractal2(side / (18.0 + below * 0.20) + 0.004 * below, below / 260.0, 3, 21);
    let snow_line = 128.0 + 58.0 * noise2(side / 30.0, 3.0, 22) + 34.0 * noise2(side / 10.0, 1.0, 23);
    // Ribs fan out from the peak, as scree runs.
    let fan = side / (y - PEAK[1] + 70.0) * 62.0 + 1.6 * gully + 0.9 * noise2(x / 22.0, y / 22.0, 24);
    let lit = smoothstep(-60.0, 60.0, -side + 90.0 * gully - 40.0);
    if y - PEAK[1] < snow_line {
        let tone = 0.10 + 0.40 * smoothstep(-0.15, 0.3, gully + 0.25 * (1.0 - lit)) * (1.2 - lit);
        return Cut { part: 4, phase: fan, tone, block: CREAM };
    }
    let tone = 0.24 + 0.40 * (1.0 - lit) + 0.30 * gully - 0.22 * smoothstep(150.0, 280.0, below);
    Cut { part: 3, phase: fan, tone, block: INDIGO.mix(PALE, 0.25 + 0.5 * smoothstep(100.0, 300.0, below)) }
}

fn hill(x: f32, y: f32) -> Cut {
    let below = y - hills(x);
    let hatch = (x * 0.55 + y) / 7.0 + 2.0 * noise2(x / 40.0, y / 30.0, 31) + below / 14.0;
    let clump = fractal2(x / 22.0, y / 13.0, 3, 32);
    Cut {
        part: 5,
        phase: hatch,
        tone: 0.42 + 0.5 * clump,
        block: GREEN.mix(OCHRE, smoothstep(-0.1, 0.5, -clump)),
    }
}

/// The wave in front at a point below the horizon.
fn wave(x: f32, y: f32) -> Cut {
    let front = (0..6).rev().find(|&index| y > crest(index, x));
    let Some(index) = front else {
        let phase = y / 5.0 + 1.5 * noise2(x / 60.0, y / 10.0, 41);
        return Cut { part: 6, phase, tone: 0.34, block: PALE.mix(CREAM, 0.3) };
    };
    let below = y - crest(index, x);
    let row = index as f32;
    let foam = 5.0 + 3.6 * row + (3.0 + 2.4 * row) * noise2(x / (7.0 + 2.5 * row), row * 7.0, 42);
    let part = 10 + index as i32 * 2;
    if below < foam {
        let curls = noise2(x / (5.0 + row), y / (5.0 + row), 43);
        return Cut {
            part,
            phase: curls * 4.0,
            tone: 0.22 * smoothstep(0.3, 0.8, below / foam),
            block: CREAM,
        };
    }
    // Lines hang under the crest and flatten with depth.
    let spacing = 4.6 + 1.1 * row;
    let level = (below - foam) / (40.0 + 16.0 * row);
    let phase = (below * (0.62 + 0.38 * level.min(1.0)) + 6.0 * noise2(x / 60.0, y / 30.0, 44)) / spacing;
    let tone = 0.26 + 0.50 * level.min(1.0) + 0.16 * noise2(x / 70.0, y / 24.0, 45);
    Cut { part: part + 1, phase, tone, block: PALE.mix(INDIGO, (0.25 + 0.12 * row + 0.35 * level).min(1.0)) }
}

/// The pine that frames the picture on the right: trunk, boughs and tufts of needles.
fn pine(x: f32, y: f32) -> Option<Cut> {
    let lean = 724.0 + 26.0 * libm::sinf(y / 105.0 + 0.6) + 0.05 * (y - 300.0);
    let width = 6.0 + 15.0 * smoothstep(110.0, 640.0, y);
    let mut tufts: f32 = -1.0;
    for (cx, cy, rx, ry) in [
        (690.0, 92.0, 92.0, 25.0),
        (770.0, 140.0, 74.0, 26.0),
        (662.0, 206.0, 82.0, 22.0),
        (778.0, 262.0, 66.0, 24.0),
        (668.0, 312.0, 64.0, 18.0),
        (742.0, 60.0, 60.0, 22.0),
    ] {
        let (dx, dy) = ((x - cx) / rx, (y - cy) / ry);
        let under = if dy > 0.0 { 1.9 } else { 1.0 };
        tufts = tufts.max(1.0 - (dx * dx + dy * dy * under).sqrt() + 0.24 * noise2(x / 10.0, y / 8.0, 51));
    }
    if tufts > 0.0 {
        let fan = libm::atan2f(
            y - 20.0 - (y / 50.0).floor() * 50.0,
            ((x / 34.0) - (x / 34.0).floor() - 0.5) * 34.0,
        );
        return Some(Cut {
            part: 30,
            phase: fan * 7.0 + x / 9.0,
            tone: 0.92 - 0.75 * tufts.min(0.8),
            block: GREEN,
        });
    }
    if y > 80.0 && (x - lean).abs() < width {
        let around = (x - lean) / width;
        let phase = y / 9.0 + 1.8 * around * around + 1.4 * noise2(x / 8.0, y / 20.0, 52);
        return Some(Cut { part: 31, phase, tone: 0.45 + 0.45 * around, block: OCHRE.mix(RED, 0.35) });
    }
    None
}

/// A fishing boat under sail between the waves.
fn boat(x: f32, y: f32) -> Option<Cut> {
    let (dx, dy) = (x - 176.0, y - 428.0);
    let keel = 12.0 - 0.0035 * dx * dx;
    if dy < keel && dy > -9.0 - 0.0022 * dx * dx && dx.abs() < 60.0 {
        return Some(Cut { part: 40, phase: dy / 4.5, tone: 0.5, block: OCHRE.mix(RED, 0.5) });
    }
    let level = (-dy - 14.0) / 104.0;
    let belly = 40.0 * (1.0 - 0.35 * level) + 9.0 * libm::sinf(level * 3.0);
    if (0.0..1.0).contains(&level) && dx > -belly * 0.8 && dx < belly {
        let seam = (dx + 60.0) / 13.0 + 0.5 * level;
        return Some(Cut {
            part: 41,
            phase: seam,
            tone: 0.12 + 0.25 * smoothstep(-10.0, 40.0, dx),
            block: CREAM.mix(RED, if (0.38..0.56).contains(&level) { 0.9 } else { 0.0 }),
        });
    }
    ((dx + 3.0).abs() < 2.0 && dy < 0.0 && dy > -128.0).then_some(Cut {
        part: 42,
        phase: 0.5,
        tone: 1.0,
        block: OCHRE,
    })
}

fn cut(x: f32, y: f32) -> Cut {
    if let Some(cut) = pine(x, y) {
        return cut;
    }
    // Waves of the two nearest rows wash over the boat.
    let washed = (3..6).any(|index| y > crest(index, x));
    if !washed && let Some(cut) = boat(x, y) {
        return cut;
    }
    if y > SEA || (0..6).any(|index| y > crest(index, x)) {
        wave(x, y)
    } else if y > hills(x) {
        hill(x, y)
    } else if y > mountain(x) {
        slope(x, y)
    } else {
        sky(x, y)
    }
}

/// How black the key block prints at a point: lines, and outlines between parts.
fn ink(x: f32, y: f32) -> f32 {
    // The knife never runs quite true.
    let (wx, wy) = (x + 1.1 * noise2(x / 9.0, y / 9.0, 61), y + 1.1 * noise2(x / 9.0, y / 9.0, 62));
    let here = cut(wx, wy);
    let fraction = here.phase - here.phase.floor();
    let taper = 0.10 * noise2(x / 16.0, y / 16.0, 63) + 0.05 * noise2(x / 3.0, y / 3.0, 64);
    let tone = here.tone + taper;
    let line = (fraction - 0.5).abs() * 2.0 < tone && tone > 0.08;
    if line {
        return 1.0;
    }
    let reach = 1.5 + 0.9 * noise2(x / 24.0, y / 24.0, 65);
    let outline = [(reach, 0.0), (-reach, 0.0), (0.0, reach), (0.0, -reach)]
        .iter()
        .any(|&(dx, dy)| cut(wx + dx, wy + dy).part != here.part);
    if outline { 1.0 } else { 0.0 }
}

/// Cuts and prints the picture.
pub fn draw() -> Canvas {
    Canvas::sampled(WIDTH, HEIGHT, |sample| {
        let (x, y) = (sample.x, sample.y);
        let fibre = 1.0 + 0.035 * fractal2(x / 3.0, y / 3.0, 3, 71) + 0.02 * noise2(x / 60.0, y / 60.0, 72);
        let paper = CREAM * fibre;
        let edge = 2.2 * noise2(x / 30.0, y / 30.0, 73);
        let inside =
            (x - MARGIN).min(WIDTH as f32 - MARGIN - x).min(y - MARGIN).min(HEIGHT as f32 - MARGIN - y)
                + edge;
        if inside < 0.0 {
            return paper;
        }
        if inside < 4.5 {
            return paint(0x1c1a1e);
        }
        // The colour blocks sit a hair to the right and below of the key block.
        let block = cut(x - 1.6, y - 1.1).block;
        let grain =
            smoothstep(0.1, 0.5, fractal2(x / 150.0, y / 3.2 + 2.0 * noise2(x / 200.0, y / 40.0, 74), 3, 75));
        let salt = smoothstep(0.34, 0.5, noise2(x / 1.7, y / 1.7, 76));
        let printed = paper.mix(block * fibre, 0.94 - 0.22 * grain - 0.25 * salt);
        let worn = smoothstep(0.38, 0.55, noise2(x / 2.1, y / 2.1, 77) + 0.2 * grain);
        printed.mix(vec3(0.10, 0.095, 0.11), ink(x, y) * (0.97 - 0.45 * worn))
    })
}
