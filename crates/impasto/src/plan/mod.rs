//! The plan: what a run will do and need, known before it starts.

mod cost;
mod vectors;

pub use cost::Cost;
use impasto_network::{Architecture, Engine, EngineError, Layer, Memory, Size, Tiling};
use serde::Serialize;
use vectors::{Vectors, bytes_of_picture};

use crate::error::style_name;
use crate::objective::picture_options;
use crate::optimizers::FEWEST_STEPS;
use crate::terms::{Definition, Reads, Taps, TermInUse};
use crate::{Precision, Schedule, Settings, TransferError, Warning, serialize};

/// What a run will do.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Plan {
    /// One for each size, in order.
    pub stages: Vec<Stage>,
    /// What the user should know before, about the last stage.
    pub warnings: Vec<Warning>,
    /// Bytes that a cache of styles may take beside the run; its stages' memory counts them.
    #[serde(skip)]
    pub(crate) style_cache: u64,
}

/// One size of a run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Stage {
    /// Size of the picture and of the content.
    #[serde(serialize_with = "serialize::size")]
    pub size: Size,
    /// Sizes of the style pictures that have a weight, in the order given.
    #[serde(serialize_with = "serialize::sizes")]
    pub styles: Vec<Size>,
    /// Iterations of the optimiser, at most.
    pub iterations: usize,
    /// Whether the schedule may end the stage before.
    pub may_end_early: bool,
    /// Whether this is the smallest of several sizes.
    pub is_coarsest: bool,
    /// Whether this is the stage of [`Schedule::refinement`](crate::Schedule::refinement).
    pub refines: bool,
    /// The deepest layer that the network is run to; `None` if no term reads it.
    #[serde(serialize_with = "serialize::displayed_if_any::serialize")]
    pub deepest: Option<Layer>,
    /// Bytes allocated at the peak: weights, maps, what the terms keep, the optimiser's vectors, and pictures,
    /// those given to the transfer among them.
    pub memory: u64,
    /// Bytes allocated at the peak on a device with memory of its own; 0 for an engine without one.
    pub device_memory: u64,
    /// Tiles that the picture is evaluated in, one after another; 1 if it is evaluated whole.
    pub tiles: usize,
    /// Pixels of all tiles together, with their halos; those of the picture if it is evaluated whole.
    pub tile_pixels: u64,
    /// In what precision the content's feature maps and the last good picture are kept: half if memory is short.
    pub precision: Precision,
    /// How many steps L-BFGS remembers, fewer than its settings say if memory is short; `None` for other optimisers.
    pub steps_remembered: Option<usize>,
    /// What it costs.
    #[serde(skip)]
    pub cost: Cost,
    /// Bytes that the engine may take for a tile.
    #[serde(skip)]
    pub(crate) engine_memory: u64,
}

/// What a plan needs to know of the pictures given to a transfer.
#[derive(Clone, Copy)]
pub(crate) struct Given {
    /// Bytes that pictures and regions take.
    pub bytes: u64,
    /// How many regions there are.
    pub regions: usize,
    /// Whether a strength map holds the picture to its content.
    pub is_held: bool,
    /// Bytes that the run may take.
    pub limit: Option<u64>,
    /// Whether there is to be one evaluation and no run.
    pub evaluates_once: bool,
}

impl Stage {
    /// Pixels of the picture.
    pub fn pixels(&self) -> u64 {
        (self.size.width * self.size.height) as u64
    }

    /// What learning and all iterations cost.
    pub fn work(&self) -> f64 {
        self.cost.learning + self.cost.iteration * self.iterations as f64
    }
}

impl Plan {
    /// Bytes allocated at the peak of the run.
    pub fn memory(&self) -> u64 {
        self.stages.iter().map(|stage| stage.memory).max().unwrap_or(0)
    }

    /// Iterations of all stages, at most.
    pub fn iterations(&self) -> usize {
        self.stages.iter().map(|stage| stage.iterations).sum()
    }

    /// Whether any stage may end before all of its iterations.
    pub fn may_end_early(&self) -> bool {
        self.stages.iter().any(|stage| stage.may_end_early)
    }

    /// What all stages cost, in the unit of [`Cost`].
    pub fn work(&self) -> f64 {
        self.stages.iter().map(Stage::work).sum()
    }

    /// Plans one stage for each of the schedule's sizes, but for those that are too small for the network
    /// and not the last, without warnings. `keeping` is the bytes that keeping the content's colours takes at a size.
    pub(crate) fn new<E: Engine>(
        settings: &Settings,
        terms: &[TermInUse<'_>],
        engine: &E,
        given: Given,
        keeping: impl Fn(Size) -> u64,
        sizes_at: impl Fn(&Schedule, usize) -> (Size, Vec<Size>),
    ) -> Result<Self, TransferError> {
        let taps = Taps::new(terms);
        let longest_sides = settings.schedule.sizes();
        let mut stages = Vec::with_capacity(longest_sides.len());
        for (index, &longest) in longest_sides.iter().enumerate() {
            let (size, styles) = sizes_at(&settings.schedule, longest);
            let given = Given { bytes: given.bytes + keeping(size), ..given };
            match Stage::new(settings, terms, engine, &taps, given, size, styles) {
                Ok(stage) => {
                    let is_first = stages.is_empty() && index + 1 < longest_sides.len();
                    let iterations = settings.schedule.iterations_at(longest, is_first);
                    stages.push(Stage {
                        iterations,
                        may_end_early: settings.schedule.may_end_early(iterations),
                        ..stage
                    });
                }
                Err(TransferError::Engine { source: EngineError::TooSmall { .. }, .. })
                    if index + 1 < longest_sides.len() => {}
                Err(error) => return Err(error),
            }
        }
        if stages.len() > 1 {
            stages[0].is_coarsest = true;
        }
        if let (Some(iterations), Some(last)) = (settings.schedule.refinement, stages.last()) {
            let may_end_early = settings.schedule.may_end_early(iterations);
            let (is_coarsest, refines) = (false, true);
            stages.push(Stage { iterations, may_end_early, is_coarsest, refines, ..last.clone() });
        }
        for stage in &mut stages {
            stage.cost = Cost::new(engine.architecture(), terms, stage);
        }
        Ok(Plan { stages, warnings: Vec::new(), style_cache: 0 })
    }

    /// The plan of a run beside a cache of styles, which takes up to `most` bytes, but no more than a limit of the memory
    /// leaves: it must not change how the run is cut into tiles.
    pub(crate) fn beside_cache(mut self, most: u64, limit: Option<u64>) -> Self {
        let left = limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.memory()));
        self.style_cache = most.min(left);
        self.stages.iter_mut().for_each(|stage| stage.memory += self.style_cache);
        self
    }
}

impl Stage {
    fn new<E: Engine>(
        settings: &Settings,
        terms: &[TermInUse<'_>],
        engine: &E,
        taps: &Taps,
        given: Given,
        size: Size,
        styles: Vec<Size>,
    ) -> Result<Self, TransferError> {
        let architecture = engine.architecture();
        let of_picture = |error| TransferError::of_engine("content", error);
        let definitions = || terms.iter().map(|term| term.definition());
        let of_terms: u64 = definitions().map(|it| it.memory_needed(architecture, size, &styles)).sum();
        let of_regions = given.regions as u64 * region_bytes(terms, architecture, size, &styles);
        let whole_maps = whole_maps(architecture, terms, size);
        let fixed = SMALL_THINGS + given.bytes + of_terms + of_regions;
        let vectors = match given.evaluates_once {
            true => Vectors::of_evaluation(size),
            false => {
                Vectors::of_run(settings, definitions().any(|it| it.learns_start()), given.is_held, size)?
            }
        };
        // Coarse and fine strokes may read two copies of each.
        let of_styles: u64 = styles.iter().map(|style| 2 * bytes_of_picture(*style)).sum();

        let targets = definitions().flat_map(|it| it.target_layers()).collect::<Vec<Layer>>();
        let elements =
            targets.iter().map(|&layer| Ok(architecture.map_shape(layer, size)?.elements() as u64));
        let elements: u64 = elements.sum::<Result<_, _>>().map_err(of_picture)?;
        let whole = Tiling::whole(size);
        let needed_whole = whole.memory_needed(engine, picture_options(settings), &taps.picture, &targets);
        let needed_whole = needed_whole.map_err(of_picture)?.host;

        let is_whole = definitions().any(|it| it.reads() == Reads::ResampledMaps);
        let limit = given.limit.filter(|_| !is_whole);
        // A device that keeps the steps of L-BFGS keeps all of them.
        let on_device = engine.step_history().is_some();
        let steps_remembered = vectors.steps.map(|steps| match limit {
            Some(limit) if !on_device => {
                let reserve = needed_whole.min(limit / RESERVE) + 4 * elements;
                let beside = fixed + whole_maps + vectors.painting(0, Precision::Full) + reserve;
                let room = limit.saturating_sub(beside) / vectors.step();
                steps.min((room as usize).max(FEWEST_STEPS))
            }
            _ => steps,
        });
        let [steps, steps_on_device] = match on_device {
            true => [0, steps_remembered.unwrap_or(0)],
            false => [steps_remembered.unwrap_or(0), 0],
        };
        let beside = |precision| {
            let painting = vectors.painting(steps, precision);
            fixed + painting.max(vectors.learning() + of_styles) + precision.bytes() * elements
        };
        let engine_memory = |precision| match limit {
            Some(limit) => limit.saturating_sub(beside(precision) + whole_maps),
            None => u64::MAX,
        };
        let tiles = |size, options, layers: &[Layer], targets: &[Layer], budget| {
            let tiling = Tiling::within(engine, size, options, layers, targets, budget)?;
            let mut memory = tiling.memory_needed(engine, options, layers, targets)?;
            if memory.device == u64::MAX || (is_whole && tiling.tiles() > 1) {
                let what = match is_whole {
                    true => "keep the maps of this size, whole as a loss compares them; a smaller size fits",
                    false => "keep the maps of this size, not even of its smallest tiles",
                };
                return Err(EngineError::Unsupported { engine: engine.describe(), what: what.to_owned() });
            }
            if tiling.tiles() > 1 {
                memory.host += whole_maps;
            }
            Ok::<_, EngineError>((tiling, memory))
        };
        let options = picture_options(settings);
        let of_picture_in = |precision| {
            tiles(size, options, &taps.picture, &targets, engine_memory(precision)).map_err(of_picture)
        };
        let (mut precision, (mut tiling, mut largest)) = (Precision::Full, of_picture_in(Precision::Full)?);
        if tiling.tiles() > 1 {
            let (of_half, memory) = of_picture_in(Precision::Half)?;
            let fits = beside(Precision::Full) + largest.host <= limit.unwrap_or(u64::MAX);
            if !fits || of_half.pixels() * 3 < tiling.pixels() * 2 {
                (precision, tiling, largest) = (Precision::Half, of_half, memory);
            }
        }
        let engine_memory = engine_memory(precision);
        for definition in definitions() {
            require_maps(architecture, definition, size).map_err(of_picture)?;
            for (index, &style) in styles.iter().enumerate().filter(|_| definition.learns_style()) {
                for copy in definition.style_copies().into_iter().map(|copy| copy.of_size(style)) {
                    let (_, needed) = require_maps(architecture, definition, copy)
                        .and_then(|()| tiles(copy, settings.network, &taps.style, &[], engine_memory))
                        .map_err(|error| TransferError::of_engine(style_name(index, styles.len()), error))?;
                    largest = Memory {
                        host: largest.host.max(needed.host),
                        device: largest.device.max(needed.device),
                    };
                }
            }
        }
        Ok(Stage {
            size,
            iterations: settings.schedule.iterations,
            may_end_early: false,
            is_coarsest: false,
            refines: false,
            deepest: taps.picture.last().copied(),
            tiles: tiling.tiles(),
            tile_pixels: tiling.pixels(),
            cost: Cost::default(),
            engine_memory,
            precision,
            steps_remembered,
            device_memory: largest.device + vectors.step() * steps_on_device as u64,
            memory: (beside(precision) + largest.host)
                .max(fixed + vectors.painting(steps, precision) + vectors.ending()),
            styles,
        })
    }
}

/// Bytes of all that is small and the same for every size: weights as they are read, statistics, buffers of threads.
const SMALL_THINGS: u64 = 10_000_000;

/// The part of the memory that is left for tiles before L-BFGS remembers fewer steps: one of so many.
const RESERVE: u64 = 4;

/// Bytes of the maps that terms read whole.
fn whole_maps(architecture: &Architecture, terms: &[TermInUse<'_>], size: Size) -> u64 {
    let whole = terms.iter().map(|term| term.definition()).filter(|it| it.reads() == Reads::WholeMaps);
    let shapes = whole.flat_map(|it| it.layers()).filter_map(|it| architecture.map_shape(it, size).ok());
    shapes.map(|shape| 4 * shape.elements() as u64).sum()
}

/// Bytes of one region: its masks in the picture and the styles, and what guided terms keep of them at their
/// layers, a mask and its squares.
fn region_bytes(terms: &[TermInUse<'_>], architecture: &Architecture, picture: Size, styles: &[Size]) -> u64 {
    let guided = terms.iter().map(|term| term.definition()).filter(|it| it.guidance().is_some());
    let shapes = guided.flat_map(|it| it.layers()).filter_map(|it| architecture.map_shape(it, picture).ok());
    let at_layers: u64 = shapes.map(|shape| 2 * 4 * shape.positions() as u64).sum();
    let masks: u64 = styles.iter().chain([&picture]).map(|size| 4 * (size.height * size.width) as u64).sum();
    masks + at_layers
}

/// `Ok` if the maps of a picture of `size` are large enough for a term.
fn require_maps(
    architecture: &Architecture,
    definition: &dyn Definition,
    size: Size,
) -> Result<(), EngineError> {
    for layer in definition.layers() {
        let (shape, least) = (architecture.map_shape(layer, size)?, definition.smallest_map());
        if shape.height.min(shape.width) < least {
            let smallest = least * architecture.stride(layer);
            return Err(EngineError::TooSmall { size, layer, smallest });
        }
    }
    Ok(())
}
