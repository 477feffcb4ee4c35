// The gradient by the output of a convolution, as it lies in memory. Needs `source`, `mask` and the immediates `p`
// with `height`, `width`, `blocks`, `kind`, `scale` and `mask_columns`.

const PLAIN = 0u;
const MASKED = 1u;

// Ones where a bit of the mask is set: for 4x4 positions and four channels there are four times 16 bits.
fn passes(y: u32, x: u32, block: u32) -> vec4f {
    let bits = mask[((y / 4u) * p.mask_columns + x / 4u) * p.blocks + block];
    let bit = (y % 4u) * 4u + x % 4u;
    return vec4f((vec4u(bits.x, bits.x >> 16u, bits.y, bits.y >> 16u) >> vec4u(bit)) & vec4u(1u));
}

// The gradient at a position of the convolution's output. Plain: as it is. Masked: where the ReLU has passed the value
// on. Unpooled: the gradient by the 2x2 window where the window has read the value, times a factor.
fn source_at(y: i32, x: i32, block: u32) -> vec4f {
    if y < 0 || x < 0 {
        return vec4f(0.0);
    }
    let row = u32(y);
    let column = u32(x);
    if p.kind == PLAIN {
        return source[(row * p.width + column) * p.blocks + block];
    }
    if p.kind == MASKED {
        return source[(row * p.width + column) * p.blocks + block] * passes(row, column, block);
    }
    if row / 2u >= p.height / 2u || column / 2u >= p.width / 2u {
        return vec4f(0.0);
    }
    let window = source[(row / 2u * (p.width / 2u) + column / 2u) * p.blocks + block];
    return p.scale * window * passes(row, column, block);
}
