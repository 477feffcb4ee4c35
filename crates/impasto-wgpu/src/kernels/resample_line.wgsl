// Values of a map between its positions: see impasto_network::Resampling. Needs `map`, `rows`, `columns` and the
// immediates `p` with `width`, `to_width` and `blocks`.

// Where a row or column of the result lies: (1 - share) first + share second.
struct Tap {
    first: u32,
    second: u32,
    share: f32,
}

fn resampled_at(position: u32, block: u32) -> vec4f {
    let row = rows[position / p.to_width];
    let column = columns[position % p.to_width];
    let above = row.first * p.width;
    let below = row.second * p.width;
    let top = mix_exactly(
        map[(above + column.first) * p.blocks + block],
        map[(above + column.second) * p.blocks + block],
        column.share,
    );
    let bottom = mix_exactly(
        map[(below + column.first) * p.blocks + block],
        map[(below + column.second) * p.blocks + block],
        column.share,
    );
    return mix_exactly(top, bottom, row.share);
}

fn mix_exactly(a: vec4f, b: vec4f, share: f32) -> vec4f {
    return a + share * (b - a);
}
