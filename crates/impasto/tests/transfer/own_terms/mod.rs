//! Terms of other crates: they are treated as those of this one.

mod maps;
mod refused;
mod terms;

use std::sync::Arc;

use impasto::terms::own::OwnTerm;
use impasto::terms::{Content, ContentLoss, Gram, GramLoss, Guidance, LayerWeight, Term, WeightedLayers};
use impasto::{Evaluation, Pyramid, Settings, Start, StyleFit, StyleMethod, Transfer};
use impasto_network::{CpuEngine, Layer, Pooling};

use self::maps::{Compare, OwnColumns, OwnContent};
pub use self::terms::OwnGram;
use self::terms::{Alternating, OwnVariation};
use crate::gradients::slopes;
use crate::resume::assert_same_bits;
use crate::{resume, small, tiles};

/// A term of each kind, at the layer before the first ReLU, where losses are smooth.
fn kinds() -> Vec<Arc<dyn OwnTerm>> {
    let layer = Layer::convolution(1, 1);
    let content = |compare| OwnContent { weight: 0.03, layer, compare };
    let columns = |compare| OwnColumns { weight: 0.05, layer, compare };
    vec![
        Arc::new(OwnGram::new(1.7, WeightedLayers::each(&[layer]))),
        Arc::new(content(Compare::Difference)),
        Arc::new(content(Compare::Values)),
        Arc::new(columns(Compare::Difference)),
        Arc::new(columns(Compare::Values)),
        Arc::new(OwnVariation(0.3)),
    ]
}

#[test]
fn gradients_are_those_of_finite_differences() {
    for term in kinds() {
        let mut settings = small::simple_settings();
        settings.network.pooling = Pooling::Average;
        settings.terms = Vec::new();
        let transfer = small::transfer(settings).term(term.clone());
        let (start, direction) = (small::picture(24, 18, 7), small::picture(24, 18, 8));
        let (product, difference) = slopes(&transfer, &start, &direction);
        let error = (product - difference).abs() / difference.abs();
        assert!(error < 1e-3, "{term:?}: {product}, not {difference} ({error:.1e})");
    }
}

/// Settings with a term of this crate, and the same without it and the term's twin of another crate.
struct Twins {
    name: &'static str,
    settings: Settings,
    inside: Term,
    outside: Arc<dyn OwnTerm>,
}

impl Twins {
    /// Both beside the total variation of the settings, so that the twin's place is the last in either.
    fn transfers(&self, of: impl Fn(Settings) -> Transfer) -> (Transfer, Transfer) {
        let settings = |terms: &[&Term]| {
            let mut settings = self.settings.clone();
            settings.terms.retain(|term| matches!(term, Term::TotalVariation(_)));
            settings.terms.extend(terms.iter().map(|&term| term.clone()));
            settings
        };
        (of(settings(&[&self.inside])), of(settings(&[])).term(self.outside.clone()))
    }
}

fn one_size() -> Settings {
    let mut settings = small::settings();
    (settings.schedule.size, settings.schedule.pyramid) = (24, Pyramid::One);
    settings
}

fn twins(settings: &Settings) -> Vec<Twins> {
    let weighted = [(Layer::relu(1, 1), 1.0), (Layer::relu(2, 1), 0.5)];
    let layers = weighted.map(|(layer, weight)| LayerWeight { layer, weight }).to_vec();
    let layers = WeightedLayers { layers, shared: true };
    let gram = |layers: &WeightedLayers| Gram {
        weight: 3.0,
        layers: layers.clone(),
        loss: GramLoss::Gatys,
        guidance: Guidance::default(),
    };
    let content =
        Content { weight: 0.2, layers: WeightedLayers::each(&[Layer::relu(2, 1)]), loss: ContentLoss::Sum };
    let own_content =
        |compare| Arc::new(OwnContent { weight: 0.2, layer: Layer::relu(2, 1), compare }) as Arc<dyn OwnTerm>;
    let normalized = Settings { normalize_gradients: true, ..settings.clone() };
    let twins = |name, settings: &Settings, inside, outside| Twins {
        name,
        settings: settings.clone(),
        inside,
        outside,
    };
    vec![
        twins("gram", settings, gram(&layers).into(), Arc::new(OwnGram::new(3.0, layers.clone()))),
        twins("normalised", &normalized, gram(&layers).into(), Arc::new(OwnGram::new(3.0, layers.clone()))),
        twins("difference", settings, content.clone().into(), own_content(Compare::Difference)),
        twins("values", settings, content.into(), own_content(Compare::Values)),
    ]
}

/// What two evaluations found, but for the names of terms.
fn assert_same(name: &str, inside: &Evaluation, outside: &Evaluation, tolerance: f64) {
    assert_eq!(inside.losses.len(), outside.losses.len(), "{name}");
    for (one, other) in inside.losses.iter().zip(&outside.losses) {
        assert_eq!(one.layer, other.layer, "{name}");
        let error = (one.loss - other.loss).abs() / one.loss.abs();
        assert!(error <= tolerance, "{name}: {other:?}, not {one:?}");
    }
    let same =
        inside.gradient.iter().zip(&outside.gradient).all(|(one, other)| one.to_bits() == other.to_bits());
    assert!(same, "{name}: the gradient has other bits");
}

#[test]
fn a_term_outside_has_the_bits_of_its_twin_inside() {
    for twins in twins(&one_size()) {
        // The engine sums squares in another order than a plain loop.
        let tolerance = if twins.name == "values" { 1e-6 } else { 0.0 };
        let (inside, outside) = twins.transfers(small::transfer);
        let picture = small::picture(24, 18, 3);
        let evaluate =
            |transfer: &Transfer| transfer.evaluate(&mut CpuEngine::new(small::weights()), &picture).unwrap();
        assert_same(twins.name, &evaluate(&inside), &evaluate(&outside), tolerance);
        let paint = |transfer: &Transfer| {
            transfer.run(&mut CpuEngine::new(small::weights()), small::go_on).unwrap().picture
        };
        assert!(paint(&inside) == paint(&outside), "{} paints another picture", twins.name);
    }
}

#[test]
fn tiles_treat_both_twins_alike() {
    let mut settings = tiles::settings(StyleMethod::Gram);
    // Terms of other crates do not tell strokes apart.
    settings.schedule.style_fit = StyleFit::Shrink;
    for twins in twins(&settings) {
        let (inside, outside) = twins.transfers(tiles::transfer);
        let (tiled, tiles) = tiles::squeezed(&outside, 0.8);
        assert!(tiles > 1, "{} is not in tiles", twins.name);
        tiles::assert_close(twins.name, &tiles::evaluate(&outside), &tiles::evaluate(&tiled));
        let engine = CpuEngine::new(small::weights());
        let [own, other] = [&outside, &inside].map(|transfer| transfer.plan(&engine).unwrap().memory());
        // Values that the term reads itself take more, so that its tiles are smaller.
        assert!(
            if twins.name == "values" { own > other } else { own == other },
            "{}: {own}, {other}",
            twins.name
        );
        if own == other {
            let inside = tiles::evaluate(&tiles::squeezed(&inside, 0.8).0);
            assert_same(twins.name, &inside, &tiles::evaluate(&tiled), 0.0);
        }
    }
}

#[test]
fn a_run_with_terms_of_other_crates_goes_on_with_the_same_bits() {
    let layers = [Layer::relu(1, 1), Layer::relu(2, 1)];
    let alternating = Alternating {
        weight: 2.0,
        layers: layers.map(|layer| LayerWeight { layer, weight: 1.0 }),
        limit: 99,
    };
    let mut settings = resume::settings(StyleMethod::Gram);
    settings.terms.retain(|term| matches!(term, Term::Content(_)));
    let transfer = small::transfer(settings)
        .term(Arc::new(OwnGram::new(2.0, WeightedLayers::sharing(&layers))))
        .term(Arc::new(alternating));
    let outcome = assert_same_bits("own terms", &transfer);
    let losses = &outcome.trace.evaluations[0].losses;
    let names: Vec<&str> = losses.iter().map(|loss| &*loss.term).collect();
    assert_eq!(names, ["content", "own_gram", "own_gram", "alternating"]);
}

#[test]
fn one_definition_serves_several_sizes_and_no_other_term_is_needed() {
    let mut settings = small::settings();
    settings.terms = Vec::new();
    (settings.schedule.size, settings.schedule.pyramid) = (24, Pyramid::RootsOfTwo { first: 16 });
    let gram = OwnGram::new(2.0, WeightedLayers::each(&[Layer::relu(2, 1)]));
    let transfer = small::transfer(settings).term(Arc::new(gram));
    let outcome = assert_same_bits("alone", &transfer);
    assert_eq!(outcome.trace.stages.len(), 2);
    let totals = |stage| {
        let of_stage = outcome.trace.evaluations.iter().filter(move |it| it.stage == stage);
        of_stage.map(|it| it.total).collect::<Vec<_>>()
    };
    for stage in [1, 2] {
        let totals = totals(stage);
        assert!(totals[totals.len() - 1] < totals[0], "stage {stage}: {totals:?}");
    }
}

#[test]
fn a_term_of_weight_0_or_without_its_content_takes_no_part() {
    let layer = Layer::relu(2, 1);
    let mut settings = small::simple_settings();
    settings.schedule.start = Start::UniformNoise { range: 0.2..0.8 };
    let transfer = Transfer::new(settings).canvas(48, 36).style(small::picture(40, 44, 2), 1.0);
    let evaluate =
        |transfer: &Transfer| transfer.evaluate(&mut small::engine(), &small::picture(24, 18, 3)).unwrap();
    let expected = evaluate(&transfer);
    let with = |term: Arc<dyn OwnTerm>| transfer.clone().term(term);
    let content = with(Arc::new(OwnContent { weight: 1.0, layer, compare: Compare::Difference }));
    assert_eq!(evaluate(&content), expected);
    let gram = |weight| with(Arc::new(OwnGram::new(weight, WeightedLayers::each(&[layer]))));
    assert_eq!(evaluate(&gram(0.0)), expected);
    assert_ne!(evaluate(&gram(1.0)), expected);
    let content = content.content(small::picture(48, 36, 1));
    assert_ne!(evaluate(&content), expected);
}
