//! The plainest engine: one thread, planes, a loop for every index, every map kept.
//!
//! It is the oracle that the fast engines are tested against, so it trades all speed and memory for being
//! obviously right. Maps and gradients are stored in f32; every sum is taken in f64.

mod patches;
mod pooling;

use std::collections::BTreeMap;

use impasto_kernels::{Resampling, scalar};
pub use patches::ScalarPatches;
use pooling::{pool, pool_back};

use crate::{
    Architecture, Convention, Convolution, Engine, EngineError, Layer, MapGradient, MapShape, NetworkOptions,
    Padding, PatchMatches, PatchOptions, Size, Weights, door,
};

/// An engine in plain loops. See [`Engine`] for what it does.
#[derive(Debug)]
pub struct ScalarEngine {
    architecture: Architecture,
    convention: Convention,
    convolutions: BTreeMap<Layer, Convolution>,
    options: NetworkOptions,
    plan: Option<Plan>,
    /// The network's input, then the map at each layer of the plan; there from `forward` to `backward`.
    maps: Option<Vec<PlanarMap>>,
}

/// What `prepare` decided.
#[derive(Debug)]
struct Plan {
    size: Size,
    taps: Vec<Layer>,
    /// All layers down to the deepest tap.
    layers: Vec<Layer>,
}

/// A feature map as planes.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanarMap {
    /// Channels, height and width.
    pub shape: MapShape,
    /// `[channels, height, width]`, row-major.
    pub values: Vec<f32>,
}

impl PlanarMap {
    fn planes(&self) -> scalar::Shape {
        let MapShape { channels, height, width } = self.shape;
        scalar::Shape { channels, height, width }
    }

    fn plane(&self, channel: usize) -> &[f32] {
        &self.values[channel * self.shape.positions()..][..self.shape.positions()]
    }
}

impl ScalarEngine {
    /// An engine for the network of these weights, of which it keeps a copy.
    pub fn new(weights: &Weights, options: NetworkOptions) -> Self {
        let architecture = weights.architecture().clone();
        let convolutions =
            architecture.convolutions().map(|layer| (layer, weights.convolution(layer))).collect();
        let convention = *weights.convention();
        ScalarEngine { architecture, convention, convolutions, options, plan: None, maps: None }
    }

    fn plan(&self, size: Size, taps: &[Layer]) -> Result<Plan, EngineError> {
        for &tap in taps {
            self.architecture.map_shape(tap, size)?;
        }
        let deepest = taps.iter().max();
        let layers = self.architecture.layers().take_while(|layer| Some(layer) <= deepest).collect();
        Ok(Plan { size, taps: taps.to_vec(), layers })
    }

    fn prepared(&self) -> &Plan {
        self.plan.as_ref().expect("prepare comes before anything else")
    }

    fn padding(&self, layer: Layer) -> Padding {
        match layer == Layer::convolution(1, 1) {
            true => self.options.first_padding,
            false => self.options.padding,
        }
    }

    /// The map at a tap.
    fn map(&self, tap: Layer) -> &PlanarMap {
        let plan = self.prepared();
        assert!(plan.taps.contains(&tap), "{tap} is not among the taps {:?}", plan.taps);
        let maps = self.maps.as_ref().expect("maps are there from forward to backward");
        let place = plan.layers.iter().position(|&layer| layer == tap).expect("taps are in the plan");
        &maps[place + 1]
    }

    /// The picture as the network reads it.
    fn input(&self, picture: &[f32]) -> PlanarMap {
        let Size { height, width } = self.prepared().size;
        let shape = MapShape { channels: 3, height, width };
        assert_eq!(picture.len(), shape.elements(), "values of a {width}x{height} picture");
        let mut values = vec![0.0; picture.len()];
        door::read_picture(&self.convention, picture, &mut values);
        PlanarMap { shape, values }
    }
}

fn convolve(convolution: &Convolution, padding: Padding, input: &PlanarMap) -> PlanarMap {
    let Convolution { outputs, weight, bias, .. } = convolution;
    let values = scalar::convolution(&input.values, input.planes(), weight, bias, padding);
    PlanarMap { shape: MapShape { channels: *outputs, ..input.shape }, values }
}

fn convolve_back(convolution: &Convolution, padding: Padding, gradient: &PlanarMap) -> PlanarMap {
    let shape = MapShape { channels: convolution.inputs, ..gradient.shape };
    let planes = scalar::Shape { channels: convolution.inputs, ..gradient.planes() };
    let values = scalar::convolution_input_gradient(&gradient.values, planes, &convolution.weight, padding);
    PlanarMap { shape, values }
}

/// The gradient that `gradient` describes at `map`.
fn evaluate(gradient: &MapGradient<PlanarMap>, map: &PlanarMap) -> Vec<f32> {
    match gradient {
        MapGradient::Difference { scale, target } => {
            assert_eq!(target.shape, map.shape, "shape of the target");
            map.values.iter().zip(&target.values).map(|(value, target)| scale * (value - target)).collect()
        }
        MapGradient::Given { scale, gradient } => {
            assert_eq!(gradient.shape, map.shape, "shape of the gradient");
            gradient.values.iter().map(|value| scale * value).collect()
        }
        MapGradient::Resampled { scale, gradient, resampling } => {
            let values = scalar::resample_adjoint(&gradient.values, gradient.shape.channels, resampling);
            assert_eq!(values.len(), map.values.len(), "values of the resampled gradient");
            values.into_iter().map(|value| scale * value).collect()
        }
        MapGradient::Column { column, weights } => {
            assert_eq!(column.len(), map.shape.channels, "values of the column");
            let weight = |position: usize| weights.as_ref().map_or(1.0, |weights| weights[position]);
            let positions = 0..map.shape.positions();
            column.iter().flat_map(|value| positions.clone().map(move |at| weight(at) * value)).collect()
        }
        MapGradient::Linear { matrix, weights } => {
            let channels = map.shape.channels;
            assert_eq!(matrix.len(), channels * channels, "values of a {channels}x{channels} matrix");
            let rows = matrix.chunks_exact(channels).flat_map(|row| {
                let mut sums = vec![0.0; map.shape.positions()];
                for (channel, &weight) in row.iter().enumerate() {
                    for (sum, &value) in sums.iter_mut().zip(map.plane(channel)) {
                        *sum += f64::from(weight) * f64::from(value);
                    }
                }
                if let Some(weights) = weights {
                    sums.iter_mut().zip(&**weights).for_each(|(sum, &weight)| *sum *= f64::from(weight));
                }
                sums.into_iter().map(|sum| sum as f32)
            });
            rows.collect()
        }
    }
}

impl Engine for ScalarEngine {
    type Map = PlanarMap;
    type Patches = ScalarPatches;

    fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    fn set_options(&mut self, options: NetworkOptions) {
        self.options = options;
        self.plan = None;
        self.maps = None;
    }

    fn prepare(&mut self, size: Size, taps: &[Layer]) -> Result<(), EngineError> {
        self.plan = Some(self.plan(size, taps)?);
        self.maps = None;
        Ok(())
    }

    fn memory_needed(&self, size: Size, taps: &[Layer]) -> Result<u64, EngineError> {
        let weights = self.convolutions.values().map(|it| (it.weight.len() + it.bias.len()) as u64);
        let pixels = (size.height as u64).saturating_mul(size.width as u64);
        // All maps are kept. On the way back there are, of the largest map, its gradient, that of the map
        // below and that of a tap; and one plane of sums in f64, the size of two in f32.
        let (mut maps, mut largest) = (pixels.saturating_mul(3), pixels.saturating_mul(3));
        for &layer in &self.plan(size, taps)?.layers {
            let MapShape { channels, height, width } = self.architecture.map_shape(layer, size)?;
            let elements = (height as u64).saturating_mul(width as u64).saturating_mul(channels as u64);
            maps = maps.saturating_add(elements);
            largest = largest.max(elements);
        }
        let numbers = [weights.sum(), maps, largest.saturating_mul(3), pixels.saturating_mul(2)];
        Ok(numbers.into_iter().fold(0, u64::saturating_add).saturating_mul(size_of::<f32>() as u64))
    }

    fn shape(&self, tap: Layer) -> MapShape {
        let plan = self.prepared();
        assert!(plan.taps.contains(&tap), "{tap} is not among the taps {:?}", plan.taps);
        self.architecture.map_shape(tap, plan.size).expect("prepare has checked the taps")
    }

    fn forward(&mut self, picture: &[f32]) {
        let mut maps = vec![self.input(picture)];
        for &layer in &self.prepared().layers {
            let below = maps.last().expect("the input is there");
            maps.push(if layer.is_convolution() {
                convolve(&self.convolutions[&layer], self.padding(layer), below)
            } else if layer.is_relu() {
                // Not f32::max, which would turn NaN into 0 and hide it.
                let rectified = |&value: &f32| if value <= 0.0 { 0.0 } else { value };
                let values = below.values.iter().map(rectified).collect();
                PlanarMap { shape: below.shape, values }
            } else {
                pool(self.options.pooling, below)
            });
        }
        self.maps = Some(maps);
    }

    fn copy_map(&self, tap: Layer) -> PlanarMap {
        self.map(tap).clone()
    }

    fn resampled_map(&self, tap: Layer, resampling: &Resampling) -> PlanarMap {
        let map = self.map(tap);
        let (height, width) = resampling.to();
        let values = scalar::resample(&map.values, map.shape.channels, resampling);
        PlanarMap { shape: MapShape { height, width, ..map.shape }, values }
    }

    fn resampled_products(&self, tap: Layer, resampling: &Resampling, targets: &PlanarMap) -> Vec<[f32; 2]> {
        let resampled = self.resampled_map(tap, resampling);
        assert_eq!(targets.shape, resampled.shape, "shape of the targets");
        let mut sums = vec![[0.0f64; 2]; resampled.shape.positions()];
        for channel in 0..resampled.shape.channels {
            let values = resampled.plane(channel).iter().zip(targets.plane(channel));
            for (sums, (&value, &target)) in sums.iter_mut().zip(values) {
                sums[0] += f64::from(value) * f64::from(target);
                sums[1] += f64::from(value) * f64::from(value);
            }
        }
        sums.into_iter().map(|sums| sums.map(|sum| sum as f32)).collect()
    }

    fn resampled_blend(
        &self,
        tap: Layer,
        resampling: &Resampling,
        targets: &PlanarMap,
        factors: &[[f32; 2]],
    ) -> PlanarMap {
        let mut blend = self.resampled_map(tap, resampling);
        assert_eq!(targets.shape, blend.shape, "shape of the targets");
        assert_eq!(factors.len(), blend.shape.positions(), "factors of each position");
        let factors = factors.iter().cycle();
        for ((value, target), [a, b]) in blend.values.iter_mut().zip(&targets.values).zip(factors) {
            *value = a * target + b * *value;
        }
        blend
    }

    fn gram(&self, tap: Layer) -> Vec<f64> {
        let map = self.map(tap);
        scalar::gram(&map.values, map.planes())
    }

    fn weighted_gram(&self, tap: Layer, weights: &[f32]) -> Vec<f64> {
        let map = self.map(tap);
        scalar::weighted_gram(&map.values, map.planes(), weights)
    }

    fn sums(&self, tap: Layer, weights: Option<&[f32]>) -> Vec<f64> {
        let map = self.map(tap);
        let everywhere = || vec![1.0; map.shape.positions()];
        scalar::weighted_sums(&map.values, map.planes(), &weights.map_or_else(everywhere, <[f32]>::to_vec))
    }

    fn squared_difference(&self, tap: Layer, target: &PlanarMap) -> f64 {
        let map = self.map(tap);
        assert_eq!(target.shape, map.shape, "shape of the target");
        scalar::squared_difference(&map.values, &target.values)
    }

    fn squared_norm(&self, tap: Layer) -> f64 {
        scalar::squared_norm(&self.map(tap).values)
    }

    fn gradient_norm(&self, tap: Layer, gradient: &MapGradient<PlanarMap>) -> f64 {
        evaluate(gradient, self.map(tap)).iter().map(|&value| f64::from(value).abs()).sum()
    }

    fn backward(&mut self, gradients: &[(Layer, MapGradient<PlanarMap>)], picture_gradient: &mut [f32]) {
        let maps = self.maps.take().expect("forward comes before each backward");
        let plan = self.prepared();
        for (tap, _) in gradients {
            assert!(plan.taps.contains(tap), "{tap} is not among the taps {:?}", plan.taps);
        }
        let [input, .., deepest] = &*maps else { return picture_gradient.fill(0.0) };
        assert_eq!(picture_gradient.len(), input.values.len(), "values of the picture's gradient");
        let mut gradient = PlanarMap { shape: deepest.shape, values: vec![0.0; deepest.values.len()] };
        for (&layer, around) in plan.layers.iter().zip(maps.windows(2)).rev() {
            let [below, map] = around else { unreachable!("windows of two") };
            for (_, at_tap) in gradients.iter().filter(|(tap, _)| *tap == layer) {
                for (sum, value) in gradient.values.iter_mut().zip(evaluate(at_tap, map)) {
                    *sum += value;
                }
            }
            gradient = if layer.is_convolution() {
                convolve_back(&self.convolutions[&layer], self.padding(layer), &gradient)
            } else if layer.is_relu() {
                for (value, &activation) in gradient.values.iter_mut().zip(&map.values) {
                    *value = if activation > 0.0 { *value } else { 0.0 };
                }
                gradient
            } else {
                pool_back(self.options.pooling, below, &gradient)
            };
        }
        door::picture_gradient(&self.convention, &gradient.values, picture_gradient);
    }

    fn read_map(&self, map: &PlanarMap) -> Vec<f32> {
        map.values.clone()
    }

    fn map_from(&self, shape: MapShape, values: &[f32]) -> PlanarMap {
        assert_eq!(values.len(), shape.elements(), "values of the map");
        PlanarMap { shape, values: values.to_vec() }
    }

    fn new_patches(&self, channels: usize, options: PatchOptions) -> ScalarPatches {
        ScalarPatches::new(channels, options)
    }

    fn add_patches(&self, patches: &mut ScalarPatches, map: PlanarMap, guide: Option<&[f32]>) {
        patches.add(map, guide);
    }

    fn match_patches(
        &self,
        patches: &ScalarPatches,
        map: &PlanarMap,
        guide: Option<&[f32]>,
        penalties: Option<&[f32]>,
    ) -> PatchMatches {
        patches.find(map, guide, penalties)
    }

    fn best_scores(&self, patches: &ScalarPatches, map: &PlanarMap, guide: Option<&[f32]>) -> Vec<f32> {
        patches.best_scores(map, guide)
    }

    fn patch_difference(
        &self,
        tap: Layer,
        patches: &ScalarPatches,
        matches: &PatchMatches,
    ) -> (f64, PlanarMap) {
        patches.difference(self.map(tap), matches)
    }

    fn matched_map(&self, patches: &ScalarPatches, matches: &PatchMatches, shape: MapShape) -> PlanarMap {
        patches.matched(shape, matches)
    }
}
