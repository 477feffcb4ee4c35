//! The coefficients in a scan (ITU-T T.81, F.2 and G.2).

use std::ops::Range;

use super::frame::{Component, Frame};
use super::huffman::{Bits, HuffmanTable};

/// Places of coefficients in the order they are coded (figure A.6).
#[rustfmt::skip]
pub(super) const ZIGZAG: [u8; 64] = [
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55,
    62, 63,
];

/// What a scan header says, with the tables that it names.
pub(super) struct Scan {
    /// Index of each component in the frame, with its tables for first and for other coefficients.
    pub components: Vec<(usize, Option<HuffmanTable>, Option<HuffmanTable>)>,
    /// First and last coefficient.
    pub band: (usize, usize),
    /// Bits that were known of each coefficient before, as a position; 0 for none.
    pub high: u32,
    /// The lowest bit that the scan holds.
    pub low: u32,
}

/// How well a scan was read.
pub(super) struct Extent {
    /// For each row of units whether all of it was read, without damage before it that reaches here.
    pub sound_rows: Vec<bool>,
}

/// What carries over from block to block.
#[derive(Default)]
struct State {
    predictors: [i32; 4],
    /// Blocks that follow without anything in the band.
    empty_blocks: i32,
}

impl Scan {
    /// Reads the scan's bits into the coefficients of the frame's components. Units after damage are read on, from
    /// the next restart marker where there is one.
    pub fn read(&self, bytes: &[u8], restart_interval: usize, frame: &mut Frame) -> Extent {
        let is_alone = self.components.len() == 1;
        let (across, down) = match is_alone {
            true => frame.components[self.components[0].0].own_blocks,
            false => frame.units,
        };
        let total = across * down;
        let mut extent = Extent { sound_rows: vec![true; down] };
        let mut bits = Bits::new(bytes);
        let mut state = State::default();
        let (mut unit, mut next_restart, mut expected) = (0, restart_interval, 0u8);
        while unit < total {
            if restart_interval > 0 && unit == next_restart {
                let Some(found) = bits.restart() else {
                    extent.lose(unit..total, across);
                    return extent;
                };
                let ahead = found.wrapping_sub(expected) & 7;
                if ahead > 4 {
                    // One of before: the right one is still to come.
                    continue;
                }
                // Markers that are missing took their units with them.
                let start = unit;
                unit += usize::from(ahead) * restart_interval;
                extent.lose(start..unit.min(total), across);
                expected = (found + 1) & 7;
                next_restart = unit + restart_interval;
                state = State::default();
                continue;
            }
            if !bits.ran_out {
                self.unit(unit, across, is_alone, &mut bits, &mut state, frame);
            } else if restart_interval == 0 {
                extent.lose(unit..total, across);
                return extent;
            }
            if bits.ran_out || bits.is_damaged {
                extent.lose(unit..unit + 1, across);
            }
            unit += 1;
        }
        extent
    }

    fn unit(
        &self,
        unit: usize,
        across: usize,
        is_alone: bool,
        bits: &mut Bits,
        state: &mut State,
        frame: &mut Frame,
    ) {
        let (row, column) = (unit / across, unit % across);
        for (place, (index, first, others)) in self.components.iter().enumerate() {
            let component = &mut frame.components[*index];
            let (wide, high) = if is_alone { (1, 1) } else { (component.across, component.down) };
            for y in 0..high {
                for x in 0..wide {
                    let block = component.block(row * high + y, column * wide + x);
                    let tables = (first.as_ref(), others.as_ref());
                    self.block(bits, block, tables, &mut state.predictors[place], &mut state.empty_blocks);
                }
            }
        }
    }

    fn block(
        &self,
        bits: &mut Bits,
        block: &mut [i16],
        (first, others): (Option<&HuffmanTable>, Option<&HuffmanTable>),
        predictor: &mut i32,
        empty_blocks: &mut i32,
    ) {
        if self.band.0 == 0 {
            if self.high > 0 {
                block[0] |= (bits.take(1) << self.low) as i16;
            } else if let Some(table) = first {
                let category = u32::from(bits.symbol(table)).min(16);
                *predictor = predictor.wrapping_add(bits.take_signed(category));
                block[0] = (*predictor << self.low) as i16;
            }
        }
        let Some(table) = others.filter(|_| self.band.1 > 0) else { return };
        if self.high > 0 {
            self.refine(bits, block, table, empty_blocks);
        } else {
            self.others(bits, block, table, empty_blocks);
        }
    }

    /// Coefficients behind the first, for the first time.
    fn others(&self, bits: &mut Bits, block: &mut [i16], table: &HuffmanTable, empty_blocks: &mut i32) {
        if *empty_blocks > 0 {
            *empty_blocks -= 1;
            return;
        }
        let mut place = self.band.0.max(1);
        while place <= self.band.1 {
            let symbol = bits.symbol(table);
            let (run, category) = (usize::from(symbol >> 4), u32::from(symbol & 15));
            if category > 0 {
                place += run;
                if place > self.band.1 {
                    bits.is_damaged = true;
                    return;
                }
                let value = bits.take_signed(category);
                block[usize::from(ZIGZAG[place])] = (value << self.low) as i16;
                place += 1;
            } else if run == 15 {
                place += 16;
            } else {
                *empty_blocks = (1 << run) - 1 + bits.take(run as u32);
                return;
            }
        }
    }

    /// One more bit of coefficients behind the first, and those that become one (G.1.2.3).
    fn refine(&self, bits: &mut Bits, block: &mut [i16], table: &HuffmanTable, empty_blocks: &mut i32) {
        let bit = 1i16 << self.low;
        let sharpen = |bits: &mut Bits, coefficient: &mut i16| {
            if bits.take(1) == 1 && *coefficient & bit == 0 {
                *coefficient = coefficient.wrapping_add(if *coefficient > 0 { bit } else { -bit });
            }
        };
        let mut place = self.band.0.max(1);
        while place <= self.band.1 && *empty_blocks == 0 {
            let symbol = bits.symbol(table);
            let (mut run, category) = (symbol >> 4, symbol & 15);
            let mut value = 0;
            if category > 0 {
                bits.is_damaged |= category != 1;
                value = if bits.take(1) == 1 { bit } else { -bit };
            } else if run < 15 {
                *empty_blocks = (1 << run) + bits.take(run.into());
                break;
            }
            while place <= self.band.1 {
                let coefficient = &mut block[usize::from(ZIGZAG[place])];
                if *coefficient != 0 {
                    sharpen(bits, coefficient);
                } else if run > 0 {
                    run -= 1;
                } else {
                    *coefficient = value;
                    place += 1;
                    break;
                }
                place += 1;
            }
        }
        if *empty_blocks > 0 {
            for place in place..=self.band.1 {
                let coefficient = &mut block[usize::from(ZIGZAG[place])];
                if *coefficient != 0 {
                    sharpen(bits, coefficient);
                }
            }
            *empty_blocks -= 1;
        }
    }
}

impl Extent {
    /// Notes that units are missing or damaged.
    fn lose(&mut self, units: Range<usize>, across: usize) {
        if !units.is_empty() {
            self.sound_rows[units.start / across..units.end.div_ceil(across)].fill(false);
        }
    }

    /// Whether all of the scan was read.
    pub fn is_whole(&self) -> bool {
        self.sound_rows.iter().all(|&is_sound| is_sound)
    }
}

impl Component {
    /// The 64 coefficients of a block.
    fn block(&mut self, row: usize, column: usize) -> &mut [i16] {
        let start = 64 * (row * self.blocks.0 + column);
        &mut self.coefficients[start..start + 64]
    }
}
