//! What every engine must do, as functions that are generic over engines.
//!
//! An engine passes if [`check`] returns; it panics with what is wrong. A new engine calls it from a test:
//!
//! ```no_run
//! use impasto_conformance::{Tolerance, check};
//! use impasto_network::ScalarEngine;
//!
//! check(&|weights| ScalarEngine::new(&weights), &Tolerance::SINGLE);
//! ```
//!
//! | function | what it holds the engine to |
//! | --- | --- |
//! | [`answers`] | the scalar engine's maps, statistics and gradients, for all options and kinds of layers |
//! | [`patches`] | the scalar engine's matches, scores, losses and averages of patches |
//! | [`pytorch`] | maps and gradients that PyTorch computed |
//! | [`gradients`] | finite differences; gradients of several layers add up |
//! | [`adjoints`] | the way back through each kind of layer is the adjoint of the way there |
//! | [`tiles`] | a picture in tiles has the answers and the gradient of the whole picture |
//! | [`contract`] | what is refused, what is forgotten, and the same bits again |

mod adjoints;
mod answers;
mod contract;
mod gradients;
mod inputs;
mod patches;
mod pytorch;
mod tiles;

use std::sync::Arc;

pub use adjoints::adjoints;
pub use answers::answers;
pub use contract::contract;
pub use gradients::gradients;
use impasto_network::{Engine, Weights};
pub use patches::patches;
pub use pytorch::pytorch;
pub use tiles::tiles;

/// How far an engine may be from the scalar one, relative to the size of the result.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Root mean square error of maps, relative to their root mean square.
    pub maps: f64,
    /// Largest error of sums over positions, relative to the largest of them.
    pub sums: f64,
    /// Error of single numbers.
    pub numbers: f64,
    /// Root mean square error of the gradient by the picture. Near ties of ReLU and max pooling may fall to the other
    /// side by rounding.
    pub gradient: f64,
    /// Largest error of scores and averages of patches, relative to the largest of them.
    pub patches: f64,
    /// Whether answers follow a small step of the picture, so that finite differences say something.
    pub smooth: bool,
}

impl Tolerance {
    /// For engines that compute in f32.
    pub const SINGLE: Tolerance =
        Tolerance { maps: 1e-5, sums: 1e-4, numbers: 1e-3, gradient: 1e-2, patches: 1e-4, smooth: true };

    /// For engines that keep maps in f16 and sum in f32.
    pub const HALF: Tolerance =
        Tolerance { maps: 2e-3, sums: 5e-3, numbers: 1e-2, gradient: 5e-2, patches: 5e-3, smooth: false };

    /// For engines that keep and sum maps in f32, but round what they multiply to bfloat16. A gradient that a pooling
    /// hands to another position than it should is wrong altogether, so a hundredth of them in a network of random
    /// weights are an error of 0.14.
    pub const ROUNDED: Tolerance =
        Tolerance { maps: 1e-2, sums: 2e-2, numbers: 2e-2, gradient: 0.25, patches: 1e-4, smooth: false };
}

/// Checks all. `make` makes an engine for the network of some weights.
///
/// # Panics
/// If the engine does not pass.
pub fn check<E: Engine>(make: &impl Fn(Arc<Weights>) -> E, tolerance: &Tolerance) {
    answers(make, tolerance);
    patches(make, tolerance);
    pytorch(make, tolerance);
    adjoints(make, tolerance);
    if tolerance.smooth {
        gradients(make);
    }
    tiles(make, tolerance);
    contract(make, tolerance);
}

/// All that an engine says about one picture and about patches, to be compared bit by bit.
#[derive(Debug, PartialEq)]
pub struct AllBits {
    picture: answers::Said,
    patches: patches::Answers,
}

/// All that an engine says.
pub fn all_bits<E: Engine>(make: &impl Fn(Arc<Weights>) -> E) -> AllBits {
    AllBits { picture: answers::all(make), patches: patches::all(make) }
}
