//! Runs that go on from a checkpoint: the same bits as those that were never stopped.

use std::collections::BTreeMap;

use impasto::optimizers::{LbfgsOptions, LbfgsRule};
use impasto::regions::Regions;
use impasto::terms::{Content, Nearest, PatchLoss, Patches};
use impasto::{
    Checkpoint, ColorRule, Control, Observer, OptimizerSettings, Outcome, Picture, PixelUnits, Progress,
    Pyramid, Runner, Settings, StageEnd, Start, StopAtProgress, StrengthMap, StyleMethod, Trace, Transfer,
    TransferError, Variables,
};
use impasto_network::{CpuEngine, Layer};

use crate::failing_engine::{FailingEngine, Failure};
use crate::small::{self, go_on};
use crate::tiles;

/// Two sizes, 16 and 24 pixels, of four iterations each.
pub fn settings(method: StyleMethod) -> Settings {
    let mut settings = small::settings();
    settings.set_method(method);
    (settings.schedule.size, settings.schedule.pyramid) = (24, Pyramid::RootsOfTwo { first: 16 });
    settings.schedule.iterations = 4;
    let layers = [Layer::relu(1, 1), Layer::relu(2, 1)];
    settings.style_layers_mut().unwrap().replace(&layers);
    settings.term_mut::<Content>().unwrap().layers.replace(&layers[1..]);
    settings
}

fn lbfgs(rule: LbfgsRule, learning_rate: f64) -> OptimizerSettings {
    OptimizerSettings::Lbfgs(LbfgsOptions { memory: 3, rule, learning_rate, bounds: None })
}

/// The outcome and the checkpoint after each iteration, through bytes and back.
pub fn checkpoints(transfer: &Transfer) -> (Outcome, Vec<Checkpoint<'static>>) {
    let mut all = Vec::new();
    let mut observe = |progress: &Progress| {
        let checkpoint = progress.checkpoint();
        assert_eq!((checkpoint.stage(), checkpoint.stages()), (progress.stage, progress.stages));
        assert_eq!((checkpoint.iteration(), checkpoint.size()), (progress.iteration, progress.size));
        let read = Checkpoint::from_bytes(&checkpoint.to_bytes()).unwrap();
        assert_eq!(read, checkpoint);
        all.push(read);
        Control::Continue
    };
    let outcome = transfer.run(&mut CpuEngine::new(small::weights()), &mut observe).unwrap();
    (outcome, all)
}

pub fn resume(transfer: &Transfer, checkpoint: &Checkpoint<'_>) -> Result<Outcome, TransferError> {
    let mut engine: Box<dyn Runner> = Box::new(CpuEngine::new(small::weights()));
    engine.resume(transfer, checkpoint.clone(), &mut go_on)
}

/// The outcome, once it is that of every resumed run bit for bit.
pub fn assert_same_bits(name: &str, transfer: &Transfer) -> Outcome {
    let (outcome, checkpoints) = checkpoints(transfer);
    assert!(outcome.completed && checkpoints.len() > 2, "{name}");
    for checkpoint in checkpoints {
        let place = format!("{name} from {} of stage {}", checkpoint.iteration(), checkpoint.stage());
        let resumed = resume(transfer, &checkpoint).unwrap_or_else(|error| panic!("{place}: {error}"));
        assert_eq!(resumed.trace, outcome.trace, "{place}");
        let bits = |picture: &Picture| picture.data().iter().map(|it| it.to_bits()).collect::<Vec<_>>();
        assert!(bits(&resumed.picture) == bits(&outcome.picture) && resumed.completed, "{place}");
    }
    outcome
}

#[test]
fn every_optimizer_goes_on_with_the_same_bits() {
    let clamped = LbfgsOptions { memory: 3, bounds: Some((0.0, 1.0)), ..LbfgsOptions::default() };
    for (name, optimizer) in [
        ("Adam", OptimizerSettings::adam(PixelUnits::One)),
        ("Torch's rule", lbfgs(LbfgsRule::Torch, 1.0)),
        // So long that steps are taken back and searched for.
        ("Torch's rule, wild", lbfgs(LbfgsRule::Torch, 1e3)),
        ("within bounds", OptimizerSettings::Lbfgs(clamped)),
        ("strong Wolfe", lbfgs(LbfgsRule::StrongWolfe, 1.0)),
        ("strong Wolfe, wild", lbfgs(LbfgsRule::StrongWolfe, 1e3)),
    ] {
        for (variables, average) in
            [(Variables::Pixels, Some(0.9)), (Variables::LaplacianPyramid { levels: 3 }, None)]
        {
            let settings = Settings {
                optimizer: optimizer.clone(),
                variables,
                average,
                average_counts_start: true,
                ..settings(StyleMethod::Gram)
            };
            assert_same_bits(name, &small::transfer(settings));
        }
    }
}

#[test]
fn every_term_goes_on_with_the_same_bits() {
    for method in [StyleMethod::Gram, StyleMethod::Moments, StyleMethod::Nearest] {
        let mut settings = settings(method);
        if let Some(nearest) = settings.term_mut::<Nearest>() {
            // So few that others are looked at each time.
            nearest.samples = 3;
            settings.schedule.refinement = Some(4);
        }
        assert_same_bits(&format!("{method:?}"), &small::transfer(settings.clone()));
        // A search evaluates more than once.
        settings.optimizer = lbfgs(LbfgsRule::StrongWolfe, 1e2);
        assert_same_bits(&format!("{method:?} with a search"), &small::transfer(settings));
    }
}

#[test]
fn patches_remember_what_they_matched() {
    for loss in [PatchLoss::Mean, PatchLoss::Relative] {
        for (match_every, variety) in [(1, 0.5), (3, 0.0), (3, 0.5)] {
            let mut settings = settings(StyleMethod::Patches);
            settings.schedule.iterations = 7;
            let patches = settings.term_mut::<Patches>().unwrap();
            (patches.match_every, patches.variety, patches.loss) = (match_every, variety, loss);
            (patches.source_stride, patches.query_stride) = (2, 2);
            let name = format!("{loss:?} every {match_every}, variety {variety}");
            let transfer = small::transfer(settings.clone());
            let once = assert_same_bits(&name, &transfer);
            let patches = settings.term_mut::<Patches>().unwrap();
            (patches.match_every, patches.variety) = (1, 0.0);
            let plain = small::transfer(settings).run(&mut CpuEngine::new(small::weights()), go_on).unwrap();
            assert_ne!(once.trace, plain.trace, "{name} makes no difference");
        }
    }
}

#[test]
fn stages_that_end_early_end_the_same() {
    let mut settings = settings(StyleMethod::Gram);
    settings.schedule.iterations = 30;
    settings.schedule.stop = Some(StopAtProgress { share: 0.5, interval: 5 });
    let outcome = assert_same_bits("early", &small::transfer(settings));
    let ends = outcome.trace.stages.iter();
    assert!(ends.clone().any(|stage| stage.end == StageEnd::Progress), "{:?}", outcome.trace.stages);
}

#[test]
fn what_the_pictures_bring_is_brought_again() {
    let mut settings = settings(StyleMethod::Moments);
    settings.schedule.start = Start::UniformNoise { range: 0.2..0.8 };
    settings.colors = ColorRule::Content.into();
    settings.seamless = true;
    (settings.schedule.size, settings.schedule.pyramid) = (32, Pyramid::RootsOfTwo { first: 20 });
    let half = |width: usize, height: usize| {
        let value = |index: usize| f32::from(index % width < width / 3);
        Picture::new(width, height, (0..3 * width * height).map(value).collect())
    };
    let transfer = small::transfer(settings)
        .regions(Regions::from_gray_mask(&half(48, 36)), vec![Regions::from_gray_mask(&half(40, 44))])
        .strength_map(StrengthMap::from_picture(&half(48, 36)));
    assert_same_bits("guided", &transfer);
}

#[test]
fn a_picture_in_tiles_goes_on_in_tiles() {
    let mut settings = tiles::settings(StyleMethod::Patches);
    settings.term_mut::<Patches>().unwrap().match_every = 2;
    let (transfer, tiles) = tiles::squeezed(&tiles::transfer(settings), 0.5);
    assert!(tiles > 1, "{tiles}");
    assert_same_bits("tiles", &transfer);
}

#[test]
fn an_observer_takes_a_checkpoint_and_stops() {
    let transfer = small::transfer(settings(StyleMethod::Gram));
    let mut engine = small::engine();
    let outcome = transfer.run(&mut engine, go_on).unwrap();
    for at in [(1, 2), (1, 4), (2, 1), (2, 4)] {
        let mut kept = None;
        let mut observe = |progress: &Progress| {
            if (progress.stage, progress.iteration) != at {
                return Control::Continue;
            }
            let mut checkpoint = progress.checkpoint();
            checkpoint.notes.insert("content".to_owned(), "harbour.png \u{1f3a8}\n\"".to_owned());
            kept = Some(checkpoint.to_bytes());
            Control::Stop
        };
        assert!(!transfer.run(&mut engine, &mut observe).unwrap().completed);
        let checkpoint = Checkpoint::from_bytes(&kept.unwrap()).unwrap();
        let notes = BTreeMap::from([("content".to_owned(), "harbour.png \u{1f3a8}\n\"".to_owned())]);
        assert_eq!(checkpoint.notes, notes);
        let mut seen = Vec::new();
        let mut observe = |progress: &Progress| {
            seen.push((progress.stage, progress.iteration));
            Control::Continue
        };
        // Settings from the checkpoint, as a front end would take them.
        let again = small::transfer(checkpoint.settings().clone());
        assert_eq!(again.resume(&mut engine, checkpoint, &mut observe).unwrap(), outcome, "{at:?}");
        let expected = (1..=2).flat_map(|stage| (1..=4).map(move |iteration| (stage, iteration)));
        assert_eq!(seen, expected.filter(|&place| place > at).collect::<Vec<_>>());
    }
}

#[test]
fn a_resumed_run_that_is_stopped_has_the_picture_so_far() {
    struct Deaf;
    impl Observer for Deaf {
        fn progress(&mut self, _: &Progress) -> Control {
            Control::Continue
        }

        fn control(&mut self) -> Control {
            Control::Stop
        }
    }
    let settings = Settings { average: Some(0.9), ..settings(StyleMethod::Gram) };
    let transfer = small::transfer(settings);
    let mut pictures = Vec::new();
    let mut observe = |progress: &Progress| {
        pictures.push((progress.picture(), progress.checkpoint().into_owned()));
        Control::Continue
    };
    transfer.run(&mut small::engine(), &mut observe).unwrap();
    for (picture, checkpoint) in pictures.iter().take(3) {
        let outcome = transfer.resume(&mut small::engine(), checkpoint.clone(), &mut Deaf).unwrap();
        assert!(!outcome.completed && outcome.picture == *picture);
        assert_eq!(checkpoint.picture(), *picture);
        assert_eq!(outcome.trace, *checkpoint.trace());
    }
}

#[test]
fn the_last_good_picture_of_a_resumed_run_is_the_same() {
    for optimizer in [small::settings().optimizer, lbfgs(LbfgsRule::StrongWolfe, 1e3)] {
        let settings = Settings { optimizer, average: None, ..small::simple_settings() };
        let transfer = small::transfer(settings);
        let mut checkpoints = Vec::new();
        let mut observe = |progress: &Progress| {
            checkpoints.push(progress.checkpoint().into_owned());
            Control::Continue
        };
        transfer.run(&mut small::engine(), &mut observe).unwrap();
        for checkpoint in &checkpoints[..checkpoints.len() - 1] {
            // Before the first the engine would fail at the style.
            for failing in [2, 3] {
                let before = checkpoint.trace().evaluations.len();
                let engine = |failing| FailingEngine::new(small::engine(), Failure::DeviceLost, failing);
                let whole = transfer.run(&mut engine(before + failing), go_on);
                let resumed = transfer.resume(&mut engine(failing), checkpoint.clone(), &mut go_on);
                match (whole, resumed) {
                    (Err(whole), Err(resumed)) => {
                        assert_eq!(whole.to_string(), resumed.to_string());
                        assert!(whole.last_good().is_some() && whole.last_good() == resumed.last_good());
                    }
                    (whole, resumed) => assert_eq!(whole.unwrap(), resumed.unwrap()),
                }
            }
        }
    }
}

/// Keeps the checkpoint that a run leaves when its engine fails.
struct KeepsLast(Option<Checkpoint<'static>>);

impl Observer for KeepsLast {
    fn progress(&mut self, _progress: &Progress<'_>) -> Control {
        Control::Continue
    }

    fn engine_failed<'a>(&mut self, last: &'a dyn Fn() -> Checkpoint<'a>) {
        self.0 = Some(last().into_owned());
    }
}

#[test]
fn a_run_goes_on_from_where_its_engine_failed() {
    let adam = small::simple_settings().optimizer;
    for optimizer in [adam, lbfgs(LbfgsRule::Torch, 1.0)] {
        let transfer = small::transfer(Settings { optimizer, ..small::simple_settings() });
        let whole = transfer.run(&mut small::engine(), go_on).unwrap();
        let mut kept = KeepsLast(None);
        let mut engine = FailingEngine::new(small::engine(), Failure::DeviceLost, 5);
        let error = transfer.run_observed(&mut engine, &mut kept).unwrap_err();
        assert!(matches!(error, TransferError::EngineFailed { .. }), "{error}");
        let checkpoint = kept.0.expect("a checkpoint");
        let resumed = transfer.resume(&mut small::engine(), checkpoint, &mut go_on).unwrap();
        assert!(resumed.completed && resumed.picture == whole.picture && resumed.trace == whole.trace);
    }
    // Of a line search that failed in the middle nothing is left, not even in the trace.
    let optimizer = lbfgs(LbfgsRule::StrongWolfe, 1e3);
    let transfer = small::transfer(Settings { optimizer, ..small::simple_settings() });
    let mut failed_in_the_middle = 0;
    for failing in 4..16 {
        let mut kept = KeepsLast(None);
        let mut engine = FailingEngine::new(small::engine(), Failure::DeviceLost, failing);
        let Err(error) = transfer.run_observed(&mut engine, &mut kept) else { continue };
        let (_, trace) = error.last_good().expect("a picture");
        let Some(checkpoint) = kept.0 else { continue };
        let done = checkpoint.iteration();
        let of_later = |trace: &Trace| trace.evaluations.iter().any(|it| it.iteration > done);
        failed_in_the_middle += usize::from(of_later(trace));
        assert!(!of_later(checkpoint.trace()), "failing {failing}");
    }
    assert!(failed_in_the_middle > 0);
    // In the first iteration there is nothing to go on from.
    let mut kept = KeepsLast(None);
    let mut engine = FailingEngine::new(small::engine(), Failure::DeviceLost, 1);
    small::transfer(small::simple_settings()).run_observed(&mut engine, &mut kept).unwrap_err();
    assert!(kept.0.is_none());
}
