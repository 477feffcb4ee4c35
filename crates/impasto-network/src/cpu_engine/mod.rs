//! The engine on the CPU, made of `impasto-kernels`: the default, and several times faster than a
//! framework's, because it runs one fixed chain and keeps only what the way back needs.
//!
//! Of a layer that is not tapped it keeps one bit per element, where the gradient passes; the map itself
//! lives in one of two buffers that all layers share. A tapped map is kept, and overwritten by its gradient
//! on the way back. Pooling happens while a convolution writes its output, and is undone while the gradient
//! is read.
//!
//! Work runs on the threads of the current rayon pool; its results do not depend on their number.

mod backward;
mod forward;
mod patches;
mod plan;

use std::collections::BTreeMap;
use std::sync::Arc;

use impasto_kernels::{
    self as kernels, BlockedMap, Convolution3x3, FirstConvolution, GradientPart, Isa, PackedMatrix,
    Resampling, Workspace,
};
pub use patches::CpuPatches;
use plan::{Plan, Spares};

use crate::{
    Architecture, Engine, EngineError, Layer, MapGradient, MapShape, NetworkOptions, Padding, PatchMatches,
    PatchOptions, Size, Weights, door,
};

/// The engine on the CPU. See [`Engine`] for what it does.
#[derive(Debug)]
pub struct CpuEngine {
    weights: Arc<Weights>,
    options: NetworkOptions,
    isa: Isa,
    /// The convolutions that some `prepare` has asked for, packed.
    convolutions: BTreeMap<Layer, PackedConvolution>,
    plan: Option<Plan>,
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
}

impl CpuEngine {
    /// An engine for the network of these weights, on the widest instruction set of this machine.
    pub fn new(weights: impl Into<Arc<Weights>>, options: NetworkOptions) -> Self {
        Self::with_isa(weights, options, Isa::detect())
    }

    /// The same on an instruction set of choice.
    ///
    /// # Panics
    /// If this machine does not have the set.
    pub fn with_isa(weights: impl Into<Arc<Weights>>, options: NetworkOptions, isa: Isa) -> Self {
        assert!(isa.is_available(), "this machine has no {isa}");
        CpuEngine {
            weights: weights.into(),
            options,
            isa,
            convolutions: BTreeMap::new(),
            plan: None,
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
        let (weights, first) = (&self.weights, layer == Layer::convolution(1, 1));
        self.convolutions.entry(layer).or_insert_with(|| {
            let convolution = weights.convolution(layer);
            let (outputs, weight, bias) = (convolution.outputs, &convolution.weight, &convolution.bias);
            match first {
                true => PackedConvolution::First(FirstConvolution::new(outputs, weight, bias)),
                false => {
                    PackedConvolution::Inner(Convolution3x3::new(outputs, convolution.inputs, weight, bias))
                }
            }
        });
    }

    fn prepared(&self) -> &Plan {
        self.plan.as_ref().expect("prepare comes before anything else")
    }

    /// The map at a tap, between `forward` and `backward`.
    fn map(&self, tap: Layer) -> &BlockedMap {
        assert!(self.ran, "maps are there from forward to backward");
        self.prepared().tapped(tap)
    }
}

/// How a convolution at `layer` pads.
fn padding(options: &NetworkOptions, layer: Layer) -> Padding {
    match layer == Layer::convolution(1, 1) {
        true => options.first_padding,
        false => options.padding,
    }
}

/// A described gradient with its matrix packed.
enum PackedGradient<'a> {
    Linear(PackedMatrix, Option<&'a [f32]>),
    Column(&'a [f32], Option<&'a [f32]>),
    Difference { scale: f32, target: &'a BlockedMap },
    Given { scale: f32, gradient: &'a BlockedMap },
    Resampled { scale: f32, gradient: &'a BlockedMap, resampling: &'a Resampling },
}

impl<'a> PackedGradient<'a> {
    fn new(gradient: &'a MapGradient<BlockedMap>, channels: usize) -> Self {
        match gradient {
            MapGradient::Linear { matrix, weights } => {
                PackedGradient::Linear(PackedMatrix::new(channels, matrix), weights.as_deref())
            }
            MapGradient::Column { column, weights } => PackedGradient::Column(column, weights.as_deref()),
            MapGradient::Difference { scale, target } => PackedGradient::Difference { scale: *scale, target },
            MapGradient::Given { scale, gradient } => PackedGradient::Given { scale: *scale, gradient },
            MapGradient::Resampled { scale, gradient, resampling } => {
                PackedGradient::Resampled { scale: *scale, gradient, resampling }
            }
        }
    }

    fn part(&self) -> GradientPart<'_> {
        match self {
            PackedGradient::Linear(matrix, None) => GradientPart::Linear(matrix),
            PackedGradient::Linear(matrix, Some(weights)) => GradientPart::WeightedLinear { matrix, weights },
            PackedGradient::Column(column, weights) => GradientPart::Column { column, weights: *weights },
            PackedGradient::Difference { scale, target } => {
                GradientPart::Difference { scale: *scale, target }
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

    fn architecture(&self) -> &Architecture {
        self.weights.architecture()
    }

    fn set_options(&mut self, options: NetworkOptions) {
        self.options = options;
        self.plan = None;
        self.ran = false;
    }

    fn prepare(&mut self, size: Size, taps: &[Layer]) -> Result<(), EngineError> {
        // The old plan's memory goes before the new one's comes.
        let outline = Plan::outline(self.weights.architecture(), &self.options, size, taps)?;
        self.plan = None;
        self.spares = Spares::default();
        self.ran = false;
        for layer in outline.layers() {
            self.pack(layer);
        }
        self.input = vec![0.0; 3 * size.height * size.width];
        self.plan = Some(outline.allocate());
        Ok(())
    }

    fn memory_needed(&self, size: Size, taps: &[Layer]) -> Result<u64, EngineError> {
        let outline = Plan::outline(self.weights.architecture(), &self.options, size, taps)?;
        Ok(outline.bytes(self.weights.architecture(), self.isa))
    }

    fn shape(&self, tap: Layer) -> MapShape {
        let map = self.prepared().tapped(tap);
        MapShape { channels: map.channels(), height: map.height(), width: map.width() }
    }

    fn forward(&mut self, picture: &[f32]) {
        assert_eq!(picture.len(), self.input.len(), "values of the prepared picture");
        door::read_picture(self.weights.convention(), picture, &mut self.input);
        self.run_forward();
        self.ran = true;
    }

    fn copy_map(&self, tap: Layer) -> BlockedMap {
        self.map(tap).clone()
    }

    fn resampled_map(&self, tap: Layer, resampling: &Resampling) -> BlockedMap {
        kernels::resample(self.map(tap), resampling)
    }

    fn resampled_products(&self, tap: Layer, resampling: &Resampling, targets: &BlockedMap) -> Vec<[f32; 2]> {
        kernels::resampled_products(self.map(tap), resampling, targets)
    }

    fn resampled_blend(
        &self,
        tap: Layer,
        resampling: &Resampling,
        targets: &BlockedMap,
        factors: &[[f32; 2]],
    ) -> BlockedMap {
        kernels::resampled_blend(self.map(tap), resampling, targets, factors)
    }

    fn gram(&self, tap: Layer) -> Vec<f64> {
        kernels::gram(self.isa, self.map(tap))
    }

    fn weighted_gram(&self, tap: Layer, weights: &[f32]) -> Vec<f64> {
        kernels::weighted_gram(self.isa, self.map(tap), weights)
    }

    fn sums(&self, tap: Layer, weights: Option<&[f32]>) -> Vec<f64> {
        kernels::column_sums(self.map(tap), weights)
    }

    fn squared_difference(&self, tap: Layer, target: &BlockedMap) -> f64 {
        kernels::squared_difference(self.map(tap), target)
    }

    fn squared_norm(&self, tap: Layer) -> f64 {
        kernels::squared_norm(self.map(tap))
    }

    fn gradient_norm(&self, tap: Layer, gradient: &MapGradient<BlockedMap>) -> f64 {
        let map = self.map(tap);
        kernels::gradient_norm(self.isa, map, PackedGradient::new(gradient, map.channels()).part())
    }

    fn backward(&mut self, gradients: &[(Layer, MapGradient<BlockedMap>)], picture_gradient: &mut [f32]) {
        assert!(self.ran, "forward comes before each backward");
        assert_eq!(picture_gradient.len(), self.input.len(), "values of the picture's gradient");
        for &(tap, _) in gradients {
            self.prepared().tapped(tap);
        }
        self.ran = false;
        self.run_backward(gradients);
        door::picture_gradient(self.weights.convention(), &self.input, picture_gradient);
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
        tap: Layer,
        patches: &CpuPatches,
        matches: &PatchMatches,
    ) -> (f64, BlockedMap) {
        patches.difference(self.map(tap), matches)
    }

    fn matched_map(&self, patches: &CpuPatches, matches: &PatchMatches, shape: MapShape) -> BlockedMap {
        assert_eq!(shape.channels, patches.channels(), "channels of the patches");
        patches.matched(shape.height, shape.width, matches)
    }
}
