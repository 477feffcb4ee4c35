//! What a picture was made from and how: kept in its metadata and at the head of the JSON trace.

use std::path::Path;

use impasto::{Settings, Start};
use impasto_network::Weights;
use serde::Serialize;

use super::maps::MapRecipe;
use super::request::Request;
use super::values::StartFrom;

/// Everything the picture depends on, but for the pixels of the pictures named. Files go by their names
/// alone: a picture that is handed on should not tell the folders of who made it.
#[derive(Clone, Debug, Serialize)]
pub struct Recipe {
    /// `impasto` and its version.
    program: &'static str,
    /// The preset that the settings began as.
    preset: impasto::Preset,
    network: String,
    /// Name of the weight file, or `built in`.
    weights: String,
    /// How the network read pictures.
    convention: String,
    /// The engine and its instruction set: others differ in the last bits.
    engine: String,
    content: Option<String>,
    styles: Vec<Style>,
    /// Which parts took the style of which, if there were maps.
    maps: Option<MapRecipe>,
    /// The picture that says where the painting acts, if there was one.
    strength_map: Option<String>,
    /// The picture started from, if it was one.
    start: Option<String>,
    settings: Settings,
}

#[derive(Clone, Debug, Serialize)]
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
        Recipe {
            program: concat!("impasto ", env!("CARGO_PKG_VERSION")),
            preset: request.shared.picture.preset,
            network: weights.architecture().name().to_owned(),
            weights: weight_file.map_or_else(|| "built in".to_owned(), file_name),
            convention: weights.convention().to_string(),
            engine: format!("cpu {isa}"),
            content: request.content.map(file_name),
            styles: styles.map(|(path, &weight)| Style { picture: file_name(path), weight }).collect(),
            maps: None,
            strength_map: request.strength_map().map(file_name),
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
