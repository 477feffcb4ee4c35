//! The terms of a transfer: those of its settings, and those of other crates.

use std::sync::Arc;

use super::Transfer;
use crate::terms::own::{Own, OwnRecord, OwnTerm};
use crate::terms::{Definition, TermInUse};
use crate::{Settings, SettingsError, TransferError};

impl Transfer {
    /// One more term to be minimised, of any crate, beside those of the settings: see [`own`](crate::terms::own). Its
    /// name, weight and layers are read now, and checked with the settings when a run is planned.
    pub fn term(mut self, term: Arc<dyn OwnTerm>) -> Self {
        self.own.push(Own::new(term));
        self
    }

    /// A transfer with other settings and no pictures, but the same terms of other crates and the same
    /// [convention](Transfer::convention).
    pub fn without_pictures(&self, settings: Settings) -> Self {
        Transfer { own: self.own.clone(), convention: self.convention, ..Transfer::new(settings) }
    }

    /// Checks all ranges.
    pub(super) fn validate(&self) -> Result<(), SettingsError> {
        for own in &self.own {
            own.validate()?;
        }
        self.settings.validate_beside(self.own.iter().any(|own| own.weight() > 0.0))
    }

    /// What checkpoints know the terms of other crates by.
    pub(crate) fn own_records(&self) -> Vec<OwnRecord> {
        self.own.iter().map(Own::record).collect()
    }

    /// The terms that have any weight.
    pub(super) fn active_terms(&self) -> impl Iterator<Item = TermInUse<'_>> {
        let own = self.own.iter().filter(|own| own.weight() > 0.0);
        self.settings.active_terms().map(TermInUse::OfSettings).chain(own.map(TermInUse::Own))
    }

    /// The terms that take part.
    pub(super) fn terms(&self) -> Result<Vec<TermInUse<'_>>, TransferError> {
        let learnable = |term: &TermInUse<'_>| self.content.is_some() || !term.definition().learns_content();
        let terms: Vec<_> = self.active_terms().filter(learnable).collect();
        if terms.is_empty() { Err(TransferError::NoContent) } else { Ok(terms) }
    }
}
