//! Weights in the order that the transform `U = G g Gᵀ` reads them.

use rayon::prelude::*;

use crate::map::{Block, LANES};
use crate::simd::Simd;

use super::tile::{MAX_INPUT, Tile};

/// 3×3 kernels packed as `[outputs/16][inputs][9][16 outputs]`; inputs and outputs rounded up to sixteen
/// with zeros.
#[derive(Clone, Debug)]
pub(crate) struct PackedWeights {
    input_blocks: usize,
    output_blocks: usize,
    kernels: Vec<Block>,
}

impl PackedWeights {
    /// Packs the kernels that `weight(output, input, tap)` answers, tap = 3·row + column.
    pub(crate) fn new(
        outputs: usize,
        inputs: usize,
        weight: impl Fn(usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        let (output_blocks, input_blocks) = (outputs.div_ceil(LANES), inputs.div_ceil(LANES));
        let panel_length = input_blocks * LANES * 9;
        let mut kernels = vec![Block::default(); output_blocks * panel_length];
        kernels.par_chunks_mut(panel_length).enumerate().for_each(|(panel, kernels)| {
            for output in panel * LANES..outputs.min((panel + 1) * LANES) {
                for (index, kernel) in kernels.iter_mut().enumerate().take(inputs * 9) {
                    kernel.0[output % LANES] = weight(output, index / 9, index % 9);
                }
            }
        });
        PackedWeights { input_blocks, output_blocks, kernels }
    }

    /// Input channels in blocks of sixteen.
    pub(crate) fn input_blocks(&self) -> usize {
        self.input_blocks
    }

    /// Output channels in blocks of sixteen.
    pub(crate) fn output_blocks(&self) -> usize {
        self.output_blocks
    }

    /// Bytes of memory for so many outputs and inputs.
    pub(crate) fn bytes(outputs: usize, inputs: usize) -> usize {
        outputs.div_ceil(LANES) * inputs.next_multiple_of(LANES) * 9 * size_of::<Block>()
    }

    /// U of the sixteen outputs of `panel`, `[α²][inputs][16]` with places `place` f32 apart.
    ///
    /// # Safety
    /// `to` must be valid for so many elements, and `S` available.
    #[inline(always)]
    pub(crate) unsafe fn transform_panel<S: Simd, T: Tile>(&self, panel: usize, to: *mut f32, place: usize) {
        let length = self.input_blocks * LANES * 9;
        let kernels = &self.kernels[panel * length..][..length];
        // SAFETY: `S` is available.
        let mut half = [[unsafe { S::zero() }; 3]; MAX_INPUT];
        for (input, kernel) in kernels.chunks_exact(9).enumerate() {
            for v in 0..S::VECTORS {
                // SAFETY: a kernel is nine blocks, and every place is within the panel.
                unsafe {
                    let load = |tap: usize| S::load(kernel[tap].0.as_ptr().add(v * S::WIDTH));
                    for column in 0..3 {
                        let line = T::weight::<S>([load(column), load(3 + column), load(6 + column)]);
                        for row in 0..T::INPUT {
                            half[row][column] = line[row];
                        }
                    }
                    for (row, &line) in half.iter().enumerate().take(T::INPUT) {
                        let line = T::weight::<S>(line);
                        for (column, &value) in line.iter().enumerate().take(T::INPUT) {
                            let at = (row * T::INPUT + column) * place + input * LANES;
                            S::store(to.add(at + v * S::WIDTH), value);
                        }
                    }
                }
            }
        }
    }
}
