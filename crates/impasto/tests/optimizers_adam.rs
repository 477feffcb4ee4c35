//! What Adam and the running average add: clamping, and going on at another size.

use std::convert::Infallible;

use impasto::optimizers::{Adam, AdamOptions, Average, Lbfgs, LbfgsOptions, Optimizer};

type Boxed = Box<dyn Optimizer<Infallible>>;

fn adam(options: AdamOptions) -> Boxed {
    Box::new(Adam::new(options).unwrap())
}

/// Σ cosh(xᵢ − 1): each variable by itself, and curved differently everywhere.
fn bowl(x: &[f32], gradient: &mut [f32]) -> Result<f64, Infallible> {
    gradient.iter_mut().zip(x).for_each(|(gradient, x)| *gradient = (x - 1.0).sinh());
    Ok(x.iter().map(|x| f64::from(x - 1.0).cosh()).sum())
}

fn twice(values: &[f32]) -> Vec<f32> {
    values.iter().flat_map(|&value| [value, value]).collect()
}

fn run(optimizer: &mut Boxed, x: &mut [f32], steps: usize) {
    for _ in 0..steps {
        optimizer.step(x, &mut bowl).unwrap();
    }
}

#[test]
fn the_first_step_of_adam_is_the_learning_rate_whatever_the_gradient() {
    for scale in [1e-3, 1.0, 1e20, 3e38] {
        let mut steep = |_: &[f32], gradient: &mut [f32]| {
            gradient.copy_from_slice(&[scale, -scale]);
            Ok::<_, Infallible>(0.0)
        };
        let mut x = [0.0, 0.0];
        adam(AdamOptions::default()).step(&mut x, &mut steep).unwrap();
        if scale < 1e18 {
            assert!((x[0] + 0.02).abs() < 1e-6 && (x[1] - 0.02).abs() < 1e-6, "{scale}: {x:?}");
        }
        assert!(x.iter().all(|x| x.is_finite()), "{scale}: {x:?}");
    }
}

#[test]
fn clamped_variables_stay_in_range() {
    let options = AdamOptions { learning_rate: 0.3, clamp: Some((0.0, 0.8)), ..AdamOptions::default() };
    let (mut optimizer, mut x) = (adam(options), [0.5, -3.0]);
    for _ in 0..20 {
        run(&mut optimizer, &mut x, 1);
        assert!(x.iter().all(|x| (0.0..=0.8).contains(x)), "{x:?}");
    }
    assert_eq!(x, [0.8, 0.8]);
}

#[test]
fn adam_goes_on_at_another_size_where_it_stood() {
    let (mut small, mut x) = (adam(AdamOptions::default()), vec![0.0, 0.3, 2.0]);
    run(&mut small, &mut x, 10);
    let (mut large, mut y) = (adam(AdamOptions::default()), vec![0.0, 0.3, 2.0]);
    run(&mut large, &mut y, 10);
    large.resample(&mut twice, &mut twice);
    let mut y = twice(&y);
    run(&mut small, &mut x, 10);
    run(&mut large, &mut y, 10);
    assert_eq!(twice(&x), y);
}

#[test]
fn a_second_moment_that_undershoots_becomes_zero() {
    let (mut optimizer, mut x) = (adam(AdamOptions::default()), [0.0; 3]);
    run(&mut optimizer, &mut x, 3);
    optimizer.resample(&mut |first| first.to_vec(), &mut |_| vec![-1.0, 0.0, 1e-3]);
    assert_eq!(optimizer.state().vectors[1][..], [0.0, 0.0, 1e-3]);
    run(&mut optimizer, &mut x, 3);
    assert!(x.iter().all(|x| x.is_finite()), "{x:?}");
}

#[test]
fn resampling_before_the_first_step_is_nothing() {
    let mut optimizer = adam(AdamOptions::default());
    optimizer.resample(&mut |_| unreachable!(), &mut |_| unreachable!());
    run(&mut optimizer, &mut [0.0; 3], 1);
}

#[test]
fn the_average_of_equal_values_is_that_value() {
    let mut average = Average::new(0.99).unwrap();
    let mut found = [7.0; 2];
    average.read(&mut found);
    assert_eq!(found, [7.0; 2], "nothing taken in yet");
    for _ in 0..300 {
        average.add(&[0.25, -3.0]);
        average.read(&mut found);
        assert!((found[0] - 0.25).abs() < 1e-6 && (found[1] + 3.0).abs() < 1e-5, "{found:?}");
    }
}

#[test]
fn the_average_weighs_by_the_decay() {
    let mut average = Average::new(0.5).unwrap();
    average.add(&[1.0]);
    average.add(&[4.0]);
    let mut found = [0.0];
    average.read(&mut found);
    // (0.25 · 1 + 0.5 · 4) / 0.75
    assert!((found[0] - 3.0).abs() < 1e-6, "{found:?}");
    let mut resumed = Average::new(0.5).unwrap();
    resumed.resume(average.state()).unwrap();
    resumed.add(&[7.0]);
    resumed.read(&mut found);
    // (0.125 · 1 + 0.25 · 4 + 0.5 · 7) / 0.875
    assert!((found[0] - 37.0 / 7.0).abs() < 1e-6, "{found:?}");
    resumed.reset();
    assert!(resumed.state().vectors.is_empty());
}

#[test]
fn settings_out_of_range_are_refused_by_name_and_range() {
    let adam = AdamOptions::default();
    for (options, expected) in [
        (AdamOptions { learning_rate: 0.0, ..adam }, "learning rate is 0, but must be above 0"),
        (AdamOptions { learning_rate: f64::NAN, ..adam }, "learning rate is NaN"),
        (AdamOptions { beta1: 1.0, ..adam }, "beta1 is 1, but must be at least 0 and below 1"),
        (AdamOptions { beta2: -0.1, ..adam }, "beta2 is -0.1"),
        (AdamOptions { epsilon: 0.0, ..adam }, "epsilon is 0, but must be 1e-30 to 1"),
        (AdamOptions { clamp: Some((1.0, 1.0)), ..adam }, "upper end of the clamp is 1, but must be"),
        (AdamOptions { clamp: Some((f32::NAN, 1.0)), ..adam }, "lower end of the clamp is NaN"),
    ] {
        let error = Adam::new(options).unwrap_err().to_string();
        assert!(error.starts_with("Adam: ") && error.contains(expected), "{error}");
    }
    for memory in [0, 101] {
        let error = Lbfgs::new(LbfgsOptions { memory, ..LbfgsOptions::default() }).unwrap_err().to_string();
        assert_eq!(error, format!("L-BFGS: memory is {memory}, but must be 1 to 100"));
    }
    assert!(Lbfgs::new(LbfgsOptions { learning_rate: f64::INFINITY, ..LbfgsOptions::default() }).is_err());
    assert!(Average::new(1.0).is_err());
}
