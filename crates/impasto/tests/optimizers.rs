//! Optimisers against PyTorch's (fixtures/make_optimizers.py), closed forms, and the promises
//! that a run can be interrupted, resumed, and repeated bit for bit.

use std::borrow::Cow;
use std::path::Path;

use impasto::optimizers::{
    Adam, AdamOptions, Lbfgs, LbfgsOptions, LbfgsRule, Optimizer, Outcome, State, Step, StepError,
};
use safetensors::SafeTensors;

/// What an evaluation of these tests fails with.
#[derive(Debug, PartialEq, thiserror::Error)]
#[error("stopped")]
struct Stopped;

type Boxed = Box<dyn Optimizer<Stopped>>;
type MakeOptimizer = fn() -> Boxed;
type Loss = fn(&[f64], &mut [f64]) -> f64;

fn lbfgs(memory: usize, rule: LbfgsRule, learning_rate: f64) -> Boxed {
    Box::new(Lbfgs::new(LbfgsOptions { memory, rule, learning_rate, bounds: None }).unwrap())
}

fn adam(learning_rate: f64) -> Boxed {
    let options = AdamOptions { learning_rate, beta2: 0.99, epsilon: 1e-6, ..AdamOptions::default() };
    Box::new(Adam::new(options).unwrap())
}

/// One of each kind.
fn all() -> [(&'static str, MakeOptimizer); 3] {
    [
        ("Torch's rule", || lbfgs(5, LbfgsRule::Torch, 1.0)),
        ("strong Wolfe", || lbfgs(5, LbfgsRule::StrongWolfe, 1.0)),
        ("Adam", || adam(0.05)),
    ]
}

/// ½ Σ hᵢ (xᵢ − sin i)², with hᵢ from 1 to 100.
fn quadratic(x: &[f64], gradient: &mut [f64]) -> f64 {
    let mut loss = 0.0;
    for (index, x) in x.iter().enumerate() {
        let stiffness = 100_f64.powf(index as f64 / (gradient.len() - 1) as f64);
        let difference = x - (index as f64).sin();
        loss += 0.5 * stiffness * difference * difference;
        gradient[index] = stiffness * difference;
    }
    loss
}

/// Σ STEEPNESS (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)².
fn rosenbrock<const STEEPNESS: i16>(x: &[f64], gradient: &mut [f64]) -> f64 {
    let steepness = f64::from(STEEPNESS);
    gradient.fill(0.0);
    let mut loss = 0.0;
    for index in 0..x.len() - 1 {
        let (valley, slope) = (x[index + 1] - x[index] * x[index], 1.0 - x[index]);
        loss += steepness * valley * valley + slope * slope;
        gradient[index] -= 4.0 * steepness * x[index] * valley + 2.0 * slope;
        gradient[index + 1] += 2.0 * steepness * valley;
    }
    loss
}

/// The loss as an evaluation of f32 variables.
fn evaluation(loss: Loss) -> impl FnMut(&[f32], &mut [f32]) -> Result<f64, Stopped> {
    move |x, gradient| {
        let x: Vec<f64> = x.iter().copied().map(f64::from).collect();
        let mut exact = vec![0.0; x.len()];
        let value = loss(&x, &mut exact);
        gradient.iter_mut().zip(exact).for_each(|(rounded, exact)| *rounded = exact as f32);
        Ok(value)
    }
}

fn start_of_rosenbrock() -> Vec<f32> {
    [-1.2, 1.0].repeat(3)
}

fn run(optimizer: &mut Boxed, x: &mut [f32], loss: Loss, steps: usize) -> Vec<Step> {
    let mut evaluate = evaluation(loss);
    (0..steps).map(|_| optimizer.step(x, &mut evaluate).unwrap()).collect()
}

#[test]
fn evaluations_are_those_of_pytorch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/optimizers.safetensors");
    let bytes = std::fs::read(path).unwrap();
    let fixture = SafeTensors::deserialize(&bytes).unwrap();
    let pytorch = AdamOptions { learning_rate: 0.1, ..AdamOptions::default() };
    for (function, loss) in [("quadratic", quadratic as Loss), ("rosenbrock", rosenbrock::<10>)] {
        let optimizers: [(&str, Boxed); 3] = [
            ("plain", lbfgs(10, LbfgsRule::Torch, 1.0)),
            ("wolfe", lbfgs(10, LbfgsRule::StrongWolfe, 1.0)),
            ("adam", Box::new(Adam::new(pytorch).unwrap())),
        ];
        for (name, mut optimizer) in optimizers {
            let tensor = fixture.tensor(&format!("{function}.{name}.loss")).unwrap();
            let expected: Vec<f64> =
                tensor.data().as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
            let (mut x, mut found, mut inner) = ([0.0; 20], Vec::new(), evaluation(loss));
            while found.len() < expected.len() {
                let mut evaluate = |x: &[f32], gradient: &mut [f32]| {
                    found.push(inner(x, gradient)?);
                    Ok(found[found.len() - 1])
                };
                optimizer.step(&mut x, &mut evaluate).unwrap();
            }
            for (index, (found, expected)) in found.iter().zip(&expected).enumerate() {
                let difference = (found - expected).abs() / expected;
                assert!(
                    difference < 5e-3,
                    "{function}.{name}, evaluation {index}: {found} is not {expected}"
                );
            }
            assert_eq!(found.len(), expected.len(), "evaluations of {function}.{name}");
        }
    }
}

#[test]
fn the_first_step_is_one_unit_long_in_all() {
    for rule in [LbfgsRule::Torch, LbfgsRule::StrongWolfe] {
        // A linear loss has the same slope everywhere, so the line search goes on beyond the first length.
        let mut linear = |x: &[f32], gradient: &mut [f32]| {
            gradient.copy_from_slice(&[3.0, -4.0, 5.0]);
            Ok(f64::from(3.0 * x[0] - 4.0 * x[1] + 5.0 * x[2]))
        };
        let mut x = [0.0; 3];
        lbfgs(10, rule, 1.0).step(&mut x, &mut linear).unwrap();
        let length: f32 = x.iter().map(|x| x.abs()).sum();
        match rule {
            LbfgsRule::Torch => assert!((length - 1.0).abs() < 1e-6, "{length}"),
            LbfgsRule::StrongWolfe => assert!(length > 1.0, "{length}"),
        }
        // Along the gradient either way.
        assert!((x[0] / x[2] - 0.6).abs() < 1e-6 && (x[1] / x[2] + 0.8).abs() < 1e-6, "{x:?}");
    }
}

#[test]
fn a_gentle_first_step_is_the_gradient() {
    let mut linear = |_: &[f32], gradient: &mut [f32]| {
        gradient.copy_from_slice(&[0.25, -0.5]);
        Ok(0.0)
    };
    let mut x = [1.0, 1.0];
    lbfgs(10, LbfgsRule::Torch, 1.0).step(&mut x, &mut linear).unwrap();
    assert_eq!(x, [0.75, 1.5]);
    let mut x = [1.0, 1.0];
    lbfgs(10, LbfgsRule::Torch, 0.5).step(&mut x, &mut linear).unwrap();
    assert_eq!(x, [0.875, 1.25]);
}

#[test]
fn torchs_rule_evaluates_once_a_step_after_the_start() {
    let steps = run(&mut lbfgs(10, LbfgsRule::Torch, 1.0), &mut start_of_rosenbrock(), rosenbrock::<100>, 30);
    assert!(steps.iter().all(|step| step.outcome == Outcome::Moved));
    assert!(steps.iter().enumerate().all(|(index, step)| step.evaluations == 1 + usize::from(index == 0)));
}

#[test]
fn a_line_search_lowers_the_loss_in_every_step() {
    let steps =
        run(&mut lbfgs(10, LbfgsRule::StrongWolfe, 1.0), &mut start_of_rosenbrock(), rosenbrock::<100>, 40);
    for pair in steps.windows(2).filter(|pair| pair[0].outcome == Outcome::Moved) {
        assert!(pair[1].loss < pair[0].loss, "{pair:?}");
    }
    // One more in the first step, whose start is not known from a step before.
    assert!(steps[0].evaluations <= 26 && steps[1..].iter().all(|step| step.evaluations <= 25));
    let evaluations: usize = steps.iter().map(|step| step.evaluations).sum();
    assert!(evaluations < 2 * steps.len(), "{evaluations} evaluations");
}

#[test]
fn all_converge() {
    for (name, optimizer) in all() {
        let mut x = vec![0.0; 100];
        run(&mut optimizer(), &mut x, quadratic, 400);
        let loss = quadratic(&x.iter().copied().map(f64::from).collect::<Vec<_>>(), &mut [0.0; 100]);
        // Adam never settles closer than its learning rate lets it.
        let most = if name == "Adam" { 1e-2 } else { 1e-9 };
        assert!(loss < most, "{name} on the quadratic: {loss}");
    }
    for rule in [LbfgsRule::Torch, LbfgsRule::StrongWolfe] {
        let mut x = vec![-1.2, 1.0];
        run(&mut lbfgs(10, rule, 1.0), &mut x, rosenbrock::<100>, 100);
        assert!(x.iter().all(|x| (x - 1.0).abs() < 1e-3), "{rule:?} on Rosenbrock's valley: {x:?}");
    }
}

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    for (name, optimizer) in all() {
        let results = [1, 2, 5].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            let mut x = vec![0.0; 40_003];
            pool.install(|| run(&mut optimizer(), &mut x, quadratic, 8));
            x
        });
        assert!(results[0] == results[1] && results[0] == results[2], "{name}");
    }
}

#[test]
fn a_zero_gradient_moves_nothing() {
    for (name, optimizer) in all() {
        let mut x = [1.0, -2.0];
        let mut flat = |_: &[f32], gradient: &mut [f32]| {
            gradient.fill(0.0);
            Ok(3.0)
        };
        let mut optimizer = optimizer();
        for _ in 0..2 {
            let step = optimizer.step(&mut x, &mut flat).unwrap();
            assert_eq!((step.loss, step.gradient_norm, step.evaluations), (3.0, 0.0, 1), "{name}");
            let stationary = step.outcome == Outcome::Stationary;
            assert_eq!(stationary, name != "Adam");
        }
        assert_eq!(x, [1.0, -2.0], "{name}");
    }
}

#[test]
fn values_that_are_not_finite_are_reported_and_not_spread() {
    for (name, optimizer) in all() {
        for (bad_loss, bad_gradient) in
            [(f64::NAN, 1.0), (f64::INFINITY, 1.0), (1.0, f32::NAN), (1.0, f32::INFINITY)]
        {
            let (mut disturbed, mut undisturbed) = (optimizer(), optimizer());
            let (mut x, mut y) = (vec![0.0; 5], vec![0.0; 5]);
            let mut bad = |_: &[f32], gradient: &mut [f32]| {
                gradient.fill(1.0);
                gradient[3] = bad_gradient;
                Ok(bad_loss)
            };
            let error = disturbed.step(&mut x, &mut bad).unwrap_err();
            assert!(matches!(error, StepError::NotFinite { .. }), "{name}: {error}");
            assert!(error.to_string().contains("not finite"));
            run(&mut disturbed, &mut x, quadratic, 5);
            run(&mut undisturbed, &mut y, quadratic, 5);
            assert_eq!(x, y, "{name} after {bad_loss} and {bad_gradient}");
        }
    }
}

#[test]
fn a_line_search_that_meets_nothing_finite_says_so() {
    let mut cliff = |x: &[f32], gradient: &mut [f32]| {
        gradient.fill(1.0);
        Ok(if x == [0.0, 0.0] { 1.0 } else { f64::NAN })
    };
    let (mut optimizer, mut x) = (lbfgs(10, LbfgsRule::StrongWolfe, 1.0), [0.0, 0.0]);
    let error = optimizer.step(&mut x, &mut cliff).unwrap_err();
    assert!(matches!(error, StepError::NotFinite { loss, .. } if loss.is_nan()), "{error}");
    assert_eq!(x, [0.0, 0.0]);
}

#[test]
fn a_line_search_that_finds_nothing_lower_stalls() {
    let mut rising = |x: &[f32], gradient: &mut [f32]| {
        gradient.fill(1.0);
        Ok(f64::from(-x[0] - x[1]))
    };
    let (mut optimizer, mut x) = (lbfgs(10, LbfgsRule::StrongWolfe, 1.0), [0.0, 0.0]);
    let step = optimizer.step(&mut x, &mut rising).unwrap();
    assert_eq!(step.outcome, Outcome::Stalled);
    assert_eq!(x, [0.0, 0.0]);
}

#[test]
fn a_run_stopped_at_any_evaluation_goes_on_as_if_it_had_not_been() {
    for (name, optimizer) in all() {
        let mut expected = start_of_rosenbrock();
        run(&mut optimizer(), &mut expected, rosenbrock::<100>, 12);
        for stop_at in 0..12 {
            let (mut optimizer, mut x) = (optimizer(), start_of_rosenbrock());
            let (mut calls, mut steps, mut inner) = (0, 0, evaluation(rosenbrock::<100>));
            let mut evaluate = |x: &[f32], gradient: &mut [f32]| {
                calls += 1;
                if calls == stop_at + 1 { Err(Stopped) } else { inner(x, gradient) }
            };
            while steps < 12 {
                let before = x.clone();
                match optimizer.step(&mut x, &mut evaluate) {
                    Ok(_) => steps += 1,
                    Err(error) => {
                        assert_eq!(error, StepError::Evaluation(Stopped));
                        assert_eq!(x, before, "{name} stopped at evaluation {stop_at}");
                    }
                }
            }
            assert_eq!(x, expected, "{name} stopped at evaluation {stop_at}");
        }
    }
}

#[test]
fn a_resumed_run_is_the_same_bit_for_bit() {
    for (name, optimizer) in all() {
        for steps_before in [0, 1, 3, 9] {
            let (mut first, mut x) = (optimizer(), start_of_rosenbrock());
            run(&mut first, &mut x, rosenbrock::<100>, steps_before);
            let mut second = optimizer();
            second.resume(first.state()).unwrap();
            assert_eq!(first.state(), second.state(), "{name} after {steps_before} steps");
            let mut y = x.clone();
            let steps = run(&mut first, &mut x, rosenbrock::<100>, 8);
            let same = run(&mut second, &mut y, rosenbrock::<100>, 8);
            assert_eq!((x, steps), (y, same), "{name} after {steps_before} steps");
        }
    }
}

#[test]
fn foreign_states_are_refused() {
    let state = |counters: &[u64], vectors: &[&[f32]]| State {
        counters: counters.to_vec(),
        numbers: Vec::new(),
        vectors: vectors.iter().map(|vector| Cow::Owned(vector.to_vec())).collect(),
    };
    let (v, w, zero): (&[f32], &[f32], &[f32]) = (&[1.0, 2.0], &[1.0], &[0.0, 0.0]);
    for (optimizer, counters, vectors, reason) in [
        (adam(0.1), &[1, 2][..], &[v, v][..], "2 counters instead of 1"),
        (adam(0.1), &[u64::MAX], &[v, v], "a count of 18446744073709551615"),
        (adam(0.1), &[1], &[v], "1 vectors after 1 steps"),
        (adam(0.1), &[1], &[v, w], "vectors of 2 and of 1 elements"),
        (adam(0.1), &[1], &[v, &[1.0, -1.0]], "negative"),
        (adam(0.1), &[1], &[v, &[1.0, f32::NAN]], "not finite"),
        (lbfgs(1, LbfgsRule::Torch, 1.0), &[1, 1], &[v], "lacks"),
        (lbfgs(1, LbfgsRule::Torch, 1.0), &[1, 2], &[v, v], "flag 2"),
        (lbfgs(1, LbfgsRule::Torch, 1.0), &[1, 1], &[v, v, v], "1 pair vectors"),
        (lbfgs(1, LbfgsRule::Torch, 1.0), &[1, 1], &[v, v, v, v, v, v], "memory is 1"),
        (lbfgs(1, LbfgsRule::Torch, 1.0), &[1, 1], &[v, v, v, zero], "curvature"),
    ] {
        let mut optimizer: Boxed = optimizer;
        let error = optimizer.resume(state(counters, vectors)).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let mut optimizer = lbfgs(1, LbfgsRule::Torch, 1.0);
    let mut refused = |numbers: &[f64]| {
        let state = State { numbers: numbers.to_vec(), ..state(&[1, 1], &[v, v]) };
        optimizer.resume(state).unwrap_err().to_string()
    };
    assert!(refused(&[1.0]).contains("lacks the gradient"));
    assert!(refused(&[1.0, 2.0]).contains("2 losses"));
    assert!(refused(&[f64::INFINITY]).contains("not finite"));
}

/// Σ xᵢ⁴.
fn quartic(x: &[f64], gradient: &mut [f64]) -> f64 {
    gradient.iter_mut().zip(x).for_each(|(gradient, x)| *gradient = 4.0 * x.powi(3));
    x.iter().map(|x| x.powi(4)).sum()
}

#[test]
fn a_step_that_a_pair_of_rounding_proposes_is_taken_back() {
    // The pair says that the curvature is a millionth; it is 12.
    let vectors = [[0.0; 2], [0.0; 2], [1.0_f32, 0.0], [1e-6, 0.0]].map(|vector| vector.to_vec());
    let vectors = vectors.map(Cow::Owned).to_vec();
    let (mut optimizer, mut x) = (lbfgs(10, LbfgsRule::Torch, 1.0), [1.0, 1.0]);
    optimizer.resume(State { counters: vec![5, 0], vectors, ..State::default() }).unwrap();
    let mut losses = vec![2.0];
    for step in run(&mut optimizer, &mut x, quartic, 30) {
        assert_eq!(step.outcome, Outcome::Moved);
        losses.push(step.loss);
    }
    assert!(losses.windows(2).all(|pair| pair[1] <= 100.0 * pair[0]), "{losses:?}");
    assert!(losses[30] < 1e-3, "{losses:?}");
}

#[test]
fn a_step_to_what_is_not_finite_is_taken_back() {
    let mut walled = |x: &[f32], gradient: &mut [f32]| {
        gradient.copy_from_slice(x);
        let loss = 0.5 * f64::from(x[0] * x[0] + x[1] * x[1]);
        Ok(if x.iter().any(|x| *x < 0.0) { f64::NAN } else { loss })
    };
    let (mut optimizer, mut x) = (lbfgs(10, LbfgsRule::Torch, 10.0), [3.0, 4.0]);
    let step = optimizer.step(&mut x, &mut walled).unwrap();
    assert_eq!(step.outcome, Outcome::Moved);
    assert!(step.evaluations > 2 && x[0] > 0.0 && x[0] < 3.0, "{x:?}");
}

#[test]
fn the_step_learnt_from_is_the_one_made() {
    // The first step is 1/40000 for each variable, three units in the last place of 120 and a bit.
    let mut linear = |x: &[f32], gradient: &mut [f32]| {
        gradient.fill(3.0);
        Ok(x.iter().map(|x| 3.0 * f64::from(*x)).sum())
    };
    for rule in [LbfgsRule::Torch, LbfgsRule::StrongWolfe] {
        let mut x = vec![120.0; 40_000];
        let mut optimizer = lbfgs(2, rule, 1.0);
        optimizer.step(&mut x, &mut linear).unwrap();
        let made: Vec<f32> = x.iter().map(|x| x - 120.0).collect();
        assert_eq!(optimizer.state().vectors[1], made, "{rule:?}");
    }
}

#[test]
fn a_direction_that_overflows_starts_the_history_again() {
    // y·s = 1e-9 and y·y = 1e-38: the gradient would be scaled by 1e29.
    let (step, change) = ([1e10_f32, 0.0], [1e-19_f32, 0.0]);
    let vectors = [[0.0; 2], [0.0; 2], step, change].map(|vector| Cow::Owned(vector.to_vec())).to_vec();
    let mut steep = |_: &[f32], gradient: &mut [f32]| {
        gradient.copy_from_slice(&[1e15, 1e15]);
        Ok(0.0)
    };
    let (mut optimizer, mut x) = (lbfgs(10, LbfgsRule::Torch, 1.0), [0.0, 0.0]);
    optimizer.resume(State { counters: vec![5, 0], vectors, ..State::default() }).unwrap();
    optimizer.step(&mut x, &mut steep).unwrap();
    assert_eq!(x, [-0.5, -0.5]);
    let state = optimizer.state();
    assert_eq!((&state.counters[..], &state.numbers[..]), (&[1, 1][..], &[0.0][..]));
    // The last gradient, the step, and the gradient at its end: no pair.
    assert_eq!(state.vectors.len(), 3);
}

#[test]
fn the_memory_foretold_is_that_of_the_vectors() {
    for (name, vectors) in [("Torch's rule", 2 * 5 + 4), ("strong Wolfe", 2 * 5 + 4), ("Adam", 3)] {
        let (_, optimizer) = all().into_iter().find(|(found, _)| *found == name).unwrap();
        assert_eq!(optimizer().memory_needed(1_000_000_000), vectors * 4_000_000_000);
    }
}

#[test]
#[should_panic(expected = "in the middle of a run")]
fn another_number_of_variables_is_the_callers_mistake() {
    let mut optimizer = lbfgs(10, LbfgsRule::Torch, 1.0);
    run(&mut optimizer, &mut [0.0; 4], quadratic, 1);
    run(&mut optimizer, &mut [0.0; 5], quadratic, 1);
}
