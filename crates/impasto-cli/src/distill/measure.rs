//! `impasto distill --measure`: how much of a teacher's features networks hold.

use std::io::{self, Write};

use impasto_kernels::Isa;
use impasto_network::{Architecture, Layer, Weights};
use impasto_train::data::Crops;
use impasto_train::distillation::{TAPS, explained_variance};

use super::DistillArguments;
use crate::failure::Failure;
use crate::network_choice::open_weights;

/// The word for the network that is part of the program.
const BUILT_IN: &str = "built-in";

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
        let cost = multiply_adds(network.architecture()) / multiply_adds(teacher.architecture());
        writeln!(out, " {mean:>8.3} {:>7.1}%", 100.0 * cost)?;
    }
    Ok(())
}

/// Multiply-adds of the convolutions down to the deepest tap, for each pixel of a picture.
fn multiply_adds(network: &Architecture) -> f64 {
    let deepest = TAPS[TAPS.len() - 1];
    let mut inputs = 3;
    let convolutions = network.convolutions().take_while(|layer: &Layer| *layer <= deepest);
    convolutions
        .map(|layer| {
            let outputs = network.channels(layer).expect("a layer of this network");
            let (stride, inputs) = (network.stride(layer), std::mem::replace(&mut inputs, outputs));
            (9 * inputs * outputs) as f64 / (stride * stride) as f64
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_compact_network_costs_a_seventh_of_vgg19() {
        let [compact, vgg19] = [Architecture::compact(), Architecture::vgg19()].map(|it| multiply_adds(&it));
        assert_eq!((vgg19 * 512.0 * 512.0 / 1e9).round(), 95.0);
        assert!((vgg19 / compact) > 6.0, "{}", vgg19 / compact);
    }
}
