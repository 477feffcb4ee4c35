//! The loss of one row of pixels of a channel, and the gradient by it: all that depends on it, so that rows can be worked on
//! in any order.

use super::VariationLoss;

/// One channel, row by row.
pub(super) struct Rows {
    pub kind: VariationLoss,
    pub height: usize,
    pub width: usize,
    /// Whether opposite borders meet.
    pub seamless: bool,
}

/// Memory that is used again for each row.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// A row with one more value at both ends, and another.
    padded: [Vec<f32>; 2],
    /// The gradient by such a row.
    gradient: Vec<f32>,
    /// The derivatives by the differences to the right and downwards.
    slopes: [Vec<f32>; 2],
}

impl Rows {
    /// The part of the unweighted loss that is counted at a row of `plane`, in the units of the variables, whose square is
    /// `area` times the picture's. Adds the whole gradient by that row, times `weight`.
    pub fn add(
        &self,
        plane: &[f32],
        row: usize,
        (area, weight): (f64, f64),
        gradient: &mut [f32],
        scratch: &mut Scratch,
    ) -> f64 {
        match self.kind {
            VariationLoss::NinePoint => self.nine_points(plane, row, (area, weight), gradient, scratch),
            _ => self.neighbours(plane, row, (area, weight), gradient, scratch),
        }
    }

    fn row<'p>(&self, plane: &'p [f32], row: usize) -> &'p [f32] {
        &plane[row * self.width..][..self.width]
    }

    /// The neighbour after an index along a side of `length`, if there is one.
    fn next(&self, index: usize, length: usize) -> Option<usize> {
        match (index + 1 < length, self.seamless) {
            (true, _) => Some(index + 1),
            (false, true) => Some(0),
            (false, false) => None,
        }
    }

    /// The neighbour before it.
    fn previous(&self, index: usize, length: usize) -> Option<usize> {
        match (index > 0, self.seamless) {
            (true, _) => Some(index - 1),
            (false, true) => Some(length - 1),
            (false, false) => None,
        }
    }
}

/// Squared differences to the right and lower neighbour.
impl Rows {
    fn neighbours(
        &self,
        plane: &[f32],
        row: usize,
        scale: (f64, f64),
        gradient: &mut [f32],
        scratch: &mut Scratch,
    ) -> f64 {
        let (height, width) = (self.height, self.width);
        // What the row above says of its lower neighbours.
        if let Some(above) = self.previous(row, height) {
            self.slopes(plane, above, scale, &mut scratch.slopes);
            add(gradient, &scratch.slopes[1]);
        }
        let loss = self.slopes(plane, row, scale, &mut scratch.slopes);
        let [right, below] = &scratch.slopes;
        for ((gradient, right), below) in gradient.iter_mut().zip(right).zip(below) {
            *gradient -= right + below;
        }
        add(&mut gradient[1..], right);
        if let Some(first) = self.next(width - 1, width) {
            gradient[first] += right[width - 1];
        }
        loss
    }

    /// For each pixel of a row the derivatives of what it adds to the loss by its right and its lower neighbour, times the
    /// weight. Returns the sum of what they add.
    fn slopes(
        &self,
        plane: &[f32],
        row: usize,
        (area, weight): (f64, f64),
        [right, below]: &mut [Vec<f32>; 2],
    ) -> f64 {
        let (height, width) = (self.height, self.width);
        let here = self.row(plane, row);
        // Beyond the border the neighbour counts as equal.
        let lower = self.next(row, height).map_or(here, |below| self.row(plane, below));
        for slopes in [&mut *right, &mut *below] {
            slopes.resize(width, 0.0);
        }
        // The pixels that have both neighbours.
        let rim = usize::from(!self.seamless);
        let whole = (height - rim, width - rim);
        let is_mean = self.kind == VariationLoss::MeanSquares;
        let columns = match is_mean {
            true => width,
            false if row < whole.0 => whole.1,
            false => 0,
        };
        right[columns..].fill(0.0);
        below[columns..].fill(0.0);
        let mut loss = 0.0;
        let mut put = |column: usize, next: usize| {
            let dx = f64::from(here[next]) - f64::from(here[column]);
            let dy = f64::from(lower[column]) - f64::from(here[column]);
            let (a, b) = (dx * dx, dy * dy);
            // What is added, and its derivatives by a and b.
            let (value, by_a, by_b) = match self.kind {
                VariationLoss::HalfSquares => (0.5 * area * (a + b), 0.5 * area, 0.5 * area),
                VariationLoss::MeanSquares => {
                    let mean = |pairs: usize| area / (3 * pairs).max(1) as f64;
                    let (by_a, by_b) = (mean(height * whole.1), mean(whole.0 * width));
                    (by_a * a + by_b * b, by_a, by_b)
                }
                _ => {
                    let factor = match self.kind {
                        VariationLoss::MeanPower => 1.0 / (3 * whole.0 * whole.1).max(1) as f64,
                        _ => 1.0,
                    };
                    let sum = area * (a + b);
                    let root = sum.sqrt().sqrt();
                    let slope = factor * 1.25 * root * area;
                    (factor * sum * root, slope, slope)
                }
            };
            loss += value;
            right[column] = (2.0 * weight * by_a * dx) as f32;
            below[column] = (2.0 * weight * by_b * dy) as f32;
        };
        (0..columns.min(width - 1)).for_each(|column| put(column, column + 1));
        if columns == width {
            put(width - 1, self.next(width - 1, width).unwrap_or(width - 1));
        }
        loss
    }
}

/// Squared differences to all eight neighbours.
impl Rows {
    fn nine_points(
        &self,
        plane: &[f32],
        row: usize,
        (area, weight): (f64, f64),
        gradient: &mut [f32],
        scratch: &mut Scratch,
    ) -> f64 {
        let (height, width) = (self.height, self.width);
        let rim = usize::from(!self.seamless);
        let corners = (height + rim, width + rim);
        let straight = 2.0 / 3.0 * area / (3 * height * width) as f64;
        let diagonal = 1.0 / 6.0 * area / (3 * corners.0 * corners.1) as f64;
        let slope = |share: f64| (2.0 * weight * share) as f32;

        let here = self.row(plane, row);
        let Scratch { padded: [own, other], gradient: by_own, .. } = scratch;
        self.pad(here, own);
        // Beside a border that repeats its pixels the difference is 0.
        pull(here, &own[2..], gradient, slope(straight));
        pull(here, own, gradient, slope(straight));
        let mut straights = squares(here, &own[2..]);
        if let Some(below) = self.next(row, height) {
            pull(here, self.row(plane, below), gradient, slope(straight));
            straights += squares(here, self.row(plane, below));
        }
        if let Some(above) = self.previous(row, height) {
            pull(here, self.row(plane, above), gradient, slope(straight));
        }

        by_own.clear();
        by_own.resize(width + 2, 0.0);
        let mut diagonals = 0.0;
        // Corners lie between a row and the next, and are counted there; those of the first row's upper side, too.
        for (neighbour, is_counted) in
            [(self.next(row, height), true), (self.previous(row, height), row == 0 && !self.seamless)]
        {
            let neighbour_row = neighbour.map_or(here, |neighbour| self.row(plane, neighbour));
            self.pad(neighbour_row, other);
            self.pull_corners(own, other, by_own, slope(diagonal));
            if neighbour.is_none() {
                // Beyond a border that repeats its pixels this row is on the other side of its corners, too.
                self.pull_corners(own, other, by_own, slope(diagonal));
            }
            if is_counted {
                diagonals += self.corner_squares(own, other);
            }
        }
        add(gradient, &by_own[1..]);
        let (first, last) = match self.seamless {
            true => (width - 1, 0),
            false => (0, width - 1),
        };
        gradient[first] += by_own[0];
        gradient[last] += by_own[width + 1];
        straight * straights + diagonal * diagonals
    }

    /// A row with the value beyond each of its ends.
    fn pad(&self, row: &[f32], padded: &mut Vec<f32>) {
        let (first, last) = (row[0], row[row.len() - 1]);
        let (before, after) = if self.seamless { (last, first) } else { (first, last) };
        padded.clear();
        padded.push(before);
        padded.extend_from_slice(row);
        padded.push(after);
    }

    /// Corners between two padded rows: in a seamless picture the last is the first again.
    fn corners(&self) -> usize {
        if self.seamless { self.width } else { self.width + 1 }
    }

    /// Adds to the gradient by `own` that of the diagonals between two padded rows.
    fn pull_corners(&self, own: &[f32], other: &[f32], by_own: &mut [f32], slope: f32) {
        let corners = self.corners();
        pull(&own[..corners], &other[1..=corners], &mut by_own[..corners], slope);
        pull(&own[1..=corners], &other[..corners], &mut by_own[1..=corners], slope);
    }

    /// The sum of the squares of the diagonals.
    fn corner_squares(&self, own: &[f32], other: &[f32]) -> f64 {
        let corners = self.corners();
        squares(&own[..corners], &other[1..=corners]) + squares(&own[1..=corners], &other[..corners])
    }
}

/// `gradient += slope (own − other)`.
fn pull(own: &[f32], other: &[f32], gradient: &mut [f32], slope: f32) {
    for ((gradient, own), other) in gradient.iter_mut().zip(own).zip(other) {
        *gradient += slope * (own - other);
    }
}

/// The sum of squared differences.
fn squares(one: &[f32], other: &[f32]) -> f64 {
    // Partial sums, so that the compiler can keep them in vector registers.
    let mut lanes = [0.0; 8];
    let ((one, one_rest), (other, other_rest)) = (one.as_chunks::<8>(), other.as_chunks::<8>());
    let square = |one: f32, other: f32| {
        let difference = f64::from(one) - f64::from(other);
        difference * difference
    };
    for (one, other) in one.iter().zip(other) {
        for lane in 0..8 {
            lanes[lane] += square(one[lane], other[lane]);
        }
    }
    let rest: f64 = one_rest.iter().zip(other_rest).map(|(&one, &other)| square(one, other)).sum();
    lanes.iter().sum::<f64>() + rest
}

/// `sum += values`.
fn add(sum: &mut [f32], values: &[f32]) {
    sum.iter_mut().zip(values).for_each(|(sum, value)| *sum += value);
}
