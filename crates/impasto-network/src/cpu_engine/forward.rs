//! The picture through the network.

use impasto_kernels::{self as kernels, Activated, BlockedMap, Isa, Padding, Workspace, profile};

use super::plan::{PlannedStep, fused_pooling};
use super::{CpuEngine, PackedConvolution};
use crate::Pooling;

impl CpuEngine {
    /// Runs the network's input through all steps of the plan.
    pub(super) fn run_forward(&mut self) {
        let plan = self.plan.as_mut().expect("prepare comes before measure");
        let (isa, size) = (self.isa, plan.outline.size);
        // What the step at hand reads, if the step before it does not keep it.
        let mut carried: Option<BlockedMap> = None;
        for place in 0..plan.steps.len() {
            let (before, rest) = plan.steps.split_at_mut(place);
            let PlannedStep { step, convolved, map, mask, pooled } = &mut rest[0];
            let input = carried.take();
            profile::enter("forward", step.layer);
            let mut convolve = |relu: bool, keep: Activated| match &self.convolutions[&step.layer] {
                PackedConvolution::First(first) => {
                    first.forward(isa, &self.input, size.height, size.width, step.padding, relu, keep);
                }
                later => {
                    let kept = before.last().and_then(|step| step.pooled.as_ref().or(step.map.as_ref()));
                    let input = input.as_ref().or(kept).expect("the step before has an output");
                    later.forward(isa, input, step.padding, relu, keep, &mut self.workspace);
                }
            };
            let output = step.output();
            let fused = fused_pooling(step);
            let mut spare_map = (map.is_none() && step.pooling.is_none() && step.has_next)
                .then(|| self.spares.take(step.shape));
            let mut spare_pooled = (pooled.is_none() && fused.is_some()).then(|| self.spares.take(output));
            let pooled_to = pooled.as_mut().or(spare_pooled.as_mut());
            let keep = Activated {
                map: map.as_mut().or(spare_map.as_mut()),
                mask: Some(mask),
                pooled: fused.zip(pooled_to),
            };
            match convolved {
                Some(convolved) => {
                    convolve(false, Activated { map: Some(convolved), ..Activated::default() });
                    kernels::activate(isa, convolved, keep);
                }
                None => convolve(true, keep),
            }
            if let (Some(Pooling::L2), Some(map), Some(pooled)) = (step.pooling, &*map, pooled) {
                kernels::pool_l2(map, pooled);
            }
            if let Some(input) = input {
                self.spares.give(input);
            }
            carried = spare_pooled.or(spare_map);
        }
        if let Some(map) = carried {
            self.spares.give(map);
        }
        profile::leave();
    }
}

impl PackedConvolution {
    /// The convolution of a map.
    ///
    /// # Panics
    /// If it is the first, whose input is planes.
    fn forward(
        &self,
        isa: Isa,
        input: &BlockedMap,
        padding: Padding,
        relu: bool,
        keep: Activated,
        workspace: &mut Workspace,
    ) {
        match self {
            PackedConvolution::First(_) => unreachable!("the first convolution reads the picture"),
            PackedConvolution::Inner(inner) => inner.forward(isa, input, padding, relu, keep, workspace),
            PackedConvolution::Rounded(rounded) => rounded.forward(input, padding, relu, keep, workspace),
        }
    }
}
