//! The engine on a device of this machine, which may be one in software.

use std::sync::{Arc, OnceLock};

use impasto_conformance::{Tolerance, check};
use impasto_network::Weights;
use impasto_wgpu::{Adapter, Device, DeviceOptions, GpuEngine};

fn device() -> Option<Arc<Device>> {
    static DEVICE: OnceLock<Option<Arc<Device>>> = OnceLock::new();
    let open = || {
        let adapter = Adapter::all().into_iter().next();
        if adapter.is_none() {
            assert!(std::env::var_os("CI").is_none(), "no device: install a Vulkan driver");
            eprintln!("skipped: no Vulkan, Metal or DirectX 12 on this machine");
        }
        adapter.map(|adapter| Arc::new(adapter.open(DeviceOptions::default()).expect("an open device")))
    };
    DEVICE.get_or_init(open).clone()
}

#[test]
fn passes() {
    let Some(device) = device() else { return };
    check(&|weights: Arc<Weights>| GpuEngine::new(device.clone(), weights), &Tolerance::SINGLE);
}
