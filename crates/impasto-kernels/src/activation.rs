//! ReLU and pooling of a stored map, and sums of gradients: what a convolution fuses, for maps that were
//! tapped before their ReLU or before their pooling.

use crate::convolution::{Activated, OutputGradient, with_source};
use crate::isa::{Isa, Kernel};
use crate::map::{Block, BlockedMap, LANES};
use crate::parallel::{Shared, for_each};
use crate::simd::Simd;
use crate::winograd::{ForwardSink, GradientSink, TileBuffer, TileSink, TileSource};

/// Side of the squares in which a map is walked; even, so that no pooling window is cut.
const SIDE: usize = 8;

/// `keep` ← ReLU(`map`).
///
/// # Panics
/// If shapes do not fit, or the machine lacks `isa`.
pub fn activate(isa: Isa, map: &BlockedMap, keep: Activated) {
    let no_bias = vec![Block::default(); map.channel_blocks()];
    let sink: ForwardSink = keep.sink(&no_bias, true, 1, map.height(), map.width());
    for_each(map.channel_blocks(), |block| {
        let source = crate::winograd::MapSource { map, pictures: 1, padding: crate::Padding::Zero };
        let (height, width) = (map.height(), map.width());
        // SAFETY: source and sink have these blocks, height and width, and every block is given once.
        unsafe { isa.run(Copy { source: &source, sink: &sink, block, height, width }) }
    });
}

/// `to` += `gradient`, by the pre-activations.
///
/// # Panics
/// If shapes do not fit, or the machine lacks `isa`.
pub fn add_gradient(isa: Isa, gradient: OutputGradient, to: &mut BlockedMap) {
    let (height, width) = gradient.size();
    assert_eq!((to.height(), to.width()), (height, width), "size of the gradient");
    let blocks = to.channel_blocks();
    let sink = GradientSink {
        pictures: 1,
        height,
        width,
        to: Shared::new(to.blocks_mut().as_mut_ptr()),
        accumulate: true,
    };
    with_source!(gradient, 1, source => {
        assert_eq!(source.channel_blocks(), blocks, "channels of the gradient");
        // SAFETY: source and sink have these blocks, height and width, and every block is given once.
        for_each(blocks, |block| unsafe { isa.run(Copy { source: &source, sink: &sink, block, height, width }) });
    });
}

/// Hands one channel block from a source to a sink, square by square.
struct Copy<'a, Source, Sink> {
    source: &'a Source,
    sink: &'a Sink,
    block: usize,
    height: usize,
    width: usize,
}

impl<Source: TileSource, Sink: TileSink> Kernel for Copy<'_, Source, Sink> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<S: Simd>(self) {
        let (mut buffer, mut square) = (TileBuffer::new(), TileBuffer::new());
        for y in (0..self.height).step_by(SIDE) {
            for x in (0..self.width).step_by(SIDE) {
                let (rows, columns) = (SIDE.min(self.height - y), SIDE.min(self.width - x));
                // SAFETY: squares have at most the side of a tile, and are clipped before the sink sees them.
                unsafe {
                    let (from, stride) =
                        self.source.tile::<S>(self.block, 0, y as isize, x as isize, SIDE, &mut buffer);
                    for row in 0..rows {
                        let to = square.0.as_mut_ptr().add(row * TileBuffer::ROW);
                        from.add(row * stride).copy_to_nonoverlapping(to, columns * LANES);
                    }
                    self.sink.tile::<S>(self.block, 0, y, x, rows, columns, &mut square);
                }
            }
        }
    }
}
