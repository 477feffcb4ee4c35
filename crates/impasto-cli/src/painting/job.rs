//! From flags to a run that has every reason to succeed: all files read and checked, all sizes and the
//! memory known, nothing computed or written.

use impasto::picture::Alpha;
use impasto::{Picture, Plan, Settings, StrengthMap, Transfer};
use impasto_kernels::Isa;
use impasto_network::CpuEngine;

use super::basis::Basis;
use super::blend::blend;
use super::maps::{self, MapRecipe, MapRegions};
use super::output::Output;
use super::reading::read;
use super::recipe::Recipe;
use super::request::Request;
use super::values::StartFrom;
use super::{notes, published, settings, smallest_size};
use crate::failure::Failure;
use crate::machine;

/// A run, ready to go.
pub struct Job {
    /// Pictures and settings.
    pub transfer: Transfer,
    /// The network that it runs on.
    pub engine: CpuEngine,
    /// Its sizes and needs.
    pub plan: Plan,
    /// What the result's metadata say.
    pub recipe: Recipe,
    /// Where the result goes.
    pub output: Output,
    /// For a dry run, which times other sizes with them: the regions of the picture and of styles that have a
    /// weight, if there are maps.
    pub regions: Option<MapRegions>,
    /// What the user should know before the run.
    pub notes: Vec<String>,
}

impl Job {
    /// Checks everything that can be checked before computing.
    ///
    /// # Errors
    /// The first flag, file or size with which the run could not succeed.
    pub fn new(request: &Request<'_>, isa: Isa) -> Result<Self, Failure> {
        let basis = Basis::new(request)?;
        let mut settings = settings::settings(request, &basis)?;
        let mut notes = Vec::new();
        let blend = blend(request, &basis, &mut notes)?;
        let output = Output::new(request)?;
        let effort = request.shared.optimizer.effort.unwrap_or_default();
        let (weights, from) = basis.network(&request.shared.network, effort, &mut notes)?;
        notes.extend(notes::fit_layers(request, &basis, &mut settings, weights.architecture()));
        let (convention, note) = notes::convention(request, &basis, &settings, weights.convention());
        notes.extend(note);
        let weights = settings.fit_weights(weights).with_convention(convention);
        let recipe = Recipe::new(request, &basis, &settings, (&weights, from), &blend, isa);
        let engine = CpuEngine::with_isa(weights, isa);

        let pictures = Pictures::read(request, &basis, &settings, &mut notes)?;
        let recipe = recipe.with_maps(pictures.maps.as_ref().map(|(_, recipe)| recipe.clone()));
        let output = output.with_alpha(pictures.alpha.clone(), settings.schedule.filter);
        let is_dry = request.shared.output.dry_run;
        let regions = is_dry.then(|| pictures.regions_of_used_styles(&blend)).flatten();
        let shape = pictures.shape();
        let styles: Vec<(usize, usize)> = pictures.styles.iter().map(|(style, _)| sides(style)).collect();
        notes.extend(notes::start(request, pictures.start.as_ref(), shape));
        let transfer = pictures.transfer(settings, &blend);

        let size = transfer.settings().schedule.size;
        let plan = transfer.plan(&engine).map_err(|error| {
            let network = engine.weights().architecture();
            if let Some(failure) = published::missing_layer(&error, request, network) {
                return failure;
            }
            smallest_size::failure(error, transfer.settings(), network, shape, request.styles, &styles)
        })?;
        for stage in &plan.stages {
            output.check_size(stage.size)?;
        }
        machine::check_memory(plan.memory(), format_args!("--size {size}"))?;
        let preview = plan.stages.last().map_or(0, |last| output.preview_memory(last.size));
        let tiled = format_args!("--size {size} with the preview of --tile");
        machine::check_memory(plan.memory() + preview, tiled)?;
        notes.extend(plan.warnings.iter().map(|warning| format!("warning: {warning}")));
        notes.extend(published::hint(request, engine.weights()));
        notes.extend(notes::of_run(request, &basis, transfer.settings(), &plan, shape));
        Ok(Job { transfer, engine, plan, recipe, output, regions, notes })
    }
}

/// All that is read from files.
struct Pictures {
    content: Option<Picture>,
    /// Transparency of the content.
    alpha: Option<Alpha>,
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
        request: &Request<'_>,
        basis: &Basis,
        settings: &Settings,
        notes: &mut Vec<String>,
    ) -> Result<Self, Failure> {
        let content = request.content.map(|path| read(request, path, notes)).transpose()?;
        let (content, alpha) = content.map_or((None, None), |source| (Some(source.picture), source.alpha));
        let mut styles = Vec::with_capacity(request.styles.len());
        for path in request.styles {
            let source = read(request, path, notes)?;
            styles.push((source.picture, source.alpha));
        }
        let start = match &request.shared.picture.start {
            Some(StartFrom::Picture(path)) => Some(read(request, path, notes)?.picture),
            _ => None,
        };
        let fine_strokes = request.shared.picture.fine_strokes.as_deref();
        let fine_strokes = fine_strokes.map(|path| read(request, path, notes)).transpose()?;
        let fine_strokes = fine_strokes.map(|source| source.picture);
        let strength_map = request
            .strength_map()
            .map(|path| maps::strength(request, path, content.as_ref().map(sides), notes))
            .transpose()?;
        let shapes: Vec<(usize, usize)> = styles.iter().map(|(style, _)| sides(style)).collect();
        let read_maps = |maps| {
            maps::regions(request, basis, maps, content.as_ref().map(sides), &shapes, settings.seed, notes)
        };
        let maps = request.maps.as_ref().map(read_maps).transpose()?;
        let square = (settings.schedule.size, settings.schedule.size);
        let canvas = basis.sides(request.shared.picture.size).unwrap_or(square);
        Ok(Pictures { content, alpha, styles, start, fine_strokes, strength_map, maps, canvas })
    }

    /// Width and height whose aspect the result has.
    fn shape(&self) -> (usize, usize) {
        let of_map = self.maps.as_ref().map(|(maps, _)| (maps.of_picture.width(), maps.of_picture.height()));
        self.content.as_ref().map(sides).or(of_map).unwrap_or(self.canvas)
    }

    fn regions_of_used_styles(&self, blend: &[f64]) -> Option<MapRegions> {
        let (MapRegions { of_picture, of_styles }, _) = self.maps.as_ref()?;
        let used = of_styles.iter().zip(blend).filter(|(_, weight)| **weight > 0.0);
        let of_styles = used.map(|(regions, _)| regions.clone()).collect();
        Some(MapRegions { of_picture: of_picture.clone(), of_styles })
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

fn sides(picture: &Picture) -> (usize, usize) {
    (picture.width(), picture.height())
}
