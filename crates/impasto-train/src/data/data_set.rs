//! Labelled pictures, all in memory.

use super::DataFault;

/// Labelled pictures of one size, 8 bits a channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Split {
    /// `[N, 3, side, side]`: planes of red, green, blue.
    pub pixels: Vec<u8>,
    /// `[N]`: numbers of classes.
    pub labels: Vec<u8>,
}

/// Pictures to train with and others to test with.
#[derive(Clone, Debug, PartialEq)]
pub struct DataSet {
    /// Rows and columns of every picture.
    pub side: usize,
    /// Names of the classes, by number.
    pub classes: Vec<String>,
    /// What is learnt from.
    pub training: Split,
    /// What is never learnt from.
    pub test: Split,
}

impl DataSet {
    /// What it is, in a line: two data sets of one description are hardly ever different.
    pub fn description(&self) -> String {
        format!(
            "{} training and {} test pictures of {side}x{side} in {} classes, checksum {:08x}",
            self.training.labels.len(),
            self.test.labels.len(),
            self.classes.len(),
            self.checksum(),
            side = self.side,
        )
    }

    fn checksum(&self) -> u32 {
        let classes = self.classes.join("/");
        let splits = [&self.training, &self.test].map(|split| [&split.pixels[..], &split.labels[..]]);
        let parts = splits.as_flattened().iter().copied().chain([classes.as_bytes()]);
        parts.fold(0, |sum: u32, part| sum.rotate_left(1) ^ checksum(part))
    }

    pub(super) fn check(self) -> Result<Self, DataFault> {
        let classes = self.classes.len();
        if !(2..=256).contains(&classes) {
            return Err(DataFault::Classes { found: classes });
        }
        for (split, name) in [(&self.training, "training"), (&self.test, "test")] {
            if split.labels.is_empty() {
                return Err(DataFault::Empty { split: name });
            }
            let mut seen = vec![false; classes];
            split.labels.iter().for_each(|&label| seen[usize::from(label)] = true);
            if let Some(class) = seen.iter().position(|&seen| !seen) {
                return Err(DataFault::EmptyClass { class: self.classes[class].clone(), split: name });
            }
        }
        Ok(self)
    }
}

/// FNV-1a over words of eight bytes, folded to 32 bits: enough to notice another data set.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let (words, rest) = bytes.as_chunks::<8>();
    let words =
        words.iter().map(|&word| u64::from_le_bytes(word)).chain(rest.iter().map(|&it| u64::from(it)));
    let hash = words.fold(0xcbf2_9ce4_8422_2325u64, |hash, word| {
        (hash ^ word).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(29)
    });
    (hash ^ (hash >> 32)) as u32
}
