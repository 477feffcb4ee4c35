//! Settings: everything that a run depends on besides its pictures and its network, as plain data.

use impasto_network::{Architecture, ChannelOrder, Convention, Layer, NetworkOptions, Weights};
use serde::{Deserialize, Serialize};

use crate::colors;
use crate::error::require;
use crate::optimizers::{Adam, AdamOptions, Average, Lbfgs, LbfgsOptions, Optimizer};
use crate::serialize::NetworkOptionsFields;
use crate::terms::{Content, Taps, Term, TermInUse, TermSettings};
use crate::{Colors, Schedule, SettingsError};

/// A full choice of network options, terms, optimiser and schedule.
///
/// [`Preset::settings`](crate::Preset::settings) makes one; single fields are then changed at will. The
/// ranges are checked by [`validate`](Settings::validate), and again before a run.
///
/// What serialises from settings deserialises to the same. A field that the programs before it did not write has the
/// value they painted by; one that is not known is an error, since a run without it would be another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How the network reads pictures: pooling and padding.
    #[serde(with = "NetworkOptionsFields")]
    pub network: NetworkOptions,
    /// Units of the variables that the optimiser moves. They set what its learning rate and first step
    /// mean, and the weights of total variation.
    pub units: PixelUnits,
    /// What the optimiser moves.
    #[serde(default)]
    pub variables: Variables,
    /// What is minimised: the sum of these.
    pub terms: Vec<Term>,
    /// Whether the gradient of each map loss by its own layer is divided by its L1 norm + 1e-8 before it
    /// is weighted (Johnson 2015, `-normalize_gradients`). Then weights balance gradients, whatever the
    /// size of the losses.
    pub normalize_gradients: bool,
    /// What turns gradients into steps.
    pub optimizer: OptimizerSettings,
    /// Decay of the exponential average of the pictures after each step, 0 to below 1, that is the result
    /// instead of the last of them; it starts again at each size. Higher is smoother, and needs more
    /// iterations to leave the start. `None`: no average.
    pub average: Option<f64>,
    /// Whether the picture that a size starts from counts in the average as one of its steps does (Crowson 2021).
    #[serde(default)]
    pub average_counts_start: bool,
    /// Sizes, iterations and start.
    pub schedule: Schedule,
    /// Whether opposite borders of the picture meet, so that it tiles: it is read with circular padding, and
    /// its sides are multiples of the network's stride. Styles are read as [`network`](Settings::network)
    /// says.
    #[serde(default)]
    pub seamless: bool,
    /// Whose colours the result has.
    #[serde(default, alias = "original_colors", deserialize_with = "colors::of_any_version")]
    pub colors: Colors,
    /// Seed for a start from noise: the same seed, the same noise. Any number.
    pub seed: u64,
}

/// What the optimiser moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Variables {
    /// The pixels.
    #[default]
    Pixels,
    /// The coefficients of a Laplacian pyramid, from which the pixels are made (Kolkin 2022): a step moves
    /// large shapes and fine detail at once. What the optimiser has learnt does not pass from size to size.
    LaplacianPyramid {
        /// Halvings, at least 1; fewer where the picture has become one pixel.
        levels: usize,
    },
}

/// Units of the variables: pictures are 0..1, the variables `scale` times that.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum PixelUnits {
    /// 0..1. Ours.
    One,
    /// 0..255. Gatys, Keras.
    Bytes,
    /// 0..256. Torch's Lua programs, neural-style among them, multiply by 256, and feed the network that.
    Torch,
}

/// An optimiser and its settings. Learning rate and clamp are in [`PixelUnits`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "method", rename_all = "snake_case", deny_unknown_fields)]
pub enum OptimizerSettings {
    /// L-BFGS: few iterations, much memory.
    Lbfgs(LbfgsOptions),
    /// Adam: little memory, goes on smoothly from one size to the next.
    Adam(AdamOptions),
}

impl Settings {
    /// The settings of the first term of one kind, if there is one: `settings.term::<Content>()`.
    pub fn term<T: TermSettings>(&self) -> Option<&T> {
        self.terms.iter().find_map(T::of)
    }

    /// Returns it mutably.
    pub fn term_mut<T: TermSettings>(&mut self) -> Option<&mut T> {
        self.terms.iter_mut().find_map(T::of_mut)
    }

    /// Makes the style weight, that of the first style term, `ratio` times the content weight: the β/α of the papers.
    ///
    /// # Errors
    /// If there is no style term, or no content term with a weight above 0: no weight has a ratio to 0.
    /// Nothing is then changed.
    pub fn set_style_ratio(&mut self, ratio: f64) -> Result<(), SettingsError> {
        let content = self.term::<Content>().map_or(0.0, |content| content.weight);
        require(content > 0.0, "content weight", content, "above 0 for a style ratio")?;
        let missing = || SettingsError::out_of_range("style term", "missing", "there for a style ratio");
        if self.set_style_weight(ratio * content) { Ok(()) } else { Err(missing()) }
    }

    /// The convention under which these settings want a network to read pictures, given the network's
    /// own. [`fit_weights`](Settings::fit_weights) applies it, and a [`Transfer`](crate::Transfer) checks it.
    ///
    /// It is the network's own but in [`PixelUnits::Torch`], where one for 0..255 becomes 0..256.
    pub fn convention(&self, of_network: &Convention) -> Convention {
        let bytes = of_network.scale == 255.0 && of_network.order == ChannelOrder::Bgr;
        match self.units {
            PixelUnits::Torch if bytes => Convention { scale: 256.0, ..*of_network },
            _ => *of_network,
        }
    }

    /// A network as these settings want it: under their [`convention`](Settings::convention) and, where they compare
    /// activations as they are, with those of VGG-19, for which published weights are balanced, if it can have them:
    /// see [`Weights::with_activations_of_vgg19`]. VGG networks keep their weights.
    pub fn fit_weights(&self, weights: Weights) -> Weights {
        let convention = self.convention(weights.convention());
        let weights = weights.with_convention(convention);
        if self.is_absolute() { weights.with_activations_of_vgg19() } else { weights }
    }

    /// Whether any loss of feature maps depends on the size of the activations. Relative losses and cosines do not.
    pub(crate) fn is_absolute(&self) -> bool {
        self.active_terms().any(|term| term.definition().is_absolute())
    }

    /// The layers that the network is read at, shallow to deep: those of all terms that have a weight.
    pub fn layers(&self) -> Vec<Layer> {
        Taps::new(&self.active_terms().map(TermInUse::OfSettings).collect::<Vec<_>>()).picture
    }

    /// Leaves out the layers that a network lacks, and answers them, shallow to deep. A term all of whose layers are
    /// missing reads the first ReLU of the network's last block. This is for small networks and for settings
    /// that promise no published formula, which it would change.
    pub fn fit_layers(&mut self, network: &Architecture) -> Vec<Layer> {
        let missing: Vec<Layer> =
            self.layers().into_iter().filter(|&layer| !network.contains(layer)).collect();
        for term in self.terms.iter_mut().filter(|_| !missing.is_empty()) {
            if let Some(layers) = term.definition_mut().weighted_layers_mut() {
                layers.fit(network);
            }
        }
        missing
    }

    /// Checks all ranges. Layers that the network lacks are found when a run is planned.
    ///
    /// # Errors
    /// Names the first setting that is outside its range, with its value.
    pub fn validate(&self) -> Result<(), SettingsError> {
        self.validate_beside(false)
    }

    /// The same, of settings beside which there are other terms, or not.
    pub(crate) fn validate_beside(&self, other_terms: bool) -> Result<(), SettingsError> {
        for term in &self.terms {
            term.definition().validate()?;
        }
        if !other_terms && self.active_terms().next().is_none() {
            return Err(SettingsError::NoTerm);
        }
        self.optimizer.build::<()>()?;
        if let Variables::LaplacianPyramid { levels } = self.variables {
            require(levels > 0, "levels of the Laplacian pyramid", levels, "at least 1")?;
        }
        if let Some(decay) = self.average {
            require((0.0..1.0).contains(&decay), "average", decay, "at least 0 and below 1")?;
        }
        self.colors.validate()?;
        self.schedule.validate()
    }

    /// The terms that have any weight.
    pub(crate) fn active_terms(&self) -> impl Iterator<Item = &Term> {
        self.terms.iter().filter(|term| term.definition().weight() > 0.0)
    }

    /// The average of the pictures, if there is to be one.
    pub(crate) fn new_average(&self) -> Result<Option<Average>, SettingsError> {
        Ok(self.average.map(Average::new).transpose()?)
    }
}

impl PixelUnits {
    /// What the picture's 1 is in these units.
    pub fn scale(self) -> f32 {
        match self {
            PixelUnits::One => 1.0,
            PixelUnits::Bytes => 255.0,
            PixelUnits::Torch => 256.0,
        }
    }
}

impl OptimizerSettings {
    /// Adam as the systems with these units have it: learning rate 10 for pixels 0..255 or 0..256
    /// (Johnson 2015), 0.02 with second decay 0.99 (Crowson 2021) and a clamp to 0..1 for pixels 0..1.
    pub fn adam(units: PixelUnits) -> Self {
        OptimizerSettings::Adam(match units {
            PixelUnits::One => AdamOptions {
                learning_rate: 0.02,
                beta2: 0.99,
                clamp: Some((0.0, 1.0)),
                ..Default::default()
            },
            PixelUnits::Bytes | PixelUnits::Torch => {
                AdamOptions { learning_rate: 10.0, ..Default::default() }
            }
        })
    }

    /// L-BFGS by Torch's rule, which remembers `memory` steps.
    pub fn lbfgs(memory: usize) -> Self {
        OptimizerSettings::Lbfgs(LbfgsOptions { memory, ..Default::default() })
    }

    /// The same optimiser, if it is L-BFGS with another number of steps to remember.
    pub(crate) fn remembering(&self, steps: Option<usize>) -> Self {
        match (self, steps) {
            (OptimizerSettings::Lbfgs(options), Some(memory)) => {
                OptimizerSettings::Lbfgs(LbfgsOptions { memory, ..*options })
            }
            _ => self.clone(),
        }
    }

    /// An optimiser that has not stepped yet, for evaluations that can fail with `E`.
    ///
    /// # Errors
    /// If a setting is outside its range.
    pub fn build<E>(&self) -> Result<Box<dyn Optimizer<E>>, SettingsError> {
        Ok(match *self {
            OptimizerSettings::Lbfgs(options) => Box::new(Lbfgs::new(options)?),
            OptimizerSettings::Adam(options) => Box::new(Adam::new(options)?),
        })
    }
}
