//! Where terms read the network.

use impasto_network::Layer;

use super::{Definition, TermInUse};

/// The layers that the engine has to keep of each kind of picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Taps {
    /// Of style pictures.
    pub style: Vec<Layer>,
    /// Of the content.
    pub content: Vec<Layer>,
    /// Of the picture.
    pub picture: Vec<Layer>,
}

impl Taps {
    pub fn new(terms: &[TermInUse<'_>]) -> Self {
        let of = |learns: fn(&dyn Definition) -> bool| {
            let definitions = terms.iter().map(|term| term.definition());
            let layers = definitions.filter(|&definition| learns(definition));
            let mut layers: Vec<Layer> = layers.flat_map(|definition| definition.layers()).collect();
            layers.sort_unstable();
            layers.dedup();
            layers
        };
        Taps {
            style: of(|definition| definition.learns_style()),
            content: of(|definition| definition.learns_content()),
            picture: of(|_| true),
        }
    }
}
