//! The command that made a picture, as it can be pasted into a shell.

use std::env;
use std::path::Path;

/// The command line of this process. The program goes by its name alone, wherever it is installed.
pub fn this_command() -> String {
    let words = env::args_os().enumerate().map(|(index, word)| {
        let word = if index == 0 { Path::new(&word).file_name().unwrap_or(&word).to_owned() } else { word };
        quoted(&word.to_string_lossy())
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A word as a POSIX shell reads it.
pub fn quoted(word: &str) -> String {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || "-_=+./:,@%".contains(character);
    if !word.is_empty() && word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_would_read_more_into_them() {
        assert_eq!(quoted("--size=512"), "--size=512");
        assert_eq!(quoted("my cat.jpg"), "'my cat.jpg'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
        assert_eq!(quoted("$HOME"), "'$HOME'");
        assert_eq!(quoted(""), "''");
        assert_eq!(quoted("~"), "'~'");
    }
}
