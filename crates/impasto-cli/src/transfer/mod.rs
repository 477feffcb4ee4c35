//! `impasto transfer`: repaints a picture in the style of others.

use std::path::PathBuf;

use clap::Args;

use crate::failure::Failure;
use crate::painting::arguments::{ContentArguments, MapArguments, SharedArguments};
use crate::painting::values::{self, MaskList};
use crate::painting::{self, MapFiles, Maps, Request};

const EXAMPLES: &str = "\
Examples:
  Paint a photograph; the result is harbour-swirls.png in the current folder:
    impasto transfer assets/content/harbour.png assets/style/swirls.png
  Larger, with coarser strokes, closer to the photograph:
    impasto transfer assets/content/harbour.png assets/style/swirls.png -o out.png \\
      --size 1024 --style-scale 1.5 --content-weight 0.3
  Two styles, one part of the first to two of the second, in the colours of the photograph:
    impasto transfer photo.jpg a.jpg b.jpg --style-blend 1,2 --colors content -o out.jpg
  Paint the background alone: face.png is black where the photograph is to stay, white elsewhere:
    impasto transfer photo.jpg painting.jpg --strength-map face.png
  Sky like sky and water like water: the colours of two maps say which is which:
    impasto transfer photo.jpg painting.jpg --content-map photo-map.png --style-map painting-map.png
  The method of Gatys, Ecker and Bethge with VGG-19, its losses kept as JSON:
    impasto transfer photo.jpg painting.jpg --preset gatys --weights vgg19.safetensors \\
      --json=trace.json
  A page on the run to send to a colleague, with the pictures after these iterations:
    impasto transfer photo.jpg painting.jpg --report run --snapshots 0,5,10,20,50
  Another photograph just as a picture was painted before, with other noise:
    impasto transfer other.jpg painting.jpg --like out.png --seed 3 -o again.png
  What a run would do, need and take, without running it:
    impasto transfer photo.jpg painting.jpg --size 2048 --dry-run";

/// Repaint a picture in the style of another.
///
/// CONTENT keeps its shapes and takes on the strokes and colours of STYLE. PNG, JPEG, WebP and TIFF are
/// read, by what they hold and not by name. Ctrl-C, SIGTERM and, on Linux, SIGHUP finish the step
/// and save what there is; a second Ctrl-C quits at once.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true)]
pub struct TransferArguments {
    /// The picture to repaint.
    pub content: PathBuf,

    /// The pictures to take the style from, one or more.
    #[arg(required = true, value_name = "STYLE")]
    pub styles: Vec<PathBuf>,

    /// Map of the parts of CONTENT, a colour each: a part takes the style of the part of STYLE that has the
    /// same colour in its map.
    #[arg(long, value_name = "FILE", requires = "style_map", help_heading = "Maps")]
    pub content_map: Option<PathBuf>,

    /// Map of the parts of STYLE; of several styles one for each, in their order, the flag repeated.
    #[arg(long, value_name = "FILE", requires = "content_map", help_heading = "Maps")]
    pub style_map: Vec<PathBuf>,

    /// Soft masks of the parts of CONTENT instead of a map, one for each with commas between: white belongs
    /// to the part, black does not, grey in part. One mask alone makes two parts, its white and its black.
    #[arg(
        long,
        value_name = "FILES",
        value_parser = values::mask_list,
        requires = "style_mask",
        conflicts_with_all = ["content_map", "style_map", "map_colors", "map_match"],
        help_heading = "Maps"
    )]
    pub content_mask: Option<MaskList>,

    /// Soft masks of the same parts of STYLE, in the same order; of several styles the flag repeated.
    #[arg(
        long,
        value_name = "FILES",
        value_parser = values::mask_list,
        requires = "content_mask",
        help_heading = "Maps"
    )]
    pub style_mask: Vec<MaskList>,

    #[command(flatten)]
    pub maps: MapArguments,

    #[command(flatten)]
    pub keeping: ContentArguments,

    #[command(flatten)]
    pub shared: SharedArguments,
}

/// Paints, or tells what painting would take.
pub fn run(arguments: &TransferArguments) -> Result<(), Failure> {
    painting::run(&arguments.request()?)
}

impl TransferArguments {
    /// What is to be painted.
    ///
    /// # Errors
    /// If flags about maps are given without maps.
    pub fn request(&self) -> Result<Request<'_>, Failure> {
        let files = match (&self.content_map, &self.content_mask) {
            (Some(picture), _) => Some(MapFiles::Colors { picture, styles: &self.style_map }),
            (None, Some(picture)) => Some(MapFiles::Masks { picture, styles: &self.style_mask }),
            (None, None) => None,
        };
        Ok(Request {
            shared: &self.shared,
            keeping: Some(&self.keeping),
            content: Some(&self.content),
            styles: &self.styles,
            maps: Maps::new(&self.maps, files, "--content-map and --style-map")?,
            seamless: None,
            preview: None,
        })
    }
}
