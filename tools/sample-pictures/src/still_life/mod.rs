//! A still life by a window: a painted jug, fruit on a pewter plate, a glass ball, linen on a table.
//!
//! Rays are sphere-traced through signed distances. A tall window on the left is the only strong light:
//! every sample looks at one random point of it, which gives soft shadows; the room returns a little
//! warm light. A thin lens focused on the plate blurs what is nearer and farther.

mod shapes;
mod surface;

use crate::canvas::{Canvas, Sample};
use crate::colour::{Colour, film};
use crate::noise::{noise2, smoothstep};
use crate::vector::{Vec3, vec3};

use shapes::{GLASS, Thing, march, nearest, passing};

const WIDTH: usize = 880;
const HEIGHT: usize = 660;

const EYE: Vec3 = vec3(0.25, 2.75, -7.4);
const AIM: Vec3 = vec3(0.2, 0.92, 0.3);
/// Half the picture's width over its distance.
const ZOOM: f32 = 0.40;
const LENS_RADIUS: f32 = 0.055;

/// The window: its middle, and half its height and depth.
const WINDOW: Vec3 = vec3(-6.0, 4.6, -3.0);
const WINDOW_SIZE: [f32; 2] = [1.35, 1.05];

const DAYLIGHT: Vec3 = vec3(1.0, 0.95, 0.86);

/// The light that comes from the room in a direction, seen from a point: the window and dim walls.
fn room(point: Vec3, direction: Vec3, rough: f32) -> Colour {
    let dim = vec3(0.13, 0.105, 0.075) * (0.5 + 0.5 * direction.y) + vec3(0.05, 0.035, 0.02);
    if direction.x >= -0.05 {
        return dim;
    }
    let at = point + direction * ((WINDOW.x - point.x) / direction.x);
    let (u, v) = ((at.y - WINDOW.y) / WINDOW_SIZE[0], (at.z - WINDOW.z) / WINDOW_SIZE[1]);
    let blur = 0.06 + rough * 1.3;
    let pane = smoothstep(1.0 + blur, 1.0 - blur, u.abs().max(v.abs()));
    let bar = smoothstep(0.05, 0.10, v.abs()) * smoothstep(0.04, 0.08, (u - 0.25).abs());
    let bars = bar + (1.0 - bar) * (rough * 3.0).min(1.0);
    dim + DAYLIGHT * (pane * bars * 7.0 / (1.0 + 7.0 * rough))
}

/// How much of the window's light reaches a point: a random point of the window per sample.
fn window_light(point: Vec3, normal: Vec3, soft: f32, sample: Sample) -> Colour {
    let spread_up = (sample.random(1) * 2.0 - 1.0) * WINDOW_SIZE[0];
    let spread_along = (sample.random(2) * 2.0 - 1.0) * WINDOW_SIZE[1];
    let offset = WINDOW + vec3(0.0, spread_up, spread_along) - point;
    let distance = offset.length();
    let direction = offset / distance;
    let facing = ((normal.dot(direction) + soft) / (1.0 + soft)).max(0.0);
    if facing <= 0.0 {
        return Colour::default();
    }
    let mut light = DAYLIGHT * (facing * direction.x.abs() * 88.0 / (distance * distance));
    // The glass ball gathers light to a bright spot inside its shadow.
    let towards = GLASS.0 - point;
    let along = towards.dot(direction);
    if along > 0.0 {
        let aside = (towards - direction * along).length() / GLASS.1;
        if aside < 1.0 && towards.length() > GLASS.1 * 0.9 {
            let gathered = 0.35 + 3.2 * smoothstep(0.50, 0.05, aside);
            light = light * vec3(0.92, 1.0, 0.98) * gathered;
        }
    }
    light * (0.12 * soft).max(passing(point + normal * 0.035, direction, distance.min(8.0)))
}

/// How open a point is to the room: looks how much room there is along the normal (Evans, "Fast
/// approximations for global illumination on dynamic scenes", 2006).
fn openness(point: Vec3, normal: Vec3) -> f32 {
    let mut closed = 0.0;
    let mut weight = 0.9;
    for reach in [0.06, 0.16, 0.36, 0.75] {
        closed += weight * (reach - nearest(point + normal * reach).0).max(0.0) / reach;
        weight *= 0.6;
    }
    (1.0 - 0.62 * closed).clamp(0.08, 1.0)
}

/// The light from a surface towards where the ray came from.
fn shade(point: Vec3, direction: Vec3, thing: Thing, sample: Sample) -> Colour {
    let smooth_normal = shapes::normal(point);
    let surface = surface::surface(thing, point, smooth_normal);
    let normal = (smooth_normal + surface.bump).unit();
    let open = openness(point, smooth_normal);
    let window = window_light(point + smooth_normal * 0.004, normal, surface.soft, sample);
    let side = vec3(0.085, 0.088, 0.10) * (0.65 - 0.35 * normal.x)
        + vec3(0.10, 0.062, 0.032) * (0.5 - 0.5 * normal.y);
    let mut colour = surface.albedo * (window + side * open);
    let facing = (-direction.dot(normal)).clamp(0.0, 1.0);
    let rim = (1.0 - facing) * (1.0 - facing);
    let share =
        surface.gloss + (1.0 - surface.gloss) * rim * rim * (1.0 - facing) * (1.0 - surface.rough) * 0.8;
    if surface.gloss > 0.0 {
        let mirrored = direction.reflect(normal);
        let seen = if surface.gloss > 0.3 || (thing == Thing::Table && share > 0.04) {
            reflection(point + smooth_normal * 0.02, mirrored, surface.rough)
        } else {
            room(point, mirrored, surface.rough)
        };
        colour = colour * (1.0 - share) + seen * (share * (0.25 + 0.75 * open));
    }
    colour
}

/// What a mirror sees, without its shadows or further mirrors.
fn reflection(origin: Vec3, direction: Vec3, rough: f32) -> Colour {
    match march(origin, direction, 3.0) {
        Some((distance, thing)) => {
            let point = origin + direction * distance;
            let normal = shapes::normal(point);
            let facing = normal.dot((WINDOW - point).unit()).max(0.0);
            surface::surface(thing, point, normal).albedo * (DAYLIGHT * (facing * 1.4) + Vec3::splat(0.12))
        }
        None => room(origin, direction, rough),
    }
}

/// The light along a ray that does not meet the glass ball.
fn opaque(origin: Vec3, direction: Vec3, sample: Sample) -> Colour {
    match march(origin, direction, 24.0) {
        Some((distance, thing)) => shade(origin + direction * distance, direction, thing, sample),
        None => room(origin, direction, 0.5),
    }
}

/// Where a ray enters the glass ball.
fn meets_glass(origin: Vec3, direction: Vec3) -> Option<f32> {
    let offset = origin - GLASS.0;
    let along = offset.dot(direction);
    let spare = along * along - offset.dot(offset) + GLASS.1 * GLASS.1;
    (spare > 0.0 && along < 0.0).then(|| -along - spare.sqrt())
}

/// Bends a direction at a surface (Snell's law); `ratio` is the index before over the index behind.
fn refract(direction: Vec3, normal: Vec3, ratio: f32) -> Vec3 {
    let cosine = -direction.dot(normal);
    let under = (1.0 - ratio * ratio * (1.0 - cosine * cosine)).max(0.0);
    (direction * ratio + normal * (ratio * cosine - under.sqrt())).unit()
}

/// The light through and off the glass ball.
fn glass(entry: Vec3, direction: Vec3, sample: Sample) -> Colour {
    const INDEX: f32 = 1.5;
    let normal = (entry - GLASS.0) / GLASS.1;
    let inside = refract(direction, normal, 1.0 / INDEX);
    let chord = -2.0 * inside.dot(entry - GLASS.0);
    let leave = entry + inside * chord;
    let outward = (leave - GLASS.0) / GLASS.1;
    let beyond = refract(inside, -outward, INDEX);
    let through = opaque(leave + outward * 0.01, beyond, sample) * vec3(0.90, 0.97, 0.94);
    let facing = (-direction.dot(normal)).clamp(0.0, 1.0);
    let share = 0.04 + 0.96 * libm::powf(1.0 - facing, 5.0);
    let mirrored = direction.reflect(normal);
    let back = room(leave, inside.reflect(-outward), 0.05) * 0.05;
    let front = match march(entry + normal * 0.01, mirrored, 4.0) {
        Some(_) => reflection(entry + normal * 0.01, mirrored, 0.05),
        None => room(entry, mirrored, 0.02),
    };
    through * (1.0 - share) + front * share + back
}

fn light(sample: Sample) -> Colour {
    let forward = (AIM - EYE).unit();
    let right = vec3(0.0, 1.0, 0.0).cross(forward).unit();
    let up = forward.cross(right);
    let x = (sample.x / WIDTH as f32 - 0.5) * 2.0 * ZOOM;
    let y = (0.5 - sample.y / HEIGHT as f32) * 2.0 * ZOOM * HEIGHT as f32 / WIDTH as f32;
    let focus = EYE + (forward + right * x + up * y) * 7.25;
    let (radius, angle) = (LENS_RADIUS * sample.random(7).sqrt(), core::f32::consts::TAU * sample.random(8));
    let origin = EYE + right * (radius * libm::cosf(angle)) + up * (radius * libm::sinf(angle));
    let direction = (focus - origin).unit();
    let solid = march(origin, direction, 24.0);
    if let Some(distance) = meets_glass(origin, direction)
        && solid.is_none_or(|(far, _)| distance < far)
    {
        return glass(origin + direction * distance, direction, sample);
    }
    match solid {
        Some((distance, thing)) => shade(origin + direction * distance, direction, thing, sample),
        None => Colour::default(),
    }
}

/// Renders the picture.
pub fn draw() -> Canvas {
    let mut canvas = Canvas::sampled(WIDTH, HEIGHT, |sample| light(sample).map(|v| v.min(5.0)));
    for (index, pixel) in canvas.pixels.iter_mut().enumerate() {
        let (x, y) = ((index % WIDTH) as f32, (index / WIDTH) as f32);
        let (u, v) = (x / WIDTH as f32 - 0.5, y / HEIGHT as f32 - 0.5);
        let vignette = 1.0 - 0.55 * smoothstep(0.12, 0.62, u * u + v * v);
        let grain = 1.0 + 0.025 * noise2(x * 0.8, y * 0.8, 200);
        *pixel = film(*pixel * (1.05 * vignette * grain));
    }
    canvas
}
