//! What the headers of a JPEG file say, and its coefficients.

use super::huffman::HuffmanTable;
use super::scan::{Extent, Scan, ZIGZAG};
use super::segments::{self, Segment};
use super::usual_tables::USUAL_TABLES;
use crate::picture::formats::ReadFailure;

/// Scans that are read; files of real encoders have a dozen.
const MOST_SCANS: usize = 500;

/// A component of a frame: brightness, a colour difference, an ink.
pub(super) struct Component {
    id: u8,
    /// Its blocks in a unit of all components, horizontally and vertically.
    pub across: usize,
    pub down: usize,
    table: usize,
    /// Columns and rows of samples.
    pub size: (usize, usize),
    /// Columns and rows of blocks that hold them, which is what a scan of this component alone codes.
    pub own_blocks: (usize, usize),
    /// Columns and rows of blocks, filled up to whole units.
    pub blocks: (usize, usize),
    /// 64 for each block, row by row.
    pub coefficients: Vec<i16>,
    /// In natural order; `None` before the first scan.
    pub quantization: Option<[u16; 64]>,
    /// For each row of blocks whether it was read without damage.
    sound_rows: Vec<bool>,
    /// One bit for each coefficient that was read to its last bit, in all blocks.
    finished: u64,
}

/// The frame header, and what has been read of its components.
pub(super) struct Frame {
    pub width: usize,
    pub height: usize,
    /// Bits of a sample, 8 or 12.
    pub precision: u32,
    is_progressive: bool,
    /// The greatest sampling of a component, horizontally and vertically.
    pub sampling: (usize, usize),
    /// Columns and rows of units in a scan of several components.
    pub units: (usize, usize),
    pub components: Vec<Component>,
}

/// A file as far as it has been read.
#[derive(Default)]
pub(super) struct Reading {
    quantization: [Option<[u16; 64]>; 4],
    first: [Option<HuffmanTable>; 4],
    others: [Option<HuffmanTable>; 4],
    restart_interval: usize,
    scans: usize,
    /// Whether there is a JFIF header.
    pub is_jfif: bool,
    /// The colour transform of an Adobe header.
    pub adobe: Option<u8>,
    pub frame: Option<Frame>,
    /// Whether the end of the image was reached.
    pub is_ended: bool,
}

fn damaged(reason: impl Into<String>) -> ReadFailure {
    ReadFailure::Damaged(reason.into())
}

impl Reading {
    /// Reads a file, or the tables that a file leaves out. `check` is asked about the size before memory is taken.
    pub fn read(
        &mut self,
        file: &[u8],
        check: &dyn Fn(u32, u32) -> Result<(), ReadFailure>,
    ) -> Result<(), ReadFailure> {
        for segment in segments::segments(file) {
            match segment.marker {
                segments::END_OF_IMAGE => self.is_ended = true,
                segments::QUANTIZATION => self.quantization(segment.payload)?,
                segments::HUFFMAN => self.huffman(segment.payload)?,
                segments::RESTART_INTERVAL => {
                    if let [high, low, ..] = *segment.payload {
                        self.restart_interval = u16::from_be_bytes([high, low]).into();
                    }
                }
                segments::APP0 if segment.payload.starts_with(b"JFIF\0") => self.is_jfif = true,
                segments::APP14 if segment.payload.starts_with(b"Adobe") => {
                    self.adobe = segment.payload.get(11).copied();
                }
                0xc0..=0xc2 if self.frame.is_none() => {
                    let lines = segments::segments(file).find(|it| it.marker == segments::LINES);
                    self.frame = Some(frame(&segment, lines, check)?);
                }
                marker @ (0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf) => {
                    return Err(ReadFailure::Unsupported(unread_process(marker, self.frame.is_some())));
                }
                segments::START_OF_SCAN => self.scan(segment.payload, &file[segment.end..])?,
                _ => {}
            }
        }
        Ok(())
    }

    fn quantization(&mut self, mut payload: &[u8]) -> Result<(), ReadFailure> {
        while let [head, rest @ ..] = payload {
            let bytes = if head >> 4 == 0 { 1 } else { 2 };
            let (Some(table), Some(values)) =
                (self.quantization.get_mut(usize::from(head & 15)), rest.get(..64 * bytes))
            else {
                return Err(damaged("a quantisation table is cut short"));
            };
            let mut natural = [0; 64];
            for (value, place) in values.chunks_exact(bytes).zip(ZIGZAG) {
                natural[usize::from(place)] = value.iter().fold(0, |sum, &byte| sum << 8 | u16::from(byte));
            }
            *table = Some(natural);
            payload = &rest[64 * bytes..];
        }
        Ok(())
    }

    fn huffman(&mut self, mut payload: &[u8]) -> Result<(), ReadFailure> {
        while let Some((head, rest)) = payload.split_at_checked(17) {
            let counts: [u8; 16] = head[1..].try_into().expect("sixteen of seventeen bytes");
            let length = counts.iter().map(|&count| usize::from(count)).sum();
            let tables = if head[0] >> 4 == 0 { &mut self.first } else { &mut self.others };
            let table = tables.get_mut(usize::from(head[0] & 15));
            let (Some(table), Some(symbols)) = (table, rest.get(..length)) else {
                return Err(damaged("a Huffman table is cut short"));
            };
            let new = HuffmanTable::new(&counts, symbols);
            *table = Some(new.ok_or_else(|| damaged("a Huffman table has more codes than fit"))?);
            payload = &rest[length..];
        }
        Ok(())
    }

    fn scan(&mut self, header: &[u8], bytes: &[u8]) -> Result<(), ReadFailure> {
        self.scans += 1;
        let is_progressive = self.frame.as_ref().is_some_and(|frame| frame.is_progressive);
        if self.scans == 1 && !is_progressive && self.others.iter().all(Option::is_none) {
            self.huffman(&USUAL_TABLES)?;
        }
        if self.scans > MOST_SCANS {
            return Err(damaged(format!("more than {MOST_SCANS} scans")));
        }
        let frame = self.frame.as_mut().ok_or_else(|| damaged("pixels before the frame header"))?;
        let count = usize::from(*header.first().unwrap_or(&0));
        let (Some(names), Some(&[first, last, bits])) = (
            header.get(1..1 + 2 * count),
            header.get(1 + 2 * count..4 + 2 * count).and_then(|bytes| <&[u8; 3]>::try_from(bytes).ok()),
        ) else {
            return Err(damaged("a scan header is cut short"));
        };
        let mut components = Vec::new();
        for name in names.chunks_exact(2) {
            let index = frame.components.iter().position(|component| component.id == name[0]);
            let index = index.filter(|index| components.iter().all(|(other, _, _)| other != index));
            let index = index.ok_or_else(|| damaged("a scan of components that are not there"))?;
            let table = |tables: &[Option<HuffmanTable>; 4], number: u8| {
                tables.get(usize::from(number)).cloned().flatten()
            };
            components.push((index, table(&self.first, name[1] >> 4), table(&self.others, name[1] & 15)));
        }
        let (band, high, low) = match frame.is_progressive {
            true => ((usize::from(first), usize::from(last)), u32::from(bits >> 4), u32::from(bits & 15)),
            false => ((0, 63), 0, 0),
        };
        let is_sound = band.0 <= band.1 && band.1 < 64 && low < 14 && (band.0 == 0 || count == 1);
        if !is_sound || count == 0 {
            return Err(damaged("a scan header contradicts itself"));
        }
        let scan = Scan { components, band, high, low };
        let lacks_first = |first: &Option<HuffmanTable>| band.0 == 0 && high == 0 && first.is_none();
        let lacks_others = |others: &Option<HuffmanTable>| band.1 > 0 && others.is_none();
        if scan.components.iter().any(|(_, first, others)| lacks_first(first) || lacks_others(others)) {
            return Err(damaged("a Huffman table is missing"));
        }
        for (index, _, _) in &scan.components {
            let component = &mut frame.components[*index];
            if component.quantization.is_none() {
                let table = self.quantization.get(component.table).cloned().flatten();
                component.quantization =
                    Some(table.ok_or_else(|| damaged("a quantisation table is missing"))?);
            }
            if component.coefficients.is_empty() {
                component.coefficients = vec![0; 64 * component.blocks.0 * component.blocks.1];
            }
        }
        let extent = scan.read(bytes, self.restart_interval, frame);
        frame.note(&scan, &extent);
        Ok(())
    }
}

impl Frame {
    /// Remembers how well a scan was read.
    fn note(&mut self, scan: &Scan, extent: &Extent) {
        let is_alone = scan.components.len() == 1;
        for (index, _, _) in &scan.components {
            let component = &mut self.components[*index];
            // A row exists from its first coefficient on. Damage in later scans blurs it.
            if scan.band.0 == 0 && scan.high == 0 {
                let rows_in_unit = if is_alone { 1 } else { component.down };
                for (row, is_sound) in component.sound_rows.iter_mut().enumerate() {
                    *is_sound |= extent.sound_rows.get(row / rows_in_unit).copied().unwrap_or(false);
                }
            }
            if scan.low == 0 && extent.is_whole() {
                component.finished |= (scan.band.0..=scan.band.1).fold(0, |bits, place| bits | 1 << place);
            }
        }
    }

    /// Rows of pixels that lack a component.
    pub fn missing_rows(&self) -> usize {
        let is_missing = |y: &usize| {
            let row = |component: &Component| y * component.down / self.sampling.1 / 8;
            self.components.iter().any(|component| !component.sound_rows[row(component)])
        };
        (0..self.height).filter(is_missing).count()
    }

    /// Whether every coefficient was read to its last bit.
    pub fn is_finished(&self) -> bool {
        self.components.iter().all(|component| component.finished == u64::MAX)
    }

    /// Whether the names of the three components are these.
    pub fn is_named(&self, names: &[u8; 3]) -> bool {
        self.components.iter().map(|component| component.id).eq(names.iter().copied())
    }
}

/// Reads a frame header. `lines` is a segment that gives the height if the header does not.
fn frame(
    segment: &Segment,
    lines: Option<Segment>,
    check: &dyn Fn(u32, u32) -> Result<(), ReadFailure>,
) -> Result<Frame, ReadFailure> {
    let short = || damaged("the frame header is cut short");
    let (head, rest) = segment.payload.split_at_checked(6).ok_or_else(short)?;
    let (precision, count) = (u32::from(head[0]), usize::from(head[5]));
    let side = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let (mut height, width) = (side(1), side(3));
    if let (0, Some([high, low, ..])) = (height, lines.map(|lines| lines.payload)) {
        height = u16::from_be_bytes([*high, *low]);
    }
    if width == 0 || height == 0 {
        return Err(damaged(format!("a size of {width}x{height}")));
    }
    check(width.into(), height.into())?;
    if !matches!(precision, 8 | 12) {
        return Err(damaged(format!("{precision} bits a sample; 8 or 12 exist")));
    }
    if !matches!(count, 1 | 3 | 4) {
        return Err(ReadFailure::Unsupported(format!("{count} components; 1, 3 or 4 are read")));
    }
    let named = rest.get(..3 * count).ok_or_else(short)?;
    // A component alone is one block a unit, whatever the header says.
    let factor = |value: u8| if count == 1 { 1 } else { usize::from(value) };
    let sampling = |named: &[u8]| (factor(named[1] >> 4), factor(named[1] & 15));
    let samplings: Vec<_> = named.chunks_exact(3).map(sampling).collect();
    if samplings.iter().any(|&(across, down)| !(1..=4).contains(&across) || !(1..=4).contains(&down)) {
        return Err(damaged("a sampling factor is not 1 to 4"));
    }
    let greatest = samplings.iter().fold((1, 1), |most, one| (most.0.max(one.0), most.1.max(one.1)));
    let (width, height) = (usize::from(width), usize::from(height));
    let units = (width.div_ceil(8 * greatest.0), height.div_ceil(8 * greatest.1));
    let components = named.chunks_exact(3).zip(samplings).map(|(named, (across, down))| {
        let size = ((width * across).div_ceil(greatest.0), (height * down).div_ceil(greatest.1));
        Component {
            id: named[0],
            across,
            down,
            table: named[2].into(),
            size,
            own_blocks: (size.0.div_ceil(8), size.1.div_ceil(8)),
            blocks: (units.0 * across, units.1 * down),
            coefficients: Vec::new(),
            quantization: None,
            sound_rows: vec![false; units.1 * down],
            finished: 0,
        }
    });
    Ok(Frame {
        width,
        height,
        precision,
        is_progressive: segment.marker == 0xc2,
        sampling: greatest,
        units,
        components: components.collect(),
    })
}

/// What a frame header announces that is not read.
fn unread_process(marker: u8, is_second: bool) -> String {
    let kind = match marker {
        0xc3 => "lossless JPEG",
        0xc9..=0xcb => "JPEG with arithmetic coding",
        0xc5..=0xc7 | 0xcd..=0xcf => "hierarchical JPEG",
        _ if is_second => "hierarchical JPEG",
        _ => "JPEG of an unknown process",
    };
    format!("{kind}; convert it to ordinary JPEG, PNG or TIFF, for example with ImageMagick")
}
