//! Colours of one map find their partners in another.
//!
//! Pairs are made one to one, the closest first, as far as they are the same colour within [`SAME_COLOR`]: a
//! map that was stored as JPEG or drawn with a brush of another red still has its partner, and equal colours
//! come before all others. The maps of several styles are joined first. A colour that only some of them have
//! is a region of these alone, and takes its texture from them alone.

use std::cmp::Reverse;

use super::color::Lab;
use super::palette::SAME_COLOR;
use super::{MapOf, RegionError, RegionName, Regions, UnmatchedColor};

/// What to do with a colour of one side that the other lacks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum ColorMatching {
    /// It is an error, whichever side it is on.
    #[default]
    Exact,
    /// A colour of the picture's map takes the nearest of the styles', joining the region that has it already;
    /// one of a style's map that nothing in the picture asks for is left out, and belongs to no region.
    Nearest,
}

/// The regions that the colours of each map stand for, numbered through all maps.
pub(super) struct Partners {
    /// Names of the regions, by the colours of the picture.
    pub names: Vec<RegionName>,
    /// For each map, that of the picture first, and each of its colours: the region, or none.
    pub regions: Vec<Vec<Option<usize>>>,
}

/// Partners of the colours of the picture's regions among those of the styles', at least one style.
///
/// # Errors
/// [`RegionError::Unmatched`] with all colours that have no partner, if the matching is exact.
pub(super) fn partners(
    picture: &Regions,
    styles: &[Regions],
    matching: ColorMatching,
) -> Result<Partners, RegionError> {
    let painted = Colors::of(picture);
    let (styled, members) = joined(styles);
    let mut found = pairs(&painted, &styled);
    match matching {
        ColorMatching::Exact => check(&painted, &styled, &found)?,
        ColorMatching::Nearest => {
            for (partner, lab) in found.iter_mut().zip(&painted.labs) {
                *partner = partner.or_else(|| lab.nearest(&styled.labs).map(|(index, _)| index));
            }
        }
    }
    // A region for each colour of the styles that is asked for, in the order of the picture.
    let mut numbers = vec![None; styled.entries.len()];
    let mut names = Vec::new();
    let mut regions = vec![Vec::new()];
    for (entry, partner) in painted.entries.iter().zip(found) {
        let number = partner.map(|partner| {
            *numbers[partner].get_or_insert_with(|| {
                names.push(RegionName::Color(entry.color));
                names.len() - 1
            })
        });
        regions[0].push(number);
    }
    regions.extend(members.iter().map(|member| member.iter().map(|&index| numbers[index]).collect()));
    Ok(Partners { names, regions })
}

/// A colour of one side.
#[derive(Clone, Copy)]
struct Entry {
    map: MapOf,
    color: [u8; 3],
    pixels: usize,
}

/// The colours of one side.
#[derive(Default)]
struct Colors {
    entries: Vec<Entry>,
    labs: Vec<Lab>,
}

impl Colors {
    fn of(regions: &Regions) -> Self {
        Self::of_map(regions, MapOf::Picture)
    }

    fn of_map(regions: &Regions, map: MapOf) -> Self {
        let mut colors = Colors::default();
        for region in regions.regions() {
            if let RegionName::Color(color) = region.name {
                colors.push(Entry { map, color, pixels: region.pixels });
            }
        }
        colors
    }

    fn push(&mut self, entry: Entry) {
        self.entries.push(entry);
        self.labs.push(entry.color.into());
    }
}

/// The colours of all styles, and for each style and colour its number among them.
fn joined(styles: &[Regions]) -> (Colors, Vec<Vec<usize>>) {
    let mut all = Colors::default();
    let mut members = Vec::with_capacity(styles.len());
    for (index, style) in styles.iter().enumerate() {
        let colors = Colors::of_map(style, MapOf::Style { index, count: styles.len() });
        let found = pairs(&colors, &all);
        let mut member = Vec::with_capacity(found.len());
        for (entry, partner) in colors.entries.into_iter().zip(found) {
            let number = partner.unwrap_or(all.entries.len());
            match all.entries.get_mut(number) {
                // Messages name the map that has most of the colour.
                Some(known) if entry.pixels > known.pixels => *known = Entry { color: known.color, ..entry },
                Some(_) => {}
                None => all.push(entry),
            }
            member.push(number);
        }
        members.push(member);
    }
    (all, members)
}

/// For each colour its partner among others, one to one, the closest first.
fn pairs(colors: &Colors, others: &Colors) -> Vec<Option<usize>> {
    let mut close: Vec<(f64, usize, usize)> = Vec::new();
    for (i, color) in colors.labs.iter().enumerate() {
        for (j, other) in others.labs.iter().enumerate() {
            let squared = color.squared_distance(*other);
            if squared <= SAME_COLOR * SAME_COLOR {
                close.push((squared, i, j));
            }
        }
    }
    close.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| (a.1, a.2).cmp(&(b.1, b.2))));
    let mut found = vec![None; colors.labs.len()];
    let mut is_taken = vec![false; others.labs.len()];
    for (_, i, j) in close {
        if found[i].is_none() && !is_taken[j] {
            (found[i], is_taken[j]) = (Some(j), true);
        }
    }
    found
}

/// `Ok` if every colour of both sides is in a pair.
fn check(painted: &Colors, styled: &Colors, found: &[Option<usize>]) -> Result<(), RegionError> {
    let unmatched = |entry: &Entry, others: &Colors| {
        let (index, squared) = Lab::from(entry.color).nearest(&others.labs)?;
        let nearest = (others.entries[index].color, squared.sqrt());
        Some(UnmatchedColor { map: entry.map, color: entry.color, pixels: entry.pixels, nearest })
    };
    let alone = painted.entries.iter().zip(found).filter(|(_, partner)| partner.is_none());
    let mut missing: Vec<UnmatchedColor> = alone.filter_map(|(entry, _)| unmatched(entry, styled)).collect();
    let unused = styled.entries.iter().enumerate().filter(|(index, _)| !found.contains(&Some(*index)));
    missing.extend(unused.filter_map(|(_, entry)| unmatched(entry, painted)));
    missing.sort_by_key(|color| Reverse(color.pixels));
    if missing.is_empty() { Ok(()) } else { Err(RegionError::Unmatched(missing)) }
}
