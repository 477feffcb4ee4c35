//! The drawing: the colours of the painting's map in a new arrangement, in a few marks of a broad pen.

use super::Part;
use crate::canvas::Canvas;
use crate::colour::Colour;
use crate::noise::noise2;

const WIDTH: usize = 576;
const HEIGHT: usize = 384;

/// One mark of the pen: the part it stands for, and the points it goes through, each with the pen's
/// half width there, in pixels.
struct Mark {
    part: Part,
    points: &'static [[f32; 3]],
}

/// The marks from the first to the last, on a sheet of sky.
const MARKS: [Mark; 9] = [
    // Land, from side to side.
    mark(
        Part::Meadow,
        &[[-20.0, 290.0, 130.0], [140.0, 304.0, 140.0], [330.0, 310.0, 138.0], [600.0, 284.0, 140.0]],
    ),
    // Woods on the horizon.
    mark(
        Part::Trees,
        &[[-10.0, 150.0, 26.0], [110.0, 154.0, 22.0], [176.0, 164.0, 12.0], [264.0, 170.0, 7.0]],
    ),
    // The river, from the horizon to the front.
    mark(
        Part::Water,
        &[
            [318.0, 172.0, 5.0],
            [372.0, 186.0, 10.0],
            [388.0, 206.0, 16.0],
            [330.0, 232.0, 23.0],
            [262.0, 262.0, 32.0],
            [256.0, 304.0, 44.0],
            [316.0, 352.0, 62.0],
            [370.0, 410.0, 80.0],
        ],
    ),
    // The path on the left bank.
    mark(
        Part::Path,
        &[
            [196.0, 182.0, 5.0],
            [168.0, 208.0, 9.0],
            [136.0, 240.0, 14.0],
            [140.0, 290.0, 21.0],
            [96.0, 340.0, 29.0],
            [60.0, 400.0, 38.0],
        ],
    ),
    // A round tree on the left: stem, then crown.
    mark(Part::Trees, &[[62.0, 180.0, 10.0], [60.0, 258.0, 12.0]]),
    mark(Part::Trees, &[[36.0, 150.0, 36.0], [60.0, 92.0, 44.0], [96.0, 134.0, 40.0], [50.0, 170.0, 34.0]]),
    // Two poplars and a bush on the right.
    mark(Part::Trees, &[[452.0, 60.0, 10.0], [454.0, 120.0, 22.0], [452.0, 224.0, 20.0]]),
    mark(Part::Trees, &[[524.0, 22.0, 11.0], [528.0, 110.0, 27.0], [526.0, 252.0, 24.0]]),
    mark(Part::Trees, &[[470.0, 236.0, 24.0], [540.0, 254.0, 30.0]]),
];

const fn mark(part: Part, points: &'static [[f32; 3]]) -> Mark {
    Mark { part, points }
}

impl Mark {
    /// Whether the pen touched a place. Between two points its width changes evenly; its border wobbles
    /// as a hand does.
    fn covers(&self, x: f32, y: f32) -> bool {
        let wobble = 2.5 * noise2(x / 24.0, y / 24.0, 91);
        self.points.windows(2).any(|ends| {
            let [[from_x, from_y, from_half], [to_x, to_y, to_half]] = [ends[0], ends[1]];
            let (right, down) = (to_x - from_x, to_y - from_y);
            let along = ((x - from_x) * right + (y - from_y) * down) / (right * right + down * down);
            let along = along.clamp(0.0, 1.0);
            let (gap_x, gap_y) = (x - from_x - right * along, y - from_y - down * along);
            let half = from_half + (to_half - from_half) * along + wobble;
            half > 0.0 && gap_x * gap_x + gap_y * gap_y < half * half
        })
    }
}

/// Draws the map that a doodle is to be painted from.
pub fn draw() -> Canvas {
    Canvas::drawn(WIDTH, HEIGHT, |x, y| -> Colour {
        let last = MARKS.iter().rev().find(|mark| mark.covers(x, y));
        last.map_or(Part::Sky, |mark| mark.part).on_map()
    })
}
