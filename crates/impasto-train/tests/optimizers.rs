//! The optimisers of training against PyTorch's, and going on from a stored state.

mod support;

use impasto_train::Parameter;
use impasto_train::optimizers::{Adam, Optimizer, Sgd, clip_gradients};
use support::{Fixture, assert_close, fixture, on_pools};

/// Values of the fixture; several runs of work are more.
const COUNT: usize = 50;

/// Makes an optimiser for parameters of these lengths.
type Make = fn(&[usize]) -> Optimizer;

fn makers() -> [(&'static str, f32, Make); 4] {
    [
        ("adam", 0.01, |lengths| Optimizer::Adam(Adam::new(lengths, 0.0))),
        ("adamw", 0.01, |lengths| Optimizer::Adam(Adam::new(lengths, 0.1))),
        ("sgd", 0.1, |lengths| Optimizer::Sgd(Sgd::new(lengths, 0.0))),
        ("sgd_decay", 0.1, |lengths| Optimizer::Sgd(Sgd::new(lengths, 0.05))),
    ]
}

/// The weights of the fixture in two parameters.
fn start(fixture: &Fixture) -> [Parameter; 2] {
    let (first, second) = fixture["start"].values.split_at(17);
    [Parameter::new(first.to_vec()), Parameter::new(second.to_vec())]
}

fn step(optimizer: &mut Optimizer, parameters: &mut [Parameter; 2], gradient: &[f32], rate: f32) {
    let (first, second) = gradient.split_at(17);
    parameters[0].gradient.copy_from_slice(first);
    parameters[1].gradient.copy_from_slice(second);
    optimizer.step(&mut parameters.each_mut(), rate);
}

fn values(parameters: &[Parameter]) -> Vec<f32> {
    parameters.iter().flat_map(|parameter| parameter.value.iter().copied()).collect()
}

#[test]
fn ten_steps_are_those_of_pytorch() {
    let fixture = fixture("optimizers.safetensors");
    let gradients = fixture["gradients"].values.chunks_exact(COUNT);
    for (name, rate, make) in makers() {
        let (mut parameters, mut optimizer) = (start(&fixture), make(&[17, 33]));
        let expected = fixture[name].values.chunks_exact(COUNT);
        for (number, (gradient, expected)) in gradients.clone().zip(expected).enumerate() {
            step(&mut optimizer, &mut parameters, gradient, rate);
            let what = format!("{name} after step {}", number + 1);
            assert_close(&values(&parameters), expected, 1e-6, &what);
        }
    }
}

#[test]
fn a_restored_state_goes_on_with_the_same_bits() {
    let fixture = fixture("optimizers.safetensors");
    let gradients: Vec<_> = fixture["gradients"].values.chunks_exact(COUNT).collect();
    for (name, rate, make) in makers() {
        let (mut parameters, mut optimizer) = (start(&fixture), make(&[17, 33]));
        gradients[..4].iter().for_each(|gradient| step(&mut optimizer, &mut parameters, gradient, rate));
        let (mut resumed, mut other) = (parameters.clone(), make(&[17, 33]));
        for ((name, to), (stored, from)) in other.state().into_iter().zip(optimizer.state()) {
            assert_eq!(name, stored);
            to.clone_from(from);
        }
        other.set_steps(4);
        for gradient in &gradients[4..] {
            step(&mut optimizer, &mut parameters, gradient, rate);
            step(&mut other, &mut resumed, gradient, rate);
        }
        assert_eq!(values(&parameters), values(&resumed), "{name}");
    }
}

#[test]
fn names_in_a_state_are_distinct() {
    for (name, _, make) in makers() {
        let mut optimizer = make(&[2, 3]);
        let state = optimizer.state();
        let names: std::collections::BTreeSet<_> = state.iter().map(|(name, _)| name).collect();
        assert_eq!(names.len(), state.len(), "{name}");
        assert!(state.iter().all(|(_, values)| [2, 3].contains(&values.len())), "{name}");
    }
}

#[test]
fn clipped_gradients_are_those_of_pytorch() {
    let fixture = fixture("optimizers.safetensors");
    let gradient = &fixture["gradients"].values[..COUNT];
    let expected = &fixture["clipped"].values;
    let mut parameters = start(&fixture);
    parameters[0].gradient.copy_from_slice(&gradient[..17]);
    parameters[1].gradient.copy_from_slice(&gradient[17..]);
    let length = clip_gradients(&mut parameters.each_mut(), 0.1);
    assert_close(&[length], &fixture["length"].values, 1e-6, "length");
    let gradients = |parameters: &[Parameter; 2]| -> Vec<f32> {
        parameters.iter().flat_map(|parameter| parameter.gradient.clone()).collect()
    };
    // PyTorch adds 1e-6 to the length that it divides by.
    assert_close(&gradients(&parameters), expected, 2e-5, "clipped");
    let before = gradients(&parameters);
    clip_gradients(&mut parameters.each_mut(), 1.0);
    assert_eq!(gradients(&parameters), before, "short gradients stay");
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let length = 70_000;
    for (name, rate, make) in makers() {
        let [one, three] = on_pools(|| {
            let mut parameter = Parameter::new((0..length).map(|it| (it as f32).sin()).collect());
            let mut optimizer = make(&[length]);
            let mut lengths = Vec::new();
            for number in 0..3 {
                let gradient = parameter.gradient.iter_mut().enumerate();
                gradient.for_each(|(index, it)| *it = ((index * (number + 2)) as f32).cos());
                lengths.push(clip_gradients(&mut [&mut parameter], 1.0));
                optimizer.step(&mut [&mut parameter], rate);
            }
            (parameter, lengths)
        });
        assert!(one == three, "{name}");
    }
}
