//! `impasto features`: a picture as a network sees it.

mod activations;
mod arguments;
mod reconstruction;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use arguments::FeaturesArguments;
use arguments::{Channels, Reconstruct};
use impasto::picture::{Filter, ReadOptions, SourcePicture, WriteOptions, check_writable};
use impasto::{Picture, Preset};
use impasto_kernels::Isa;
use impasto_network::{CpuEngine, Engine, Layer, NetworkOptions, Size, Statistic};

use crate::failure::{Failure, say};
use crate::painting::{is_same_file, unreadable};
use crate::sheet::Sheet;
use crate::{interrupt, machine, network_choice, threads};

/// Longest sides in pixels, unless one is asked for.
const SIZE: u32 = 512;
const SIZE_TO_RECONSTRUCT: u32 = 256;

/// Writes the sheets.
pub fn run(arguments: &FeaturesArguments) -> Result<(), Failure> {
    let isa = machine::instruction_set(arguments.machine.isa)?;
    threads::pool(arguments.machine.threads)?.install(|| {
        let mut engine = engine(arguments, isa)?;
        let mut layers = arguments.layers.clone();
        if layers.is_empty() {
            let last = engine.architecture().blocks().len().min(5) as u8;
            layers = (1..=last).map(|block| Layer::relu(block, 1)).collect();
        }
        layers.sort_unstable();
        layers.dedup();
        match arguments.reconstruct {
            Some(from) => reconstruct(arguments, &mut engine, from, &layers),
            None => show(arguments, &mut engine, &layers),
        }
    })
}

/// One sheet of feature maps for each layer.
fn show(arguments: &FeaturesArguments, engine: &mut CpuEngine, layers: &[Layer]) -> Result<(), Failure> {
    let files: Vec<PathBuf> =
        layers.iter().map(|layer| sheet_file(arguments, *layer, layers.len())).collect();
    files.iter().try_for_each(|file| check(file, arguments))?;
    let picture = read(arguments, SIZE)?;
    let size = Size { height: picture.height(), width: picture.width() };
    let options = options(arguments);
    machine::check_memory(engine.memory_needed(size, options, layers)?.host, "--size")?;
    engine.prepare(size, options, layers.iter().map(|&layer| Statistic::Map.at(layer)).collect())?;
    engine.measure(picture.data())?;
    let about = about(arguments, engine);
    for (layer, file) in layers.iter().zip(&files) {
        write(&activations::sheet(engine, *layer, arguments.channels, &about), file, arguments)?;
    }
    Ok(())
}

/// One sheet of reconstructions.
fn reconstruct(
    arguments: &FeaturesArguments,
    engine: &mut CpuEngine,
    from: Reconstruct,
    layers: &[Layer],
) -> Result<(), Failure> {
    let what = match from {
        Reconstruct::Content => "content",
        Reconstruct::Style => "style",
    };
    let file = arguments.output.clone().unwrap_or_else(|| named(&arguments.image, what));
    check(&file, arguments)?;
    let picture = read(arguments, SIZE_TO_RECONSTRUCT)?;
    interrupt::install()?;
    let about = about(arguments, engine);
    match reconstruction::sheet(engine, &picture, arguments, from, layers, &about, &file)? {
        None => {
            if !arguments.quiet {
                say("interrupted before the first picture; nothing written");
            }
            Err(Failure::Interrupted)
        }
        Some((sheet, completed)) => {
            write(&sheet, &file, arguments)?;
            if completed { Ok(()) } else { Err(Failure::Interrupted) }
        }
    }
}

/// The network of the flags, ready to run.
fn engine(arguments: &FeaturesArguments, isa: Isa) -> Result<CpuEngine, Failure> {
    let flags = &arguments.network;
    let weights = network_choice::chosen(flags.network.as_ref(), flags.weights.as_deref(), flags.convention)?;
    Ok(CpuEngine::with_isa(weights, isa))
}

/// How the network reads the picture. The first convolution pads as in the default preset, so that the rim shows the
/// picture and not its end.
fn options(arguments: &FeaturesArguments) -> NetworkOptions {
    let own = Preset::Impasto.settings().network;
    NetworkOptions { pooling: arguments.network.pooling.unwrap_or(own.pooling), ..own }
}

/// The picture at the size asked for, or a longest side of `default`.
fn read(arguments: &FeaturesArguments, default: u32) -> Result<Picture, Failure> {
    let options = ReadOptions { max_pixels: arguments.max_pixels };
    let source = SourcePicture::read(&arguments.image, &options).map_err(unreadable)?;
    if !arguments.quiet {
        for warning in &source.warnings {
            say(format_args!("warning: {}: {warning}", arguments.image.display()));
        }
    }
    let longest = arguments.size.unwrap_or(default) as usize;
    let (width, height) = source.picture.fit_longest_side(longest);
    Ok(source.picture.resized(width, height, Filter::Lanczos3).clamped())
}

/// `photo.jpg, compact`
fn about(arguments: &FeaturesArguments, engine: &CpuEngine) -> String {
    let name = arguments.image.file_name().unwrap_or_default().to_string_lossy();
    format!("{name}, {}", engine.architecture().name())
}

/// Where the sheet of a layer goes, of so many.
fn sheet_file(arguments: &FeaturesArguments, layer: Layer, layers: usize) -> PathBuf {
    match &arguments.output {
        None => named(&arguments.image, &layer.to_string()),
        Some(file) if layers == 1 => file.clone(),
        Some(file) => {
            let extension = file.extension().unwrap_or_default().to_string_lossy();
            let stem = file.file_stem().unwrap_or_default().to_string_lossy();
            file.with_file_name(format!("{stem}-{layer}.{extension}"))
        }
    }
}

/// `IMAGE-WORD.png` in the current folder.
fn named(image: &Path, word: &str) -> PathBuf {
    PathBuf::from(format!("{}-{word}.png", image.file_stem().unwrap_or_default().to_string_lossy()))
}

/// Checks that a sheet can be written, and does not replace the picture.
fn check(file: &Path, arguments: &FeaturesArguments) -> Result<(), Failure> {
    check_writable(file, &WriteOptions::default())?;
    if is_same_file(file, &arguments.image) {
        return Err(Failure::mistake(format_args!("{}: is the picture itself", file.display())));
    }
    Ok(())
}

fn write(sheet: &Sheet, file: &Path, arguments: &FeaturesArguments) -> Result<(), Failure> {
    let sheet = sheet.draw();
    sheet.write(file, None, &WriteOptions::default())?;
    if !arguments.quiet {
        writeln!(io::stdout(), "wrote {}, {}x{}", file.display(), sheet.width(), sheet.height())?;
    }
    Ok(())
}
