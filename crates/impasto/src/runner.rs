//! Engines that are chosen at run time.

use impasto_network::{Architecture, Engine};

use crate::{Checkpoint, Evaluation, Observer, Outcome, Picture, Plan, Transfer, TransferError};

/// Something that runs transfers: any [`Engine`], behind a pointer. [`Transfer`] says what the methods do.
///
/// ```
/// use impasto::Runner;
/// use impasto::network::{CpuEngine, ScalarEngine, Weights};
///
/// fn runner(name: &str) -> Box<dyn Runner> {
///     match name {
///         "scalar" => Box::new(ScalarEngine::new(&Weights::compact())),
///         _ => Box::new(CpuEngine::new(Weights::compact())),
///     }
/// }
/// assert_eq!(runner("scalar").engine(), "scalar");
/// ```
pub trait Runner {
    /// What the engine is and what it runs on, in a few words: see [`Engine::describe`].
    fn engine(&self) -> String;

    /// The shape of its network.
    fn network(&self) -> &Architecture;

    /// What a run will do and need: [`Transfer::plan`].
    ///
    /// # Errors
    /// As there.
    fn plan(&self, transfer: &Transfer) -> Result<Plan, TransferError>;

    /// Paints: [`Transfer::run_observed`].
    ///
    /// # Errors
    /// As there.
    fn run(&mut self, transfer: &Transfer, observer: &mut dyn Observer) -> Result<Outcome, TransferError>;

    /// Goes on from a checkpoint: [`Transfer::resume`].
    ///
    /// # Errors
    /// As there.
    fn resume(
        &mut self,
        transfer: &Transfer,
        checkpoint: Checkpoint<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, TransferError>;

    /// The objective at a picture: [`Transfer::evaluate`].
    ///
    /// # Errors
    /// As there.
    fn evaluate(&mut self, transfer: &Transfer, picture: &Picture) -> Result<Evaluation, TransferError>;
}

impl<E: Engine> Runner for E {
    fn engine(&self) -> String {
        self.describe()
    }

    fn network(&self) -> &Architecture {
        self.architecture()
    }

    fn plan(&self, transfer: &Transfer) -> Result<Plan, TransferError> {
        transfer.plan(self)
    }

    fn run(&mut self, transfer: &Transfer, observer: &mut dyn Observer) -> Result<Outcome, TransferError> {
        transfer.run_observed(self, observer)
    }

    fn resume(
        &mut self,
        transfer: &Transfer,
        checkpoint: Checkpoint<'_>,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, TransferError> {
        transfer.resume(self, checkpoint, observer)
    }

    fn evaluate(&mut self, transfer: &Transfer, picture: &Picture) -> Result<Evaluation, TransferError> {
        transfer.evaluate(self, picture)
    }
}
