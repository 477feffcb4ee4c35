//! Parsers of the flags of a command line, whose help and completions list the values that have names.

use std::path::PathBuf;

use clap::builder::{PossibleValuesParser, TypedValueParser, ValueParser};
use impasto_kernels::Isa;
use impasto_network::Architecture;
use impasto_network::catalogue::PUBLISHED;

use super::text::{Named, Text};
use super::values::{self, MaskList};
use crate::network_choice::NETWORKS;

/// Reads one of a few values by its name.
pub(crate) fn named<T: Named>() -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(T::names().into_iter().map(|(name, _)| name)).try_map(|name| T::read(&name))
}

/// Reads the name of an instruction set.
pub fn isa() -> impl TypedValueParser<Value = Isa> {
    named()
}

/// Reads the name of a network, or of published weights, which are then the name of their network.
pub fn network() -> impl TypedValueParser<Value = Architecture> {
    let published = PUBLISHED.iter().map(|published| published.name);
    let names = NETWORKS.into_iter().chain(published.filter(|name| !NETWORKS.contains(name)));
    PossibleValuesParser::new(names).try_map(|name| Architecture::read(&name))
}

/// Reads paths with commas between them.
pub(crate) fn mask_list(text: &str) -> Result<MaskList, String> {
    let masks: Vec<PathBuf> = text.split(',').map(PathBuf::from).collect();
    if masks.iter().any(|mask| mask.as_os_str().is_empty()) {
        return Err("expected picture files with commas between them".to_owned());
    }
    Ok(MaskList(masks))
}

/// Reads the side of a patch: odd, so that a patch has a middle.
pub(crate) fn patch_size() -> impl TypedValueParser<Value = u8> {
    PossibleValuesParser::new(["1", "3", "5", "7"]).try_map(|side| side.parse::<u8>())
}

/// Reads one value of a sweep over a choice that is a list, in which `+` stands for the comma, to check it. Gives the
/// last element: the whole is for [`Axis`](crate::sweep::Axis). `None` if the choice is no list.
pub fn swept_list(field: &str) -> Option<ValueParser> {
    match field {
        "style_blend" => Some(ValueParser::new(|text: &str| last(text, values::weight))),
        "content_layers" | "style_layers" => {
            Some(ValueParser::new(|text: &str| last(text, values::layer_weight)))
        }
        _ => None,
    }
}

fn last<T>(text: &str, read: fn(&str) -> Result<T, String>) -> Result<T, String> {
    let elements = text.split('+').map(read).collect::<Result<Vec<_>, _>>()?;
    elements.into_iter().next_back().ok_or_else(String::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_have_commas_between_them() {
        assert_eq!(mask_list("a.png,b.png"), Ok(MaskList(vec!["a.png".into(), "b.png".into()])));
        assert!(mask_list("a.png,").is_err());
    }
}
