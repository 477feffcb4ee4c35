//! Choices: what is kept of a content picture.

use std::path::PathBuf;

use impasto::ColorRule;
use impasto::picture::KeptMetadata;
use impasto::terms::LayerWeight;
use serde::{Deserialize, Serialize};

#[cfg(feature = "clap")]
use super::parsers;
use super::text;
#[cfg(feature = "clap")]
use super::values;

/// What is kept of a content picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Loss"))]
pub struct ContentChoices {
    /// Whose colours the result has: style, its own; content, only lightness is the painting's; luminance, the
    /// same, and painted without colours; match, of styles recoloured like the content picture
    /// [default: the preset's, mostly style]
    #[cfg_attr(feature = "clap", arg(long, value_name = "RULE", value_parser = parsers::named::<ColorRule>(), help_heading = "Colours"))]
    pub colors: Option<ColorRule>,

    /// How far --colors goes, 0 to 1: for content the part of its colours in the result, for luminance and match
    /// how far the styles are moved [default: 1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::share, help_heading = "Colours"))]
    pub color_strength: Option<f64>,

    /// The same as --colors content.
    #[cfg_attr(feature = "clap", arg(long, conflicts_with = "colors", help_heading = "Colours"))]
    pub original_colors: bool,

    /// How far the painting goes, 0 to 1, the same for every method: 0 gives the photograph, 1 nearly only the
    /// painting [default: 0.5]
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::part, conflicts_with = "content_weight", help_heading = "Picture"))]
    pub strength: Option<f64>,

    /// A grey picture that says where the painting acts, and how much: white is in full, black keeps the content
    /// picture as it is.
    #[cfg_attr(feature = "clap", arg(long, value_name = "FILE", help_heading = "Maps"))]
    pub strength_map: Option<PathBuf>,

    /// How much of the content picture is kept, at least 0; what a number means depends on the preset
    /// [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::weight))]
    pub content_weight: Option<f64>,

    /// The style weight as a multiple of the content weight: β/α in the papers.
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::weight, conflicts_with = "style_weight"))]
    pub style_ratio: Option<f64>,

    /// Layers that keep the content, with weights if they differ: relu4_2 or relu3_1:0.5,relu4_2
    /// [default: the preset's, mostly relu4_2]
    #[cfg_attr(feature = "clap", arg(long, value_name = "LAYERS", value_parser = values::layer_weight, value_delimiter = ','))]
    pub content_layers: Option<Vec<LayerWeight>>,

    /// EXIF data of the content to keep: credits (author, copyright, description, dates), or all, with camera and place. The
    /// flag alone, at the end or before another flag, means credits [default: none]
    #[cfg_attr(feature = "clap", arg(
        long,
        value_name = "WHAT",
        num_args = 0..=1,
        default_missing_value = "credits",
        value_parser = parsers::named::<KeptMetadata>(),
        help_heading = "Output"
    ))]
    #[serde(with = "text")]
    pub keep_metadata: Option<KeptMetadata>,
}

impl ContentChoices {
    /// The rule for colours, if one is chosen.
    pub fn color_rule(&self) -> Option<ColorRule> {
        self.colors.or(self.original_colors.then_some(ColorRule::Content))
    }

    /// The first of these fields that was given.
    pub fn given(&self) -> Option<&'static str> {
        let fields = [
            (self.colors.is_some(), "colors"),
            (self.color_strength.is_some(), "color_strength"),
            (self.original_colors, "original_colors"),
            (self.strength.is_some(), "strength"),
            (self.strength_map.is_some(), "strength_map"),
            (self.content_weight.is_some(), "content_weight"),
            (self.style_ratio.is_some(), "style_ratio"),
            (self.content_layers.is_some(), "content_layers"),
            (self.keep_metadata.is_some(), "keep_metadata"),
        ];
        fields.into_iter().find_map(|(given, field)| given.then_some(field))
    }
}
