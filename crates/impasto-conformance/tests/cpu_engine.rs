//! The CPU engine on every instruction set of this machine.

use std::sync::Arc;

use impasto_conformance::{Tolerance, all_bits, check};
use impasto_kernels::Isa;
use impasto_network::{CpuEngine, Weights};

#[test]
fn passes() {
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        check(&|weights: Arc<Weights>| CpuEngine::with_isa(weights, isa), &Tolerance::SINGLE);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| all_bits(&|weights: Arc<Weights>| CpuEngine::new(weights)))
    };
    let one = run(1);
    assert!(run(2) == one && run(5) == one);
}
