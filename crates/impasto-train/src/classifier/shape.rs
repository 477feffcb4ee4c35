//! The shapes of the paper's two classifiers.

use impasto_kernels::Border;
use impasto_network::Architecture;

/// How a block of convolutions ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockPooling {
    /// 2×2 windows of stride 2: half the size.
    Halving,
    /// 2×2 windows of stride 1, clipped at the border: the size is kept.
    KeepingSize,
}

/// The shape of a classifier: a VGG-like chain of convolutions, and fully connected layers on top.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassifierShape {
    /// Output channels of every convolution, block by block.
    pub architecture: Architecture,
    /// What convolutions do at the border of their maps.
    pub border: Border,
    /// How every block ends.
    pub pooling: BlockPooling,
    /// Outputs of the hidden fully connected layers.
    pub hidden: Vec<usize>,
    /// Classes.
    pub classes: usize,
    /// Rows and columns of the pictures.
    pub side: usize,
}

impl ClassifierShape {
    /// The paper's first network for pictures of 32×32: two convolutions of 64, two of 128, three of 256 channels,
    /// zero-padded, each block halved by its pooling; two hidden layers of 4096; soft-max over ten classes.
    pub fn cifar_simple() -> Self {
        ClassifierShape {
            architecture: Architecture::new("cifar-simple", vec![vec![64; 2], vec![128; 2], vec![256; 3]]),
            border: Border::Zero,
            pooling: BlockPooling::Halving,
            hidden: vec![4096; 2],
            classes: 10,
            side: 32,
        }
    }

    /// The paper's second network: two more blocks of three convolutions of 512 channels, no padding, and
    /// poolings that keep the size, so that only the convolutions shrink the maps, from 32×32 to 6×6.
    pub fn cifar_complex() -> Self {
        let blocks = vec![vec![64; 2], vec![128; 2], vec![256; 3], vec![512; 3], vec![512; 3]];
        ClassifierShape {
            architecture: Architecture::new("cifar-complex", blocks),
            border: Border::Cut,
            pooling: BlockPooling::KeepingSize,
            ..Self::cifar_simple()
        }
    }

    /// The shape of that name: `cifar-simple` or `cifar-complex`.
    pub fn named(name: &str) -> Option<Self> {
        [Self::cifar_simple(), Self::cifar_complex()]
            .into_iter()
            .find(|shape| shape.architecture.name() == name)
    }

    /// Rows and columns of the maps that the fully connected layers read.
    pub fn last_side(&self) -> usize {
        self.architecture.blocks().iter().fold(self.side, |side, block| {
            let side = block.iter().fold(side, |side, _| self.border.output(side));
            match self.pooling {
                BlockPooling::Halving => side / 2,
                BlockPooling::KeepingSize => side,
            }
        })
    }

    /// Inputs and outputs of the fully connected layers, the classes last.
    pub fn dense_layers(&self) -> Vec<(usize, usize)> {
        let last_width = self.architecture.blocks().last().and_then(|block| block.last()).copied();
        let mut inputs = last_width.unwrap_or(3) * self.last_side() * self.last_side();
        let outputs = self.hidden.iter().copied().chain([self.classes]);
        outputs.map(|outputs| (std::mem::replace(&mut inputs, outputs), outputs)).collect()
    }

    /// Numbers that training finds.
    pub fn weights(&self) -> usize {
        let mut inputs = 3;
        let convolutions = self.architecture.blocks().iter().flatten();
        let convolutions: usize =
            convolutions.map(|&outputs| (9 * std::mem::replace(&mut inputs, outputs) + 1) * outputs).sum();
        convolutions
            + self.dense_layers().iter().map(|(inputs, outputs)| (inputs + 1) * outputs).sum::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_papers_networks_have_the_papers_shapes() {
        let simple = ClassifierShape::cifar_simple();
        assert_eq!(simple.last_side(), 4);
        assert_eq!(simple.dense_layers(), [(4096, 4096), (4096, 4096), (4096, 10)]);
        assert_eq!(simple.weights(), 35_339_082);
        let complex = ClassifierShape::cifar_complex();
        assert_eq!(complex.last_side(), 6);
        assert_eq!(complex.dense_layers()[0], (512 * 36, 4096));
    }
}
