// The gradient that a loss gives to a map F, position by position: a difference w_p scale (F_p - T_p), the same column
// w_p c everywhere, a given map times a factor, or nothing.

struct Parameters {
    elements: u32,
    blocks: u32,
    kind: u32,
    scale: f32,
    is_weighted: u32,
    adds: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
// T, c or the given map.
@group(0) @binding(1) var<storage, read> other: array<vec4f>;
@group(0) @binding(2) var<storage, read> position_weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;

const DIFFERENCE = 0u;
const COLUMN = 1u;
const GIVEN = 2u;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.elements {
        return;
    }
    var value = vec4f(0.0);
    if p.kind == DIFFERENCE {
        value = p.scale * (map[index] - other[index]);
    } else if p.kind == COLUMN {
        value = other[index % p.blocks];
    } else if p.kind == GIVEN {
        value = p.scale * other[index];
    }
    if p.is_weighted == 1u {
        // A position of weight 0 counts for nothing even where the map is not finite.
        let weight = position_weights[index / p.blocks];
        value = select(weight * value, vec4f(0.0), weight == 0.0);
    }
    if p.adds == 1u {
        gradient[index] += value;
    } else {
        gradient[index] = value;
    }
}
