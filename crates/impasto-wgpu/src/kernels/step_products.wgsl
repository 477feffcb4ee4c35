// Inner products of three vectors with stored ones, four stored vectors and one chunk of elements for each workgroup:
// results[chunk][group of four][query] = sum over the chunk of query * stored.

struct Parameters {
    // Blocks of four elements in a vector.
    blocks: u32,
    // Vectors that are stored.
    vectors: u32,
    // Blocks that a workgroup sums.
    chunk: u32,
    // Where the results begin, in blocks of four, and how many groups of four all stored vectors make.
    first: u32,
    groups: u32,
}
var<immediate> p: Parameters;
// [vectors][blocks]
@group(0) @binding(0) var<storage, read> stored: array<vec4f>;
// [3][blocks]
@group(0) @binding(1) var<storage, read> queries: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> results: array<vec4f>;

// Of each query.
var<workgroup> sums: array<array<vec4f, 256>, 3>;

// The products of a block of a query with those of four stored vectors.
fn products(query: vec4f, of_stored: mat4x4f) -> vec4f {
    return query * of_stored;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3u,
    @builtin(local_invocation_index) invocation: u32,
) {
    // A vector beyond the last is read in place of one that is not there; its sums are not used.
    let vector = min(4u * group.y + vec4u(0u, 1u, 2u, 3u), vec4u(p.vectors - 1u)) * p.blocks;
    var first = vec4f();
    var second = vec4f();
    var third = vec4f();
    let end = min((group.x + 1u) * p.chunk, p.blocks);
    for (var at = group.x * p.chunk + invocation; at < end; at += 256u) {
        let of_stored = mat4x4f(
            stored[vector.x + at],
            stored[vector.y + at],
            stored[vector.z + at],
            stored[vector.w + at],
        );
        first += products(queries[at], of_stored);
        second += products(queries[p.blocks + at], of_stored);
        third += products(queries[2u * p.blocks + at], of_stored);
    }
    sums[0][invocation] = first;
    sums[1][invocation] = second;
    sums[2][invocation] = third;
    for (var half = 128u; half > 0u; half /= 2u) {
        workgroupBarrier();
        if invocation < half {
            for (var query = 0u; query < 3u; query++) {
                sums[query][invocation] += sums[query][invocation + half];
            }
        }
    }
    if invocation < 3u {
        let place = p.first + 3u * (group.x * p.groups + group.y) + invocation;
        results[place] = sums[invocation][0];
    }
}
