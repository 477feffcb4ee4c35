//! The shape of a network: how many convolutions in each block, and how wide.

use crate::Layer;

/// A VGG-shaped chain: blocks of 3×3 convolutions, each followed by a ReLU; 2×2 pooling of stride 2
/// between blocks (Simonyan and Zisserman 2014). The first convolution reads three channels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Architecture {
    name: String,
    blocks: Vec<Vec<usize>>,
}

impl Architecture {
    /// A chain with the given output channels of every convolution, block by block.
    ///
    /// # Panics
    /// If there is no block, an empty block, a width of zero, or more than nine blocks or convolutions
    /// in a block: layer names have one digit each.
    pub fn new(name: impl Into<String>, blocks: Vec<Vec<usize>>) -> Self {
        assert!((1..=9).contains(&blocks.len()), "1 to 9 blocks, not {}", blocks.len());
        for block in &blocks {
            assert!((1..=9).contains(&block.len()), "1 to 9 convolutions in a block, not {}", block.len());
            assert!(!block.contains(&0), "a convolution without output channels");
        }
        Architecture { name: name.into(), blocks }
    }

    /// VGG-11 without its fully connected layers: 1 + 1 + 2 + 2 + 2 convolutions.
    pub fn vgg11() -> Self {
        Self::new("vgg11", vec![vec![64], vec![128], vec![256; 2], vec![512; 2], vec![512; 2]])
    }

    /// VGG-13 without its fully connected layers: 2 + 2 + 2 + 2 + 2 convolutions.
    pub fn vgg13() -> Self {
        Self::new("vgg13", vec![vec![64; 2], vec![128; 2], vec![256; 2], vec![512; 2], vec![512; 2]])
    }

    /// VGG-16 without its fully connected layers: 2 + 2 + 3 + 3 + 3 convolutions.
    pub fn vgg16() -> Self {
        Self::new("vgg16", vec![vec![64; 2], vec![128; 2], vec![256; 3], vec![512; 3], vec![512; 3]])
    }

    /// VGG-19 without its fully connected layers: 2 + 2 + 4 + 4 + 4 convolutions.
    pub fn vgg19() -> Self {
        Self::new("vgg19", vec![vec![64; 2], vec![128; 2], vec![256; 4], vec![512; 4], vec![512; 4]])
    }

    /// The small network that ships with the program: 2 + 2 + 2 + 2 + 1 convolutions.
    pub fn compact() -> Self {
        Self::new("compact", vec![vec![32; 2], vec![64; 2], vec![128; 2], vec![256; 2], vec![256]])
    }

    /// All networks above: those that weight files are compared with.
    pub fn known() -> [Self; 5] {
        [Self::compact(), Self::vgg11(), Self::vgg13(), Self::vgg16(), Self::vgg19()]
    }

    /// The name it goes by in messages: `vgg19`, `compact`, or the stem of a weight file.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Output channels of every convolution, block by block.
    pub fn blocks(&self) -> &[Vec<usize>] {
        &self.blocks
    }

    /// Whether the network has this layer. Every block but a tapped last one ends in a pooling.
    pub fn contains(&self, layer: Layer) -> bool {
        self.blocks
            .get(layer.block().wrapping_sub(1))
            .is_some_and(|block| layer.index().is_none_or(|index| (1..=block.len()).contains(&index)))
    }

    /// Channels of the map at `layer`, if the network has it.
    pub fn channels(&self, layer: Layer) -> Option<usize> {
        let block = self.blocks.get(layer.block().wrapping_sub(1))?;
        match layer.index() {
            None => block.last().copied(),
            Some(index) => block.get(index.wrapping_sub(1)).copied(),
        }
    }

    /// Distance in picture pixels between neighbouring positions of the map at `layer`: 2 for each
    /// pooling passed.
    pub fn stride(&self, layer: Layer) -> usize {
        1 << (layer.block() - usize::from(!layer.is_pool()))
    }

    /// The convolutions in order, as the layers before their ReLU.
    pub fn convolutions(&self) -> impl Iterator<Item = Layer> + '_ {
        self.blocks.iter().enumerate().flat_map(|(block, widths)| {
            (1..=widths.len()).map(move |index| Layer::convolution(block as u8 + 1, index as u8))
        })
    }

    /// Multiply-adds of one pass through the convolutions down to `deepest` on a picture of the given
    /// height and width, counted as direct convolution.
    pub fn multiply_adds(&self, deepest: Layer, height: usize, width: usize) -> u64 {
        let (mut inputs, mut total) = (3, 0);
        for layer in self.convolutions().take_while(|&layer| layer <= deepest) {
            let outputs = self.channels(layer).expect("a layer of this network");
            let (shift, positions) = (layer.block() - 1, |side: usize, shift: usize| (side >> shift) as u64);
            total += 9 * (inputs * outputs) as u64 * positions(height, shift) * positions(width, shift);
            inputs = outputs;
        }
        total
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vgg19_has_sixteen_convolutions_and_94_7_gmac_to_conv5_1() {
        let vgg19 = Architecture::vgg19();
        assert_eq!(vgg19.convolutions().count(), 16);
        let gmac = vgg19.multiply_adds(Layer::relu(5, 1), 512, 512) as f64 / 1e9;
        assert!((gmac - 94.7).abs() < 0.1, "{gmac}");
    }

    #[test]
    fn strides_double_at_each_pooling() {
        let vgg16 = Architecture::vgg16();
        assert_eq!(vgg16.stride(Layer::relu(1, 2)), 1);
        assert_eq!(vgg16.stride(Layer::pool(1)), 2);
        assert_eq!(vgg16.stride(Layer::relu(5, 1)), 16);
    }

    #[test]
    fn layers_beyond_the_network_are_not_contained() {
        let compact = Architecture::compact();
        assert!(compact.contains(Layer::relu(5, 1)) && compact.contains(Layer::pool(5)));
        assert!(!compact.contains(Layer::relu(5, 2)) && !compact.contains(Layer::convolution(6, 1)));
    }
}
