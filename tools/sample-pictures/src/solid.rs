//! Convex solids under a ray: everything built in the harbour is made of them.
//!
//! A convex solid is what several bounds (half-spaces, balls, cylinders) have in common. A ray is inside
//! each bound for one interval, so it is inside the solid for the intersection of the intervals.

use crate::vector::Vec3;

/// A half line; `direction` has length one.
#[derive(Clone, Copy)]
pub struct Ray {
    pub origin: Vec3,
    pub direction: Vec3,
}

impl Ray {
    pub fn at(self, distance: f32) -> Vec3 {
        self.origin + self.direction * distance
    }
}

/// One limit of a convex solid.
#[derive(Clone, Copy)]
pub enum Bound {
    /// The points with `point · normal <= offset`.
    Half { normal: Vec3, offset: f32 },
    /// A ball.
    Ball { centre: Vec3, radius: f32 },
    /// An endless cylinder around a line; `axis` has length one.
    Round { point: Vec3, axis: Vec3, radius: f32 },
}

/// Where a ray is inside something, with the outward normals at both ends.
#[derive(Clone, Copy)]
struct Interval {
    enter: f32,
    exit: f32,
    enter_normal: Vec3,
    exit_normal: Vec3,
}

impl Bound {
    fn interval(&self, ray: Ray) -> Option<Interval> {
        match *self {
            Bound::Half { normal, offset } => {
                let speed = ray.direction.dot(normal);
                let gap = offset - ray.origin.dot(normal);
                let distance = gap / if speed.abs() < 1e-7 { 1e-7 } else { speed };
                let both =
                    Interval { enter: f32::MIN, exit: f32::MAX, enter_normal: normal, exit_normal: normal };
                if speed.abs() < 1e-7 {
                    (gap >= 0.0).then_some(both)
                } else if speed > 0.0 {
                    Some(Interval { exit: distance, ..both })
                } else {
                    Some(Interval { enter: distance, ..both })
                }
            }
            Bound::Ball { centre, radius } => {
                let offset = ray.origin - centre;
                quadratic(1.0, offset.dot(ray.direction), offset.dot(offset) - radius * radius, |t| {
                    (ray.at(t) - centre) / radius
                })
            }
            Bound::Round { point, axis, radius } => {
                let flat = |v: Vec3| v - axis * v.dot(axis);
                let (offset, direction) = (flat(ray.origin - point), flat(ray.direction));
                quadratic(
                    direction.dot(direction).max(1e-9),
                    offset.dot(direction),
                    offset.dot(offset) - radius * radius,
                    |t| (offset + direction * t) / radius,
                )
            }
        }
    }
}

/// The interval in which `a t² + 2 b t + c` is negative.
fn quadratic(a: f32, b: f32, c: f32, normal: impl Fn(f32) -> Vec3) -> Option<Interval> {
    let discriminant = b * b - a * c;
    if discriminant <= 0.0 {
        return None;
    }
    let root = discriminant.sqrt();
    let (enter, exit) = ((-b - root) / a, (-b + root) / a);
    Some(Interval { enter, exit, enter_normal: normal(enter), exit_normal: normal(exit) })
}

fn common(bounds: &[Bound], ray: Ray) -> Option<Interval> {
    let mut all = bounds[0].interval(ray)?;
    for bound in &bounds[1..] {
        let next = bound.interval(ray)?;
        if next.enter > all.enter {
            all = Interval { enter: next.enter, enter_normal: next.enter_normal, ..all };
        }
        if next.exit < all.exit {
            all = Interval { exit: next.exit, exit_normal: next.exit_normal, ..all };
        }
        if all.enter >= all.exit {
            return None;
        }
    }
    Some(all)
}

/// A convex body, possibly hollowed out by another that reaches through its surface.
pub struct Solid<Material> {
    pub bounds: Vec<Bound>,
    pub hollow: Vec<Bound>,
    pub material: Material,
}

/// Solids that stand together, in coordinates of their own, inside one ball for quick rejection.
pub struct Group<Material> {
    /// Where the group's own origin stands.
    pub place: Vec3,
    /// How far the group is turned about the upright axis.
    pub angle: f32,
    /// The middle of the enclosing ball above `place`, and its radius.
    pub middle: f32,
    pub reach: f32,
    pub solids: Vec<Solid<Material>>,
}

/// The nearest surface along a ray.
pub struct Hit<'a, Material> {
    pub distance: f32,
    /// Point and outward normal in the coordinates of the group.
    pub local: Vec3,
    pub local_normal: Vec3,
    /// How far the group is turned.
    pub angle: f32,
    pub material: &'a Material,
}

/// The nearest solid that a ray meets between `near` and `far`.
pub fn nearest<M>(groups: &[Group<M>], ray: Ray, near: f32, far: f32) -> Option<Hit<'_, M>> {
    search(groups, ray, near, far, false)
}

/// Whether a ray meets any solid between `near` and `far`.
pub fn blocked<M>(groups: &[Group<M>], ray: Ray, near: f32, far: f32) -> bool {
    search(groups, ray, near, far, true).is_some()
}

/// The nearest solid along a ray, or with `first` whichever is found first.
fn search<M>(groups: &[Group<M>], ray: Ray, near: f32, far: f32, first: bool) -> Option<Hit<'_, M>> {
    let mut best: Option<(f32, Vec3, &Group<M>, &M)> = None;
    let mut limit = far;
    'groups: for group in groups {
        let offset = ray.origin - group.place - Vec3 { x: 0.0, y: group.middle, z: 0.0 };
        let along = offset.dot(ray.direction);
        let spare = along * along - offset.dot(offset) + group.reach * group.reach;
        if spare <= 0.0 || -along - spare.sqrt() > limit || -along + spare.sqrt() < near {
            continue;
        }
        let local = Ray {
            origin: (ray.origin - group.place).turned(-group.angle),
            direction: ray.direction.turned(-group.angle),
        };
        for solid in &group.solids {
            let Some(outer) = common(&solid.bounds, local) else { continue };
            let (mut distance, mut normal) = (outer.enter, outer.enter_normal);
            if !solid.hollow.is_empty()
                && let Some(inner) = common(&solid.hollow, local)
                && inner.enter <= distance + 1e-3
                && inner.exit > distance
            {
                if inner.exit >= outer.exit {
                    continue;
                }
                (distance, normal) = (inner.exit, -inner.exit_normal);
            }
            if distance > near && distance < limit {
                limit = distance;
                best = Some((distance, normal, group, &solid.material));
                if first {
                    break 'groups;
                }
            }
        }
    }
    best.map(|(distance, normal, group, material)| Hit {
        distance,
        local: (ray.at(distance) - group.place).turned(-group.angle),
        local_normal: normal,
        angle: group.angle,
        material,
    })
}

/// The bounds of a box between two opposite corners.
pub fn cuboid(low: Vec3, high: Vec3) -> Vec<Bound> {
    use crate::vector::vec3;
    let half = |normal, offset| Bound::Half { normal, offset };
    vec![
        half(vec3(1.0, 0.0, 0.0), high.x),
        half(vec3(-1.0, 0.0, 0.0), -low.x),
        half(vec3(0.0, 1.0, 0.0), high.y),
        half(vec3(0.0, -1.0, 0.0), -low.y),
        half(vec3(0.0, 0.0, 1.0), high.z),
        half(vec3(0.0, 0.0, -1.0), -low.z),
    ]
}

/// The bounds of a rod with flat ends.
pub fn rod(from: Vec3, to: Vec3, radius: f32) -> Vec<Bound> {
    let axis = (to - from).unit();
    vec![
        Bound::Round { point: from, axis, radius },
        Bound::Half { normal: axis, offset: to.dot(axis) },
        Bound::Half { normal: -axis, offset: -from.dot(axis) },
    ]
}
