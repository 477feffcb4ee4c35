//! The memory that a plan tells against what a run allocates. One test alone in its process, so that nothing else counts.

use impasto::terms::Content;
use impasto::{
    Control, OptimizerSettings, Picture, Precision, Preset, Pyramid, Settings, StyleMethod, Transfer,
};
use impasto_network::{CpuEngine, Weights};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

fn settings(method: StyleMethod) -> Settings {
    let mut settings = Preset::Impasto.settings();
    settings.set_method(method);
    (settings.schedule.size, settings.schedule.iterations) = (384, 2);
    (settings.schedule.pyramid, settings.schedule.refinement) = (Pyramid::RootsOfTwo { first: 272 }, None);
    settings
}

/// Bytes of the plan within a limit, and bytes allocated at the peak of the run.
fn planned_and_allocated(settings: Settings, limit: Option<u64>) -> (u64, u64, Precision) {
    let picture = |width, height, seed| Picture::uniform_noise(width, height, 0.0..1.0, seed);
    let transfer = Transfer::new(settings).content(picture(384, 288, 1)).style(picture(300, 380, 2), 1.0);
    let transfer = match limit {
        Some(bytes) => transfer.within_memory(bytes),
        None => transfer,
    };
    let mut engine = CpuEngine::new(Weights::compact());
    let plan = transfer.plan(&engine).unwrap();
    let precision = plan.stages.last().unwrap().precision;
    ALLOCATOR.reset_peak_usage();
    transfer.run(&mut engine, |_| Control::Continue).unwrap();
    (plan.memory(), ALLOCATOR.peak_usage() as u64, precision)
}

#[test]
fn a_run_allocates_no_more_than_its_plan_and_hardly_less() {
    let gram = settings(StyleMethod::Gram);
    let with_lbfgs = Settings { optimizer: OptimizerSettings::lbfgs(20), ..gram.clone() };
    let mut without_content = gram.clone();
    without_content.term_mut::<Content>().unwrap().weight = 0.0;
    for (what, settings) in [
        ("moments", settings(StyleMethod::Moments)),
        ("gram", gram),
        ("L-BFGS", with_lbfgs),
        ("no content", without_content),
        ("patches", settings(StyleMethod::Patches)),
        ("nearest", settings(StyleMethod::Nearest)),
    ] {
        let (planned, allocated, precision) = planned_and_allocated(settings.clone(), None);
        assert_eq!(precision, Precision::Full, "{what}");
        assert!(allocated <= planned, "{what}: {allocated} bytes, not {planned}");
        assert!(allocated * 3 > planned * 2, "{what}: only {allocated} bytes of {planned}");
        if !["moments", "gram"].contains(&what) {
            continue;
        }
        for share in [0.85, 0.75] {
            let limit = (share * planned as f64) as u64;
            let (planned, allocated, _) = planned_and_allocated(settings.clone(), Some(limit));
            assert!(allocated <= planned, "{what} in {limit}: {allocated} bytes, not {planned}");
        }
    }
}
