// 0.78 times the root of the sum of squares of each 2x2 window (Crowson 2021). Odd last rows and columns are dropped.

struct Parameters {
    height: u32,
    width: u32,
    blocks: u32,
    pool_scale: f32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> pooled: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    let width = p.width / 2u;
    if index >= p.height / 2u * width * p.blocks {
        return;
    }
    let position = index / p.blocks;
    let first = (position / width * 2u * p.width + position % width * 2u) * p.blocks + index % p.blocks;
    let below = first + p.width * p.blocks;
    let a = map[first];
    let b = map[first + p.blocks];
    let c = map[below];
    let d = map[below + p.blocks];
    pooled[index] = p.pool_scale * sqrt(a * a + b * b + c * c + d * d);
}
