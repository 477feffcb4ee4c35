//! The scalar engine, against PyTorch and finite differences, and against itself.

use impasto_conformance::Tolerance;
use impasto_network::ScalarEngine;

#[test]
fn passes() {
    impasto_conformance::check(&|weights| ScalarEngine::new(&weights), &Tolerance::SINGLE);
}
