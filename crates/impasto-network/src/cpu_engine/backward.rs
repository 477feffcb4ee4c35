//! Gradients at the taps back through the network to its input.

use impasto_kernels::{self as kernels, BlockedMap, Isa, OutputGradient, Padding, Workspace, profile};

use super::plan::{PlannedStep, Spares, fused_pooling};
use super::{CpuEngine, PackedConvolution, PackedGradient};
use crate::{Layer, MapGradient, Pooling};

type Gradients = [(Layer, MapGradient<BlockedMap>)];

/// The gradient that the terms give to what the next step reads.
enum Begun {
    /// That map is not tapped.
    Nothing,
    /// In the tapped map itself.
    InPlace,
    /// In a buffer, because the tapped values are still needed.
    Apart(BlockedMap),
}

impl CpuEngine {
    /// Runs the gradients at the taps back through all steps and leaves the gradient by the network's input
    /// in `self.input`. Overwrites the tapped maps.
    pub(super) fn run_backward(&mut self, gradients: &Gradients) {
        let plan = self.plan.as_mut().expect("prepare comes before backward");
        let isa = self.isa;
        let Some(last) = plan.steps.last_mut() else { return self.input.fill(0.0) };
        profile::enter("gradients", last.step.layer);
        // The gradient by the output of the step at hand, unless it lies in a tapped map.
        let mut carried = match last.begin_output(isa, gradients, &mut self.spares) {
            Begun::Apart(map) => Some(map),
            Begun::InPlace | Begun::Nothing => None,
        };
        for place in (0..plan.steps.len()).rev() {
            let (before, rest) = plan.steps.split_at_mut(place);
            let above = carried.take();
            let (layer, padding) = (rest[0].step.layer, rest[0].step.padding);
            profile::enter("gradients", layer);
            let gradient = rest[0].by_convolution(isa, above.as_ref(), gradients, &mut self.spares);
            match (&self.convolutions[&layer], before.last_mut()) {
                (PackedConvolution::First(first), _) => {
                    profile::enter("backward", layer);
                    first.input_gradient(isa, gradient, padding, &mut self.input);
                }
                (later, Some(below)) => {
                    profile::enter("gradients", below.step.layer);
                    // What comes from above is added to what the terms say at the tap.
                    let (mut apart, accumulate) = match below.begin_output(isa, gradients, &mut self.spares) {
                        Begun::InPlace => (None, true),
                        Begun::Apart(map) => (Some(map), true),
                        Begun::Nothing => (Some(self.spares.take(below.step.output())), false),
                    };
                    let to = apart.as_mut().or(below.output_mut()).expect("a tapped output is kept");
                    profile::enter("backward", layer);
                    later.input_gradient(isa, gradient, padding, to, accumulate, &mut self.workspace);
                    carried = apart;
                }
                (_, None) => unreachable!("the first step is the first convolution"),
            }
            if let Some(above) = above {
                self.spares.give(above);
            }
        }
        profile::leave();
    }
}

impl PackedConvolution {
    /// The gradient by the map that the convolution reads.
    ///
    /// # Panics
    /// If it is the first, whose input is planes.
    fn input_gradient(
        &self,
        isa: Isa,
        gradient: OutputGradient,
        padding: Padding,
        to: &mut BlockedMap,
        accumulate: bool,
        workspace: &mut Workspace,
    ) {
        match self {
            PackedConvolution::First(_) => unreachable!("the first convolution reads the picture"),
            PackedConvolution::Inner(inner) => {
                inner.input_gradient(isa, gradient, padding, to, accumulate, workspace);
            }
            PackedConvolution::Rounded(rounded) => {
                rounded.input_gradient(gradient, padding, to, accumulate, workspace);
            }
        }
    }
}

impl PlannedStep {
    /// The map that the next step reads, if it is kept.
    fn output_mut(&mut self) -> Option<&mut BlockedMap> {
        match self.step.pooling {
            Some(_) => self.pooled.as_mut(),
            None => self.map.as_mut(),
        }
    }

    /// Writes the gradient that the terms give to what the next step reads.
    fn begin_output(&mut self, isa: Isa, gradients: &Gradients, spares: &mut Spares) -> Begun {
        if !self.step.taps_output() {
            return Begun::Nothing;
        }
        let (layer, shape) = (self.step.output_layer(), self.step.output());
        let undone_from_values = self.step.pooling == Some(Pooling::L2);
        let map = self.output_mut().expect("a tapped output is kept");
        if undone_from_values {
            let mut apart = spares.take(shape);
            apart.blocks_mut().copy_from_slice(map.blocks());
            replace(isa, &mut apart, layer, gradients, false);
            Begun::Apart(apart)
        } else {
            replace(isa, map, layer, gradients, false);
            Begun::InPlace
        }
    }

    /// The gradient by this step's convolution, given the gradient by its output: `carried`, or in the
    /// tapped output itself.
    fn by_convolution<'a>(
        &'a mut self,
        isa: Isa,
        carried: Option<&'a BlockedMap>,
        gradients: &Gradients,
        spares: &mut Spares,
    ) -> OutputGradient<'a> {
        let PlannedStep { step, convolved, map, mask, pooled } = self;
        let (height, width) = (step.shape.height, step.shape.width);
        let by_pooled = carried.or(pooled.as_ref().filter(|_| step.taps_pool));
        let unpooled = |pooled: &'a BlockedMap| {
            let pooling = fused_pooling(step).expect("L2 pooling is undone apart");
            OutputGradient::Unpooled { pooled, mask, pooling, height, width }
        };
        let by_activation = match (step.pooling, map) {
            (Some(Pooling::L2), Some(map)) => {
                let by_pooled = by_pooled.expect("what is pooled is read or tapped");
                let values = pooled.as_ref().expect("kept to undo the pooling");
                if step.taps_relu {
                    let mut apart = spares.take(step.shape);
                    apart.blocks_mut().copy_from_slice(map.blocks());
                    kernels::unpool_l2(&mut apart, values, by_pooled);
                    replace(isa, map, step.relu(), gradients, true);
                    kernels::add_gradient(isa, OutputGradient::Plain(&apart), map);
                    spares.give(apart);
                } else {
                    kernels::unpool_l2(map, values, by_pooled);
                }
                Some(OutputGradient::Plain(map))
            }
            // Tapped before it is pooled: the terms' gradient under the ReLU, and what comes from above.
            (Some(_), Some(map)) => {
                replace(isa, map, step.relu(), gradients, true);
                let above = by_pooled.expect("what is pooled is read or tapped");
                kernels::add_gradient(isa, unpooled(above), map);
                Some(OutputGradient::Plain(map))
            }
            (Some(_), None) => by_pooled.map(unpooled),
            (None, map) => carried.or(map.as_ref()).map(|by_map| OutputGradient::Masked(by_map, mask)),
        };
        match (convolved, by_activation) {
            (None, by_activation) => by_activation.expect("the deepest step is tapped"),
            (Some(convolved), by_activation) => {
                replace(isa, convolved, step.layer, gradients, false);
                if let Some(by_activation) = by_activation {
                    kernels::add_gradient(isa, by_activation, convolved);
                }
                OutputGradient::Plain(convolved)
            }
        }
    }
}

/// `map` ← the sum of the gradients at `layer` there, under its own ReLU if `masked`.
fn replace(isa: Isa, map: &mut BlockedMap, layer: Layer, gradients: &Gradients, masked: bool) {
    let packed: Vec<PackedGradient> = gradients
        .iter()
        .filter(|(tap, _)| *tap == layer)
        .map(|(_, gradient)| PackedGradient::new(gradient, map))
        .collect();
    let parts: Vec<_> = packed.iter().map(PackedGradient::part).collect();
    kernels::replace_by_gradient(isa, map, &parts, masked);
}
