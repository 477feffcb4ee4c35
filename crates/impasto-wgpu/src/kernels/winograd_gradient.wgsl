// Y = A^T M A of some tiles: the gradient by the input of a convolution, written to a map or added to it.

struct Parameters {
    height: u32,
    width: u32,
    blocks: u32,
    columns: u32,
    first_tile: u32,
    tiles: u32,
    place: u32,
    // 1 to add to what is there.
    adds: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> products: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> gradient: array<vec4f>;

fn put(y: u32, x: u32, block: u32, value: vec4f) {
    if y >= p.height || x >= p.width {
        return;
    }
    let at = (y * p.width + x) * p.blocks + block;
    if p.adds == 1u {
        gradient[at] += value;
    } else {
        gradient[at] = value;
    }
}

fn put_row(y: u32, x: u32, block: u32, line: Four) {
    put(y, x, block, line.a);
    put(y, x + 1u, block, line.b);
    put(y, x + 2u, block, line.c);
    put(y, x + 3u, block, line.d);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.tiles * p.blocks {
        return;
    }
    let block = index % p.blocks;
    let tile = p.first_tile + index / p.blocks;
    let y = tile / p.columns * 4u;
    let x = tile % p.columns * 4u;
    let result = tile_of_products(index);
    put_row(y, x, block, result.a);
    put_row(y + 1u, x, block, result.b);
    put_row(y + 2u, x, block, result.c);
    put_row(y + 3u, x, block, result.d);
}
