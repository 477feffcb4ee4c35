//! Patches against those of the scalar engine: matches, scores, losses and averages.
//!
//! All engines search the scalar engine's maps: in their own, a score that is close to another could change places with it.

use std::sync::Arc;

use impasto_network::{
    Engine, Layer, MapShape, NetworkOptions, PatchMatches, PatchNormalization, PatchOptions, ScalarEngine,
    Size, Statistic, Weights,
};

use super::Tolerance;
use super::inputs::{noise as picture, numbers, weights};

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

/// Two planes for the map of a picture, some columns of them zero.
fn guide(shape: MapShape, seed: u64) -> Vec<f32> {
    let mut planes = numbers(2 * shape.positions(), seed);
    for plane in planes.chunks_exact_mut(shape.positions()) {
        plane.iter_mut().step_by(7).for_each(|value| *value = 0.0);
    }
    planes
}

/// Runs a picture to the layer.
fn show<E: Engine>(engine: &mut E, size: Size, seed: u64) {
    engine.prepare(size, NetworkOptions::default(), vec![Statistic::Map.at(LAYER)]).expect("prepared");
    engine.measure(&picture(size, seed)).expect("measured");
}

/// What an engine answers.
#[derive(Debug, PartialEq)]
pub struct Answers {
    matches: PatchMatches,
    best: Vec<f32>,
    difference: f64,
    half_gradient: Vec<f32>,
    matched: Vec<f32>,
}

/// The map of a picture at the layer.
fn map(size: Size, seed: u64) -> (MapShape, Vec<f32>) {
    let mut engine = ScalarEngine::new(&network());
    show(&mut engine, size, seed);
    (engine.shape(LAYER), engine.read_map(engine.map(LAYER)))
}

fn answers<E: Engine>(engine: &E, options: PatchOptions, guided: bool, penalized: bool) -> Answers {
    let mut patches = None;
    let mut count = 0;
    for (size, seed) in STYLES.into_iter().zip(20..) {
        let (shape, values) = map(size, seed);
        let patches = patches.get_or_insert_with(|| engine.new_patches(shape.channels, options));
        let guide = guide(shape, seed);
        engine.add_patches(patches, engine.map_from(shape, &values), guided.then_some(&guide[..]));
        count += (shape.height + 1 - options.size) * (shape.width + 1 - options.size);
    }
    let patches = patches.expect("two styles");
    let (shape, values) = map(PICTURE, 1);
    let map = &engine.map_from(shape, &values);
    let guide = guide(shape, 3);
    let guide = guided.then_some(&guide[..]);
    let penalty = |value: &f32| if *value > 0.0 { f32::INFINITY } else { 0.0 };
    let penalties: Vec<f32> = numbers(count, 9).iter().map(penalty).collect();
    let matches = engine.match_patches(&patches, map, guide, penalized.then_some(&penalties[..]));
    let (difference, half_gradient) = engine.patch_difference(map, &patches, &matches);
    Answers {
        best: engine.best_scores(&patches, map, guide),
        half_gradient: engine.read_map(&half_gradient),
        matched: engine.read_map(&engine.matched_map(&patches, &matches, shape)),
        difference,
        matches,
    }
}

/// Compares the search of patches with that of the scalar engine: for all normalisations, guides and penalties, sizes,
/// strides and borders.
///
/// # Panics
/// If they differ by more than `tolerance`.
pub fn patches<E: Engine>(make: &impl Fn(Arc<Weights>) -> E, tolerance: &Tolerance) {
    use PatchNormalization::{CenteredPositions, Positions, Whole};
    let compare = |options, guided, penalized| compare(make, tolerance, options, guided, penalized);
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
    for circular in [false, true] {
        compare(PatchOptions { size: 1, circular, ..options() }, true, false);
        compare(PatchOptions { size: 5, circular, ..options() }, false, false);
        compare(PatchOptions { query_stride: 2, circular, ..options() }, false, false);
        compare(PatchOptions { source_stride: 3, query_stride: 3, circular, ..options() }, true, true);
        let normalization = Whole;
        compare(
            PatchOptions { normalization, query_stride: 2, source_stride: 2, circular, ..options() },
            false,
            false,
        );
    }
    nothing_is_like_nothing(&mut make(network()));
}

/// All that an engine answers about patches with guides.
pub fn all<E: Engine>(make: &impl Fn(Arc<Weights>) -> E) -> Answers {
    answers(&make(network()), options(), true, false)
}

fn network() -> Arc<Weights> {
    weights(&[&[8], &[20]], 5)
}

fn assert_close(found: &[f32], expected: &[f32], allowed: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let largest = expected.iter().fold(0.0f32, |largest, value| largest.max(value.abs()));
    for (found, expected) in found.iter().zip(expected) {
        let error = f64::from((found - expected).abs());
        assert!(error <= allowed * f64::from(largest), "{what}: {found}, not {expected}");
    }
}

fn compare<E: Engine>(
    make: &impl Fn(Arc<Weights>) -> E,
    tolerance: &Tolerance,
    options: PatchOptions,
    guided: bool,
    penalized: bool,
) {
    let expected = answers(&ScalarEngine::new(&network()), options, guided, penalized);
    let engine = make(network());
    let what = format!("{} {options:?}, guided {guided}, penalized {penalized}", engine.describe());
    let found = answers(&engine, options, guided, penalized);
    let (a, b) = (&found.matches, &expected.matches);
    assert_eq!((a.height, a.width), (b.height, b.width), "{what}");
    // No two scores here are so close that rounding in f32 could exchange them.
    assert_eq!(a.patches, b.patches, "{what}");
    let close = |found: &[f32], expected: &[f32], name: &str| {
        assert_close(found, expected, tolerance.patches, &format!("{name}, {what}"));
    };
    close(&a.scores, &b.scores, "scores");
    close(&found.best, &expected.best, "best scores");
    let error = (found.difference / expected.difference - 1.0).abs();
    assert!(error < tolerance.patches, "difference, {what}");
    close(&found.half_gradient, &expected.half_gradient, "gradient");
    close(&found.matched, &expected.matched, "matched map");
}

/// A map without features takes the first patch, with a score of 0.
fn nothing_is_like_nothing<E: Engine>(engine: &mut E) {
    for normalization in [PatchNormalization::Whole, PatchNormalization::Positions] {
        show(engine, PICTURE, 1);
        let shape = engine.shape(LAYER);
        let mut patches = engine.new_patches(shape.channels, PatchOptions { normalization, ..options() });
        engine.add_patches(&mut patches, engine.copy_map(engine.map(LAYER)), None);
        let nothing = engine.map_from(shape, &vec![0.0; shape.elements()]);
        let found = engine.match_patches(&patches, &nothing, None, None);
        assert!(found.patches.iter().all(|&patch| patch == 0), "{normalization:?}: the first patch");
        assert!(found.scores.iter().all(|&score| score == 0.0), "{normalization:?}: a score of 0");
    }
}
