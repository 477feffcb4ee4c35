//! Fully connected layers and 1×1 convolutions: `y_p = W·x_p + b` at every position p, and its three gradients.
//!
//! Positions are the pictures of a batch of `[C, 1, 1]` maps for the one, all pixels for the other. Weights lie in
//! panels of sixteen outputs, `[⌈O/16⌉][⌈I/16⌉·16][16]`, as the matrix product reads them, and are changed in
//! place by an optimiser; what pads them to sixteen is zero and has no gradient.

use crate::isa::{Isa, Kernel};
use crate::map::{BlockedMap, LANES};
use crate::outer_product::add_outer_products;
use crate::parallel::{Shared, for_each, for_each_with};
use crate::product::Product;
use crate::simd::Simd;

/// Positions that one piece of work computes outputs for.
const POSITIONS: usize = 768;

/// Positions whose outer products are summed at a time: two blocks of so many lines fill the first-level cache.
const RUN: usize = 240;

/// The extents of a fully connected layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dense {
    /// Values read at a position, I.
    pub inputs: usize,
    /// Values written at a position, O.
    pub outputs: usize,
}

impl Dense {
    fn input_blocks(self) -> usize {
        self.inputs.div_ceil(LANES)
    }

    fn output_blocks(self) -> usize {
        self.outputs.div_ceil(LANES)
    }

    /// f32 from one panel of sixteen outputs to the next.
    fn panel(self) -> usize {
        self.input_blocks() * LANES * LANES
    }

    /// f32 of the weights in panels.
    pub fn weights_length(self) -> usize {
        self.output_blocks() * self.panel()
    }

    /// Place of one weight in the panels.
    pub fn weight_index(self, output: usize, input: usize) -> usize {
        output / LANES * self.panel() + input * LANES + output % LANES
    }

    /// `to` `[O, positions]` ← `W·input + bias`, with a ReLU after it if `relu`; `input` is `[I, positions]`.
    ///
    /// # Panics
    /// If lengths do not fit, or the machine lacks `isa`.
    pub fn forward(
        self,
        isa: Isa,
        input: &BlockedMap,
        weights: &[f32],
        bias: &[f32],
        relu: bool,
        to: &mut BlockedMap,
    ) {
        let positions = input.positions();
        self.check(input, weights, to);
        assert_eq!(bias.len(), self.outputs, "one bias per output");
        let out = Shared::new(to.as_mut_ptr());
        let pieces = positions.div_ceil(POSITIONS);
        for_each(self.output_blocks() * pieces, |piece| {
            let (panel, start) = (piece / pieces, piece % pieces * POSITIONS);
            let count = POSITIONS.min(positions - start);
            let mut bias_of_panel = [0.0; LANES];
            let from = panel * LANES..self.outputs.min((panel + 1) * LANES);
            bias_of_panel[..from.len()].copy_from_slice(&bias[from]);
            // SAFETY: every piece writes positions of its own of one block of outputs.
            unsafe {
                let (weights, to) = (weights.as_ptr().add(panel * self.panel()), out.at(0));
                let (bias, relu) = (bias_of_panel, Some(relu));
                isa.run(Outputs { input, weights, to, panel, start, count, bias, relu });
            }
        });
    }

    /// `to` `[I, positions]` ← the gradient by the input: `Wᵀ·gradient`, of `gradient` `[O, positions]`.
    ///
    /// # Panics
    /// If lengths do not fit, or the machine lacks `isa`.
    pub fn input_gradient(self, isa: Isa, gradient: &BlockedMap, weights: &[f32], to: &mut BlockedMap) {
        self.check(to, weights, gradient);
        let positions = to.positions();
        let out = Shared::new(to.as_mut_ptr());
        let mut scratches = vec![Vec::new(); rayon::current_num_threads()];
        for_each_with(&mut scratches, self.input_blocks(), |transposed: &mut Vec<f32>, block| {
            // The weights of sixteen inputs as a panel of their own, [outputs][16 inputs].
            transposed.resize(self.output_blocks() * LANES * LANES, 0.0);
            for (panel, to) in transposed.chunks_exact_mut(LANES * LANES).enumerate() {
                let from = &weights[panel * self.panel() + block * LANES * LANES..][..LANES * LANES];
                for (output, to) in to.chunks_exact_mut(LANES).enumerate() {
                    for (input, to) in to.iter_mut().enumerate() {
                        *to = from[input * LANES + output];
                    }
                }
            }
            for start in (0..positions).step_by(POSITIONS) {
                let count = POSITIONS.min(positions - start);
                // SAFETY: every block of inputs is written once.
                unsafe {
                    let (weights, to) = (transposed.as_ptr(), out.at(0));
                    let (bias, relu) = ([0.0; LANES], None);
                    isa.run(Outputs { input: gradient, weights, to, panel: block, start, count, bias, relu });
                }
            }
        });
    }

    /// `to`, in panels as the weights, and `bias` `[O]` ← the gradients by them.
    ///
    /// # Panics
    /// If lengths do not fit, or the machine lacks `isa`.
    pub fn weight_gradient(
        self,
        isa: Isa,
        input: &BlockedMap,
        gradient: &BlockedMap,
        to: &mut [f32],
        bias: &mut [f32],
    ) {
        self.check(input, to, gradient);
        assert_eq!(bias.len(), self.outputs, "one bias per output");
        to.fill(0.0);
        let (out, positions) = (Shared::new(to.as_mut_ptr()), input.positions());
        // Pieces are blocks of outputs times groups of blocks of inputs, few of which are in flight at a time.
        let groups = self.input_blocks().div_ceil(GROUP);
        for_each(self.output_blocks() * groups, |piece| {
            let (panel, first) = (piece / groups, piece % groups * GROUP);
            let blocks = first..self.input_blocks().min(first + GROUP);
            // SAFETY: every piece has its own part of the panels.
            unsafe {
                let to = out.at(panel * self.panel());
                isa.run(Weights { input, gradient, to, panel, blocks, positions });
            }
        });
        for (output, bias) in bias.iter_mut().enumerate() {
            let plane = &gradient.blocks()[output / LANES * positions..][..positions];
            *bias = plane.iter().map(|block| f64::from(block.0[output % LANES])).sum::<f64>() as f32;
        }
    }

    fn check(self, input: &BlockedMap, weights: &[f32], output: &BlockedMap) {
        assert_eq!((input.channels(), output.channels()), (self.inputs, self.outputs), "channels");
        assert_eq!(input.positions(), output.positions(), "positions");
        assert_eq!(weights.len(), self.weights_length(), "weights in panels");
    }
}

/// Blocks of inputs whose weight gradients one piece of work sums.
const GROUP: usize = 16;

/// Some positions of one block of outputs.
struct Outputs<'a> {
    input: &'a BlockedMap,
    /// `[inputs][16]`.
    weights: *const f32,
    to: *mut f32,
    panel: usize,
    start: usize,
    count: usize,
    bias: [f32; LANES],
    /// Whether a ReLU follows the bias; without a bias `None`.
    relu: Option<bool>,
}

impl Kernel for Outputs<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let positions = self.input.positions();
        // SAFETY: the positions are within both maps, and no other piece writes them.
        unsafe {
            let to = self.to.add((self.panel * positions + self.start) * LANES);
            let product = Product {
                rows: self.count,
                depth_blocks: self.input.channel_blocks(),
                panels: 1,
                a: self.input.as_ptr().add(self.start * LANES),
                a_block: positions * LANES,
                a_row: LANES,
                b: self.weights,
                b_panel: 0,
                c: to,
                c_panel: 0,
                c_row: LANES,
                accumulate: false,
            };
            product.run::<S>();
            let Some(relu) = self.relu else { return };
            for position in 0..self.count {
                for v in 0..S::VECTORS {
                    let at = to.add(position * LANES + v * S::WIDTH);
                    let mut value = S::add(S::load(at), S::load(self.bias.as_ptr().add(v * S::WIDTH)));
                    if relu {
                        value = S::maximum(S::zero(), value);
                    }
                    S::store(at, value);
                }
            }
        }
    }
}

/// The weight gradients of some blocks of inputs and one of outputs.
struct Weights<'a> {
    input: &'a BlockedMap,
    gradient: &'a BlockedMap,
    /// The panel.
    to: *mut f32,
    panel: usize,
    blocks: std::ops::Range<usize>,
    positions: usize,
}

impl Kernel for Weights<'_> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        for start in (0..self.positions).step_by(RUN) {
            let run = RUN.min(self.positions - start);
            // SAFETY: blocks and positions are the maps', and the panel holds the blocks of inputs.
            unsafe {
                let columns = self.gradient.as_ptr().add((self.panel * self.positions + start) * LANES);
                for block in self.blocks.clone() {
                    let rows = self.input.as_ptr().add((block * self.positions + start) * LANES);
                    add_outer_products::<S>(rows, columns, run, self.to.add(block * LANES * LANES));
                }
            }
        }
    }
}
