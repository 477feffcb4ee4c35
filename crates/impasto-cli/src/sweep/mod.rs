//! `impasto sweep`: a grid of paintings over the values of one or two options.
//!
//! Each cell is an order of its own, which is checked and painted like any other.

mod arguments;

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

pub use arguments::SweepArguments;
use impasto::picture::{WriteOptions, check_writable};
use impasto::{Outcome, Picture, Plan, StyleCache, TransferError};
use impasto_jobs::features::SeriesObserver;
use impasto_jobs::sheet::{Sheet, Space, Tile, shrunk};
use impasto_jobs::sweep::{Axis, Cell, Grid};
use impasto_jobs::{Extent, Job, threads};

use crate::failure::{Failure, say};
use crate::interrupt;
use crate::painting::pipes::Pipes;
use crate::painting::{Output, OutputArguments, existing};
use crate::series::{STYLE_CACHE, Series};

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
    let axes = arguments.lists.iter().map(|(name, list)| Axis::new(name, list));
    let mut pipes = Pipes::default();
    let order = pipes.filed(&arguments.order)?;
    let mut default = order.name();
    default.push("-sweep.png");
    let grid = Grid::new(order, axes.collect::<Result<_, _>>()?)?;
    let own = &arguments.own;
    let output = own.output.clone().unwrap_or_else(|| existing::free(Path::new(&default)));
    check_writable(&output, &WriteOptions::default())?;
    let cells = grid.cells()?;
    threads::pool(arguments.order.machine.threads)?.install(|| {
        // Checked with the sheet as their output, since the folder of the cells may not be there yet.
        let styles = Arc::new(StyleCache::new(STYLE_CACHE));
        let plan = |cell: &Cell| cell_job(cell, arguments, &output, &styles).map(|(job, _)| job.plan);
        let plans = cells.iter().map(plan).collect::<Result<Vec<_>, _>>()?;
        let sheet = grid.sheet();
        sheet.check(&output, &spaces(&plans, arguments.own.cell as usize))?;
        if own.output.is_some() && output.exists() && !own.force {
            existing::agree_to_replace(&output, own.quiet)?;
        }
        interrupt::install()?;
        if let Some(folder) = &arguments.own.keep {
            fs::create_dir_all(folder)
                .map_err(|error| Failure::mistake(format_args!("--keep {}: {error}", folder.display())))?;
        }
        paint(arguments, sheet, (&cells, &plans), &output, &styles)
    })
}

/// The job of a cell, and its result on the way to `file`.
fn cell_job(
    cell: &Cell,
    arguments: &SweepArguments,
    file: &Path,
    styles: &Arc<StyleCache>,
) -> Result<(Job, Output), Failure> {
    let flags = OutputArguments {
        output: Some(file.to_owned()),
        force: arguments.own.force,
        ..OutputArguments::default()
    };
    let output = Output::new(&cell.order, &flags, None)?;
    let job = Job::planned(&cell.order)?.sharing_styles(styles.clone())?;
    output.check_sizes(&cell.order, &job)?;
    Ok((job, output))
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
    (cells, plans): (&[Cell], &[Plan]),
    output: &Path,
    styles: &Arc<StyleCache>,
) -> Result<(), Failure> {
    let own = &arguments.own;
    let names = cells.iter().map(|cell| cell.name.clone()).collect();
    let mut series = Series::new(own.quiet, names, plans);
    let mut tiles = Vec::with_capacity(cells.len());
    let (mut diverged, mut interrupted) = (Vec::new(), false);
    for (index, cell) in cells.iter().enumerate() {
        series.begin(index);
        let (picture, caption) = match paint_cell(cell, arguments, output, styles, &mut series)? {
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
    let saved = existing::place(output, own.output.is_some(), !interrupted);
    sheet
        .write(&saved.path, None, &WriteOptions::default())
        .inspect_err(|_| existing::release(&saved.path))?;
    if !own.quiet {
        let (width, height) = (sheet.width(), sheet.height());
        let verb = if saved.replaced { "replaced" } else { "wrote" };
        writeln!(io::stdout(), "{verb} {}, {width}x{height}, {} cells", saved.path.display(), cells.len())?;
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
fn paint_cell(
    cell: &Cell,
    arguments: &SweepArguments,
    sheet: &Path,
    styles: &Arc<StyleCache>,
    series: &mut Series,
) -> Result<End, Failure> {
    let kept = arguments.own.keep.as_ref().map(|folder| folder.join(format!("{}.png", cell.name)));
    let (mut job, output) = cell_job(cell, arguments, kept.as_deref().unwrap_or(sheet), styles)?;
    let outcome = job.engine.run(&job.transfer, series);
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
    if let (Some(picture), Some(_)) = (picture, kept) {
        output.save(&job.file, picture, &job.recipe, Extent { iterations_done, completed })?;
    }
    Ok(end)
}
