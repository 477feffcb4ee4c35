// One-dimensional transforms of F(4, 3) with the points 0, 1, -1, 2, -2 and infinity (Lavin and Gray 2016, section 4.3).
// The two-dimensional ones apply them to columns, then to rows:
//     V = B^T d B of an input tile d of 6x6, U = G g G^T of a kernel g of 3x3, Y = A^T (U V) A of 4x4.

struct Six {
    a: vec4f,
    b: vec4f,
    c: vec4f,
    d: vec4f,
    e: vec4f,
    f: vec4f,
}

struct Four {
    a: vec4f,
    b: vec4f,
    c: vec4f,
    d: vec4f,
}

// B^T d.
fn transformed_input(d: Six) -> Six {
    let even_one = d.e - 4.0 * d.c;
    let odd_one = d.d - 4.0 * d.b;
    let even_two = d.e - d.c;
    let odd_two = 2.0 * (d.d - d.b);
    return Six(
        4.0 * d.a - 5.0 * d.c + d.e,
        even_one + odd_one,
        even_one - odd_one,
        even_two + odd_two,
        even_two - odd_two,
        4.0 * d.b - 5.0 * d.d + d.f,
    );
}

// A^T m.
fn transformed_output(m: Six) -> Four {
    let sum_one = m.b + m.c;
    let difference_one = m.b - m.c;
    let sum_two = m.d + m.e;
    let difference_two = m.d - m.e;
    return Four(
        m.a + sum_one + sum_two,
        difference_one + 2.0 * difference_two,
        sum_one + 4.0 * sum_two,
        difference_one + 8.0 * difference_two + m.f,
    );
}

// G g.
fn transformed_weight(a: vec4f, b: vec4f, c: vec4f) -> Six {
    let outer = a + c;
    let even = a + 4.0 * c;
    return Six(
        a / 4.0,
        (outer + b) / -6.0,
        (outer - b) / -6.0,
        (even + 2.0 * b) / 24.0,
        (even - 2.0 * b) / 24.0,
        c,
    );
}
