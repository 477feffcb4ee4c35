//! The file of PyTorch 0.1.10 to 1.5: a row of pickles, then the storages.
//!
//! The pickles are a magic number, the protocol version 1001, a description of the writing machine, the
//! saved object, and the list of storage keys. Then follows each storage in the order of that list: a
//! count in eight bytes and the numbers (PyTorch, `torch/serialization.py`, `_legacy_save`).

use std::collections::HashMap;

use super::super::ForeignFault;
use super::super::cursor::Cursor;
use super::super::tensor::Tensors;
use super::machine::Machine;
use super::object::Value;
use super::{Storages, named_tensors};

/// The pickle of the number 0x1950a86a20f9469cfc6c.
const MAGIC: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";
const VERSION: i64 = 1001;

/// Whether a file is a tar archive, which PyTorch wrote before 0.1.10.
pub(in super::super) fn is_tar(file: &[u8]) -> bool {
    file.get(257..262) == Some(b"ustar")
}

/// The tensors of a file.
pub(in super::super) fn read(file: &[u8]) -> Result<Tensors<'_>, ForeignFault> {
    if is_tar(file) {
        let found = "a tar archive, as PyTorch wrote before 0.1.10".to_owned();
        let expected = "a file saved again by a later PyTorch";
        return Err(ForeignFault::Unsupported { found, expected });
    }
    let mut code = Cursor::new(file);
    if code.take(MAGIC.len(), "PyTorch's magic number")? != MAGIC {
        let found = "another pickle".to_owned();
        let expected = "PyTorch's magic number, as torch.save writes it".to_owned();
        return Err(ForeignFault::Unexpected { offset: 0, found, expected });
    }
    let mut machine = Machine::default();
    let (offset, version) = (code.offset(), machine.run(&mut code)?);
    if version != Value::Integer(VERSION) {
        let (found, expected) = (format!("version {version:?}"), format!("version {VERSION}"));
        return Err(ForeignFault::Unexpected { offset, found, expected });
    }
    let writer = machine.run(&mut code)?;
    if machine.heap.entry(writer, "little_endian") != Some(Value::Bool(true)) {
        let (found, expected) = ("a file of a big-endian machine".to_owned(), "a little-endian one");
        return Err(ForeignFault::Unsupported { found, expected });
    }
    let (offset, root) = (code.offset(), machine.run(&mut code)?);
    let keys = machine.run(&mut code)?;
    let storages = read_storages(&machine, keys, &mut code)?;
    named_tensors(&machine.heap, root, offset, &storages)
}

fn read_storages<'a>(
    machine: &Machine<'a>,
    keys: Value<'a>,
    code: &mut Cursor<'a>,
) -> Result<Storages<'a>, ForeignFault> {
    let described: HashMap<&str, _> =
        machine.heap.storages().iter().map(|storage| (storage.key, storage)).collect();
    let unexpected = |offset, found: &str, expected: &str| {
        Err(ForeignFault::Unexpected { offset, found: found.to_owned(), expected: expected.to_owned() })
    };
    let Value::List(keys) = keys else {
        return unexpected(code.offset(), keys.describe(), "a list of storage keys before this place");
    };
    let mut storages = HashMap::new();
    for key in machine.heap.sequence(keys) {
        let offset = code.offset();
        let storage = match key {
            Value::Text(key) => described.get(key),
            _ => None,
        };
        let Some(storage) = storage else {
            return unexpected(offset, "a storage that no tensor is a view of", "one that a tensor needs");
        };
        let count = code.u64("the size of a storage")?;
        if count != storage.count as u64 {
            let found = format!("a storage of {count} numbers");
            return unexpected(offset, &found, &format!("{}, as its tensors say", storage.count));
        }
        let bytes =
            code.part(count.saturating_mul(storage.kind.bytes() as u64), "the numbers of a storage")?;
        storages.insert(storage.key, bytes.clone().rest());
    }
    Ok(storages)
}
