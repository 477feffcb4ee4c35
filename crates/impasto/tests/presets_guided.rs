//! The presets that compare Gram matrices region by region, against the same arithmetic in PyTorch, float64
//! (fixtures/make_fast_neural_doodle.py, make_keras_doodle.py): every loss and every gradient.

mod parity;

use impasto::regions::{RegionOptions, Regions, read_color_maps};
use impasto::terms::Term;
use impasto::{Evaluation, Picture, Preset, Settings, StyleFit, Transfer};
use impasto_network::{CpuEngine, ScalarEngine};

use crate::parity::{Fixture, assert_close, assert_gradient, fixture, losses_of};

/// What a preset is compared on.
struct Case {
    preset: Preset,
    network: &'static str,
    style: &'static str,
    fixture: Fixture,
}

impl Case {
    fn fast_neural_doodle() -> Self {
        Case {
            preset: Preset::FastNeuralDoodle,
            network: "network.safetensors",
            style: "style_1",
            fixture: fixture("fast_neural_doodle.safetensors"),
        }
    }

    fn keras_doodle() -> Self {
        Case {
            preset: Preset::KerasDoodle,
            network: "network_vgg19.safetensors",
            style: "style_2",
            fixture: fixture("keras_doodle.safetensors"),
        }
    }

    /// The preset at the size of the fixture pictures, which then go in bit for bit: the content is 40 x 48,
    /// one style 56 x 40, the other 40 x 48.
    fn settings(&self) -> Settings {
        let mut settings = self.preset.settings();
        settings.schedule.size = 48;
        if settings.schedule.style_fit == StyleFit::LongestSide {
            settings.schedule.style_scale = 56.0 / 48.0;
        }
        settings
    }

    /// At the fixture picture, on the engine under test.
    fn evaluate(&self, settings: &Settings, regions: (Regions, Vec<Regions>), fast: bool) -> Evaluation {
        let picture = |name| parity::picture("doodle_pictures.safetensors", name);
        let transfer = Transfer::new(settings.clone())
            .content(picture("content"))
            .style(picture(self.style), 1.0)
            .regions(regions.0, regions.1);
        let weights = parity::weights(self.network, settings);
        let evaluation = match fast {
            true => transfer.evaluate(&mut CpuEngine::new(weights), &picture("picture")),
            false => transfer.evaluate(&mut ScalarEngine::new(&weights), &picture("picture")),
        };
        evaluation.unwrap()
    }

    /// The regions of the fixture maps, in the order of [`read_color_maps`].
    fn regions(&self) -> (Regions, Vec<Regions>) {
        let map = |name| parity::picture("maps.safetensors", name);
        let maps = read_color_maps(&map("picture"), &[map(self.style)], &RegionOptions::default());
        maps.unwrap()
    }

    /// The regions of one colour alone, as masks.
    fn region(&self, color: [u8; 3]) -> (Regions, Vec<Regions>) {
        let mask = |name| {
            let map = parity::picture("maps.safetensors", name);
            let (red, rest) = map.data().split_at(map.width() * map.height());
            let (green, blue) = rest.split_at(red.len());
            let is_it = |index: usize| {
                let pixel =
                    [red[index], green[index], blue[index]].map(|value| (255.0 * value).round() as u8);
                f32::from(u8::from(pixel == color))
            };
            let mask: Vec<f32> = (0..red.len()).map(is_it).collect();
            Regions::from_masks(&[Picture::new(map.width(), map.height(), mask.repeat(3))]).unwrap()
        };
        (mask("picture"), vec![mask(self.style)])
    }

    fn expected(&self, name: &str) -> &[f64] {
        &self.fixture[name]
    }

    /// Compares an evaluation of all terms, then of each alone, with the fixture, on both engines.
    fn compare(&self) {
        let settings = self.settings();
        for fast in [false, true] {
            let all = self.evaluate(&settings, self.regions(), fast);
            assert_close(&[all.total], self.expected("loss.total"), "loss.total");
            assert_gradient(&all, self.expected("gradient.total"), "gradient.total");
            for term in &settings.terms {
                let (found, name) = match term {
                    Term::Content(_) => ("content", "content"),
                    Term::Gram(_) => ("gram", "style"),
                    Term::TotalVariation(it) if it.weight == 0.0 => continue,
                    Term::TotalVariation(_) => ("total_variation", "total_variation"),
                    other => panic!("no fixture of {other:?}"),
                };
                let (losses, expected) = (losses_of(&all, found), self.expected(&format!("loss.{name}")));
                assert_eq!(losses.len(), expected.len(), "{name}");
                for (index, (loss, expected)) in losses.iter().zip(expected).enumerate() {
                    assert_close(&[*loss], &[*expected], &format!("loss.{name}[{index}]"));
                }
                let alone = Settings { terms: vec![term.clone()], ..settings.clone() };
                let gradient = self.expected(&format!("gradient.{name}"));
                let alone = self.evaluate(&alone, self.regions(), fast);
                assert_gradient(&alone, gradient, &format!("gradient.{name}"));
            }
        }
    }

    /// Compares each region alone with the fixture.
    fn compare_regions(&self) {
        const COLORS: [[u8; 3]; 3] = [[200, 40, 30], [30, 160, 60], [40, 60, 220]];
        let mut settings = self.settings();
        settings.terms.retain(|term| matches!(term, Term::Gram(_)));
        for (region, color) in COLORS.into_iter().enumerate() {
            let evaluation = self.evaluate(&settings, self.region(color), true);
            let expected = self.expected("loss.style.regions").iter().skip(region).step_by(COLORS.len());
            let losses = losses_of(&evaluation, "gram");
            assert_eq!(losses.len(), expected.len());
            for (index, (loss, &expected)) in losses.iter().zip(expected).enumerate() {
                assert_close(&[*loss], &[expected], &format!("layer {index} of region {region}"));
            }
        }
    }
}

#[test]
fn fast_neural_doodle_is_ulyanov_s_arithmetic() {
    Case::fast_neural_doodle().compare();
    Case::fast_neural_doodle().compare_regions();
}

#[test]
fn keras_doodle_is_the_example_s_arithmetic() {
    Case::keras_doodle().compare();
    Case::keras_doodle().compare_regions();
}
