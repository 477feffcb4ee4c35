// Y = A^T M A of a tile, from the products M, [36 places, tiles, channels].
// Needs `products` and the immediates `p` with `place`.

// The 4x4 results of a tile, row by row.
struct Tile {
    a: Four,
    b: Four,
    c: Four,
    d: Four,
}

fn product_column(column: u32, index: u32) -> Four {
    let first = column * p.place + index;
    return transformed_output(Six(
        products[first],
        products[first + 6u * p.place],
        products[first + 12u * p.place],
        products[first + 18u * p.place],
        products[first + 24u * p.place],
        products[first + 30u * p.place],
    ));
}

fn tile_of_products(index: u32) -> Tile {
    let a = product_column(0u, index);
    let b = product_column(1u, index);
    let c = product_column(2u, index);
    let d = product_column(3u, index);
    let e = product_column(4u, index);
    let f = product_column(5u, index);
    return Tile(
        transformed_output(Six(a.a, b.a, c.a, d.a, e.a, f.a)),
        transformed_output(Six(a.b, b.b, c.b, d.b, e.b, f.b)),
        transformed_output(Six(a.c, b.c, c.c, d.c, e.c, f.c)),
        transformed_output(Six(a.d, b.d, c.d, d.d, e.d, f.d)),
    );
}
