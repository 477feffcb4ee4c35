// What matched patches put back on the positions that they cover (Li and Wand 2016, equation 2): at each position the
// sum of F - G over the matched columns G there, and of the squares; or the mean of the matched columns.

struct Parameters {
    width: u32,
    elements: u32,
    blocks: u32,
    // Query patches in a row.
    patches_a_row: u32,
    averages: u32,
}
var<immediate> p: Parameters;
@group(0) @binding(0) var<storage, read> map: array<vec4f>;
@group(0) @binding(1) var<storage, read> source_columns: array<vec4f>;
// Of each match the first position of its source patch, and positions from one of its rows to the next.
@group(0) @binding(2) var<storage, read> matched: array<vec2u>;
// Where the covers of each row, then of each column, begin; then the covers: a row or column of patches, and where in it
// the position lies.
@group(0) @binding(3) var<storage, read> starts: array<u32>;
@group(0) @binding(4) var<storage, read> covers: array<vec2u>;
@group(0) @binding(5) var<storage, read_write> result: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> squares: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) invocation: vec3u) {
    let index = folded(invocation, 64u);
    if index >= p.elements {
        return;
    }
    let block = index % p.blocks;
    let position = index / p.blocks;
    let row = position / p.width;
    let column = p.elements / p.blocks / p.width + 1u + position % p.width;
    var feature = vec4f(0.0);
    if p.averages == 0u {
        feature = map[index];
    }
    var sum = vec4f(0.0);
    var square = vec4f(0.0);
    var count = 0.0;
    for (var i = starts[row]; i < starts[row + 1u]; i++) {
        let vertical = covers[i];
        for (var j = starts[column]; j < starts[column + 1u]; j++) {
            let horizontal = covers[j];
            let patch_place = matched[vertical.x * p.patches_a_row + horizontal.x];
            let column_place = patch_place.x + vertical.y * patch_place.y + horizontal.y;
            let value = source_columns[column_place * p.blocks + block];
            let difference = feature - value;
            sum += select(difference, value, p.averages == 1u);
            square += difference * difference;
            count += 1.0;
        }
    }
    if p.averages == 1u {
        result[index] = sum / max(count, 1.0);
    } else {
        result[index] = sum;
        squares[index] = square;
    }
}
