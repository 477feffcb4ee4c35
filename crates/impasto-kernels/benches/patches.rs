//! Speed of the patch search beside the machine's matrix product.
//!
//! `cargo bench -p impasto-kernels --bench patches -- [SIDE] [THREADS]`, by default maps of 128x128 positions
//! (relu3_1 of a picture of 512x512) and all cores. "whole patches" counts the multiply-adds of the product of all
//! patches of one map with all of another, k²·C each, as a program that unfolds the maps would do;
//! "done" those of the search, C for each pair of columns. The product is measured again before each
//! search, for machines whose speed varies. `IMPASTO_ISA` chooses the instruction set.

mod support;

use std::hint::black_box;

use impasto_kernels::{BlockedMap, Isa, PatchBank, Placement, find_patches, patch_difference, search_bytes};
use support::{matrix_product_peak, numbers, on_threads, seconds};

fn main() {
    let numbers = numbers();
    let side = numbers.first().copied().unwrap_or(128);
    on_threads(numbers.get(1).copied().unwrap_or(0), |isa| {
        println!("{isa}, {} threads", rayon::current_num_threads());
        println!("GFLOP/s of the matrix product, of whole patches and of what is done");
        println!(
            "{:22} {:>8} {:>8} {:>8} {:>6} {:>8} {:>6} {:>8} {:>8} {:>8}",
            "search", "s", "product", "whole", "ratio", "done", "ratio", "bank MB", "more MB", "loss ms"
        );
        for (channels, side, size) in
            [(256, side, 3), (256, side, 5), (512, side / 2, 3), (64, side / 2, 3), (2688, side / 2, 1)]
        {
            search(isa, channels, side, size);
        }
    });
}

/// Prints one line: a map against another of the same shape.
fn search(isa: Isa, channels: usize, side: usize, size: usize) {
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
    let peak = matrix_product_peak(isa);
    let time = seconds(|| drop(black_box(find_patches(isa, &bank, &queries, &offsets))));
    let found = find_patches(isa, &bank, &queries, &offsets);
    let starts: Vec<usize> = (0..side + 1 - size).collect();
    let placement = Placement { size, rows: &starts, columns: &starts };
    let loss = seconds(|| drop(black_box(patch_difference(&queries, &[&source], placement, &found))));
    let whole = 2.0 * (size * size * channels) as f64 * (patches as f64).powi(2) / 1e9;
    let done = 2.0 * channels as f64 * ((side * side) as f64).powi(2) / 1e9;
    println!(
        "{:22} {time:8.3} {peak:8.0} {:8.0} {:6.2} {:8.0} {:6.2} {:8.1} {:8.1} {:8.1}",
        format!("{size}x{size}, {channels}x{side}x{side}"),
        whole / time,
        whole / time / peak,
        done / time,
        done / time / peak,
        bank.bytes() as f64 / 1e6,
        search_bytes(&bank, side, side) as f64 / 1e6,
        loss * 1e3,
    );
}
