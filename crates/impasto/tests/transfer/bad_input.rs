//! Settings and pictures that cannot be run are refused, with the value and what is allowed.

use impasto::optimizers::AdamOptions;
use impasto::regions::Regions;
use impasto::terms::{Content, Gram, LayerWeight, Patches, TotalVariation};
use impasto::{OptimizerSettings, Settings, Start, Transfer, TransferError};
use impasto_network::Layer;

use crate::small;

/// The message about settings changed by `change`.
fn complaint(change: impl FnOnce(&mut Settings)) -> String {
    let mut settings = small::settings();
    change(&mut settings);
    let message = settings.validate().unwrap_err().to_string();
    // A run refuses them too.
    let engine = small::engine();
    assert_eq!(small::transfer(settings).plan(&engine).unwrap_err().to_string(), message);
    message
}

#[test]
fn settings_outside_their_ranges_are_named() {
    let weight = |weight: f64| complaint(|settings| settings.term_mut::<Content>().unwrap().weight = weight);
    assert_eq!(weight(-1.0), "content weight is -1, but must be finite and at least 0");
    assert_eq!(weight(f64::NAN), "content weight is NaN, but must be finite and at least 0");
    assert_eq!(weight(f64::INFINITY), "content weight is inf, but must be finite and at least 0");
    assert_eq!(
        complaint(|settings| settings.term_mut::<TotalVariation>().unwrap().weight = -0.5),
        "tv weight is -0.5, but must be finite and at least 0"
    );
    assert_eq!(
        complaint(|settings| settings.term_mut::<Gram>().unwrap().layers.layers[1].weight = f64::NAN),
        "style weight of relu2_1 is NaN, but must be finite and at least 0"
    );
    assert_eq!(
        complaint(|settings| settings.term_mut::<Gram>().unwrap().layers.replace(&[])),
        "style layers is none, but must be at least one layer with a weight above 0"
    );
    let huge = |layer| LayerWeight { layer, weight: 1e308 };
    let huge = [Layer::relu(1, 1), Layer::relu(2, 1)].map(huge);
    assert_eq!(
        complaint(|settings| settings.term_mut::<Gram>().unwrap().layers.layers = huge.to_vec()),
        "sum of the style layer weights is inf, but must be finite: make the weights smaller"
    );
    let twice = [Layer::relu(1, 1), Layer::relu(1, 1)];
    assert_eq!(
        complaint(|settings| settings.term_mut::<Gram>().unwrap().layers.replace(&twice)),
        "style layers is relu1_1, but must be named once each"
    );
    assert_eq!(complaint(|it| it.schedule.size = 0), "size is 0, but must be 1 to 65536 pixels");
    assert_eq!(complaint(|it| it.schedule.size = 70_000), "size is 70000, but must be 1 to 65536 pixels");
    assert_eq!(complaint(|it| it.schedule.iterations = 0), "iterations is 0, but must be 1 to 1000000");
    assert_eq!(
        complaint(|settings| settings.schedule.style_scale = f64::NAN),
        "style scale is NaN, but must be above 0 and at most 100"
    );
    assert_eq!(
        complaint(|it| it.schedule.start = Start::NormalNoise { mean: [0.5; 3], deviation: -1.0 }),
        "deviation of the start noise is -1, but must be finite and at least 0"
    );
    assert_eq!(
        complaint(|settings| settings.average = Some(1.0)),
        "average is 1, but must be at least 0 and below 1"
    );
    let adam = AdamOptions { learning_rate: 0.0, ..AdamOptions::default() };
    assert_eq!(
        complaint(|settings| settings.optimizer = OptimizerSettings::Adam(adam)),
        "Adam: learning rate is 0, but must be above 0 and at most 1e9"
    );
    assert_eq!(
        complaint(|settings| settings.terms.clear()),
        "no term has a weight above 0: set a content, style or tv weight"
    );
}

#[test]
fn missing_pictures_are_named() {
    let engine = small::engine();
    let (content, style) = (small::picture(48, 36, 1), small::picture(40, 44, 2));
    let complaint = |transfer: Transfer| transfer.plan(&engine).unwrap_err().to_string();
    let new = || Transfer::new(small::settings());
    assert_eq!(complaint(new().style(style.clone(), 1.0)), "there is no content picture");
    let none = "there is no style picture with a weight above 0";
    assert_eq!(complaint(new().content(content.clone())), none);
    assert_eq!(complaint(new().content(content.clone()).style(style.clone(), 0.0)), none);
    assert_eq!(
        complaint(new().content(content.clone()).style(style.clone(), 1.0).style(style.clone(), -2.0)),
        "weight of style 2 is -2, but must be finite and at least 0"
    );
    assert_eq!(
        complaint(new().content(content.clone()).style(style.clone(), 1e308).style(style.clone(), 1e308)),
        "sum of the weights of the styles is inf, but must be finite: make the weights smaller"
    );
    let mut settings = small::settings();
    settings.schedule.start = Start::Picture;
    let transfer = Transfer::new(settings).content(content).style(style, 1.0);
    assert_eq!(complaint(transfer), "the run is to start from a picture, but there is none");
}

#[test]
fn layers_that_the_network_lacks_are_refused_with_those_it_has() {
    let mut settings = small::settings();
    settings.term_mut::<Gram>().unwrap().layers.replace(&[Layer::relu(5, 4)]);
    let engine = small::engine();
    let error = small::transfer(settings).plan(&engine).unwrap_err();
    assert!(matches!(error, TransferError::NoSuchLayer(_)), "{error:?}");
    assert!(
        error.to_string().starts_with("network small has no layer relu5_4: its convolutions are conv1_1,"),
        "{error}"
    );
}

#[test]
fn pictures_too_small_for_the_network_are_refused_and_such_stages_left_out() {
    let settings = small::settings();
    let engine = small::engine();
    // 60 x 24 at 24, 34 and 48 is 10, 14 and 19 high; the stride of relu5_1 is 16.
    let wide = small::picture(60, 24, 1);
    let transfer =
        Transfer::new(settings.clone()).content(wide.clone()).style(small::picture(40, 44, 2), 1.0);
    let stages = transfer.plan(&engine).unwrap().stages;
    assert_eq!(stages.len(), 1);
    assert_eq!((stages[0].size.width, stages[0].size.height), (48, 19));

    let mut small_settings = settings.clone();
    small_settings.schedule.size = 34;
    let transfer = Transfer::new(small_settings).content(wide).style(small::picture(40, 44, 2), 1.0);
    assert_eq!(
        transfer.plan(&engine).unwrap_err().to_string(),
        "the content picture: a picture of 34x14 pixels is too small for relu5_1: \
         both sides must be at least 16"
    );
    let transfer =
        Transfer::new(settings).content(small::picture(48, 36, 1)).style(small::picture(40, 44, 2), 1.0);
    let error = transfer.style(small::picture(90, 4, 3), 1.0).plan(&engine).unwrap_err().to_string();
    assert!(error.starts_with("the style 2 picture: a picture of 48x2 pixels is too small"), "{error}");
}

#[test]
fn weights_of_patches_that_overflow_are_named() {
    let with = |change: fn(&mut Patches)| {
        complaint(|settings| {
            let mut patches = Patches::default();
            change(&mut patches);
            settings.terms.push(patches.into());
        })
    };
    assert_eq!(
        with(|patches| patches.semantic_weight = 1e7),
        "semantic weight is 10000000, but must be 0 to 1000000"
    );
    assert_eq!(with(|patches| patches.variety = 101.0), "variety is 101, but must be 0 to 100");
    assert_eq!(with(|patches| patches.variety = f64::NAN), "variety is NaN, but must be 0 to 100");
}

#[test]
fn regions_that_are_not_each_other_s_parts_are_refused() {
    let (one, settings) = (Regions::whole(48, 36), small::settings());
    let two = Regions::from_gray_mask(&small::picture(40, 44, 3));
    let transfer = small::transfer(settings.clone()).regions(one.clone(), vec![two]);
    let error = transfer.plan(&small::engine()).unwrap_err().to_string();
    assert_eq!(error, "the picture has 1 regions, but style has 2: read their maps together");
    let transfer = small::transfer(settings.clone()).regions(one, Vec::new());
    let error = transfer.plan(&small::engine()).unwrap_err().to_string();
    assert_eq!(error, "there are 1 style pictures, but regions for 0");
}

#[test]
fn a_start_from_no_content_is_refused_by_the_plan() {
    let settings = small::settings();
    let transfer = Transfer::new(settings.clone()).canvas(3, 2).style(small::picture(40, 44, 2), 1.0);
    let error = transfer.plan(&small::engine()).unwrap_err();
    assert!(matches!(error, TransferError::NoContent), "{error}");
}

#[test]
fn regions_are_in_the_plan_s_memory() {
    let settings = small::settings();
    let plan = |transfer: Transfer| transfer.plan(&small::engine()).unwrap().memory();
    let regions = Regions::from_gray_mask(&small::picture(480, 360, 3));
    let guided = small::transfer(settings.clone()).regions(regions.clone(), vec![regions.clone()]);
    let masks = 2 * size_of_val(regions.masks()) as u64;
    assert!(plan(guided) > plan(small::transfer(settings.clone())) + masks);
}
