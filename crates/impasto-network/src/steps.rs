//! The steps from a picture to the deepest layer in use: what an engine runs, keeps and sends back.

use std::collections::BTreeSet;

use crate::{Architecture, EngineError, Layer, MapShape, NetworkOptions, Padding, Pooling, Size};

/// One convolution with its ReLU and the pooling after it. For the authors of engines.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The convolution.
    pub layer: Layer,
    /// Shape of its output.
    pub shape: MapShape,
    /// How it reads beyond the border of its input.
    pub padding: Padding,
    /// The pooling after it, if anything below is needed.
    pub pooling: Option<Pooling>,
    /// Whether the pooled map is tapped.
    pub taps_pool: bool,
    /// Whether the map after the ReLU is tapped.
    pub taps_relu: bool,
    /// Whether the map before the ReLU is tapped.
    pub taps_convolution: bool,
    /// Whether the next step reads this one's output.
    pub has_next: bool,
}

impl Step {
    /// The layer after the ReLU.
    pub fn relu(&self) -> Layer {
        relu_after(self.layer)
    }

    /// The layer that the next step reads.
    pub fn output_layer(&self) -> Layer {
        match self.pooling {
            Some(_) => Layer::pool(self.layer.block() as u8),
            None => self.relu(),
        }
    }

    /// Shape of what the next step reads.
    pub fn output(&self) -> MapShape {
        match self.pooling {
            Some(_) => MapShape { height: self.shape.height / 2, width: self.shape.width / 2, ..self.shape },
            None => self.shape,
        }
    }

    /// Whether what the next step reads is tapped.
    pub fn taps_output(&self) -> bool {
        match self.pooling {
            Some(_) => self.taps_pool,
            None => self.taps_relu,
        }
    }

    /// Whether the activated map is kept: it is tapped, or its pooling is undone from it.
    pub fn keeps_map(&self) -> bool {
        self.taps_relu || self.pooling == Some(Pooling::L2)
    }

    /// Whether the pooled map is kept.
    pub fn keeps_pooled(&self) -> bool {
        self.taps_pool || self.pooling == Some(Pooling::L2)
    }
}

/// The steps to the deepest of the layers `taps`, for pictures of `size`.
///
/// # Errors
/// If the network has no such layer, or the picture is too small for it.
pub fn steps(
    architecture: &Architecture,
    options: NetworkOptions,
    size: Size,
    taps: &BTreeSet<Layer>,
) -> Result<Vec<Step>, EngineError> {
    for &tap in taps {
        architecture.map_shape(tap, size)?;
    }
    let deepest = taps.last().copied();
    let convolutions: Vec<Layer> =
        architecture.convolutions().take_while(|&layer| Some(layer) <= deepest).collect();
    let mut steps = Vec::with_capacity(convolutions.len());
    for (place, &layer) in convolutions.iter().enumerate() {
        let block = layer.block() as u8;
        let next = convolutions.get(place + 1);
        let ends_block = layer.index() == architecture.blocks().get(layer.block() - 1).map(Vec::len);
        let taps_pool = ends_block && taps.contains(&Layer::pool(block));
        steps.push(Step {
            layer,
            shape: architecture.map_shape(layer, size)?,
            padding: if place == 0 { options.first_padding } else { options.padding },
            pooling: (ends_block && (taps_pool || next.is_some())).then_some(options.pooling),
            taps_pool,
            taps_relu: taps.contains(&relu_after(layer)),
            taps_convolution: taps.contains(&layer),
            has_next: next.is_some(),
        });
    }
    Ok(steps)
}

/// The ReLU after a convolution.
fn relu_after(convolution: Layer) -> Layer {
    let index = convolution.index().expect("a convolution has an index");
    Layer::relu(convolution.block() as u8, index as u8)
}
