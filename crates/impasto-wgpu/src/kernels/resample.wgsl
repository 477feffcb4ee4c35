// X = resampled F; or a_p T_p + b_p X_p, with a and b of each position p.

struct Parameters {
    width: u32,
    to_width: u32,
    positions: u32,
    blocks: u32,
    // 1 to blend with targets.
    blends: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
@group(0) @binding(1) var<storage, read> rows: array<Tap>;
@group(0) @binding(2) var<storage, read> columns: array<Tap>;
@group(0) @binding(3) var<storage, read> targets: array<vec4f>;
@group(0) @binding(4) var<storage, read> factors: array<vec2f>;
@group(0) @binding(5) var<storage, read_write> resampled: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.positions * p.blocks {
        return;
    }
    let position = index / p.blocks;
    let value = resampled_at(position, index % p.blocks);
    if p.blends == 1u {
        let factor = factors[position];
        resampled[index] = factor.x * targets[index] + factor.y * value;
    } else {
        resampled[index] = value;
    }
}
