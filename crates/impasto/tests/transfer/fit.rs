//! Networks that do not fit the settings: they are refused, and `fit_weights` makes them fit.

use std::sync::Arc;

use impasto::terms::WeightedLayers;
use impasto::{Preset, Runner, Settings, Transfer, TransferError};
use impasto_network::{Activations, Convention, CpuEngine, Layer, ScalarEngine, Weights};

use crate::own_terms::OwnGram;
use crate::small;

fn transfer(preset: Preset) -> Transfer {
    let mut settings: Settings = preset.settings();
    settings.schedule.size = 64;
    small::transfer(settings)
}

/// What a plan, a run and an evaluation say, which is the same.
fn refusal(transfer: &Transfer, weights: Weights) -> Option<String> {
    let weights = Arc::new(weights);
    let engines: [Box<dyn Runner>; 2] =
        [Box::new(CpuEngine::new(weights.clone())), Box::new(ScalarEngine::new(&weights))];
    let told = engines.map(|mut engine| {
        let plan = engine.plan(transfer).err().map(|error| error.to_string());
        if plan.is_some() {
            let run = engine.run(transfer, &mut small::go_on).err().map(|error| error.to_string());
            let evaluation = engine.evaluate(transfer, &small::picture(64, 48, 3)).err();
            assert_eq!((&plan, &plan), (&run, &evaluation.map(|error| error.to_string())));
        }
        plan
    });
    assert_eq!(told[0], told[1]);
    told.into_iter().next().flatten()
}

#[test]
fn pixels_of_another_scale_are_refused() {
    let caffe = || small::weights().with_convention(Convention::CAFFE);
    let transfer = transfer(Preset::NeuralStyle);
    let wanted = Convention { scale: 256.0, ..Convention::CAFFE };
    let error = transfer.plan(&CpuEngine::new(caffe())).unwrap_err();
    assert!(
        matches!(error, TransferError::Convention { found: Convention::CAFFE, wanted: it } if it == wanted),
        "{error}"
    );
    let told = refusal(&transfer, caffe()).unwrap();
    let expected =
        "reads pictures as bgr 0..255, minus mean (103.939,116.779,123.68), but the settings want bgr 0..256";
    assert!(told.contains(expected), "{told}");
    assert_eq!(refusal(&transfer, transfer.fit_weights(caffe())), None);
    // Whoever chooses a convention gets that one, and no other.
    let chosen = transfer.convention(Convention::CAFFE);
    assert_eq!(refusal(&chosen, caffe()), None);
    assert_eq!(refusal(&chosen, chosen.fit_weights(small::weights())), None);
    assert!(refusal(&chosen, small::weights()).is_some(), "rgb 0..1 was not chosen");
}

#[test]
fn activations_of_another_size_are_refused_where_losses_depend_on_them() {
    let relative = transfer(Preset::Impasto);
    assert_eq!(refusal(&relative, Weights::compact()), None);
    assert_eq!(relative.fit_weights(Weights::compact()).activations(), Activations::OfWeights);
    let own = relative.term(Arc::new(OwnGram::new(1.0, WeightedLayers::each(&[Layer::relu(2, 1)]))));
    // Of the layers that the preset reads, the compact network lacks some.
    let mut settings = transfer(Preset::Gatys).settings().clone();
    settings.fit_layers(Weights::compact().architecture());
    for absolute in [own, small::transfer(settings)] {
        let told = refusal(&absolute, Weights::compact()).expect("it is refused");
        assert!(
            told.contains("the activations of VGG-19, and those of the network compact are smaller"),
            "{told}"
        );
        assert_eq!(refusal(&absolute, absolute.fit_weights(Weights::compact())), None);
        // Other networks are what they are.
        assert_eq!(refusal(&absolute, small::weights()), None);
    }
}
