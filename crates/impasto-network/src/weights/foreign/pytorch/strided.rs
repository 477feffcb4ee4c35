//! Gathers the numbers of a tensor from its storage, in row-major order.

use super::super::ForeignFault;
use super::super::tensor::count;
use super::object::{Kind, Storage, StoredTensor};

/// The numbers of the tensor `name` in f32, row-major. `bytes` are those of its storage, if the file has
/// them.
pub(super) fn load(
    name: &str,
    tensor: &StoredTensor,
    storage: &Storage<'_>,
    bytes: Option<&[u8]>,
) -> Result<Vec<f32>, ForeignFault> {
    let unsupported = |found: String, expected| Err(ForeignFault::Unsupported { found, expected });
    let float = match storage.kind {
        Kind::Float(float) => float,
        Kind::Integer(kind, _) => {
            let expected = "float32, float16, bfloat16 or float64";
            return unsupported(format!("tensor {name} of {kind} numbers"), expected);
        }
    };
    let stored = storage.count.checked_mul(float.bytes());
    let Some(bytes) = stored.and_then(|stored| bytes?.get(..stored)) else {
        let found = format!("tensor {name} without {} numbers in storage {:?}", storage.count, storage.key);
        return unsupported(found, "a storage that holds all its numbers");
    };
    let Some(count) = within(tensor, storage.count) else {
        let found = format!(
            "tensor {name} of shape {:?} and strides {:?} from number {} of a storage of {}",
            tensor.shape, tensor.strides, tensor.first, storage.count
        );
        return unsupported(found, "a view that stays within its storage");
    };
    if count == 0 {
        return Ok(Vec::new());
    }
    if is_row_major(tensor) {
        return Ok(float.decode(&bytes[tensor.first * float.bytes()..][..count * float.bytes()]));
    }
    // Row-major counting through all places, the last side fastest.
    let stored = float.decode(bytes);
    let (mut place, mut source) = (vec![0; tensor.shape.len()], tensor.first);
    let mut values = Vec::with_capacity(count);
    for _ in 0..count {
        values.push(stored[source]);
        for ((index, &side), &stride) in place.iter_mut().zip(&tensor.shape).zip(&tensor.strides).rev() {
            *index += 1;
            source += stride;
            if *index < side {
                break;
            }
            source -= side * stride;
            *index = 0;
        }
    }
    Ok(values)
}

/// How many numbers the tensor has, if all of them lie within a storage of `stored`, and they are not more
/// than it has: a view may repeat numbers, but weights never do.
fn within(tensor: &StoredTensor, stored: usize) -> Option<usize> {
    let count = count(&tensor.shape).filter(|&count| count <= stored)?;
    if count == 0 {
        return Some(0).filter(|_| tensor.first <= stored);
    }
    let mut sides = tensor.shape.iter().zip(&tensor.strides);
    let last = sides
        .try_fold(tensor.first, |last, (&side, &stride)| last.checked_add((side - 1).checked_mul(stride)?))?;
    (last < stored).then_some(count)
}

/// Whether its numbers, of which there is one at least, lie in order and without gaps.
fn is_row_major(tensor: &StoredTensor) -> bool {
    let sides = tensor.shape.iter().zip(&tensor.strides).rev();
    let mut expected = 1;
    sides.fold(true, |all, (&side, &stride)| {
        let same = side <= 1 || stride == expected;
        expected *= side;
        all && same
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::weights::foreign::tensor::Float;

    fn loaded(first: usize, shape: &[usize], strides: &[usize]) -> Result<Vec<f32>, String> {
        let storage = Storage { kind: Kind::Float(Float::F32), key: "0", count: 6 };
        let bytes: Vec<u8> = (0..6).flat_map(|value| (value as f32).to_le_bytes()).collect();
        let tensor = StoredTensor { storage: 0, first, shape: shape.to_vec(), strides: strides.to_vec() };
        load("a", &tensor, &storage, Some(&bytes)).map_err(|fault| fault.to_string())
    }

    #[test]
    fn views_are_gathered_in_row_major_order() {
        assert_eq!(loaded(0, &[2, 3], &[3, 1]).unwrap(), [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(loaded(0, &[3, 2], &[1, 3]).unwrap(), [0.0, 3.0, 1.0, 4.0, 2.0, 5.0]);
        assert_eq!(loaded(1, &[2, 1, 2], &[3, 9, 1]).unwrap(), [1.0, 2.0, 4.0, 5.0]);
        assert_eq!(loaded(2, &[3], &[0]).unwrap(), [2.0; 3]);
        assert_eq!(loaded(5, &[], &[]).unwrap(), [5.0]);
        for shape in [[0, 7, 1], [0, usize::MAX, usize::MAX]] {
            assert!(loaded(6, &shape, &[1; 3]).unwrap().is_empty());
        }
    }

    #[test]
    fn views_beyond_the_storage_are_refused() {
        let max = usize::MAX;
        for (first, shape, strides) in [
            (6, [1, 1], [1, 1]),
            (0, [2, 3], [4, 1]),
            (1, [2, 3], [3, 1]),
            (0, [max, 2], [0, 0]),
            (0, [7, 1], [0, 0]),
            (max, [2, 1], [1, 1]),
            (0, [2, 1], [max, 1]),
            (7, [0, 1], [1, 1]),
        ] {
            let message = loaded(first, &shape, &strides).unwrap_err();
            assert!(message.ends_with("expected a view that stays within its storage"), "{message}");
        }
    }
}
