//! Colours for pixels that cannot be seen.
//!
//! Under full transparency a file may hold anything: black, leftovers of an eraser, noise. A network
//! would take their edges for structure. So these pixels are filled from the nearest visible ones by
//! pull-push (Gortler, Grzeszczuk, Szeliski and Cohen 1996, The Lumigraph, section 3.4): averages
//! weighted by opacity go up a pyramid of halved sizes until every place has some, then flow back down,
//! bilinearly, into what is empty. The fill is smooth and meets the visible rim without an edge, where
//! a fixed colour such as white would draw an outline around the subject.
//!
//! Pixels with any opacity keep their colour bit for bit.

/// One size of the pyramid: colours `[3, H, W]` as weighted sums, and their weights `[H, W]` up to one.
struct Level {
    width: usize,
    height: usize,
    colors: Vec<f32>,
    weights: Vec<f32>,
}

/// Replaces the colours `[3, height, width]` wherever `alpha`, `[height, width]`, is zero. If it is zero
/// everywhere, all becomes mid grey and the answer is `false`.
pub(super) fn fill(width: usize, height: usize, colors: &mut [f32], alpha: &[f32]) -> bool {
    if alpha.iter().all(|&alpha| alpha == 0.0) {
        colors.fill(0.5);
        return false;
    }
    if alpha.iter().all(|&alpha| alpha > 0.0) {
        return true;
    }
    let weighted =
        colors.chunks_exact(alpha.len()).flat_map(|plane| plane.iter().zip(alpha).map(|(c, a)| c * a));
    let mut levels = vec![Level { width, height, colors: weighted.collect(), weights: alpha.to_vec() }];
    while levels.last().is_some_and(|level| level.width > 1 || level.height > 1) {
        let coarser = pull(&levels[levels.len() - 1]);
        levels.push(coarser);
    }
    let mut coarse = levels.pop().expect("the loop leaves at least the first level");
    normalise(&mut coarse);
    while let Some(mut fine) = levels.pop() {
        push(&coarse, &mut fine);
        coarse = fine;
    }
    for (plane, filled) in colors.chunks_exact_mut(alpha.len()).zip(coarse.colors.chunks_exact(alpha.len())) {
        for ((color, filled), alpha) in plane.iter_mut().zip(filled).zip(alpha) {
            if *alpha == 0.0 {
                *color = *filled;
            }
        }
    }
    true
}

/// The level of half the size: sums over 2×2, scaled down where the weights exceed one.
fn pull(fine: &Level) -> Level {
    let (width, height) = (fine.width.div_ceil(2), fine.height.div_ceil(2));
    let sums = |plane: &[f32]| {
        let mut sums = vec![0.0; width * height];
        for (y, row) in plane.chunks_exact(fine.width).enumerate() {
            for (x, value) in row.iter().enumerate() {
                sums[(y / 2) * width + x / 2] += value;
            }
        }
        sums
    };
    let mut weights = sums(&fine.weights);
    let mut colors: Vec<f32> = fine.colors.chunks_exact(fine.weights.len()).flat_map(sums).collect();
    for plane in colors.chunks_exact_mut(weights.len()) {
        for (color, weight) in plane.iter_mut().zip(&weights) {
            *color /= weight.max(1.0);
        }
    }
    weights.iter_mut().for_each(|weight| *weight = weight.min(1.0));
    Level { width, height, colors, weights }
}

/// Turns the weighted sums of the coarsest level, one pixel with a positive weight, into a colour.
fn normalise(level: &mut Level) {
    for plane in level.colors.chunks_exact_mut(level.weights.len()) {
        for (color, weight) in plane.iter_mut().zip(&level.weights) {
            *color /= weight;
        }
    }
}

/// Completes the weighted sums of `fine` to colours: what its weight lacks to one comes from `coarse`.
fn push(coarse: &Level, fine: &mut Level) {
    // Centre of fine pixel i in coarse pixels: (i + 1/2) / 2 - 1/2.
    let neighbours = |index: usize, last: usize| {
        let near = index / 2;
        let far = if index.is_multiple_of(2) { near.saturating_sub(1) } else { (near + 1).min(last) };
        (near, far)
    };
    let planes = fine.colors.chunks_exact_mut(fine.weights.len());
    for (plane, coarse_plane) in planes.zip(coarse.colors.chunks_exact(coarse.width * coarse.height)) {
        for y in 0..fine.height {
            let (near_y, far_y) = neighbours(y, coarse.height - 1);
            for x in 0..fine.width {
                let (near_x, far_x) = neighbours(x, coarse.width - 1);
                let at = |y: usize, x: usize| coarse_plane[y * coarse.width + x];
                let near = 0.75 * at(near_y, near_x) + 0.25 * at(near_y, far_x);
                let far = 0.75 * at(far_y, near_x) + 0.25 * at(far_y, far_x);
                let index = y * fine.width + x;
                plane[index] += (1.0 - fine.weights[index]) * (0.75 * near + 0.25 * far);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn garbage_gives_way_to_the_visible_color() {
        let (width, height) = (13, 7);
        let alpha: Vec<f32> = (0..91).map(|i| if i % 13 == 4 { 0.5 } else { 0.0 }).collect();
        let visible = [0.25, 0.5, 0.75];
        let mut colors: Vec<f32> = visible
            .iter()
            .flat_map(|&color| alpha.iter().map(move |&a| if a > 0.0 { color } else { 7.0 }))
            .collect();
        assert!(fill(width, height, &mut colors, &alpha));
        for (plane, color) in colors.chunks(91).zip(visible) {
            assert!(plane.iter().all(|value| (value - color).abs() < 1e-5), "{plane:?}");
        }
    }

    #[test]
    fn the_fill_lies_between_its_surroundings() {
        let alpha = [1.0, 0.0, 0.0, 0.0, 1.0];
        let mut colors = [[0.0, 9.0, -9.0, 9.0, 1.0]; 3].concat();
        assert!(fill(5, 1, &mut colors, &alpha));
        let row = &colors[..5];
        assert!(row.is_sorted() && row[0] == 0.0 && row[4] == 1.0, "{row:?}");
    }

    #[test]
    fn nothing_visible_becomes_mid_grey() {
        let mut colors = vec![0.9; 12];
        assert!(!fill(2, 2, &mut colors, &[0.0; 4]));
        assert_eq!(colors, vec![0.5; 12]);
    }
}
