//! Maps of several pictures at once, as training has them.

use crate::map::BlockedMap;

/// The maps of a batch of pictures, each `[C, H, W]`, one below another: `[⌈C/16⌉][N][H][W][16]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    pictures: usize,
    map: BlockedMap,
}

impl Batch {
    /// A batch of zeros.
    pub fn zeros(pictures: usize, channels: usize, height: usize, width: usize) -> Self {
        Batch { pictures, map: BlockedMap::zeros(channels, pictures * height, width) }
    }

    /// A batch from planes `[N, C, H, W]`, row-major.
    ///
    /// # Panics
    /// If `planes` does not hold so many values.
    pub fn from_planes(
        pictures: usize,
        channels: usize,
        height: usize,
        width: usize,
        planes: &[f32],
    ) -> Self {
        let mut batch = Self::zeros(pictures, channels, height, width);
        assert_eq!(planes.len(), pictures * channels * height * width, "planes of a batch");
        let (all, one) = (batch.map.positions(), height * width);
        let blocks = batch.map.blocks_mut();
        for (index, plane) in planes.chunks_exact(one.max(1)).enumerate() {
            let (picture, channel) = (index / channels, index % channels);
            let to = &mut blocks[channel / crate::LANES * all + picture * one..][..one];
            for (block, &value) in to.iter_mut().zip(plane) {
                block.0[channel % crate::LANES] = value;
            }
        }
        batch
    }

    /// The values as planes `[N, C, H, W]`, row-major.
    pub fn to_planes(&self) -> Vec<f32> {
        let (all, one) = (self.map.positions(), self.height() * self.width());
        let mut planes = Vec::with_capacity(self.pictures * self.channels() * one);
        for picture in 0..self.pictures {
            for channel in 0..self.channels() {
                let from = &self.map.blocks()[channel / crate::LANES * all + picture * one..][..one];
                planes.extend(from.iter().map(|block| block.0[channel % crate::LANES]));
            }
        }
        planes
    }

    /// Gives the batch another shape, reusing its memory. The values are unspecified afterwards.
    pub fn reshape(&mut self, pictures: usize, channels: usize, height: usize, width: usize) {
        self.pictures = pictures;
        self.map.reshape(channels, pictures * height, width);
    }

    /// Pictures N.
    pub fn pictures(&self) -> usize {
        self.pictures
    }

    /// Channels C.
    pub fn channels(&self) -> usize {
        self.map.channels()
    }

    /// Rows H of one picture.
    pub fn height(&self) -> usize {
        self.map.height() / self.pictures.max(1)
    }

    /// Columns W.
    pub fn width(&self) -> usize {
        self.map.width()
    }

    /// All maps as one, `[C, N·H, W]`: the view of everything that works position by position.
    pub fn map(&self) -> &BlockedMap {
        &self.map
    }

    /// Returns it mutably.
    pub fn map_mut(&mut self) -> &mut BlockedMap {
        &mut self.map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planes_round_trip_and_pictures_lie_one_below_another() {
        let planes: Vec<f32> = (0..2 * 17 * 2 * 3).map(|value| value as f32).collect();
        let batch = Batch::from_planes(2, 17, 2, 3, &planes);
        assert_eq!(batch.to_planes(), planes);
        assert_eq!((batch.map().height(), batch.height()), (4, 2));
        assert_eq!(batch.map().blocks()[6].0[1], planes[17 * 6 + 6], "channel 1 of the second picture");
    }
}
