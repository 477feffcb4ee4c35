// U = G g G^T of all kernels g of a convolution: [36 places, inputs, outputs], outputs in blocks of four.
// For the way back kernels are turned half round, and inputs and outputs change places.

struct Parameters {
    // Of the result; both beyond the kernels' where they are padded with zeros.
    inputs: u32,
    output_blocks: u32,
    // Of the kernels, [outputs, inputs, 3, 3].
    kernel_outputs: u32,
    kernel_inputs: u32,
    // 1 for the way back.
    turned: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> kernels: array<f32>;
@group(0) @binding(1) var<storage, read_write> transformed: array<vec4f>;

fn weight(input: u32, output: u32, tap: u32) -> f32 {
    if p.turned == 1u {
        if input >= p.kernel_outputs || output >= p.kernel_inputs {
            return 0.0;
        }
        return kernels[(input * p.kernel_inputs + output) * 9u + 8u - tap];
    }
    if output >= p.kernel_outputs || input >= p.kernel_inputs {
        return 0.0;
    }
    return kernels[(output * p.kernel_inputs + input) * 9u + tap];
}

fn weights(input: u32, block: u32, tap: u32) -> vec4f {
    let first = 4u * block;
    return vec4f(
        weight(input, first, tap),
        weight(input, first + 1u, tap),
        weight(input, first + 2u, tap),
        weight(input, first + 3u, tap),
    );
}

fn store_row(row: u32, index: u32, line: Six) {
    let place = p.inputs * p.output_blocks;
    let first = row * 6u * place + index;
    transformed[first] = line.a;
    transformed[first + place] = line.b;
    transformed[first + 2u * place] = line.c;
    transformed[first + 3u * place] = line.d;
    transformed[first + 4u * place] = line.e;
    transformed[first + 5u * place] = line.f;
}

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.inputs * p.output_blocks {
        return;
    }
    let block = index % p.output_blocks;
    let input = index / p.output_blocks;
    let left = transformed_weight(weights(input, block, 0u), weights(input, block, 3u), weights(input, block, 6u));
    let middle = transformed_weight(weights(input, block, 1u), weights(input, block, 4u), weights(input, block, 7u));
    let right = transformed_weight(weights(input, block, 2u), weights(input, block, 5u), weights(input, block, 8u));
    store_row(0u, index, transformed_weight(left.a, middle.a, right.a));
    store_row(1u, index, transformed_weight(left.b, middle.b, right.b));
    store_row(2u, index, transformed_weight(left.c, middle.c, right.c));
    store_row(3u, index, transformed_weight(left.d, middle.d, right.d));
    store_row(4u, index, transformed_weight(left.e, middle.e, right.e));
    store_row(5u, index, transformed_weight(left.f, middle.f, right.f));
}
