//! Pages of two colours as fax machines send them (ITU-T T.4 and T.6; TIFF 6.0, sections 10 and 11).
//!
//! The codes come from the crate `fax`; its decoders of whole pages know only two of the four ways that TIFF puts
//! the codes together.

use std::convert::Infallible;

use fax::maps::{Mode, black, mode, white};
use fax::{BitReader, ByteReader};

/// Compressions of TIFF.
const RUNS: u64 = 2;
const GROUP_3: u64 = 3;

/// The bit of `T4Options` that says that lines refer to the one above.
const TWO_DIMENSIONAL: u64 = 1;

/// The code between lines, and its length.
const END_OF_LINE: (u16, u8) = (1, 12);

/// Zeros behind the last byte, so that the last codes can be looked up.
const PADDING: usize = 4;

/// Rows of packed bits, black as ones; `None` if the codes end early or make no sense.
pub(super) fn unpack(
    bytes: &[u8],
    compression: u64,
    t4_options: u64,
    width: usize,
    rows: usize,
) -> Option<Vec<u8>> {
    let padded = bytes.iter().copied().chain(std::iter::repeat_n(0, PADDING));
    let mut codes = ByteReader::new(padded.map(Ok::<u8, Infallible>)).ok()?;
    let row_bytes = width.div_ceil(8);
    let mut packed = vec![0u8; row_bytes * rows];
    let mut changes: Vec<usize> = Vec::new();
    for row in packed.chunks_exact_mut(row_bytes) {
        let is_line_alone = match compression {
            RUNS => true,
            GROUP_3 => {
                skip_end_of_line(&mut codes);
                t4_options & TWO_DIMENSIONAL == 0 || take_bit(&mut codes)? == 1
            }
            _ => false,
        };
        changes = match is_line_alone {
            true => line_of_runs(&mut codes, width)?,
            // Behind the last line that was sent, the page is white.
            false if codes.peek(END_OF_LINE.1) == Some(END_OF_LINE.0) => return Some(packed),
            false => line_by_the_one_above(&mut codes, &changes, width)?,
        };
        if compression == RUNS {
            let rest = codes.bits_to_byte_boundary();
            codes.consume(rest).ok()?;
        }
        for run in changes.chunks(2) {
            let end = run.get(1).copied().unwrap_or(width);
            (run[0]..end).for_each(|x| row[x / 8] |= 0x80 >> (x % 8));
        }
    }
    Some(packed)
}

fn take_bit(codes: &mut impl BitReader) -> Option<u16> {
    let bit = codes.peek(1)?;
    codes.consume(1).ok()?;
    Some(bit)
}

/// Any number of zeros and a one, if a code between lines is next.
fn skip_end_of_line(codes: &mut impl BitReader) {
    while codes.peek(END_OF_LINE.1) == Some(0) {
        if codes.consume(1).is_err() {
            return;
        }
    }
    if codes.peek(END_OF_LINE.1) == Some(END_OF_LINE.0) {
        // Cannot fail: the bits were seen.
        let _ = codes.consume(END_OF_LINE.1);
    }
}

/// The length of a run: any number of codes for multiples of 64, and one for the rest.
fn run(codes: &mut impl BitReader, is_black: bool) -> Option<usize> {
    let mut length = 0usize;
    loop {
        let part = if is_black { black::decode(codes)? } else { white::decode(codes)? };
        length = length.checked_add(usize::from(part))?;
        if part < 64 {
            return Some(length);
        }
    }
}

/// Columns where the colour changes, the first to black.
fn line_of_runs(codes: &mut impl BitReader, width: usize) -> Option<Vec<usize>> {
    let mut changes = Vec::new();
    let (mut column, mut is_black) = (0, false);
    while column < width {
        column = (column + run(codes, is_black)?).min(width);
        changes.push(column);
        is_black = !is_black;
    }
    Some(changes)
}

/// The same by reference to the line above.
fn line_by_the_one_above(codes: &mut impl BitReader, above: &[usize], width: usize) -> Option<Vec<usize>> {
    let mut changes: Vec<usize> = Vec::new();
    // Left of the first pixel stands a white one.
    let mut column: Option<usize> = None;
    while column.is_none_or(|column| column < width) {
        let is_black = changes.len() % 2 == 1;
        let change_above = |index: usize| above.get(index).copied().unwrap_or(width);
        let mut next = above.partition_point(|&change| column.is_some_and(|column| change <= column));
        // The change must be to the colour opposite to this one.
        next += usize::from((next % 2 == 1) != is_black);
        let at = column.unwrap_or(0);
        match mode::decode(codes)? {
            Mode::Pass => column = Some(change_above(next + 1)),
            Mode::Horizontal => {
                let first = (at + run(codes, is_black)?).min(width);
                let second = (first + run(codes, !is_black)?).min(width);
                changes.extend([first, second]);
                column = Some(second);
            }
            Mode::Vertical(shift) => {
                let change = change_above(next).checked_add_signed(shift.into())?.min(width);
                if change < at {
                    return None;
                }
                changes.push(change);
                column = Some(change);
            }
            Mode::EOF | Mode::Extension => return None,
        }
    }
    Some(changes)
}
