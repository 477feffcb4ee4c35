//! Between the optimiser's variables and the picture they stand for.
//!
//! Variables are the pixels, or the coefficients of their Laplacian pyramid, times the scale of
//! [`PixelUnits`](crate::PixelUnits). Both are linear, so a gradient by the picture becomes one by the
//! variables through the adjoint, divided by the scale.

use impasto_network::Size;

use crate::laplacian::LaplacianPyramid;
use crate::picture::keep_colors;
use crate::{Picture, Settings, Variables};

/// Variables and pictures of one size.
pub(crate) struct Canvas {
    size: Size,
    scale: f32,
    pyramid: Option<LaplacianPyramid>,
    /// The picture, at that size, whose colours a result keeps.
    colors: Option<Picture>,
}

impl Canvas {
    /// For pictures of `size`. A result keeps the colours of `content`, which is of that size, if the
    /// settings say so.
    pub fn new(settings: &Settings, size: Size, content: Option<Picture>) -> Self {
        let pyramid = match settings.variables {
            Variables::Pixels => None,
            Variables::LaplacianPyramid { levels } => Some(LaplacianPyramid::new(size, levels)),
        };
        let colors = content.filter(|_| settings.original_colors);
        Canvas { size, scale: settings.units.scale(), pyramid, colors }
    }

    /// Size of the pictures.
    pub fn size(&self) -> Size {
        self.size
    }

    /// The variables that stand for a picture.
    pub fn variables(&self, picture: &Picture) -> Vec<f32> {
        let scaled: Vec<f32> = picture.data().iter().map(|value| value * self.scale).collect();
        match &self.pyramid {
            None => scaled,
            Some(pyramid) => pyramid.analyse(&scaled),
        }
    }

    /// What variables stand for, planar `[3, H, W]`, into `picture`.
    pub fn paint(&self, variables: &[f32], picture: &mut [f32]) {
        match &self.pyramid {
            None => picture.copy_from_slice(variables),
            Some(pyramid) => pyramid.synthesise(variables, picture),
        }
        picture.iter_mut().for_each(|value| *value /= self.scale);
    }

    /// What variables stand for.
    pub fn picture(&self, variables: &[f32]) -> Picture {
        let Size { height, width } = self.size;
        let mut data = vec![0.0; 3 * height * width];
        self.paint(variables, &mut data);
        Picture::new(width, height, data)
    }

    /// The gradient by the variables, into `gradient`, from that by the picture.
    pub fn gradient(&self, by_picture: &[f32], gradient: &mut [f32]) {
        match &self.pyramid {
            None => gradient.copy_from_slice(by_picture),
            Some(pyramid) => gradient.copy_from_slice(&pyramid.gradient(by_picture)),
        }
        gradient.iter_mut().for_each(|value| *value /= self.scale);
    }

    /// What variables stand for as the result of a run: within 0..1, with the colours of the content if they
    /// are kept.
    pub fn finished(&self, variables: &[f32]) -> Picture {
        let painted = self.picture(variables).clamped();
        match &self.colors {
            Some(content) => keep_colors(&painted, content).clamped(),
            None => painted,
        }
    }
}
