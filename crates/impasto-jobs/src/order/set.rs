//! Choices set by their names and by text: what a sweep varies.

use super::text::Text;
use super::{Order, values};
use crate::message::Message;
use crate::refusal::Refusal;

/// The fields that [`Order::set`] knows.
pub const VARIED: [&str; 34] = [
    "preset",
    "look",
    "strength",
    "stroke_size",
    "colors",
    "color_strength",
    "effort",
    "size",
    "start",
    "seed",
    "style_scale",
    "style_blend",
    "method",
    "content_weight",
    "style_weight",
    "style_ratio",
    "tv_weight",
    "content_layers",
    "style_layers",
    "patch_size",
    "patch_rotations",
    "patch_scales",
    "patch_stride",
    "semantic_weight",
    "variety",
    "match_every",
    "map_colors",
    "map_match",
    "iterations",
    "stop_at_progress",
    "optimizer",
    "learning_rate",
    "lbfgs_memory",
    "pooling",
];

/// Those of them whose values are lists, with commas between.
pub const LISTS: [&str; 3] = ["content_layers", "style_layers", "style_blend"];

impl Order {
    /// Sets one of the choices in [`VARIED`] from text, as a command line takes it.
    ///
    /// # Errors
    /// If there is no such choice, or the text is no value of it.
    pub fn set(&mut self, field: &str, text: &str) -> Result<(), Refusal> {
        self.try_set(field, text).map_err(|why| {
            Refusal::new(Message::about_value(field.to_owned(), format_args!("{text:?}"), why))
        })
    }

    fn try_set(&mut self, field: &str, text: &str) -> Result<(), String> {
        let Order { picture, content, style, patches, maps, optimizer, network, .. } = self;
        match field {
            "preset" => picture.preset = Some(Text::read(text)?),
            "look" => picture.look = Some(Text::read(text)?),
            "size" => picture.size = Some(Text::read(text)?),
            "start" => picture.start = Some(values::start_from(text)?),
            "seed" => picture.seed = Some(whole(text)?),
            "stroke_size" => picture.stroke_size = Some(values::positive(text)?),
            "style_scale" => picture.style_scale = Some(values::positive(text)?),
            "style_blend" => picture.style_blend = Some(list(text, values::weight)?),
            "colors" => content.colors = Some(Text::read(text)?),
            "color_strength" => content.color_strength = Some(values::share(text)?),
            "strength" => content.strength = Some(values::part(text)?),
            "content_weight" => content.content_weight = Some(values::weight(text)?),
            "style_ratio" => content.style_ratio = Some(values::weight(text)?),
            "content_layers" => content.content_layers = Some(list(text, values::layer_weight)?),
            "method" => style.method = Some(Text::read(text)?),
            "style_weight" => style.style_weight = Some(values::weight(text)?),
            "style_layers" => style.style_layers = Some(list(text, values::layer_weight)?),
            "tv_weight" => style.tv_weight = Some(values::weight(text)?),
            "patch_size" => patches.patch_size = Some(whole(text)?),
            "patch_rotations" => patches.patch_rotations = Some(whole(text)?),
            "patch_scales" => patches.patch_scales = Some(whole(text)?),
            "patch_stride" => patches.patch_stride = Some(whole(text)?),
            "semantic_weight" => patches.semantic_weight = Some(values::weight(text)?),
            "variety" => patches.variety = Some(values::weight(text)?),
            "match_every" => patches.match_every = Some(whole(text)?),
            "map_colors" => maps.map_colors = Some(Text::read(text)?),
            "map_match" => maps.map_match = Some(Text::read(text)?),
            "iterations" => optimizer.iterations = Some(whole(text)?),
            "stop_at_progress" => optimizer.stop_at_progress = Some(Text::read(text)?),
            "effort" => optimizer.effort = Some(Text::read(text)?),
            "optimizer" => optimizer.optimizer = Some(Text::read(text)?),
            "learning_rate" => optimizer.learning_rate = Some(values::positive(text)?),
            "lbfgs_memory" => optimizer.lbfgs_memory = Some(whole(text)?),
            "pooling" => network.pooling = Some(Text::read(text)?),
            _ => return Err("no such choice".to_owned()),
        }
        Ok(())
    }
}

/// Reads a whole number; [`Order::check`] knows its range.
fn whole<T: std::str::FromStr>(text: &str) -> Result<T, String> {
    text.trim().parse().map_err(|_| "expected a whole number within its range".to_owned())
}

fn list<T>(text: &str, read: fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_choice_that_varies_can_be_set() {
        for field in VARIED {
            let mut order = Order::transfer("a.png", ["b.png"]);
            let refused = order.set(field, "").unwrap_err().to_string();
            assert!(!refused.contains("no such choice"), "{refused}");
        }
        let mut order = Order::transfer("a.png", ["b.png"]);
        order.set("style_layers", "relu1_1:2,conv3_1").unwrap();
        order.set("size", "640x480").unwrap();
        assert_eq!(order.style.style_layers.as_ref().unwrap().len(), 2);
        assert_eq!(order.set("quiet", "true").unwrap_err().to_string(), "quiet \"true\": no such choice");
        assert!(LISTS.iter().all(|field| VARIED.contains(field)));
    }
}
