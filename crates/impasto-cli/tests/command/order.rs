//! Orders as JSON, painted without the command line: the same files as by its flags, byte for byte.

use impasto::{Control, Progress};
use impasto_jobs::{Extent, Job, Order};
use serde_json::{Value, json};

use crate::scene::Scene;

/// Paints an order into the bytes of a PNG.
fn painted(order: &Value) -> Vec<u8> {
    let order = Order::from_json(&order.to_string()).unwrap();
    let mut job = Job::new(&order).unwrap();
    let mut iterations_done = 0;
    let mut count = |_: &Progress<'_>| {
        iterations_done += 1;
        Control::Continue
    };
    let outcome = job.run(&mut count).unwrap();
    let extent = Extent { iterations_done, completed: outcome.completed };
    job.file.encode("out.png", &outcome.picture, &job.recipe, extent).unwrap()
}

#[test]
fn an_order_paints_what_its_flags_paint() {
    let scene = Scene::new().with_maps().with_alpha();
    let file = |name: &str| scene.path(name).display().to_string();
    scene.succeed(
        "transfer alpha.png style.png --size 48 --iterations 3 --seed 7 --start noise --stroke-size 1.5 --colors \
         match --style-layers relu1_1:2,relu3_1 --pooling average --threads 1 --bit-depth 16 -o transfer.png",
    );
    let transfer = json!({
        "transfer": {"content": file("alpha.png"), "styles": [file("style.png")]},
        "size": 48, "iterations": 3, "seed": 7, "start": "noise", "stroke_size": 1.5, "colors": "match",
        "style_layers": [{"layer": "relu1_1", "weight": 2}, {"layer": "relu3_1", "weight": 1}],
        "pooling": "average", "threads": 1, "bit_depth": 16,
    });
    assert!(painted(&transfer) == scene.bytes("transfer.png"));

    scene.succeed(
        "doodle --style style.png --style-map style-map.png --map map.png --size 32 --iterations 2 --method patches \
         --map-match nearest --optimizer lbfgs -o doodle.png",
    );
    let doodle = json!({
        "doodle": {
            "styles": [file("style.png")], "style_map": [file("style-map.png")], "map": file("map.png"),
        },
        "size": 32, "iterations": 2, "method": "patches", "map_match": "nearest", "optimizer": "lbfgs",
    });
    assert!(painted(&doodle) == scene.bytes("doodle.png"));

    scene.succeed(
        "texture style.png content.png --size 40x24 --seamless --iterations 2 --style-blend 1,3 -o texture.png",
    );
    let texture = json!({
        "texture": {"styles": [file("style.png"), file("content.png")], "seamless": true},
        "size": "40x24", "iterations": 2, "style_blend": [1, 3],
    });
    assert!(painted(&texture) == scene.bytes("texture.png"));
}

#[test]
fn both_say_the_same_of_an_order() {
    let scene = Scene::new();
    let order = json!({
        "transfer": {"content": scene.path("content.png"), "styles": [scene.path("style.png")]},
        "size": 64, "iterations": 2, "start": "noise", "style_blend": [1, 2],
    });
    let refusal = Job::new(&Order::from_json(&order.to_string()).unwrap()).err().unwrap();
    assert_eq!(refusal.message.field.as_deref(), Some("style_blend"));
    assert_eq!(refusal.message.why.to_string(), "has 2 weights for 1 style picture: give one for each");
    let flags = "transfer content.png style.png --size 64 --iterations 2 --start noise";
    let output = scene.run(&format!("{flags} --style-blend 1,2"));
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(said, "error: --style-blend has 2 weights for 1 style picture: give one for each\n");

    let mut order = Order::from_json(&order.to_string()).unwrap();
    order.picture.style_blend = None;
    let job = Job::new(&order).unwrap();
    let notes: Vec<&str> = job.notes.iter().filter_map(|note| note.message.field.as_deref()).collect();
    assert!(notes.contains(&"iterations"), "{notes:?}");
    let (_, said) = scene.succeed(flags);
    for note in &job.notes {
        assert!(said.contains(&note.message.to_string()), "{note:?}: {said}");
    }
}
