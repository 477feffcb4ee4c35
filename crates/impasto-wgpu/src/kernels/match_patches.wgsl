// For each query patch the source patch of the highest score, scale_q sum_o <Q_(p+o), B_(q+o)> + offset_q over the k^2
// offsets o (Li and Wand 2016, equation 3). Workgroup y takes 64 queries, workgroup x one of the runs of sources; of
// equal scores the lowest index wins.

struct Parameters {
    // Side k of a patch.
    size: u32,
    blocks: u32,
    queries: u32,
    // Sides of the query map; patches go on at the opposite border.
    height: u32,
    width: u32,
    sources: u32,
    // Sources that a workgroup searches, a multiple of 64.
    run: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> query_columns: array<vec4f>;
// Row and column of each query patch.
@group(0) @binding(1) var<storage, read> query_places: array<vec2u>;
@group(0) @binding(2) var<storage, read> source_columns: array<vec4f>;
// First position of each source patch, and positions from one of its rows to the next.
@group(0) @binding(3) var<storage, read> source_places: array<vec2u>;
// Scale and offset of each source patch.
@group(0) @binding(4) var<storage, read> source_scores: array<vec2f>;
// [runs, queries].
@group(0) @binding(5) var<storage, read_write> best_scores: array<f32>;
@group(0) @binding(6) var<storage, read_write> best_sources: array<u32>;

// Below every score; offsets at or under it exclude a source.
const NOTHING = -3e38;
const NO_SOURCE = 0xffffffffu;

// The best of eight columns of sums for each of the 64 rows.
var<workgroup> row_scores: array<f32, 512>;
var<workgroup> row_sources: array<u32, 512>;

fn query_at(query: u32, dy: u32, dx: u32, block: u32) -> vec4f {
    let place = query_places[min(query, p.queries - 1u)];
    let y = (place.x + dy) % p.height;
    let x = (place.y + dx) % p.width;
    return query_columns[(y * p.width + x) * p.blocks + block];
}

fn source_at(source: u32, dy: u32, dx: u32, block: u32) -> vec4f {
    let place = source_places[min(source, p.sources - 1u)];
    return source_columns[(place.x + dy * place.y + dx) * p.blocks + block];
}

struct Best {
    score: f32,
    source: u32,
}

fn better(best: Best, sum: f32, source: u32) -> Best {
    if source >= p.sources {
        return best;
    }
    let of_source = source_scores[source];
    let score = of_source.x * sum + of_source.y;
    if of_source.y > NOTHING && score > best.score {
        return Best(score, source);
    }
    return best;
}

fn better_of_four(best: Best, sums: vec4f, source: u32) -> Best {
    var result = better(best, sums.x, source);
    result = better(result, sums.y, source + 1u);
    result = better(result, sums.z, source + 2u);
    return better(result, sums.w, source + 3u);
}

fn better_of_eight(best: Best, near: vec4f, far: vec4f, source: u32) -> Best {
    return better_of_four(better_of_four(best, near, source), far, source + 32u);
}

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
    let first_query = group.y * 64u;
    let terms = invocation % 4u;
    let rows = invocation / 4u;
    let query = first_query + 4u * rows;
    let nothing = Best(NOTHING, NO_SOURCE);
    var a = nothing;
    var b = nothing;
    var c = nothing;
    var d = nothing;
    var e = nothing;
    var f = nothing;
    var g = nothing;
    var h = nothing;
    let end = min((group.x + 1u) * p.run, p.sources);
    for (var first = group.x * p.run; first < end; first += 64u) {
        let source = first + 4u * rows;
        var sum = Sums(no_rows(), no_rows());
        for (var offset = 0u; offset < p.size * p.size; offset++) {
            let dy = offset / p.size;
            let dx = offset % p.size;
            for (var block = 0u; block < p.blocks; block += 4u) {
                let step = block + terms;
                let q0 = query_at(query, dy, dx, step);
                let q1 = query_at(query + 1u, dy, dx, step);
                let q2 = query_at(query + 2u, dy, dx, step);
                let q3 = query_at(query + 3u, dy, dx, step);
                let s0 = source_at(source, dy, dx, step);
                let s1 = source_at(source + 1u, dy, dx, step);
                let s2 = source_at(source + 2u, dy, dx, step);
                let s3 = source_at(source + 3u, dy, dx, step);
                workgroupBarrier();
                put_transposed(terms, rows, q0, q1, q2, q3);
                put_sources(terms, rows, s0, s1, s2, s3);
                workgroupBarrier();
                sum = plus_tile(sum, invocation);
            }
        }
        let found = first + invocation % 8u * 4u;
        a = better_of_eight(a, sum.near.a, sum.far.a, found);
        b = better_of_eight(b, sum.near.b, sum.far.b, found);
        c = better_of_eight(c, sum.near.c, sum.far.c, found);
        d = better_of_eight(d, sum.near.d, sum.far.d, found);
        e = better_of_eight(e, sum.near.e, sum.far.e, found);
        f = better_of_eight(f, sum.near.f, sum.far.f, found);
        g = better_of_eight(g, sum.near.g, sum.far.g, found);
        h = better_of_eight(h, sum.near.h, sum.far.h, found);
    }
    let row = invocation / 8u * 4u;
    let column = invocation % 8u;
    keep(row, column, a);
    keep(row + 1u, column, b);
    keep(row + 2u, column, c);
    keep(row + 3u, column, d);
    keep(row + 32u, column, e);
    keep(row + 33u, column, f);
    keep(row + 34u, column, g);
    keep(row + 35u, column, h);
    workgroupBarrier();
    let of_query = first_query + invocation;
    if of_query >= p.queries {
        return;
    }
    var best = nothing;
    for (var i = 0u; i < 8u; i++) {
        let other = Best(row_scores[invocation * 8u + i], row_sources[invocation * 8u + i]);
        if other.score > best.score || (other.score == best.score && other.source < best.source) {
            best = other;
        }
    }
    best_scores[group.x * p.queries + of_query] = best.score;
    best_sources[group.x * p.queries + of_query] = best.source;
}

fn put_sources(terms: u32, block: u32, a: vec4f, b: vec4f, c: vec4f, d: vec4f) {
    let first = terms * 64u + block;
    right_tile[first] = vec4f(a.x, b.x, c.x, d.x);
    right_tile[first + 16u] = vec4f(a.y, b.y, c.y, d.y);
    right_tile[first + 32u] = vec4f(a.z, b.z, c.z, d.z);
    right_tile[first + 48u] = vec4f(a.w, b.w, c.w, d.w);
}

fn keep(row: u32, column: u32, best: Best) {
    row_scores[row * 8u + column] = best.score;
    row_sources[row * 8u + column] = best.source;
}
