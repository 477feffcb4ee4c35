//! What a painted picture tells of itself: how it was made, and the order that makes it again.

use std::path::{Path, PathBuf};

use impasto::picture::read_settings;
use serde_json::Value;

use crate::like::Like;
use crate::order::{Doodle, Order, StartFrom, Task, Texture, Transfer};
use crate::recipe::{Recipe, WeightsFrom};
use crate::refusal::Refusal;
use crate::summary::{self, Line};

/// A picture that was painted, or the JSON of its run.
#[derive(Clone, Debug)]
pub struct Painted {
    path: PathBuf,
    recipe: Recipe,
    /// Iterations done over all sizes, and whether the run came to its end, if the file tells.
    extent: Option<(u64, bool)>,
}

impl Painted {
    /// Reads what the metadata of a picture say, or the JSON of its run.
    ///
    /// # Errors
    /// If the file cannot be read, holds no recipe, or holds one that this version does not know.
    pub fn read(path: &Path) -> Result<Self, Refusal> {
        let like = Like::of_file(path)?;
        let recipe = like.recipe().cloned().ok_or_else(|| {
            Refusal::order(format!("{}: holds settings alone, not what was painted", path.display()))
        })?;
        let told = read_settings(path).ok().flatten();
        let told = told.and_then(|text| serde_json::from_str::<Value>(&text).ok());
        let extent = told.and_then(|it| it["iterations_done"].as_u64().zip(it["completed"].as_bool()));
        Ok(Painted { path: path.to_owned(), recipe, extent })
    }

    /// How it was made, in a few lines.
    pub fn lines(&self) -> Vec<Line> {
        let (recipe, settings) = (&self.recipe, self.recipe.settings());
        let mut lines = Vec::new();
        let mut line = |about, text: String| lines.push(Line { about, text });
        line("program", recipe.program().to_owned());
        recipe.content().into_iter().for_each(|content| line("content", content.to_owned()));
        let blend = recipe.blend();
        for (style, weight) in recipe.styles().zip(&blend) {
            let share = 100.0 * weight / blend.iter().sum::<f64>();
            let share = if blend.len() > 1 { format!(", {share:.0} %") } else { String::new() };
            line("style", format!("{style}{share}"));
        }
        recipe.preset().into_iter().for_each(|it| line("preset", format!("{it}: {}", it.description())));
        line("network", format!("{} on {}", recipe.network(), recipe.engine()));
        summary::terms(settings, recipe.has_content()).into_iter().for_each(|term| line("loss", term));
        line("optimiser", summary::optimizer(&settings.optimizer));
        line("start", summary::start(&settings.schedule.start).to_owned());
        line("size", settings.schedule.size.to_string());
        line("colours", settings.colors.rule.name().to_owned());
        line("seed", settings.seed.to_string());
        match self.extent {
            Some((done, true)) => line("run", format!("finished after {done} iterations")),
            Some((done, false)) => line("run", format!("incomplete: stopped after {done} iterations")),
            None => {}
        }
        lines
    }

    /// The order that makes it again: with its settings, and the files by their names, as their folders are not known.
    pub fn order(&self) -> Order {
        let recipe = &self.recipe;
        let styles: Vec<PathBuf> = recipe.styles().map(PathBuf::from).collect();
        let mut order = Order::new(self.task(styles));
        order.picture.like = Some(self.path.clone());
        order.picture.start = recipe.start().map(|file| StartFrom::Picture(file.into()));
        order.picture.fine_strokes = recipe.fine_strokes().map(PathBuf::from);
        order.content.strength_map = recipe.strength_map().map(PathBuf::from);
        if let WeightsFrom::File(file) = recipe.weights() {
            order.network.weights = Some(file.into());
        }
        order
    }

    fn task(&self, styles: Vec<PathBuf>) -> Task {
        let (content, maps) = (self.recipe.content().map(PathBuf::from), self.recipe.maps());
        match (content, maps) {
            (None, None) => Task::Texture(Texture { styles, seamless: None }),
            (None, Some(maps)) => {
                let (map, style_map) = maps.color_maps().unwrap_or_default();
                Task::Doodle(Doodle { styles, style_map, map, content: None })
            }
            (Some(content), maps) => {
                let mut transfer = Transfer { content, styles, ..Transfer::default() };
                if let Some((map, style_map)) = maps.and_then(|maps| maps.color_maps()) {
                    (transfer.content_map, transfer.style_map) = (Some(map), style_map);
                }
                if let Some((mask, style_mask)) = maps.and_then(|maps| maps.masks()) {
                    (transfer.content_mask, transfer.style_mask) = (Some(mask), style_mask);
                }
                Task::Transfer(transfer)
            }
        }
    }
}
