//! The terms that take part in a run, wherever they come from.

use impasto_network::Engine;

use super::own::Own;
use super::{Definition, Loss, Scene, Term};

/// A term that takes part.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TermInUse<'t> {
    /// One of the settings.
    OfSettings(&'t Term),
    /// One of another crate.
    Own(&'t Own),
}

impl<'t> TermInUse<'t> {
    /// The name in messages and traces.
    pub fn name(self) -> &'static str {
        match self {
            TermInUse::OfSettings(term) => term.name(),
            TermInUse::Own(own) => own.name(),
        }
    }

    /// What its settings say about it.
    pub fn definition(self) -> &'t dyn Definition {
        match self {
            TermInUse::OfSettings(term) => term.definition(),
            TermInUse::Own(own) => own,
        }
    }

    /// The term at work.
    pub fn loss<'a, E: Engine + 'a>(self, scene: &Scene) -> Box<dyn Loss<E> + 'a> {
        match self {
            TermInUse::OfSettings(term) => term.loss(scene),
            TermInUse::Own(own) => Box::new(own.loss(scene)),
        }
    }
}
