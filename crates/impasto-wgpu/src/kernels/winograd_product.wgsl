// M = V U at each of the 36 places: V [tiles, inputs] times U [inputs, outputs].
// There is room for a multiple of 64 tiles; what stands in those that are none does not matter.

struct Parameters {
    // Blocks of inputs.
    term_blocks: u32,
    // Blocks of outputs of U, a multiple of 16, and of M.
    weight_blocks: u32,
    output_blocks: u32,
    // Blocks from one place to the next in V, U and M.
    input_place: u32,
    weight_place: u32,
    output_place: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> inputs: array<vec4f>;
@group(0) @binding(1) var<storage, read> weights: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> products: array<vec4f>;

fn left_at(place: u32, tile: u32, term: u32) -> vec4f {
    return inputs[place * p.input_place + tile * p.term_blocks + term];
}

fn right_at(place: u32, input: u32, block: u32) -> vec4f {
    return weights[place * p.weight_place + input * p.weight_blocks + block];
}

fn put(place: u32, tile: u32, block: u32, value: vec4f) {
    if block < p.output_blocks {
        products[place * p.output_place + tile * p.output_blocks + block] = value;
    }
}
