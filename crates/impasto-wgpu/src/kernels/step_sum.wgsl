// direction += sum over stored vectors of coefficient * vector, in their order.

struct Parameters {
    // Blocks of four elements in a vector.
    blocks: u32,
    // The first stored vector, and how many.
    first: u32,
    vectors: u32,
    // Where their coefficients begin.
    coefficient: u32,
}
var<immediate> p: Parameters;
// [vectors][blocks]
@group(0) @binding(0) var<storage, read> stored: array<vec4f>;
@group(0) @binding(1) var<storage, read> coefficients: array<f32>;
@group(0) @binding(2) var<storage, read_write> direction: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let at = folded(invocation, 64u);
    if at >= p.blocks {
        return;
    }
    var sum = direction[at];
    for (var vector = 0u; vector < p.vectors; vector++) {
        sum = fma(vec4f(coefficients[p.coefficient + vector]), stored[(p.first + vector) * p.blocks + at], sum);
    }
    direction[at] = sum;
}
