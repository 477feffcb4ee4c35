//! Speed of the patch search beside the machine's matrix product.
//!
//! `cargo bench -p impasto-kernels --bench patches -- [SIDE] [THREADS]`, by default maps of 128x128 positions
//! (relu3_1 of a picture of 512x512) and all cores. "whole patches" counts the multiply-adds of the product of all
//! patches of one map with all of another, k²·C each, as a program that unfolds the maps would do;
//! "done" those of the search, C for each pair of columns. `IMPASTO_ISA` chooses the instruction set.

mod support;

use std::hint::black_box;

use impasto_kernels::{BlockedMap, Isa, PatchBank, Placement, find_patches, patch_difference, search_bytes};
use support::{matrix_product_peak, numbers, on_threads, seconds};

fn main() {
    let numbers = numbers();
    let side = numbers.first().copied().unwrap_or(128);
    on_threads(numbers.get(1).copied().unwrap_or(0), |isa| {
        println!("{isa}, {} threads", rayon::current_num_threads());
        let peak = matrix_product_peak(isa);
        println!("matrix product: {peak:.0} GFLOP/s");
        println!(
            "{:28} {:>8} {:>13} {:>5} {:>8} {:>5} {:>8} {:>8} {:>10}",
            "search", "s", "whole GFLOP/s", "/peak", "done", "/peak", "bank MB", "more MB", "loss ms"
        );
        for (channels, side, size) in
            [(256, side, 3), (256, side, 5), (512, side / 2, 3), (64, side / 2, 3), (2688, side / 2, 1)]
        {
            search(isa, channels, side, size, peak);
        }
    });
}

/// Prints one line: a map against another of the same shape.
fn search(isa: Isa, channels: usize, side: usize, size: usize, peak: f64) {
    let map = |seed: u32| {
        let value = |at: u32| (at.wrapping_mul(2_654_435_761).wrapping_add(seed) >> 20) as f32 / 4096.0;
        let planes: Vec<f32> = (0..(channels * side * side) as u32).map(value).collect();
        BlockedMap::from_planes(channels, side, side, &planes)
    };
    let (source, queries) = (map(1), map(77_777));
    let patches = (side + 1 - size).pow(2);
    let mut bank = PatchBank::new(channels, size);
    bank.add(&source, &vec![1.0; patches]);
    let offsets = vec![0.0; patches];
    let time = seconds(|| drop(black_box(find_patches(isa, &bank, &queries, 1, &offsets))));
    let found = find_patches(isa, &bank, &queries, 1, &offsets);
    let placement = Placement { size, stride: 1, circular: false };
    let loss = seconds(|| drop(black_box(patch_difference(&queries, &[&source], placement, &found))));
    let whole = 2.0 * (size * size * channels) as f64 * (patches as f64).powi(2) / 1e9;
    let done = 2.0 * channels as f64 * ((side * side) as f64).powi(2) / 1e9;
    println!(
        "{:28} {time:8.3} {:13.0} {:5.2} {:8.0} {:5.2} {:8.1} {:8.1} {:10.1}",
        format!("{size}x{size}, {channels}x{side}x{side}"),
        whole / time,
        whole / time / peak,
        done / time,
        done / time / peak,
        bank.bytes() as f64 / 1e6,
        search_bytes(&bank, side, side, 1) as f64 / 1e6,
        loss * 1e3,
    );
}
