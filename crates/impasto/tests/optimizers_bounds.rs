//! L-BFGS within bounds, against closed forms.

use impasto::optimizers::{Lbfgs, LbfgsOptions, LbfgsRule, Optimizer, Outcome};

#[test]
fn bounds_hold_and_the_rest_comes_to_the_minimum() {
    // Σ wᵢ (xᵢ − tᵢ)² over 0..1: each variable comes to its target, or to the bound next to it.
    let targets = [0.3, -2.0, 5.0, 0.9, 1.0, 0.0];
    let weights = [1.0, 30.0, 0.2, 7.0, 3.0, 11.0];
    for rule in [LbfgsRule::Torch, LbfgsRule::StrongWolfe] {
        let options = LbfgsOptions { rule, bounds: Some((0.0, 1.0)), ..LbfgsOptions::default() };
        let mut optimizer = Lbfgs::new(options).unwrap();
        let mut evaluate = |x: &[f32], gradient: &mut [f32]| {
            assert!(x.iter().all(|value| (0.0..=1.0).contains(value)), "{x:?}");
            let mut loss = 0.0;
            for (index, &value) in x.iter().enumerate() {
                let distance = f64::from(value) - targets[index];
                gradient[index] = (2.0 * weights[index] * distance) as f32;
                loss += weights[index] * distance * distance;
            }
            Ok::<f64, ()>(loss)
        };
        // One starts outside.
        let mut x = [0.5, 0.5, 0.5, 0.1, 3.0, 0.7];
        let mut outcome = Outcome::Moved;
        for _ in 0..60 {
            if outcome == Outcome::Moved {
                outcome = optimizer.step(&mut x, &mut evaluate).unwrap().outcome;
            }
        }
        for (found, target) in x.iter().zip(targets) {
            assert!((f64::from(*found) - target.clamp(0.0, 1.0)).abs() < 1e-3, "{rule:?}: {x:?}");
        }
    }
    let reversed = LbfgsOptions { bounds: Some((1.0, 0.0)), ..LbfgsOptions::default() };
    let error = Lbfgs::new(reversed).unwrap_err().to_string();
    assert_eq!(error, "L-BFGS: lowest value is 1, but must be below the highest, both finite");
}

#[test]
fn a_gradient_that_bounds_hold_moves_nothing() {
    let options = LbfgsOptions { bounds: Some((0.0, 1.0)), ..LbfgsOptions::default() };
    let mut optimizer = Lbfgs::new(options).unwrap();
    let mut x = [1.0, 0.0];
    let step = optimizer.step(&mut x, &mut |_: &[f32], gradient: &mut [f32]| {
        gradient.copy_from_slice(&[-1.0, 1.0]);
        Ok::<f64, ()>(0.0)
    });
    assert_eq!((step.unwrap().outcome, x), (Outcome::Stationary, [1.0, 0.0]));
}
