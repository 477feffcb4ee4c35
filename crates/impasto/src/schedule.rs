//! The schedule: at which sizes a picture is painted, for how long, and from which start.
//!
//! A pyramid begins small, where large strokes settle at little cost, and enlarges the result from stage to
//! stage: by √2 (Crowson 2021) or by 2 (Li and Wand 2016, Champandard 2016, Kolkin 2022). The longest sides
//! are `round(size / factorⁱ)`.

use std::ops::Range;

use impasto_network::Size;
use serde::{Deserialize, Serialize};

use crate::error::require;
use crate::picture::Filter;
use crate::{Picture, SettingsError, StopAtProgress};

/// Most iterations that [`SmallerSizes::Growing`] comes to.
const MOST_ITERATIONS_WHEN_SMALLER: usize = 100_000;

/// Sides below which an enlarged style is read at no other size: the network would see hardly anything of it.
const SMALLEST_FINE: usize = 32;

/// Sizes, iterations and start.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schedule {
    /// Longest side of the result in pixels, 1 to 65536. The content is brought to it, shrunk or enlarged,
    /// keeping its aspect. Default: 512.
    pub size: usize,
    /// The sizes on the way there. Those too small for the network are left out.
    pub pyramid: Pyramid,
    /// Iterations of the optimiser at the last size, 1 to 1 000 000. More is closer to the minimum.
    pub iterations: usize,
    /// Iterations at the sizes before the last.
    #[serde(default)]
    pub smaller_sizes: SmallerSizes,
    /// When a stage ends before all of these; `None` for never. Default: `None`.
    pub stop: Option<StopAtProgress>,
    /// Iterations of one more stage at the last size, in which terms that match once a stage match at every
    /// evaluation; `None` for no such stage. Only [`Nearest`](crate::terms::Nearest) is such a term.
    pub refinement: Option<usize>,
    /// The picture that the first stage starts from.
    pub start: Start,
    /// How style pictures are brought to size.
    pub style_fit: StyleFit,
    /// Size of the style relative to `style_fit`'s measure, above 0, at most 100. Larger means larger
    /// strokes. Without effect for [`StyleFit::ContentSize`]. Default: 1.
    pub style_scale: f64,
    /// Kernel of all resizing, but that of a result on its way to the next stage, which is always cubic.
    pub filter: Filter,
}

/// The sizes of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Pyramid {
    /// The last size only.
    One,
    /// Each √2 times the one before.
    RootsOfTwo {
        /// The smallest longest side, at least 1.
        first: usize,
    },
    /// Each twice the one before.
    Doublings {
        /// Number of sizes, 1 to 16.
        sizes: usize,
    },
}

/// Iterations at the sizes before the last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmallerSizes {
    /// As many as at the last.
    #[default]
    Equal,
    /// As many as at the last, but so many at the first (Crowson 2021), 1 to 1 000 000.
    First(usize),
    /// More the smaller a size is, because there they settle large shapes at little cost: as many as at the last,
    /// times this factor for each halving of the sides, 1 to 4, and at most 100 000. Ours.
    Growing(f64),
}

/// The picture that the first stage starts from. Noise is in units of the picture, 0..1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case", from = "StartFields")]
pub enum Start {
    /// The content picture: keeps most of it.
    Content,
    /// The content without the finest levels of its Laplacian pyramid: keeps its shapes and colours, and leaves
    /// the detail to the style (Kolkin 2022).
    SmoothContent {
        /// Levels that are left out at the last size, each of half the sides of the one before; at a smaller size
        /// as many less as it is halvings away.
        levels: usize,
    },
    /// A picture given to [`Transfer::start`](crate::Transfer::start), brought to the size of the content.
    Picture,
    /// Independent normal values around a colour.
    NormalNoise {
        /// Red, green and blue.
        mean: [f32; 3],
        /// Standard deviation, at least 0. High noise leaves traces that no term sees.
        deviation: f32,
    },
    /// Independent values spread evenly over a range.
    UniformNoise {
        /// Lowest and highest value.
        range: Range<f32>,
    },
}

/// As [`Start`] is read: of a variant without fields serde would accept any, of one with none it refuses them.
#[derive(Deserialize)]
#[serde(tag = "from", rename_all = "snake_case", deny_unknown_fields)]
enum StartFields {
    Content {},
    SmoothContent { levels: usize },
    Picture {},
    NormalNoise { mean: [f32; 3], deviation: f32 },
    UniformNoise { range: Range<f32> },
}

impl From<StartFields> for Start {
    fn from(fields: StartFields) -> Self {
        match fields {
            StartFields::Content {} => Start::Content,
            StartFields::SmoothContent { levels } => Start::SmoothContent { levels },
            StartFields::Picture {} => Start::Picture,
            StartFields::NormalNoise { mean, deviation } => Start::NormalNoise { mean, deviation },
            StartFields::UniformNoise { range } => Start::UniformNoise { range },
        }
    }
}

/// How style pictures are brought to size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum StyleFit {
    /// The longest side becomes `⌈style_scale · longest side of the content⌉`, shrunk or enlarged.
    LongestSide,
    /// The same, but never enlarged: an enlarged style lacks the fine texture that shallow layers see.
    Shrink,
    /// As [`LongestSide`](StyleFit::LongestSide), but the layers that see fine strokes, those of the first two blocks,
    /// read a style that is enlarged at its own size. So strokes are of one size relative to the picture, whatever
    /// its size, and stay sharp. Ours.
    Strokes,
    /// Width and height become those of the content, whatever the aspect.
    ContentSize,
}

impl Schedule {
    /// Longest sides of the stages, first to last.
    pub fn sizes(&self) -> Vec<usize> {
        let size = |stages_left: usize| {
            let root = match self.pyramid {
                Pyramid::One => 0.0,
                Pyramid::RootsOfTwo { .. } => 0.5,
                Pyramid::Doublings { .. } => 1.0,
            };
            (self.size as f64 * 0.5_f64.powf(root * stages_left as f64)).round() as usize
        };
        let smaller: usize = match self.pyramid {
            Pyramid::One => 0,
            Pyramid::RootsOfTwo { first } => {
                let first = first.max(1);
                (1..).take_while(|&left| size(left) >= first && size(left) < self.size).count()
            }
            Pyramid::Doublings { sizes } => sizes.saturating_sub(1),
        };
        let mut sizes: Vec<usize> = (0..=smaller).rev().map(size).filter(|&size| size > 0).collect();
        sizes.dedup();
        sizes
    }

    /// Iterations at the size whose longest side is `longest`; `is_first` if it is the first of several.
    pub(crate) fn iterations_at(&self, longest: usize, is_first: bool) -> usize {
        match self.smaller_sizes {
            SmallerSizes::First(iterations) if is_first => iterations,
            SmallerSizes::Equal | SmallerSizes::First(_) => self.iterations,
            SmallerSizes::Growing(factor) => {
                let halvings = (self.size as f64 / longest as f64).log2();
                let iterations = (self.iterations as f64 * factor.powf(halvings)).round() as usize;
                iterations.min(MOST_ITERATIONS_WHEN_SMALLER).max(self.iterations)
            }
        }
    }

    /// Whether [`stop`](Schedule::stop) may end a stage before so many iterations.
    pub(crate) fn may_end_early(&self, iterations: usize) -> bool {
        self.stop.is_some_and(|stop| stop.interval < iterations)
    }

    /// Checks all ranges.
    ///
    /// # Errors
    /// Names the first setting that is outside its range, with its value.
    pub fn validate(&self) -> Result<(), SettingsError> {
        let Schedule { size, pyramid, iterations, refinement, style_scale, .. } = *self;
        require((1..=1 << 16).contains(&size), "size", size, "1 to 65536 pixels")?;
        match pyramid {
            Pyramid::One => {}
            Pyramid::RootsOfTwo { first } => require(first > 0, "first size", first, "at least 1 pixel")?,
            Pyramid::Doublings { sizes } => {
                require((1..=16).contains(&sizes), "number of sizes", sizes, "1 to 16")?;
            }
        }
        for (field, iterations) in [("iterations", Some(iterations)), ("refinement", refinement)] {
            let iterations = iterations.unwrap_or(1);
            require((1..=1_000_000).contains(&iterations), field, iterations, "1 to 1000000")?;
        }
        match self.smaller_sizes {
            SmallerSizes::Equal => {}
            SmallerSizes::First(iterations) => {
                let holds = (1..=1_000_000).contains(&iterations);
                require(holds, "iterations at the first size", iterations, "1 to 1000000")?;
            }
            SmallerSizes::Growing(factor) => {
                require((1.0..=4.0).contains(&factor), "growth of iterations", factor, "1 to 4")?;
            }
        }
        self.stop.map_or(Ok(()), |stop| stop.validate())?;
        let holds = style_scale > 0.0 && style_scale <= 100.0;
        require(holds, "style scale", style_scale, "above 0 and at most 100")?;
        match &self.start {
            Start::Content | Start::SmoothContent { .. } | Start::Picture => Ok(()),
            Start::NormalNoise { mean, deviation } => {
                for &mean in mean {
                    require(mean.is_finite(), "mean of the start noise", mean, "finite")?;
                }
                let holds = deviation.is_finite() && *deviation >= 0.0;
                require(holds, "deviation of the start noise", deviation, "finite and at least 0")
            }
            Start::UniformNoise { range } => {
                let holds = range.start.is_finite() && range.end.is_finite() && range.start <= range.end;
                let shown = format!("{}..{}", range.start, range.end);
                require(holds, "range of the start noise", shown, "finite and not reversed")
            }
        }
    }

    /// Size of a style picture when the content is of the size `content`.
    pub(crate) fn style_size(&self, style: &Picture, content: Size) -> Size {
        if self.style_fit == StyleFit::ContentSize {
            return content;
        }
        let longest = content.width.max(content.height);
        // A scale that was itself a quotient of sizes must not be rounded up by its last bit.
        let mut longest = (self.style_scale * longest as f64 - 1e-6).ceil() as usize;
        if self.style_fit == StyleFit::Shrink {
            longest = longest.min(style.width().max(style.height()));
        }
        let (width, height) = style.fit_longest_side(longest);
        Size { height, width }
    }

    /// Size at which the fine strokes of a style are read that is brought to `size`.
    pub(crate) fn fine_size(&self, style: &Picture, size: Size) -> Size {
        let own = Size { height: style.height(), width: style.width() };
        let is_enlarged = size.width.max(size.height) > own.width.max(own.height);
        let has_texture = own.width.min(own.height) >= SMALLEST_FINE;
        if self.style_fit == StyleFit::Strokes && is_enlarged && has_texture { own } else { size }
    }

    /// The picture at `size`; bit for bit itself if it is of that size.
    pub(crate) fn fit(&self, picture: &Picture, size: Size) -> Picture {
        let same = (picture.width(), picture.height()) == (size.width, size.height);
        let fitted = picture.resized(size.width, size.height, self.filter);
        if same { fitted } else { fitted.clamped() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Preset;

    fn schedule(size: usize, first_size: usize) -> Schedule {
        let pyramid = Pyramid::RootsOfTwo { first: first_size };
        Schedule { size, pyramid, ..Preset::Impasto.settings().schedule }
    }

    #[test]
    fn a_pyramid_grows_by_the_root_of_two() {
        assert_eq!(schedule(512, 128).sizes(), [128, 181, 256, 362, 512]);
        assert_eq!(schedule(1000, 300).sizes(), [354, 500, 707, 1000]);
    }

    #[test]
    fn a_first_size_at_or_above_the_last_leaves_one_stage() {
        assert_eq!(schedule(512, 512).sizes(), [512]);
        assert_eq!(schedule(100, 128).sizes(), [100]);
        assert_eq!(schedule(1, 1).sizes(), [1]);
    }

    #[test]
    fn iterations_grow_where_sizes_shrink() {
        let at = |smaller_sizes, longest, is_first| {
            Schedule { smaller_sizes, iterations: 100, ..schedule(512, 128) }.iterations_at(longest, is_first)
        };
        assert_eq!([128, 512].map(|longest| at(SmallerSizes::Equal, longest, longest == 128)), [100; 2]);
        let first = SmallerSizes::First(7);
        assert_eq!([128, 181, 512].map(|longest| at(first, longest, longest == 128)), [7, 100, 100]);
        let growing = SmallerSizes::Growing(2.0);
        assert_eq!([128, 256, 362, 512].map(|longest| at(growing, longest, false)), [400, 200, 141, 100]);
    }

    #[test]
    fn a_pyramid_of_doublings_has_as_many_sizes_as_told() {
        let sizes =
            |size, sizes| Schedule { pyramid: Pyramid::Doublings { sizes }, ..schedule(size, 1) }.sizes();
        assert_eq!(sizes(512, 4), [64, 128, 256, 512]);
        assert_eq!(sizes(450, 3), [113, 225, 450]);
        assert_eq!(sizes(2, 4), [1, 2]);
        assert_eq!(sizes(512, 1), [512]);
    }

    #[test]
    fn styles_keep_their_aspect_unless_told_otherwise() {
        let style = Picture::new(60, 40, vec![0.0; 7200]);
        let content = Size { height: 90, width: 50 };
        let size = |style_fit, style_scale| {
            let Size { width, height } =
                Schedule { style_fit, style_scale, ..schedule(90, 90) }.style_size(&style, content);
            (width, height)
        };
        assert_eq!(size(StyleFit::LongestSide, 1.0), (90, 60));
        assert_eq!(size(StyleFit::LongestSide, 0.501), (46, 31));
        assert_eq!(size(StyleFit::Shrink, 1.0), (60, 40));
        assert_eq!(size(StyleFit::Shrink, 0.5), (45, 30));
        assert_eq!(size(StyleFit::ContentSize, 3.0), (50, 90));
        assert_eq!(size(StyleFit::LongestSide, 1.0 / 90.0), (1, 1));
    }

    #[test]
    fn a_picture_at_its_size_is_not_touched() {
        let picture = Picture::new(2, 1, vec![-1.0, 2.0, 0.5, 0.25, 7.0, 1.0]);
        assert_eq!(schedule(2, 2).fit(&picture, Size { height: 1, width: 2 }), picture);
    }
}
