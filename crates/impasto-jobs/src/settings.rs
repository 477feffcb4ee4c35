//! From the choices of an order to the library's settings. A choice that the basis has no use for is refused.

use impasto::optimizers::{LbfgsOptions, LbfgsRule};
use impasto::terms::{Content, Gram, Moments, Patches, Term, TermSettings, TotalVariation};
use impasto::{ColorRule, OptimizerSettings, Pyramid, Schedule, Settings, SmallerSizes, Start, StyleFit};

use crate::basis::Basis;
use crate::message::{Field, Message};
use crate::order::{ContentChoices, OptimizerName, Order, PictureSize, StartFrom, Stop, Task};
use crate::recipe::Recipe;
use crate::refusal::Refusal;
use crate::words;

/// Steps that L-BFGS remembers where the preset is for Adam.
pub(crate) const LBFGS_MEMORY: usize = 20;

/// Noise for presets that start from the content: around mid grey, faint enough to leave no trace.
const NOISE: Start = Start::NormalNoise { mean: [0.5; 3], deviation: 0.1 };

/// The settings of the basis, changed by the choices of the order, and valid.
pub(crate) fn settings(order: &Order, basis: &Basis) -> Result<Settings, Refusal> {
    let mut settings = basis.settings().clone();
    if let Some(method) = order.style.method {
        settings.set_method(method);
    }
    schedule(order, basis, &mut settings)?;
    if let Some(effort) = order.optimizer.effort {
        settings.set_effort(effort);
    }
    start(order, basis, &mut settings.schedule.start)?;
    optimizer(order, &mut settings)?;
    style(order, basis, &mut settings)?;
    content(order, basis, &mut settings)?;
    if let Some(pooling) = order.network.pooling {
        settings.network.pooling = pooling;
    }
    if let Some(normalize) = order.style.normalize_gradients {
        settings.normalize_gradients = normalize;
    }
    if let Some(seamless) = order.task.seamless() {
        settings.seamless = seamless;
    }
    if let Some(seed) = order.picture.seed {
        settings.seed = seed;
    }
    let tells_strokes_apart = |term: &Term| Gram::of(term).is_some() || Moments::of(term).is_some();
    if order.picture.fine_strokes.is_some() && !settings.terms.iter().any(tells_strokes_apart) {
        let method = || Field("method");
        let why =
            words!["only statistics tell strokes apart; add ", method(), " moments or ", method(), " gram"];
        return Err(Refusal::field("fine_strokes", why));
    }
    settings.validate()?;
    Ok(settings)
}

fn schedule(order: &Order, basis: &Basis, settings: &mut Settings) -> Result<(), Refusal> {
    let schedule = &mut settings.schedule;
    match (order.picture.size, order.task.subject()) {
        // Numbers have taken its place where a job is made.
        (None | Some(PictureSize::Original), _) => {}
        (Some(PictureSize::Longest(longest)), _) => schedule.size = longest,
        (Some(PictureSize::Sides(width, height)), None) => schedule.size = width.max(height),
        (Some(PictureSize::Sides(width, height)), Some(subject)) => {
            let aspect =
                format!("the result has the aspect of {}; give its longest side alone, ", subject.display());
            let why = words![aspect, Field("size"), format!(" {}", width.max(height))];
            let sides = format!("{width}x{height}");
            return Err(Refusal::new(Message::about_value("size", sides, why)));
        }
    }
    if let Some(iterations) = order.optimizer.iterations {
        let iterations = iterations as usize;
        if let SmallerSizes::First(first) = &mut schedule.smaller_sizes {
            *first =
                (*first as u64 * iterations as u64 / schedule.iterations as u64).clamp(1, 1_000_000) as usize;
        }
        schedule.iterations = iterations;
    }
    match order.optimizer.stop_at_progress {
        None => {}
        Some(Stop::Never) => schedule.stop = None,
        Some(Stop::At(progress)) => schedule.stop = Some(progress),
    }
    if let Some(scale) = order.picture.style_scale {
        if schedule.style_fit == StyleFit::ContentSize {
            let why = "brings styles to the size of the result";
            return Err(unknown_to_basis(basis, "style_scale", why));
        }
        schedule.style_scale = scale;
    }
    if let Some(size) = order.picture.stroke_size {
        (schedule.style_scale, schedule.style_fit) = (size, StyleFit::Strokes);
    }
    if let Some(first) = order.picture.from_size {
        begin_at(first as usize, schedule);
    }
    Ok(())
}

/// Leaves out the sizes below `first`, all but the last, and the iterations that settle large shapes at the smallest.
fn begin_at(first: usize, schedule: &mut Schedule) {
    let left = schedule.sizes().into_iter().filter(|&size| size >= first).count().max(1);
    match &mut schedule.pyramid {
        Pyramid::One => {}
        Pyramid::RootsOfTwo { first: smallest } => *smallest = first.max(*smallest),
        Pyramid::Doublings { sizes } => *sizes = left,
    }
    if let SmallerSizes::First(iterations) = &mut schedule.smaller_sizes {
        *iterations = schedule.iterations;
    }
}

fn start(order: &Order, basis: &Basis, start: &mut Start) -> Result<(), Refusal> {
    let is_noise = matches!(start, Start::NormalNoise { .. } | Start::UniformNoise { .. });
    match &order.picture.start {
        Some(StartFrom::Content) if order.task.content().is_none() => {
            let why = "there is no content picture; leave it out to start from noise";
            return Err(Refusal::new(Message::about_value("start", "content", why)));
        }
        Some(StartFrom::Content) => *start = Start::Content,
        Some(StartFrom::Picture(_)) => *start = Start::Picture,
        Some(StartFrom::Noise) if !is_noise => *start = NOISE,
        None if *start == Start::Picture => {
            let from =
                basis.recipe().and_then(Recipe::start).map_or(String::new(), |file| format!(", {file}"));
            let starts = format!(" starts from a picture{from}: name one with ");
            let start = || Field("start");
            let others = words![start(), " FILE, or choose ", start(), " content or ", start(), " noise"];
            return Err(Refusal::order(words![basis.name(), starts, others]).of("start"));
        }
        None if order.task.content().is_none() && !is_noise => *start = NOISE,
        Some(StartFrom::Noise) | None => {}
    }
    Ok(())
}

fn optimizer(order: &Order, settings: &mut Settings) -> Result<(), Refusal> {
    let choices = &order.optimizer;
    match (choices.optimizer, &settings.optimizer) {
        (Some(OptimizerName::Lbfgs), OptimizerSettings::Adam(_)) => {
            let line_search =
                LbfgsOptions { memory: LBFGS_MEMORY, rule: LbfgsRule::StrongWolfe, ..Default::default() };
            settings.optimizer = OptimizerSettings::Lbfgs(line_search);
            // The average takes out Adam's noise; L-BFGS has none, and its early pictures lag behind.
            settings.average = None;
        }
        (Some(OptimizerName::Adam), OptimizerSettings::Lbfgs(_)) => {
            settings.optimizer = OptimizerSettings::adam(settings.units);
        }
        (Some(OptimizerName::Lbfgs), OptimizerSettings::Lbfgs(_))
        | (Some(OptimizerName::Adam), OptimizerSettings::Adam(_))
        | (None, _) => {}
    }
    if let Some(rate) = choices.learning_rate {
        match &mut settings.optimizer {
            OptimizerSettings::Lbfgs(options) => options.learning_rate = rate,
            OptimizerSettings::Adam(options) => options.learning_rate = rate,
        }
    }
    if let Some(memory) = choices.lbfgs_memory {
        match &mut settings.optimizer {
            OptimizerSettings::Lbfgs(options) => options.memory = memory.into(),
            OptimizerSettings::Adam(_) => {
                let why = words!["is for L-BFGS, but this run uses Adam: add ", Field("optimizer"), " lbfgs"];
                return Err(Refusal::new(Message::predicate("lbfgs_memory", why)));
            }
        }
    }
    Ok(())
}

/// The choices about the style and smoothness.
fn style(order: &Order, basis: &Basis, settings: &mut Settings) -> Result<(), Refusal> {
    let choices = &order.style;
    if let Some(weight) = choices.style_weight
        && !settings.set_style_weight(weight)
    {
        return Err(no_term(basis, "style_weight"));
    }
    if let Some(layers) = &choices.style_layers {
        let of_style = settings.style_layers_mut().ok_or_else(|| no_term(basis, "style_layers"))?;
        of_style.layers.clone_from(layers);
    }
    patches(order, settings)?;
    if let Some(weight) = choices.tv_weight {
        settings.term_mut::<TotalVariation>().ok_or_else(|| no_term(basis, "tv_weight"))?.weight = weight;
    }
    Ok(())
}

/// The choices about patches.
fn patches(order: &Order, settings: &mut Settings) -> Result<(), Refusal> {
    let choices = &order.patches;
    let Some(field) = choices.given() else { return Ok(()) };
    let Some(patches) = settings.term_mut::<Patches>() else {
        let why = words!["this run has no patches; add ", Field("method"), " patches"];
        return Err(Refusal::field(field, why));
    };
    if choices.semantic_weight.is_some() && order.task.maps().is_none() {
        return Err(Refusal::field("semantic_weight", "there are no maps to weigh; leave it out"));
    }
    let set = |setting: &mut usize, chosen: Option<u8>| *setting = chosen.map_or(*setting, usize::from);
    set(&mut patches.size, choices.patch_size);
    // Patches may touch but leave no gap, which a smaller size would open at the preset's stride.
    patches.query_stride = patches.query_stride.min(patches.size);
    set(&mut patches.rotations, choices.patch_rotations);
    set(&mut patches.scales, choices.patch_scales);
    set(&mut patches.source_stride, choices.patch_stride);
    patches.semantic_weight = choices.semantic_weight.unwrap_or(patches.semantic_weight);
    patches.variety = choices.variety.unwrap_or(patches.variety);
    patches.match_every = choices.match_every.map_or(patches.match_every, |every| every as usize);
    Ok(())
}

/// The choices about what is kept of a content picture.
fn content(order: &Order, basis: &Basis, settings: &mut Settings) -> Result<(), Refusal> {
    let choices = &order.content;
    if let (None, Some(field)) = (order.task.content(), choices.given()) {
        let why = "there is no content picture; leave it out";
        let why = match order.task {
            Task::Texture(_) => words![why],
            Task::Transfer(_) | Task::Doodle(_) => words![why, ", or add ", Field("content"), " PHOTO"],
        };
        return Err(Refusal::field(field, why));
    }
    if let Some(weight) = choices.content_weight {
        settings.term_mut::<Content>().ok_or_else(|| no_term(basis, "content_weight"))?.weight = weight;
    }
    if let Some(ratio) = choices.style_ratio {
        let refused =
            |error| Refusal::field("style_ratio", words![format!("{error}; use "), Field("style_weight")]);
        settings.set_style_ratio(ratio).map_err(refused)?;
    }
    if let Some(layers) = &choices.content_layers {
        let term = settings.term_mut::<Content>().ok_or_else(|| no_term(basis, "content_layers"))?;
        term.layers.layers.clone_from(layers);
    }
    if let Some(strength) = choices.strength {
        let refused = |_| unknown_to_basis(basis, "strength", "keeps no content");
        settings.set_strength(strength).map_err(refused)?;
    }
    colors(choices, settings)
}

/// The choices about colours.
fn colors(choices: &ContentChoices, settings: &mut Settings) -> Result<(), Refusal> {
    if let Some(rule) = choices.color_rule() {
        settings.colors.rule = rule;
    }
    if let Some(strength) = choices.color_strength {
        if settings.colors.rule == ColorRule::Style {
            let why = "the colours are those of the style, all of them; add ";
            let why = words![why, Field("colors"), " content, luminance or match"];
            return Err(Refusal::field("color_strength", why));
        }
        settings.colors.strength = strength;
    }
    Ok(())
}

fn no_term(basis: &Basis, field: &'static str) -> Refusal {
    unknown_to_basis(basis, field, "has no such term")
}

fn unknown_to_basis(basis: &Basis, field: &'static str, why: &str) -> Refusal {
    Refusal::field(field, words![basis.name(), format!(" {why}; leave it out")])
}

#[cfg(test)]
mod tests {
    use impasto::Preset;
    use impasto::terms::Gram;
    use impasto_network::Layer;
    use serde_json::{Value, json};

    use super::*;

    /// The settings of a transfer with these choices.
    fn chosen(choices: Value) -> Result<Settings, String> {
        let mut order = json!({"transfer": {"content": "a.png", "styles": ["b.png"]}});
        let Value::Object(choices) = choices else { panic!("{choices}") };
        choices.into_iter().for_each(|(field, value)| order[field] = value);
        let order = Order::from_json(&order.to_string()).map_err(|refusal| refusal.to_string())?;
        order
            .check()
            .and_then(|()| settings(&order, &Basis::new(&order)?))
            .map_err(|refusal| refusal.to_string())
    }

    fn layers(names: &[&str]) -> Value {
        names.iter().map(|name| json!({"layer": name, "weight": 1.0})).collect()
    }

    #[test]
    fn a_run_begins_at_a_size_of_choice() {
        let sizes = |preset: &str, from: u32| {
            let order = json!({"preset": preset, "size": 1024, "from_size": from});
            chosen(order).unwrap().schedule.sizes()
        };
        assert_eq!(sizes("impasto", 500), [512, 724, 1024]);
        assert_eq!(sizes("impasto", 513), [724, 1024]);
        assert_eq!(sizes("nnst", 400), [512, 1024]);
        assert_eq!(sizes("gatys", 400), [1024]);
        assert_eq!(sizes("impasto", 4000), [1024]);
        let settings = chosen(json!({"preset": "style-transfer-pytorch", "from_size": 300})).unwrap();
        assert_eq!(settings.schedule.smaller_sizes, SmallerSizes::First(settings.schedule.iterations));
    }

    #[test]
    fn no_choice_leaves_the_preset_as_it_is() {
        for preset in Preset::ALL {
            assert_eq!(chosen(json!({"preset": preset.name()})), Ok(preset.settings()));
        }
    }

    #[test]
    fn a_preset_of_one_size_stays_so_at_any_size() {
        for (preset, stages) in [("gatys", 1), ("keras", 1), ("neural-style", 1), ("impasto", 7)] {
            let settings = chosen(json!({"preset": preset, "size": 1024})).unwrap();
            assert_eq!(settings.schedule.sizes().len(), stages, "{preset}");
        }
    }

    #[test]
    fn choices_reach_their_settings() {
        let settings = chosen(json!({
            "preset": "neural-style", "optimizer": "adam", "learning_rate": 5, "content_weight": 2,
            "style_ratio": 10, "tv_weight": 0,
            "style_layers": [{"layer": "relu1_1", "weight": 2}, {"layer": "conv3_1", "weight": 1}],
            "content_layers": layers(&["conv4_2"]), "start": "content", "seed": 7, "iterations": 9,
            "style_scale": 0.5, "pooling": "average", "normalize_gradients": true,
        }))
        .unwrap();
        let style = settings.term::<Gram>().unwrap();
        assert_eq!(style.weight, 20.0);
        let layers: Vec<_> = style.layers.layers.iter().map(|it| (it.layer.to_string(), it.weight)).collect();
        assert_eq!(layers, [("relu1_1".to_owned(), 2.0), ("conv3_1".to_owned(), 1.0)]);
        let OptimizerSettings::Adam(adam) = settings.optimizer else { panic!("{:?}", settings.optimizer) };
        assert_eq!(adam.learning_rate, 5.0);
        assert_eq!((settings.seed, settings.schedule.iterations), (7, 9));
        assert_eq!(settings.schedule.start, Start::Content);
        assert_eq!(settings.network.pooling, impasto_network::Pooling::Average);
        assert!(settings.normalize_gradients);
    }

    #[test]
    fn a_method_brings_its_own_choices() {
        let mut order = Order::transfer("a.png", ["b.png"]);
        let Task::Transfer(pictures) = &mut order.task else { unreachable!("a transfer was ordered") };
        (pictures.content_map, pictures.style_map) = (Some("c.png".into()), vec!["d.png".into()]);
        for (field, value) in [
            ("method", "patches"),
            ("patch_size", "5"),
            ("patch_rotations", "2"),
            ("patch_scales", "1"),
            ("patch_stride", "2"),
            ("semantic_weight", "3"),
            ("variety", "0.1"),
            ("match_every", "4"),
            ("style_weight", "2"),
            ("style_layers", "relu3_1"),
        ] {
            order.set(field, value).unwrap();
        }
        let settings = settings(&order, &Basis::new(&order).unwrap()).unwrap();
        let patches = settings.term::<Patches>().unwrap();
        assert_eq!((patches.size, patches.rotations, patches.scales, patches.source_stride), (5, 2, 1, 2));
        assert_eq!((patches.semantic_weight, patches.variety, patches.match_every), (3.0, 0.1, 4));
        assert_eq!((patches.weight, patches.layers.layers.len()), (2.0, 1));
        assert!(settings.term::<Gram>().is_none());
    }

    #[test]
    fn small_patches_leave_no_gap() {
        let settings = chosen(json!({"preset": "cnnmrf", "patch_size": 1})).unwrap();
        let patches = settings.term::<Patches>().unwrap();
        assert_eq!((patches.size, patches.query_stride), (1, 1));
    }

    #[test]
    fn noise_is_the_presets_own_where_it_has_any() {
        let keras = chosen(json!({"preset": "keras", "start": "noise"})).unwrap();
        assert_eq!(keras, Preset::Keras.settings());
        assert_eq!(chosen(json!({"start": "noise"})).unwrap().schedule.start, NOISE);
    }

    #[test]
    fn choices_without_effect_are_refused() {
        for (choices, words) in [
            (json!({"lbfgs_memory": 5}), "add optimizer lbfgs"),
            (json!({"patch_size": 5}), "add method patches"),
            (json!({"method": "patches", "patch_size": 4}), "expected 1, 3, 5 or 7"),
            (json!({"method": "patches", "semantic_weight": 4}), "there are no maps"),
            (json!({"preset": "gatys", "tv_weight": 1}), "tv_weight: the preset gatys"),
            (json!({"preset": "keras", "style_scale": 2}), "style_scale: the preset keras"),
            (json!({"style_weight": 0, "content_weight": 0, "tv_weight": 0}), "no term has a weight"),
            (json!({"style_layers": layers(&["relu1_1", "relu1_1"])}), "relu1_1"),
            (json!({"style_scale": 101}), "style scale is 101"),
            (json!({"learning_rate": 1e10}), "learning rate is 10000000000"),
        ] {
            let error = chosen(choices.clone()).unwrap_err();
            assert!(error.contains(words), "{choices}: {error}");
        }
    }

    #[test]
    fn only_layers_with_weight_are_run() {
        let style = json!([{"layer": "relu1_1", "weight": 1}, {"layer": "relu5_1", "weight": 0}]);
        let settings =
            chosen(json!({"style_layers": style, "content_layers": layers(&["conv2_2"])})).unwrap();
        assert_eq!(settings.layers(), [Layer::relu(1, 1), Layer::convolution(2, 2)]);
    }
}
