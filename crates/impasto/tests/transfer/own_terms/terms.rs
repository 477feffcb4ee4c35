//! Terms of sums over positions and of pixels, as another crate would write them.

use impasto::SettingsError;
use impasto::terms::own::{LayerLoss, Lesson, MapAnswers, OwnLoss, OwnTerm};
use impasto::terms::{LayerWeight, Memory, Scene, WeightedLayers};
use impasto_network::{Layer, MapGradient, MapShape, PlanarMap, Question, Statistic};

/// The Gram term with the loss of Gatys, Ecker and Bethge (2015), operation by operation as this crate has it.
#[derive(Clone, Debug)]
pub struct OwnGram {
    pub name: &'static str,
    pub weight: f64,
    pub layers: WeightedLayers,
    /// What a checkpoint knows of it.
    pub settings: &'static str,
}

impl OwnGram {
    pub fn new(weight: f64, layers: WeightedLayers) -> Self {
        OwnGram { name: "own_gram", weight, layers, settings: "" }
    }
}

impl OwnTerm for OwnGram {
    fn name(&self) -> &'static str {
        self.name
    }

    fn weight(&self) -> f64 {
        self.weight
    }

    fn layers(&self) -> Option<WeightedLayers> {
        Some(self.layers.clone())
    }

    fn settings(&self) -> String {
        self.settings.to_owned()
    }

    fn is_absolute(&self) -> bool {
        true
    }

    fn learns_style(&self) -> bool {
        true
    }

    fn at(&self, _scene: &Scene) -> Box<dyn OwnLoss> {
        let layers: Vec<Layer> = self.layers.layers.iter().map(|it| it.layer).collect();
        Box::new(GramLoss { targets: vec![Vec::new(); layers.len()], layers })
    }
}

struct GramLoss {
    layers: Vec<Layer>,
    targets: Vec<Vec<f64>>,
}

fn mean(answers: &mut MapAnswers<'_>, shape: MapShape) -> Vec<f64> {
    answers.sums().into_iter().map(|sum| sum / shape.positions() as f64).collect()
}

impl OwnLoss for GramLoss {
    fn ask_of(&mut self, _lesson: Lesson<'_>) -> Vec<Question<PlanarMap>> {
        self.ask()
    }

    fn learn(&mut self, lesson: Lesson<'_>, answers: &mut MapAnswers<'_>) {
        let Lesson::Style { share, .. } = lesson else { panic!("it learns from styles alone") };
        for (&layer, target) in self.layers.iter().zip(&mut self.targets) {
            let mean = mean(answers, answers.shape(layer));
            target.resize(mean.len(), 0.0);
            target.iter_mut().zip(mean).for_each(|(sum, value)| *sum += share * value);
        }
    }

    fn ask(&mut self) -> Vec<Question<PlanarMap>> {
        self.layers.iter().map(|&layer| Statistic::Gram { weights: None }.at(layer)).collect()
    }

    fn on_answers(&mut self, answers: &mut MapAnswers<'_>) -> Vec<LayerLoss> {
        let loss = |(&layer, target): (&Layer, &Vec<f64>)| {
            let shape = answers.shape(layer);
            let mean = mean(answers, shape);
            let difference: Vec<f64> =
                mean.iter().zip(target).map(|(value, target)| value - target).collect();
            let factor = 0.25 / (shape.channels as f64).powi(2);
            let slope = 4.0 * factor / shape.positions() as f64;
            let matrix = difference.iter().map(|value| (slope * value) as f32).collect();
            LayerLoss {
                layer: Some(layer),
                value: factor * difference.iter().map(|value| value * value).sum::<f64>(),
                gradients: vec![(layer, MapGradient::Linear { matrix, weights: None })],
            }
        };
        self.layers.iter().zip(&self.targets).map(loss).collect()
    }
}

/// `½ Σ` of the squared differences of neighbouring pixels, on the pixels.
#[derive(Debug)]
pub struct OwnVariation(pub f64);

impl OwnTerm for OwnVariation {
    fn name(&self) -> &'static str {
        "own_variation"
    }

    fn weight(&self) -> f64 {
        self.0
    }

    fn at(&self, scene: &Scene) -> Box<dyn OwnLoss> {
        Box::new(VariationLoss(scene.clone()))
    }
}

struct VariationLoss(Scene);

impl OwnLoss for VariationLoss {
    fn on_pixels(&self, picture: &[f32], gradient: &mut [f32]) -> f64 {
        let (width, area) = (self.0.size.width, self.0.pixel_scale.powi(2));
        let mut loss = 0.0;
        for index in (0..picture.len()).filter(|index| index % width + 1 < width) {
            let difference = f64::from(picture[index + 1]) - f64::from(picture[index]);
            loss += 0.5 * area * difference * difference;
            gradient[index + 1] += (area * difference) as f32;
            gradient[index] -= (area * difference) as f32;
        }
        loss
    }
}

/// The mean of the map's squares at one of two places of a layer, by turns: which one, it remembers.
#[derive(Debug)]
pub struct Alternating {
    pub weight: f64,
    pub layers: [LayerWeight; 2],
    /// The most evaluations that it may remember.
    pub limit: u64,
}

impl OwnTerm for Alternating {
    fn name(&self) -> &'static str {
        "alternating"
    }

    fn weight(&self) -> f64 {
        self.weight
    }

    fn layers(&self) -> Option<WeightedLayers> {
        Some(WeightedLayers { layers: self.layers.to_vec(), shared: true })
    }

    fn validate(&self) -> Result<(), SettingsError> {
        if self.limit > 0 {
            return Ok(());
        }
        let (field, value, allowed) = ("alternating limit".into(), self.limit.to_string(), "at least 1");
        Err(SettingsError::OutOfRange { field, value, allowed })
    }

    fn at(&self, _scene: &Scene) -> Box<dyn OwnLoss> {
        let layers = self.layers.map(|it| it.layer);
        Box::new(AlternatingLoss { layers, evaluations: 0, limit: self.limit, latest: 0.0 })
    }
}

struct AlternatingLoss {
    layers: [Layer; 2],
    evaluations: u64,
    limit: u64,
    /// Its loss before, which the next is relative to.
    latest: f32,
}

impl OwnLoss for AlternatingLoss {
    fn ask(&mut self) -> Vec<Question<PlanarMap>> {
        // The layers stay the same; what is asked of them does not.
        let turn = (self.evaluations % 2) as usize;
        let norm = Statistic::SquaredNorm { weights: None }.at(self.layers[turn]);
        vec![norm, Statistic::Sums { weights: None }.at(self.layers[1 - turn])]
    }

    fn asks_anew(&self) -> bool {
        true
    }

    fn on_answers(&mut self, answers: &mut MapAnswers<'_>) -> Vec<LayerLoss> {
        let layer = self.layers[(self.evaluations % 2) as usize];
        let shape = answers.shape(layer);
        let value = answers.number() / shape.elements() as f64 / (1.0 + f64::from(self.latest));
        let slope = 2.0 / shape.elements() as f64 / (1.0 + f64::from(self.latest));
        let diagonal = |index| if index % (shape.channels + 1) == 0 { slope as f32 } else { 0.0 };
        let matrix = (0..shape.channels * shape.channels).map(diagonal).collect();
        (self.evaluations, self.latest) = (self.evaluations + 1, value as f32);
        let gradients = vec![(layer, MapGradient::Linear { matrix, weights: None })];
        vec![LayerLoss { layer: None, value, gradients }]
    }

    fn memory(&self) -> Option<Memory> {
        Some(Memory { evaluations: self.evaluations, values: vec![vec![self.latest]], ..Memory::default() })
    }

    fn recall(&mut self, memory: &Memory) -> Result<(), String> {
        if memory.evaluations > self.limit {
            return Err(format!("{} evaluations", memory.evaluations));
        }
        let [values] = &memory.values[..] else { return Err("no latest loss".to_owned()) };
        (self.evaluations, self.latest) = (memory.evaluations, values[0]);
        Ok(())
    }
}
