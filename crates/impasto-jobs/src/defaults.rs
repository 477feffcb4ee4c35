//! What choices are where an order leaves them out: the values of a preset, as they are typed.

use impasto::terms::{Content, LayerWeight, Patches, Term, TotalVariation};
use impasto::{OptimizerSettings, Preset, StyleMethod};

use crate::order::Stop;
use crate::order::text::Text;
use crate::settings::LBFGS_MEMORY;
use crate::summary;

/// The values that a preset has for the fields of an order. A term that it lacks is left out; patches are as the method
/// of that name brings them.
pub fn defaults(preset: Preset) -> Vec<(&'static str, String)> {
    let settings = preset.settings();
    let schedule = &settings.schedule;
    let mut values = vec![
        ("size", schedule.size.to_string()),
        ("start", summary::start(&schedule.start).to_owned()),
        ("style_scale", schedule.style_scale.to_string()),
        ("colors", settings.colors.rule.name().to_owned()),
        ("seed", settings.seed.to_string()),
    ];
    let mut add = |field, value: Option<String>| values.extend(value.map(|value| (field, value)));
    let styles: Vec<&Term> = settings.terms.iter().filter(|term| term.learns_style()).collect();
    let methods: Vec<&str> = styles.iter().map(|term| term.name()).collect();
    add("method", Some(methods.join(" and ")));
    let content = settings.term::<Content>();
    add("content_weight", content.map(|content| content.weight.to_string()));
    add("content_layers", content.map(|content| layers(&content.layers.layers)));
    add("style_weight", styles.first().map(|term| term.weight().to_string()));
    add(
        "style_layers",
        styles.iter().find(|term| !term.layers().is_empty()).map(|term| layers(term.layers())),
    );
    add("tv_weight", settings.term::<TotalVariation>().map(|smooth| smooth.weight.to_string()));
    add("normalize_gradients", Some(settings.normalize_gradients.to_string()));
    add("iterations", Some(schedule.iterations.to_string()));
    add("stop_at_progress", Some(schedule.stop.map_or(Stop::Never, Stop::At).write()));
    let (optimizer, rate, memory) = match &settings.optimizer {
        OptimizerSettings::Lbfgs(options) => ("lbfgs", options.learning_rate, options.memory),
        OptimizerSettings::Adam(options) => ("adam", options.learning_rate, LBFGS_MEMORY),
    };
    add("optimizer", Some(optimizer.to_owned()));
    add("learning_rate", Some(rate.to_string()));
    add("lbfgs_memory", Some(memory.to_string()));
    // What --method patches would bring, where the preset has none.
    let mut with_patches = settings.clone();
    if settings.term::<Patches>().is_none() {
        with_patches.set_method(StyleMethod::Patches);
    }
    let patches = with_patches.term::<Patches>();
    add("patch_size", patches.map(|patches| patches.size.to_string()));
    add("patch_rotations", patches.map(|patches| patches.rotations.to_string()));
    add("patch_scales", patches.map(|patches| patches.scales.to_string()));
    add("patch_stride", patches.map(|patches| patches.source_stride.to_string()));
    add("semantic_weight", patches.map(|patches| patches.semantic_weight.to_string()));
    add("variety", patches.map(|patches| patches.variety.to_string()));
    add("match_every", patches.map(|patches| patches.match_every.to_string()));
    add("pooling", Some(settings.network.pooling.write()));
    values
}

fn layers(layers: &[LayerWeight]) -> String {
    layers.iter().map(summary::layer).collect::<Vec<_>>().join(",")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::order::Order;

    #[test]
    fn every_value_is_one_that_an_order_takes() {
        for preset in Preset::ALL {
            for (field, value) in defaults(preset) {
                // Words, not values: what a sweep could not set.
                if field == "start" || field == "method" && value.contains(" and ") {
                    continue;
                }
                let mut order = Order::transfer("a.png", ["b.png"]);
                if crate::order::VARIED.contains(&field) {
                    order
                        .set(field, &value)
                        .unwrap_or_else(|error| panic!("{preset} {field} {value}: {error}"));
                }
            }
        }
    }

    #[test]
    fn the_default_preset_has_its_own_numbers() {
        let values = defaults(Preset::Impasto);
        let of = |name: &str| values.iter().find(|(field, _)| *field == name).map(|(_, value)| value.clone());
        let settings = Preset::Impasto.settings();
        assert_eq!(of("method").as_deref(), Some("moments"));
        assert_eq!(of("size"), Some(settings.schedule.size.to_string()));
        assert_eq!(of("optimizer").as_deref(), Some("adam"));
        assert!(of("match_every").is_some());
    }
}
