// Sums of w_p F_p over the positions p of each chunk: [chunks, channels].

struct Parameters {
    positions: u32,
    blocks: u32,
    chunk: u32,
    chunks: u32,
    is_weighted: u32,
    // Where the sums begin in the results, in f32.
    first: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
@group(0) @binding(1) var<storage, read> position_weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> results: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.chunks * p.blocks {
        return;
    }
    let block = index % p.blocks;
    let start = index / p.blocks * p.chunk;
    let end = min(start + p.chunk, p.positions);
    var sum = vec4f(0.0);
    for (var position = start; position < end; position++) {
        let value = map[position * p.blocks + block];
        if p.is_weighted == 1u {
            let weight = position_weights[position];
            sum += select(weight * value, vec4f(0.0), weight == 0.0);
        } else {
            sum += value;
        }
    }
    results[p.first / 4u + index] = sum;
}
