//! The example of a term in another crate: it paints, and the page on adding a term shows it.

use std::path::Path;

#[path = "../examples/09_own_term.rs"]
mod example;

#[test]
fn the_example_paints() {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets");
    let folder = tempfile::tempdir().unwrap();
    for picture in ["content/harbour.png", "style/swirls.png"] {
        let copy = folder.path().join("assets").join(picture);
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(assets.join(picture), copy).unwrap();
    }
    std::env::set_current_dir(folder.path()).unwrap();
    example::main().unwrap();
    let (width, height) = image::image_dimensions("own_term.png").unwrap();
    assert_eq!(width.max(height), 256);
}

/// docs/adding-a-term.md shows the term and what paints with it.
#[test]
fn the_page_on_adding_a_term_shows_the_example() {
    let page = include_str!("../../../docs/adding-a-term.md");
    let example = include_str!("../examples/09_own_term.rs");
    assert!(page.contains(example), "copy examples/09_own_term.rs to the page");
}
