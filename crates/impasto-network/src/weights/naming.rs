//! Which tensors of a file are the convolutions, and where they stand in the network.
//!
//! Two namings are read, each as `STEM.weight` `[out, in, 3, 3]` and `STEM.bias` `[out]`:
//!
//! - by block: `conv4_2`, the names of the papers;
//! - torchvision: `features.N`, where N counts convolutions, ReLUs and poolings alike. A convolution two
//!   places after the last one has a ReLU before it and stays in the block; three places, and a pooling
//!   lies between.
//!
//! Everything else in the file, such as the fully connected layers, is ignored, but for batch
//! normalisation, without which the network would compute something else.

use std::collections::{BTreeMap, BTreeSet};

use super::WeightsFault;
use crate::Layer;

/// How the tensors of a file are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Naming {
    /// `conv4_2.weight`
    Blocks,
    /// `features.21.weight`
    Torchvision,
}

/// One convolution of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedConvolution {
    /// Its place in the network.
    pub layer: Layer,
    /// What its tensors are called before `.weight` and `.bias`.
    pub stem: String,
}

impl NamedConvolution {
    /// Name of its `[out, in, 3, 3]` tensor.
    pub fn weight(&self) -> String {
        format!("{}.weight", self.stem)
    }

    /// Name of its `[out]` tensor.
    pub fn bias(&self) -> String {
        format!("{}.bias", self.stem)
    }
}

/// Finds the convolutions among the tensor names of a file, in the order the picture passes them.
///
/// There is at least one, they start at conv1_1, and none is left out between the others. (That the last
/// ones of a block are there cannot be seen from names by block.)
pub(super) fn find_convolutions(
    names: &BTreeSet<&str>,
) -> Result<(Naming, Vec<NamedConvolution>), WeightsFault> {
    if let Some(tensor) = names.iter().find(|name| name.ends_with(".running_mean")) {
        return Err(WeightsFault::BatchNormalisation { tensor: tensor.to_string() });
    }
    let by_block = collect(names, |stem| stem.parse().ok().filter(|layer: &Layer| layer.is_convolution()))?;
    if !by_block.is_empty() {
        check_order(by_block.keys())?;
        let convolutions = by_block.into_iter().map(|(layer, stem)| NamedConvolution { layer, stem });
        return Ok((Naming::Blocks, convolutions.collect()));
    }
    let by_number = collect(names, |stem| stem.strip_prefix("features.")?.parse().ok())?;
    if !by_number.is_empty() {
        return number_blocks(by_number).map(|convolutions| (Naming::Torchvision, convolutions));
    }
    Err(WeightsFault::NoConvolutions { found: summary(names) })
}

/// The stems that `place` accepts, ordered by their place. Weight and bias must both be there.
fn collect<Place: Ord>(
    names: &BTreeSet<&str>,
    place: impl Fn(&str) -> Option<Place>,
) -> Result<BTreeMap<Place, String>, WeightsFault> {
    let mut stems = BTreeMap::new();
    for &name in names {
        let (stem, counterpart) = match (name.strip_suffix(".weight"), name.strip_suffix(".bias")) {
            (Some(stem), _) => (stem, format!("{stem}.bias")),
            (_, Some(stem)) => (stem, format!("{stem}.weight")),
            _ => continue,
        };
        if let Some(place) = place(stem) {
            if !names.contains(counterpart.as_str()) {
                return Err(WeightsFault::MissingTensor { tensor: counterpart, present: name.to_owned() });
            }
            stems.insert(place, stem.to_owned());
        }
    }
    Ok(stems)
}

/// Each convolution must be followed by the next of its block or the first of the next block.
fn check_order<'a>(convolutions: impl Iterator<Item = &'a Layer>) -> Result<(), WeightsFault> {
    let (mut block, mut index) = (0, 0);
    for layer in convolutions {
        (block, index) = if layer.block() == block { (block, index + 1) } else { (block + 1, 1) };
        let expected = Layer::convolution(block as u8, index);
        if *layer != expected {
            let (missing, present) = (expected.to_string(), layer.to_string());
            return Err(WeightsFault::MissingConvolution { missing, present });
        }
    }
    Ok(())
}

/// Turns the places of torchvision's convolutions into blocks.
fn number_blocks(by_number: BTreeMap<usize, String>) -> Result<Vec<NamedConvolution>, WeightsFault> {
    let (mut block, mut index, mut previous) = (1, 1, None);
    let mut convolutions = Vec::new();
    for (next, stem) in by_number {
        (block, index) = match previous.map(|previous| (previous, next - previous)) {
            None if next == 0 => (1, 1),
            None => {
                return Err(WeightsFault::MissingConvolution { missing: "features.0".into(), present: stem });
            }
            // A layer with weights right after a convolution, where the ReLU should be.
            Some((_, 1)) => {
                return Err(WeightsFault::BatchNormalisation { tensor: format!("{stem}.weight") });
            }
            Some((_, 2)) => (block, index + 1),
            Some((_, 3)) => (block + 1, 1),
            Some((previous, _)) => return Err(WeightsFault::Spacing { previous, next }),
        };
        if block > 9 || index > 9 {
            return Err(WeightsFault::TooDeep { stem, block, index });
        }
        previous = Some(next);
        convolutions.push(NamedConvolution { layer: Layer::convolution(block, index), stem });
    }
    Ok(convolutions)
}

/// The first few names, for a message.
fn summary(names: &BTreeSet<&str>) -> String {
    const SHOWN: usize = 4;
    let shown = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => "no tensors".to_owned(),
        count if count > SHOWN => format!("{shown} and {} more", count - SHOWN),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Architecture;

    #[test]
    fn torchvisions_numbers_are_those_of_vgg() {
        let numbers = |architecture: Architecture, numbers: &[usize]| {
            let by_number = numbers.iter().map(|&number| (number, String::new())).collect();
            let found = number_blocks(by_number).unwrap().into_iter().map(|convolution| convolution.layer);
            assert!(found.eq(architecture.convolutions()), "{}", architecture.name());
        };
        numbers(Architecture::vgg16(), &[0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]);
        numbers(Architecture::vgg19(), &[0, 2, 5, 7, 10, 12, 14, 16, 19, 21, 23, 25, 28, 30, 32, 34]);
        numbers(Architecture::vgg11(), &[0, 3, 6, 8, 11, 13, 16, 18]);
    }
}
