//! The patch term at work: it gathers the patches of the styles, matches those of the picture, and measures
//! how far they are apart.

use std::collections::BTreeSet;
use std::sync::Arc;

use impasto_network::{
    Engine, MapGradient, MapShape, PatchMatches, PatchOptions, Question, Statistic, Target,
};

use super::guides::{planes, regions_of_patches};
use super::memory::{self, Found};
use super::{PatchLoss, PatchScore, Patches};
use crate::regions::{Propagation, Regions};
use crate::terms::visibility::{MostVisible, Visibility};
use crate::terms::{Answers, LayerWeight, Loss, MapLoss, Memory, SMALLEST_NORM, Scene, Shown};

/// The term at work.
pub(super) struct PatchDistance<E: Engine> {
    settings: Patches,
    options: PatchOptions,
    /// The regions of the picture, if they take part.
    regions: Option<Arc<Regions>>,
    layers: Vec<PatchLayer<E>>,
    evaluations: usize,
}

/// The patches at one layer.
pub(super) struct PatchLayer<E: Engine> {
    pub(super) at: LayerWeight,
    pub(super) sources: Option<E::Patches>,
    /// The region of each source patch, where whole patches match by regions; `None` off the stride too.
    source_regions: Vec<Option<usize>>,
    /// How much can be seen of each source patch, and nothing off the stride; until the first search.
    pub(super) visibility: Vec<Visibility>,
    /// ∞ for each source patch that must not be taken, else 0; from the first search on. `None` if all may be.
    hidden: Option<Vec<f32>>,
    /// Sum of the squares of all style maps, and their positions, each as far as it is visible.
    squares: f64,
    positions: f64,
    /// What the patches of the picture are guided by, once it has been asked for.
    query_guide: Option<Guide>,
    /// The best score of each source patch at the last matching; empty before, and without variety.
    pub(super) history: Vec<f32>,
    pub(super) matched: Option<Matched<E::Map>>,
}

/// How regions guide the patches of a map.
enum Guide {
    /// By channels `[G, h, w]` beside the features.
    Channels(Vec<f32>),
    /// By the region of each patch.
    Regions(Vec<Option<usize>>),
}

/// What the last matching found.
pub(super) struct Matched<Map> {
    pub(super) matches: PatchMatches,
    /// M, if the loss needs it.
    average: Option<Arc<Target<Map>>>,
}

impl<E: Engine> PatchDistance<E> {
    pub(super) fn new(settings: &Patches, scene: &Scene) -> Self {
        let layer = |at| PatchLayer {
            at,
            sources: None,
            source_regions: Vec::new(),
            visibility: Vec::new(),
            hidden: None,
            squares: 0.0,
            positions: 0.0,
            query_guide: None,
            history: Vec::new(),
            matched: None,
        };
        PatchDistance {
            settings: settings.clone(),
            options: settings.options(scene.seamless),
            regions: scene.regions.clone().filter(|it| settings.semantic_weight > 0.0 && !it.are_whole()),
            layers: settings.layers.divide(settings.weight).into_iter().map(layer).collect(),
            evaluations: 0,
        }
    }
}

impl<E: Engine> Loss<E> for PatchDistance<E> {
    fn ask_of(&mut self, engine: &E, shown: Shown<'_>) -> Vec<Question<E::Map>> {
        let Shown::Style(style) = shown else { return Vec::new() };
        let of_layer = |layer: &PatchLayer<E>| {
            let layer = layer.at.layer;
            let visibility =
                style.regions.and_then(|it| Visibility::at_layer(it, engine.architecture(), layer));
            let weights = visibility.map(|it| it.iter().map(|it| it.mean).collect());
            [Statistic::Map.at(layer), Statistic::SquaredNorm { weights }.at(layer)]
        };
        self.layers.iter().flat_map(of_layer).collect()
    }

    fn learn(&mut self, engine: &mut E, shown: Shown<'_>, answers: &mut Answers<'_>) {
        let Shown::Style(style) = shown else { return };
        let regions = style.regions.filter(|_| self.regions.is_some());
        for layer in &mut self.layers {
            answers.kept();
            layer.squares += answers.number();
            layer.add(engine, &self.settings, self.options, regions);
            layer.add_visibility(engine, self.options, style.regions);
        }
    }

    fn ask(&mut self, _engine: &E) -> Vec<Question<E::Map>> {
        self.layers.iter().map(|layer| Statistic::Map.at(layer.at.layer)).collect()
    }

    fn memory(&self) -> Option<Memory> {
        let remembers = self.settings.match_every > 1 || self.settings.variety > 0.0;
        remembers.then(|| memory::of(self.evaluations, &self.layers))
    }

    fn recall(&mut self, engine: &E, memory: &Memory) -> Result<(), String> {
        let matched = memory::read(engine, self.options, &self.layers, memory)?;
        for (layer, matches) in self.layers.iter_mut().zip(matched) {
            layer.recall(engine, &self.settings, matches);
        }
        self.evaluations = memory.evaluations as usize;
        Ok(())
    }

    fn on_answers(&mut self, engine: &E, answers: &mut Answers<'_>) -> Vec<MapLoss<E::Map>> {
        let matches_again = self.evaluations.is_multiple_of(self.settings.match_every);
        self.evaluations += 1;
        let loss = |layer: &mut PatchLayer<E>| {
            answers.kept();
            if matches_again {
                layer.find(engine, &self.settings, self.options, self.regions.as_deref());
            }
            layer.loss(engine, &self.settings)
        };
        self.layers.iter_mut().map(loss).collect()
    }
}

impl<E: Engine> PatchLayer<E> {
    /// Adds the patches of the style whose maps the engine holds.
    fn add(&mut self, engine: &mut E, settings: &Patches, options: PatchOptions, regions: Option<&Regions>) {
        let shape = engine.shape(self.at.layer);
        let guide = regions.map(|regions| {
            let starts = |length| (0..=length - options.size).collect::<Vec<_>>();
            self.guide(engine, settings, regions, &starts(shape.height), &starts(shape.width))
        });
        let sources = self.sources.get_or_insert_with(|| engine.new_patches(shape.channels, options));
        let map = engine.take_map(self.at.layer);
        engine.add_patches(sources, map, Guide::channels(guide.as_ref()));
        if let Some(Guide::Regions(of_patches)) = guide {
            let columns = shape.width + 1 - options.size;
            self.source_regions.extend(of_patches.into_iter().enumerate().map(|(patch, region)| {
                let takes_row = options.takes_source(patch / columns, shape.height);
                region.filter(|_| takes_row && options.takes_source(patch % columns, shape.width))
            }));
        }
    }

    /// Takes in how much can be seen of these patches.
    fn add_visibility(&mut self, engine: &E, options: PatchOptions, regions: Option<&Regions>) {
        let (layer, shape) = (self.at.layer, engine.shape(self.at.layer));
        let MapShape { height, width, .. } = shape;
        let of_positions = regions.and_then(|it| Visibility::at_layer(it, engine.architecture(), layer));
        let patch = |(row, column): (usize, usize)| {
            if !options.takes_source(row, height) || !options.takes_source(column, width) {
                return Visibility::NONE;
            }
            let Some(of_positions) = &of_positions else { return Visibility::FULL };
            let lines = (row..row + options.size).map(|row| &of_positions[row * width + column..]);
            Visibility::of_all(lines.flat_map(|line| line[..options.size].iter().copied()))
        };
        let (rows, columns) = (height + 1 - options.size, width + 1 - options.size);
        let patches = (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column)));
        self.visibility.extend(patches.map(patch));
        self.positions += match &of_positions {
            None => shape.positions() as f64,
            Some(of_positions) => of_positions.iter().map(|it| f64::from(it.mean)).sum(),
        };
    }

    /// Decides which patches may be taken, once all are known.
    fn hide(&mut self) {
        let visibility = std::mem::take(&mut self.visibility);
        if visibility.iter().any(|&it| it != Visibility::FULL && it != Visibility::NONE) {
            let most = MostVisible::of(&visibility);
            let penalty = |&it: &_| if most.takes(it) { 0.0 } else { f32::INFINITY };
            self.hidden = Some(visibility.iter().map(penalty).collect());
        }
    }

    /// What guides the patches at `rows` and `columns` of the map that the engine holds.
    fn guide(
        &self,
        engine: &E,
        settings: &Patches,
        regions: &Regions,
        rows: &[usize],
        columns: &[usize],
    ) -> Guide {
        let (layer, architecture) = (self.at.layer, engine.architecture());
        match settings.score {
            PatchScore::Positions => Guide::Channels(planes(settings.guide, regions, architecture, layer)),
            PatchScore::Whole => {
                let masks = regions.at_layer(architecture, layer, Propagation::Pooling);
                let shape = engine.shape(layer);
                let size = (shape.height, shape.width);
                Guide::Regions(regions_of_patches(&masks, size, settings.size, (rows, columns)))
            }
        }
    }

    /// Matches the patches of the picture whose maps the engine holds.
    fn find(&mut self, engine: &E, settings: &Patches, options: PatchOptions, regions: Option<&Regions>) {
        let shape = engine.shape(self.at.layer);
        if !self.visibility.is_empty() {
            self.hide();
        }
        if let (None, Some(regions)) = (&self.query_guide, regions) {
            let (rows, columns) = (options.query_starts(shape.height), options.query_starts(shape.width));
            self.query_guide = Some(self.guide(engine, settings, regions, &rows, &columns));
        }
        let sources = self.sources.as_ref().expect("styles are learnt before the first evaluation");
        let map = engine.map(self.at.layer);
        let channels = Guide::channels(self.query_guide.as_ref());
        let matches = match &self.query_guide {
            Some(Guide::Regions(of_queries)) => self.find_within_regions(engine, sources, map, of_queries),
            _ if settings.variety > 0.0 => {
                let scores = engine.best_scores(sources, map, channels);
                let before = if self.history.is_empty() { &scores } else { &self.history };
                let mut penalties: Vec<f32> =
                    before.iter().map(|score| settings.variety as f32 * score).collect();
                let hidden = self.hidden.iter().flatten();
                penalties.iter_mut().zip(hidden).for_each(|(penalty, hidden)| *penalty += hidden);
                self.history = scores;
                engine.match_patches(sources, map, channels, Some(&penalties))
            }
            _ => engine.match_patches(sources, map, channels, self.hidden.as_deref()),
        };
        self.matched = Some(Matched::new(engine, settings, sources, matches, shape));
    }

    /// Matches patches within their own region, or anywhere if they or the styles have none.
    fn find_within_regions(
        &self,
        engine: &E,
        sources: &E::Patches,
        map: &E::Map,
        of_queries: &[Option<usize>],
    ) -> PatchMatches {
        let hidden = |patch: usize| self.hidden.as_ref().map_or(0.0, |hidden| hidden[patch]);
        let within = |region: Option<usize>| {
            let mut of_region = self.source_regions.iter().enumerate();
            let exists =
                region.is_some() && of_region.any(|(patch, &it)| it == region && hidden(patch) == 0.0);
            if !exists {
                return engine.match_patches(sources, map, None, self.hidden.as_deref());
            }
            let penalty =
                |(patch, &it): (usize, &_)| if it == region { hidden(patch) } else { f32::INFINITY };
            let penalties: Vec<f32> = self.source_regions.iter().enumerate().map(penalty).collect();
            engine.match_patches(sources, map, None, Some(&penalties))
        };
        let mut found = within(of_queries[0]);
        let others: BTreeSet<_> =
            of_queries.iter().copied().filter(|&region| region != of_queries[0]).collect();
        for region in others {
            let of_region = within(region);
            for (query, _) in of_queries.iter().enumerate().filter(|(_, of_query)| **of_query == region) {
                found.patches[query] = of_region.patches[query];
                found.scores[query] = of_region.scores[query];
            }
        }
        found
    }

    /// Goes on with what it had found.
    fn recall(&mut self, engine: &E, settings: &Patches, Found { matches, history }: Found) {
        let (shape, sources) = (engine.shape(self.at.layer), self.sources.as_ref());
        let sources = sources.expect("styles are learnt before the first evaluation");
        self.matched = Some(Matched::new(engine, settings, sources, matches, shape));
        self.history = history;
    }

    /// The loss of the picture whose maps the engine holds, at the last matches.
    fn loss(&self, engine: &E, settings: &Patches) -> MapLoss<E::Map> {
        let LayerWeight { layer, weight } = self.at;
        let (map, shape) = (engine.map(layer), engine.shape(layer));
        let Matched { matches, average } = self.matched.as_ref().expect("the first evaluation matches");
        let (value, gradient) = match average {
            None => {
                let sources = self.sources.as_ref().expect("what was matched");
                let (sum, difference) = engine.patch_difference(map, sources, matches);
                let elements = (matches.patches.len() * settings.size.pow(2) * shape.channels) as f64;
                let gradient = Arc::new(difference);
                (sum / elements, MapGradient::Given { scale: (2.0 / elements) as f32, gradient })
            }
            Some(average) => {
                let factor = match settings.loss {
                    PatchLoss::Mean | PatchLoss::HalfSum => 0.5,
                    PatchLoss::Relative => {
                        let style = self.squares / self.positions.max(1.0) * shape.positions() as f64;
                        1.0 / style.max(SMALLEST_NORM)
                    }
                };
                let (scale, target) = ((2.0 * factor) as f32, average.clone());
                let sum = engine.squared_difference(map, average.full());
                (factor * sum, MapGradient::Difference { scale, target, weights: None })
            }
        };
        MapLoss { layer: Some(layer), weight, value, gradients: vec![(layer, gradient)] }
    }
}

impl<Map> Matched<Map> {
    /// What the loss needs of these matches in a map of this shape.
    fn new<E: Engine<Map = Map>>(
        engine: &E,
        settings: &Patches,
        sources: &E::Patches,
        matches: PatchMatches,
        shape: MapShape,
    ) -> Self {
        let average = match settings.loss {
            PatchLoss::Mean => None,
            PatchLoss::HalfSum | PatchLoss::Relative => {
                Some(Arc::new(Target::Full(engine.matched_map(sources, &matches, shape))))
            }
        };
        Matched { matches, average }
    }
}

impl Guide {
    /// The channels beside the features, if there are any.
    fn channels(guide: Option<&Guide>) -> Option<&[f32]> {
        match guide {
            Some(Guide::Channels(channels)) => Some(channels),
            Some(Guide::Regions(_)) | None => None,
        }
    }
}
