//! The stack machine of Python's pickles, with the instructions of protocol 2 that data needs.
//!
//! Instructions are single letters followed by their operands (CPython, `Lib/pickletools.py`). Missing are
//! those that make objects of classes by other ways than a call (`INST`, `OBJ`, `NEWOBJ`, `EXT1` …), the
//! decimal texts of protocol 0, and all of protocols 3 to 5, which `torch.save` does not use.

use std::collections::BTreeMap;

use super::super::ForeignFault;
use super::super::cursor::Cursor;
use super::object::{Global, Heap, Value};

/// The first byte of every pickle of protocol 2.
pub(in super::super) const PICKLE_START: u8 = 0x80;

/// The most instructions that a file's pickles may have together. VGG-19 takes two thousand; the limit
/// keeps a file made of nothing but instructions from filling the memory with objects.
const MOST_INSTRUCTIONS: u64 = 1 << 18;
/// The longest name of a module or class.
const LONGEST_NAME: usize = 200;

/// A machine that runs the pickles of one file, one after the other.
#[derive(Default)]
pub(super) struct Machine<'a> {
    /// What the pickles have built so far.
    pub heap: Heap<'a>,
    stack: Vec<Value<'a>>,
    memo: BTreeMap<u32, Value<'a>>,
    instructions: u64,
}

impl<'a> Machine<'a> {
    /// Runs the pickle that starts at `code`, which is passed. Returns the object that it builds.
    pub fn run(&mut self, code: &mut Cursor<'a>) -> Result<Value<'a>, ForeignFault> {
        self.stack.clear();
        self.memo.clear();
        let (offset, start) = (code.offset(), code.array("a pickle of protocol 2")?);
        if start != [PICKLE_START, 2] {
            let (found, expected) = (format!("bytes {start:02x?}"), "a pickle of protocol 2".to_owned());
            return Err(ForeignFault::Unexpected { offset, found, expected });
        }
        loop {
            self.instructions += 1;
            if self.instructions > MOST_INSTRUCTIONS {
                let what = "the instructions in its pickles are";
                let (found, most) = (self.instructions, MOST_INSTRUCTIONS);
                return Err(ForeignFault::TooMuch { what, found, most });
            }
            let offset = code.offset();
            match code.byte("an instruction")? {
                b'.' => return self.pop(offset),
                instruction => self.step(instruction, code, offset)?,
            }
        }
    }

    fn step(&mut self, instruction: u8, code: &mut Cursor<'a>, offset: usize) -> Result<(), ForeignFault> {
        let value = match instruction {
            b'(' => Value::Mark,
            b'N' => Value::None,
            0x88 => Value::Bool(true),
            0x89 => Value::Bool(false),
            b'J' => Value::Integer(code.array("an integer").map(i32::from_le_bytes)?.into()),
            b'K' => Value::Integer(code.byte("an integer")?.into()),
            b'M' => Value::Integer(code.u16("an integer")?.into()),
            0x8a => Value::Integer(long_integer(code)?),
            b'G' => code.take(8, "a floating-point number").map(|_| Value::Real)?,
            b'X' | b'T' => {
                let length = code.u32("the length of a text")?;
                text(code, length as usize)?
            }
            b'U' => {
                let length = code.byte("the length of a text")?;
                text(code, length.into())?
            }
            b'c' => Value::Global(global(code, offset)?),
            b')' => self.heap.new_tuple(Vec::new()),
            0x85..=0x87 => self.short_tuple(usize::from(instruction - 0x84), offset)?,
            b't' => {
                let values = self.pop_to_mark(offset)?;
                self.heap.new_tuple(values)
            }
            b']' => self.heap.new_list(),
            b'}' => self.heap.new_dict(),
            b'h' => self.remembered(code.byte("a place in the memo")?.into(), offset)?,
            b'j' => self.remembered(code.u32("a place in the memo")?, offset)?,
            b'Q' => {
                let id = self.pop(offset)?;
                self.heap.persistent(id, offset)?
            }
            b'R' => {
                let (arguments, function) = (self.pop(offset)?, self.pop(offset)?);
                self.heap.call(function, arguments, offset)?
            }
            _ => return self.change(instruction, code, offset),
        };
        self.stack.push(value);
        Ok(())
    }

    /// The instructions that push nothing: they change what the top of the stack refers to, or the memo.
    fn change(&mut self, instruction: u8, code: &mut Cursor<'a>, offset: usize) -> Result<(), ForeignFault> {
        match instruction {
            b'q' => self.remember(code.byte("a place in the memo")?.into(), offset),
            b'r' => self.remember(code.u32("a place in the memo")?, offset),
            b'a' => {
                let value = self.pop(offset)?;
                self.append(vec![value], offset)
            }
            b'e' => {
                let values = self.pop_to_mark(offset)?;
                self.append(values, offset)
            }
            b's' => {
                let (value, key) = (self.pop(offset)?, self.pop(offset)?);
                self.set_items(vec![key, value], offset)
            }
            b'u' => {
                let items = self.pop_to_mark(offset)?;
                self.set_items(items, offset)
            }
            // The attributes of an object. Those that PyTorch gives its dictionaries (versions of modules)
            // say nothing about numbers.
            b'b' => {
                self.pop(offset)?;
                match self.top(offset)? {
                    Value::Dict(_) => Ok(()),
                    other => Err(unexpected(offset, other, "a dictionary")),
                }
            }
            other => Err(ForeignFault::Unexpected {
                offset,
                found: format!("pickle instruction {:?}", char::from(other)),
                expected: "one that tensors and dictionaries need".to_owned(),
            }),
        }
    }

    fn short_tuple(&mut self, length: usize, offset: usize) -> Result<Value<'a>, ForeignFault> {
        let mut values = (0..length).map(|_| self.pop(offset)).collect::<Result<Vec<_>, _>>()?;
        values.reverse();
        Ok(self.heap.new_tuple(values))
    }

    fn append(&mut self, values: Vec<Value<'a>>, offset: usize) -> Result<(), ForeignFault> {
        match self.top(offset)? {
            Value::List(list) => self.heap.sequence_mut(list).extend(values),
            other => return Err(unexpected(offset, other, "a list")),
        }
        Ok(())
    }

    /// Adds keys and values, which alternate, to a dictionary.
    fn set_items(&mut self, items: Vec<Value<'a>>, offset: usize) -> Result<(), ForeignFault> {
        let (pairs, []) = items.as_chunks() else {
            let (found, expected) = ("a key without a value".to_owned(), "pairs".to_owned());
            return Err(ForeignFault::Unexpected { offset, found, expected });
        };
        match self.top(offset)? {
            Value::Dict(dict) => {
                self.heap.dict_mut(dict).extend(pairs.iter().map(|&[key, value]| (key, value)));
            }
            other => return Err(unexpected(offset, other, "a dictionary")),
        }
        Ok(())
    }

    fn remember(&mut self, place: u32, offset: usize) -> Result<(), ForeignFault> {
        let value = self.top(offset)?;
        self.memo.insert(place, value);
        Ok(())
    }

    fn remembered(&self, place: u32, offset: usize) -> Result<Value<'a>, ForeignFault> {
        self.memo.get(&place).copied().ok_or_else(|| ForeignFault::Unexpected {
            offset,
            found: format!("place {place} of the memo, which is empty"),
            expected: "one that was filled".to_owned(),
        })
    }

    /// The value on top of the stack, which stays there.
    fn top(&self, offset: usize) -> Result<Value<'a>, ForeignFault> {
        match self.stack.last() {
            Some(&value) if value != Value::Mark => Ok(value),
            _ => Err(ForeignFault::Unexpected {
                offset,
                found: "an empty stack".to_owned(),
                expected: "a value on it".to_owned(),
            }),
        }
    }

    fn pop(&mut self, offset: usize) -> Result<Value<'a>, ForeignFault> {
        let value = self.top(offset)?;
        self.stack.pop();
        Ok(value)
    }

    /// The values above the last mark; they and the mark are removed.
    fn pop_to_mark(&mut self, offset: usize) -> Result<Vec<Value<'a>>, ForeignFault> {
        let Some(mark) = self.stack.iter().rposition(|&value| value == Value::Mark) else {
            let (found, expected) = ("no mark on the stack".to_owned(), "one".to_owned());
            return Err(ForeignFault::Unexpected { offset, found, expected });
        };
        let values = self.stack.split_off(mark + 1);
        self.stack.pop();
        Ok(values)
    }
}

fn unexpected(offset: usize, found: Value<'_>, expected: &str) -> ForeignFault {
    ForeignFault::Unexpected { offset, found: found.describe().to_owned(), expected: expected.to_owned() }
}

/// An integer of up to eight bytes, after their number; little-endian, in two's complement.
fn long_integer(code: &mut Cursor<'_>) -> Result<i64, ForeignFault> {
    let (offset, length) = (code.offset(), code.byte("the length of an integer")?);
    let bytes = code.take(length.into(), "an integer")?;
    let Some((&last, rest)) = bytes.split_last() else { return Ok(0) };
    if rest.len() > 7 {
        let (found, expected) = (format!("an integer of {length} bytes"), "at most 8".to_owned());
        return Err(ForeignFault::Unexpected { offset, found, expected });
    }
    let high = i64::from(last as i8) << (8 * rest.len());
    Ok(rest.iter().rev().fold(0, |low, &byte| low << 8 | i64::from(byte)) | high)
}

fn text<'a>(code: &mut Cursor<'a>, length: usize) -> Result<Value<'a>, ForeignFault> {
    let (offset, bytes) = (code.offset(), code.take(length, "a text")?);
    let text = std::str::from_utf8(bytes).map_err(|error| ForeignFault::Unexpected {
        offset: offset + error.valid_up_to(),
        found: "a byte that is not UTF-8".to_owned(),
        expected: "a text".to_owned(),
    })?;
    Ok(Value::Text(text))
}

/// Reads the name of a class or function and looks it up.
fn global(code: &mut Cursor<'_>, offset: usize) -> Result<Global, ForeignFault> {
    let module = String::from_utf8_lossy(code.line(LONGEST_NAME, "the name of a module")?);
    let name = String::from_utf8_lossy(code.line(LONGEST_NAME, "the name of a class")?);
    Global::named(&module, &name)
        .ok_or_else(|| ForeignFault::Global { offset, name: format!("{module}.{name}") })
}
