//! Patches of feature maps: how they are cut out and what makes two of them alike.
//!
//! The k×k columns around a position are a patch. An engine keeps the patches of some source maps, and finds
//! for every query patch of another map the source patch of the highest score (Li and Wand 2016, equations 2
//! and 3; Champandard 2016; Kolkin et al. 2022). See [`PatchNormalization`] for the scores.

/// How patches are cut out and compared; the same for every engine.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PatchOptions {
    /// Side k of a patch: 1, 3, 5 or 7.
    pub size: usize,
    /// What a score is.
    pub normalization: PatchNormalization,
    /// Weight of the guide's cosine beside that of the features, finite and at least 0. Without effect where
    /// there is no guide.
    pub guide_weight: f32,
    /// Source patches are taken at rows and columns 0, s, 2s and so on, and at the last that fits; at least 1.
    pub source_stride: usize,
    /// The same for query patches.
    pub query_stride: usize,
    /// Whether query patches reach over the right and lower border to the opposite one. Source patches never
    /// do.
    pub circular: bool,
}

/// The score of two patches with the columns `f_o` and `g_o`, o running over the k² offsets. Where a norm is 0,
/// so is the cosine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PatchNormalization {
    /// The cosine of whole patches, `Σ_o ⟨f_o, g_o⟩ / (‖f‖·‖g‖)`: normalised cross-correlation (Li and Wand
    /// 2016, equation 3). It cannot be guided.
    Whole,
    /// The mean cosine of columns, `1/k² Σ_o cos(f_o, g_o)`, and with guides m and n that of the guides
    /// besides, `weight/k² Σ_o cos(m_o, n_o)` (Champandard 2016).
    Positions,
    /// The same after the mean column of all sources is subtracted from them, and that of the query map from
    /// it (Kolkin et al. 2022).
    CenteredPositions,
}

impl PatchOptions {
    /// Checks the ranges and returns itself.
    ///
    /// # Panics
    /// If an option is outside its range.
    pub fn checked(self) -> Self {
        let PatchOptions { size, guide_weight, source_stride, query_stride, .. } = self;
        assert!(size % 2 == 1 && size <= 7, "a patch of side {size}, not 1, 3, 5 or 7");
        assert!(guide_weight.is_finite() && guide_weight >= 0.0, "a guide of weight {guide_weight}");
        assert!(source_stride > 0 && query_stride > 0, "strides of at least 1");
        self
    }

    /// Channels of a guide for `positions` positions; 0 without one.
    ///
    /// # Panics
    /// If whole patches are guided, or the guide is no planes of so many positions.
    pub fn guide_channels(&self, guide: Option<&[f32]>, positions: usize) -> usize {
        let Some(guide) = guide else { return 0 };
        assert!(self.normalization != PatchNormalization::Whole, "whole patches cannot be guided");
        assert!(guide.len().is_multiple_of(positions), "planes of a guide at {positions} positions");
        guide.len() / positions
    }

    /// What is added to the score of each patch of sources of these heights and widths: less its penalty, and
    /// −∞ off the stride.
    ///
    /// # Panics
    /// If there is not a penalty for each patch.
    pub fn offsets(&self, sources: &[(usize, usize)], penalties: Option<&[f32]>) -> Vec<f32> {
        let mut offsets = Vec::new();
        for &(height, width) in sources {
            let (rows, columns) = (height + 1 - self.size, width + 1 - self.size);
            offsets.extend((0..rows * columns).map(|patch| {
                let taken =
                    self.takes_source(patch / columns, height) && self.takes_source(patch % columns, width);
                if taken { 0.0 } else { f32::NEG_INFINITY }
            }));
        }
        if let Some(penalties) = penalties {
            assert_eq!(penalties.len(), offsets.len(), "a penalty for each source patch");
            offsets.iter_mut().zip(penalties).for_each(|(offset, penalty)| *offset -= penalty);
        }
        offsets
    }

    /// Whether source patches that begin at `start`, along a side of `length` positions, are taken.
    pub fn takes_source(&self, start: usize, length: usize) -> bool {
        start.is_multiple_of(self.source_stride) || start + self.size == length
    }

    /// First positions of the query patches along a side of `length` positions.
    ///
    /// # Panics
    /// If a patch does not fit.
    pub fn query_starts(&self, length: usize) -> Vec<usize> {
        assert!(length >= self.size, "{length} positions, fewer than the {} of a patch", self.size);
        let count = if self.circular { length } else { length + 1 - self.size };
        let last = Some(count - 1).filter(|last| !last.is_multiple_of(self.query_stride));
        (0..count).step_by(self.query_stride).chain(last).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> PatchOptions {
        PatchOptions {
            size: 3,
            normalization: PatchNormalization::Positions,
            guide_weight: 2.5,
            source_stride: 1,
            query_stride: 1,
            circular: false,
        }
    }

    #[test]
    fn the_last_patch_that_fits_is_always_taken() {
        let starts = |query_stride, circular, length| {
            PatchOptions { query_stride, circular, ..options() }.query_starts(length)
        };
        assert_eq!(starts(2, false, 8), [0, 2, 4, 5]);
        assert_eq!(starts(2, false, 9), [0, 2, 4, 6]);
        assert_eq!(starts(3, true, 5), [0, 3, 4]);
        let every_other = PatchOptions { source_stride: 2, ..options() };
        let taken = |length: usize| {
            (0..length - 2).filter(|&at| every_other.takes_source(at, length)).collect::<Vec<_>>()
        };
        assert_eq!(taken(8), [0, 2, 4, 5]);
    }
}
