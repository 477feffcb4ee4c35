//! Sheets of feature maps: one for each layer, one tile for each channel.

use impasto::Picture;
use impasto_network::{Engine, Layer, MapShape};

use super::Channels;
use crate::sheet::{Sheet, Tile, shrunk};

/// Longest side of a tile in pixels, about.
const TILE: usize = 128;

/// Width of a sheet for its height, about.
const ASPECT: f64 = 1.4;

/// One channel of a map, `[H, W]`.
struct Channel<'a> {
    number: usize,
    values: &'a [f32],
    mean: f64,
    /// Mean of the squares.
    energy: f64,
}

/// The sheet of one layer of a picture that the engine holds. `about` is the start of its title.
pub(crate) fn sheet(engine: &impl Engine, layer: Layer, channels: Channels, about: &str) -> Sheet {
    let shape = engine.shape(layer);
    let values = engine.read_map(engine.map(layer));
    let mut all: Vec<Channel<'_>> = values.chunks(shape.positions()).enumerate().map(Channel::new).collect();
    let silent = all.iter().filter(|channel| channel.energy == 0.0).count();
    let chosen = match channels {
        Channels::All => "by number",
        Channels::Strongest(count) => {
            // Sorting keeps the order of equals, so that ties go to the lower number.
            all.sort_by(|one, other| other.energy.total_cmp(&one.energy));
            all.truncate(count);
            "most energy first"
        }
    };
    let mut title = format!(
        "{about} {layer}: {} of {} channels, {chosen}, {}×{} positions. Below each: number, mean.",
        all.len(),
        shape.channels,
        shape.width,
        shape.height
    );
    if silent > 0 {
        title += &format!(" {silent} are 0 throughout.");
    }
    let columns = (all.len() as f64 * ASPECT * shape.height as f64 / shape.width as f64).sqrt().round();
    let tile = |channel: &Channel<'_>| {
        Some(Tile {
            picture: channel.picture(shape),
            caption: format!("{}: {}", channel.number, three_figures(channel.mean)),
        })
    };
    Sheet {
        title,
        columns: (columns as usize).clamp(1, all.len()),
        tiles: all.iter().map(tile).collect(),
        ..Sheet::default()
    }
}

impl<'a> Channel<'a> {
    fn new((number, values): (usize, &'a [f32])) -> Self {
        let mean = |of: fn(f64) -> f64| {
            values.iter().map(|value| of(f64::from(*value))).sum::<f64>() / values.len() as f64
        };
        Channel { number, values, mean: mean(|value| value), energy: mean(|value| value * value) }
    }

    /// In grey, from black at the lowest value to white at the highest; black if all are equal. Small maps are
    /// enlarged so that each position is a square.
    fn picture(&self, MapShape { height, width, .. }: MapShape) -> Picture {
        let lowest = self.values.iter().copied().fold(f32::INFINITY, f32::min);
        let highest = self.values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let scale = if highest > lowest { 1.0 / (highest - lowest) } else { 0.0 };
        let times = (TILE / width.max(height)).max(1);
        let grey = (0..times * height).flat_map(|y| {
            (0..times * width).map(move |x| (self.values[y / times * width + x / times] - lowest) * scale)
        });
        let grey: Vec<f32> = grey.collect();
        shrunk(&Picture::new(times * width, times * height, grey.repeat(3)), TILE)
    }
}

/// About three figures, without an exponent.
fn three_figures(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        100.0.. => format!("{value:.0}"),
        1.0.. => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn channels_are_stretched_to_grey_and_enlarged_by_squares() {
        let shape = MapShape { channels: 1, height: 1, width: 2 };
        let picture = Channel::new((0, &[-1.0, 3.0])).picture(shape);
        assert_eq!((picture.width(), picture.height()), (128, 64));
        assert_eq!((picture.data()[63], picture.data()[64]), (0.0, 1.0));
        let flat = Channel::new((0, &[2.0, 2.0])).picture(shape);
        assert!(flat.data().iter().all(|value| *value == 0.0));
    }

    #[test]
    fn means_and_energies_are_of_all_positions() {
        let channel = Channel::new((7, &[0.0, -2.0, 2.0, 4.0]));
        assert_eq!((channel.mean, channel.energy), (1.0, 6.0));
    }
}
