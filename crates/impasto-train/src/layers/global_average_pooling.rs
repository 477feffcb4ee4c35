//! The mean of each map: `[N, C, H, W]` to `[N, C, 1, 1]` (Lin, Chen and Yan 2013).

use impasto_kernels::{Batch, LANES};

/// The mean over the positions of each picture.
pub fn global_average(input: &Batch) -> Batch {
    let area = input.height() * input.width();
    let mut output = Batch::zeros(input.pictures(), input.channels(), 1, 1);
    let planes = input.map().blocks().chunks_exact(area.max(1));
    for (to, plane) in output.map_mut().blocks_mut().iter_mut().zip(planes) {
        let mut sums = [0.0f64; LANES];
        for block in plane {
            sums.iter_mut().zip(&block.0).for_each(|(sum, &value)| *sum += f64::from(value));
        }
        to.0 = sums.map(|sum| (sum / area as f64) as f32);
    }
    output
}

/// The gradient by an input of `height`×`width`, of that by the mean.
pub fn global_average_backward(gradient: &Batch, height: usize, width: usize) -> Batch {
    let area = height * width;
    let mut to = Batch::zeros(gradient.pictures(), gradient.channels(), height, width);
    let planes = to.map_mut().blocks_mut().chunks_exact_mut(area.max(1));
    for (plane, from) in planes.zip(gradient.map().blocks()) {
        plane.fill(impasto_kernels::Block(from.0.map(|value| value / area as f32)));
    }
    to
}
