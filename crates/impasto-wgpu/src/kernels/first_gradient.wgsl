// The gradient by the picture: the adjoint of the first convolution and of factor * picture + offset.

struct Parameters {
    height: u32,
    width: u32,
    blocks: u32,
    padding: u32,
    kind: u32,
    scale: f32,
    mask_columns: u32,
    planes: vec3u,
    factors: vec3f,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read> mask: array<vec2u>;
// [3 planes, 9 taps, channels].
@group(0) @binding(2) var<storage, read> weights: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

// The gradient by the three channels of the padded input at a position, possibly one beyond the border.
fn at_input(y: i32, x: i32) -> vec3f {
    var sum = vec3f(0.0);
    for (var tap = 0u; tap < 9u; tap++) {
        let row = y + 1 - i32(tap / 3u);
        let column = x + 1 - i32(tap % 3u);
        if row < 0 || row >= i32(p.height) || column < 0 || column >= i32(p.width) {
            continue;
        }
        for (var block = 0u; block < p.blocks; block++) {
            let value = source_at(row, column, block);
            let first = tap * p.blocks + block;
            sum += vec3f(
                dot(value, weights[first]),
                dot(value, weights[first + 9u * p.blocks]),
                dot(value, weights[first + 18u * p.blocks]),
            );
        }
    }
    return sum;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    let positions = p.height * p.width;
    if index >= positions {
        return;
    }
    let y = i32(index / p.width);
    let x = i32(index % p.width);
    var sum = vec3f(0.0);
    for (var i = 0u; i < 3u; i++) {
        let row = reader(y, i, i32(p.height), p.padding);
        for (var j = 0u; j < 3u; j++) {
            let column = reader(x, j, i32(p.width), p.padding);
            if row != NO_READER && column != NO_READER {
                sum += at_input(row, column);
            }
        }
    }
    gradient[p.planes.x * positions + index] = p.factors.x * sum.x;
    gradient[p.planes.y * positions + index] = p.factors.y * sum.y;
    gradient[p.planes.z * positions + index] = p.factors.z * sum.z;
}
