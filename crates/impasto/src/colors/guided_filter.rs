//! The guided filter: smooths one plane without smoothing over the edges of another (He, Sun and Tang, "Guided
//! Image Filtering", 2010, equations 5, 6 and 8).
//!
//! In every window the plane p is fitted by a line over the guide I, and each pixel takes the mean of the lines
//! of all windows that hold it:
//!
//! ```text
//! a = cov(I, p) / (var(I) + ε)        b = mean(p) − a mean(I)        q = mean(a) I + mean(b)
//! ```
//!
//! Where the guide has an edge, its variance is above ε, and q has the same edge; where it is flat, q is the
//! mean of p. Windows end at the border. Means come from running sums in f64, which take as long for any radius.

use rayon::prelude::*;

/// Means over windows of `2 · radius + 1` pixels a side, of planes `[height, width]`.
pub(super) struct GuidedFilter<'a> {
    width: usize,
    radius: usize,
    epsilon: f64,
    guide: &'a [f32],
    guide_mean: Vec<f64>,
    guide_variance: Vec<f64>,
}

impl<'a> GuidedFilter<'a> {
    /// Guided by `guide`; edges of a variance well below `epsilon` are smoothed over.
    pub fn new(guide: &'a [f32], width: usize, radius: usize, epsilon: f64) -> Self {
        let values: Vec<f64> = guide.iter().copied().map(f64::from).collect();
        let squares: Vec<f64> = values.iter().map(|value| value * value).collect();
        let guide_mean = means(&values, width, radius);
        let mut guide_variance = means(&squares, width, radius);
        guide_variance.iter_mut().zip(&guide_mean).for_each(|(square, mean)| *square -= mean * mean);
        GuidedFilter { width, radius, epsilon, guide, guide_mean, guide_variance }
    }

    /// q of the plane p.
    pub fn apply(&self, plane: &[f32]) -> Vec<f32> {
        let means = |values: &[f64]| means(values, self.width, self.radius);
        let values: Vec<f64> = plane.iter().copied().map(f64::from).collect();
        let products: Vec<f64> =
            values.iter().zip(self.guide).map(|(value, guide)| value * f64::from(*guide)).collect();
        let (plane_mean, mut slope) = (means(&values), means(&products));
        let windows = self.guide_mean.iter().zip(&self.guide_variance).zip(&plane_mean);
        for (slope, ((guide, variance), plane)) in slope.iter_mut().zip(windows) {
            *slope = (*slope - guide * plane) / (variance + self.epsilon);
        }
        let mut offset = plane_mean;
        let windows = slope.iter().zip(&self.guide_mean);
        offset.iter_mut().zip(windows).for_each(|(mean, (slope, guide))| *mean -= slope * guide);
        let (slope, offset) = (means(&slope), means(&offset));
        let lines = slope.iter().zip(&offset).zip(self.guide);
        lines.map(|((slope, offset), guide)| (slope * f64::from(*guide) + offset) as f32).collect()
    }
}

/// The mean of the window around every value of a plane.
fn means(plane: &[f64], width: usize, radius: usize) -> Vec<f64> {
    let height = plane.len() / width;
    let rows: Vec<f64> = plane.par_chunks_exact(width).flat_map_iter(|row| line_means(row, radius)).collect();
    let mut sums = vec![0.0; (height + 1) * width];
    for y in 0..height {
        for x in 0..width {
            sums[(y + 1) * width + x] = sums[y * width + x] + rows[y * width + x];
        }
    }
    let mean = |y: usize, x: usize| {
        let (first, end) = (y.saturating_sub(radius), (y + radius + 1).min(height));
        (sums[end * width + x] - sums[first * width + x]) / (end - first) as f64
    };
    (0..height).into_par_iter().flat_map_iter(|y| (0..width).map(move |x| mean(y, x))).collect()
}

/// The same along one row.
fn line_means(row: &[f64], radius: usize) -> Vec<f64> {
    let mut sums = Vec::with_capacity(row.len() + 1);
    sums.push(0.0);
    for value in row {
        sums.push(sums[sums.len() - 1] + value);
    }
    let mean = |x: usize| {
        let (first, end) = (x.saturating_sub(radius), (x + radius + 1).min(row.len()));
        (sums[end] - sums[first]) / (end - first) as f64
    };
    (0..row.len()).map(mean).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn means_are_those_of_the_pixels_inside() {
        let plane: Vec<f64> = (0..35).map(|value| f64::from(value * 37 % 11)).collect();
        for (radius, (y, x)) in [(0, (3, 4)), (1, (2, 3)), (2, (0, 0)), (3, (6, 4)), (90, (1, 1))] {
            let inside =
                |&index: &usize| (index / 5).abs_diff(y) <= radius && (index % 5).abs_diff(x) <= radius;
            let window: Vec<f64> = (0..35).filter(inside).map(|index| plane[index]).collect();
            let expected = window.iter().sum::<f64>() / window.len() as f64;
            let found = means(&plane, 5, radius)[y * 5 + x];
            assert!((found - expected).abs() < 1e-12, "{radius} at {y}, {x}");
        }
    }

    #[test]
    fn a_plane_takes_its_edge_from_the_guide() {
        let guide: Vec<f32> = (0..24 * 24).map(|index| if index % 24 < 12 { 0.2 } else { 0.8 }).collect();
        let shifted: Vec<f32> = (0..24 * 24).map(|index| if index % 24 < 14 { 0.1 } else { -0.1 }).collect();
        let filtered = GuidedFilter::new(&guide, 24, 6, 1e-3).apply(&shifted);
        let row = &filtered[12 * 24..13 * 24];
        let step = |x: usize| (row[x + 1] - row[x]).abs();
        assert!(step(11) > 4.0 * step(13), "{row:?}");
        assert!((row[2] - 0.1).abs() < 0.02 && (row[21] + 0.1).abs() < 0.02, "{row:?}");
    }

    #[test]
    fn a_flat_guide_gives_a_mean_and_a_flat_plane_stays() {
        let plane: Vec<f32> = (0..100).map(|index| index as f32 / 100.0).collect();
        let smooth = GuidedFilter::new(&[0.5; 100], 10, 100, 1e-3).apply(&plane);
        assert!(smooth.iter().all(|value| (value - 0.495).abs() < 1e-5), "{smooth:?}");
        let flat = GuidedFilter::new(&plane, 10, 2, 1e-3).apply(&[0.25; 100]);
        assert!(flat.iter().all(|value| (value - 0.25).abs() < 1e-6), "{flat:?}");
    }
}
