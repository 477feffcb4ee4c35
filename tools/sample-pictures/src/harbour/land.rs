//! The land: the hill under the town, the islet of the lighthouse, mountains across the bay.
//!
//! Heights are computed once on two grids, a fine one nearby and a coarse one far away, and rays march
//! over the grids.

use crate::colour::{Colour, light};
use crate::noise::{fractal2, noise2, smoothstep};
use crate::solid::Ray;
use crate::vector::{Vec3, vec3};

use super::town::{ISLET, QUAY};

/// Heights on a square grid.
struct Grid {
    left: f32,
    front: f32,
    spacing: f32,
    columns: usize,
    rows: usize,
    heights: Vec<f32>,
    highest: f32,
}

impl Grid {
    fn new([left, right, front, back]: [f32; 4], spacing: f32, height: impl Fn(f32, f32) -> f32) -> Self {
        let columns = ((right - left) / spacing) as usize + 1;
        let rows = ((back - front) / spacing) as usize + 1;
        let heights: Vec<f32> = (0..columns * rows)
            .map(|i| height(left + (i % columns) as f32 * spacing, front + (i / columns) as f32 * spacing))
            .collect();
        let highest = heights.iter().fold(f32::MIN, |a, &b| a.max(b));
        Grid { left, front, spacing, columns, rows, heights, highest }
    }

    /// The height at a place, or far below the sea off the grid.
    fn height(&self, x: f32, z: f32) -> f32 {
        let (u, v) = ((x - self.left) / self.spacing, (z - self.front) / self.spacing);
        if u < 0.0 || v < 0.0 || u >= (self.columns - 1) as f32 || v >= (self.rows - 1) as f32 {
            return -100.0;
        }
        let (column, row) = (u as usize, v as usize);
        let (u, v) = (u - column as f32, v - row as f32);
        let at = |dx: usize, dz: usize| self.heights[(row + dz) * self.columns + column + dx];
        let front = at(0, 0) + (at(1, 0) - at(0, 0)) * u;
        let back = at(0, 1) + (at(1, 1) - at(0, 1)) * u;
        front + (back - front) * v
    }

    fn normal(&self, x: f32, z: f32) -> Vec3 {
        let step = self.spacing * 0.75;
        let slope_x = self.height(x + step, z) - self.height(x - step, z);
        let slope_z = self.height(x, z + step) - self.height(x, z - step);
        vec3(-slope_x, 2.0 * step, -slope_z).unit()
    }

    /// The distance at which a ray goes under the ground.
    fn meet(&self, ray: Ray, smallest: f32, far: f32) -> Option<f32> {
        let back = self.front + self.rows as f32 * self.spacing;
        let mut distance = ((self.front - ray.origin.z) / ray.direction.z.max(1e-4)).max(0.01);
        let end = far.min((back - ray.origin.z) / ray.direction.z.max(1e-4));
        let mut previous = distance;
        while distance < end {
            let point = ray.at(distance);
            if ray.direction.y > 0.0 && point.y > self.highest {
                return None;
            }
            let above = point.y - self.height(point.x, point.z);
            if above < 0.0 {
                let (mut outside, mut inside) = (previous, distance);
                for _ in 0..8 {
                    let middle = 0.5 * (outside + inside);
                    let point = ray.at(middle);
                    if point.y < self.height(point.x, point.z) { inside = middle } else { outside = middle }
                }
                return Some(inside);
            }
            previous = distance;
            distance += (above * 0.6).clamp(smallest, 60.0 * smallest);
        }
        None
    }
}

/// All land.
pub struct Land {
    near: Grid,
    far: Grid,
}

impl Land {
    pub fn new() -> Self {
        Land {
            near: Grid::new([-110.0, 190.0, 60.0, 330.0], 0.6, near_height),
            far: Grid::new([-5200.0, 5200.0, 900.0, 7000.0], 11.0, far_height),
        }
    }

    /// The height of the near land, for those who build on it.
    pub fn height(&self, x: f32, z: f32) -> f32 {
        self.near.height(x, z)
    }

    /// Where a ray meets land: distance, normal, and the colour of the ground there.
    pub fn meet(&self, ray: Ray, far: f32) -> Option<(f32, Vec3, Colour)> {
        if let Some(distance) = self.near.meet(ray, 0.4, far) {
            let point = ray.at(distance);
            return Some((distance, self.near.normal(point.x, point.z), near_colour(point)));
        }
        let distance = self.far.meet(ray, 12.0, far)?;
        let point = ray.at(distance);
        let normal = self.far.normal(point.x, point.z);
        Some((distance, normal, far_colour(point, normal)))
    }

    /// Whether near land shades a point from the sun.
    pub fn shades(&self, ray: Ray) -> bool {
        (1..14).any(|step| {
            let point = ray.at(step as f32 * 3.0);
            point.y < self.near.height(point.x, point.z)
        })
    }
}

fn near_height(x: f32, z: f32) -> f32 {
    let (dx, dz) = ((x - 34.0) / 66.0, (z - 205.0) / 92.0);
    let hill = 34.0 * libm::expf(-dx * dx - dz * dz);
    let (dx, dz) = ((x - 120.0) / 60.0, (z - 240.0) / 90.0);
    let shoulder = 44.0 * libm::expf(-dx * dx - dz * dz);
    let shore = smoothstep(QUAY.z + 14.0, QUAY.z + 30.0, z)
        * smoothstep(-44.0, -16.0, x + 6.0 * noise2(z / 20.0, 3.0, 5));
    let rough = 1.6 * fractal2(x / 17.0, z / 17.0, 4, 21);
    let land = (1.4 + hill + shoulder + rough) * shore - 3.0 * (1.0 - shore);
    let (dx, dz) = (x - ISLET.x, z - ISLET.z);
    let from_islet = (dx * dx * 0.45 + dz * dz).sqrt() + 3.0 * fractal2(x / 7.0, z / 7.0, 3, 22);
    let islet = 4.4 * smoothstep(15.0, 4.0, from_islet) - 2.0 + 1.2 * fractal2(x / 2.4, z / 2.4, 3, 23);
    land.max(islet)
}

fn far_height(x: f32, z: f32) -> f32 {
    let ridge = |scale: f32, seed: i32| {
        let mut sum = 0.0;
        let mut weight = 0.5;
        let mut size = 1.0 / scale;
        for _ in 0..6 {
            let crest = 1.0 - noise2(x * size, z * size, seed).abs() * 1.5;
            sum += weight * crest * crest;
            weight *= 0.48;
            size *= 2.1;
        }
        sum
    };
    let low = 330.0 * ridge(1500.0, 31) * smoothstep(1300.0, 2400.0, z) * smoothstep(5200.0, 3000.0, z);
    let high = 960.0 * ridge(2600.0, 37) * smoothstep(3200.0, 5600.0, z);
    let opening = 0.45 + 0.55 * smoothstep(-300.0, -1500.0, x) + 0.55 * smoothstep(400.0, 1600.0, x);
    (low * opening).max(high) - 120.0
}

fn near_colour(point: Vec3) -> Colour {
    let (dx, dz) = (point.x - ISLET.x, point.z - ISLET.z);
    let grain = 0.75 + 0.5 * fractal2(point.x * 1.3, point.z * 1.3 + point.y, 4, 41);
    if dx * dx + dz * dz < 700.0 {
        let wet = smoothstep(0.9, 0.3, point.y);
        return light(0x8a7c6a).mix(light(0x3c362e), wet) * grain;
    }
    let dry = smoothstep(-0.3, 0.4, fractal2(point.x / 9.0, point.z / 9.0, 3, 42));
    light(0x4d5a2c).mix(light(0x9a8a4c), dry) * grain
}

fn far_colour(point: Vec3, normal: Vec3) -> Colour {
    let forest = light(0x3f5034)
        .mix(light(0x77703f), smoothstep(-0.4, 0.4, noise2(point.x / 140.0, point.z / 140.0, 43)));
    let rock = light(0x9a8878);
    forest.mix(rock, smoothstep(0.82, 0.66, normal.y + 0.08 * noise2(point.x / 60.0, point.y / 30.0, 44)))
}
