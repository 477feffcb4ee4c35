//! Between the optimiser's variables and the picture they stand for.
//!
//! Variables are the pixels, or the coefficients of their Laplacian pyramid, times the scale of
//! [`PixelUnits`](crate::PixelUnits). Both are linear, so a gradient by the picture becomes one by the
//! variables through the adjoint, divided by the scale.
//!
//! Where a [`StrengthMap`](crate::StrengthMap) m is below 1, the picture lies between the content c and what the
//! variables would paint alone, v; the result r lies between the content and the picture:
//!
//! ```text
//! x = c + √m (v − c)        dv = √m dx        r = c + √m (x − c) = c + m (v − c)
//! ```
//!
//! The terms see x. A fade that they did not see, x = v, would lay a painting over a photograph whose edges it has
//! moved: both would show. A fade that they saw all of, r = x, would be undone, because the variables may go
//! further. Each half of it leaves the other bounded.

use impasto_network::Size;

use crate::laplacian::LaplacianPyramid;
use crate::{Colors, Picture, Settings, Variables};

/// Variables and pictures of one size.
pub(crate) struct Canvas {
    size: Size,
    scale: f32,
    pyramid: Option<LaplacianPyramid>,
    colors: Colors,
    /// The content in its own colours.
    photograph: Option<Picture>,
    hold: Option<Hold>,
}

/// What holds a painting to its content.
pub(crate) struct Hold {
    /// c, as the run sees it.
    content: Picture,
    /// √m, `[H, W]`, 0..1.
    share: Vec<f32>,
}

impl Hold {
    /// To `content`, as the run sees it, where the strength, `[H, W]` and 0..1, is below 1.
    pub fn new(content: Picture, strength: &[f32]) -> Self {
        Hold { content, share: strength.iter().map(|strength| strength.sqrt()).collect() }
    }
}

impl Canvas {
    /// For pictures of `size`. `photograph` is the content in its own colours, of that size, if a result takes
    /// something from it.
    pub fn new(settings: &Settings, size: Size, photograph: Option<Picture>, hold: Option<Hold>) -> Self {
        let pyramid = match settings.variables {
            Variables::Pixels => None,
            Variables::LaplacianPyramid { levels } => Some(LaplacianPyramid::new(size, levels)),
        };
        let scale = settings.units.scale();
        Canvas { size, scale, pyramid, colors: settings.colors, photograph, hold }
    }

    /// Size of the pictures.
    pub fn size(&self) -> Size {
        self.size
    }

    /// How many variables there are.
    pub fn count(&self) -> usize {
        self.pyramid.as_ref().map_or(3 * self.size.height * self.size.width, LaplacianPyramid::len)
    }

    /// Whether variables are the values of the picture that they stand for.
    pub fn is_plain(&self) -> bool {
        self.pyramid.is_none() && self.hold.is_none() && self.scale == 1.0
    }

    /// The variables of a picture that nothing holds back.
    pub fn variables(&self, picture: Picture) -> Vec<f32> {
        let mut scaled = picture.into_data();
        scaled.iter_mut().for_each(|value| *value *= self.scale);
        match &self.pyramid {
            None => scaled,
            Some(pyramid) => pyramid.analyse(&scaled),
        }
    }

    /// What variables stand for, planar `[3, H, W]`, into `picture`.
    pub fn paint(&self, variables: &[f32], picture: &mut [f32]) {
        self.paint_unheld(variables, picture);
        let Some(Hold { content, share }) = &self.hold else { return };
        let planes = picture.chunks_exact_mut(share.len());
        for (plane, content) in planes.zip(content.data().chunks_exact(share.len())) {
            for ((value, content), share) in plane.iter_mut().zip(content).zip(share) {
                *value = between(*content, *value, *share);
            }
        }
    }

    /// The same, held by nothing.
    fn paint_unheld(&self, variables: &[f32], picture: &mut [f32]) {
        match &self.pyramid {
            None => picture.copy_from_slice(variables),
            Some(pyramid) => pyramid.synthesise(variables, picture),
        }
        picture.iter_mut().for_each(|value| *value /= self.scale);
    }

    /// What variables stand for.
    pub fn picture(&self, variables: &[f32]) -> Picture {
        self.picture_by(|picture| self.paint(variables, picture))
    }

    /// What variables stand for where nothing holds them back: what the next size starts from. Of pictures as they
    /// are held, every size would hold back more.
    pub fn unheld(&self, variables: &[f32]) -> Picture {
        self.picture_by(|picture| self.paint_unheld(variables, picture))
    }

    fn picture_by(&self, paint: impl FnOnce(&mut [f32])) -> Picture {
        let Size { height, width } = self.size;
        let mut data = vec![0.0; 3 * height * width];
        paint(&mut data);
        Picture::new(width, height, data)
    }

    /// The gradient by the variables, into `gradient`, from that by the picture, which is changed on the way.
    pub fn gradient(&self, by_picture: &mut [f32], gradient: &mut [f32]) {
        if let Some(Hold { share, .. }) = &self.hold {
            for plane in by_picture.chunks_exact_mut(share.len()) {
                plane.iter_mut().zip(share).for_each(|(value, share)| *value *= share);
            }
        }
        match &self.pyramid {
            None => gradient.copy_from_slice(by_picture),
            Some(pyramid) => gradient.copy_from_slice(&pyramid.gradient(by_picture)),
        }
        gradient.iter_mut().for_each(|value| *value /= self.scale);
    }

    /// What variables stand for as the result of a run: within 0..1, in the colours that the settings ask for, and
    /// bit for bit the photograph where the strength is 0.
    pub fn finished(&self, variables: &[f32]) -> Picture {
        let painted = self.picture(variables).clamped();
        let Some(photograph) = &self.photograph else { return painted };
        let share = self.hold.as_ref().map(|hold| &hold.share[..]);
        let mut finished = self.colors.finished(painted, photograph, share);
        let Some(share) = share else { return finished };
        let planes = finished.data_mut().chunks_exact_mut(share.len());
        for (plane, photograph) in planes.zip(photograph.data().chunks_exact(share.len())) {
            for ((value, photograph), share) in plane.iter_mut().zip(photograph).zip(share) {
                *value = between(*photograph, *value, *share);
            }
        }
        finished.clamped()
    }
}

/// From `held` to `free`; bit for bit one of them where the share is 0 or 1.
fn between(held: f32, free: f32, share: f32) -> f32 {
    if share == 1.0 { free } else { held + share * (free - held) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ColorRule, PixelUnits, Preset};

    const SIZE: Size = Size { height: 11, width: 14 };

    fn values(count: usize, step: usize) -> Vec<f32> {
        (0..count).map(|index| ((index * step) % 101) as f32 / 101.0).collect()
    }

    fn content() -> Picture {
        Picture::new(SIZE.width, SIZE.height, values(3 * 11 * 14, 53))
    }

    /// Black in the first rows, then greys, then white.
    fn strength() -> Vec<f32> {
        (0..11 * 14).map(|index| ((index / 14) as f32 / 5.0 - 0.4).clamp(0.0, 1.0)).collect()
    }

    /// Canvases of pixels and of a pyramid, in two units, held and not.
    fn canvases() -> Vec<Canvas> {
        let mut all = Vec::new();
        for variables in [Variables::Pixels, Variables::LaplacianPyramid { levels: 3 }] {
            for units in [PixelUnits::One, PixelUnits::Bytes] {
                let settings = Settings { variables, units, ..Preset::Impasto.settings() };
                all.push(Canvas::new(&settings, SIZE, None, None));
                let hold = Hold::new(content(), &strength());
                all.push(Canvas::new(&settings, SIZE, Some(content()), Some(hold)));
            }
        }
        all
    }

    fn product(one: &[f32], other: &[f32]) -> f64 {
        one.iter().zip(other).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
    }

    #[test]
    fn the_gradient_is_the_adjoint_of_painting() {
        for canvas in canvases() {
            let count = canvas.variables(content()).len();
            let (variables, weights) = (values(count, 37), values(3 * 11 * 14, 29));
            let (painted, nothing) = (canvas.picture(&variables), canvas.picture(&vec![0.0; count]));
            let linear: Vec<f32> = painted.data().iter().zip(nothing.data()).map(|(a, b)| a - b).collect();
            let mut gradient = vec![0.0; count];
            canvas.gradient(&mut weights.clone(), &mut gradient);
            let (forward, backward) = (product(&linear, &weights), product(&variables, &gradient));
            assert!((forward / backward - 1.0).abs() < 1e-4, "{forward} and {backward}");
        }
    }

    #[test]
    fn the_gradient_is_that_of_finite_differences() {
        // Of half the sum of the squares of the picture, whose gradient by the picture is the picture.
        for canvas in canvases() {
            let variables = canvas.variables(Picture::new(14, 11, values(3 * 11 * 14, 37)));
            let loss = |variables: &[f32]| {
                let picture = canvas.picture(variables);
                0.5 * product(picture.data(), picture.data())
            };
            let mut gradient = vec![0.0; variables.len()];
            canvas.gradient(canvas.picture(&variables).data_mut(), &mut gradient);
            let step = 0.05 * canvas.scale;
            for index in [0, 20, 60, 100, variables.len() - 1] {
                let at = |offset: f32| {
                    let mut moved = variables.clone();
                    moved[index] += offset;
                    loss(&moved)
                };
                let slope = (at(step) - at(-step)) / (2.0 * f64::from(step));
                let found = f64::from(gradient[index]);
                assert!((slope - found).abs() < 1e-3 * slope.abs() + 1e-4, "{index}: {slope} {found}");
            }
        }
    }

    #[test]
    fn what_is_held_wholly_is_the_photograph_bit_for_bit() {
        for rule in ColorRule::ALL {
            let mut settings = Preset::Impasto.settings();
            settings.colors = rule.into();
            let seen = settings.colors.of_content(content());
            let canvas = Canvas::new(&settings, SIZE, Some(content()), Some(Hold::new(seen, &strength())));
            let finished = canvas.finished(&values(3 * 11 * 14, 37));
            for (index, (found, expected)) in finished.data().iter().zip(content().data()).enumerate() {
                let row = index / 14 % 11;
                assert!(row > 2 || found.to_bits() == expected.to_bits(), "{rule:?} in row {row}");
                assert!((0.0..=1.0).contains(found), "{rule:?}: {found}");
            }
        }
    }

    #[test]
    fn the_next_size_starts_from_what_nothing_holds() {
        let hold = Hold::new(content(), &strength());
        let canvas = Canvas::new(&Preset::Impasto.settings(), SIZE, Some(content()), Some(hold));
        let variables = values(3 * 11 * 14, 37);
        assert_eq!(canvas.unheld(&variables).data(), variables);
        assert_ne!(canvas.picture(&variables).data(), variables);
    }
}
