//! Oil paint: bristled strokes with thickness, and the light that rakes over them.
//!
//! A stroke is a path with a width. Every pixel near the path knows how far along it lies and how far
//! across; streaks of noise, long along the path and fine across it, stand for the bristles. They vary
//! the colour, the thickness of the paint and, where the brush runs dry, its coverage. In the end the
//! thickness is lit as a relief from the upper left.

use crate::canvas::Canvas;
use crate::colour::Colour;
use crate::noise::{Random, hash, noise2, smoothstep, unit_interval};
use crate::vector::{Vec3, vec3};

/// One pull of a loaded brush.
pub struct Stroke {
    /// The path of the brush's middle, in pixels.
    pub path: Vec<[f32; 2]>,
    /// Half the width of the brush, in pixels.
    pub radius: f32,
    /// The two paints on the brush, incompletely mixed.
    pub paints: [Colour; 2],
    /// How thick the paint lies: 1 is a full load.
    pub load: f32,
    /// Distinguishes the bristles of one stroke from those of another.
    pub seed: u32,
}

/// A canvas whose paint has thickness.
pub struct Painting {
    pub canvas: Canvas,
    thickness: Vec<f32>,
}

/// Where a pixel lies in a stroke.
#[derive(Clone, Copy)]
struct Place {
    distance: f32,
    along: f32,
    across: f32,
}

impl Painting {
    /// An empty canvas of one colour with a fine weave.
    pub fn primed(width: usize, height: usize, ground: Colour) -> Self {
        let weave = |index: usize| {
            let (x, y) = ((index % width) as f32, (index / width) as f32);
            0.12 * (noise2(x * 0.9, y * 0.12, 71) + noise2(x * 0.12, y * 0.9, 72))
        };
        Painting {
            canvas: Canvas::filled(width, height, ground),
            thickness: (0..width * height).map(weave).collect(),
        }
    }

    /// Lays one stroke over what is there.
    pub fn stroke(&mut self, stroke: &Stroke) {
        let [width, height] = [self.canvas.width as i32, self.canvas.height as i32];
        let reach = stroke.radius * 1.3 + 1.0;
        let bound = |axis: usize, sign: f32| {
            let extreme = stroke.path.iter().map(|p| p[axis] * sign).fold(f32::MIN, f32::max);
            ((extreme + reach) * sign) as i32
        };
        let (left, right) = (bound(0, -1.0).max(0), (bound(0, 1.0) + 1).min(width));
        let (top, bottom) = (bound(1, -1.0).max(0), (bound(1, 1.0) + 1).min(height));
        if left >= right || top >= bottom || stroke.path.len() < 2 {
            return;
        }
        let (places, length) = locate(stroke, [left, top, right, bottom], reach);
        for y in top..bottom {
            for x in left..right {
                let place = places[((y - top) * (right - left) + x - left) as usize];
                if place.distance < reach {
                    self.deposit(stroke, place, length, (y * width + x) as usize);
                }
            }
        }
    }

    /// Mixes the paint of a stroke into one pixel.
    fn deposit(&mut self, stroke: &Stroke, place: Place, length: f32, index: usize) {
        let offset = unit_interval(hash(stroke.seed)) * 500.0;
        let across = place.across / stroke.radius;
        let bristles = (stroke.radius * 0.7).clamp(2.0, 9.0);
        let coarse = noise2(across * bristles * 0.5 + offset, place.along / 60.0, 3);
        let fine = noise2(across * bristles + offset, place.along / 25.0 + offset, 4);
        let wobble = 0.14 * noise2(place.along / (stroke.radius * 1.5) + offset, across.signum() * 7.0, 5);
        let side = smoothstep(1.05, 0.82, across.abs() + wobble);
        // Bristles touch down and lift off one by one, so both ends of the stroke are ragged.
        let ragged = stroke.radius * (0.7 * coarse + 0.6 * fine - 0.4 * across * across);
        let begin = smoothstep(-0.2, 0.35, (place.along + stroke.radius * 0.8 + ragged) / stroke.radius);
        let end =
            smoothstep(-0.2, 0.5, (length - place.along + stroke.radius * 0.5 + ragged) / stroke.radius);
        let dryness = smoothstep(0.55, 1.0, place.along / length.max(1.0));
        let cover = 1.0 - 0.75 * dryness * smoothstep(0.05, 0.45, fine + 0.5 * coarse);
        let opacity = side * begin * end * cover;
        if opacity <= 0.004 {
            return;
        }
        let streak = smoothstep(-0.45, 0.45, coarse + 0.6 * fine);
        let shade = 1.0 + 0.10 * fine + 0.05 * coarse;
        let colour = stroke.paints[0].mix(stroke.paints[1], streak) * shade;
        let pixel = &mut self.canvas.pixels[index];
        *pixel = pixel.mix(colour, opacity);
        // Paint is pushed out from under the brush and piles up at its sides and its end.
        let ridge =
            0.5 * smoothstep(0.5, 0.85, across.abs()) + 0.5 * smoothstep(0.8, 1.0, place.along / length);
        let thick = stroke.load * (0.75 + 0.38 * fine + 0.32 * coarse + ridge) * (0.5 + stroke.radius / 12.0);
        let under = self.thickness[index];
        self.thickness[index] = under + (thick + 0.35 * under - under) * opacity;
    }

    /// The picture with raking light on its relief: `depth` 1 is thick impasto, 0 a flat print.
    pub fn lit(&self, depth: f32) -> Canvas {
        let (width, height) = (self.canvas.width, self.canvas.height);
        let light = vec3(-0.55, -0.62, 0.56).unit();
        let shine = (light + vec3(0.0, 0.0, 1.0)).unit();
        let thickness = |x: i32, y: i32| {
            self.thickness
                [y.clamp(0, height as i32 - 1) as usize * width + x.clamp(0, width as i32 - 1) as usize]
        };
        Canvas::drawn(width, height, |x, y| {
            let (column, row) = (x as i32, y as i32);
            let slope_x = thickness(column + 1, row) - thickness(column - 1, row);
            let slope_y = thickness(column, row + 1) - thickness(column, row - 1);
            let normal = vec3(-slope_x * depth, -slope_y * depth, 1.0).unit();
            let diffuse = (normal.dot(light) / light.z).clamp(0.35, 1.6);
            let gloss = libm::powf(normal.dot(shine).max(0.0), 40.0) - libm::powf(shine.z, 40.0);
            let colour = self.canvas.at(column, row);
            colour * (0.35 + 0.65 * diffuse) + Vec3::splat(0.16 * depth.min(1.0) * gloss.max(0.0))
        })
    }
}

/// Finds for every pixel of a box (left, top, right, bottom) its nearest point on the path, and the
/// length of the path. The path continues straight beyond both ends, by `reach`.
fn locate(stroke: &Stroke, [left, top, right, bottom]: [i32; 4], reach: f32) -> (Vec<Place>, f32) {
    let columns = (right - left) as usize;
    let nowhere = Place { distance: f32::MAX, along: 0.0, across: 0.0 };
    let mut places = vec![nowhere; columns * (bottom - top) as usize];
    let mut travelled = 0.0;
    let last = stroke.path.len() - 2;
    for (index, ends) in stroke.path.windows(2).enumerate() {
        let [from, to] = [ends[0], ends[1]];
        let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
        let length = (dx * dx + dy * dy).sqrt().max(1e-3);
        let (dx, dy) = (dx / length, dy / length);
        let before = if index == 0 { reach } else { 0.0 };
        let after = if index == last { reach } else { 0.0 };
        let margin = reach + before.max(after);
        let range = |a: f32, b: f32, low: i32, high: i32| {
            (((a.min(b) - margin) as i32).max(low), ((a.max(b) + margin) as i32 + 1).min(high))
        };
        let (x0, x1) = range(from[0], to[0], left, right);
        let (y0, y1) = range(from[1], to[1], top, bottom);
        for y in y0..y1 {
            for x in x0..x1 {
                let (px, py) = (x as f32 + 0.5 - from[0], y as f32 + 0.5 - from[1]);
                let free = px * dx + py * dy;
                let on_path = free.clamp(-before, length + after);
                let (gap_x, gap_y) = (px - dx * on_path, py - dy * on_path);
                let distance = (gap_x * gap_x + gap_y * gap_y).sqrt();
                let place = &mut places[(y - top) as usize * columns + (x - left) as usize];
                if distance < place.distance {
                    let across = if dx * py - dy * px < 0.0 { -distance } else { distance };
                    *place = Place { distance, along: travelled + on_path, across };
                }
            }
        }
        travelled += length;
    }
    (places, travelled)
}

/// Follows a direction field from a point for `length` pixels, half of it backwards.
pub fn follow(field: impl Fn(f32, f32) -> [f32; 2], start: [f32; 2], length: f32) -> Vec<[f32; 2]> {
    const STEP: f32 = 4.0;
    let steps = (length / (2.0 * STEP)).max(1.0) as usize;
    let walk = |sign: f32| {
        let mut points = Vec::with_capacity(steps);
        let [mut x, mut y] = start;
        for _ in 0..steps {
            let [dx, dy] = field(x, y);
            let scale = sign * STEP / (dx * dx + dy * dy).sqrt().max(1e-4);
            x += dx * scale;
            y += dy * scale;
            points.push([x, y]);
        }
        points
    };
    let mut path = walk(-1.0);
    path.reverse();
    path.push(start);
    path.extend(walk(1.0));
    path
}

/// Points that cover a rectangle evenly but not regularly, in random order.
pub fn scatter(width: usize, height: usize, spacing: f32, seed: u32) -> Vec<[f32; 2]> {
    let mut random = Random::new(seed);
    let columns = (width as f32 / spacing) as i32 + 3;
    let rows = (height as f32 / spacing) as i32 + 3;
    let mut points: Vec<(f32, [f32; 2])> = (0..columns * rows)
        .map(|index| {
            let x = ((index % columns) as f32 - 1.0 + random.next()) * spacing;
            let y = ((index / columns) as f32 - 1.0 + random.next()) * spacing;
            (random.next(), [x, y])
        })
        .collect();
    points.sort_by(|a, b| a.0.total_cmp(&b.0));
    points.into_iter().map(|(_, point)| point).collect()
}
