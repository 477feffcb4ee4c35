//! Source patches on the card, and what matches put back on the positions that they cover.

use std::sync::OnceLock;

use bytemuck::{Pod, Zeroable};
use impasto_network::{MapShape, PatchMatches, PatchOptions};

use crate::device::{Device, Read};
use crate::dispatch::Dispatch;
use crate::kernel::Kernel;
use crate::map::{GpuMap, values};
use crate::search::SourceColumns;
use crate::statistics::{ElementSum, square_sums, squares};

/// The source patches of a [`GpuEngine`](crate::GpuEngine).
///
/// The maps are kept as they are, for losses, and from the first search on normalised besides.
#[derive(Debug)]
pub struct GpuPatches {
    pub(crate) channels: usize,
    pub(crate) options: PatchOptions,
    pub(crate) maps: Vec<GpuMap>,
    /// Planes of each map's guide.
    pub(crate) guides: Vec<Option<Vec<f32>>>,
    pub(crate) normalized: OnceLock<SourceColumns>,
    /// All maps, one after the other.
    joined: OnceLock<wgpu::Buffer>,
}

/// First position of a source patch among all sources, and positions from one of its rows to the next.
pub(crate) type Place = [u32; 2];

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct CoverParameters {
    width: u32,
    elements: u32,
    blocks: u32,
    patches_a_row: u32,
    averages: u32,
}

impl GpuPatches {
    pub(crate) fn new(channels: usize, options: PatchOptions) -> Self {
        GpuPatches {
            channels,
            options: options.checked(),
            maps: Vec::new(),
            guides: Vec::new(),
            normalized: OnceLock::new(),
            joined: OnceLock::new(),
        }
    }

    pub(crate) fn add(&mut self, map: GpuMap, guide: Option<&[f32]>) {
        let MapShape { channels, height, width } = map.shape();
        assert_eq!(channels, self.channels, "channels of the patches");
        assert!(height.min(width) >= self.options.size, "a map of {width}x{height} is smaller than a patch");
        self.options.guide_channels(guide, map.shape().positions());
        self.maps.push(map);
        self.guides.push(guide.map(<[f32]>::to_vec));
        (self.normalized, self.joined) = (OnceLock::new(), OnceLock::new());
    }

    /// Where each patch lies among the positions of all sources, in the order of their indices.
    pub(crate) fn places(&self) -> Vec<Place> {
        let mut before = 0;
        let mut places = Vec::new();
        for map in &self.maps {
            let MapShape { height, width, .. } = map.shape();
            let (rows, columns) = (height + 1 - self.options.size, width + 1 - self.options.size);
            let first = |patch: usize| before + patch / columns * width + patch % columns;
            places.extend((0..rows * columns).map(|patch| [first(patch) as u32, width as u32]));
            before += height * width;
        }
        places
    }

    /// First rows and columns of the query patches of a map.
    pub(crate) fn starts(&self, shape: MapShape) -> [Vec<usize>; 2] {
        [shape.height, shape.width].map(|length| self.options.query_starts(length))
    }

    fn joined(&self, device: &Device) -> &wgpu::Buffer {
        self.joined.get_or_init(|| {
            let lengths: Vec<usize> = self.maps.iter().map(|map| values(map.shape())).collect();
            let joined = device.buffer_or_failure(lengths.iter().sum());
            let mut at = 0;
            for (map, length) in self.maps.iter().zip(lengths) {
                device.copy_rows(map.buffer(), &joined, length, std::iter::once((0, at)));
                at += length;
            }
            joined
        })
    }

    pub(crate) fn difference(&self, device: &Device, map: &GpuMap, matches: &PatchMatches) -> (f64, GpuMap) {
        let (result, terms) = [0, 1].map(|_| GpuMap::new_or_failure(device, map.shape())).into();
        let cover = self.cover(device, Some(map), (&result, terms.buffer()), matches);
        let count = square_sums(map);
        let sums = device.buffer_or_failure(count);
        let sum = squares(device, ElementSum::Absolute, (terms.buffer(), map), None, None, (&sums, 0));
        let read = device.run([&cover, &sum], &[Read { buffer: &sums, count }]);
        // The device has kept the reason of a failure.
        let sum = read.map_or(f64::NAN, |read| read[0].iter().map(|&sum| f64::from(sum)).sum());
        (sum, result)
    }

    pub(crate) fn matched(&self, device: &Device, shape: MapShape, matches: &PatchMatches) -> GpuMap {
        assert_eq!(shape.channels, self.channels, "channels of the patches");
        let result = GpuMap::new_or_failure(device, shape);
        let cover = self.cover(device, None, (&result, &device.unused[1]), matches);
        // The device keeps the reason of a failure.
        _ = device.run([&cover], &[]);
        result
    }

    /// The differences of `map` from the columns that cover its positions, or the mean of those.
    fn cover(
        &self,
        device: &Device,
        map: Option<&GpuMap>,
        (result, squares): (&GpuMap, &wgpu::Buffer),
        matches: &PatchMatches,
    ) -> Dispatch {
        let shape = result.shape();
        let [rows, columns] = self.starts(shape);
        assert_eq!((matches.height, matches.width), (rows.len(), columns.len()), "a match for each patch");
        assert_eq!(matches.patches.len(), rows.len() * columns.len(), "a match for each query patch");
        let places = self.places();
        let matched: Vec<Place> = matches
            .patches
            .iter()
            .map(|&patch| *places.get(patch as usize).unwrap_or_else(|| panic!("patch {patch}")))
            .collect();
        let (mut starts, mut covers) = (Vec::new(), Vec::new());
        for (patches, length) in [(&rows, shape.height), (&columns, shape.width)] {
            let of_positions = self.covers(patches, length);
            for of_position in of_positions {
                starts.push(covers.len() as u32);
                covers.extend(of_position);
            }
            starts.push(covers.len() as u32);
        }
        let parameters = CoverParameters {
            width: shape.width as u32,
            elements: result.elements() as u32,
            blocks: result.blocks() as u32,
            patches_a_row: columns.len() as u32,
            averages: map.is_none().into(),
        };
        let buffers = [
            map.map_or(&device.unused[0], GpuMap::buffer),
            self.joined(device),
            &device.buffer_of(&matched),
            &device.buffer_of(&starts),
            &device.buffer_of(&covers),
            result.buffer(),
            squares,
        ];
        let work = 8.0 * self.options.size.pow(2) as f64;
        Dispatch::each(device, Kernel::CoverPatches, &buffers, &parameters, result.elements(), work)
    }

    /// For each of `length` positions the patches that cover it, and where in them it lies, by ascending offset.
    fn covers(&self, starts: &[usize], length: usize) -> Vec<Vec<[u32; 2]>> {
        let mut covers = vec![Vec::new(); length];
        for offset in 0..self.options.size {
            for (patch, &start) in (0..).zip(starts) {
                covers[(start + offset) % length].push([patch, offset as u32]);
            }
        }
        covers
    }
}
