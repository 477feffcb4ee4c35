//! Random numbers and smooth noise that come out the same on every machine.
//!
//! Everything starts from an integer hash; the rest is `+ − × ÷ √`, which IEEE 754 rounds alike
//! everywhere. The noise is Perlin's gradient noise (Ken Perlin, "Improving noise", 2002) with hashed
//! gradients.

use crate::vector::{Vec3, vec3};

/// Scrambles 32 bits so that neighbouring inputs give unrelated outputs (Wellons, "Prospecting for hash
/// functions", 2018).
pub fn hash(mut bits: u32) -> u32 {
    bits ^= bits >> 16;
    bits = bits.wrapping_mul(0x7feb_352d);
    bits ^= bits >> 15;
    bits = bits.wrapping_mul(0x846c_a68b);
    bits ^ (bits >> 16)
}

/// The hash of a cell of the integer lattice.
pub fn hash_cell(x: i32, y: i32, z: i32) -> u32 {
    hash((x as u32).wrapping_add(hash((y as u32).wrapping_add(hash(z as u32 ^ 0x9e37_79b9)))))
}

/// A hash as a number in 0..1.
pub fn unit_interval(bits: u32) -> f32 {
    (bits >> 8) as f32 / 16_777_216.0
}

/// The random number in 0..1 that belongs to a lattice cell.
pub fn cell(x: i32, y: i32, z: i32) -> f32 {
    unit_interval(hash_cell(x, y, z))
}

/// A stream of random numbers.
pub struct Random {
    state: u32,
}

impl Random {
    pub fn new(seed: u32) -> Self {
        Random { state: hash(seed ^ 0x51ed_270b) }
    }

    /// The next number, uniform in 0..1.
    pub fn next(&mut self) -> f32 {
        self.state = self.state.wrapping_add(0x9e37_79b9);
        unit_interval(hash(self.state))
    }

    /// Uniform between two bounds.
    pub fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.next()
    }

    /// Near zero more often than far, within −1..1: a sum of three uniform numbers.
    pub fn bell(&mut self) -> f32 {
        (self.next() + self.next() + self.next()) * (2.0 / 3.0) - 1.0
    }

    /// One of the choices.
    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[((self.next() * choices.len() as f32) as usize).min(choices.len() - 1)]
    }
}

/// Perlin's quintic: 0 to 1 with two vanishing derivatives at both ends.
fn fade(t: f32) -> f32 {
    t * t * t * (t * (t * 6.0 - 15.0) + 10.0)
}

fn lerp(a: f32, b: f32, t: f32) -> f32 {
    a + (b - a) * t
}

/// Gradient noise in the plane, about −0.9..0.9 with features of size one.
pub fn noise2(x: f32, y: f32, seed: i32) -> f32 {
    let (floor_x, floor_y) = (x.floor(), y.floor());
    let (cell_x, cell_y) = (floor_x as i32, floor_y as i32);
    let (u, v) = (x - floor_x, y - floor_y);
    let corner = |dx: i32, dy: i32| {
        let bits = hash_cell(cell_x + dx, cell_y + dy, seed);
        let gradient_x = (bits & 0xffff) as f32 / 32_768.0 - 1.0;
        let gradient_y = (bits >> 16) as f32 / 32_768.0 - 1.0;
        gradient_x * (u - dx as f32) + gradient_y * (v - dy as f32)
    };
    let blend = fade(u);
    1.3 * lerp(lerp(corner(0, 0), corner(1, 0), blend), lerp(corner(0, 1), corner(1, 1), blend), fade(v))
}

/// Gradient noise in space, about −0.9..0.9 with features of size one.
pub fn noise3(point: Vec3, seed: i32) -> f32 {
    let floor = point.map(f32::floor);
    let (cell_x, cell_y, cell_z) = (floor.x as i32, floor.y as i32, floor.z as i32);
    let inside = point - floor;
    let plane_hash = [hash(cell_z as u32 ^ hash(seed as u32)), hash((cell_z + 1) as u32 ^ hash(seed as u32))];
    let corner = |dx: i32, dy: i32, dz: i32| {
        let row = hash((cell_y + dy) as u32 ^ plane_hash[dz as usize]);
        let bits = hash((cell_x + dx) as u32 ^ row);
        let gradient = vec3(
            (bits & 0x3ff) as f32 / 512.0 - 1.0,
            (bits >> 10 & 0x3ff) as f32 / 512.0 - 1.0,
            (bits >> 20 & 0x3ff) as f32 / 512.0 - 1.0,
        );
        gradient.dot(inside - vec3(dx as f32, dy as f32, dz as f32))
    };
    let (blend_x, blend_y) = (fade(inside.x), fade(inside.y));
    let plane = |dz: i32| {
        lerp(
            lerp(corner(0, 0, dz), corner(1, 0, dz), blend_x),
            lerp(corner(0, 1, dz), corner(1, 1, dz), blend_x),
            blend_y,
        )
    };
    1.2 * lerp(plane(0), plane(1), fade(inside.z))
}

/// A sum of `octaves` noises, each twice as fine and half as strong: about −1..1.
pub fn fractal2(x: f32, y: f32, octaves: usize, seed: i32) -> f32 {
    let (mut sum, mut weight, mut scale) = (0.0, 0.5, 1.0);
    for octave in 0..octaves {
        sum += weight * noise2(x * scale + 17.3 * octave as f32, y * scale - 9.1 * octave as f32, seed);
        weight *= 0.5;
        scale *= 2.03;
    }
    sum * 1.3
}

/// [`fractal2`] in space.
pub fn fractal3(point: Vec3, octaves: usize, seed: i32) -> f32 {
    let (mut sum, mut weight, mut scale) = (0.0, 0.5, 1.0);
    for _ in 0..octaves {
        sum += weight * noise3(point * scale, seed);
        weight *= 0.5;
        scale *= 2.03;
    }
    sum * 1.3
}

/// The curl of the noise, a flow that neither gathers nor thins (Bridson et al., "Curl-noise for
/// procedural fluid flow", 2007): (∂n/∂y, −∂n/∂x).
pub fn curl2(x: f32, y: f32, octaves: usize, seed: i32) -> [f32; 2] {
    const STEP: f32 = 0.01;
    let slope_x = fractal2(x + STEP, y, octaves, seed) - fractal2(x - STEP, y, octaves, seed);
    let slope_y = fractal2(x, y + STEP, octaves, seed) - fractal2(x, y - STEP, octaves, seed);
    [slope_y / (2.0 * STEP), -slope_x / (2.0 * STEP)]
}

/// 0 on the far side of `low`, 1 beyond `high`, smooth between; `low` may be the larger.
pub fn smoothstep(low: f32, high: f32, value: f32) -> f32 {
    let t = ((value - low) / (high - low)).clamp(0.0, 1.0);
    t * t * (3.0 - 2.0 * t)
}
