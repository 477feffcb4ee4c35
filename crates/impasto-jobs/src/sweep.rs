//! A sweep: the same order over the values of one or two choices, which run along the columns and down the rows of a
//! grid.

use crate::message::{Field, Message, Words};
use crate::order::{LISTS, Order, VARIED};
use crate::refusal::Refusal;
use crate::sheet::Sheet;
use crate::words;

/// Stands for sets of style layers, each all of those listed up to one.
const LAYERS: &str = "layers";

/// One choice and its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// The field of an order, or [`LAYERS`].
    name: &'static str,
    /// As text. Within one that is a list, `+` stands for the comma.
    values: Vec<String>,
}

/// The grid of a sweep.
#[derive(Clone, Debug)]
pub struct Grid {
    /// Along the columns.
    columns: Axis,
    /// Down the rows, if two choices vary.
    rows: Option<Axis>,
    /// What all cells have in common.
    order: Order,
}

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// What is its own, as it names a file: `style-ratio=10,seed=1`.
    pub name: String,
    /// The painting.
    pub order: Order,
}

impl Axis {
    /// The values of a choice in [`VARIED`], with commas between them; within a value that is a list itself, `+`
    /// stands for the comma. The name `layers` stands for `style_layers`, one set after another, each all of the
    /// layers up to one.
    ///
    /// # Errors
    /// If there is no such choice, or a value is empty.
    pub fn new(name: &str, list: &str) -> Result<Self, Refusal> {
        let Some(name) = VARIED.into_iter().chain([LAYERS]).find(|known| *known == name) else {
            return Err(Refusal::field(name.to_owned(), "takes no list of values"));
        };
        let values: Vec<String> = list.split(',').map(|value| value.trim().to_owned()).collect();
        if values.iter().any(String::is_empty) {
            let why = "a value of the list is empty";
            return Err(Refusal::new(Message::about_value(name, format_args!("{list:?}"), why)));
        }
        let values = match name {
            LAYERS => (1..=values.len()).map(|count| values[..count].join("+")).collect(),
            _ => values,
        };
        Ok(Axis { name, values })
    }

    /// Gives an order one of the values.
    fn set(&self, order: &mut Order, value: &str) -> Result<(), Refusal> {
        let field = if self.name == LAYERS { "style_layers" } else { self.name };
        match LISTS.contains(&field) {
            true => order.set(field, &value.replace('+', ",")),
            false => order.set(field, value),
        }
    }

    /// Each value as it stands beside the grid.
    fn labels(&self) -> Vec<String> {
        let words = self.name.replace('_', " ");
        let label = |value: &String| match self.name {
            LAYERS => match value.rsplit_once('+') {
                Some((_, last)) => format!("up to {last}"),
                None => format!("{value} alone"),
            },
            name if LISTS.contains(&name) => format!("{words} {}", value.replace('+', " ")),
            _ => format!("{words} {value}"),
        };
        self.values.iter().map(label).collect()
    }

    /// One of the values as part of a file name.
    fn file_name(&self, value: &str) -> String {
        let is_safe = |character: char| character.is_ascii_alphanumeric() || ".-_+".contains(character);
        let safe: String =
            value.chars().map(|character| if is_safe(character) { character } else { '_' }).collect();
        format!("{}={safe}", self.name.replace('_', "-"))
    }
}

impl Grid {
    /// The grid of an order over these values. The first axis of several values runs along the columns.
    ///
    /// # Errors
    /// Unless one or two choices have more than one value, or if a value is none of its choice.
    pub fn new(mut order: Order, axes: Vec<Axis>) -> Result<Self, Refusal> {
        let (mut varied, fixed): (Vec<_>, Vec<_>) = axes.into_iter().partition(|axis| axis.values.len() > 1);
        if varied.len() > 2 {
            let names = listed(varied.iter().map(|axis| axis.name));
            let why =
                " have more than one value each, but a grid has two sides: leave one value to all but two";
            return Err(Refusal::order(words![names, why]));
        }
        if varied.is_empty() {
            let nothing = "nothing to compare: give one or two options more than one value, such as ";
            let lists = listed([LAYERS].into_iter().chain(VARIED));
            let example = " 1,10,100; lists are taken by ";
            return Err(Refusal::order(words![nothing, Field("style_ratio"), example, lists]));
        }
        fixed.iter().try_for_each(|axis| axis.set(&mut order, &axis.values[0]))?;
        let columns = varied.remove(0);
        Ok(Grid { columns, rows: varied.pop(), order })
    }

    /// The sheet of the grid, which has all but its tiles.
    pub fn sheet(&self) -> Sheet {
        let column_labels = self.columns.labels();
        Sheet {
            title: self.order.title(),
            columns: column_labels.len(),
            column_labels,
            row_labels: self.rows.as_ref().map_or_else(Vec::new, Axis::labels),
            tiles: Vec::new(),
        }
    }

    /// All cells, row by row.
    ///
    /// # Errors
    /// If a value is none of its choice.
    pub fn cells(&self) -> Result<Vec<Cell>, Refusal> {
        let rows: Vec<Option<(&Axis, &String)>> = match &self.rows {
            None => vec![None],
            Some(axis) => axis.values.iter().map(|value| Some((axis, value))).collect(),
        };
        let mut cells = Vec::with_capacity(rows.len() * self.columns.values.len());
        for row in rows {
            for value in &self.columns.values {
                let own = [Some((&self.columns, value)), row].into_iter().flatten();
                let name: Vec<String> = own.clone().map(|(axis, value)| axis.file_name(value)).collect();
                let mut order = self.order.clone();
                own.into_iter().try_for_each(|(axis, value)| axis.set(&mut order, value))?;
                cells.push(Cell { name: name.join(","), order });
            }
        }
        Ok(cells)
    }
}

/// Names of fields with commas between them.
fn listed(fields: impl Iterator<Item = &'static str>) -> Words {
    let mut words = Words::default();
    for (index, field) in fields.enumerate() {
        if index > 0 {
            words.push(", ");
        }
        words.push(Field(field));
    }
    words
}

#[cfg(test)]
mod tests {
    use impasto::StyleMethod;

    use super::*;

    fn grid(lists: &[(&str, &str)]) -> Result<Grid, String> {
        let axes = lists.iter().map(|(name, list)| Axis::new(name, list));
        let axes = axes.collect::<Result<Vec<_>, _>>().map_err(|refusal| refusal.to_string())?;
        Grid::new(Order::transfer("a.png", ["b.png"]), axes).map_err(|refusal| refusal.to_string())
    }

    fn names(grid: &Grid) -> Vec<String> {
        grid.cells().unwrap().into_iter().map(|cell| cell.name).collect()
    }

    #[test]
    fn the_first_list_runs_along_the_columns() {
        let lists = [("seed", "1,2"), ("iterations", "9"), ("style_ratio", "1e2,1e3,1e4")];
        let grid = grid(&lists).unwrap();
        assert_eq!(grid.sheet().column_labels, ["seed 1", "seed 2"]);
        assert_eq!(grid.sheet().row_labels, ["style ratio 1e2", "style ratio 1e3", "style ratio 1e4"]);
        let cells = grid.cells().unwrap();
        assert_eq!(cells.len(), 6);
        assert_eq!(cells[3].name, "seed=2,style-ratio=1e3");
        let order = &cells[3].order;
        assert_eq!(
            (order.picture.seed, order.content.style_ratio, order.optimizer.iterations),
            (Some(2), Some(1e3), Some(9))
        );
    }

    #[test]
    fn methods_are_compared() {
        let grid = grid(&[("method", "gram,patches"), ("style_weight", "1,2")]).unwrap();
        assert_eq!(grid.sheet().column_labels, ["method gram", "method patches"]);
        let cells = grid.cells().unwrap();
        let methods: Vec<_> = cells.iter().map(|cell| cell.order.style.method.unwrap()).collect();
        assert_eq!(methods, [StyleMethod::Gram, StyleMethod::Patches].repeat(2));
    }

    #[test]
    fn layers_add_up_and_sets_are_taken_as_they_are() {
        let up_to = grid(&[("layers", "relu1_1,relu2_1")]).unwrap();
        assert_eq!(up_to.sheet().column_labels, ["relu1_1 alone", "up to relu2_1"]);
        assert_eq!(names(&up_to), ["layers=relu1_1", "layers=relu1_1+relu2_1"]);
        let cells = up_to.cells().unwrap();
        assert_eq!(cells[1].order.style.style_layers.as_ref().unwrap().len(), 2);
        let sets = grid(&[("style_layers", "relu1_1:2+relu2_1,relu3_1")]).unwrap();
        assert_eq!(names(&sets), ["style-layers=relu1_1_2+relu2_1", "style-layers=relu3_1"]);
        assert_eq!(sets.sheet().column_labels[0], "style layers relu1_1:2 relu2_1");
    }

    #[test]
    fn a_grid_has_one_or_two_sides() {
        let too_many = [("seed", "1,2"), ("size", "64,65"), ("iterations", "1,2")];
        for (lists, words) in [
            (&[("seed", "1")][..], "nothing to compare"),
            (&too_many, "seed, size, iterations have more than one"),
            (&[("seed", "1,,2")], "is empty"),
            (&[("threads", "1,2")], "takes no list"),
        ] {
            let error = grid(lists).unwrap_err();
            assert!(error.contains(words), "{lists:?}: {error}");
        }
        let bad = grid(&[("seed", "1,x")]).unwrap().cells().unwrap_err();
        assert_eq!(bad.message.field.as_deref(), Some("seed"));
    }
}
