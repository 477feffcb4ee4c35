//! What tiles cost: an evaluation of the default's objective in tiles beside one of a whole picture of 1024 pixels.
//!
//! `cargo bench -p impasto --bench tiles -- [WIDTH] [HEIGHT] [MEGABYTES] [WEIGHTS] [once]`, by default 4096 pixels by 3072 in
//! 2000 MB with the compact network. Prints for both the bytes that the plan tells, the seconds of an evaluation and the
//! nanoseconds of a pixel; with `once` there is no run, but one evaluation of a small content and its style enlarged, with
//! all that it learns from. And the peak memory of the process before and after, where the system keeps account (Linux).

use std::time::Instant;

use impasto::network::{CpuEngine, Weights};
use impasto::{Control, Picture, Preset, Progress, Pyramid, Transfer};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|it| !it.starts_with("--")).collect();
    let number =
        |index: usize, default| arguments.get(index).and_then(|it| it.parse().ok()).unwrap_or(default);
    let (width, height, megabytes) = (number(0, 4096), number(1, 3072), number(2, 2000));
    let weights = || match arguments.get(3).filter(|it| *it != "compact") {
        Some(file) => Weights::open(file, None).expect("a file of weights"),
        None => Weights::compact(),
    };
    if arguments.get(4).is_some_and(|it| it == "once") {
        return evaluate(CpuEngine::new(weights()), width, height, megabytes as u64 * 1_000_000);
    }
    let whole = run(CpuEngine::new(weights()), 1024, 768, None);
    let tiled = run(CpuEngine::new(weights()), width, height, Some(megabytes as u64 * 1_000_000));
    println!("a pixel in tiles takes {:.2} times as long", tiled / whole);
}

/// Nanoseconds of a pixel.
fn run(mut engine: CpuEngine, width: usize, height: usize, memory: Option<u64>) -> f64 {
    let mut settings = Preset::Impasto.settings();
    (settings.schedule.size, settings.schedule.pyramid) = (width.max(height), Pyramid::One);
    settings.schedule.iterations = 3;
    let picture = |width, height, seed| Picture::uniform_noise(width, height, 0.0..1.0, seed);
    let transfer =
        Transfer::new(settings).content(picture(width, height, 1)).style(picture(1024, 768, 2), 1.0);
    let transfer = match memory {
        Some(bytes) => transfer.within_memory(bytes),
        None => transfer,
    };
    let plan = transfer.plan(&engine).expect("a plan");
    let stage = &plan.stages[0];
    let before = peak();
    let mut starts = vec![Instant::now()];
    let watch = |_: &Progress<'_>| {
        starts.push(Instant::now());
        Control::Continue
    };
    transfer.run(&mut engine, watch).expect("a run");
    // The first iteration has the learning before it.
    let seconds = (starts[3] - starts[1]).as_secs_f64() / 2.0;
    let pixels = (width * height) as f64;
    println!(
        "{width}x{height}, style {}x{}: {} tiles, {:?} precision, {:.0} MB by the plan, peak {before} to {}, {seconds:.2} s, {:.0} ns a pixel",
        stage.styles[0].width,
        stage.styles[0].height,
        stage.tiles,
        stage.precision,
        plan.memory() as f64 / 1e6,
        peak(),
        1e9 * seconds / pixels
    );
    1e9 * seconds / pixels
}

/// One evaluation, within some memory.
fn evaluate(mut engine: CpuEngine, width: usize, height: usize, memory: u64) {
    let mut settings = Preset::Impasto.settings();
    (settings.schedule.size, settings.schedule.pyramid) = (width.max(height), Pyramid::One);
    let picture = |width, height, seed| Picture::uniform_noise(width, height, 0.0..1.0, seed);
    let content = picture(width / 8, height / 8, 1);
    let transfer = Transfer::new(settings)
        .content(content.clone())
        .style(picture(1024, 768, 2), 1.0)
        .within_memory(memory);
    let start = Instant::now();
    let evaluation = transfer.evaluate(&mut engine, &content).expect("an evaluation");
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{width}x{height}: loss {:.4}, {seconds:.0} s with all that is learnt, peak {}",
        evaluation.total,
        peak()
    );
}

/// The most memory that this process has had.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown".to_owned(), |line| line.trim().to_owned())
}
