//! Resampled maps, what is asked of them, and the way back.

use bytemuck::{Pod, Zeroable};
use impasto_network::{Resampling, Tap};

use crate::device::Device;
use crate::dispatch::Dispatch;
use crate::kernel::Kernel;
use crate::map::GpuMap;

/// Where a row or column of the result lies.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct DeviceTap {
    first: u32,
    second: u32,
    share: f32,
}

/// A row or column of the result that has read a position of the source.
#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct Reader {
    at: u32,
    share: f32,
}

/// A resampling on the card.
#[derive(Debug)]
pub(crate) struct DeviceResampling {
    from: (usize, usize),
    to: (usize, usize),
    rows: wgpu::Buffer,
    columns: wgpu::Buffer,
    row_readers: Readers,
    column_readers: Readers,
}

/// What has read each position of a side of the source.
#[derive(Debug)]
struct Readers {
    starts: wgpu::Buffer,
    readers: wgpu::Buffer,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ResampleParameters {
    width: u32,
    to_width: u32,
    positions: u32,
    blocks: u32,
    blends: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ProductParameters {
    width: u32,
    to_width: u32,
    positions: u32,
    blocks: u32,
    first: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct GradientParameters {
    width: u32,
    to_width: u32,
    elements: u32,
    blocks: u32,
    scale: f32,
    adds: u32,
}

impl Readers {
    fn new(device: &Device, taps: &[Tap], length: usize) -> Self {
        let mut of_position: Vec<Vec<Reader>> = vec![Vec::new(); length];
        for (at, tap) in (0..).zip(taps) {
            for (place, share) in [(tap.first, 1.0 - tap.share), (tap.second, tap.share)] {
                if share != 0.0 {
                    of_position[place].push(Reader { at, share });
                }
            }
        }
        let ends = of_position.iter().scan(0, |end, readers| {
            *end += readers.len() as u32;
            Some(*end)
        });
        let starts: Vec<u32> = std::iter::once(0).chain(ends).collect();
        Readers { starts: device.buffer_of(&starts), readers: device.buffer_of(&of_position.concat()) }
    }
}

impl DeviceResampling {
    pub(crate) fn new(device: &Device, resampling: &Resampling) -> Self {
        let taps = |taps: &[Tap]| {
            let tap = |&Tap { first, second, share }: &Tap| DeviceTap {
                first: first as u32,
                second: second as u32,
                share,
            };
            device.buffer_of(&taps.iter().map(tap).collect::<Vec<_>>())
        };
        let from = resampling.from();
        DeviceResampling {
            from,
            to: resampling.to(),
            rows: taps(resampling.rows()),
            columns: taps(resampling.columns()),
            row_readers: Readers::new(device, resampling.rows(), from.0),
            column_readers: Readers::new(device, resampling.columns(), from.1),
        }
    }

    fn positions(&self) -> usize {
        self.to.0 * self.to.1
    }

    fn check(&self, map: &GpuMap) {
        assert_eq!((map.shape().height, map.shape().width), self.from, "height and width of the map");
    }

    /// Blocks of the resampled map.
    pub(crate) fn elements(&self, map: &GpuMap) -> usize {
        self.positions() * map.blocks()
    }

    /// `map` resampled, or blended with targets by the factors of each position.
    pub(crate) fn resample(
        &self,
        device: &Device,
        map: &GpuMap,
        blend: Option<(&GpuMap, &wgpu::Buffer)>,
        to: &wgpu::Buffer,
    ) -> Dispatch {
        self.check(map);
        let parameters = ResampleParameters {
            width: self.from.1 as u32,
            to_width: self.to.1 as u32,
            positions: self.positions() as u32,
            blocks: map.blocks() as u32,
            blends: blend.is_some().into(),
        };
        let (targets, factors) =
            blend.map_or((&device.unused[0], &device.unused[1]), |(targets, factors)| {
                assert_eq!((targets.shape().height, targets.shape().width), self.to, "shape of the targets");
                (targets.buffer(), factors)
            });
        let buffers = [map.buffer(), &self.rows, &self.columns, targets, factors, to];
        Dispatch::each(device, Kernel::Resample, &buffers, &parameters, self.elements(map), 32.0)
    }

    /// The inner products of each resampled column with that of the targets and with itself.
    pub(crate) fn products(
        &self,
        device: &Device,
        map: &GpuMap,
        targets: &GpuMap,
        results: &wgpu::Buffer,
        first: usize,
    ) -> Dispatch {
        self.check(map);
        assert_eq!((targets.shape().height, targets.shape().width), self.to, "shape of the targets");
        assert_eq!(targets.shape().channels, map.shape().channels, "channels of the targets");
        let parameters = ProductParameters {
            width: self.from.1 as u32,
            to_width: self.to.1 as u32,
            positions: self.positions() as u32,
            blocks: map.blocks() as u32,
            first: first as u32,
        };
        let buffers = [map.buffer(), &self.rows, &self.columns, targets.buffer(), results];
        let work = 40.0 * map.blocks() as f64;
        Dispatch::each(device, Kernel::ResampledProducts, &buffers, &parameters, self.positions(), work)
    }

    /// `scale` times the adjoint of the resampling at `by_resampled`, for a map like `map`.
    pub(crate) fn gradient(
        &self,
        device: &Device,
        map: &GpuMap,
        by_resampled: &wgpu::Buffer,
        scale: f32,
        into: &wgpu::Buffer,
        adds: bool,
    ) -> Dispatch {
        self.check(map);
        let parameters = GradientParameters {
            width: self.from.1 as u32,
            to_width: self.to.1 as u32,
            elements: map.elements() as u32,
            blocks: map.blocks() as u32,
            scale,
            adds: adds.into(),
        };
        let (rows, columns) = (&self.row_readers, &self.column_readers);
        let buffers = [by_resampled, &rows.starts, &rows.readers, &columns.starts, &columns.readers, into];
        Dispatch::each(device, Kernel::ResampleGradient, &buffers, &parameters, map.elements(), 32.0)
    }
}
