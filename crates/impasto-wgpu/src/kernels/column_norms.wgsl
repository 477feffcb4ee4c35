// The sum of squares of the column at each position of a map.

struct Parameters {
    positions: u32,
    blocks: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> squares: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let position = folded(invocation, 64u);
    if position >= p.positions {
        return;
    }
    var sum = 0.0;
    for (var block = 0u; block < p.blocks; block++) {
        let value = map[position * p.blocks + block];
        sum += dot(value, value);
    }
    squares[position] = sum;
}
