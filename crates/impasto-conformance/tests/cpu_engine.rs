//! The CPU engine on every instruction set of this machine.

use std::sync::Arc;

use impasto_conformance::{Tolerance, all_bits, check};
use impasto_kernels::Isa;
use impasto_network::{CpuEngine, Weights};

#[test]
fn passes() {
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let tolerance = if isa.rounds() { &Tolerance::ROUNDED } else { &Tolerance::SINGLE };
        check(&|weights: Arc<Weights>| CpuEngine::with_isa(weights, isa), tolerance);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for isa in [Isa::detect(), Isa::fastest()] {
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| all_bits(&|weights: Arc<Weights>| CpuEngine::with_isa(weights, isa)))
        };
        let one = run(1);
        assert!(run(2) == one && run(5) == one, "{isa}");
    }
}
