//! Sixteen rows of 64 bytes are a tile; these are the rows, and how they are written.

use crate::map::LANES;

/// 32 bfloat16: the channels of one position, or sixteen pairs.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(crate) struct Line(pub(crate) [u16; 2 * LANES]);

#[cfg(target_arch = "x86_64")]
pub(crate) use vectors::{transposed, write_line, write_line_in_parts, write_pairs_in_parts};

#[cfg(not(target_arch = "x86_64"))]
pub(crate) use nowhere::{transposed, write_line, write_line_in_parts, write_pairs_in_parts};

#[cfg(target_arch = "x86_64")]
mod vectors {
    use std::arch::x86_64::*;

    use super::Line;
    use crate::map::LANES;

    /// Rounds two vectors of sixteen to a line.
    ///
    /// # Safety
    /// The unit must be available.
    #[inline(always)]
    unsafe fn rounded(lower: __m512, upper: __m512) -> __m512i {
        // SAFETY: both are 64 bytes, and the instruction is there with the unit.
        unsafe { std::mem::transmute(_mm512_cvtne2ps_pbh(upper, lower)) }
    }

    /// Rounds `scale` times two blocks, where their bits are set, to a line; zeros for a block that is not there.
    ///
    /// # Safety
    /// Each block must be valid for sixteen values, `to` for a line, and the unit be available.
    #[inline(always)]
    pub(crate) unsafe fn write_line(
        blocks: [Option<*const f32>; 2],
        scale: f32,
        bits: [u16; 2],
        to: *mut Line,
    ) {
        // SAFETY: as the caller promises.
        unsafe {
            let [lower, upper] = [0, 1].map(|index| match blocks[index] {
                Some(block) => {
                    _mm512_maskz_mul_ps(bits[index], _mm512_loadu_ps(block), _mm512_set1_ps(scale))
                }
                None => _mm512_setzero_ps(),
            });
            _mm512_store_si512(to.cast(), rounded(lower, upper));
        }
    }

    /// Rounds two blocks to two lines, the second of what the first leaves; zeros for a block that is not there.
    ///
    /// # Safety
    /// Each block must be valid for sixteen values, both ends for a line, and the unit be available.
    #[inline(always)]
    pub(crate) unsafe fn write_line_in_parts(
        blocks: [Option<*const f32>; 2],
        upper: *mut Line,
        lower: *mut Line,
    ) {
        // SAFETY: as the caller promises.
        unsafe {
            let values =
                blocks.map(|block| block.map_or(_mm512_setzero_ps(), |block| _mm512_loadu_ps(block)));
            let line = rounded(values[0], values[1]);
            let halves = [_mm512_castsi512_si256(line), _mm512_extracti64x4_epi64::<1>(line)];
            let [first, second] = [0, 1].map(|index| {
                let wide = _mm512_slli_epi32::<16>(_mm512_cvtepu16_epi32(halves[index]));
                _mm512_sub_ps(values[index], _mm512_castsi512_ps(wide))
            });
            _mm512_store_si512(upper.cast(), line);
            _mm512_store_si512(lower.cast(), rounded(first, second));
        }
    }

    /// Two lines of sixteen pairs from two vectors of sixteen.
    ///
    /// # Safety
    /// The unit must be available.
    #[inline(always)]
    unsafe fn pairs(even: __m512, odd: __m512) -> __m512i {
        /// The words 0, 16, 1, 17, and so on.
        static ORDER: [u16; 32] = {
            let mut order = [0; 32];
            let mut at = 0;
            while at < 32 {
                order[at] = (at / 2 + at % 2 * 16) as u16;
                at += 1;
            }
            order
        };
        // SAFETY: the order is 64 bytes.
        unsafe { _mm512_permutexvar_epi16(_mm512_loadu_si512(ORDER.as_ptr().cast()), rounded(even, odd)) }
    }

    /// Writes a tile whose row k holds, for sixteen channels, the positions 2k and 2k + 1 of `count` from `from` on, in two
    /// parts; zeros beyond.
    ///
    /// # Safety
    /// `from` must be valid for `count` blocks, at most 32, both ends for a tile, and the unit be available.
    #[inline(always)]
    pub(crate) unsafe fn write_pairs_in_parts(
        from: *const f32,
        count: usize,
        upper: *mut Line,
        lower: *mut Line,
    ) {
        for row in 0..16 {
            // SAFETY: as the caller promises.
            unsafe {
                let [even, odd] = [2 * row, 2 * row + 1].map(|position| match position < count {
                    true => _mm512_loadu_ps(from.add(position * LANES)),
                    false => _mm512_setzero_ps(),
                });
                let line = pairs(even, odd);
                let even_left = _mm512_sub_ps(even, _mm512_castsi512_ps(_mm512_slli_epi32::<16>(line)));
                let upper_half = _mm512_and_si512(line, _mm512_set1_epi32(0xffff_0000_u32 as i32));
                let odd_left = _mm512_sub_ps(odd, _mm512_castsi512_ps(upper_half));
                _mm512_store_si512(upper.add(row).cast(), line);
                _mm512_store_si512(lower.add(row).cast(), pairs(even_left, odd_left));
            }
        }
    }

    /// Writes the transpose of a tile, pairs taken as one.
    ///
    /// # Safety
    /// Both must be valid tiles, and the unit be available.
    #[inline(always)]
    pub(crate) unsafe fn transposed(from: *const Line, to: *mut Line) {
        // SAFETY: as the caller promises.
        unsafe {
            let mut rows = [_mm512_setzero_si512(); 16];
            for (index, row) in rows.iter_mut().enumerate() {
                *row = _mm512_load_si512(from.add(index).cast());
            }
            // In each step, elements change places with those of the row that is 1, 2, 4 or 8 away: within quarters of a
            // vector first, then whole quarters.
            let mut next = rows;
            for index in (0..16).step_by(2) {
                next[index] = _mm512_unpacklo_epi32(rows[index], rows[index + 1]);
                next[index + 1] = _mm512_unpackhi_epi32(rows[index], rows[index + 1]);
            }
            for index in (0..16).step_by(4) {
                rows[index] = _mm512_unpacklo_epi64(next[index], next[index + 2]);
                rows[index + 1] = _mm512_unpackhi_epi64(next[index], next[index + 2]);
                rows[index + 2] = _mm512_unpacklo_epi64(next[index + 1], next[index + 3]);
                rows[index + 3] = _mm512_unpackhi_epi64(next[index + 1], next[index + 3]);
            }
            // Quarter q of row 4b + i now holds the elements 4b to 4b + 3 of the transpose's row 4q + i.
            for index in 0..4 {
                let [a, b, c, d] = [0, 4, 8, 12].map(|block| rows[block + index]);
                let (low_ab, high_ab) =
                    (_mm512_shuffle_i32x4::<0x44>(a, b), _mm512_shuffle_i32x4::<0xee>(a, b));
                let (low_cd, high_cd) =
                    (_mm512_shuffle_i32x4::<0x44>(c, d), _mm512_shuffle_i32x4::<0xee>(c, d));
                let quarters = [
                    _mm512_shuffle_i32x4::<0x88>(low_ab, low_cd),
                    _mm512_shuffle_i32x4::<0xdd>(low_ab, low_cd),
                    _mm512_shuffle_i32x4::<0x88>(high_ab, high_cd),
                    _mm512_shuffle_i32x4::<0xdd>(high_ab, high_cd),
                ];
                for (quarter, line) in quarters.into_iter().enumerate() {
                    _mm512_store_si512(to.add(4 * quarter + index).cast(), line);
                }
            }
        }
    }
}

/// There is no unit to write lines for on other processors.
#[cfg(not(target_arch = "x86_64"))]
mod nowhere {
    use super::Line;

    /// # Safety
    /// None is needed.
    pub(crate) unsafe fn write_line(_: [Option<*const f32>; 2], _: f32, _: [u16; 2], _: *mut Line) {
        unreachable!("availability was checked");
    }

    /// # Safety
    /// None is needed.
    pub(crate) unsafe fn write_line_in_parts(_: [Option<*const f32>; 2], _: *mut Line, _: *mut Line) {
        unreachable!("availability was checked");
    }

    /// # Safety
    /// None is needed.
    pub(crate) unsafe fn write_pairs_in_parts(_: *const f32, _: usize, _: *mut Line, _: *mut Line) {
        unreachable!("availability was checked");
    }

    /// # Safety
    /// None is needed.
    pub(crate) unsafe fn transposed(_: *const Line, _: *mut Line) {
        unreachable!("availability was checked");
    }
}
