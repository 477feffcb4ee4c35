//! Data sets from files, in whichever layout they are.

use std::path::Path;

use super::{DataError, DataSet, cifar_binary, class_folders};

impl DataSet {
    /// Opens a data set for a network that reads pictures of `side`×`side`; others are brought to that size.
    ///
    /// `path` is a folder, a `.tar` or `.tar.gz` of one, or a folder with one such archive and nothing else. It is in
    /// either layout, at any depth: CIFAR-10's binary files (`data_batch_1.bin` …, `test_batch.bin`,
    /// `batches.meta.txt`; Krizhevsky 2009), or pictures in folders `train/CLASS/` and `test/CLASS/`. Without `test`,
    /// folders `CLASS/` alone do: every tenth picture of each class, in the order of names, is kept for the test.
    ///
    /// The order of the pictures is that of their names, whatever that of an archive.
    ///
    /// # Errors
    /// If something cannot be read or is no picture, a class is empty, a record damaged; see [`DataFault`](super::DataFault).
    pub fn open(path: impl AsRef<Path>, side: usize) -> Result<Self, DataError> {
        let path = path.as_ref();
        let read = || {
            let set = match cifar_binary::read(path)? {
                Some(set) => set.resized(side),
                None => class_folders::read(path, side)?,
            };
            set.check()
        };
        read().map_err(|fault| DataError { path: path.to_owned(), fault })
    }

    fn resized(mut self, side: usize) -> Self {
        if self.side != side {
            for split in [&mut self.training, &mut self.test] {
                split.pixels = class_folders::resized(&split.pixels, self.side, side);
            }
            self.side = side;
        }
        self
    }
}
