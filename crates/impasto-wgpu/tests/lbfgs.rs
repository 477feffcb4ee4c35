//! L-BFGS with its steps on the card takes the steps that it takes with them in the memory of the computer.

use std::sync::Arc;

use impasto::optimizers::{Lbfgs, LbfgsOptions, Optimizer};
use impasto_network::{Engine, StepHistoryPlace, Weights};
use impasto_wgpu::{Adapter, DeviceOptions, GpuEngine};

/// Elements: several chunks of products, and no multiple of four.
const LENGTH: usize = 150_003;

/// Buffers so small that the history takes several.
const SMALL_BUFFERS: u64 = 3 << 20;

fn place() -> Option<Arc<dyn StepHistoryPlace>> {
    let Some(adapter) = Adapter::all().into_iter().next() else {
        assert!(std::env::var_os("CI").is_none(), "no device: install a Vulkan driver");
        eprintln!("skipped: no Vulkan, Metal or DirectX 12 on this machine");
        return None;
    };
    let options =
        DeviceOptions { largest_buffer: Some(SMALL_BUFFERS), poisoned: true, ..DeviceOptions::default() };
    let device = Arc::new(adapter.open(options).expect("an open device"));
    GpuEngine::new(device, Weights::compact()).step_history()
}

/// `Σ aᵢ (√(1 + (xᵢ − bᵢ)²) − 1)`, of many curvatures, and its gradient.
fn loss(x: &[f32], gradient: &mut [f32]) -> Result<f64, ()> {
    let mut sum = 0.0;
    for (at, (x, gradient)) in x.iter().zip(gradient).enumerate() {
        let (a, b) = (1.0 + (at % 97) as f64, (at as f64 * 0.37).sin());
        let difference = f64::from(*x) - b;
        let root = (1.0 + difference * difference).sqrt();
        sum += a * (root - 1.0);
        *gradient = (a * difference / root) as f32;
    }
    Ok(sum)
}

/// The losses of some steps, and what the variables come to.
fn descend(optimizer: &mut Lbfgs, variables: &mut [f32], steps: usize) -> Vec<f64> {
    let step = |_| optimizer.step(variables, &mut |x, gradient| loss(x, gradient)).expect("a step").loss;
    (0..steps).map(step).collect()
}

fn optimizer(place: Option<Arc<dyn StepHistoryPlace>>) -> Lbfgs {
    let mut optimizer = Lbfgs::new(LbfgsOptions { memory: 7, ..LbfgsOptions::default() }).expect("settings");
    Optimizer::<()>::keep_steps_at(&mut optimizer, place);
    optimizer
}

#[test]
fn steps_on_the_card_are_those_of_the_computer() {
    let Some(place) = place() else { return };
    let (mut here, mut there) = (vec![0.0; LENGTH], vec![0.0; LENGTH]);
    // More steps than are remembered.
    let expected = descend(&mut optimizer(None), &mut here, 12);
    let found = descend(&mut optimizer(Some(place)), &mut there, 12);
    for (step, (found, expected)) in found.iter().zip(&expected).enumerate() {
        assert!((found / expected - 1.0).abs() < 1e-4, "step {step}: {found}, not {expected}");
    }
    assert!(expected[11] < 1e-2 * expected[0], "a descent: {expected:?}");
}

#[test]
fn a_descent_goes_on_from_its_state_with_the_same_bits() {
    let Some(place) = place() else { return };
    let mut variables = vec![0.0; LENGTH];
    let mut first = optimizer(Some(place.clone()));
    descend(&mut first, &mut variables, 10);
    let state = Optimizer::<()>::state(&first).into_owned();
    let mut second = optimizer(Some(place));
    Optimizer::<()>::resume(&mut second, state).expect("its own state");
    let mut again = variables.clone();
    assert_eq!(descend(&mut first, &mut variables, 4), descend(&mut second, &mut again, 4));
    assert!(variables == again);
}
