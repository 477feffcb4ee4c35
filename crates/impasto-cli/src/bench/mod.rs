//! `impasto bench`: seconds per evaluation, effective GFLOP/s and peak memory on this machine.

mod layers;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use impasto_jobs::engine_choice::{EngineChoice, EngineUser};
use impasto_jobs::evaluation::{self, Evaluation};
use impasto_jobs::network_choice::open_weights;
use impasto_jobs::order::{EngineChoices, EngineName, parsers};
use impasto_jobs::{machine, threads};
use impasto_kernels::Isa;
use impasto_network::{Architecture, Engine, Layer, NetworkOptions, Size, Weights};
use layers::LayerTimes;
use serde::Serialize;

use crate::failure::{Failure, flag, say};

const EXAMPLES: &str = "\
Examples:
  impasto bench                                      the compact network at 512x512
  impasto bench --network vgg19 --size 1024          VGG-19, with random weights
  impasto bench --network vgg19 --isa avx2 --json    without AVX-512, for a script
  impasto bench --engine gpu --device 1              on the second graphics card
  impasto bench --layers                             where the time goes";

/// Measure how fast this machine evaluates a network.
///
/// One evaluation is what a transfer does at each step: the network forward, a content difference at
/// relu4_2, Gram matrices at relu1_1 to relu5_1, and the gradient back to the pixels. Speed does not depend
/// on the values of weights and pictures, so both are random unless given.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true)]
pub struct BenchArguments {
    /// The network to measure: compact is built in; vgg16 and vgg19 get random weights without --weights
    /// [default: compact]
    #[arg(long, value_name = "NAME", value_parser = parsers::network())]
    network: Option<Architecture>,

    /// A safetensors file with the weights of the network; read within the time to prepare.
    #[arg(long, value_name = "FILE")]
    weights: Option<PathBuf>,

    /// Height and width of the picture in pixels.
    #[arg(
        long,
        value_name = "PIXELS",
        default_value_t = 512,
        value_parser = clap::value_parser!(u32).range(16..=32768)
    )]
    size: u32,

    /// Threads to compute with [default: one for each core]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=i64::from(threads::MOST_THREADS)))]
    threads: Option<u16>,

    /// The instruction set [default: the widest of this machine that computes in f32, so not amx]
    #[arg(long, value_name = "NAME", value_parser = parsers::isa())]
    isa: Option<Isa>,

    /// Evaluations to time, after one to warm up.
    #[arg(
        long,
        value_name = "N",
        default_value_t = 5,
        value_parser = clap::value_parser!(u16).range(1..=10_000)
    )]
    runs: u16,

    /// Tell also what each layer takes, and what the threads do meanwhile; for the engine on the processor.
    #[arg(long)]
    layers: bool,

    /// Print one JSON object instead of words.
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    engine: EngineChoices,
}

/// What was measured; the fields of the JSON object.
#[derive(Debug, Serialize)]
struct Measurement {
    network: String,
    weights: String,
    height: usize,
    width: usize,
    threads: usize,
    /// The instruction set of the engine on the processor.
    isa: Option<String>,
    /// What ran the network.
    engine: String,
    /// The fastest evaluation.
    seconds_best: f64,
    /// The median of all evaluations.
    seconds_median: f64,
    /// From nothing to an engine with its weights packed and its buffers planned.
    prepare_seconds: f64,
    /// The most memory of the whole process, or what the engine says it needs.
    peak_bytes: u64,
    /// Whether `peak_bytes` is the system's account of the process rather than the engine's estimate.
    peak_is_measured: bool,
    /// Bytes on a device with memory of its own, as the engine says; 0 for an engine without one.
    device_bytes: u64,
    /// 10⁹ operations a second in the best evaluation: two for each multiply-add of the convolutions,
    /// forward and back to the pixels, counted as direct convolution.
    gflops: f64,
    /// What each layer takes, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    layers: Option<LayerTimes>,
}

/// Measures and prints.
pub fn run(arguments: &BenchArguments) -> Result<(), Failure> {
    let isa = machine::instruction_set(arguments.isa)?;
    let pool = threads::pool(arguments.threads)?;
    let measurement = pool.install(|| {
        let mut notes = Vec::new();
        let mut choices = arguments.engine.clone();
        if arguments.layers && choices == EngineChoices::default() {
            choices.engine = Some(EngineName::Cpu);
        }
        let engine = EngineChoice::new(&choices, (isa, arguments.isa.is_some()), &mut notes)?;
        notes.iter().for_each(|note| say(note.line(flag)));
        if arguments.layers && !engine.is_processor() {
            return Err(Failure::mistake(
                "--layers: only the engine on the processor tells: add --engine cpu",
            ));
        }
        let started = Instant::now();
        let weights = Arc::new(weights(arguments)?);
        let isa = engine.is_processor().then_some(isa);
        engine.give(&weights, Measure { arguments, isa, weights: &weights, started })
    })?;
    let mut out = io::stdout().lock();
    match arguments.json {
        true => serde_json::to_writer(&mut out, &measurement).map_err(io::Error::from)?,
        false => measurement.write_words(&mut out)?,
    }
    writeln!(out)?;
    Ok(())
}

/// Times an engine for these weights.
struct Measure<'a> {
    arguments: &'a BenchArguments,
    /// Of the engine on the processor.
    isa: Option<Isa>,
    weights: &'a Weights,
    /// When the weights began to be read.
    started: Instant,
}

impl EngineUser for Measure<'_> {
    type Output = Result<Measurement, Failure>;

    fn with<E: Engine + 'static>(self, mut engine: E) -> Self::Output {
        let Measure { arguments, isa, weights, started } = self;
        let side = arguments.size as usize;
        let size = Size { height: side, width: side };
        let needed = engine.memory_needed(size, NetworkOptions::default(), &evaluation::layers())?;
        machine::check_memory(needed.host, format!("--size {side}"))?;
        evaluation::prepare(&mut engine, size)?;
        let prepare_seconds = started.elapsed().as_secs_f64();

        let (architecture, name) = (weights.architecture(), engine.describe());
        let mut evaluation = Evaluation::new(engine, size)?;
        evaluation.run()?;
        let seconds = evaluation.time(arguments.runs.into())?;
        if !evaluation.gradient().iter().all(|value| value.is_finite()) {
            return Err(Failure::mistake(format_args!(
                "{}: the gradient is not finite with these weights",
                weights.origin()
            )));
        }
        let layers = arguments.layers.then(|| LayerTimes::of(&mut evaluation, arguments.runs)).transpose()?;
        let multiply_adds = architecture.multiply_adds(Layer::relu(5, 1), side, side);
        let measured = machine::peak_memory();
        Ok(Measurement {
            network: architecture.name().to_owned(),
            weights: weights.origin().to_owned(),
            height: side,
            width: side,
            threads: rayon::current_num_threads(),
            isa: isa.map(|isa| isa.to_string()),
            engine: name,
            seconds_best: seconds[0],
            seconds_median: median(&seconds),
            prepare_seconds,
            peak_bytes: measured.unwrap_or(needed.host),
            peak_is_measured: measured.is_some(),
            device_bytes: needed.device,
            gflops: 4.0 * multiply_adds as f64 / seconds[0] / 1e9,
            layers,
        })
    }
}

fn weights(arguments: &BenchArguments) -> Result<Weights, Failure> {
    match (&arguments.weights, &arguments.network) {
        (Some(file), network) => Ok(open_weights(file, network.as_ref(), None)?),
        (None, Some(network)) if network.name() != "compact" => Ok(Weights::random(network.clone(), 0)),
        (None, _) => Ok(Weights::compact()),
    }
}

/// The middle of ascending values, or the mean of the two in the middle.
fn median(ascending: &[f64]) -> f64 {
    let half = ascending.len() / 2;
    match ascending.len() % 2 {
        0 => (ascending[half - 1] + ascending[half]) / 2.0,
        _ => ascending[half],
    }
}

impl Measurement {
    fn write_words(&self, out: &mut impl Write) -> io::Result<()> {
        let Measurement { network, weights, height, width, threads, engine, .. } = self;
        let plural = if *threads == 1 { "" } else { "s" };
        writeln!(out, "{network} ({weights}), {width}x{height}, {threads} thread{plural}, {engine}")?;
        writeln!(
            out,
            "evaluation  {:.3} s best, {:.3} s median (forward, losses, gradient of the pixels)",
            self.seconds_best, self.seconds_median
        )?;
        writeln!(
            out,
            "speed       {:.0} GFLOP/s, counted as direct convolution, forward and back",
            self.gflops
        )?;
        writeln!(
            out,
            "prepare     {:.3} s (read and pack the weights, plan the buffers)",
            self.prepare_seconds
        )?;
        let account = if self.peak_is_measured { "of the process" } else { "by the engine's estimate" };
        write!(out, "memory      {:.0} MB at the peak, {account}", self.peak_bytes as f64 / 1e6)?;
        if self.device_bytes > 0 {
            write!(out, "\n            {:.0} MB on the graphics card", self.device_bytes as f64 / 1e6)?;
        }
        self.layers.as_ref().map_or(Ok(()), |layers| layers.write_words(out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[1.0]), 1.0);
        assert_eq!(median(&[1.0, 3.0]), 2.0);
        assert_eq!(median(&[1.0, 3.0, 9.0]), 3.0);
    }
}
