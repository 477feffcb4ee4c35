//! A term of another crate, as the plan and the objective see all terms.

use std::fmt;
use std::sync::Arc;

use impasto_network::{Architecture, Engine, Size};
use serde::{Deserialize, Serialize};

use super::super::{Definition, LayerWeight, Loss, Reads, Scene, Term, WeightedLayers};
use super::OwnTerm;
use super::at_work::OwnAtWork;
use crate::SettingsError;
use crate::error::{require, require_weight};

/// A term of another crate.
#[derive(Clone, Debug)]
pub(crate) struct Own {
    pub(super) term: Arc<dyn OwnTerm>,
    pub(super) weight: f64,
    pub(super) layers: Option<WeightedLayers>,
}

impl Own {
    pub fn new(term: Arc<dyn OwnTerm>) -> Self {
        Own { weight: term.weight(), layers: term.layers(), term }
    }

    /// The name in messages and traces.
    pub fn name(&self) -> &'static str {
        self.term.name()
    }

    /// What a checkpoint knows it by.
    pub fn record(&self) -> OwnRecord {
        OwnRecord {
            name: self.name().to_owned(),
            weight: self.weight,
            layers: self.layers.clone(),
            settings: self.term.settings(),
        }
    }

    /// The term at work.
    pub fn loss<E: Engine>(&self, scene: &Scene) -> impl Loss<E> + use<E> {
        OwnAtWork::<E::Map>::new(self, scene)
    }
}

impl Definition for Own {
    fn weight(&self) -> f64 {
        self.weight
    }

    fn weight_mut(&mut self) -> &mut f64 {
        &mut self.weight
    }

    fn weighted_layers(&self) -> Option<&WeightedLayers> {
        self.layers.as_ref()
    }

    fn weighted_layers_mut(&mut self) -> Option<&mut WeightedLayers> {
        self.layers.as_mut()
    }

    fn is_absolute(&self) -> bool {
        self.term.is_absolute()
    }

    fn learns_content(&self) -> bool {
        self.term.learns_content()
    }

    fn learns_style(&self) -> bool {
        self.term.learns_style()
    }

    fn smallest_map(&self) -> usize {
        self.term.smallest_map()
    }

    fn reads(&self) -> Reads {
        self.term.reads()
    }

    fn memory_needed(&self, architecture: &Architecture, picture: Size, styles: &[Size]) -> u64 {
        let shapes = self.layers().into_iter().filter_map(|it| architecture.map_shape(it, picture).ok());
        let maps: u64 = shapes.map(|shape| 4 * shape.elements() as u64).sum();
        let converted = match (self.reads(), &self.layers) {
            // The map and its gradient, as values.
            (Reads::WholeMaps | Reads::ResampledMaps, _) => 2 * maps,
            (Reads::Sums, Some(_)) => 0,
            // The gradient of its own.
            (Reads::Sums, None) => 12 * (picture.height * picture.width) as u64,
        };
        converted + self.term.memory_needed(architecture, picture, styles)
    }

    fn validate(&self) -> Result<(), SettingsError> {
        let name = self.name();
        let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '_';
        let plain = !name.is_empty() && name.chars().all(is_plain);
        let allowed = "lower-case letters, digits and underscores";
        require(plain, "name of a term of your own", format_args!("{name:?}"), allowed)?;
        let is_free = !Term::NAMES.contains(&name);
        require(is_free, "name of a term of your own", name, "none of the program's own terms")?;
        require_weight(format!("{name} weight"), self.weight)?;
        if let Some(layers) = &self.layers {
            layers.validate(name)?;
        }
        self.term.validate()
    }
}

/// What tells a term of another crate from others, as data.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct OwnRecord {
    name: String,
    weight: f64,
    layers: Option<WeightedLayers>,
    settings: String,
}

/// `means 0.5 at relu1_1, relu2_1:0.5 shared (radius 3)`
impl fmt::Display for OwnRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.name, self.weight)?;
        if let Some(WeightedLayers { layers, shared }) = &self.layers {
            let layer = |it: &LayerWeight| match it.weight {
                1.0 => it.layer.to_string(),
                weight => format!("{}:{weight}", it.layer),
            };
            write!(f, " at {}", layers.iter().map(layer).collect::<Vec<_>>().join(", "))?;
            f.write_str(if *shared { " shared" } else { "" })?;
        }
        if self.settings.is_empty() { Ok(()) } else { write!(f, " ({})", self.settings) }
    }
}
