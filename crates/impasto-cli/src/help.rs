//! The help of painting commands: `-h` shows what most pictures need, on one screen; `--help` everything, the same first,
//! with the values that the preset of the command has.

use clap::builder::StyledStr;
use clap::{Arg, Command};
use impasto::Preset;
use impasto_jobs::defaults;

/// The flags that `-h` shows, in this order, and what it says of them.
const OFTEN: [(&str, &str); 17] = [
    ("style", "A picture to take the style from, repeated for several; all else is painted"),
    ("skip_finished", "Of several pictures, leave out those that are finished"),
    ("size", "Longest side of the result in pixels, 1 to 65536, or original [default: 512]"),
    ("strength", "How far the painting goes, 0 to 1 [default: 0.5]"),
    ("look", "Kind of painting: faithful, oil, watercolor, print or mosaic"),
    ("stroke_size", "Size of the strokes, above 0, at most 100 [default: 1]"),
    ("colors", "Whose colours: style, content, luminance or match [default: style]"),
    ("style_blend", "Parts of several styles, such as 1,2 [default: equal parts]"),
    ("effort", "Time it may take: draft, normal or high [default: normal]"),
    ("seed", "Seed of the noise of --start noise [default: 0]"),
    ("like", "Paint with all settings of a picture painted before"),
    ("preset", "The method by name; impasto info lists them"),
    ("output", "File of the result, or a folder, as in out/ [default: CONTENT-STYLE.png]"),
    ("name", "Name of a result in that folder, such as {content}-{seed}.png"),
    ("report", "Write a page on the run, DIR/index.html"),
    ("dry_run", "Print what the run would do, need and take; paint nothing"),
    ("force", "Replace a file that is there already"),
];

/// The same of `impasto sweep`, where it says other things or shows other flags. Those above are shown too.
const OFTEN_SWEPT: [(&str, &str); 9] = [
    ("output", "File of the grid [default: CONTENT-STYLE-sweep.png]"),
    ("keep", "Also save each picture, whole, in this folder"),
    ("cell", "Longest side of a picture in the grid, in pixels, 16 to 4096"),
    ("layers", "Sets of style layers, each all of these up to one: relu1_1,relu2_1"),
    ("style_ratio", "Style weight over content weight: 1,10,100"),
    ("style_layers", "Sets of style layers, + between layers: relu1_1,relu1_1+relu2_1"),
    ("method", "What makes it like the style: moments, gram, patches or nearest"),
    ("iterations", "Iterations at the last size [default: 60]"),
    ("start", "What to start from: content, noise or a picture file [default: content]"),
];

/// What else is shown there: flags of a command that are not in all of them.
const ITS_OWN: [&str; 6] = ["styles", "style_map", "map", "content", "seamless", "tile"];

/// How the help of `-h` says that a preset decides.
const OF_PRESET: &str = "[default: the preset's";

/// Arranges the flags of a command whose preset is this one unless another is asked for.
pub fn arranged(command: Command, preset: Preset) -> Command {
    let defaults = defaults(preset);
    let has_maps_of_its_own = command.get_name() != "transfer";
    let mut place = OFTEN.len();
    command.mut_args(|argument| {
        let field = argument.get_id().to_string();
        let argument = with_values(with_defaults(argument, &defaults));
        // One group of what a picture looks like.
        let argument = match argument.get_help_heading() {
            Some("Colours") => argument.help_heading("Picture"),
            _ => argument,
        };
        place += 1;
        let is_own = ITS_OWN.contains(&field.as_str()) && (has_maps_of_its_own || field != "style_map");
        match OFTEN.iter().position(|(often, _)| *often == field) {
            Some(first) => shortened(argument, OFTEN[first].1).display_order(first),
            None => argument.hide_short_help(!is_own && field != "help").display_order(place),
        }
    })
}

/// The argument with the values of a preset for what its help leaves to it.
pub fn with_defaults(argument: Arg, defaults: &[(&'static str, String)]) -> Arg {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let value = defaults.iter().find(|(field, _)| argument.get_id() == field);
    let Some(((before, after), (_, value))) = help.split_once(OF_PRESET).zip(value) else { return argument };
    let rest = after.find([';', ']']).map_or("]", |end| &after[end..]);
    argument.help(StyledStr::from(format!("{before}[default: {value}{rest}")))
}

/// The argument with the values that it may have, and the one that it has, in the text of its help: lines of their own
/// would double the length of `--help`.
pub fn with_values(argument: Arg) -> Arg {
    if !argument.get_action().takes_values() || argument.is_hide_possible_values_set() {
        return argument;
    }
    let mut help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let names: Vec<String> =
        argument.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect();
    let value: Vec<_> = argument.get_default_values().iter().map(|value| value.to_string_lossy()).collect();
    if !value.is_empty() && !argument.is_hide_default_value_set() && !help.contains("[default: ") {
        help = format!("{help} [default: {}]", value.join(","));
    }
    if !names.is_empty() {
        help = format!("{help} [possible values: {}]", names.join(", "));
    }
    argument.help(StyledStr::from(help)).hide_possible_values(true).hide_default_value(true)
}

/// The argument with a line for `-h`, and all that there was for `--help`.
fn shortened(argument: Arg, line: &'static str) -> Arg {
    let all = argument.get_help().cloned().unwrap_or_default();
    argument.help(line).long_help(all)
}

/// Arranges the flags of `impasto sweep`, whose help is what that of `impasto transfer` is.
pub fn arranged_for_sweep(command: Command) -> Command {
    command.mut_args(|argument| {
        let field = argument.get_id().to_string();
        let is_own = ITS_OWN.contains(&field.as_str()) && field != "style_map";
        let lines = || OFTEN_SWEPT.iter().chain(&OFTEN);
        match lines().find(|(often, _)| *often == field) {
            Some((_, line)) => shortened(argument, line),
            None => argument.hide_short_help(!is_own && field != "help"),
        }
    })
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;
    use crate::command_line::CommandLine;

    /// The help of a command as `-h` or `--help` shows it.
    fn help(command: &str, flag: &str) -> String {
        let words = ["impasto", command, flag];
        CommandLine::command().try_get_matches_from(words).unwrap_err().to_string()
    }

    #[test]
    fn the_short_help_fits_on_a_screen() {
        for command in ["transfer", "doodle", "texture", "sweep"] {
            let lines = help(command, "-h").lines().count();
            assert!(lines <= 50, "{command}: {lines}");
        }
    }

    #[test]
    fn the_long_help_says_each_thing_once() {
        for command in ["transfer", "sweep"] {
            let help = help(command, "--help");
            assert!(help.lines().count() <= 320, "{command}: {}", help.lines().count());
            let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
            for words in ["[possible values: gram, moments, patches, nearest]", "[default: 100000000]"] {
                assert_eq!(help.matches(words).count(), 1, "{command}: {words}");
            }
        }
    }

    #[test]
    fn defaults_are_values() {
        for command in ["transfer", "doodle", "texture", "sweep"] {
            let help = help(command, "--help");
            assert!(!help.contains("the preset's"), "{command}: {help}");
        }
        for (words, value) in
            [("[default: 512]", "512"), ("[default: 0.5]", "0.5"), ("[default: style]", "style")]
        {
            assert!(help("transfer", "-h").contains(words), "{value}");
        }
    }

    #[test]
    fn numbers_of_the_short_help_are_those_of_the_preset() {
        let defaults = defaults(Preset::Impasto);
        for (field, line) in OFTEN {
            let value = defaults.iter().find(|(name, _)| *name == field).map(|(_, value)| value);
            let told = line.split_once("[default: ").and_then(|(_, told)| told.strip_suffix(']'));
            if let Some((value, told)) = value.zip(told) {
                assert_eq!(value, told, "{field}");
            }
        }
    }

    #[test]
    fn what_is_used_most_comes_first() {
        let help = help("transfer", "--help");
        let place = |words: &str| help.find(words).unwrap_or_else(|| panic!("{words}"));
        assert!(place("\n      --size ") < place("\n      --max-pixels "));
        assert!(place("\n      --strength ") < place("\n  -o, --output"));
        assert!(place("\n  -o, --output") < place("\n      --content-map "));
    }
}
