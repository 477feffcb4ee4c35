//! Whose strokes a result has, and of what size.

use image::{Rgb, RgbImage};

use crate::scene::Scene;

const SHORT: &str = "transfer content.png style.png --size 64 --iterations 12 --quiet";

/// Adds `fine.png`, green dots as large as a pixel.
fn add_fine_strokes(scene: &Scene) {
    let dots = |x: u32, y: u32| if (x + y).is_multiple_of(2) { [30, 200, 60] } else { [20, 90, 30] };
    RgbImage::from_fn(48, 48, |x, y| Rgb(dots(x, y))).save(scene.path("fine.png")).unwrap();
}

#[test]
fn fine_strokes_come_from_another_painting() {
    let scene = Scene::new();
    add_fine_strokes(&scene);
    let greenness = |flags: &str| {
        scene.succeed(&format!("{SHORT} {flags} -o out.png --force"));
        let picture = scene.picture("out.png");
        let pixels = picture.pixels();
        let sum: i64 =
            pixels.map(|pixel| 2 * i64::from(pixel[1]) - i64::from(pixel[0]) - i64::from(pixel[2])).sum();
        sum as f64 / f64::from(picture.width() * picture.height())
    };
    let (own, other) = (greenness(""), greenness("--fine-strokes fine.png"));
    // The first layers have most of the colour.
    assert!(other > own + 20.0, "{own} and {other}");
}

#[test]
fn methods_that_copy_pieces_refuse_fine_strokes() {
    let scene = Scene::new();
    add_fine_strokes(&scene);
    let output = scene.run(&format!("{SHORT} --fine-strokes fine.png --method patches -o out.png"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("--fine-strokes") && said.contains("--method moments"), "{said}");
    assert!(!scene.files().contains("out.png"));
}
