//! Speed of the kernels at the layers of VGG-19, beside the machine's matrix product.
//!
//! `cargo bench -p impasto-kernels -- [SIDE] [THREADS]`, by default 512 pixels and all cores. GFLOP/s count a
//! convolution as the direct sum of products, 18·C·K·H·W, so Winograd's layers exceed the peak of the matrix
//! product by what they save. `IMPASTO_ISA` chooses the instruction set: portable, neon, avx2, avx512
//! or amx.

mod support;

use std::hint::black_box;

use impasto_kernels::{
    Activated, BlockedMap, Convolution3x3, FirstConvolution, GradientPart, Isa, OutputGradient, PackedMatrix,
    Padding, RoundedConvolution3x3, WindowPooling, Workspace, gram, replace_by_gradient,
};
use support::{matrix_product_peak, numbers, on_threads, seconds};

fn main() {
    let numbers = numbers();
    let side = numbers.first().copied().unwrap_or(512);
    on_threads(numbers.get(1).copied().unwrap_or(0), |isa| {
        println!("{isa}, {} threads, {side}x{side} pixels", rayon::current_num_threads());
        let peak = matrix_product_peak(isa);
        println!("matrix product: {peak:.0} GFLOP/s");
        layers(isa, side, peak);
    });
}

fn layers(isa: Isa, side: usize, peak: f64) {
    println!(
        "{:14} {:>9} {:>9} {:>9} {:>9} {:>7}",
        "layer", "fwd ms", "GFLOP/s", "bwd ms", "GFLOP/s", "/peak"
    );
    let widths: [&[usize]; 5] = [&[64; 2], &[128; 2], &[256; 4], &[512; 4], &[512]];
    let (mut inputs, mut total, mut workspace) = (3, 0.0, Workspace::new());
    for (block, widths) in widths.iter().enumerate() {
        let side = side >> block;
        for (index, &outputs) in widths.iter().enumerate() {
            let pools = index + 1 == widths.len() && block < 4;
            let (forward, backward) = layer(isa, side, inputs, outputs, pools, &mut workspace);
            let gflop = 18.0 * (inputs * outputs * side * side) as f64 / 1e9;
            println!(
                "conv{}_{}{:8} {:9.1} {:9.0} {:9.1} {:9.0} {:7.2}",
                block + 1,
                index + 1,
                if pools { "+pool" } else { "" },
                forward * 1e3,
                gflop / forward,
                backward * 1e3,
                gflop / backward,
                2.0 * gflop / (forward + backward) / peak,
            );
            total += forward + backward;
            inputs = outputs;
        }
        let channels = widths[0];
        let map = BlockedMap::zeros(channels, side, side);
        let time = seconds(|| drop(black_box(gram(isa, &map))));
        let matrix = PackedMatrix::new(channels, &vec![0.01; channels * channels]);
        let mut map = BlockedMap::zeros(channels, side, side);
        let back = seconds(|| replace_by_gradient(isa, &mut map, &[GradientPart::Linear(&matrix)], false));
        let gflop = (2 * channels * channels * side * side) as f64 / 1e9;
        println!(
            "gram{}_1         {:9.1} {:9.0} {:9.1} {:9.0}",
            block + 1,
            time * 1e3,
            gflop / 2.0 / time,
            back * 1e3,
            gflop / back
        );
        total += time + back;
    }
    println!("sum: {:.3} s; workspace {} MB", total, workspace.bytes() >> 20);
}

/// Seconds forward and backward of one layer.
fn layer(
    isa: Isa,
    side: usize,
    inputs: usize,
    outputs: usize,
    pools: bool,
    workspace: &mut Workspace,
) -> (f64, f64) {
    let weight: Vec<f32> = (0..outputs * inputs * 9).map(|at| (at % 17) as f32 * 0.01 - 0.08).collect();
    let bias = vec![0.01; outputs];
    let mut map = BlockedMap::zeros(outputs, side, side);
    let mut pooled = BlockedMap::zeros(outputs, side / 2, side / 2);
    let mut mask = vec![0u16; map.blocks().len()];
    if inputs == 3 {
        let convolution = FirstConvolution::new(outputs, &weight, &bias);
        let mut planes = vec![0.5; 3 * side * side];
        let forward = seconds(|| {
            let keep = Activated { map: Some(&mut map), mask: Some(&mut mask), pooled: None };
            convolution.forward(isa, &planes, side, side, Padding::Zero, true, keep);
        });
        let backward = seconds(|| {
            convolution.input_gradient(isa, OutputGradient::Masked(&map, &mask), Padding::Zero, &mut planes);
        });
        return (forward, backward);
    }
    let exact = (!isa.rounds()).then(|| Convolution3x3::new(outputs, inputs, &weight, &bias));
    let rounded = isa.rounds().then(|| RoundedConvolution3x3::new(outputs, inputs, &weight, &bias));
    let mut input = BlockedMap::from_planes(inputs, side, side, &vec![0.5; inputs * side * side]);
    let pooling = WindowPooling::Maximum;
    let forward = seconds(|| {
        let keep = match pools {
            true => Activated { map: None, mask: Some(&mut mask), pooled: Some((pooling, &mut pooled)) },
            false => Activated { map: Some(&mut map), mask: Some(&mut mask), pooled: None },
        };
        match (&exact, &rounded) {
            (Some(exact), _) => exact.forward(isa, &input, Padding::Zero, true, keep, workspace),
            (_, Some(rounded)) => rounded.forward(&input, Padding::Zero, true, keep, workspace),
            _ => unreachable!("one of both was made"),
        }
    });
    let backward = seconds(|| {
        let gradient = match pools {
            true => {
                OutputGradient::Unpooled { pooled: &pooled, mask: &mask, pooling, height: side, width: side }
            }
            false => OutputGradient::Masked(&map, &mask),
        };
        match (&exact, &rounded) {
            (Some(exact), _) => {
                exact.input_gradient(isa, gradient, Padding::Zero, &mut input, false, workspace)
            }
            (_, Some(rounded)) => {
                rounded.input_gradient(gradient, Padding::Zero, &mut input, false, workspace)
            }
            _ => unreachable!("one of both was made"),
        }
    });
    (forward, backward)
}
