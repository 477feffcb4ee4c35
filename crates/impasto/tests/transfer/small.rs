//! A small network and small pictures.

use impasto::terms::{Content, Gram, WeightedLayers};
use impasto::{
    Control, Picture, Preset, Progress, Pyramid, Settings, SmallerSizes, StyleFit, StyleMethod, Transfer,
};
use impasto_network::{Architecture, Layer, ScalarEngine, Weights};

/// Five blocks, so that it has the layers of all presets.
pub fn weights() -> Weights {
    let blocks = vec![vec![4, 4], vec![6, 6], vec![6, 6, 6], vec![8, 8, 8], vec![8, 8]];
    Weights::random(Architecture::new("small", blocks), 3)
}

/// The scalar engine on [`weights`].
pub fn engine() -> ScalarEngine {
    ScalarEngine::new(&weights())
}

/// Smooth colours with a little noise, different for every seed.
pub fn picture(width: usize, height: usize, seed: u64) -> Picture {
    let mut picture = Picture::uniform_noise(width, height, 0.0..0.2, seed);
    let phase = seed as f32;
    for (index, value) in picture.data_mut().iter_mut().enumerate() {
        let (x, y) = ((index % width) as f32, (index / width) as f32);
        *value += 0.4 + 0.35 * (0.3 * x + phase).sin() * (0.2 * y - phase).cos();
    }
    picture
}

/// The default preset with Gram matrices in three sizes, 24, 34 and 48 pixels, of six iterations each.
pub fn settings() -> Settings {
    let mut settings = Preset::Impasto.settings();
    settings.set_method(StyleMethod::Gram);
    settings.schedule.smaller_sizes = SmallerSizes::Equal;
    settings.schedule.style_fit = StyleFit::Shrink;
    settings.term_mut::<Content>().unwrap().layers.replace(&[Layer::relu(4, 2)]);
    (settings.schedule.size, settings.schedule.pyramid) = (48, Pyramid::RootsOfTwo { first: 24 });
    settings.schedule.iterations = 6;
    settings
}

/// One term of one layer at one size.
pub fn simple_settings() -> Settings {
    let mut settings = settings();
    (settings.schedule.size, settings.schedule.pyramid) = (24, Pyramid::One);
    let style = settings.term_mut::<Gram>().unwrap();
    style.layers = WeightedLayers::each(&[Layer::relu(2, 1)]);
    settings.terms = vec![style.clone().into()];
    settings
}

/// With a content of 48 x 36 and a style of 40 x 44.
pub fn transfer(settings: Settings) -> Transfer {
    Transfer::new(settings).content(picture(48, 36, 1)).style(picture(40, 44, 2), 1.0)
}

/// Observes nothing.
pub fn go_on(_: &Progress) -> Control {
    Control::Continue
}
