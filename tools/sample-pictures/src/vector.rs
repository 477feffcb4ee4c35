//! Vectors of three numbers: points and directions in space, and colours.

use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// Three numbers. As a point: right, up, away, in metres. As a colour: red, green, blue.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Vec3 {
    pub x: f32,
    pub y: f32,
    pub z: f32,
}

/// The vector (`x`, `y`, `z`).
pub const fn vec3(x: f32, y: f32, z: f32) -> Vec3 {
    Vec3 { x, y, z }
}

impl Vec3 {
    /// The same number three times.
    pub const fn splat(value: f32) -> Self {
        vec3(value, value, value)
    }

    pub fn dot(self, other: Self) -> f32 {
        self.x * other.x + self.y * other.y + self.z * other.z
    }

    pub fn cross(self, other: Self) -> Self {
        vec3(
            self.y * other.z - self.z * other.y,
            self.z * other.x - self.x * other.z,
            self.x * other.y - self.y * other.x,
        )
    }

    pub fn length(self) -> f32 {
        self.dot(self).sqrt()
    }

    /// The vector of length one in the same direction.
    pub fn unit(self) -> Self {
        self / self.length()
    }

    /// The mirror image of a direction in a surface with this unit `normal`.
    pub fn reflect(self, normal: Self) -> Self {
        self - normal * (2.0 * self.dot(normal))
    }

    /// `self` at `amount` 0, `other` at 1.
    pub fn mix(self, other: Self, amount: f32) -> Self {
        self + (other - self) * amount
    }

    /// The same function of each number.
    pub fn map(self, function: impl Fn(f32) -> f32) -> Self {
        vec3(function(self.x), function(self.y), function(self.z))
    }

    /// A function of each pair of numbers.
    pub fn zip(self, other: Self, function: impl Fn(f32, f32) -> f32) -> Self {
        vec3(function(self.x, other.x), function(self.y, other.y), function(self.z, other.z))
    }

    /// Rotated about the upright axis; positive angles turn right (x) towards away (z).
    pub fn turned(self, angle: f32) -> Self {
        let (sine, cosine) = libm::sincosf(angle);
        vec3(self.x * cosine - self.z * sine, self.y, self.x * sine + self.z * cosine)
    }
}

impl Add for Vec3 {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        vec3(self.x + other.x, self.y + other.y, self.z + other.z)
    }
}

impl AddAssign for Vec3 {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl Sub for Vec3 {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        vec3(self.x - other.x, self.y - other.y, self.z - other.z)
    }
}

impl Neg for Vec3 {
    type Output = Self;
    fn neg(self) -> Self {
        vec3(-self.x, -self.y, -self.z)
    }
}

impl Mul<f32> for Vec3 {
    type Output = Self;
    fn mul(self, factor: f32) -> Self {
        vec3(self.x * factor, self.y * factor, self.z * factor)
    }
}

/// Number by number, as light passes a filter.
impl Mul for Vec3 {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        vec3(self.x * other.x, self.y * other.y, self.z * other.z)
    }
}

impl Div<f32> for Vec3 {
    type Output = Self;
    fn div(self, divisor: f32) -> Self {
        vec3(self.x / divisor, self.y / divisor, self.z / divisor)
    }
}
