//! `impasto info`: what the program offers, and what this machine does.

use std::io::{self, Write};

use clap::Args;
use clap::builder::PossibleValuesParser;
use impasto::Preset;
use impasto::picture::PictureFormat;
use impasto_jobs::engine_choice::devices;
use impasto_jobs::network_choice::NETWORKS;
use impasto_jobs::{defaults, machine};
use impasto_kernels::Isa;
use impasto_network::{Architecture, Convention, Layer, Weights};

use crate::failure::{Failure, flag};

/// The terms of a loss, as messages and traces call them, and what each does to the picture.
const TERMS: [(&str, &str); 6] = [
    ("content", "keeps the shapes of the photograph: squared distance of feature maps"),
    ("gram", "takes on strokes and colours of the style: squared distance of Gram matrices"),
    ("moments", "takes on strokes and colours of the style: distance of means and covariances of features"),
    ("patches", "takes on pieces of the style: squared distance of patches from the most similar ones"),
    ("nearest", "takes on features of the style: cosine distance of columns from the most similar ones"),
    ("total_variation", "smooths: differences of neighbouring pixels"),
];

/// What moves the pixels.
const OPTIMIZERS: [(&str, &str); 2] = [
    ("lbfgs", "few iterations, memory for its last steps; by Torch's rule or with a line search"),
    ("adam", "little memory, goes on smoothly from size to size"),
];

const EXAMPLES: &str = "\
Examples:
  What there is:
    impasto info
  What a preset is made of, as flags that change it one by one:
    impasto info --preset gatys";

/// List networks, presets and methods, and what this machine offers.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct InfoArguments {
    /// Print the values of this preset instead, each as the flag that changes it.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Preset::ALL.map(Preset::name)))]
    pub preset: Option<String>,
}

/// Prints the lists, or the values of a preset.
pub fn run(arguments: &InfoArguments) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let asked = arguments.preset.as_deref();
    if let Some(preset) = Preset::ALL.into_iter().find(|preset| Some(preset.name()) == asked) {
        writeln!(out, "{preset}: {}\n", preset.description())?;
        for (field, value) in defaults(preset) {
            writeln!(out, "  {:22} {value}", flag(field))?;
        }
        return Ok(());
    }
    writeln!(out, "impasto {}\n", env!("CARGO_PKG_VERSION"))?;
    networks(&mut out)?;
    writeln!(out, "\nPresets (--preset)")?;
    for preset in Preset::ALL {
        writeln!(out, "  {:18} {}", preset.name(), preset.description())?;
    }
    writeln!(out, "\nTerms of the loss")?;
    list(&mut out, &TERMS)?;
    writeln!(out, "\nOptimisers (--optimizer)")?;
    list(&mut out, &OPTIMIZERS)?;
    writeln!(out, "\nPictures\n  read: {}\n  written: {}", PictureFormat::READ, PictureFormat::EXTENSIONS)?;
    this_machine(&mut out)
}

fn networks(out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out, "Networks (--network), with the cost of a forward pass to relu5_1 at 512x512")?;
    for name in NETWORKS {
        let Some(network) = Architecture::known().into_iter().find(|network| network.name() == name) else {
            continue;
        };
        let shape: Vec<String> =
            network.blocks().iter().map(|block| format!("{}x{}", block.len(), block[0])).collect();
        let gmac = network.multiply_adds(Layer::relu(5, 1), 512, 512) as f64 / 1e9;
        let (count, shape) = (network.convolutions().count(), shape.join(" + "));
        writeln!(out, "  {name:8} {count:2} convolutions, {shape} channels; {gmac:.1} GMAC")?;
        match name {
            "compact" => writeln!(out, "           built in; reads {}", Weights::compact().convention())?,
            _ => writeln!(out, "           impasto weights pull {name}, or --weights FILE")?,
        }
    }
    writeln!(out, "\nInput conventions of weight files (--convention)")?;
    writeln!(out, "  caffe    {}", Convention::CAFFE)?;
    writeln!(out, "  torch    {}", Convention::TORCH)?;
    Ok(())
}

fn list(out: &mut impl Write, entries: &[(&str, &str)]) -> io::Result<()> {
    entries.iter().try_for_each(|(name, words)| writeln!(out, "  {name:15} {words}"))
}

fn this_machine(out: &mut impl Write) -> Result<(), Failure> {
    writeln!(out, "\nThis machine")?;
    let sets: Vec<String> = Isa::ALL
        .iter()
        .filter(|isa| isa.is_available())
        .map(|&isa| match isa {
            isa if isa.rounds() => format!("{isa} (used by our own presets, with Adam)"),
            isa if isa == Isa::detect() => format!("{isa} (used)"),
            isa => isa.to_string(),
        })
        .collect();
    writeln!(out, "  instruction sets   {}", sets.join(", "))?;
    writeln!(out, "  threads            {}", machine::cores())?;
    if let Some(bytes) = machine::available_memory() {
        writeln!(out, "  free memory        {:.1} GB", bytes as f64 / 1e9)?;
    }
    match devices() {
        None => writeln!(out, "  graphics cards     not used: built without --features gpu")?,
        Some(devices) if devices.is_empty() => {
            writeln!(out, "  graphics cards     none with a driver for Vulkan, Metal or DirectX 12")?;
        }
        Some(devices) => {
            writeln!(
                out,
                "  graphics cards     for --device N; --engine auto takes the first if it is faster:"
            )?;
            for (number, device) in devices.iter().enumerate() {
                writeln!(out, "    {number}: {device}")?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_term_of_a_preset_is_listed() {
        for preset in Preset::ALL {
            let settings = serde_json::to_value(preset.settings()).unwrap();
            for term in settings["terms"].as_array().unwrap() {
                let name = term["term"].as_str().unwrap();
                assert!(TERMS.iter().any(|(listed, _)| *listed == name), "{name}");
            }
        }
    }
}
