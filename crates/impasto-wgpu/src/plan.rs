//! What is kept of each step, decided once for a size and a set of taps.

use std::collections::BTreeSet;

use impasto_network::{
    Architecture, EngineError, Layer, MapShape, NetworkOptions, Padding, Pooling, Size, Step, steps,
};

use crate::backward::Operation;
use crate::bands::{Bands, Grid, band_values};
use crate::convolution::{FirstConvolution, InnerConvolution};
use crate::device::Device;
use crate::dispatch::Dispatch;
use crate::map::{GpuMap, blocks, values};

/// The steps from the picture to the deepest tap, without memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outline {
    pub(crate) size: Size,
    pub(crate) steps: Vec<Step>,
    /// Channels of each step's input.
    inputs: Vec<usize>,
}

/// Values of the buffers that steps share.
#[derive(Clone, Copy, Debug, Default)]
struct Shared {
    spares: [usize; 2],
    apart: usize,
    extended: usize,
    bands: [usize; 2],
}

/// A step and its memory.
#[derive(Debug)]
pub(crate) struct PlannedStep {
    pub(crate) step: Step,
    /// Before the ReLU, if tapped.
    pub(crate) convolved: Option<GpuMap>,
    /// After the ReLU, if kept.
    pub(crate) map: Option<GpuMap>,
    /// A bit for each element where the gradient passes ReLU and pooling; by tiles of 4×4 positions.
    pub(crate) mask: wgpu::Buffer,
    /// After the pooling, if kept.
    pub(crate) pooled: Option<GpuMap>,
}

/// The steps from the picture to the deepest tap.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) outline: Outline,
    pub(crate) steps: Vec<PlannedStep>,
    /// `[3, H, W]`.
    pub(crate) picture: wgpu::Buffer,
    /// The gradient by the picture, `[3, H, W]`.
    pub(crate) gradient: wgpu::Buffer,
    /// What is not kept lies in these by turns: of step i in buffer i mod 2.
    pub(crate) spares: [wgpu::Buffer; 2],
    /// The gradient by a convolution where it is more than that from above.
    pub(crate) apart: wgpu::Buffer,
    /// The gradient by a map with a border.
    pub(crate) extended: wgpu::Buffer,
    pub(crate) bands: Bands,
    pub(crate) forward: Vec<Dispatch>,
    pub(crate) backward: Vec<Operation>,
}

impl Outline {
    /// Decides the steps.
    pub(crate) fn new(
        architecture: &Architecture,
        options: NetworkOptions,
        size: Size,
        taps: &BTreeSet<Layer>,
    ) -> Result<Self, EngineError> {
        let steps = steps(architecture, options, size, taps)?;
        let outputs = steps.iter().map(|step| step.shape.channels);
        let inputs = std::iter::once(3).chain(outputs).take(steps.len()).collect();
        Ok(Outline { size, steps, inputs })
    }

    /// Values of the buffers that steps share.
    fn shared(&self, device: &Device) -> Shared {
        let mut shared = Shared::default();
        for (place, (step, &inputs)) in self.steps.iter().zip(&self.inputs).enumerate() {
            let spare = &mut shared.spares[place % 2];
            *spare = (*spare).max(values(step.output()));
            if step.taps_convolution || (step.pooling.is_some() && step.keeps_map()) {
                shared.apart = shared.apart.max(values(step.shape));
            }
            if place == 0 {
                continue;
            }
            let MapShape { channels, height, width } = step.shape;
            let mut extent = (height, width);
            if step.padding == Padding::Replicate {
                extent = (height + 2, width + 2);
                let input = MapShape { channels: inputs, height: extent.0, width: extent.1 };
                shared.extended = shared.extended.max(values(input));
            }
            let tiles = Grid::new(extent.0, extent.1).tiles;
            for [from, to] in [[inputs, channels], [channels, inputs]] {
                let (bytes, largest) = (device.options().band_bytes, device.largest_buffer());
                let needed = band_values(bytes, largest, tiles, blocks(from), blocks(to));
                shared.bands = [0, 1].map(|side| shared.bands[side].max(needed[side]));
            }
        }
        shared
    }

    fn mask_values(shape: MapShape) -> usize {
        2 * Grid::new(shape.height, shape.width).tiles * blocks(shape.channels)
    }

    /// Bytes on the device of an evaluation at its peak, and of the largest buffer.
    pub(crate) fn bytes(&self, device: &Device) -> (u64, u64) {
        let shared = self.shared(device);
        let picture = 3 * self.size.height * self.size.width;
        let mut sizes = vec![picture, picture, shared.apart, shared.extended];
        sizes.extend(shared.spares.into_iter().chain(shared.bands));
        let mut weights = 0;
        for (step, &inputs) in self.steps.iter().zip(&self.inputs) {
            let channels = step.shape.channels;
            sizes.push(Self::mask_values(step.shape));
            sizes.push(if step.taps_convolution { values(step.shape) } else { 0 });
            sizes.push(if step.keeps_map() { values(step.shape) } else { 0 });
            sizes.push(if step.keeps_pooled() { values(step.output()) } else { 0 });
            weights += match inputs {
                3 if step.layer == Layer::convolution(1, 1) => FirstConvolution::bytes(channels),
                _ => InnerConvolution::bytes(inputs, channels),
            };
        }
        let largest = sizes.iter().max().copied().unwrap_or(0);
        (4 * sizes.iter().map(|&values| values as u64).sum::<u64>() + weights, 4 * largest as u64)
    }

    /// Allocates what the steps keep.
    pub(crate) fn allocate(self, device: &Device) -> Result<Plan, EngineError> {
        let shared = self.shared(device);
        let keep = |is_kept: bool, shape: MapShape| match is_kept {
            true => GpuMap::new(device, shape).map(Some),
            false => Ok(None),
        };
        let steps = self.steps.iter().map(|step| {
            Ok(PlannedStep {
                convolved: keep(step.taps_convolution, step.shape)?,
                map: keep(step.keeps_map(), step.shape)?,
                mask: device.buffer(Self::mask_values(step.shape))?,
                pooled: keep(step.keeps_pooled(), step.output())?,
                step: step.clone(),
            })
        });
        let steps = steps.collect::<Result<Vec<_>, EngineError>>()?;
        let picture = 3 * self.size.height * self.size.width;
        Ok(Plan {
            steps,
            picture: device.buffer(picture)?,
            gradient: device.buffer(picture)?,
            spares: [device.buffer(shared.spares[0])?, device.buffer(shared.spares[1])?],
            apart: device.buffer(shared.apart)?,
            extended: device.buffer(shared.extended)?,
            bands: Bands::new(device, shared.bands)?,
            forward: Vec::new(),
            backward: Vec::new(),
            outline: self,
        })
    }
}

impl Plan {
    /// The kept map at a tap, and the number of its step.
    ///
    /// # Panics
    /// If it is not tapped.
    pub(crate) fn tapped(&self, tap: Layer) -> (usize, &GpuMap) {
        let map = self.steps.iter().enumerate().find_map(|(place, planned)| {
            let step = &planned.step;
            let map = if step.taps_pool && tap == Layer::pool(step.layer.block() as u8) {
                planned.pooled.as_ref()
            } else if step.taps_relu && tap == step.relu() {
                planned.map.as_ref()
            } else if step.taps_convolution && tap == step.layer {
                planned.convolved.as_ref()
            } else {
                None
            };
            map.map(|map| (place, map))
        });
        map.unwrap_or_else(|| panic!("{tap} is not among the taps"))
    }

    /// Where the gradient by a tapped map is put together.
    pub(crate) fn gradient_buffer(&self, tap: Layer) -> &wgpu::Buffer {
        let (place, _) = self.tapped(tap);
        match self.steps[place].step.output_layer() == tap {
            true => &self.spares[place % 2],
            false => &self.apart,
        }
    }
}

impl PlannedStep {
    /// The factor of a pooling that a convolution does itself; of L2 pooling that of its own kernel.
    pub(crate) fn pool_scale(&self) -> f32 {
        match self.step.pooling {
            Some(Pooling::Average) => 0.25,
            Some(Pooling::ScaledAverage) => 0.5,
            Some(Pooling::L2) => 0.78,
            Some(Pooling::Max) | None => 1.0,
        }
    }
}
