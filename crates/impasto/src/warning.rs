//! What a caller should tell the user before a run.

use std::fmt;

use impasto_network::{Architecture, Size};
use serde::{Serialize, Serializer};

use crate::error::style_name;
use crate::regions::{MapOf, RegionName, Regions, VanishingRegion};
use crate::terms::TermInUse;
use crate::{OptimizerSettings, Precision};

/// Something that a run does otherwise than its user may expect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Warning {
    /// A region is left out of deep layers, because it is too small for them.
    RegionVanishes {
        /// In which picture.
        map: MapOf,
        /// Which region, and where.
        region: VanishingRegion,
    },
    /// A region of the picture is in none of the styles: Gram matrices leave it alone, patches and columns
    /// match any part of the styles.
    RegionWithoutTexture {
        /// The region.
        name: RegionName,
        /// How many pixels of the picture it has.
        pixels: usize,
    },
    /// Memory is short: what the picture is compared with is kept in [half precision](crate::Precision::Half).
    HalfPrecision {
        /// Size of the picture.
        size: Size,
    },
    /// Memory is short: L-BFGS remembers fewer steps than it is told to.
    FewerSteps {
        /// Size of the picture.
        size: Size,
        /// Steps that it remembers.
        steps: usize,
        /// Steps that it is told to remember.
        told: usize,
    },
}

impl Warning {
    /// Those about memory at a size, at which L-BFGS remembers so many steps.
    pub(crate) fn of_memory(
        optimizer: &OptimizerSettings,
        size: Size,
        precision: Precision,
        steps: Option<usize>,
    ) -> Vec<Self> {
        let half = (precision == Precision::Half).then_some(Warning::HalfPrecision { size });
        let fewer = match (optimizer, steps) {
            (OptimizerSettings::Lbfgs(options), Some(steps)) if steps < options.memory => {
                Some(Warning::FewerSteps { size, steps, told: options.memory })
            }
            _ => None,
        };
        half.into_iter().chain(fewer).collect()
    }

    /// Those about the regions of a picture and its styles, at their sizes, each once.
    pub(crate) fn of_regions(
        terms: &[TermInUse<'_>],
        architecture: &Architecture,
        picture: &Regions,
        styles: &[Regions],
    ) -> Vec<Self> {
        let guided: Vec<_> = terms
            .iter()
            .map(|term| term.definition())
            .filter_map(|definition| Some((definition.guidance()?, definition.layers())))
            .collect();
        let learns = terms.iter().any(|term| term.definition().learns_style());
        let has = |regions: &Regions, index: usize| {
            regions.regions().get(index).is_some_and(|region| region.pixels > 0)
        };
        let mut warnings = Vec::new();
        for (index, region) in picture.regions().iter().enumerate().filter(|_| learns) {
            if has(picture, index) && !styles.iter().any(|style| has(style, index)) {
                warnings.push(Warning::RegionWithoutTexture { name: region.name, pixels: region.pixels });
            }
        }
        let of_styles = styles.iter().enumerate();
        let of_styles = of_styles.map(|(index, style)| (MapOf::Style { index, count: styles.len() }, style));
        for (map, regions) in [(MapOf::Picture, picture)].into_iter().chain(of_styles) {
            for (guidance, layers) in guided.iter().filter(|(guidance, _)| guidance.omit_vanishing) {
                let depths = regions.depths(architecture, layers, guidance.propagation);
                let vanishing = depths.iter().enumerate().filter(|&(index, _)| has(picture, index));
                for region in vanishing.filter_map(|(_, depth)| depth.warning()) {
                    let warning = Warning::RegionVanishes { map, region };
                    if !warnings.contains(&warning) {
                        warnings.push(warning);
                    }
                }
            }
        }
        warnings
    }
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Warning::RegionVanishes { map: MapOf::Style { index, count }, region }
                if region.name == RegionName::Whole =>
            {
                let (style, VanishingRegion { pixels, at, deepest, .. }) =
                    (style_name(*index, *count), region);
                write!(f, "of {style}, only about {pixels} pixels are visible, too few for {at}: ")?;
                match deepest {
                    Some(deepest) => write!(f, "it is style down to {deepest} only"),
                    None => f.write_str("it is no style at this size"),
                }
            }
            Warning::RegionVanishes { map, region } => write!(f, "in {map}, {region}"),
            Warning::RegionWithoutTexture { name: RegionName::Whole, .. } => f.write_str(
                "less than one pixel of the styles is visible at this size: nothing guides what is painted",
            ),
            Warning::RegionWithoutTexture { name, pixels } => {
                write!(
                    f,
                    "the region {name} ({pixels} pixels) is in no style: nothing guides what is painted there"
                )
            }
            Warning::HalfPrecision { size: Size { height, width } } => {
                write!(
                    f,
                    "memory is short at {width}x{height}: the content's features are kept in half precision"
                )
            }
            Warning::FewerSteps { size: Size { height, width }, steps, told } => {
                write!(f, "memory is short at {width}x{height}: L-BFGS remembers {steps} steps, not {told}")
            }
        }
    }
}

/// As it is displayed.
impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
