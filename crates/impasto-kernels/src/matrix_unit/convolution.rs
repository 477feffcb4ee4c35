//! The 3×3 convolution on the matrix unit, in both directions.

use std::ops::Range;

use super::configuration::TileConfiguration;
use super::extents::{self, Extents};
use super::lines::Line;
use super::products::{Lines, convolve};
use super::rows::{MapRows, MaskedRows, RowSource, UnpooledRows};
use super::sink::{BlockSink, COLUMNS, Place, Sums};
use super::weights::TiledWeights;
use crate::convolution::{Activated, OutputGradient, bias_blocks, fold_border};
use crate::isa::{Isa, Kernel};
use crate::map::{Block, BlockedMap, LANES};
use crate::padding::Padding;
use crate::parallel::{Shared, for_each_with};
use crate::profile::{self, Phase};
use crate::simd::Simd;
use crate::winograd::{GradientSink, Workspace, WorkspaceNeed, at_least};

/// A 3×3 convolution of stride 1 that keeps the size, on the matrix unit: inputs and weights are rounded to bfloat16,
/// products are summed in f32. So an output is off by some thousandths of the size of what it is summed from.
///
/// What [`Convolution3x3`](crate::Convolution3x3) does in f32, for one picture.
#[derive(Clone, Debug)]
pub struct RoundedConvolution3x3 {
    inputs: usize,
    outputs: usize,
    bias: Vec<Block>,
    forward: TiledWeights,
    backward: TiledWeights,
}

impl RoundedConvolution3x3 {
    /// Packs `weight` `[outputs, inputs, 3, 3]` and `bias` `[outputs]` for both directions.
    ///
    /// # Panics
    /// If their lengths do not fit, or there are no channels.
    pub fn new(outputs: usize, inputs: usize, weight: &[f32], bias: &[f32]) -> Self {
        assert!(outputs > 0 && inputs > 0, "a convolution has channels");
        assert_eq!(weight.len(), outputs * inputs * 9, "weights of {outputs}x{inputs} kernels");
        let at = |output: usize, input: usize, tap: usize| weight[(output * inputs + input) * 9 + tap];
        RoundedConvolution3x3 {
            inputs,
            outputs,
            bias: bias_blocks(outputs, bias),
            forward: TiledWeights::new(outputs, inputs, at),
            backward: TiledWeights::new(inputs, outputs, |input, output, tap| at(output, input, 8 - tap)),
        }
    }

    /// Bytes that the packed weights of such a convolution take.
    pub fn packed_bytes(outputs: usize, inputs: usize) -> usize {
        TiledWeights::bytes(outputs, inputs) + TiledWeights::bytes(inputs, outputs)
    }

    /// What such a convolution needs of a workspace for maps of the given size.
    pub fn workspace_need(outputs: usize, inputs: usize, height: usize, width: usize) -> WorkspaceNeed {
        let forward = extents::need(outputs, inputs, height, width);
        // With a padding other than zeros the gradient has a border of one pixel first.
        let need = |border: usize| extents::need(inputs, outputs, height + border, width + border);
        forward.max(need(0)).max(need(2))
    }

    /// `keep` ← ReLU(weights ∗ input + bias), without the ReLU if `relu` is false.
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks [`Isa::Amx`].
    pub fn forward(
        &self,
        input: &BlockedMap,
        padding: Padding,
        relu: bool,
        keep: Activated,
        workspace: &mut Workspace,
    ) {
        assert_eq!(input.channels(), self.inputs, "input channels");
        let (height, width) = (input.height(), input.width());
        let job = Job {
            source: MapRows { map: input, padding },
            sink: keep.sink(&self.bias, relu, 1, height, width),
            weights: &self.forward,
            output_blocks: self.outputs.div_ceil(LANES),
            extents: Extents::new(self.forward.depth(), self.forward.groups(), height, width),
            before: 1,
        };
        job.run(workspace);
    }

    /// The gradient by the input: `to` ← (or +=, if `accumulate`) the adjoint of [`forward`](Self::forward)
    /// applied to `gradient`.
    ///
    /// # Panics
    /// If shapes do not fit, or the machine lacks [`Isa::Amx`].
    pub fn input_gradient(
        &self,
        gradient: OutputGradient,
        padding: Padding,
        to: &mut BlockedMap,
        accumulate: bool,
        workspace: &mut Workspace,
    ) {
        let (height, width) = gradient.size();
        assert_eq!((to.channels(), to.height(), to.width()), (self.inputs, height, width), "gradient shape");
        gradient.check(1);
        if padding == Padding::Zero {
            self.transposed(gradient, to, 1, accumulate, workspace);
        } else {
            // As in `Convolution3x3::input_gradient`.
            let mut extended = BlockedMap::zeros(self.inputs, height + 2, width + 2);
            self.transposed(gradient, &mut extended, 2, false, workspace);
            fold_border(&extended, padding, to, accumulate);
        }
    }

    /// The transposed convolution, whose windows begin `before` pixels before their output.
    fn transposed(
        &self,
        gradient: OutputGradient,
        to: &mut BlockedMap,
        before: usize,
        accumulate: bool,
        workspace: &mut Workspace,
    ) {
        let (height, width) = (to.height(), to.width());
        let sink = GradientSink {
            pictures: 1,
            height,
            width,
            to: Shared::new(to.blocks_mut().as_mut_ptr()),
            accumulate,
        };
        match gradient {
            OutputGradient::Plain(map) => {
                self.transpose(MapRows { map, padding: Padding::Zero }, sink, before, workspace);
            }
            OutputGradient::Masked(map, mask) => {
                self.transpose(MaskedRows { map, mask }, sink, before, workspace);
            }
            OutputGradient::Unpooled { pooled, mask, pooling, height, width } => {
                let scale = pooling.gradient_scale();
                self.transpose(UnpooledRows { pooled, mask, scale, height, width }, sink, before, workspace);
            }
        }
    }

    /// The transposed convolution of a source.
    fn transpose(
        &self,
        source: impl RowSource,
        sink: GradientSink,
        before: usize,
        workspace: &mut Workspace,
    ) {
        let weights = &self.backward;
        let extents = Extents::new(weights.depth(), weights.groups(), sink.height, sink.width);
        let output_blocks = self.inputs.div_ceil(LANES);
        Job { source, sink, weights, output_blocks, extents, before }.run(workspace);
    }
}

/// One convolution: what is read, what is done with it, and where it goes.
struct Job<'a, Source, Sink> {
    source: Source,
    sink: Sink,
    weights: &'a TiledWeights,
    output_blocks: usize,
    extents: Extents,
    /// Pixels that windows begin before their output.
    before: usize,
}

impl<Source: RowSource, Sink: BlockSink> Job<'_, Source, Sink> {
    /// Runs it on the threads of the current pool.
    ///
    /// Lines of a small map are made once, and any thread takes any 32 outputs of any band. Of a large map a thread
    /// makes the lines of a band and takes all outputs of it, so that the lines stay in its cache.
    fn run(&self, workspace: &mut Workspace) {
        assert_eq!(self.source.channel_blocks().div_ceil(2), self.extents.depth, "channels of the source");
        if self.extents.height == 0 || self.extents.width == 0 {
            return;
        }
        let extents = self.extents;
        let length = extents.lines() * size_of::<Line>() / size_of::<f32>();
        workspace.threads();
        if extents.shared {
            let lines: Shared<Line> = Shared::new(at_least(&mut workspace.tiles, length).cast());
            for_each_with(&mut workspace.threads, extents.depth * extents.rows(), |_, index| {
                let (pair, row) = (index / extents.rows(), index % extents.rows());
                // SAFETY: the buffer holds the lines of all rows, and every piece writes one row of one pair.
                unsafe { self.make_lines(pair..pair + 1, row..row + 1, 0, lines.at(0)) };
            });
            for_each_with(&mut workspace.threads, extents.bands() * extents.groups, |_, index| {
                let (band, group) = (extents.band(index / extents.groups), index % extents.groups);
                // SAFETY: all lines are there and only read from here on; every piece has its own part of the output.
                unsafe { self.multiply(band, group..group + 1, 0, lines.at(0)) };
            });
        } else {
            for_each_with(&mut workspace.threads, extents.bands(), |space, index| {
                let band = extents.band(index);
                let lines: *mut Line = at_least(&mut space.tiles, length).cast();
                let rows = band.start..band.start + band.len().next_multiple_of(2) + 2;
                // SAFETY: the thread's own buffer holds the lines of a band, and every band is given once.
                unsafe {
                    self.make_lines(0..extents.depth, rows, band.start, lines);
                    self.multiply(band.clone(), 0..extents.groups, band.start, lines);
                }
            });
        }
    }

    /// Writes lines to a buffer whose first row is row `first`. Row r of lines is row r − `before` of the source.
    ///
    /// # Safety
    /// The buffer must be valid for [`Extents::lines`], and nothing else touch these.
    unsafe fn make_lines(&self, pairs: Range<usize>, rows: Range<usize>, first: usize, to: *mut Line) {
        let begun = profile::clock();
        // SAFETY: the caller's promise.
        unsafe { Isa::Amx.run(MakeLines { job: self, pairs, rows, first, to }) }
        profile::add_phase(Phase::Inputs, begun);
    }

    /// Multiplies the lines of a band with the weights of some groups of outputs, and hands the sums to the sink.
    ///
    /// # Safety
    /// The lines of all pairs must be there, and no other call have the same rows and groups.
    unsafe fn multiply(&self, rows: Range<usize>, groups: Range<usize>, first: usize, lines: *const Line) {
        let begun = profile::clock();
        // SAFETY: the caller's promise.
        unsafe { Isa::Amx.run(Multiply { job: self, rows, groups, first, lines }) }
        profile::add_phase(Phase::Products, begun);
    }
}

/// See [`Job::make_lines`].
struct MakeLines<'a, Source, Sink> {
    job: &'a Job<'a, Source, Sink>,
    pairs: Range<usize>,
    rows: Range<usize>,
    first: usize,
    to: *mut Line,
}

impl<Source: RowSource, Sink: BlockSink> Kernel for MakeLines<'_, Source, Sink> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Job { source, extents, before, .. } = self.job;
        let (columns, before) = (extents.columns(), *before as isize);
        for pair in self.pairs {
            for row in self.rows.clone() {
                let at = (pair * extents.rows() + row - self.first) * columns;
                // SAFETY: the buffer holds these rows, and the unit is there, or this would not run.
                unsafe {
                    source.padded_lines(pair, row as isize - before, -before, columns, self.to.add(at));
                }
            }
        }
    }
}

/// See [`Job::multiply`].
struct Multiply<'a, Source, Sink> {
    job: &'a Job<'a, Source, Sink>,
    rows: Range<usize>,
    groups: Range<usize>,
    first: usize,
    lines: *const Line,
}

impl<Source: RowSource, Sink: BlockSink> Kernel for Multiply<'_, Source, Sink> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let Job { sink, weights, output_blocks, extents, .. } = self.job;
        // SAFETY: the unit is there, or this would not run, and nothing below loads another configuration.
        let configuration = unsafe { TileConfiguration::load() };
        let mut sums = Sums::new();
        let row_length = extents.columns() * size_of::<Line>();
        for group in self.groups {
            let tiles = weights.group(group);
            for y in self.rows.clone().step_by(2) {
                for x in (0..extents.width).step_by(COLUMNS) {
                    let place = Place {
                        block: 2 * group,
                        blocks: (output_blocks - 2 * group).min(2),
                        y,
                        x,
                        rows: (self.rows.end - y).min(2),
                        columns: (extents.width - x).min(COLUMNS),
                    };
                    // SAFETY: lines reach one row and one column beyond whole blocks on either side, weights hold a
                    // group, and the place is in the sink's maps.
                    unsafe {
                        let lines = Lines {
                            first: self.lines.add((y - self.first) * extents.columns() + x).cast(),
                            row: row_length,
                            channels: extents.rows() * row_length,
                        };
                        let ends = sink.begin(place, &mut sums);
                        convolve(&configuration, lines, tiles, extents.depth, &ends);
                        sink.finish::<S>(place, &mut sums);
                    }
                }
            }
        }
    }
}
