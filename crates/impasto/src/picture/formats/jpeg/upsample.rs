//! Components brought to the size of the picture, row by row.
//!
//! Where a component has half the samples, its values are weighted 3 to 1 by nearness, as the common decoders do and
//! with their rounding; at other ratios the nearest sample is repeated.

use super::frame::{Component, Frame};
use super::inverse_dct::inverse_dct;

/// The samples of a component.
pub(super) struct Plane {
    samples: Vec<u16>,
    /// Samples from one row to the next.
    stride: usize,
    size: (usize, usize),
    /// Its sampling and the greatest, horizontally and vertically.
    across: (usize, usize),
    down: (usize, usize),
}

impl Plane {
    /// The samples of a component, whose coefficients are let go. One that no scan held is mid grey.
    pub fn of(component: &mut Component, frame_sampling: (usize, usize), precision: u32) -> Self {
        let coefficients = std::mem::take(&mut component.coefficients);
        let (blocks_across, blocks_down) = component.blocks;
        let stride = 8 * blocks_across;
        let mut samples = vec![1u16 << (precision - 1); 64 * blocks_across * blocks_down];
        if let Some(quantization) = &component.quantization {
            for (index, block) in coefficients.chunks_exact(64).enumerate() {
                let start = index / blocks_across * 8 * stride + index % blocks_across * 8;
                let values = inverse_dct(block, quantization, precision);
                for (row, values) in values.chunks_exact(8).enumerate() {
                    samples[start + row * stride..][..8].copy_from_slice(values);
                }
            }
        }
        let (across, down) = ((component.across, frame_sampling.0), (component.down, frame_sampling.1));
        Plane { samples, stride, size: component.size, across, down }
    }

    fn row(&self, row: usize) -> &[u16] {
        &self.samples[row.min(self.size.1 - 1) * self.stride..][..self.size.0]
    }

    /// Writes row `y` of the picture.
    pub fn upsampled_row(&self, y: usize, row: &mut [u16]) {
        let is_half = |(own, greatest): (usize, usize)| 2 * own == greatest;
        let (is_half_wide, is_half_high) = (is_half(self.across), is_half(self.down));
        // Of two columns there is none between.
        let is_smooth = self.size.0 > 2;
        if self.across.0 == self.across.1 && is_half_high {
            let (near, far, round) = self.neighbours(y);
            for ((value, &near), &far) in row.iter_mut().zip(near).zip(far) {
                *value = (3 * near + far + round) >> 2;
            }
        } else if is_half_wide && self.down.0 == self.down.1 && is_smooth {
            let source = self.row(y);
            widen(source.len(), row, |x| u32::from(source[x]), [1, 2, 2]);
        } else if is_half_wide && is_half_high && is_smooth {
            let (near, far, _) = self.neighbours(y);
            widen(near.len(), row, |x| 3 * u32::from(near[x]) + u32::from(far[x]), [8, 7, 4]);
        } else {
            let source = self.row(y * self.down.0 / self.down.1);
            for (x, value) in row.iter_mut().enumerate() {
                *value = source[(x * self.across.0 / self.across.1).min(source.len() - 1)];
            }
        }
    }

    /// The nearer and the farther row of half as many, and what their sum is rounded with.
    fn neighbours(&self, y: usize) -> (&[u16], &[u16], u16) {
        match y.is_multiple_of(2) {
            true => (self.row(y / 2), self.row((y / 2).saturating_sub(1)), 1),
            false => (self.row(y / 2), self.row(y / 2 + 1), 2),
        }
    }
}

/// Twice as many values, weighted 3 to 1 by nearness; left and right results are rounded with their own numbers and
/// scaled back by `shift`. Beyond the ends the outermost value goes on.
fn widen(columns: usize, row: &mut [u16], value: impl Fn(usize) -> u32, [left, right, shift]: [u32; 3]) {
    for (x, result) in row.iter_mut().enumerate() {
        let near = x / 2;
        let (far, round) = match x.is_multiple_of(2) {
            true => (near.saturating_sub(1), left),
            false => ((near + 1).min(columns - 1), right),
        };
        *result = ((3 * value(near) + value(far) + round) >> shift) as u16;
    }
}

/// The planes of all components.
pub(super) fn planes(frame: &mut Frame) -> Vec<Plane> {
    let (sampling, precision) = (frame.sampling, frame.precision);
    frame.components.iter_mut().map(|component| Plane::of(component, sampling, precision)).collect()
}
