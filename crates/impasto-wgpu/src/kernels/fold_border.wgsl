// The adjoint of reading a map with a border of one replicated position: every position of the extended gradient
// [height + 2, width + 2] is added to the position that it was read from.

struct Parameters {
    height: u32,
    width: u32,
    blocks: u32,
    padding: u32,
    adds: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> extended: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.height * p.width * p.blocks {
        return;
    }
    let block = index % p.blocks;
    let position = index / p.blocks;
    let y = i32(position / p.width);
    let x = i32(position % p.width);
    var sum = vec4f(0.0);
    for (var i = 0u; i < 3u; i++) {
        let row = reader(y, i, i32(p.height), p.padding);
        for (var j = 0u; j < 3u; j++) {
            let column = reader(x, j, i32(p.width), p.padding);
            if row != NO_READER && column != NO_READER {
                sum += extended[(u32(row + 1) * (p.width + 2u) + u32(column + 1)) * p.blocks + block];
            }
        }
    }
    if p.adds == 1u {
        gradient[index] += sum;
    } else {
        gradient[index] = sum;
    }
}
