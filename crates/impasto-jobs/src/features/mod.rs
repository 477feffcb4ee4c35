//! A picture as a network sees it: sheets of its feature maps, or the picture painted again from what single layers
//! hold of it.

mod activations;
mod order;
mod reconstruction;

use std::sync::Arc;

use impasto::picture::Filter;
use impasto::{Picture, Preset};
use impasto_network::{Engine, Layer, NetworkOptions, Size, Statistic, Weights};
pub use order::{Channels, FeatureChoices, FeaturesOrder, Reconstruct};
pub use reconstruction::{Reconstruction, SeriesObserver};

use crate::engine_choice::EngineChoice;
use crate::files::file_name;
use crate::message::{Field, Note};
use crate::reading::read_picture;
use crate::refusal::Refusal;
use crate::sheet::Sheet;
use crate::{machine, network_choice, words};

/// Longest sides in pixels, unless one is asked for.
const SIZE: u32 = 512;
const SIZE_TO_RECONSTRUCT: u32 = 256;

/// Finds the network of an order, and the engine that runs it.
///
/// # Errors
/// If one of them cannot be had.
pub fn network(
    order: &FeaturesOrder,
    notes: &mut Vec<Note>,
) -> Result<(Arc<Weights>, EngineChoice), Refusal> {
    let isa = machine::instruction_set(order.machine.isa)?;
    let choices = &order.network;
    let weights =
        network_choice::chosen(choices.network.as_ref(), choices.weights.as_deref(), choices.convention)?;
    Ok((Arc::new(weights), EngineChoice::new(&order.engine, (isa, order.machine.isa.is_some()), notes)?))
}

/// A network that is ready to look at a picture.
pub struct Features<E> {
    order: FeaturesOrder,
    engine: E,
    layers: Vec<Layer>,
}

impl<E: Engine> Features<E> {
    /// Takes the engine of the [network](network()) of an order.
    ///
    /// # Errors
    /// If the order holds a value that it may not.
    pub fn new(order: &FeaturesOrder, engine: E) -> Result<Self, Refusal> {
        if order.view.channels == Channels::Strongest(0) {
            return Err(Refusal::field("channels", "expected at least 1, or all"));
        }
        let mut layers = order.view.layers.clone();
        if layers.is_empty() {
            let last = engine.architecture().blocks().len().min(5) as u8;
            layers = (1..=last).map(|block| Layer::relu(block, 1)).collect();
        }
        layers.sort_unstable();
        layers.dedup();
        Ok(Features { order: order.clone(), engine, layers })
    }

    /// The layers that are looked at, first to last.
    pub fn layers(&self) -> &[Layer] {
        &self.layers
    }

    /// Reads the picture, at the size asked for. What the reader warns of comes beside it.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn read(&self) -> Result<(Picture, Vec<Note>), Refusal> {
        let FeatureChoices { image, max_pixels, size, reconstruct, .. } = &self.order.view;
        let (source, warnings) = read_picture(image, *max_pixels)?;
        let default = if reconstruct.is_some() { SIZE_TO_RECONSTRUCT } else { SIZE };
        let (width, height) = source.picture.fit_longest_side(size.unwrap_or(default) as usize);
        Ok((source.picture.resized(width, height, Filter::Lanczos3).clamped(), warnings))
    }

    /// Runs the network on the picture, and hands out a sheet of feature maps for each layer, one after another.
    ///
    /// # Errors
    /// If the picture is too small for a layer or too large for the memory, or what `each` returns.
    pub fn maps<F: From<Refusal>>(
        &mut self,
        picture: &Picture,
        mut each: impl FnMut(Layer, &Sheet) -> Result<(), F>,
    ) -> Result<(), F> {
        self.measure(picture)?;
        let about = self.about();
        for layer in &self.layers {
            each(*layer, &activations::sheet(&self.engine, *layer, self.order.view.channels, &about))?;
        }
        Ok(())
    }

    fn measure(&mut self, picture: &Picture) -> Result<(), Refusal> {
        let options = self.options();
        let (engine, layers) = (&mut self.engine, &self.layers[..]);
        let size = Size { height: picture.height(), width: picture.width() };
        let memory = engine.memory_needed(size, options, layers)?.host;
        machine::check_memory(memory, words![Field("size")]).map_err(|refusal| refusal.of("size"))?;
        engine.prepare(size, options, layers.iter().map(|&layer| Statistic::Map.at(layer)).collect())?;
        engine.measure(picture.data())?;
        Ok(())
    }

    /// How the network reads the picture. The first convolution pads as in the default preset, so that the rim shows
    /// the picture and not its end.
    fn options(&self) -> NetworkOptions {
        let own = Preset::Impasto.settings().network;
        NetworkOptions { pooling: self.order.network.pooling.unwrap_or(own.pooling), ..own }
    }

    /// Plans to paint the picture again.
    ///
    /// # Errors
    /// If the picture is too small for a layer, or too large for the memory.
    pub fn reconstruction(&self, picture: Picture, from: Reconstruct) -> Result<Reconstruction, Refusal> {
        Reconstruction::new(&self.engine, picture, &self.order, from, &self.layers, &self.about())
    }

    /// Paints the picture again. Returns the sheet of the picture and all its reconstructions, and whether all were
    /// finished; `None` if there are none.
    ///
    /// # Errors
    /// If a run diverges.
    pub fn reconstruct(
        &mut self,
        reconstruction: &Reconstruction,
        observer: &mut impl SeriesObserver,
    ) -> Result<Option<(Sheet, bool)>, Refusal> {
        reconstruction.run(&mut self.engine, observer)
    }

    /// `photo.jpg, compact`
    fn about(&self) -> String {
        format!("{}, {}", file_name(&self.order.view.image), self.engine.architecture().name())
    }
}
