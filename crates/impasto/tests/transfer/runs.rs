//! What a run does: descends, reports, repeats.

use impasto::terms::{Content, Gram, Moments, TermSettings};
use impasto::{
    Control, OptimizerSettings, Picture, Preset, Progress, Pyramid, Settings, Start, StyleFit, Transfer,
};
use impasto_network::{CpuEngine, Size};

use crate::small::{self, go_on};

#[test]
fn every_preset_lowers_its_loss() {
    for preset in Preset::ALL {
        let mut settings = preset.settings();
        (settings.schedule.size, settings.schedule.pyramid) = (40, Pyramid::RootsOfTwo { first: 32 });
        // A new size shakes what starts from noise, on a network as small as this.
        let from_noise = matches!(preset, Preset::Doodle | Preset::Texture);
        settings.schedule.iterations = if from_noise { 60 } else { 12 };
        settings.schedule.refinement = settings.schedule.refinement.map(|_| 6);
        if preset == Preset::FastNeuralDoodle {
            // Its weight is for VGG-19; the small network's statistics are far below 1.
            settings.term_mut::<Gram>().unwrap().weight *= 1e6;
        }
        let mut engine = small::engine();
        let outcome = small::transfer(settings).run(&mut engine, &mut go_on).unwrap();
        assert!(outcome.completed, "{preset}");
        assert_eq!((outcome.picture.width(), outcome.picture.height()), (40, 30), "{preset}");
        assert!(outcome.picture.data().iter().all(|value| (0.0..=1.0).contains(value)), "{preset}");
        let stage = outcome.trace.evaluations.last().unwrap().stage;
        let last: Vec<f64> = outcome
            .trace
            .evaluations
            .iter()
            .filter(|evaluation| evaluation.stage == stage)
            .map(|evaluation| evaluation.total)
            .collect();
        // From near grey, Torch's rule takes its time on a network as small as this.
        let slow = matches!(preset, Preset::NeuralStyle | Preset::FastNeuralDoodle);
        let factor = if slow { 1.0 } else { 0.9 };
        assert!(last[last.len() - 1] < factor * last[0], "{preset}: {last:?}");
    }
}

#[test]
fn the_plan_is_what_happens() {
    let settings = small::settings();
    let mut engine = small::engine();
    let transfer = small::transfer(settings);
    let plan = transfer.plan(&engine).unwrap();
    let sizes: Vec<(usize, usize)> =
        plan.stages.iter().map(|stage| (stage.size.width, stage.size.height)).collect();
    assert_eq!(sizes, [(24, 18), (34, 26), (48, 36)]);
    // The style is never enlarged beyond its own 40 x 44.
    let styles: Vec<Size> = plan.stages.iter().flat_map(|stage| stage.styles.clone()).collect();
    assert_eq!(styles[0], Size { width: 22, height: 24 });
    assert_eq!(styles[2], Size { width: 40, height: 44 });
    assert_eq!(plan.iterations(), 18);
    assert!(plan.stages.is_sorted_by_key(|stage| stage.memory) && plan.memory() > 100_000, "{plan:?}");

    let (mut seen, mut done) = (Vec::new(), 0.0);
    let mut observe = |progress: &Progress| {
        assert!(progress.done > done && progress.done <= 1.0, "{done}, then {}", progress.done);
        assert_eq!(progress.seconds_left > 0.0, progress.done < 1.0);
        done = progress.done;
        let sum: f64 = progress.losses.iter().map(|term| term.loss).sum();
        assert_eq!(progress.total, sum);
        let names: Vec<String> = progress
            .losses
            .iter()
            .map(|it| it.layer.map_or(it.term.to_string(), |layer| format!("{} {layer}", it.term)))
            .collect();
        let expected = "content relu4_2, gram relu1_1, gram relu2_1, gram relu3_1, gram relu4_1, \
                        gram relu5_1, total_variation";
        assert_eq!(names.join(", "), expected);
        assert!(progress.seconds > 0.0 && progress.stages == 3 && progress.iterations == 6);
        seen.push((progress.stage, progress.iteration, progress.size));
        Control::Continue
    };
    let outcome = transfer.run(&mut engine, &mut observe).unwrap();
    assert_eq!(done, 1.0);
    let planned = plan.stages.iter().enumerate().flat_map(|(index, stage)| {
        (1..=stage.iterations).map(move |iteration| (index + 1, iteration, stage.size))
    });
    assert_eq!(seen, planned.collect::<Vec<_>>());
    let traced = outcome.trace.evaluations.iter().map(|it| (it.stage, it.iteration));
    assert!(traced.eq(seen.iter().map(|&(stage, iteration, _)| (stage, iteration))));
}

#[test]
fn the_plan_counts_the_pictures_given() {
    let settings = small::settings();
    let engine = small::engine();
    let memory = |factor: usize| {
        let content = small::picture(factor * 48, factor * 36, 1);
        let transfer = Transfer::new(settings.clone()).content(content);
        transfer.style(small::picture(40, 44, 2), 1.0).plan(&engine).unwrap().memory()
    };
    // Three channels of four bytes.
    assert_eq!(memory(10) - memory(1), 12 * (100 - 1) * 48 * 36);
}

#[test]
fn the_first_evaluation_is_that_of_the_start() {
    let mut settings = small::simple_settings();
    settings.schedule.start = Start::NormalNoise { mean: [0.5; 3], deviation: 0.1 };
    settings.seed = 9;
    let mut engine = small::engine();
    let transfer = small::transfer(settings);
    let noise = Picture::white_noise(24, 18, [0.5; 3], 0.1, 9);
    let expected = transfer.evaluate(&mut engine, &noise).unwrap();
    for transfer in [transfer.clone(), transfer.start(noise)] {
        let outcome = transfer.run(&mut engine, &mut go_on).unwrap();
        assert_eq!(outcome.trace.evaluations[0].total, expected.total);
        assert_eq!(outcome.trace.evaluations[0].losses, expected.losses);
    }
}

#[test]
fn the_picture_of_the_last_iteration_is_the_result() {
    for average in [None, Some(0.9)] {
        let mut settings = small::settings();
        settings.average = average;
        let mut engine = small::engine();
        let mut last = None;
        let mut observe = |progress: &Progress| {
            last = Some(progress.picture());
            Control::Continue
        };
        let outcome = small::transfer(settings).run(&mut engine, &mut observe).unwrap();
        assert_eq!(last, Some(outcome.picture));
    }
}

#[test]
fn the_same_seed_gives_the_same_picture() {
    let run = |seed: u64, threads: usize| {
        let mut settings = small::settings();
        settings.schedule.start = Start::UniformNoise { range: 0.25..0.75 };
        settings.seed = seed;
        let mut engine = CpuEngine::new(small::weights());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| small::transfer(settings).run(&mut engine, &mut go_on)).unwrap()
    };
    let first = run(1, 1);
    assert_eq!(first, run(1, 1));
    assert_eq!(first, run(1, 3));
    assert_ne!(first.picture, run(2, 1).picture);
}

#[test]
fn styles_blend_by_their_statistics() {
    let mut settings = small::simple_settings();
    settings.schedule.style_fit = StyleFit::ContentSize;
    let mut engine = small::engine();
    let content = small::picture(24, 18, 1);
    let loss = |styles: &[(u64, f64)], engine: &mut _| {
        let transfer = Transfer::new(settings.clone()).content(content.clone());
        let transfer = styles
            .iter()
            .fold(transfer, |transfer, &(seed, weight)| transfer.style(small::picture(24, 18, seed), weight));
        transfer.evaluate(engine, &content).unwrap().total
    };
    let (one, other) = (loss(&[(2, 1.0)], &mut engine), loss(&[(3, 1.0)], &mut engine));
    assert_ne!(one, other);
    assert_eq!(loss(&[(2, 1.0), (3, 0.0)], &mut engine), one);
    assert!((loss(&[(2, 1.0), (2, 3.0)], &mut engine) / one - 1.0).abs() < 1e-9);
    let blend = loss(&[(2, 5.0), (3, 5.0)], &mut engine);
    assert!(blend != one && blend != other && blend == loss(&[(3, 1.0), (2, 1.0)], &mut engine));
}

#[test]
fn terms_without_weight_are_left_out() {
    let mut settings = small::settings();
    settings.term_mut::<Gram>().unwrap().weight = 0.0;
    let mut engine = small::engine();
    // No style is needed.
    let transfer = Transfer::new(settings).content(small::picture(48, 36, 1));
    let outcome = transfer.run(&mut engine, &mut go_on).unwrap();
    let mut losses = outcome.trace.evaluations.iter().flat_map(|evaluation| &evaluation.losses);
    assert!(losses.all(|loss| loss.term != "gram"));
}

#[test]
fn the_style_ratio_keeps_the_content_weight() {
    let mut settings = Preset::Gatys.settings();
    settings.set_style_ratio(5e4).unwrap();
    assert_eq!(settings.term::<Content>().unwrap().weight, 1.0);
    assert_eq!(settings.term::<Gram>().unwrap().weight, 5e4);
}

#[test]
fn a_style_ratio_to_nothing_is_refused() {
    let refused = |mut settings: Settings| {
        let before = settings.clone();
        let message = settings.set_style_ratio(10.0).unwrap_err().to_string();
        assert_eq!(settings, before);
        message
    };
    let no_content = "content weight is 0, but must be above 0 for a style ratio";
    let mut settings = Preset::Impasto.settings();
    settings.term_mut::<Content>().unwrap().weight = 0.0;
    assert_eq!(refused(settings.clone()), no_content);
    settings.terms.retain(|term| Content::of(term).is_none());
    assert_eq!(refused(settings), no_content);
    let mut settings = Preset::Impasto.settings();
    settings.terms.retain(|term| Moments::of(term).is_none());
    assert_eq!(refused(settings), "style term is missing, but must be there for a style ratio");
}

#[test]
fn settings_and_traces_are_written_in_words() {
    let mut settings = small::settings();
    settings.optimizer = OptimizerSettings::lbfgs(10);
    let json = serde_json::to_value(&settings).unwrap();
    assert_eq!(json["network"]["first_padding"], "replicate");
    assert_eq!(json["terms"][1]["term"], "gram");
    assert_eq!(json["terms"][1]["layers"][0], serde_json::json!({"layer": "relu1_1", "weight": 1.0}));
    assert_eq!(json["optimizer"]["method"], "lbfgs");
    assert_eq!(json["schedule"]["start"]["from"], "content");
    let mut engine = small::engine();
    let outcome = small::transfer(settings).run(&mut engine, &mut go_on).unwrap();
    let first = &serde_json::to_value(&outcome.trace).unwrap()["evaluations"][0];
    assert_eq!((first["stage"].as_u64(), first["iteration"].as_u64()), (Some(1), Some(1)));
    assert_eq!(first["losses"][0]["layer"], "relu4_2");
    assert!(first["losses"][6]["layer"].is_null());
}
