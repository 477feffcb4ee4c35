//! Repaint a picture in the style of another.

#![forbid(unsafe_code)]

pub mod optimizers;
pub mod picture;

pub use picture::Picture;
