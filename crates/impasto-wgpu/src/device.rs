//! A graphics card: its pipelines, its memory, and what it is told to do.
//!
//! Nothing here waits but what reads results. A card that fails in a call that cannot say so keeps the reason for the
//! next call that can.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use impasto_network::EngineError;

use crate::adapters::DeviceInfo;
use crate::dispatch::{Dispatch, WORKGROUPS_A_SIDE};
use crate::kernel::Kernel;

/// Longest wait for results that take no work. A card that takes longer has hung.
const PATIENCE: Duration = Duration::from_secs(120);

/// Multiply-adds a second of the slowest device that is still waited for, one in software on an old processor.
const SLOWEST: f64 = 2e8;

/// What one submission should take at most: systems kill what runs for seconds, and a desktop on the same card
/// stutters long before.
const SUBMISSION: Duration = Duration::from_millis(150);

/// Multiply-adds of the first submissions, until the speed of the card is known.
const FIRST_WORK: f64 = 4e9;

/// Multiply-adds of a submission: bounds of what the measured speed says.
const WORK_RANGE: [f64; 2] = [2e8, 2e12];

/// How a device is used.
#[derive(Clone, Copy, Debug)]
pub struct DeviceOptions {
    /// Bytes that the transformed tiles of a convolution and their products take at once. Small enough to stay in a card's
    /// last cache, large enough to keep it busy. Default: 64 MiB.
    pub band_bytes: u64,
    /// Largest buffer in bytes, if it shall be less than the device allows.
    pub largest_buffer: Option<u64>,
    /// Most bytes of all buffers together, if that shall be less than the device has; for interfaces that tell what is
    /// allocated, which Vulkan and DirectX 12 do.
    pub memory: Option<u64>,
    /// Whether every access to memory is checked, which is slow. For tests: results do not differ.
    pub checked: bool,
    /// Whether new buffers are full of NaN. For tests: results do not differ, unless something reads what nothing wrote.
    pub poisoned: bool,
}

impl Default for DeviceOptions {
    fn default() -> Self {
        DeviceOptions {
            band_bytes: 64 << 20,
            largest_buffer: None,
            memory: None,
            checked: false,
            poisoned: false,
        }
    }
}

/// A graphics card that is ready for use. Engines share it.
#[derive(Debug)]
pub struct Device {
    pub(crate) device: wgpu::Device,
    queue: wgpu::Queue,
    info: DeviceInfo,
    options: DeviceOptions,
    largest_buffer: u64,
    pipelines: [OnceLock<Pipeline>; Kernel::ALL.len()],
    /// Bound where a kernel has no use for a buffer; one for each place, because no buffer may be bound twice.
    pub(crate) unused: [wgpu::Buffer; 4],
    staging: Mutex<Vec<wgpu::Buffer>>,
    failure: Arc<Mutex<Option<EngineError>>>,
    /// Multiply-adds that one submission may take.
    work: Mutex<f64>,
}

#[derive(Debug)]
struct Pipeline {
    pipeline: wgpu::ComputePipeline,
    layout: wgpu::BindGroupLayout,
}

/// A stretch of a buffer to be read, in f32.
pub(crate) struct Read<'a> {
    pub(crate) buffer: &'a wgpu::Buffer,
    pub(crate) count: usize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Device {
    /// Opens the device of an adapter.
    pub(crate) fn open(
        adapter: &wgpu::Adapter,
        info: DeviceInfo,
        options: DeviceOptions,
    ) -> Result<Self, EngineError> {
        let limits = adapter.limits();
        let lost = |reason: String| EngineError::DeviceLost { reason };
        let (device, queue) = pollster::block_on(adapter.request_device(&wgpu::DeviceDescriptor {
            label: Some("impasto"),
            required_features: wgpu::Features::IMMEDIATES,
            required_limits: limits.clone(),
            memory_hints: wgpu::MemoryHints::MemoryUsage,
            ..wgpu::DeviceDescriptor::default()
        }))
        .map_err(|error| lost(error.to_string()))?;
        let failure = Arc::new(Mutex::new(None));
        let keep = failure.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            let error = match error {
                wgpu::Error::OutOfMemory { .. } => EngineError::OutOfMemory { needed: 0, on_device: true },
                other => EngineError::DeviceLost { reason: other.to_string() },
            };
            lock(&keep).get_or_insert(error);
        }));
        let keep = failure.clone();
        device.set_device_lost_callback(move |reason, message| {
            if reason != wgpu::DeviceLostReason::Destroyed {
                lock(&keep).get_or_insert(EngineError::DeviceLost { reason: message });
            }
        });
        let allowed = limits.max_buffer_size.min(limits.max_storage_buffer_binding_size);
        let unused = std::array::from_fn(|_| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("unused"),
                size: 64,
                usage: wgpu::BufferUsages::STORAGE,
                mapped_at_creation: false,
            })
        });
        Ok(Device {
            device,
            queue,
            info,
            options,
            largest_buffer: options.largest_buffer.map_or(allowed, |wanted| wanted.min(allowed)),
            pipelines: [const { OnceLock::new() }; Kernel::ALL.len()],
            unused,
            staging: Mutex::new(Vec::new()),
            failure,
            work: Mutex::new(FIRST_WORK),
        })
    }

    /// What it is.
    pub fn info(&self) -> &DeviceInfo {
        &self.info
    }

    /// Largest buffer in bytes.
    pub(crate) fn largest_buffer(&self) -> u64 {
        self.largest_buffer
    }

    pub(crate) fn options(&self) -> DeviceOptions {
        self.options
    }

    /// Returns why the device can do no more, if so.
    ///
    /// # Errors
    /// The first failure that was not of a single call.
    pub fn failure(&self) -> Result<(), EngineError> {
        match &*lock(&self.failure) {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }

    /// Gives the device up, as if its driver had lost it. For tests.
    pub fn lose(&self) {
        let reason = "it was given up".to_owned();
        lock(&self.failure).get_or_insert(EngineError::DeviceLost { reason });
        self.device.destroy();
    }

    /// A buffer of `count` f32, or as large, with unspecified values.
    pub(crate) fn buffer(&self, count: usize) -> Result<wgpu::Buffer, EngineError> {
        let size = (count as u64 * 4).next_multiple_of(16).max(64);
        let refused = EngineError::OutOfMemory { needed: size, on_device: true };
        if size > self.largest_buffer
            || self.options.memory.is_some_and(|most| self.allocated() + size > most)
        {
            return Err(refused);
        }
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        match pollster::block_on(scope.pop()) {
            None => {
                if self.options.poisoned {
                    self.queue.write_buffer(&buffer, 0, &vec![0xff; size as usize]);
                }
                Ok(buffer)
            }
            Some(_) => Err(refused),
        }
    }

    /// Bytes of all buffers; 0 where the interface does not tell.
    fn allocated(&self) -> u64 {
        self.settle();
        self.device.generate_allocator_report().map_or(0, |report| report.total_allocated_bytes)
    }

    /// Waits for what is submitted, and frees the buffers that nobody holds any more.
    pub(crate) fn settle(&self) {
        let timeout = Some(PATIENCE);
        if let Err(error) = self.device.poll(wgpu::PollType::Wait { submission_index: None, timeout }) {
            lock(&self.failure).get_or_insert(EngineError::DeviceLost { reason: error.to_string() });
        }
    }

    /// As [`buffer`](Device::buffer) where a failure cannot be returned: it is kept for later.
    pub(crate) fn buffer_or_failure(&self, count: usize) -> wgpu::Buffer {
        self.buffer(count).unwrap_or_else(|error| {
            lock(&self.failure).get_or_insert(error);
            self.unused[0].clone()
        })
    }

    /// Writes values to the beginning of a buffer.
    pub(crate) fn write<T: bytemuck::NoUninit>(&self, buffer: &wgpu::Buffer, values: &[T]) {
        let bytes: &[u8] = bytemuck::cast_slice(values);
        if bytes.len() as u64 <= buffer.size() {
            self.queue.write_buffer(buffer, 0, bytes);
        }
    }

    /// Writes values to a buffer, from its element `first` on.
    pub(crate) fn write_at(&self, buffer: &wgpu::Buffer, first: usize, values: &[f32]) {
        let (first, bytes): (u64, &[u8]) = (4 * first as u64, bytemuck::cast_slice(values));
        if first + bytes.len() as u64 <= buffer.size() {
            self.queue.write_buffer(buffer, first, bytes);
        }
    }

    /// A new buffer of these values.
    pub(crate) fn buffer_of<T: bytemuck::NoUninit>(&self, values: &[T]) -> wgpu::Buffer {
        let buffer = self.buffer_or_failure(size_of_val(values).div_ceil(4));
        self.write(&buffer, values);
        buffer
    }

    fn pipeline(&self, kernel: Kernel) -> &Pipeline {
        self.pipelines[kernel as usize].get_or_init(|| {
            let source = wgpu::ShaderModuleDescriptor {
                label: Some("kernel"),
                source: wgpu::ShaderSource::Wgsl(kernel.text().into()),
            };
            let module = if self.options.checked {
                self.device.create_shader_module(source)
            } else {
                // SAFETY: the text is part of this crate. Every index is bounded by the sizes that a dispatch is given,
                // every loop ends, and every divisor is positive; tests compare with a checked device.
                unsafe {
                    let checks = wgpu::ShaderRuntimeChecks::unchecked();
                    self.device.create_shader_module_trusted(source, checks)
                }
            };
            let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some("kernel"),
                layout: None,
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    zero_initialize_workgroup_memory: false,
                    ..wgpu::PipelineCompilationOptions::default()
                },
                cache: None,
            });
            let layout = pipeline.get_bind_group_layout(0);
            Pipeline { pipeline, layout }
        })
    }

    /// Binds buffers to the places of a kernel.
    pub(crate) fn bind(&self, kernel: Kernel, buffers: &[&wgpu::Buffer]) -> wgpu::BindGroup {
        let entries: Vec<_> = (0..)
            .zip(buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &self.pipeline(kernel).layout,
            entries: &entries,
        })
    }

    /// Does what it is told, in order, and returns what it is asked to read.
    pub(crate) fn run<'a>(
        &self,
        dispatches: impl IntoIterator<Item = &'a Dispatch>,
        reads: &[Read<'_>],
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        self.failure()?;
        let start = Instant::now();
        let limit = *lock(&self.work);
        let mut dispatches = dispatches.into_iter().peekable();
        let mut work = 0.0;
        while dispatches.peek().is_some() {
            let mut encoder = self.encoder();
            let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
            let mut submitted = 0.0;
            while let Some(dispatch) =
                dispatches.next_if(|next| submitted == 0.0 || submitted + next.work < limit)
            {
                pass.set_pipeline(&self.pipeline(dispatch.kernel).pipeline);
                pass.set_bind_group(0, &dispatch.group, &[]);
                pass.set_immediates(0, &dispatch.immediates);
                let [x, y, z] = dispatch.workgroups;
                pass.dispatch_workgroups(x, y, z);
                submitted += dispatch.work.max(1.0);
            }
            drop(pass);
            work += submitted;
            if dispatches.peek().is_none() && !reads.is_empty() {
                return self.read(encoder, reads, work).inspect(|_| self.learn(work, start.elapsed()));
            }
            self.queue.submit([encoder.finish()]);
        }
        match reads {
            [] => self.failure().map(|()| Vec::new()),
            reads => self.read(self.encoder(), reads, work),
        }
    }

    fn encoder(&self) -> wgpu::CommandEncoder {
        self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default())
    }

    /// Copies rows of `length` f32 from one buffer to another, each from its first place to its second.
    pub(crate) fn copy_rows(
        &self,
        from: &wgpu::Buffer,
        to: &wgpu::Buffer,
        length: usize,
        rows: impl Iterator<Item = (usize, usize)>,
    ) {
        let mut encoder = self.encoder();
        for (first, second) in rows {
            let [first, second, bytes] = [first, second, length].map(|values| values as u64 * 4);
            if first + bytes <= from.size() && second + bytes <= to.size() {
                encoder.copy_buffer_to_buffer(from, first, to, second, bytes);
            }
        }
        self.queue.submit([encoder.finish()]);
    }

    /// Fills a buffer with zeros.
    pub(crate) fn clear(&self, buffer: &wgpu::Buffer) {
        let mut encoder = self.encoder();
        encoder.clear_buffer(buffer, 0, None);
        self.queue.submit([encoder.finish()]);
    }

    /// Adapts the size of submissions to the speed of the card.
    fn learn(&self, work: f64, time: Duration) {
        if work > FIRST_WORK / 100.0 {
            let [least, most] = WORK_RANGE;
            let wanted = work * SUBMISSION.as_secs_f64() / time.as_secs_f64().max(1e-6);
            *lock(&self.work) = wanted.clamp(least, most);
        }
    }

    /// Ends a submission with copies of what is read, waits for it and for the `work` before it, and returns the values.
    fn read(
        &self,
        mut encoder: wgpu::CommandEncoder,
        reads: &[Read<'_>],
        work: f64,
    ) -> Result<Vec<Vec<f32>>, EngineError> {
        let timeout = Some(PATIENCE + Duration::from_secs_f64(work / SLOWEST));
        let bytes: u64 = reads.iter().map(|read| read.count as u64 * 4).sum();
        let staging = self.take_staging(bytes)?;
        let mut at = 0;
        for read in reads {
            let bytes = read.count as u64 * 4;
            encoder.copy_buffer_to_buffer(read.buffer, 0, &staging, at, bytes);
            at += bytes;
        }
        let submission = self.queue.submit([encoder.finish()]);
        let (sender, receiver) = std::sync::mpsc::channel();
        staging.slice(..bytes).map_async(wgpu::MapMode::Read, move |result| _ = sender.send(result));
        let waited = self.device.poll(wgpu::PollType::Wait { submission_index: Some(submission), timeout });
        let lost = |reason: String| EngineError::DeviceLost { reason };
        if let Err(error) = waited {
            lock(&self.failure).get_or_insert(lost(error.to_string()));
        }
        self.failure()?;
        let mapped = receiver.try_recv().map_err(|_| lost("it does not answer".to_owned()))?;
        mapped.map_err(|error| lost(error.to_string()))?;
        let mut values = Vec::with_capacity(reads.len());
        {
            let view = staging.slice(..bytes).get_mapped_range().map_err(|error| lost(error.to_string()))?;
            let mut rest: &[u8] = &view;
            for read in reads {
                let (these, others) = rest.split_at(read.count * 4);
                values.push(bytemuck::pod_collect_to_vec(these));
                rest = others;
            }
        }
        staging.unmap();
        lock(&self.staging).push(staging);
        Ok(values)
    }

    /// A buffer that the computer can read, of at least so many bytes.
    fn take_staging(&self, bytes: u64) -> Result<wgpu::Buffer, EngineError> {
        let mut free = lock(&self.staging);
        if let Some(place) = free.iter().position(|buffer| buffer.size() >= bytes) {
            return Ok(free.swap_remove(place));
        }
        free.clear();
        drop(free);
        let scope = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let buffer = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("staging"),
            size: bytes.max(16),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        match pollster::block_on(scope.pop()) {
            None => Ok(buffer),
            Some(_) => Err(EngineError::OutOfMemory { needed: bytes, on_device: true }),
        }
    }
}

/// Workgroups of `size` invocations for `count` of them, folded into rows where there are more than a side allows.
pub(crate) fn folded(count: usize, size: usize) -> [u32; 3] {
    let groups = count.div_ceil(size) as u64;
    let side = u64::from(WORKGROUPS_A_SIDE);
    match groups <= side {
        true => [groups as u32, 1, 1],
        false => [WORKGROUPS_A_SIDE, groups.div_ceil(side) as u32, 1],
    }
}
