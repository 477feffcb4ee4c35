//! What the transport of moments costs: evaluations of the default beside the same with Gram matrices, which ask the
//! same sums of the network and leave out the decompositions.
//!
//! `cargo bench -p impasto --bench moments -- [SIZE] [ITERATIONS] [ROUNDS]`, by default 256 pixels, 40 iterations, 5
//! rounds in turn. Prints the milliseconds of an evaluation, the median of the rounds, and the share of the transport.

use std::time::Instant;

use impasto::network::{CpuEngine, Weights};
use impasto::terms::{Gram, GramLoss, Moments, Term, TermSettings};
use impasto::{Control, Picture, Preset, Progress, Pyramid, Settings, Transfer};

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<usize>().ok());
    let mut next = |default| numbers.next().unwrap_or(default);
    let (size, iterations, rounds) = (next(256), next(40), next(5));
    let mut moments = Preset::Impasto.settings();
    moments.schedule.size = size;
    moments.schedule.pyramid = Pyramid::One;
    moments.schedule.iterations = iterations;
    let mut all = moments.clone();
    all.term_mut::<Moments>().expect("the term of the default").directions = None;
    let gram = with_gram(&moments);
    let variants = [("gram", &gram), ("moments", &moments), ("all directions", &all)];
    let mut times = vec![Vec::new(); variants.len()];
    for _ in 0..rounds.max(1) {
        for ((_, settings), times) in variants.iter().zip(&mut times) {
            times.push(milliseconds(settings, size));
        }
    }
    let medians = times.iter_mut().map(|times| {
        times.sort_by(f64::total_cmp);
        times[times.len() / 2]
    });
    let medians: Vec<f64> = medians.collect();
    for ((name, _), median) in variants.iter().zip(&medians) {
        println!("{name:>14}  {median:7.2} ms  transport {:4.1} %", 100.0 * (1.0 - medians[0] / median));
    }
}

/// The settings with Gram matrices at the layers of the moments.
fn with_gram(settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    for term in &mut settings.terms {
        if let Some(Moments { weight, layers, guidance, .. }) = Moments::of(term).cloned() {
            *term = Term::from(Gram { weight, layers, loss: GramLoss::Relative, guidance });
        }
    }
    settings
}

/// Of an evaluation, in the mean of a run without its first iteration.
fn milliseconds(settings: &Settings, size: usize) -> f64 {
    let picture = |seed| Picture::uniform_noise(size, size * 3 / 4, 0.0..1.0, seed);
    let mut engine = CpuEngine::new(Weights::compact());
    let transfer = Transfer::new(settings.clone()).content(picture(1)).style(picture(2), 1.0);
    let mut starts = Vec::new();
    let mut watch = |_: &Progress<'_>| {
        starts.push(Instant::now());
        Control::Continue
    };
    transfer.run(&mut engine, &mut watch).expect("pictures of this size");
    let spans = starts.len().saturating_sub(1).max(1);
    let whole = starts.last().zip(starts.first()).map_or(0.0, |(last, first)| (*last - *first).as_secs_f64());
    1e3 * whole / spans as f64
}
