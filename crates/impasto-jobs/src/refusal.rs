//! Why an order cannot be painted, and by whose fault.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::PathBuf;

use impasto::picture::PictureError;
use impasto::{SettingsError, TransferError};
use impasto_network::cache::CacheError;
use impasto_network::{EngineError, WeightsError, WeightsFault};
use serde::Serialize;

use crate::message::{Message, Words};

/// Whose fault a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// A field, a file or a value that whoever gave the order can change, such as a size that needs more memory
    /// than there is.
    Order,
    /// A disk, a permission, a thread.
    System,
}

/// Why an order, or something else that was asked for, cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// The field of the order that has to change, and why.
    #[serde(flatten)]
    pub message: Message,
    /// The file that cannot be read, if that is why.
    #[serde(skip)]
    pub file: Option<PathBuf>,
    /// Whose fault it is.
    pub fault: Fault,
}

impl Refusal {
    /// Refuses an order by what a message says.
    pub fn new(message: Message) -> Self {
        Refusal { message, file: None, fault: Fault::Order }
    }

    /// Refuses an order, or a file that it names.
    pub fn order(why: impl Into<Words>) -> Self {
        Refusal::new(Message::new(why))
    }

    /// Refuses a field: `style_blend: all weights are 0`.
    pub fn field(field: impl Into<Cow<'static, str>>, why: impl Into<Words>) -> Self {
        Refusal::new(Message::about(field, why))
    }

    /// Tells that the system refused.
    pub fn system(why: impl fmt::Display) -> Self {
        Refusal { fault: Fault::System, ..Refusal::order(why.to_string()) }
    }

    /// The same about a field, which its line does not name.
    pub fn of(self, field: impl Into<Cow<'static, str>>) -> Self {
        Refusal { message: self.message.of(field), ..self }
    }

    /// Writes it in one line, each field under the name that `name` has for it.
    pub fn line(&self, name: impl Fn(&str) -> String) -> String {
        self.message.line(name)
    }

    /// Tells an error by whose fault it is.
    fn by_fault(is_callers: bool, error: impl fmt::Display) -> Self {
        if is_callers { Refusal::order(error.to_string()) } else { Refusal::system(error) }
    }
}

/// Writes the line, fields as they are called in an order.
impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.message.fmt(f)
    }
}

impl std::error::Error for Refusal {}

impl From<WeightsError> for Refusal {
    fn from(error: WeightsError) -> Self {
        match &error.fault {
            WeightsFault::Unreadable(why) if why.kind() == io::ErrorKind::NotFound => {
                Refusal::order(format!("weight file {}: no such file", error.file.display()))
            }
            WeightsFault::Unreadable(why) => Refusal::by_fault(is_callers_choice(why.kind()), &error),
            _ => Refusal::order(error.to_string()),
        }
    }
}

impl From<CacheError> for Refusal {
    fn from(error: CacheError) -> Self {
        match error {
            CacheError::Weights(error) => error.into(),
            CacheError::NotWritten(error) => Refusal::by_fault(error.is_callers_mistake(), error),
            CacheError::NoHome | CacheError::Name { .. } | CacheError::Numbers(_) => {
                Refusal::order(error.to_string())
            }
            error => Refusal::system(error),
        }
    }
}

impl From<PictureError> for Refusal {
    fn from(error: PictureError) -> Self {
        Refusal::by_fault(error.is_callers_mistake(), error)
    }
}

impl From<SettingsError> for Refusal {
    fn from(error: SettingsError) -> Self {
        Refusal::order(error.to_string())
    }
}

/// But for an engine that fails, every reason why a transfer cannot run, or diverges, is in what it was given.
impl From<TransferError> for Refusal {
    fn from(error: TransferError) -> Self {
        let fails = matches!(&error, TransferError::EngineFailed { source, .. } if fails_by_itself(source))
            || matches!(&error, TransferError::Engine { source, .. } if fails_by_itself(source));
        Refusal::by_fault(!fails, error)
    }
}

impl From<EngineError> for Refusal {
    fn from(error: EngineError) -> Self {
        Refusal::by_fault(!fails_by_itself(&error), error)
    }
}

/// Whether an engine fails for another reason than what it is asked for.
pub fn fails_by_itself(error: &EngineError) -> bool {
    matches!(error, EngineError::OutOfMemory { .. } | EngineError::DeviceLost { .. })
}

/// Tells a file that cannot be read for what it is, such as a folder, from a system that refuses.
pub fn is_callers_choice(kind: io::ErrorKind) -> bool {
    matches!(kind, io::ErrorKind::InvalidInput | io::ErrorKind::IsADirectory)
}
