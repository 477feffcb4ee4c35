//! How values from elsewhere are written in settings and traces: as the words that the command line takes.

use std::fmt::{Debug, Display};

use impasto_network::Size;
use serde::{Serialize, Serializer};

/// As it is displayed: a layer as `relu4_2`.
pub(crate) fn displayed<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(value)
}

/// As [`displayed`], or null.
pub(crate) fn displayed_if_any<S: Serializer>(
    value: &Option<impl Display>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    value.as_ref().map(ToString::to_string).serialize(serializer)
}

/// An enum without fields by the name of its variant, in lower case: `replicate`.
pub(crate) fn named<S: Serializer>(value: &impl Debug, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&format!("{value:?}").to_lowercase())
}

/// `{"width": 512, "height": 384}`.
#[derive(Serialize)]
struct Sides {
    width: usize,
    height: usize,
}

impl From<&Size> for Sides {
    fn from(size: &Size) -> Self {
        Sides { width: size.width, height: size.height }
    }
}

/// A size by its sides.
pub(crate) fn size<S: Serializer>(value: &Size, serializer: S) -> Result<S::Ok, S::Error> {
    Sides::from(value).serialize(serializer)
}

/// Sizes by their sides.
pub(crate) fn sizes<S: Serializer>(values: &[Size], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(Sides::from))
}
