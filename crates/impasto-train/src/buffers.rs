//! Memory of maps that is kept from step to step: fresh memory of this size costs as much as the arithmetic on it,
//! since the system clears it page by page.

use impasto_kernels::Batch;

/// Batches and masks that are not in use.
#[derive(Debug, Default)]
pub(crate) struct Buffers {
    batches: Vec<Batch>,
    masks: Vec<Vec<u16>>,
}

impl Buffers {
    /// A batch whose values are unspecified, for who overwrites whole blocks of channels.
    pub fn take(&mut self, pictures: usize, channels: usize, height: usize, width: usize) -> Batch {
        let blocks = channels.div_ceil(impasto_kernels::LANES) * pictures * height * width;
        match self.batches.iter().position(|batch| batch.map().blocks().len() == blocks) {
            Some(at) => {
                let mut batch = self.batches.swap_remove(at);
                batch.reshape(pictures, channels, height, width);
                batch
            }
            None => Batch::zeros(pictures, channels, height, width),
        }
    }

    /// A batch of the shape of another but for its channels.
    pub fn take_like(&mut self, other: &Batch, channels: usize) -> Batch {
        self.take(other.pictures(), channels, other.height(), other.width())
    }

    /// A mask whose values are unspecified.
    pub fn take_mask(&mut self, length: usize) -> Vec<u16> {
        match self.masks.iter().position(|mask| mask.len() == length) {
            Some(at) => self.masks.swap_remove(at),
            None => vec![0; length],
        }
    }

    /// Keeps a batch for another use.
    pub fn give(&mut self, batch: Batch) {
        self.batches.push(batch);
    }

    /// Keeps a mask for another use.
    pub fn give_mask(&mut self, mask: Vec<u16>) {
        self.masks.push(mask);
    }
}
