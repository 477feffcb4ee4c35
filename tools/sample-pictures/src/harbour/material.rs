//! What surfaces look like close up: plaster and windows, tiles, stone, planks, leaves.

use crate::colour::Colour;
use crate::noise::{cell, fractal3, noise2, noise3, smoothstep};
use crate::vector::{Vec3, vec3};

/// The sorts of surface.
#[derive(Clone, Copy, PartialEq)]
pub enum Kind {
    /// Plaster with rows of shuttered windows; the second colour is the shutters'.
    Wall,
    /// Bare plaster.
    Plaster,
    /// A church tower: bare stone with a clock and bell openings.
    Tower,
    Roof,
    Stone,
    Wood,
    Planks,
    /// A boat's side: painted, with a stripe under the rail in the second colour.
    Hull,
    Leaf,
    Sail,
    Lamp,
    Plain,
}

/// A surface's sort, its colours in linear light, and its own random seed.
#[derive(Clone, Copy)]
pub struct Material {
    pub kind: Kind,
    pub colour: Colour,
    pub second: Colour,
    pub seed: u32,
}

/// A surface at one point, ready for light.
pub struct Surface {
    pub albedo: Colour,
    /// What is added to the normal, in the coordinates of the group.
    pub bump: Vec3,
    /// Light of its own.
    pub glow: Colour,
    /// How much it mirrors, 0..1.
    pub gloss: f32,
    /// How much light comes through from behind, 0..1.
    pub through: f32,
}

impl Material {
    /// The surface at a point of a group, with the normal there (both in the group's coordinates).
    pub fn surface(&self, point: Vec3, normal: Vec3) -> Surface {
        let mut surface = Surface {
            albedo: self.colour,
            bump: Vec3::default(),
            glow: Colour::default(),
            gloss: 0.0,
            through: 0.0,
        };
        let own = point + Vec3::splat((self.seed % 977) as f32);
        match self.kind {
            Kind::Wall => self.wall(&mut surface, point, normal),
            Kind::Plaster => surface.albedo = self.weathered(own, point.y),
            Kind::Tower => self.tower(&mut surface, point, normal),
            Kind::Roof => {
                let (across, down) =
                    if normal.x.abs() > normal.z.abs() { (point.z, point.y) } else { (point.x, point.y) };
                let (column, row) = ((across / 0.34).floor(), (down / 0.22).floor());
                let tile = cell(column as i32, row as i32, self.seed as i32);
                let inside = across / 0.34 - column - 0.5;
                let lip = smoothstep(0.35, 0.0, down / 0.22 - row);
                let patches = smoothstep(-0.2, 0.5, fractal3(own * 0.7, 3, 8));
                surface.albedo =
                    self.colour.mix(self.second, 0.5 * patches) * ((0.7 + 0.55 * tile) * (1.0 - 0.45 * lip));
                surface.bump = vec3(inside * 0.7, 0.0, 0.0);
            }
            Kind::Stone => {
                let (across, up) = if normal.x.abs() > 0.7 {
                    (point.z, point.y)
                } else {
                    (point.x, if normal.y.abs() > 0.7 { point.z } else { point.y })
                };
                let row = (up / 0.45).floor();
                let shifted = across / 0.9 + 0.5 * (row as i32 % 2) as f32;
                let block = cell(shifted.floor() as i32, row as i32, 3);
                let (u, v) = (shifted - shifted.floor() - 0.5, up / 0.45 - row - 0.5);
                let joint = smoothstep(0.40, 0.5, u.abs().max(v.abs()));
                surface.albedo = self.colour.mix(self.second, 0.25 + 0.5 * block - 0.2 + 0.6 * joint)
                    * (0.9 + 0.4 * fractal3(own * 2.0, 3, 9));
            }
            Kind::Wood => {
                let grain = noise3(vec3(own.x * 14.0, own.y * 1.4, own.z * 14.0), 11);
                surface.albedo =
                    self.colour.mix(self.second, smoothstep(-0.3, 0.6, grain)) * self.tide(point.y);
            }
            Kind::Planks => {
                let plank = (point.z / 0.26).floor();
                let inside = point.z / 0.26 - plank - 0.5;
                let grain = noise2(point.x * 3.0, point.z * 40.0, self.seed as i32);
                let tone = cell(plank as i32, 0, self.seed as i32);
                let gap = smoothstep(0.38, 0.48, inside.abs());
                surface.albedo = self.colour.mix(self.second, 0.25 * grain + 0.45 * tone + 0.9 * gap);
            }
            Kind::Hull => {
                let wooden = normal.y > 0.7;
                let rail = smoothstep(-0.03, 0.0, point.y - self.rail(point));
                surface.albedo = if wooden {
                    vec3(0.42, 0.25, 0.12) * (0.8 + 0.3 * noise2(point.x * 20.0, point.z * 1.5, 13))
                } else {
                    self.colour.mix(self.second, rail) * (0.55 + 0.45 * smoothstep(0.0, 0.22, point.y))
                };
                surface.gloss = if wooden { 0.05 } else { 0.25 };
            }
            Kind::Leaf => {
                let clump = fractal3(own * 1.7, 4, 14);
                surface.albedo =
                    self.colour.mix(self.second, smoothstep(-0.1, 0.7, clump)) * (0.75 + 0.5 * clump);
                let shake = |salt: i32| fractal3(own * 2.3, 3, salt);
                surface.bump = vec3(shake(15), shake(16), shake(17)) * 1.5;
                surface.through = 0.15;
            }
            Kind::Sail => {
                let seam = smoothstep(0.06, 0.02, (point.y / 0.9 - (point.y / 0.9).floor() - 0.5).abs());
                surface.albedo = self.colour * (1.0 - 0.25 * seam);
                surface.bump = vec3(0.0, 0.2, 0.5 * noise2(point.y * 0.4, point.z * 0.5, 18));
                surface.through = 0.5;
            }
            Kind::Lamp => surface.glow = self.colour * vec3(3.2, 2.6, 2.0),
            Kind::Plain => {}
        }
        surface
    }

    /// The lower edge of the stripe under a boat's rail.
    fn rail(&self, point: Vec3) -> f32 {
        0.42 + 0.012 * point.z * point.z
    }

    /// Plaster: stained by rain, damp and dark towards the ground.
    fn weathered(&self, own: Vec3, height: f32) -> Colour {
        let stain = fractal3(vec3(own.x * 0.9, own.y * 0.28, own.z * 0.9), 4, 7);
        let damp = smoothstep(1.6, 0.0, height + 0.8 * stain);
        self.colour * ((0.95 + 0.28 * stain) * (1.0 - 0.35 * damp))
    }

    /// Dark and weedy near the water.
    fn tide(&self, height: f32) -> f32 {
        0.4 + 0.6 * smoothstep(0.1, 0.6, height)
    }

    fn tower(&self, surface: &mut Surface, point: Vec3, normal: Vec3) {
        surface.albedo = self.weathered(point, 9.0);
        let across = if normal.z.abs() > 0.5 { point.x } else { point.z };
        let up = point.y - 11.6;
        let from_clock = (across * across + up * up).sqrt();
        if from_clock < 1.35 {
            let rim = smoothstep(1.1, 1.2, from_clock);
            let hand = (across.abs() < 0.09 && (0.0..0.95).contains(&up))
                || (up.abs() < 0.09 && (0.0..0.7).contains(&across));
            surface.albedo = if hand {
                vec3(0.02, 0.02, 0.02)
            } else {
                vec3(0.85, 0.8, 0.66).mix(vec3(0.1, 0.08, 0.06), rim)
            };
            surface.glow = vec3(0.25, 0.19, 0.09) * (1.0 - rim);
        }
        let arch = (point.y - 18.6).max(0.0);
        let inside = across.abs() - 1.3;
        if (16.4..19.2).contains(&point.y) && inside.abs() * inside.abs() + arch * arch < 0.42 {
            surface.albedo = vec3(0.03, 0.025, 0.03);
        }
    }

    fn wall(&self, surface: &mut Surface, point: Vec3, normal: Vec3) {
        let seed = self.seed as i32;
        surface.albedo = self.weathered(point + Vec3::splat((self.seed % 977) as f32), point.y);
        let front = normal.z.abs() > 0.5;
        let across = if front { point.x } else { point.z };
        let spacing = 1.9 + 0.5 * cell(seed, 1, 1);
        let (column, floor) = ((across / spacing).floor(), ((point.y - 0.1) / 2.75).floor());
        let (u, v) = (across - (column + 0.5) * spacing, point.y - 0.1 - floor * 2.75);
        let key =
            |salt: i32| cell(column as i32 + if front { 0 } else { 100 }, floor as i32 + 13 * salt, seed);
        if key(1) < 0.12 || point.y < 0.1 {
            return;
        }
        let door = floor == 0.0 && key(2) < 0.4;
        let (bottom, top, half) = if door { (0.0, 2.25, 0.52) } else { (0.85, 2.2, 0.42) };
        let (beside, above) = (u.abs() - half, v - bottom);
        if beside < 0.0 && above > 0.0 && v < top {
            let bar = u.abs() < 0.035 || (v - (bottom + top) * 0.5).abs() < 0.035;
            let frame = beside > -0.07 || top - v < 0.07 || above < 0.07;
            if door && key(3) < 0.6 {
                surface.albedo =
                    self.second * (0.7 + 0.3 * smoothstep(0.0, 0.06, (u - (u / 0.25).floor() * 0.25).abs()));
            } else if frame || bar {
                surface.albedo = vec3(0.75, 0.70, 0.60);
            } else {
                surface.albedo = vec3(0.02, 0.025, 0.035);
                surface.gloss = 0.55;
                if key(4) < 0.42 {
                    let curtain = 0.65 + 0.5 * noise2(u * 6.0, v + key(5) * 50.0, seed);
                    surface.glow = vec3(1.5, 0.62, 0.14) * (curtain * (0.5 + 0.9 * key(6)));
                    surface.gloss = 0.1;
                }
            }
        } else if !door && (0.02..0.42).contains(&beside) && above > -0.03 && v < top + 0.03 && key(7) < 0.8 {
            let slat = 0.75 + 0.35 * smoothstep(0.0, 0.08, v / 0.11 - (v / 0.11).floor() - 0.4);
            surface.albedo = self.second * slat;
        } else if beside < 0.12 && (-0.12..0.0).contains(&above) && !door {
            surface.albedo = vec3(0.62, 0.56, 0.47);
        }
    }
}
