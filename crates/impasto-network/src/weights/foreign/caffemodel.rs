//! Caffe's networks: `NetParameter` of `caffe.proto`, with layers of both generations.
//!
//! The fields that matter (BVLC Caffe, `src/caffe/proto/caffe.proto`):
//!
//! ```text
//! NetParameter      layers = 2 (V1LayerParameter), layer = 100 (LayerParameter)
//! V1LayerParameter  name = 4, blobs = 6
//! LayerParameter    name = 1, blobs = 7
//! BlobProto         num = 1, channels = 2, height = 3, width = 4, data = 5 (packed float),
//!                   shape = 7 (BlobShape), double_data = 8 (packed double)
//! BlobShape         dim = 1 (packed int64)
//! ```
//!
//! A layer named `conv1_1` holds its weight `[out, in, 3, 3]` and then its bias, which old files shape as
//! `[1, 1, 1, out]`. Layers of other names are passed over.

use super::ForeignFault;
use super::cursor::Cursor;
use super::protobuf::{Field, Value, varint};
use super::tensor::{Float, Tensor, Tensors, count};
use crate::Layer;

/// Numbers of the fields of a layer, which differ between the generations.
#[derive(Clone, Copy)]
struct LayerFields {
    name: u64,
    blobs: u64,
}

/// Sides of a shape beyond this are refused; Caffe's own limit is the same.
const MOST_SIDES: usize = 32;

/// The tensors of the convolutions in a Caffe model.
pub(super) fn read(file: &[u8]) -> Result<Tensors<'_>, ForeignFault> {
    let mut network = Cursor::new(file);
    let mut tensors = Tensors::default();
    while let Some(field) = Field::next(&mut network)? {
        let fields = match field.number {
            2 => LayerFields { name: 4, blobs: 6 },
            100 => LayerFields { name: 1, blobs: 7 },
            _ => continue,
        };
        read_layer(field.bytes("a layer")?, fields, &mut tensors)?;
    }
    Ok(tensors)
}

fn read_layer<'a>(
    layer: Cursor<'a>,
    fields: LayerFields,
    tensors: &mut Tensors<'a>,
) -> Result<(), ForeignFault> {
    let name = layer_name(layer.clone(), fields)?;
    let Some(name) = name.parse().ok().filter(|layer: &Layer| layer.is_convolution()) else {
        tensors.note(name);
        return Ok(());
    };
    let (mut layer, mut kinds) = (layer, ["weight", "bias"].into_iter());
    while let Some(field) = Field::next(&mut layer)? {
        if field.number == fields.blobs {
            let offset = field.offset;
            let Some(kind) = kinds.next() else {
                let (found, expected) = (format!("a third blob in {name}"), "a weight and a bias".to_owned());
                return Err(ForeignFault::Unexpected { offset, found, expected });
            };
            let tensor = format!("{name}.{kind}");
            let blob = read_blob(field.bytes("a blob")?, &tensor)?;
            tensors.insert(tensor, blob)?;
        }
    }
    Ok(())
}

/// The name of a layer. It may follow the blobs, so it is looked for first.
fn layer_name<'a>(mut layer: Cursor<'a>, fields: LayerFields) -> Result<&'a str, ForeignFault> {
    let mut name = &[][..];
    while let Some(field) = Field::next(&mut layer)? {
        if field.number == fields.name {
            name = field.bytes("the name of a layer")?.rest();
        }
    }
    Ok(std::str::from_utf8(name).unwrap_or("?"))
}

fn read_blob<'a>(mut blob: Cursor<'a>, tensor: &str) -> Result<Tensor<'a>, ForeignFault> {
    let (start, mut legacy, mut shape, mut data) = (blob.offset(), [1; 4], None, None);
    while let Some(field) = Field::next(&mut blob)? {
        let offset = field.offset;
        match field.number {
            number @ 1..=4 => legacy[number as usize - 1] = side(field.integer("a side")?, offset)?,
            7 => shape = Some(read_shape(field.bytes("a shape")?)?),
            number @ (5 | 8) => {
                let float = if number == 5 { Float::F32 } else { Float::F64 };
                let numbers = field.bytes("packed numbers")?;
                if data.replace((float, numbers)).is_some() {
                    let found = format!("the numbers of {tensor} in several pieces");
                    let expected = "them in one, as Caffe writes them".to_owned();
                    return Err(ForeignFault::Unexpected { offset, found, expected });
                }
            }
            _ => {}
        }
    }
    // Old files give every blob four sides.
    let shape = match shape {
        Some(shape) => shape,
        None if tensor.ends_with(".bias") && legacy[..3] == [1; 3] => vec![legacy[3]],
        None => legacy.to_vec(),
    };
    let (float, numbers) = data.map_or((Float::F32, &[][..]), |(float, mut numbers)| (float, numbers.rest()));
    if count(&shape).and_then(|count| count.checked_mul(float.bytes())) != Some(numbers.len()) {
        let found = format!("{} bytes of numbers for {tensor}", numbers.len());
        let expected = format!("{} for each number of its shape {shape:?}", float.bytes());
        return Err(ForeignFault::Unexpected { offset: start, found, expected });
    }
    Ok(Tensor { shape, load: Box::new(move || Ok(float.decode(numbers))) })
}

/// The sides in a `BlobShape`, packed or one by one.
fn read_shape(mut message: Cursor<'_>) -> Result<Vec<usize>, ForeignFault> {
    let mut sides = Vec::new();
    let mut push = |value, offset| {
        if sides.len() == MOST_SIDES {
            let (found, expected) = ("one more side".to_owned(), format!("at most {MOST_SIDES}"));
            return Err(ForeignFault::Unexpected { offset, found, expected });
        }
        sides.push(side(value, offset)?);
        Ok(())
    };
    while let Some(field) = Field::next(&mut message)? {
        let offset = field.offset;
        match field {
            Field { number: 1, value: Value::Varint(value), .. } => push(value, offset)?,
            Field { number: 1, value: Value::Bytes(mut packed), .. } => {
                while !packed.is_at_end() {
                    push(varint(&mut packed)?, offset)?;
                }
            }
            _ => {}
        }
    }
    Ok(sides)
}

/// One side of a shape: an int64, so that negative ones show as huge.
fn side(value: u64, offset: usize) -> Result<usize, ForeignFault> {
    i64::try_from(value).ok().and_then(|value| usize::try_from(value).ok()).ok_or_else(|| {
        let found = format!("a side of {}", value as i64);
        ForeignFault::Unexpected { offset, found, expected: "0 or more".to_owned() }
    })
}
