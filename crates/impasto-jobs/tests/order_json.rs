//! Orders as JSON: every field, there and back; what is refused, and of which field; old files.

use std::collections::BTreeSet;

use impasto_jobs::Order;
use impasto_jobs::order::{Doodle, MaskList, StartFrom, Task, Texture, VARIED};
use serde_json::{Map, Value, json};

/// An order with a value in every field, though not all of them go together.
fn full() -> Value {
    serde_json::from_str(include_str!("fixtures/order-full.json")).unwrap()
}

fn read(value: &Value) -> Order {
    Order::from_json(&value.to_string()).unwrap()
}

/// An order with these choices, as text.
fn with(choices: Value) -> String {
    let mut order = json!({"texture": {"styles": ["b.png"]}});
    let Value::Object(choices) = choices else { panic!("{choices}") };
    choices.into_iter().for_each(|(field, value)| order[field] = value);
    order.to_string()
}

#[test]
fn every_field_comes_back_as_it_was() {
    let order = read(&full());
    assert_eq!(serde_json::to_value(&order).unwrap(), full());
    assert_eq!(serde_json::from_str::<Order>(&full().to_string()).unwrap(), order);
}

#[test]
fn the_full_order_has_all_fields() {
    let names = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().map(String::clone).collect()
    };
    let bare = serde_json::to_value(Order::transfer("a.png", ["b.png"])).unwrap();
    assert_eq!(names(&full()), names(&bare));
    assert_eq!(names(&full()["transfer"]), names(&bare["transfer"]));
    let no_value: Map<String, Value> = full().as_object().unwrap().clone();
    assert!(no_value.values().all(|value| !value.is_null()));
    assert!(VARIED.iter().all(|field| no_value.contains_key(*field)));
}

#[test]
fn what_is_left_out_is_as_the_preset_has_it() {
    let order = read(&json!({"transfer": {"content": "a.png", "styles": ["b.png"]}}));
    assert_eq!(order, Order::transfer("a.png", ["b.png"]));
    let nulls = serde_json::to_value(&order).unwrap();
    assert_eq!(read(&nulls), order);
}

#[test]
fn every_task_has_its_pictures() {
    let doodle = json!({"doodle": {"styles": ["a.png"], "style_map": ["b.png"], "map": "c.png"}});
    let Task::Doodle(Doodle { map, content: None, .. }) = read(&doodle).task else { panic!("{doodle}") };
    assert_eq!(map.to_str(), Some("c.png"));
    let texture = json!({"texture": {"styles": ["a.png"], "seamless": true}});
    let Task::Texture(Texture { seamless, .. }) = read(&texture).task else { panic!("{texture}") };
    assert_eq!(seamless, Some(true));
}

#[test]
fn names_of_files_are_whatever_they_are() {
    let mut order = Order::transfer("content", ["a,b.png"]);
    order.picture.start = Some(StartFrom::Picture("noise".into()));
    let Task::Transfer(pictures) = &mut order.task else { unreachable!("a transfer was ordered") };
    pictures.content_mask = Some(MaskList(vec!["a,b.png".into()]));
    assert_eq!(read(&serde_json::to_value(&order).unwrap()), order);
}

#[test]
fn what_is_wrong_is_told_of_its_field() {
    for (choices, field, words) in [
        (json!({"sizes": 512}), "sizes", "unknown field"),
        (json!({"size": "large"}), "size", "expected the pixels"),
        (json!({"size": 0}), "size", "expected the pixels"),
        (json!({"seed": -1}), "seed", "invalid value"),
        (json!({"method": "magic"}), "method", "expected one of gram, moments"),
        (json!({"network": "resnet"}), "network", "unknown network"),
        (json!({"convention": "upside down"}), "convention", "expected caffe, torch"),
        (json!({"style_layers": [{"layer": "relu0_1", "weight": 1}]}), "style_layers", "relu0_1"),
        (json!({"texture": {"styles": [], "content": "a.png"}}), "texture", "unknown field `content`"),
    ] {
        let refusal = Order::from_json(&with(choices.clone())).unwrap_err();
        assert_eq!(refusal.message.field.as_deref(), Some(field), "{choices}: {refusal}");
        assert!(refusal.to_string().contains(words), "{choices}: {refusal}");
    }
    for (text, words) in [
        ("", "no order"),
        ("[]", "no order"),
        (r#"{"size": 512}"#, "expected a task"),
        (
            r#"{"texture": {"styles": ["a"]}, "doodle": {"styles": [], "style_map": [], "map": "a"}}"#,
            "no order",
        ),
    ] {
        let refusal = Order::from_json(text).unwrap_err();
        assert!(refusal.to_string().contains(words), "{text}: {refusal}");
    }
}

#[test]
fn ranges_and_conflicts_are_checked() {
    for (choices, field, words) in [
        (json!({"texture": {"styles": []}}), "styles", "no style picture"),
        (json!({"max_pixels": 0}), "max_pixels", "at least 1"),
        (json!({"iterations": 0}), "iterations", "expected 1 to 1000000"),
        (json!({"patch_size": 4}), "patch_size", "1, 3, 5 or 7"),
        (json!({"quality": 101}), "quality", "expected 1 to 100"),
        (json!({"threads": 2000}), "threads", "expected 1 to 1024"),
        (json!({"strength": 1.5}), "strength", "from 0 to 1"),
        (json!({"style_blend": [1, -1]}), "style_blend", "at least 0"),
        (json!({"learning_rate": 0}), "learning_rate", "above 0"),
        (json!({"style_layers": [{"layer": "relu1_1", "weight": -1}]}), "style_layers", "at least 0"),
        (json!({"map_match": "nearest"}), "map_match", "there are no maps"),
        (json!({"look": "oil", "preset": "gatys"}), "look", "cannot be used with preset"),
        (json!({"like": "a.png", "preset": "gatys"}), "like", "cannot be used with preset"),
        (json!({"effort": "draft", "iterations": 9}), "effort", "cannot be used with iterations"),
        (json!({"stroke_size": 2, "style_scale": 2}), "stroke_size", "cannot be used with style_scale"),
        (json!({"convention": "caffe"}), "convention", "needs weights"),
    ] {
        let refusal = Order::from_json(&with(choices.clone())).unwrap().check().unwrap_err();
        assert_eq!(refusal.message.field.as_deref(), Some(field), "{choices}: {refusal}");
        assert!(refusal.to_string().contains(words), "{choices}: {refusal}");
    }
    let maps = r#"{"transfer": {"content": "a", "styles": ["b"], "content_map": "c"}}"#;
    assert!(Order::from_json(maps).unwrap().check().unwrap_err().to_string().contains("needs style_map"));
}

#[test]
fn orders_of_the_first_version_are_read() {
    let order = Order::from_json(include_str!("fixtures/order-0.1.json")).unwrap();
    order.check().unwrap();
    assert_eq!(order.title(), "harbour in the style of swirls and embers");
    assert_eq!(order.picture.style_blend, Some(vec![2.0, 1.0]));
    assert_eq!(order.picture.max_pixels, 100_000_000);
}
