//! Terms of other crates that are refused, and checkpoints of others.

use std::sync::Arc;

use impasto::terms::own::OwnTerm;
use impasto::terms::{LayerWeight, WeightedLayers};
use impasto::{Checkpoint, StyleMethod, Transfer};
use impasto_network::{CpuEngine, Layer};

use super::maps::{Compare, OwnContent};
use super::terms::{Alternating, OwnGram};
use crate::resume::{self, checkpoints, resume};
use crate::small;

fn layers() -> WeightedLayers {
    WeightedLayers::each(&[Layer::relu(2, 1)])
}

#[test]
fn what_is_out_of_range_is_refused_by_name() {
    let refused = |term: Arc<dyn OwnTerm>| {
        let transfer = small::transfer(small::simple_settings()).term(term);
        transfer.plan(&CpuEngine::new(small::weights())).unwrap_err().to_string()
    };
    let gram = || OwnGram::new(1.0, layers());
    let cases: [(Arc<dyn OwnTerm>, &str); 10] = [
        (
            Arc::new(OwnGram { name: "gram", ..gram() }),
            "name of a term of your own is gram, but must be none of the program's own terms",
        ),
        (Arc::new(OwnGram { name: "total_variation", ..gram() }), "none of the program's own terms"),
        (
            Arc::new(OwnGram { name: "Own Gram", ..gram() }),
            "name of a term of your own is \"Own Gram\", but must be lower-case letters, digits and underscores",
        ),
        (Arc::new(OwnGram { name: "", ..gram() }), "is \"\", but must be lower-case letters"),
        (
            Arc::new(OwnGram { weight: -1.0, ..gram() }),
            "own_gram weight is -1, but must be finite and at least 0",
        ),
        (Arc::new(OwnGram { weight: f64::NAN, ..gram() }), "own_gram weight is NaN"),
        (
            Arc::new(OwnGram { layers: WeightedLayers::each(&[]), ..gram() }),
            "own_gram layers is none, but must be at least one layer",
        ),
        (
            Arc::new(OwnContent { weight: 1.0, layer: Layer::relu(5, 4), compare: Compare::Values }),
            "has no layer relu5_4",
        ),
        (
            Arc::new(Alternating {
                weight: 1.0,
                layers: [LayerWeight { layer: Layer::relu(1, 1), weight: f64::INFINITY }; 2],
                limit: 1,
            }),
            "alternating weight of relu1_1 is inf",
        ),
        (
            Arc::new(Alternating {
                weight: 1.0,
                layers: [1, 2].map(|index| LayerWeight { layer: Layer::relu(1, index), weight: 1.0 }),
                limit: 0,
            }),
            "alternating limit is 0, but must be at least 1",
        ),
    ];
    for (term, expected) in cases {
        let told = format!("{term:?}");
        let found = refused(term);
        assert!(found.contains(expected), "{told}: {found}");
    }
}

#[test]
fn a_style_that_only_an_own_term_learns_from_must_be_there() {
    let mut settings = small::simple_settings();
    settings.terms = Vec::new();
    let transfer = Transfer::new(settings).content(small::picture(48, 36, 1));
    let plan = |transfer: &Transfer| transfer.plan(&small::engine()).map(|_| ()).map_err(|it| it.to_string());
    let nothing = plan(&transfer).unwrap_err();
    assert!(nothing.contains("no term has a weight above 0"), "{nothing}");
    let transfer = transfer.term(Arc::new(OwnGram::new(1.0, layers())));
    assert_eq!(plan(&transfer), Err("there is no style picture with a weight above 0".to_owned()));
    assert_eq!(plan(&transfer.style(small::picture(40, 44, 2), 1.0)), Ok(()));
}

#[test]
fn checkpoints_of_other_terms_are_refused_by_name() {
    let transfer = || small::transfer(resume::settings(StyleMethod::Gram));
    let own = || OwnGram::new(2.0, layers());
    let given =
        |terms: Vec<OwnGram>| terms.into_iter().fold(transfer(), |all, term| all.term(Arc::new(term)));
    let second = |transfer: &Transfer| -> Checkpoint { checkpoints(transfer).1.remove(1) };
    let (with, without) = (second(&given(vec![own()])), second(&transfer()));
    let refused =
        |transfer: &Transfer, checkpoint: &Checkpoint| resume(transfer, checkpoint).unwrap_err().to_string();
    assert_eq!(
        refused(&transfer(), &with),
        "the checkpoint is of a run with the own term own_gram 2 at relu2_1, not no own term"
    );
    assert_eq!(
        refused(&given(vec![own()]), &without),
        "the checkpoint is of a run with no own term, not the own term own_gram 2 at relu2_1"
    );
    let half =
        WeightedLayers { layers: vec![LayerWeight { layer: Layer::relu(1, 1), weight: 0.5 }], shared: true };
    for (terms, told) in [
        (vec![OwnGram { name: "grams", ..own() }], "the own term grams 2 at relu2_1"),
        (vec![OwnGram { weight: 2.5, ..own() }], "the own term own_gram 2.5 at relu2_1"),
        (vec![OwnGram { layers: half, ..own() }], "the own term own_gram 2 at relu1_1:0.5 shared"),
        (vec![OwnGram { settings: "radius 3", ..own() }], "the own term own_gram 2 at relu2_1 (radius 3)"),
        (vec![own(), own()], "the own terms own_gram 2 at relu2_1; own_gram 2 at relu2_1"),
    ] {
        let found = refused(&given(terms), &with);
        assert!(found.ends_with(&format!(", not {told}")), "{found}");
    }
}

#[test]
fn a_memory_that_a_term_cannot_go_on_from_is_told() {
    let alternating = |limit| {
        let layers = [1, 2].map(|index| LayerWeight { layer: Layer::relu(1, index), weight: 1.0 });
        small::transfer(resume::settings(StyleMethod::Gram)).term(Arc::new(Alternating {
            weight: 1.0,
            layers,
            limit,
        }))
    };
    let checkpoint = checkpoints(&alternating(99)).1.remove(1);
    let error = resume(&alternating(1), &checkpoint).unwrap_err().to_string();
    assert_eq!(error, "the checkpoint does not fit this run: alternating: 2 evaluations");
}

#[test]
#[should_panic(expected = "relu3_1 is not among the layers of the term own_gram")]
fn a_question_at_a_layer_of_no_one_is_a_mistake_that_is_named() {
    #[derive(Debug)]
    struct Astray(OwnGram);

    impl OwnTerm for Astray {
        fn name(&self) -> &'static str {
            self.0.name
        }

        fn weight(&self) -> f64 {
            self.0.weight
        }

        fn layers(&self) -> Option<WeightedLayers> {
            Some(layers())
        }

        fn at(&self, scene: &impasto::terms::Scene) -> Box<dyn impasto::terms::own::OwnLoss> {
            self.0.at(scene)
        }
    }

    let astray = Astray(OwnGram::new(1.0, WeightedLayers::each(&[Layer::relu(3, 1)])));
    let transfer = small::transfer(small::simple_settings()).term(Arc::new(astray));
    let _ = transfer.evaluate(&mut small::engine(), &small::picture(24, 18, 3));
}
