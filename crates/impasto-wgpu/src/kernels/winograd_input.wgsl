// V = B^T d B of some tiles, [36 places, tiles, channels]: the tiles d of a map, or of a gradient as it lies in memory.

struct Parameters {
    height: u32,
    width: u32,
    blocks: u32,
    // How positions beyond the border are read.
    padding: u32,
    // Tiles in a row of the output.
    columns: u32,
    first_tile: u32,
    tiles: u32,
    // Blocks from one place to the next.
    place: u32,
    // Positions from the corner of the output to position 0 of the source: 1, or 2 for an output with a border.
    before: u32,
    kind: u32,
    scale: f32,
    mask_columns: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> source: array<vec4f>;
@group(0) @binding(1) var<storage, read> mask: array<vec2u>;
@group(0) @binding(2) var<storage, read_write> transformed: array<vec4f>;

fn column(y: i32, x: i32, block: u32) -> Six {
    let height = i32(p.height);
    let column = padded(x, i32(p.width), p.padding);
    return transformed_input(Six(
        source_at(padded(y, height, p.padding), column, block),
        source_at(padded(y + 1, height, p.padding), column, block),
        source_at(padded(y + 2, height, p.padding), column, block),
        source_at(padded(y + 3, height, p.padding), column, block),
        source_at(padded(y + 4, height, p.padding), column, block),
        source_at(padded(y + 5, height, p.padding), column, block),
    ));
}

fn store_row(row: u32, index: u32, line: Six) {
    let first = row * 6u * p.place + index;
    transformed[first] = line.a;
    transformed[first + p.place] = line.b;
    transformed[first + 2u * p.place] = line.c;
    transformed[first + 3u * p.place] = line.d;
    transformed[first + 4u * p.place] = line.e;
    transformed[first + 5u * p.place] = line.f;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.tiles * p.blocks {
        return;
    }
    let block = index % p.blocks;
    let tile = p.first_tile + index / p.blocks;
    let y = i32(tile / p.columns * 4u) - i32(p.before);
    let x = i32(tile % p.columns * 4u) - i32(p.before);
    let a = column(y, x, block);
    let b = column(y, x + 1, block);
    let c = column(y, x + 2, block);
    let d = column(y, x + 3, block);
    let e = column(y, x + 4, block);
    let f = column(y, x + 5, block);
    store_row(0u, index, transformed_input(Six(a.a, b.a, c.a, d.a, e.a, f.a)));
    store_row(1u, index, transformed_input(Six(a.b, b.b, c.b, d.b, e.b, f.b)));
    store_row(2u, index, transformed_input(Six(a.c, b.c, c.c, d.c, e.c, f.c)));
    store_row(3u, index, transformed_input(Six(a.d, b.d, c.d, d.d, e.d, f.d)));
    store_row(4u, index, transformed_input(Six(a.e, b.e, c.e, d.e, e.e, f.e)));
    store_row(5u, index, transformed_input(Six(a.f, b.f, c.f, d.f, e.f, f.f)));
}
