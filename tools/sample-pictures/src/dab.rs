//! Single touches: dots of paint, tiles of glass.

use crate::canvas::Canvas;
use crate::colour::Colour;
use crate::noise::{noise2, smoothstep};

/// A rounded patch, lying at an angle.
#[derive(Clone, Copy)]
pub struct Dab {
    /// The middle, in pixels.
    pub centre: [f32; 2],
    /// Half the length and half the width, in pixels.
    pub half: [f32; 2],
    /// The angle of the length to the horizontal.
    pub angle: f32,
    /// 2 is an ellipse; larger exponents are squarer.
    pub power: f32,
}

impl Dab {
    /// A point in the patch's own measure: both coordinates −1..1 inside.
    pub fn own(&self, x: f32, y: f32) -> [f32; 2] {
        let (sine, cosine) = libm::sincosf(self.angle);
        let (dx, dy) = (x - self.centre[0], y - self.centre[1]);
        [(dx * cosine + dy * sine) / self.half[0], (dy * cosine - dx * sine) / self.half[1]]
    }

    /// The pixels that the patch may touch: left, top, right, bottom, clipped to a canvas.
    pub fn bounds(&self, width: usize, height: usize) -> [usize; 4] {
        let reach = (self.half[0] * self.half[0] + self.half[1] * self.half[1]).sqrt() + 1.5;
        let clip = |v: f32, limit: usize| v.clamp(0.0, limit as f32) as usize;
        [
            clip(self.centre[0] - reach, width),
            clip(self.centre[1] - reach, height),
            clip(self.centre[0] + reach + 1.0, width),
            clip(self.centre[1] + reach + 1.0, height),
        ]
    }

    /// How far from the middle a point is, measured so that the border is at 1.
    pub fn radius(&self, [u, v]: [f32; 2]) -> f32 {
        if self.power == 2.0 {
            (u * u + v * v).sqrt()
        } else {
            let (u, v) = (u.abs(), v.abs());
            libm::powf(libm::powf(u, self.power) + libm::powf(v, self.power), 1.0 / self.power)
        }
    }

    /// Touches the canvas with thick paint: a ragged border, lighter at its upper left where the paint
    /// catches the light, with a thin shadow at its lower right.
    pub fn touch(&self, canvas: &mut Canvas, colour: Colour) {
        let [left, top, right, bottom] = self.bounds(canvas.width, canvas.height);
        let soft = 1.0 / self.half[1].max(1.0);
        for y in top..bottom {
            for x in left..right {
                let (px, py) = (x as f32 + 0.5, y as f32 + 0.5);
                let own = self.own(px, py);
                let ragged = 0.22 * noise2(px * 0.45 + self.centre[0], py * 0.45 + self.centre[1], 3);
                let radius = self.radius(own) + ragged;
                let opacity = smoothstep(1.0 + soft, 1.0 - soft, radius);
                if opacity <= 0.0 {
                    continue;
                }
                let (dx, dy) = (px - self.centre[0], py - self.centre[1]);
                let towards_light = -(dx + dy) / (1.42 * self.half[0]);
                let relief = 1.0 + 0.20 * towards_light * smoothstep(0.2, 0.9, radius);
                let pixel = &mut canvas.pixels[y * canvas.width + x];
                *pixel = pixel.mix(colour * relief, opacity * 0.96);
            }
        }
    }
}
