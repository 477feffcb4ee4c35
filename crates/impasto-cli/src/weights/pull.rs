//! `impasto weights pull`: published weights, from the network into the cache.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use impasto_network::ForeignNetwork;
use impasto_network::cache::{Cache, CacheError, Installed, Provenance};
use impasto_network::catalogue::{self, Published};
use impasto_network::fetch::{Fetch, Patience};

use super::arguments::PullArguments;
use super::download::Download;
use super::megabytes;
use crate::failure::{Failure, say};

/// Pulls into the user's cache.
pub fn run(arguments: &PullArguments) -> Result<(), Failure> {
    let published = catalogue::find(&arguments.name)
        .ok_or_else(|| Failure::mistake(format_args!("unknown weights {:?}", arguments.name)))?;
    pull(published, &Cache::of_user()?, arguments)
}

/// Fetches, checks, converts and installs.
pub fn pull(published: &Published, cache: &Cache, arguments: &PullArguments) -> Result<(), Failure> {
    let precision = arguments.precision.precision;
    if let Some(installed) = already_there(cache, published, arguments)? {
        if !arguments.quiet {
            let (name, path) = (published.name, installed.path.display());
            writeln!(io::stdout(), "{name} is installed already: {path}, {}", precision.word())?;
        }
        return Ok(());
    }
    cache.prepare()?;
    let (file, provenance) = published_file(cache, published, arguments)?;
    let network = ForeignNetwork::open(&file)?;
    let installed = cache.install(published.name, &network, precision.precision(), &provenance)?;
    let original = cache.folder().join(published.file);
    // What the user keeps in the folder stays there.
    if file != original {
        let moved = match arguments.keep_original {
            true => fs::rename(&file, &original),
            false => fs::remove_file(&file),
        };
        moved.map_err(|source| CacheError::File { path: file, source })?;
    }
    if !arguments.quiet {
        let mut out = io::stdout().lock();
        let (path, bytes) = (installed.path.display(), megabytes(installed.bytes));
        writeln!(out, "installed {path}, {}, {bytes}", precision.word())?;
        if arguments.keep_original {
            writeln!(out, "kept {}", original.display())?;
        }
        writeln!(out, "to paint with it: impasto transfer CONTENT STYLE --network {}", published.name)?;
    }
    Ok(())
}

/// What is installed already, if it is intact and as it was asked for.
fn already_there(
    cache: &Cache,
    published: &Published,
    arguments: &PullArguments,
) -> Result<Option<Installed>, Failure> {
    let found = match cache.find(published.name) {
        Err(CacheError::Damaged { .. }) => None,
        found => found?,
    };
    let Some(installed) = found else { return Ok(None) };
    let is_published = installed.provenance.published.as_deref() == Some(published.name);
    if !is_published || installed.precision.as_deref() != Some(arguments.precision.precision.word()) {
        return Ok(None);
    }
    if let Err(error) = installed.verify() {
        if !arguments.quiet {
            say(format_args!("warning: {error}; it will be replaced"));
        }
        return Ok(None);
    }
    Ok(Some(installed))
}

/// The published file, kept from an earlier pull or fetched, and where it is from.
fn published_file(
    cache: &Cache,
    published: &Published,
    arguments: &PullArguments,
) -> Result<(PathBuf, Provenance), Failure> {
    let kept = cache.folder().join(published.file);
    if is_published(&kept, published)? {
        return Ok((kept, Provenance::of_published(published, published.file)));
    }
    if arguments.offline {
        return Err(Failure::mistake(format_args!(
            "{} is not installed, and --offline forbids to fetch it: put {} into {}, or use impasto weights \
             import",
            published.name,
            published.file,
            cache.folder().display()
        )));
    }
    let mirrors = mirrors(published, &arguments.mirrors);
    if !arguments.quiet {
        announce(published, &mirrors)?;
    }
    let part = cache.partial_file(published.name)?;
    let fetch = Fetch {
        mirrors: &mirrors,
        bytes: published.bytes,
        checksum: published.checksum,
        patience: Patience::default(),
    };
    let mut download = Download::new(arguments.quiet, published.bytes);
    let outcome = fetch.to(&part, &mut |event| download.show(&event));
    let source = download.finish();
    outcome?;
    Ok((part, Provenance::of_published(published, source)))
}

/// Whether a file is there, and is the published one.
fn is_published(file: &Path, published: &Published) -> Result<bool, Failure> {
    match fs::metadata(file) {
        Ok(metadata) if metadata.is_file() && metadata.len() == published.bytes => {}
        _ => return Ok(false),
    }
    let found = published.checksum.of_file(file);
    let found = found.map_err(|source| CacheError::File { path: file.to_owned(), source })?;
    Ok(found == published.checksum)
}

/// Where to look: the addresses asked for, or else the known ones.
fn mirrors(published: &Published, asked: &[String]) -> Vec<String> {
    let whole = |url: &String| match url.ends_with('/') {
        true => format!("{url}{}", published.file),
        false => url.clone(),
    };
    match asked.is_empty() {
        true => published.mirrors.iter().map(|&mirror| mirror.to_owned()).collect(),
        false => asked.iter().map(whole).collect(),
    }
}

/// What will be fetched, from where and under which terms.
fn announce(published: &Published, mirrors: &[String]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}: {}", published.name, published.about)?;
    writeln!(out, "  file   {}, {}, {}", published.file, megabytes(published.bytes), published.checksum)?;
    writeln!(out, "  from   {}", mirrors[0])?;
    for mirror in &mirrors[1..] {
        writeln!(out, "  or     {mirror}")?;
    }
    writeln!(out, "  terms  {}", published.terms)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_be_a_folder() {
        let vgg16 = catalogue::find("vgg16").unwrap();
        let asked = ["http://a/".to_owned(), "http://b/file?v=1".to_owned()];
        let expected = [format!("http://a/{}", vgg16.file), asked[1].clone()];
        assert_eq!(mirrors(vgg16, &asked), expected);
        assert_eq!(mirrors(vgg16, &[]), vgg16.mirrors);
    }
}
