// A workgroup of 8x8 invocations multiplies 64 rows by 64 columns, 16 terms at a time; each invocation keeps 8x8 sums.

// Terms k of the 64 rows, and of the 64 columns, in blocks of four: [16 terms, 16 blocks].
var<workgroup> left_tile: array<vec4f, 256>;
var<workgroup> right_tile: array<vec4f, 256>;

// Sums of eight rows and four columns: rows 4i to 4i + 3 of the tile, and 32 rows on.
struct Rows {
    a: vec4f,
    b: vec4f,
    c: vec4f,
    d: vec4f,
    e: vec4f,
    f: vec4f,
    g: vec4f,
    h: vec4f,
}

fn no_rows() -> Rows {
    let zero = vec4f(0.0);
    return Rows(zero, zero, zero, zero, zero, zero, zero, zero);
}

fn plus_outer(sum: Rows, low: vec4f, high: vec4f, right: vec4f) -> Rows {
    return Rows(
        sum.a + low.x * right,
        sum.b + low.y * right,
        sum.c + low.z * right,
        sum.d + low.w * right,
        sum.e + high.x * right,
        sum.f + high.y * right,
        sum.g + high.z * right,
        sum.h + high.w * right,
    );
}

// The sums of an invocation: of columns 4j to 4j + 3 of the tile, and 32 columns on.
struct Sums {
    near: Rows,
    far: Rows,
}

fn plus_term(sum: Sums, term: u32, invocation: u32) -> Sums {
    let row = term * 16u + invocation / 8u;
    let column = term * 16u + invocation % 8u;
    let low = left_tile[row];
    let high = left_tile[row + 8u];
    return Sums(
        plus_outer(sum.near, low, high, right_tile[column]),
        plus_outer(sum.far, low, high, right_tile[column + 8u]),
    );
}

fn plus_tile(sum: Sums, invocation: u32) -> Sums {
    var result = sum;
    for (var term = 0u; term < 16u; term += 4u) {
        result = plus_term(result, term, invocation);
        result = plus_term(result, term + 1u, invocation);
        result = plus_term(result, term + 2u, invocation);
        result = plus_term(result, term + 3u, invocation);
    }
    return result;
}

// Puts four terms of four rows, given row by row, where rows lie in blocks: term 4 * terms to row block `block`.
fn put_transposed(terms: u32, block: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
    let first = terms * 64u + block;
    left_tile[first] = vec4f(a.x, b.x, c.x, d.x);
    left_tile[first + 16u] = vec4f(a.y, b.y, c.y, d.y);
    left_tile[first + 32u] = vec4f(a.z, b.z, c.z, d.z);
    left_tile[first + 48u] = vec4f(a.w, b.w, c.w, d.w);
}
