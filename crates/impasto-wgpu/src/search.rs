//! The search for the source patch that is most like each query patch.

use bytemuck::{Pod, Zeroable};
use impasto_network::{MapShape, PatchMatches, PatchNormalization};

use crate::device::{Device, Read};
use crate::dispatch::Dispatch;
use crate::kernel::Kernel;
use crate::map::{GpuMap, blocks};
use crate::patches::{GpuPatches, Place};
use crate::statistics::{column_sums, sum_chunks, summed_columns};

/// Queries and sources that a workgroup multiplies at a time.
const TILE: usize = 64;

/// Workgroups that keep a large card busy.
const ENOUGH_WORKGROUPS: usize = 512;

/// At and under it an offset excludes a source: see `match_patches.wgsl`.
const EXCLUDED: f32 = -3.2e38;

/// The source patches as scores multiply them.
#[derive(Debug)]
pub(crate) struct SourceColumns {
    columns: Columns,
    places: wgpu::Buffer,
    /// What the products of each patch are multiplied by.
    scales: Vec<f32>,
}

/// Columns of some maps, one after the other.
#[derive(Debug)]
struct Columns {
    buffer: wgpu::Buffer,
    /// Blocks of four channels, guides among them.
    blocks: usize,
}

/// One side of the search.
struct Queries<'a> {
    columns: &'a Columns,
    height: usize,
    width: usize,
    /// Row and column of each patch.
    places: Vec<[u32; 2]>,
}

/// The other side.
struct Sources<'a> {
    columns: &'a Columns,
    places: &'a wgpu::Buffer,
    /// Scale and offset of each patch.
    scores: Vec<[f32; 2]>,
}

/// The best source of each query, if any, with its score.
type Found = Vec<(Option<u32>, f32)>;

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct NormalizeParameters {
    positions: u32,
    blocks: u32,
    to_blocks: u32,
    first_block: u32,
    first_position: u32,
    length: f32,
    is_centered: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct NormParameters {
    positions: u32,
    blocks: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct MatchParameters {
    size: u32,
    blocks: u32,
    queries: u32,
    height: u32,
    width: u32,
    sources: u32,
    run: u32,
}

impl GpuPatches {
    pub(crate) fn find(
        &self,
        device: &Device,
        map: &GpuMap,
        guide: Option<&[f32]>,
        penalties: Option<&[f32]>,
    ) -> PatchMatches {
        let sizes: Vec<_> = self.maps.iter().map(|map| (map.shape().height, map.shape().width)).collect();
        let offsets = self.options.offsets(&sizes, penalties);
        let usable = offsets.iter().position(|&offset| offset > f32::NEG_INFINITY);
        let usable = usable.expect("a patch that is not excluded");
        let sources = self.source_columns(device);
        let shape = map.shape();
        let [rows, columns] = self.starts(shape);
        let places: Vec<[u32; 2]> = rows
            .iter()
            .flat_map(|&row| columns.iter().map(move |&column| [row as u32, column as u32]))
            .collect();
        let query_columns = self.columns(device, &[(map, guide)], &[map]);
        let scales = self.query_scales(device, map, &places);
        let scores = sources.scales.iter().zip(&offsets).map(|(&scale, &offset)| [scale, offset]);
        let queries = Queries { columns: &query_columns, height: shape.height, width: shape.width, places };
        let sources =
            Sources { columns: &sources.columns, places: &sources.places, scores: scores.collect() };
        let found = self.search(device, &queries, &sources);
        PatchMatches {
            height: rows.len(),
            width: columns.len(),
            patches: found.iter().map(|(source, _)| source.unwrap_or(usable as u32)).collect(),
            scores: found.iter().zip(&scales).map(|((_, score), scale)| score * scale).collect(),
        }
    }

    /// Searches the other way round: the best query patch for each source patch.
    pub(crate) fn best_scores(&self, device: &Device, map: &GpuMap, guide: Option<&[f32]>) -> Vec<f32> {
        let shape = map.shape();
        let [rows, columns] = self.starts(shape);
        let places: Vec<[u32; 2]> = rows
            .iter()
            .flat_map(|&row| columns.iter().map(move |&column| [row as u32, column as u32]))
            .collect();
        let scales = self.query_scales(device, map, &places);
        let of_map = self.columns(device, &[(map, guide)], &[map]);
        let (of_map, width) = match self.options.circular {
            true => self.extended(device, &of_map, shape),
            false => (of_map, shape.width),
        };
        let place = |&[row, column]: &[u32; 2]| -> Place { [row * width as u32 + column, width as u32] };
        let first_places = device.buffer_of(&places.iter().map(place).collect::<Vec<_>>());
        let sources = Sources {
            columns: &of_map,
            places: &first_places,
            scores: scales.iter().map(|&scale| [scale, 0.0]).collect(),
        };
        let all: Vec<&GpuMap> = self.maps.iter().collect();
        let mut scores = Vec::new();
        let mut of_sources = self.source_columns(device).scales.iter();
        for (map, guide) in self.maps.iter().zip(&self.guides) {
            let MapShape { height, width, .. } = map.shape();
            let columns = self.columns(device, &[(map, guide.as_deref())], &all);
            let (in_rows, in_row) = (height + 1 - self.options.size, width + 1 - self.options.size);
            let places =
                (0..in_rows * in_row).map(|patch| [(patch / in_row) as u32, (patch % in_row) as u32]);
            let queries = Queries { columns: &columns, height, width, places: places.collect() };
            let found = self.search(device, &queries, &sources);
            scores.extend(found.iter().zip(of_sources.by_ref()).map(|((_, score), scale)| score * scale));
        }
        scores
    }

    fn source_columns(&self, device: &Device) -> &SourceColumns {
        self.normalized.get_or_init(|| {
            assert!(!self.maps.is_empty(), "source patches to search");
            let all: Vec<&GpuMap> = self.maps.iter().collect();
            let maps: Vec<_> =
                self.maps.iter().zip(&self.guides).map(|(map, guide)| (map, guide.as_deref())).collect();
            let scales = self.maps.iter().flat_map(|map| {
                let MapShape { height, width, .. } = map.shape();
                let (rows, columns) = (height + 1 - self.options.size, width + 1 - self.options.size);
                let places: Vec<[u32; 2]> = (0..rows * columns)
                    .map(|patch| [(patch / columns) as u32, (patch % columns) as u32])
                    .collect();
                self.query_scales(device, map, &places)
            });
            SourceColumns {
                scales: scales.collect(),
                columns: self.columns(device, &maps, &all),
                places: device.buffer_of(&self.places()),
            }
        })
    }

    /// What the products of each patch of a map are multiplied by to be scores. Patches go on at the opposite border.
    fn query_scales(&self, device: &Device, map: &GpuMap, places: &[[u32; 2]]) -> Vec<f32> {
        if self.options.normalization != PatchNormalization::Whole {
            return vec![1.0; places.len()];
        }
        let MapShape { height, width, .. } = map.shape();
        let squares = column_squares(device, map);
        let scale = |&[row, column]: &[u32; 2]| {
            let offsets = (0..self.options.size.pow(2))
                .map(|offset| (offset / self.options.size, offset % self.options.size));
            let at = |(dy, dx)| (row as usize + dy) % height * width + (column as usize + dx) % width;
            let square: f64 = offsets.map(|offset| f64::from(squares[at(offset)])).sum();
            if square > 0.0 { (1.0 / square.sqrt()) as f32 } else { 0.0 }
        };
        places.iter().map(scale).collect()
    }

    /// The columns of maps as scores multiply them, guides appended. They are centred by the mean column of `side`.
    fn columns(&self, device: &Device, maps: &[(&GpuMap, Option<&[f32]>)], side: &[&GpuMap]) -> Columns {
        let options = self.options;
        let expected = self.guides.first().and_then(Option::as_ref).is_some();
        let guides = |map: &GpuMap, guide| options.guide_channels(guide, map.shape().positions());
        let guide_channels = maps.first().map_or(0, |(map, guide)| guides(map, *guide));
        let feature_blocks = blocks(self.channels);
        let to_blocks = feature_blocks + if guide_channels > 0 { blocks(guide_channels) } else { 0 };
        let positions: usize = maps.iter().map(|(map, _)| map.shape().positions()).sum();
        let columns =
            Columns { buffer: device.buffer_or_failure(4 * to_blocks * positions), blocks: to_blocks };
        let mean = match options.normalization {
            PatchNormalization::CenteredPositions => Some(mean_column(device, side)),
            PatchNormalization::Whole | PatchNormalization::Positions => None,
        };
        let mut dispatches = Vec::new();
        let mut first_position = 0;
        for &(map, guide) in maps {
            assert_eq!(map.shape().channels, self.channels, "channels of the patches");
            assert_eq!(guides(map, guide) > 0, expected, "guides of both sides or none");
            assert_eq!(guides(map, guide), guide_channels, "channels of the guides");
            if options.normalization == PatchNormalization::Whole {
                let (length, to) = (4 * map.elements(), 4 * to_blocks * first_position);
                device.copy_rows(map.buffer(), &columns.buffer, length, std::iter::once((0, to)));
            } else {
                let length = 1.0 / options.size as f32;
                let at = (0, first_position);
                dispatches.push(normalize(device, map, mean.as_ref(), length, at, &columns));
            }
            if let (Some(planes), true) = (guide, guide_channels > 0) {
                let shape = MapShape { channels: guide_channels, ..map.shape() };
                let guide = GpuMap::from_planes(device, shape, planes);
                let length = options.guide_weight.sqrt() / options.size as f32;
                let at = (feature_blocks, first_position);
                dispatches.push(normalize(device, &guide, None, length, at, &columns));
            }
            first_position += map.shape().positions();
        }
        // The device keeps the reason of a failure.
        _ = device.run(&dispatches, &[]);
        columns
    }

    /// Columns of a map with its first k − 1 rows and columns repeated after its last, and the width of that.
    fn extended(&self, device: &Device, columns: &Columns, shape: MapShape) -> (Columns, usize) {
        let border = self.options.size - 1;
        let (height, width) = (shape.height + border, shape.width + border);
        let column = 4 * columns.blocks;
        let buffer = device.buffer_or_failure(column * height * width);
        let from = |row: usize| row % shape.height * shape.width * column;
        let to = |row: usize| row * width * column;
        let rows = (0..height).map(|row| (from(row), to(row)));
        device.copy_rows(&columns.buffer, &buffer, shape.width * column, rows);
        let rows = (0..height).map(|row| (from(row), to(row) + shape.width * column));
        device.copy_rows(&columns.buffer, &buffer, border * column, rows);
        (Columns { buffer, blocks: columns.blocks }, width)
    }

    /// The source of the highest score for each query. Of equal scores the lowest index wins.
    fn search(&self, device: &Device, queries: &Queries<'_>, sources: &Sources<'_>) -> Found {
        assert_eq!(queries.columns.blocks, sources.columns.blocks, "channels of features and guides");
        let (count, sources_count) = (queries.places.len(), sources.scores.len());
        let rows = count.div_ceil(TILE);
        let wanted = ENOUGH_WORKGROUPS.div_ceil(rows).min(sources_count.div_ceil(TILE)).max(1);
        let run = sources_count.div_ceil(wanted).next_multiple_of(TILE);
        let parts = sources_count.div_ceil(run);
        let parameters = MatchParameters {
            size: self.options.size as u32,
            blocks: queries.columns.blocks as u32,
            queries: count as u32,
            height: queries.height as u32,
            width: queries.width as u32,
            sources: sources_count as u32,
            run: run as u32,
        };
        let bounded = |&[scale, offset]: &[f32; 2]| [scale, offset.max(EXCLUDED)];
        let scores = device.buffer_of(&sources.scores.iter().map(bounded).collect::<Vec<_>>());
        let places = device.buffer_of(&queries.places);
        let [best_scores, best_sources] = [0, 1].map(|_| device.buffer_or_failure(parts * count));
        let buffers = [
            &queries.columns.buffer,
            &places,
            &sources.columns.buffer,
            sources.places,
            &scores,
            &best_scores,
            &best_sources,
        ];
        let products = (rows * TILE * sources_count) as f64;
        let work = products * (self.options.size.pow(2) * 4 * queries.columns.blocks) as f64;
        let groups = [parts as u32, rows as u32, 1];
        let search = Dispatch::groups(device, Kernel::MatchPatches, &buffers, &parameters, groups, work);
        let read = |buffer| Read { buffer, count: parts * count };
        let nothing = (None, f32::NEG_INFINITY);
        let Ok(found) = device.run([&search], &[read(&best_scores), read(&best_sources)]) else {
            // The device has kept the reason.
            return vec![nothing; count];
        };
        let best = |query: usize| {
            (0..parts).fold(nothing, |best, part| {
                let (score, source) = (found[0][part * count + query], found[1][part * count + query]);
                let source = source.to_bits();
                if source != u32::MAX && score > best.1 { (Some(source), score) } else { best }
            })
        };
        (0..count).map(best).collect()
    }
}

/// The sum of squares of the column at each position of a map.
fn column_squares(device: &Device, map: &GpuMap) -> Vec<f32> {
    let positions = map.shape().positions();
    let squares = device.buffer_or_failure(positions);
    let parameters = NormParameters { positions: positions as u32, blocks: map.blocks() as u32 };
    let buffers = [map.buffer(), &squares];
    let work = 8.0 * map.blocks() as f64;
    let norms = Dispatch::each(device, Kernel::ColumnNorms, &buffers, &parameters, positions, work);
    // The device has kept the reason of a failure.
    device
        .run([&norms], &[Read { buffer: &squares, count: positions }])
        .map_or_else(|_| vec![f32::NAN; positions], |read| read[0].clone())
}

/// The mean of all columns of some maps.
fn mean_column(device: &Device, maps: &[&GpuMap]) -> wgpu::Buffer {
    let channels = maps.first().map_or(0, |map| map.shape().channels);
    let mut sums = vec![0.0f64; channels];
    for map in maps {
        let count = sum_chunks(map.shape().positions()).1 * 4 * map.blocks();
        let results = device.buffer_or_failure(count);
        let dispatch = column_sums(device, map, None, (&results, 0));
        // The device has kept the reason of a failure.
        if let Ok(read) = device.run([&dispatch], &[Read { buffer: &results, count }]) {
            let of_map = summed_columns(&read[0], channels);
            sums.iter_mut().zip(of_map).for_each(|(sum, value)| *sum += value);
        }
    }
    let positions: usize = maps.iter().map(|map| map.shape().positions()).sum();
    let mut mean: Vec<f32> = sums.iter().map(|sum| (sum / positions as f64) as f32).collect();
    mean.resize(4 * blocks(channels), 0.0);
    device.buffer_of(&mean)
}

/// Columns of `map` of the norm `length`, from a block and position of the result on.
fn normalize(
    device: &Device,
    map: &GpuMap,
    mean: Option<&wgpu::Buffer>,
    length: f32,
    (first_block, first_position): (usize, usize),
    to: &Columns,
) -> Dispatch {
    let positions = map.shape().positions();
    let parameters = NormalizeParameters {
        positions: positions as u32,
        blocks: map.blocks() as u32,
        to_blocks: to.blocks as u32,
        first_block: first_block as u32,
        first_position: first_position as u32,
        length,
        is_centered: mean.is_some().into(),
    };
    let buffers = [map.buffer(), mean.unwrap_or(&device.unused[0]), &to.buffer];
    let work = 24.0 * map.blocks() as f64;
    Dispatch::each(device, Kernel::NormalizeColumns, &buffers, &parameters, positions, work)
}
