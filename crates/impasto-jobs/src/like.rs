//! `like`: what a picture was painted by, read back from its metadata, from the JSON of its run, or from settings
//! alone.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, Read};
use std::path::{Path, PathBuf};

use impasto::Settings;
use impasto::picture::{PictureError, read_settings};
use serde::de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::message::{Field, Message, Words};
use crate::reading::unreadable;
use crate::recipe::{PROGRAM, Recipe};
use crate::refusal::Refusal;
use crate::words;

/// Fields beside those of a recipe, in metadata and in the JSON of a run or plan: what came of it, not how.
const OUTCOMES: [&str; 10] = [
    "iterations_done",
    "completed",
    "threads",
    "output",
    "plan",
    "memory_bytes",
    "estimated_seconds",
    "seconds",
    "evaluations",
    "stages",
];

/// What `like` found.
#[derive(Clone, Debug)]
pub(crate) struct Like {
    path: PathBuf,
    found: Found,
}

#[derive(Clone, Debug)]
enum Found {
    Recipe(Box<Recipe>),
    Settings(Box<Settings>),
}

impl Like {
    /// Reads a picture that was painted, the JSON of a run, or the JSON of settings.
    ///
    /// # Errors
    /// If the file cannot be read, holds none of these, or holds a field or value that this version does not know.
    pub fn read(path: &Path) -> Result<Self, Refusal> {
        let faulty = |fault: String| Refusal::new(Message::about_value("like", path.display(), fault));
        Like::read_as(path, faulty, words![Field("like"), " takes"]).map_err(|refusal| refusal.of("like"))
    }

    /// The same of a file that is no field of an order.
    ///
    /// # Errors
    /// As [`read`](Like::read).
    pub fn of_file(path: &Path) -> Result<Self, Refusal> {
        let faulty = |fault: String| Refusal::order(format!("{}: {fault}", path.display()));
        Like::read_as(path, faulty, words!["expected"])
    }

    /// Reads a file; `faulty` says what is wrong with it, and `takes` comes before what would be right.
    fn read_as(path: &Path, faulty: impl Fn(String) -> Refusal, takes: Words) -> Result<Self, Refusal> {
        let fields = match read_settings(path) {
            Ok(Some(text)) => serde_json::from_str(&text),
            Ok(None) => {
                return Err(faulty(
                    "the picture holds no settings: impasto did not paint it, or another program saved it since"
                        .to_owned(),
                ));
            }
            Err(PictureError::NotAPicture { .. }) if begins_like_json(path) => {
                let file = File::open(path).map_err(|error| faulty(error.to_string()))?;
                serde_json::from_reader(BufReader::new(file))
            }
            Err(error @ PictureError::NotAPicture { .. }) => {
                let right = " a picture that impasto painted, or the JSON of a run";
                return Err(Refusal::order(words![format!("{error}; "), takes, right]));
            }
            Err(error) => return Err(unreadable(path, error)),
        };
        let Fields(fields) = fields.map_err(|error| faulty(format!("its settings are damaged: {error}")))?;
        let found = found(fields).map_err(&faulty)?;
        let like = Like { path: path.to_owned(), found };
        like.check().map_err(&faulty)?;
        Ok(like)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        match &self.found {
            Found::Recipe(recipe) => recipe.settings(),
            Found::Settings(settings) => settings,
        }
    }

    /// The recipe; `None` for settings alone.
    pub fn recipe(&self) -> Option<&Recipe> {
        match &self.found {
            Found::Recipe(recipe) => Some(recipe),
            Found::Settings(_) => None,
        }
    }

    /// Checks all ranges: the file may have been written by anyone.
    fn check(&self) -> Result<(), String> {
        self.settings().validate().map_err(|error| error.to_string())?;
        self.recipe().map_or(Ok(()), Recipe::check)
    }
}

/// The fields of an object but for [`OUTCOMES`], of which a trace can be very long.
struct Fields(Map<String, Value>);

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = Fields;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an object with settings")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut access: A) -> Result<Fields, A::Error> {
                let mut fields = Map::new();
                while let Some(name) = access.next_key::<String>()? {
                    if OUTCOMES.contains(&name.as_str()) {
                        access.next_value::<IgnoredAny>()?;
                    } else {
                        fields.insert(name, access.next_value()?);
                    }
                }
                Ok(Fields(fields))
            }
        }

        deserializer.deserialize_map(Object)
    }
}

/// What the fields are of: with `settings` among them a recipe, otherwise settings themselves.
fn found(fields: Map<String, Value>) -> Result<Found, String> {
    let program = fields.get("program").and_then(Value::as_str).map(str::to_owned);
    let is_recipe = fields.contains_key("settings");
    let fields = Value::Object(fields);
    let found = match is_recipe {
        true => known(fields).map(Found::Recipe),
        false => known(fields).map(Found::Settings),
    };
    found.map_err(|fault| match program {
        Some(program) if program != PROGRAM => format!("{fault}: {program} wrote it, and this is {PROGRAM}"),
        _ => fault,
    })
}

/// The value, or what is not known of it, without the list of all that would be.
fn known<T: DeserializeOwned>(fields: Value) -> Result<T, String> {
    serde_json::from_value(fields).map_err(|error| {
        let text = error.to_string();
        match text.split_once(", expected") {
            Some((unknown, _)) if unknown.starts_with("unknown ") => unknown.to_owned(),
            _ => text,
        }
    })
}

/// Whether a file that is no picture begins with an object.
fn begins_like_json(path: &Path) -> bool {
    let bytes = File::open(path).into_iter().flat_map(|file| BufReader::new(file).bytes());
    bytes.map_while(Result::ok).find(|byte| !byte.is_ascii_whitespace()) == Some(b'{')
}

#[cfg(test)]
mod tests {
    use impasto::Preset;
    use serde_json::json;

    use super::*;

    fn fields(value: Value) -> Map<String, Value> {
        let Fields(fields) = serde_json::from_value(value).unwrap();
        fields
    }

    #[test]
    fn what_came_of_a_run_is_passed_over() {
        let settings = serde_json::to_value(Preset::Gatys.settings()).unwrap();
        let mut object = settings.clone();
        OUTCOMES.iter().for_each(|name| object[*name] = json!([{"deep": [1, 2, null]}]));
        assert_eq!(Value::Object(fields(object)), settings);
    }

    #[test]
    fn a_field_of_a_newer_program_is_named_with_the_program() {
        let mut object = json!({"program": "impasto 9.0.0"});
        object["settings"] = serde_json::to_value(Preset::Gatys.settings()).unwrap();
        object["settings"]["terms"][0]["sharpness"] = json!(1);
        let error = found(fields(object)).unwrap_err();
        assert_eq!(
            error,
            format!("unknown field `sharpness`: impasto 9.0.0 wrote it, and this is {PROGRAM}")
        );
    }

    #[test]
    fn settings_alone_are_enough() {
        let settings = Preset::Nnst.settings();
        let found = found(fields(serde_json::to_value(&settings).unwrap())).unwrap();
        assert!(matches!(found, Found::Settings(read) if *read == settings));
    }
}
