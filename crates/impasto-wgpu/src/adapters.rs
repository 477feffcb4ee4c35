//! The graphics cards of a machine, and the choice among them.

use impasto_network::EngineError;

use crate::device::{Device, DeviceOptions};

/// What a device is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceInfo {
    /// Its name, as its driver tells it.
    pub name: String,
    /// Through which interface it is reached: Vulkan, Metal or Dx12.
    pub interface: String,
    /// Its driver and version; empty where they are not known.
    pub driver: String,
    /// What kind of device it is.
    pub kind: DeviceKind,
    /// Largest buffer in bytes: no feature map may take more.
    pub largest_buffer: u64,
}

/// Kinds of devices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceKind {
    /// A card with memory of its own.
    Discrete,
    /// Part of the processor, whose memory it shares.
    Integrated,
    /// Of a virtual machine.
    Virtual,
    /// The processor in disguise: slower than the engine on the CPU.
    Software,
    /// Unknown.
    Other,
}

impl std::fmt::Display for DeviceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            DeviceKind::Discrete => "graphics card",
            DeviceKind::Integrated => "graphics of the processor",
            DeviceKind::Virtual => "virtual graphics card",
            DeviceKind::Software => "software, not a graphics card",
            DeviceKind::Other => "graphics device",
        })
    }
}

impl std::fmt::Display for DeviceInfo {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({})", self.name, self.interface)
    }
}

impl DeviceInfo {
    fn new(adapter: &wgpu::Adapter) -> Self {
        let (info, limits) = (adapter.get_info(), adapter.limits());
        DeviceInfo {
            name: info.name,
            interface: format!("{:?}", info.backend),
            driver: [info.driver, info.driver_info].join(" ").trim().to_owned(),
            kind: match info.device_type {
                wgpu::DeviceType::DiscreteGpu => DeviceKind::Discrete,
                wgpu::DeviceType::IntegratedGpu => DeviceKind::Integrated,
                wgpu::DeviceType::VirtualGpu => DeviceKind::Virtual,
                wgpu::DeviceType::Cpu => DeviceKind::Software,
                wgpu::DeviceType::Other => DeviceKind::Other,
            },
            largest_buffer: limits.max_buffer_size.min(limits.max_storage_buffer_binding_size),
        }
    }

    /// The order in which devices are tried: cards first, software last.
    fn rank(&self) -> u8 {
        match self.kind {
            DeviceKind::Discrete => 0,
            DeviceKind::Integrated => 1,
            DeviceKind::Virtual => 2,
            DeviceKind::Other => 3,
            DeviceKind::Software => 4,
        }
    }
}

/// A graphics card of this machine, not yet opened.
#[derive(Clone, Debug)]
pub struct Adapter {
    adapter: wgpu::Adapter,
    info: DeviceInfo,
}

impl Adapter {
    /// All devices of this machine that can run the engine: cards first, then graphics of processors, software last.
    /// Empty where no driver is installed.
    pub fn all() -> Vec<Adapter> {
        let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
            backends: wgpu::Backends::VULKAN | wgpu::Backends::METAL | wgpu::Backends::DX12,
            flags: wgpu::InstanceFlags::empty(),
            memory_budget_thresholds: wgpu::MemoryBudgetThresholds {
                // The rest is the desktop's.
                for_resource_creation: Some(90),
                for_device_loss: None,
            },
            ..wgpu::InstanceDescriptor::new_without_display_handle()
        });
        let adapters = pollster::block_on(instance.enumerate_adapters(wgpu::Backends::all()));
        let usable = |adapter: &wgpu::Adapter| {
            let limits = adapter.limits();
            adapter.features().contains(wgpu::Features::IMMEDIATES)
                && limits.max_immediate_size >= 128
                && limits.max_compute_invocations_per_workgroup >= 256
                && limits.max_compute_workgroup_storage_size >= 16 << 10
                && limits.max_storage_buffers_per_shader_stage >= 8
        };
        let mut adapters: Vec<Adapter> = adapters
            .into_iter()
            .filter(usable)
            .map(|adapter| Adapter { info: DeviceInfo::new(&adapter), adapter })
            .collect();
        adapters.sort_by_key(|adapter| adapter.info.rank());
        adapters
    }

    /// What it is.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// Opens it.
    pub fn open(&self, options: DeviceOptions) -> Result<Device, EngineError> {
        Device::open(&self.adapter, self.info.clone(), options)
    }
}
