//! The sky above the harbour: a gradient of the golden hour and cumulus clouds lit by the low sun.
//!
//! Clouds are a layer of fractal density marched once for every direction of a panorama; rays then look
//! the panorama up.

use crate::canvas::Canvas;
use crate::colour::{Colour, ramp};
use crate::noise::{fractal3, noise3, smoothstep};
use crate::vector::{Vec3, vec3};

use super::{SUN_LIGHT, to_sun};

/// Degrees either side of straight ahead, and above the horizon, that the panorama covers.
const SPAN: f32 = 48.0;
const TOP: f32 = 44.0;
const PIXELS_PER_DEGREE: f32 = 11.0;

const CLOUD_BASE: f32 = 720.0;
const CLOUD_TOP: f32 = 1500.0;

/// The light that comes from every direction of the sky.
pub struct Sky {
    panorama: Canvas,
}

impl Sky {
    pub fn new() -> Self {
        let width = (2.0 * SPAN * PIXELS_PER_DEGREE) as usize;
        let height = (TOP * PIXELS_PER_DEGREE) as usize;
        let panorama = Canvas::drawn(width, height, |x, y| {
            let radians = core::f32::consts::PI / 180.0;
            let across = (x / PIXELS_PER_DEGREE - SPAN) * radians;
            let up = (TOP - y / PIXELS_PER_DEGREE) * radians;
            let (sine, cosine) = (libm::sinf(up), libm::cosf(up));
            let direction = vec3(libm::sinf(across) * cosine, sine, libm::cosf(across) * cosine);
            with_clouds(direction)
        });
        Sky { panorama }
    }

    /// The light from a direction.
    pub fn light(&self, direction: Vec3) -> Colour {
        let degrees = 180.0 / core::f32::consts::PI;
        let across = libm::atan2f(direction.x, direction.z.abs().max(1e-4)) * degrees;
        let up = libm::asinf(direction.y.clamp(0.0, 1.0)) * degrees;
        self.panorama.between((across + SPAN) * PIXELS_PER_DEGREE, (TOP - up.min(TOP)) * PIXELS_PER_DEGREE)
    }
}

/// The clear sky: warm at the horizon, most of all towards the sun's side (the left).
pub fn clear(direction: Vec3) -> Colour {
    let up = direction.y.max(0.0);
    let away = smoothstep(-0.75, 0.6, direction.x);
    let warm = ramp(
        &[
            (0.0, vec3(1.15, 0.50, 0.17)),
            (0.06, vec3(1.02, 0.50, 0.22)),
            (0.14, vec3(0.66, 0.46, 0.34)),
            (0.24, vec3(0.34, 0.38, 0.44)),
            (0.40, vec3(0.13, 0.24, 0.42)),
            (0.7, vec3(0.06, 0.13, 0.32)),
        ],
        up,
    );
    let cool = ramp(
        &[
            (0.0, vec3(0.72, 0.40, 0.30)),
            (0.06, vec3(0.56, 0.37, 0.34)),
            (0.14, vec3(0.34, 0.33, 0.40)),
            (0.24, vec3(0.16, 0.25, 0.42)),
            (0.40, vec3(0.07, 0.16, 0.36)),
            (0.7, vec3(0.03, 0.08, 0.24)),
        ],
        up,
    );
    warm.mix(cool, away)
}

/// How much cloud there is at a point, 0..1; `octaves` sets the detail.
fn density(point: Vec3, octaves: usize) -> f32 {
    let level = (point.y - CLOUD_BASE) / (CLOUD_TOP - CLOUD_BASE);
    if !(0.0..=1.0).contains(&level) {
        return 0.0;
    }
    let wide = noise3(vec3(point.x / 1500.0 + 3.4, 0.2, point.z / 1900.0 + 7.7), 91);
    // Flat bases, domed tops: more noise is needed to be cloud the higher it is.
    let needed = 0.02 + 0.55 * level * level + 0.3 * smoothstep(0.08, 0.0, level);
    let body = 0.55 * wide + 0.62 * fractal3(point * (1.0 / 520.0), octaves, 92) + 0.045;
    ((body - needed) * 4.0).clamp(0.0, 1.0)
}

fn with_clouds(direction: Vec3) -> Colour {
    let behind = clear(direction);
    if direction.y < 0.03 {
        return behind;
    }
    const STEPS: usize = 56;
    let (near, far) = (CLOUD_BASE / direction.y, (CLOUD_TOP / direction.y).min(16_000.0));
    if near >= far {
        return behind;
    }
    let step = (far - near) / STEPS as f32;
    let mut passing = 1.0;
    let mut glow = Colour::default();
    let mut depth = 0.0;
    for index in 0..STEPS {
        let distance = near + step * (index as f32 + 0.5);
        let point = direction * distance;
        if density(point, 2) <= 0.0 && density(point, 1) <= 0.0 {
            continue;
        }
        let here = density(point, 6);
        if here <= 0.0 {
            continue;
        }
        let mut shade = 0.0;
        for ahead in [40.0, 110.0, 220.0, 400.0] {
            shade += density(point + to_sun() * ahead, 3) * ahead * 0.55;
        }
        let lit = libm::expf(-shade * 0.011) + 0.25 * libm::expf(-shade * 0.003);
        let level = (point.y - CLOUD_BASE) / (CLOUD_TOP - CLOUD_BASE);
        let ambient = vec3(0.20, 0.19, 0.27).mix(vec3(0.22, 0.27, 0.42), level) * 0.85;
        let colour = SUN_LIGHT * (0.62 * lit) + ambient;
        let opacity = 1.0 - libm::expf(-here * step * 0.010);
        glow += colour * (passing * opacity);
        depth += distance * passing * opacity;
        passing *= 1.0 - opacity;
        if passing < 0.02 {
            break;
        }
    }
    let cover = 1.0 - passing;
    if cover <= 0.001 {
        return behind;
    }
    // Far clouds fade into the haze at the horizon.
    let haze = 1.0 - libm::expf(-depth / cover / 9_000.0);
    let cloud = (glow / cover).mix(behind, haze);
    behind.mix(cloud, cover)
}
