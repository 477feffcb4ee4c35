//! Regions from colour maps: that of the picture and those of its styles, read together.

use rayon::prelude::*;

use super::clusters::clustered_colors;
use super::dominant::dominant_colors;
use super::matching::partners;
use super::palette::{ColorMap, MAX_COLORS};
use super::unmixing::regions_of;
use super::{ColorMatching, MapOf, RegionError, RegionName, Regions};
use crate::Picture;

/// How colour maps are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionOptions {
    /// How many colours there are in all maps together, 1 to [`MAX_COLORS`]. Maps that have no more are taken
    /// as they are; otherwise their colours are clustered. Default: `None`, those that fill areas.
    pub colors: Option<usize>,
    /// What to do with colours that one side lacks. Default: it is an error.
    pub matching: ColorMatching,
    /// Where the clustering starts. Default: 0.
    pub seed: u64,
}

/// The regions of the picture and of each style, of the sizes of their maps. Region k is the same in all.
///
/// Regions are in the order of the picture's colours, the commonest first, and go by these. A map of one
/// colour is one region. With several styles a region may be missing in some of them: it has no
/// pixels there. Black is a colour like any other.
///
/// Without styles, the regions are those of the picture alone.
///
/// # Errors
/// [`RegionError::ColorsOutOfRange`]; [`RegionError::TooManyColors`] if the number of colours is not given
/// and not to be seen; [`RegionError::Unmatched`] if the matching is exact and colours have no partner.
pub fn read_color_maps(
    picture: &Picture,
    styles: &[Picture],
    options: &RegionOptions,
) -> Result<(Regions, Vec<Regions>), RegionError> {
    if let Some(colors) = options.colors.filter(|colors| !(1..=MAX_COLORS).contains(colors)) {
        return Err(RegionError::ColorsOutOfRange { colors });
    }
    let of_styles = (0..styles.len()).map(|index| MapOf::Style { index, count: styles.len() });
    let owners: Vec<MapOf> = [MapOf::Picture].into_iter().chain(of_styles).collect();
    let pictures: Vec<&Picture> = [picture].into_iter().chain(styles).collect();
    let maps: Vec<ColorMap> = pictures.par_iter().map(|&picture| picture.into()).collect();

    let palettes = match options.colors {
        Some(colors) if maps.iter().any(|map| map.histogram().len() > colors) => {
            clustered_colors(&maps, colors, options.seed)
        }
        _ => dominant_colors(&maps, &owners)?,
    };
    let mut own: Vec<Regions> =
        maps.iter().zip(&palettes).map(|(map, palette)| largest_first(regions_of(map, palette))).collect();
    let of_picture = own.remove(0);
    if own.is_empty() {
        return Ok((of_picture, own));
    }
    let partners = partners(&of_picture, &own, options.matching)?;
    let renumbered =
        |(regions, numbers): (Regions, &Vec<Option<usize>>)| renumbered(&regions, &partners.names, numbers);
    let mut all = [of_picture].into_iter().chain(own).zip(&partners.regions).map(renumbered);
    let of_picture = all.next().expect("the map of the picture is the first");
    Ok((of_picture, all.collect()))
}

/// The regions in order of their pixels.
fn largest_first(regions: Regions) -> Regions {
    let mut order: Vec<usize> = (0..regions.count()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(regions.regions()[index].pixels));
    let names = order.iter().map(|&index| regions.regions()[index].name);
    let masks = order.iter().flat_map(|&index| regions.mask(index)).copied().collect();
    Regions::new(regions.width(), regions.height(), names, masks)
}

/// The regions by new numbers, those of the same number as one; those without a number are left out.
fn renumbered(regions: &Regions, names: &[RegionName], numbers: &[Option<usize>]) -> Regions {
    let positions = regions.width() * regions.height();
    let mut masks = vec![0.0; names.len() * positions];
    for (index, number) in numbers.iter().enumerate() {
        if let Some(number) = number {
            let sums = &mut masks[number * positions..][..positions];
            // Shares of one pixel may add up to a little more than 1.
            sums.iter_mut().zip(regions.mask(index)).for_each(|(sum, value)| *sum = (*sum + value).min(1.0));
        }
    }
    Regions::new(regions.width(), regions.height(), names.iter().copied(), masks)
}
