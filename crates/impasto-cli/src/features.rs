//! `impasto features`: a picture as a network sees it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use impasto::Picture;
use impasto::picture::{WriteOptions, check_writable};
use impasto_jobs::engine_choice::EngineUser;
use impasto_jobs::features::{self, FeatureChoices, Features, FeaturesOrder, Reconstruct};
use impasto_jobs::order::{EngineChoices, MachineChoices, NetworkChoices};
use impasto_jobs::sheet::Sheet;
use impasto_jobs::threads;
use impasto_network::{Engine, Layer};

use crate::failure::{Failure, flag, say};
use crate::interrupt;
use crate::painting::existing::{self, Saved};
use crate::painting::is_same_file;
use crate::series::Series;

const EXAMPLES: &str = "\
Examples:
  What the network answers to a picture: photo-relu1_1.png and photo-relu3_1.png, 64 channels each:
    impasto features photo.jpg --layers relu1_1,relu3_1
  All channels of one layer, before its ReLU:
    impasto features photo.jpg --layers conv2_1 --channels all -o conv2_1.png
  What each layer still knows of a photograph, and of the style of a painting (Gatys, Ecker and Bethge,
  figure 1):
    impasto features photo.jpg --reconstruct content
    impasto features painting.jpg --reconstruct style --iterations 500";

/// Look at a picture as a network sees it.
///
/// Writes a sheet of feature maps for each layer, each channel from black at its lowest value to white at
/// its highest; or paints the picture again from what single layers hold of it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct FeaturesArguments {
    #[command(flatten)]
    pub view: FeatureChoices,

    /// Where to write the sheet: .png, .jpg, .jpeg, .webp, .tif or .tiff. Sheets of several layers get the layer
    /// before the extension [default: IMAGE-LAYER.png or IMAGE-content.png, in the current folder]
    #[arg(short, long, value_name = "FILE", help_heading = "Output")]
    pub output: Option<PathBuf>,

    /// Replace a file that is there already; without it, a terminal asks.
    #[arg(long, help_heading = "Output")]
    pub force: bool,

    /// Say nothing but errors.
    #[arg(short, long, help_heading = "Output")]
    pub quiet: bool,

    #[command(flatten)]
    pub network: NetworkChoices,

    #[command(flatten)]
    pub engine: EngineChoices,

    #[command(flatten)]
    pub machine: MachineChoices,
}

/// Writes the sheets.
pub fn run(arguments: &FeaturesArguments) -> Result<(), Failure> {
    let FeaturesArguments { view, network, engine, machine, .. } = arguments;
    let order = FeaturesOrder {
        view: view.clone(),
        network: network.clone(),
        engine: engine.clone(),
        machine: machine.clone(),
    };
    threads::pool(machine.threads)?.install(|| {
        let mut notes = Vec::new();
        let (weights, engine) = features::network(&order, &mut notes)?;
        if !arguments.quiet {
            notes.iter().for_each(|note| say(note.line(flag)));
        }
        engine.give(&weights, Look { arguments, order: &order })
    })
}

/// Writes the sheets of an engine.
struct Look<'a> {
    arguments: &'a FeaturesArguments,
    order: &'a FeaturesOrder,
}

impl EngineUser for Look<'_> {
    type Output = Result<(), Failure>;

    fn with<E: Engine + 'static>(self, engine: E) -> Self::Output {
        let features = Features::new(self.order, engine)?;
        match self.arguments.view.reconstruct {
            Some(from) => reconstruct(self.arguments, features, from),
            None => show(self.arguments, features),
        }
    }
}

/// One sheet of feature maps for each layer.
fn show(arguments: &FeaturesArguments, mut features: Features<impl Engine>) -> Result<(), Failure> {
    let count = features.layers().len();
    let file = |layer| sheet_file(arguments, layer, count);
    features.layers().iter().try_for_each(|layer| check(&file(*layer), arguments))?;
    let picture = read(arguments, &features)?;
    features.maps(&picture, |layer, sheet| write(sheet, &file(layer), arguments, true))
}

/// One sheet of reconstructions.
fn reconstruct(
    arguments: &FeaturesArguments,
    mut features: Features<impl Engine>,
    from: Reconstruct,
) -> Result<(), Failure> {
    let what = match from {
        Reconstruct::Content => "content",
        Reconstruct::Style => "style",
    };
    let file = arguments.output.clone().unwrap_or_else(|| named(&arguments.view.image, what));
    check(&file, arguments)?;
    let picture = read(arguments, &features)?;
    interrupt::install()?;
    let reconstruction = features.reconstruction(picture, from)?;
    reconstruction.check(&file)?;
    let mut series = Series::new(arguments.quiet, reconstruction.names(), reconstruction.plans());
    let painted = features.reconstruct(&reconstruction, &mut series)?;
    series.finish();
    match painted {
        None => {
            if !arguments.quiet {
                say("interrupted before the first picture; nothing written");
            }
            Err(Failure::Interrupted)
        }
        Some((sheet, completed)) => {
            write(&sheet, &file, arguments, completed)?;
            if completed { Ok(()) } else { Err(Failure::Interrupted) }
        }
    }
}

/// The picture, at its final size.
fn read(arguments: &FeaturesArguments, features: &Features<impl Engine>) -> Result<Picture, Failure> {
    let (picture, warnings) = features.read()?;
    if !arguments.quiet {
        warnings.iter().for_each(|warning| say(warning.line(flag)));
    }
    Ok(picture)
}

/// Where the sheet of a layer goes, of so many.
fn sheet_file(arguments: &FeaturesArguments, layer: Layer, layers: usize) -> PathBuf {
    match &arguments.output {
        None => named(&arguments.view.image, &layer.to_string()),
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
    if is_same_file(file, &arguments.view.image) {
        return Err(Failure::mistake(format_args!("{}: is the picture itself", file.display())));
    }
    if arguments.output.is_some() && file.exists() && !arguments.force {
        existing::agree_to_replace(file, arguments.quiet)?;
    }
    Ok(())
}

/// Writes a sheet, one that is not completed beside one that is.
fn write(sheet: &Sheet, file: &Path, arguments: &FeaturesArguments, completed: bool) -> Result<(), Failure> {
    let sheet = sheet.draw();
    let Saved { path, replaced } = existing::place(file, arguments.output.is_some(), completed);
    sheet.write(&path, None, &WriteOptions::default()).inspect_err(|_| existing::release(&path))?;
    if !arguments.quiet {
        let verb = if replaced { "replaced" } else { "wrote" };
        writeln!(io::stdout(), "{verb} {}, {}x{}", path.display(), sheet.width(), sheet.height())?;
    }
    Ok(())
}
