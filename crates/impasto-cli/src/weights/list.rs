//! `impasto weights list`: what is installed, and what can be pulled.

use std::io::{self, Write};

use impasto_network::cache::{Cache, Installed};
use impasto_network::catalogue::{self, PUBLISHED, Published};
use serde::Serialize;

use super::arguments::ListArguments;
use super::megabytes;
use crate::failure::Failure;

/// Weights that are known by name; the objects of the JSON array.
#[derive(Serialize)]
struct Entry {
    name: String,
    installed: bool,
    /// The file, where they are installed.
    path: Option<String>,
    /// Its length.
    bytes: Option<u64>,
    /// Its numbers, `f32` or `f16`.
    precision: Option<String>,
    /// The network that they are of.
    network: Option<String>,
    /// What they are, if they can be pulled.
    about: Option<&'static str>,
    /// Length of the published file.
    download_bytes: Option<u64>,
    /// Checksum of the file they are from, or will be.
    source_checksum: Option<String>,
    /// Where they are from.
    source: Option<String>,
    /// Where they can be pulled from.
    mirrors: &'static [&'static str],
    terms: Option<String>,
    /// What is wrong with an installed file whose header cannot be read.
    damage: Option<String>,
}

/// Prints the list.
pub fn run(arguments: &ListArguments) -> Result<(), Failure> {
    let cache = Cache::of_user()?;
    let mut names: Vec<String> = PUBLISHED.iter().map(|published| published.name.to_owned()).collect();
    names.extend(cache.names()?.into_iter().filter(|name| catalogue::find(name).is_none()));
    let entries: Vec<Entry> = names.iter().map(|name| Entry::new(&cache, name)).collect();
    let mut out = io::stdout().lock();
    if arguments.json {
        serde_json::to_writer_pretty(&mut out, &entries).map_err(io::Error::from)?;
        return Ok(writeln!(out)?);
    }
    for entry in &entries {
        entry.write_words(&mut out)?;
    }
    writeln!(out, "\nIn {}. The compact network is built in.", cache.folder().display())?;
    Ok(())
}

impl Entry {
    fn new(cache: &Cache, name: &str) -> Self {
        let published = catalogue::find(name);
        match cache.find(name) {
            Ok(installed) => Entry::of(name, published, installed),
            Err(error) => Entry { damage: Some(error.to_string()), ..Entry::of(name, published, None) },
        }
    }

    fn of(name: &str, published: Option<&'static Published>, installed: Option<Installed>) -> Self {
        let file = installed.as_ref();
        let provenance = installed.clone().map(|installed| installed.provenance).unwrap_or_default();
        let network = file.and_then(|installed| installed.network.clone());
        // What is installed may be something else under the same name, so the file has the first word.
        let expected = published.filter(|_| installed.is_none());
        let same = provenance.published.as_deref() == Some(name);
        Entry {
            name: name.to_owned(),
            installed: installed.is_some(),
            path: file.map(|installed| installed.path.display().to_string()),
            bytes: file.map(|installed| installed.bytes),
            precision: file.and_then(|installed| installed.precision.clone()),
            network: network.or(expected.map(|published| published.network.to_owned())),
            about: published.filter(|_| installed.is_none() || same).map(|published| published.about),
            download_bytes: published.map(|published| published.bytes),
            source_checksum: provenance
                .source_checksum
                .or(expected.map(|published| published.checksum.to_string())),
            source: provenance.source,
            mirrors: published.map_or(&[], |published| published.mirrors),
            terms: provenance.terms.or(expected.map(|published| published.terms.to_owned())),
            damage: None,
        }
    }

    fn write_words(&self, out: &mut impl Write) -> io::Result<()> {
        let state = match (&self.damage, self.bytes, self.download_bytes) {
            (Some(_), ..) => "damaged".to_owned(),
            (None, Some(bytes), _) => {
                let precision = self.precision.as_deref().unwrap_or("unknown precision");
                format!("installed, {precision}, {}", megabytes(bytes))
            }
            (None, None, Some(bytes)) => format!("not installed, {} to pull", megabytes(bytes)),
            (None, None, None) => "gone".to_owned(),
        };
        writeln!(out, "{:12} {state}", self.name)?;
        let from = self.source.as_ref().map(|source| format!("from {source}"));
        let lines = [self.damage.as_deref(), self.about, from.as_deref(), self.terms.as_deref()];
        lines.into_iter().flatten().try_for_each(|line| writeln!(out, "{:12} {line}", ""))
    }
}
