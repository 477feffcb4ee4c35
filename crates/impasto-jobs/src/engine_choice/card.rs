//! The graphics cards of the machine, where the program is built with the engine for them (feature `gpu`).

#[cfg(feature = "gpu")]
pub(super) use with::Card;
#[cfg(feature = "gpu")]
pub use with::devices;
#[cfg(not(feature = "gpu"))]
pub(super) use without::Card;
#[cfg(not(feature = "gpu"))]
pub use without::devices;

#[cfg(feature = "gpu")]
mod with {
    use std::sync::{Arc, Mutex, PoisonError};

    use impasto_kernels::Isa;
    use impasto_network::{EngineError, Weights};
    use impasto_wgpu::{Adapter, Device, DeviceInfo, DeviceKind, DeviceOptions, GpuEngine, self_check};

    use super::super::verdict::Verdict;
    use super::super::{EngineUser, Search};
    use crate::message::{Message, Note};
    use crate::refusal::Refusal;

    /// Devices that are open, with their numbers. All runs of the program share them: opening one means to compile its kernels.
    static OPEN: Mutex<Vec<(usize, DeviceInfo, Arc<Device>)>> = Mutex::new(Vec::new());

    /// Why there is none.
    const NO_CARD: &str = "no graphics card can be used: no driver for Vulkan, Metal or DirectX 12 answers";

    /// A line about each device that can run the engine; `None` where the program is built without it.
    pub fn devices() -> Option<Vec<String>> {
        let line = |adapter: &Adapter| {
            let info = adapter.info();
            let largest = info.largest_buffer >> 20;
            format!("{info}, {}, driver {}, feature maps of up to {largest} MiB", info.kind, info.driver)
        };
        Some(Adapter::all().iter().map(line).collect())
    }

    /// An open device that computes what the processor does.
    pub struct Card(Arc<Device>);

    impl Card {
        /// Opens the device of a number or a part of a name, or the first one.
        pub fn open(device: Option<&str>, notes: &mut Vec<Note>) -> Result<Self, Refusal> {
            let (place, adapter) = chosen(device)?.ok_or_else(|| Refusal::field("engine", NO_CARD))?;
            if adapter.info().kind == DeviceKind::Software {
                let message =
                    format!("{} is no graphics card: the engine cpu is faster", adapter.info().name);
                notes.push(Note::warning(Message::new(message)));
            }
            opened(place, &adapter).map(Card).map_err(Refusal::system)
        }

        /// Opens the same device if it evaluates faster than the processor.
        ///
        /// # Errors
        /// If there is no device of that number or name.
        pub fn faster_than_processor(device: Option<&str>, isa: Isa) -> Result<Search, Refusal> {
            let none = |why: String, is_worth_telling| Search { card: None, why, is_worth_telling };
            let Some((place, adapter)) = chosen(device)? else { return Ok(none(NO_CARD.to_owned(), false)) };
            let info = adapter.info();
            if info.kind == DeviceKind::Software {
                return Ok(none(format!("{} is no graphics card", info.name), false));
            }
            let timed = opened(place, &adapter).and_then(|card| Ok((Verdict::of(&card, isa)?, card)));
            Ok(match timed {
                Err(error) => none(format!("{} cannot be used: {error}", info.name), true),
                Ok((verdict, card)) => Search {
                    card: verdict.prefers_card().then_some(Card(card)),
                    why: verdict.to_string(),
                    is_worth_telling: true,
                },
            })
        }

        /// Makes the engine for these weights, and does something with it.
        pub fn give<U: EngineUser>(&self, weights: &Arc<Weights>, user: U) -> U::Output {
            user.with(GpuEngine::new(self.0.clone(), weights.clone()))
        }
    }

    /// The device of a number or a part of a name, or the first one; `None` if there are none at all.
    fn chosen(device: Option<&str>) -> Result<Option<(usize, Adapter)>, Refusal> {
        let adapters = Adapter::all();
        let number =
            device.and_then(|text| text.parse::<usize>().ok()).filter(|place| *place < adapters.len());
        let fits = |(place, adapter): &(usize, Adapter)| match (device, number) {
            (None, _) => true,
            (Some(_), Some(number)) => *place == number,
            // Names have numbers, too.
            (Some(text), None) => adapter.info().name.to_lowercase().contains(&text.to_lowercase()),
        };
        let names: Vec<String> = (0..)
            .zip(&adapters)
            .map(|(place, it): (usize, _)| format!("{place}: {}", it.info().name))
            .collect();
        match adapters.into_iter().enumerate().find(fits) {
            Some(found) => Ok(Some(found)),
            None if names.is_empty() => Ok(None),
            None => {
                let why = format!("no such device; there are {}", names.join(", "));
                Err(Refusal::field("device", why))
            }
        }
    }

    /// The device of an adapter, open and checked; the same one each time, as long as it works.
    fn opened(place: usize, adapter: &Adapter) -> Result<Arc<Device>, EngineError> {
        let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
        open.retain(|(_, _, device)| device.failure().is_ok());
        let is_same = |it: &&(usize, DeviceInfo, _)| it.0 == place && it.1 == *adapter.info();
        if let Some((_, _, device)) = open.iter().find(is_same) {
            return Ok(device.clone());
        }
        let device = Arc::new(adapter.open(DeviceOptions::default())?);
        self_check(&device)?;
        open.push((place, adapter.info().clone(), device.clone()));
        Ok(device)
    }
}

#[cfg(not(feature = "gpu"))]
mod without {
    use std::sync::Arc;

    use impasto_kernels::Isa;
    use impasto_network::Weights;

    use super::super::{EngineUser, Search};
    use crate::message::Note;
    use crate::refusal::Refusal;

    const NOT_BUILT: &str =
        "this program is built without the engine for graphics cards: build it with --features gpu";

    /// A line about each device that can run the engine; `None` where the program is built without it.
    pub fn devices() -> Option<Vec<String>> {
        None
    }

    /// A device of an engine that this program is built without: there is none.
    pub enum Card {}

    impl Card {
        /// Refuses.
        pub fn open(_device: Option<&str>, _notes: &mut Vec<Note>) -> Result<Self, Refusal> {
            Err(Refusal::field("engine", NOT_BUILT))
        }

        /// Finds none.
        pub fn faster_than_processor(_device: Option<&str>, _isa: Isa) -> Result<Search, Refusal> {
            Ok(Search { card: None, why: NOT_BUILT.to_owned(), is_worth_telling: false })
        }

        /// Is never called.
        pub fn give<U: EngineUser>(&self, _weights: &Arc<Weights>, _user: U) -> U::Output {
            match *self {}
        }
    }
}
