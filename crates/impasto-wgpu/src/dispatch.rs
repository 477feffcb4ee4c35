//! One run of a kernel: its buffers, its numbers and how many workgroups it takes.

use bytemuck::{Pod, Zeroable};

use crate::device::{Device, folded};
use crate::kernel::Kernel;

/// Most workgroups along one side of a dispatch.
pub(crate) const WORKGROUPS_A_SIDE: u32 = 65_535;

/// A kernel with all that it needs to run.
#[derive(Debug)]
pub(crate) struct Dispatch {
    pub(crate) kernel: Kernel,
    pub(crate) group: wgpu::BindGroup,
    pub(crate) immediates: Vec<u8>,
    pub(crate) workgroups: [u32; 3],
    /// Multiply-adds, roughly.
    pub(crate) work: f64,
}

impl Dispatch {
    /// A kernel of workgroups with 64 invocations, `count` in all. `work` are the multiply-adds of each.
    pub(crate) fn each<P: Pod>(
        device: &Device,
        kernel: Kernel,
        buffers: &[&wgpu::Buffer],
        parameters: &P,
        count: usize,
        work: f64,
    ) -> Dispatch {
        Self::groups(device, kernel, buffers, parameters, folded(count, 64), work * count as f64)
    }

    /// A kernel of so many workgroups. `work` are the multiply-adds of all.
    pub(crate) fn groups<P: Pod>(
        device: &Device,
        kernel: Kernel,
        buffers: &[&wgpu::Buffer],
        parameters: &P,
        workgroups: [u32; 3],
        work: f64,
    ) -> Dispatch {
        Dispatch {
            kernel,
            group: device.bind(kernel, buffers),
            immediates: bytemuck::bytes_of(parameters).to_vec(),
            workgroups,
            work,
        }
    }
}

/// A vector of three f32 as kernels read it.
#[derive(Clone, Copy, Debug, Pod, Zeroable)]
#[repr(C, align(16))]
pub(crate) struct Three {
    values: [f32; 3],
    unused: f32,
}

impl From<[f32; 3]> for Three {
    fn from(values: [f32; 3]) -> Self {
        Three { values, unused: 0.0 }
    }
}
