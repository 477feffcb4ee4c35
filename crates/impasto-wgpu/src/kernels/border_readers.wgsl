// The positions -1 to `length` of a padded side that read a position of the side itself.

const NO_READER = -2;

// Reader number 0, 1 or 2 of position `at`: itself, one before the side, one after it. `NO_READER` if it does not.
fn reader(at: i32, number: u32, length: i32, padding: u32) -> i32 {
    if number == 0u {
        return at;
    }
    let outside = select(length, -1, number == 1u);
    return select(NO_READER, outside, padded(outside, length, padding) == at);
}
