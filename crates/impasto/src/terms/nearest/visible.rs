//! How much can be seen of the hypercolumns of a style that is transparent in places.

use impasto_network::{Architecture, Layer};

use crate::regions::Regions;
use crate::terms::visibility::Visibility;

/// Of each hypercolumn on a grid, height and width: what the positions of the deepest layer see that it lies
/// between. `None` if the style is opaque everywhere.
pub(super) fn of_columns(
    architecture: &Architecture,
    layers: impl Iterator<Item = Layer>,
    regions: Option<&Regions>,
    grid: (usize, usize),
) -> Option<Vec<Visibility>> {
    let (regions, deepest) = (regions?, layers.max()?);
    let positions = Visibility::at_layer(regions, architecture, deepest)?;
    let stride = architecture.stride(deepest);
    let (height, width) = (regions.height() / stride, regions.width() / stride);
    let (rows, columns) = (between(height, grid.0), between(width, grid.1));
    let column = |&(above, below): &(usize, usize), &(left, right): &(usize, usize)| {
        let places = [(above, left), (above, right), (below, left), (below, right)];
        Visibility::of_all(places.map(|(row, column)| positions[row * width + column]))
    };
    Some(rows.iter().flat_map(|row| columns.iter().map(move |at| column(row, at))).collect())
}

/// The positions of a side of `from` that each of `to` aligned ones lies between: the first is the first, and the
/// last the last.
fn between(from: usize, to: usize) -> Vec<(usize, usize)> {
    let (steps, parts) = (from - 1, (to - 1).max(1));
    (0..to).map(|at| (at * steps / parts, (at * steps).div_ceil(parts).min(steps))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::Alpha;

    #[test]
    fn columns_lie_between_the_positions_of_the_deepest_layer() {
        assert_eq!(between(3, 5), [(0, 0), (0, 1), (1, 1), (1, 2), (2, 2)]);
        assert_eq!(between(1, 3), [(0, 0); 3]);
        assert_eq!(between(4, 1), [(0, 0)]);
    }

    #[test]
    fn a_column_beside_a_hidden_pixel_is_not_visible() {
        // Hidden in the last of 32 columns of pixels.
        let alpha = (0..32 * 32).map(|index| f32::from(index % 32 < 31)).collect();
        let regions = Regions::whole(32, 32).seen_through(&Alpha::new(32, 32, alpha));
        let layers = [Layer::relu(1, 1), Layer::relu(4, 1)].into_iter();
        let visibility = of_columns(&Architecture::vgg19(), layers, Some(&regions), (8, 8)).unwrap();
        // Layers of stride 8 have four positions in a row: of eight columns the last three reach the last.
        let row: Vec<bool> = visibility[..8].iter().map(|it| it.least == 1.0).collect();
        assert_eq!(row, [true, true, true, true, true, false, false, false]);
    }
}
