// Sums over the elements of a map, one for each workgroup: of w_p |F_p|^2, of w_p |F_p - T_p|^2, or of |F_p|.

struct Parameters {
    elements: u32,
    blocks: u32,
    kind: u32,
    is_weighted: u32,
    // Where the sums begin in the results, in f32.
    first: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
@group(0) @binding(1) var<storage, read> other: array<vec4f>;
@group(0) @binding(2) var<storage, read> position_weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> results: array<f32>;

const SQUARES = 0u;
const SQUARED_DIFFERENCES = 1u;

// Elements that an invocation sums, in blocks.
const RUN = 16u;

var<workgroup> sums: array<f32, 256>;

fn term(index: u32) -> f32 {
    if index >= p.elements {
        return 0.0;
    }
    var weight = 1.0;
    if p.is_weighted == 1u {
        weight = position_weights[index / p.blocks];
        // Counts for nothing even where the map is not finite.
        if weight == 0.0 {
            return 0.0;
        }
    }
    let value = map[index];
    if p.kind == SQUARES {
        return weight * dot(value, value);
    }
    if p.kind == SQUARED_DIFFERENCES {
        let difference = value - other[index];
        return weight * dot(difference, difference);
    }
    return weight * dot(abs(value), vec4f(1.0));
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) invocation: u32,
) {
    let number = group.y * WORKGROUPS_A_SIDE + group.x;
    let first = number * 256u * RUN + invocation;
    var sum = 0.0;
    for (var i = 0u; i < RUN; i++) {
        sum += term(first + i * 256u);
    }
    sums[invocation] = sum;
    for (var half = 128u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if invocation < half {
            sums[invocation] += sums[invocation + half];
        }
    }
    if invocation == 0u && number * 256u * RUN < p.elements {
        results[p.first + number] = sums[0];
    }
}
