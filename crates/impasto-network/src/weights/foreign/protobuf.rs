//! The wire format of protocol buffers: a row of fields, each a number and a value.
//!
//! A field starts with a varint of `number · 8 + wire type` (Protocol Buffers, "Encoding"). Only what a
//! reader asks for is decoded, where it lies: of a Caffe model of half a gigabyte, decoding whole messages
//! would copy the fully connected layers, and a damaged one could unfold to many times its size.

use super::ForeignFault;
use super::cursor::Cursor;

/// One field of a message.
pub(super) struct Field<'a> {
    /// Its number in the message's declaration.
    pub number: u64,
    /// Its value.
    pub value: Value<'a>,
    /// Where it starts in the file.
    pub offset: usize,
}

/// The value of a field, in the forms that the wire knows.
pub(super) enum Value<'a> {
    /// An integer, Boolean or enumeration.
    Varint(u64),
    /// A single number of four or eight bytes, which weight files have in no field that matters here.
    Fixed,
    /// A text, message or packed list: its bytes.
    Bytes(Cursor<'a>),
}

impl<'a> Field<'a> {
    /// The next field of a message; `None` at its end.
    pub fn next(message: &mut Cursor<'a>) -> Result<Option<Self>, ForeignFault> {
        if message.is_at_end() {
            return Ok(None);
        }
        let offset = message.offset();
        let key = varint(message)?;
        let value = match key & 7 {
            0 => Value::Varint(varint(message)?),
            1 => message.take(8, "a number of eight bytes").map(|_| Value::Fixed)?,
            2 => {
                let length = varint(message)?;
                Value::Bytes(message.part(length, &format!("field {}", key >> 3))?)
            }
            5 => message.take(4, "a number of four bytes").map(|_| Value::Fixed)?,
            other => {
                return Err(ForeignFault::Unexpected {
                    offset,
                    found: format!("a field of wire type {other}"),
                    expected: "0, 1, 2 or 5".to_owned(),
                });
            }
        };
        Ok(Some(Field { number: key >> 3, value, offset }))
    }

    /// The value as the bytes of `expected`.
    pub fn bytes(self, expected: &str) -> Result<Cursor<'a>, ForeignFault> {
        match self.value {
            Value::Bytes(bytes) => Ok(bytes),
            _ => Err(self.unexpected("a single number", expected)),
        }
    }

    /// The value as the integer `expected`.
    pub fn integer(self, expected: &str) -> Result<u64, ForeignFault> {
        match self.value {
            Value::Varint(value) => Ok(value),
            _ => Err(self.unexpected("another type", expected)),
        }
    }

    fn unexpected(&self, found: &str, expected: &str) -> ForeignFault {
        let found = format!("{found} in field {}", self.number);
        ForeignFault::Unexpected { offset: self.offset, found, expected: expected.to_owned() }
    }
}

/// An integer in groups of seven bits, the lowest first; a set top bit says that more follow.
pub(super) fn varint(message: &mut Cursor<'_>) -> Result<u64, ForeignFault> {
    let (offset, mut value) = (message.offset(), 0);
    for shift in (0..64).step_by(7) {
        let byte = message.byte("an integer")?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Ok(value);
        }
    }
    let found = "an integer of more than ten bytes".to_owned();
    Err(ForeignFault::Unexpected { offset, found, expected: "at most 64 bits".to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_are_read_as_specified() {
        for (bytes, value) in [(&[0x00][..], 0), (&[0x96, 0x01], 150), (&[0xff; 9], u64::MAX >> 1)] {
            let bytes = [bytes, if bytes.len() == 9 { &[0x00][..] } else { &[] }].concat();
            assert_eq!(varint(&mut Cursor::new(&bytes)), Ok(value));
        }
        assert!(varint(&mut Cursor::new(&[0xff; 11])).is_err());
        assert!(varint(&mut Cursor::new(&[0x80])).is_err());
    }
}
