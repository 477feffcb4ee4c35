//! The pictures of a stage at their sizes: the content, the styles, and what the first stage starts from.

use std::sync::Arc;

use impasto_network::Size;

use super::Transfer;
use crate::given_style::{Strokes, Style};
use crate::laplacian::LaplacianPyramid;
use crate::regions::Regions;
use crate::{Picture, Stage, Start, StyleCache, TransferError};

/// Which pictures an objective is made from, all at their final size.
pub(crate) struct Sources {
    /// The content, if there is one, as terms learn it.
    pub content: Option<Picture>,
    /// The content in its own colours, if the result takes something from it.
    pub photograph: Option<Picture>,
    /// The styles.
    pub styles: Vec<StyleSource>,
    /// What other runs have kept of them.
    pub cache: Option<Arc<StyleCache>>,
}

/// A style picture.
pub(crate) struct StyleSource {
    /// The picture.
    pub picture: Picture,
    /// Its part of the blend; all parts add up to 1.
    pub share: f64,
    /// Which layers read it.
    pub strokes: Strokes,
    /// Its parts, at its size.
    pub regions: Option<Regions>,
}

impl Transfer {
    /// The pictures of a stage at their sizes.
    pub(crate) fn sources(&self, stage: &Stage) -> Result<Sources, TransferError> {
        let colors = &self.settings.colors;
        let fit = |picture: &Picture, size| self.schedule().fit(picture, size);
        let photograph = self.content.as_ref().map(|content| fit(content, stage.size));
        let colored = |picture: Picture, regions: &Option<Regions>| match &photograph {
            Some(photograph) => {
                colors.of_style(picture, regions.as_ref().and_then(Regions::opacity), photograph)
            }
            None => picture,
        };
        let source = |style: &Style<'_>, size, strokes| {
            let regions = style.regions_at(size);
            let picture = colored(style.source.fit(self.schedule(), size), &regions);
            StyleSource { picture, share: style.share, strokes, regions }
        };
        let mut styles = Vec::new();
        for (style, &size) in self.blend()?.iter().zip(&stage.styles) {
            let picture = style.source.picture();
            let own = self.schedule().fine_size(picture, size);
            if self.fine_strokes.is_none() && own == size {
                styles.push(source(style, size, Strokes::All));
                continue;
            }
            styles.push(source(style, size, Strokes::Coarse));
            if self.fine_strokes.is_none() {
                styles.push(source(style, own, Strokes::Fine));
            }
        }
        if let Some(picture) = &self.fine_strokes {
            let size = self.schedule().fine_size(picture, self.schedule().style_size(picture, stage.size));
            let regions = self.regions_at(stage.size);
            let regions = regions.map(|regions| regions.everywhere(size.width, size.height));
            let picture = colored(fit(picture, size), &regions);
            styles.push(StyleSource { picture, share: 1.0, strokes: Strokes::Fine, regions });
        }
        let keeps = colors.recombine() || self.strength_map.is_some();
        let (content, photograph) = if keeps { (photograph.clone(), photograph) } else { (photograph, None) };
        Ok(Sources {
            content: content.map(|content| colors.of_content(content)),
            photograph,
            styles,
            cache: self.style_cache.clone(),
        })
    }

    /// The picture that the first stage starts from.
    pub(crate) fn first_picture(&self, size: Size) -> Result<Picture, TransferError> {
        let Size { height, width } = size;
        let seed = self.settings.seed;
        let fit = |picture| self.settings.colors.of_content(self.schedule().fit(picture, size));
        match &self.schedule().start {
            Start::Content => self.content.as_ref().map(fit).ok_or(TransferError::NoContent),
            Start::SmoothContent { levels } => {
                let content = self.content.as_ref().map(fit).ok_or(TransferError::NoContent)?;
                let halvings = (self.schedule().size as f64 / height.max(width) as f64).log2().round();
                Ok(smooth(&content, levels.saturating_sub(halvings as usize)))
            }
            Start::Picture => {
                let start = self.start.as_ref().ok_or(TransferError::NoStart)?;
                let (width, height) = self.shape()?;
                Ok(fit(&start.cropped_to_aspect(width, height)))
            }
            Start::NormalNoise { mean, deviation } => {
                Ok(Picture::white_noise(width, height, *mean, *deviation, seed))
            }
            Start::UniformNoise { range } => Ok(Picture::uniform_noise(width, height, range.clone(), seed)),
        }
    }
}

/// The picture without the finest `levels` of its Laplacian pyramid.
fn smooth(picture: &Picture, levels: usize) -> Picture {
    let (width, height) = (picture.width(), picture.height());
    let pyramid = LaplacianPyramid::new(Size { height, width }, levels);
    let mut coefficients = pyramid.analyse(picture.data());
    pyramid.without_finest(&mut coefficients, levels);
    let mut data = vec![0.0; picture.data().len()];
    pyramid.synthesise(&coefficients, &mut data);
    Picture::new(width, height, data)
}
