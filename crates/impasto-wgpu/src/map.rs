//! Feature maps on the card: `[height, width, channels]`, channels padded with zeros to a multiple of sixteen.

use impasto_network::{EngineError, MapShape};

use crate::device::Device;

/// Channels are padded to a multiple of so many.
const LANES: usize = 16;

/// A feature map in the memory of a card.
#[derive(Clone, Debug)]
pub struct GpuMap {
    shape: MapShape,
    buffer: wgpu::Buffer,
}

/// Blocks of four channels in a column, padded.
pub(crate) fn blocks(channels: usize) -> usize {
    channels.next_multiple_of(LANES) / 4
}

/// Values of a map, padded.
pub(crate) fn values(shape: MapShape) -> usize {
    4 * blocks(shape.channels) * shape.positions()
}

impl GpuMap {
    /// A map with unspecified values.
    pub(crate) fn new(device: &Device, shape: MapShape) -> Result<Self, EngineError> {
        Ok(GpuMap { shape, buffer: device.buffer(values(shape))? })
    }

    /// A map with unspecified values, where a failure cannot be returned.
    pub(crate) fn new_or_failure(device: &Device, shape: MapShape) -> Self {
        GpuMap { shape, buffer: device.buffer_or_failure(values(shape)) }
    }

    /// A map of planes `[C, H, W]`.
    pub(crate) fn from_planes(device: &Device, shape: MapShape, planes: &[f32]) -> Self {
        assert_eq!(planes.len(), shape.elements(), "values of the map");
        GpuMap { shape, buffer: device.buffer_of(&packed(shape, planes)) }
    }

    pub(crate) fn shape(&self) -> MapShape {
        self.shape
    }

    pub(crate) fn buffer(&self) -> &wgpu::Buffer {
        &self.buffer
    }

    /// Blocks of four channels in a column.
    pub(crate) fn blocks(&self) -> usize {
        blocks(self.shape.channels)
    }

    /// Blocks of the map.
    pub(crate) fn elements(&self) -> usize {
        self.blocks() * self.shape.positions()
    }
}

/// Planes `[C, H, W]` as columns with padding.
pub(crate) fn packed(shape: MapShape, planes: &[f32]) -> Vec<f32> {
    let length = 4 * blocks(shape.channels);
    let mut columns = vec![0.0; length * shape.positions()];
    for (channel, plane) in planes.chunks_exact(shape.positions().max(1)).enumerate() {
        for (column, value) in columns.chunks_exact_mut(length).zip(plane) {
            column[channel] = *value;
        }
    }
    columns
}

/// Columns with padding as planes `[C, H, W]`.
pub(crate) fn unpacked(shape: MapShape, columns: &[f32]) -> Vec<f32> {
    let length = 4 * blocks(shape.channels);
    let mut planes = vec![0.0; shape.elements()];
    for (channel, plane) in planes.chunks_exact_mut(shape.positions().max(1)).enumerate() {
        for (value, column) in plane.iter_mut().zip(columns.chunks_exact(length)) {
            *value = column[channel];
        }
    }
    planes
}
