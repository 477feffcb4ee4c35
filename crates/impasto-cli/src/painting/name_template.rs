//! `--name`: how a result is called that has no name of its own.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use impasto_jobs::Order;
use impasto_jobs::files::joined;

/// What may stand between braces.
const PLACES: [&str; 4] = ["content", "style", "seed", "preset"];

/// A name with places, such as `{content}-{style}-{seed}.png`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameTemplate(Vec<Piece>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    /// One of [`PLACES`].
    Place(&'static str),
}

impl NameTemplate {
    /// The name of the result of an order.
    pub fn name(&self, order: &Order) -> PathBuf {
        let piece = |piece: &Piece| match piece {
            Piece::Text(text) => text.into(),
            Piece::Place("content") => joined([order.task.subject().unwrap_or(Path::new("texture"))]),
            Piece::Place("style") => joined(order.task.styles().iter().map(PathBuf::as_path)),
            Piece::Place("seed") => order.picture.seed.unwrap_or_default().to_string().into(),
            Piece::Place(_) => match (&order.picture.like, order.picture.look) {
                (Some(like), _) => joined([like.as_path()]),
                (None, Some(look)) => look.name().into(),
                (None, None) => order.preset().name().into(),
            },
        };
        self.0.iter().map(piece).collect::<OsString>().into()
    }
}

impl FromStr for NameTemplate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text.contains(['/', '\\']) {
            return Err("expected the name of a file without a folder; --output names the folder".to_owned());
        }
        let unknown = || format!("expected braces around one of {}", PLACES.join(", "));
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let (place, after) = after.split_once('}').ok_or_else(unknown)?;
            let place = PLACES.into_iter().find(|known| *known == place).ok_or_else(unknown)?;
            pieces.extend([Piece::Text(before.to_owned()), Piece::Place(place)]);
            rest = after;
        }
        if rest.contains('}') {
            return Err(unknown());
        }
        pieces.push(Piece::Text(rest.to_owned()));
        Ok(NameTemplate(pieces))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_filled() {
        let mut order = Order::transfer("photos/cat.jpg", ["a.png", "b.png"]);
        let name = |order: &Order, text: &str| text.parse::<NameTemplate>().unwrap().name(order);
        let all = "{content}_{style}_{seed}_{preset}.jpg";
        assert_eq!(name(&order, all), PathBuf::from("cat_a-b_0_impasto.jpg"));
        order.picture.seed = Some(7);
        assert_eq!(name(&order, "{seed}.png"), PathBuf::from("7.png"));
        assert_eq!(name(&order, "plain.png"), PathBuf::from("plain.png"));
    }

    #[test]
    fn other_places_are_refused() {
        for text in ["{colour}.png", "{content.png", "content}.png", "out/{content}.png", "{}"] {
            assert!(text.parse::<NameTemplate>().is_err(), "{text}");
        }
    }
}
