//! A file that is not there, and what may be meant by its name.

use std::fs;
use std::path::Path;

use impasto_jobs::files::file_name;

/// How alike two names are at least, 0 to 1, that one may be meant by the other.
const ALIKE: f64 = 0.8;

/// What may be meant by a file that is not there: several, with commas between them, or another of its folder.
pub fn tip(path: &Path) -> Option<String> {
    if path.exists() {
        return None;
    }
    let name = path.to_str()?;
    let parts: Vec<&str> = name.split(',').collect();
    if parts.len() > 1 && parts.iter().any(|part| Path::new(part).is_file()) {
        return Some(format!("pictures have spaces between them: {}", parts.join(" ")));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let nearest = nearest(&file_name(path), names)?;
    let nearest = folder.map_or(nearest.clone().into(), |folder| folder.join(&nearest));
    Some(format!("did you mean {}?", nearest.display()))
}

/// The name that is most like another, if one is.
fn nearest(name: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let name = name.to_lowercase();
    let alike = |other: String| (strsim::jaro_winkler(&name, &other.to_lowercase()), other);
    // Equal ones by their names, whatever order the folder tells them in.
    let best = names
        .map(alike)
        .max_by(|(one, first), (other, second)| one.total_cmp(other).then_with(|| second.cmp(first)));
    best.filter(|(alike, _)| *alike > ALIKE).map(|(_, name)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_if_any_is_near() {
        let names = || ["harbour.png", "swirls.png", "Portrait.JPG", "notes"].map(str::to_owned).into_iter();
        assert_eq!(nearest("habour.png", names()), Some("harbour.png".to_owned()));
        assert_eq!(nearest("portrait.jpg", names()), Some("Portrait.JPG".to_owned()));
        assert_eq!(nearest("xyz.webp", names()), None);
    }
}
