//! `impasto distill --measure`: how much of a teacher's features networks hold.

use std::io::{self, Write};
use std::sync::Arc;

use impasto_jobs::engine_choice::{EngineChoice, EngineUser};
use impasto_jobs::network_choice::open_weights;
use impasto_kernels::Isa;
use impasto_network::{Engine, EngineError, Layer, Weights};
use impasto_train::data::Crops;
use impasto_train::distillation::{
    EngineFeatures, FeatureSource, FrozenNetwork, TAPS, common_taps, explained_variance,
};

use super::DistillArguments;
use crate::failure::{Failure, flag, say};

/// The word for the network that is part of the program.
const BUILT_IN: &str = "built-in";

/// Side of the picture that multiply-adds are counted on.
const COSTED: usize = 512;

/// Measures and prints.
pub fn run(
    arguments: &DistillArguments,
    teacher: &Arc<Weights>,
    crops: &Crops,
    isa: Isa,
) -> Result<(), Failure> {
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
        networks.push((name.as_str(), Arc::new(weights)));
    }
    let mut notes = Vec::new();
    let engine = EngineChoice::new(&arguments.engine, (isa, arguments.machine.isa.is_some()), &mut notes)?;
    if !arguments.run.quiet {
        notes.iter().for_each(|note| say(note.line(flag)));
    }
    let show = Show {
        teacher,
        crops,
        seed: arguments.seed,
        isa,
        engine: (!engine.is_processor()).then_some(&engine),
    };
    show.table(&mut io::stdout().lock(), &networks)
}

/// Shows how much networks hold.
pub struct Show<'a> {
    pub teacher: &'a Arc<Weights>,
    pub crops: &'a Crops,
    pub seed: u64,
    pub isa: Isa,
    /// What runs the networks; `None` for what runs them in training, whose batches suit the processor.
    pub engine: Option<&'a EngineChoice>,
}

impl Show<'_> {
    /// Prints a table of named networks: the share of the teacher's variance that each explains at each layer, and
    /// its multiply-adds.
    pub fn table(&self, out: &mut impl Write, networks: &[(&str, Arc<Weights>)]) -> Result<(), Failure> {
        let Show { teacher, crops, .. } = self;
        if crops.counts().1 == 0 {
            return Ok(());
        }
        let longest = networks.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        let width = longest.max("network".len());
        writeln!(
            out,
            "explained variance of {} on {} pictures kept apart:",
            teacher.architecture().name(),
            crops.counts().1
        )?;
        write!(out, "{:width$}", "network")?;
        TAPS.iter().try_for_each(|tap| write!(out, " {:>8}", tap.to_string()))?;
        writeln!(out, " {:>8} {:>8}", "mean", "cost")?;
        let cost = |network: &Weights| {
            network.architecture().multiply_adds(TAPS[TAPS.len() - 1], COSTED, COSTED) as f64
        };
        for (name, network) in networks {
            let shares = self.explained_variance(network)?;
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

    fn explained_variance(&self, student: &Arc<Weights>) -> Result<Vec<(Layer, f64)>, EngineError> {
        let taps = common_taps(self.teacher, student);
        let features = |weights: &Arc<Weights>| -> Box<dyn FeatureSource> {
            match self.engine {
                Some(engine) => engine.give(weights, Tell { taps: &taps }),
                None => Box::new(FrozenNetwork::new(weights, &taps, self.isa)),
            }
        };
        match taps.is_empty() {
            true => Ok(Vec::new()),
            false => {
                let (mut teacher, mut student) = (features(self.teacher), features(student));
                explained_variance(&mut *teacher, &mut *student, self.crops, self.seed, self.isa)
            }
        }
    }
}

/// Has an engine tell the features at some layers.
struct Tell<'a> {
    taps: &'a [Layer],
}

impl EngineUser for Tell<'_> {
    type Output = Box<dyn FeatureSource>;

    fn with<E: Engine + 'static>(self, engine: E) -> Self::Output {
        Box::new(EngineFeatures::new(engine, self.taps))
    }
}
