//! What the patch term remembers from one evaluation to the next, for a checkpoint.

use impasto_network::{Engine, PatchMatches, PatchOptions};

use super::distance::PatchLayer;
use crate::terms::Memory;

/// Scores are below this: cosines, and those of guides times their weight.
const MOST_SCORE: f32 = 1e9;

/// What a layer remembers.
pub(super) struct Found {
    /// The last matches.
    pub matches: PatchMatches,
    /// The best score of each source patch; empty without variety.
    pub history: Vec<f32>,
}

/// The memory after so many evaluations. Of each layer one list of indices, the patches that match those of the
/// picture, and two of values, the scores of these matches and the best score of each source patch.
pub(super) fn of<E: Engine>(evaluations: usize, layers: &[PatchLayer<E>]) -> Memory {
    let matches = |layer: &PatchLayer<E>| match &layer.matched {
        Some(matched) => (matched.matches.patches.clone(), matched.matches.scores.clone()),
        None => (Vec::new(), Vec::new()),
    };
    let (indices, scores): (Vec<_>, Vec<_>) = layers.iter().map(matches).unzip();
    let of_layers = scores.into_iter().zip(layers);
    let values = of_layers.flat_map(|(scores, layer)| [scores, layer.history.clone()]).collect();
    Memory { evaluations: evaluations as u64, indices, values }
}

/// What each layer remembers. The engine is prepared for the picture, and all styles are learnt but not yet matched.
pub(super) fn read<E: Engine>(
    engine: &E,
    options: PatchOptions,
    layers: &[PatchLayer<E>],
    memory: &Memory,
) -> Result<Vec<Found>, String> {
    let Memory { evaluations, indices, values } = memory;
    if *evaluations == 0 || u32::try_from(*evaluations).is_err() {
        return Err(format!("{evaluations} evaluations"));
    }
    if indices.len() != layers.len() || values.len() != 2 * layers.len() {
        return Err(format!("matches of {} layers, not {}", indices.len(), layers.len()));
    }
    let mut found = Vec::new();
    for ((layer, patches), values) in layers.iter().zip(indices).zip(values.chunks_exact(2)) {
        let [scores, history] = values else { return Err("half of the scores".to_owned()) };
        let (at, shape, sources) = (layer.at.layer, engine.shape(layer.at.layer), layer.visibility.len());
        let [height, width] = [shape.height, shape.width].map(|side| options.query_starts(side).len());
        if patches.len() != height * width || scores.len() != patches.len() {
            return Err(format!("{} matches at {at}, not {}", patches.len(), height * width));
        }
        if let Some(patch) = patches.iter().find(|&&patch| patch as usize >= sources) {
            return Err(format!("patch {patch} of {sources} at {at}"));
        }
        if !history.is_empty() && history.len() != sources {
            return Err(format!("scores of {} patches at {at}, not {sources}", history.len()));
        }
        if let Some(score) = history.iter().find(|score| score.is_nan() || **score >= MOST_SCORE) {
            return Err(format!("a score of {score} at {at}"));
        }
        let (patches, scores) = (patches.clone(), scores.clone());
        let matches = PatchMatches { height, width, patches, scores };
        found.push(Found { matches, history: history.clone() });
    }
    Ok(found)
}
