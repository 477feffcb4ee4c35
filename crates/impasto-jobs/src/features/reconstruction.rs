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
use impasto::{
    Observer, OptimizerSettings, Outcome, Picture, Plan, Preset, Pyramid, Settings, Start, TermLoss, Transfer,
};
use impasto_network::{Engine, Layer};

use super::{FeatureChoices, FeaturesOrder, Reconstruct};
use crate::machine;
use crate::message::Field;
use crate::refusal::Refusal;
use crate::sheet::{Sheet, Space, Tile};
use crate::words;

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

/// Runs that paint a picture again, one for each layer, and the sheet that they make.
pub struct Reconstruction {
    /// With the names of what each starts from.
    runs: Vec<(String, Transfer)>,
    plans: Vec<Plan>,
    /// The picture at its final size.
    picture: Picture,
    title: String,
}

/// Sees the runs of a series, one after another.
pub trait SeriesObserver: Observer {
    /// The run with this index is next.
    fn begin(&mut self, run: usize);
}

impl Reconstruction {
    /// Plans the runs. `about` is the start of the sheet's title.
    pub(super) fn new(
        engine: &impl Engine,
        picture: Picture,
        order: &FeaturesOrder,
        from: Reconstruct,
        layers: &[Layer],
        about: &str,
    ) -> Result<Self, Refusal> {
        let run = |count| {
            let (name, terms) = terms(from, &layers[..count]);
            let transfer = Transfer::new(settings(order, &picture, from, terms));
            (name, transfer.content(picture.clone()).style(picture.clone(), 1.0))
        };
        let runs: Vec<(String, Transfer)> = (1..=layers.len()).map(run).collect();
        let plans = runs.iter().map(|(_, transfer)| transfer.plan(engine)).collect::<Result<Vec<_>, _>>()?;
        for plan in &plans {
            machine::check_memory(plan.memory(), words![Field("size")]).map_err(|it| it.of("size"))?;
        }
        let what = match from {
            Reconstruct::Content => "painted again from the maps of one layer",
            Reconstruct::Style => "texture painted again from the Gram matrices of the layers up to one",
        };
        let title = format!("{about}, {what}, {} iterations", order.view.iterations);
        Ok(Reconstruction { runs, plans, picture, title })
    }

    /// What each run starts from, in words.
    pub fn names(&self) -> Vec<String> {
        self.runs.iter().map(|(name, _)| name.clone()).collect()
    }

    /// The plans of the runs.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// Checks that the sheet of all runs can be written to `file`, and that there is memory for it.
    ///
    /// # Errors
    /// If it is too large.
    pub fn check(&self, file: &Path) -> Result<(), Refusal> {
        let captions: Vec<String> = self.runs.iter().map(|(name, _)| caption(name, LONGEST_ERROR)).collect();
        let captions = captions.iter().map(String::as_str).chain([THE_PICTURE]);
        let (width, height) = (self.picture.width(), self.picture.height());
        let spaces: Vec<Space<'_>> = captions.map(|caption| Space { width, height, caption }).collect();
        self.sheet(self.runs.len() + 1).check(file, &spaces)
    }

    /// Paints. Returns the sheet of the picture and all its reconstructions, and whether all were finished; `None` if
    /// there are none.
    pub(super) fn run(
        &self,
        engine: &mut impl Engine,
        observer: &mut impl SeriesObserver,
    ) -> Result<Option<(Sheet, bool)>, Refusal> {
        let mut tiles = vec![Some(Tile { picture: self.picture.clone(), caption: THE_PICTURE.to_owned() })];
        for (index, (name, transfer)) in self.runs.iter().enumerate() {
            observer.begin(index);
            let Outcome { picture, trace, completed } = transfer.run_observed(engine, observer)?;
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
        let completed = tiles.len() == self.runs.len() + 1;
        let sheet = Sheet { tiles, ..self.sheet(0) };
        let sheet = Sheet { columns: sheet.tiles.len().min(COLUMNS), ..sheet };
        Ok((sheet.tiles.len() > 1).then_some((sheet, completed)))
    }

    /// A sheet that has all but its tiles, of which there will be so many.
    fn sheet(&self, tiles: usize) -> Sheet {
        Sheet { title: self.title.clone(), columns: tiles.min(COLUMNS), ..Sheet::default() }
    }
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
fn settings(order: &FeaturesOrder, picture: &Picture, from: Reconstruct, terms: Vec<Term>) -> Settings {
    let FeatureChoices { seed, iterations, .. } = order.view;
    let mut settings = Preset::Impasto.settings();
    settings.network.pooling = order.network.pooling.unwrap_or(settings.network.pooling);
    settings.terms = terms;
    if from == Reconstruct::Content {
        settings.optimizer = OptimizerSettings::lbfgs(MEMORY);
        settings.average = None;
    }
    settings.seed = seed;
    let schedule = &mut settings.schedule;
    schedule.size = picture.width().max(picture.height());
    schedule.pyramid = Pyramid::One;
    schedule.iterations = iterations as usize;
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
