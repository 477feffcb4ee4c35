//! How values from elsewhere are written in settings and traces, and read back: as the words that the command line
//! takes.

use impasto_network::{NetworkOptions, Padding, Pooling, Size};
use serde::{Deserialize, Serialize, Serializer};

/// As it is displayed: a layer as `relu4_2`.
pub(crate) mod displayed {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(value: &impl Display, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

/// As [`displayed`], or null.
pub(crate) mod displayed_if_any {
    use std::fmt::Display;
    use std::str::FromStr;

    use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

    pub(crate) fn serialize<S: Serializer>(
        value: &Option<impl Display>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        value.as_ref().map(ToString::to_string).serialize(serializer)
    }

    pub(crate) fn deserialize<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        let name = Option::<String>::deserialize(deserializer)?;
        name.map(|name| name.parse().map_err(de::Error::custom)).transpose()
    }
}

/// [`NetworkOptions`] with the same fields, each by its name in lower case: `replicate`.
#[derive(Serialize, Deserialize)]
#[serde(remote = "NetworkOptions", deny_unknown_fields)]
pub(crate) struct NetworkOptionsFields {
    #[serde(with = "PoolingName")]
    pooling: Pooling,
    #[serde(with = "PaddingName")]
    first_padding: Padding,
    #[serde(with = "PaddingName")]
    padding: Padding,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Pooling", rename_all = "lowercase")]
enum PoolingName {
    Max,
    Average,
    #[serde(rename = "scaled-average")]
    ScaledAverage,
    L2,
}

#[derive(Serialize, Deserialize)]
#[serde(remote = "Padding", rename_all = "lowercase")]
enum PaddingName {
    Zero,
    Replicate,
    Circular,
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
