//! Settings and traces as JSON, there and back.

use impasto::network::{Layer, NetworkOptions, Padding, Pooling};
use impasto::optimizers::{AdamOptions, LbfgsOptions, LbfgsRule};
use impasto::picture::Filter;
use impasto::regions::Propagation;
use impasto::terms::{
    Content, ContentLoss, Gram, GramLoss, Guidance, GuideChannels, LayerWeight, Moments, MomentsLoss,
    Nearest, PatchLoss, PatchScore, Patches, Term, TotalVariation, VariationLoss, WeightedLayers,
};
use impasto::{
    ColorRule, Colors, OptimizerSettings, PixelUnits, Preset, Pyramid, Schedule, Settings, SmallerSizes,
    StageEnd, Start, StopAtProgress, StyleFit, TermLoss, Trace, TracedEvaluation, TracedStage, Variables,
};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

fn json(settings: &Settings) -> Value {
    serde_json::to_value(settings).unwrap()
}

/// Read back from the text, as from a file.
fn read_back<T: serde::Serialize + serde::de::DeserializeOwned>(value: &T) -> T {
    serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap()
}

fn refusal(value: Value) -> String {
    serde_json::from_value::<Settings>(value).unwrap_err().to_string()
}

#[test]
fn presets_come_back_as_they_were() {
    for preset in Preset::ALL {
        let settings = preset.settings();
        assert_eq!(read_back(&settings), settings, "{preset}");
        assert_eq!(read_back(&preset), preset);
    }
}

#[test]
fn a_trace_comes_back_as_it_was() {
    let at = |layer, loss| TermLoss { term: "gram".into(), layer, loss };
    let losses = vec![at(Some(Layer::relu(4, 2)), 0.1 + 0.2), at(None, 1e-300)];
    let evaluation = TracedEvaluation { stage: 1, iteration: 2, total: losses[0].loss, losses };
    let ends = [StageEnd::Iterations, StageEnd::Progress, StageEnd::Minimum];
    let trace = Trace {
        evaluations: vec![evaluation.clone(), TracedEvaluation { stage: 2, ..evaluation }],
        stages: ends.map(|end| TracedStage { iterations: 7, end }).to_vec(),
    };
    assert_eq!(read_back(&trace), trace);
}

/// Adds to `found` where objects are within `value`, which is at `path`.
fn objects(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.push(path.to_owned());
            fields.iter().for_each(|(name, field)| objects(field, &format!("{path}/{name}"), found));
        }
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, item)| objects(item, &format!("{path}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn an_unknown_field_is_refused_by_its_name_wherever_it_is() {
    for preset in Preset::ALL {
        let settings = json(&preset.settings());
        let mut places = Vec::new();
        objects(&settings, "", &mut places);
        assert!(places.len() > 8, "{places:?}");
        for place in places {
            let mut changed = settings.clone();
            changed.pointer_mut(&place).unwrap()["brilliance"] = json!(0.5);
            // An enum with one field is an object with one name, that of its variant.
            let error = refusal(changed);
            let is_variant = error.contains("expected map with a single key");
            assert!(error.contains("brilliance") || is_variant, "{preset} {place}: {error}");
        }
    }
}

#[test]
fn a_missing_field_is_named() {
    let mut settings = json(&Preset::Impasto.settings());
    settings["schedule"].as_object_mut().unwrap().remove("iterations");
    assert_eq!(refusal(settings), "missing field `iterations`");
}

#[test]
fn names_that_are_unknown_get_the_list() {
    let changed = |place: &str, value: Value| {
        let mut settings = json(&Preset::Impasto.settings());
        *settings.pointer_mut(place).unwrap() = value;
        refusal(settings)
    };
    assert!(
        changed("/network/pooling", json!("median")).contains("`max`, `average`, `scaled-average`, `l2`")
    );
    assert!(changed("/terms/0/term", json!("means_of_all")).contains("unknown variant `means_of_all`"));
    assert!(changed("/terms/0/layers/0/layer", json!("fc6")).contains("unknown layer \"fc6\""));
    assert!(changed("/schedule/filter", json!("nearest")).contains("`lanczos3`"));
}

#[test]
fn what_older_programs_did_not_write_is_as_they_painted() {
    let expected = Preset::NeuralStyle.settings();
    let mut settings = json(&expected);
    let mut remove = |place: &str, field: &str| {
        assert!(settings.pointer_mut(place).unwrap().as_object_mut().unwrap().remove(field).is_some());
    };
    remove("", "variables");
    remove("", "seamless");
    remove("/schedule", "refinement");
    remove("/schedule", "stop");
    remove("/optimizer", "bounds");
    remove("/terms/1", "guidance");
    let read: Settings = serde_json::from_value(settings).unwrap();
    let mut expected = expected;
    expected.term_mut::<Gram>().unwrap().guidance = Guidance::default();
    assert_eq!(read, expected);
}

fn weight() -> impl Strategy<Value = f64> {
    prop_oneof![Just(0.0), Just(1.0), 0.0..1e9, proptest::num::f64::POSITIVE]
}

fn layer() -> impl Strategy<Value = Layer> {
    (1_u8..=5, 1_u8..=4, 0..3).prop_map(|(block, index, kind)| match kind {
        0 => Layer::convolution(block, index),
        1 => Layer::relu(block, index),
        _ => Layer::pool(block),
    })
}

fn layers() -> impl Strategy<Value = WeightedLayers> {
    let one = (layer(), weight()).prop_map(|(layer, weight)| LayerWeight { layer, weight });
    (prop::collection::vec(one, 0..4), any::<bool>())
        .prop_map(|(layers, shared)| WeightedLayers { layers, shared })
}

fn guidance() -> impl Strategy<Value = Guidance> {
    (any::<Option<bool>>(), any::<bool>()).prop_map(|(network, omit_vanishing)| {
        let propagation =
            network.map_or(Propagation::Pooling, |border_counts| Propagation::MaskNetwork { border_counts });
        Guidance { propagation, omit_vanishing }
    })
}

fn patches() -> impl Strategy<Value = Patches> {
    let choices = (
        select(vec![PatchScore::Whole, PatchScore::Positions]),
        select(vec![GuideChannels::Colors, GuideChannels::Regions]),
        select(vec![PatchLoss::Mean, PatchLoss::HalfSum, PatchLoss::Relative]),
    );
    let numbers = any::<[usize; 6]>();
    (weight(), layers(), choices, weight(), weight(), numbers).prop_map(
        |(weight, layers, (score, guide, loss), semantic_weight, variety, numbers)| {
            let [size, source_stride, query_stride, rotations, scales, match_every] = numbers;
            Patches {
                weight,
                layers,
                size,
                score,
                semantic_weight,
                guide,
                variety,
                source_stride,
                query_stride,
                rotations,
                scales,
                match_every,
                loss,
            }
        },
    )
}

fn term() -> impl Strategy<Value = Term> {
    use ContentLoss as C;
    use GramLoss as G;
    use VariationLoss as V;
    let content = select(vec![C::HalfSum, C::Sum, C::Mean, C::Relative]);
    let gram = select(vec![G::Gatys, G::Mean, G::Keras, G::Relative, G::FastNeuralDoodle, G::KerasDoodle]);
    let variation = select(vec![V::HalfSquares, V::Power, V::MeanPower, V::MeanSquares, V::NinePoint]);
    prop_oneof![
        (weight(), layers(), content)
            .prop_map(|(weight, layers, loss)| Content { weight, layers, loss }.into()),
        (weight(), layers(), gram, guidance()).prop_map(|(weight, layers, loss, guidance)| Gram {
            weight,
            layers,
            loss,
            guidance
        }
        .into()),
        (
            weight(),
            layers(),
            select(vec![MomentsLoss::Mean, MomentsLoss::Relative]),
            any::<Option<usize>>(),
            guidance()
        )
            .prop_map(|(weight, layers, loss, directions, guidance)| Moments {
                weight,
                layers,
                loss,
                directions,
                guidance
            }
            .into()),
        (weight(), layers(), any_f32(), any::<bool>(), any::<usize>(), any::<usize>()).prop_map(
            |(weight, layers, start_share, turned, stride, samples)| {
                Nearest { weight, layers, start_share, turned, stride, samples }.into()
            }
        ),
        patches().prop_map(Term::from),
        (weight(), variation).prop_map(|(weight, loss)| TotalVariation { weight, loss }.into()),
    ]
}

fn any_f32() -> impl Strategy<Value = f32> {
    use proptest::num::f32::{NEGATIVE, POSITIVE, ZERO};
    prop_oneof![Just(0.1_f32), POSITIVE | NEGATIVE | ZERO]
}

fn optimizer() -> impl Strategy<Value = OptimizerSettings> {
    let bounds = || prop::option::of((any_f32(), any_f32()));
    let rule = select(vec![LbfgsRule::Torch, LbfgsRule::StrongWolfe]);
    prop_oneof![
        (any::<usize>(), rule, weight(), bounds()).prop_map(|(memory, rule, learning_rate, bounds)| {
            OptimizerSettings::Lbfgs(LbfgsOptions { memory, rule, learning_rate, bounds })
        }),
        (weight(), weight(), weight(), weight(), bounds()).prop_map(
            |(learning_rate, beta1, beta2, epsilon, clamp)| {
                OptimizerSettings::Adam(AdamOptions { learning_rate, beta1, beta2, epsilon, clamp })
            }
        ),
    ]
}

fn schedule() -> impl Strategy<Value = Schedule> {
    let pyramid = prop_oneof![
        Just(Pyramid::One),
        any::<usize>().prop_map(|first| Pyramid::RootsOfTwo { first }),
        any::<usize>().prop_map(|sizes| Pyramid::Doublings { sizes }),
    ];
    let start = prop_oneof![
        Just(Start::Content),
        Just(Start::Picture),
        any::<usize>().prop_map(|levels| Start::SmoothContent { levels }),
        ([any_f32(), any_f32(), any_f32()], any_f32())
            .prop_map(|(mean, deviation)| Start::NormalNoise { mean, deviation }),
        (any_f32(), any_f32()).prop_map(|(low, high)| Start::UniformNoise { range: low..high }),
    ];
    let fit = select(vec![StyleFit::LongestSide, StyleFit::Shrink, StyleFit::ContentSize]);
    let filter = select(vec![Filter::Bilinear, Filter::CatmullRom, Filter::Lanczos3]);
    let smaller = prop_oneof![
        Just(SmallerSizes::Equal),
        any::<usize>().prop_map(SmallerSizes::First),
        weight().prop_map(SmallerSizes::Growing),
    ];
    let stop = prop::option::of((weight(), any::<usize>()))
        .prop_map(|stop| stop.map(|(share, interval)| StopAtProgress { share, interval }));
    let numbers = (any::<usize>(), any::<usize>(), smaller, any::<Option<usize>>());
    (numbers, stop, pyramid, start, fit, weight(), filter).prop_map(
        |(numbers, stop, pyramid, start, style_fit, style_scale, filter)| {
            let (size, iterations, smaller_sizes, refinement) = numbers;
            Schedule {
                size,
                pyramid,
                iterations,
                smaller_sizes,
                stop,
                refinement,
                start,
                style_fit,
                style_scale,
                filter,
            }
        },
    )
}

fn settings() -> impl Strategy<Value = Settings> {
    let padding = || select(vec![Padding::Zero, Padding::Replicate, Padding::Circular]);
    let pooling = select(vec![Pooling::Max, Pooling::Average, Pooling::ScaledAverage, Pooling::L2]);
    let network = (pooling, padding(), padding())
        .prop_map(|(pooling, first_padding, padding)| NetworkOptions { pooling, first_padding, padding });
    let units = select(vec![PixelUnits::One, PixelUnits::Bytes, PixelUnits::Torch]);
    let variables = any::<Option<usize>>()
        .prop_map(|levels| levels.map_or(Variables::Pixels, |levels| Variables::LaplacianPyramid { levels }));
    let parts = (network, units, variables, prop::collection::vec(term(), 0..4), optimizer(), schedule());
    let colors = (select(ColorRule::ALL.to_vec()), weight());
    let colors = colors.prop_map(|(rule, strength)| Colors { rule, strength });
    (parts, prop::option::of(weight()), any::<[bool; 3]>(), colors, any::<u64>()).prop_map(
        |((network, units, variables, terms, optimizer, schedule), average, switches, colors, seed)| {
            let [normalize_gradients, average_counts_start, seamless] = switches;
            Settings {
                network,
                units,
                variables,
                terms,
                normalize_gradients,
                optimizer,
                average,
                average_counts_start,
                schedule,
                seamless,
                colors,
                seed,
            }
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..Default::default() })]

    #[test]
    fn any_settings_come_back_as_they_were(settings in settings()) {
        prop_assert_eq!(&read_back(&settings), &settings);
        // By way of a value, where each f32 is an f64 of many figures.
        let read: Settings = serde_json::from_value(json(&settings)).unwrap();
        prop_assert_eq!(&read, &settings);
    }
}
