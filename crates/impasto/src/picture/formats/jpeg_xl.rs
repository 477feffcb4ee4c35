//! JPEG XL, of an animation the first picture. Behind the feature `jpeg-xl`.

use std::io::Cursor;

use jxl_oxide::image::ExtraChannelType;
use jxl_oxide::{AllocTracker, FrameBufferSample, ImageStream, JxlImage, PixelFormat};

use super::{ColorCoding, Model, ReadFailure, Sizes, Stored, StoredSamples};
use crate::picture::ReadWarning;
use crate::picture::coding::Coding;

/// Reads a file.
pub(super) fn read(file: &[u8], sizes: &Sizes) -> Result<Stored, ReadFailure> {
    let damaged = |error: Box<dyn std::error::Error + Send + Sync>| ReadFailure::Damaged(error.to_string());
    let most = usize::try_from(sizes.max_bytes).unwrap_or(usize::MAX);
    let builder = JxlImage::builder().alloc_tracker(AllocTracker::with_limit(most));
    let image = builder.read(Cursor::new(file)).map_err(damaged)?;
    let (width, height) = (image.width(), image.height());
    sizes.check(width, height)?;
    if !image.is_loading_done() {
        return Err(ReadFailure::Damaged("the end is missing".to_owned()));
    }
    let format = image.pixel_format();
    if format.has_black() {
        return Err(ReadFailure::Unsupported(
            "inks; convert it, for example with djxl in.jxl out.png".to_owned(),
        ));
    }
    let model = if format.is_grayscale() { Model::Grey } else { Model::Rgb };
    let metadata = &image.image_header().metadata;
    let is_premultiplied = metadata
        .ec_info
        .iter()
        .any(|channel| matches!(channel.ty, ExtraChannelType::Alpha { alpha_associated: true }));
    let bits = metadata.bit_depth.bits_per_sample();
    let is_animated = image.num_loaded_keyframes() > 1;
    let render = image.render_frame(0).map_err(damaged)?;
    let mut stream = render.stream();
    let (width, height) = (stream.width() as usize, stream.height() as usize);
    if width == 0 || height == 0 || stream.channels() as usize != format.channels() {
        return Err(ReadFailure::Damaged("its channels are not those that it claims".to_owned()));
    }
    let samples = match bits {
        ..=8 => StoredSamples::Eight(samples(&mut stream)),
        9..=16 => StoredSamples::Sixteen(samples(&mut stream)),
        _ => StoredSamples::Float(samples(&mut stream)),
    };
    let coding = match image.rendered_cicp() {
        Some([primaries, curve, _, range]) => Coding::of_code_points(primaries, curve, range != 0),
        None => None,
    };
    Ok(Stored {
        alpha: has_alpha(format).then_some(is_premultiplied),
        coding: coding.map_or_else(|| ColorCoding::Profile(image.rendered_icc()), ColorCoding::Coded),
        warnings: is_animated.then_some(ReadWarning::Animated).into_iter().collect(),
        ..Stored::new(width, height, model, samples)
    })
}

fn has_alpha(format: PixelFormat) -> bool {
    matches!(format, PixelFormat::Graya | PixelFormat::Rgba)
}

/// All samples, upright and interleaved.
fn samples<T: FrameBufferSample + Default + Clone>(stream: &mut ImageStream<'_>) -> Vec<T> {
    let count = stream.width() as usize * stream.height() as usize * stream.channels() as usize;
    let mut samples = vec![T::default(); count];
    stream.write_to_buffer(&mut samples);
    samples
}
