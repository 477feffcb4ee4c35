//! A small harbour at the golden hour, ray-traced.
//!
//! The sun stands low behind the viewer's left shoulder. A ray from the camera finds the nearest of
//! solids, land, sea and sky; what it hits is lit by the sun (with shadows), the sky and a little light
//! from the ground; the sea mirrors one more ray; haze grows with distance.

mod boats;
mod land;
mod material;
mod sky;
mod town;

use crate::canvas::{Canvas, Sample};
use crate::colour::{Colour, film};
use crate::noise::{noise2, smoothstep};
use crate::solid::{Group, Ray, blocked, nearest};
use crate::vector::{Vec3, vec3};

use land::Land;
use material::Material;
use sky::Sky;

const WIDTH: usize = 960;
const HEIGHT: usize = 640;

/// The camera's height over the sea.
const EYE: Vec3 = vec3(0.0, 4.4, 0.0);
/// Half the picture's width over its distance: a horizontal angle of 50 degrees.
const ZOOM: f32 = 0.466;
/// The horizon's height in the picture, from its top.
const HORIZON: f32 = 0.60;

/// The sun's light: warm and stronger than the sky's.
const SUN_LIGHT: Vec3 = vec3(2.15, 1.10, 0.42);

/// The direction to the sun.
fn to_sun() -> Vec3 {
    vec3(-0.86, 0.22, -0.38).unit()
}

struct Scene {
    solids: Vec<Group<Material>>,
    land: Land,
    sky: Sky,
}

impl Scene {
    /// The light along a ray. `mirrors` is how many more reflections it may take.
    fn light(&self, ray: Ray, sample: Sample, mirrors: u32) -> Colour {
        let sea = if ray.direction.y < -1e-4 { -ray.origin.y / ray.direction.y } else { 1e6 };
        let hit = nearest(&self.solids, ray, 0.02, sea.min(2_000.0));
        let limit = hit.as_ref().map_or(sea.min(9_000.0), |hit| hit.distance);
        if let Some((distance, normal, ground)) = self.land.meet(ray, limit) {
            let point = ray.at(distance);
            let lit = ground * self.arriving(point, normal, sample, distance < 500.0);
            return self.hazed(lit, ray, distance);
        }
        let Some(hit) = hit else {
            return if sea < 1e5 {
                self.sea(ray, sea, sample, mirrors)
            } else {
                self.sky.light(ray.direction)
            };
        };
        let surface = hit.material.surface(hit.local, hit.local_normal);
        let normal = (hit.local_normal + surface.bump).unit().turned(hit.angle);
        let point = ray.at(hit.distance);
        let mut arriving = self.arriving(point, normal, sample, true);
        if surface.through > 0.0 {
            arriving = arriving.mix(self.arriving(point, -normal, sample, true), surface.through * 0.5);
        }
        let mut colour = surface.albedo * arriving + surface.glow;
        if surface.gloss > 0.0 {
            let mirrored = ray.direction.reflect(normal);
            let facing = 1.0 + ray.direction.dot(normal).min(0.0);
            let share = surface.gloss * (0.12 + 0.88 * facing * facing * facing);
            colour = colour.mix(sky::clear(vec3(mirrored.x, mirrored.y.abs(), mirrored.z)), share);
        }
        self.hazed(colour, ray, hit.distance)
    }

    /// Light that falls on a surface: sun, sky from above, warm light from the ground and sea.
    fn arriving(&self, point: Vec3, normal: Vec3, sample: Sample, shadows: bool) -> Colour {
        let facing = normal.dot(to_sun()).max(0.0);
        let mut sun = Colour::default();
        if facing > 0.0 {
            let spread = vec3(sample.random(1) - 0.5, sample.random(2) - 0.5, sample.random(3) - 0.5);
            let ray = Ray { origin: point + normal * 0.03, direction: (to_sun() + spread * 0.03).unit() };
            if !shadows || !(blocked(&self.solids, ray, 0.02, 120.0) || self.land.shades(ray)) {
                sun = SUN_LIGHT * facing;
            }
        }
        let up = 0.5 + 0.5 * normal.y;
        let west = 0.5 - 0.5 * normal.x;
        let sky = vec3(0.17, 0.23, 0.38) * up + vec3(0.34, 0.20, 0.13) * (west * 0.8);
        let ground = vec3(0.20, 0.13, 0.09) * (1.0 - up);
        // A ray upwards and outwards tells corners and crannies from open places.
        let lift = vec3(sample.random(4) - 0.5, 0.6, sample.random(5) - 0.5) + normal;
        let open = Ray { origin: point + normal * 0.03, direction: lift.unit() };
        let closed = shadows && blocked(&self.solids, open, 0.02, 5.0);
        sun + (sky + ground) * if closed { 0.35 } else { 1.0 }
    }

    /// The sea: rippled, mirroring what is beyond, green where one looks down into it.
    fn sea(&self, ray: Ray, distance: f32, sample: Sample, mirrors: u32) -> Colour {
        let point = ray.at(distance);
        let height = |x: f32, z: f32| {
            let swell = noise2(x * 0.16 + 0.3 * noise2(x * 0.1, z * 0.1, 61), z * 0.42, 62) * 0.30;
            let ripple = noise2(x * 0.75 + z * 0.2, z * 1.7, 63) * 0.10;
            let fine = noise2(x * 2.6 - z, z * 5.0, 64) * 0.022;
            swell + ripple + fine * smoothstep(60.0, 15.0, distance)
        };
        // Gusts roughen some stretches and leave others like glass.
        let gusts = 0.3 + 0.9 * smoothstep(-0.35, 0.5, noise2(point.x / 26.0 + 5.0, point.z / 9.0, 65));
        let calm = gusts * 0.42 / (1.0 + distance / 70.0);
        let slope_x = height(point.x + 0.05, point.z) - height(point.x - 0.05, point.z);
        let slope_z = height(point.x, point.z + 0.05) - height(point.x, point.z - 0.05);
        let normal = vec3(-slope_x * 10.0 * calm * 0.5, 1.0, -slope_z * 10.0 * calm).unit();
        let mut mirrored = ray.direction.reflect(normal);
        mirrored.y = mirrored.y.abs().max(0.004);
        let mirrored = mirrored.unit();
        let facing = (-ray.direction.dot(normal)).clamp(0.0, 1.0);
        let share = 0.03 + 0.97 * libm::powf(1.0 - facing, 4.0);
        let reflection = if mirrors > 0 {
            self.light(Ray { origin: point + vec3(0.0, 0.02, 0.0), direction: mirrored }, sample, mirrors - 1)
        } else {
            self.sky.light(mirrored)
        };
        let depths =
            vec3(0.018, 0.075, 0.085) + vec3(0.03, 0.06, 0.05) * smoothstep(-0.2, 0.5, slope_z * 10.0);
        self.hazed(depths.mix(reflection * 0.93, share), ray, distance * 0.6)
    }

    /// Distance turns everything towards the colour of the sky above the horizon.
    fn hazed(&self, colour: Colour, ray: Ray, distance: f32) -> Colour {
        let haze = 1.0 - libm::expf(-distance / 6_500.0);
        let level = vec3(ray.direction.x, ray.direction.y.max(0.0) * 0.5 + 0.04, ray.direction.z);
        colour.mix(sky::clear(level) * vec3(0.80, 0.82, 0.90), haze)
    }
}

/// Renders the picture.
pub fn draw() -> Canvas {
    let land = Land::new();
    let mut solids = town::build(&land);
    solids.extend(boats::build());
    // Near things first: what they hide need not be looked at.
    solids.sort_by(|a, b| a.place.z.total_cmp(&b.place.z));
    let scene = Scene { solids, land, sky: Sky::new() };
    let mut canvas = Canvas::sampled(WIDTH, HEIGHT, |sample| {
        let x = (sample.x / WIDTH as f32 - 0.5) * 2.0 * ZOOM;
        let y = (HORIZON - sample.y / HEIGHT as f32) * 2.0 * ZOOM * HEIGHT as f32 / WIDTH as f32;
        let ray = Ray { origin: EYE, direction: vec3(x, y, 1.0).unit() };
        scene.light(ray, sample, 1).map(|v| v.min(6.0))
    });
    for pixel in &mut canvas.pixels {
        *pixel = film(*pixel * 0.95);
    }
    canvas
}
