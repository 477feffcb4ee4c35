//! What a statistical term knows of the styles: a blend of statistics for each layer, or for each region at each
//! layer.
//!
//! A statistic is a vector of means over positions, such as the elements of `F Fᵀ / M`. Of several styles the target
//! is `Σ shareᵢ Tᵢ / Σ shareᵢ` over those that have the region.

use std::sync::Arc;

use impasto_network::{Architecture, Layer, Question};

use super::guidance::Part;
use super::{Guidance, LayerWeight, Scene, StyleView};
use crate::regions::Regions;

/// Targets at all layers of a term.
pub(super) struct Targets {
    pub layers: Vec<LayerWeight>,
    /// Of each layer; of a picture with regions, empty before the first style.
    parts: Vec<Vec<PartTarget>>,
    guidance: Guidance,
    regions: Option<Arc<Regions>>,
    /// What has been asked of the style at hand.
    asked: Vec<Asked>,
}

/// A statistic that a style has been asked for.
struct Asked {
    /// Its places in [`Targets::parts`].
    layer: usize,
    part: usize,
    /// The positions that it is of.
    positions: f64,
}

/// What is known of one region at one layer, or of the whole map.
pub(super) struct PartTarget {
    /// The region in the picture; `None` for the whole map.
    part: Option<Part>,
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
        Targets { layers, parts, guidance, regions: scene.regions.clone(), asked: Vec::new() }
    }

    /// What is asked of a style: the `statistic` of each part of each layer's map that the style has.
    pub fn ask_of<Map>(
        &mut self,
        architecture: &Architecture,
        style: &StyleView<'_>,
        statistic: impl Fn(Layer, Option<&Part>) -> Vec<Question<Map>>,
    ) -> Vec<Question<Map>> {
        if let (Some(regions), true) = (&self.regions, self.parts.is_empty()) {
            let parts = self.parts_of(regions, architecture).into_iter();
            self.parts = parts
                .map(|parts| parts.into_iter().map(|part| PartTarget::of(Some(part))).collect())
                .collect();
        }
        let of_style = style.regions.map(|regions| self.parts_of(regions, architecture));
        self.asked = Vec::new();
        let mut questions = Vec::new();
        for (index, parts) in self.parts.iter().enumerate() {
            let layer = self.layers[index].layer;
            if !style.strokes.are_read_at(layer) {
                continue;
            }
            let positions = architecture.map_shape(layer, style.size).map_or(0, |shape| shape.positions());
            for (place, target) in parts.iter().enumerate() {
                let (part, positions) = match (&target.part, &of_style) {
                    (None, _) => (None, positions as f64),
                    (Some(part), Some(of_style)) => {
                        match of_style[index].iter().find(|other| other.region == part.region) {
                            Some(same) => (Some(same), same.positions),
                            None => continue,
                        }
                    }
                    (Some(_), None) => continue,
                };
                questions.extend(statistic(layer, part));
                self.asked.push(Asked { layer: index, part: place, positions });
            }
        }
        questions
    }

    /// Takes in a style. `mean` takes the answers to what one call of the `statistic` of [`ask_of`](Targets::ask_of)
    /// has asked, of a number of positions.
    pub fn learn(&mut self, style: &StyleView<'_>, mut mean: impl FnMut(f64) -> Vec<f64>) {
        for Asked { layer, part, positions } in std::mem::take(&mut self.asked) {
            self.parts[layer][part].learn(style.share, mean(positions));
        }
    }

    /// All that is known: each part of each layer that any style has, and the blend of the styles there.
    pub fn learnt(&self) -> impl Iterator<Item = (LayerWeight, Option<&Part>, &PartTarget)> + '_ {
        self.layers.iter().zip(&self.parts).flat_map(|(&at, parts)| {
            let known = parts.iter().filter(|part| part.share > 0.0);
            known.map(move |known| (at, known.part.as_ref(), known))
        })
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

    /// The blend of the styles that have the part, of which there must be one.
    pub fn blend(&self) -> Vec<f64> {
        // All styles have the whole picture, and their shares add up to 1.
        let share = if self.part.is_some() { self.share } else { 1.0 };
        self.sum.iter().map(|sum| sum / share).collect()
    }
}
