//! The summands that a gradient by a feature map F is made of. Each reads of F no more than the column at the
//! position that it is for; [`GradientPart::Resampled`] reads several positions, but of a given gradient.
//!
//! With loss L(G) of a symmetric `G = F·Fᵀ`, ∂L/∂F = (∂L/∂G + ∂L/∂Gᵀ)·F: a product with a symmetric C×C
//! matrix ([`GradientPart::Linear`]). With `G = Σ_p w_p·F_p·F_pᵀ` each column of that product carries its
//! weight ([`GradientPart::WeightedLinear`]).

use std::sync::OnceLock;

use crate::isa::{Isa, Kernel};
use crate::map::{Block, BlockedMap, LANES};
use crate::matrix_unit::{Line, TiledMatrix};
use crate::product::Product;
use crate::resampling::Resampling;
use crate::simd::Simd;

/// A symmetric matrix `[C, C]` packed for products with maps of C channels.
#[derive(Clone, Debug)]
pub struct PackedMatrix {
    channels: usize,
    /// `[C/16][C][16]`.
    panels: Vec<Block>,
    /// The same for the matrix unit, made when it is first needed.
    tiles: OnceLock<TiledMatrix>,
}

impl PackedMatrix {
    /// Packs `matrix`, symmetric, row-major.
    ///
    /// # Panics
    /// If it does not hold `channels²` values.
    pub fn new(channels: usize, matrix: &[f32]) -> Self {
        assert_eq!(matrix.len(), channels * channels, "a matrix of {channels}x{channels}");
        let depth = channels.next_multiple_of(LANES);
        let mut panels = vec![Block::default(); channels.div_ceil(LANES) * depth];
        for (row, values) in matrix.chunks_exact(channels).enumerate() {
            for (column, &value) in values.iter().enumerate() {
                panels[column / LANES * depth + row].0[column % LANES] = value;
            }
        }
        PackedMatrix { channels, panels, tiles: OnceLock::new() }
    }

    /// The matrix in tiles.
    fn tiles(&self) -> &TiledMatrix {
        let depth = self.channels.next_multiple_of(LANES);
        let entry = |row: usize, column: usize| self.panels[column / LANES * depth + row].0[column % LANES];
        self.tiles.get_or_init(|| TiledMatrix::new(self.channels, entry))
    }

    /// The product with `rows` columns of a map at `a` `[C/16][rows]`, written to `c`, whose channel blocks
    /// are `plane` blocks apart. With `lines` it is made on the matrix unit.
    ///
    /// # Safety
    /// `a` and `c` must be valid for so many columns of all channels, and `S` be available; with `lines`, the unit.
    #[inline(always)]
    unsafe fn multiply<S: Simd>(
        &self,
        rows: usize,
        a: *const Block,
        c: *mut Block,
        plane: usize,
        accumulate: bool,
        lines: Option<&mut Vec<Line>>,
    ) {
        let depth_blocks = self.channels.div_ceil(LANES);
        if let Some(lines) = lines {
            let tiles = self.tiles();
            lines.resize(lines.len().max(tiles.scratch(rows)), Line::default());
            // SAFETY: as the caller promises; the scratch is long enough.
            return unsafe {
                tiles.multiply(rows, depth_blocks, a, c, plane, accumulate, lines.as_mut_ptr())
            };
        }
        let product = Product {
            rows,
            depth_blocks,
            panels: depth_blocks,
            a: a.cast(),
            a_block: rows * LANES,
            a_row: LANES,
            b: self.panels.as_ptr().cast(),
            b_panel: depth_blocks * LANES * LANES,
            c: c.cast(),
            c_panel: plane * LANES,
            c_row: LANES,
            accumulate,
        };
        // SAFETY: as the caller promises; the matrix holds all of its panels.
        unsafe { product.run::<S>() }
    }
}

/// One summand of a gradient.
#[derive(Clone, Copy, Debug)]
pub enum GradientPart<'a> {
    /// `matrix · F`.
    Linear(&'a PackedMatrix),
    /// `w_p · (matrix · F_p)` at each position p. Positions without weight cost nothing.
    WeightedLinear {
        /// The matrix.
        matrix: &'a PackedMatrix,
        /// w `[H, W]`, finite.
        weights: &'a [f32],
    },
    /// The same column at each position, whatever F is; with weights w, `w_p · column` at each position p.
    Column {
        /// `[C]`.
        column: &'a [f32],
        /// w `[H, W]`, finite; `None` for 1 everywhere.
        weights: Option<&'a [f32]>,
    },
    /// `scale · (F − target)`; with weights w, `w_p · scale · (F_p − target_p)` at each position p.
    Difference {
        /// Factor of the difference.
        scale: f32,
        /// A map of the shape of F.
        target: &'a BlockedMap,
        /// w `[H, W]`, finite; `None` for 1 everywhere.
        weights: Option<&'a [f32]>,
    },
    /// `scale · gradient`, whatever F is.
    Given {
        /// Factor of the gradient.
        scale: f32,
        /// A map of the shape of F.
        gradient: &'a BlockedMap,
    },
    /// `scale` times the adjoint of the resampling at `gradient`, whatever F is.
    Resampled {
        /// Factor of the gradient.
        scale: f32,
        /// The gradient by what the resampling makes of F.
        gradient: &'a BlockedMap,
        /// From F.
        resampling: &'a Resampling,
    },
}

impl GradientPart<'_> {
    /// # Panics
    /// If the part does not fit `map`.
    pub(crate) fn check(&self, map: &BlockedMap) {
        match self {
            GradientPart::Linear(matrix) | GradientPart::WeightedLinear { matrix, .. } => {
                assert_eq!(matrix.channels, map.channels(), "channels of the matrix");
            }
            GradientPart::Column { column, .. } => {
                assert_eq!(column.len(), map.channels(), "values of the column");
            }
            GradientPart::Difference { target: other, .. } | GradientPart::Given { gradient: other, .. } => {
                assert_eq!(
                    (other.channels(), other.height(), other.width()),
                    (map.channels(), map.height(), map.width()),
                    "shape of the other map"
                )
            }
            GradientPart::Resampled { gradient, resampling, .. } => {
                assert_eq!(gradient.channels(), map.channels(), "channels of the resampled gradient");
                assert_eq!(resampling.from(), (map.height(), map.width()), "what is resampled");
                assert_eq!(resampling.to(), (gradient.height(), gradient.width()), "shape of the gradient");
            }
        }
        if let GradientPart::WeightedLinear { weights, .. }
        | GradientPart::Column { weights: Some(weights), .. }
        | GradientPart::Difference { weights: Some(weights), .. } = self
        {
            assert_eq!(weights.len(), map.positions(), "a weight for each position");
        }
    }

    /// Makes what all pieces of work on this set share. They do not make it themselves, because what is made by all
    /// threads must not be waited for by one of them.
    pub(crate) fn prepare(&self, isa: Isa) {
        if let GradientPart::Linear(matrix) | GradientPart::WeightedLinear { matrix, .. } = self
            && isa == Isa::Amx
        {
            matrix.tiles();
        }
    }

    /// Whether the part writes every position, so that it may come first without zeros beneath it.
    pub(crate) fn covers_all(&self) -> bool {
        !matches!(self, GradientPart::WeightedLinear { .. })
    }
}

/// One part of the gradient at a run of positions.
pub(crate) struct Part<'a> {
    pub(crate) part: GradientPart<'a>,
    /// F there, `[C/16][length]`.
    pub(crate) features: &'a [Block],
    pub(crate) start: usize,
    pub(crate) length: usize,
    /// Where the gradient goes: `length` blocks in each plane, `plane` blocks apart.
    pub(crate) to: *mut Block,
    pub(crate) plane: usize,
    /// Add to what is there. Must be set unless the part [covers all](GradientPart::covers_all).
    pub(crate) accumulate: bool,
    pub(crate) scratch: &'a mut Vec<Block>,
    /// Scratch of the matrix unit, if products are to be made there.
    pub(crate) lines: Option<&'a mut Vec<Line>>,
}

impl Kernel for Part<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        match self.part {
            GradientPart::Linear(matrix) => {
                let a = self.features.as_ptr();
                // SAFETY: `features` and `to` hold a run of all channels.
                unsafe {
                    matrix.multiply::<S>(self.length, a, self.to, self.plane, self.accumulate, self.lines)
                }
            }
            // SAFETY: the pointers are as this function's caller promises.
            GradientPart::WeightedLinear { matrix, weights } => unsafe {
                self.weighted_product::<S>(matrix, weights);
            },
            // SAFETY: as above.
            GradientPart::Column { column, weights } => unsafe { self.column(column, weights) },
            // SAFETY: as above.
            GradientPart::Difference { scale, target, weights: None } => unsafe {
                self.each_value(target, |_, feature, target| scale * (feature - target));
            },
            // SAFETY: as above.
            GradientPart::Difference { scale, target, weights: Some(weights) } => unsafe {
                self.each_value(target, |position, feature, target| match weights[position] {
                    0.0 => 0.0,
                    weight => weight * scale * (feature - target),
                });
            },
            // SAFETY: as above.
            GradientPart::Given { scale, gradient } => unsafe {
                self.each_value(gradient, |_, _, gradient| scale * gradient);
            },
            // SAFETY: as above.
            GradientPart::Resampled { scale, gradient, resampling } => unsafe {
                self.resampled(scale, gradient, resampling);
            },
        }
    }
}

impl Part<'_> {
    /// Adds `w_p · (matrix · F_p)`, computed as `matrix · (w_p·F_p)` of the gathered columns with weight.
    ///
    /// # Safety
    /// `to` must be valid as the field says, and `S` available.
    #[inline(always)]
    unsafe fn weighted_product<S: Simd>(self, matrix: &PackedMatrix, weights: &[f32]) {
        let weights = &weights[self.start..][..self.length];
        let support = || weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0);
        let count = support().count();
        if count == 0 {
            return;
        }
        let gathered = self.features.len() / self.length * count;
        self.scratch.clear();
        for features in self.features.chunks_exact(self.length) {
            let columns = support().map(|(at, weight)| Block(features[at].0.map(|value| weight * value)));
            self.scratch.extend(columns);
        }
        self.scratch.resize(2 * gathered, Block::default());
        let (columns, product) = self.scratch.split_at_mut(gathered);
        // SAFETY: both halves of the scratch hold `count` columns of all channels; `to` is as promised.
        unsafe {
            matrix.multiply::<S>(count, columns.as_ptr(), product.as_mut_ptr(), count, false, self.lines);
            for (block, product) in product.chunks_exact(count).enumerate() {
                let to = std::slice::from_raw_parts_mut(self.to.add(block * self.plane), self.length);
                for ((at, _), value) in support().zip(product) {
                    for lane in 0..LANES {
                        to[at].0[lane] += value.0[lane];
                    }
                }
            }
        }
    }

    /// Writes or adds the weighted `column` at each position.
    ///
    /// # Safety
    /// `to` must be valid as the field says.
    #[inline(always)]
    unsafe fn column(self, column: &[f32], weights: Option<&[f32]>) {
        for (block, values) in column.chunks(LANES).enumerate() {
            let mut padded = [0.0; LANES];
            padded[..values.len()].copy_from_slice(values);
            // SAFETY: `to` holds a run of this length in every plane.
            let to = unsafe { std::slice::from_raw_parts_mut(self.to.add(block * self.plane), self.length) };
            for (to, position) in to.iter_mut().zip(self.start..) {
                let weight = weights.map_or(1.0, |weights| weights[position]);
                for lane in 0..LANES {
                    let before = if self.accumulate { to.0[lane] } else { 0.0 };
                    to.0[lane] = before + weight * padded[lane];
                }
            }
        }
    }

    /// Writes or adds `scale` times what the readers of each position say.
    ///
    /// # Safety
    /// `to` must be valid as the field says.
    #[inline(always)]
    unsafe fn resampled(self, scale: f32, gradient: &BlockedMap, resampling: &Resampling) {
        let ((_, width), (_, row_length)) = (resampling.from(), resampling.to());
        for (block, plane) in gradient.blocks().chunks_exact(gradient.positions()).enumerate() {
            // SAFETY: `to` holds a run of this length in every plane.
            let to = unsafe { std::slice::from_raw_parts_mut(self.to.add(block * self.plane), self.length) };
            for (to, position) in to.iter_mut().zip(self.start..) {
                let mut sum = if self.accumulate { *to } else { Block::default() };
                for &(row, across) in &resampling.rows.readers[position / width] {
                    for &(column, along) in &resampling.columns.readers[position % width] {
                        let (share, value) = (scale * across * along, &plane[row * row_length + column]);
                        for lane in 0..LANES {
                            sum.0[lane] += share * value.0[lane];
                        }
                    }
                }
                *to = sum;
            }
        }
    }

    /// Writes or adds `value(p, F, other)` for each element of F and of a map of its shape, at the position p.
    ///
    /// # Safety
    /// `to` must be valid as the field says.
    #[inline(always)]
    unsafe fn each_value(self, other: &BlockedMap, value: impl Fn(usize, f32, f32) -> f32) {
        let others = other.blocks().chunks_exact(other.positions());
        for (block, (features, others)) in self.features.chunks_exact(self.length).zip(others).enumerate() {
            // SAFETY: `to` holds a run of this length in every plane.
            let to = unsafe { std::slice::from_raw_parts_mut(self.to.add(block * self.plane), self.length) };
            let columns = to.iter_mut().zip(features).zip(&others[self.start..]).zip(self.start..);
            for (((to, feature), other), position) in columns {
                for lane in 0..LANES {
                    let before = if self.accumulate { to.0[lane] } else { 0.0 };
                    to.0[lane] = before + value(position, feature.0[lane], other.0[lane]);
                }
            }
        }
    }
}
