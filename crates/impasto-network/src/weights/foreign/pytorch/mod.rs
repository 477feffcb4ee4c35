//! What `torch.save` writes: tensors described by a Python pickle, their numbers beside it.
//!
//! Two layouts are read, the zip archive of today ([`zip`]) and the row of pickles before it ([`legacy`]).
//! In both, the pickle is a program for a stack machine that builds Python objects; [`machine`] runs the
//! few instructions that data needs, and [`object`] knows the few types that tensors are made of. Python
//! would call any function that the pickle names. Here a name is looked up in a short list, and one that
//! is not there is an error.

mod legacy;
mod machine;
mod object;
mod strided;
mod zip;

use std::collections::HashMap;

pub(super) use legacy::is_tar;
pub(super) use legacy::read as read_legacy;
pub(super) use machine::PICKLE_START;
use object::{Heap, Value};
pub(super) use zip::read as read_zip;

use super::ForeignFault;
use super::tensor::{Tensor, Tensors};

/// The bytes of each storage, by its key.
type Storages<'a> = HashMap<&'a str, &'a [u8]>;

/// The tensors of a pickled dictionary: a state, or a checkpoint that holds one as `state_dict`. Names
/// lose the `module.` that data-parallel training puts before them.
fn named_tensors<'a>(
    heap: &Heap<'a>,
    root: Value<'a>,
    offset: usize,
    storages: &Storages<'a>,
) -> Result<Tensors<'a>, ForeignFault> {
    let state = heap.entry(root, "state_dict").filter(|state| matches!(state, Value::Dict(_)));
    let Value::Dict(state) = state.unwrap_or(root) else {
        let expected = "a dictionary of tensors, as torch.save(model.state_dict(), …) writes".to_owned();
        return Err(ForeignFault::Unexpected { offset, found: root.describe().to_owned(), expected });
    };
    let mut tensors = Tensors::default();
    for &(name, value) in heap.dict(state) {
        let Value::Text(name) = name else { continue };
        let Value::Tensor(tensor) = value else {
            tensors.note(name);
            continue;
        };
        let name = name.strip_prefix("module.").unwrap_or(name).to_owned();
        let tensor = heap.tensor(tensor).clone();
        let storage = *heap.storage(tensor.storage);
        let (bytes, shape, title) = (storages.get(storage.key).copied(), tensor.shape.clone(), name.clone());
        let load = move || strided::load(&title, &tensor, &storage, bytes);
        tensors.insert(name, Tensor { shape, load: Box::new(load) })?;
    }
    Ok(tensors)
}
