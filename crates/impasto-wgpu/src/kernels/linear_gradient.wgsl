// The gradient w_p (matrix F_p) at each position p of a map F: that of a function of the Gram matrix.

struct Parameters {
    // Of the map, and the first of this dispatch.
    positions: u32,
    first_position: u32,
    // Blocks of channels of F, and of a row of the matrix, a multiple of 16.
    term_blocks: u32,
    matrix_blocks: u32,
    is_weighted: u32,
    adds: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
// Symmetric.
@group(0) @binding(1) var<storage, read> matrix: array<vec4f>;
@group(0) @binding(2) var<storage, read> position_weights: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;

fn left_at(_place: u32, row: u32, block: u32) -> vec4f {
    return map[min(p.first_position + row, p.positions - 1u) * p.term_blocks + block];
}

fn right_at(_place: u32, channel: u32, block: u32) -> vec4f {
    return matrix[channel * p.matrix_blocks + block];
}

fn put(_place: u32, row: u32, block: u32, value: vec4f) {
    let position = p.first_position + row;
    if position >= p.positions || block >= p.term_blocks {
        return;
    }
    let at = position * p.term_blocks + block;
    var result = value;
    if p.is_weighted == 1u {
        // A position of weight 0 counts for nothing even where the map is not finite.
        let weight = position_weights[position];
        result = select(weight * value, vec4f(0.0), weight == 0.0);
    }
    if p.adds == 1u {
        gradient[at] += result;
    } else {
        gradient[at] = result;
    }
}
