// left [rows, terms] times right [terms, columns]. A kernel that includes this says with `left_at`, `right_at` and `put`
// where the operands lie and where the result goes, and with `p.term_blocks` how many terms there are, in fours.

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) invocation: u32) {
    let first_row = group.y * 64u;
    let first_column = group.x * 16u;
    // What the invocation fetches: four terms of four rows, and of one block of columns four terms.
    let terms = invocation % 4u;
    let rows = invocation / 4u;
    let row = first_row + 4u * rows;
    let column = first_column + invocation % 16u;
    let term = invocation / 16u;
    var sum = Sums(no_rows(), no_rows());
    for (var step = 0u; step < p.term_blocks; step += 4u) {
        let l0 = left_at(group.z, row, step + terms);
        let l1 = left_at(group.z, row + 1u, step + terms);
        let l2 = left_at(group.z, row + 2u, step + terms);
        let l3 = left_at(group.z, row + 3u, step + terms);
        let r0 = right_at(group.z, 4u * step + term, column);
        let r1 = right_at(group.z, 4u * step + term + 4u, column);
        let r2 = right_at(group.z, 4u * step + term + 8u, column);
        let r3 = right_at(group.z, 4u * step + term + 12u, column);
        workgroupBarrier();
        put_transposed(terms, rows, l0, l1, l2, l3);
        right_tile[invocation] = r0;
        right_tile[invocation + 64u] = r1;
        right_tile[invocation + 128u] = r2;
        right_tile[invocation + 192u] = r3;
        workgroupBarrier();
        sum = plus_tile(sum, invocation);
    }
    let to_row = first_row + invocation / 8u * 4u;
    let to_column = first_column + invocation % 8u;
    put_rows(group.z, to_row, to_column, sum.near);
    put_rows(group.z, to_row, to_column + 8u, sum.far);
}
