//! Settings as tables: any JSON, flattened to names and values, one table for each object.

use std::fmt::Write;

use serde_json::{Map, Value};

use super::html::escaped;

/// Tables of all that an object holds: its plain values first, then one table for each object or list of
/// objects within, under its name.
pub fn tables(object: &Map<String, Value>) -> String {
    let mut html = String::new();
    section(&mut html, None, object);
    html
}

fn section(html: &mut String, name: Option<&str>, object: &Map<String, Value>) {
    let mut rows = String::new();
    let mut inner = Vec::new();
    for (key, value) in object {
        match value {
            Value::Object(object) => inner.push((words(key), object)),
            Value::Array(list) if list.iter().any(is_section) => {
                let objects = list.iter().filter_map(Value::as_object);
                inner.extend(
                    objects
                        .enumerate()
                        .map(|(index, object)| (format!("{} {}", words(key), index + 1), object)),
                );
            }
            value => {
                let _ = writeln!(
                    rows,
                    "<tr><th scope=\"row\">{}</th><td>{}</td></tr>",
                    escaped(&words(key)),
                    escaped(&shown(value))
                );
            }
        }
    }
    if !rows.is_empty() {
        let caption = name.map_or_else(String::new, |name| format!("<caption>{}</caption>", escaped(name)));
        let _ = writeln!(html, "<table>{caption}<tbody>\n{rows}</tbody></table>");
    }
    for (key, object) in inner {
        let name = name.map_or_else(|| key.clone(), |name| format!("{name} · {key}"));
        section(html, Some(&name), object);
    }
}

/// Whether an element of a list needs a table of its own. Layers with their weights fit in a line.
fn is_section(element: &Value) -> bool {
    element.is_object() && weighted_layer(element).is_none()
}

/// A value in a line.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(list) => list.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(_) => weighted_layer(value).unwrap_or_else(|| value.to_string()),
        Value::Number(number) => number.to_string(),
    }
}

/// `relu3_1`, or `relu3_1:0.5` where the weight is not 1.
fn weighted_layer(value: &Value) -> Option<String> {
    let object = value.as_object().filter(|object| object.len() == 2)?;
    let (layer, weight) = (object.get("layer")?.as_str()?, object.get("weight")?.as_f64()?);
    Some(if weight == 1.0 { layer.to_owned() } else { format!("{layer}:{weight}") })
}

/// The name of a field in words.
fn words(key: &str) -> String {
    key.replace('_', " ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn nothing_is_lost_and_all_is_text() {
        let value = json!({
            "program": "impasto", "note": "<b>", "seed": 7, "average": null, "kept": true,
            "terms": [{"term": "gram", "layers": [{"layer": "relu1_1", "weight": 1.0}, {"layer": "relu2_1", "weight": 0.5}]}],
            "schedule": {"size": 512, "start": {"from": "content"}},
        });
        let html = tables(value.as_object().unwrap());
        for row in [
            "<th scope=\"row\">note</th><td>&lt;b&gt;</td>",
            "<th scope=\"row\">average</th><td>none</td>",
            "<th scope=\"row\">layers</th><td>relu1_1, relu2_1:0.5</td>",
            "<caption>terms 1</caption>",
            "<caption>schedule · start</caption>",
        ] {
            assert!(html.contains(row), "{row}:\n{html}");
        }
        assert!(html.find("program") < html.find("seed"));
    }
}
