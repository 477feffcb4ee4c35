// The adjoint of a resampling: every position of the source gathers, from the gradient by the result, what has read it.

struct Parameters {
    width: u32,
    to_width: u32,
    elements: u32,
    blocks: u32,
    scale: f32,
    adds: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> by_resampled: array<vec4f>;
// Of each row and column of the source, where its readers begin.
@group(0) @binding(1) var<storage, read> row_starts: array<u32>;
@group(0) @binding(2) var<storage, read> row_readers: array<Reader>;
@group(0) @binding(3) var<storage, read> column_starts: array<u32>;
@group(0) @binding(4) var<storage, read> column_readers: array<Reader>;
@group(0) @binding(5) var<storage, read_write> gradient: array<vec4f>;

// A row or column of the result, and its share.
struct Reader {
    at: u32,
    share: f32,
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.elements {
        return;
    }
    let block = index % p.blocks;
    let position = index / p.blocks;
    let row = position / p.width;
    let column = position % p.width;
    var sum = vec4f(0.0);
    for (var i = row_starts[row]; i < row_starts[row + 1u]; i++) {
        let in_row = row_readers[i];
        for (var j = column_starts[column]; j < column_starts[column + 1u]; j++) {
            let in_column = column_readers[j];
            let share = in_row.share * in_column.share;
            sum += share * by_resampled[(in_row.at * p.to_width + in_column.at) * p.blocks + block];
        }
    }
    if p.adds == 1u {
        gradient[index] += p.scale * sum;
    } else {
        gradient[index] = p.scale * sum;
    }
}
