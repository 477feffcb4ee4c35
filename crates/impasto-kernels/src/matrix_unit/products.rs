//! The loops of tile instructions. The compiler has no stable name for them, so they are written in assembly; tiles live
//! within one block of it.
//!
//! Four tiles of sums, two by two, are the most that leaves room for the operands: each tile that is read serves two
//! products.

use super::configuration::TileConfiguration;

/// Where the sums of a block of two by two tiles start and end, in the order (0, 0), (0, 1), (1, 0), (1, 1).
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Ends {
    /// What the sums start from, rows `from_row` bytes apart.
    pub(crate) from: [*const f32; 4],
    pub(crate) from_row: usize,
    /// Where they end, rows a line apart.
    pub(crate) to: [*mut f32; 4],
}

/// Loads the four sums, and leaves the bytes of a line in `{row}`; `{ends}` and two scratch registers are given.
#[cfg(target_arch = "x86_64")]
macro_rules! begin {
    () => {
        "mov {row}, [{ends} + 32]
        mov {at}, [{ends}]
        tileloadd tmm0, [{at} + {row}]
        mov {at}, [{ends} + 8]
        tileloadd tmm1, [{at} + {row}]
        mov {at}, [{ends} + 16]
        tileloadd tmm2, [{at} + {row}]
        mov {at}, [{ends} + 24]
        tileloadd tmm3, [{at} + {row}]
        mov {row}, 64"
    };
}

/// Stores the four sums.
#[cfg(target_arch = "x86_64")]
macro_rules! finish {
    () => {
        "mov {at}, [{ends} + 40]
        tilestored [{at} + {row}], tmm0
        mov {at}, [{ends} + 48]
        tilestored [{at} + {row}], tmm1
        mov {at}, [{ends} + 56]
        tilestored [{at} + {row}], tmm2
        mov {at}, [{ends} + 64]
        tilestored [{at} + {row}], tmm3"
    };
}

/// The products of one tap: lines of the rows `$upper` and `$lower`, `$column` to the right, with the weights of tap
/// `$tap`.
#[cfg(target_arch = "x86_64")]
macro_rules! tap {
    ($upper:literal, $lower:literal, $column:literal, $tap:literal) => {
        concat!(
            "tileloadd tmm4, [{line",
            $upper,
            "} + {row} + ",
            $column,
            " * 64]\n",
            "tileloadd tmm6, [{weights} + {row} + ",
            $tap,
            " * 2048]\n",
            "tileloadd tmm5, [{line",
            $lower,
            "} + {row} + ",
            $column,
            " * 64]\n",
            "tdpbf16ps tmm0, tmm4, tmm6\n",
            "tileloadd tmm7, [{weights} + {row} + ",
            $tap,
            " * 2048 + 1024]\n",
            "tdpbf16ps tmm2, tmm5, tmm6\n",
            "tdpbf16ps tmm1, tmm4, tmm7\n",
            "tdpbf16ps tmm3, tmm5, tmm7\n",
        )
    };
}

/// Lines of 32 channels that a 3×3 kernel reads for sixteen neighbouring positions of two rows.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(target_arch = "x86_64"),
    expect(dead_code, reason = "read by instructions that are not there")
)]
pub(crate) struct Lines {
    /// The upper left line of the first 32 channels.
    pub(crate) first: *const u8,
    /// Bytes from one row of positions to the next.
    pub(crate) row: usize,
    /// Bytes from 32 channels to the next 32.
    pub(crate) channels: usize,
}

/// Adds to two rows of sixteen positions by 2 · 16 outputs the nine products of each of `depth` times 32 channels.
/// `weights` are `[depth][9][2]` tiles.
///
/// # Safety
/// Four rows of 18 lines for each 32 channels, all weights, and the ends must be valid.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) unsafe fn convolve(
    _configuration: &TileConfiguration,
    lines: Lines,
    weights: *const u8,
    depth: usize,
    ends: &Ends,
) {
    debug_assert!(depth > 0);
    // SAFETY: the caller's promise; a configuration is held, so the unit is there and the tiles have their shape.
    unsafe {
        std::arch::asm!(
            begin!(),
            "2:",
            concat!(
                tap!("0", "1", "0", "0"), tap!("0", "1", "1", "1"), tap!("0", "1", "2", "2"),
                tap!("1", "2", "0", "3"), tap!("1", "2", "1", "4"), tap!("1", "2", "2", "5"),
                tap!("2", "3", "0", "6"), tap!("2", "3", "1", "7"), tap!("2", "3", "2", "8"),
            ),
            "add {line0}, {channels}",
            "add {line1}, {channels}",
            "add {line2}, {channels}",
            "add {line3}, {channels}",
            "add {weights}, 9 * 2048",
            "dec {depth}",
            "jnz 2b",
            finish!(),
            ends = in(reg) ends,
            at = out(reg) _,
            row = out(reg) _,
            line0 = inout(reg) lines.first => _,
            line1 = inout(reg) lines.first.add(lines.row) => _,
            line2 = inout(reg) lines.first.add(2 * lines.row) => _,
            line3 = inout(reg) lines.first.add(3 * lines.row) => _,
            channels = in(reg) lines.channels,
            weights = inout(reg) weights => _,
            depth = inout(reg) depth => _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}

/// Operands in two parts, the upper and the lower, as [`multiply_parts`] reads them.
#[derive(Clone, Copy)]
#[cfg_attr(
    not(target_arch = "x86_64"),
    expect(dead_code, reason = "read by instructions that are not there")
)]
pub(crate) struct Parts {
    /// Two tiles of the upper part, side by side.
    pub(crate) rows: *const u8,
    /// Bytes from there to the lower part, and to the next step.
    pub(crate) rows_lower: usize,
    pub(crate) rows_step: usize,
    /// `[depth]` times two tiles of the upper part and two of the lower.
    pub(crate) columns: *const u8,
}

/// Adds to two by two tiles the products of `depth` steps, each of operands in two parts: all but the product of both
/// lower parts, which is too small to count.
///
/// # Safety
/// All operands and the ends must be valid.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(crate) unsafe fn multiply_parts(
    _configuration: &TileConfiguration,
    parts: Parts,
    depth: usize,
    ends: &Ends,
) {
    debug_assert!(depth > 0);
    // SAFETY: as in `convolve`.
    unsafe {
        std::arch::asm!(
            begin!(),
            "2:",
            "tileloadd tmm4, [{lower} + {row}]",
            "tileloadd tmm6, [{columns} + {row}]",
            "tileloadd tmm5, [{lower} + {row} + 1024]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tileloadd tmm7, [{columns} + {row} + 1024]",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "tileloadd tmm4, [{upper} + {row}]",
            "tileloadd tmm5, [{upper} + {row} + 1024]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tileloadd tmm6, [{columns} + {row} + 2048]",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "tileloadd tmm7, [{columns} + {row} + 3072]",
            "tdpbf16ps tmm0, tmm4, tmm6",
            "tdpbf16ps tmm2, tmm5, tmm6",
            "tdpbf16ps tmm1, tmm4, tmm7",
            "tdpbf16ps tmm3, tmm5, tmm7",
            "add {upper}, {step}",
            "add {lower}, {step}",
            "add {columns}, 4096",
            "dec {depth}",
            "jnz 2b",
            finish!(),
            ends = in(reg) ends,
            at = out(reg) _,
            row = out(reg) _,
            upper = inout(reg) parts.rows => _,
            lower = inout(reg) parts.rows.add(parts.rows_lower) => _,
            step = in(reg) parts.rows_step,
            columns = inout(reg) parts.columns => _,
            depth = inout(reg) depth => _,
            out("tmm0") _, out("tmm1") _, out("tmm2") _, out("tmm3") _,
            out("tmm4") _, out("tmm5") _, out("tmm6") _, out("tmm7") _,
            options(nostack),
        );
    }
}

/// There is no such unit on other processors.
///
/// # Safety
/// None is needed.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) unsafe fn convolve(_: &TileConfiguration, _: Lines, _: *const u8, _: usize, _: &Ends) {
    unreachable!("availability was checked");
}

/// As above.
///
/// # Safety
/// None is needed.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) unsafe fn multiply_parts(_: &TileConfiguration, _: Parts, _: usize, _: &Ends) {
    unreachable!("availability was checked");
}
