//! What no order may hold: values outside their ranges, and choices that rule each other out.
//!
//! A command line refuses most of it when it reads its flags. An order may come from anywhere.

use std::fmt::Display;

use impasto::StopAtProgress;
use impasto::regions::MAX_COLORS;
use impasto::terms::LayerWeight;

use super::{
    Doodle, EngineChoices, EngineName, LONGEST_SIDE, MapColors, Order, PictureSize, Stop, Task, Transfer,
};
use crate::message::{Field, Message};
use crate::refusal::Refusal;
use crate::threads::MOST_THREADS;
use crate::words;

impl EngineChoices {
    /// Checks that no choice rules out another; an instruction set may be asked for beside them.
    ///
    /// # Errors
    /// Names the one that cannot stay as it is.
    pub fn check(&self, asks_for_isa: bool) -> Result<(), Refusal> {
        let is_card =
            self.engine == Some(EngineName::Gpu) || (self.engine.is_none() && self.device.is_some());
        if asks_for_isa && is_card {
            return Err(Refusal::field("isa", "a graphics card has no instruction sets to choose from"));
        }
        if self.device.is_some() && matches!(self.engine, Some(EngineName::Cpu | EngineName::Scalar)) {
            let why =
                words!["only the engine for graphics cards runs on a device; add ", Field("engine"), " gpu"];
            return Err(Refusal::field("device", why));
        }
        Ok(())
    }
}

impl Order {
    /// Checks that every value is within its range, and that no choice rules out another.
    ///
    /// # Errors
    /// Names the first field that cannot stay as it is.
    pub fn check(&self) -> Result<(), Refusal> {
        self.check_task()?;
        self.check_conflicts()?;
        self.check_picture()?;
        self.check_losses()?;
        self.check_run()
    }

    fn check_task(&self) -> Result<(), Refusal> {
        if self.task.styles().is_empty() {
            return Err(Refusal::field("styles", "there is no style picture: give at least one"));
        }
        if let (None, Some(field)) = (self.task.maps(), self.maps.given()) {
            let why = match self.task {
                Task::Transfer(_) => {
                    words!["there are no maps; add ", Field("content_map"), " and ", Field("style_map")]
                }
                Task::Doodle(_) | Task::Texture(_) => words!["there are no maps; leave it out"],
            };
            return Err(Refusal::field(field, why));
        }
        match &self.task {
            Task::Transfer(Transfer { content_map, style_map, content_mask, style_mask, .. }) => {
                let maps = (content_map.is_some(), !style_map.is_empty());
                let masks = (content_mask.is_some(), !style_mask.is_empty());
                needs(maps.0, "content_map", maps.1, "style_map")?;
                needs(maps.1, "style_map", maps.0, "content_map")?;
                needs(masks.0, "content_mask", masks.1, "style_mask")?;
                needs(masks.1, "style_mask", masks.0, "content_mask")?;
                rules_out(masks.0, "content_mask", maps.0, "content_map")?;
                rules_out(masks.0, "content_mask", self.maps.map_colors.is_some(), "map_colors")?;
                rules_out(masks.0, "content_mask", self.maps.map_match.is_some(), "map_match")?;
                let empty = content_mask.iter().chain(style_mask).any(|masks| masks.0.is_empty());
                check(!empty, "content_mask", "", "expected at least one mask for each picture")
            }
            Task::Doodle(Doodle { style_map, .. }) => needs(true, "map", !style_map.is_empty(), "style_map"),
            Task::Texture(_) => Ok(()),
        }
    }

    fn check_conflicts(&self) -> Result<(), Refusal> {
        let Order { picture, content, style, optimizer, network, .. } = self;
        rules_out(picture.like.is_some(), "like", picture.preset.is_some(), "preset")?;
        rules_out(picture.look.is_some(), "look", picture.preset.is_some(), "preset")?;
        rules_out(picture.look.is_some(), "look", picture.like.is_some(), "like")?;
        rules_out(
            picture.stroke_size.is_some(),
            "stroke_size",
            picture.style_scale.is_some(),
            "style_scale",
        )?;
        rules_out(content.original_colors, "original_colors", content.colors.is_some(), "colors")?;
        rules_out(
            content.strength.is_some(),
            "strength",
            content.content_weight.is_some(),
            "content_weight",
        )?;
        rules_out(
            content.style_ratio.is_some(),
            "style_ratio",
            style.style_weight.is_some(),
            "style_weight",
        )?;
        rules_out(optimizer.effort.is_some(), "effort", optimizer.iterations.is_some(), "iterations")?;
        needs(network.convention.is_some(), "convention", network.weights.is_some(), "weights")
    }

    fn check_picture(&self) -> Result<(), Refusal> {
        let Order { picture, file, maps, .. } = self;
        if let Some(size) = picture.size {
            let sides = match size {
                PictureSize::Longest(side) => [side, side],
                PictureSize::Sides(width, height) => [width, height],
                PictureSize::Original => [1, 1],
            };
            let holds = sides.iter().all(|side| (1..=LONGEST_SIDE).contains(side));
            check(holds, "size", format_args!("{sides:?}"), "expected pixels, 1 to 65536")?;
        }
        within("from_size", picture.from_size, 1, LONGEST_SIDE as u32)?;
        positive("stroke_size", picture.stroke_size)?;
        positive("style_scale", picture.style_scale)?;
        picture.style_blend.iter().flatten().try_for_each(|part| weight("style_blend", Some(*part)))?;
        check(picture.max_pixels > 0, "max_pixels", picture.max_pixels, "expected at least 1")?;
        if let Some(MapColors::Number(number)) = maps.map_colors {
            check((1..=MAX_COLORS).contains(&number), "map_colors", number, "expected 1 to 24")?;
        }
        within("quality", file.quality, 1, 100)
    }

    fn check_losses(&self) -> Result<(), Refusal> {
        let Order { content, style, patches, .. } = self;
        part("color_strength", content.color_strength)?;
        part("strength", content.strength)?;
        weight("content_weight", content.content_weight)?;
        weight("style_ratio", content.style_ratio)?;
        weight("style_weight", style.style_weight)?;
        weight("tv_weight", style.tv_weight)?;
        layers("content_layers", content.content_layers.as_deref())?;
        layers("style_layers", style.style_layers.as_deref())?;
        if let Some(size) = patches.patch_size {
            check([1, 3, 5, 7].contains(&size), "patch_size", size, "expected 1, 3, 5 or 7")?;
        }
        within("patch_rotations", patches.patch_rotations, 0, 23)?;
        within("patch_scales", patches.patch_scales, 0, 10)?;
        within("patch_stride", patches.patch_stride, 1, 64)?;
        weight("semantic_weight", patches.semantic_weight)?;
        weight("variety", patches.variety)?;
        within("match_every", patches.match_every, 1, u32::MAX)
    }

    fn check_run(&self) -> Result<(), Refusal> {
        let Order { optimizer, machine, engine, .. } = self;
        engine.check(machine.isa.is_some())?;
        within("iterations", optimizer.iterations, 1, 1_000_000)?;
        positive("learning_rate", optimizer.learning_rate)?;
        within("lbfgs_memory", optimizer.lbfgs_memory, 1, 100)?;
        if let Some(Stop::At(StopAtProgress { share, interval })) = optimizer.stop_at_progress {
            let holds = share > 0.0 && share < 1.0 && (2..=10_000).contains(&interval);
            let why = "expected a part of the loss above 0 and below 1, and 2 to 10000 iterations";
            check(holds, "stop_at_progress", format_args!("{share}:{interval}"), why)?;
        }
        within("threads", machine.threads, 1, MOST_THREADS)
    }
}

/// `Ok` if a value `holds` to its range.
fn check(holds: bool, field: &'static str, value: impl Display, why: &'static str) -> Result<(), Refusal> {
    if holds { Ok(()) } else { Err(Refusal::new(Message::about_value(field, value, why))) }
}

fn within<T: Copy + PartialOrd + Display>(
    field: &'static str,
    value: Option<T>,
    least: T,
    most: T,
) -> Result<(), Refusal> {
    match value {
        Some(value) if value < least || value > most => {
            Err(Refusal::new(Message::about_value(field, value, format!("expected {least} to {most}"))))
        }
        _ => Ok(()),
    }
}

fn weight(field: &'static str, value: Option<f64>) -> Result<(), Refusal> {
    value.map_or(Ok(()), |value| {
        check(value.is_finite() && value >= 0.0, field, value, "expected a finite number of at least 0")
    })
}

fn positive(field: &'static str, value: Option<f64>) -> Result<(), Refusal> {
    value.map_or(Ok(()), |value| {
        check(value.is_finite() && value > 0.0, field, value, "expected a finite number above 0")
    })
}

fn part(field: &'static str, value: Option<f64>) -> Result<(), Refusal> {
    value.map_or(Ok(()), |value| {
        check((0.0..=1.0).contains(&value), field, value, "expected a number from 0 to 1")
    })
}

fn layers(field: &'static str, layers: Option<&[LayerWeight]>) -> Result<(), Refusal> {
    layers.into_iter().flatten().try_for_each(|layer| weight(field, Some(layer.weight)))
}

/// Refuses a choice beside another.
fn rules_out(
    given: bool,
    field: &'static str,
    other_given: bool,
    other: &'static str,
) -> Result<(), Refusal> {
    if !(given && other_given) {
        return Ok(());
    }
    Err(Refusal::field(field, words!["cannot be used with ", Field(other)]))
}

/// Refuses a choice without another.
fn needs(given: bool, field: &'static str, other_given: bool, other: &'static str) -> Result<(), Refusal> {
    if !given || other_given {
        return Ok(());
    }
    Err(Refusal::field(field, words!["needs ", Field(other)]))
}
