//! CIFAR-10 in its own binary layout (Krizhevsky 2009): records of one byte of label and 3·32·32 bytes of planes.

use std::collections::BTreeMap;
use std::path::Path;

use super::DataFault;
use super::data_set::{DataSet, Split};
use super::files::for_each_file;

/// Rows and columns of its pictures.
const SIDE: usize = 32;
const RECORD: usize = 1 + 3 * SIDE * SIDE;

/// The names of its classes, where the file with the names is missing.
const CLASSES: [&str; 10] =
    ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

/// The data set in `path`, if it has this layout.
pub(super) fn read(path: &Path) -> Result<Option<DataSet>, DataFault> {
    let mut batches = BTreeMap::new();
    let mut classes = Vec::new();
    // Most files of the other layout are pictures, which tell at the first that this is not the one.
    let mut other = false;
    let outcome = for_each_file(path, |file, bytes| {
        let name = file.rsplit('/').next().unwrap_or_default().to_owned();
        if name.starts_with("data_batch_") && name.ends_with(".bin") || name == "test_batch.bin" {
            if let Some((first, _)) = batches.get(&name) {
                let found = format!("both {first} and {file}");
                return Err(DataFault::Unknown { found });
            }
            batches.insert(name, (file, bytes));
        } else if name == "batches.meta.txt" {
            let text = String::from_utf8_lossy(&bytes);
            classes =
                text.lines().map(str::trim).filter(|line| !line.is_empty()).map(str::to_owned).collect();
        } else if image::guess_format(&bytes).is_ok() {
            other = true;
            return Err(DataFault::Unknown { found: file });
        }
        Ok(())
    });
    match outcome {
        Err(_) if other => return Ok(None),
        outcome => drop(outcome?),
    }
    if batches.is_empty() {
        return Ok(None);
    }
    if classes.is_empty() {
        classes = CLASSES.map(str::to_owned).into();
    }
    let mut set = DataSet { side: SIDE, classes, training: Split::default(), test: Split::default() };
    for (name, (file, bytes)) in batches {
        let split = if name == "test_batch.bin" { &mut set.test } else { &mut set.training };
        add_records(split, &file, &bytes, set.classes.len())?;
    }
    Ok(Some(set))
}

fn add_records(split: &mut Split, file: &str, bytes: &[u8], classes: usize) -> Result<(), DataFault> {
    if !bytes.len().is_multiple_of(RECORD) {
        let (file, bytes) = (file.to_owned(), bytes.len());
        return Err(DataFault::RecordSize { file, bytes, record: RECORD });
    }
    for (index, record) in bytes.chunks_exact(RECORD).enumerate() {
        let label = record[0];
        if usize::from(label) >= classes {
            let offset = index * RECORD;
            return Err(DataFault::Label { file: file.to_owned(), index, offset, label, classes });
        }
        split.labels.push(label);
        split.pixels.extend_from_slice(&record[1..]);
    }
    Ok(())
}
