//! The parts that several styles have in a blend.

use crate::basis::Basis;
use crate::figures::counted;
use crate::message::{Message, Note};
use crate::order::Order;
use crate::refusal::Refusal;

/// Parts of the styles in the blend, one for each.
///
/// # Errors
/// If `style_blend` has another number of weights, or they add up to nothing or too much.
pub(crate) fn blend(order: &Order, basis: &Basis, notes: &mut Vec<Note>) -> Result<Vec<f64>, Refusal> {
    let styles = order.task.styles().len();
    let Some(blend) = &order.picture.style_blend else {
        return Ok(basis.blend(styles, notes).unwrap_or_else(|| vec![1.0; styles]));
    };
    if blend.len() != styles {
        let (weights, pictures) = (counted(blend.len(), "weight"), counted(styles, "style picture"));
        let why = format!("has {weights} for {pictures}: give one for each");
        return Err(Refusal::new(Message::predicate("style_blend", why)));
    }
    let sum: f64 = blend.iter().sum();
    if sum <= 0.0 {
        return Err(Refusal::field("style_blend", "all weights are 0, but at least one must be above"));
    }
    if !sum.is_finite() {
        let why = format!("the sum of the weights is {sum}, but must be finite: make them smaller");
        return Err(Refusal::field("style_blend", why));
    }
    Ok(blend.clone())
}
