//! The parts that several styles have in a blend.

use super::basis::Basis;
use super::request::Request;
use crate::failure::Failure;

/// Parts of the styles in the blend, one for each.
///
/// # Errors
/// If `--style-blend` has another number of weights, or they add up to nothing or too much.
pub fn blend(request: &Request<'_>, basis: &Basis, notes: &mut Vec<String>) -> Result<Vec<f64>, Failure> {
    let styles = request.styles.len();
    let Some(blend) = &request.shared.picture.style_blend else {
        return Ok(basis.blend(styles, notes).unwrap_or_else(|| vec![1.0; styles]));
    };
    if blend.len() != styles {
        let (weights, pictures) = (counted(blend.len(), "weight"), counted(styles, "style picture"));
        return Err(Failure::mistake(format_args!(
            "--style-blend has {weights} for {pictures}: give one for each"
        )));
    }
    let sum: f64 = blend.iter().sum();
    if sum <= 0.0 {
        return Err(Failure::mistake("--style-blend: all weights are 0, but at least one must be above"));
    }
    if !sum.is_finite() {
        return Err(Failure::mistake(format_args!(
            "--style-blend: the sum of the weights is {sum}, but must be finite: make them smaller"
        )));
    }
    Ok(blend.clone())
}

/// A number and what it counts: `1 weight`, `2 weights`.
pub fn counted(number: usize, of: &str) -> String {
    format!("{number} {of}{}", if number == 1 { "" } else { "s" })
}
