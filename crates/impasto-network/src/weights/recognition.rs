//! Which network a weight file holds, by its shape.

use super::WeightsFault;
use crate::{Architecture, Layer};

/// The network with these output channels, block by block, named as the known network of this shape. A
/// file may end early, within a block too, as long as only one known network starts like that. Otherwise
/// it is called `name`.
///
/// # Errors
/// If it would be a known network but for convolutions left out at the ends of blocks. Names by block
/// cannot show that something is missing there, and a picture made without it would silently be another.
pub(super) fn recognise(blocks: Vec<Vec<usize>>, name: String) -> Result<Architecture, WeightsFault> {
    let known = Architecture::known();
    if let Some(network) = known.iter().find(|network| network.blocks() == blocks) {
        return Ok(network.clone());
    }
    let mut starting = known.iter().filter(|network| starts_with(network.blocks(), &blocks));
    match (starting.next(), starting.next()) {
        (Some(network), None) => return Ok(Architecture::new(network.name(), blocks)),
        (Some(_), Some(_)) => return Ok(Architecture::new(name, blocks)),
        (None, _) => {}
    }
    let network = Architecture::new(name, blocks);
    match known.iter().find_map(|whole| left_out(&network, whole)) {
        None => Ok(network),
        Some((missing, present)) => Err(WeightsFault::MissingConvolution {
            missing: missing.to_string(),
            present: present.to_string(),
        }),
    }
}

/// Whether `whole` begins with `start`, of which the last block may be cut short.
fn starts_with(whole: &[Vec<usize>], start: &[Vec<usize>]) -> bool {
    let Some((last, complete)) = start.split_last() else { return true };
    whole.starts_with(complete) && whole.get(complete.len()).is_some_and(|block| block.starts_with(last))
}

/// If every convolution of `part` is in `whole` too: the first that `part` lacks, and one it has beyond.
fn left_out(part: &Architecture, whole: &Architecture) -> Option<(Layer, Layer)> {
    let same_width = |layer| part.channels(layer) == whole.channels(layer);
    let missing = whole.convolutions().find(|&layer| !part.contains(layer))?;
    let beyond = part.convolutions().find(|&layer| layer > missing)?;
    part.convolutions().all(same_width).then_some((missing, beyond))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognised(blocks: &[(usize, usize)]) -> Result<String, String> {
        let blocks = blocks.iter().map(|&(width, count)| vec![width; count]).collect();
        let network = recognise(blocks, "other".to_owned());
        network.map(|network| network.name().to_owned()).map_err(|fault| fault.to_string())
    }

    #[test]
    fn known_shapes_get_their_names() {
        for network in Architecture::known() {
            let again = recognise(network.blocks().to_vec(), "other".to_owned()).unwrap();
            assert_eq!(again, network);
        }
        assert_eq!(recognised(&[(64, 2), (128, 2), (256, 4), (512, 4), (512, 1)]).unwrap(), "vgg19");
        assert_eq!(recognised(&[(64, 2), (128, 2), (256, 3), (512, 1)]).unwrap(), "vgg16");
        assert_eq!(recognised(&[(32, 1)]).unwrap(), "compact");
    }

    #[test]
    fn other_shapes_get_the_name_of_the_file() {
        let both = [(64, 2), (128, 2), (256, 3)];
        assert_eq!(recognised(&both).unwrap(), "other", "VGG-16 and VGG-19 both start like this");
        assert_eq!(recognised(&[(8, 2), (16, 1)]).unwrap(), "other");
        assert_eq!(recognised(&[(64, 2), (128, 3), (256, 4)]).unwrap(), "other");
    }

    #[test]
    fn a_known_network_with_a_hole_is_refused() {
        let error = recognised(&[(64, 2), (128, 2), (256, 4), (512, 3), (512, 4)]).unwrap_err();
        assert_eq!(error, "convolution conv4_4 is missing, but conv5_1 is there");
        let error = recognised(&[(32, 2), (64, 1), (128, 2)]).unwrap_err();
        assert_eq!(error, "convolution conv2_2 is missing, but conv3_1 is there");
    }
}
