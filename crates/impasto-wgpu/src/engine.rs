//! The engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use impasto_network::{
    Activations, Answer, Architecture, Convention, Engine, EngineError, Layer, MapGradient, MapShape, Memory,
    NetworkOptions, PatchMatches, PatchOptions, Question, Size, Statistic, StepHistoryPlace, Target, Weights,
    Window,
};

use crate::backward::Operation;
use crate::convolution::{FirstConvolution, InnerConvolution};
use crate::device::{Device, Read};
use crate::gradients::Uploads;
use crate::map::{GpuMap, unpacked, values};
use crate::patches::GpuPatches;
use crate::plan::{Outline, Plan};
use crate::statistics::{self, ElementSum, Statistics, square_sums, squares};
use crate::step_history::StepHistories;

/// The engine on a graphics card. See [`Engine`] for what it does.
#[derive(Debug)]
pub struct GpuEngine {
    device: Arc<Device>,
    weights: Arc<Weights>,
    first: Option<FirstConvolution>,
    /// The convolutions that some `prepare` has asked for.
    inner: BTreeMap<Layer, InnerConvolution>,
    plan: Option<Plan>,
    questions: Vec<Question<GpuMap>>,
    statistics: Option<Statistics>,
    /// Where targets that are asked for go when they are taken: whether there is memory for them shows before the run.
    targets: Vec<(Layer, GpuMap)>,
    uploads: Uploads,
    /// Whether the tapped maps are there.
    ran: bool,
}

impl GpuEngine {
    /// An engine for the network of these weights, on a device that it shares with others.
    pub fn new(device: Arc<Device>, weights: impl Into<Arc<Weights>>) -> Self {
        GpuEngine {
            device,
            weights: weights.into(),
            first: None,
            inner: BTreeMap::new(),
            plan: None,
            questions: Vec::new(),
            statistics: None,
            targets: Vec::new(),
            uploads: Uploads::default(),
            ran: false,
        }
    }

    /// The device it runs on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Brings the convolutions of the steps to the device.
    fn bring(&mut self, outline: &Outline) -> Result<(), EngineError> {
        for step in &outline.steps {
            let layer = step.layer;
            if layer == Layer::convolution(1, 1) {
                if self.first.is_none() {
                    let convolution = self.weights.convolution(layer);
                    self.first = Some(FirstConvolution::new(&self.device, &convolution));
                }
            } else if !self.inner.contains_key(&layer) {
                let convolution = InnerConvolution::new(&self.device, &self.weights.convolution(layer))?;
                self.inner.insert(layer, convolution);
            }
        }
        Ok(())
    }

    /// Allocates the memory of an outline and prepares the way there and back.
    fn plan(&mut self, outline: Outline) -> Result<Plan, EngineError> {
        self.bring(&outline)?;
        let mut plan = outline.allocate(&self.device)?;
        let Some(first) = &self.first else { return Ok(plan) };
        let inner: Vec<&InnerConvolution> =
            plan.outline.steps.iter().skip(1).map(|step| &self.inner[&step.layer]).collect();
        let convention = self.weights.convention();
        plan.forward = plan.forward(&self.device, convention, first, &inner);
        plan.backward = plan.backward(&self.device, convention, first, &inner);
        Ok(plan)
    }

    fn prepare_anew(
        &mut self,
        size: Size,
        options: NetworkOptions,
        questions: Vec<Question<GpuMap>>,
    ) -> Result<(), EngineError> {
        let layers: BTreeSet<Layer> = questions.iter().map(|question| question.layer).collect();
        let outline = Outline::new(self.weights.architecture(), options, size, &layers)?;
        self.device.failure()?;
        self.ran = false;
        self.statistics = None;
        self.targets.clear();
        self.uploads.forget();
        let is_same = self.plan.as_ref().is_some_and(|plan| plan.outline == outline);
        if !is_same {
            // The old plan's memory goes before the new one's comes.
            self.plan = None;
            self.plan = Some(self.plan(outline)?);
        }
        let plan = self.plan.as_ref().expect("just made");
        let map = |question: &Question<GpuMap>| plan.tapped(question.layer).1;
        self.statistics = Some(Statistics::new(&self.device, &questions, map, &mut self.uploads)?);
        let targets = questions.iter().filter(|it| matches!(it.statistic, Statistic::Target));
        let place = |it: &Question<GpuMap>| Ok((it.layer, GpuMap::new(&self.device, map(it).shape())?));
        self.targets = targets.map(place).collect::<Result<_, EngineError>>()?;
        self.questions = questions;
        self.device.failure()
    }

    fn prepared(&self) -> &Plan {
        self.plan.as_ref().expect("prepare comes before anything else")
    }

    /// The map at a layer that something is asked of, between `measure` and `backward`.
    fn measured(&self, layer: Layer) -> &GpuMap {
        assert!(self.ran, "maps are there from measure to backward");
        self.prepared().tapped(layer).1
    }
}

impl Engine for GpuEngine {
    type Map = GpuMap;
    type Patches = GpuPatches;

    fn describe(&self) -> String {
        format!("gpu {}", self.device.info())
    }

    fn provenance(&self) -> Option<String> {
        let (engine, driver) = (self.describe(), &self.device.info().driver);
        Some(format!("{engine}, {driver}, {}, {:?}", self.weights.checksum(), self.convention()))
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
        questions: Vec<Question<GpuMap>>,
    ) -> Result<(), EngineError> {
        self.prepare_anew(size, options, questions).inspect_err(|_| {
            // Whoever tries a smaller picture next finds the memory free.
            (self.plan, self.statistics) = (None, None);
            self.device.settle();
        })
    }

    fn memory_needed(
        &self,
        size: Size,
        options: NetworkOptions,
        layers: &[Layer],
    ) -> Result<Memory, EngineError> {
        let taps: BTreeSet<Layer> = layers.iter().copied().collect();
        let architecture = self.weights.architecture();
        let outline = Outline::new(architecture, options, size, &taps)?;
        let shapes: Vec<MapShape> =
            taps.iter().map(|&tap| architecture.map_shape(tap, size)).collect::<Result<_, _>>()?;
        let (bytes, largest) = outline.bytes(&self.device);
        let picture = 3 * 4 * size.height as u64 * size.width as u64;
        // What does not fit into one buffer fits into no memory, however large: only tiles of it do.
        let device = match largest <= self.device.largest_buffer() {
            true => bytes + statistics::bytes(&shapes),
            false => u64::MAX,
        };
        Ok(Memory { host: 2 * picture, device })
    }

    fn shape(&self, layer: Layer) -> MapShape {
        self.prepared().tapped(layer).1.shape()
    }

    fn measure(&mut self, picture: &[f32]) -> Result<Vec<Answer>, EngineError> {
        let plan = self.plan.as_ref().expect("prepare comes before measure");
        let statistics = self.statistics.as_ref().expect("prepare comes before measure");
        let Size { height, width } = plan.outline.size;
        assert_eq!(picture.len(), 3 * height * width, "values of the prepared picture");
        self.device.write(&plan.picture, picture);
        let dispatches = plan.forward.iter().chain(&statistics.dispatches);
        let read = self.device.run(dispatches, &statistics.reads())?;
        self.ran = true;
        Ok(statistics.answers(&read))
    }

    fn map(&self, layer: Layer) -> &GpuMap {
        let whole = |statistic: &_| matches!(statistic, Statistic::Map | Statistic::Target);
        let asked = |it: &Question<_>| it.layer == layer && whole(&it.statistic);
        assert!(self.questions.iter().any(asked), "the map at {layer} was not asked for");
        self.measured(layer)
    }

    fn take_target(&mut self, layer: Layer) -> Target<GpuMap> {
        let place = self.targets.iter().position(|(target, _)| *target == layer);
        let target = match place {
            Some(place) => self.targets.swap_remove(place).1,
            None => panic!("a target at {layer} was not asked for, or is taken"),
        };
        let map = self.map(layer);
        self.device.copy_rows(map.buffer(), target.buffer(), values(map.shape()), std::iter::once((0, 0)));
        Target::Full(target)
    }

    fn gradient_norms(
        &mut self,
        _picture: &[f32],
        gradients: &[(Layer, MapGradient<GpuMap>)],
    ) -> Result<Vec<f64>, EngineError> {
        assert!(self.ran, "maps are there from measure to backward");
        let plan = self.plan.as_ref().expect("measured");
        self.uploads.restart();
        let counts: Vec<usize> =
            gradients.iter().map(|(layer, _)| square_sums(plan.tapped(*layer).1)).collect();
        let results = self.device.buffer(counts.iter().sum())?;
        let (mut dispatches, mut first) = (Vec::new(), 0);
        for ((layer, gradient), count) in gradients.iter().zip(&counts) {
            let (_, map) = plan.tapped(*layer);
            let into = plan.gradient_buffer(*layer);
            let one = std::iter::once(gradient);
            dispatches.extend(self.uploads.sum(&self.device, map, one, into, false));
            let to = (&results, first);
            dispatches.push(squares(&self.device, ElementSum::Absolute, (into, map), None, None, to));
            first += count;
        }
        if dispatches.is_empty() {
            return Ok(Vec::new());
        }
        let read = self.device.run(&dispatches, &[Read { buffer: &results, count: first }])?;
        let mut sums = read[0].iter();
        let sum = |&count: &usize| sums.by_ref().take(count).map(|&sum| f64::from(sum)).sum();
        Ok(counts.iter().map(sum).collect())
    }

    fn backward(
        &mut self,
        _picture: &[f32],
        gradients: &[(Layer, MapGradient<GpuMap>)],
        picture_gradient: &mut [f32],
    ) -> Result<(), EngineError> {
        assert!(self.ran, "measure comes before each backward");
        let plan = self.plan.as_ref().expect("measured");
        let Size { height, width } = plan.outline.size;
        assert_eq!(picture_gradient.len(), 3 * height * width, "values of the picture's gradient");
        gradients.iter().for_each(|(layer, _)| _ = plan.tapped(*layer));
        self.ran = false;
        self.uploads.restart();
        let mut given = Vec::new();
        for operation in &plan.backward {
            if let Operation::Given { layer, into, adds } = operation {
                let (_, map) = plan.tapped(*layer);
                let at_layer = gradients.iter().filter(|(tap, _)| tap == layer).map(|(_, gradient)| gradient);
                given.push(self.uploads.sum(&self.device, map, at_layer, into, *adds));
            }
        }
        let mut given = given.iter();
        let dispatches = plan.backward.iter().flat_map(|operation| match operation {
            Operation::Given { .. } => given.next().map_or(&[][..], |dispatches| &dispatches[..]),
            Operation::Fixed(dispatch) => std::slice::from_ref(dispatch),
        });
        if plan.backward.is_empty() {
            picture_gradient.fill(0.0);
            return Ok(());
        }
        let read = Read { buffer: &plan.gradient, count: picture_gradient.len() };
        let values = self.device.run(dispatches, &[read])?;
        picture_gradient.copy_from_slice(&values[0]);
        Ok(())
    }

    fn step_history(&self) -> Option<Arc<dyn StepHistoryPlace>> {
        Some(Arc::new(StepHistories::new(self.device.clone())))
    }

    fn copy_map(&self, map: &GpuMap) -> GpuMap {
        let copy = GpuMap::new_or_failure(&self.device, map.shape());
        let whole = std::iter::once((0, 0));
        self.device.copy_rows(map.buffer(), copy.buffer(), values(map.shape()), whole);
        copy
    }

    fn empty_map(&self, shape: MapShape) -> Result<GpuMap, EngineError> {
        let map = GpuMap::new(&self.device, shape)?;
        self.device.clear(map.buffer());
        Ok(map)
    }

    fn squared_difference(&self, a: &GpuMap, b: &GpuMap) -> f64 {
        assert_eq!(a.shape(), b.shape(), "maps of the same shape");
        let count = square_sums(a);
        let results = self.device.buffer_or_failure(count);
        let map = (a.buffer(), a);
        let dispatch = squares(&self.device, ElementSum::Differences, map, Some(b), None, (&results, 0));
        match self.device.run([&dispatch], &[Read { buffer: &results, count }]) {
            Ok(read) => read[0].iter().map(|&sum| f64::from(sum)).sum(),
            // The device has kept the reason.
            Err(_) => f64::NAN,
        }
    }

    fn paste(&self, into: &mut GpuMap, at: (usize, usize), from: &GpuMap, window: &Window) {
        assert_eq!(into.shape().channels, from.shape().channels, "channels of the maps");
        let column = 4 * from.blocks();
        let place = |map: &GpuMap, row: usize, at: usize| (row * map.shape().width + at) * column;
        let rows = window
            .rows
            .clone()
            .zip(at.0..)
            .map(|(row, to_row)| (place(from, row, window.columns.start), place(into, to_row, at.1)));
        self.device.copy_rows(from.buffer(), into.buffer(), window.columns.len() * column, rows);
    }

    fn read_map(&self, map: &GpuMap) -> Vec<f32> {
        match self.device.run([], &[Read { buffer: map.buffer(), count: values(map.shape()) }]) {
            Ok(read) => unpacked(map.shape(), &read[0]),
            // The device has kept the reason.
            Err(_) => vec![f32::NAN; map.shape().elements()],
        }
    }

    fn map_from(&self, shape: MapShape, values: &[f32]) -> GpuMap {
        GpuMap::from_planes(&self.device, shape, values)
    }

    fn new_patches(&self, channels: usize, options: PatchOptions) -> GpuPatches {
        GpuPatches::new(channels, options)
    }

    fn add_patches(&self, patches: &mut GpuPatches, map: GpuMap, guide: Option<&[f32]>) {
        patches.add(map, guide);
    }

    fn match_patches(
        &self,
        patches: &GpuPatches,
        map: &GpuMap,
        guide: Option<&[f32]>,
        penalties: Option<&[f32]>,
    ) -> PatchMatches {
        patches.find(&self.device, map, guide, penalties)
    }

    fn best_scores(&self, patches: &GpuPatches, map: &GpuMap, guide: Option<&[f32]>) -> Vec<f32> {
        patches.best_scores(&self.device, map, guide)
    }

    fn patch_difference(&self, map: &GpuMap, patches: &GpuPatches, matches: &PatchMatches) -> (f64, GpuMap) {
        patches.difference(&self.device, map, matches)
    }

    fn matched_map(&self, patches: &GpuPatches, matches: &PatchMatches, shape: MapShape) -> GpuMap {
        patches.matched(&self.device, shape, matches)
    }
}
