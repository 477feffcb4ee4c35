//! Why a command did not do what was asked, by whose fault it is.

use std::fmt;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::error::ErrorKind;
use impasto::TransferError;
use impasto::picture::PictureError;
use impasto_jobs::{Fault, Refusal, is_callers_choice};
use impasto_network::cache::CacheError;
use impasto_network::fetch::FetchError;
use impasto_network::{EngineError, WeightsError, WholeFileError};
use impasto_train::data::DataError;
use impasto_train::{CheckpointError, CheckpointFault};

/// The exit code after an interruption by any signal: 128 + the number of SIGINT, as shells have it.
pub const INTERRUPTED: u8 = 130;

/// A command that ended early, with the line that says why.
#[derive(Debug)]
pub enum Failure {
    /// A flag, a file or a value that the caller can change, such as a size that needs more memory than there
    /// is: exit code 2.
    Mistake(String),
    /// A disk, a permission, a thread: exit code 1.
    World(String),
    /// Help or a version was asked for, or no command was given: what to print, and where.
    Help(clap::Error),
    /// An interruption was asked for; all is said and saved.
    Interrupted,
    /// Standard output was closed by its reader: nothing went wrong.
    OutputClosed,
}

impl Failure {
    /// The caller's mistake, in one line.
    pub fn mistake(line: impl fmt::Display) -> Self {
        Failure::Mistake(line.to_string())
    }

    /// The world's refusal, in one line.
    pub fn world(line: impl fmt::Display) -> Self {
        Failure::World(line.to_string())
    }

    /// Prints what there is to say and returns the exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Failure::Mistake(line) => {
                say(format_args!("error: {line}"));
                ExitCode::from(2)
            }
            Failure::World(line) => {
                say(format_args!("error: {line}"));
                ExitCode::from(1)
            }
            Failure::Interrupted => ExitCode::from(INTERRUPTED),
            Failure::Help(help) => match help.print() {
                Ok(()) => ExitCode::from(help.exit_code() as u8),
                Err(error) => Failure::from(error).report(),
            },
            Failure::OutputClosed => ExitCode::SUCCESS,
        }
    }
}

/// Prints a line to standard error. Where that is closed, there is nobody to tell.
pub fn say(line: impl fmt::Display) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Errors of standard output; files have errors of their own.
impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::OutputClosed,
            _ => Failure::world(format_args!("standard output: {error}")),
        }
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        match error.kind() {
            ErrorKind::DisplayHelp
            | ErrorKind::DisplayVersion
            | ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => Failure::Help(error),
            kind => Failure::Mistake(complaint(kind, &error.render().to_string())),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let line = refusal.line(flag);
        match refusal.fault {
            Fault::Order => Failure::Mistake(line),
            Fault::System => Failure::World(line),
        }
    }
}

/// What the command line calls a field of an order: `--style-blend` for `style_blend`.
pub fn flag(field: &str) -> String {
    format!("--{}", field.replace('_', "-"))
}

/// Errors of the libraries, which a job meets too: by whose fault they are does not depend on the front end.
macro_rules! as_refusals {
    ($($error:ty),+) => {
        $(impl From<$error> for Failure {
            fn from(error: $error) -> Self {
                Refusal::from(error).into()
            }
        })+
    };
}

as_refusals!(WeightsError, CacheError, PictureError, TransferError, EngineError);

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Failure::world(error)
    }
}

impl From<WholeFileError> for Failure {
    fn from(error: WholeFileError) -> Self {
        if error.is_callers_mistake() { Failure::mistake(error) } else { Failure::world(error) }
    }
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        if error.fault.is_systems() { Failure::world(error) } else { Failure::mistake(error) }
    }
}

impl From<CheckpointError> for Failure {
    fn from(error: CheckpointError) -> Self {
        match &error.fault {
            CheckpointFault::Unreadable(why) if !is_callers_choice(why.kind()) => Failure::world(error),
            _ => Failure::mistake(error),
        }
    }
}

/// What the parser of flags says, with the help that it lacks.
fn complaint(kind: ErrorKind, text: &str) -> String {
    let line = one_line(text);
    match kind {
        ErrorKind::MissingRequiredArgument => match command_in(text) {
            Some(command) => format!("{line}; see {command} --help"),
            None => line,
        },
        ErrorKind::UnknownArgument if line.contains(".json' found") => {
            format!("{line}; --json takes its file after an equals sign: --json=FILE")
        }
        // The parser's own tip, `--`, is of no use to the value of a flag.
        ErrorKind::UnknownArgument => match line.split_once("; to pass '-") {
            Some((line, _)) => format!("{line}; write a file name that begins with a dash as ./-name"),
            None => with_question(&line),
        },
        _ => line,
    }
}

/// The tip of the parser as a question: `did you mean --size?`
fn with_question(line: &str) -> String {
    let tip = line.split_once("; a similar argument exists: '");
    let tip = tip.and_then(|(line, name)| Some((line, name.strip_suffix('\'')?)));
    tip.map_or(line.to_owned(), |(line, name)| format!("{line}; did you mean {name}?"))
}

/// The command in the usage that the parser shows: `impasto transfer`.
fn command_in(text: &str) -> Option<String> {
    let usage = text.lines().find_map(|line| line.trim().strip_prefix("Usage: "))?;
    let words =
        usage.split(' ').take_while(|word| word.starts_with(|first: char| first.is_ascii_lowercase()));
    Some(words.collect::<Vec<_>>().join(" "))
}

/// What the parser of flags says over several lines, without its usage and the pointer to `--help`.
fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).take_while(|line| !line.starts_with("Usage:"));
    let told = lines.filter(|line| !line.is_empty() && !line.starts_with("For more information"));
    let mut line = String::new();
    for part in told {
        // A tip is a sentence of its own.
        let (joint, part) = match part.strip_prefix("tip: ") {
            Some(tip) => ("; ", tip),
            None => (if line.is_empty() { "" } else { " " }, part),
        };
        line.extend([joint, part]);
    }
    line.strip_prefix("error: ").map_or(line.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_point_to_what_helps() {
        let missing = "error: the following are missing:\n  <CONTENT>\n\nUsage: impasto transfer <CONTENT>\n";
        let complaint_of = |text| complaint(ErrorKind::MissingRequiredArgument, text);
        assert_eq!(
            complaint_of(missing),
            "the following are missing: <CONTENT>; see impasto transfer --help"
        );
        let dash = "error: unexpected argument '-x' found\n\n  tip: to pass '-x' as a value, use '-- -x'\n";
        let line = complaint(ErrorKind::UnknownArgument, dash);
        assert_eq!(
            line,
            "unexpected argument '-x' found; write a file name that begins with a dash as ./-name"
        );
        let typed =
            "error: unexpected argument '--szie' found\n\n  tip: a similar argument exists: '--size'\n";
        let line = complaint(ErrorKind::UnknownArgument, typed);
        assert_eq!(line, "unexpected argument '--szie' found; did you mean --size?");
        let json = complaint(ErrorKind::UnknownArgument, "error: unexpected argument 'a.json' found");
        assert!(json.ends_with("--json=FILE"), "{json}");
    }

    #[test]
    fn complaints_of_the_parser_become_one_line() {
        let text = "error: invalid value 'x' for '--isa <ISA>'\n  [possible values: avx2]\n\n  tip: do\n\n\
                    Usage: impasto\n\nFor more information, try '--help'.\n";
        assert_eq!(one_line(text), "invalid value 'x' for '--isa <ISA>' [possible values: avx2]; do");
    }
}
