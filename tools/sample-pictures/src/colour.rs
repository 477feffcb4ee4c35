//! Colours: reading them from hexadecimal, mixing, and the way from light to a picture's bytes.
//!
//! Rendered scenes compute in linear light and end in [`film`]; painted pictures mix sRGB-encoded values
//! directly, as that is closer to how pigments look when mixed.

use crate::vector::{Vec3, vec3};

/// Red, green and blue; 0..1 is what a screen shows.
pub type Colour = Vec3;

/// The sRGB-encoded colour `0xRRGGBB`.
pub const fn paint(hex: u32) -> Colour {
    vec3((hex >> 16 & 0xff) as f32 / 255.0, (hex >> 8 & 0xff) as f32 / 255.0, (hex & 0xff) as f32 / 255.0)
}

/// The colour `0xRRGGBB` in linear light.
pub fn light(hex: u32) -> Colour {
    paint(hex).map(|v| if v <= 0.04045 { v / 12.92 } else { libm::powf((v + 0.055) / 1.055, 2.4) })
}

/// Linear light to sRGB-encoded values (IEC 61966-2-1).
pub fn encode(light: Colour) -> Colour {
    light.map(
        |v| {
            if v <= 0.003_130_8 { 12.92 * v.max(0.0) } else { 1.055 * libm::powf(v, 1.0 / 2.4) - 0.055 }
        },
    )
}

/// Linear light of any strength to sRGB-encoded values, rolling highlights off as film does (the curve
/// that Krzysztof Narkowicz fitted to ACES, 2016).
pub fn film(light: Colour) -> Colour {
    encode(light.map(|v| {
        let v = v.max(0.0);
        ((v * (2.51 * v + 0.03)) / (v * (2.43 * v + 0.59) + 0.14)).min(1.0)
    }))
}

/// The brightness of a colour, with the weights of Rec. 709.
pub fn luminance(colour: Colour) -> f32 {
    colour.dot(vec3(0.2126, 0.7152, 0.0722))
}

/// A colour moved away from (`amount` > 1) or towards (< 1) its own grey.
pub fn saturate(colour: Colour, amount: f32) -> Colour {
    Vec3::splat(luminance(colour)).mix(colour, amount)
}

/// The colour at `position` on a ramp of (position, colour) stops in rising order.
pub fn ramp(stops: &[(f32, Colour)], position: f32) -> Colour {
    let mut previous = stops[0];
    for &stop in stops {
        if position < stop.0 {
            let amount = (position - previous.0) / (stop.0 - previous.0).max(1e-6);
            return previous.1.mix(stop.1, amount.clamp(0.0, 1.0));
        }
        previous = stop;
    }
    previous.1
}
