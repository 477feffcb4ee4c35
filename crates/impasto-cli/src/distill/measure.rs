//! `impasto distill --measure`: how much of a teacher's features networks hold.

use std::io::{self, Write};

use impasto_jobs::network_choice::open_weights;
use impasto_kernels::Isa;
use impasto_network::Weights;
use impasto_train::data::Crops;
use impasto_train::distillation::{TAPS, explained_variance};

use super::DistillArguments;
use crate::failure::Failure;

/// The word for the network that is part of the program.
const BUILT_IN: &str = "built-in";

/// Side of the picture that multiply-adds are counted on.
const COSTED: usize = 512;

/// Measures and prints.
pub fn run(arguments: &DistillArguments, teacher: &Weights, crops: &Crops, isa: Isa) -> Result<(), Failure> {
    if crops.counts().1 == 0 {
        return Err(Failure::mistake(
            "--images: fewer than 20 pictures in every collection, so none are kept apart to measure with",
        ));
    }
    let names: Vec<String> = arguments.measure.iter().map(|file| file.display().to_string()).collect();
    let mut networks = Vec::new();
    for (name, file) in names.iter().zip(&arguments.measure) {
        let weights = match name.as_str() {
            BUILT_IN => Weights::compact(),
            _ => open_weights(file, None, None)?,
        };
        networks.push((name.as_str(), weights));
    }
    print(&mut io::stdout().lock(), &networks, teacher, crops, arguments.seed, isa)
}

/// Prints a table of named networks: the share of the teacher's variance that each explains at each layer, and
/// its multiply-adds.
pub fn print(
    out: &mut impl Write,
    networks: &[(&str, Weights)],
    teacher: &Weights,
    crops: &Crops,
    seed: u64,
    isa: Isa,
) -> Result<(), Failure> {
    if crops.counts().1 == 0 {
        return Ok(());
    }
    let width = networks.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0).max("network".len());
    writeln!(
        out,
        "explained variance of {} on {} pictures kept apart:",
        teacher.architecture().name(),
        crops.counts().1
    )?;
    write!(out, "{:width$}", "network")?;
    TAPS.iter().try_for_each(|tap| write!(out, " {:>8}", tap.to_string()))?;
    writeln!(out, " {:>8} {:>8}", "mean", "cost")?;
    let cost =
        |network: &Weights| network.architecture().multiply_adds(TAPS[TAPS.len() - 1], COSTED, COSTED) as f64;
    for (name, network) in networks {
        let shares = explained_variance(teacher, network, crops, seed, isa);
        write!(out, "{name:width$}")?;
        for tap in TAPS {
            match shares.iter().find(|(layer, _)| *layer == tap) {
                Some((_, share)) => write!(out, " {share:>8.3}")?,
                None => write!(out, " {:>8}", "–")?,
            }
        }
        let mean = shares.iter().map(|(_, share)| share).sum::<f64>() / shares.len().max(1) as f64;
        let cost = cost(network) / cost(teacher);
        writeln!(out, " {mean:>8.3} {:>7.1}%", 100.0 * cost)?;
    }
    Ok(())
}
