//! The flags of `impasto distill`.

use std::path::PathBuf;

use clap::Args;
use clap::builder::PossibleValuesParser;
use impasto_jobs::files::stem;
use impasto_jobs::network_choice;
use impasto_jobs::order::{EngineChoices, MachineChoices, parsers};
use impasto_network::{Architecture, Convention, Weights};
use impasto_train::data::Collection;
use impasto_train::distillation::DistillationSettings;

use crate::failure::Failure;
use crate::train::{decay, rate};
use crate::training::RunArguments;
use crate::weights::PrecisionName;

const EXAMPLES: &str = "\
Examples:
  Make the network that is built in again, from photographs and paintings:
    impasto distill --teacher vgg19 --weights vgg19.safetensors --images photos.tar --images paintings \\
      --shares 0.8,0.2 --network compact -o compact.safetensors
  Paint with it:
    impasto transfer photo.jpg painting.jpg --weights compact.safetensors
  How much of VGG-19's features two networks hold, on pictures that were kept apart:
    impasto distill --teacher vgg19 --images photos.tar --measure compact.safetensors --measure built-in

One picture in twenty of each collection is never learnt from. The same settings give the same weights on the
same processor, whatever the number of threads and however often the run was interrupted.";

/// Make a small network that has the features of a large one.
///
/// The student learns, on crops of pictures with changed colours and noise, to have features from which those of
/// the teacher follow linearly at relu1_1, 2_1, 3_1, 4_1, 4_2 and 5_1. It is saved without normalisations and
/// with a mean activation of 1 at every layer.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct DistillArguments {
    /// The network whose features are to be had [default: what the weight file holds, vgg19 without one]
    #[arg(long, value_name = "NAME", value_parser = parsers::network())]
    pub teacher: Option<Architecture>,

    /// Its weights, of any format [default: those that `impasto weights pull` installed]
    #[arg(long, value_name = "FILE")]
    pub weights: Option<PathBuf>,

    /// How the teacher reads pictures: caffe, torch, or a sentence [default: what the file says or implies]
    #[arg(long, value_name = "WORDS", requires = "weights")]
    pub convention: Option<Convention>,

    /// Pictures to learn from: a folder, a .tar or a .tar.gz, also alone in a folder. May be given several times.
    #[arg(long, value_name = "PATH", required = true)]
    pub images: Vec<PathBuf>,

    /// How often each collection of pictures is drawn from, relative to the others [default: equally]
    #[arg(long, value_name = "LIST", value_delimiter = ',', value_parser = share)]
    pub shares: Vec<f32>,

    /// The shape of the student.
    #[arg(long, value_name = "NAME", default_value = "compact", value_parser = PossibleValuesParser::new(["compact"]))]
    pub network: String,

    /// Where to write the student, a safetensors file [default: NETWORK.safetensors]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Numbers in the file: f16 takes half the space of f32.
    #[arg(long, value_name = "KIND", default_value = "f16")]
    pub precision: PrecisionName,

    /// Train nothing, but measure how much of the teacher's features the network of this weight file holds;
    /// `built-in` is the one that is part of the program. May be given several times.
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["output", "resume", "restart", "keep_checkpoint", "checkpoint", "report", "log"]
    )]
    pub measure: Vec<PathBuf>,

    /// Steps of the run, 1 to 10000000.
    #[arg(long, value_name = "N", default_value_t = 12_000, value_parser = clap::value_parser!(u32).range(1..=10_000_000))]
    pub steps: u32,

    /// Crops of a step, 1 to 1024.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub batch: u32,

    /// Height and width of a crop in pixels, a multiple of 16, 32 to 512.
    #[arg(long, value_name = "PIXELS", default_value = "96", value_parser = crop)]
    pub crop: usize,

    /// Size of a step at its largest, above 0 to 1. It falls to zero along a cosine.
    #[arg(long, value_name = "SIZE", default_value = "0.002", value_parser = rate)]
    pub rate: f32,

    /// Steps over which their size rises from zero.
    #[arg(long, value_name = "STEPS", default_value_t = 200)]
    pub warm_up: u32,

    /// Part of the weights that a step takes away, times its size, 0 to 1.
    #[arg(long, value_name = "PART", default_value = "0.0001", value_parser = decay)]
    pub weight_decay: f32,

    /// Seed for everything random: the same seed gives the same weights.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    #[command(flatten)]
    pub run: RunArguments,

    #[command(flatten)]
    pub engine: EngineChoices,

    #[command(flatten)]
    pub machine: MachineChoices,
}

impl DistillArguments {
    /// The teacher with its weights.
    ///
    /// # Errors
    /// If they are missing, damaged, or of another network.
    pub fn teacher(&self) -> Result<Weights, Failure> {
        let default = || self.weights.is_none().then(Architecture::vgg19);
        let network = self.teacher.clone().or_else(default);
        if let (Some(network), None) = (&network, &self.weights)
            && !network_choice::is_at_hand(network)?
        {
            let name = network.name();
            return Err(Failure::mistake(format_args!(
                "--teacher {name} needs its weights, which are not installed: run impasto weights pull {name}, or \
                 add --weights FILE with a file of them"
            )));
        }
        Ok(network_choice::chosen(network.as_ref(), self.weights.as_deref(), self.convention)?)
    }

    /// What the teacher is called: by its flag, or after its file.
    pub fn teacher_name(&self) -> String {
        let file = || self.weights.as_deref().map(stem);
        let flag = self.teacher.as_ref().map(|network| network.name().to_owned());
        flag.or_else(file).unwrap_or_else(|| "vgg19".to_owned())
    }

    /// The settings that the flags ask for.
    pub fn settings(&self) -> DistillationSettings {
        DistillationSettings {
            steps: self.steps as usize,
            batch: self.batch as usize,
            crop: self.crop,
            rate: self.rate,
            warm_up: self.warm_up as usize,
            weight_decay: self.weight_decay,
            seed: self.seed,
            ..DistillationSettings::default()
        }
    }

    /// The pictures with their shares.
    ///
    /// # Errors
    /// If there are other numbers of collections and shares.
    pub fn collections(&self) -> Result<Vec<Collection>, Failure> {
        if !self.shares.is_empty() && self.shares.len() != self.images.len() {
            let (shares, images) = (self.shares.len(), self.images.len());
            return Err(Failure::mistake(format_args!(
                "--shares: {shares} given for {images} collections of --images, expected one for each"
            )));
        }
        let shares = self.shares.iter().copied().chain(std::iter::repeat(1.0));
        Ok(self
            .images
            .iter()
            .zip(shares)
            .map(|(path, share)| Collection { path: path.clone(), share })
            .collect())
    }
}

fn share(text: &str) -> Result<f32, String> {
    let share = text.trim().parse().ok().filter(|share: &f32| *share > 0.0 && share.is_finite());
    share.ok_or_else(|| "expected a number above 0".to_owned())
}

fn crop(text: &str) -> Result<usize, String> {
    let side = text.parse().ok().filter(|side: &usize| (32..=512).contains(side) && side.is_multiple_of(16));
    side.ok_or_else(|| "expected a multiple of 16, 32 to 512".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: DistillArguments,
    }

    #[test]
    fn without_flags_settings_are_the_defaults_of_the_library() {
        let line = Line::try_parse_from(["distill", "--images", "x"]).unwrap();
        assert_eq!(line.arguments.settings(), DistillationSettings::default());
    }

    #[test]
    fn every_collection_has_a_share() {
        let shares = |line: &[&str]| {
            let line = Line::try_parse_from(["distill"].iter().chain(line)).unwrap();
            line.arguments.collections().map(|all| all.iter().map(|it| it.share).collect::<Vec<_>>())
        };
        assert_eq!(shares(&["--images", "a", "--images", "b"]).unwrap(), [1.0, 1.0]);
        assert_eq!(shares(&["--images", "a", "--images", "b", "--shares", "3,1"]).unwrap(), [3.0, 1.0]);
        assert!(shares(&["--images", "a", "--images", "b", "--shares", "3"]).is_err());
        assert!(share("0").is_err() && share("inf").is_err() && crop("100").is_err() && crop("16").is_err());
    }
}
