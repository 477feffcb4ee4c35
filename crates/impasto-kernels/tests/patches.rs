//! The patch kernels against their scalar twins, on every instruction set that the machine has.

mod support;

use impasto_kernels::scalar::{self, Shape};
use impasto_kernels::{
    BlockedMap, Guide, Isa, PatchBank, PatchMatches, Placement, column_norms, extend_circularly,
    find_patches, matched_map, mean_column, normalize_columns, patch_difference, patch_norms,
};
use support::{assert_close, map_of, sets, values};

/// Whole numbers from −2 to 2: their products and sums are exact, so that equal scores are equal in all bits.
fn whole_numbers(count: usize, seed: u64) -> Vec<f32> {
    values(count, seed).iter().map(|value| (value * 2.49).round()).collect()
}

struct Case {
    size: usize,
    /// Rows and columns from one query patch to the next, where matches are laid over a map.
    stride: usize,
    queries: Shape,
    sources: Vec<Shape>,
}

fn shape(channels: usize, height: usize, width: usize) -> Shape {
    Shape { channels, height, width }
}

/// Sizes over widths below, at and above whole vectors and tiles, one patch a row, one map and some.
fn cases() -> Vec<Case> {
    let case =
        |size, stride, queries, sources: &[Shape]| Case { size, stride, queries, sources: sources.to_vec() };
    vec![
        case(1, 1, shape(19, 3, 17), &[shape(19, 4, 5), shape(19, 1, 1), shape(19, 2, 33)]),
        case(1, 3, shape(5, 7, 8), &[shape(5, 6, 9)]),
        case(2, 1, shape(3, 5, 6), &[shape(3, 4, 7)]),
        case(3, 1, shape(19, 9, 13), &[shape(19, 11, 21), shape(19, 3, 3), shape(19, 5, 18)]),
        case(3, 2, shape(16, 10, 12), &[shape(16, 8, 9), shape(16, 7, 3)]),
        case(3, 4, shape(4, 12, 15), &[shape(4, 9, 9)]),
        case(3, 1, shape(7, 6, 3), &[shape(7, 8, 3)]),
        case(3, 2, shape(2, 4, 300), &[shape(2, 5, 270)]),
        case(3, 1, shape(270, 4, 6), &[shape(270, 5, 5)]),
        case(4, 3, shape(3, 9, 9), &[shape(3, 8, 8)]),
        case(5, 1, shape(19, 9, 20), &[shape(19, 12, 19), shape(19, 5, 5)]),
        case(5, 2, shape(3, 11, 150), &[shape(3, 7, 140)]),
        case(6, 1, shape(3, 8, 9), &[shape(3, 9, 8)]),
        case(7, 1, shape(3, 10, 11), &[shape(3, 13, 9)]),
    ]
}

struct Problem {
    queries: Vec<f32>,
    sources: Vec<Vec<f32>>,
    scales: Vec<f32>,
    offsets: Vec<f32>,
}

impl Case {
    fn patches(&self) -> usize {
        self.sources.iter().map(|of| (of.height + 1 - self.size) * (of.width + 1 - self.size)).sum()
    }

    fn problem(&self, numbers: fn(usize, u64) -> Vec<f32>) -> Problem {
        let sources = self.sources.iter().zip(30..);
        Problem {
            queries: numbers(self.queries.elements(), 29),
            sources: sources.map(|(shape, seed)| numbers(shape.elements(), seed)).collect(),
            scales: values(self.patches(), 40).iter().map(|value| value.abs() + 0.5).collect(),
            offsets: values(self.patches(), 41),
        }
    }

    fn twin(&self, problem: &Problem) -> PatchMatches {
        let Problem { queries, scales, offsets, .. } = problem;
        let sources = self.with_shapes(problem);
        scalar::find_patches((queries, self.queries), &sources, self.size, scales, offsets)
    }

    fn with_shapes<'a>(&self, problem: &'a Problem) -> Vec<(&'a [f32], Shape)> {
        problem.sources.iter().map(Vec::as_slice).zip(self.sources.iter().copied()).collect()
    }

    fn bank(&self, problem: &Problem) -> PatchBank {
        let mut bank = PatchBank::new(self.queries.channels, self.size);
        let mut scales = &problem.scales[..];
        for (planes, &shape) in problem.sources.iter().zip(&self.sources) {
            let count = (shape.height + 1 - self.size) * (shape.width + 1 - self.size);
            bank.add(&map_of(planes, shape), &scales[..count]);
            scales = &scales[count..];
        }
        assert_eq!(bank.patches(), self.patches());
        bank
    }

    /// First rows and columns of the query patches.
    fn starts(&self, circular: bool) -> [Vec<usize>; 2] {
        [self.queries.height, self.queries.width].map(|length| {
            let end = if circular { length } else { length + 1 - self.size };
            (0..end).step_by(self.stride).collect()
        })
    }

    fn search(&self, isa: Isa, problem: &Problem) -> PatchMatches {
        let queries = map_of(&problem.queries, self.queries);
        find_patches(isa, &self.bank(problem), &queries, &problem.offsets)
    }
}

/// Of the matches of all patches of a map, those of the patches that lie where `placement` says.
fn matches_at(Placement { rows, columns, .. }: Placement, all: &PatchMatches) -> PatchMatches {
    let in_row = |&row: &usize| columns.iter().map(move |&column| row * all.width + column);
    let indices = rows.iter().flat_map(in_row);
    let (patches, scores) = indices.map(|index| (all.patches[index], all.scores[index])).unzip();
    PatchMatches { height: rows.len(), width: columns.len(), patches, scores }
}

#[test]
fn search_equals_its_scalar_twin() {
    for case in cases() {
        let problem = case.problem(values);
        let expected = case.twin(&problem);
        for isa in sets() {
            let found = case.search(isa, &problem);
            let what = format!("{isa}, size {}, {:?}", case.size, case.queries);
            assert_eq!((found.height, found.width), (expected.height, expected.width), "{what}");
            assert_close(&found.scores, &expected.scores, 1e-5, &what);
            // Random scores lie far apart, but for a few that the last bits decide.
            let other = found.patches.iter().zip(&expected.patches).filter(|(a, b)| a != b).count();
            assert!(other * 100 <= found.patches.len(), "{what}: {other} other patches");
        }
    }
}

#[test]
fn of_equal_scores_the_lowest_index_wins() {
    for case in cases() {
        let mut problem = case.problem(whole_numbers);
        // Scales and offsets that leave everything a whole number, with many of them equal.
        problem.scales.iter_mut().for_each(|scale| *scale = 1.0);
        problem.offsets.iter_mut().for_each(|offset| *offset = offset.round());
        let expected = case.twin(&problem);
        assert!(sets().all(|isa| case.search(isa, &problem) == expected), "size {}", case.size);

        // The extreme case: nothing but ties.
        problem.queries.fill(0.0);
        problem.offsets.fill(2.0);
        for isa in sets() {
            let found = case.search(isa, &problem);
            assert!(found.patches.iter().all(|&patch| patch == 0) && found.scores.iter().all(|&s| s == 2.0));
        }
    }
}

#[test]
fn excluded_patches_and_scores_that_are_no_numbers_never_win() {
    for case in cases() {
        let mut problem = case.problem(values);
        for (patch, offset) in problem.offsets.iter_mut().enumerate() {
            match patch % 5 {
                0 | 3 => *offset = f32::NEG_INFINITY,
                1 => *offset = f32::NAN,
                _ => {}
            }
        }
        if problem.offsets.iter().all(|&offset| offset.is_nan() || offset == f32::NEG_INFINITY) {
            continue;
        }
        let expected = case.twin(&problem);
        for isa in sets() {
            let found = case.search(isa, &problem);
            assert!(found.patches.iter().all(|patch| matches!(patch % 5, 2 | 4)), "size {}", case.size);
            assert_close(&found.scores, &expected.scores, 1e-5, "without the excluded");
        }
        problem.queries.fill(f32::NAN);
        for isa in sets() {
            let found = case.search(isa, &problem);
            assert!(found.patches.iter().all(|&patch| patch == 2), "the first that may be used");
            assert!(found.scores.iter().all(|&score| score == f32::NEG_INFINITY));
        }
    }
}

#[test]
#[should_panic(expected = "a patch that is not excluded")]
fn a_search_without_a_usable_patch_is_refused() {
    let mut bank = PatchBank::new(2, 1);
    bank.add(&BlockedMap::zeros(2, 1, 2), &[1.0, 1.0]);
    find_patches(Isa::detect(), &bank, &BlockedMap::zeros(2, 1, 1), &[f32::NEG_INFINITY; 2]);
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    for case in cases() {
        let (problem, exact) = (case.problem(values), case.problem(whole_numbers));
        let run = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
            pool.install(|| {
                let found = case.search(Isa::detect(), &problem);
                let queries = map_of(&problem.queries, case.queries);
                let sources: Vec<_> = problem.sources.iter().zip(&case.sources).collect();
                let sources: Vec<_> = sources.iter().map(|(planes, shape)| map_of(planes, **shape)).collect();
                let sources: Vec<_> = sources.iter().collect();
                let [rows, columns] = &case.starts(false);
                let placement = Placement { size: case.size, rows, columns };
                let taken = matches_at(placement, &found);
                let difference = patch_difference(&queries, &sources, placement, &taken);
                (found, difference, case.search(Isa::detect(), &exact))
            })
        };
        let one = run(1);
        assert!([2, 4].into_iter().all(|threads| run(threads) == one), "size {}", case.size);
    }
}

#[test]
fn differences_and_matched_maps_equal_their_scalar_twins() {
    for case in cases() {
        let problem = case.problem(values);
        let sources = case.with_shapes(&problem);
        let maps: Vec<_> = sources.iter().map(|(planes, shape)| map_of(planes, *shape)).collect();
        let maps: Vec<_> = maps.iter().collect();
        let current = map_of(&problem.queries, case.queries);
        for circular in [false, true] {
            let [rows, columns] = &case.starts(circular);
            let placement = Placement { size: case.size, rows, columns };
            let queries = if circular { extend_circularly(&current, case.size) } else { current.clone() };
            let bank = case.bank(&problem);
            let found = find_patches(Isa::detect(), &bank, &queries, &problem.offsets);
            let found = matches_at(placement, &found);

            let (sum, differences) = patch_difference(&current, &maps, placement, &found);
            let twin =
                scalar::patch_difference((&problem.queries, case.queries), &sources, placement, &found);
            let what = format!("size {}, stride {}, circular {circular}", case.size, case.stride);
            assert!((sum / twin.0 - 1.0).abs() < 1e-6, "{what}: {sum} against {}", twin.0);
            assert_close(&differences.to_planes(), &twin.1, 1e-5, &what);

            let (height, width) = (case.queries.height, case.queries.width);
            let together = matched_map(height, width, &maps, placement, &found);
            let twin = scalar::matched_map(case.queries, &sources, placement, &found);
            assert_close(&together.to_planes(), &twin, 1e-5, &what);
        }
    }
}

#[test]
fn half_the_gradient_of_the_difference_is_its_map() {
    let case = Case { size: 3, stride: 2, queries: shape(3, 8, 9), sources: vec![shape(3, 7, 6)] };
    let problem = case.problem(values);
    let source = map_of(&problem.sources[0], case.sources[0]);
    for circular in [false, true] {
        let [rows, columns] = &case.starts(circular);
        let placement = Placement { size: 3, rows, columns };
        let loss = |planes: &[f32], matches: &PatchMatches| {
            patch_difference(&map_of(planes, case.queries), &[&source], placement, matches)
        };
        let current = map_of(&problem.queries, case.queries);
        let queries = if circular { extend_circularly(&current, 3) } else { current };
        let found = find_patches(Isa::detect(), &case.bank(&problem), &queries, &problem.offsets);
        let found = matches_at(placement, &found);
        let half = loss(&problem.queries, &found).1.to_planes();
        for at in 0..problem.queries.len() {
            let (mut up, mut down) = (problem.queries.clone(), problem.queries.clone());
            (up[at], down[at]) = (up[at] + 0.05, down[at] - 0.05);
            let slope = (loss(&up, &found).0 - loss(&down, &found).0) / 0.1;
            let expected = 2.0 * f64::from(half[at]);
            assert!((slope - expected).abs() < 1e-3, "element {at}: {slope} against {expected}");
        }
    }
}

#[test]
fn a_map_finds_itself() {
    let shape = shape(19, 12, 20);
    let planes = values(shape.elements(), 50);
    let map = normalize_columns(&map_of(&planes, shape), 3, None, None);
    let mut bank = PatchBank::new(19, 3);
    bank.add(&map, &vec![1.0; 10 * 18]);
    for isa in sets() {
        let found = find_patches(isa, &bank, &map, &vec![0.0; 10 * 18]);
        assert!(found.patches.iter().enumerate().all(|(at, &patch)| at == patch as usize));
        assert!(found.scores.iter().all(|score| (score - 1.0).abs() < 1e-5), "a mean cosine of 1");
    }
    let (rows, columns): (Vec<_>, Vec<_>) = ((0..10).collect(), (0..18).collect());
    let placement = Placement { size: 3, rows: &rows, columns: &columns };
    let found = find_patches(Isa::detect(), &bank, &map, &vec![0.0; 10 * 18]);
    let (sum, differences) = patch_difference(&map, &[&map], placement, &found);
    assert_eq!((sum, differences), (0.0, BlockedMap::zeros(19, 12, 20)));
}

#[test]
fn norms_means_and_normalised_maps_equal_their_scalar_twins() {
    for (channels, height, width, size) in [(19, 7, 5, 3), (16, 40, 33, 1), (3, 5, 5, 5)] {
        let shape = shape(channels, height, width);
        let mut planes = values(shape.elements(), 60);
        let mut guide = values(2 * shape.positions(), 61);
        // A column of zeros in each, at different places.
        planes.iter_mut().skip(3).step_by(shape.positions()).for_each(|value| *value = 0.0);
        guide.iter_mut().skip(4).step_by(shape.positions()).for_each(|value| *value = 0.0);
        let map = map_of(&planes, shape);
        let norms = column_norms(&map);
        assert_close(&norms, &scalar::column_norms(&planes, shape), 1e-6, "norms of columns");
        let of_patches = patch_norms(&norms, height, width, size);
        assert_close(&of_patches, &scalar::patch_norms(&planes, shape, size), 1e-6, "norms of patches");

        let mean = mean_column(&[&map, &map]);
        assert_close(&mean, &scalar::mean_column(&[(&planes[..], shape); 2]), 1e-6, "mean");
        let guide = Guide { planes: &guide, weight: 10.0 };
        for mean in [None, Some(&mean[..])] {
            for guide in [None, Some(guide)] {
                let found = normalize_columns(&map, size, mean, guide);
                let expected = scalar::normalize_columns(&planes, shape, size, mean, guide);
                assert_close(&found.to_planes(), &expected, 1e-6, "normalised columns");
                let length = |position: usize| column_norms(&found)[position] * size as f32;
                let whole = if guide.is_some() { 11.0f32.sqrt() } else { 1.0 };
                assert!((length(1) - whole).abs() < 1e-5, "{} instead of {whole}", length(1));
                if mean.is_none() {
                    let without = if guide.is_some() { 10.0f32.sqrt() } else { 0.0 };
                    assert!((length(3) - without).abs() < 1e-5, "features of zero stay zero");
                }
            }
        }
    }
}
