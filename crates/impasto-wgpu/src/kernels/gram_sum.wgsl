// The Gram matrix: the sum of its parts over all chunks, always in the same order. Of a pair of channels that lies in a
// block of 64x64 below the diagonal nothing is written.

struct Parameters {
    blocks: u32,
    chunks: u32,
    // Where the matrix begins in the results, in f32.
    first: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> parts: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> results: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    let elements = 4u * p.blocks * p.blocks;
    if index >= elements || index / p.blocks / 64u > index % p.blocks / 16u {
        return;
    }
    // Few terms to a sum, so that little is lost by rounding.
    var total = vec4f(0.0);
    for (var chunk = 0u; chunk < p.chunks; chunk += 16u) {
        var sum = vec4f(0.0);
        for (var at = chunk; at < min(chunk + 16u, p.chunks); at++) {
            sum += parts[at * elements + index];
        }
        total += sum;
    }
    results[p.first / 4u + index] = total;
}
