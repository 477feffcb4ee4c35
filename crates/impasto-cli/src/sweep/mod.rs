//! `impasto sweep`: a grid of paintings over the values of one or two options.
//!
//! Each cell is a whole `impasto transfer` of its own: `grid.rs` makes its command line, and from there on it
//! is read, checked and painted like any other.

mod arguments;
mod grid;

use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

pub use arguments::SweepArguments;
use grid::{Cell, Grid};
use impasto::picture::{WriteOptions, check_writable};
use impasto::{Outcome, Picture, Plan, TransferError};
use impasto_kernels::Isa;

use crate::failure::{Failure, say};
use crate::painting::Job;
use crate::series::Series;
use crate::sheet::{Sheet, Space, Tile, shrunk};
use crate::{interrupt, machine, threads};

/// How a cell ended.
enum End {
    Painted(Picture),
    /// A loss was not finite: the last good picture.
    Diverged(Picture),
    /// Interrupted: what there is of it, if anything.
    Interrupted(Option<Picture>),
}

/// What stands below a cell whose picture is the last good one.
const DIVERGED: &str = "diverged";

/// Paints all cells, then the sheet.
pub fn run(arguments: &SweepArguments) -> Result<(), Failure> {
    let grid = Grid::new(arguments)?;
    let output = arguments.own.output.clone().unwrap_or_else(|| default_output(&arguments.pictures));
    check_writable(&output, &WriteOptions::default())?;
    // Checked with the sheet as their output, since the folder of the cells may not be there yet.
    let checked = grid.cells(|_| output.clone())?;
    let isa = machine::instruction_set(checked[0].arguments.shared.machine.isa)?;
    threads::pool(checked[0].arguments.shared.machine.threads)?.install(|| {
        let plans = checked.iter().map(|cell| Job::new(&cell.arguments.request()?, isa).map(|job| job.plan));
        let plans = plans.collect::<Result<Vec<_>, _>>()?;
        let sheet = Sheet {
            title: checked[0].arguments.request()?.title(),
            columns: grid.column_labels().len(),
            column_labels: grid.column_labels(),
            row_labels: grid.row_labels(),
            tiles: Vec::new(),
        };
        sheet.check(&output, &spaces(&plans, arguments.own.cell as usize))?;
        interrupt::install()?;
        let cells = match &arguments.own.keep {
            None => checked,
            Some(folder) => {
                fs::create_dir_all(folder).map_err(|error| {
                    Failure::mistake(format_args!("--keep {}: {error}", folder.display()))
                })?;
                grid.cells(|name| folder.join(format!("{name}.png")))?
            }
        };
        paint(arguments, sheet, &cells, &plans, isa, &output)
    })
}

/// What the cells take of the sheet at most, by their plans.
fn spaces(plans: &[Plan], longest: usize) -> Vec<Space<'static>> {
    let lasts = plans.iter().filter_map(|plan| plan.stages.last());
    lasts.map(|last| Space::shrunk((last.size.width, last.size.height), longest, DIVERGED)).collect()
}

/// Paints all cells, then the sheet, which has all but its tiles.
fn paint(
    arguments: &SweepArguments,
    sheet: Sheet,
    cells: &[Cell],
    plans: &[Plan],
    isa: Isa,
    output: &Path,
) -> Result<(), Failure> {
    let own = &arguments.own;
    let names = cells.iter().map(|cell| cell.name.clone()).collect();
    let mut series = Series::new(own.quiet, names, plans);
    let mut tiles = Vec::with_capacity(cells.len());
    let (mut diverged, mut interrupted) = (Vec::new(), false);
    for (index, cell) in cells.iter().enumerate() {
        series.begin(index);
        let (picture, caption) = match paint_cell(cell, isa, own.keep.is_some(), &mut series)? {
            End::Painted(picture) => (Some(picture), ""),
            End::Diverged(picture) => {
                diverged.push(cell.name.as_str());
                (Some(picture), DIVERGED)
            }
            End::Interrupted(picture) => {
                interrupted = true;
                (picture, "interrupted")
            }
        };
        let tile =
            |picture| Tile { picture: shrunk(&picture, own.cell as usize), caption: caption.to_owned() };
        tiles.push(picture.map(tile));
        if interrupted {
            break;
        }
    }
    series.finish();
    if tiles.iter().all(Option::is_none) {
        if !own.quiet {
            say("interrupted before the first picture; nothing written");
        }
        return Err(Failure::Interrupted);
    }
    tiles.resize_with(cells.len(), || None);
    let sheet = Sheet { tiles, ..sheet }.draw();
    sheet.write(output, None, &WriteOptions::default())?;
    if !own.quiet {
        let (width, height) = (sheet.width(), sheet.height());
        writeln!(io::stdout(), "wrote {}, {width}x{height}, {} cells", output.display(), cells.len())?;
    }
    if interrupted {
        return Err(Failure::Interrupted);
    }
    match diverged.as_slice() {
        [] => Ok(()),
        cells => Err(Failure::mistake(format_args!(
            "a loss became infinite or undefined in {}; the sheet shows the last good pictures there",
            cells.join(" and ")
        ))),
    }
}

/// Paints one cell, and saves it if it is to be kept.
fn paint_cell(cell: &Cell, isa: Isa, keep: bool, series: &mut Series) -> Result<End, Failure> {
    let mut job = Job::new(&cell.arguments.request()?, isa)?;
    let outcome = job.transfer.run_observed(&mut job.engine, series);
    let iterations_done = series.iterations_done();
    let end = match outcome {
        Ok(Outcome { picture, completed: true, .. }) => End::Painted(picture),
        Ok(Outcome { picture, .. }) => End::Interrupted((iterations_done > 0).then_some(picture)),
        Err(TransferError::NotFinite { picture, .. } | TransferError::EngineFailed { picture, .. }) => {
            End::Diverged(*picture)
        }
        Err(error) => return Err(error.into()),
    };
    let (picture, completed) = match &end {
        End::Painted(picture) => (Some(picture), true),
        End::Diverged(picture) => (Some(picture), false),
        End::Interrupted(picture) => (picture.as_ref(), false),
    };
    if let (Some(picture), true) = (picture, keep) {
        job.output.save(picture, &job.recipe, iterations_done, completed)?;
    }
    Ok(end)
}

/// `CONTENT-STYLE-sweep.png` in the current folder.
fn default_output(pictures: &[OsString]) -> PathBuf {
    let stems: Vec<String> = pictures
        .iter()
        .map(|path| Path::new(path).file_stem().unwrap_or_default().to_string_lossy().into_owned())
        .collect();
    PathBuf::from(format!("{}-sweep.png", stems.join("-")))
}
