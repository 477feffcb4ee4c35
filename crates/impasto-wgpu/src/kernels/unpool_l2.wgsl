// The gradient by the values of a map F, given that by its L2 pooling P: 0.78^2 F / P times the gradient of the window,
// added to what losses give to the map, where its ReLU has passed it on.

struct Parameters {
    height: u32,
    width: u32,
    blocks: u32,
    pool_scale: f32,
    // 1 to add to what is there.
    adds: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
@group(0) @binding(1) var<storage, read> pooled: array<vec4f>;
@group(0) @binding(2) var<storage, read> by_pooled: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.height * p.width * p.blocks {
        return;
    }
    let position = index / p.blocks;
    let y = position / p.width / 2u;
    let x = position % p.width / 2u;
    let value = map[index];
    var result = vec4f(0.0);
    if p.adds == 1u {
        result = select(vec4f(0.0), gradient[index], value > vec4f(0.0));
    }
    if y < p.height / 2u && x < p.width / 2u {
        let window = (y * (p.width / 2u) + x) * p.blocks + index % p.blocks;
        let norm = pooled[window];
        let share = select(vec4f(0.0), value / norm, norm > vec4f(0.0));
        result += p.pool_scale * p.pool_scale * share * by_pooled[window];
    }
    gradient[index] = result;
}
