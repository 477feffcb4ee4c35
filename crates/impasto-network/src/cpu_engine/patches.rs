//! Patches by the search of `impasto-kernels`.

use std::borrow::Cow;
use std::sync::OnceLock;

use impasto_kernels::{self as kernels, BlockedMap, Guide, Isa, PatchBank, PatchMatches, Placement};

use crate::{PatchNormalization, PatchOptions};

/// The source patches of a [`CpuEngine`](crate::CpuEngine).
///
/// The maps are kept as they are, for losses, and from the first search on packed and normalised besides.
#[derive(Clone, Debug)]
pub struct CpuPatches {
    channels: usize,
    options: PatchOptions,
    maps: Vec<BlockedMap>,
    /// Planes of each map's guide.
    guides: Vec<Option<Vec<f32>>>,
    packed: OnceLock<PatchBank>,
}

impl CpuPatches {
    pub(super) fn new(channels: usize, options: PatchOptions) -> Self {
        let options = options.checked();
        CpuPatches { channels, options, maps: Vec::new(), guides: Vec::new(), packed: OnceLock::new() }
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    pub(super) fn add(&mut self, map: BlockedMap, guide: Option<&[f32]>) {
        let (height, width) = (map.height(), map.width());
        assert_eq!(map.channels(), self.channels, "channels of the patches");
        assert!(height.min(width) >= self.options.size, "a map of {width}x{height} is smaller than a patch");
        self.options.guide_channels(guide, map.positions());
        self.maps.push(map);
        self.guides.push(guide.map(<[f32]>::to_vec));
        self.packed = OnceLock::new();
    }

    pub(super) fn find(
        &self,
        isa: Isa,
        map: &BlockedMap,
        guide: Option<&[f32]>,
        penalties: Option<&[f32]>,
    ) -> PatchMatches {
        let sizes: Vec<_> = self.maps.iter().map(|map| (map.height(), map.width())).collect();
        let offsets = self.options.offsets(&sizes, penalties);
        let queries = self.queries(map, guide);
        let found = kernels::find_patches(isa, self.packed(), &queries, &offsets);
        let scales = self.scales(&queries);
        let Taken { height, width, indices } = self.taken(map);
        PatchMatches {
            height,
            width,
            patches: indices.iter().map(|&index| found.patches[index]).collect(),
            scores: indices.iter().map(|&index| found.scores[index] * scales[index]).collect(),
        }
    }

    /// Searches the other way round: the best query patch for each source patch.
    pub(super) fn best_scores(&self, isa: Isa, map: &BlockedMap, guide: Option<&[f32]>) -> Vec<f32> {
        let queries = self.queries(map, guide);
        let scales = self.scales(&queries);
        let mut offsets = vec![f32::NEG_INFINITY; scales.len()];
        self.taken(map).indices.iter().for_each(|&index| offsets[index] = 0.0);
        let mut bank = PatchBank::new(queries.channels(), self.options.size);
        bank.add(&queries, &scales);
        let of_source = |index| {
            let source = self.normalized_source(index);
            let scores = kernels::find_patches(isa, &bank, &source, &offsets).scores;
            scores.into_iter().zip(self.scales(&source)).map(|(score, scale)| score * scale)
        };
        (0..self.maps.len()).flat_map(of_source).collect()
    }

    pub(super) fn difference(&self, map: &BlockedMap, matches: &PatchMatches) -> (f64, BlockedMap) {
        let [rows, columns] = &self.starts(map.height(), map.width());
        let placement = Placement { size: self.options.size, rows, columns };
        kernels::patch_difference(map, &self.sources(), placement, matches)
    }

    pub(super) fn matched(&self, height: usize, width: usize, matches: &PatchMatches) -> BlockedMap {
        let [rows, columns] = &self.starts(height, width);
        let placement = Placement { size: self.options.size, rows, columns };
        kernels::matched_map(height, width, &self.sources(), placement, matches)
    }

    fn sources(&self) -> Vec<&BlockedMap> {
        self.maps.iter().collect()
    }

    /// First rows and columns of the query patches of a map.
    fn starts(&self, height: usize, width: usize) -> [Vec<usize>; 2] {
        [height, width].map(|length| self.options.query_starts(length))
    }

    fn packed(&self) -> &PatchBank {
        self.packed.get_or_init(|| {
            assert!(!self.maps.is_empty(), "source patches to search");
            let mut bank = None;
            for index in 0..self.maps.len() {
                let map = self.normalized_source(index);
                let bank = bank.get_or_insert_with(|| PatchBank::new(map.channels(), self.options.size));
                bank.add(&map, &self.scales(&map));
            }
            bank.expect("a map")
        })
    }

    /// A source map as scores multiply it.
    fn normalized_source(&self, index: usize) -> Cow<'_, BlockedMap> {
        self.normalized(&self.maps[index], self.guides[index].as_deref(), &self.sources())
    }

    /// A query map as scores multiply it, with its left and upper border repeated if patches reach over it.
    fn queries<'a>(&self, map: &'a BlockedMap, guide: Option<&[f32]>) -> Cow<'a, BlockedMap> {
        let map = self.normalized(map, guide, &[map]);
        if self.options.circular {
            Cow::Owned(kernels::extend_circularly(&map, self.options.size))
        } else {
            map
        }
    }

    /// `map` as scores multiply it. It is centred by the mean column of `side`.
    fn normalized<'a>(
        &self,
        map: &'a BlockedMap,
        guide: Option<&[f32]>,
        side: &[&BlockedMap],
    ) -> Cow<'a, BlockedMap> {
        let PatchOptions { size, normalization, guide_weight, .. } = self.options;
        let guides = self.options.guide_channels(guide, map.positions());
        let expected = self.guides.first().and_then(Option::as_ref).map_or(0, Vec::len);
        assert_eq!(guides > 0, expected > 0, "guides of both sides or none");
        let mean = match normalization {
            PatchNormalization::Whole => return Cow::Borrowed(map),
            PatchNormalization::Positions => None,
            PatchNormalization::CenteredPositions => Some(kernels::mean_column(side)),
        };
        let guide = guide.map(|planes| Guide { planes, weight: guide_weight });
        Cow::Owned(kernels::normalize_columns(map, size, mean.as_deref(), guide))
    }

    /// What the products of each patch of a normalised map are multiplied by to be scores.
    fn scales(&self, map: &BlockedMap) -> Vec<f32> {
        let norms =
            kernels::patch_norms(&kernels::column_norms(map), map.height(), map.width(), self.options.size);
        let inverse = |norm: f32| if norm > 0.0 { 1.0 / norm } else { 0.0 };
        norms
            .into_iter()
            .map(|norm| match self.options.normalization {
                PatchNormalization::Whole => inverse(norm),
                PatchNormalization::Positions | PatchNormalization::CenteredPositions => 1.0,
            })
            .collect()
    }

    /// The query patches that are on the stride.
    fn taken(&self, map: &BlockedMap) -> Taken {
        let PatchOptions { size, circular, .. } = self.options;
        let in_row = if circular { map.width() } else { map.width() + 1 - size };
        let [rows, columns] = self.starts(map.height(), map.width());
        let index = |row: usize| columns.iter().map(move |column| row * in_row + column);
        Taken {
            height: rows.len(),
            width: columns.len(),
            indices: rows.into_iter().flat_map(index).collect(),
        }
    }
}

/// Query patches.
struct Taken {
    height: usize,
    width: usize,
    /// Among all patches of the map.
    indices: Vec<usize>,
}
