//! Classifiers: gradients by finite differences, and runs that end with the same bits however they were cut.

mod support;

use std::ops::ControlFlow;

use impasto_kernels::{Border, Isa};
use impasto_network::Architecture;
use impasto_train::CheckpointFault;
use impasto_train::classifier::{
    BlockPooling, Classifier, ClassifierSettings, ClassifierShape, Ending, Moment, Training, TrainingError,
};
use impasto_train::data::{DataSet, Split};
use impasto_train::optimizers::Schedule;
use support::on_pools;

/// Small networks of both kinds.
fn shapes() -> [ClassifierShape; 2] {
    let shape = |border, pooling| ClassifierShape {
        architecture: Architecture::new("small", vec![vec![16, 8], vec![17]]),
        border,
        pooling,
        hidden: vec![24],
        classes: 3,
        side: 8,
    };
    [shape(Border::Zero, BlockPooling::Halving), shape(Border::Cut, BlockPooling::KeepingSize)]
}

/// Pictures of three classes that differ in how fast they wave.
fn split(count: usize, phase: f32) -> Split {
    let mut split = Split::default();
    for index in 0..count {
        let label = index % 3;
        split.labels.push(label as u8);
        split.pixels.extend((0..3 * 64).map(|at| {
            let wave = (at as f32 * (0.3 + 0.4 * label as f32) + phase + index as f32).sin();
            (127.0 + 90.0 * wave) as u8
        }));
    }
    split
}

fn data() -> DataSet {
    let classes = ["slow", "middle", "fast"].map(str::to_owned).into();
    DataSet { side: 8, classes, training: split(50, 0.0), test: split(30, 0.5) }
}

fn settings() -> ClassifierSettings {
    ClassifierSettings {
        batch: 8,
        epochs: 3,
        target_error: 0.0,
        rate: 2e-3,
        warm_up: 4,
        dropout: 0.2,
        ..ClassifierSettings::default()
    }
}

fn weights(training: &Training<'_>) -> Vec<f32> {
    training.convolutions().into_iter().flat_map(|(_, it)| [it.weight, it.bias].concat()).collect()
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for shape in shapes() {
        let planes: Vec<f32> = (0..6 * 3 * 64).map(|at| (at as f32 * 0.37).sin()).collect();
        let labels = [0, 1, 2, 2, 1, 0];
        let isa = Isa::detect();
        let mut classifier = Classifier::new(shape.clone(), isa, 3);
        classifier.learn(&planes, &labels, (0.3, 9));
        let gradients: Vec<(String, Vec<f32>)> = (classifier.parameters().into_iter())
            .map(|(name, parameter)| (name, parameter.gradient.clone()))
            .collect();
        for (which, (name, gradient)) in gradients.iter().enumerate() {
            // Along the gradient itself, where what poolings choose anew weighs least.
            let length = gradient.iter().map(|value| value * value).sum::<f32>().sqrt();
            let along = |by: f32| {
                let mut moved = Classifier::new(shape.clone(), isa, 3);
                let (_, parameter) = moved.parameters().swap_remove(which);
                let values = parameter.value.iter_mut().zip(gradient);
                values.for_each(|(value, gradient)| *value += by * gradient / length);
                moved.update();
                moved.learn(&planes, &labels, (0.3, 9)).loss
            };
            let step = 5e-3;
            let found = (along(step) - along(-step)) / f64::from(2.0 * step);
            let ratio = found / f64::from(length);
            assert!((ratio - 1.0).abs() < 0.03, "{:?} {name}: {found} {length}", shape.border);
        }
    }
}

#[test]
fn training_learns() {
    let data = data();
    for shape in shapes() {
        let settings = ClassifierSettings { epochs: 40, target_error: 0.1, augment: false, ..settings() };
        let mut training = Training::new(shape, &data, settings, Isa::detect()).unwrap();
        let ending = training.run(|_, _| ControlFlow::Continue(())).unwrap();
        let last = training.history().last().unwrap();
        assert_eq!(ending, Ending::TargetReached, "{:?}", training.history());
        assert!(last.test_error <= 0.1 && last.test_loss < 1.05, "{last:?}");
    }
}

#[test]
fn an_interrupted_run_ends_with_the_bits_of_one_that_was_not() {
    let data = data();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.checkpoint");
    for shape in shapes() {
        let isa = Isa::detect();
        let mut whole = Training::new(shape.clone(), &data, settings(), isa).unwrap();
        assert_eq!(whole.run(|_, _| ControlFlow::Continue(())).unwrap(), Ending::EpochsDone);
        // After a step in the middle of an epoch, and after an epoch.
        let mut stops = vec![3, 7, 8, 15];
        let mut cut = Training::new(shape.clone(), &data, settings(), isa).unwrap();
        while let Some(&stop) = stops.first() {
            let mut seen = 0;
            let ending = cut.run(|_, _| {
                seen += 1;
                if seen == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            cut.save(&path).unwrap();
            cut = Training::resume(&path, shape.clone(), &data, settings(), isa).unwrap();
            stops.remove(0);
            if ending.unwrap() != Ending::Stopped {
                break;
            }
        }
        cut.run(|_, _| ControlFlow::Continue(())).unwrap();
        assert!(weights(&whole) == weights(&cut), "{:?}", shape.border);
        let scores = |run: &Training<'_>| -> Vec<_> {
            run.history().iter().map(|it| (it.epoch, it.training_loss, it.test_loss, it.test_error)).collect()
        };
        assert_eq!(scores(&whole), scores(&cut));
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let data = data();
    for shape in shapes() {
        let [one, three] = on_pools(|| {
            let mut training = Training::new(shape.clone(), &data, settings(), Isa::detect()).unwrap();
            training.run(|_, _| ControlFlow::Continue(())).unwrap();
            weights(&training)
        });
        assert!(one == three, "{:?}", shape.border);
    }
}

#[test]
fn other_runs_are_not_gone_on_with() {
    let (data, [shape, _]) = (data(), shapes());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("run.checkpoint");
    let mut training = Training::new(shape.clone(), &data, settings(), Isa::detect()).unwrap();
    training
        .run(|_, moment| {
            if matches!(moment, Moment::Epoch(_)) {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        })
        .unwrap();
    training.save(&path).unwrap();
    let resume = |shape: ClassifierShape, data: &DataSet, settings: ClassifierSettings| {
        let outcome = Training::resume(&path, shape, data, settings, Isa::detect());
        let setting = match outcome.map(drop) {
            Err(TrainingError::Checkpoint(error)) => match error.fault {
                CheckpointFault::Settings { setting, .. } => Some(setting),
                fault => panic!("{fault}"),
            },
            Err(error) => panic!("{error}"),
            Ok(()) => None,
        };
        setting.unwrap_or_else(|| "none".to_owned())
    };
    let of = |change: fn(&mut ClassifierSettings)| {
        let mut settings = settings();
        change(&mut settings);
        settings
    };
    assert_eq!(resume(shape.clone(), &data, settings()), "none");
    assert_eq!(resume(shape.clone(), &data, of(|it| it.target_error = 0.5)), "none");
    assert_eq!(resume(shape.clone(), &data, of(|it| it.epochs = 9)), "epochs", "the cosine is another");
    assert_eq!(resume(shape.clone(), &data, of(|it| it.schedule = Schedule::Constant)), "schedule");
    assert_eq!(resume(shape.clone(), &data, of(|it| it.seed = 1)), "seed");
    let mut other = data.clone();
    other.training.pixels[0] ^= 1;
    assert_eq!(resume(shape.clone(), &other, settings()), "data set");
    let mut renamed = shape;
    renamed.architecture = Architecture::new("other", renamed.architecture.blocks().to_vec());
    assert_eq!(resume(renamed, &data, settings()), "network");
}

#[test]
fn a_run_that_diverges_stops_and_spoils_nothing() {
    let (data, [shape, _]) = (data(), shapes());
    let settings = ClassifierSettings { rate: 1e30, warm_up: 1, epochs: 50, ..settings() };
    let mut training = Training::new(shape, &data, settings, Isa::detect()).unwrap();
    let error = training.run(|_, _| ControlFlow::Continue(())).unwrap_err();
    assert!(matches!(error, TrainingError::Diverged { .. }), "{error}");
}

#[test]
fn data_of_another_size_is_refused() {
    let (mut data, [shape, _]) = (data(), shapes());
    data.classes.push("more".to_owned());
    let error = Training::new(shape, &data, settings(), Isa::detect()).err().unwrap().to_string();
    assert_eq!(
        error,
        "the data set has pictures of 8x8 in 4 classes, network small expects pictures of 8x8 in 3 classes"
    );
}
