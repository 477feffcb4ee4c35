//! The search among neighbours: what a search of every s-th row and column has found, improved among the columns
//! around it.
//!
//! Columns change little from one position of a grid to the next, so the best of every s-th ones lies beside the
//! best of all, nearly always; and s² times as few are searched.

use rayon::prelude::*;

/// Channels that are turned from planes to columns at a time, so that a column lies in one piece.
const CHANNELS: usize = 64;

/// The columns of a style on their grid.
pub(super) struct Neighbourhood<'a> {
    /// Planes `[C, P]`.
    planes: &'a [f32],
    /// What the columns are centred by, `[C]`.
    mean: &'a [f32],
    /// Height and width.
    grid: (usize, usize),
    /// Whether a column may be taken, `[P]`.
    wanted: Vec<bool>,
}

/// Inner products of a query with the columns around its match.
#[derive(Clone, Default)]
struct Products {
    /// `⟨q, q⟩`.
    query: f32,
    /// Of each column s around the match: its position, `⟨q, s⟩` and `⟨s, s⟩`.
    columns: Vec<(usize, f32, f32)>,
}

impl<'a> Neighbourhood<'a> {
    /// Of the columns at the positions that are `wanted`.
    pub fn new(planes: &'a [f32], mean: &'a [f32], grid: (usize, usize), wanted: &[usize]) -> Self {
        let mut takes = vec![false; grid.0 * grid.1];
        wanted.iter().for_each(|&position| takes[position] = true);
        Neighbourhood { planes, mean, grid, wanted: takes }
    }

    /// Moves each match, a cosine and a position, to the best column fewer than `stride` rows and columns from it.
    /// `queries` are the centred planes `[C, Q]` that were searched for.
    pub fn refine(&self, queries: &[f32], stride: usize, matches: &mut [(f32, usize)]) {
        let around = |&(_, best): &(f32, usize)| {
            let columns = self.around(best, stride).map(|at| (at, 0.0, 0.0)).collect();
            Products { query: 0.0, columns }
        };
        let mut products: Vec<Products> = matches.par_iter().map(around).collect();
        let positions = self.wanted.len();
        let blocks = self.planes.chunks(CHANNELS * positions).zip(queries.chunks(CHANNELS * matches.len()));
        for ((planes, queries), mean) in blocks.zip(self.mean.chunks(CHANNELS)) {
            let sources = columns(planes, mean);
            let queries = columns(queries, &vec![0.0; mean.len()]);
            products.par_iter_mut().zip(queries.par_chunks_exact(mean.len())).for_each(
                |(products, query)| {
                    products.query += dot(query, query);
                    for (at, product, square) in &mut products.columns {
                        let column = &sources[*at * mean.len()..][..mean.len()];
                        *product += dot(query, column);
                        *square += dot(column, column);
                    }
                },
            );
        }
        for ((score, best), Products { query, columns }) in matches.iter_mut().zip(products) {
            for (at, product, square) in columns {
                let norms = (query * square).sqrt();
                if norms > 0.0 && product / norms > *score {
                    (*score, *best) = (product / norms, at);
                }
            }
        }
    }

    /// The positions around `position` that may be taken.
    fn around(&self, position: usize, stride: usize) -> impl Iterator<Item = usize> + '_ {
        let (height, width) = self.grid;
        let near = |at: usize, end: usize| at.saturating_sub(stride - 1)..(at + stride).min(end);
        let (rows, columns) = (near(position / width, height), near(position % width, width));
        let all = rows.flat_map(move |row| columns.clone().map(move |column| row * width + column));
        all.filter(move |&at| at != position && self.wanted[at])
    }
}

/// Columns `[P, C]` of planes `[C, P]`, less `mean`.
fn columns(planes: &[f32], mean: &[f32]) -> Vec<f32> {
    let positions = planes.len() / mean.len();
    let mut columns = vec![0.0; planes.len()];
    columns.par_chunks_exact_mut(mean.len()).enumerate().for_each(|(position, column)| {
        let values = planes[position..].iter().step_by(positions);
        column.iter_mut().zip(values).zip(mean).for_each(|((to, value), mean)| *to = value - mean);
    });
    columns
}

/// The inner product, in eight sums at once.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let (a, b) = (a.chunks(8), b.chunks(8));
    let mut sums = [0.0f32; 8];
    for (a, b) in a.zip(b) {
        sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (a, b))| *sum += a * b);
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_match_moves_to_the_most_similar_column_around_it_that_may_be_taken() {
        // Columns on a circle: that at position p has the angle of p, and a mean that must go.
        let (grid, mean) = ((3, 4), [5.0, -2.0]);
        let angle = |position: usize| 0.3 * position as f32;
        let of = |function: fn(f32) -> f32, mean: f32| (0..12).map(move |p| mean + 2.0 * function(angle(p)));
        let planes: Vec<f32> = of(f32::cos, mean[0]).chain(of(f32::sin, mean[1])).collect();
        // Two queries, in the directions of positions 6 and 11.
        let queries = [angle(6).cos(), angle(11).cos(), angle(6).sin(), angle(11).sin()];
        let all: Vec<usize> = (0..12).collect();
        let refined = |wanted: &[usize]| {
            let cosine = |a: usize, b: usize| (angle(a) - angle(b)).cos();
            let mut matches = [(cosine(6, 5), 5), (cosine(11, 0), 0)];
            Neighbourhood::new(&planes, &mean, grid, wanted).refine(&queries, 2, &mut matches);
            matches
        };
        let [near, far] = refined(&all);
        assert!(near.1 == 6 && (near.0 - 1.0).abs() < 1e-5, "{near:?}");
        // Position 11 is out of reach of position 0; of those around it, 5 is nearest to 11's angle.
        assert_eq!(
            far.1,
            (0..12)
                .filter(|p| [0, 1, 4, 5].contains(p))
                .max_by(|&a, &b| { (angle(a) - angle(11)).cos().total_cmp(&(angle(b) - angle(11)).cos()) })
                .unwrap()
        );
        assert_eq!(refined(&[5, 0])[0].1, 5);
    }
}
