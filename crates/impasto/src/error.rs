//! What can be wrong with a transfer, and whose mistake it is.

use std::borrow::Cow;
use std::fmt::Display;

use impasto_network::{Convention, EngineError, Layer, Size};

use crate::optimizers;
use crate::{Picture, ResumeError, Trace};

/// A setting outside its range.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// A value is not allowed.
    #[error("{field} is {value}, but must be {allowed}")]
    OutOfRange {
        /// The setting, in words: `style weight`, `iterations`.
        field: String,
        /// Its value.
        value: String,
        /// What it may be.
        allowed: &'static str,
    },
    /// A setting of the optimiser is not allowed.
    #[error(transparent)]
    Optimizer(#[from] optimizers::InvalidSetting),
    /// There is nothing to minimise.
    #[error("no term has a weight above 0: set a content, style or tv weight")]
    NoTerm,
    /// A name that no preset has.
    #[error("unknown preset {name:?}: expected one of {available}")]
    UnknownPreset {
        /// The name.
        name: String,
        /// Those that there are.
        available: String,
    },
}

impl SettingsError {
    pub(crate) fn out_of_range(field: impl Into<String>, value: impl Display, allowed: &'static str) -> Self {
        SettingsError::OutOfRange { field: field.into(), value: value.to_string(), allowed }
    }
}

/// `Ok` if a setting `holds` to its range.
pub(crate) fn require(
    holds: bool,
    field: impl Into<String>,
    value: impl Display,
    allowed: &'static str,
) -> Result<(), SettingsError> {
    if holds { Ok(()) } else { Err(SettingsError::out_of_range(field, value, allowed)) }
}

/// `Ok` for a weight: finite and not negative.
pub(crate) fn require_weight(field: impl Into<String>, value: f64) -> Result<(), SettingsError> {
    require(value.is_finite() && value >= 0.0, field, value, "finite and at least 0")
}

/// `Ok` for the sum of weights that divide something among them: finite, so that each has its part.
pub(crate) fn require_sum(
    field: impl Into<String>,
    weights: impl Iterator<Item = f64>,
) -> Result<f64, SettingsError> {
    let sum: f64 = weights.sum();
    require(sum.is_finite(), field, sum, "finite: make the weights smaller").map(|()| sum)
}

/// Why a transfer cannot run, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TransferError {
    /// A setting is outside its range.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// No content picture was given, and nothing that works without one.
    #[error("there is no content picture")]
    NoContent,
    /// There are regions for some of the styles only.
    #[error("there are {styles} style pictures, but regions for {regions}")]
    RegionsMissing {
        /// Number of style pictures.
        styles: usize,
        /// Number of those with regions.
        regions: usize,
    },
    /// No style picture was given, or all of them have weight 0.
    #[error("there is no style picture with a weight above 0")]
    NoStyle,
    /// A style picture is transparent everywhere.
    #[error("no pixel of the {} picture is visible, so it shows no style: leave it out", style_name(*.index, *.count))]
    NothingVisible {
        /// Which style, from 0.
        index: usize,
        /// How many there are.
        count: usize,
    },
    /// Pictures have different numbers of regions, which then cannot be each other's parts.
    #[error("the picture has {of_picture} regions, but {style} has {of_style}: read their maps together")]
    RegionsDiffer {
        /// Regions of the picture.
        of_picture: usize,
        /// `style`, or `style 2` where there are several.
        style: String,
        /// Regions of that style.
        of_style: usize,
    },
    /// The start is [`Start::Picture`](crate::Start::Picture), and none was given.
    #[error("the run is to start from a picture, but there is none")]
    NoStart,
    /// The network cannot take one of the pictures.
    #[error("the {picture} picture: {source}")]
    Engine {
        /// Which picture: `content`, `style`, or `style 2` where there are several.
        picture: String,
        /// What the engine says.
        source: EngineError,
    },
    /// The network lacks a layer.
    #[error(transparent)]
    NoSuchLayer(EngineError),
    /// The network reads pictures otherwise than the settings want.
    #[error(
        "the network reads pictures as {found}, but the settings want {wanted}: \
         make the engine from weights that Transfer::fit_weights has fitted"
    )]
    Convention {
        /// How the network reads them.
        found: Convention,
        /// How the settings want it to.
        wanted: Convention,
    },
    /// Losses depend on the size of the activations, and those of the network are not of the size that weights are
    /// balanced for.
    #[error(
        "the losses are balanced for the activations of VGG-19, and those of the network {network} are smaller: \
         make the engine from weights that Transfer::fit_weights has fitted"
    )]
    Activations {
        /// Name of the network.
        network: String,
    },
    /// The run cannot go on from the checkpoint.
    #[error(transparent)]
    Resume(#[from] ResumeError),
    /// A loss or a gradient became infinite or undefined.
    #[error(
        "{culprit} is not finite in iteration {iteration} at {}x{}: \
         lower the weights or the learning rate, or choose other layers",
        size.width, size.height
    )]
    NotFinite {
        /// Which loss, or the gradient.
        culprit: Culprit,
        /// Size of the picture at that time.
        size: Size,
        /// The iteration at that size, from 1.
        iteration: usize,
        /// The last picture that an iteration started from and whose losses were finite, finished as a result
        /// would be.
        picture: Box<Picture>,
        /// What the evaluations before found.
        trace: Trace,
    },
    /// The engine failed in the middle of the run: a device was lost, or memory ran out.
    #[error("iteration {iteration} at {}x{}: {source}", size.width, size.height)]
    EngineFailed {
        /// What the engine says.
        source: Box<EngineError>,
        /// Size of the picture at that time.
        size: Size,
        /// The iteration at that size, from 1.
        iteration: usize,
        /// The last picture that an iteration started from and whose losses were finite, finished as a result
        /// would be.
        picture: Box<Picture>,
        /// What the evaluations before found.
        trace: Trace,
    },
}

impl TransferError {
    /// The last good picture of a run that failed in the middle, and what its evaluations found.
    pub fn last_good(&self) -> Option<(&Picture, &Trace)> {
        match self {
            TransferError::NotFinite { picture, trace, .. }
            | TransferError::EngineFailed { picture, trace, .. } => Some((picture, trace)),
            _ => None,
        }
    }

    /// What an engine said about a picture.
    pub(crate) fn of_engine(picture: impl Into<String>, source: EngineError) -> Self {
        match source {
            EngineError::NoSuchLayer { .. } => TransferError::NoSuchLayer(source),
            source => TransferError::Engine { picture: picture.into(), source },
        }
    }
}

/// How messages call the style picture at `index`, from 0, of `count`.
pub(crate) fn style_name(index: usize, count: usize) -> String {
    if count == 1 { "style".to_owned() } else { format!("style {}", index + 1) }
}

/// What is not finite.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Culprit {
    /// The loss of a term.
    Loss {
        /// Name of the term.
        term: Cow<'static, str>,
        /// Its layer; `None` for a term on pixels.
        layer: Option<Layer>,
    },
    /// The gradient, or the picture it led to, while all losses were finite.
    Gradient,
}

impl Display for Culprit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Culprit::Loss { term, layer: Some(layer) } => write!(f, "the {term} loss at {layer}"),
            Culprit::Loss { term, layer: None } => write!(f, "the {term} loss"),
            Culprit::Gradient => write!(f, "the gradient"),
        }
    }
}
