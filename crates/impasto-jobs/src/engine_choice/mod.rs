//! Which engine runs the network: by name, or whichever is faster.

mod card;
#[cfg(feature = "gpu")]
mod verdict;

use std::sync::Arc;

use impasto::Runner;
use impasto_kernels::Isa;
use impasto_network::{CpuEngine, Engine, ScalarEngine, Weights};

use self::card::Card;
pub use self::card::devices;
use crate::message::{Message, Note};
use crate::order::{EngineChoices, EngineName};
use crate::refusal::Refusal;

/// Something that is done with an engine of any kind.
pub trait EngineUser {
    /// What comes of it.
    type Output;

    /// Does it.
    fn with<E: Engine + 'static>(self, engine: E) -> Self::Output;
}

/// An engine, chosen and checked.
pub struct EngineChoice {
    kind: Kind,
    isa: Isa,
}

enum Kind {
    Cpu,
    Scalar,
    Card { card: Card, is_automatic: bool },
}

/// What came of looking for a card that is faster than the processor.
struct Search {
    /// The card, if there is one.
    card: Option<Card>,
    /// Why, in words.
    why: String,
    /// Whether somebody who has not asked should know.
    is_worth_telling: bool,
}

impl EngineChoice {
    /// Finds the engine that is asked for, with this instruction set on the processor. Opens a graphics card and compares it
    /// with the processor, if that is one. Adds a note on what was chosen if there was a choice; who `asks_for_isa` and for no
    /// engine leaves none.
    ///
    /// # Errors
    /// If there is no such device, or it does not compute what the processor does.
    pub fn new(
        choices: &EngineChoices,
        (isa, asks_for_isa): (Isa, bool),
        notes: &mut Vec<Note>,
    ) -> Result<Self, Refusal> {
        choices.check(asks_for_isa)?;
        let device = choices.device.as_deref();
        let kind = match (choices.engine, device) {
            (Some(EngineName::Cpu), _) => Kind::Cpu,
            (None, None) if asks_for_isa => Kind::Cpu,
            (Some(EngineName::Scalar), _) => Kind::Scalar,
            (Some(EngineName::Gpu), _) | (None, Some(_)) => {
                Kind::Card { card: Card::open(device, notes)?, is_automatic: false }
            }
            (asked @ (Some(EngineName::Auto) | None), _) => {
                let Search { card, why, is_worth_telling } = Card::faster_than_processor(device, isa)?;
                if asked.is_some() || is_worth_telling {
                    let name = if card.is_some() { "gpu" } else { "cpu" };
                    notes.push(Note::fact(Message::about_value("engine", name, why)));
                }
                card.map_or(Kind::Cpu, |card| Kind::Card { card, is_automatic: true })
            }
        };
        Ok(EngineChoice { kind, isa })
    }

    /// The engine on the processor in place of a card that nobody asked for; `None` if there is no such card.
    pub fn instead(&self) -> Option<Self> {
        let is_automatic = matches!(self.kind, Kind::Card { is_automatic: true, .. });
        is_automatic.then_some(EngineChoice { kind: Kind::Cpu, isa: self.isa })
    }

    /// Whether it is the fast one on the processor.
    pub fn is_processor(&self) -> bool {
        matches!(self.kind, Kind::Cpu)
    }

    /// Makes the engine for the network of these weights, and does something with it.
    pub fn give<U: EngineUser>(&self, weights: &Arc<Weights>, user: U) -> U::Output {
        match &self.kind {
            Kind::Cpu => user.with(CpuEngine::with_isa(weights.clone(), self.isa)),
            Kind::Scalar => user.with(ScalarEngine::new(weights)),
            Kind::Card { card, .. } => card.give(weights, user),
        }
    }

    /// The engine for the network of these weights, behind a pointer.
    pub fn runner(&self, weights: &Arc<Weights>) -> Box<dyn Runner> {
        struct Boxed;
        impl EngineUser for Boxed {
            type Output = Box<dyn Runner>;

            fn with<E: Engine + 'static>(self, engine: E) -> Self::Output {
                Box::new(engine)
            }
        }
        self.give(weights, Boxed)
    }
}
