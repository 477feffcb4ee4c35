//! Bilinear resizing without a low-pass, and its adjoint.
//!
//! With s = from/to, position i of the result lies at `(i + ½) · s − ½` of the source, between the two
//! nearest of its values, the borders replicated: PyTorch's `interpolate(mode="bilinear",
//! align_corners=False)`, which the systems that resize inside the objective use. Pictures are resized with
//! [`Filter`](crate::picture::Filter)s instead.

/// A resizing of planes, a linear map.
#[derive(Clone, Debug)]
pub(crate) struct Bilinear {
    rows: Vec<Tap>,
    columns: Vec<Tap>,
    from: (usize, usize),
}

/// Where a value of the result lies: `(1 − share) · source[first] + share · source[second]`.
#[derive(Clone, Copy, Debug)]
struct Tap {
    first: usize,
    second: usize,
    share: f32,
}

/// Taps along one side.
fn taps(from: usize, to: usize) -> Vec<Tap> {
    let scale = from as f64 / to as f64;
    let tap = |index: usize| {
        let at = ((index as f64 + 0.5) * scale - 0.5).max(0.0);
        let first = (at as usize).min(from - 1);
        Tap { first, second: (first + 1).min(from - 1), share: (at - first as f64) as f32 }
    };
    (0..to).map(tap).collect()
}

impl Bilinear {
    /// From planes of one height and width to planes of another, all at least 1.
    pub fn new(from: (usize, usize), to: (usize, usize)) -> Self {
        Bilinear { rows: taps(from.0, to.0), columns: taps(from.1, to.1), from }
    }

    /// Values of a result.
    pub fn len(&self) -> usize {
        self.rows.len() * self.columns.len()
    }

    /// The plane resized, into `result`.
    pub fn apply(&self, plane: &[f32], result: &mut [f32]) {
        let width = self.from.1;
        for (row, result) in self.rows.iter().zip(result.chunks_exact_mut(self.columns.len())) {
            let (above, below) =
                (&plane[row.first * width..][..width], &plane[row.second * width..][..width]);
            for (column, result) in self.columns.iter().zip(result) {
                let along = |line: &[f32]| {
                    line[column.first] + column.share * (line[column.second] - line[column.first])
                };
                let (above, below) = (along(above), along(below));
                *result = above + row.share * (below - above);
            }
        }
    }

    /// Adds the adjoint of the resizing at `result`, a gradient by what [`apply`](Bilinear::apply) writes, to
    /// `plane`, a gradient by what it reads.
    pub fn add_adjoint(&self, result: &[f32], plane: &mut [f32]) {
        let width = self.from.1;
        for (row, result) in self.rows.iter().zip(result.chunks_exact(self.columns.len())) {
            for (column, &value) in self.columns.iter().zip(result) {
                for (line, share) in [(row.first, 1.0 - row.share), (row.second, row.share)] {
                    plane[line * width + column.first] += share * (1.0 - column.share) * value;
                    plane[line * width + column.second] += share * column.share * value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_lie_where_pytorch_puts_them() {
        // interpolate([[0, 1, 2, 3, 4], …], size=(2, 3)) and (1, 8).
        let plane: Vec<f32> = (0..15).map(|index| index as f32).collect();
        let mut halved = vec![0.0; 6];
        Bilinear::new((3, 5), (2, 3)).apply(&plane, &mut halved);
        let expected = [1.583_333_3, 3.25, 4.916_666_7, 9.083_333, 10.75, 12.416_667];
        for (found, expected) in halved.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{halved:?}");
        }
        let mut wider = vec![0.0; 8];
        Bilinear::new((1, 2), (1, 8)).apply(&[0.0, 8.0], &mut wider);
        assert_eq!(wider, [0.0, 0.0, 1.0, 3.0, 5.0, 7.0, 8.0, 8.0]);
    }

    #[test]
    fn the_adjoint_keeps_inner_products() {
        for (from, to) in [((7, 5), (3, 2)), ((3, 2), (7, 5)), ((1, 4), (1, 9)), ((6, 6), (6, 6))] {
            let resizing = Bilinear::new(from, to);
            let values = |count: usize, step: usize| -> Vec<f32> {
                (0..count).map(|index| ((index * step) % 11) as f32 - 5.0).collect()
            };
            let (plane, weights) = (values(from.0 * from.1, 7), values(resizing.len(), 3));
            let (mut result, mut back) = (vec![0.0; resizing.len()], vec![0.0; plane.len()]);
            resizing.apply(&plane, &mut result);
            resizing.add_adjoint(&weights, &mut back);
            let product = |a: &[f32], b: &[f32]| -> f64 {
                a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
            };
            let (forward, backward) = (product(&result, &weights), product(&plane, &back));
            assert!((forward - backward).abs() < 1e-3, "{from:?} to {to:?}: {forward} and {backward}");
        }
    }
}
