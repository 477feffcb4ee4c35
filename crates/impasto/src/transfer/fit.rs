//! Weights that fit a transfer.

use impasto_network::{Activations, Convention, Engine, Weights};

use super::Transfer;
use crate::TransferError;

impl Transfer {
    /// How the network reads pictures, whatever the settings want of it.
    pub fn convention(self, convention: Convention) -> Self {
        Transfer { convention: Some(convention), ..self }
    }

    /// A network as this transfer wants it: under the convention of its settings, or [that given](Transfer::convention),
    /// and, where any term compares activations as they are, with those of VGG-19, for which published weights are
    /// balanced, if it can have them: see [`Weights::with_activations_of_vgg19`]. VGG networks keep their weights.
    ///
    /// An engine that is made of other weights is refused.
    pub fn fit_weights(&self, weights: Weights) -> Weights {
        let weights = self.settings.fit_weights(weights);
        let convention = self.wanted_convention(weights.convention());
        let weights = weights.with_convention(convention);
        if self.is_absolute() { weights.with_activations_of_vgg19() } else { weights }
    }

    /// `Ok` if the engine runs a network as this transfer wants it. The activations are not asked for where all losses
    /// are relative to them.
    pub(super) fn require_fitted<E: Engine>(&self, engine: &E) -> Result<(), TransferError> {
        let (found, wanted) = (*engine.convention(), self.wanted_convention(engine.convention()));
        if found != wanted {
            return Err(TransferError::Convention { found, wanted });
        }
        let wanted = Activations::of_vgg19(engine.architecture());
        if self.is_absolute() && wanted.is_some_and(|wanted| wanted != engine.activations()) {
            return Err(TransferError::Activations { network: engine.architecture().name().to_owned() });
        }
        Ok(())
    }

    fn wanted_convention(&self, of_network: &Convention) -> Convention {
        self.convention.unwrap_or_else(|| self.settings.convention(of_network))
    }

    /// Whether any loss of feature maps depends on the size of the activations.
    fn is_absolute(&self) -> bool {
        self.active_terms().any(|term| term.definition().is_absolute())
    }
}
