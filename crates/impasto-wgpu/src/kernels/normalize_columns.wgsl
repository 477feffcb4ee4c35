// Columns that make a score the mean cosine: (F_p - mean) / (k |F_p - mean|), and beside them, in channels of their own,
// those of a guide. A column of zeros stays zero.

struct Parameters {
    positions: u32,
    // Blocks of a column of the source, and of the result.
    blocks: u32,
    to_blocks: u32,
    // Block of the result where the source's channels begin, and position.
    first_block: u32,
    first_position: u32,
    // 1/k, for a guide times the root of its weight.
    length: f32,
    is_centered: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
@group(0) @binding(1) var<storage, read> mean: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> normalized: array<vec4f>;

const SMALLEST_NORM = 1e-30;

fn centered(position: u32, block: u32) -> vec4f {
    let value = map[position * p.blocks + block];
    if p.is_centered == 1u {
        return value - mean[block];
    }
    return value;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let position = folded(invocation, 64u);
    if position >= p.positions {
        return;
    }
    var largest = 0.0;
    for (var block = 0u; block < p.blocks; block++) {
        let value = abs(centered(position, block));
        largest = max(largest, max(max(value.x, value.y), max(value.z, value.w)));
    }
    // Scaled, so that no square leaves the range of numbers.
    let inverse = select(0.0, 1.0 / largest, largest > SMALLEST_NORM);
    var sum = 0.0;
    for (var block = 0u; block < p.blocks; block++) {
        let value = inverse * centered(position, block);
        sum += dot(value, value);
    }
    let factor = select(0.0, p.length / sqrt(sum), sum > 0.0);
    let first = (p.first_position + position) * p.to_blocks + p.first_block;
    for (var block = 0u; block < p.blocks; block++) {
        normalized[first + block] = factor * (inverse * centered(position, block));
    }
}
