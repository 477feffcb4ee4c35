// The first convolution, from the three planes of a picture, then the ReLU and what comes after it: see activation.wgsl.
// The network's input is factor * picture + offset; beyond the border it is 0, or the padding reads another position.

struct Parameters {
    height: u32,
    width: u32,
    blocks: u32,
    columns: u32,
    tiles: u32,
    padding: u32,
    flags: u32,
    pool_scale: f32,
    // Of the network's three channels: the plane of the picture, the factor and the offset.
    planes: vec3u,
    factors: vec3f,
    offsets: vec3f,
}
var<immediate> p: Parameters;
@group(0) @binding(4) var<storage, read> picture: array<f32>;
// [3 planes, 9 taps, channels].
@group(0) @binding(5) var<storage, read> weights: array<vec4f>;
@group(0) @binding(6) var<storage, read> bias: array<vec4f>;

// The results of one row of a 4x4 tile.
struct Four {
    a: vec4f,
    b: vec4f,
    c: vec4f,
    d: vec4f,
}

struct Tile {
    a: Four,
    b: Four,
    c: Four,
    d: Four,
}

// Six values of a row of the input.
struct Line {
    left: vec3f,
    right: vec3f,
}

fn input_at(first: u32, factor: f32, offset: f32, row: i32, column: i32) -> f32 {
    let x = padded(column, i32(p.width), p.padding);
    if row < 0 || x < 0 {
        return 0.0;
    }
    return factor * picture[first + u32(row) * p.width + u32(x)] + offset;
}

fn line_at(plane: u32, y: i32, x: i32) -> Line {
    let row = padded(y, i32(p.height), p.padding);
    let first = p.planes[plane] * p.height * p.width;
    let factor = p.factors[plane];
    let offset = p.offsets[plane];
    return Line(
        vec3f(
            input_at(first, factor, offset, row, x),
            input_at(first, factor, offset, row, x + 1),
            input_at(first, factor, offset, row, x + 2),
        ),
        vec3f(
            input_at(first, factor, offset, row, x + 3),
            input_at(first, factor, offset, row, x + 4),
            input_at(first, factor, offset, row, x + 5),
        ),
    );
}

// Adds the products of a row of the input with a row of the kernels.
fn plus_row(sum: Four, line: Line, a: vec4f, b: vec4f, c: vec4f) -> Four {
    return Four(
        sum.a + line.left.x * a + line.left.y * b + line.left.z * c,
        sum.b + line.left.y * a + line.left.z * b + line.right.x * c,
        sum.c + line.left.z * a + line.right.x * b + line.right.y * c,
        sum.d + line.right.x * a + line.right.y * b + line.right.z * c,
    );
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.tiles * p.blocks {
        return;
    }
    let block = index % p.blocks;
    let tile = index / p.blocks;
    let y = i32(tile / p.columns * 4u) - 1;
    let x = i32(tile % p.columns * 4u) - 1;
    let b = bias[block];
    let line = Four(b, b, b, b);
    var sum = Tile(line, line, line, line);
    for (var plane = 0u; plane < 3u; plane++) {
        let l0 = line_at(plane, y, x);
        let l1 = line_at(plane, y + 1, x);
        let l2 = line_at(plane, y + 2, x);
        let l3 = line_at(plane, y + 3, x);
        let l4 = line_at(plane, y + 4, x);
        let l5 = line_at(plane, y + 5, x);
        for (var row = 0u; row < 3u; row++) {
            let tap = (plane * 9u + row * 3u) * p.blocks + block;
            let a = weights[tap];
            let b = weights[tap + p.blocks];
            let c = weights[tap + 2u * p.blocks];
            if row == 0u {
                sum = Tile(plus_row(sum.a, l0, a, b, c), plus_row(sum.b, l1, a, b, c), plus_row(sum.c, l2, a, b, c), plus_row(sum.d, l3, a, b, c));
            } else if row == 1u {
                sum = Tile(plus_row(sum.a, l1, a, b, c), plus_row(sum.b, l2, a, b, c), plus_row(sum.c, l3, a, b, c), plus_row(sum.d, l4, a, b, c));
            } else {
                sum = Tile(plus_row(sum.a, l2, a, b, c), plus_row(sum.b, l3, a, b, c), plus_row(sum.c, l4, a, b, c), plus_row(sum.d, l5, a, b, c));
            }
        }
    }
    finish(tile, block, sum);
}
