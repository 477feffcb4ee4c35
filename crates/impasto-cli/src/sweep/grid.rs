//! From lists to a grid: which options run along the columns and down the rows, and the command line of each
//! cell.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::Parser;

use super::SweepArguments;
use super::arguments::SWEPT;
use crate::command_line::{Command, CommandLine};
use crate::failure::Failure;
use crate::transfer::TransferArguments;

/// Options whose values are lists themselves: `+` stands for the comma within one.
const SETS: [&str; 3] = ["content-layers", "style-layers", "style-blend"];

/// One option and its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The option as it is typed, without dashes: `style-ratio`, `layers`.
    name: String,
    values: Vec<String>,
}

/// The grid of a sweep.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Along the columns.
    columns: Axis,
    /// Down the rows, if two options vary.
    rows: Option<Axis>,
    /// What all cells have in common: options as words.
    options: Vec<OsString>,
    pictures: Vec<OsString>,
}

/// One cell.
#[derive(Debug)]
pub struct Cell {
    /// What is its own, as it names a file: `style-ratio=10,seed=1`.
    pub name: String,
    /// The painting.
    pub arguments: Box<TransferArguments>,
}

impl Axis {
    fn new(name: &str, list: &str) -> Result<Self, Failure> {
        let values: Vec<String> = list.split(',').map(|value| value.trim().to_owned()).collect();
        if values.iter().any(String::is_empty) {
            return Err(Failure::mistake(format_args!("--{name} {list:?}: a value of the list is empty")));
        }
        let values = match name {
            "layers" => (1..=values.len()).map(|count| values[..count].join("+")).collect(),
            _ => values,
        };
        Ok(Axis { name: name.to_owned(), values })
    }

    /// The options of a painting with one of the values.
    fn option(&self, value: &str) -> String {
        let name = if self.name == "layers" { "style-layers" } else { &self.name };
        let value = if SETS.contains(&name) { value.replace('+', ",") } else { value.to_owned() };
        format!("--{name}={value}")
    }

    /// Each value as it stands beside the grid.
    fn labels(&self) -> Vec<String> {
        let label = |value: &String| match self.name.as_str() {
            "layers" => match value.rsplit_once('+') {
                Some((_, last)) => format!("up to {last}"),
                None => format!("{value} alone"),
            },
            name if SETS.contains(&name) => format!("{} {}", words(name), value.replace('+', " ")),
            name => format!("{} {value}", words(name)),
        };
        self.values.iter().map(label).collect()
    }

    /// One of the values as part of a file name.
    fn file_name(&self, value: &str) -> String {
        let is_safe = |character: char| character.is_ascii_alphanumeric() || ".-_+".contains(character);
        let safe: String =
            value.chars().map(|character| if is_safe(character) { character } else { '_' }).collect();
        format!("{}={safe}", self.name)
    }
}

impl Grid {
    /// The grid of what was typed.
    ///
    /// # Errors
    /// Unless one or two options have more than one value.
    pub fn new(arguments: &SweepArguments) -> Result<Self, Failure> {
        let axes = arguments.lists.iter().map(|(name, list)| Axis::new(name, list));
        let axes = axes.collect::<Result<Vec<_>, _>>()?;
        let (mut varied, fixed): (Vec<_>, Vec<_>) = axes.into_iter().partition(|axis| axis.values.len() > 1);
        if varied.len() > 2 {
            let names: Vec<String> = varied.iter().map(|axis| format!("--{}", axis.name)).collect();
            return Err(Failure::mistake(format_args!(
                "{} have more than one value each, but a grid has two sides: leave one value to all but two",
                names.join(", ")
            )));
        }
        if varied.is_empty() {
            return Err(Failure::mistake(format_args!(
                "nothing to compare: give one or two options more than one value, such as --style-ratio \
                 1,10,100; lists are taken by --layers, --{}",
                SWEPT.join(", --")
            )));
        }
        let mut options = arguments.options.clone();
        options.extend(fixed.iter().map(|axis| axis.option(&axis.values[0]).into()));
        let columns = varied.remove(0);
        Ok(Grid { columns, rows: varied.pop(), options, pictures: arguments.pictures.clone() })
    }

    /// Labels of the columns.
    pub fn column_labels(&self) -> Vec<String> {
        self.columns.labels()
    }

    /// Labels of the rows, none if there is only one.
    pub fn row_labels(&self) -> Vec<String> {
        self.rows.as_ref().map_or_else(Vec::new, Axis::labels)
    }

    /// All cells, row by row, each with the result in the file that `output` has for its name.
    ///
    /// # Errors
    /// If `impasto transfer` would not take an option.
    pub fn cells(&self, output: impl Fn(&str) -> PathBuf) -> Result<Vec<Cell>, Failure> {
        let rows: Vec<Option<(&Axis, &String)>> = match &self.rows {
            None => vec![None],
            Some(axis) => axis.values.iter().map(|value| Some((axis, value))).collect(),
        };
        let mut cells = Vec::with_capacity(rows.len() * self.columns.values.len());
        for row in rows {
            for value in &self.columns.values {
                let own = [Some((&self.columns, value)), row].into_iter().flatten();
                let name: Vec<String> = own.clone().map(|(axis, value)| axis.file_name(value)).collect();
                let name = name.join(",");
                let options = own.map(|(axis, value)| axis.option(value));
                let arguments = self.painting(options, &output(&name))?;
                cells.push(Cell { name, arguments });
            }
        }
        Ok(cells)
    }

    /// The command line of a cell, read.
    fn painting(
        &self,
        own: impl Iterator<Item = String>,
        output: &Path,
    ) -> Result<Box<TransferArguments>, Failure> {
        let mut words: Vec<OsString> = ["impasto", "transfer", "--quiet", "--output"].map(Into::into).into();
        words.push(output.into());
        words.extend(self.options.iter().cloned());
        words.extend(own.map(Into::into));
        words.push("--".into());
        words.extend(self.pictures.iter().cloned());
        match CommandLine::try_parse_from(words)?.command {
            Command::Transfer(arguments) => Ok(arguments),
            _ => unreachable!("transfer is the second word"),
        }
    }
}

fn words(name: &str) -> String {
    name.replace('-', " ")
}

#[cfg(test)]
mod tests {
    use impasto::StyleMethod;

    use super::*;

    fn grid(flags: &str) -> Result<Grid, String> {
        let words = ["impasto", "sweep", "a.png", "b.png"].into_iter().chain(flags.split_whitespace());
        let line = CommandLine::try_parse_from(words).map_err(|error| error.to_string())?;
        let Command::Sweep(arguments) = line.command else { unreachable!("sweep was typed") };
        Grid::new(&arguments).map_err(|failure| match failure {
            Failure::Mistake(line) => line,
            other => panic!("{other:?}"),
        })
    }

    fn file(name: &str) -> PathBuf {
        name.into()
    }

    fn names(grid: &Grid) -> Vec<String> {
        grid.cells(file).unwrap().into_iter().map(|cell| cell.name).collect()
    }

    #[test]
    fn the_first_list_runs_along_the_columns() {
        let grid = grid("--seed 1,2 --iterations 9 --style-ratio 1e2,1e3,1e4 --normalize-gradients").unwrap();
        assert_eq!(grid.column_labels(), ["seed 1", "seed 2"]);
        assert_eq!(grid.row_labels(), ["style ratio 1e2", "style ratio 1e3", "style ratio 1e4"]);
        let cells = grid.cells(file).unwrap();
        assert_eq!(cells.len(), 6);
        assert_eq!(cells[3].name, "seed=2,style-ratio=1e3");
        let arguments = &cells[3].arguments;
        assert_eq!(
            (
                arguments.shared.picture.seed,
                arguments.keeping.style_ratio,
                arguments.shared.optimizer.iterations
            ),
            (Some(2), Some(1e3), Some(9))
        );
        assert_eq!(arguments.shared.style.normalize_gradients, Some(true));
    }

    #[test]
    fn methods_are_compared() {
        let grid = grid("--method gram,patches --style-weight 1,2").unwrap();
        assert_eq!(grid.column_labels(), ["method gram", "method patches"]);
        let cells = grid.cells(file).unwrap();
        let methods: Vec<_> = cells.iter().map(|cell| cell.arguments.shared.style.method.unwrap()).collect();
        assert_eq!(methods, [StyleMethod::Gram, StyleMethod::Patches].repeat(2));
    }

    #[test]
    fn layers_add_up_and_sets_are_taken_as_they_are() {
        let up_to = grid("--layers relu1_1,relu2_1").unwrap();
        assert_eq!(up_to.column_labels(), ["relu1_1 alone", "up to relu2_1"]);
        assert_eq!(names(&up_to), ["layers=relu1_1", "layers=relu1_1+relu2_1"]);
        let cells = up_to.cells(file).unwrap();
        assert_eq!(cells[1].arguments.shared.style.style_layers.as_ref().unwrap().len(), 2);
        let sets = grid("--style-layers relu1_1:2+relu2_1,relu3_1").unwrap();
        assert_eq!(names(&sets), ["style-layers=relu1_1_2+relu2_1", "style-layers=relu3_1"]);
        assert_eq!(sets.column_labels()[0], "style layers relu1_1:2 relu2_1");
    }

    #[test]
    fn a_grid_has_one_or_two_sides() {
        for (flags, words) in [
            ("--seed 1", "nothing to compare"),
            ("--seed 1,2 --size 64,65 --iterations 1,2", "--seed, --size, --iterations have more than one"),
            ("--seed 1,,2", "is empty"),
            ("--layers relu1_1,relu2_1 --style-layers relu1_1", "cannot be used with"),
        ] {
            let error = grid(flags).unwrap_err();
            assert!(error.contains(words), "{flags}: {error}");
        }
        let bad = grid("--seed 1,x").unwrap().cells(file);
        assert!(matches!(bad, Err(Failure::Mistake(line)) if line.contains("'x' for '--seed <N>'")));
    }
}
