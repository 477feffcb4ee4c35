//! The transfer: pictures and settings in, a plan, then a painted picture out.

use impasto_network::{Engine, Size};

use crate::error::{require_sum, require_weight};
use crate::objective::{Objective, Sources};
use crate::picture::keep_colors;
use crate::run::Run;
use crate::{Observer, Outcome, Picture, Plan, Schedule, Settings, Stage, Start, TermLoss, TransferError};

/// Repaints one content picture in the style of others.
///
/// Made by [`new`](Transfer::new) and the methods that hand it pictures; then [`plan`](Transfer::plan) and
/// [`run`](Transfer::run), any number of times, with any engine. The engine must have been made with
/// [`Settings::network`], from weights with the convention that [`Settings::convention`] asks for.
#[derive(Clone, Debug)]
pub struct Transfer {
    settings: Settings,
    content: Option<Picture>,
    styles: Vec<(Picture, f64)>,
    start: Option<Picture>,
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
        Transfer { settings, content: None, styles: Vec::new(), start: None }
    }

    /// The picture to repaint, of any size.
    pub fn content(self, picture: Picture) -> Self {
        Transfer { content: Some(picture), ..self }
    }

    /// One more picture to take the style from, of any size. Of several, each has a part of the blend in
    /// proportion to its weight, finite and at least 0.
    pub fn style(mut self, picture: Picture, weight: f64) -> Self {
        self.styles.push((picture, weight));
        self
    }

    /// The picture to start from, brought to the size of the content. Sets the start of the schedule to
    /// [`Start::Picture`].
    pub fn start(mut self, picture: Picture) -> Self {
        self.settings.schedule.start = Start::Picture;
        Transfer { start: Some(picture), ..self }
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What a run on `engine` will do and need. Nothing is allocated or computed.
    ///
    /// # Errors
    /// If a setting is outside its range, a picture is missing or too small, or the network lacks a layer.
    pub fn plan<E: Engine>(&self, engine: &E) -> Result<Plan, TransferError> {
        self.settings.validate()?;
        let content = self.content.as_ref().ok_or(TransferError::NoContent)?;
        let styles = self.blend()?;
        if self.settings.schedule.start == Start::Picture && self.start.is_none() {
            return Err(TransferError::NoStart);
        }
        let given = self.styles.iter().map(|(style, _)| style).chain(&self.content).chain(&self.start);
        let given = given.map(|picture| size_of_val(picture.data()) as u64).sum();
        Plan::new(&self.settings, engine, given, |schedule, longest| {
            let size = schedule.content_size(content, longest);
            (size, styles.iter().map(|(style, _)| schedule.style_size(style, size)).collect())
        })
    }

    /// Paints. `observer` sees every iteration and may stop the run, which then ends with the picture as
    /// it is, at the size of the stage it is in.
    ///
    /// The same settings, pictures and engine give the same picture bit for bit.
    ///
    /// # Errors
    /// As [`plan`](Transfer::plan), and if a loss becomes infinite or undefined: the error then holds the
    /// last good picture.
    pub fn run<E: Engine>(
        &self,
        engine: &mut E,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, TransferError> {
        let plan = self.plan(engine)?;
        Run::new(self, &plan, observer)?.paint(engine)
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
        let plan = self.plan(engine)?;
        let stage = plan.stages.last().expect("the last stage is planned or an error");
        let picture = self.schedule().fit(picture, stage.size);
        let (objective, _) = self.objective(engine, stage)?;
        let mut gradient = vec![0.0; picture.data().len()];
        let losses = objective.evaluate(engine, picture.data(), &mut gradient);
        let scale = self.settings.units.scale();
        gradient.iter_mut().for_each(|value| *value /= scale);
        Ok(Evaluation { total: losses.iter().map(|term| term.loss).sum(), losses, gradient })
    }

    /// The objective of a stage, the engine prepared for it, and the content at its size.
    pub(crate) fn objective<'e, E: Engine + 'e>(
        &self,
        engine: &mut E,
        stage: &Stage,
    ) -> Result<(Objective<'e, E>, Picture), TransferError> {
        let fit = |picture, size| self.schedule().fit(picture, size);
        let styles = self.blend()?.into_iter().zip(&stage.styles);
        let content = self.content.as_ref().ok_or(TransferError::NoContent)?;
        let sources = Sources {
            content: fit(content, stage.size),
            styles: styles.map(|((style, share), &size)| (fit(style, size), share)).collect(),
        };
        let objective = Objective::new(&self.settings, engine, &sources)?;
        Ok((objective, sources.content))
    }

    /// The picture that the first stage starts from.
    pub(crate) fn first_picture(&self, size: Size) -> Result<Picture, TransferError> {
        let Size { height, width } = size;
        let seed = self.settings.seed;
        let fit = |picture| self.schedule().fit(picture, size);
        match &self.schedule().start {
            Start::Content => self.content.as_ref().map(fit).ok_or(TransferError::NoContent),
            Start::Picture => self.start.as_ref().map(fit).ok_or(TransferError::NoStart),
            Start::NormalNoise { mean, deviation } => {
                Ok(Picture::white_noise(width, height, *mean, *deviation, seed))
            }
            Start::UniformNoise { range } => Ok(Picture::uniform_noise(width, height, range.clone(), seed)),
        }
    }

    /// A picture of the run as a result: within 0..1, with the colours of `content` if they are to be
    /// kept.
    pub(crate) fn finish(&self, picture: Picture, content: &Picture) -> Picture {
        let painted = picture.clamped();
        if self.settings.original_colors { keep_colors(&painted, content).clamped() } else { painted }
    }

    /// The style pictures that have a weight, with weights that add up to 1.
    fn blend(&self) -> Result<Vec<(&Picture, f64)>, TransferError> {
        for (index, (_, weight)) in self.styles.iter().enumerate() {
            require_weight(format!("weight of style {}", index + 1), *weight)?;
        }
        let sum =
            require_sum("sum of the weights of the styles", self.styles.iter().map(|&(_, weight)| weight))?;
        let learns = self.settings.active_terms().any(|term| term.definition().learns_style());
        if sum == 0.0 && learns {
            return Err(TransferError::NoStyle);
        }
        let weighted = self.styles.iter().filter(|(_, weight)| *weight > 0.0);
        Ok(weighted.map(|(picture, weight)| (picture, weight / sum)).collect())
    }

    fn schedule(&self) -> &Schedule {
        &self.settings.schedule
    }
}
