//! `impasto show`: how a picture was painted.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use impasto_jobs::order::{StartFrom, Task};
use impasto_jobs::summary::Line;
use impasto_jobs::{Order, Painted};

use crate::failure::Failure;
use crate::this_command::quoted;

const EXAMPLES: &str = "\
Examples:
  How a picture was painted, and the command that paints it again:
    impasto show harbour-swirls.png
  The same with other noise, or larger:
    impasto transfer harbour.png swirls.png --like harbour-swirls.png --size 1024";

/// Print how a picture was painted, and the command that paints it again.
///
/// Every picture of ours carries its settings, whatever its format. Files go by their names in it, since it may have
/// been painted in another folder or on another machine.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub struct ShowArguments {
    /// The picture, or the JSON of its run
    #[arg(value_name = "PICTURE")]
    pub picture: PathBuf,
}

/// Prints it.
pub fn run(arguments: &ShowArguments) -> Result<(), Failure> {
    let painted = Painted::read(&arguments.picture)?;
    let mut out = io::stdout().lock();
    for Line { about, text } in painted.lines() {
        writeln!(out, "{about:11} {text}")?;
    }
    writeln!(out, "\nThe command that paints it again, in the folder of these files:")?;
    writeln!(out, "  {}", command(&painted.order()))?;
    Ok(())
}

/// The command of an order whose settings are those of a picture.
fn command(order: &Order) -> String {
    let mut words = vec!["impasto".to_owned()];
    let mut add = |flag: &str, file: &Path| {
        let flag = Some(flag).filter(|flag| !flag.is_empty()).map(str::to_owned);
        words.extend(flag.into_iter().chain([quoted(&file.to_string_lossy())]));
    };
    match &order.task {
        Task::Transfer(transfer) => {
            add("transfer", &transfer.content);
            transfer.styles.iter().for_each(|style| add("--style", style));
            transfer.content_map.iter().for_each(|map| add("--content-map", map));
            transfer.style_map.iter().for_each(|map| add("--style-map", map));
            let masks = transfer.content_mask.iter().map(|masks| ("--content-mask", masks));
            for (flag, masks) in masks.chain(transfer.style_mask.iter().map(|masks| ("--style-mask", masks)))
            {
                add(flag, Path::new(&masks.to_string()));
            }
        }
        Task::Doodle(doodle) => {
            add("doodle --map", &doodle.map);
            for (style, map) in doodle.styles.iter().zip(&doodle.style_map) {
                add("--style", style);
                add("--style-map", map);
            }
        }
        Task::Texture(texture) => {
            let styles = texture.styles.iter().enumerate();
            styles.for_each(|(index, style)| add(if index == 0 { "texture" } else { "" }, style));
        }
    }
    if let Some(StartFrom::Picture(start)) = &order.picture.start {
        add("--start", start);
    }
    order.picture.fine_strokes.iter().for_each(|file| add("--fine-strokes", file));
    order.content.strength_map.iter().for_each(|file| add("--strength-map", file));
    order.network.weights.iter().for_each(|file| add("--weights", file));
    order.picture.like.iter().for_each(|file| add("--like", file));
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_quoted_for_a_shell() {
        let mut order = Order::transfer("my cat.jpg", ["a.png", "b.png"]);
        order.picture.like = Some("my cat-a.png".into());
        order.picture.start = Some(StartFrom::Picture("start.png".into()));
        let words = "impasto transfer 'my cat.jpg' --style a.png --style b.png --start start.png --like 'my cat-a.png'";
        assert_eq!(command(&order), words);
    }
}
