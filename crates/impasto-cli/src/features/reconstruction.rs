//! Pictures painted again from what a network holds of one (Gatys, Ecker and Bethge 2015, figure 1; Mahendran
//! and Vedaldi 2015).
//!
//! From noise, the distance of the feature maps of one layer is minimised, or that of the Gram matrices of all
//! layers up to it: what looks the same to the layer, and nothing of what it has lost.

use std::path::Path;

use impasto::picture::Filter;
use impasto::terms::{
    Content, ContentLoss, Gram, GramLoss, Guidance, Term, TotalVariation, VariationLoss, WeightedLayers,
};
use impasto::{OptimizerSettings, Outcome, Picture, Preset, Pyramid, Settings, Start, TermLoss, Transfer};
use impasto_network::{CpuEngine, Layer};

use super::arguments::{FeaturesArguments, Reconstruct};
use crate::failure::Failure;
use crate::machine;
use crate::series::Series;
use crate::sheet::{Sheet, Space, Tile};

/// Tiles of a row.
const COLUMNS: usize = 6;

/// What stands below the first tile.
const THE_PICTURE: &str = "the picture";

/// What [`percent`] has at its longest.
const LONGEST_ERROR: &str = "<0.01 %";

/// Total variation beside a relative loss: enough to take out the noise that no layer sees, too little to blur
/// what the first layers hold.
const SMOOTHNESS: f64 = 0.02;

/// Steps that L-BFGS remembers.
const MEMORY: usize = 20;

/// The sheet of the picture and all its reconstructions, and whether all were finished. `picture` is at its
/// final size. `None` if there are none.
///
/// # Errors
/// If a run cannot be made, or diverges, or `file` cannot hold the sheet.
pub fn sheet(
    engine: &mut CpuEngine,
    picture: &Picture,
    arguments: &FeaturesArguments,
    from: Reconstruct,
    layers: &[Layer],
    about: &str,
    file: &Path,
) -> Result<Option<(Sheet, bool)>, Failure> {
    let runs: Vec<(String, Transfer)> = (1..=layers.len())
        .map(|count| {
            let (name, terms) = terms(from, &layers[..count]);
            let transfer = Transfer::new(settings(arguments, picture, from, terms));
            let transfer = transfer.content(picture.clone()).style(picture.clone(), 1.0);
            (name, transfer)
        })
        .collect();
    let plans = runs.iter().map(|(_, transfer)| transfer.plan(engine)).collect::<Result<Vec<_>, _>>()?;
    for plan in &plans {
        machine::check_memory(plan.memory(), "--size")?;
    }
    let what = match from {
        Reconstruct::Content => "painted again from the maps of one layer",
        Reconstruct::Style => "texture painted again from the Gram matrices of the layers up to one",
    };
    let title = format!("{about}, {what}, {} iterations", arguments.iterations);
    let sheet = Sheet { title, columns: (runs.len() + 1).min(COLUMNS), ..Sheet::default() };
    let captions: Vec<String> = runs.iter().map(|(name, _)| caption(name, LONGEST_ERROR)).collect();
    let captions = captions.iter().map(String::as_str).chain([THE_PICTURE]);
    let (width, height) = (picture.width(), picture.height());
    let spaces: Vec<Space<'_>> = captions.map(|caption| Space { width, height, caption }).collect();
    sheet.check(file, &spaces)?;
    let names: Vec<String> = runs.iter().map(|(name, _)| name.clone()).collect();
    let mut series = Series::new(arguments.quiet, names, &plans);
    let mut tiles = vec![Some(Tile { picture: picture.clone(), caption: THE_PICTURE.to_owned() })];
    for (index, (name, transfer)) in runs.iter().enumerate() {
        series.begin(index);
        let Outcome { picture, trace, completed } = transfer.run_observed(engine, &mut series)?;
        if !completed {
            break;
        }
        // Those of layers: total variation has none.
        let of_layers = |losses: &[TermLoss]| -> f64 {
            losses.iter().filter(|loss| loss.layer.is_some()).map(|loss| loss.loss).sum()
        };
        let caption = trace
            .evaluations
            .last()
            .map_or_else(|| name.clone(), |last| caption(name, &percent(of_layers(&last.losses))));
        tiles.push(Some(Tile { picture, caption }));
    }
    series.finish();
    let completed = tiles.len() == layers.len() + 1;
    let sheet = Sheet { columns: tiles.len().min(COLUMNS), tiles, ..sheet };
    Ok((sheet.tiles.len() > 1).then_some((sheet, completed)))
}

/// What is minimised for the last of these layers, and what it is called. The losses are parts of the energy
/// of the picture's own maps or matrices.
fn terms(from: Reconstruct, layers: &[Layer]) -> (String, Vec<Term>) {
    let last = layers[layers.len() - 1];
    let smooth = TotalVariation { weight: SMOOTHNESS, loss: VariationLoss::MeanSquares };
    match from {
        Reconstruct::Content => {
            let layers = WeightedLayers::sharing(&[last]);
            let content = Content { weight: 1.0, layers, loss: ContentLoss::Relative };
            (last.to_string(), vec![content.into(), smooth.into()])
        }
        Reconstruct::Style => {
            let name = if layers.len() == 1 { last.to_string() } else { format!("up to {last}") };
            let gram = Gram {
                weight: 1.0,
                layers: WeightedLayers::sharing(layers),
                loss: GramLoss::Relative,
                guidance: Guidance::default(),
            };
            (name, vec![gram.into(), smooth.into()])
        }
    }
}

/// One size, from noise. The maps of a layer are met closest by L-BFGS. Gram matrices, of the fourth degree in
/// the picture, make its steps without a line search go astray, so styles are left to the preset's Adam: on a
/// painting at 160 pixels it came to 0.3 % of their energy where L-BFGS stayed above 18 %.
fn settings(
    arguments: &FeaturesArguments,
    picture: &Picture,
    from: Reconstruct,
    terms: Vec<Term>,
) -> Settings {
    let mut settings = Preset::Impasto.settings();
    settings.network.pooling = arguments.network.pooling.unwrap_or(settings.network.pooling);
    settings.terms = terms;
    if from == Reconstruct::Content {
        settings.optimizer = OptimizerSettings::lbfgs(MEMORY);
        settings.average = None;
    }
    settings.seed = arguments.seed;
    let schedule = &mut settings.schedule;
    schedule.size = picture.width().max(picture.height());
    schedule.pyramid = Pyramid::One;
    schedule.iterations = arguments.iterations as usize;
    schedule.start = Start::NormalNoise { mean: [0.5; 3], deviation: 0.1 };
    schedule.filter = Filter::Lanczos3;
    settings
}

/// What stands below a reconstruction.
fn caption(name: &str, error: &str) -> String {
    format!("{name}, error {error}")
}

/// A part of one in words.
fn percent(part: f64) -> String {
    match 100.0 * part {
        percent @ 10.0.. => format!("{percent:.0} %"),
        percent @ 0.1.. => format!("{percent:.1} %"),
        percent @ 0.01.. => format!("{percent:.2} %"),
        _ => LONGEST_ERROR.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_said_in_percent() {
        assert_eq!([0.5, 0.0123, 0.00012, 0.0].map(percent), ["50 %", "1.2 %", "0.01 %", "<0.01 %"]);
    }
}
