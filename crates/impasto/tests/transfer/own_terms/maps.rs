//! Terms of whole and of resampled maps, as another crate would write them.

use std::sync::Arc;

use impasto::terms::own::{LayerLoss, Lesson, MapAnswers, OwnLoss, OwnTerm};
use impasto::terms::{Reads, Scene, WeightedLayers};
use impasto_network::{
    Architecture, Layer, MapGradient, MapShape, PlanarMap, Question, Resampling, Size, Statistic, Target,
};

/// How a term compares maps.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Compare {
    /// The engine does.
    Difference,
    /// It does itself, and gives whole gradients.
    Values,
}

/// The content term with the loss `Σ (F − T)²`, of whole maps.
#[derive(Debug)]
pub struct OwnContent {
    pub weight: f64,
    pub layer: Layer,
    pub compare: Compare,
}

impl OwnTerm for OwnContent {
    fn name(&self) -> &'static str {
        "own_content"
    }

    fn weight(&self) -> f64 {
        self.weight
    }

    fn layers(&self) -> Option<WeightedLayers> {
        Some(WeightedLayers::each(&[self.layer]))
    }

    fn learns_content(&self) -> bool {
        true
    }

    fn memory_needed(&self, network: &Architecture, picture: Size, _styles: &[Size]) -> u64 {
        network.map_shape(self.layer, picture).map_or(0, |shape| 4 * shape.elements() as u64)
    }

    fn reads(&self) -> Reads {
        match self.compare {
            Compare::Difference => Reads::Sums,
            Compare::Values => Reads::WholeMaps,
        }
    }

    fn at(&self, _scene: &Scene) -> Box<dyn OwnLoss> {
        Box::new(ContentLoss { layer: self.layer, compare: self.compare, target: None })
    }
}

struct ContentLoss {
    layer: Layer,
    compare: Compare,
    target: Option<Arc<Target<PlanarMap>>>,
}

impl ContentLoss {
    fn target(&self) -> Arc<Target<PlanarMap>> {
        self.target.clone().expect("all is learnt")
    }
}

impl OwnLoss for ContentLoss {
    fn ask_of(&mut self, lesson: Lesson<'_>) -> Vec<Question<PlanarMap>> {
        assert!(matches!(lesson, Lesson::Content), "it learns from the content alone");
        vec![Statistic::Target.at(self.layer)]
    }

    fn learn(&mut self, _lesson: Lesson<'_>, answers: &mut MapAnswers<'_>) {
        self.target = Some(Arc::new(Target::Full(answers.map())));
    }

    fn ask(&mut self) -> Vec<Question<PlanarMap>> {
        let statistic = match self.compare {
            Compare::Difference => Statistic::SquaredDifference { target: self.target(), weights: None },
            Compare::Values => Statistic::Map,
        };
        vec![statistic.at(self.layer)]
    }

    fn on_answers(&mut self, answers: &mut MapAnswers<'_>) -> Vec<LayerLoss> {
        let target = self.target();
        let (value, gradient) = match self.compare {
            Compare::Difference => {
                (answers.number(), MapGradient::Difference { scale: 2.0, target, weights: None })
            }
            Compare::Values => {
                let map = answers.map();
                let pairs = map.values.iter().zip(&target.full().values);
                let values: Vec<f32> = pairs.map(|(value, target)| value - target).collect();
                let value = values.iter().map(|&value| f64::from(value).powi(2)).sum();
                let gradient = Arc::new(PlanarMap { shape: map.shape, values });
                (value, MapGradient::Given { scale: 2.0, gradient })
            }
        };
        vec![LayerLoss { layer: Some(self.layer), value, gradients: vec![(self.layer, gradient)] }]
    }
}

/// `½ Σ ‖X − T‖²` of every other column of a map and of the content's, but for the constant.
#[derive(Debug)]
pub struct OwnColumns {
    pub weight: f64,
    pub layer: Layer,
    pub compare: Compare,
}

impl OwnTerm for OwnColumns {
    fn name(&self) -> &'static str {
        "own_columns"
    }

    fn weight(&self) -> f64 {
        self.weight
    }

    fn layers(&self) -> Option<WeightedLayers> {
        Some(WeightedLayers::each(&[self.layer]))
    }

    fn learns_content(&self) -> bool {
        true
    }

    fn reads(&self) -> Reads {
        Reads::ResampledMaps
    }

    fn at(&self, scene: &Scene) -> Box<dyn OwnLoss> {
        // At the first layer a map is as large as the picture.
        let resampling = Arc::new(Resampling::every((scene.size.height, scene.size.width), 2, (1, 0)));
        Box::new(ColumnsLoss { layer: self.layer, compare: self.compare, resampling, target: None })
    }
}

struct ColumnsLoss {
    layer: Layer,
    compare: Compare,
    resampling: Arc<Resampling>,
    target: Option<Arc<PlanarMap>>,
}

impl ColumnsLoss {
    fn columns(&self, shape: MapShape, values: Vec<f32>) -> Arc<PlanarMap> {
        let (height, width) = self.resampling.to();
        Arc::new(PlanarMap { shape: MapShape { height, width, ..shape }, values })
    }
}

impl OwnLoss for ColumnsLoss {
    fn ask_of(&mut self, _lesson: Lesson<'_>) -> Vec<Question<PlanarMap>> {
        vec![Statistic::Resampled { resampling: self.resampling.clone() }.at(self.layer)]
    }

    fn learn(&mut self, _lesson: Lesson<'_>, answers: &mut MapAnswers<'_>) {
        self.target = Some(self.columns(answers.shape(self.layer), answers.values()));
    }

    fn ask(&mut self) -> Vec<Question<PlanarMap>> {
        let (resampling, targets) = (self.resampling.clone(), self.target.clone().expect("all is learnt"));
        let statistic = match self.compare {
            Compare::Difference => Statistic::ResampledProducts { resampling, targets },
            Compare::Values => Statistic::Resampled { resampling },
        };
        vec![statistic.at(self.layer)]
    }

    fn on_answers(&mut self, answers: &mut MapAnswers<'_>) -> Vec<LayerLoss> {
        let (resampling, targets) = (self.resampling.clone(), self.target.clone().expect("all is learnt"));
        let (shape, values) = (answers.shape(self.layer), answers.values());
        let (value, gradient) = match self.compare {
            Compare::Difference => {
                let products = values.as_chunks::<2>().0.iter().map(|&products| products.map(f64::from));
                let factors = products.clone().map(|_| [-1.0, 1.0]).collect();
                let value = products.map(|[with_target, with_itself]| 0.5 * with_itself - with_target).sum();
                (value, MapGradient::Blended { scale: 1.0, resampling, targets, factors })
            }
            Compare::Values => {
                let pairs = values.iter().zip(&targets.values).map(|(&x, &t)| (f64::from(x), f64::from(t)));
                let value = pairs.clone().map(|(x, t)| 0.5 * x * x - x * t).sum();
                let gradient = self.columns(shape, pairs.map(|(x, t)| (x - t) as f32).collect());
                (value, MapGradient::Resampled { scale: 1.0, gradient, resampling })
            }
        };
        vec![LayerLoss { layer: Some(self.layer), value, gradients: vec![(self.layer, gradient)] }]
    }
}
