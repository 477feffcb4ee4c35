// Where positions lie. Maps are [height, width, channels], channels in blocks of four, `blocks` to a position.

const PADDING_ZERO = 0u;
const PADDING_REPLICATE = 1u;

// Most workgroups along one side of a dispatch.
const WORKGROUPS_A_SIDE = 65535u;

// Number of an invocation in a dispatch that is folded into rows of 65,535 workgroups.
fn folded(invocation: vec3u, workgroup_size: u32) -> u32 {
    return invocation.y * (WORKGROUPS_A_SIDE * workgroup_size) + invocation.x;
}

// Where position `at`, possibly outside, reads in a side of `length`; -1 where it reads zero.
fn padded(at: i32, length: i32, padding: u32) -> i32 {
    if at >= 0 && at < length {
        return at;
    }
    if padding == PADDING_ZERO {
        return -1;
    }
    if padding == PADDING_REPLICATE {
        return clamp(at, 0, length - 1);
    }
    return ((at % length) + length) % length;
}
