// Parts of the Gram matrix: the sum of w_p F_p F_p^T over the positions p of each chunk, [chunks, channels, channels].
// Only blocks of 64x64 on and above the diagonal are written.

struct Parameters {
    positions: u32,
    blocks: u32,
    // Positions of a chunk.
    chunk: u32,
    is_weighted: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
@group(0) @binding(1) var<storage, read> position_weights: array<f32>;
@group(0) @binding(2) var<storage, read_write> parts: array<vec4f>;

fn at(position: u32, end: u32, block: u32) -> vec4f {
    if position >= end || block >= p.blocks {
        return vec4f(0.0);
    }
    return map[position * p.blocks + block];
}

fn weighted_at(position: u32, end: u32, block: u32) -> vec4f {
    let value = at(position, end, block);
    if p.is_weighted == 0u || position >= end {
        return value;
    }
    let weight = position_weights[position];
    return select(weight * value, vec4f(0.0), weight == 0.0);
}

// Positions of weight 0 count for nothing even where the map is not finite.
fn counted_at(position: u32, end: u32, block: u32) -> vec4f {
    if p.is_weighted == 1u && position < end && position_weights[position] == 0.0 {
        return vec4f(0.0);
    }
    return at(position, end, block);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
    if group.y > group.x {
        return;
    }
    let start = group.z * p.chunk;
    let end = min(start + p.chunk, p.positions);
    let block = invocation % 16u;
    let row_block = group.y * 16u + block;
    let column_block = group.x * 16u + block;
    var sum = Sums(no_rows(), no_rows());
    for (var first = start; first < end; first += 16u) {
        let position = first + invocation / 16u;
        workgroupBarrier();
        left_tile[invocation] = weighted_at(position, end, row_block);
        left_tile[invocation + 64u] = weighted_at(position + 4u, end, row_block);
        left_tile[invocation + 128u] = weighted_at(position + 8u, end, row_block);
        left_tile[invocation + 192u] = weighted_at(position + 12u, end, row_block);
        right_tile[invocation] = counted_at(position, end, column_block);
        right_tile[invocation + 64u] = counted_at(position + 4u, end, column_block);
        right_tile[invocation + 128u] = counted_at(position + 8u, end, column_block);
        right_tile[invocation + 192u] = counted_at(position + 12u, end, column_block);
        workgroupBarrier();
        sum = plus_tile(sum, invocation);
    }
    let row = group.y * 64u + invocation / 8u * 4u;
    let column = group.x * 16u + invocation % 8u;
    put_rows(group.z, row, column, sum.near);
    put_rows(group.z, row, column + 8u, sum.far);
}

fn put(chunk: u32, row: u32, column: u32, value: vec4f) {
    if row < 4u * p.blocks && column < p.blocks {
        parts[(chunk * 4u * p.blocks + row) * p.blocks + column] = value;
    }
}
