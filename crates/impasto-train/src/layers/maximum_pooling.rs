//! 2×2 maximum pooling of batches: halving, or with windows of stride 1 that keep the size.

use impasto_kernels::{Batch, Block, LANES};
use rayon::prelude::*;

/// How far windows are apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PoolingStride {
    /// Two pixels: half the size; odd last rows and columns are dropped.
    Two,
    /// One pixel: the size is kept; windows are clipped at the lower and right border.
    One,
}

impl PoolingStride {
    /// Rows and columns of the output for an input of `height`×`width`.
    pub fn output_size(self, height: usize, width: usize) -> (usize, usize) {
        match self {
            PoolingStride::Two => (height / 2, width / 2),
            PoolingStride::One => (height, width),
        }
    }
}

/// What a pooling chose, for the way back.
#[derive(Clone, Debug)]
pub struct MaximumPooling {
    stride: PoolingStride,
    /// Rows and columns of the input of one picture.
    height: usize,
    width: usize,
    /// `[⌈C/16⌉][N][output positions]`: of each lane which of the window's four positions, in reading order, was
    /// the largest.
    chosen: Vec<[u8; LANES]>,
}

impl MaximumPooling {
    /// `to` ← the largest of each window; the first in reading order of equals.
    ///
    /// # Panics
    /// If `to` has not the [size](PoolingStride::output_size) of the output.
    pub fn forward(stride: PoolingStride, input: &Batch, to: &mut Batch) -> MaximumPooling {
        let (height, width) = (input.height(), input.width());
        let (out_height, out_width) = stride.output_size(height, width);
        let shape = (to.pictures(), to.channels(), to.height(), to.width());
        assert_eq!(shape, (input.pictures(), input.channels(), out_height, out_width), "the output's shape");
        let mut chosen = vec![[0u8; LANES]; to.map().blocks().len()];
        let (area, out_area) = ((height * width).max(1), (out_height * out_width).max(1));
        let planes = to.map_mut().blocks_mut().par_chunks_exact_mut(out_area);
        let planes = planes.zip(chosen.par_chunks_exact_mut(out_area));
        planes.zip(input.map().blocks().par_chunks_exact(area)).for_each(|((to, chosen), from)| {
            for (index, (to, chosen)) in to.iter_mut().zip(chosen).enumerate() {
                let window = window(stride, height, width, index / out_width, index % out_width);
                *to = from[window[0].expect("a window has its corner")];
                for (number, at) in window.iter().enumerate().skip(1) {
                    let Some(at) = at else { continue };
                    for ((to, &from), chosen) in to.0.iter_mut().zip(&from[*at].0).zip(chosen.iter_mut()) {
                        if from > *to {
                            (*to, *chosen) = (from, number as u8);
                        }
                    }
                }
            }
        });
        MaximumPooling { stride, height, width, chosen }
    }

    /// `to` ← the gradient by the input, of that by the output.
    ///
    /// # Panics
    /// If shapes do not fit.
    pub fn backward(&self, gradient: &Batch, to: &mut Batch) {
        let (out_height, out_width) = self.stride.output_size(self.height, self.width);
        assert_eq!((gradient.height(), gradient.width()), (out_height, out_width), "the output's size");
        assert_eq!(gradient.map().blocks().len(), self.chosen.len(), "the output's shape");
        let shape = (to.pictures(), to.channels(), to.height(), to.width());
        let input = (gradient.pictures(), gradient.channels(), self.height, self.width);
        assert_eq!(shape, input, "the input's shape");
        let (area, out_area) = ((self.height * self.width).max(1), (out_height * out_width).max(1));
        let planes = to.map_mut().blocks_mut().par_chunks_exact_mut(area);
        let planes = planes.zip(gradient.map().blocks().par_chunks_exact(out_area));
        planes.zip(self.chosen.par_chunks_exact(out_area)).for_each(|((to, gradient), chosen)| {
            to.fill(Block::default());
            for (index, (gradient, chosen)) in gradient.iter().zip(chosen).enumerate() {
                let window =
                    window(self.stride, self.height, self.width, index / out_width, index % out_width);
                for (number, at) in window.iter().enumerate() {
                    let Some(at) = at else { continue };
                    let Block(to) = &mut to[*at];
                    for lane in 0..LANES {
                        if usize::from(chosen[lane]) == number {
                            to[lane] += gradient.0[lane];
                        }
                    }
                }
            }
        });
    }
}

/// The positions of a window in its plane, of those that are inside.
fn window(
    stride: PoolingStride,
    height: usize,
    width: usize,
    row: usize,
    column: usize,
) -> [Option<usize>; 4] {
    let step = match stride {
        PoolingStride::Two => 2,
        PoolingStride::One => 1,
    };
    std::array::from_fn(|number| {
        let (row, column) = (step * row + number / 2, step * column + number % 2);
        (row < height && column < width).then_some(row * width + column)
    })
}
