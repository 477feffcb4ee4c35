//! Regions at other sizes, turned and cut.
//!
//! Masks are resized by areas: a pixel of the result holds the average of what it covers of the source,
//!
//! ```text
//! result[i] = ∫ source(t) dt / s   over i·s ≤ t < (i + 1)·s,   s = from/to,
//! ```
//!
//! on each axis. The share that a region has of the picture stays exactly the same, so a thin region fades
//! where it would be missed by sampling, and values stay within 0..1. Enlarged masks keep their sharp
//! borders, softened only in the pixels that a border crosses.

use rayon::prelude::*;

use super::Regions;

/// Which part of the source one value of the result averages: `weights` of the values from `first`.
struct Cover {
    first: usize,
    weights: Vec<f32>,
}

/// Covers along one side.
fn covers(from: usize, to: usize) -> Vec<Cover> {
    let step = from as f64 / to as f64;
    let cover = |index: usize| {
        let (start, end) = (index as f64 * step, (index + 1) as f64 * step);
        let first = (start as usize).min(from - 1);
        let last = (end.ceil() as usize).clamp(first + 1, from);
        let overlap = |at: usize| (end.min((at + 1) as f64) - start.max(at as f64)).max(0.0);
        let overlaps: Vec<f64> = (first..last).map(overlap).collect();
        // Not `step`: rounding must not lift an average above 1.
        let sum: f64 = overlaps.iter().sum();
        Cover { first, weights: overlaps.iter().map(|overlap| (overlap / sum) as f32).collect() }
    };
    (0..to).map(cover).collect()
}

/// A plane `[height, width]` at another size, averaged by areas.
pub(super) fn resized_plane(plane: &[f32], from: (usize, usize), to: (usize, usize)) -> Vec<f32> {
    if from == to {
        return plane.to_vec();
    }
    let (columns, rows) = (covers(from.0, to.0), covers(from.1, to.1));
    let average = |values: &[f32], cover: &Cover| -> f32 {
        values[cover.first..].iter().zip(&cover.weights).map(|(value, weight)| value * weight).sum()
    };
    let narrow: Vec<f32> = plane
        .chunks_exact(from.0)
        .flat_map(|row| columns.iter().map(move |cover| average(row, cover)))
        .collect();
    let mut result = vec![0.0; to.0 * to.1];
    for (row, cover) in result.chunks_exact_mut(to.0).zip(&rows) {
        for (source, weight) in narrow[cover.first * to.0..].chunks_exact(to.0).zip(&cover.weights) {
            row.iter_mut().zip(source).for_each(|(sum, value)| *sum += weight * value);
        }
        // f32 weights may add up to a little more than 1.
        row.iter_mut().for_each(|value| *value = value.min(1.0));
    }
    result
}

impl Regions {
    /// The regions of the picture at `width × height`, each axis scaled on its own, averaged by areas.
    ///
    /// The same size gives the same bits. A map of another size than its picture is brought to it so.
    ///
    /// # Panics
    /// If a side is zero.
    pub fn resized(&self, width: usize, height: usize) -> Self {
        assert!(width > 0 && height > 0, "regions resized to {width}x{height}");
        let from = (self.width, self.height);
        self.transformed(width, height, |mask| resized_plane(mask, from, (width, height)))
    }

    /// The same change of every mask: `change` makes of a mask `[self.height, self.width]` one
    /// `[height, width]`. It must be an average of the values with weights from 0, so that masks stay masks:
    /// a bilinear rotation is one. Pixels that come from outside of the picture are 0, in no region.
    ///
    /// # Panics
    /// If `change` answers with another number of values.
    pub fn transformed(
        &self,
        width: usize,
        height: usize,
        change: impl Fn(&[f32]) -> Vec<f32> + Send + Sync,
    ) -> Self {
        let masks: Vec<Vec<f32>> =
            self.masks.par_chunks_exact(self.width * self.height).map(&change).collect();
        let regions =
            Regions::new(width, height, self.regions.iter().map(|region| region.name), masks.concat());
        regions.with_opacity(self.opacity().map(change))
    }
}

#[cfg(test)]
mod tests {
    use super::super::RegionName;
    use super::*;

    /// Two regions, the first with the given mask, the second with the rest.
    fn regions(width: usize, height: usize, mask: &[f32]) -> Regions {
        let rest = mask.iter().map(|value| 1.0 - value);
        let masks = mask.iter().copied().chain(rest).collect();
        Regions::new(width, height, [RegionName::Mask(1), RegionName::Mask(2)], masks)
    }

    #[test]
    fn a_thin_region_keeps_its_share_at_any_size() {
        // One column of 13.
        let mask: Vec<f32> = (0..13 * 7).map(|index| f32::from(index % 13 == 5)).collect();
        for (width, height) in [(13, 7), (5, 3), (1, 1), (40, 9), (6, 7)] {
            let resized = regions(13, 7, &mask).resized(width, height);
            let share = resized.mask(0).iter().sum::<f32>() / (width * height) as f32;
            assert!((share - 1.0 / 13.0).abs() < 1e-5, "{width}x{height}: {share}");
            let sums = resized.mask(0).iter().zip(resized.mask(1)).map(|(a, b)| a + b);
            assert!(sums.clone().all(|sum| (sum - 1.0).abs() < 1e-5), "{:?}", sums.collect::<Vec<_>>());
        }
    }

    #[test]
    fn enlarged_masks_keep_sharp_borders() {
        let doubled = regions(2, 1, &[1.0, 0.0]).resized(4, 2);
        assert_eq!(doubled.mask(0), [1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0]);
        // A border in the middle of a pixel.
        assert_eq!(regions(2, 1, &[1.0, 0.0]).resized(3, 1).mask(0), [1.0, 0.5, 0.0]);
    }
}
