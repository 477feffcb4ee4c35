//! The engine on the CPU, made of `impasto-kernels`: the default, and several times faster than a
//! framework's, because it runs one fixed chain and keeps only what the way back needs.
//!
//! Of a layer that is not tapped it keeps one bit per element, where the gradient passes; the map itself
//! lives in one of two buffers that all layers share. A tapped map is kept, and overwritten by its gradient
//! on the way back. Pooling happens while a convolution writes its output, and is undone while the gradient
//! is read.
//!
//! On an instruction set that [rounds](Isa::rounds), all convolutions but the first multiply numbers rounded to bfloat16;
//! maps and sums are f32 on all sets.
//!
//! Work runs on the threads of the current rayon pool; its results do not depend on their number.

mod backward;
mod forward;
mod patches;
mod plan;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use impasto_kernels::{
    self as kernels, BlockedMap, Convolution3x3, FirstConvolution, GradientPart, Isa, PackedMatrix,
    Resampling, RoundedConvolution3x3, Workspace, profile,
};
pub use patches::CpuPatches;
use plan::{Plan, Spares};

use crate::{
    Activations, Answer, Architecture, Convention, Engine, EngineError, Layer, MapGradient, MapShape, Memory,
    NetworkOptions, PatchMatches, PatchOptions, Question, Size, Statistic, Weights, Window, door,
};

/// The engine on the CPU. See [`Engine`] for what it does.
#[derive(Debug)]
pub struct CpuEngine {
    weights: Arc<Weights>,
    isa: Isa,
    /// The convolutions that some `prepare` has asked for, packed.
    convolutions: BTreeMap<Layer, PackedConvolution>,
    plan: Option<Plan>,
    questions: Vec<Question<BlockedMap>>,
    workspace: Workspace,
    spares: Spares,
    /// The network's input `[3, H, W]`, later the gradient by it.
    input: Vec<f32>,
    /// Whether the tapped maps are there.
    ran: bool,
}

#[derive(Debug)]
enum PackedConvolution {
    First(FirstConvolution),
    Inner(Convolution3x3),
    Rounded(RoundedConvolution3x3),
}

impl CpuEngine {
    /// An engine for the network of these weights, on the widest instruction set of this machine that computes in f32
    /// throughout ([`Isa::detect`]).
    pub fn new(weights: impl Into<Arc<Weights>>) -> Self {
        Self::with_isa(weights, Isa::detect())
    }

    /// The same on an instruction set of choice.
    ///
    /// # Panics
    /// If this machine does not have the set.
    pub fn with_isa(weights: impl Into<Arc<Weights>>, isa: Isa) -> Self {
        assert!(isa.is_available(), "this machine has no {isa}");
        CpuEngine {
            weights: weights.into(),
            isa,
            convolutions: BTreeMap::new(),
            plan: None,
            questions: Vec::new(),
            workspace: Workspace::new(),
            spares: Spares::default(),
            input: Vec::new(),
            ran: false,
        }
    }

    /// The instruction set it runs on.
    pub fn isa(&self) -> Isa {
        self.isa
    }

    /// The weights it runs.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    fn pack(&mut self, layer: Layer) {
        let (weights, isa, first) = (&self.weights, self.isa, layer == Layer::convolution(1, 1));
        self.convolutions.entry(layer).or_insert_with(|| {
            let convolution = weights.convolution(layer);
            let (outputs, weight, bias) = (convolution.outputs, &convolution.weight, &convolution.bias);
            match first {
                true => PackedConvolution::First(FirstConvolution::new(outputs, weight, bias)),
                false if isa.rounds() => {
                    let rounded = RoundedConvolution3x3::new(outputs, convolution.inputs, weight, bias);
                    PackedConvolution::Rounded(rounded)
                }
                false => {
                    PackedConvolution::Inner(Convolution3x3::new(outputs, convolution.inputs, weight, bias))
                }
            }
        });
    }

    fn prepared(&self) -> &Plan {
        self.plan.as_ref().expect("prepare comes before anything else")
    }

    /// The map at a layer that something is asked of, between `measure` and `backward`.
    fn measured(&self, layer: Layer) -> &BlockedMap {
        assert!(self.ran, "maps are there from measure to backward");
        self.prepared().tapped(layer)
    }

    fn answer(&self, Question { layer, statistic }: &Question<BlockedMap>) -> Answer {
        let map = self.measured(*layer);
        profile::enter("statistics", layer);
        let answer = match statistic {
            Statistic::Gram { weights: None } => Answer::Sums(kernels::gram(self.isa, map)),
            Statistic::Gram { weights: Some(weights) } => {
                Answer::Sums(kernels::weighted_gram(self.isa, map, weights))
            }
            Statistic::Sums { weights } => Answer::Sums(kernels::column_sums(map, weights.as_deref())),
            Statistic::SquaredNorm { weights } => {
                Answer::Sums(vec![kernels::squared_norm(map, weights.as_deref())])
            }
            Statistic::SquaredDifference { target, weights } => {
                Answer::Sums(vec![kernels::squared_difference(map, target.full(), weights.as_deref())])
            }
            Statistic::Resampled { resampling } => {
                Answer::Values(kernels::resample(map, resampling).to_planes())
            }
            Statistic::ResampledProducts { resampling, targets } => {
                Answer::Values(kernels::resampled_products(map, resampling, targets).into_flattened())
            }
            Statistic::Map | Statistic::Target => Answer::Kept,
        };
        profile::leave();
        answer
    }
}

/// A described gradient with its matrix packed, or its blend computed.
enum PackedGradient<'a> {
    Linear(PackedMatrix, Option<&'a [f32]>),
    Column(&'a [f32], Option<&'a [f32]>),
    Difference { scale: f32, target: &'a BlockedMap, weights: Option<&'a [f32]> },
    Given { scale: f32, gradient: &'a BlockedMap },
    Resampled { scale: f32, gradient: Cow<'a, BlockedMap>, resampling: &'a Resampling },
}

impl<'a> PackedGradient<'a> {
    fn new(gradient: &'a MapGradient<BlockedMap>, map: &BlockedMap) -> Self {
        match gradient {
            MapGradient::Linear { matrix, weights } => {
                PackedGradient::Linear(PackedMatrix::new(map.channels(), matrix), weights.as_deref())
            }
            MapGradient::Column { column, weights } => PackedGradient::Column(column, weights.as_deref()),
            MapGradient::Difference { scale, target, weights } => {
                let (target, weights) = (target.full(), weights.as_deref());
                PackedGradient::Difference { scale: *scale, target, weights }
            }
            MapGradient::Given { scale, gradient } => PackedGradient::Given { scale: *scale, gradient },
            MapGradient::Resampled { scale, gradient, resampling } => {
                PackedGradient::Resampled { scale: *scale, gradient: Cow::Borrowed(gradient), resampling }
            }
            MapGradient::Blended { scale, resampling, targets, factors } => {
                let gradient = Cow::Owned(kernels::resampled_blend(map, resampling, targets, factors));
                PackedGradient::Resampled { scale: *scale, gradient, resampling }
            }
        }
    }

    fn part(&self) -> GradientPart<'_> {
        match self {
            PackedGradient::Linear(matrix, None) => GradientPart::Linear(matrix),
            PackedGradient::Linear(matrix, Some(weights)) => GradientPart::WeightedLinear { matrix, weights },
            PackedGradient::Column(column, weights) => GradientPart::Column { column, weights: *weights },
            PackedGradient::Difference { scale, target, weights } => {
                GradientPart::Difference { scale: *scale, target, weights: *weights }
            }
            PackedGradient::Given { scale, gradient } => GradientPart::Given { scale: *scale, gradient },
            PackedGradient::Resampled { scale, gradient, resampling } => {
                GradientPart::Resampled { scale: *scale, gradient, resampling }
            }
        }
    }
}

impl Engine for CpuEngine {
    type Map = BlockedMap;
    type Patches = CpuPatches;

    fn describe(&self) -> String {
        format!("cpu {}", self.isa)
    }

    fn provenance(&self) -> Option<String> {
        let (engine, weights, convention) = (self.describe(), self.weights.checksum(), self.convention());
        Some(format!("{engine}, {weights}, {convention:?}"))
    }

    fn architecture(&self) -> &Architecture {
        self.weights.architecture()
    }

    fn convention(&self) -> &Convention {
        self.weights.convention()
    }

    fn activations(&self) -> Activations {
        self.weights.activations()
    }

    fn prepare(
        &mut self,
        size: Size,
        options: NetworkOptions,
        questions: Vec<Question<BlockedMap>>,
    ) -> Result<(), EngineError> {
        let layers: BTreeSet<Layer> = questions.iter().map(|question| question.layer).collect();
        let outline = Plan::outline(self.weights.architecture(), options, size, layers)?;
        self.ran = false;
        self.questions = questions;
        if self.plan.as_ref().is_some_and(|plan| plan.outline == outline) {
            return Ok(());
        }
        // The old plan's memory goes before the new one's comes, unless it serves again.
        let old = self.plan.take().filter(|old| outline.is_like(&old.outline));
        if old.is_none() {
            (self.spares, self.workspace) = (Spares::default(), Workspace::new());
        }
        for layer in outline.layers() {
            self.pack(layer);
        }
        let values = 3 * size.height * size.width;
        self.input.reserve_exact(values.saturating_sub(self.input.len()));
        self.input.resize(values, 0.0);
        self.input.shrink_to(values);
        self.plan = Some(outline.allocate(old));
        Ok(())
    }

    fn memory_needed(
        &self,
        size: Size,
        options: NetworkOptions,
        layers: &[Layer],
    ) -> Result<Memory, EngineError> {
        let layers = layers.iter().copied().collect();
        let outline = Plan::outline(self.weights.architecture(), options, size, layers)?;
        Ok(Memory { host: outline.bytes(self.weights.architecture(), self.isa), device: 0 })
    }

    fn shape(&self, layer: Layer) -> MapShape {
        let map = self.prepared().tapped(layer);
        MapShape { channels: map.channels(), height: map.height(), width: map.width() }
    }

    fn measure(&mut self, picture: &[f32]) -> Result<Vec<Answer>, EngineError> {
        assert_eq!(picture.len(), self.input.len(), "values of the prepared picture");
        door::read_picture(self.weights.convention(), picture, &mut self.input);
        self.run_forward();
        self.ran = true;
        Ok(self.questions.iter().map(|question| self.answer(question)).collect())
    }

    fn map(&self, layer: Layer) -> &BlockedMap {
        let whole = |statistic: &_| matches!(statistic, Statistic::Map | Statistic::Target);
        let asked = |it: &Question<_>| it.layer == layer && whole(&it.statistic);
        assert!(self.questions.iter().any(asked), "the map at {layer} was not asked for");
        self.measured(layer)
    }

    fn gradient_norms(
        &mut self,
        _picture: &[f32],
        gradients: &[(Layer, MapGradient<BlockedMap>)],
    ) -> Result<Vec<f64>, EngineError> {
        let norm = |(layer, gradient): &(Layer, MapGradient<BlockedMap>)| {
            let map = self.measured(*layer);
            kernels::gradient_norm(self.isa, map, PackedGradient::new(gradient, map).part())
        };
        Ok(gradients.iter().map(norm).collect())
    }

    fn backward(
        &mut self,
        _picture: &[f32],
        gradients: &[(Layer, MapGradient<BlockedMap>)],
        picture_gradient: &mut [f32],
    ) -> Result<(), EngineError> {
        assert!(self.ran, "measure comes before each backward");
        assert_eq!(picture_gradient.len(), self.input.len(), "values of the picture's gradient");
        for &(layer, _) in gradients {
            self.prepared().tapped(layer);
        }
        self.ran = false;
        self.run_backward(gradients);
        door::picture_gradient(self.weights.convention(), &self.input, picture_gradient);
        Ok(())
    }

    fn copy_map(&self, map: &BlockedMap) -> BlockedMap {
        map.clone()
    }

    fn empty_map(&self, shape: MapShape) -> Result<BlockedMap, EngineError> {
        Ok(BlockedMap::zeros(shape.channels, shape.height, shape.width))
    }

    fn squared_difference(&self, a: &BlockedMap, b: &BlockedMap) -> f64 {
        kernels::squared_difference(a, b, None)
    }

    fn paste(&self, into: &mut BlockedMap, at: (usize, usize), from: &BlockedMap, window: &Window) {
        into.paste(at, from, window.rows.clone(), window.columns.clone());
    }

    fn read_map(&self, map: &BlockedMap) -> Vec<f32> {
        map.to_planes()
    }

    fn map_from(&self, shape: MapShape, values: &[f32]) -> BlockedMap {
        BlockedMap::from_planes(shape.channels, shape.height, shape.width, values)
    }

    fn new_patches(&self, channels: usize, options: PatchOptions) -> CpuPatches {
        CpuPatches::new(channels, options)
    }

    fn add_patches(&self, patches: &mut CpuPatches, map: BlockedMap, guide: Option<&[f32]>) {
        patches.add(map, guide);
    }

    fn match_patches(
        &self,
        patches: &CpuPatches,
        map: &BlockedMap,
        guide: Option<&[f32]>,
        penalties: Option<&[f32]>,
    ) -> PatchMatches {
        patches.find(self.isa, map, guide, penalties)
    }

    fn best_scores(&self, patches: &CpuPatches, map: &BlockedMap, guide: Option<&[f32]>) -> Vec<f32> {
        patches.best_scores(self.isa, map, guide)
    }

    fn patch_difference(
        &self,
        map: &BlockedMap,
        patches: &CpuPatches,
        matches: &PatchMatches,
    ) -> (f64, BlockedMap) {
        patches.difference(map, matches)
    }

    fn matched_map(&self, patches: &CpuPatches, matches: &PatchMatches, shape: MapShape) -> BlockedMap {
        assert_eq!(shape.channels, patches.channels(), "channels of the patches");
        patches.matched(shape.height, shape.width, matches)
    }
}
