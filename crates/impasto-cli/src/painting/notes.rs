//! What the user should know before a run: flags without effect, sizes that were changed, hints.

use impasto::terms::Content;
use impasto::{Picture, Plan, Preset, Settings, Start};
use impasto_network::{Architecture, Convention, Layer};

use super::basis::Basis;
use super::request::Request;
use super::values::StartFrom;
use crate::machine;

/// Below so many iterations in all, a picture that starts from noise is still noise.
const FEW_ITERATIONS: usize = 60;

/// What is said of a run by this plan. `shape` is width and height of what gives the result its aspect.
pub fn of_run(
    request: &Request<'_>,
    basis: &Basis,
    settings: &Settings,
    plan: &Plan,
    shape: (usize, usize),
) -> Vec<String> {
    let size = plan.stages.last().map(|stage| (stage.size.width, stage.size.height)).unwrap_or(shape);
    let notes = [
        enlarged(request, shape, size),
        rounded(basis.sides(request.shared.picture.size), settings, shape, size),
        seed(request, settings),
        threads(request),
        few_iterations(settings, plan),
        cfg!(debug_assertions)
            .then(|| "a debug build, several times slower than cargo build --release".into()),
    ];
    notes.into_iter().flatten().collect()
}

/// Leaves out of our own presets what a small network lacks, unless it was asked for by name, and says so.
pub fn fit_layers(
    request: &Request<'_>,
    basis: &Basis,
    settings: &mut Settings,
    network: &Architecture,
) -> Option<String> {
    if !matches!(basis.preset(), Some(Preset::Impasto | Preset::Doodle | Preset::Texture)) {
        return None;
    }
    let mut missing = settings.fit_layers(network);
    // What was asked for by name stays, and is an error where it is missing.
    if let (Some(typed), Some(layers)) = (&request.shared.style.style_layers, settings.style_layers_mut()) {
        layers.layers.clone_from(typed);
    }
    let of_content = request.keeping.and_then(|flags| flags.content_layers.as_ref());
    if let (Some(typed), Some(content)) = (of_content, settings.term_mut::<Content>()) {
        content.layers.layers.clone_from(typed);
    }
    missing.retain(|layer| !settings.layers().contains(layer));
    let names: Vec<String> = missing.iter().map(Layer::to_string).collect();
    let read: Vec<String> = settings.layers().iter().map(Layer::to_string).collect();
    (!missing.is_empty()).then(|| {
        format!(
            "hint: the network has no {}; it is read at {}; --style-layers and --content-layers choose others",
            names.join(", "),
            read.join(", ")
        )
    })
}

/// How the network reads pictures: as `--convention` says, or as the preset wants it of a network that reads them
/// as `of_network`; and what to say where these differ.
pub fn convention(
    request: &Request<'_>,
    basis: &Basis,
    settings: &Settings,
    of_network: &Convention,
) -> (Convention, Option<String>) {
    let wanted = settings.convention(of_network);
    match request.shared.network.convention {
        Some(typed) if typed != wanted => {
            let named =
                basis.preset().map_or("these settings".to_owned(), |preset| format!("the preset {preset}"));
            let note = format!(
                "--convention: the network reads pixels as 0..{}; {named} alone would have 0..{}",
                typed.scale, wanted.scale
            );
            (typed, Some(note))
        }
        Some(typed) => (typed, None),
        None => (wanted, None),
    }
}

/// A start of another aspect than the result, whose width and height are `shape`, is cropped.
pub fn start(request: &Request<'_>, start: Option<&Picture>, shape: (usize, usize)) -> Option<String> {
    let (Some(StartFrom::Picture(path)), Some(start)) = (&request.shared.picture.start, start) else {
        return None;
    };
    let cropped = start.cropped_to_aspect(shape.0, shape.1);
    let [from, to] = [start, &cropped].map(|picture| (picture.width(), picture.height()));
    (from != to).then(|| {
        format!(
            "{}: {}x{}, cropped to the middle {}x{}, the aspect of the result",
            path.display(),
            from.0,
            from.1,
            to.0,
            to.1
        )
    })
}

fn enlarged(request: &Request<'_>, shape: (usize, usize), size: (usize, usize)) -> Option<String> {
    let (content, longest) = (request.content?, shape.0.max(shape.1));
    let (width, height) = size;
    (width.max(height) > longest).then(|| {
        format!(
            "warning: {} is {}x{} and is enlarged to {width}x{height}, which adds no detail; --size \
             {longest} keeps its size",
            content.display(),
            shape.0,
            shape.1
        )
    })
}

/// The sides of a seamless picture are multiples of what the network divides them by. `sides` are those asked for.
fn rounded(
    sides: Option<(usize, usize)>,
    settings: &Settings,
    shape: (usize, usize),
    (width, height): (usize, usize),
) -> Option<String> {
    let asked = sides.unwrap_or((settings.schedule.size, settings.schedule.size));
    let square = shape.0 == shape.1 || sides.is_some();
    (settings.seamless && square && asked != (width, height)).then(|| {
        format!("size {}x{} becomes {width}x{height}, so that the borders of its maps meet", asked.0, asked.1)
    })
}

fn seed(request: &Request<'_>, settings: &Settings) -> Option<String> {
    let seed = request.shared.picture.seed?;
    let start = match &settings.schedule.start {
        Start::Picture => "a picture",
        Start::NormalNoise { .. } | Start::UniformNoise { .. } => return None,
        Start::Content | Start::SmoothContent { .. } => "the content",
    };
    // It also names where the clustering of colours starts.
    request.maps.is_none().then(|| {
        format!("warning: --seed {seed} has no effect: the run starts from {start}; add --start noise")
    })
}

fn threads(request: &Request<'_>) -> Option<String> {
    let (threads, cores) = (usize::from(request.shared.machine.threads?), machine::cores());
    (threads > cores).then(|| {
        format!("warning: --threads {threads}: this machine has {cores}, and more threads only get in each other's way")
    })
}

fn few_iterations(settings: &Settings, plan: &Plan) -> Option<String> {
    let noise = matches!(settings.schedule.start, Start::NormalNoise { .. } | Start::UniformNoise { .. });
    (noise && plan.iterations() < FEW_ITERATIONS).then(|| {
        format!(
            "hint: {} iterations leave much of the noise that the run starts from; a few hundred are usual",
            plan.iterations()
        )
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::settings;
    use super::*;
    use crate::command_line::{Command, CommandLine};

    /// What `--weights` of a network that reads as Caffe's is read as, and what is said.
    fn convention_of(flags: &str) -> (Convention, Option<String>) {
        let words = "impasto transfer a.png b.png --weights vgg19.safetensors";
        let words = words.split_whitespace().chain(flags.split_whitespace());
        let Command::Transfer(arguments) = CommandLine::try_parse_from(words).unwrap().command else {
            unreachable!("transfer was typed")
        };
        let request = arguments.request().unwrap();
        let basis = Basis::new(&request).unwrap();
        let settings = settings::settings(&request, &basis).unwrap();
        convention(&request, &basis, &settings, &Convention::CAFFE)
    }

    #[test]
    fn a_convention_that_was_typed_wins_over_the_preset() {
        let torch = Convention { scale: 256.0, ..Convention::CAFFE };
        assert_eq!(convention_of("--preset neural-style"), (torch, None));
        assert_eq!(convention_of("--preset gatys --convention caffe"), (Convention::CAFFE, None));
        let (found, note) = convention_of("--preset neural-style --convention caffe");
        assert_eq!(found, Convention::CAFFE);
        assert_eq!(
            note.unwrap(),
            "--convention: the network reads pixels as 0..255; the preset neural-style alone would have 0..256"
        );
    }
}
