//! A feature map in half precision: a target that takes half of its memory.

use half::f16;
use half::slice::HalfFloatSliceExt;

use crate::{MapShape, Window};

/// A feature map `[C, H, W]` rounded to f16: to 11 significant bits, with values beyond ±65,504 held at that.
#[derive(Clone, Debug, PartialEq)]
pub struct HalfMap {
    shape: MapShape,
    /// Row-major.
    values: Vec<f16>,
}

impl HalfMap {
    /// A map of zeros.
    pub(crate) fn zeros(shape: MapShape) -> Self {
        HalfMap { shape, values: vec![f16::ZERO; shape.elements()] }
    }

    /// Its shape.
    pub fn shape(&self) -> MapShape {
        self.shape
    }

    /// Takes in `window`, whose values begin at row and column `from` of `values`, a map of `shape`.
    pub(crate) fn take_in(&mut self, window: &Window, values: &[f32], shape: MapShape, from: (usize, usize)) {
        assert_eq!(shape.channels, self.shape.channels, "channels of the map");
        let mut bounded = Vec::with_capacity(window.columns.len());
        for channel in 0..shape.channels {
            for (row, of_row) in window.rows.clone().zip(from.0..) {
                let start = (channel * shape.height + of_row) * shape.width + from.1;
                let values = &values[start..start + window.columns.len()];
                bounded.clear();
                bounded.extend(values.iter().map(|value| value.clamp(f16::MIN.to_f32(), f16::MAX.to_f32())));
                let start = (channel * self.shape.height + row) * self.shape.width + window.columns.start;
                self.values[start..start + bounded.len()].convert_from_f32_slice(&bounded);
            }
        }
    }

    /// The values `[C, H, W]` of a map of the height and width of `shape` that has the values of `window` from row and
    /// column `at` on, and 0 elsewhere.
    pub(crate) fn read(&self, window: &Window, shape: MapShape, at: (usize, usize)) -> Vec<f32> {
        let mut values = vec![0.0; shape.elements()];
        for channel in 0..shape.channels {
            for (row, to_row) in window.rows.clone().zip(at.0..) {
                let from = (channel * self.shape.height + row) * self.shape.width + window.columns.start;
                let to = (channel * shape.height + to_row) * shape.width + at.1;
                let count = window.columns.len();
                self.values[from..from + count].convert_to_f32_slice(&mut values[to..to + count]);
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_comes_back_rounded_and_the_rest_stays_zero() {
        let (shape, tile) =
            (MapShape { channels: 2, height: 5, width: 7 }, MapShape { channels: 2, height: 4, width: 6 });
        let window = Window { rows: 2..4, columns: 3..7 };
        let value = |index: usize| [0.1, -3.7, 1e6, 1234.5][index % 4] + index as f32 / 64.0;
        let values: Vec<f32> = (0..tile.elements()).map(value).collect();
        let mut map = HalfMap::zeros(shape);
        map.take_in(&window, &values, tile, (1, 2));
        let read = map.read(&window, tile, (1, 2));
        for (index, (&read, &value)) in read.iter().zip(&values).enumerate() {
            let (row, column) = (index / tile.width % tile.height, index % tile.width);
            let is_inside = (1..3).contains(&row) && (2..6).contains(&column);
            let expected = if is_inside { value.min(65_504.0) } else { 0.0 };
            assert!((read - expected).abs() <= expected.abs() / 2048.0, "{read}, not {expected}, at {index}");
        }
        let whole = map.read(&Window { rows: 0..5, columns: 0..7 }, shape, (0, 0));
        assert_eq!(whole.iter().filter(|value| **value != 0.0).count(), 2 * 2 * 4);
    }
}
