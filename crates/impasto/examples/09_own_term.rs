//! Adds a term of its own to those of the settings: it amplifies what a layer of the network sees in the picture
//! (Mordvintsev, Olah and Tyka, "DeepDream", 2015).
//!
//! `cargo run --release -p impasto --example 09_own_term`

use std::error::Error;
use std::sync::Arc;

use impasto::network::{CpuEngine, Layer, MapGradient, PlanarMap, Question, Statistic, Weights};
use impasto::picture::{PictureError, ReadOptions, SourcePicture, WriteOptions};
use impasto::terms::own::{LayerLoss, MapAnswers, OwnLoss, OwnTerm};
use impasto::terms::{Scene, WeightedLayers};
use impasto::{Control, Picture, Preset, Transfer};

/// loss = −mean(F²) of the map F at a layer. dloss/dF = −2 F / (C M), with C channels at M positions.
#[derive(Debug)]
struct Dream(f64, Layer);

impl OwnTerm for Dream {
    fn name(&self) -> &'static str {
        "dream"
    }

    fn weight(&self) -> f64 {
        self.0
    }

    fn layers(&self) -> Option<WeightedLayers> {
        Some(WeightedLayers::each(&[self.1]))
    }

    fn at(&self, _scene: &Scene) -> Box<dyn OwnLoss> {
        Box::new(DreamLoss(self.1))
    }
}

struct DreamLoss(Layer);

impl OwnLoss for DreamLoss {
    fn ask(&mut self) -> Vec<Question<PlanarMap>> {
        vec![Statistic::SquaredNorm { weights: None }.at(self.0)]
    }

    fn on_answers(&mut self, answers: &mut MapAnswers<'_>) -> Vec<LayerLoss> {
        let (shape, norm) = (answers.shape(self.0), answers.number());
        let (channels, elements) = (shape.channels, shape.elements() as f64);
        let slope = |index| if index % (channels + 1) == 0 { (-2.0 / elements) as f32 } else { 0.0 };
        let matrix = (0..channels * channels).map(slope).collect();
        let gradients = vec![(self.0, MapGradient::Linear { matrix, weights: None })];
        vec![LayerLoss { layer: Some(self.0), value: -norm / elements, gradients }]
    }
}

fn read(path: &str) -> Result<Picture, PictureError> {
    Ok(SourcePicture::read(path, &ReadOptions::default())?.picture)
}

/// Paints the harbour so.
pub fn main() -> Result<(), Box<dyn Error>> {
    let mut settings = Preset::Impasto.settings();
    (settings.schedule.size, settings.schedule.iterations) = (256, 30);
    let mut engine = CpuEngine::new(Weights::compact());
    let transfer = Transfer::new(settings)
        .content(read("assets/content/harbour.png")?)
        .style(read("assets/style/swirls.png")?, 1.0)
        .term(Arc::new(Dream(0.04, Layer::relu(4, 1))));
    let outcome = transfer.run(&mut engine, |_| Control::Continue)?;
    outcome.picture.write("own_term.png", None, &WriteOptions::default())?;
    Ok(())
}
