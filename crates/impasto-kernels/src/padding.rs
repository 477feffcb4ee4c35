//! What a convolution reads beyond the border of its input, and where gradients from there belong.

/// How a convolution reads beyond the border of its input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Padding {
    /// Zeros, as VGG was trained.
    #[default]
    Zero,
    /// The nearest border pixel.
    Replicate,
    /// The opposite border: the result tiles without a seam.
    Circular,
}

impl Padding {
    /// Where position `at`, possibly outside, reads in a row of `length`; `None` where it reads zero.
    #[inline(always)]
    pub fn position(self, at: isize, length: usize) -> Option<usize> {
        if (0..length as isize).contains(&at) {
            return Some(at as usize);
        }
        match self {
            Padding::Zero => None,
            Padding::Replicate => Some(at.clamp(0, length as isize - 1) as usize),
            Padding::Circular => Some(at.rem_euclid(length as isize) as usize),
        }
    }

    /// The adjoint of reading with a border of one pixel: adds every element of the plane `extended`
    /// `[height + 2, width + 2]` to the position of the plane `to` `[height, width]` that it was read from.
    pub(crate) fn fold<T>(
        self,
        extended: &[T],
        height: usize,
        width: usize,
        to: &mut [T],
        add: impl Fn(&mut T, &T),
    ) {
        for (y, row) in extended.chunks_exact(width + 2).enumerate() {
            let Some(to_row) = self.position(y as isize - 1, height) else { continue };
            for (x, value) in row.iter().enumerate() {
                if let Some(to_column) = self.position(x as isize - 1, width) {
                    add(&mut to[to_row * width + to_column], value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paddings_read_beyond_the_border() {
        let line = |padding: Padding, length| -> Vec<_> {
            (-1..=length as isize).map(|at| padding.position(at, length)).collect()
        };
        assert_eq!(line(Padding::Zero, 3), [None, Some(0), Some(1), Some(2), None]);
        assert_eq!(line(Padding::Replicate, 3), [Some(0), Some(0), Some(1), Some(2), Some(2)]);
        assert_eq!(line(Padding::Circular, 3), [Some(2), Some(0), Some(1), Some(2), Some(0)]);
        assert_eq!(line(Padding::Circular, 1), [Some(0); 3]);
    }
}
