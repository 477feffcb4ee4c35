//! The style terms of settings: which of the terms that learn from style pictures there are, and what they
//! all have, a weight and layers.

use crate::presets::{STYLE_LAYERS, impasto};
use crate::terms::{
    Content, ContentLoss, Gram, GramLoss, Guidance, Moments, MomentsLoss, Nearest, Patches, Term,
    TermSettings, WeightedLayers,
};
use crate::{OptimizerSettings, Preset, Settings, Start, StyleFit};

/// Weights of a relative content loss beside each method. Patches take hold of whole pieces of the content, where
/// statistics take its colours and strokes, and need more resistance; a Gram matrix's loss is of fourth order, and
/// small sooner.
const CONTENT_BESIDE_GRAM: f64 = 0.1;
const CONTENT_BESIDE_MOMENTS: f64 = 0.12;
const CONTENT_BESIDE_PATCHES: f64 = 0.8;

/// Iterations of the last stage of nearest columns, in which layers split. The program has 200, at 512 pixels; after a
/// few the picture hardly changes.
const SPLITTING_ITERATIONS: usize = 15;

/// Length of the steps of nearest columns, over the published one, which is for more of them.
const STEP_OF_NEAREST: f64 = 2.0;

/// What makes a picture like a style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StyleMethod {
    /// The Gram matrices of its maps: [`Gram`].
    Gram,
    /// The means and covariances of its maps: [`Moments`].
    Moments,
    /// The patches of its maps: [`Patches`].
    Patches,
    /// The columns of its maps: [`Nearest`].
    Nearest,
}

impl StyleMethod {
    /// The method of a term; `None` if it is of none of these kinds.
    fn of(term: &Term) -> Option<Self> {
        let kinds = [
            (Gram::of(term).is_some(), StyleMethod::Gram),
            (Moments::of(term).is_some(), StyleMethod::Moments),
            (Patches::of(term).is_some(), StyleMethod::Patches),
            (Nearest::of(term).is_some(), StyleMethod::Nearest),
        ];
        kinds.into_iter().find_map(|(is, method)| is.then_some(method))
    }

    /// The term with its defaults, whose losses are relative.
    fn term(self) -> Term {
        match self {
            StyleMethod::Gram => Gram {
                weight: 1.0,
                layers: WeightedLayers::sharing(&STYLE_LAYERS),
                loss: GramLoss::Relative,
                guidance: Guidance::default(),
            }
            .into(),
            StyleMethod::Moments => Moments {
                weight: 1.0,
                layers: impasto::style_layers(),
                loss: MomentsLoss::Relative,
                directions: Some(64),
                guidance: Guidance::default(),
            }
            .into(),
            StyleMethod::Patches => Patches { match_every: 5, ..Patches::default() }.into(),
            StyleMethod::Nearest => Nearest::default().into(),
        }
    }

    /// Changes what else depends on the method in settings that were for another.
    fn fit(self, settings: &mut Settings) {
        let content = settings.term_mut::<Content>().filter(|it| it.loss == ContentLoss::Relative);
        if let Some(content) = content {
            content.weight = match self {
                StyleMethod::Gram => CONTENT_BESIDE_GRAM,
                StyleMethod::Moments => CONTENT_BESIDE_MOMENTS,
                StyleMethod::Patches => CONTENT_BESIDE_PATCHES,
                // The content has its say when columns are matched.
                StyleMethod::Nearest => 0.0,
            };
        }
        let by_statistics = matches!(self, StyleMethod::Gram | StyleMethod::Moments);
        if settings.schedule.style_fit == StyleFit::Strokes && !by_statistics {
            // Pieces of an enlarged style would be blurred.
            settings.schedule.style_fit = StyleFit::Shrink;
        }
        settings.schedule.refinement = None;
        if self == StyleMethod::Nearest {
            let published = Preset::Nnst.settings();
            settings.variables = published.variables;
            settings.optimizer = published.optimizer;
            if let OptimizerSettings::Adam(options) = &mut settings.optimizer {
                options.learning_rate *= STEP_OF_NEAREST * f64::from(settings.units.scale());
            }
            settings.average = published.average;
            settings.schedule.pyramid = published.schedule.pyramid;
            settings.schedule.refinement = Some(SPLITTING_ITERATIONS);
            if settings.schedule.start == Start::Content {
                settings.schedule.start = published.schedule.start;
            }
        }
    }
}

impl Settings {
    /// Makes the style act by one method alone: its term takes the place of all style terms. It is the one
    /// that is there already, unchanged, or else has its defaults, and then other settings change with it:
    /// beside patches a relative content loss weighs more; nearest columns take the variables, optimiser, sizes
    /// and start of [`Preset::Nnst`], and no content loss. Weights of presets with other losses may have to be
    /// balanced anew.
    pub fn set_method(&mut self, method: StyleMethod) {
        let place = self.terms.iter().position(Term::learns_style);
        let own = self.terms.iter().find(|term| StyleMethod::of(term) == Some(method)).cloned();
        self.terms.retain(|term| !term.learns_style());
        let is_new = own.is_none();
        self.terms.insert(place.unwrap_or(self.terms.len()), own.unwrap_or_else(|| method.term()));
        if is_new {
            method.fit(self);
        }
    }

    /// Gives the first style term this weight, and all others weights in the proportion that they had to it.
    /// False if there is no style term.
    pub fn set_style_weight(&mut self, weight: f64) -> bool {
        let styles = self.terms.iter_mut().filter(|term| term.learns_style());
        let mut weights = styles.map(|term| term.definition_mut().weight_mut());
        let Some(first) = weights.next() else { return false };
        let factor = if *first > 0.0 { weight / *first } else { 1.0 };
        *first = weight;
        weights.for_each(|other| *other *= factor);
        true
    }

    /// The layers of the first style term that reads the network, of whatever method.
    pub fn style_layers_mut(&mut self) -> Option<&mut WeightedLayers> {
        let mut styles = self.terms.iter_mut().filter(|term| term.learns_style());
        styles.find_map(|term| term.definition_mut().weighted_layers_mut())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn methods(settings: &Settings) -> Vec<StyleMethod> {
        settings.terms.iter().filter_map(StyleMethod::of).collect()
    }

    #[test]
    fn a_method_takes_the_place_of_all_others() {
        let mut settings = Preset::Impasto.settings();
        let (before, count) = (settings.clone(), settings.terms.len());
        settings.set_method(StyleMethod::Moments);
        assert_eq!(settings, before);
        for method in [StyleMethod::Gram, StyleMethod::Patches, StyleMethod::Nearest, StyleMethod::Moments] {
            settings.set_method(method);
            assert_eq!((methods(&settings), settings.terms.len()), (vec![method], count));
            assert_eq!(settings.validate(), Ok(()));
        }
        let mut both = Preset::Doodle.settings();
        let patches = both.term::<Patches>().cloned();
        both.set_method(StyleMethod::Patches);
        assert_eq!((methods(&both), both.term().cloned()), (vec![StyleMethod::Patches], patches));
    }

    #[test]
    fn what_depends_on_the_method_changes_with_it() {
        let content = |settings: &Settings| settings.term::<Content>().map(|it| it.weight);
        let mut settings = Preset::Impasto.settings();
        settings.set_method(StyleMethod::Patches);
        assert_eq!(content(&settings), Some(CONTENT_BESIDE_PATCHES));
        let mut settings = Preset::Impasto.settings();
        settings.set_method(StyleMethod::Nearest);
        let published = Preset::Nnst.settings();
        assert_eq!(content(&settings), Some(0.0));
        assert_eq!(settings.variables, published.variables);
        assert_eq!(settings.schedule.start, published.schedule.start);
        settings.set_method(StyleMethod::Gram);
        assert_eq!(settings.schedule.refinement, None, "nothing is left for it to refine");
        // A start from noise stays one, and so do weights of other losses.
        let mut settings = Preset::NeuralStyle.settings();
        let before = (content(&settings), settings.schedule.start.clone());
        settings.set_method(StyleMethod::Nearest);
        assert_eq!((content(&settings), settings.schedule.start), before);
    }

    #[test]
    fn style_terms_keep_their_proportion() {
        let mut settings = Preset::Doodle.settings();
        let weights = |settings: &Settings| {
            (settings.term::<Gram>().map(|it| it.weight), settings.term::<Patches>().map(|it| it.weight))
        };
        assert_eq!(weights(&settings), (Some(1.0), Some(0.5)));
        assert!(settings.set_style_weight(4.0));
        assert_eq!(weights(&settings), (Some(4.0), Some(2.0)));
        let content = settings.term::<Content>().map(|it| it.weight).unwrap();
        settings.set_style_ratio(50.0).unwrap();
        assert_eq!(weights(&settings).0, Some(50.0 * content));
    }

    #[test]
    fn settings_without_a_style_get_one() {
        let mut settings = Preset::Impasto.settings();
        settings.terms.retain(|term| StyleMethod::of(term).is_none());
        assert!(!settings.set_style_weight(1.0) && settings.style_layers_mut().is_none());
        settings.set_method(StyleMethod::Patches);
        assert_eq!(methods(&settings), [StyleMethod::Patches]);
    }
}
