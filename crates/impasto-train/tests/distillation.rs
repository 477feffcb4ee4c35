//! Distillation: it learns, is the same however it was cut, and measures what it promises.

mod support;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use image::{Rgb, RgbImage};
use impasto_kernels::Isa;
use impasto_network::{Architecture, CpuEngine, Precision, Weights, safetensors_bytes};
use impasto_train::data::{Collection, Crops};
use impasto_train::distillation::{
    CONVENTION, Distillation, DistillationError, DistillationSettings, EngineFeatures, FrozenNetwork, TAPS,
    explained_variance,
};
use support::on_pools;

fn network(name: &str, width: usize) -> Architecture {
    Architecture::new(name, [1, 1, 1, 2, 1].map(|count| vec![width; count]).to_vec())
}

/// A folder of waves, and crops of it. Every twentieth picture is kept apart.
fn crops(folder: &Path) -> Crops {
    for number in 0..41 {
        let picture = RgbImage::from_fn(48, 40, |x, y| {
            let wave = |speed: f32| {
                let angle = (x as f32 * speed + y as f32 * (number % 7) as f32 * 0.1) * 0.3 + number as f32;
                (127.0 + 120.0 * angle.sin()) as u8
            };
            Rgb([wave(1.0), wave(2.0), wave(0.4)])
        });
        picture.save(folder.join(format!("{number:02}.png"))).unwrap();
    }
    Crops::open(&[Collection { path: folder.to_owned(), share: 1.0 }], 32).unwrap()
}

fn settings(steps: usize) -> DistillationSettings {
    DistillationSettings { steps, batch: 4, crop: 32, warm_up: 4, ..DistillationSettings::default() }
}

fn begin<'a>(teacher: &Weights, crops: &'a Crops, steps: usize) -> Distillation<'a> {
    Distillation::new(teacher, network("student", 16), crops, settings(steps), Isa::detect()).unwrap()
}

/// The bytes that would be saved.
fn bytes(run: &mut Distillation<'_>) -> Vec<u8> {
    safetensors_bytes(&run.convolutions(), &CONVENTION, Precision::F16, &[]).unwrap()
}

#[test]
fn the_student_learns_and_pictures_kept_apart_tell_how_much() {
    let folder = tempfile::tempdir().unwrap();
    let crops = crops(folder.path());
    assert_eq!(crops.counts(), (39, 2));
    let teacher = Arc::new(Weights::random(network("teacher", 20), 1));
    let explained = |student: Arc<Weights>| {
        let [mut of_teacher, mut of_student] =
            [&teacher, &student].map(|weights| FrozenNetwork::new(weights, &TAPS, Isa::detect()));
        let shares = explained_variance(&mut of_teacher, &mut of_student, &crops, 0, Isa::detect()).unwrap();
        // An engine tells the same, one picture after another.
        let mut of_engine = EngineFeatures::new(CpuEngine::new(student.clone()), &TAPS);
        let again = explained_variance(&mut of_teacher, &mut of_engine, &crops, 0, Isa::detect()).unwrap();
        for ((layer, share), (_, again)) in shares.iter().zip(&again) {
            assert!((share - again).abs() < 1e-3, "{layer}: {share} and {again}");
        }
        assert!(shares.iter().map(|(layer, _)| *layer).eq(TAPS));
        shares.iter().map(|(_, share)| share).sum::<f64>() / 6.0
    };
    let mut run = begin(&teacher, &crops, 150);
    let mut untrained = begin(&teacher, &crops, 150);
    assert!(run.run(|_, _| ControlFlow::Continue(())).unwrap());
    let as_saved =
        |run: &mut Distillation| Arc::new(Weights::from_bytes("student", bytes(run), None).unwrap());
    let (before, after) = (explained(as_saved(&mut untrained)), explained(as_saved(&mut run)));
    assert!(after > before + 0.1, "from {before} to {after}");
    let own = explained(teacher.clone());
    assert!(own > 0.99, "a network explains itself: {own}");
}

#[test]
fn an_interrupted_run_ends_with_the_bits_of_one_that_was_not() {
    let folder = tempfile::tempdir().unwrap();
    let crops = crops(folder.path());
    let teacher = Weights::random(network("teacher", 20), 1);
    let path = folder.path().join("run.checkpoint");
    let mut whole = begin(&teacher, &crops, 9);
    whole.run(|_, _| ControlFlow::Continue(())).unwrap();
    let mut cut = begin(&teacher, &crops, 9);
    let resume = || {
        let student = network("student", 16);
        Distillation::resume(&path, &teacher, student, &crops, settings(9), Isa::detect())
    };
    for stop in [2, 5] {
        let done =
            cut.run(
                |_, step| if step.step == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) },
            );
        assert!(!done.unwrap());
        cut.save(&path).unwrap();
        cut = resume().unwrap();
        assert_eq!(cut.progress().0, stop);
    }
    assert!(cut.run(|_, _| ControlFlow::Continue(())).unwrap());
    assert!(bytes(&mut whole) == bytes(&mut cut));
    assert_eq!(whole.history(), cut.history());
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let folder = tempfile::tempdir().unwrap();
    let crops = crops(folder.path());
    let teacher = Weights::random(network("teacher", 20), 1);
    let [one, three] = on_pools(|| {
        let mut run = begin(&teacher, &crops, 5);
        run.run(|_, _| ControlFlow::Continue(())).unwrap();
        bytes(&mut run)
    });
    assert!(one == three);
}

#[test]
fn other_runs_and_networks_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let crops = crops(folder.path());
    let (isa, teacher) = (Isa::detect(), Weights::random(network("teacher", 20), 1));
    let path = folder.path().join("run.checkpoint");
    begin(&teacher, &crops, 5).save(&path).unwrap();
    let message = |outcome: Result<Distillation<'_>, DistillationError>| outcome.err().unwrap().to_string();
    let other = DistillationSettings { seed: 1, ..settings(5) };
    let error = message(Distillation::resume(&path, &teacher, network("student", 16), &crops, other, isa));
    assert!(error.contains("it was started with seed 0, not 1"), "{error}");
    let error = message(Distillation::resume(&path, &teacher, network("b", 16), &crops, settings(5), isa));
    assert!(error.contains("it was started with student \"student\", not \"b\""), "{error}");
    let another = Weights::random(network("teacher", 20), 2);
    let error =
        message(Distillation::resume(&path, &another, network("student", 16), &crops, settings(5), isa));
    assert!(error.contains("it was started with teacher"), "{error}");
    let shallow = Architecture::new("shallow", vec![vec![8]; 3]);
    let error = message(Distillation::new(&teacher, shallow, &crops, settings(5), isa));
    assert_eq!(error, "shallow has no layer relu4_1, which is to be reproduced");
}
