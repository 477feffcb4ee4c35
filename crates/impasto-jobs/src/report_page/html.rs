//! Pieces of HTML: text that stays text, and pictures within the page.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use impasto::Picture;
use impasto::picture::{Alpha, Filter, WriteOptions};

use crate::refusal::Refusal;

/// Text as it must stand in HTML, in attributes too.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            other => safe.push(other),
        }
    }
    safe
}

/// A picture on its way into a page.
#[derive(Debug)]
pub struct InlinePicture {
    /// Sides of the picture itself, in pixels.
    pub width: usize,
    /// Sides of the picture itself, in pixels.
    pub height: usize,
    /// `data:image/…;base64,…` of a copy that may be smaller.
    source: String,
}

impl InlinePicture {
    /// The picture, its copy shrunk to a longest side of `longest` pixels: PNG or JPEG, whichever is smaller.
    /// So maps of few colours stay exact.
    ///
    /// # Errors
    /// If a value is not finite.
    pub fn new(picture: &Picture, alpha: Option<&Alpha>, longest: usize) -> Result<Self, Refusal> {
        let (width, height) = (picture.width(), picture.height());
        let shrunk = (width.max(height) > longest).then(|| {
            let (width, height) = picture.fit_longest_side(longest);
            let alpha = alpha.map(|alpha| alpha.resized(width, height, Filter::Lanczos3));
            (picture.resized(width, height, Filter::Lanczos3).clamped(), alpha)
        });
        let (copy, alpha) = match &shrunk {
            Some((copy, alpha)) => (copy, alpha.as_ref()),
            None => (picture, alpha),
        };
        let options = WriteOptions { jpeg_quality: JPEG_QUALITY, ..WriteOptions::default() };
        let png = copy.encode("picture.png", alpha, &options)?;
        let jpeg = copy.encode("picture.jpg", alpha, &options)?;
        let (kind, bytes) = if png.len() <= jpeg.len() { ("png", png) } else { ("jpeg", jpeg) };
        let source = format!("data:image/{kind};base64,{}", BASE64_STANDARD.encode(bytes));
        Ok(InlinePicture { width, height, source })
    }

    /// The picture with a caption, which is HTML; `alternative` is what it shows, in words.
    pub fn figure(&self, alternative: &str, caption: &str) -> String {
        format!(
            "<figure><img src=\"{}\" width=\"{}\" height=\"{}\" alt=\"{}\"><figcaption>{caption}</figcaption></figure>\n",
            self.source,
            self.width,
            self.height,
            escaped(alternative)
        )
    }

    /// `512×384`
    pub fn size(&self) -> String {
        format!("{}×{}", self.width, self.height)
    }
}

/// Of pictures in the page: strokes stay clean.
const JPEG_QUALITY: u8 = 92;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        assert_eq!(escaped("<b a='1' c=\"2\">&amp;"), "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;");
        assert_eq!(escaped("Bäume · 3×4"), "Bäume · 3×4");
    }

    #[test]
    fn flat_pictures_stay_exact() {
        let flat = Picture::new(64, 48, vec![0.25; 3 * 64 * 48]);
        let noise = Picture::uniform_noise(64, 48, 0.0..1.0, 1);
        assert!(
            InlinePicture::new(&flat, None, 64).unwrap().source.starts_with("data:image/png;base64,iVBOR")
        );
        assert!(InlinePicture::new(&noise, None, 64).unwrap().source.starts_with("data:image/jpeg;base64,"));
    }

    #[test]
    fn large_pictures_are_shrunk_but_keep_their_size_in_words() {
        let noise = Picture::uniform_noise(64, 48, 0.0..1.0, 1);
        let (large, small) =
            (InlinePicture::new(&noise, None, 64).unwrap(), InlinePicture::new(&noise, None, 16).unwrap());
        assert!(small.source.len() < large.source.len() / 4);
        assert_eq!(small.size(), "64×48");
    }
}
