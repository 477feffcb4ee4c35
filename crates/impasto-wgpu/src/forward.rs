//! The picture through the network.

use bytemuck::{Pod, Zeroable};
use impasto_network::{Convention, Pooling};

use crate::bands::{Band, Grid, Reading, Source, SourceKind, padding_number};
use crate::convolution::{FirstConvolution, InnerConvolution};
use crate::device::Device;
use crate::dispatch::{Dispatch, Three};
use crate::kernel::Kernel;
use crate::map::{GpuMap, blocks};
use crate::plan::{Plan, PlannedStep};

/// What a convolution keeps: see `activation.wgsl`.
const KEEPS_CONVOLVED: u32 = 1;
const KEEPS_MAP: u32 = 2;
const POOLS_MAXIMUM: u32 = 4;
const POOLS_AVERAGE: u32 = 8;

/// Where a convolution puts what it keeps.
struct Outputs<'a> {
    buffers: [&'a wgpu::Buffer; 4],
    flags: u32,
    pool_scale: f32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct FirstParameters {
    height: u32,
    width: u32,
    blocks: u32,
    columns: u32,
    tiles: u32,
    padding: u32,
    flags: u32,
    pool_scale: f32,
    planes: [u32; 3],
    unused: u32,
    factors: Three,
    offsets: Three,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct OutputParameters {
    height: u32,
    width: u32,
    blocks: u32,
    columns: u32,
    first_tile: u32,
    tiles: u32,
    place: u32,
    flags: u32,
    pool_scale: f32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct PoolParameters {
    height: u32,
    width: u32,
    blocks: u32,
    pool_scale: f32,
}

impl Plan {
    /// All dispatches from the picture to the deepest tap. `inner` are the convolutions after the first.
    pub(crate) fn forward(
        &self,
        device: &Device,
        convention: &Convention,
        first: &FirstConvolution,
        inner: &[&InnerConvolution],
    ) -> Vec<Dispatch> {
        let mut dispatches = Vec::new();
        for (place, planned) in self.steps.iter().enumerate() {
            let outputs = self.outputs(device, place);
            match place {
                0 => dispatches.push(self.first(device, convention, first, &outputs)),
                _ => dispatches.extend(self.convolution(device, place, inner[place - 1], &outputs)),
            }
            if let (Some(Pooling::L2), Some(map), Some(pooled)) =
                (planned.step.pooling, &planned.map, &planned.pooled)
            {
                dispatches.push(pool_l2(device, planned, map, pooled));
            }
        }
        dispatches
    }

    /// What the step after `place` reads.
    fn output(&self, place: usize) -> &wgpu::Buffer {
        let planned = &self.steps[place];
        let kept = match planned.step.pooling {
            Some(_) => &planned.pooled,
            None => &planned.map,
        };
        kept.as_ref().map_or(&self.spares[place % 2], GpuMap::buffer)
    }

    fn outputs<'a>(&'a self, device: &'a Device, place: usize) -> Outputs<'a> {
        let planned = &self.steps[place];
        let [first, second, _, fourth] = &device.unused;
        let mut outputs = Outputs {
            buffers: [first, second, &planned.mask, fourth],
            flags: 0,
            pool_scale: planned.pool_scale(),
        };
        if let Some(convolved) = &planned.convolved {
            outputs.flags |= KEEPS_CONVOLVED;
            outputs.buffers[0] = convolved.buffer();
        }
        if let Some(map) = &planned.map {
            outputs.flags |= KEEPS_MAP;
            outputs.buffers[1] = map.buffer();
        } else if planned.step.pooling.is_none() && planned.step.has_next {
            outputs.flags |= KEEPS_MAP;
            outputs.buffers[1] = &self.spares[place % 2];
        }
        let pools = match planned.step.pooling {
            Some(Pooling::Max) => POOLS_MAXIMUM,
            Some(Pooling::Average | Pooling::ScaledAverage) => POOLS_AVERAGE,
            Some(Pooling::L2) | None => 0,
        };
        if pools != 0 {
            outputs.flags |= pools;
            outputs.buffers[3] = self.output(place);
        }
        outputs
    }

    fn first(
        &self,
        device: &Device,
        convention: &Convention,
        first: &FirstConvolution,
        outputs: &Outputs<'_>,
    ) -> Dispatch {
        let step = &self.steps[0].step;
        let grid = Grid::new(step.shape.height, step.shape.width);
        let channels = convention.input_channels();
        let parameters = FirstParameters {
            height: step.shape.height as u32,
            width: step.shape.width as u32,
            blocks: blocks(first.outputs) as u32,
            columns: grid.columns as u32,
            tiles: grid.tiles as u32,
            padding: padding_number(step.padding),
            flags: outputs.flags,
            pool_scale: outputs.pool_scale,
            planes: channels.map(|channel| channel.picture_channel as u32),
            unused: 0,
            factors: channels.map(|channel| channel.factor).into(),
            offsets: channels.map(|channel| channel.offset).into(),
        };
        let [convolved, map, mask, pooled] = outputs.buffers;
        let buffers = [convolved, map, mask, pooled, &self.picture, &first.weights, &first.bias];
        let count = grid.tiles * blocks(first.outputs);
        Dispatch::each(device, Kernel::FirstConvolution, &buffers, &parameters, count, 1728.0)
    }

    fn convolution(
        &self,
        device: &Device,
        place: usize,
        inner: &InnerConvolution,
        outputs: &Outputs<'_>,
    ) -> Vec<Dispatch> {
        let step = &self.steps[place].step;
        let (height, width) = (step.shape.height, step.shape.width);
        let source = Source {
            buffer: self.output(place - 1).clone(),
            mask: device.unused[0].clone(),
            kind: SourceKind::Plain,
            scale: 1.0,
            height,
            width,
        };
        let reading = Reading { padding: step.padding, before: 1, output: (height, width) };
        let columns = Grid::new(height, width).columns;
        self.bands.convolve(device, &source, reading, &inner.forward, |Band { first, tiles, place }| {
            let parameters = OutputParameters {
                height: height as u32,
                width: width as u32,
                blocks: inner.forward.output_blocks as u32,
                columns: columns as u32,
                first_tile: first as u32,
                tiles: tiles as u32,
                place: place as u32,
                flags: outputs.flags,
                pool_scale: outputs.pool_scale,
            };
            let [convolved, map, mask, pooled] = outputs.buffers;
            let buffers = [convolved, map, mask, pooled, self.bands.products(), &inner.bias];
            let count = tiles * inner.forward.output_blocks;
            Dispatch::each(device, Kernel::WinogradOutput, &buffers, &parameters, count, 600.0)
        })
    }
}

fn pool_l2(device: &Device, planned: &PlannedStep, map: &GpuMap, pooled: &GpuMap) -> Dispatch {
    let parameters = PoolParameters {
        height: map.shape().height as u32,
        width: map.shape().width as u32,
        blocks: map.blocks() as u32,
        pool_scale: planned.pool_scale(),
    };
    let buffers = [map.buffer(), pooled.buffer()];
    Dispatch::each(device, Kernel::PoolL2, &buffers, &parameters, pooled.elements(), 16.0)
}
