//! Flags: what is kept of a content picture.

use clap::Args;
use impasto::terms::LayerWeight;

use super::super::values;

#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Loss")]
pub struct ContentArguments {
    /// Take only brightness from the painting and keep the colours of the content picture.
    #[arg(long, help_heading = "Output")]
    pub original_colors: bool,

    /// How far the painting goes, 0 to 1, the same for every method: 0 gives the photograph, 1 nearly only the
    /// painting [default: 0.5]
    #[arg(long, value_name = "X", value_parser = values::part, conflicts_with = "content_weight", help_heading = "Picture")]
    pub strength: Option<f64>,

    /// How much of the content picture is kept, at least 0; what a number means depends on the preset
    /// [default: the preset's]
    #[arg(long, value_name = "X", value_parser = values::weight)]
    pub content_weight: Option<f64>,

    /// The style weight as a multiple of the content weight: β/α in the papers.
    #[arg(long, value_name = "X", value_parser = values::weight, conflicts_with = "style_weight")]
    pub style_ratio: Option<f64>,

    /// Layers that keep the content, with weights if they differ: relu4_2 or relu3_1:0.5,relu4_2
    /// [default: the preset's, mostly relu4_2]
    #[arg(long, value_name = "LAYERS", value_parser = values::layer_weight, value_delimiter = ',')]
    pub content_layers: Option<Vec<LayerWeight>>,
}

impl ContentArguments {
    /// The first of these flags that was given.
    pub fn given(&self) -> Option<&'static str> {
        let flags = [
            (self.original_colors, "--original-colors"),
            (self.strength.is_some(), "--strength"),
            (self.content_weight.is_some(), "--content-weight"),
            (self.style_ratio.is_some(), "--style-ratio"),
            (self.content_layers.is_some(), "--content-layers"),
        ];
        flags.into_iter().find_map(|(given, flag)| given.then_some(flag))
    }
}
