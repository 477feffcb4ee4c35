//! The graphics cards of the machine, where the program is built with the engine for them (feature `gpu`).

#[cfg(feature = "gpu")]
pub use with::{devices, engine};
#[cfg(not(feature = "gpu"))]
pub use without::{devices, engine};

/// The flag that asks for the engine.
const FIELD: &str = "engine";

#[cfg(feature = "gpu")]
mod with {
    use std::sync::Arc;

    use impasto::Runner;
    use impasto_network::Weights;
    use impasto_wgpu::{Adapter, DeviceKind, DeviceOptions, GpuEngine, self_check};

    use super::FIELD;
    use crate::message::{Message, Note};
    use crate::refusal::Refusal;

    /// A line about each device that can run the engine; `None` where the program is built without it.
    pub fn devices() -> Option<Vec<String>> {
        let line = |adapter: &Adapter| {
            let info = adapter.info();
            let largest = info.largest_buffer >> 20;
            format!("{info}, {}, driver {}, feature maps of up to {largest} MiB", info.kind, info.driver)
        };
        Some(Adapter::all().iter().map(line).collect())
    }

    /// The engine on the device of a number or a part of a name, or on the first one.
    ///
    /// # Errors
    /// If there is no such device, or it does not compute what the processor does.
    pub fn engine(
        weights: &Arc<Weights>,
        device: Option<&str>,
        notes: &mut Vec<Note>,
    ) -> Result<Box<dyn Runner>, Refusal> {
        let adapters = Adapter::all();
        if adapters.is_empty() {
            let why = "no graphics card can be used: no driver for Vulkan, Metal or DirectX 12 answers";
            return Err(Refusal::field(FIELD, why));
        }
        let fits = |(place, adapter): &(usize, &Adapter)| match device {
            None => true,
            Some(text) => match text.parse::<usize>() {
                Ok(number) => *place == number,
                Err(_) => adapter.info().name.to_lowercase().contains(&text.to_lowercase()),
            },
        };
        let Some((_, adapter)) = adapters.iter().enumerate().find(fits) else {
            let names: Vec<String> = (0..)
                .zip(&adapters)
                .map(|(place, adapter): (usize, _)| format!("{place}: {}", adapter.info().name))
                .collect();
            let why = format!("no such device; there are {}", names.join(", "));
            return Err(Refusal::field("device", why));
        };
        if adapter.info().kind == DeviceKind::Software {
            let message = format!("{} is no graphics card: the engine cpu is faster", adapter.info().name);
            notes.push(Note::warning(Message::new(message)));
        }
        let opened = adapter.open(DeviceOptions::default()).map_err(Refusal::system)?;
        let opened = Arc::new(opened);
        self_check(&opened).map_err(Refusal::system)?;
        Ok(Box::new(GpuEngine::new(opened, weights.clone())))
    }
}

#[cfg(not(feature = "gpu"))]
mod without {
    use std::sync::Arc;

    use impasto::Runner;
    use impasto_network::Weights;

    use super::FIELD;
    use crate::message::Note;
    use crate::refusal::Refusal;

    /// A line about each device that can run the engine; `None` where the program is built without it.
    pub fn devices() -> Option<Vec<String>> {
        None
    }

    /// The engine on a graphics card, which this program is built without.
    ///
    /// # Errors
    /// Always.
    pub fn engine(
        _weights: &Arc<Weights>,
        _device: Option<&str>,
        _notes: &mut Vec<Note>,
    ) -> Result<Box<dyn Runner>, Refusal> {
        let why = "this program is built without the engine for graphics cards: build it with --features gpu";
        Err(Refusal::field(FIELD, why))
    }
}
