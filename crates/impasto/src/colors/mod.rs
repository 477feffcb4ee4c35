//! Whose colours a painting has: those of the style, or those of the content, in one of three ways.
//!
//! | rule | before the run | after it |
//! | --- | --- | --- |
//! | [`Style`](ColorRule::Style) | | |
//! | [`Content`](ColorRule::Content) | | chroma of the content, lightness of the painting |
//! | [`Luminance`](ColorRule::Luminance) | content and styles to greys, the styles as light as the content | the same |
//! | [`Match`](ColorRule::Match) | mean and covariance of the styles' colours to those of the content | |
//!
//! Chroma and lightness are those of Oklab, in `oklab.rs`.

mod guided_filter;
mod luminance;
mod matching;
mod oklab;
mod recombination;
mod statistics;
mod symmetric;

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::require;
use crate::{Picture, SettingsError};

/// Whose colours a painting has, and how far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Colors {
    /// The way. All but [`ColorRule::Style`] need a content picture.
    pub rule: ColorRule,
    /// How far it goes, 0..1; 1 by default. For [`ColorRule::Content`] the part that the content has of the
    /// chroma, the painting having the rest; for [`ColorRule::Luminance`] and [`ColorRule::Match`] how far the
    /// styles are moved. Without effect for [`ColorRule::Style`].
    pub strength: f64,
}

/// Ways to the colours of a painting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColorRule {
    /// The colours that the painting takes on: those of the styles.
    #[default]
    Style,
    /// The colours of the content, over the lightness of the painting. Strokes of the painting that differ in
    /// colour alone are lost.
    Content,
    /// The colours of the content over a painting that was made without any, from styles that are as light as the
    /// content (Gatys, Ecker, Bethge, Hertzmann and Shechtman 2017, section 6.1). Nothing of it was painted with
    /// colours in mind that are then lost, as by [`Content`](ColorRule::Content).
    Luminance,
    /// The colours of styles that were recoloured like the content (the same, section 6.2): strokes differ in
    /// colour as they do in the style.
    Match,
}

impl Default for Colors {
    fn default() -> Self {
        ColorRule::default().into()
    }
}

/// The rule in full strength.
impl From<ColorRule> for Colors {
    fn from(rule: ColorRule) -> Self {
        Colors { rule, strength: 1.0 }
    }
}

/// Reads colours, or the `original_colors` of older programs: whether the colours are those of the content.
pub(crate) fn of_any_version<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Colors, D::Error> {
    struct AnyVersion;

    impl<'de> Visitor<'de> for AnyVersion {
        type Value = Colors;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a rule of colours with its strength")
        }

        fn visit_bool<E>(self, original: bool) -> Result<Colors, E> {
            Ok(if original { ColorRule::Content } else { ColorRule::Style }.into())
        }

        fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Colors, A::Error> {
            Colors::deserialize(MapAccessDeserializer::new(map))
        }
    }

    deserializer.deserialize_any(AnyVersion)
}

impl ColorRule {
    /// All of them.
    pub const ALL: [ColorRule; 4] =
        [ColorRule::Style, ColorRule::Content, ColorRule::Luminance, ColorRule::Match];

    /// Its name, as the command line takes it: `luminance`.
    pub fn name(self) -> &'static str {
        match self {
            ColorRule::Style => "style",
            ColorRule::Content => "content",
            ColorRule::Luminance => "luminance",
            ColorRule::Match => "match",
        }
    }
}

impl Colors {
    /// Bytes a pixel that [`finished`](Colors::finished) allocates at its peak where it recombines: the planes of two
    /// pictures, one of them twice, and seven of f64 in the guided filter.
    pub(crate) const BYTES_TO_RECOMBINE: u64 = 3 * 12 + 7 * 8;

    /// Checks the range of the strength.
    pub(crate) fn validate(&self) -> Result<(), SettingsError> {
        require((0.0..=1.0).contains(&self.strength), "color strength", self.strength, "0 to 1")
    }

    /// Whether the colours of a result are taken from a photograph, by [`finished`](Colors::finished).
    pub(crate) fn recombine(&self) -> bool {
        matches!(self.rule, ColorRule::Content | ColorRule::Luminance)
    }

    /// A content, or a picture to start from, as the run sees it.
    pub(crate) fn of_content(&self, content: Picture) -> Picture {
        match self.rule {
            ColorRule::Luminance => luminance::without_colors(&content),
            ColorRule::Style | ColorRule::Content | ColorRule::Match => content,
        }
    }

    /// A style as the run sees it. `opacity`, `[H, W]`, says how much each of its pixels counts; `content` is in its
    /// own colours.
    pub(crate) fn of_style(&self, style: Picture, opacity: Option<&[f32]>, content: &Picture) -> Picture {
        match self.rule {
            ColorRule::Luminance => luminance::matched(&style, opacity, content, self.strength),
            ColorRule::Match => matching::matched(style, opacity, content, self.strength),
            ColorRule::Style | ColorRule::Content => style,
        }
    }

    /// A painting, 0..1, as a result, given the content in its own colours at the same size. Where `share`,
    /// `[H, W]` and 0..1, is below 1, chroma is moved less.
    pub(crate) fn finished(&self, painted: Picture, content: &Picture, share: Option<&[f32]>) -> Picture {
        match self.rule {
            ColorRule::Content => recombination::recombined(&painted, content, self.strength, share),
            ColorRule::Luminance => recombination::recombined(&painted, content, 1.0, share),
            ColorRule::Style | ColorRule::Match => painted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_settings_are_written_with() {
        for rule in ColorRule::ALL {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.name());
        }
    }

    #[test]
    fn a_painting_of_one_color_gets_the_colors_of_the_content() {
        // A gray of the content's lightness: what is missing is its chroma alone.
        let content = Picture::new(16, 16, [0.7, 0.4, 0.2].iter().flat_map(|v| [*v; 256]).collect());
        let painted = luminance::without_colors(&content);
        for rule in [ColorRule::Content, ColorRule::Luminance] {
            let finished = Colors::from(rule).finished(painted.clone(), &content, None);
            for (found, expected) in finished.data().iter().zip(content.data()) {
                assert!((found - expected).abs() < 1e-4, "{found} {expected}");
            }
        }
    }

    #[test]
    fn the_strength_leads_from_the_painting_to_the_content() {
        let (content, painted) =
            (Picture::uniform_noise(24, 24, 0.3..0.7, 1), Picture::uniform_noise(24, 24, 0.3..0.7, 2));
        let at = |strength: f64| {
            Colors { rule: ColorRule::Content, strength }.finished(painted.clone(), &content, None)
        };
        let apart = |one: &Picture, other: &Picture| -> f32 {
            one.data().iter().zip(other.data()).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
        };
        assert!(apart(&at(0.0), &painted) < 1e-4);
        let (half, full) = (apart(&at(0.5), &painted), apart(&at(1.0), &painted));
        assert!(0.01 < half && half < full, "{half} {full}");
        let lightness = |picture: &Picture| oklab::planes(picture)[..24 * 24].to_vec();
        let pairs = lightness(&at(1.0)).into_iter().zip(lightness(&painted));
        assert!(pairs.clone().all(|(a, b)| (a - b).abs() < 1e-3));
    }
}
