// Adds the gradient that comes from above a convolution, as it lies in memory, to that which losses give to its map. If
// told so, the latter first passes the map's own ReLU.

struct Parameters {
    height: u32,
    width: u32,
    blocks: u32,
    kind: u32,
    scale: f32,
    mask_columns: u32,
    // 1 if the gradient is one by the values after the ReLU.
    is_rectified: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read> mask: array<vec2u>;
@group(0) @binding(2) var<storage, read> map: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.height * p.width * p.blocks {
        return;
    }
    let block = index % p.blocks;
    let position = index / p.blocks;
    var value = gradient[index];
    if p.is_rectified == 1u {
        value = select(vec4f(0.0), value, map[index] > vec4f(0.0));
    }
    gradient[index] = value + source_at(i32(position / p.width), i32(position % p.width), block);
}
