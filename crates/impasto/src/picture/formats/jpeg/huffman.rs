//! Bits of a scan, and the Huffman codes in them (ITU-T T.81, annexes C and F.2.2).

use super::segments::ends_scan;

/// Codes up to this length are found by one look.
const QUICK: u32 = 9;

/// A Huffman code.
#[derive(Clone)]
pub(super) struct HuffmanTable {
    /// For each beginning of `QUICK` bits the length and the symbol of the code, or 0 if it is longer.
    quick: Vec<(u8, u8)>,
    /// For each length the greatest code, or -1, and what to add to a code for its place in `symbols`.
    longer: [(i32, i32); 17],
    symbols: Vec<u8>,
}

impl HuffmanTable {
    /// The code with `counts[length - 1]` symbols of each length; `None` if no such code exists.
    pub fn new(counts: &[u8; 16], symbols: &[u8]) -> Option<Self> {
        let mut quick = vec![(0, 0); 1 << QUICK];
        let mut longer = [(-1, 0); 17];
        let (mut code, mut place) = (0i32, 0i32);
        for length in 1..=16u32 {
            let count = i32::from(counts[length as usize - 1]);
            if code + count > 1 << length {
                return None;
            }
            longer[length as usize] = (code + count - 1, place - code);
            if count == 0 {
                longer[length as usize].0 = -1;
            }
            for offset in 0..count {
                let symbol = *symbols.get((place + offset) as usize)?;
                if length <= QUICK {
                    let free = QUICK - length;
                    let first = ((code + offset) as usize) << free;
                    quick[first..first + (1 << free)].fill((length as u8, symbol));
                }
            }
            code = (code + count) << 1;
            place += count;
        }
        Some(HuffmanTable { quick, longer, symbols: symbols.to_vec() })
    }
}

/// The entropy-coded bytes behind a scan header, bit by bit. Behind the last they are zeros without end.
pub(super) struct Bits<'a> {
    bytes: &'a [u8],
    position: usize,
    /// The bits at hand stand at the top.
    held: u64,
    count: u32,
    /// How many of the bits at hand are none of the file's; more than all mean that such bits were used.
    invented: u32,
    /// Whether a bit was used that is not the file's.
    pub ran_out: bool,
    /// Whether a code was met that does not exist.
    pub is_damaged: bool,
}

impl<'a> Bits<'a> {
    /// The bits from the start of `bytes` to its first marker.
    pub fn new(bytes: &'a [u8]) -> Self {
        Bits { bytes, position: 0, held: 0, count: 0, invented: 0, ran_out: false, is_damaged: false }
    }

    fn fill(&mut self) {
        while self.count <= 56 {
            let rest = &self.bytes[self.position..];
            let byte = match rest {
                [0xff, 0xff, ..] => {
                    self.position += 1;
                    continue;
                }
                [0xff, 0x00, ..] => {
                    self.position += 2;
                    0xff
                }
                [0xff, ..] | [] => {
                    self.invented += 8;
                    0
                }
                [byte, ..] => {
                    self.position += 1;
                    *byte
                }
            };
            self.held |= u64::from(byte) << (56 - self.count);
            self.count += 8;
        }
    }

    fn drop_bits(&mut self, count: u32) {
        self.held <<= count;
        self.count -= count;
        if self.count < self.invented {
            self.ran_out = true;
            self.invented = self.count;
        }
    }

    /// The next `count` bits, up to 16, as a number.
    pub fn take(&mut self, count: u32) -> i32 {
        if count == 0 {
            return 0;
        }
        if self.count < count {
            self.fill();
        }
        let value = (self.held >> (64 - count)) as i32;
        self.drop_bits(count);
        value
    }

    /// A difference of a category, `EXTEND(RECEIVE(category))` of the standard.
    pub fn take_signed(&mut self, category: u32) -> i32 {
        let value = self.take(category);
        match category {
            0 => 0,
            _ if value < 1 << (category - 1) => value - (1 << category) + 1,
            _ => value,
        }
    }

    /// The next symbol. A code that does not exist is noted and counts as symbol 0.
    pub fn symbol(&mut self, table: &HuffmanTable) -> u8 {
        if self.count < 16 {
            self.fill();
        }
        let (length, symbol) = table.quick[(self.held >> (64 - QUICK)) as usize];
        if length > 0 {
            self.drop_bits(length.into());
            return symbol;
        }
        for length in QUICK + 1..=16 {
            let code = (self.held >> (64 - length)) as i32;
            let (greatest, shift) = table.longer[length as usize];
            if code <= greatest {
                self.drop_bits(length);
                return table.symbols.get((code + shift) as usize).copied().unwrap_or(0);
            }
        }
        self.is_damaged = true;
        self.drop_bits(16);
        0
    }

    /// Goes on behind the next restart marker and returns its number; `None` if another marker or the end is next.
    pub fn restart(&mut self) -> Option<u8> {
        let rest = &self.bytes[self.position..];
        let is_marker = |pair: &[u8]| pair[0] == 0xff && (ends_scan(pair[1]) || pair[1] & 0xf8 == 0xd0);
        let at = rest.windows(2).position(is_marker)?;
        let marker = rest[at + 1];
        if marker & 0xf8 != 0xd0 {
            return None;
        }
        *self = Bits { position: self.position + at + 2, ..Bits::new(self.bytes) };
        Some(marker & 7)
    }
}
