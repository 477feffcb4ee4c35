//! The nearest term: against the same arithmetic in PyTorch (fixtures/make_nnst.py), and by its properties.

mod parity;

use impasto::regions::Regions;
use impasto::terms::{Nearest, WeightedLayers};
use impasto::{Control, Evaluation, Outcome, Picture, Preset, Pyramid, Settings, Start, StyleFit, Transfer};
use impasto_network::{Architecture, CpuEngine, Engine, Layer, Pooling, ScalarEngine, Weights};

use crate::parity::{assert_close, assert_gradient, fixture, losses_of};

fn picture(name: &str) -> Picture {
    parity::picture("doodle_pictures.safetensors", name)
}

/// The preset at the size of the fixture pictures, 40 x 48 and a style of 56 x 40, which go in bit for bit.
fn published() -> Settings {
    let mut settings = Preset::Nnst.settings();
    (settings.schedule.size, settings.schedule.pyramid) = (48, Pyramid::One);
    (settings.schedule.style_fit, settings.schedule.style_scale) = (StyleFit::Shrink, 56.0 / 48.0);
    settings.schedule.refinement = None;
    settings
}

fn assert_published<E: Engine>(engine: impl Fn(&Settings) -> E) {
    let fixture = fixture("nnst.safetensors");
    let case = |prefix: &str, settings: Settings| {
        let transfer = Transfer::new(settings).content(picture("content")).style(picture("style_1"), 1.0);
        let found = transfer.evaluate(&mut engine(transfer.settings()), &picture("picture")).unwrap();
        assert_close(&losses_of(&found, "nearest"), &fixture[&format!("{prefix}.loss.style")], prefix);
        assert_gradient(&found, &fixture[&format!("{prefix}.gradient.style")], prefix);
    };
    case("quarter", published());
    let mut zero = published();
    zero.term_mut::<Nearest>().unwrap().start_share = 0.0;
    case("zero", zero);
    let mut splitting = published();
    splitting.schedule.refinement = Some(1);
    case("splitting", splitting);
}

fn published_network(settings: &Settings) -> Weights {
    parity::weights("network_vgg16.safetensors", settings)
}

#[test]
fn nnst_is_the_published_arithmetic() {
    assert_published(|settings| CpuEngine::new(published_network(settings)));
}

#[test]
fn nnst_is_the_published_arithmetic_on_the_scalar_engine() {
    assert_published(|settings| ScalarEngine::new(&published_network(settings)));
}

/// Smooth colours with a little noise, different for every seed.
fn smooth(width: usize, height: usize, seed: u64) -> Picture {
    let mut picture = Picture::uniform_noise(width, height, 0.0..0.2, seed);
    let phase = seed as f32;
    for (index, value) in picture.data_mut().iter_mut().enumerate() {
        let (x, y) = ((index % width) as f32, (index / width) as f32);
        *value += 0.4 + 0.35 * (0.3 * x + phase).sin() * (0.2 * y - phase).cos();
    }
    picture
}

fn small_network() -> Weights {
    let blocks = vec![vec![4, 4], vec![6, 6], vec![6, 6], vec![8, 8]];
    Weights::random(Architecture::new("small", blocks), 3)
}

/// The preset at one size, for the small network.
fn small(size: usize) -> Settings {
    let mut settings = Preset::Nnst.settings();
    (settings.schedule.size, settings.schedule.pyramid) = (size, Pyramid::One);
    (settings.schedule.iterations, settings.schedule.refinement) = (3, None);
    settings.terms = vec![Nearest::default().into()];
    settings
}

fn nearest(settings: &mut Settings) -> &mut Nearest {
    settings.term_mut::<Nearest>().unwrap()
}

fn evaluate(transfer: &Transfer, at: &Picture) -> Evaluation {
    let mut engine = CpuEngine::new(small_network());
    transfer.evaluate(&mut engine, at).unwrap()
}

#[test]
fn gradients_are_those_of_finite_differences() {
    // Before the ReLU and with average pooling, so that losses are smooth. With fixed matches the targets must
    // not follow the picture. Where layers split, a match may change within the difference, which bends the
    // loss, and short columns curve it: the difference is small there. The slope along the gradient is the
    // steepest, so rounding matters least.
    for (refinement, length) in [(None, 1e-3), (Some(1), 5e-5)] {
        let mut settings = small(32);
        settings.network.pooling = Pooling::Average;
        settings.schedule.refinement = refinement;
        let layers = [Layer::convolution(1, 1), Layer::convolution(2, 2), Layer::convolution(3, 1)];
        *nearest(&mut settings) = Nearest {
            weight: 1.7,
            layers: WeightedLayers::each(&layers),
            start_share: 0.0,
            samples: 5,
            ..Nearest::default()
        };
        let transfer = Transfer::new(settings).content(smooth(32, 25, 1)).style(smooth(30, 26, 2), 1.0);
        let start = smooth(32, 25, 7);
        let gradient = evaluate(&transfer, &start).gradient;
        let largest = gradient.iter().fold(0.0, |largest: f32, value| largest.max(value.abs()));
        let slope: f64 = gradient.iter().map(|&value| f64::from(value) * f64::from(value / largest)).sum();
        let at = |length: f32| {
            let values = start.data().iter().zip(&gradient).map(|(x, value)| x + length * value / largest);
            evaluate(&transfer, &Picture::new(32, 25, values.collect())).total
        };
        let difference = (at(length) - at(-length)) / (2.0 * f64::from(length));
        let error = (slope - difference).abs() / difference.abs();
        assert!(error < 5e-3, "{refinement:?}: {slope}, not {difference} ({error:.1e})");
    }
}

/// The left half one region, the right half another.
fn halves(width: usize, height: usize, left_first: bool) -> Regions {
    let value = |index: usize| f32::from((index % width < width / 2) == left_first);
    Regions::from_gray_mask(&Picture::new(width, height, (0..3 * width * height).map(value).collect()))
}

#[test]
fn columns_stay_in_their_region() {
    // A painting of itself is at no distance, unless the halves may only take from each other.
    let painting = smooth(32, 32, 5);
    for refinement in [None, Some(1)] {
        let mut settings = small(32);
        settings.schedule.refinement = refinement;
        nearest(&mut settings).turned = false;
        settings.schedule.start = Start::UniformNoise { range: 0.0..1.0 };
        let loss = |regions: Option<(Regions, Regions)>| {
            let transfer = Transfer::new(settings.clone()).canvas(32, 32).style(painting.clone(), 1.0);
            let transfer = match regions {
                Some((of_picture, of_style)) => transfer.regions(of_picture, vec![of_style]),
                None => transfer,
            };
            evaluate(&transfer, &painting).total
        };
        let (left, right) = (halves(32, 32, true), halves(32, 32, false));
        let white = Regions::from_gray_mask(&Picture::new(32, 32, vec![1.0; 3 * 32 * 32]));
        for (regions, what) in [
            (None, "no regions"),
            (Some((left.clone(), left.clone())), "the same regions"),
            (Some((white.clone(), white.clone())), "one region"),
            // The black half is in no region of the style, so it takes any.
            (Some((halves(32, 32, true), white)), "a region that the style lacks"),
        ] {
            let loss = loss(regions);
            assert!(loss.abs() < 1e-5, "{what}, {refinement:?}: {loss}");
        }
        let crossed = loss(Some((left, right)));
        assert!(crossed > 1e-3, "crossed, {refinement:?}: {crossed}");
    }
}

#[test]
fn a_search_of_every_other_row_and_column_finds_nearly_the_best() {
    let losses = [1, 2].map(|stride| {
        let mut settings = small(272);
        *nearest(&mut settings) = Nearest { stride, turned: false, ..Nearest::default() };
        let (content, style) = (smooth(64, 48, 1), smooth(272, 272, 2));
        evaluate(&Transfer::new(settings).content(content.clone()).style(style, 1.0), &content).total
    });
    let [whole, coarse] = losses;
    assert!(coarse > whole && coarse < 1.2 * whole, "{losses:?}");
}

fn run(settings: Settings, content: Picture, style: Picture) -> Outcome {
    let mut engine = CpuEngine::new(small_network());
    let transfer = Transfer::new(settings).content(content).style(style, 1.0);
    transfer.run(&mut engine, |_| Control::Continue).unwrap()
}

#[test]
fn the_picture_does_not_depend_on_the_threads() {
    let paint = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut settings = small(96);
        settings.schedule.pyramid = Pyramid::Doublings { sizes: 2 };
        settings.schedule.refinement = Some(3);
        nearest(&mut settings).samples = 6;
        pool.install(|| run(settings, smooth(96, 80, 1), smooth(90, 100, 2)))
    };
    let (one, four) = (paint(1), paint(4));
    assert!(one.picture == four.picture, "pictures by 1 and by 4 threads differ");
    assert!(one.trace == four.trace);
}

#[test]
fn a_run_comes_nearer_to_the_style() {
    let mut settings = small(48);
    settings.schedule.iterations = 40;
    let trace = run(settings, smooth(48, 40, 1), smooth(40, 44, 2)).trace;
    let (first, last) = (&trace.evaluations[0], trace.evaluations.last().unwrap());
    assert!(last.total < 0.8 * first.total, "{} from {}", last.total, first.total);
}

#[test]
fn tiny_and_flat_pictures_are_painted() {
    for (width, height) in [(16, 16), (8, 40), (13, 9)] {
        for flat in [false, true] {
            let mut settings = small(width.max(height));
            settings.schedule.pyramid = Pyramid::Doublings { sizes: 4 };
            settings.schedule.refinement = Some(2);
            settings.schedule.style_fit = StyleFit::Shrink;
            let black = |width, height| Picture::new(width, height, vec![0.0; 3 * width * height]);
            let (content, style) = if flat {
                (black(width, height), black(20, 17))
            } else {
                (smooth(width, height, 1), smooth(9, 8, 2))
            };
            settings.schedule.style_fit = StyleFit::Shrink;
            let painted = run(settings, content, style).picture;
            assert_eq!((painted.width(), painted.height()), (width, height));
            assert!(painted.data().iter().all(|value| value.is_finite()), "{width}x{height}");
        }
    }
}

#[test]
fn settings_outside_their_range_are_named() {
    let complaint = |change: fn(&mut Nearest)| {
        let mut settings = small(32);
        change(nearest(&mut settings));
        settings.validate().unwrap_err().to_string()
    };
    assert!(complaint(|it| it.start_share = 1.5).starts_with("start share is 1.5"));
    assert!(complaint(|it| it.start_share = f32::NAN).contains("start share"));
    assert!(complaint(|it| it.samples = 0).contains("samples"));
    assert!(complaint(|it| it.weight = -1.0).contains("nearest weight"));
}
