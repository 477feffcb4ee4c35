//! What can be wrong with a checkpoint, or with going on from one.

use serde_json::Value;

/// Bytes that are no checkpoint that can be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CheckpointError {
    /// They are something else, or were changed.
    #[error("not a checkpoint, or a damaged one: {0}")]
    Damaged(String),
    /// They are the checkpoint of something else.
    #[error("it holds {found}, not a painting")]
    Kind {
        /// What it holds.
        found: String,
    },
    /// Another version of the program wrote them.
    #[error("it is of version {found}, and only version {known} is known")]
    Version {
        /// Its version.
        found: String,
        /// The version that can be read.
        known: &'static str,
    },
}

/// Why a transfer cannot go on from a checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ResumeError {
    /// The run that it is of has other settings.
    #[error("the checkpoint is of a run with {setting} {found}, not {asked}")]
    Settings {
        /// The first setting that differs, by its place: `optimizer.learning_rate`.
        setting: String,
        /// Its value in the checkpoint, as JSON.
        found: String,
        /// Its value in the transfer, as JSON.
        asked: String,
    },
    /// The run that it is of has other terms of other crates.
    #[error("the checkpoint is of a run with {found}, not {given}")]
    OwnTerms {
        /// Those of the checkpoint: `the own term means 2 at relu1_1`.
        found: String,
        /// Those of the transfer: `no own term`.
        given: String,
    },
    /// The run that it is of has other sizes.
    #[error("the checkpoint is of a run with {what} {found}, not {planned}")]
    Plan {
        /// What differs: `the picture of stage 2 at`.
        what: String,
        /// What the checkpoint has: `34x26`.
        found: String,
        /// What the plan has.
        planned: String,
    },
    /// What the optimiser or a term remembers is not of this run: of another network, for instance.
    #[error("the checkpoint does not fit this run: {0}")]
    Unfit(String),
}

/// The first place where two values differ, and what is there: the place, one and the other.
pub(super) fn difference(one: &Value, other: &Value) -> Option<(String, String, String)> {
    let within = |key: &str, one: &Value, other: &Value| {
        let (place, one, other) = difference(one, other)?;
        Some((if place.is_empty() { key.to_owned() } else { format!("{key}.{place}") }, one, other))
    };
    match (one, other) {
        (Value::Object(all), Value::Object(others)) => {
            let keys = all.keys().chain(others.keys().filter(|key| !all.contains_key(*key)));
            let value = |values: &serde_json::Map<String, Value>, key| values.get(key).cloned();
            let mut pairs = keys.map(|key| (key, value(all, key), value(others, key)));
            pairs.find_map(|(key, a, b)| within(key, &a.unwrap_or_default(), &b.unwrap_or_default()))
        }
        (Value::Array(all), Value::Array(others)) if all.len() == others.len() => {
            let mut pairs = all.iter().zip(others).enumerate();
            pairs.find_map(|(index, (one, other))| within(&index.to_string(), one, other))
        }
        _ => (one != other).then(|| (String::new(), one.to_string(), other.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_difference_is_named_by_its_place() {
        let one = json!({"a": {"b": [1, {"c": 2}]}, "d": null});
        assert_eq!(difference(&one, &one), None);
        let found = |other| {
            let (place, one, other) = difference(&one, &other).unwrap();
            format!("{place}: {one}, {other}")
        };
        assert_eq!(found(json!({"a": {"b": [1, {"c": 3}]}, "d": 4})), "a.b.1.c: 2, 3");
        assert_eq!(found(json!({"a": {"b": [1]}, "d": null})), r#"a.b: [1,{"c":2}], [1]"#);
        assert_eq!(found(json!({"a": {"b": [1, {"c": 2}]}, "d": null, "e": "x"})), r#"e: null, "x""#);
    }
}
