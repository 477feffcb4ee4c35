//! Repaint a picture in the style of another.

#![forbid(unsafe_code)]

mod picture;

pub use picture::Picture;
