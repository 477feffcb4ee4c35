//! The transfer: pictures and settings in, a plan, then a painted picture out.

mod blend;
mod fit;
mod sources;
mod terms;

use std::sync::Arc;

use impasto_network::{Convention, Engine, Size, TiledEngine};
pub(crate) use sources::{Sources, StyleSource};

use crate::given_style::{GivenStyle, StylePicture};
use crate::objective::Objective;
use crate::picture::{Alpha, Translucent, fit_longest_side};
use crate::plan::Given;
use crate::regions::Regions;
use crate::run::Run;
use crate::terms::own::Own;
use crate::terms::{Scene, Taps};
use crate::{
    Checkpoint, ColorRule, Colors, Control, Observer, Outcome, Picture, Plan, Precision, Progress, Schedule,
    Settings, Stage, Start, StrengthMap, StyleCache, TermLoss, TransferError, Warning,
};

/// Repaints one content picture in the style of others, or paints one without content.
///
/// Made by [`new`](Transfer::new) and the methods that hand it pictures; then [`plan`](Transfer::plan) and
/// [`run`](Transfer::run), any number of times, with any engine. Weights that [`fit_weights`](Transfer::fit_weights)
/// has not fitted to the settings are refused where these need it.
#[derive(Clone, Debug)]
pub struct Transfer {
    settings: Settings,
    /// Terms of other crates.
    own: Vec<Own>,
    /// How the network reads pictures, if not as the settings say.
    convention: Option<Convention>,
    content: Option<Picture>,
    /// Width and height whose aspect a picture without content has.
    canvas: Option<(usize, usize)>,
    styles: Vec<GivenStyle>,
    /// Of the picture, and of each style.
    regions: Option<(Regions, Vec<Regions>)>,
    strength_map: Option<StrengthMap>,
    start: Option<Picture>,
    fine_strokes: Option<Picture>,
    memory: Option<u64>,
    style_cache: Option<Arc<StyleCache>>,
}

/// The objective at one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// Sum of all losses.
    pub total: f64,
    /// Each loss alone.
    pub losses: Vec<TermLoss>,
    /// Gradient of the total by the variables, `[3, H, W]`: by the picture in
    /// [`Settings::units`]. With normalised gradients, the sum of those.
    pub gradient: Vec<f32>,
}

impl Transfer {
    /// A transfer with these settings and no pictures yet.
    pub fn new(settings: Settings) -> Self {
        Transfer {
            settings,
            own: Vec::new(),
            convention: None,
            content: None,
            canvas: None,
            styles: Vec::new(),
            regions: None,
            strength_map: None,
            start: None,
            fine_strokes: None,
            memory: None,
            style_cache: None,
        }
    }

    /// The picture to repaint, of any size.
    pub fn content(self, picture: Picture) -> Self {
        Transfer { content: Some(picture), ..self }
    }

    /// Paints a picture of this aspect without a content picture: terms that learn from one are left out, and
    /// the start must be noise or a picture. Without effect if there is a content picture.
    pub fn canvas(self, width: usize, height: usize) -> Self {
        Transfer { canvas: Some((width, height)), ..self }
    }

    /// Which parts of the picture take the style of which parts of the style pictures: the regions of the
    /// picture, and those of each style in the order given, as [`regions`](crate::regions) reads them
    /// together. They are brought to the size of their pictures. Without a content picture or a
    /// [`canvas`](Transfer::canvas), the picture has the aspect of its regions.
    pub fn regions(self, of_picture: Regions, of_styles: Vec<Regions>) -> Self {
        Transfer { regions: Some((of_picture, of_styles)), ..self }
    }

    /// The regions of the picture and those of each style, if there are any.
    pub fn given_regions(&self) -> Option<(&Regions, &[Regions])> {
        self.regions.as_ref().map(|(of_picture, of_styles)| (of_picture, of_styles.as_slice()))
    }

    /// Where the painting may act, and how much: where the map is black, the content stays as it is. It is brought
    /// to the size of the content, which there must be.
    pub fn strength_map(self, map: StrengthMap) -> Self {
        Transfer { strength_map: Some(map), ..self }
    }

    /// One more picture to take the style from, of any size. Of several, each has a part of the blend in
    /// proportion to its weight, finite and at least 0.
    pub fn style(mut self, picture: Picture, weight: f64) -> Self {
        self.styles.push(GivenStyle { source: StylePicture::Opaque(picture), weight });
        self
    }

    /// The same of a picture that is transparent in places: only what is visible is style, each pixel as far as it
    /// is opaque. Colours of hidden pixels, of an opacity below 1/50, have no effect. `alpha` is brought to the
    /// size of the picture.
    ///
    /// Patches and columns of features are taken from where nothing is hidden, or, in a picture that has no such
    /// place, from where the least is.
    pub fn style_with_alpha(mut self, picture: Picture, alpha: &Alpha, weight: f64) -> Self {
        let source = StylePicture::Translucent(Translucent::new(picture, alpha));
        self.styles.push(GivenStyle { source, weight });
        self
    }

    /// The picture whose fine strokes are painted, while the styles give the coarse ones: the layers of the first two
    /// blocks read it in place of them (Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017, section 7). It is brought
    /// to size as a style is, but never enlarged, and all of it speaks to every region. Only terms that compare
    /// statistics, Gram matrices and moments, tell strokes apart.
    pub fn fine_strokes(self, picture: Picture) -> Self {
        Transfer { fine_strokes: Some(picture), ..self }
    }

    /// The picture to start from, brought to the size of the content; of another aspect, it is
    /// [cropped](Picture::cropped_to_aspect) to that of the content. Sets the start of the schedule to
    /// [`Start::Picture`].
    pub fn start(mut self, picture: Picture) -> Self {
        self.settings.schedule.start = Start::Picture;
        Transfer { start: Some(picture), ..self }
    }

    /// Bytes that a run may take, all in all. A picture that would need more at once is evaluated in tiles, with the
    /// same losses and gradient but for rounding, in up to twice the time. If that is not enough, or a term compares
    /// nearest columns, which tiles do not have, the [`plan`](Transfer::plan) says how much it takes nevertheless.
    /// Default: as much as it needs.
    pub fn within_memory(self, bytes: u64) -> Self {
        Transfer { memory: Some(bytes), ..self }
    }

    /// Lets the run take what others have learnt of the styles, and keep what it learns for those after it: see
    /// [`StyleCache`]. The picture is the same bit for bit as without. What the cache may take is part of the memory that
    /// a [`plan`](Transfer::plan) tells; within a limit it takes what the run leaves.
    pub fn share_styles(self, cache: Arc<StyleCache>) -> Self {
        Transfer { style_cache: Some(cache), ..self }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What a run on `engine` will do and need. Nothing is painted or allocated for it; regions are followed
    /// to the layers of the terms, for the warnings.
    ///
    /// # Errors
    /// If a setting is outside its range, a picture is missing or too small, the network lacks a layer, or its weights
    /// are not [fitted](Transfer::fit_weights).
    pub fn plan<E: Engine>(&self, engine: &E) -> Result<Plan, TransferError> {
        self.plan_for(engine, false)
    }

    /// The plan of a run, or of one evaluation.
    fn plan_for<E: Engine>(&self, engine: &E, evaluates_once: bool) -> Result<Plan, TransferError> {
        self.validate()?;
        self.require_fitted(engine)?;
        let terms = self.terms()?;
        let styles = self.blend()?;
        if self.settings.schedule.start == Start::Picture && self.start.is_none() {
            return Err(TransferError::NoStart);
        }
        let of_content = matches!(self.schedule().start, Start::Content | Start::SmoothContent { .. });
        let keeps = self.settings.colors.rule != ColorRule::Style || self.strength_map.is_some();
        if (of_content || keeps) && self.content.is_none() {
            return Err(TransferError::NoContent);
        }
        let shape = self.shape()?;
        let deepest = Taps::new(&terms).picture.last().copied();
        let multiple = match (self.settings.seamless, deepest) {
            (true, Some(deepest)) => engine.architecture().stride(deepest),
            _ => 1,
        };
        let given = self.styles.iter().map(|style| style.source.picture()).chain(&self.content);
        let given: u64 = given
            .chain(&self.start)
            .chain(&self.fine_strokes)
            .map(|picture| size_of_val(picture.data()) as u64)
            .sum();
        let alphas = self.styles.iter().filter_map(|style| style.source.alpha());
        let alphas: u64 = alphas.map(|alpha| size_of_val(alpha.data()) as u64).sum();
        let regions =
            self.regions.iter().flat_map(|(of_picture, of_styles)| of_styles.iter().chain([of_picture]));
        let masks: u64 = regions.map(|regions| size_of_val(regions.masks()) as u64).sum();
        let guided = usize::from(self.is_guided());
        let count = self.regions.as_ref().map_or(guided, |(of_picture, _)| of_picture.count());
        // One more for the opacity.
        let count = if alphas > 0 { count.max(1) + 1 } else { count };
        let map = self.strength_map.as_ref().map_or(0, |map| size_of_val(map.values()) as u64);
        let given = Given {
            bytes: given + alphas + masks + map,
            regions: count,
            is_held: self.strength_map.is_some(),
            limit: self.memory,
            evaluates_once,
        };
        let keeping = |size| self.memory_of_keeping(size);
        let plan = Plan::new(&self.settings, &terms, engine, given, keeping, |schedule, longest| {
            let (width, height) = fit_longest_side(shape, longest);
            let size =
                Size { height: height.next_multiple_of(multiple), width: width.next_multiple_of(multiple) };
            (size, styles.iter().map(|style| schedule.style_size(style.source.picture(), size)).collect())
        })?;
        let stage = plan.stages.last().expect("the last stage is planned or an error");
        let mut warnings =
            match self.regions_at(stage.size).filter(|_| self.regions.is_some() || self.hides_pixels()) {
                None => Vec::new(),
                Some(regions) => {
                    let of_styles = styles.iter().zip(&stage.styles);
                    let of_styles: Vec<Regions> =
                        of_styles.filter_map(|(style, &size)| style.regions_at(size)).collect();
                    Warning::of_regions(&terms, engine.architecture(), &regions, &of_styles)
                }
            };
        let (size, precision, steps) = (stage.size, stage.precision, stage.steps_remembered);
        warnings.extend(Warning::of_memory(&self.settings.optimizer, size, precision, steps));
        let plan = Plan { warnings, ..plan };
        Ok(match &self.style_cache {
            None => plan,
            Some(cache) => plan.beside_cache(cache.limit(), self.memory),
        })
    }

    /// Begins a run with what others have learnt.
    fn begin_sharing(&self, plan: &Plan) {
        if let Some(cache) = &self.style_cache {
            cache.begin_run(plan.style_cache);
        }
    }

    /// Paints. `progress` sees every iteration and may stop the run, which then ends with the picture as it is,
    /// at the size of the stage it is in: `|_| Control::Continue` runs to the end.
    ///
    /// The same settings, pictures and engine give the same picture bit for bit.
    ///
    /// # Errors
    /// As [`plan`](Transfer::plan), and if a loss becomes infinite or undefined: the error then holds the
    /// last good picture; so does that of an engine that fails in the middle.
    pub fn run<E: Engine>(
        &self,
        engine: &mut E,
        mut progress: impl FnMut(&Progress<'_>) -> Control,
    ) -> Result<Outcome, TransferError> {
        self.run_observed(engine, &mut progress)
    }

    /// [`run`](Transfer::run) with an observer, which may also stop the run while a stage learns its targets, and
    /// between the evaluations of one iteration.
    ///
    /// # Errors
    /// As [`run`](Transfer::run).
    pub fn run_observed<E: Engine>(
        &self,
        engine: &mut E,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, TransferError> {
        let plan = self.plan(engine)?;
        self.begin_sharing(&plan);
        Run::new(self, &plan, observer)?.paint(&mut TiledEngine::new(engine, u64::MAX))
    }

    /// Goes on from a checkpoint of a run with the same settings, terms, pictures and engine, within the same memory. The
    /// outcome, picture and trace, is that of the run bit for bit, as if it had never stopped.
    ///
    /// The targets of the stage are learnt anew. Whether pictures and weights are the same is for the caller to know:
    /// see [`Checkpoint::notes`].
    ///
    /// # Errors
    /// As [`run`](Transfer::run), and [`TransferError::Resume`] if settings, terms or sizes are others, or the network
    /// is seen to be another.
    pub fn resume<E: Engine>(
        &self,
        engine: &mut E,
        checkpoint: Checkpoint<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, TransferError> {
        checkpoint.require_settings(&self.settings)?;
        checkpoint.require_own_terms(&self.own_records())?;
        let plan = self.plan(engine)?;
        checkpoint.require_plan(&plan)?;
        self.begin_sharing(&plan);
        Run::new(self, &plan, observer)?.resume(&mut TiledEngine::new(engine, u64::MAX), checkpoint)
    }

    /// The objective at `picture`, brought to the size of the last stage: what the first evaluation of a
    /// run from it finds.
    ///
    /// # Errors
    /// As [`plan`](Transfer::plan).
    pub fn evaluate<E: Engine>(
        &self,
        engine: &mut E,
        picture: &Picture,
    ) -> Result<Evaluation, TransferError> {
        let plan = self.plan_for(engine, true)?;
        let stage = plan.stages.last().expect("the last stage is planned or an error");
        let picture = self.schedule().fit(picture, stage.size);
        let engine = &mut TiledEngine::new(engine, u64::MAX);
        let sources = self.sources(stage)?;
        let objective = self.objective(engine, stage, &sources, Some(&picture), &mut || false)?;
        drop(sources);
        let mut objective = objective.expect("nothing stops it");
        let mut gradient = vec![0.0; picture.data().len()];
        let losses = objective.evaluate(engine, picture.data(), &mut gradient);
        let losses = losses.map_err(|error| TransferError::of_engine("content", error))?;
        let scale = self.settings.units.scale();
        gradient.iter_mut().for_each(|value| *value /= scale);
        Ok(Evaluation { total: losses.iter().map(|term| term.loss).sum(), losses, gradient })
    }

    /// The objective of a stage that starts from `start`, the engine prepared for it; `None` if `stop`, asked before
    /// each picture that is learnt from, says so.
    pub(crate) fn objective<'e, E: Engine>(
        &self,
        engine: &mut TiledEngine<'e, E>,
        stage: &Stage,
        sources: &Sources,
        start: Option<&Picture>,
        stop: &mut dyn FnMut() -> bool,
    ) -> Result<Option<Objective<'e, TiledEngine<'e, E>>>, TransferError> {
        engine.set_budget(stage.engine_memory);
        engine.set_half_targets(stage.precision == Precision::Half);
        let scene = Scene {
            size: stage.size,
            pixel_scale: f64::from(self.settings.units.scale()),
            regions: self.regions_at(stage.size).map(Arc::new),
            seamless: self.settings.seamless,
            is_coarsest: stage.is_coarsest,
            refines: stage.refines,
        };
        Objective::new(&self.settings, &self.terms()?, engine, &scene, sources, start, stop)
    }

    /// The regions of the picture at `size`: those given, or the whole picture, without what the strength map keeps
    /// still. That takes no part in the statistics, which it could not change. Where styles hide pixels there are
    /// regions in any case, so that what is visible is compared with the whole picture.
    fn regions_at(&self, size: Size) -> Option<Regions> {
        let given = self.regions.as_ref().map(|(regions, _)| regions.resized(size.width, size.height));
        let whole = || Regions::whole(size.width, size.height);
        let regions = given.or_else(|| self.is_guided().then(whole))?;
        Some(match self.strength_map.as_ref().filter(|map| map.keeps_any()) {
            None => regions,
            Some(map) => regions.within(&map.moving_at(size)),
        })
    }

    /// Whether the picture has regions even where none are given: part of it or of a style does not count.
    fn is_guided(&self) -> bool {
        self.strength_map.as_ref().is_some_and(StrengthMap::keeps_any) || self.hides_pixels()
    }

    /// Whether a style that has a weight is transparent in places.
    fn hides_pixels(&self) -> bool {
        self.styles.iter().any(|style| style.weight > 0.0 && style.source.alpha().is_some())
    }

    /// Bytes for what the result takes from the content at `size`.
    fn memory_of_keeping(&self, size: Size) -> u64 {
        let recombines = self.settings.colors.recombine();
        let photograph = if recombines || self.strength_map.is_some() { 12 } else { 0 };
        let strength = if self.strength_map.is_some() { 4 } else { 0 };
        let recombining = if recombines { Colors::BYTES_TO_RECOMBINE } else { 0 };
        (photograph + strength + recombining) * (size.height * size.width) as u64
    }

    /// How strongly the painting acts at `size`, `[H, W]`, if that differs from place to place.
    pub(crate) fn strength_at(&self, size: Size) -> Option<Vec<f32>> {
        self.strength_map.as_ref().map(|map| map.at(size))
    }

    /// Whether a term learns from the picture that a stage starts from.
    pub(crate) fn learns_start(&self) -> Result<bool, TransferError> {
        Ok(self.terms()?.iter().any(|term| term.definition().learns_start()))
    }

    /// Width and height whose aspect the picture has.
    fn shape(&self) -> Result<(usize, usize), TransferError> {
        let content = self.content.as_ref().map(|content| (content.width(), content.height()));
        let regions = self.regions.as_ref().map(|(regions, _)| (regions.width(), regions.height()));
        content.or(self.canvas).or(regions).ok_or(TransferError::NoContent)
    }

    fn schedule(&self) -> &Schedule {
        &self.settings.schedule
    }
}
