//! `impasto weights`: brings, lists, checks and removes the weights of networks.

mod arguments;
mod download;
mod import;
mod list;
mod pull;
#[cfg(test)]
mod pull_tests;

use std::io::{self, Write};

use arguments::{Action, PathArguments, RemoveArguments, VerifyArguments};
pub use arguments::{PrecisionArguments, PrecisionName, WeightsArguments};
use impasto_jobs::network_choice::NETWORKS;
use impasto_network::cache::{Cache, Installed};
use impasto_network::catalogue;

use crate::failure::{Failure, say};

/// Does what was asked.
pub fn run(arguments: &WeightsArguments) -> Result<(), Failure> {
    match &arguments.action {
        Action::List(arguments) => list::run(arguments),
        Action::Pull(arguments) => pull::run(arguments),
        Action::Import(arguments) => import::run(arguments),
        Action::Verify(arguments) => verify(arguments),
        Action::Path(arguments) => path(arguments),
        Action::Remove(arguments) => remove(arguments),
    }
}

/// Goes on to the others where one is damaged.
fn verify(arguments: &VerifyArguments) -> Result<(), Failure> {
    let cache = Cache::of_user()?;
    let names = match &arguments.name {
        Some(name) => vec![installed(&cache, name)?.name],
        None => cache.names()?,
    };
    let mut out = io::stdout().lock();
    if names.is_empty() {
        writeln!(out, "no weights are installed in {}", cache.folder().display())?;
    }
    let mut damaged = Vec::new();
    for name in names {
        match installed(&cache, &name).and_then(|weights| Ok(weights.verify()?)) {
            Ok(checksum) => writeln!(out, "{name}: intact, sha256 {checksum}")?,
            Err(Failure::World(line) | Failure::Mistake(line)) => {
                say(format_args!("{name}: {line}"));
                damaged.push(name);
            }
            Err(other) => return Err(other),
        }
    }
    match damaged.is_empty() {
        true => Ok(()),
        false => Err(Failure::world(format_args!(
            "damaged: {}; remove and pull or import again: impasto weights remove {}",
            damaged.join(", "),
            damaged.join(" ")
        ))),
    }
}

fn path(arguments: &PathArguments) -> Result<(), Failure> {
    let cache = Cache::of_user()?;
    let path = match &arguments.name {
        Some(name) => installed(&cache, name)?.path,
        None => cache.folder().to_owned(),
    };
    Ok(writeln!(io::stdout(), "{}", path.display())?)
}

fn remove(arguments: &RemoveArguments) -> Result<(), Failure> {
    let cache = Cache::of_user()?;
    for name in &arguments.names {
        let removed = cache.remove(name)?;
        if removed.is_empty() {
            return Err(not_installed(&cache, name));
        }
        for path in removed {
            writeln!(io::stdout(), "removed {}", path.display())?;
        }
    }
    Ok(())
}

/// The weights of this name.
fn installed(cache: &Cache, name: &str) -> Result<Installed, Failure> {
    cache.find(name)?.ok_or_else(|| not_installed(cache, name))
}

/// The error where there are no weights of this name, with what helps.
fn not_installed(cache: &Cache, name: &str) -> Failure {
    let place = cache.folder().display();
    if name == NETWORKS[0] {
        return Failure::mistake(format_args!("{name} is built in, and no file of its own"));
    }
    if catalogue::find(name).is_some() {
        return Failure::mistake(format_args!(
            "{name} is not installed in {place}: impasto weights pull {name}"
        ));
    }
    let names = cache.names().unwrap_or_default();
    let there = if names.is_empty() { "no weights are".to_owned() } else { names.join(", ") };
    Failure::mistake(format_args!("{name} is not installed in {place}: {there} there"))
}

/// `80.1 MB`
pub fn megabytes(bytes: u64) -> String {
    format!("{:.1} MB", bytes as f64 / 1e6)
}
