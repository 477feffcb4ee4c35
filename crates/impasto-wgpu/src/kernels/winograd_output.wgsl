// Y = A^T M A + bias of some tiles, then the ReLU and what comes after it: see activation.wgsl.

struct Parameters {
    height: u32,
    width: u32,
    blocks: u32,
    columns: u32,
    first_tile: u32,
    tiles: u32,
    place: u32,
    flags: u32,
    pool_scale: f32,
}
var<immediate> p: Parameters;
@group(0) @binding(4) var<storage, read> products: array<vec4f>;
@group(0) @binding(5) var<storage, read> bias: array<vec4f>;

fn plus(line: Four, value: vec4f) -> Four {
    return Four(line.a + value, line.b + value, line.c + value, line.d + value);
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.tiles * p.blocks {
        return;
    }
    let block = index % p.blocks;
    let tile = tile_of_products(index);
    let b = bias[block];
    let shifted = Tile(plus(tile.a, b), plus(tile.b, b), plus(tile.c, b), plus(tile.d, b));
    finish(p.first_tile + index / p.blocks, block, shifted);
}
