//! What a stage costs, known before it runs: the passes of the network and the work of the terms, in multiply-adds of a
//! matrix product. It is the same on every machine. Seconds come of it by timing a little of the run, or what there was
//! of it so far.

use impasto_network::{Architecture, Layer, Size};

use super::Stage;
use crate::style_copy::StyleCopy;
use crate::terms::{Pictures, Scene, Taps, TermInUse};

/// What Winograd's products and the sums around them cost over a direct convolution.
const OF_DIRECT_CONVOLUTION: f64 = 1.0 / 3.0;

/// Of each weight in a pass: what transforming it costs, however small the picture is.
const OF_WEIGHT: f64 = 50.0;

/// Of an evaluation, however small the picture is: calling the threads to work, layer by layer.
const OF_EVALUATION: f64 = 1e8;

/// Of each pixel in an iteration: what optimiser, average and the arithmetic on pictures cost, which is bound by memory.
const OF_PIXEL: f64 = 1000.0;

/// What a stage costs, in multiply-adds of a matrix product in f32.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Cost {
    /// Of learning the targets.
    pub learning: f64,
    /// Of one iteration.
    pub iteration: f64,
}

impl Cost {
    /// That of a stage, but for what an iteration costs where it evaluates more than once.
    pub(super) fn new(architecture: &Architecture, terms: &[TermInUse<'_>], stage: &Stage) -> Self {
        let taps = Taps::new(terms);
        let pass = |deepest: Option<_>, Size { height, width }| {
            deepest.map_or(0.0, |layer| {
                OF_DIRECT_CONVOLUTION * architecture.multiply_adds(layer, height, width) as f64
                    + OF_WEIGHT * weights(architecture, layer)
            })
        };
        let (of_picture, of_styles) = (taps.picture.last().copied(), taps.style.last().copied());
        let scene = Scene {
            size: stage.size,
            pixel_scale: 1.0,
            regions: None,
            seamless: false,
            is_coarsest: stage.is_coarsest,
            refines: stage.refines,
        };
        let mut learning = 0.0;
        let mut copies: Vec<(StyleCopy, bool)> = Vec::new();
        for definition in terms.iter().map(|term| term.definition()) {
            let starts = definition.start_share(&scene).is_some();
            learning += f64::from(u8::from(definition.learns_content()) + u8::from(starts))
                * pass(of_picture, stage.size);
            if definition.learns_style() {
                let surveys = definition.surveys_style(&scene);
                let looks = [Some(false), surveys.then_some(true)];
                let all = definition.style_copies();
                let all =
                    all.iter().flat_map(|&copy| looks.into_iter().flatten().map(move |look| (copy, look)));
                copies.extend(all);
            }
        }
        let mut shown: Vec<(StyleCopy, bool)> = Vec::new();
        for copy in copies {
            if !shown.contains(&copy) {
                shown.push(copy);
            }
        }
        let sizes =
            stage.styles.iter().flat_map(|&style| shown.iter().map(move |(copy, _)| copy.of_size(style)));
        learning += sizes.map(|size| pass(of_styles, size)).sum::<f64>();
        // Forward and back; in tiles, forward twice.
        let passes = match stage.tiles {
            1 => 2.0,
            _ => 3.0 * stage.tile_pixels as f64 / stage.pixels() as f64,
        };
        let pictures = Pictures { size: stage.size, styles: &stage.styles, refines: stage.refines };
        let of_terms = terms.iter().map(|term| term.definition().work(architecture, &pictures));
        let mut iteration =
            passes * pass(of_picture, stage.size) + OF_PIXEL * stage.pixels() as f64 + OF_EVALUATION;
        for work in of_terms {
            learning += work.learning;
            iteration += work.evaluation;
        }
        Cost { learning, iteration }
    }
}

/// Weights of the convolutions down to `deepest`.
fn weights(architecture: &Architecture, deepest: Layer) -> f64 {
    let channels = |layer| architecture.channels(layer).unwrap_or(0) as f64;
    let layers: Vec<Layer> = architecture.convolutions().take_while(|&layer| layer <= deepest).collect();
    let inputs = [3.0].into_iter().chain(layers.iter().map(|&layer| channels(layer)));
    layers.iter().zip(inputs).map(|(&layer, inputs)| 9.0 * inputs * channels(layer)).sum()
}

#[cfg(test)]
mod tests {
    use impasto_network::{CpuEngine, Weights};

    use super::*;
    use crate::{Picture, Preset, Pyramid, Settings, StyleMethod, Transfer};

    /// The stages of one size, of pictures of this size.
    fn stages(mut settings: Settings, size: usize) -> Vec<Stage> {
        (settings.schedule.size, settings.schedule.pyramid) = (size, Pyramid::One);
        let picture = || Picture::uniform_noise(size, size, 0.0..1.0, 1);
        let transfer = Transfer::new(settings).style(picture(), 1.0).content(picture());
        transfer.plan(&CpuEngine::new(Weights::compact())).unwrap().stages
    }

    fn cost(method: StyleMethod, size: usize) -> Cost {
        let mut settings = Preset::Impasto.settings();
        settings.set_method(method);
        stages(settings, size)[0].cost
    }

    #[test]
    fn statistics_grow_with_the_pixels_and_comparisons_with_their_square() {
        let growth = |method| cost(method, 1024).iteration / cost(method, 512).iteration;
        assert!((3.8..4.0).contains(&growth(StyleMethod::Gram)), "{}", growth(StyleMethod::Gram));
        assert!(growth(StyleMethod::Patches) > 6.0, "{}", growth(StyleMethod::Patches));
        // Columns are searched once, while a stage learns.
        let learning = |size| cost(StyleMethod::Nearest, size).learning;
        assert!(learning(256) / learning(128) > 8.0, "{}", learning(256) / learning(128));
        assert!((3.8..4.1).contains(&growth(StyleMethod::Nearest)), "{}", growth(StyleMethod::Nearest));
    }

    #[test]
    fn a_term_adds_its_work_to_that_of_the_network() {
        let [gram, moments, patches] = [StyleMethod::Gram, StyleMethod::Moments, StyleMethod::Patches]
            .map(|method| cost(method, 128).iteration);
        assert!(moments > gram && patches < gram, "{gram} {moments} {patches}");
        let mut often = Preset::Impasto.settings();
        often.set_method(StyleMethod::Patches);
        let every = |times| {
            let mut settings = often.clone();
            settings.term_mut::<crate::terms::Patches>().unwrap().match_every = times;
            stages(settings, 512)[0].cost.iteration
        };
        let [one, two, four] = [1, 2, 4].map(every);
        assert!(((one - two) / (two - four) - 2.0).abs() < 1e-9, "{one} {two} {four}");
    }

    #[test]
    fn a_refinement_costs_what_it_does() {
        let mut settings = Preset::Impasto.settings();
        settings.set_method(StyleMethod::Nearest);
        let stages = stages(settings, 256);
        assert!(stages[1].refines && stages[1].cost.iteration > stages[0].cost.iteration);
        assert!(stages[1].cost.learning < stages[0].cost.learning / 4.0);
    }

    #[test]
    fn weights_are_counted_down_to_a_layer() {
        let vgg19 = Architecture::vgg19();
        assert_eq!(weights(&vgg19, Layer::convolution(1, 2)), 9.0 * (3.0 * 64.0 + 64.0 * 64.0));
        assert_eq!(weights(&vgg19, Layer::relu(1, 1)), 9.0 * 3.0 * 64.0);
    }
}
