//! Gradients at the taps back through the network to the picture.

use bytemuck::{Pod, Zeroable};
use impasto_network::{Convention, Layer, Padding, Pooling};

use crate::bands::{Band, Grid, Reading, Source, SourceKind, padding_number};
use crate::convolution::{FirstConvolution, InnerConvolution};
use crate::device::Device;
use crate::dispatch::{Dispatch, Three};
use crate::kernel::Kernel;
use crate::map::{GpuMap, blocks};
use crate::plan::Plan;

/// A part of the way back.
#[derive(Debug)]
pub(crate) enum Operation {
    /// The gradients that losses give to the map at a layer, summed. They are known only when they are given.
    Given {
        layer: Layer,
        into: wgpu::Buffer,
        /// Added to what is there.
        adds: bool,
    },
    /// The same every time.
    Fixed(Dispatch),
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct GradientParameters {
    height: u32,
    width: u32,
    blocks: u32,
    columns: u32,
    first_tile: u32,
    tiles: u32,
    place: u32,
    adds: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct FoldParameters {
    height: u32,
    width: u32,
    blocks: u32,
    padding: u32,
    adds: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct AddParameters {
    height: u32,
    width: u32,
    blocks: u32,
    kind: u32,
    scale: f32,
    mask_columns: u32,
    is_rectified: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct UnpoolParameters {
    height: u32,
    width: u32,
    blocks: u32,
    pool_scale: f32,
    adds: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct FirstParameters {
    height: u32,
    width: u32,
    blocks: u32,
    padding: u32,
    kind: u32,
    scale: f32,
    mask_columns: u32,
    before_planes: u32,
    planes: [u32; 3],
    after_planes: u32,
    factors: Three,
}

impl Plan {
    /// The way back from the deepest tap to the picture.
    pub(crate) fn backward(
        &self,
        device: &Device,
        convention: &Convention,
        first: &FirstConvolution,
        inner: &[&InnerConvolution],
    ) -> Vec<Operation> {
        let mut operations = Vec::new();
        let Some(last) = self.steps.len().checked_sub(1) else { return operations };
        self.begin_output(last, &mut operations);
        for place in (0..self.steps.len()).rev() {
            let source = self.by_convolution(device, place, &mut operations);
            match place {
                0 => operations.push(Operation::Fixed(self.first_back(device, convention, first, &source))),
                _ => self.convolution_back(device, place, inner[place - 1], &source, &mut operations),
            }
        }
        operations
    }

    /// Begins the gradient by what the next step reads with what losses give to it. Returns whether they do.
    fn begin_output(&self, place: usize, operations: &mut Vec<Operation>) -> bool {
        let step = &self.steps[place].step;
        if step.taps_output() {
            let (layer, into) = (step.output_layer(), self.spares[place % 2].clone());
            operations.push(Operation::Given { layer, into, adds: false });
        }
        step.taps_output()
    }

    /// The gradient by a step's convolution, given that by its output.
    fn by_convolution(&self, device: &Device, place: usize, operations: &mut Vec<Operation>) -> Source {
        let planned = &self.steps[place];
        let step = &planned.step;
        let given = |layer, adds| Operation::Given { layer, into: self.apart.clone(), adds };
        let by_output = |kind, scale| Source {
            buffer: self.spares[place % 2].clone(),
            mask: planned.mask.clone(),
            kind,
            scale,
            height: step.shape.height,
            width: step.shape.width,
        };
        let plain = || Source { buffer: self.apart.clone(), ..by_output(SourceKind::Plain, 1.0) };
        let is_carried = step.has_next || step.taps_output();
        let above = match (step.pooling, &planned.map) {
            (Some(Pooling::L2), Some(map)) => {
                if step.taps_relu {
                    operations.push(given(step.relu(), false));
                }
                operations.push(Operation::Fixed(self.unpool_l2(device, place, map, step.taps_relu)));
                Some(plain())
            }
            // Tapped before it is pooled: what losses give passes the ReLU, then comes what is from above.
            (Some(_), Some(map)) => {
                operations.push(given(step.relu(), false));
                let above = by_output(SourceKind::Unpooled, planned.pool_scale());
                operations.push(Operation::Fixed(self.add(device, &above, Some(map), map.blocks())));
                Some(plain())
            }
            (Some(_), None) => Some(by_output(SourceKind::Unpooled, planned.pool_scale())),
            (None, _) => is_carried.then(|| by_output(SourceKind::Masked, 1.0)),
        };
        if !step.taps_convolution {
            return above.expect("the deepest step is tapped");
        }
        match above {
            Some(above) if above.kind == SourceKind::Plain => operations.push(given(step.layer, true)),
            Some(above) => {
                operations.push(given(step.layer, false));
                let added = self.add(device, &above, None, blocks(step.shape.channels));
                operations.push(Operation::Fixed(added));
            }
            None => operations.push(given(step.layer, false)),
        }
        plain()
    }

    /// Adds what comes from above to what losses give.
    fn add(&self, device: &Device, above: &Source, rectified: Option<&GpuMap>, blocks: usize) -> Dispatch {
        let parameters = AddParameters {
            height: above.height as u32,
            width: above.width as u32,
            blocks: blocks as u32,
            kind: above.kind as u32,
            scale: above.scale,
            mask_columns: above.mask_columns(),
            is_rectified: rectified.is_some().into(),
        };
        let map = rectified.map_or(&device.unused[0], GpuMap::buffer);
        let buffers = [&above.buffer, &above.mask, map, &self.apart];
        let count = above.height * above.width * blocks;
        Dispatch::each(device, Kernel::AddSource, &buffers, &parameters, count, 16.0)
    }

    fn unpool_l2(&self, device: &Device, place: usize, map: &GpuMap, adds: bool) -> Dispatch {
        let planned = &self.steps[place];
        let parameters = UnpoolParameters {
            height: map.shape().height as u32,
            width: map.shape().width as u32,
            blocks: map.blocks() as u32,
            pool_scale: planned.pool_scale(),
            adds: adds.into(),
        };
        let pooled = planned.pooled.as_ref().expect("kept to undo the pooling");
        let buffers = [map.buffer(), pooled.buffer(), &self.spares[place % 2], &self.apart];
        Dispatch::each(device, Kernel::UnpoolL2, &buffers, &parameters, map.elements(), 16.0)
    }

    fn convolution_back(
        &self,
        device: &Device,
        place: usize,
        inner: &InnerConvolution,
        source: &Source,
        operations: &mut Vec<Operation>,
    ) {
        // What comes from above is added to what losses say of the step below.
        let adds = self.begin_output(place - 1, operations);
        let (to, padding) = (&self.spares[(place - 1) % 2], self.steps[place].step.padding);
        // A border that repeats positions is computed like any other, and folded afterwards.
        let border = if padding == Padding::Replicate { 1 } else { 0 };
        let (height, width) = (source.height + 2 * border, source.width + 2 * border);
        let (into, padding_back) = match padding {
            Padding::Replicate => (&self.extended, Padding::Zero),
            Padding::Zero | Padding::Circular => (to, padding),
        };
        let reading = Reading { padding: padding_back, before: 1 + border, output: (height, width) };
        let output_blocks = inner.backward.output_blocks;
        let convolved = self.bands.convolve(device, source, reading, &inner.backward, |band| {
            let Band { first, tiles, place } = band;
            let parameters = GradientParameters {
                height: height as u32,
                width: width as u32,
                blocks: output_blocks as u32,
                columns: Grid::new(height, width).columns as u32,
                first_tile: first as u32,
                tiles: tiles as u32,
                place: place as u32,
                adds: (adds && border == 0).into(),
            };
            let buffers = [self.bands.products(), into];
            let count = tiles * output_blocks;
            Dispatch::each(device, Kernel::WinogradGradient, &buffers, &parameters, count, 500.0)
        });
        operations.extend(convolved.into_iter().map(Operation::Fixed));
        if border == 1 {
            let parameters = FoldParameters {
                height: source.height as u32,
                width: source.width as u32,
                blocks: output_blocks as u32,
                padding: padding_number(padding),
                adds: adds.into(),
            };
            let count = source.height * source.width * output_blocks;
            let folded = Dispatch::each(device, Kernel::FoldBorder, &[into, to], &parameters, count, 16.0);
            operations.push(Operation::Fixed(folded));
        }
    }

    fn first_back(
        &self,
        device: &Device,
        convention: &Convention,
        first: &FirstConvolution,
        source: &Source,
    ) -> Dispatch {
        let channels = convention.input_channels();
        let parameters = FirstParameters {
            height: source.height as u32,
            width: source.width as u32,
            blocks: blocks(first.outputs) as u32,
            padding: padding_number(self.steps[0].step.padding),
            kind: source.kind as u32,
            scale: source.scale,
            mask_columns: source.mask_columns(),
            before_planes: 0,
            planes: channels.map(|channel| channel.picture_channel as u32),
            after_planes: 0,
            factors: channels.map(|channel| channel.factor).into(),
        };
        let buffers = [&source.buffer, &source.mask, &first.weights, &self.gradient];
        let (count, work) = (source.height * source.width, 108.0 * blocks(first.outputs) as f64);
        Dispatch::each(device, Kernel::FirstGradient, &buffers, &parameters, count, work)
    }
}
