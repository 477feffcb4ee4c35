//! Presets: named settings, each the exact arithmetic of a published system, or our own.

mod cnnmrf;
mod doodle;
mod fast_neural_doodle;
mod gatys;
pub(crate) mod impasto;
mod keras;
mod keras_doodle;
mod neural_doodle;
mod neural_style;
mod nnst;
mod style_transfer_pytorch;
mod texture;

use std::fmt;
use std::str::FromStr;

use ::impasto_network::Layer;
use serde::{Deserialize, Serialize};

use crate::{Settings, SettingsError};

/// The first layer of each block after its ReLU: what most systems read the style from.
pub(crate) const STYLE_LAYERS: [Layer; 5] =
    [Layer::relu(1, 1), Layer::relu(2, 1), Layer::relu(3, 1), Layer::relu(4, 1), Layer::relu(5, 1)];

/// What most systems read the content from.
pub(crate) const CONTENT_LAYER: Layer = Layer::relu(4, 2);

/// Where edges of the content are kept.
pub(crate) const CONTENT_EDGES: Layer = Layer::relu(3, 1);

/// The mean colour that the VGG networks subtract, red, green, blue, 0..255.
const MEAN_COLOR: [f32; 3] = [123.68, 116.779, 103.939];

/// A named choice of settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
#[non_exhaustive]
pub enum Preset {
    /// Ours: a good picture without tuning.
    #[default]
    Impasto,
    /// Ours: a painting from a map of its parts, from noise.
    Doodle,
    /// Ours: more of a texture, without content, from noise.
    Texture,
    /// Gatys, Ecker and Bethge, A Neural Algorithm of Artistic Style (2015) and CVPR 2016.
    Gatys,
    /// J. Johnson's neural-style (2015).
    NeuralStyle,
    /// The neural style transfer example of Keras (2015).
    Keras,
    /// Champandard, Semantic Style Transfer and Turning Two-Bit Doodles into Fine Artworks (2016).
    NeuralDoodle,
    /// Li and Wand, Combining Markov Random Fields and Convolutional Neural Networks (2016).
    Cnnmrf,
    /// Kolkin et al., Neural Neighbor Style Transfer (2022).
    Nnst,
    /// K. Crowson's style-transfer-pytorch (2021).
    StyleTransferPytorch,
    /// D. Ulyanov's fast-neural-doodle (2016): needs maps.
    FastNeuralDoodle,
    /// The neural doodle example of Keras (2016): needs maps.
    KerasDoodle,
}

impl Preset {
    /// All presets, the default first.
    pub const ALL: [Preset; 12] = [
        Preset::Impasto,
        Preset::Doodle,
        Preset::Texture,
        Preset::Gatys,
        Preset::NeuralStyle,
        Preset::Keras,
        Preset::NeuralDoodle,
        Preset::Cnnmrf,
        Preset::Nnst,
        Preset::StyleTransferPytorch,
        Preset::FastNeuralDoodle,
        Preset::KerasDoodle,
    ];

    /// The name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Preset::Impasto => "impasto",
            Preset::Doodle => "doodle",
            Preset::Texture => "texture",
            Preset::Gatys => "gatys",
            Preset::NeuralStyle => "neural-style",
            Preset::Keras => "keras",
            Preset::NeuralDoodle => "neural-doodle",
            Preset::Cnnmrf => "cnnmrf",
            Preset::Nnst => "nnst",
            Preset::StyleTransferPytorch => "style-transfer-pytorch",
            Preset::FastNeuralDoodle => "fast-neural-doodle",
            Preset::KerasDoodle => "keras-doodle",
        }
    }

    /// One line about it.
    pub const fn description(self) -> &'static str {
        match self {
            Preset::Impasto => {
                "our default: means and covariances, a pyramid of sizes from the content, Adam"
            }
            Preset::Doodle => {
                "our doodles: patches and Gram matrices guided by maps, a pyramid from noise, Adam"
            }
            Preset::Texture => "our textures: Gram matrices and patches, a pyramid from noise, Adam",
            Preset::Gatys => "Gatys, Ecker and Bethge 2015: sums, average pooling, white noise, L-BFGS",
            Preset::NeuralStyle => "Johnson's neural-style 2015: means, pixels 0..256, L-BFGS",
            Preset::Keras => "the Keras example 2015: sums, uniform noise, L-BFGS with line search",
            Preset::NeuralDoodle => "Champandard's neural-doodle 2016: patches guided by maps, three phases",
            Preset::Cnnmrf => "Li and Wand's CNNMRF 2016: patches, three sizes from the content, L-BFGS",
            Preset::Nnst => "Kolkin's neural neighbours 2022: nearest columns, four sizes, Adam on a pyramid",
            Preset::StyleTransferPytorch => {
                "Crowson's style-transfer-pytorch 2021: means and covariances, √2 sizes from the content, Adam"
            }
            Preset::FastNeuralDoodle => "Ulyanov's doodles 2016: Gram matrices by region, smooth L1, L-BFGS",
            Preset::KerasDoodle => "the Keras doodle 2016: Gram matrices by region, sums, total variation",
        }
    }

    /// Whether it reproduces a published system, and is not ours.
    pub const fn is_published(self) -> bool {
        !matches!(self, Preset::Impasto | Preset::Doodle | Preset::Texture)
    }

    /// The settings.
    pub fn settings(self) -> Settings {
        match self {
            Preset::Impasto => impasto::settings(),
            Preset::Doodle => doodle::settings(),
            Preset::Texture => texture::settings(),
            Preset::Gatys => gatys::settings(),
            Preset::NeuralStyle => neural_style::settings(),
            Preset::Keras => keras::settings(),
            Preset::NeuralDoodle => neural_doodle::settings(),
            Preset::Cnnmrf => cnnmrf::settings(),
            Preset::Nnst => nnst::settings(),
            Preset::StyleTransferPytorch => style_transfer_pytorch::settings(),
            Preset::FastNeuralDoodle => fast_neural_doodle::settings(),
            Preset::KerasDoodle => keras_doodle::settings(),
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl From<Preset> for String {
    fn from(preset: Preset) -> Self {
        preset.name().to_owned()
    }
}

impl TryFrom<String> for Preset {
    type Error = SettingsError;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl FromStr for Preset {
    type Err = SettingsError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|preset| preset.name() == name).ok_or_else(|| {
            SettingsError::UnknownPreset {
                name: name.to_owned(),
                available: Self::ALL.map(Self::name).join(", "),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip_and_settings_are_valid() {
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
            assert_eq!(preset.settings().validate(), Ok(()), "{preset}");
            assert_eq!(preset.is_published(), !preset.description().starts_with("our "), "{preset}");
        }
    }

    #[test]
    fn only_some_have_a_pyramid_whatever_the_size() {
        for preset in Preset::ALL {
            let mut schedule = preset.settings().schedule;
            schedule.size = 2048;
            let one = matches!(
                preset,
                Preset::Gatys
                    | Preset::NeuralStyle
                    | Preset::Keras
                    | Preset::FastNeuralDoodle
                    | Preset::KerasDoodle
            );
            assert_eq!(schedule.sizes().len() == 1, one, "{preset}");
        }
    }

    #[test]
    fn a_foreign_name_gets_the_list() {
        let error = "Gatys".parse::<Preset>().unwrap_err().to_string();
        assert_eq!(
            error,
            "unknown preset \"Gatys\": expected one of impasto, doodle, texture, gatys, neural-style, keras, \
             neural-doodle, cnnmrf, nnst, style-transfer-pytorch, fast-neural-doodle, keras-doodle"
        );
    }
}
