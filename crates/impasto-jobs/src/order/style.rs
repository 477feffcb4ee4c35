//! Choices: how the style acts.

use impasto::StyleMethod;
use impasto::terms::LayerWeight;
use serde::{Deserialize, Serialize};

#[cfg(feature = "clap")]
use super::parsers;
use super::text;
#[cfg(feature = "clap")]
use super::values;

/// How the style acts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[cfg_attr(feature = "clap", derive(clap::Args), command(next_help_heading = "Loss"))]
pub struct StyleChoices {
    /// What makes the result like the style: moments, its strokes and colours as a whole, as the default has it; gram,
    /// the same by Gram matrices; patches, pieces of it; nearest, single features of it, which keeps the most of its
    /// look [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "NAME", value_parser = parsers::named::<StyleMethod>()))]
    #[serde(with = "text")]
    pub method: Option<StyleMethod>,

    /// How strongly the style acts, at least 0 [default: the preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::weight))]
    pub style_weight: Option<f64>,

    /// Layers that the style is read from, with weights if they differ; early ones hold fine texture, late
    /// ones large strokes [default: the preset's, mostly relu1_1,relu2_1,relu3_1,relu4_1,relu5_1]
    #[cfg_attr(feature = "clap", arg(long, value_name = "LAYERS", value_parser = values::layer_weight, value_delimiter = ','))]
    pub style_layers: Option<Vec<LayerWeight>>,

    /// How strongly neighbouring pixels are drawn together, at least 0: more is smoother [default: the
    /// preset's]
    #[cfg_attr(feature = "clap", arg(long, value_name = "X", value_parser = values::weight))]
    pub tv_weight: Option<f64>,

    /// Divide the gradient of each layer by its size, so that weights balance gradients.
    #[cfg_attr(feature = "clap", arg(long, value_name = "true|false", num_args = 0..=1, require_equals = true, default_missing_value = "true"))]
    pub normalize_gradients: Option<bool>,
}
