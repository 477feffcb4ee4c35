//! Transparency, kept apart from colour.

/// How opaque a picture is, `[height, width]`, row by row: 0 is transparent, 1 opaque.
///
/// Colours beside it are straight: they are not multiplied by alpha.
#[derive(Clone, Debug, PartialEq)]
pub struct Alpha {
    width: usize,
    height: usize,
    data: Vec<f32>,
}

impl Alpha {
    /// A plane of opacities.
    ///
    /// # Panics
    /// If `data` does not hold `height · width` values, or a side is zero.
    pub fn new(width: usize, height: usize, data: Vec<f32>) -> Self {
        assert!(width > 0 && height > 0, "an alpha plane of {width}x{height}");
        assert_eq!(data.len(), width * height, "values of a {width}x{height} alpha plane");
        Alpha { width, height, data }
    }

    /// Columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows.
    pub fn height(&self) -> usize {
        self.height
    }

    /// The opacities, `[height, width]`.
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// The opacities, to be changed.
    pub fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }
}
