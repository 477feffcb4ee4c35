//! The plainest engine: one thread, planes, a loop for every index, every map kept.
//!
//! It is the oracle that the fast engines are tested against, so it trades all speed and memory for being
//! obviously right. Maps and gradients are stored in f32; every sum is taken in f64.

mod patches;
mod pooling;

use std::collections::BTreeMap;
use std::sync::Arc;

use impasto_kernels::{Resampling, scalar};
pub use patches::ScalarPatches;
use pooling::{pool, pool_back};

use crate::{
    Activations, Answer, Architecture, Convention, Convolution, Engine, EngineError, Layer, MapGradient,
    MapShape, Memory, NetworkOptions, Padding, PatchMatches, PatchOptions, Question, Size, Statistic,
    Weights, Window, door,
};

/// An engine in plain loops. See [`Engine`] for what it does.
#[derive(Debug)]
pub struct ScalarEngine {
    architecture: Architecture,
    convention: Convention,
    activations: Activations,
    convolutions: BTreeMap<Layer, Convolution>,
    plan: Option<Plan>,
    /// The network's input, then the map at each layer of the plan; there from `measure` to `backward`.
    maps: Option<Vec<PlanarMap>>,
}

/// What `prepare` decided.
#[derive(Debug)]
struct Plan {
    size: Size,
    options: NetworkOptions,
    questions: Vec<Question<PlanarMap>>,
    /// All layers down to the deepest that something is asked of.
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

    fn resampled(&self, resampling: &Resampling) -> PlanarMap {
        let (height, width) = resampling.to();
        let values = scalar::resample(&self.values, self.shape.channels, resampling);
        PlanarMap { shape: MapShape { height, width, ..self.shape }, values }
    }

    /// The inner products of each column with that of `targets` and with itself.
    fn products(&self, targets: &PlanarMap) -> Vec<f32> {
        assert_eq!(targets.shape, self.shape, "shape of the targets");
        let mut sums = vec![[0.0f64; 2]; self.shape.positions()];
        for channel in 0..self.shape.channels {
            let values = self.plane(channel).iter().zip(targets.plane(channel));
            for (sums, (&value, &target)) in sums.iter_mut().zip(values) {
                sums[0] += f64::from(value) * f64::from(target);
                sums[1] += f64::from(value) * f64::from(value);
            }
        }
        sums.into_iter().flatten().map(|sum| sum as f32).collect()
    }
}

impl Plan {
    fn require(&self, layer: Layer) {
        let asked = self.questions.iter().any(|question| question.layer == layer);
        assert!(asked, "nothing is asked of {layer}");
    }
}

impl ScalarEngine {
    /// An engine for the network of these weights, of which it keeps a copy.
    pub fn new(weights: &Weights) -> Self {
        let architecture = weights.architecture().clone();
        let convolutions =
            architecture.convolutions().map(|layer| (layer, weights.convolution(layer))).collect();
        let (convention, activations) = (*weights.convention(), weights.activations());
        ScalarEngine { architecture, convention, activations, convolutions, plan: None, maps: None }
    }

    /// All layers down to the deepest of some, for pictures that are large enough for them.
    fn layers(&self, size: Size, asked: impl Iterator<Item = Layer>) -> Result<Vec<Layer>, EngineError> {
        let mut deepest = None;
        for layer in asked {
            self.architecture.map_shape(layer, size)?;
            deepest = deepest.max(Some(layer));
        }
        Ok(self.architecture.layers().take_while(|&layer| Some(layer) <= deepest).collect())
    }

    fn prepared(&self) -> &Plan {
        self.plan.as_ref().expect("prepare comes before anything else")
    }

    fn padding(&self, layer: Layer) -> Padding {
        let options = self.prepared().options;
        match layer == Layer::convolution(1, 1) {
            true => options.first_padding,
            false => options.padding,
        }
    }

    /// The map at a layer that something is asked of.
    fn measured(&self, layer: Layer) -> &PlanarMap {
        let plan = self.prepared();
        plan.require(layer);
        let maps = self.maps.as_ref().expect("maps are there from measure to backward");
        let place =
            plan.layers.iter().position(|&other| other == layer).expect("what is asked of is in the plan");
        &maps[place + 1]
    }

    fn answer(&self, Question { layer, statistic }: &Question<PlanarMap>) -> Answer {
        let map = self.measured(*layer);
        let weights_or_ones = |weights: &Option<Arc<[f32]>>| match weights {
            Some(weights) => weights.to_vec(),
            None => vec![1.0; map.shape.positions()],
        };
        match statistic {
            Statistic::Gram { weights } => {
                Answer::Sums(scalar::weighted_gram(&map.values, map.planes(), &weights_or_ones(weights)))
            }
            Statistic::Sums { weights } => {
                Answer::Sums(scalar::weighted_sums(&map.values, map.planes(), &weights_or_ones(weights)))
            }
            Statistic::SquaredNorm { weights } => {
                Answer::Sums(vec![scalar::squared_norm(&map.values, weights.as_deref())])
            }
            Statistic::SquaredDifference { target, weights } => {
                let target = target.full();
                assert_eq!(target.shape, map.shape, "shape of the target");
                let sum = scalar::squared_difference(&map.values, &target.values, weights.as_deref());
                Answer::Sums(vec![sum])
            }
            Statistic::Resampled { resampling } => Answer::Values(map.resampled(resampling).values),
            Statistic::ResampledProducts { resampling, targets } => {
                Answer::Values(map.resampled(resampling).products(targets))
            }
            Statistic::Map | Statistic::Target => Answer::Kept,
        }
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
        MapGradient::Difference { scale, target, weights } => {
            let target = target.full();
            assert_eq!(target.shape, map.shape, "shape of the target");
            let weight = |index: usize| weights.as_ref().map_or(1.0, |it| it[index % map.shape.positions()]);
            let values = map.values.iter().zip(&target.values).enumerate();
            values.map(|(index, (value, target))| weight(index) * scale * (value - target)).collect()
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
        MapGradient::Blended { scale, resampling, targets, factors } => {
            let mut blend = map.resampled(resampling);
            assert_eq!(targets.shape, blend.shape, "shape of the targets");
            assert_eq!(factors.len(), blend.shape.positions(), "factors of each position");
            for ((value, target), [a, b]) in
                blend.values.iter_mut().zip(&targets.values).zip(factors.iter().cycle())
            {
                *value = a * target + b * *value;
            }
            let values = scalar::resample_adjoint(&blend.values, map.shape.channels, resampling);
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

    fn describe(&self) -> String {
        "scalar".to_owned()
    }

    fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    fn convention(&self) -> &Convention {
        &self.convention
    }

    fn activations(&self) -> Activations {
        self.activations
    }

    fn prepare(
        &mut self,
        size: Size,
        options: NetworkOptions,
        questions: Vec<Question<PlanarMap>>,
    ) -> Result<(), EngineError> {
        let layers = self.layers(size, questions.iter().map(|question| question.layer))?;
        self.plan = Some(Plan { size, options, questions, layers });
        self.maps = None;
        Ok(())
    }

    fn memory_needed(
        &self,
        size: Size,
        _options: NetworkOptions,
        layers: &[Layer],
    ) -> Result<Memory, EngineError> {
        let weights = self.convolutions.values().map(|it| (it.weight.len() + it.bias.len()) as u64);
        let pixels = (size.height as u64).saturating_mul(size.width as u64);
        // All maps are kept. On the way back there are, of the largest map, its gradient, that of the map
        // below and that of a tap; and one plane of sums in f64, the size of two in f32.
        let (mut maps, mut largest) = (pixels.saturating_mul(3), pixels.saturating_mul(3));
        for layer in self.layers(size, layers.iter().copied())? {
            let MapShape { channels, height, width } = self.architecture.map_shape(layer, size)?;
            let elements = (height as u64).saturating_mul(width as u64).saturating_mul(channels as u64);
            maps = maps.saturating_add(elements);
            largest = largest.max(elements);
        }
        let numbers = [weights.sum(), maps, largest.saturating_mul(3), pixels.saturating_mul(2)];
        let host = numbers.into_iter().fold(0, u64::saturating_add).saturating_mul(size_of::<f32>() as u64);
        Ok(Memory { host, device: 0 })
    }

    fn shape(&self, layer: Layer) -> MapShape {
        let plan = self.prepared();
        plan.require(layer);
        self.architecture.map_shape(layer, plan.size).expect("prepare has checked the layers")
    }

    fn measure(&mut self, picture: &[f32]) -> Result<Vec<Answer>, EngineError> {
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
                pool(self.prepared().options.pooling, below)
            });
        }
        self.maps = Some(maps);
        Ok(self.prepared().questions.iter().map(|question| self.answer(question)).collect())
    }

    fn map(&self, layer: Layer) -> &PlanarMap {
        let whole = |statistic: &_| matches!(statistic, Statistic::Map | Statistic::Target);
        let asked = |it: &Question<_>| it.layer == layer && whole(&it.statistic);
        assert!(self.prepared().questions.iter().any(asked), "the map at {layer} was not asked for");
        self.measured(layer)
    }

    fn gradient_norms(
        &mut self,
        _picture: &[f32],
        gradients: &[(Layer, MapGradient<PlanarMap>)],
    ) -> Result<Vec<f64>, EngineError> {
        let norm = |(layer, gradient): &(Layer, MapGradient<PlanarMap>)| {
            evaluate(gradient, self.measured(*layer)).iter().map(|&value| f64::from(value).abs()).sum()
        };
        Ok(gradients.iter().map(norm).collect())
    }

    fn backward(
        &mut self,
        _picture: &[f32],
        gradients: &[(Layer, MapGradient<PlanarMap>)],
        picture_gradient: &mut [f32],
    ) -> Result<(), EngineError> {
        let maps = self.maps.take().expect("measure comes before each backward");
        let plan = self.prepared();
        gradients.iter().for_each(|(layer, _)| plan.require(*layer));
        let [input, .., deepest] = &*maps else {
            picture_gradient.fill(0.0);
            return Ok(());
        };
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
                pool_back(plan.options.pooling, below, &gradient)
            };
        }
        door::picture_gradient(&self.convention, &gradient.values, picture_gradient);
        Ok(())
    }

    fn copy_map(&self, map: &PlanarMap) -> PlanarMap {
        map.clone()
    }

    fn squared_difference(&self, a: &PlanarMap, b: &PlanarMap) -> f64 {
        assert_eq!(a.shape, b.shape, "maps of the same shape");
        scalar::squared_difference(&a.values, &b.values, None)
    }

    fn paste(&self, into: &mut PlanarMap, at: (usize, usize), from: &PlanarMap, window: &Window) {
        assert_eq!(into.shape.channels, from.shape.channels, "channels of the maps");
        for channel in 0..from.shape.channels {
            for (row, to_row) in window.rows.clone().zip(at.0..) {
                for (column, to_column) in window.columns.clone().zip(at.1..) {
                    let to = into.planes().at(channel, to_row, to_column);
                    into.values[to] = from.values[from.planes().at(channel, row, column)];
                }
            }
        }
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
        map: &PlanarMap,
        patches: &ScalarPatches,
        matches: &PatchMatches,
    ) -> (f64, PlanarMap) {
        patches.difference(map, matches)
    }

    fn matched_map(&self, patches: &ScalarPatches, matches: &PatchMatches, shape: MapShape) -> PlanarMap {
        patches.matched(shape, matches)
    }
}
