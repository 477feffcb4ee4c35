//! The memory of L-BFGS on the card.
//!
//! The two loops over the pairs s and y (Nocedal and Wright 2006, algorithm 7.4) only ever add multiples of the vectors s, y
//! and q, so they can run on the multiples alone, given the inner products of all vectors (Chen, Wang and Zhou 2014,
//! vector-free L-BFGS). Those of a new pair and of q with all others come from one pass over the history, on the card,
//! and the sum of the multiples from another. The loops themselves run on the computer, in f64.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;

use bytemuck::{Pod, Zeroable};
use impasto_network::{EngineError, StepHistory, StepHistoryPlace};

use crate::device::{Device, Read};
use crate::dispatch::Dispatch;
use crate::kernel::Kernel;

/// Elements that a workgroup sums products of.
const CHUNK: usize = 1 << 16;

/// Vectors of which products are taken at once: a new pair and the vector that is multiplied.
const QUERIES: usize = 3;

/// A device as a place for histories.
#[derive(Debug)]
pub(crate) struct StepHistories(Arc<Device>);

impl StepHistories {
    pub(crate) fn new(device: Arc<Device>) -> Self {
        StepHistories(device)
    }
}

impl StepHistoryPlace for StepHistories {
    fn make(&self, capacity: usize, length: usize) -> Result<Box<dyn StepHistory>, EngineError> {
        Ok(Box::new(DeviceHistory::new(self.0.clone(), capacity, length)?))
    }
}

/// The pairs in a ring of slots, s and y of slot i as vectors 2 i and 2 i + 1.
#[derive(Debug)]
struct DeviceHistory {
    device: Arc<Device>,
    capacity: usize,
    length: usize,
    /// Blocks of four elements in a vector, which is padded with zeros.
    blocks: usize,
    /// So many vectors each, one after another.
    buffers: Vec<wgpu::Buffer>,
    in_buffer: usize,
    /// The newest pair, until its products are known, and q.
    queries: wgpu::Buffer,
    products: wgpu::Buffer,
    coefficients: wgpu::Buffer,
    direction: wgpu::Buffer,
    /// Slot of the oldest pair.
    oldest: usize,
    pairs: usize,
    /// Whether products of the newest pair are yet to be taken.
    is_unmultiplied: bool,
    /// `s·y` of the slots of s and y, and `y·y`, `[capacity, capacity]`.
    products_sy: Vec<f64>,
    products_yy: Vec<f64>,
    /// `s·y` and `y·y` of the newest pair.
    curvature: f64,
    squared_change: f64,
    /// γ of the newest pair.
    scale: f64,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct ProductParameters {
    blocks: u32,
    vectors: u32,
    chunk: u32,
    first: u32,
    groups: u32,
}

#[derive(Clone, Copy, Pod, Zeroable)]
#[repr(C)]
struct SumParameters {
    blocks: u32,
    first: u32,
    vectors: u32,
    coefficient: u32,
}

/// Products of the queries with the stored vectors: `[query][vector]`.
type Products = [Vec<f64>; QUERIES];

impl DeviceHistory {
    fn new(device: Arc<Device>, capacity: usize, length: usize) -> Result<Self, EngineError> {
        let blocks = length.div_ceil(4).max(1);
        let bytes = 16 * blocks as u64;
        let vectors = 2 * capacity;
        let in_buffer = ((device.largest_buffer() / bytes) as usize).clamp(1, vectors);
        let buffers = (0..vectors.div_ceil(in_buffer)).map(|number| {
            let vectors = in_buffer.min(vectors - number * in_buffer);
            device.buffer(4 * blocks * vectors)
        });
        let chunks = length.div_ceil(CHUNK);
        let groups = vectors.div_ceil(in_buffer) * in_buffer.div_ceil(4);
        Ok(DeviceHistory {
            buffers: buffers.collect::<Result<_, EngineError>>()?,
            queries: device.buffer(4 * blocks * QUERIES)?,
            products: device.buffer(4 * QUERIES * chunks * groups)?,
            coefficients: device.buffer(vectors)?,
            direction: device.buffer(4 * blocks)?,
            products_sy: vec![0.0; capacity * capacity],
            products_yy: vec![0.0; capacity * capacity],
            device,
            capacity,
            length,
            blocks,
            in_buffer,
            oldest: 0,
            pairs: 0,
            is_unmultiplied: false,
            curvature: 0.0,
            squared_change: 0.0,
            scale: 1.0,
        })
    }

    /// The slot of the pair that is `age` younger than the oldest.
    fn slot(&self, age: usize) -> usize {
        (self.oldest + age) % self.capacity
    }

    /// Writes a vector, padded, to place `number` among others.
    fn write(&self, buffer: &wgpu::Buffer, number: usize, values: &[f32]) {
        let first = 4 * self.blocks * number;
        self.device.write_at(buffer, first, values);
        self.device.write_at(buffer, first + self.length, &[0.0; 4][..4 * self.blocks - self.length]);
    }

    /// The products of all queries with all stored vectors.
    fn multiply(&self) -> Result<Products, EngineError> {
        let chunks = self.length.div_ceil(CHUNK);
        let stored = 2 * self.pairs;
        let mut dispatches = Vec::new();
        // Of each buffer the first of its results, in blocks, its vectors and its groups of four.
        let mut parts = Vec::new();
        let mut first = 0;
        for (buffer, from) in self.buffers.iter().zip((0..stored).step_by(self.in_buffer)) {
            let vectors = self.in_buffer.min(stored - from);
            let groups = vectors.div_ceil(4);
            let parameters = ProductParameters {
                blocks: self.blocks as u32,
                vectors: vectors as u32,
                chunk: (CHUNK / 4) as u32,
                first: first as u32,
                groups: groups as u32,
            };
            let buffers = [buffer, &self.queries, &self.products];
            let workgroups = [chunks as u32, groups as u32, 1];
            let work = (8 * vectors * self.length) as f64;
            let kernel = Kernel::StepProducts;
            dispatches.push(Dispatch::groups(&self.device, kernel, &buffers, &parameters, workgroups, work));
            parts.push((first, vectors, groups));
            first += QUERIES * chunks * groups;
        }
        let mut products: Products = std::array::from_fn(|_| Vec::with_capacity(stored));
        if dispatches.is_empty() {
            return Ok(products);
        }
        let read = self.device.run(&dispatches, &[Read { buffer: &self.products, count: 4 * first }])?;
        for (first, vectors, groups) in parts {
            for (query, products) in products.iter_mut().enumerate() {
                products.extend((0..vectors).map(|vector| {
                    let place = |chunk: usize| QUERIES * (chunk * groups + vector / 4) + query;
                    let of_chunk = |chunk| f64::from(read[0][4 * (first + place(chunk)) + vector % 4]);
                    (0..chunks).map(of_chunk).sum::<f64>()
                }));
            }
        }
        Ok(products)
    }

    /// Enters the products of the newest pair, if they are new.
    fn keep(&mut self, [of_step, of_change, _]: &Products) {
        if !std::mem::take(&mut self.is_unmultiplied) {
            return;
        }
        let newest = self.slot(self.pairs - 1);
        for other in 0..self.pairs {
            self.products_sy[newest * self.capacity + other] = of_step[2 * other + 1];
            self.products_sy[other * self.capacity + newest] = of_change[2 * other];
            self.products_yy[newest * self.capacity + other] = of_change[2 * other + 1];
            self.products_yy[other * self.capacity + newest] = of_change[2 * other + 1];
        }
        // Of the pair itself they were summed in f64, and its curvature was found to be positive so.
        self.products_sy[newest * self.capacity + newest] = self.curvature;
        self.products_yy[newest * self.capacity + newest] = self.squared_change;
    }

    /// The multiples of the stored vectors that add up to H q with `scale · q`, by age, s and y of each pair.
    fn multiples(&self, with_q: &[f64]) -> Vec<[f64; 2]> {
        let slots: Vec<usize> = (0..self.pairs).map(|age| self.slot(age)).collect();
        let sy = |s: usize, y: usize| self.products_sy[s * self.capacity + y];
        let yy = |a: usize, b: usize| self.products_yy[a * self.capacity + b];
        let (mut of_s, mut of_y) = (vec![0.0; self.pairs], vec![0.0; self.pairs]);
        let mut alphas = vec![0.0; self.pairs];
        for age in (0..self.pairs).rev() {
            let s = slots[age];
            let younger = (age + 1..self.pairs).map(|other| of_y[other] * sy(s, slots[other]));
            let product = with_q[2 * s] + younger.sum::<f64>();
            alphas[age] = product / sy(s, s);
            of_y[age] = -alphas[age];
        }
        of_y.iter_mut().for_each(|multiple| *multiple *= self.scale);
        for age in 0..self.pairs {
            let y = slots[age];
            let of_pair =
                |other: usize| of_s[other] * sy(slots[other], y) + of_y[other] * yy(slots[other], y);
            let product = self.scale * with_q[2 * y + 1] + (0..self.pairs).map(of_pair).sum::<f64>();
            of_s[age] = alphas[age] - product / sy(y, y);
        }
        of_s.into_iter().zip(of_y).map(|(s, y)| [s, y]).collect()
    }

    /// Adds the multiples, given by age, to the direction.
    fn sum(&self, multiples: &[[f64; 2]]) -> Vec<Dispatch> {
        let coefficients: Vec<f32> = multiples.iter().flatten().map(|&multiple| multiple as f32).collect();
        self.device.write(&self.coefficients, &coefficients);
        let mut dispatches = Vec::new();
        let mut coefficient = 0;
        // From the oldest to the end of the ring, and on from its beginning: always in the order of their ages, so that a
        // history that is filled anew from its pairs adds up to the same bits.
        let turn = self.pairs.min(self.capacity - self.oldest);
        for slots in [self.oldest..self.oldest + turn, 0..self.pairs - turn] {
            for (buffer, vectors) in self.in_buffers(2 * slots.start..2 * slots.end) {
                let parameters = SumParameters {
                    blocks: self.blocks as u32,
                    first: vectors.start as u32,
                    vectors: vectors.len() as u32,
                    coefficient,
                };
                coefficient += vectors.len() as u32;
                let buffers = [buffer, &self.coefficients, &self.direction];
                let (kernel, work) = (Kernel::StepSum, 8.0 * vectors.len() as f64);
                let count = self.blocks;
                dispatches.push(Dispatch::each(&self.device, kernel, &buffers, &parameters, count, work));
            }
        }
        dispatches
    }

    /// The buffers of these vectors, and which of their own they are.
    fn in_buffers(&self, vectors: Range<usize>) -> impl Iterator<Item = (&wgpu::Buffer, Range<usize>)> {
        self.buffers.iter().enumerate().filter_map(move |(number, buffer)| {
            let from = number * self.in_buffer;
            let (start, end) = (vectors.start.max(from), vectors.end.min(from + self.in_buffer));
            (start < end).then(|| (buffer, start - from..end - from))
        })
    }

    fn multiplied(&mut self, q: &[f32]) -> Result<Vec<f32>, EngineError> {
        self.write(&self.queries, 2, q);
        let products = self.multiply()?;
        self.keep(&products);
        let scaled: Vec<f32> = q.iter().map(|value| (self.scale * f64::from(*value)) as f32).collect();
        self.device.write(&self.direction, &scaled);
        let dispatches = self.sum(&self.multiples(&products[2]));
        let mut read =
            self.device.run(&dispatches, &[Read { buffer: &self.direction, count: self.length }])?;
        Ok(read.swap_remove(0))
    }
}

impl StepHistory for DeviceHistory {
    fn learn(&mut self, step: &[f32], change: &[f32], curvature: f64, squared_change: f64) {
        if self.is_unmultiplied
            && let Ok(products) = self.multiply()
        {
            self.keep(&products);
        }
        self.scale = curvature / squared_change;
        (self.curvature, self.squared_change) = (curvature, squared_change);
        let slot = self.slot(self.pairs);
        if self.pairs == self.capacity {
            self.oldest = (self.oldest + 1) % self.capacity;
        } else {
            self.pairs += 1;
        }
        for (query, values) in [step, change].into_iter().enumerate() {
            self.write(&self.queries, query, values);
            for (buffer, vectors) in self.in_buffers(2 * slot + query..2 * slot + query + 1) {
                self.write(buffer, vectors.start, values);
            }
        }
        self.is_unmultiplied = true;
    }

    fn apply(&mut self, q: &mut [f32]) {
        if self.pairs == 0 {
            return;
        }
        match self.multiplied(q) {
            Ok(product) => q.copy_from_slice(&product),
            // The device has kept the reason.
            Err(_) => q.fill(f32::NAN),
        }
    }

    fn forget(&mut self) {
        (self.oldest, self.pairs, self.scale, self.is_unmultiplied) = (0, 0, 1.0, false);
    }

    fn pairs(&self) -> Result<Vec<[Cow<'_, [f32]>; 2]>, EngineError> {
        let vector = |number: usize| {
            let (buffer, place) =
                self.in_buffers(number..number + 1).next().expect("a vector of the history");
            // By way of a buffer that is free between products: there may be no memory for another.
            let first = 4 * self.blocks * place.start;
            self.device.copy_rows(buffer, &self.direction, self.length, std::iter::once((first, 0)));
            let mut read = self.device.run([], &[Read { buffer: &self.direction, count: self.length }])?;
            Ok(Cow::Owned(read.swap_remove(0)))
        };
        let pair = |age| Ok([vector(2 * self.slot(age))?, vector(2 * self.slot(age) + 1)?]);
        (0..self.pairs).map(pair).collect()
    }
}
