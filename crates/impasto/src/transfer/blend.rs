//! The blend of the styles, and what can be wrong with it.

use super::Transfer;
use crate::TransferError;
use crate::error::{require_sum, require_weight, style_name};
use crate::given_style::{GivenStyle, Style};

impl Transfer {
    /// The style pictures that have a weight.
    pub(super) fn blend(&self) -> Result<Vec<Style<'_>>, TransferError> {
        for (index, style) in self.styles.iter().enumerate() {
            require_weight(format!("weight of style {}", index + 1), style.weight)?;
        }
        let sum =
            require_sum("sum of the weights of the styles", self.styles.iter().map(|style| style.weight))?;
        let learns = self.active_terms().any(|term| term.definition().learns_style());
        if sum == 0.0 && learns {
            return Err(TransferError::NoStyle);
        }
        let is_hidden = |style: &GivenStyle| style.weight > 0.0 && !style.source.is_visible();
        if let Some(index) = self.styles.iter().position(is_hidden).filter(|_| learns) {
            return Err(TransferError::NothingVisible { index, count: self.styles.len() });
        }
        if let Some((_, of_styles)) = &self.regions
            && of_styles.len() != self.styles.len()
        {
            return Err(TransferError::RegionsMissing {
                styles: self.styles.len(),
                regions: of_styles.len(),
            });
        }
        if let Some((of_picture, of_styles)) = &self.regions
            && let Some((index, of_style)) =
                of_styles.iter().enumerate().find(|(_, of_style)| of_style.count() != of_picture.count())
        {
            return Err(TransferError::RegionsDiffer {
                of_picture: of_picture.count(),
                style: style_name(index, of_styles.len()),
                of_style: of_style.count(),
            });
        }
        let is_guided = self.is_guided();
        let styles = self.styles.iter().enumerate().map(|(index, style)| Style {
            source: &style.source,
            share: style.weight / sum,
            regions: self.regions.as_ref().map(|(_, of_styles)| &of_styles[index]),
            is_guided,
        });
        Ok(styles.filter(|style| style.share > 0.0).collect())
    }
}
