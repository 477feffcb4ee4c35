//! What tiles cost: an evaluation of the default's objective in tiles beside one of a whole picture of 1024 pixels.
//!
//! `cargo bench -p impasto --bench tiles -- [WIDTH] [HEIGHT] [MEGABYTES] [WEIGHTS] [once]`, by default 4096 pixels by 3072 in
//! 2000 MB with the compact network. Prints for both the bytes that the plan tells, the seconds of an evaluation and the
//! nanoseconds of a pixel; with `once` there is no run, but one evaluation by the engine alone. Also prints the peak memory
//! of the process before and after, where the system keeps account (Linux).

use std::sync::Arc;
use std::time::Instant;

use impasto::network::{CpuEngine, Engine, Layer, MapGradient, Size, Statistic, TiledEngine, Weights};
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

/// What one evaluation of the default's statistics takes in all: the picture, its gradient, the content's maps in half
/// precision, and tiles in what is left.
fn evaluate(mut engine: CpuEngine, width: usize, height: usize, memory: u64) {
    let (size, options) = (Size { height, width }, Preset::Impasto.settings().network);
    let style = [Layer::relu(1, 1), Layer::relu(2, 1), Layer::relu(3, 1), Layer::relu(4, 1)];
    let content = [Layer::relu(3, 1), Layer::relu(4, 2)];
    let architecture = engine.architecture();
    let elements =
        content.map(|layer| architecture.map_shape(layer, size).expect("a layer").elements() as u64);
    let pictures = 2 * 12 * (width * height) as u64;
    let budget = memory.saturating_sub(pictures + 2 * elements.iter().sum::<u64>());
    let mut tiled = TiledEngine::new(&mut engine, budget);
    tiled.set_half_targets(true);
    let picture = Picture::uniform_noise(width, height, 0.0..1.0, 1).into_data();
    let targets = content.map(|layer| Statistic::Target.at(layer)).to_vec();
    tiled.prepare(size, options, targets).expect("prepared");
    tiled.measure(&picture).expect("measured");
    let targets = content.map(|layer| (layer, Arc::new(tiled.take_target(layer))));
    let of_style = style.into_iter().flat_map(|layer| {
        [Statistic::Gram { weights: None }.at(layer), Statistic::Sums { weights: None }.at(layer)]
    });
    let of_content = targets.iter().map(|(layer, target)| {
        Statistic::SquaredDifference { target: target.clone(), weights: None }.at(*layer)
    });
    tiled.prepare(size, options, of_style.chain(of_content).collect()).expect("prepared");
    let start = Instant::now();
    tiled.measure(&picture).expect("measured");
    let of_style = style.map(|layer| {
        let channels = tiled.shape(layer).channels;
        (layer, MapGradient::Linear { matrix: vec![1e-9; channels * channels].into(), weights: None })
    });
    let of_content = targets
        .map(|(layer, target)| (layer, MapGradient::Difference { scale: 1e-9, target, weights: None }));
    let gradients: Vec<_> = of_style.into_iter().chain(of_content).collect();
    let mut gradient = vec![0.0; picture.len()];
    tiled.backward(&picture, &gradients, &mut gradient).expect("a gradient");
    let nanoseconds = 1e9 * start.elapsed().as_secs_f64() / (width * height) as f64;
    println!("{width}x{height}: {nanoseconds:.0} ns a pixel, peak {}", peak());
}

/// The most memory that this process has had.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.map_or("unknown".to_owned(), |line| line.trim().to_owned())
}
