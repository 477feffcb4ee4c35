//! Strength: one number for how far a painting goes, the same for every method and network.
//!
//! The objective balances a style against a content. With strength s the weights of the content become
//!
//! ```text
//! content weight · ((1 − s) / s)²
//! ```
//!
//! so 1/2 leaves settings as they are, 1 leaves the content out but for the start, and towards 0 the content
//! rules. At 0 the style is left out instead, and the photograph comes back unchanged. Nearest columns have no
//! content loss: there the blend whose columns are matched moves from the content to the painting, and below 1/2 a
//! content loss comes in besides.

use crate::error::require;
use crate::terms::{Content, Nearest, Term, TermSettings};
use crate::{Pyramid, Settings, SettingsError, Start};

/// Weight of the relative content loss that nearest columns get at a strength of 1/4.
const CONTENT_BESIDE_NEAREST: f64 = 0.5;

impl Settings {
    /// Sets how far the painting goes from the content picture to the style: `strength` 0..=1, 0 the photograph
    /// itself, 1 nearly only the style. 0.5 leaves the settings as they are, and every call goes on from what is
    /// there.
    ///
    /// # Errors
    /// If `strength` is outside its range, or there is no term that keeps content. Nothing is then changed.
    pub fn set_strength(&mut self, strength: f64) -> Result<(), SettingsError> {
        require((0.0..=1.0).contains(&strength), "strength", strength, "0 to 1")?;
        let keeps =
            |term: &Term| Nearest::of(term).is_some() || Content::of(term).is_some_and(|it| it.weight > 0.0);
        if !self.terms.iter().any(keeps) {
            return Err(SettingsError::out_of_range("content term", "missing", "there for a strength"));
        }
        if strength == 0.0 {
            self.keep_photograph();
            return Ok(());
        }
        let factor = ((1.0 - strength) / strength).powi(2);
        let nearest = self.term_mut::<Nearest>().filter(|it| it.weight > 0.0);
        let by_matching = nearest.map(|it| {
            let share = f64::from(it.start_share);
            let share = match strength {
                below if below < 0.5 => 2.0 * strength * share,
                above => share + (1.0 - share) * (2.0 * above - 1.0),
            };
            it.start_share = share as f32;
        });
        let contents = self.terms.iter_mut().filter_map(Content::of_mut);
        for content in contents {
            match by_matching {
                // The factor is 9 at 1/4.
                Some(()) if content.weight == 0.0 => {
                    content.weight = CONTENT_BESIDE_NEAREST * (factor - 1.0).max(0.0) / 8.0;
                }
                _ => content.weight *= factor,
            }
        }
        Ok(())
    }

    /// Leaves nothing to minimise but the distance from the content, from the content on: the photograph.
    fn keep_photograph(&mut self) {
        self.terms.retain(|term| Content::of(term).is_some());
        if self.terms.is_empty() {
            self.terms = crate::Preset::Impasto.settings().terms;
            self.terms.retain(|term| Content::of(term).is_some());
        }
        for content in self.terms.iter_mut().filter_map(Content::of_mut) {
            content.weight = content.weight.max(1.0);
        }
        let schedule = &mut self.schedule;
        (schedule.pyramid, schedule.iterations, schedule.refinement) = (Pyramid::One, 1, None);
        schedule.start = Start::Content;
        self.average = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Preset, StyleMethod};

    fn content(settings: &Settings) -> f64 {
        settings.term::<Content>().unwrap().weight
    }

    #[test]
    fn a_half_changes_nothing_and_more_lets_go_of_the_content() {
        for preset in [Preset::Impasto, Preset::NeuralStyle, Preset::Cnnmrf, Preset::StyleTransferPytorch] {
            let before = preset.settings();
            let at = |strength| {
                let mut settings = before.clone();
                settings.set_strength(strength).unwrap();
                content(&settings) / content(&before)
            };
            assert_eq!([0.5, 1.0].map(at), [1.0, 0.0], "{preset}");
            assert!((at(0.25) - 9.0).abs() < 1e-12 && (at(0.75) - 1.0 / 9.0).abs() < 1e-12, "{preset}");
        }
    }

    #[test]
    fn nearest_columns_are_matched_to_more_of_the_painting() {
        let mut settings = Preset::Impasto.settings();
        settings.set_method(StyleMethod::Nearest);
        let at = |strength| {
            let mut settings = settings.clone();
            settings.set_strength(strength).unwrap();
            (settings.term::<Nearest>().unwrap().start_share, content(&settings))
        };
        assert_eq!([0.25, 0.5, 1.0].map(at), [(0.125, CONTENT_BESIDE_NEAREST), (0.25, 0.0), (1.0, 0.0)]);
    }

    #[test]
    fn a_strength_out_of_range_or_without_content_is_refused() {
        let mut settings = Preset::Impasto.settings();
        let before = settings.clone();
        for strength in [-0.1, 1.1, f64::NAN] {
            let message = settings.set_strength(strength).unwrap_err().to_string();
            assert!(message.contains("must be 0 to 1"), "{message}");
        }
        assert_eq!(settings, before);
        assert!(Preset::Texture.settings().set_strength(0.7).is_err());
    }
}
