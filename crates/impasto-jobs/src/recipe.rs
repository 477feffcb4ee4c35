//! What a picture was made from and how: kept in its metadata and at the head of the JSON trace.

use std::borrow::Cow;
use std::fmt;

use impasto::regions::MAX_COLORS;
use impasto::{Preset, Settings, Start};
use impasto_network::{Architecture, Weights};
use serde::{Deserialize, Serialize};

use crate::basis::Basis;
use crate::files::file_name;
use crate::maps::MapRecipe;
use crate::network_choice;
use crate::order::{LONGEST_SIDE, NetworkChoices, Order, StartFrom};

/// The program and its version.
pub const PROGRAM: &str = concat!("impasto ", env!("CARGO_PKG_VERSION"));

/// Everything the picture depends on, but for the pixels of the pictures named. Files go by their names
/// alone: a picture that is handed on should not tell the folders of who made it.
///
/// Reads back to the same; a field that is not known is an error.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// `impasto` and its version.
    program: Cow<'static, str>,
    /// The preset that the settings began as; `None` if they were given without its name.
    preset: Option<Preset>,
    network: String,
    /// Where they come from.
    weights: WeightsFrom,
    /// How the network read pictures.
    convention: String,
    /// The engine and its instruction set: others differ in the last bits.
    engine: String,
    content: Option<String>,
    styles: Vec<Style>,
    /// Which parts took the style of which, if there were maps.
    maps: Option<MapRecipe>,
    /// The picture that says where the painting acts, if there was one.
    #[serde(default)]
    strength_map: Option<String>,
    /// The picture whose fine strokes were painted, if it was not a style.
    #[serde(default)]
    fine_strokes: Option<String>,
    /// The picture started from, if it was one.
    start: Option<String>,
    /// Width and height asked for, if they were, of a picture that has its shape from nothing given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sides: Option<(usize, usize)>,
    settings: Settings,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Style {
    picture: String,
    weight: f64,
}

/// Where the weights of a network are from: in words, `built in`, `installed as vgg19`, or the name of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", from = "String")]
pub enum WeightsFrom {
    /// They are part of the program.
    BuiltIn,
    /// They are installed under a name.
    Installed(String),
    /// A file of the user's.
    File(String),
}

/// What stands before the name of installed weights.
const INSTALLED_AS: &str = "installed as ";

impl WeightsFrom {
    /// Where the weights of a network are from that is asked for by its name.
    pub fn name_of(network: &Architecture) -> Self {
        match network_choice::is_built_in(network) {
            true => WeightsFrom::BuiltIn,
            false => WeightsFrom::Installed(network.name().to_owned()),
        }
    }

    /// The name that they are installed under.
    pub fn installed_as(&self) -> Option<&str> {
        match self {
            WeightsFrom::Installed(name) => Some(name),
            WeightsFrom::BuiltIn | WeightsFrom::File(_) => None,
        }
    }

    /// Where the weights are from that are asked for.
    pub fn choices(choices: &NetworkChoices) -> Self {
        match (&choices.weights, &choices.network) {
            (Some(file), _) => WeightsFrom::File(file_name(file)),
            (None, Some(network)) => WeightsFrom::name_of(network),
            (None, None) => WeightsFrom::BuiltIn,
        }
    }
}

impl fmt::Display for WeightsFrom {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            WeightsFrom::BuiltIn => write!(f, "built in"),
            WeightsFrom::Installed(name) => write!(f, "{INSTALLED_AS}{name}"),
            WeightsFrom::File(name) => write!(f, "{name}"),
        }
    }
}

impl From<WeightsFrom> for String {
    fn from(weights: WeightsFrom) -> Self {
        weights.to_string()
    }
}

impl From<String> for WeightsFrom {
    fn from(words: String) -> Self {
        match words.strip_prefix(INSTALLED_AS) {
            Some(name) => WeightsFrom::Installed(name.to_owned()),
            None if words == "built in" => WeightsFrom::BuiltIn,
            None => WeightsFrom::File(words),
        }
    }
}

impl Recipe {
    /// The recipe of a run with these weights, which are where `from` says.
    pub(crate) fn new(
        order: &Order,
        basis: &Basis,
        settings: &Settings,
        (weights, from): (&Weights, WeightsFrom),
        blend: &[f64],
        engine: String,
    ) -> Self {
        let styles = order.task.styles().iter().zip(blend);
        let sides = basis.sides(order.picture.size);
        Recipe {
            program: PROGRAM.into(),
            preset: basis.preset(),
            network: weights.architecture().name().to_owned(),
            weights: from,
            convention: weights.convention().to_string(),
            engine,
            content: order.task.content().map(file_name),
            styles: styles.map(|(path, &weight)| Style { picture: file_name(path), weight }).collect(),
            maps: None,
            strength_map: order.content.strength_map.as_deref().map(file_name),
            fine_strokes: order.picture.fine_strokes.as_deref().map(file_name),
            start: match (&order.picture.start, &settings.schedule.start) {
                (Some(StartFrom::Picture(path)), Start::Picture) => Some(file_name(path)),
                _ => None,
            },
            sides: sides.filter(|_| order.task.subject().is_none()),
            settings: settings.clone(),
        }
    }

    /// The same with what the maps say.
    pub(crate) fn with_maps(self, maps: Option<MapRecipe>) -> Self {
        Recipe { maps, ..self }
    }

    /// The network by name and where its weights are from.
    pub fn network(&self) -> String {
        format!("{} ({})", self.network, self.weights)
    }

    /// The network by name.
    pub(crate) fn network_name(&self) -> &str {
        &self.network
    }

    /// Where its weights are from.
    pub(crate) fn weights(&self) -> &WeightsFrom {
        &self.weights
    }

    /// The engine and its instruction set.
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// The preset that the settings began as, if that is known.
    pub fn preset(&self) -> Option<Preset> {
        self.preset
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The program that painted, and its version.
    pub(crate) fn program(&self) -> &str {
        &self.program
    }

    /// The name of the picture that was repainted, if there was one.
    pub(crate) fn content(&self) -> Option<&str> {
        self.content.as_deref()
    }

    /// The names of the styles.
    pub(crate) fn styles(&self) -> impl Iterator<Item = &str> {
        self.styles.iter().map(|style| style.picture.as_str())
    }

    /// The name of the picture that says where the painting acts, if there was one.
    pub(crate) fn strength_map(&self) -> Option<&str> {
        self.strength_map.as_deref()
    }

    /// The name of the picture whose fine strokes were painted, if it was not a style.
    pub(crate) fn fine_strokes(&self) -> Option<&str> {
        self.fine_strokes.as_deref()
    }

    /// Whether there was a picture to repaint.
    pub(crate) fn has_content(&self) -> bool {
        self.content.is_some()
    }

    /// The parts of the styles in the blend.
    pub fn blend(&self) -> Vec<f64> {
        self.styles.iter().map(|style| style.weight).collect()
    }

    /// What is known of the maps, if there were any.
    pub(crate) fn maps(&self) -> Option<&MapRecipe> {
        self.maps.as_ref()
    }

    /// The name of the picture started from, if it was one.
    pub(crate) fn start(&self) -> Option<&str> {
        self.start.as_deref()
    }

    /// Width and height asked for, if they were.
    pub(crate) fn sides(&self) -> Option<(usize, usize)> {
        self.sides
    }

    /// Checks the ranges of all but the settings.
    ///
    /// # Errors
    /// Names the first value that is outside its range.
    pub(crate) fn check(&self) -> Result<(), String> {
        if let Some((width, height)) = self.sides
            && [width, height].iter().any(|side| !(1..=LONGEST_SIDE).contains(side))
        {
            return Err(format!("sides are {width}x{height}, but must be 1 to {LONGEST_SIDE} each"));
        }
        if let Some(style) = self.styles.iter().find(|style| style.weight < 0.0) {
            return Err(format!("weight of {} is {}, but must be at least 0", style.picture, style.weight));
        }
        match self.maps().and_then(MapRecipe::colors) {
            Some(colors) if !(1..=MAX_COLORS).contains(&colors) => {
                Err(format!("colors of the maps is {colors}, but must be 1 to {MAX_COLORS}"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use impasto::Preset;

    use super::*;

    fn recipe() -> Recipe {
        Recipe {
            program: "impasto 0.1.0".into(),
            preset: Some(Preset::NeuralDoodle),
            network: "vgg19".to_owned(),
            weights: WeightsFrom::File("vgg19.safetensors".to_owned()),
            convention: "bgr 0..255".to_owned(),
            engine: "cpu avx2".to_owned(),
            content: None,
            styles: vec![Style { picture: "Große Welle.png".to_owned(), weight: 0.1 }],
            strength_map: None,
            fine_strokes: None,
            maps: None,
            start: Some("start.png".to_owned()),
            sides: Some((640, 480)),
            settings: Preset::NeuralDoodle.settings(),
        }
    }

    #[test]
    fn a_recipe_comes_back_as_it_was() {
        let text = serde_json::to_string(&recipe()).unwrap();
        assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), recipe());
        assert_eq!(recipe().check(), Ok(()));
    }

    #[test]
    fn sources_of_weights_are_told_apart_by_their_words() {
        for (from, words) in [
            (WeightsFrom::BuiltIn, "built in"),
            (WeightsFrom::Installed("vgg19-torch".to_owned()), "installed as vgg19-torch"),
            (WeightsFrom::File("vgg19.pth".to_owned()), "vgg19.pth"),
        ] {
            assert_eq!(serde_json::to_value(&from).unwrap(), words);
            assert_eq!(WeightsFrom::from(words.to_owned()), from);
        }
    }

    #[test]
    fn ranges_beside_the_settings_are_checked() {
        let wide = Recipe { sides: Some((640, 0)), ..recipe() };
        assert_eq!(wide.check(), Err("sides are 640x0, but must be 1 to 65536 each".to_owned()));
        let mut negative = recipe();
        negative.styles[0].weight = -1.0;
        assert!(negative.check().unwrap_err().contains("weight of Große Welle.png is -1"));
    }
}
