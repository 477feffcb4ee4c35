//! The door of a network: pictures in under its convention, their gradients out.

use crate::Convention;

/// The network's input `[3, H·W]` from a picture `[3, H·W]`, red, green, blue, sRGB-encoded 0..1.
pub(crate) fn read_picture(convention: &Convention, picture: &[f32], input: &mut [f32]) {
    let positions = picture.len() / 3;
    for (channel, to) in convention.input_channels().iter().zip(input.chunks_exact_mut(positions)) {
        let from = &picture[channel.picture_channel * positions..][..positions];
        for (to, from) in to.iter_mut().zip(from) {
            *to = channel.factor * from + channel.offset;
        }
    }
}

/// The gradient by the picture from the gradient by the network's input: the adjoint of
/// [`read_picture`] without its offset.
pub(crate) fn picture_gradient(convention: &Convention, input_gradient: &[f32], gradient: &mut [f32]) {
    let positions = gradient.len() / 3;
    for (channel, from) in convention.input_channels().iter().zip(input_gradient.chunks_exact(positions)) {
        let to = &mut gradient[channel.picture_channel * positions..][..positions];
        for (to, from) in to.iter_mut().zip(from) {
            *to = channel.factor * from;
        }
    }
}
