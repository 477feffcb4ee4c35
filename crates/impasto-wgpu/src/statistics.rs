//! What is asked of maps: sums over positions, and values of resampled maps.

use bytemuck::{Pod, Zeroable};
use impasto_network::{Answer, EngineError, MapShape, Question, Statistic};

use crate::device::{Device, Read};
use crate::dispatch::Dispatch;
use crate::gradients::Uploads;
use crate::kernel::Kernel;
use crate::map::{GpuMap, blocks, unpacked};

/// Blocks that a workgroup of the kernel of squares sums.
const SQUARES_RUN: usize = 256 * 16;

/// Most positions of a chunk of a Gram matrix, which is summed in f32.
const GRAM_CHUNK: usize = 4096;

/// Workgroups that keep a large card busy.
const ENOUGH_WORKGROUPS: usize = 1024;

/// Sums that the kernel of squares takes.
#[derive(Clone, Copy, Debug)]
#[repr(u32)]
pub(crate) enum ElementSum {
    /// Of squares.
    Squares = 0,
    /// Of squared differences from another map.
    Differences = 1,
    /// Of absolute values.
    Absolute = 2,
}

/// Where the answer to a question is found among the results.
#[derive(Clone, Copy, Debug)]
enum Reply {
    Gram {
        first: usize,
        channels: usize,
    },
    ColumnSums {
        first: usize,
        chunks: usize,
        channels: usize,
    },
    Sum {
        first: usize,
        count: usize,
    },
    Products {
        first: usize,
        count: usize,
    },
    /// The values of resampled map number `map`.
    Resampled {
        map: usize,
        shape: MapShape,
    },
    Kept,
}

/// All questions, ready to be asked of every picture.
#[derive(Debug)]
pub(crate) struct Statistics {
    pub(crate) dispatches: Vec<Dispatch>,
    replies: Vec<Reply>,
    results: wgpu::Buffer,
    /// Values of the results.
    count: usize,
    resampled: Vec<(wgpu::Buffer, usize)>,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct GramParameters {
    positions: u32,
    blocks: u32,
    chunk: u32,
    is_weighted: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct GramSumParameters {
    blocks: u32,
    chunks: u32,
    first: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ColumnSumsParameters {
    positions: u32,
    blocks: u32,
    chunk: u32,
    chunks: u32,
    is_weighted: u32,
    first: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct SquaresParameters {
    elements: u32,
    blocks: u32,
    kind: u32,
    is_weighted: u32,
    first: u32,
}

/// Positions of a chunk of a Gram matrix, and how many chunks there are.
fn gram_chunks(shape: MapShape) -> (usize, usize) {
    let sides = blocks(shape.channels).div_ceil(16);
    let wanted = ENOUGH_WORKGROUPS.div_ceil(sides * (sides + 1) / 2);
    let chunk = shape.positions().div_ceil(wanted).next_multiple_of(16).clamp(64, GRAM_CHUNK);
    (chunk, shape.positions().div_ceil(chunk))
}

/// Values of the parts of a Gram matrix.
fn gram_parts(shape: MapShape) -> usize {
    gram_chunks(shape).1 * (4 * blocks(shape.channels)).pow(2)
}

/// Positions of a chunk of column sums, and how many chunks there are.
pub(crate) fn sum_chunks(positions: usize) -> (usize, usize) {
    let chunk = positions.div_ceil(256).max(64);
    (chunk, positions.div_ceil(chunk))
}

/// How many sums the kernel of squares leaves.
pub(crate) fn square_sums(map: &GpuMap) -> usize {
    map.elements().div_ceil(SQUARES_RUN)
}

/// Bytes on the device of the parts and results of Gram matrices at layers of these shapes.
pub(crate) fn bytes(shapes: &[MapShape]) -> u64 {
    let parts = shapes.iter().map(|&shape| gram_parts(shape)).max().unwrap_or(0);
    let results = |shape: &MapShape| (4 * blocks(shape.channels)).pow(2) + shape.positions();
    4 * (parts + shapes.iter().map(results).sum::<usize>()) as u64
}

/// The sum over a map of squares, squared differences or absolute values, from place `first` of the results on.
pub(crate) fn squares(
    device: &Device,
    kind: ElementSum,
    map: (&wgpu::Buffer, &GpuMap),
    other: Option<&GpuMap>,
    weights: Option<&wgpu::Buffer>,
    results: (&wgpu::Buffer, usize),
) -> Dispatch {
    let (buffer, of_shape) = map;
    let parameters = SquaresParameters {
        elements: of_shape.elements() as u32,
        blocks: of_shape.blocks() as u32,
        kind: kind as u32,
        is_weighted: weights.is_some().into(),
        first: results.1 as u32,
    };
    let [first, second, ..] = &device.unused;
    let other = other.map_or(first, GpuMap::buffer);
    let buffers = [buffer, other, weights.unwrap_or(second), results.0];
    let groups = crate::device::folded(square_sums(of_shape), 1);
    let work = 8.0 * of_shape.elements() as f64;
    Dispatch::groups(device, Kernel::Squares, &buffers, &parameters, groups, work)
}

/// The sums of the columns of each chunk, from place `first` of the results on.
pub(crate) fn column_sums(
    device: &Device,
    map: &GpuMap,
    weights: Option<&wgpu::Buffer>,
    results: (&wgpu::Buffer, usize),
) -> Dispatch {
    let positions = map.shape().positions();
    let (chunk, chunks) = sum_chunks(positions);
    let parameters = ColumnSumsParameters {
        positions: positions as u32,
        blocks: map.blocks() as u32,
        chunk: chunk as u32,
        chunks: chunks as u32,
        is_weighted: weights.is_some().into(),
        first: results.1 as u32,
    };
    let buffers = [map.buffer(), weights.unwrap_or(&device.unused[0]), results.0];
    let count = chunks * map.blocks();
    Dispatch::each(device, Kernel::ColumnSums, &buffers, &parameters, count, 8.0 * chunk as f64)
}

/// The sum of each channel over some chunks.
pub(crate) fn summed_columns(chunks: &[f32], channels: usize) -> Vec<f64> {
    let mut sums = vec![0.0f64; channels];
    for chunk in chunks.chunks_exact(4 * blocks(channels)) {
        sums.iter_mut().zip(chunk).for_each(|(sum, &value)| *sum += f64::from(value));
    }
    sums
}

impl Statistics {
    /// Prepares the questions. `map` is where the map of each lies.
    pub(crate) fn new<'a>(
        device: &Device,
        questions: &[Question<GpuMap>],
        map: impl Fn(&Question<GpuMap>) -> &'a GpuMap,
        uploads: &mut Uploads,
    ) -> Result<Self, EngineError> {
        let mut count = 0;
        let mut place = |values: usize| {
            let first = count;
            count += values.next_multiple_of(4);
            first
        };
        let mut parts = 0;
        let mut resampled = Vec::new();
        let replies: Vec<Reply> = questions
            .iter()
            .map(|question| {
                let map = map(question);
                let shape = map.shape();
                let channels = shape.channels;
                match &question.statistic {
                    Statistic::Gram { .. } => {
                        parts = parts.max(gram_parts(shape));
                        Reply::Gram { first: place((4 * map.blocks()).pow(2)), channels }
                    }
                    Statistic::Sums { .. } => {
                        let (_, chunks) = sum_chunks(shape.positions());
                        Reply::ColumnSums { first: place(chunks * 4 * map.blocks()), chunks, channels }
                    }
                    Statistic::SquaredNorm { .. } | Statistic::SquaredDifference { .. } => {
                        let count = square_sums(map);
                        Reply::Sum { first: place(count), count }
                    }
                    Statistic::ResampledProducts { resampling, .. } => {
                        let (height, width) = resampling.to();
                        let count = 2 * height * width;
                        Reply::Products { first: place(count), count }
                    }
                    Statistic::Resampled { resampling } => {
                        let (height, width) = resampling.to();
                        let shape = MapShape { height, width, ..shape };
                        resampled.push(4 * map.blocks() * shape.positions());
                        Reply::Resampled { map: resampled.len() - 1, shape }
                    }
                    Statistic::Map | Statistic::Target => Reply::Kept,
                }
            })
            .collect();
        let results = device.buffer(count)?;
        let parts = device.buffer(parts)?;
        let resampled = resampled
            .into_iter()
            .map(|values| Ok((device.buffer(values)?, values)))
            .collect::<Result<Vec<_>, EngineError>>()?;
        let mut dispatches = Vec::new();
        for (question, reply) in questions.iter().zip(&replies) {
            let map = map(question);
            let mut weights = |weights: &Option<_>| uploads.position_weights(device, map, weights.as_ref());
            match (&question.statistic, *reply) {
                (Statistic::Gram { weights: of_positions }, Reply::Gram { first, .. }) => {
                    let weights = weights(of_positions);
                    dispatches.extend(gram(device, map, weights.as_ref(), &parts, (&results, first)));
                }
                (Statistic::Sums { weights: of_positions }, Reply::ColumnSums { first, .. }) => {
                    let weights = weights(of_positions);
                    dispatches.push(column_sums(device, map, weights.as_ref(), (&results, first)));
                }
                (Statistic::SquaredNorm { weights: of_positions }, Reply::Sum { first, .. }) => {
                    let (weights, map) = (weights(of_positions), (map.buffer(), map));
                    let to = (&results, first);
                    dispatches.push(squares(device, ElementSum::Squares, map, None, weights.as_ref(), to));
                }
                (
                    Statistic::SquaredDifference { target, weights: of_positions },
                    Reply::Sum { first, .. },
                ) => {
                    assert_eq!(target.full().shape(), map.shape(), "shape of the target");
                    let (weights, map) = (weights(of_positions), (map.buffer(), map));
                    let (kind, target) = (ElementSum::Differences, Some(target.full()));
                    dispatches.push(squares(device, kind, map, target, weights.as_ref(), (&results, first)));
                }
                (Statistic::ResampledProducts { resampling, targets }, Reply::Products { first, .. }) => {
                    let resampling = uploads.resampling(device, resampling);
                    dispatches.push(resampling.products(device, map, targets, &results, first));
                }
                (Statistic::Resampled { resampling }, Reply::Resampled { map: number, .. }) => {
                    let resampling = uploads.resampling(device, resampling);
                    dispatches.push(resampling.resample(device, map, None, &resampled[number].0));
                }
                _ => {}
            }
        }
        Ok(Statistics { dispatches, replies, results, count, resampled })
    }

    /// What is read after the dispatches.
    pub(crate) fn reads(&self) -> Vec<Read<'_>> {
        let results = Read { buffer: &self.results, count: self.count };
        let resampled = self.resampled.iter().map(|(buffer, count)| Read { buffer, count: *count });
        std::iter::once(results).chain(resampled).filter(|read| read.count > 0).collect()
    }

    /// The answers, from what was read.
    pub(crate) fn answers(&self, read: &[Vec<f32>]) -> Vec<Answer> {
        let (results, resampled) = match self.count {
            0 => (&[][..], read),
            _ => read.split_first().map_or((&[][..], &[][..]), |(first, rest)| (&first[..], rest)),
        };
        let answer = |reply: &Reply| match *reply {
            Reply::Gram { first, channels } => Answer::Sums(mirrored(&results[first..], channels)),
            Reply::ColumnSums { first, chunks, channels } => {
                let sums = &results[first..][..chunks * 4 * blocks(channels)];
                Answer::Sums(summed_columns(sums, channels))
            }
            Reply::Sum { first, count } => {
                let sums = results[first..][..count].iter();
                Answer::Sums(vec![sums.map(|&sum| f64::from(sum)).sum()])
            }
            Reply::Products { first, count } => Answer::Values(results[first..][..count].to_vec()),
            Reply::Resampled { map, shape } => Answer::Values(unpacked(shape, &resampled[map])),
            Reply::Kept => Answer::Kept,
        };
        self.replies.iter().map(answer).collect()
    }
}

/// The Gram matrix of a map, from place `first` of the results on.
fn gram(
    device: &Device,
    map: &GpuMap,
    weights: Option<&wgpu::Buffer>,
    parts: &wgpu::Buffer,
    results: (&wgpu::Buffer, usize),
) -> [Dispatch; 2] {
    let (positions, blocks) = (map.shape().positions(), map.blocks());
    let (chunk, chunks) = gram_chunks(map.shape());
    let parameters = GramParameters {
        positions: positions as u32,
        blocks: blocks as u32,
        chunk: chunk as u32,
        is_weighted: weights.is_some().into(),
    };
    let side = blocks.div_ceil(16) as u32;
    let buffers = [map.buffer(), weights.unwrap_or(&device.unused[0]), parts];
    let work = (positions * (4 * blocks).pow(2)) as f64;
    let groups = [side, side, chunks as u32];
    let in_parts = Dispatch::groups(device, Kernel::Gram, &buffers, &parameters, groups, work);
    let parameters =
        GramSumParameters { blocks: blocks as u32, chunks: chunks as u32, first: results.1 as u32 };
    let (count, buffers) = (4 * blocks * blocks, [parts, results.0]);
    [in_parts, Dispatch::each(device, Kernel::GramSum, &buffers, &parameters, count, 4.0 * chunks as f64)]
}

/// A Gram matrix `[C, C]` of which only blocks of 64×64 on and above the diagonal are there.
fn mirrored(padded: &[f32], channels: usize) -> Vec<f64> {
    let side = 4 * blocks(channels);
    let entry = |index: usize| {
        let (row, column) = (index / channels, index % channels);
        let (row, column) = if row / 64 > column / 64 { (column, row) } else { (row, column) };
        f64::from(padded[row * side + column])
    };
    (0..channels * channels).map(entry).collect()
}
