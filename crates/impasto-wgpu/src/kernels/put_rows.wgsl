// Puts the sums of an invocation where the result goes. Needs `put`.

fn put_rows(place: u32, row: u32, column: u32, rows: Rows) {
    put(place, row, column, rows.a);
    put(place, row + 1u, column, rows.b);
    put(place, row + 2u, column, rows.c);
    put(place, row + 3u, column, rows.d);
    put(place, row + 32u, column, rows.e);
    put(place, row + 33u, column, rows.f);
    put(place, row + 34u, column, rows.g);
    put(place, row + 35u, column, rows.h);
}
