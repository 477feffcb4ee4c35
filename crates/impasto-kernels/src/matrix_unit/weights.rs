//! Kernels in tiles.

use rayon::prelude::*;

use super::bfloat16::rounded;
use super::lines::Line;
use crate::map::LANES;

/// Input channels of a tile.
const DEPTH: usize = 2 * LANES;

/// Outputs of a group: two tiles.
pub(crate) const GROUP: usize = 2 * LANES;

/// Lines of a tile.
const ROWS: usize = 16;

/// 3×3 kernels rounded to bfloat16, `[outputs/32][inputs/32][9]` times two tiles of sixteen outputs. Row k of a tile is
/// the inputs 2k and 2k + 1 of one output after another. Inputs and outputs are rounded up to 32 with zeros.
#[derive(Clone, Debug)]
pub(crate) struct TiledWeights {
    depth: usize,
    groups: usize,
    lines: Vec<Line>,
}

impl TiledWeights {
    /// Packs the kernels that `weight(output, input, tap)` answers, tap = 3·row + column.
    pub(crate) fn new(
        outputs: usize,
        inputs: usize,
        weight: impl Fn(usize, usize, usize) -> f32 + Sync,
    ) -> Self {
        let (groups, depth) = (outputs.div_ceil(GROUP), inputs.div_ceil(DEPTH));
        let group_length = depth * 9 * 2 * ROWS;
        let mut lines = vec![Line::default(); groups * group_length];
        lines.par_chunks_mut(group_length).enumerate().for_each(|(group, lines)| {
            for (index, line) in lines.iter_mut().enumerate() {
                let (tile, row) = (index / ROWS, index % ROWS);
                let (first_output, tap) = (group * GROUP + tile % 2 * LANES, tile / 2 % 9);
                let first_input = tile / 18 * DEPTH + 2 * row;
                for (place, value) in line.0.iter_mut().enumerate() {
                    let (output, input) = (first_output + place / 2, first_input + place % 2);
                    if output < outputs && input < inputs {
                        *value = rounded(weight(output, input, tap));
                    }
                }
            }
        });
        TiledWeights { depth, groups, lines }
    }

    /// Input channels in steps of 32.
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Output channels in groups of 32.
    pub(crate) fn groups(&self) -> usize {
        self.groups
    }

    /// The tiles of a group.
    pub(crate) fn group(&self, group: usize) -> *const u8 {
        let length = self.depth * 9 * 2 * ROWS;
        self.lines[group * length..][..length].as_ptr().cast()
    }

    /// Bytes of memory for so many outputs and inputs.
    pub(crate) fn bytes(outputs: usize, inputs: usize) -> usize {
        outputs.div_ceil(GROUP) * inputs.div_ceil(DEPTH) * 9 * 2 * ROWS * size_of::<Line>()
    }
}
