//! A card that is lost in the middle of a run: the run ends with a picture, and goes on elsewhere.

use std::sync::Arc;

use impasto::{
    Checkpoint, Control, Observer, Picture, Preset, Progress, Pyramid, Settings, Transfer, TransferError,
};
use impasto_network::{CpuEngine, EngineError, Weights};
use impasto_wgpu::{Adapter, Device, DeviceOptions, GpuEngine};

/// Waves in three colours.
fn picture(width: usize, height: usize, pitch: f32) -> Picture {
    let value = |at: usize| 0.5 + 0.3 * (at as f32 * pitch).sin() + 0.2 * (at as f32 * 0.013).cos();
    Picture::new(width, height, (0..3 * width * height).map(value).collect())
}

fn transfer(settings: Settings) -> Transfer {
    let mut settings = settings;
    (settings.schedule.size, settings.schedule.pyramid) = (48, Pyramid::One);
    settings.schedule.iterations = 5;
    Transfer::new(settings).content(picture(48, 36, 0.31)).style(picture(40, 44, 0.17), 1.0)
}

/// Loses the device in the iteration after some, and keeps what a failed run leaves.
struct Loses<'a> {
    device: &'a Device,
    after: usize,
    done: usize,
    left: Option<Checkpoint<'static>>,
}

impl Observer for Loses<'_> {
    fn progress(&mut self, progress: &Progress<'_>) -> Control {
        self.done = progress.iteration;
        Control::Continue
    }

    /// Before an evaluation: the direction of a step is known then.
    fn control(&mut self) -> Control {
        if self.done == self.after {
            self.device.lose();
        }
        Control::Continue
    }

    fn engine_failed<'a>(&mut self, last: &'a dyn Fn() -> Checkpoint<'a>) {
        self.left = Some(last().into_owned());
    }
}

#[test]
fn a_lost_card_leaves_a_picture_and_a_checkpoint_that_goes_on() {
    let Some(adapter) = Adapter::all().into_iter().next() else {
        assert!(std::env::var_os("CI").is_none(), "no device: install a Vulkan driver");
        eprintln!("skipped: no Vulkan, Metal or DirectX 12 on this machine");
        return;
    };
    // Adam keeps what it knows in the memory of the computer; L-BFGS, on the card, begins anew.
    for preset in [Preset::Impasto, Preset::NeuralStyle] {
        let settings = preset.settings();
        let weights = Arc::new(settings.fit_weights(Weights::compact()));
        let transfer = transfer(settings);
        let device = Arc::new(adapter.open(DeviceOptions::default()).expect("an open device"));
        let mut observer = Loses { device: &device, after: 3, done: 0, left: None };
        let error = transfer
            .run_observed(&mut GpuEngine::new(device.clone(), weights.clone()), &mut observer)
            .expect_err("a lost device");
        let TransferError::EngineFailed { source, iteration, .. } = &error else {
            panic!("{preset}: {error}")
        };
        assert!(matches!(**source, EngineError::DeviceLost { .. }), "{preset}: {source}");
        assert_eq!(*iteration, 4, "{preset}");
        let (last, _) = error.last_good().expect("a picture");
        assert!(last.data().iter().all(|value| value.is_finite()), "{preset}");
        assert!(device.failure().is_err(), "{preset}");

        let left = observer.left.expect("a checkpoint");
        assert_eq!(left.iteration(), 3, "{preset}");
        let left = Checkpoint::from_bytes(&left.to_bytes()).expect("its own bytes");
        let mut go_on = |_: &Progress<'_>| Control::Continue;
        let outcome = transfer.resume(&mut CpuEngine::new(weights), left, &mut go_on).expect("a run");
        assert!(outcome.completed, "{preset}");
        // L-BFGS begins anew with a step as short as its first one, not with the whole gradient.
        let totals = outcome.trace.evaluations.iter().map(|evaluation| evaluation.total);
        let totals: Vec<f64> = totals.collect();
        let (first, last) = (totals[0], totals[totals.len() - 1]);
        assert!(last < 2.0 * first, "{preset}: {totals:?}");
    }
}
