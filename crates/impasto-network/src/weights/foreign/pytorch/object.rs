//! The Python objects that a pickle of tensors builds.
//!
//! Objects lie in one flat store and refer to each other by index. So objects that hold each other, or
//! that are nested a million deep, are as easily thrown away as any.

use super::super::ForeignFault;
use super::super::tensor::Float;

/// A Python value, or a reference to one in the [`Heap`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Value<'a> {
    /// Not a value: where a tuple or list on the stack begins.
    Mark,
    None,
    Bool(bool),
    Integer(i64),
    /// A floating-point number; no tensor depends on one, so it is not kept.
    Real,
    Text(&'a str),
    Global(Global),
    Tuple(usize),
    List(usize),
    Dict(usize),
    Storage(usize),
    Tensor(usize),
}

impl Value<'_> {
    /// What it is, for messages.
    pub fn describe(self) -> &'static str {
        match self {
            Value::Mark => "a mark",
            Value::None => "None",
            Value::Bool(_) => "a Boolean",
            Value::Integer(_) => "an integer",
            Value::Real => "a floating-point number",
            Value::Text(_) => "a text",
            Value::Global(_) => "a class or function",
            Value::Tuple(_) => "a tuple",
            Value::List(_) => "a list",
            Value::Dict(_) => "a dictionary",
            Value::Storage(_) => "a storage",
            Value::Tensor(_) => "a tensor",
        }
    }
}

/// The only classes and functions that a pickle may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    OrderedDict,
    /// `torch._utils._rebuild_tensor` and its second version, which differ in arguments that are ignored.
    RebuildTensor,
    RebuildParameter,
    Storage(Kind),
}

impl Global {
    /// Looks a name up; `None` if it is not among those allowed.
    pub fn named(module: &str, name: &str) -> Option<Self> {
        match (module, name) {
            ("collections", "OrderedDict") => Some(Global::OrderedDict),
            ("torch._utils", "_rebuild_tensor" | "_rebuild_tensor_v2") => Some(Global::RebuildTensor),
            ("torch._utils", "_rebuild_parameter") => Some(Global::RebuildParameter),
            ("torch" | "torch.cuda", _) => Kind::of_storage(name).map(Global::Storage),
            _ => None,
        }
    }
}

/// The number formats of storages. Integers are known because batch normalisation counts with them and
/// checkpoints hold them, but none is ever read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Float(Float),
    /// Its name, and the bytes of a number.
    Integer(&'static str, usize),
}

impl Kind {
    fn of_storage(class: &str) -> Option<Self> {
        Some(match class {
            "FloatStorage" => Kind::Float(Float::F32),
            "HalfStorage" => Kind::Float(Float::F16),
            "BFloat16Storage" => Kind::Float(Float::Bf16),
            "DoubleStorage" => Kind::Float(Float::F64),
            "LongStorage" => Kind::Integer("int64", 8),
            "IntStorage" => Kind::Integer("int32", 4),
            "ShortStorage" => Kind::Integer("int16", 2),
            "CharStorage" => Kind::Integer("int8", 1),
            "ByteStorage" => Kind::Integer("uint8", 1),
            "BoolStorage" => Kind::Integer("bool", 1),
            _ => return None,
        })
    }

    /// Bytes of one number.
    pub const fn bytes(self) -> usize {
        match self {
            Kind::Float(float) => float.bytes(),
            Kind::Integer(_, bytes) => bytes,
        }
    }
}

/// Numbers beside the pickle, which tensors are views of.
#[derive(Clone, Copy, Debug)]
pub(super) struct Storage<'a> {
    pub kind: Kind,
    /// What its bytes are filed under.
    pub key: &'a str,
    /// How many numbers it has.
    pub count: usize,
}

/// A view of a storage. Element (i, j, …) is number `first + i · strides[0] + j · strides[1] + …` of it.
#[derive(Clone, Debug)]
pub(super) struct StoredTensor {
    /// Index of the storage in the heap.
    pub storage: usize,
    pub first: usize,
    pub shape: Vec<usize>,
    /// As many as sides.
    pub strides: Vec<usize>,
}

/// All objects of a pickle.
#[derive(Default)]
pub(super) struct Heap<'a> {
    sequences: Vec<Vec<Value<'a>>>,
    dicts: Vec<Vec<(Value<'a>, Value<'a>)>>,
    storages: Vec<Storage<'a>>,
    tensors: Vec<StoredTensor>,
}

impl<'a> Heap<'a> {
    pub fn new_tuple(&mut self, values: Vec<Value<'a>>) -> Value<'a> {
        self.sequences.push(values);
        Value::Tuple(self.sequences.len() - 1)
    }

    pub fn new_list(&mut self) -> Value<'a> {
        self.sequences.push(Vec::new());
        Value::List(self.sequences.len() - 1)
    }

    pub fn new_dict(&mut self) -> Value<'a> {
        self.dicts.push(Vec::new());
        Value::Dict(self.dicts.len() - 1)
    }

    /// The elements of a tuple or list.
    pub fn sequence(&self, index: usize) -> &[Value<'a>] {
        &self.sequences[index]
    }

    pub fn sequence_mut(&mut self, index: usize) -> &mut Vec<Value<'a>> {
        &mut self.sequences[index]
    }

    /// The entries of a dictionary in the order they were put there. Keys that repeat are all listed.
    pub fn dict(&self, index: usize) -> &[(Value<'a>, Value<'a>)] {
        &self.dicts[index]
    }

    pub fn dict_mut(&mut self, index: usize) -> &mut Vec<(Value<'a>, Value<'a>)> {
        &mut self.dicts[index]
    }

    /// The value under a text, if `value` is a dictionary that has it.
    pub fn entry(&self, value: Value<'a>, key: &str) -> Option<Value<'a>> {
        let Value::Dict(index) = value else { return None };
        self.dict(index).iter().find_map(|&(name, value)| (name == Value::Text(key)).then_some(value))
    }

    pub fn storage(&self, index: usize) -> &Storage<'a> {
        &self.storages[index]
    }

    pub fn storages(&self) -> &[Storage<'a>] {
        &self.storages
    }

    pub fn tensor(&self, index: usize) -> &StoredTensor {
        &self.tensors[index]
    }

    /// The storage that a persistent id stands for: `("storage", class, key, device, count)`. The old layout
    /// adds None, or the part of another storage that it is, which PyTorch gave up in 2017 and is refused.
    pub fn persistent(&mut self, id: Value<'a>, offset: usize) -> Result<Value<'a>, ForeignFault> {
        let parts = self.arguments(id);
        let storage = match *parts.strip_suffix(&[Value::None]).unwrap_or(parts) {
            [
                Value::Text("storage"),
                Value::Global(Global::Storage(kind)),
                Value::Text(key),
                Value::Text(_),
                Value::Integer(count),
            ] => usize::try_from(count).ok().map(|count| Storage { kind, key, count }),
            _ => None,
        };
        let storage = storage.ok_or_else(|| ForeignFault::Unexpected {
            offset,
            found: "another persistent id".to_owned(),
            expected: "(\"storage\", class, key, device, count)".to_owned(),
        })?;
        self.storages.push(storage);
        Ok(Value::Storage(self.storages.len() - 1))
    }

    /// What calling one of the allowed names returns.
    pub fn call(
        &mut self,
        function: Value<'a>,
        arguments: Value<'a>,
        offset: usize,
    ) -> Result<Value<'a>, ForeignFault> {
        let result = match (function, self.arguments(arguments)) {
            (Value::Global(Global::OrderedDict), []) => Some(self.new_dict()),
            (Value::Global(Global::OrderedDict), &[Value::List(entries)]) => self.dict_of_pairs(entries),
            (Value::Global(Global::RebuildTensor), &[storage, first, shape, strides, ..]) => {
                self.rebuild_tensor(storage, first, shape, strides)
            }
            (Value::Global(Global::RebuildParameter), &[tensor @ Value::Tensor(_), ..]) => Some(tensor),
            _ => None,
        };
        result.ok_or_else(|| ForeignFault::Unexpected {
            offset,
            found: format!("a call of {function:?} with other arguments"),
            expected: "a dictionary or tensor as PyTorch builds it".to_owned(),
        })
    }

    /// Python 2 builds a dictionary from a list of pairs.
    fn dict_of_pairs(&mut self, entries: usize) -> Option<Value<'a>> {
        let pair = |value: &Value<'a>| match *self.arguments(*value) {
            [key, value] => Some((key, value)),
            _ => None,
        };
        let entries = self.sequences[entries].iter().map(pair).collect::<Option<Vec<_>>>()?;
        self.dicts.push(entries);
        Some(Value::Dict(self.dicts.len() - 1))
    }

    fn rebuild_tensor(
        &mut self,
        storage: Value<'a>,
        first: Value<'a>,
        shape: Value<'a>,
        strides: Value<'a>,
    ) -> Option<Value<'a>> {
        let (Value::Storage(storage), Value::Integer(first)) = (storage, first) else { return None };
        let sides = |value: Value<'a>| {
            let Value::Tuple(index) = value else { return None };
            let side = |value: &Value<'a>| match *value {
                Value::Integer(side) => usize::try_from(side).ok(),
                _ => None,
            };
            self.sequence(index).iter().map(side).collect::<Option<Vec<_>>>()
        };
        let (shape, strides) = (sides(shape)?, sides(strides)?);
        let first = usize::try_from(first).ok().filter(|_| shape.len() == strides.len())?;
        self.tensors.push(StoredTensor { storage, first, shape, strides });
        Some(Value::Tensor(self.tensors.len() - 1))
    }

    /// The elements of a tuple or list; none for any other value.
    fn arguments(&self, value: Value<'a>) -> &[Value<'a>] {
        match value {
            Value::Tuple(index) | Value::List(index) => &self.sequences[index],
            _ => &[],
        }
    }
}
