//! The gradients that losses give to a map, put together on the card; and what is brought there for them.

use std::collections::HashMap;
use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use impasto_network::{MapGradient, Resampling};

use crate::device::Device;
use crate::dispatch::Dispatch;
use crate::kernel::Kernel;
use crate::map::{GpuMap, blocks};
use crate::resampling::DeviceResampling;

/// Blocks of columns that a product takes at a time.
const PRODUCT_BLOCKS: usize = 16;

/// Rows that a workgroup of a product takes.
const PRODUCT_ROWS: usize = 64;

/// Positions of one dispatch of the linear gradient: fewer than 65,535 workgroups, and short enough to be interrupted.
const LINEAR_RUN: usize = 1 << 20;

/// What comes from the computer. Matrices and columns change with every evaluation, and take the same buffers each time;
/// weights of positions and resamplings stay.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    buffers: Vec<wgpu::Buffer>,
    used: usize,
    /// By the address of the weights, which are kept so that no others take it.
    position_weights: HashMap<usize, (Arc<[f32]>, wgpu::Buffer)>,
    resamplings: HashMap<usize, (Arc<Resampling>, Arc<DeviceResampling>)>,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct LinearParameters {
    positions: u32,
    first_position: u32,
    term_blocks: u32,
    matrix_blocks: u32,
    is_weighted: u32,
    adds: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct MapParameters {
    elements: u32,
    blocks: u32,
    kind: u32,
    scale: f32,
    is_weighted: u32,
    adds: u32,
}

/// What the kernel for gradients computes position by position.
#[derive(Clone, Copy)]
#[repr(u32)]
enum Kind {
    Difference = 0,
    Column = 1,
    Given = 2,
    Nothing = 3,
}

impl Uploads {
    /// Gives all buffers free for the next evaluation, and forgets weights and resamplings that nobody else holds.
    pub(crate) fn restart(&mut self) {
        self.used = 0;
        self.position_weights.retain(|_, (weights, _)| Arc::strong_count(weights) > 1);
        self.resamplings.retain(|_, (resampling, _)| Arc::strong_count(resampling) > 1);
    }

    /// Forgets weights and resamplings.
    pub(crate) fn forget(&mut self) {
        *self = Uploads::default();
    }

    /// A buffer for `count` values.
    fn space(&mut self, device: &Device, count: usize) -> wgpu::Buffer {
        let place = self.used;
        self.used += 1;
        let fits = |buffer: &wgpu::Buffer| buffer.size() >= 4 * count as u64;
        if !self.buffers.get(place).is_some_and(fits) {
            let buffer = device.buffer_or_failure(count);
            self.buffers.truncate(place);
            self.buffers.push(buffer);
        }
        self.buffers[place].clone()
    }

    /// A buffer of these values.
    fn values(&mut self, device: &Device, values: &[f32]) -> wgpu::Buffer {
        let buffer = self.space(device, values.len());
        device.write(&buffer, values);
        buffer
    }

    /// A buffer of the weights of the positions of a map.
    pub(crate) fn position_weights(
        &mut self,
        device: &Device,
        map: &GpuMap,
        weights: Option<&Arc<[f32]>>,
    ) -> Option<wgpu::Buffer> {
        let weights = weights?;
        assert_eq!(weights.len(), map.shape().positions(), "a weight for each position");
        let key = weights.as_ptr() as usize;
        let (_, buffer) = self
            .position_weights
            .entry(key)
            .or_insert_with(|| (weights.clone(), device.buffer_of::<f32>(weights)));
        Some(buffer.clone())
    }

    pub(crate) fn resampling(
        &mut self,
        device: &Device,
        resampling: &Arc<Resampling>,
    ) -> Arc<DeviceResampling> {
        let key = Arc::as_ptr(resampling) as usize;
        let (_, on_device) = self
            .resamplings
            .entry(key)
            .or_insert_with(|| (resampling.clone(), Arc::new(DeviceResampling::new(device, resampling))));
        on_device.clone()
    }

    /// The sum of `gradients` of losses at `map`, written into a buffer or added to what is there.
    pub(crate) fn sum<'a>(
        &mut self,
        device: &Device,
        map: &GpuMap,
        gradients: impl Iterator<Item = &'a MapGradient<GpuMap>>,
        into: &wgpu::Buffer,
        adds: bool,
    ) -> Vec<Dispatch> {
        let mut dispatches = Vec::new();
        let mut adds = adds;
        for gradient in gradients {
            dispatches.extend(self.gradient(device, map, gradient, into, adds));
            adds = true;
        }
        if !adds {
            let nothing = position_by_position(device, Kind::Nothing, map, 0.0, (None, None), into, false);
            dispatches.push(nothing);
        }
        dispatches
    }

    fn gradient(
        &mut self,
        device: &Device,
        map: &GpuMap,
        gradient: &MapGradient<GpuMap>,
        into: &wgpu::Buffer,
        adds: bool,
    ) -> Vec<Dispatch> {
        match gradient {
            MapGradient::Linear { matrix, weights } => {
                let weights = self.position_weights(device, map, weights.as_ref());
                let matrix = self.matrix(device, map, matrix);
                linear(device, map, &matrix, weights.as_ref(), into, adds)
            }
            MapGradient::Column { column, weights } => {
                assert_eq!(column.len(), map.shape().channels, "values of the column");
                let weights = self.position_weights(device, map, weights.as_ref());
                let mut padded = column.to_vec();
                padded.resize(4 * map.blocks(), 0.0);
                let column = self.values(device, &padded);
                let others = (Some(&column), weights.as_ref());
                vec![position_by_position(device, Kind::Column, map, 1.0, others, into, adds)]
            }
            MapGradient::Difference { scale, target, weights } => {
                assert_eq!(target.full().shape(), map.shape(), "shape of the target");
                let weights = self.position_weights(device, map, weights.as_ref());
                let others = (Some(target.full().buffer()), weights.as_ref());
                vec![position_by_position(device, Kind::Difference, map, *scale, others, into, adds)]
            }
            MapGradient::Given { scale, gradient } => {
                assert_eq!(gradient.shape(), map.shape(), "shape of the gradient");
                let others = (Some(gradient.buffer()), None);
                vec![position_by_position(device, Kind::Given, map, *scale, others, into, adds)]
            }
            MapGradient::Resampled { scale, gradient, resampling } => {
                let resampling = self.resampling(device, resampling);
                vec![resampling.gradient(device, map, gradient.buffer(), *scale, into, adds)]
            }
            MapGradient::Blended { scale, resampling, targets, factors } => {
                let resampling = self.resampling(device, resampling);
                assert_eq!(
                    factors.len() * map.blocks(),
                    resampling.elements(map),
                    "factors of each position"
                );
                let factors = self.values(device, factors.as_flattened());
                let blend = self.space(device, 4 * resampling.elements(map));
                vec![
                    resampling.resample(device, map, Some((targets, &factors)), &blend),
                    resampling.gradient(device, map, &blend, *scale, into, adds),
                ]
            }
        }
    }

    /// A symmetric matrix, padded for products.
    fn matrix(&mut self, device: &Device, map: &GpuMap, matrix: &[f32]) -> wgpu::Buffer {
        let channels = map.shape().channels;
        assert_eq!(matrix.len(), channels * channels, "values of a {channels}x{channels} matrix");
        let columns = matrix_columns(channels);
        let mut padded = vec![0.0; 4 * map.blocks() * columns];
        for (to, row) in padded.chunks_exact_mut(columns).zip(matrix.chunks_exact(channels)) {
            to[..channels].copy_from_slice(row);
        }
        self.values(device, &padded)
    }
}

fn matrix_columns(channels: usize) -> usize {
    4 * blocks(channels).next_multiple_of(PRODUCT_BLOCKS)
}

fn linear(
    device: &Device,
    map: &GpuMap,
    matrix: &wgpu::Buffer,
    weights: Option<&wgpu::Buffer>,
    into: &wgpu::Buffer,
    adds: bool,
) -> Vec<Dispatch> {
    let (positions, columns) = (map.shape().positions(), matrix_columns(map.shape().channels));
    let buffers = [map.buffer(), matrix, weights.unwrap_or(&device.unused[0]), into];
    let of_run = |first: usize| {
        let parameters = LinearParameters {
            positions: positions as u32,
            first_position: first as u32,
            term_blocks: map.blocks() as u32,
            matrix_blocks: (columns / 4) as u32,
            is_weighted: weights.is_some().into(),
            adds: adds.into(),
        };
        let run = (positions - first).min(LINEAR_RUN);
        let groups = [(columns / 64) as u32, run.div_ceil(PRODUCT_ROWS) as u32, 1];
        let work = (run * columns * 4 * map.blocks()) as f64;
        Dispatch::groups(device, Kernel::LinearGradient, &buffers, &parameters, groups, work)
    };
    (0..positions).step_by(LINEAR_RUN).map(of_run).collect()
}

fn position_by_position(
    device: &Device,
    kind: Kind,
    map: &GpuMap,
    scale: f32,
    (other, weights): (Option<&wgpu::Buffer>, Option<&wgpu::Buffer>),
    into: &wgpu::Buffer,
    adds: bool,
) -> Dispatch {
    let parameters = MapParameters {
        elements: map.elements() as u32,
        blocks: map.blocks() as u32,
        kind: kind as u32,
        scale,
        is_weighted: weights.is_some().into(),
        adds: adds.into(),
    };
    let [first, second, ..] = &device.unused;
    let buffers = [map.buffer(), other.unwrap_or(first), weights.unwrap_or(second), into];
    Dispatch::each(device, Kernel::MapGradient, &buffers, &parameters, map.elements(), 8.0)
}
