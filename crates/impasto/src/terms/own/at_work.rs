//! A term of another crate at work, as the objective sees all losses.

use impasto_network::{Engine, Layer, PlanarMap, Question, Size};

use super::super::{Answers, Definition, LayerWeight, Loss, MapLoss, Memory, Scene, Shown};
use super::maps::{Copies, Copying};
use super::{LayerLoss, Lesson, MapAnswers, Own, OwnLoss};

/// A loss of another crate, in front of an engine.
pub(super) struct OwnAtWork<Map> {
    term: Own,
    /// Its layers with their parts of the weight; none of a term on pixels.
    layers: Vec<LayerWeight>,
    size: Size,
    loss: Box<dyn OwnLoss>,
    /// Of the latest questions.
    asked: Vec<Layer>,
    copies: Copies<Map>,
}

impl<Map> OwnAtWork<Map> {
    pub fn new(term: &Own, scene: &Scene) -> Self {
        OwnAtWork {
            term: term.clone(),
            layers: term.layers.as_ref().map_or_else(Vec::new, |layers| layers.divide(term.weight)),
            size: scene.size,
            loss: term.term.at(scene),
            asked: Vec::new(),
            copies: Copies::default(),
        }
    }

    /// The part of its weight that a layer has.
    fn weight_at(&self, layer: Layer) -> f64 {
        let own = self.layers.iter().find(|it| it.layer == layer);
        own.unwrap_or_else(|| panic!("{layer} is not among the layers of the term {}", self.term.name()))
            .weight
    }

    /// Notes at which layers it asks.
    fn note(&mut self, questions: &[Question<PlanarMap>]) {
        self.asked = questions.iter().map(|question| question.layer).collect();
        for &layer in &self.asked {
            self.weight_at(layer);
        }
    }

    /// The lesson in what is shown, if it learns from that, and the size of the picture. It asks for no survey and no
    /// blend with the start.
    fn lesson<'s>(&self, shown: Shown<'s>) -> Option<(Lesson<'s>, Size)> {
        match shown {
            _ if self.term.layers.is_none() => None,
            Shown::Content => self.term.learns_content().then_some((Lesson::Content, self.size)),
            Shown::Style(style) => self.term.learns_style().then(|| {
                let (share, size, regions) = (style.share, style.size, style.regions);
                (Lesson::Style { share, size, regions }, size)
            }),
            Shown::Survey(_) | Shown::Start => None,
        }
    }
}

impl<E: Engine> Loss<E> for OwnAtWork<E::Map> {
    fn ask_of(&mut self, engine: &E, shown: Shown<'_>) -> Vec<Question<E::Map>> {
        let Some((lesson, size)) = self.lesson(shown) else { return Vec::new() };
        let questions = self.loss.ask_of(lesson);
        self.note(&questions);
        Copying::new(engine, size, self.term.name(), &self.copies).questions(questions).0
    }

    fn learn(&mut self, engine: &mut E, shown: Shown<'_>, answers: &mut Answers<'_>) {
        if let Some((lesson, _)) = self.lesson(shown) {
            self.loss.learn(lesson, &mut MapAnswers::new(engine, &self.asked, answers));
        }
    }

    fn ask(&mut self, engine: &E) -> Vec<Question<E::Map>> {
        if self.term.layers.is_none() {
            return Vec::new();
        }
        let questions = self.loss.ask();
        self.note(&questions);
        let copying = Copying::new(engine, self.size, self.term.name(), &self.copies);
        let (questions, copies) = copying.questions(questions);
        self.copies = copies;
        questions
    }

    fn asks_anew(&self) -> bool {
        self.loss.asks_anew()
    }

    fn on_answers(&mut self, engine: &E, answers: &mut Answers<'_>) -> Vec<MapLoss<E::Map>> {
        if self.term.layers.is_none() {
            return Vec::new();
        }
        let losses = self.loss.on_answers(&mut MapAnswers::new(engine, &self.asked, answers));
        let copying = Copying::new(engine, self.size, self.term.name(), &self.copies);
        let own = |LayerLoss { layer, value, gradients }: LayerLoss| {
            let gradients = gradients.into_iter().map(|(at, gradient)| {
                self.weight_at(at);
                (at, copying.gradient(at, gradient))
            });
            let gradients = gradients.collect();
            let weight = layer.map_or(self.term.weight, |layer| self.weight_at(layer));
            MapLoss { layer, weight, value, gradients }
        };
        losses.into_iter().map(own).collect()
    }

    fn memory(&self) -> Option<Memory> {
        self.loss.memory()
    }

    fn recall(&mut self, _engine: &E, memory: &Memory) -> Result<(), String> {
        self.loss.recall(memory)
    }

    fn on_pixels(&self, picture: &[f32], gradient: &mut [f32]) -> Option<f64> {
        if self.term.layers.is_some() {
            return None;
        }
        let mut own = vec![0.0; gradient.len()];
        let value = self.loss.on_pixels(picture, &mut own);
        let weight = self.term.weight as f32;
        gradient.iter_mut().zip(own).for_each(|(sum, value)| *sum += weight * value);
        Some(self.term.weight * value)
    }
}
