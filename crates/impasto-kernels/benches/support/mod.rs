//! What the benches of the kernels share.

use std::time::Instant;

use impasto_kernels::{BlockedMap, GradientPart, Isa, PackedMatrix, replace_by_gradient};

/// Seconds of the best of five runs, after one that warms up.
pub fn seconds(mut run: impl FnMut()) -> f64 {
    run();
    let time = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    (0..5).map(|_| time(&mut run)).fold(f64::INFINITY, f64::min)
}

/// Numbers among the arguments.
pub fn numbers() -> Vec<usize> {
    std::env::args().filter_map(|argument| argument.parse().ok()).collect()
}

/// Calls `run` with the instruction set that `IMPASTO_ISA` names, or else the widest, on so many threads; 0
/// stands for all cores.
pub fn on_threads(threads: usize, run: impl FnOnce(Isa) + Send) {
    let isa = std::env::var("IMPASTO_ISA").ok().map_or(Isa::detect(), |name| name.parse().expect("a set"));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
    pool.install(|| run(isa));
}

/// GFLOP/s of the product kernel on a large map.
pub fn matrix_product_peak(isa: Isa) -> f64 {
    let (channels, positions) = (256, 128);
    let matrix = PackedMatrix::new(channels, &vec![0.01; channels * channels]);
    let mut map = BlockedMap::zeros(channels, positions, positions);
    let time = seconds(|| replace_by_gradient(isa, &mut map, &[GradientPart::Linear(&matrix)], false));
    2.0 * (channels * channels * positions * positions) as f64 / time / 1e9
}
