//! What is said of an order: a line about it as a whole, or about one of its fields.
//!
//! A front end has its own name for a field: a command line calls `style_blend` `--style-blend`, a form marks an
//! input. So a message keeps the field apart from why, and the fields that its [`Words`] mention apart from the
//! text around them. [`Message::line`] puts them together under the names of the front end.

use std::borrow::Cow;
use std::fmt;

use serde::{Serialize, Serializer};

/// Mentions a field of an order in [`words!`](crate::words!).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field(pub &'static str);

/// Text that may mention fields of an order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Words(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(Cow<'static, str>),
    Field(Field),
}

/// Makes [`Words`] of texts, of [`Field`]s and of other words, one after another.
#[macro_export]
macro_rules! words {
    ($($piece:expr),+ $(,)?) => {{
        let mut words = $crate::Words::default();
        $(words.push($piece);)+
        words
    }};
}

impl Words {
    /// Adds a text, a field or other words.
    pub fn push(&mut self, piece: impl Into<Words>) {
        self.0.extend(piece.into().0);
    }

    /// Writes the text, each field under the name that `name` has for it.
    pub fn text(&self, name: impl Fn(&str) -> String) -> String {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.to_string(),
            Piece::Field(Field(field)) => name(field),
        };
        self.0.iter().map(piece).collect()
    }
}

impl From<&'static str> for Words {
    fn from(text: &'static str) -> Self {
        Words(vec![Piece::Text(text.into())])
    }
}

impl From<String> for Words {
    fn from(text: String) -> Self {
        Words(vec![Piece::Text(text.into())])
    }
}

impl From<Field> for Words {
    fn from(field: Field) -> Self {
        Words(vec![Piece::Field(field)])
    }
}

/// Writes fields as they are called in an order.
impl fmt::Display for Words {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Text(text) => f.write_str(text),
            Piece::Field(Field(field)) => f.write_str(field),
        })
    }
}

impl Serialize for Words {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// A line about an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Message {
    /// The field of the order that it is about, if it is about one.
    pub field: Option<Cow<'static, str>>,
    /// What there is to say, as it reads beside the field.
    pub why: Words,
    /// What joins the name of the field to it, if a line that stands alone begins with the name.
    #[serde(skip)]
    joint: Option<String>,
}

impl Message {
    /// Says something about the order as a whole, or about a file that it names.
    pub fn new(why: impl Into<Words>) -> Self {
        Message { field: None, why: why.into(), joint: None }
    }

    /// Says something about a field: `style_blend: all weights are 0`.
    pub fn about(field: impl Into<Cow<'static, str>>, why: impl Into<Words>) -> Self {
        Message { field: Some(field.into()), why: why.into(), joint: Some(": ".to_owned()) }
    }

    /// Says something about the value of a field: `size 16: the smallest that works is 32`.
    pub fn about_value(
        field: impl Into<Cow<'static, str>>,
        value: impl fmt::Display,
        why: impl Into<Words>,
    ) -> Self {
        Message { joint: Some(format!(" {value}: ")), ..Message::about(field, why) }
    }

    /// Says something whose subject is the field: `lbfgs_memory` `is for L-BFGS`.
    pub fn predicate(field: impl Into<Cow<'static, str>>, why: impl Into<Words>) -> Self {
        Message { joint: Some(" ".to_owned()), ..Message::about(field, why) }
    }

    /// The same about a field, whose name a line that stands alone does not need.
    pub fn of(self, field: impl Into<Cow<'static, str>>) -> Self {
        Message { field: Some(field.into()), ..self }
    }

    /// Writes a line that stands alone, each field under the name that `name` has for it.
    pub fn line(&self, name: impl Fn(&str) -> String) -> String {
        match (&self.field, &self.joint) {
            (Some(field), Some(joint)) => name(field) + joint + &self.why.text(name),
            _ => self.why.text(name),
        }
    }
}

/// Writes a line that stands alone, fields as they are called in an order.
impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line(str::to_owned))
    }
}

/// How much a note matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Something that was found, such as the parts of a map.
    Fact,
    /// What might make a better picture.
    Hint,
    /// What may not be meant.
    Warning,
}

/// What whoever gave an order should know before it is painted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How much it matters.
    pub level: Level,
    /// What there is to say.
    #[serde(flatten)]
    pub message: Message,
}

impl Note {
    /// Tells what was found.
    pub fn fact(message: Message) -> Self {
        Note { level: Level::Fact, message }
    }

    /// Tells what might make a better picture.
    pub fn hint(message: Message) -> Self {
        Note { level: Level::Hint, message }
    }

    /// Tells what may not be meant.
    pub fn warning(message: Message) -> Self {
        Note { level: Level::Warning, message }
    }

    /// Writes it in one line, which begins with the level unless it is a fact.
    pub fn line(&self, name: impl Fn(&str) -> String) -> String {
        let level = match self.level {
            Level::Fact => "",
            Level::Hint => "hint: ",
            Level::Warning => "warning: ",
        };
        level.to_owned() + &self.message.line(name)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn flag(field: &str) -> String {
        format!("--{}", field.replace('_', "-"))
    }

    #[test]
    fn every_front_end_has_its_own_names_for_fields() {
        let why = words!["this run uses Adam: add ", Field("optimizer"), " lbfgs"];
        let message = Message::about("lbfgs_memory", why);
        assert_eq!(message.line(flag), "--lbfgs-memory: this run uses Adam: add --optimizer lbfgs");
        assert_eq!(message.to_string(), "lbfgs_memory: this run uses Adam: add optimizer lbfgs");
        let note = Note::hint(message);
        assert_eq!(
            serde_json::to_value(note).unwrap(),
            json!({"level": "hint", "field": "lbfgs_memory", "why": "this run uses Adam: add optimizer lbfgs"})
        );
    }

    #[test]
    fn a_line_names_its_field_where_that_is_its_subject() {
        assert_eq!(Message::about_value("size", 16, "too small").line(flag), "--size 16: too small");
        assert_eq!(
            Message::predicate("style_blend", "has 2 weights").line(flag),
            "--style-blend has 2 weights"
        );
        assert_eq!(Message::new("a.png: no such file").of("content").line(flag), "a.png: no such file");
    }
}
