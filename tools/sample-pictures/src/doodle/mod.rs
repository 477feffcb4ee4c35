//! A painting, its map and a child's drawing: what `impasto doodle` needs.
//!
//! The painting is a river valley in the impressionist manner. Its map gives every part of it one flat
//! colour, and the drawing arranges the same colours anew. Colours in both are exact, without blended
//! borders, so that parts are told apart without guessing.

mod drawing;
mod landscape;
mod painting;

use crate::canvas::Canvas;
use crate::colour::{Colour, paint};

pub use drawing::draw as draw_map;
pub use painting::draw as draw_painting;

const WIDTH: usize = 512;
const HEIGHT: usize = 384;

/// What a place of the picture shows, and thereby how it is painted.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part {
    Sky,
    Trees,
    Meadow,
    Water,
    Path,
}

impl Part {
    /// The colour of this part in a map: pairwise far apart, and none of them black.
    fn on_map(self) -> Colour {
        paint(match self {
            Part::Sky => 0x8cd0ff,
            Part::Trees => 0x1a7a3c,
            Part::Meadow => 0xb4dc3c,
            Part::Water => 0x2848d0,
            Part::Path => 0xf09040,
        })
    }
}

/// The map of the painting.
pub fn draw_painting_map() -> Canvas {
    Canvas::drawn(WIDTH, HEIGHT, |x, y| landscape::part(x, y).on_map())
}
