//! Painting at the size of the content: the size that an order asks for is known once the picture is read.

use impasto::picture::SourcePicture;

use crate::message::{Field, Message, Note};
use crate::order::{LONGEST_SIDE, Order, PictureSize};
use crate::reading::read;
use crate::refusal::Refusal;
use crate::words;

/// The size of what an order paints.
pub(crate) struct OriginalSize {
    /// Width and height of what is painted.
    pub sides: (usize, usize),
    /// The content, so that it is not read twice, and what the reader warns of. `None` for the map of a doodle, which is
    /// read with the other maps.
    pub content: Option<(SourcePicture, Vec<Note>)>,
}

impl OriginalSize {
    /// Reads what is painted, if its size is asked for. Returns the order with that size in numbers.
    ///
    /// # Errors
    /// If it cannot be read, has more pixels than are read, has a side that is too long, or is not there, as for a
    /// texture.
    pub fn of(order: &Order) -> Result<Option<(Order, Self)>, Refusal> {
        if order.picture.size != Some(PictureSize::Original) {
            return Ok(None);
        }
        let about = |why| Refusal::new(Message::about_value("size", "original", why));
        let Some(subject) = order.task.subject() else {
            return Err(about(words!["a texture repaints no picture; give its longest side in pixels"]));
        };
        let field = if order.task.content().is_some() { "content" } else { "map" };
        let mut notes = Vec::new();
        let source = read(order, field, subject, &mut notes)?;
        let sides @ (width, height) = (source.picture.width(), source.picture.height());
        let longest = width.max(height);
        if longest > LONGEST_SIDE {
            let long = format!(
                "{} is {width}x{height}; give a longest side of up to {LONGEST_SIDE}, ",
                subject.display()
            );
            return Err(about(words![long, Field("size"), format!(" {LONGEST_SIDE}")]));
        }
        let mut order = order.clone();
        order.picture.size = Some(PictureSize::Longest(longest));
        let content = order.task.content().is_some().then_some((source, notes));
        Ok(Some((order, OriginalSize { sides, content })))
    }
}
