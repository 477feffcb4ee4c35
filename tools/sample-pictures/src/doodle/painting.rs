//! The painting: the landscape in strokes of oil, from the farthest part to the nearest.
//!
//! Every part has a touch of its own, as what a doodle takes from a painting is its touch: broad soft
//! pulls for the sky, level ones for water, short crossing dabs for leaves, upward flicks for grass.
//! Each is painted in several passes, broad strokes first, and each ends in a few accents.

use super::landscape::{colour, flow, part};
use super::{HEIGHT, Part, WIDTH};
use crate::brush::{Painting, Stroke, follow, scatter};
use crate::canvas::Canvas;
use crate::colour::{Colour, luminance, paint};
use crate::noise::Random;
use crate::vector::vec3;

/// One pass of the brush over one part. Lengths are in pixels.
struct Pass {
    part: Part,
    /// The mean distance between strokes.
    spacing: f32,
    /// Half the width of a stroke.
    radius: f32,
    length: f32,
    /// How far strokes turn from the way of the part, in radians to both sides.
    turn: f32,
    /// How much colours vary from stroke to stroke.
    variety: f32,
    /// The share of strokes that are painted; below 1, lighter places are favoured.
    share: f32,
}

/// All passes, in the order of painting.
const PASSES: [Pass; 15] = [
    pass(Part::Sky, [10.0, 10.0, 64.0], 0.30, 0.10, 1.0),
    pass(Part::Sky, [8.5, 7.0, 44.0], 0.40, 0.16, 1.0),
    pass(Part::Sky, [9.0, 5.0, 30.0], 0.50, 0.16, 0.55),
    pass(Part::Water, [8.0, 6.0, 56.0], 0.03, 0.10, 1.0),
    pass(Part::Water, [6.0, 3.6, 36.0], 0.05, 0.18, 1.0),
    pass(Part::Water, [7.0, 2.6, 26.0], 0.06, 0.22, 0.45),
    pass(Part::Trees, [7.0, 6.0, 18.0], 0.60, 0.14, 1.0),
    pass(Part::Trees, [5.0, 3.8, 12.0], 0.80, 0.22, 1.0),
    pass(Part::Trees, [5.5, 2.8, 9.0], 0.90, 0.30, 0.55),
    pass(Part::Path, [7.0, 6.0, 26.0], 0.25, 0.10, 1.0),
    pass(Part::Path, [6.0, 4.0, 16.0], 0.40, 0.18, 1.0),
    pass(Part::Path, [7.0, 3.0, 12.0], 0.50, 0.20, 0.45),
    pass(Part::Meadow, [8.0, 6.0, 30.0], 0.30, 0.12, 1.0),
    pass(Part::Meadow, [5.5, 3.4, 24.0], 0.35, 0.22, 1.0),
    pass(Part::Meadow, [6.0, 2.4, 18.0], 0.45, 0.30, 0.55),
];

const fn pass(part: Part, size: [f32; 3], turn: f32, variety: f32, share: f32) -> Pass {
    Pass { part, spacing: size[0], radius: size[1], length: size[2], turn, variety, share }
}

/// The pure paints that a part takes as accents.
fn accents(part: Part) -> [Colour; 4] {
    match part {
        Part::Sky => [0xfff6e0, 0xe8b8a8, 0xa8a0d0, 0x70a8e0],
        Part::Trees => [0xd8b440, 0x283878, 0x0c2c2c, 0xa06030],
        Part::Meadow => [0xd84028, 0xfff0b0, 0x3c6c44, 0xd87828],
        Part::Water => [0xf8f0e0, 0x2c4c90, 0x88b8d8, 0x4c8c88],
        Part::Path => [0xfff0d8, 0x8878b0, 0xd89068, 0xe8b48c],
    }
    .map(paint)
}

/// Shifts a colour as a hand mixing paint does: in brightness, between warm and cold, and now and then
/// towards an accent.
fn mixed(colour: Colour, pass: &Pass, random: &mut Random) -> Colour {
    let warmth = 0.3 * pass.variety * random.bell();
    let bright = 1.0 + pass.variety * random.bell();
    let accent = if random.next() < 0.14 { random.between(0.5, 2.0) * pass.variety } else { 0.0 };
    colour.mix(random.pick(&accents(pass.part)), accent) * bright + vec3(warmth, 0.2 * warmth, -warmth)
}

/// Lays one pass over its part.
fn lay(painting: &mut Painting, pass: &Pass, seed: u32) {
    let mut random = Random::new(seed);
    let mut places = scatter(WIDTH, HEIGHT, pass.spacing, seed);
    if pass.part == Part::Meadow {
        // Nearer grass stands before farther grass.
        places.sort_by(|a, b| a[1].total_cmp(&b[1]));
    }
    for [x, y] in places {
        if part(x, y) != pass.part {
            continue;
        }
        let wanted = colour(pass.part, x, y);
        let favour = if pass.share < 1.0 { 0.4 + 1.2 * luminance(wanted) } else { 1.0 };
        if random.next() >= pass.share * favour {
            continue;
        }
        // Far things are painted smaller than near ones.
        let near = if y > 240.0 { 1.0 + 0.25 * (y - 240.0) / 144.0 } else { 1.0 };
        let (sine, cosine) = libm::sincosf(pass.turn * random.bell());
        let turned = |x: f32, y: f32| {
            let [right, down] = flow(pass.part, x, y);
            [right * cosine - down * sine, right * sine + down * cosine]
        };
        let mut path = follow(turned, [x, y], pass.length * near * random.between(0.6, 1.3));
        path.retain(|p| part(p[0], p[1]) == pass.part);
        let radius = pass.radius * near * random.between(0.75, 1.2);
        // Thin paint keeps the sky behind everything; accents are thick.
        let thickness = match pass.part {
            Part::Sky => 0.55,
            _ if pass.share < 1.0 => 1.3,
            _ => 1.0,
        };
        let beside = colour(pass.part, x + radius, y - radius).mix(wanted, 0.5);
        painting.stroke(&Stroke {
            path,
            radius,
            paints: [mixed(wanted, pass, &mut random), mixed(beside, pass, &mut random)],
            load: random.between(0.7, 1.2) * thickness,
            seed: seed
                .wrapping_mul(0x9e37)
                .wrapping_add((x * 977.0) as i32 as u32 ^ (y * 3571.0) as i32 as u32),
        });
    }
}

/// Paints the picture.
pub fn draw() -> Canvas {
    let mut painting = Painting::primed(WIDTH, HEIGHT, paint(0xc8a888));
    for (index, pass) in PASSES.iter().enumerate() {
        lay(&mut painting, pass, 101 + index as u32);
    }
    painting.lit(0.36)
}
