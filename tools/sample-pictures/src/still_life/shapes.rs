//! The things on the table as signed distances (John Hart, "Sphere tracing", 1996): how far a point is
//! from the nearest surface, negative inside. One unit is ten centimetres.

use crate::noise::{noise2, smoothstep};
use crate::vector::{Vec3, vec3};

/// What a surface belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Thing {
    Wall,
    Curtain,
    Table,
    Cloth,
    Jug,
    Plate,
    Orange,
    Apple,
    Pear,
    Lemon,
    HalfLemon,
    Grape,
    Stem,
}

/// The glass ball is refracted by formula, so it is not among the distances.
pub const GLASS: (Vec3, f32) = (vec3(-1.72, 0.56, -0.35), 0.5);

pub const JUG: Vec3 = vec3(-0.72, 0.0, 0.95);
const PLATE: Vec3 = vec3(0.95, 0.0, 0.15);
pub const ORANGES: [Vec3; 2] = [vec3(1.32, 0.62, 0.62), vec3(2.25, 0.47, 1.15)];
pub const APPLE: Vec3 = vec3(0.62, 0.60, 0.55);
pub const PEAR: Vec3 = vec3(-1.95, 0.03, 0.95);
pub const LEMON: Vec3 = vec3(2.18, 0.36, -0.45);
pub const HALF_LEMON: Vec3 = vec3(-0.62, 0.46, -0.72);
/// The way the cut of the half lemon faces.
pub const CUT: Vec3 = vec3(-0.28, 0.62, -0.73);
const GRAPES: Vec3 = vec3(1.0, 0.42, -0.42);
const GRAPE_RADIUS: f32 = 0.165;
/// Where the table ends towards the viewer.
const TABLE_EDGE: f32 = -1.75;

/// Offsets of the grapes from the middle of their bunch.
#[rustfmt::skip]
const BUNCH: [[f32; 3]; 27] = [
    [0.0, 0.28, 0.0], [0.27, 0.20, 0.05], [-0.26, 0.22, 0.04], [0.12, 0.22, -0.25],
    [-0.16, 0.20, -0.24], [0.10, 0.24, 0.27], [-0.15, 0.20, 0.29], [0.48, 0.03, 0.05],
    [0.38, 0.02, -0.24], [-0.47, 0.02, 0.06], [-0.40, 0.02, -0.22], [0.0, 0.00, -0.46],
    [0.26, -0.02, -0.46], [-0.26, -0.02, -0.44], [0.40, -0.06, 0.30], [-0.42, -0.06, 0.30],
    [0.62, -0.12, -0.18], [-0.64, -0.10, -0.10], [0.48, -0.14, -0.48], [-0.50, -0.14, -0.45],
    [0.10, -0.18, -0.68], [-0.16, -0.18, -0.66], [0.74, -0.16, 0.14], [-0.70, -0.22, -0.36],
    [-0.36, -0.26, -0.74], [-0.58, -0.30, -0.66], [0.30, 0.38, 0.20],
];

fn flat_length(p: Vec3) -> f32 {
    (p.x * p.x + p.z * p.z).sqrt()
}

/// The smaller of two distances, rounded off where they are alike within `blend`.
fn smooth_min(a: f32, b: f32, blend: f32) -> f32 {
    let h = (blend - (a - b).abs()).max(0.0) / blend;
    a.min(b) - h * h * blend * 0.25
}

fn capsule(p: Vec3, from: Vec3, to: Vec3, radius: f32) -> f32 {
    let (offset, axis) = (p - from, to - from);
    let along = (offset.dot(axis) / axis.dot(axis)).clamp(0.0, 1.0);
    (offset - axis * along).length() - radius
}

/// The jug's radius at a height: a cubic through the points of its outline.
fn outline(height: f32) -> f32 {
    const POINTS: [f32; 12] = [0.52, 0.60, 0.79, 0.94, 1.0, 0.95, 0.79, 0.58, 0.45, 0.42, 0.48, 0.55];
    const SPACING: f32 = 0.25;
    let position = (height / SPACING).clamp(0.0, 9.999);
    let index = position as usize;
    let t = position - index as f32;
    let at = |i: usize| POINTS[i.min(11)];
    let (before, from, to, after) = (at(index.saturating_sub(1)), at(index), at(index + 1), at(index + 2));
    let (slope_from, slope_to) = ((to - before) * 0.5, (after - from) * 0.5);
    let (t2, t3) = (t * t, t * t * t);
    from * (2.0 * t3 - 3.0 * t2 + 1.0)
        + slope_from * (t3 - 2.0 * t2 + t)
        + to * (3.0 * t2 - 2.0 * t3)
        + slope_to * (t3 - t2)
}

fn jug(p: Vec3) -> f32 {
    let around = flat_length(p);
    let spout = (-p.x / around.max(0.01)).max(0.0);
    let lip = 0.34 * smoothstep(1.95, 2.5, p.y) * spout * spout * spout * spout;
    let radius = outline(p.y) * (1.0 + lip);
    let thickness = 0.035;
    let shell = ((around - radius + thickness).abs() - thickness) * 0.72;
    let body = shell.max(p.y - 2.5 - 0.10 * lip).max(-p.y);
    let foot = (around - 0.58).max((p.y - 0.05).abs() - 0.05);
    let ring_x = (p.x - 0.66) * 1.05;
    let ring_y = (p.y - 1.52) * 0.82;
    let ring = ((ring_x * ring_x + ring_y * ring_y).sqrt() - 0.56, p.z * 0.7);
    let handle = (ring.0 * ring.0 + ring.1 * ring.1).sqrt() - 0.085;
    smooth_min(body.min(foot), handle.max(0.42 - p.x), 0.1)
}

fn plate(p: Vec3) -> f32 {
    let around = flat_length(p);
    let rise = 0.06 + 0.16 * smoothstep(0.75, 1.32, around);
    let sheet = (p.y - rise).abs() - 0.025;
    (sheet * 0.8).max(around - 1.34)
}

fn apple(p: Vec3) -> f32 {
    let narrow = 1.0 + 0.12 * p.y;
    let ring = flat_length(p) * narrow - 0.2;
    let lobes = 0.012 * libm::cosf(5.0 * libm::atan2f(p.z, p.x)) * smoothstep(0.3, -0.5, p.y);
    ((ring * ring + p.y * p.y * 0.92).sqrt() - 0.35 + lobes) * 0.85
}

fn lemon(p: Vec3) -> f32 {
    let turned = p.turned(-0.5);
    let squeezed = vec3(turned.x * 0.74, turned.y, turned.z);
    let body = squeezed.length() - 0.35;
    let tip = (vec3(turned.x.abs(), turned.y, turned.z) - vec3(0.46, 0.0, 0.0)).length() - 0.06;
    smooth_min(body, tip, 0.22) * 0.85
}

fn pear(p: Vec3) -> f32 {
    let lower = (p - vec3(0.0, 0.50, 0.0)).length() - 0.50;
    let upper = (p - vec3(0.06, 1.12, 0.0)).length() - 0.235;
    smooth_min(lower, upper, 0.55) * 0.95
}

/// The height of the cloth on the table: broad folds that fan out from under the plate.
fn cloth_height(x: f32, z: f32) -> f32 {
    let warp = 0.5 * noise2(x * 0.8, z * 0.8, 5);
    let fold = libm::sinf(3.4 * x + 1.9 * z + 3.0 * warp);
    let cross = libm::sinf(2.1 * x - 3.3 * z + 4.0 * warp + 1.0);
    // Things standing on the cloth press it flat.
    let pressed = |at: Vec3, radius: f32| {
        let (dx, dz) = (x - at.x, z - at.z);
        smoothstep(radius, radius + 0.5, (dx * dx + dz * dz).sqrt())
    };
    let free = pressed(PLATE, 1.0) * pressed(GLASS.0, 0.1) * pressed(HALF_LEMON, 0.25) * pressed(JUG, 0.5);
    let crest = |v: f32| 0.5 + 0.5 * v * v.abs();
    let edge = smoothstep(TABLE_EDGE - 0.05, TABLE_EDGE + 0.5, z);
    0.035 + edge * free * (0.22 * crest(fold) + 0.15 * crest(cross) + 0.05 * noise2(x * 3.0, z * 3.0, 6))
}

/// How far a place on the table is inside the border of the cloth.
fn inside_cloth(x: f32, z: f32) -> f32 {
    let back = 0.75 + 0.35 * x - z + 0.10 * libm::sinf(4.0 * x);
    let right = 1.45 - x - 0.35 * (z + 1.7) + 0.06 * libm::sinf(5.0 * z);
    let left = x + 2.55 - 0.25 * z;
    back.min(right).min(left)
}

fn cloth(p: Vec3) -> f32 {
    // Its folds are costly, so first see how far its box is.
    let outside = vec3(
        ((p.x + 0.3).abs() - 2.6).max(0.0),
        ((p.y + 0.8).abs() - 1.15).max(0.0),
        ((p.z + 0.2).abs() - 2.0).max(0.0),
    );
    let away = outside.length();
    if away > 0.15 {
        return away;
    }
    let border = inside_cloth(p.x, p.z.max(TABLE_EDGE));
    let top = ((p.y - cloth_height(p.x, p.z)).abs() - 0.012).max(TABLE_EDGE - 0.12 - p.z);
    let swing = 0.11 * libm::sinf(5.2 * p.x + 1.2 * noise2(p.x, p.y * 0.7, 8)) * smoothstep(0.0, -0.5, p.y);
    let front = ((p.z - TABLE_EDGE + 0.12 + swing).abs() - 0.012).max(p.y - 0.03);
    let hem = p.y + 1.15 + 0.2 * p.x + 0.05 * libm::sinf(6.0 * p.x);
    smooth_min(top, front, 0.12).max(-border).max(-hem) * 0.6
}

/// How far back the wall is, and whether the pleated curtain hangs before it.
fn background(p: Vec3) -> (f32, bool) {
    if p.z < 1.8 {
        return (2.45, false);
    }
    let side = p.x + 0.12 * p.y;
    let pleats = 0.22 * libm::sinf(4.6 * p.x + 1.6 * noise2(p.x * 0.9, p.y * 0.35, 9));
    (3.1 - (0.35 + pleats) * smoothstep(1.25, 1.75, side), side > 1.5)
}

/// The distance to the nearest surface, and whose it is.
pub fn nearest(p: Vec3) -> (f32, Thing) {
    let mut best = (f32::MAX, Thing::Wall);
    let mut offer = |distance: f32, thing: Thing| {
        if distance < best.0 {
            best = (distance, thing);
        }
    };
    let (depth, curtain) = background(p);
    offer((depth - p.z) * 0.7, if curtain { Thing::Curtain } else { Thing::Wall });
    let table = p.y.max(TABLE_EDGE - p.z).max(-1.2 - p.y);
    offer(table, Thing::Table);
    // A ball around each thing saves looking at it from afar.
    let mut thing = |centre: Vec3, reach: f32, kind: Thing, distance: &dyn Fn(Vec3) -> f32| {
        let away = (p - centre).length() - reach;
        if away < best.0 {
            let distance = if away > 0.25 { away } else { distance(p) };
            if distance < best.0 {
                best = (distance, kind);
            }
        }
    };
    thing(JUG + vec3(0.1, 1.25, 0.0), 1.75, Thing::Jug, &|p| jug((p - JUG).turned(0.35)));
    thing(vec3(-0.5, -0.4, -0.9), 3.0, Thing::Cloth, &cloth);
    thing(PLATE, 1.4, Thing::Plate, &|p| plate(p - PLATE));
    for orange in ORANGES {
        thing(orange, 0.5, Thing::Orange, &|p| (p - orange).length() - 0.47);
    }
    thing(APPLE, 0.62, Thing::Apple, &|p| apple(p - APPLE));
    thing(PEAR + vec3(0.0, 0.7, 0.0), 0.85, Thing::Pear, &|p| pear(p - PEAR));
    thing(LEMON, 0.62, Thing::Lemon, &|p| lemon(p - LEMON));
    thing(HALF_LEMON, 0.45, Thing::HalfLemon, &|p| {
        let offset = p - HALF_LEMON;
        (offset.length() - 0.43).max(offset.dot(CUT.unit()))
    });
    thing(GRAPES, 1.15, Thing::Grape, &|p| {
        let offset = p - GRAPES;
        let squared = |b: &[f32; 3]| {
            let d = offset - vec3(b[0], b[1], b[2]);
            d.dot(d)
        };
        BUNCH.iter().map(squared).fold(f32::MAX, f32::min).sqrt() - GRAPE_RADIUS
    });
    thing(APPLE + vec3(0.03, 0.4, 0.0), 0.25, Thing::Stem, &|p| {
        capsule(p - APPLE, vec3(0.0, 0.18, 0.0), vec3(0.07, 0.52, 0.02), 0.022)
    });
    thing(PEAR + vec3(0.1, 1.45, 0.0), 0.3, Thing::Stem, &|p| {
        capsule(p - PEAR, vec3(0.07, 1.3, 0.0), vec3(0.17, 1.62, 0.03), 0.028)
    });
    thing(GRAPES + vec3(0.1, 0.6, 0.2), 0.5, Thing::Stem, &|p| {
        capsule(p - GRAPES, vec3(0.05, 0.15, 0.1), vec3(0.22, 0.66, 0.42), 0.026)
    });
    best
}

/// The outward normal: the slope of the distance.
pub fn normal(p: Vec3) -> Vec3 {
    const STEP: f32 = 0.002;
    // Four corners of a tetrahedron are enough for a slope.
    [vec3(1.0, -1.0, -1.0), vec3(-1.0, -1.0, 1.0), vec3(-1.0, 1.0, -1.0), vec3(1.0, 1.0, 1.0)]
        .into_iter()
        .fold(Vec3::default(), |sum, corner| sum + corner * nearest(p + corner * STEP).0)
        .unit()
}

/// How much of a narrow beam from `origin` gets past everything within `far`: 0 none, 1 all. Beams that
/// pass close by an edge lose a part, which smooths the sampled shadows.
pub fn passing(origin: Vec3, direction: Vec3, far: f32) -> f32 {
    const SHARPNESS: f32 = 22.0;
    let mut distance = 0.02;
    let mut open: f32 = 1.0;
    for _ in 0..90 {
        let gap = nearest(origin + direction * distance).0;
        open = open.min(SHARPNESS * gap / distance.max(0.15));
        if open < 0.01 {
            return 0.0;
        }
        distance += gap.max(0.006);
        if distance > far {
            break;
        }
    }
    open
}

/// The distance at which a ray from `origin` meets a surface, if it does before `far`.
pub fn march(origin: Vec3, direction: Vec3, far: f32) -> Option<(f32, Thing)> {
    let mut distance = 0.01;
    for _ in 0..160 {
        let (step, thing) = nearest(origin + direction * distance);
        if step < 0.0008 * distance.max(1.0) {
            return Some((distance, thing));
        }
        distance += step;
        if distance > far {
            return None;
        }
    }
    // A ray that grazes a surface for so long has as good as met it.
    Some((distance, nearest(origin + direction * distance).1))
}
