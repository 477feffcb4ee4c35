//! Words on a sheet, in Noto Sans Mono: all characters are equally wide.

use impasto::Picture;
use noto_sans_mono_bitmap::{FontWeight, RasterHeight, get_raster, get_raster_width};

/// Between the tops of two lines, in pixels.
pub const LINE: usize = 20;

/// How text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Of the whole sheet.
    Title,
    /// Of rows and columns.
    Label,
    /// Below a tile.
    Caption,
}

impl Style {
    fn height(self) -> RasterHeight {
        match self {
            Style::Title | Style::Label => RasterHeight::Size20,
            Style::Caption => RasterHeight::Size16,
        }
    }

    /// Darkness of the ink, 0 for black.
    fn ink(self) -> f32 {
        match self {
            Style::Title | Style::Label => 0.1,
            Style::Caption => 0.3,
        }
    }

    /// Width of a character in pixels.
    pub fn advance(self) -> usize {
        get_raster_width(FontWeight::Regular, self.height())
    }

    /// Width of a line in pixels.
    pub fn width(self, line: &str) -> usize {
        line.chars().count() * self.advance()
    }
}

/// The text in lines of at most `characters`, broken between words, and within a word that is longer than a
/// line. No lines if it is empty.
pub fn wrapped(text: &str, characters: usize) -> Vec<String> {
    let characters = characters.max(1);
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        let letters: Vec<char> = word.chars().collect();
        let pieces = letters.chunks(characters);
        for (index, piece) in pieces.enumerate() {
            match lines.last_mut() {
                Some(line) if index == 0 && line.chars().count() + 1 + piece.len() <= characters => {
                    line.push(' ');
                    line.extend(piece);
                }
                _ => lines.push(piece.iter().collect()),
            }
        }
    }
    lines
}

/// Draws a line with its left upper corner there. What would leave the picture is cut off; a character that
/// the font lacks becomes a question mark.
pub fn draw(picture: &mut Picture, left: usize, top: usize, line: &str, style: Style) {
    let plane = picture.width() * picture.height();
    for (index, character) in line.chars().enumerate() {
        let raster = |character| get_raster(character, FontWeight::Regular, style.height());
        let Some(glyph) = raster(character).or_else(|| raster('?')) else { continue };
        let left = left + index * style.advance();
        for (row, coverages) in glyph.rows().enumerate() {
            for (column, coverage) in coverages.iter().enumerate() {
                let (x, y) = (left + column, top + row);
                if x >= picture.width() || y >= picture.height() {
                    continue;
                }
                let (pixel, coverage) = (y * picture.width() + x, f32::from(*coverage) / 255.0);
                for channel in 0..3 {
                    let value = &mut picture.data_mut()[channel * plane + pixel];
                    *value += coverage * (style.ink() - *value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_or_within_long_ones() {
        assert_eq!(wrapped("style ratio 1e3", 11), ["style ratio", "1e3"]);
        assert_eq!(wrapped("relu1_1+relu2_1 x", 7), ["relu1_1", "+relu2_", "1 x"]);
        assert_eq!(wrapped("  ", 5), [""; 0]);
    }

    #[test]
    fn ink_stays_within_the_line_and_the_picture() {
        let mut picture = Picture::new(30, 30, vec![1.0; 2700]);
        draw(&mut picture, 5, 2, "Ẅ|", Style::Label);
        draw(&mut picture, 25, 25, "cut off", Style::Title);
        assert!(picture.data().iter().any(|value| *value < 0.3));
        assert!(picture.data()[..60].iter().all(|value| *value == 1.0));
        assert!(picture.data().iter().all(|value| (0.0..=1.0).contains(value)));
    }
}
