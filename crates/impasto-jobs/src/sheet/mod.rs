//! Sheets: pictures in rows and columns with labels, as one picture.
//!
//! Every tile stands in a cell of one size, with an optional caption below it. Labels of columns stand above,
//! labels of rows to the left, and a title over all. Cells are as wide as the widest tile or word needs.

mod space;
mod text;

use impasto::Picture;
use impasto::picture::Filter;
pub use space::Space;
use text::{LINE, Style, draw, wrapped};

/// White of the paper, 0..1: a step of 8 bits, so that it is written without dithering.
const PAPER: f32 = 251.0 / 255.0;

/// Between cells, and around the sheet, in pixels.
const GAP: usize = 8;
const MARGIN: usize = 14;

/// Between the labels of columns and the first row, in pixels.
const UNDER_LABEL: usize = 4;

/// The narrowest cell: labels have to be legible.
const NARROWEST: usize = 96;

/// Characters of a line of the labels of rows.
const ROW_LABEL: usize = 22;

/// One picture of a sheet.
#[derive(Clone, Debug)]
pub struct Tile {
    /// What is shown.
    pub picture: Picture,
    /// A line below it, if not empty.
    pub caption: String,
}

/// Pictures in rows and columns.
#[derive(Clone, Debug, Default)]
pub struct Sheet {
    /// Over all.
    pub title: String,
    /// Cells of a row, at least one.
    pub columns: usize,
    /// One for each column, or none.
    pub column_labels: Vec<String>,
    /// One for each row, or none.
    pub row_labels: Vec<String>,
    /// Row by row; a cell may be empty.
    pub tiles: Vec<Option<Tile>>,
}

/// Where everything stands, in pixels.
struct Layout {
    cell_width: usize,
    /// Height of the tallest tile of each row.
    row_heights: Vec<usize>,
    /// Height of the captions below a row: of none if there are none.
    caption_height: usize,
    /// Left of the first column.
    left: usize,
    title: Vec<String>,
    column_labels: Vec<Vec<String>>,
    row_labels: Vec<Vec<String>>,
    captions: Vec<Vec<String>>,
    /// Top of the first row.
    top: usize,
    width: usize,
    height: usize,
}

impl Tile {
    fn space(&self) -> Space<'_> {
        Space { width: self.picture.width(), height: self.picture.height(), caption: &self.caption }
    }
}

impl Sheet {
    /// The sheet as a picture.
    pub fn draw(&self) -> Picture {
        let layout = self.layout(&self.spaces());
        let (width, height) = (layout.width, layout.height);
        let mut sheet = Picture::new(width, height, vec![PAPER; 3 * width * height]);
        lines(&mut sheet, MARGIN, MARGIN, &layout.title, Style::Title);
        for (column, label) in layout.column_labels.iter().enumerate() {
            let left = layout.left + column * (layout.cell_width + GAP);
            // The labels of a row of columns stand on one line, their last.
            let top = layout.top - UNDER_LABEL - label.len() * LINE;
            centered(&mut sheet, left, top, layout.cell_width, label, Style::Label);
        }
        let mut top = layout.top;
        for (row, height) in layout.row_heights.iter().enumerate() {
            if let Some(label) = layout.row_labels.get(row) {
                let middle = top + height.saturating_sub(label.len() * LINE) / 2;
                lines(&mut sheet, MARGIN, middle, label, Style::Label);
            }
            for column in 0..self.columns {
                let index = row * self.columns + column;
                let Some(Some(tile)) = self.tiles.get(index) else { continue };
                let left = layout.left + column * (layout.cell_width + GAP);
                let centre = (layout.cell_width - tile.picture.width()) / 2;
                paste(&mut sheet, &tile.picture, left + centre, top + (height - tile.picture.height()) / 2);
                centered(
                    &mut sheet,
                    left,
                    top + height,
                    layout.cell_width,
                    &layout.captions[index],
                    Style::Caption,
                );
            }
            top += height + layout.caption_height + GAP;
        }
        sheet
    }

    /// The spaces of the tiles, cell by cell.
    fn spaces(&self) -> Vec<Option<Space<'_>>> {
        self.tiles.iter().map(|tile| tile.as_ref().map(Tile::space)).collect()
    }

    /// Where everything stands if the tiles take these spaces.
    fn layout(&self, tiles: &[Option<Space<'_>>]) -> Layout {
        let widest = tiles.iter().flatten().map(|tile| tile.width).max().unwrap_or(0).max(NARROWEST);
        // A word that does not fit its cell is broken, so no text can leave it.
        let characters = widest / Style::Label.advance();
        let column_labels: Vec<Vec<String>> =
            self.column_labels.iter().map(|label| wrapped(label, characters)).collect();
        let caption = |tile: &Space<'_>| wrapped(tile.caption, widest / Style::Caption.advance());
        let captions: Vec<Vec<String>> =
            tiles.iter().map(|tile| tile.as_ref().map_or_else(Vec::new, caption)).collect();
        let row_labels: Vec<Vec<String>> =
            self.row_labels.iter().map(|label| wrapped(label, ROW_LABEL)).collect();
        let label_width = row_labels.iter().flatten().map(|line| Style::Label.width(line)).max();
        let left = MARGIN + label_width.map_or(0, |width| width + 2 * GAP);
        let width = left + self.columns * (widest + GAP) - GAP + MARGIN;
        let row_heights: Vec<usize> = tiles
            .chunks(self.columns)
            .map(|row| row.iter().flatten().map(|tile| tile.height).max().unwrap_or(0))
            .collect();
        let caption_height = captions.iter().map(Vec::len).max().unwrap_or(0) * LINE;

        let title = wrapped(&self.title, (width - 2 * MARGIN) / Style::Title.advance());
        let title_height = title.len() * LINE + if title.is_empty() { 0 } else { GAP };
        let label_lines = column_labels.iter().map(Vec::len).max().unwrap_or(0);
        let label_height = if label_lines > 0 { label_lines * LINE + UNDER_LABEL } else { 0 };
        let top = MARGIN + title_height + label_height;
        let rows: usize = row_heights.iter().map(|height| height + caption_height).sum();
        let height = top + rows + GAP * (row_heights.len().max(1) - 1) + MARGIN;
        Layout {
            cell_width: widest,
            row_heights,
            caption_height,
            left,
            title,
            column_labels,
            row_labels,
            captions,
            top,
            width,
            height,
        }
    }
}

/// The picture with a longest side of at most `longest` pixels; smaller ones are left as they are.
pub fn shrunk(picture: &Picture, longest: usize) -> Picture {
    if picture.width().max(picture.height()) <= longest {
        return picture.clone();
    }
    let (width, height) = picture.fit_longest_side(longest);
    picture.resized(width, height, Filter::Lanczos3).clamped()
}

/// Lines of text from the left.
fn lines(sheet: &mut Picture, left: usize, top: usize, text: &[String], style: Style) {
    for (index, line) in text.iter().enumerate() {
        draw(sheet, left, top + index * LINE, line, style);
    }
}

/// Lines of text, each in the middle of `width` pixels.
fn centered(sheet: &mut Picture, left: usize, top: usize, width: usize, text: &[String], style: Style) {
    for (index, line) in text.iter().enumerate() {
        let left = left + width.saturating_sub(style.width(line)) / 2;
        draw(sheet, left, top + index * LINE, line, style);
    }
}

/// Copies all of `picture` into `sheet`, where it fits.
fn paste(sheet: &mut Picture, picture: &Picture, left: usize, top: usize) {
    let (width, height, sheet_width) = (picture.width(), picture.height(), sheet.width());
    let sheet_plane = sheet_width * sheet.height();
    for channel in 0..3 {
        for row in 0..height {
            let from = (channel * height + row) * width;
            let to = channel * sheet_plane + (top + row) * sheet_width + left;
            sheet.data_mut()[to..to + width].copy_from_slice(&picture.data()[from..from + width]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tile(width: usize, height: usize) -> Option<Tile> {
        let picture = Picture::new(width, height, vec![0.5; 3 * width * height]);
        Some(Tile { picture, caption: String::new() })
    }

    #[test]
    fn a_sheet_is_as_large_as_its_cells_and_labels() {
        let bare =
            Sheet { columns: 2, tiles: vec![tile(120, 80), tile(100, 90), tile(10, 10)], ..Sheet::default() };
        let drawn = bare.draw();
        assert_eq!((drawn.width(), drawn.height()), (2 * MARGIN + 240 + GAP, 2 * MARGIN + 90 + 10 + GAP));
        let labelled = Sheet {
            title: "title".to_owned(),
            column_labels: vec!["a".to_owned(), "b".to_owned()],
            row_labels: vec!["row".to_owned(), "other".to_owned()],
            ..bare
        };
        let drawn_larger = labelled.draw();
        assert_eq!(drawn_larger.height(), drawn.height() + 2 * LINE + GAP + UNDER_LABEL);
        assert_eq!(drawn_larger.width(), drawn.width() + Style::Label.width("other") + 2 * GAP);
    }

    #[test]
    fn pictures_stand_in_the_middle_of_their_cells() {
        let mut small = tile(20, 10);
        small.as_mut().unwrap().picture.data_mut().fill(0.25);
        let sheet = Sheet { columns: 2, tiles: vec![tile(100, 50), small], ..Sheet::default() }.draw();
        let at = |x: usize, y: usize| sheet.data()[y * sheet.width() + x];
        let (left, top) = (MARGIN + 100 + GAP + 40, MARGIN + 20);
        assert_eq!((at(left, top), at(left - 1, top), at(left, top - 1)), (0.25, PAPER, PAPER));
        assert_eq!((at(left + 19, top + 9), at(left + 20, top + 9)), (0.25, PAPER));
    }

    #[test]
    fn no_label_is_wider_than_its_cell() {
        let labels =
            vec!["a long label of many words and one_word_that_no_cell_could_hold".to_owned(), String::new()];
        let sheet =
            Sheet { columns: 2, column_labels: labels, tiles: vec![tile(96, 9), None], ..Sheet::default() };
        let drawn = sheet.draw();
        let right = MARGIN + 96;
        for row in 0..drawn.height() {
            let outside = &drawn.data()[row * drawn.width() + right..(row + 1) * drawn.width()];
            assert!(outside.iter().all(|value| *value == PAPER), "row {row}");
        }
    }
}
