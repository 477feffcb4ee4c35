//! What an engine refuses, what it forgets, and that it says the same again.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use impasto_network::{
    Answer, Engine, EngineError, Layer, NetworkOptions, Question, Size, Statistic, Weights,
};

use super::Tolerance;
use super::answers::said;
use super::inputs::{all_options, layers, noise, weights};

const SIZE: Size = Size { height: 20, width: 14 };

/// Checks that an engine refuses what cannot run, keeps to the order of calls, hides no value that is no number,
/// leaves nothing of one picture in the answers for the next, and says the same bits again.
///
/// # Panics
/// If it does not.
pub fn contract<E: Engine>(make: &impl Fn(Arc<Weights>) -> E, tolerance: &Tolerance) {
    let weights = weights(&[&[8, 8], &[16], &[7]], 3);
    let make = || make(weights.clone());
    refusals(&mut make());
    memory(&make(), tolerance);
    smallest_pictures(&mut make());
    order(&make);
    same_bits(&make);
    numbers_that_are_none(&mut make());
}

fn norms<Map>(names: &[&str]) -> Vec<Question<Map>> {
    let norm = |layer| Statistic::SquaredNorm { weights: None }.at(layer);
    layers(names).into_iter().map(norm).collect()
}

fn refusals<E: Engine>(engine: &mut E) {
    let options = NetworkOptions::default();
    let small = Size { height: 100, width: 3 };
    let error = engine.prepare(small, options, norms(&["relu3_1"])).expect_err("too small");
    assert_eq!(error, EngineError::TooSmall { size: small, layer: Layer::relu(3, 1), smallest: 4 });
    assert_eq!(engine.memory_needed(small, options, &[Layer::relu(3, 1)]), Err(error));
    let error = engine.prepare(SIZE, options, norms(&["relu4_1"])).expect_err("no such layer");
    assert!(matches!(error, EngineError::NoSuchLayer { layer, .. } if layer == Layer::relu(4, 1)));
}

fn memory<E: Engine>(engine: &E, tolerance: &Tolerance) {
    let needed = |side, layer| {
        let size = Size { height: side, width: side };
        let memory =
            engine.memory_needed(size, NetworkOptions::default(), &[layer]).expect("a size that runs");
        memory.host + memory.device
    };
    assert!(needed(64, Layer::relu(3, 1)) > needed(64, Layer::relu(1, 1)), "deeper layers need more memory");
    let growth = needed(1024, Layer::relu(3, 1)) as f64 / needed(512, Layer::relu(3, 1)) as f64;
    // An engine that rounds has a copy of what it multiplies, in space that does not grow with the picture.
    let allowed = if tolerance.smooth { 0.4 } else { 0.5 };
    assert!((growth - 4.0).abs() < allowed, "four times the pixels need {growth} times the memory");
}

fn smallest_pictures<E: Engine>(engine: &mut E) {
    let size = Size { height: 4, width: 4 };
    for options in all_options() {
        engine.prepare(size, options, vec![Statistic::Map.at(Layer::relu(3, 1))]).expect("prepared");
        engine.measure(&noise(size, 5)).expect("measured");
        assert_eq!(engine.read_map(engine.map(Layer::relu(3, 1))).len(), 7, "one position is left");
    }
}

/// Whether `call` panics.
fn panics(call: impl FnOnce()) -> bool {
    catch_unwind(AssertUnwindSafe(call)).is_err()
}

fn order<E: Engine>(make: &impl Fn() -> E) {
    let measured = || {
        let mut engine = make();
        engine.prepare(SIZE, NetworkOptions::default(), norms(&["relu1_1"])).expect("prepared");
        engine.measure(&noise(SIZE, 1)).expect("measured");
        engine
    };
    let mut engine = measured();
    let (picture, mut gradient) = (noise(SIZE, 1), noise(SIZE, 1));
    engine.backward(&picture, &[], &mut gradient).expect("a gradient");
    assert!(panics(|| _ = engine.backward(&picture, &[], &mut gradient)), "maps are gone after backward");
    let engine = measured();
    assert!(panics(|| _ = engine.map(Layer::relu(1, 1))), "a map that is not asked for is not there");
    assert!(panics(|| _ = engine.shape(Layer::relu(1, 2))), "nothing is known of other layers");
    let mut engine = measured();
    assert!(panics(|| _ = engine.measure(&[0.5; 3 * 20 * 15])), "pictures of another size are refused");
}

fn same_bits<E: Engine>(make: &impl Fn() -> E) {
    let options = NetworkOptions::default();
    let (layers, others) = (layers(&["relu1_1", "relu2_1"]), layers(&["relu1_2"]));
    let mut engine = make();
    let first = said(&mut engine, options, SIZE, &layers);
    assert!(said(&mut make(), options, SIZE, &layers) == first, "another engine says the same bits");
    // What was there before must not show: another size, and values that are no numbers.
    said(&mut engine, options, Size { height: 9, width: 40 }, &others);
    engine.prepare(SIZE, options, norms(&["relu1_1", "relu2_1"])).expect("prepared");
    let nothing = [f32::NAN; 3 * SIZE.height * SIZE.width];
    engine.measure(&nothing).expect("measured");
    engine.backward(&nothing, &[], &mut noise(SIZE, 1)).expect("a gradient");
    assert!(
        said(&mut engine, options, SIZE, &layers) == first,
        "an engine prepared again says the same bits"
    );
}

fn numbers_that_are_none<E: Engine>(engine: &mut E) {
    engine.prepare(SIZE, NetworkOptions::default(), norms(&["relu1_2"])).expect("prepared");
    let mut picture = noise(SIZE, 1);
    picture[40] = f32::NAN;
    let answers = engine.measure(&picture).expect("measured");
    assert!(answers.into_iter().all(|answer| Answer::into_number(answer).is_nan()), "NaN is not hidden");
}
