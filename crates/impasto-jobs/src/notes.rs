//! What whoever gave an order should know before its run: choices without effect, sizes that were changed, hints.

use impasto::terms::Content;
use impasto::{Picture, Plan, Preset, Settings, Start};
use impasto_network::{Architecture, Convention, Layer};

use crate::basis::Basis;
use crate::machine;
use crate::message::{Field, Message, Note};
use crate::order::{Order, StartFrom};
use crate::words;

/// Below so many iterations in all, a picture that starts from noise is still noise.
const FEW_ITERATIONS: usize = 60;

/// What is said of a run by this plan. `shape` is width and height of what gives the result its aspect.
pub(crate) fn of_run(
    order: &Order,
    basis: &Basis,
    settings: &Settings,
    plan: &Plan,
    shape: (usize, usize),
) -> Vec<Note> {
    let size = plan.stages.last().map(|stage| (stage.size.width, stage.size.height)).unwrap_or(shape);
    let notes = [
        enlarged(order, shape, size),
        rounded(basis.sides(order.picture.size), settings, shape, size),
        seed(order, settings),
        threads(order),
        few_iterations(settings, plan),
        cfg!(debug_assertions).then(|| {
            Note::fact(Message::new("a debug build, several times slower than cargo build --release"))
        }),
    ];
    notes.into_iter().flatten().collect()
}

/// Leaves out of our own presets what a small network lacks, unless it was asked for by name, and says so.
pub(crate) fn fit_layers(
    order: &Order,
    basis: &Basis,
    settings: &mut Settings,
    network: &Architecture,
) -> Option<Note> {
    if !matches!(basis.preset(), Some(Preset::Impasto | Preset::Doodle | Preset::Texture)) {
        return None;
    }
    let mut missing = settings.fit_layers(network);
    // What was asked for by name stays, and is an error where it is missing.
    if let (Some(chosen), Some(layers)) = (&order.style.style_layers, settings.style_layers_mut()) {
        layers.layers.clone_from(chosen);
    }
    let of_content = order.content.content_layers.as_ref();
    if let (Some(chosen), Some(content)) = (of_content, settings.term_mut::<Content>()) {
        content.layers.layers.clone_from(chosen);
    }
    missing.retain(|layer| !settings.layers().contains(layer));
    let names: Vec<String> = missing.iter().map(Layer::to_string).collect();
    let read: Vec<String> = settings.layers().iter().map(Layer::to_string).collect();
    (!missing.is_empty()).then(|| {
        let missing = format!("the network has no {}; it is read at {}; ", names.join(", "), read.join(", "));
        let others = words![Field("style_layers"), " and ", Field("content_layers"), " choose others"];
        Note::hint(Message::new(words![missing, others]).of("style_layers"))
    })
}

/// How the network reads pictures: as `convention` says, or as the preset wants it of a network that reads them
/// as `of_network`; and what to say where these differ.
pub(crate) fn convention(
    order: &Order,
    basis: &Basis,
    settings: &Settings,
    of_network: &Convention,
) -> (Convention, Option<Note>) {
    let wanted = settings.convention(of_network);
    match order.network.convention {
        Some(chosen) if chosen != wanted => {
            let named =
                basis.preset().map_or("these settings".to_owned(), |preset| format!("the preset {preset}"));
            let why = format!(
                "the network reads pixels as 0..{}; {named} alone would have 0..{}",
                chosen.scale, wanted.scale
            );
            (chosen, Some(Note::fact(Message::about("convention", why))))
        }
        Some(chosen) => (chosen, None),
        None => (wanted, None),
    }
}

/// A start of another aspect than the result, whose width and height are `shape`, is cropped.
pub(crate) fn start(order: &Order, start: Option<&Picture>, shape: (usize, usize)) -> Option<Note> {
    let (Some(StartFrom::Picture(path)), Some(start)) = (&order.picture.start, start) else {
        return None;
    };
    let cropped = start.cropped_to_aspect(shape.0, shape.1);
    let [from, to] = [start, &cropped].map(|picture| (picture.width(), picture.height()));
    (from != to).then(|| {
        let why = format!(
            "{}: {}x{}, cropped to the middle {}x{}, the aspect of the result",
            path.display(),
            from.0,
            from.1,
            to.0,
            to.1
        );
        Note::fact(Message::new(why).of("start"))
    })
}

fn enlarged(order: &Order, shape: (usize, usize), size: (usize, usize)) -> Option<Note> {
    let (content, longest) = (order.task.content()?, shape.0.max(shape.1));
    let (width, height) = size;
    (width.max(height) > longest).then(|| {
        let enlarged = format!(
            "{} is {}x{} and is enlarged to {width}x{height}, which adds no detail; ",
            content.display(),
            shape.0,
            shape.1
        );
        let why = words![enlarged, Field("size"), format!(" {longest} keeps its size")];
        Note::warning(Message::new(why).of("size"))
    })
}

/// The sides of a seamless picture are multiples of what the network divides them by. `sides` are those asked for.
fn rounded(
    sides: Option<(usize, usize)>,
    settings: &Settings,
    shape: (usize, usize),
    (width, height): (usize, usize),
) -> Option<Note> {
    let asked = sides.unwrap_or((settings.schedule.size, settings.schedule.size));
    let square = shape.0 == shape.1 || sides.is_some();
    (settings.seamless && square && asked != (width, height)).then(|| {
        let (from_width, from_height) = asked;
        let why = format!(
            "size {from_width}x{from_height} becomes {width}x{height}, so that the borders of its maps meet"
        );
        Note::fact(Message::new(why).of("size"))
    })
}

fn seed(order: &Order, settings: &Settings) -> Option<Note> {
    let seed = order.picture.seed?;
    let start = match &settings.schedule.start {
        Start::Picture => "a picture",
        Start::NormalNoise { .. } | Start::UniformNoise { .. } => return None,
        Start::Content | Start::SmoothContent { .. } => "the content",
    };
    // It also names where the clustering of colours starts.
    order.task.maps().is_none().then(|| {
        let without = format!("{seed} has no effect: the run starts from {start}; add ");
        Note::warning(Message::predicate("seed", words![without, Field("start"), " noise"]))
    })
}

fn threads(order: &Order) -> Option<Note> {
    let (threads, cores) = (usize::from(order.machine.threads?), machine::cores());
    (threads > cores).then(|| {
        let why = format!("this machine has {cores}, and more threads only get in each other's way");
        Note::warning(Message::about_value("threads", threads, why))
    })
}

fn few_iterations(settings: &Settings, plan: &Plan) -> Option<Note> {
    let noise = matches!(settings.schedule.start, Start::NormalNoise { .. } | Start::UniformNoise { .. });
    (noise && plan.iterations() < FEW_ITERATIONS).then(|| {
        let why = format!(
            "{} iterations leave much of the noise that the run starts from; a few hundred are usual",
            plan.iterations()
        );
        Note::hint(Message::new(why).of("iterations"))
    })
}

#[cfg(test)]
mod tests {
    use impasto::Preset;

    use super::*;
    use crate::settings;

    /// What weights of a network that reads as Caffe's are read as, and what is said.
    fn convention_of(preset: Preset, chosen: Option<Convention>) -> (Convention, Option<Note>) {
        let mut order = Order::transfer("a.png", ["b.png"]);
        order.picture.preset = Some(preset);
        order.network.weights = Some("vgg19.safetensors".into());
        order.network.convention = chosen;
        let basis = Basis::new(&order).unwrap();
        let settings = settings::settings(&order, &basis).unwrap();
        convention(&order, &basis, &settings, &Convention::CAFFE)
    }

    #[test]
    fn a_convention_that_was_chosen_wins_over_the_preset() {
        let torch = Convention { scale: 256.0, ..Convention::CAFFE };
        assert_eq!(convention_of(Preset::NeuralStyle, None), (torch, None));
        let caffe = Some(Convention::CAFFE);
        assert_eq!(convention_of(Preset::Gatys, caffe), (Convention::CAFFE, None));
        let (found, note) = convention_of(Preset::NeuralStyle, caffe);
        assert_eq!(found, Convention::CAFFE);
        assert_eq!(
            note.unwrap().message.to_string(),
            "convention: the network reads pixels as 0..255; the preset neural-style alone would have 0..256"
        );
    }
}
