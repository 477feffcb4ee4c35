//! Values as text, in JSON: as a command line takes them, and as a number where the text is one.

use std::fmt;
use std::marker::PhantomData;

use impasto::picture::{BitDepth, KeptMetadata};
use impasto::regions::ColorMatching;
use impasto::{ColorRule, Effort, Look, Preset, StopAtProgress, StyleMethod};
use impasto_kernels::Isa;
use impasto_network::{Architecture, Convention, Pooling};
use serde::de::{self, Visitor};
use serde::{Deserializer, Serializer};

use super::values::{
    self, EngineName, MEMORY_UNITS, MapColors, MemorySize, OptimizerName, PictureSize, Stop,
};
use crate::network_choice;

/// A value that is written as text, and reads back from it to the same.
pub(crate) trait Text: Sized {
    fn read(text: &str) -> Result<Self, String>;
    fn write(&self) -> String;
}

/// A choice among a few values with names.
pub(crate) trait Named: Copy + PartialEq + Send + Sync + 'static {
    fn names() -> Vec<(&'static str, Self)>;
}

impl<T: Named> Text for T {
    fn read(text: &str) -> Result<Self, String> {
        let names = T::names();
        let found = names.iter().find_map(|(name, value)| (*name == text).then_some(*value));
        found.ok_or_else(|| {
            let names: Vec<&str> = names.iter().map(|(name, _)| *name).collect();
            format!("expected one of {}", names.join(", "))
        })
    }

    fn write(&self) -> String {
        let name = T::names().into_iter().find_map(|(name, value)| (value == *self).then_some(name));
        name.expect("every value has a name").to_owned()
    }
}

impl Named for Preset {
    fn names() -> Vec<(&'static str, Self)> {
        Preset::ALL.map(|preset| (preset.name(), preset)).into()
    }
}

impl Named for Look {
    fn names() -> Vec<(&'static str, Self)> {
        Look::ALL.map(|look| (look.name(), look)).into()
    }
}

impl Named for Effort {
    fn names() -> Vec<(&'static str, Self)> {
        Effort::ALL.map(|effort| (effort.name(), effort)).into()
    }
}

impl Named for ColorRule {
    fn names() -> Vec<(&'static str, Self)> {
        ColorRule::ALL.map(|rule| (rule.name(), rule)).into()
    }
}

impl Named for StyleMethod {
    fn names() -> Vec<(&'static str, Self)> {
        vec![
            ("gram", StyleMethod::Gram),
            ("moments", StyleMethod::Moments),
            ("patches", StyleMethod::Patches),
            ("nearest", StyleMethod::Nearest),
        ]
    }
}

impl Named for ColorMatching {
    fn names() -> Vec<(&'static str, Self)> {
        vec![("exact", ColorMatching::Exact), ("nearest", ColorMatching::Nearest)]
    }
}

impl Named for Pooling {
    fn names() -> Vec<(&'static str, Self)> {
        vec![
            ("max", Pooling::Max),
            ("average", Pooling::Average),
            ("scaled-average", Pooling::ScaledAverage),
            ("l2", Pooling::L2),
        ]
    }
}

impl Named for BitDepth {
    fn names() -> Vec<(&'static str, Self)> {
        vec![("8", BitDepth::Eight), ("16", BitDepth::Sixteen)]
    }
}

impl Named for KeptMetadata {
    fn names() -> Vec<(&'static str, Self)> {
        vec![("none", KeptMetadata::None), ("credits", KeptMetadata::Credits), ("all", KeptMetadata::All)]
    }
}

impl Named for OptimizerName {
    fn names() -> Vec<(&'static str, Self)> {
        vec![("lbfgs", OptimizerName::Lbfgs), ("adam", OptimizerName::Adam)]
    }
}

impl Named for EngineName {
    fn names() -> Vec<(&'static str, Self)> {
        vec![
            ("auto", EngineName::Auto),
            ("cpu", EngineName::Cpu),
            ("gpu", EngineName::Gpu),
            ("scalar", EngineName::Scalar),
        ]
    }
}

impl Text for MemorySize {
    fn read(text: &str) -> Result<Self, String> {
        values::memory_size(text)
    }

    fn write(&self) -> String {
        // The largest unit that says it exactly.
        let unit = MEMORY_UNITS.iter().find(|(_, bytes)| self.0.is_multiple_of(*bytes));
        let (name, bytes) = unit.expect("every size is a number of bytes");
        format!("{}{name}", self.0 / bytes)
    }
}

impl Named for Isa {
    fn names() -> Vec<(&'static str, Self)> {
        vec![
            ("portable", Isa::Portable),
            ("neon", Isa::Neon),
            ("avx2", Isa::Avx2),
            ("avx512", Isa::Avx512),
            ("amx", Isa::Amx),
        ]
    }
}

impl Text for Architecture {
    fn read(text: &str) -> Result<Self, String> {
        network_choice::named(text).ok_or_else(|| format!("unknown network {text:?}"))
    }

    fn write(&self) -> String {
        self.name().to_owned()
    }
}

impl Text for Convention {
    fn read(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error| format!("{error}"))
    }

    fn write(&self) -> String {
        self.to_string()
    }
}

impl Text for PictureSize {
    fn read(text: &str) -> Result<Self, String> {
        values::picture_size(text)
    }

    fn write(&self) -> String {
        match self {
            PictureSize::Longest(side) => side.to_string(),
            PictureSize::Sides(width, height) => format!("{width}x{height}"),
            PictureSize::Original => "original".to_owned(),
        }
    }
}

impl Text for MapColors {
    fn read(text: &str) -> Result<Self, String> {
        values::map_colors(text)
    }

    fn write(&self) -> String {
        match self {
            MapColors::Auto => "auto".to_owned(),
            MapColors::Number(number) => number.to_string(),
        }
    }
}

impl Text for Stop {
    fn read(text: &str) -> Result<Self, String> {
        values::stop(text)
    }

    fn write(&self) -> String {
        match self {
            Stop::Never => "never".to_owned(),
            Stop::At(StopAtProgress { share, interval }) => format!("{share}:{interval}"),
        }
    }
}

/// The field of a value that may be left out: `#[serde(with = "text")]`.
pub(crate) fn serialize<T: Text, S: Serializer>(value: &Option<T>, serializer: S) -> Result<S::Ok, S::Error> {
    let Some(text) = value.as_ref().map(T::write) else { return serializer.serialize_none() };
    match text.parse::<u64>() {
        Ok(number) if number.to_string() == text => serializer.serialize_u64(number),
        _ => serializer.serialize_str(&text),
    }
}

pub(crate) fn deserialize<'de, T: Text, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    struct Any<T>(PhantomData<T>);

    impl<'de, T: Text> Visitor<'de> for Any<T> {
        type Value = Option<T>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, "text, a number or null")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<T>, E> {
            Ok(None)
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Option<T>, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Option<T>, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Option<T>, E> {
            self.visit_str(&number.to_string())
        }

        fn visit_str<E: de::Error>(self, text: &str) -> Result<Option<T>, E> {
            T::read(text).map(Some).map_err(E::custom)
        }
    }

    deserializer.deserialize_any(Any(PhantomData))
}
