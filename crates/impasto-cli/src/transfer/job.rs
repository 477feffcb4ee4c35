//! From flags to a run that has every reason to succeed: all files read and checked, all sizes and the
//! memory known, nothing computed or written.

use std::path::Path;

use impasto::picture::{Alpha, PictureError, ReadOptions, SourcePicture};
use impasto::{Picture, Plan, Settings, Transfer, TransferError};
use impasto_kernels::Isa;
use impasto_network::CpuEngine;

use super::arguments::TransferArguments;
use super::output::Output;
use super::recipe::Recipe;
use super::settings;
use super::values::StartFrom;
use crate::failure::{Failure, say};
use crate::{machine, network_choice};

/// A run, ready to go.
pub struct Job {
    /// Pictures and settings.
    pub transfer: Transfer,
    /// The network that it runs on.
    pub engine: CpuEngine,
    /// Its sizes and needs.
    pub plan: Plan,
    /// What the result's metadata say.
    pub recipe: Recipe,
    /// Where the result goes.
    pub output: Output,
}

impl Job {
    /// Checks everything that can be checked before computing.
    ///
    /// # Errors
    /// The first flag, file or size with which the run could not succeed.
    pub fn new(arguments: &TransferArguments, isa: Isa) -> Result<Self, Failure> {
        let settings = settings::settings(arguments)?;
        let blend = blend(arguments)?;
        let output = Output::new(arguments)?;
        let weights = network_choice::chosen(
            arguments.network.as_ref(),
            arguments.weights.as_deref(),
            arguments.convention,
        )?;
        let convention = settings.convention(weights.convention());
        let weights = weights.with_convention(convention);
        let recipe = Recipe::new(arguments, &settings, &weights, &blend, isa);
        let engine = CpuEngine::with_isa(weights, settings.network, isa);
        let smallest = smallest_side(&settings, &engine);

        let (content, alpha) = read(&arguments.content, arguments, smallest)?;
        let output = output.with_alpha(alpha, settings.schedule.filter);
        let mut transfer = Transfer::new(settings).content(content);
        for (path, weight) in arguments.styles.iter().zip(blend) {
            let (style, _) = read(path, arguments, smallest)?;
            transfer = transfer.style(style, weight);
        }
        if let Some(StartFrom::Picture(path)) = &arguments.start {
            transfer = transfer.start(read(path, arguments, 1)?.0);
        }
        let size = transfer.settings().schedule.size;
        let plan = transfer.plan(&engine).map_err(|error| match error {
            // The files are large enough, so it is what they are brought to that is not.
            TransferError::Engine { .. } => Failure::mistake(format_args!("--size {size}: {error}")),
            error => error.into(),
        })?;
        for stage in &plan.stages {
            output.check_size(stage.size)?;
        }
        machine::check_memory(plan.memory(), format_args!("--size {size}"))?;
        Ok(Job { transfer, engine, plan, recipe, output })
    }
}

/// Parts of the styles in the blend, one for each.
fn blend(arguments: &TransferArguments) -> Result<Vec<f64>, Failure> {
    let styles = arguments.styles.len();
    let Some(blend) = &arguments.style_blend else { return Ok(vec![1.0; styles]) };
    if blend.len() != styles {
        let (weights, pictures) = (counted(blend.len(), "weight"), counted(styles, "style picture"));
        return Err(Failure::mistake(format_args!(
            "--style-blend has {weights} for {pictures}: give one for each"
        )));
    }
    let sum: f64 = blend.iter().sum();
    if sum <= 0.0 {
        return Err(Failure::mistake("--style-blend: all weights are 0, but at least one must be above"));
    }
    if !sum.is_finite() {
        return Err(Failure::mistake(format_args!(
            "--style-blend: the sum of the weights is {sum}, but must be finite: make them smaller"
        )));
    }
    Ok(blend.clone())
}

fn counted(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}

/// The side that a picture needs to reach the deepest layer, in pixels. A smaller one could be enlarged, but
/// would show the network nothing.
fn smallest_side(settings: &Settings, engine: &CpuEngine) -> usize {
    let deepest = settings.layers().into_iter().max();
    deepest.map_or(1, |layer| engine.weights().architecture().stride(layer))
}

/// The picture in a file, at least `smallest` pixels high and wide, and its transparency.
fn read(
    path: &Path,
    arguments: &TransferArguments,
    smallest: usize,
) -> Result<(Picture, Option<Alpha>), Failure> {
    let options = ReadOptions { max_pixels: arguments.max_pixels };
    let source = SourcePicture::read(path, &options).map_err(|error| match error {
        PictureError::TooLarge { .. } | PictureError::FileTooLong { .. } => {
            Failure::mistake(format_args!("{error} (--max-pixels)"))
        }
        error => error.into(),
    })?;
    if !arguments.quiet {
        for warning in &source.warnings {
            say(format_args!("warning: {}: {warning}", path.display()));
        }
    }
    let (width, height) = (source.picture.width(), source.picture.height());
    if width.min(height) < smallest {
        return Err(Failure::mistake(format_args!(
            "{}: {width}x{height} pixels is too small for the layers in use: both sides must be at least \
             {smallest}",
            path.display()
        )));
    }
    Ok((source.picture, source.alpha))
}
