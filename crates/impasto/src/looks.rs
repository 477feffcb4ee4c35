//! Looks: settings for a kind of painting, each the default with other balances.
//!
//! Statistics of relu1_1 and relu2_1 hold line and grain, those of relu3_1 and relu4_1 single strokes and their order.
//! The content at relu3_1 holds edges where they are, at relu4_2 what things are. `docs/looks.md` shows each.

use std::fmt;
use std::str::FromStr;

use crate::presets::impasto::{sharing, style_weights};
use crate::presets::{CONTENT_EDGES, CONTENT_LAYER};
use crate::terms::{Content, Moments, TotalVariation};
use crate::{Preset, Settings, SettingsError};

/// A kind of painting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Look {
    /// A photograph in the colours and the grain of the painting: faces and letters stay.
    Faithful,
    /// Broad strokes, and shapes that follow them.
    Oil,
    /// Soft areas that run into one another.
    Watercolor,
    /// Lines and flat areas.
    Print,
    /// Large pieces, each whole.
    Mosaic,
}

/// What a look changes.
struct Balance {
    /// Weight of the content, and its part at relu3_1.
    content: (f64, f64),
    /// Weights of the style at relu1_1, relu2_1, relu3_1 and relu4_1.
    style: [f64; 4],
    /// Weight of total variation.
    smoothness: f64,
    /// Size of the strokes relative to the picture.
    strokes: f64,
}

impl Look {
    /// All looks.
    pub const ALL: [Look; 5] = [Look::Faithful, Look::Oil, Look::Watercolor, Look::Print, Look::Mosaic];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Look::Faithful => "faithful",
            Look::Oil => "oil",
            Look::Watercolor => "watercolor",
            Look::Print => "print",
            Look::Mosaic => "mosaic",
        }
    }

    /// The settings.
    pub fn settings(self) -> Settings {
        let Balance { content: (weight, edges), style, smoothness, strokes } = self.balance();
        let mut settings = Preset::Impasto.settings();
        if let Some(content) = settings.term_mut::<Content>() {
            content.weight = weight;
            content.layers = sharing(&[(CONTENT_EDGES, edges), (CONTENT_LAYER, 1.0 - edges)]);
        }
        if let Some(moments) = settings.term_mut::<Moments>() {
            moments.layers = sharing(&style_weights(style));
        }
        if let Some(variation) = settings.term_mut::<TotalVariation>() {
            variation.weight = smoothness;
        }
        settings.schedule.style_scale = strokes;
        settings
    }

    fn balance(self) -> Balance {
        let balance = |content, style, smoothness, strokes| Balance { content, style, smoothness, strokes };
        match self {
            Look::Faithful => balance((0.4, 0.3), [0.1, 0.3, 0.2, 0.4], 0.2, 1.0),
            Look::Oil => balance((0.08, 0.05), [0.1, 0.25, 0.35, 0.3], 0.3, 1.8),
            Look::Watercolor => balance((0.2, 0.1), [0.05, 0.2, 0.35, 0.4], 3.0, 1.3),
            Look::Print => balance((0.25, 0.25), [0.3, 0.4, 0.2, 0.1], 1.0, 1.0),
            Look::Mosaic => balance((0.1, 0.0), [0.1, 0.2, 0.45, 0.25], 0.2, 2.2),
        }
    }
}

impl fmt::Display for Look {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Look {
    type Err = SettingsError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let unknown =
            || SettingsError::out_of_range("look", name, "faithful, oil, watercolor, print or mosaic");
        Self::ALL.into_iter().find(|look| look.name() == name).ok_or_else(unknown)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn looks_are_valid_and_differ() {
        let mut seen = vec![Preset::Impasto.settings()];
        for look in Look::ALL {
            let settings = look.settings();
            assert_eq!(settings.validate(), Ok(()), "{look}");
            assert!(!seen.contains(&settings), "{look}");
            assert_eq!(look.to_string().parse(), Ok(look));
            seen.push(settings);
        }
        let message = "charcoal".parse::<Look>().unwrap_err().to_string();
        assert!(Look::ALL.iter().all(|look| message.contains(look.name())), "{message}");
    }
}
