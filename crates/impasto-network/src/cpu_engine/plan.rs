//! What is kept of each convolution, decided once for a size and a set of taps.

use std::collections::BTreeSet;

use impasto_kernels::{
    BlockedMap, Convolution3x3, FirstConvolution, Isa, LANES, RoundedConvolution3x3, WindowPooling,
    WorkspaceNeed,
};

use crate::{Architecture, EngineError, Layer, MapShape, NetworkOptions, Pooling, Size, Step, steps};

/// The pooling that a convolution does itself.
pub(super) fn fused_pooling(step: &Step) -> Option<WindowPooling> {
    match step.pooling {
        Some(Pooling::Max) => Some(WindowPooling::Maximum),
        Some(Pooling::Average) => Some(WindowPooling::Average),
        Some(Pooling::ScaledAverage) => Some(WindowPooling::DoubledAverage),
        Some(Pooling::L2) | None => None,
    }
}

/// Blocks of sixteen channels in a map.
fn blocks(shape: MapShape) -> usize {
    shape.channels.div_ceil(LANES) * shape.positions()
}

/// A step and its memory.
#[derive(Debug)]
pub(super) struct PlannedStep {
    pub(super) step: Step,
    /// Before the ReLU, if tapped.
    pub(super) convolved: Option<BlockedMap>,
    /// After the ReLU, if kept.
    pub(super) map: Option<BlockedMap>,
    /// Where the gradient passes ReLU and fused pooling.
    pub(super) mask: Vec<u16>,
    /// After the pooling, if kept.
    pub(super) pooled: Option<BlockedMap>,
}

/// The steps from the picture to the deepest tap, without memory.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Outline {
    pub(super) size: Size,
    pub(super) options: NetworkOptions,
    steps: Vec<Step>,
}

/// The steps from the picture to the deepest tap.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) outline: Outline,
    pub(super) steps: Vec<PlannedStep>,
}

impl Plan {
    /// Decides the steps.
    pub(super) fn outline(
        architecture: &Architecture,
        options: NetworkOptions,
        size: Size,
        taps: BTreeSet<Layer>,
    ) -> Result<Outline, EngineError> {
        let steps = steps(architecture, options, size, &taps)?;
        Ok(Outline { size, options, steps })
    }

    /// The kept map at a tap.
    ///
    /// # Panics
    /// If it is not tapped.
    pub(super) fn tapped(&self, tap: Layer) -> &BlockedMap {
        let map = self.steps.iter().find_map(|planned| {
            let step = &planned.step;
            let same_block = step.layer.block() == tap.block();
            match tap {
                _ if tap.is_pool() => planned.pooled.as_ref().filter(|_| same_block && step.taps_pool),
                _ if step.layer.index() != tap.index() || !same_block => None,
                _ if tap.is_relu() => planned.map.as_ref().filter(|_| step.taps_relu),
                _ => planned.convolved.as_ref(),
            }
        });
        map.unwrap_or_else(|| panic!("{tap} is not among the taps"))
    }
}

impl Outline {
    /// The convolutions of the steps.
    pub(super) fn layers(&self) -> impl Iterator<Item = Layer> + '_ {
        self.steps.iter().map(|step| step.layer)
    }

    /// Allocates what the steps keep, in the memory of an old plan as far as it goes.
    pub(super) fn allocate(self, old: Option<Plan>) -> Plan {
        let mut old = old.into_iter().flat_map(|plan| plan.steps);
        let keep =
            |is_kept: bool, old: Option<BlockedMap>, MapShape { channels, height, width }: MapShape| {
                is_kept.then(|| {
                    let mut map = old.unwrap_or_else(|| BlockedMap::zeros(0, 0, 0));
                    map.reshape(channels, height, width);
                    map
                })
            };
        let allocate = |step: Step| {
            let old = old.next();
            let (convolved, map, mut mask, pooled) = match old {
                Some(PlannedStep { convolved, map, mask, pooled, .. }) => (convolved, map, mask, pooled),
                None => (None, None, Vec::new(), None),
            };
            mask.reserve_exact(blocks(step.shape).saturating_sub(mask.len()));
            mask.resize(blocks(step.shape), 0);
            PlannedStep {
                convolved: keep(step.taps_convolution, convolved, step.shape),
                map: keep(step.keeps_map(), map, step.shape),
                mask,
                pooled: keep(step.keeps_pooled(), pooled, step.output()),
                step,
            }
        };
        Plan { steps: self.steps.iter().cloned().map(allocate).collect(), outline: self }
    }

    /// Whether an old plan has as many maps as this, of sizes that are alike.
    pub(super) fn is_like(&self, old: &Outline) -> bool {
        let pixels = |outline: &Outline| outline.size.height * outline.size.width;
        let kept = |outline: &Outline| -> Vec<_> {
            let steps = outline.steps.iter();
            steps
                .map(|step| (step.layer, step.taps_convolution, step.keeps_map(), step.keeps_pooled()))
                .collect()
        };
        kept(self) == kept(old) && pixels(self) * 2 >= pixels(old) && pixels(self) <= pixels(old) * 2
    }

    /// Bytes of an evaluation at its peak: packed weights, kept maps and masks, the shared buffers, the
    /// picture as the network reads it, and the convolutions' workspace.
    pub(super) fn bytes(&self, architecture: &Architecture, isa: Isa) -> u64 {
        let block = (LANES * size_of::<f32>()) as u64;
        let map = |shape: MapShape| blocks(shape) as u64 * block;
        let (mut kept, mut weights, mut spare) = (0, 0, 0);
        let mut workspace = WorkspaceNeed::default();
        let mut inputs = 3;
        for step in &self.steps {
            let outputs = architecture.channels(step.layer).unwrap_or(0);
            kept += blocks(step.shape) as u64 * size_of::<u16>() as u64;
            kept += if step.taps_convolution { map(step.shape) } else { 0 };
            kept += if step.keeps_map() { map(step.shape) } else { 0 };
            kept += if step.keeps_pooled() { map(step.output()) } else { 0 };
            if step.has_next && (!step.taps_output() || step.pooling == Some(Pooling::L2)) {
                spare = spare.max(map(step.output()));
            }
            if inputs == 3 {
                weights += FirstConvolution::packed_bytes(outputs) as u64;
            } else {
                let MapShape { height, width, .. } = step.shape;
                let (packed, need) = match isa.rounds() {
                    true => (
                        RoundedConvolution3x3::packed_bytes(outputs, inputs),
                        RoundedConvolution3x3::workspace_need(outputs, inputs, height, width),
                    ),
                    false => (
                        Convolution3x3::packed_bytes(outputs, inputs),
                        Convolution3x3::workspace_need(isa, outputs, inputs, height, width),
                    ),
                };
                weights += packed as u64;
                workspace = workspace.max(need);
            }
            inputs = outputs;
        }
        let pixels = self.size.height as u64 * self.size.width as u64;
        // The picture as the network reads it, and once more with its border.
        let picture = 2 * 3 * pixels * size_of::<f32>() as u64;
        kept + weights + 2 * spare + picture + workspace.bytes() as u64
    }
}

/// Maps whose memory is free.
#[derive(Debug, Default)]
pub(super) struct Spares(Vec<BlockedMap>);

impl Spares {
    /// A map of the given shape with unspecified values, in free memory if there is any.
    pub(super) fn take(&mut self, shape: MapShape) -> BlockedMap {
        let mut map = self.0.pop().unwrap_or_else(|| BlockedMap::zeros(0, 0, 0));
        map.reshape(shape.channels, shape.height, shape.width);
        map
    }

    /// Frees a map's memory for others.
    pub(super) fn give(&mut self, map: BlockedMap) {
        self.0.push(map);
    }
}
