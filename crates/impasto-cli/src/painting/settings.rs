//! From flags to the library's settings. A flag that the basis has no use for is a mistake.

use impasto::optimizers::{LbfgsOptions, LbfgsRule};
use impasto::terms::{Content, Gram, Moments, Patches, Term, TermSettings, TotalVariation};
use impasto::{ColorRule, OptimizerSettings, Settings, SmallerSizes, Start, StyleFit};

use super::arguments::ContentArguments;
use super::basis::Basis;
use super::recipe::Recipe;
use super::request::Request;
use super::values::{Method, PictureSize, StartFrom, Stop};
use crate::failure::Failure;

/// Steps that L-BFGS remembers where the preset is for Adam.
const LBFGS_MEMORY: usize = 20;

/// Noise for presets that start from the content: around mid grey, faint enough to leave no trace.
const NOISE: Start = Start::NormalNoise { mean: [0.5; 3], deviation: 0.1 };

/// The settings of the basis, changed by the flags, and valid.
pub fn settings(request: &Request<'_>, basis: &Basis) -> Result<Settings, Failure> {
    let mut settings = basis.settings().clone();
    if let Some(method) = request.shared.style.method {
        settings.set_method(method);
    }
    schedule(request, basis, &mut settings)?;
    if let Some(effort) = request.shared.optimizer.effort {
        settings.set_effort(effort);
    }
    start(request, basis, &mut settings.schedule.start)?;
    optimizer(request, &mut settings)?;
    style(request, basis, &mut settings)?;
    keeping(request, basis, &mut settings)?;
    if let Some(pooling) = request.shared.network.pooling {
        settings.network.pooling = pooling;
    }
    if let Some(normalize) = request.shared.style.normalize_gradients {
        settings.normalize_gradients = normalize;
    }
    if let Some(seamless) = request.seamless {
        settings.seamless = seamless;
    }
    if let Some(seed) = request.shared.picture.seed {
        settings.seed = seed;
    }
    let tells_strokes_apart = |term: &Term| Gram::of(term).is_some() || Moments::of(term).is_some();
    if request.shared.picture.fine_strokes.is_some() && !settings.terms.iter().any(tells_strokes_apart) {
        return Err(Failure::mistake(
            "--fine-strokes: only statistics tell strokes apart; add --method moments or --method gram",
        ));
    }
    settings.validate()?;
    Ok(settings)
}

fn schedule(request: &Request<'_>, basis: &Basis, settings: &mut Settings) -> Result<(), Failure> {
    let schedule = &mut settings.schedule;
    match (request.shared.picture.size, request.subject()) {
        (None, _) => {}
        (Some(PictureSize::Longest(longest)), _) => schedule.size = longest,
        (Some(PictureSize::Sides(width, height)), None) => schedule.size = width.max(height),
        (Some(PictureSize::Sides(width, height)), Some(subject)) => {
            return Err(Failure::mistake(format_args!(
                "--size {width}x{height}: the result has the aspect of {}; give its longest side alone, \
                 --size {}",
                subject.display(),
                width.max(height)
            )));
        }
    }
    if let Some(iterations) = request.shared.optimizer.iterations {
        let iterations = iterations as usize;
        if let SmallerSizes::First(first) = &mut schedule.smaller_sizes {
            *first =
                (*first as u64 * iterations as u64 / schedule.iterations as u64).clamp(1, 1_000_000) as usize;
        }
        schedule.iterations = iterations;
    }
    match request.shared.optimizer.stop_at_progress {
        None => {}
        Some(Stop::Never) => schedule.stop = None,
        Some(Stop::At(progress)) => schedule.stop = Some(progress),
    }
    if let Some(scale) = request.shared.picture.style_scale {
        if schedule.style_fit == StyleFit::ContentSize {
            let why = "brings styles to the size of the result";
            return Err(unknown_to_basis(basis, "--style-scale", why));
        }
        schedule.style_scale = scale;
    }
    if let Some(size) = request.shared.picture.stroke_size {
        (schedule.style_scale, schedule.style_fit) = (size, StyleFit::Strokes);
    }
    Ok(())
}

fn start(request: &Request<'_>, basis: &Basis, start: &mut Start) -> Result<(), Failure> {
    let is_noise = matches!(start, Start::NormalNoise { .. } | Start::UniformNoise { .. });
    match &request.shared.picture.start {
        Some(StartFrom::Content) if request.content.is_none() => {
            return Err(Failure::mistake(
                "--start content: there is no content picture; leave the flag out to start from noise",
            ));
        }
        Some(StartFrom::Content) => *start = Start::Content,
        Some(StartFrom::Picture(_)) => *start = Start::Picture,
        Some(StartFrom::Noise) if !is_noise => *start = NOISE,
        None if *start == Start::Picture => {
            let from =
                basis.recipe().and_then(Recipe::start).map_or(String::new(), |file| format!(", {file}"));
            return Err(Failure::mistake(format_args!(
                "{} starts from a picture{from}: name one with --start FILE, or choose --start content or --start noise",
                basis.name()
            )));
        }
        None if request.content.is_none() && !is_noise => *start = NOISE,
        Some(StartFrom::Noise) | None => {}
    }
    Ok(())
}

fn optimizer(request: &Request<'_>, settings: &mut Settings) -> Result<(), Failure> {
    let flags = &request.shared.optimizer;
    match (flags.optimizer, &settings.optimizer) {
        (Some(Method::Lbfgs), OptimizerSettings::Adam(_)) => {
            let line_search =
                LbfgsOptions { memory: LBFGS_MEMORY, rule: LbfgsRule::StrongWolfe, ..Default::default() };
            settings.optimizer = OptimizerSettings::Lbfgs(line_search);
            // The average takes out Adam's noise; L-BFGS has none, and its early pictures lag behind.
            settings.average = None;
        }
        (Some(Method::Adam), OptimizerSettings::Lbfgs(_)) => {
            settings.optimizer = OptimizerSettings::adam(settings.units);
        }
        _ => {}
    }
    if let Some(rate) = flags.learning_rate {
        match &mut settings.optimizer {
            OptimizerSettings::Lbfgs(options) => options.learning_rate = rate,
            OptimizerSettings::Adam(options) => options.learning_rate = rate,
        }
    }
    if let Some(memory) = flags.lbfgs_memory {
        match &mut settings.optimizer {
            OptimizerSettings::Lbfgs(options) => options.memory = memory.into(),
            OptimizerSettings::Adam(_) => {
                return Err(Failure::mistake(
                    "--lbfgs-memory is for L-BFGS, but this run uses Adam: add --optimizer lbfgs",
                ));
            }
        }
    }
    Ok(())
}

/// The flags about the style and smoothness.
fn style(request: &Request<'_>, basis: &Basis, settings: &mut Settings) -> Result<(), Failure> {
    let flags = &request.shared.style;
    if let Some(weight) = flags.style_weight
        && !settings.set_style_weight(weight)
    {
        return Err(no_term(basis, "--style-weight"));
    }
    if let Some(layers) = &flags.style_layers {
        let of_style = settings.style_layers_mut().ok_or_else(|| no_term(basis, "--style-layers"))?;
        of_style.layers.clone_from(layers);
    }
    patches(request, settings)?;
    if let Some(weight) = flags.tv_weight {
        settings.term_mut::<TotalVariation>().ok_or_else(|| no_term(basis, "--tv-weight"))?.weight = weight;
    }
    Ok(())
}

/// The flags about patches.
fn patches(request: &Request<'_>, settings: &mut Settings) -> Result<(), Failure> {
    let flags = &request.shared.patches;
    let Some(flag) = flags.given() else { return Ok(()) };
    let Some(patches) = settings.term_mut::<Patches>() else {
        return Err(Failure::mistake(format_args!("{flag}: this run has no patches; add --method patches")));
    };
    if flags.semantic_weight.is_some() && request.maps.is_none() {
        return Err(Failure::mistake("--semantic-weight: there are no maps to weigh; leave the flag out"));
    }
    let set = |setting: &mut usize, flag: Option<u8>| *setting = flag.map_or(*setting, usize::from);
    set(&mut patches.size, flags.patch_size);
    // Patches may touch but leave no gap, which a smaller size would open at the preset's stride.
    patches.query_stride = patches.query_stride.min(patches.size);
    set(&mut patches.rotations, flags.patch_rotations);
    set(&mut patches.scales, flags.patch_scales);
    set(&mut patches.source_stride, flags.patch_stride);
    patches.semantic_weight = flags.semantic_weight.unwrap_or(patches.semantic_weight);
    patches.variety = flags.variety.unwrap_or(patches.variety);
    patches.match_every = flags.match_every.map_or(patches.match_every, |every| every as usize);
    Ok(())
}

/// The flags about what is kept of a content picture.
fn keeping(request: &Request<'_>, basis: &Basis, settings: &mut Settings) -> Result<(), Failure> {
    let Some(flags) = request.keeping else { return Ok(()) };
    if let (None, Some(flag)) = (request.content, flags.given()) {
        return Err(Failure::mistake(format_args!(
            "{flag}: there is no content picture; leave the flag out, or add --content PHOTO"
        )));
    }
    if let Some(weight) = flags.content_weight {
        settings.term_mut::<Content>().ok_or_else(|| no_term(basis, "--content-weight"))?.weight = weight;
    }
    if let Some(ratio) = flags.style_ratio {
        let refused = |error| Failure::mistake(format_args!("--style-ratio: {error}; use --style-weight"));
        settings.set_style_ratio(ratio).map_err(refused)?;
    }
    if let Some(layers) = &flags.content_layers {
        let term = settings.term_mut::<Content>().ok_or_else(|| no_term(basis, "--content-layers"))?;
        term.layers.layers.clone_from(layers);
    }
    if let Some(strength) = flags.strength {
        let refused = |_| unknown_to_basis(basis, "--strength", "keeps no content");
        settings.set_strength(strength).map_err(refused)?;
    }
    colors(flags, settings)
}

/// The flags about colours.
fn colors(flags: &ContentArguments, settings: &mut Settings) -> Result<(), Failure> {
    if let Some(rule) = flags.color_rule() {
        settings.colors.rule = rule;
    }
    if let Some(strength) = flags.color_strength {
        if settings.colors.rule == ColorRule::Style {
            return Err(Failure::mistake(
                "--color-strength: the colours are those of the style, all of them; add --colors content, \
                 luminance or match",
            ));
        }
        settings.colors.strength = strength;
    }
    Ok(())
}

fn no_term(basis: &Basis, flag: &str) -> Failure {
    unknown_to_basis(basis, flag, "has no such term")
}

fn unknown_to_basis(basis: &Basis, flag: &str, why: &str) -> Failure {
    Failure::mistake(format_args!("{flag}: {} {why}; leave the flag out", basis.name()))
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use impasto::Preset;
    use impasto::terms::Gram;
    use impasto_network::Layer;

    use super::*;
    use crate::command_line::{Command, CommandLine};

    fn typed(flags: &str) -> Result<Settings, String> {
        let words = ["impasto", "transfer", "a.png", "b.png"].into_iter().chain(flags.split_whitespace());
        let line = CommandLine::try_parse_from(words).map_err(|error| error.to_string())?;
        let Command::Transfer(arguments) = line.command else { unreachable!("transfer was typed") };
        arguments.request().and_then(|request| settings(&request, &Basis::new(&request)?)).map_err(
            |failure| match failure {
                Failure::Mistake(line) => line,
                other => panic!("{other:?}"),
            },
        )
    }

    #[test]
    fn no_flag_leaves_the_preset_as_it_is() {
        for preset in Preset::ALL {
            assert_eq!(typed(&format!("--preset {preset}")), Ok(preset.settings()));
        }
    }

    #[test]
    fn a_preset_of_one_size_stays_so_at_any_size() {
        for (preset, stages) in [("gatys", 1), ("keras", 1), ("neural-style", 1), ("impasto", 7)] {
            let settings = typed(&format!("--preset {preset} --size 1024")).unwrap();
            assert_eq!(settings.schedule.sizes().len(), stages, "{preset}");
        }
    }

    #[test]
    fn flags_reach_their_settings() {
        let settings = typed(
            "--preset neural-style --optimizer adam --learning-rate 5 --content-weight 2 --style-ratio 10 \
             --tv-weight 0 --style-layers relu1_1:2,conv3_1 --content-layers conv4_2 --start content \
             --seed 7 --iterations 9 --style-scale 0.5 --pooling average --normalize-gradients",
        )
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
    fn a_method_brings_its_own_flags() {
        let settings = typed(
            "--method patches --patch-size 5 --patch-rotations 2 --patch-scales 1 --patch-stride 2 \
             --semantic-weight 3 --variety 0.1 --match-every 4 --style-weight 2 --style-layers relu3_1 \
             --content-map c.png --style-map d.png",
        )
        .unwrap();
        let patches = settings.term::<Patches>().unwrap();
        assert_eq!((patches.size, patches.rotations, patches.scales, patches.source_stride), (5, 2, 1, 2));
        assert_eq!((patches.semantic_weight, patches.variety, patches.match_every), (3.0, 0.1, 4));
        assert_eq!((patches.weight, patches.layers.layers.len()), (2.0, 1));
        assert!(settings.term::<Gram>().is_none());
    }

    #[test]
    fn small_patches_leave_no_gap() {
        let settings = typed("--preset cnnmrf --patch-size 1").unwrap();
        let patches = settings.term::<Patches>().unwrap();
        assert_eq!((patches.size, patches.query_stride), (1, 1));
    }

    #[test]
    fn noise_is_the_presets_own_where_it_has_any() {
        let keras = typed("--preset keras --start noise").unwrap();
        assert_eq!(keras, Preset::Keras.settings());
        assert_eq!(typed("--start noise").unwrap().schedule.start, NOISE);
    }

    #[test]
    fn flags_without_effect_are_refused() {
        for (flags, words) in [
            ("--lbfgs-memory 5", "add --optimizer lbfgs"),
            ("--patch-size 5", "add --method patches"),
            ("--method patches --patch-size 4", "possible values: 1, 3, 5, 7"),
            ("--method patches --semantic-weight 4", "there are no maps"),
            ("--preset gatys --tv-weight 1", "--tv-weight: the preset gatys"),
            ("--preset keras --style-scale 2", "--style-scale: the preset keras"),
            ("--style-weight 0 --content-weight 0 --tv-weight 0", "no term has a weight"),
            ("--style-layers relu1_1,relu1_1", "relu1_1"),
            ("--style-scale 101", "style scale is 101"),
            ("--learning-rate 1e10", "learning rate is 10000000000"),
        ] {
            let error = typed(flags).unwrap_err();
            assert!(error.contains(words), "{flags}: {error}");
        }
    }

    #[test]
    fn only_layers_with_weight_are_run() {
        let settings = typed("--style-layers relu1_1,relu5_1:0 --content-layers conv2_2").unwrap();
        assert_eq!(settings.layers(), [Layer::relu(1, 1), Layer::convolution(2, 2)]);
    }
}
