//! Layer names, as the papers write them: `conv4_2`, `relu4_2`, `pool4`.

use std::fmt;
use std::str::FromStr;

/// What happens at a place in a block of a VGG-shaped network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Stage {
    Convolution,
    Relu,
    Pool,
}

/// One place in a VGG-shaped network where a feature map can be tapped.
///
/// Blocks and convolutions count from 1. Layers order as the picture passes them, so the deepest of a
/// set is its maximum.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Layer {
    block: u8,
    index: u8,
    stage: Stage,
}

/// A name that is no layer of a VGG-shaped network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown layer {0:?}: expected convB_I, reluB_I or poolB with B and I from 1 to 9, such as relu4_2")]
pub struct LayerNameError(String);

impl Layer {
    /// The output of convolution `index` of `block`, before its ReLU.
    ///
    /// # Panics
    /// If one of them is not 1 to 9.
    pub const fn convolution(block: u8, index: u8) -> Self {
        assert!(block >= 1 && block <= 9 && index >= 1 && index <= 9, "layer numbers are 1 to 9");
        Layer { block, index, stage: Stage::Convolution }
    }

    /// The output of the ReLU after convolution `index` of `block`.
    ///
    /// # Panics
    /// If one of them is not 1 to 9.
    pub const fn relu(block: u8, index: u8) -> Self {
        assert!(block >= 1 && block <= 9 && index >= 1 && index <= 9, "layer numbers are 1 to 9");
        Layer { block, index, stage: Stage::Relu }
    }

    /// The output of the pooling that ends `block`.
    ///
    /// # Panics
    /// If it is not 1 to 9.
    pub const fn pool(block: u8) -> Self {
        assert!(block >= 1 && block <= 9, "layer numbers are 1 to 9");
        Layer { block, index: u8::MAX, stage: Stage::Pool }
    }

    /// The block, from 1.
    pub const fn block(self) -> usize {
        self.block as usize
    }

    /// The convolution within the block, from 1; `None` for a pooling layer.
    pub const fn index(self) -> Option<usize> {
        match self.stage {
            Stage::Pool => None,
            _ => Some(self.index as usize),
        }
    }

    /// Whether the tap is before the ReLU.
    pub const fn is_convolution(self) -> bool {
        matches!(self.stage, Stage::Convolution)
    }

    /// Whether the tap is after a ReLU.
    pub const fn is_relu(self) -> bool {
        matches!(self.stage, Stage::Relu)
    }

    /// Whether the tap is after a pooling.
    pub const fn is_pool(self) -> bool {
        matches!(self.stage, Stage::Pool)
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stage {
            Stage::Convolution => write!(f, "conv{}_{}", self.block, self.index),
            Stage::Relu => write!(f, "relu{}_{}", self.block, self.index),
            Stage::Pool => write!(f, "pool{}", self.block),
        }
    }
}

impl fmt::Debug for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Layer {
    type Err = LayerNameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let digit = |text: &str| match text.as_bytes() {
            [digit @ b'1'..=b'9'] => Some(digit - b'0'),
            _ => None,
        };
        let place = |text: &str| {
            let (block, index) = text.split_once('_')?;
            Some((digit(block)?, digit(index)?))
        };
        let layer = if let Some(rest) = name.strip_prefix("conv") {
            place(rest).map(|(block, index)| Layer::convolution(block, index))
        } else if let Some(rest) = name.strip_prefix("relu") {
            place(rest).map(|(block, index)| Layer::relu(block, index))
        } else {
            name.strip_prefix("pool").and_then(digit).map(Layer::pool)
        };
        layer.ok_or_else(|| LayerNameError(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_round_trip() {
        for name in ["conv1_1", "relu4_2", "pool5", "conv9_9"] {
            assert_eq!(name.parse::<Layer>().unwrap().to_string(), name);
        }
    }

    #[test]
    fn foreign_names_are_refused() {
        for name in ["", "conv", "conv4", "relu4_0", "relu10_1", "pool0", "fc6", "Relu1_1", "relu1_1 "] {
            let error = name.parse::<Layer>().unwrap_err().to_string();
            assert!(error.contains(&format!("{name:?}")), "{error}");
        }
    }

    #[test]
    fn layers_order_as_the_picture_passes_them() {
        let passed = ["conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1", "conv2_1", "relu2_1"];
        let layers: Vec<Layer> = passed.iter().map(|name| name.parse().unwrap()).collect();
        assert!(layers.is_sorted());
    }
}
