//! Speed of training `cifar-simple`: steps of Adam on random pictures, as `bench/peers/torch_training.py` takes them.
//!
//! `cargo bench -p impasto-train -- [BATCH] [STEPS] [THREADS]`, by default 128 pictures, 5 steps after one that warms
//! up, all cores. Prints one JSON object. `IMPASTO_ISA` chooses the instruction set.

use std::time::Instant;

use impasto_kernels::Isa;
use impasto_train::classifier::{Classifier, ClassifierShape};
use impasto_train::optimizers::Adam;

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<usize>().ok());
    let mut next = |default| numbers.next().unwrap_or(default);
    let (batch, steps, threads) = (next(128), next(5), next(0));
    let isa = std::env::var("IMPASTO_ISA").ok().map_or(Isa::detect(), |name| name.parse().expect("a set"));
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a thread pool");
    let seconds = pool.install(|| train(isa, batch, steps));
    let best = seconds.iter().copied().fold(f64::INFINITY, f64::min);
    let threads = pool.current_num_threads();
    println!("{{\"seconds_best\": {best}, \"isa\": \"{isa}\", \"threads\": {threads}}}");
}

/// Seconds of each step but the first.
fn train(isa: Isa, batch: usize, steps: usize) -> Vec<f64> {
    let shape = ClassifierShape::cifar_simple();
    let area = shape.side * shape.side;
    let mut classifier = Classifier::new(shape, isa, 0);
    let lengths: Vec<usize> =
        classifier.parameters().iter().map(|(_, parameter)| parameter.value.len()).collect();
    let mut adam = Adam::new(&lengths, 0.0);
    let value = |at: u32| (at.wrapping_mul(2_654_435_761) >> 8) as f32 / (1 << 23) as f32 - 1.0;
    let planes: Vec<f32> = (0..(batch * 3 * area) as u32).map(value).collect();
    let labels: Vec<u8> = (0..batch).map(|picture| (picture % 10) as u8).collect();
    let step = |number: usize| {
        let start = Instant::now();
        classifier.learn(&planes, &labels, (0.5, number as u64));
        let mut parameters = classifier.parameters();
        let mut parameters: Vec<_> = parameters.iter_mut().map(|(_, parameter)| &mut **parameter).collect();
        adam.step(&mut parameters, 5e-4);
        classifier.update();
        start.elapsed().as_secs_f64()
    };
    (0..=steps).map(step).skip(1).collect()
}
