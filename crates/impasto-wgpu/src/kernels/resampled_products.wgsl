// The inner products <X_p, T_p> and <X_p, X_p> of each position p of the resampled map X.

struct Parameters {
    width: u32,
    to_width: u32,
    positions: u32,
    blocks: u32,
    // Where the products begin in the results, in f32.
    first: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
@group(0) @binding(1) var<storage, read> rows: array<Tap>;
@group(0) @binding(2) var<storage, read> columns: array<Tap>;
@group(0) @binding(3) var<storage, read> targets: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> results: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let position = folded(invocation, 64u);
    if position >= p.positions {
        return;
    }
    var with_target = 0.0;
    var with_itself = 0.0;
    for (var block = 0u; block < p.blocks; block++) {
        let value = resampled_at(position, block);
        with_target += dot(value, targets[position * p.blocks + block]);
        with_itself += dot(value, value);
    }
    results[p.first + 2u * position] = with_target;
    results[p.first + 2u * position + 1u] = with_itself;
}
