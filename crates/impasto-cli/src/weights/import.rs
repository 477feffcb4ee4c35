//! `impasto weights import`: a file that the user has, into the cache.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use impasto_jobs::network_choice::{NETWORKS, is_start_of};
use impasto_network::cache::{Cache, CacheError, Installed, Provenance};
use impasto_network::catalogue::{self, PUBLISHED, Published};
use impasto_network::{Architecture, ForeignNetwork};

use super::arguments::ImportArguments;
use super::megabytes;
use crate::failure::Failure;

/// Recognises, converts and installs.
pub fn run(arguments: &ImportArguments) -> Result<(), Failure> {
    let cache = Cache::of_user()?;
    let mut network = ForeignNetwork::open(&arguments.file)?;
    network.convention = arguments.convention.unwrap_or(network.convention);
    let published = recognise(&arguments.file)?;
    let name = name(arguments, published, &network.architecture);
    check_name(&cache, &name, &network.architecture)?;

    let source = arguments.file.file_name().unwrap_or_default().to_string_lossy();
    let provenance = match (published, intact_provenance(&arguments.file)) {
        (Some(published), _) => Provenance::of_published(published, source),
        (None, Some(provenance)) => provenance,
        (None, None) => Provenance { source: Some(source.into_owned()), ..Provenance::default() },
    };
    let precision = arguments.precision.precision;
    let installed = cache.install(&name, &network, precision.precision(), &provenance)?;
    if arguments.quiet {
        return Ok(());
    }
    let mut out = io::stdout().lock();
    let file = arguments.file.display();
    match &provenance.published {
        Some(published) => {
            let checksum = provenance.source_checksum.as_deref().unwrap_or_default();
            writeln!(out, "{file}: the published weights of {published}, by their checksum, {checksum}")?;
            writeln!(out, "  terms  {}", provenance.terms.as_deref().unwrap_or_default())?;
        }
        None => writeln!(
            out,
            "{file}: no published file that is known by its checksum; by its shape {}, {} convolutions, which \
             read {}",
            network.architecture.name(),
            network.convolutions.len(),
            network.convention
        )?,
    }
    let (path, bytes) = (installed.path.display(), megabytes(installed.bytes));
    writeln!(out, "installed {name}: {path}, {}, {bytes}", precision.word())?;
    Ok(())
}

/// The published weights that a file holds, by its length and checksum.
fn recognise(file: &Path) -> Result<Option<&'static Published>, Failure> {
    let unreadable = |source| CacheError::File { path: file.to_owned(), source };
    let bytes = fs::metadata(file).map_err(unreadable)?.len();
    for published in PUBLISHED.iter().filter(|published| published.bytes == bytes) {
        if published.checksum.of_file(file).map_err(unreadable)? == published.checksum {
            return Ok(Some(published));
        }
    }
    Ok(None)
}

/// What a file says of its origin, if it is one that was installed once and has not changed since.
fn intact_provenance(file: &Path) -> Option<Provenance> {
    let installed = Installed::read("", file).ok()?;
    installed.verify().ok().map(|_| installed.provenance)
}

/// What the weights are called: as asked for, as published, or after the network or the file.
fn name(arguments: &ImportArguments, published: Option<&Published>, network: &Architecture) -> String {
    match (&arguments.name, published) {
        (Some(name), _) => name.clone(),
        (None, Some(published)) => published.name.to_owned(),
        (None, None) => network.name().to_lowercase(),
    }
}

/// Checks that a name can be given to such a network: that it is none, is free, and does not promise another.
fn check_name(cache: &Cache, name: &str, network: &Architecture) -> Result<(), Failure> {
    if name == NETWORKS[0] {
        return Err(Failure::mistake(format_args!(
            "{name} is the network that is built in: give these weights another name with --name NAME"
        )));
    }
    let promised = catalogue::find(name).and_then(|published| {
        Architecture::known().into_iter().find(|known| known.name() == published.network)
    });
    if let Some(promised) = promised.filter(|promised| !is_start_of(network, promised)) {
        return Err(Failure::mistake(format_args!(
            "--name {name} is for a {}, but the file holds another network, {} of {} convolutions",
            promised.name(),
            network.name(),
            network.convolutions().count()
        )));
    }
    match cache.path(name).map(|path| path.exists()) {
        Err(error) => Err(Failure::mistake(format_args!("{error}; choose one with --name NAME"))),
        Ok(false) => Ok(()),
        Ok(true) => Err(Failure::mistake(format_args!(
            "{name} is installed already: choose another name with --name NAME, or remove it first: impasto \
             weights remove {name}"
        ))),
    }
}
