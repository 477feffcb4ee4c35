//! What a statistical term knows of the styles: a blend of statistics for each layer, or for each region at each
//! layer.
//!
//! A statistic is a vector of means over positions, such as the elements of `F Fᵀ / M`. Of several styles the target
//! is `Σ shareᵢ Tᵢ / Σ shareᵢ` over those that have the region.

use std::sync::Arc;

use impasto_network::{Architecture, Engine, Layer};

use super::guidance::Part;
use super::{Guidance, LayerWeight, Scene, StyleView};
use crate::regions::Regions;

/// Targets at all layers of a term.
pub(super) struct Targets {
    pub layers: Vec<LayerWeight>,
    /// Of each layer; of a picture with regions, empty before the first style.
    pub parts: Vec<Vec<PartTarget>>,
    guidance: Guidance,
    regions: Option<Arc<Regions>>,
}

/// What is known of one region at one layer, or of the whole map.
pub(super) struct PartTarget {
    /// The region in the picture; `None` for the whole map.
    pub part: Option<Part>,
    /// `Σ shareᵢ Tᵢ`; empty before the first style.
    sum: Vec<f64>,
    /// `Σ shareᵢ`.
    share: f64,
}

impl Targets {
    pub fn new(layers: Vec<LayerWeight>, guidance: Guidance, scene: &Scene) -> Self {
        let parts = match &scene.regions {
            None => layers.iter().map(|_| vec![PartTarget::of(None)]).collect(),
            Some(_) => Vec::new(),
        };
        Targets { layers, parts, guidance, regions: scene.regions.clone() }
    }

    /// Takes in a style, whose maps the engine holds. `statistic` is asked for that of a part of a map, or of the
    /// whole map.
    pub fn learn<E: Engine>(
        &mut self,
        engine: &E,
        style: &StyleView<'_>,
        statistic: impl Fn(&E, Layer, Option<&Part>) -> Vec<f64>,
    ) {
        let architecture = engine.architecture();
        if let (Some(regions), true) = (&self.regions, self.parts.is_empty()) {
            let parts = self.parts_of(regions, architecture).into_iter();
            self.parts = parts
                .map(|parts| parts.into_iter().map(|part| PartTarget::of(Some(part))).collect())
                .collect();
        }
        let of_style = style.regions.map(|regions| self.parts_of(regions, architecture));
        for (index, parts) in self.parts.iter_mut().enumerate() {
            let layer = self.layers[index].layer;
            if !style.strokes.are_read_at(layer) {
                continue;
            }
            for target in parts {
                let statistic = match (&target.part, &of_style) {
                    (None, _) => Some(statistic(engine, layer, None)),
                    (Some(part), Some(of_style)) => {
                        let same = of_style[index].iter().find(|other| other.region == part.region);
                        same.map(|same| statistic(engine, layer, Some(same)))
                    }
                    (Some(_), None) => None,
                };
                if let Some(statistic) = statistic {
                    target.learn(style.share, statistic);
                }
            }
        }
    }

    /// The parts of a picture with these regions, layer by layer.
    fn parts_of(&self, regions: &Regions, architecture: &Architecture) -> Vec<Vec<Part>> {
        let layers: Vec<Layer> = self.layers.iter().map(|it| it.layer).collect();
        self.guidance.parts(regions, architecture, &layers)
    }
}

impl PartTarget {
    fn of(part: Option<Part>) -> Self {
        PartTarget { part, sum: Vec::new(), share: 0.0 }
    }

    fn learn(&mut self, share: f64, statistic: Vec<f64>) {
        self.sum.resize(statistic.len(), 0.0);
        for (sum, value) in self.sum.iter_mut().zip(statistic) {
            *sum += share * value;
        }
        self.share += share;
    }

    /// The blend of the styles that have the part; `None` if none has.
    pub fn target(&self) -> Option<Vec<f64>> {
        // All styles have the whole picture, and their shares add up to 1.
        let share = if self.part.is_some() { self.share } else { 1.0 };
        (self.share > 0.0).then(|| self.sum.iter().map(|sum| sum / share).collect())
    }
}
