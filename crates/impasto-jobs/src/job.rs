//! From an order to a run that has every reason to succeed: all files read and checked, all sizes and the
//! memory known, nothing computed or written.

use std::sync::Arc;

use impasto::picture::{Alpha, KeptMetadata, Metadata, SourcePicture, WriteOptions};
use impasto::{
    Observer, Outcome, Picture, Plan, Runner, Settings, StrengthMap, StyleCache, Transfer, TransferError,
};
use impasto_network::Weights;

use crate::basis::Basis;
use crate::blend::blend;
use crate::engine_choice::EngineChoice;
use crate::maps::{self, MapRecipe, MapRegions};
use crate::message::{Field, Message, Note};
use crate::order::{MemorySize, Order, StartFrom};
use crate::original_size::OriginalSize;
use crate::reading::read;
use crate::recipe::Recipe;
use crate::refusal::Refusal;
use crate::result_file::ResultFile;
use crate::{estimate, machine, notes, published, settings, smallest_size, words};

/// A run, ready to go.
pub struct Job {
    /// Pictures and settings.
    pub transfer: Transfer,
    /// The engine with its network.
    pub engine: Box<dyn Runner>,
    /// Its sizes and needs.
    pub plan: Plan,
    /// What the result's metadata say.
    pub recipe: Recipe,
    /// How the file of the result is written.
    pub file: ResultFile,
    /// What whoever gave the order should know before the run.
    pub notes: Vec<Note>,
    /// Parts of the styles in the blend, one for each.
    pub(crate) blend: Vec<f64>,
    /// The size that the order asks for, in words.
    size: String,
    /// The memory that the order gives.
    memory: Option<MemorySize>,
    /// Bytes that the run may take, as the order gives them or as they are free.
    pub memory_limit: Option<u64>,
    weights: Arc<Weights>,
}

impl Job {
    /// Reads the files of an order, and checks everything that can be checked before computing.
    ///
    /// # Errors
    /// Names the first field, file or size with which the run could not succeed.
    pub fn new(order: &Order) -> Result<Self, Refusal> {
        let job = Job::planned(order)?;
        job.check_memory()?;
        Ok(job)
    }

    /// The same, whether or not there is memory for the run: for front ends that have limits of their own to check
    /// first, and then call [`check_memory`](Job::check_memory).
    ///
    /// # Errors
    /// Names the first field, file or size with which the run could not succeed.
    pub fn planned(order: &Order) -> Result<Self, Refusal> {
        Job::planned_within(order, None)
    }

    /// The same of a run that has begun already, within as many bytes as [`memory_limit`](Job::memory_limit) said then:
    /// what is free now may be another number, which would cut the picture into other tiles.
    ///
    /// # Errors
    /// As [`planned`](Job::planned).
    pub fn planned_within(order: &Order, limit: Option<u64>) -> Result<Self, Refusal> {
        order.check()?;
        let (sized, original) = OriginalSize::of(order)?.unzip();
        let order = sized.as_ref().unwrap_or(order);
        let basis = Basis::new(order)?;
        let mut settings = settings::settings(order, &basis)?;
        let isa = machine::painting_instruction_set(order.machine.isa, basis.preset(), &settings)?;
        let mut notes = Vec::new();
        let blend = blend(order, &basis, &mut notes)?;
        let effort = order.optimizer.effort.unwrap_or_default();
        let (weights, from) = basis.network(&order.network, effort, &mut notes)?;
        notes.extend(notes::fit_layers(order, &basis, &mut settings, weights.architecture()));
        let (convention, note) = notes::convention(order, &basis, &settings, weights.convention());
        notes.extend(note);
        let weights = Arc::new(settings.fit_weights(weights).with_convention(convention));
        let choice = EngineChoice::new(&order.engine, (isa, order.machine.isa.is_some()), &mut notes)?;
        let mut engine = choice.runner(&weights);

        let size = match &original {
            None => settings.schedule.size.to_string(),
            Some(OriginalSize { sides: (width, height), .. }) => format!("original, {width}x{height},"),
        };
        let content = original.and_then(|original| original.content);
        let pictures = Pictures::read(order, &basis, &settings, content, &mut notes)?;
        let of_maps = pictures.maps.as_ref().map(|(_, recipe)| recipe.clone());
        let options = WriteOptions { metadata: pictures.metadata.clone(), ..order.file.options() };
        let file = ResultFile::new(options, pictures.alpha.clone(), settings.schedule.filter);
        let shape = pictures.shape();
        let styles: Vec<(usize, usize)> = pictures.styles.iter().map(|(style, _)| sides(style)).collect();
        notes.extend(notes::start(order, pictures.start.as_ref(), shape));
        let transfer = pictures.transfer(settings, &blend).convention(convention);
        let limit = limit.or(order.memory.memory.map(|memory| memory.0)).or_else(machine::memory_to_take);
        let transfer = match limit {
            // A twentieth is for the program itself and what its allocator holds.
            Some(bytes) => transfer.within_memory(bytes / 20 * 19),
            None => transfer,
        };

        let mut plan = engine.plan(&transfer);
        if let (Err(error), Some(instead)) = (&plan, choice.instead()) {
            let on_processor = instead.runner(&weights);
            let its_plan = on_processor.plan(&transfer);
            if its_plan.is_ok() {
                let why = format!("the graphics card cannot do it: {error}");
                notes.push(Note::fact(Message::about_value("engine", "cpu", why)));
                (engine, plan) = (on_processor, its_plan);
            }
        }
        let plan = plan.map_err(|error| {
            let network = engine.network();
            if let Some(refusal) = published::missing_layer(&error, order, network) {
                return refusal;
            }
            smallest_size::refusal(error, transfer.settings(), network, shape, order.task.styles(), &styles)
        })?;
        let network = (&*weights, from);
        let recipe = Recipe::new(order, &basis, transfer.settings(), network, &blend, engine.engine());
        let recipe = recipe.with_maps(of_maps);
        let warning = |warning: &_| Note::warning(Message::new(format!("{warning}")));
        notes.extend(plan.warnings.iter().map(warning));
        notes.extend(published::hint(order, &weights));
        notes.extend(notes::of_run(order, &basis, transfer.settings(), &plan, shape));
        let memory = order.memory.memory;
        Ok(Job {
            transfer,
            engine,
            plan,
            recipe,
            file,
            notes,
            blend,
            size,
            memory,
            memory_limit: limit,
            weights,
        })
    }

    /// The same run beside others in the same style, which share what they learn of it: see
    /// [`Transfer::share_styles`]. The plan counts what that takes.
    ///
    /// # Errors
    /// As [`planned`](Job::planned); not for a run that is planned already.
    pub fn sharing_styles(self, cache: Arc<StyleCache>) -> Result<Self, Refusal> {
        let transfer = self.transfer.share_styles(cache);
        let plan = self.engine.plan(&transfer)?;
        Ok(Job { transfer, plan, ..self })
    }

    /// A checksum of the weights of all convolutions.
    pub fn network_checksum(&self) -> String {
        self.weights.checksum().to_string()
    }

    /// Checks that there is memory for the run.
    ///
    /// # Errors
    /// If there is less than the plan needs, or the order gives less.
    pub fn check_memory(&self) -> Result<(), Refusal> {
        if let Some(MemorySize(given)) = self.memory
            && self.plan.memory() > given
        {
            let least = self.plan.memory().div_ceil(1_000_000);
            let size = self
                .plan
                .stages
                .last()
                .map_or(String::new(), |last| format!(" of {}x{}", last.size.width, last.size.height));
            let why = format!("a picture{size} needs at least {least} MB, in the smallest tiles");
            return Err(Refusal::new(Message::about_value(
                "memory",
                format_args!("{} MB", given / 1_000_000),
                why,
            )));
        }
        let size = words![Field("size"), format!(" {}", self.size)];
        machine::check_memory(self.plan.memory(), size).map_err(|refusal| refusal.of("size"))
    }

    /// Paints. `observer` sees it, and may stop it.
    ///
    /// # Errors
    /// If the run stops because a loss is not finite or the engine fails. The error holds the last good picture
    /// ([`TransferError::last_good`]).
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<Outcome, TransferError> {
        self.engine.run(&self.transfer, observer)
    }

    /// Seconds that the run will take. A few iterations of a small one are timed to know.
    ///
    /// # Errors
    /// If the small run fails.
    pub fn estimate(&mut self) -> Result<f64, Refusal> {
        estimate::estimate(self)
    }
}

/// All that is read from files.
struct Pictures {
    content: Option<Picture>,
    /// Transparency of the content.
    alpha: Option<Alpha>,
    /// What is kept of the content's.
    metadata: Metadata,
    /// With their transparency.
    styles: Vec<(Picture, Option<Alpha>)>,
    start: Option<Picture>,
    fine_strokes: Option<Picture>,
    strength_map: Option<StrengthMap>,
    maps: Option<(MapRegions, MapRecipe)>,
    /// Width and height whose aspect a picture has that shows nothing given.
    canvas: (usize, usize),
}

impl Pictures {
    fn read(
        order: &Order,
        basis: &Basis,
        settings: &Settings,
        content: Option<(SourcePicture, Vec<Note>)>,
        notes: &mut Vec<Note>,
    ) -> Result<Self, Refusal> {
        let content = match content {
            Some((source, warnings)) => {
                notes.extend(warnings);
                Some(source)
            }
            None => order.task.content().map(|path| read(order, "content", path, notes)).transpose()?,
        };
        let metadata = content.as_ref().map(|source| kept_metadata(order, source, notes)).unwrap_or_default();
        let (content, alpha) = content.map_or((None, None), |source| (Some(source.picture), source.alpha));
        let mut styles = Vec::with_capacity(order.task.styles().len());
        for path in order.task.styles() {
            let source = read(order, "styles", path, notes)?;
            styles.push((source.picture, source.alpha));
        }
        let start = match &order.picture.start {
            Some(StartFrom::Picture(path)) => Some(read(order, "start", path, notes)?.picture),
            _ => None,
        };
        let fine_strokes = order.picture.fine_strokes.as_deref();
        let fine_strokes = fine_strokes.map(|path| read(order, "fine_strokes", path, notes)).transpose()?;
        let fine_strokes = fine_strokes.map(|source| source.picture);
        let strength_map = order.content.strength_map.as_deref();
        let strength_map = strength_map
            .map(|path| maps::strength(order, path, content.as_ref().map(sides), notes))
            .transpose()?;
        let shapes: Vec<(usize, usize)> = styles.iter().map(|(style, _)| sides(style)).collect();
        let read_maps = |files| {
            maps::regions(order, basis, files, content.as_ref().map(sides), &shapes, settings.seed, notes)
        };
        let maps = order.task.maps().map(read_maps).transpose()?;
        let square = (settings.schedule.size, settings.schedule.size);
        let canvas = basis.sides(order.picture.size).unwrap_or(square);
        Ok(Pictures { content, alpha, metadata, styles, start, fine_strokes, strength_map, maps, canvas })
    }

    /// Width and height whose aspect the result has.
    fn shape(&self) -> (usize, usize) {
        let of_map = self.maps.as_ref().map(|(maps, _)| (maps.of_picture.width(), maps.of_picture.height()));
        self.content.as_ref().map(sides).or(of_map).unwrap_or(self.canvas)
    }

    fn transfer(self, settings: Settings, blend: &[f64]) -> Transfer {
        let (width, height) = self.shape();
        let mut transfer = Transfer::new(settings).canvas(width, height);
        for ((style, alpha), weight) in self.styles.into_iter().zip(blend) {
            transfer = match alpha {
                Some(alpha) => transfer.style_with_alpha(style, &alpha, *weight),
                None => transfer.style(style, *weight),
            };
        }
        if let Some(content) = self.content {
            transfer = transfer.content(content);
        }
        if let Some((maps, _)) = self.maps {
            transfer = transfer.regions(maps.of_picture, maps.of_styles);
        }
        if let Some(map) = self.strength_map {
            transfer = transfer.strength_map(map);
        }
        if let Some(fine_strokes) = self.fine_strokes {
            transfer = transfer.fine_strokes(fine_strokes);
        }
        match self.start {
            Some(start) => transfer.start(start),
            None => transfer,
        }
    }
}

/// What the order keeps of the metadata of the content, and a note if there is something that cannot be read.
fn kept_metadata(order: &Order, content: &SourcePicture, notes: &mut Vec<Note>) -> Metadata {
    let kept = content.metadata.kept(order.content.keep_metadata.unwrap_or_default());
    let note = match content.metadata.problem() {
        _ if matches!(order.content.keep_metadata, None | Some(KeptMetadata::None)) => None,
        Some(problem) => {
            let why = format!("nothing is kept of the content picture's EXIF data: {problem}");
            Some(Note::warning(Message::about("keep_metadata", why)))
        }
        None if kept.is_empty() => {
            let why = "the content picture has no EXIF data to keep";
            Some(Note::hint(Message::about("keep_metadata", why)))
        }
        None => None,
    };
    notes.extend(note);
    kept
}

fn sides(picture: &Picture) -> (usize, usize) {
    (picture.width(), picture.height())
}
