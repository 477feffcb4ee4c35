//! How a run ends early: by its observer, or by a loss that is not finite.

use impasto::optimizers::{LbfgsOptions, LbfgsRule};
use impasto::terms::{Content, ContentLoss, WeightedLayers};
use impasto::{
    Control, Culprit, Observer, OptimizerSettings, Progress, Pyramid, Settings, StageEnd, StopAtProgress,
    TracedStage, Transfer, TransferError,
};
use impasto_network::{Layer, Size};

use crate::failing_engine::{FailingEngine, Failure};
use crate::small::{self, go_on};

/// Stops before the pass of the network after the first `passes`.
struct Patience {
    passes: usize,
}

impl Observer for Patience {
    fn progress(&mut self, _: &Progress) -> Control {
        Control::Continue
    }

    fn control(&mut self) -> Control {
        match self.passes.checked_sub(1) {
            Some(left) => {
                self.passes = left;
                Control::Continue
            }
            None => Control::Stop,
        }
    }
}

#[test]
fn an_observer_stops_after_an_iteration() {
    let mut engine = small::engine();
    let mut last = None;
    let mut observe = |progress: &Progress| {
        last = Some(progress.picture());
        if (progress.stage, progress.iteration) == (2, 3) { Control::Stop } else { Control::Continue }
    };
    let outcome = small::transfer(small::settings()).run(&mut engine, &mut observe).unwrap();
    assert!(!outcome.completed);
    assert_eq!(outcome.trace.evaluations.len(), 6 + 3);
    assert_eq!((outcome.picture.width(), outcome.picture.height()), (34, 26));
    assert_eq!(last, Some(outcome.picture));
}

#[test]
fn an_observer_stops_between_evaluations() {
    for optimizer in [OptimizerSettings::lbfgs(5), small::settings().optimizer] {
        let settings = Settings { optimizer, average: None, ..small::simple_settings() };
        let mut engine = small::engine();
        let transfer = small::transfer(settings);
        // The style is learnt from first.
        let outcome = transfer.run_observed(&mut engine, &mut Patience { passes: 1 + 3 }).unwrap();
        assert!(!outcome.completed);
        assert_eq!(outcome.trace.evaluations.len(), 3);
        let start = small::picture(48, 36, 1).resized(24, 18, transfer.settings().schedule.filter).clamped();
        for passes in 0..=1 {
            let outcome = transfer.run_observed(&mut engine, &mut Patience { passes }).unwrap();
            assert!(!outcome.completed && outcome.trace.evaluations.is_empty());
            assert_eq!(outcome.picture, start, "nothing was done");
        }
    }
}

#[test]
fn a_loss_that_is_not_finite_names_term_layer_size_and_iteration() {
    let settings = small::simple_settings();
    let mut engine = FailingEngine::new(small::engine(), Failure::NotFinite, 4);
    let mut pictures = Vec::new();
    let mut observe = |progress: &Progress| {
        pictures.push(progress.picture());
        Control::Continue
    };
    let settings = Settings { average: None, ..settings };
    let error = small::transfer(settings).run(&mut engine, &mut observe).unwrap_err();
    assert!(error.to_string().starts_with("the gram loss at relu2_1 is not finite in iteration 4 at 24x18"));
    let TransferError::NotFinite { culprit, size, iteration, picture, trace } = error else {
        panic!("{error}")
    };
    assert_eq!(culprit, Culprit::Loss { term: "gram".into(), layer: Some(Layer::relu(2, 1)) });
    assert_eq!((size, iteration), (Size { height: 18, width: 24 }, 4));
    // The fourth evaluation was of the picture after three iterations; the one before was good.
    assert_eq!(*picture, pictures[1]);
    assert_eq!(trace.evaluations.len(), 3);
}

#[test]
fn the_last_good_picture_is_no_trial_of_a_line_search() {
    // First lengths of 1000 are far too long: every search begins with wild trials.
    let options = LbfgsOptions { memory: 5, rule: LbfgsRule::StrongWolfe, learning_rate: 1e3, bounds: None };
    let optimizer = OptimizerSettings::Lbfgs(options);
    let settings = Settings { optimizer, average: None, ..small::simple_settings() };
    let start = small::picture(48, 36, 1).resized(24, 18, settings.schedule.filter).clamped();
    let run = |failing: usize| {
        let mut pictures = vec![start.clone()];
        let mut observe = |progress: &Progress| {
            pictures.push(progress.picture());
            Control::Continue
        };
        let mut engine = FailingEngine::new(small::engine(), Failure::NotFinite, failing);
        let result = small::transfer(settings.clone()).run(&mut engine, &mut observe);
        (result, pictures)
    };
    let trace = run(usize::MAX).0.unwrap().trace;
    for searched in [1, 3] {
        let first = trace.evaluations.iter().position(|it| it.iteration == searched).unwrap();
        // All but the first two evaluations of the search fail.
        let trials = trace.evaluations.iter().filter(|it| it.iteration == searched).count();
        assert!(trials > 2, "iteration {searched} has {trials} evaluations");
        let (result, pictures) = run(first + 3);
        let TransferError::NotFinite { iteration, picture, trace, .. } = result.unwrap_err() else {
            panic!()
        };
        assert_eq!((iteration, trace.evaluations.len()), (searched, first + 2));
        assert_eq!(*picture, pictures[searched - 1], "iteration {searched}");
    }
}

#[test]
fn a_gradient_that_is_not_finite_stops_the_run() {
    let mut settings = small::simple_settings();
    settings.terms = vec![
        Content { weight: 1e45, layers: WeightedLayers::each(&[Layer::relu(2, 1)]), loss: ContentLoss::Mean }
            .into(),
    ];
    let mut engine = small::engine();
    let transfer = Transfer::new(settings).content(small::picture(24, 18, 1));
    let start = small::picture(24, 18, 5);
    let error = transfer.start(start.clone()).run(&mut engine, &mut go_on).unwrap_err();
    let TransferError::NotFinite { culprit, picture, .. } = error else { panic!("{error}") };
    assert_eq!((culprit, *picture), (Culprit::Gradient, start.clamped()));
}

#[test]
fn a_pixel_that_is_not_a_number_is_reported() {
    let mut content = small::picture(24, 18, 1);
    content.data_mut()[5] = f32::NAN;
    let settings = small::settings();
    let mut engine = small::engine();
    let transfer = Transfer::new(settings).content(content).style(small::picture(40, 44, 2), 1.0);
    let error = transfer.run(&mut engine, &mut go_on).unwrap_err();
    assert!(matches!(error, TransferError::NotFinite { iteration: 1, .. }), "{error}");
}

#[test]
fn a_stage_whose_loss_hardly_falls_ends_and_the_next_goes_on() {
    let mut settings = small::settings();
    settings.schedule.iterations = 40;
    settings.schedule.stop = Some(StopAtProgress { share: 0.5, interval: 8 });
    let mut engine = small::engine();
    let mut ends = Vec::new();
    let mut observe = |progress: &Progress| {
        ends.extend(progress.end.map(|end| TracedStage { iterations: progress.iteration, end }));
        Control::Continue
    };
    let outcome = small::transfer(settings.clone()).run(&mut engine, &mut observe).unwrap();
    assert!(outcome.completed);
    assert_eq!(outcome.trace.stages, ends);
    assert_eq!(ends.len(), 3, "one for each size");
    for (index, &TracedStage { iterations, end }) in ends.iter().enumerate() {
        assert!(end == StageEnd::Progress && (8..40).contains(&iterations), "{ends:?}");
        let of_stage = outcome.trace.evaluations.iter().filter(|it| it.stage == index + 1);
        assert_eq!(of_stage.count(), iterations);
    }
    // As if it had been told to do so many.
    settings.schedule.stop = None;
    (settings.schedule.pyramid, settings.schedule.size) = (Pyramid::One, 24);
    let first = ends[0].iterations;
    settings.schedule.iterations = first;
    let told = small::transfer(settings).run(&mut engine, &mut go_on).unwrap();
    assert_eq!(told.trace.evaluations, outcome.trace.evaluations[..first]);
    assert_eq!(told.trace.stages, [TracedStage { iterations: first, end: StageEnd::Iterations }]);
}

#[test]
fn a_device_that_is_lost_leaves_the_last_good_picture() {
    let settings = Settings { average: None, ..small::settings() };
    let mut engine = FailingEngine::new(small::engine(), Failure::DeviceLost, 4);
    let mut pictures = Vec::new();
    let mut observe = |progress: &Progress| {
        pictures.push(progress.picture());
        Control::Continue
    };
    let error = small::transfer(settings).run(&mut engine, &mut observe).unwrap_err();
    assert_eq!(error.to_string(), "iteration 4 at 24x18: the device is lost: unplugged");
    let (picture, trace) = error.last_good().expect("a picture");
    // What the third iteration ended with is what the fourth would have started from; it was not evaluated.
    assert_eq!(picture, &pictures[1]);
    assert_eq!(trace.evaluations.len(), 3);
}
