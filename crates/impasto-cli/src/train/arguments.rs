//! The flags of `impasto train`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, ValueEnum};
use impasto_jobs::order::MachineChoices;
use impasto_train::classifier::{ClassifierSettings, OptimizerChoice};
use impasto_train::optimizers::Schedule;

use crate::training::RunArguments;
use crate::weights::PrecisionArguments;

const EXAMPLES: &str = "\
Examples:
  Train on CIFAR-10, as it is published or as folders of pictures, packed or not:
    impasto train --network cifar-simple --data cifar-10-binary.tar.gz
  See how it goes, and go on after an interruption:
    impasto train --network cifar-simple --data cifar10 --report report --log curve.jsonl
    impasto train --network cifar-simple --data cifar10 --report report --log curve.jsonl --resume
  Look at what it learnt, and paint with it:
    impasto features photo.jpg --weights cifar-simple.safetensors --layers relu1_1,relu2_1,relu3_1
    impasto transfer photo.jpg painting.jpg --weights cifar-simple.safetensors

The same settings give the same weights on the same processor, whatever the number of threads and however
often the run was interrupted.";

/// Train a small network to tell pictures apart, and keep its convolutions to paint with.
///
/// The networks are those of the paper that this program grew out of: VGG-like classifiers for pictures of
/// 32x32. The data are CIFAR-10's binary files, or pictures in folders train/CLASS and test/CLASS.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct TrainArguments {
    /// The network: cifar-simple has 7 convolutions with padding, cifar-complex 13 without.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(["cifar-simple", "cifar-complex"]))]
    pub network: String,

    /// The pictures: a folder, a .tar or a .tar.gz, also alone in a folder.
    #[arg(long, value_name = "PATH")]
    pub data: PathBuf,

    /// Where to write the convolutions, a safetensors file [default: NETWORK.safetensors]
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,

    /// Stop when so small a share of the test pictures is classified wrongly, 0 to 1; 0 never.
    #[arg(long, value_name = "SHARE", default_value = "0.18", value_parser = share)]
    pub target_error: f64,

    /// Most passes over the training pictures, 1 to 10000.
    #[arg(long, value_name = "N", default_value_t = 16, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub epochs: u32,

    /// Pictures of a step, 1 to 4096.
    #[arg(long, value_name = "N", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=4096))]
    pub batch: u32,

    /// What takes the steps.
    #[arg(long, value_name = "NAME", default_value = "adam")]
    pub optimizer: OptimizerName,

    /// Size of a step, above 0 to 1 [default: 0.0005 with adam, 0.02 with sgd]
    #[arg(long, value_name = "SIZE", value_parser = rate)]
    pub rate: Option<f32>,

    /// How the size goes on: it falls to zero along a cosine with the last epoch, or stays.
    #[arg(long, value_name = "NAME", default_value = "cosine")]
    pub schedule: ScheduleName,

    /// Steps over which their size rises from zero.
    #[arg(long, value_name = "STEPS", default_value_t = 200)]
    pub warm_up: u32,

    /// Share of each hidden layer's outputs that is left out in a step, 0 to below 1.
    #[arg(long, value_name = "SHARE", default_value = "0.5", value_parser = dropout)]
    pub dropout: f32,

    /// Part of the weights that a step takes away, times its size, 0 to 1.
    #[arg(long, value_name = "PART", default_value = "0", value_parser = decay)]
    pub weight_decay: f32,

    /// Learn from the pictures as they are, not shifted, mirrored and changed in brightness and contrast.
    #[arg(long)]
    pub no_augmentation: bool,

    /// Seed for everything random: the same seed gives the same weights.
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub seed: u64,

    #[command(flatten)]
    pub precision: PrecisionArguments,

    #[command(flatten)]
    pub run: RunArguments,

    #[command(flatten)]
    pub machine: MachineChoices,
}

/// The name of an optimiser.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum OptimizerName {
    /// Adam (Kingma and Ba 2014).
    Adam,
    /// Stochastic gradient descent with a momentum of 0.9.
    Sgd,
}

/// The name of a schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ScheduleName {
    /// Down to zero along half a cosine.
    Cosine,
    /// The same throughout.
    Constant,
}

impl TrainArguments {
    /// The settings that the flags ask for.
    pub fn settings(&self) -> ClassifierSettings {
        let (optimizer, rate) = match self.optimizer {
            OptimizerName::Adam => (OptimizerChoice::Adam, 5e-4),
            OptimizerName::Sgd => (OptimizerChoice::Sgd, 0.02),
        };
        let schedule = match self.schedule {
            ScheduleName::Cosine => Schedule::Cosine,
            ScheduleName::Constant => Schedule::Constant,
        };
        ClassifierSettings {
            batch: self.batch as usize,
            epochs: self.epochs as usize,
            target_error: self.target_error,
            optimizer,
            rate: self.rate.unwrap_or(rate),
            schedule,
            warm_up: self.warm_up as usize,
            dropout: self.dropout,
            weight_decay: self.weight_decay,
            augment: !self.no_augmentation,
            seed: self.seed,
        }
    }
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse().ok().filter(|share| (0.0..=1.0).contains(share));
    share.ok_or_else(|| "expected a share, 0 to 1, such as 0.18".to_owned())
}

fn dropout(text: &str) -> Result<f32, String> {
    let share = text.parse().ok().filter(|share| (0.0..1.0).contains(share));
    share.ok_or_else(|| "expected a share, 0 to below 1".to_owned())
}

/// Reads the size of a step.
pub fn rate(text: &str) -> Result<f32, String> {
    let rate = text.parse().ok().filter(|rate: &f32| *rate > 0.0 && *rate <= 1.0);
    rate.ok_or_else(|| "expected a number above 0, at most 1".to_owned())
}

/// Reads a weight decay.
pub fn decay(text: &str) -> Result<f32, String> {
    let part = text.parse().ok().filter(|part| (0.0..=1.0).contains(part));
    part.ok_or_else(|| "expected a number, 0 to 1".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        arguments: TrainArguments,
    }

    fn settings(flags: &[&str]) -> ClassifierSettings {
        let line = ["train", "--network", "cifar-simple", "--data", "x"].iter().chain(flags);
        Line::try_parse_from(line).unwrap().arguments.settings()
    }

    #[test]
    fn without_flags_settings_are_the_defaults_of_the_library() {
        assert_eq!(settings(&[]), ClassifierSettings::default());
        assert_eq!(settings(&["--optimizer", "sgd"]).rate, 0.02);
        assert_eq!(settings(&["--optimizer", "sgd", "--rate", "0.1"]).rate, 0.1);
    }
}
