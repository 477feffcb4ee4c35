//! Patches of every engine against those of the scalar one: matches, scores, losses and averages.

use std::sync::Arc;

use impasto_kernels::Isa;
use impasto_network::{
    Architecture, CpuEngine, Engine, Layer, MapShape, NetworkOptions, PatchMatches, PatchNormalization,
    PatchOptions, ScalarEngine, Size, Weights,
};

const LAYER: Layer = Layer::relu(2, 1);

const PICTURE: Size = Size { height: 17, width: 24 };

/// Of two styles.
const STYLES: [Size; 2] = [Size { height: 14, width: 19 }, Size { height: 21, width: 12 }];

fn options() -> PatchOptions {
    PatchOptions {
        size: 3,
        normalization: PatchNormalization::Positions,
        guide_weight: 2.5,
        source_stride: 1,
        query_stride: 1,
        circular: false,
    }
}

/// Fixed noise from `low` on, 1 wide.
fn noise(count: usize, seed: u32, low: f32) -> Vec<f32> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        low + (state >> 8) as f32 / (1 << 24) as f32
    };
    (0..count).map(|_| next()).collect()
}

fn picture(size: Size, seed: u32) -> Vec<f32> {
    noise(3 * size.height * size.width, seed, 0.0)
}

fn weights() -> Arc<Weights> {
    Arc::new(Weights::random(Architecture::new("test", vec![vec![8], vec![20]]), 5))
}

/// Two planes for the map of a picture, some columns of them zero.
fn guide(shape: MapShape, seed: u32) -> Vec<f32> {
    let mut planes = noise(2 * shape.positions(), seed, -0.5);
    for plane in planes.chunks_exact_mut(shape.positions()) {
        plane.iter_mut().step_by(7).for_each(|value| *value = 0.0);
    }
    planes
}

/// What an engine answers.
struct Answers {
    matches: PatchMatches,
    best: Vec<f32>,
    difference: f64,
    half_gradient: Vec<f32>,
    matched: Vec<f32>,
}

fn answers<E: Engine>(engine: &mut E, options: PatchOptions, guided: bool, penalized: bool) -> Answers {
    let mut patches = None;
    let mut count = 0;
    for (size, seed) in STYLES.into_iter().zip(20..) {
        engine.prepare(size, &[LAYER]).unwrap();
        engine.forward(&picture(size, seed));
        let shape = engine.shape(LAYER);
        let patches = patches.get_or_insert_with(|| engine.new_patches(shape.channels, options));
        let guide = guide(shape, seed);
        engine.add_patches(patches, engine.copy_map(LAYER), guided.then_some(&guide[..]));
        count += (shape.height + 1 - options.size) * (shape.width + 1 - options.size);
    }
    let patches = patches.unwrap();
    engine.prepare(PICTURE, &[LAYER]).unwrap();
    engine.forward(&picture(PICTURE, 1));
    let (map, shape) = (engine.copy_map(LAYER), engine.shape(LAYER));
    let guide = guide(shape, 3);
    let guide = guided.then_some(&guide[..]);
    let mut penalties = noise(count, 9, 0.0);
    penalties.iter_mut().for_each(|penalty| *penalty = if *penalty > 0.5 { f32::INFINITY } else { 0.0 });
    let matches = engine.match_patches(&patches, &map, guide, penalized.then_some(&penalties[..]));
    let (difference, half_gradient) = engine.patch_difference(LAYER, &patches, &matches);
    Answers {
        best: engine.best_scores(&patches, &map, guide),
        half_gradient: engine.read_map(&half_gradient),
        matched: engine.read_map(&engine.matched_map(&patches, &matches, shape)),
        difference,
        matches,
    }
}

fn assert_close(found: &[f32], expected: &[f32], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= 1e-4 * largest, "{what}: {found}, not {expected}");
    }
}

fn compare(options: PatchOptions, guided: bool, penalized: bool) {
    let weights = weights();
    let network = NetworkOptions::default();
    let expected = answers(&mut ScalarEngine::new(&weights, network), options, guided, penalized);
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        let what = format!("{isa} {options:?}, guided {guided}, penalized {penalized}");
        let found =
            answers(&mut CpuEngine::with_isa(weights.clone(), network, isa), options, guided, penalized);
        let (a, b) = (&found.matches, &expected.matches);
        assert_eq!((a.height, a.width), (b.height, b.width), "{what}");
        // No two scores here are so close that rounding could exchange them.
        assert_eq!(a.patches, b.patches, "{what}");
        assert_close(&a.scores, &b.scores, &format!("scores, {what}"));
        assert_close(&found.best, &expected.best, &format!("best scores, {what}"));
        assert!((found.difference / expected.difference - 1.0).abs() < 1e-4, "difference, {what}");
        assert_close(&found.half_gradient, &expected.half_gradient, &format!("gradient, {what}"));
        assert_close(&found.matched, &expected.matched, &format!("matched map, {what}"));
    }
}

#[test]
fn all_normalizations_and_penalties() {
    use PatchNormalization::{CenteredPositions, Positions, Whole};
    for (normalization, guided) in [
        (Whole, false),
        (Positions, false),
        (Positions, true),
        (CenteredPositions, false),
        (CenteredPositions, true),
    ] {
        for penalized in [false, true] {
            compare(PatchOptions { normalization, ..options() }, guided, penalized);
        }
    }
}

#[test]
fn all_sizes_strides_and_borders() {
    for circular in [false, true] {
        compare(PatchOptions { size: 1, circular, ..options() }, true, false);
        compare(PatchOptions { size: 5, circular, ..options() }, false, false);
        compare(PatchOptions { query_stride: 2, circular, ..options() }, false, false);
        compare(PatchOptions { source_stride: 3, query_stride: 3, circular, ..options() }, true, true);
        let normalization = PatchNormalization::Whole;
        compare(
            PatchOptions { normalization, query_stride: 2, source_stride: 2, circular, ..options() },
            false,
            false,
        );
    }
}

#[test]
fn the_last_patch_that_fits_is_always_taken() {
    let starts = |query_stride, circular, length| {
        PatchOptions { query_stride, circular, ..options() }.query_starts(length)
    };
    assert_eq!(starts(2, false, 8), [0, 2, 4, 5]);
    assert_eq!(starts(2, false, 9), [0, 2, 4, 6]);
    assert_eq!(starts(3, true, 5), [0, 3, 4]);
    let every_other = PatchOptions { source_stride: 2, ..options() };
    let taken = |length: usize| {
        (0..length - 2).filter(|&at| every_other.takes_source(at, length)).collect::<Vec<_>>()
    };
    assert_eq!(taken(8), [0, 2, 4, 5]);
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let mut engine = CpuEngine::new(weights(), NetworkOptions::default());
            let found = answers(&mut engine, options(), true, false);
            (found.matches, found.best, found.difference, found.half_gradient, found.matched)
        })
    };
    let one = run(1);
    assert!(run(2) == one && run(5) == one);
}

#[test]
fn a_map_without_features_is_like_nothing_and_takes_the_first_patch() {
    for normalization in [PatchNormalization::Whole, PatchNormalization::Positions] {
        let mut engine = CpuEngine::new(weights(), NetworkOptions::default());
        engine.prepare(PICTURE, &[LAYER]).unwrap();
        engine.forward(&picture(PICTURE, 1));
        let shape = engine.shape(LAYER);
        let mut patches = engine.new_patches(shape.channels, PatchOptions { normalization, ..options() });
        engine.add_patches(&mut patches, engine.copy_map(LAYER), None);
        let nothing = engine.map_from(shape, &vec![0.0; shape.elements()]);
        let found = engine.match_patches(&patches, &nothing, None, None);
        assert!(
            found.patches.iter().all(|&patch| patch == 0) && found.scores.iter().all(|&score| score == 0.0)
        );
    }
}
