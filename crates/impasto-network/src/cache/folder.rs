//! Where a user's weights are kept.
//!
//! | system | folder |
//! | --- | --- |
//! | any, if `IMPASTO_CACHE` is set | that folder |
//! | Windows | `%LOCALAPPDATA%\impasto` |
//! | macOS | `~/Library/Caches/impasto` |
//! | all others | `$XDG_CACHE_HOME/impasto`, or `~/.cache/impasto` (XDG Base Directory Specification 0.8) |
//!
//! Weights are in `weights` within it; what else is remembered is beside them.

use std::ffi::OsString;
use std::path::PathBuf;

/// The user's folder for what can be had again, by the environment; `None` if there is no home either.
pub fn folder_of_user() -> Option<PathBuf> {
    let system = if cfg!(windows) {
        System::Windows
    } else if cfg!(target_os = "macos") {
        System::MacOs
    } else {
        System::Xdg
    };
    folder(system, |name| std::env::var_os(name), std::env::home_dir())
}

/// Whose customs are followed.
#[derive(Clone, Copy)]
enum System {
    Windows,
    MacOs,
    Xdg,
}

fn folder(
    system: System,
    variable: impl Fn(&str) -> Option<OsString>,
    home: Option<PathBuf>,
) -> Option<PathBuf> {
    let path = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let home = home.filter(|home| !home.as_os_str().is_empty());
    path("IMPASTO_CACHE").or_else(|| match system {
        System::Windows => path("LOCALAPPDATA").map(|folder| folder.join("impasto")),
        System::MacOs => home.map(|home| home.join("Library/Caches/impasto")),
        // The specification has relative paths ignored.
        System::Xdg => path("XDG_CACHE_HOME")
            .filter(|folder| folder.is_absolute())
            .or_else(|| home.map(|home| home.join(".cache")))
            .map(|folder| folder.join("impasto")),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(system: System, variables: &[(&str, &str)], home: Option<&str>) -> Option<PathBuf> {
        let variable = |name: &str| {
            variables.iter().find(|(variable, _)| *variable == name).map(|(_, value)| OsString::from(value))
        };
        folder(system, variable, home.map(PathBuf::from))
    }

    #[test]
    fn each_system_has_its_place() {
        let at = |path: &str| Some(PathBuf::from(path));
        let home = Some("/home/ada");
        assert_eq!(found(System::Xdg, &[], home), at("/home/ada/.cache/impasto"));
        let xdg = [("XDG_CACHE_HOME", "/cache")];
        assert_eq!(found(System::Xdg, &xdg, home), at("/cache/impasto"));
        let relative = [("XDG_CACHE_HOME", "cache")];
        assert_eq!(found(System::Xdg, &relative, home), at("/home/ada/.cache/impasto"));
        assert_eq!(found(System::MacOs, &xdg, home), at("/home/ada/Library/Caches/impasto"));
        let local = [("LOCALAPPDATA", "/local")];
        assert_eq!(found(System::Windows, &local, home), at("/local/impasto"));
        for system in [System::Xdg, System::MacOs, System::Windows] {
            assert_eq!(found(system, &[("IMPASTO_CACHE", "here")], None), at("here"));
            assert_eq!(found(system, &[("IMPASTO_CACHE", "")], None), None);
        }
    }
}
