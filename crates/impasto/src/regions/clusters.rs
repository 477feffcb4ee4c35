//! The colours of maps, given how many.
//!
//! k-means (Lloyd 1982) over the shades of all maps together, each map of weight 1, with starting centres
//! drawn as by k-means++ (Arthur and Vassilvitskii 2007): each next one with a probability in proportion to
//! the squared distance from those before,
//!
//! ```text
//! minimise  Σ weight(shade) · |shade − centre(shade)|²,
//! ```
//!
//! in [`Lab`]. The best of a few runs counts. A cluster goes by the shade nearest to its centre, so that its
//! colour is one of a map. One thread does it all, and a seed gives the same colours everywhere.

use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

use super::color::Lab;
use super::palette::{ColorMap, Shade};

/// Smallest share of a map that a colour must have for a region, where colours vary: a square of 16 pixels
/// in 512 × 512.
pub(super) const SMALLEST_SHARE: f64 = 0.001;

/// Runs from other starts.
const RUNS: usize = 4;

/// Most steps of a run. It ends sooner when no shade changes its cluster.
const STEPS: usize = 50;

/// A shade and its weight.
type Point = (Shade, f64);

/// Colours of at most `count` clusters, and of them those that each map has.
pub(super) fn clustered_colors(maps: &[ColorMap], count: usize, seed: u64) -> Vec<Vec<[u8; 3]>> {
    let shades: Vec<Vec<Shade>> = maps.iter().map(ColorMap::shades).collect();
    let points: Vec<Point> = shades.iter().flat_map(|shades| weighted(shades)).collect();
    let mut source = ChaCha8Rng::seed_from_u64(seed);
    let runs = (0..RUNS).map(|_| run(&points, count, &mut source));
    // `min_by` answers the first of equals.
    let (centers, _) = runs.min_by(|(_, a), (_, b)| a.total_cmp(b)).expect("there is at least one run");

    let closest_shade = |center: &Lab| {
        let distance = |point: &&Point| point.0.lab.squared_distance(*center);
        points.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).map(|point| point.0)
    };
    let colors: Vec<Shade> = centers.iter().filter_map(closest_shade).collect();
    let labs: Vec<Lab> = colors.iter().map(|shade| shade.lab).collect();
    let present = |shades: &Vec<Shade>| {
        let mut shares = vec![0.0; labs.len()];
        for (shade, weight) in weighted(shades) {
            let nearest = shade.lab.nearest(&labs).map(|(index, _)| index);
            shares[nearest.expect("there is at least one cluster")] += weight;
        }
        let kept = colors.iter().zip(shares).filter(|(_, share)| *share >= SMALLEST_SHARE);
        kept.map(|(shade, _)| shade.color).collect()
    };
    shades.iter().map(present).collect()
}

/// The shades of one map, whose weights add up to 1.
fn weighted(shades: &[Shade]) -> impl Iterator<Item = Point> + '_ {
    let total: usize = shades.iter().map(|shade| shade.pixels).sum();
    shades.iter().map(move |shade| (*shade, shade.pixels as f64 / total as f64))
}

/// One run: the centres, and the sum that is minimised.
fn run(points: &[Point], count: usize, source: &mut ChaCha8Rng) -> (Vec<Lab>, f64) {
    let mut centers = start(points, count, source);
    let mut clusters: Vec<usize> = Vec::new();
    let mut sum = 0.0;
    for _ in 0..STEPS {
        let nearest = points.iter().map(|(shade, weight)| {
            let (index, squared) = shade.lab.nearest(&centers).expect("there is at least one centre");
            (index, weight * squared)
        });
        let (moved, parts): (Vec<usize>, Vec<f64>) = nearest.unzip();
        sum = parts.iter().sum();
        if moved == clusters {
            break;
        }
        clusters = moved;
        let mut means = vec![([0.0; 3], 0.0); centers.len()];
        for ((shade, weight), &cluster) in points.iter().zip(&clusters) {
            let (mean, total) = &mut means[cluster];
            mean.iter_mut().zip(shade.lab.0).for_each(|(sum, value)| *sum += weight * value);
            *total += weight;
        }
        for (center, (mean, total)) in centers.iter_mut().zip(means) {
            // A centre that lost its last shade stays.
            if total > 0.0 {
                *center = Lab(mean.map(|sum| sum / total));
            }
        }
    }
    (centers, sum)
}

/// Starting centres: fewer than `count` if there are fewer shades.
fn start(points: &[Point], count: usize, source: &mut ChaCha8Rng) -> Vec<Lab> {
    let mut centers = Vec::with_capacity(count);
    let mut chances: Vec<f64> = points.iter().map(|(_, weight)| *weight).collect();
    while centers.len() < count {
        let total: f64 = chances.iter().sum();
        if total <= 0.0 {
            break;
        }
        let mut left = total * unit(source);
        let passes = |chance: &f64| {
            left -= chance;
            left < 0.0 && *chance > 0.0
        };
        // Rounding may leave a rest after the last.
        let drawn =
            chances.iter().position(passes).or_else(|| chances.iter().rposition(|&chance| chance > 0.0));
        let center = points[drawn.expect("a positive sum has a positive part")].0.lab;
        centers.push(center);
        for (chance, (shade, weight)) in chances.iter_mut().zip(points) {
            let chance_now = weight * shade.lab.squared_distance(center);
            *chance = if centers.len() == 1 { chance_now } else { chance.min(chance_now) };
        }
    }
    centers
}

/// Evenly over 0..1.
fn unit(source: &mut ChaCha8Rng) -> f64 {
    (source.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}
