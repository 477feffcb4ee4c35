//! The shape of a network: how many convolutions in each block, and how wide.

use crate::{EngineError, Layer, MapShape, Size};

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

    /// All layers in the order the picture passes them: after each convolution its ReLU, after each
    /// block its pooling.
    pub fn layers(&self) -> impl Iterator<Item = Layer> + '_ {
        self.blocks.iter().zip(1..).flat_map(|(widths, block)| {
            (1..=widths.len() as u8)
                .flat_map(move |index| [Layer::convolution(block, index), Layer::relu(block, index)])
                .chain([Layer::pool(block)])
        })
    }

    /// Shape of the map at `layer` for pictures of `size`. Each pooling halves the sides, rounding down.
    ///
    /// # Errors
    /// If the network has no such layer, or the picture is smaller than its stride.
    pub fn map_shape(&self, layer: Layer, size: Size) -> Result<MapShape, EngineError> {
        let channels = self.channels(layer).ok_or_else(|| EngineError::NoSuchLayer {
            network: self.name.clone(),
            layer,
            available: self.convolutions().map(|layer| layer.to_string()).collect::<Vec<_>>().join(", "),
        })?;
        let stride = self.stride(layer);
        if size.height < stride || size.width < stride {
            return Err(EngineError::TooSmall { size, layer, smallest: stride });
        }
        Ok(MapShape { channels, height: size.height / stride, width: size.width / stride })
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
    fn layers_are_in_the_order_of_passing() {
        let layers: Vec<Layer> = Architecture::vgg19().layers().collect();
        assert_eq!(layers.len(), 16 + 16 + 5);
        assert!(layers.is_sorted());
    }

    #[test]
    fn the_compact_network_takes_a_seventh_of_the_work() {
        let gmac = Architecture::compact().multiply_adds(Layer::relu(5, 1), 512, 512) as f64 / 1e9;
        assert!((gmac - 14.0).abs() < 0.5, "{gmac}");
    }

    #[test]
    fn maps_shrink_to_nothing_and_no_further() {
        let (vgg19, odd) = (Architecture::vgg19(), Size { height: 37, width: 16 });
        let shape = |layer| vgg19.map_shape(layer, odd);
        assert_eq!(shape(Layer::pool(2)), Ok(MapShape { channels: 128, height: 9, width: 4 }));
        assert_eq!(shape(Layer::relu(5, 1)), Ok(MapShape { channels: 512, height: 2, width: 1 }));
        let error = shape(Layer::pool(5)).unwrap_err().to_string();
        assert_eq!(error, "a picture of 16x37 pixels is too small for pool5: both sides must be at least 32");
        let error = shape(Layer::relu(1, 3)).unwrap_err().to_string();
        assert!(
            error.starts_with("network vgg19 has no layer relu1_3: its convolutions are conv1_1, conv1_2")
        );
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
