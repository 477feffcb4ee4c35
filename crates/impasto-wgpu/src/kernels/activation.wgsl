// What becomes of 4x4 results of a convolution: kept as they are, rectified, pooled, and a bit for each where the
// gradient passes on the way back. Needs the immediates `p` with `height`, `width`, `blocks`, `columns`, `flags` and
// `pool_scale`.

const KEEPS_CONVOLVED = 1u;
const KEEPS_MAP = 2u;
const POOLS_MAXIMUM = 4u;
const POOLS_AVERAGE = 8u;

@group(0) @binding(0) var<storage, read_write> convolved: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> map: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> mask: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> pooled: array<vec4f>;

// Not max(), which may turn a value that is no number into 0 and hide it.
fn rectified(line: Four) -> Four {
    let zero = vec4f(0.0);
    return Four(
        select(line.a, zero, line.a <= zero),
        select(line.b, zero, line.b <= zero),
        select(line.c, zero, line.c <= zero),
        select(line.d, zero, line.d <= zero),
    );
}

fn keep_convolved(y: u32, x: u32, block: u32, line: Four) {
    if y >= p.height {
        return;
    }
    let first = (y * p.width + x) * p.blocks + block;
    convolved[first] = line.a;
    if x + 1u < p.width {
        convolved[first + p.blocks] = line.b;
    }
    if x + 2u < p.width {
        convolved[first + 2u * p.blocks] = line.c;
    }
    if x + 3u < p.width {
        convolved[first + 3u * p.blocks] = line.d;
    }
}

fn keep_map(y: u32, x: u32, block: u32, line: Four) {
    if y >= p.height {
        return;
    }
    let first = (y * p.width + x) * p.blocks + block;
    map[first] = line.a;
    if x + 1u < p.width {
        map[first + p.blocks] = line.b;
    }
    if x + 2u < p.width {
        map[first + 2u * p.blocks] = line.c;
    }
    if x + 3u < p.width {
        map[first + 3u * p.blocks] = line.d;
    }
}

fn bit(value: vec4f, place: u32) -> vec4u {
    return select(vec4u(0u), vec4u(1u << place), value > vec4f(0.0));
}

fn bits_of_row(line: Four, first: u32) -> vec4u {
    return bit(line.a, first) | bit(line.b, first + 1u) | bit(line.c, first + 2u) | bit(line.d, first + 3u);
}

// A value beats the largest so far if it is larger, or no number: such values stay.
fn beats(value: vec4f, largest: vec4f) -> vec4<bool> {
    return (value > largest) | (value != value);
}

// Pools one 2x2 window whose first value has bit `place`. Returns the bits where the gradient passes: of the first of
// the largest values, or of all that are positive.
fn pool(y: u32, x: u32, block: u32, place: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) -> vec4u {
    if y / 2u >= p.height / 2u || x / 2u >= p.width / 2u {
        return vec4u(0u);
    }
    let to = (y / 2u * (p.width / 2u) + x / 2u) * p.blocks + block;
    if (p.flags & POOLS_AVERAGE) != 0u {
        pooled[to] = p.pool_scale * (a + b + c + d);
        return bit(a, place) | bit(b, place + 1u) | bit(c, place + 4u) | bit(d, place + 5u);
    }
    var largest = a;
    var at = vec4u(place);
    at = select(at, vec4u(place + 1u), beats(b, largest));
    largest = select(largest, b, beats(b, largest));
    at = select(at, vec4u(place + 4u), beats(c, largest));
    largest = select(largest, c, beats(c, largest));
    at = select(at, vec4u(place + 5u), beats(d, largest));
    largest = select(largest, d, beats(d, largest));
    pooled[to] = largest;
    return select(vec4u(0u), vec4u(1u) << at, largest > vec4f(0.0));
}

fn finish(tile: u32, block: u32, before: Tile) {
    let y = tile / p.columns * 4u;
    let x = tile % p.columns * 4u;
    if (p.flags & KEEPS_CONVOLVED) != 0u {
        keep_convolved(y, x, block, before.a);
        keep_convolved(y + 1u, x, block, before.b);
        keep_convolved(y + 2u, x, block, before.c);
        keep_convolved(y + 3u, x, block, before.d);
    }
    let a = rectified(before.a);
    let b = rectified(before.b);
    let c = rectified(before.c);
    let d = rectified(before.d);
    if (p.flags & KEEPS_MAP) != 0u {
        keep_map(y, x, block, a);
        keep_map(y + 1u, x, block, b);
        keep_map(y + 2u, x, block, c);
        keep_map(y + 3u, x, block, d);
    }
    var bits: vec4u;
    if (p.flags & (POOLS_MAXIMUM | POOLS_AVERAGE)) != 0u {
        bits = pool(y, x, block, 0u, a.a, a.b, b.a, b.b);
        bits |= pool(y, x + 2u, block, 2u, a.c, a.d, b.c, b.d);
        bits |= pool(y + 2u, x, block, 8u, c.a, c.b, d.a, d.b);
        bits |= pool(y + 2u, x + 2u, block, 10u, c.c, c.d, d.c, d.d);
    } else {
        bits = bits_of_row(a, 0u) | bits_of_row(b, 4u) | bits_of_row(c, 8u) | bits_of_row(d, 12u);
    }
    mask[tile * p.blocks + block] = vec2u(bits.x | (bits.y << 16u), bits.z | (bits.w << 16u));
}
