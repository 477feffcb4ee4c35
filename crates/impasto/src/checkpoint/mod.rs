//! Checkpoints: everything of a run after an iteration, from which it goes on as if it had never stopped.

mod error;
mod file;
mod tensors;
mod trace;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub use error::{CheckpointError, ResumeError};
use impasto_network::Size;
use serde::{Deserialize, Serialize};

use crate::canvas::Canvas;
use crate::last_good::LastGood;
use crate::optimizers::State;
use crate::run::averaged;
use crate::terms::Memory;
use crate::terms::own::OwnRecord;
use crate::{Picture, Plan, Precision, Settings, Trace};

/// Everything of a run after one of its iterations: [`Progress::checkpoint`](crate::Progress::checkpoint) makes it,
/// and [`Transfer::resume`](crate::Transfer::resume) goes on from it.
///
/// It holds no input pictures, no terms of other crates and no weights. The caller supplies the same again, and may store
/// their checksums in the [`notes`](Checkpoint::notes).
///
/// ```
/// use impasto::{Checkpoint, Control, Progress, Transfer};
/// # use impasto::{Picture, Preset, network::{CpuEngine, Weights}};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let mut settings = Preset::Impasto.settings();
/// # settings.schedule.size = 32;
/// # settings.schedule.iterations = 3;
/// # let mut engine = CpuEngine::new(settings.fit_weights(Weights::compact()));
/// # let content = Picture::uniform_noise(64, 48, 0.2..0.8, 1);
/// # let style = Picture::white_noise(64, 64, [0.5; 3], 0.2, 2);
/// let transfer = Transfer::new(settings).content(content).style(style, 1.0);
/// let mut saved = Vec::new();
/// transfer.run(&mut engine, |progress| {
///     saved = progress.checkpoint().to_bytes();
///     Control::Stop
/// })?;
///
/// let checkpoint = Checkpoint::from_bytes(&saved)?;
/// let resumed = transfer.resume(&mut engine, checkpoint, &mut |_: &Progress<'_>| Control::Continue)?;
/// assert_eq!(resumed, transfer.run(&mut engine, |_| Control::Continue)?);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Checkpoint<'a> {
    /// What the caller wants to find again, such as checksums and names of the pictures. Nothing here reads it.
    pub notes: BTreeMap<String, String>,
    pub(crate) settings: Settings,
    /// The terms of other crates.
    pub(crate) own_terms: Vec<OwnRecord>,
    pub(crate) stages: Vec<StageSizes>,
    /// From 1.
    pub(crate) stage: usize,
    /// The last that is done.
    pub(crate) iteration: usize,
    /// The picture that the stage started from, not clamped, if a term learns from it.
    pub(crate) start: Option<Cow<'a, Picture>>,
    pub(crate) variables: Cow<'a, [f32]>,
    /// As the evaluator has it, like the next.
    pub(crate) last_good: Cow<'a, LastGood>,
    pub(crate) is_end_known: bool,
    pub(crate) optimizer: State<'a>,
    pub(crate) average: Option<State<'a>>,
    /// The losses that early stopping remembers.
    pub(crate) watched: Vec<f64>,
    /// What each of the terms remembers.
    pub(crate) memories: Vec<Option<Memory>>,
    /// With the end of the stage, if the iteration was its last.
    pub(crate) trace: Trace,
}

/// The sizes of the pictures of a stage, each width and height, and what else its bits depend on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct StageSizes {
    picture: (usize, usize),
    styles: Vec<(usize, usize)>,
    /// How many steps L-BFGS remembers, if that is the optimiser.
    steps_remembered: Option<usize>,
    precision: Precision,
}

impl StageSizes {
    /// The sizes of all stages of a plan.
    pub fn of(plan: &Plan) -> Vec<Self> {
        let sides = |size: &Size| (size.width, size.height);
        let of_stage = |stage: &crate::Stage| StageSizes {
            picture: sides(&stage.size),
            styles: stage.styles.iter().map(sides).collect(),
            steps_remembered: stage.steps_remembered,
            precision: stage.precision,
        };
        plan.stages.iter().map(of_stage).collect()
    }
}

impl Checkpoint<'_> {
    /// The settings of the run.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The stage of the run, from 1.
    pub fn stage(&self) -> usize {
        self.stage
    }

    /// Stages of the run.
    pub fn stages(&self) -> usize {
        self.stages.len()
    }

    /// Iterations that are done in this stage, at least 1.
    pub fn iteration(&self) -> usize {
        self.iteration
    }

    /// Size of the picture in this stage.
    pub fn size(&self) -> Size {
        let (width, height) = self.stages[self.stage - 1].picture;
        Size { height, width }
    }

    /// What the evaluations found so far.
    pub fn trace(&self) -> &Trace {
        &self.trace
    }

    /// The same, which borrows nothing from the run.
    pub fn into_owned(self) -> Checkpoint<'static> {
        Checkpoint {
            start: self.start.map(|start| Cow::Owned(start.into_owned())),
            variables: Cow::Owned(self.variables.into_owned()),
            last_good: Cow::Owned(self.last_good.into_owned()),
            optimizer: self.optimizer.into_owned(),
            average: self.average.map(State::into_owned),
            notes: self.notes,
            settings: self.settings,
            own_terms: self.own_terms,
            stages: self.stages,
            stage: self.stage,
            iteration: self.iteration,
            is_end_known: self.is_end_known,
            watched: self.watched,
            memories: self.memories,
            trace: self.trace,
        }
    }

    /// The picture painted so far, to be shown: without what the result of the run takes from its content, such as
    /// colours or what a strength map keeps.
    pub fn picture(&self) -> Picture {
        let mut average = self.settings.new_average().ok().flatten();
        if let (Some(average), Some(state)) = (&mut average, &self.average)
            && average.resume(state.clone()).is_err()
        {
            average.reset();
        }
        self.canvas().unheld(&averaged(average.as_ref(), self.variables.to_vec())).clamped()
    }

    /// Whether the iteration was the last of its stage.
    pub(crate) fn ends_stage(&self) -> bool {
        self.trace.stages.len() == self.stage
    }

    /// Between variables and pictures, as far as that depends on settings alone.
    fn canvas(&self) -> Canvas {
        Canvas::new(&self.settings, self.size(), None, None)
    }

    /// `Ok` if a run with these settings can go on from it.
    pub(crate) fn require_settings(&self, settings: &Settings) -> Result<(), ResumeError> {
        let json =
            |settings| serde_json::to_value(settings).map_err(|error| ResumeError::Unfit(error.to_string()));
        match error::difference(&json(&self.settings)?, &json(settings)?) {
            None => Ok(()),
            Some((setting, found, asked)) => Err(ResumeError::Settings { setting, found, asked }),
        }
    }

    /// `Ok` if a run with these terms of other crates can go on from it.
    pub(crate) fn require_own_terms(&self, given: &[OwnRecord]) -> Result<(), ResumeError> {
        if self.own_terms == given {
            return Ok(());
        }
        let told = |terms: &[OwnRecord]| match terms {
            [] => "no own term".to_owned(),
            [one] => format!("the own term {one}"),
            all => format!(
                "the own terms {}",
                all.iter().map(OwnRecord::to_string).collect::<Vec<_>>().join("; ")
            ),
        };
        Err(ResumeError::OwnTerms { found: told(&self.own_terms), given: told(given) })
    }

    /// `Ok` if a run with this plan can go on from it.
    pub(crate) fn require_plan(&self, plan: &Plan) -> Result<(), ResumeError> {
        let planned = StageSizes::of(plan);
        let sides = |&(width, height): &(usize, usize)| format!("{width}x{height}");
        let all = |sizes: &[(usize, usize)]| sizes.iter().map(sides).collect::<Vec<_>>().join(", ");
        let same = |what: String, found: String, planned: String| {
            if found == planned { Ok(()) } else { Err(ResumeError::Plan { what, found, planned }) }
        };
        same("stage count".to_owned(), self.stages.len().to_string(), planned.len().to_string())?;
        for (index, (own, planned)) in self.stages.iter().zip(&planned).enumerate() {
            let stage = index + 1;
            same(format!("the picture of stage {stage} at"), sides(&own.picture), sides(&planned.picture))?;
            same(format!("the styles of stage {stage} at"), all(&own.styles), all(&planned.styles))?;
            let steps = |it: &StageSizes| it.steps_remembered.map_or("no".to_owned(), |it| it.to_string());
            same(format!("the steps that stage {stage} remembers,"), steps(own), steps(planned))?;
            let precision = |it: &StageSizes| format!("{:?}", it.precision).to_lowercase();
            same(format!("the precision of stage {stage},"), precision(own), precision(planned))?;
        }
        let iterations = plan.stages[self.stage - 1].iterations;
        if self.iteration > iterations || (self.iteration == iterations && !self.ends_stage()) {
            return Err(ResumeError::Unfit(format!("iteration {} of {iterations}", self.iteration)));
        }
        Ok(())
    }
}
