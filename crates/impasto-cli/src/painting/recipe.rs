//! What a picture was made from and how: kept in its metadata and at the head of the JSON trace.

use std::borrow::Cow;
use std::path::Path;

use impasto::{Settings, Start};
use impasto_network::{Activations, Weights};
use serde::{Deserialize, Serialize};

use super::maps::MapRecipe;
use super::request::Request;
use super::values::StartFrom;

/// Everything the picture depends on, but for the pixels of the pictures named. Files go by their names
/// alone: a picture that is handed on should not tell the folders of who made it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Recipe {
    /// `impasto` and its version.
    program: Cow<'static, str>,
    /// The preset that the settings began as.
    preset: impasto::Preset,
    network: String,
    /// Name of the weight file, or `built in`; and whether its activations were scaled.
    weights: String,
    /// How the network read pictures.
    convention: String,
    /// The engine and its instruction set: others differ in the last bits.
    engine: String,
    content: Option<String>,
    styles: Vec<Style>,
    /// Which parts took the style of which, if there were maps.
    maps: Option<MapRecipe>,
    /// The picture started from, if it was one.
    start: Option<String>,
    settings: Settings,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Style {
    picture: String,
    weight: f64,
}

impl Recipe {
    /// The recipe of a run.
    pub fn new(
        request: &Request<'_>,
        settings: &Settings,
        weights: &Weights,
        blend: &[f64],
        isa: impasto_kernels::Isa,
    ) -> Self {
        let styles = request.styles.iter().zip(blend);
        let weight_file = request.shared.network.weights.as_deref();
        let mut weights_name = weight_file.map_or_else(|| "built in".to_owned(), file_name);
        if weights.activations() == Activations::OfVgg19 {
            weights_name.push_str(", activations of VGG-19's size");
        }
        Recipe {
            program: concat!("impasto ", env!("CARGO_PKG_VERSION")).into(),
            preset: request.shared.picture.preset,
            network: weights.architecture().name().to_owned(),
            weights: weights_name,
            convention: weights.convention().to_string(),
            engine: format!("cpu {isa}"),
            content: request.content.map(file_name),
            styles: styles.map(|(path, &weight)| Style { picture: file_name(path), weight }).collect(),
            maps: None,
            start: match (&request.shared.picture.start, &settings.schedule.start) {
                (Some(StartFrom::Picture(path)), Start::Picture) => Some(file_name(path)),
                _ => None,
            },
            settings: settings.clone(),
        }
    }

    /// The same with what the maps say.
    pub fn with_maps(self, maps: Option<MapRecipe>) -> Self {
        Recipe { maps, ..self }
    }

    /// The network by name and where its weights are from.
    pub fn network(&self) -> String {
        format!("{} ({})", self.network, self.weights)
    }

    /// The engine and its instruction set.
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }
}

/// The name of a file without its folder.
pub fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use impasto::Preset;

    use super::*;

    fn recipe() -> Recipe {
        Recipe {
            program: "impasto 0.1.0".into(),
            preset: Preset::NeuralDoodle,
            network: "vgg19".to_owned(),
            weights: "vgg19.safetensors".to_owned(),
            convention: "bgr 0..255".to_owned(),
            engine: "cpu avx2".to_owned(),
            content: None,
            styles: vec![Style { picture: "Große Welle.png".to_owned(), weight: 0.1 }],
            maps: None,
            start: Some("start.png".to_owned()),
            settings: Preset::NeuralDoodle.settings(),
        }
    }

    #[test]
    fn a_recipe_comes_back_as_it_was() {
        let text = serde_json::to_string(&recipe()).unwrap();
        assert_eq!(serde_json::from_str::<Recipe>(&text).unwrap(), recipe());
    }
}
