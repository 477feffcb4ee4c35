//! The variables of the last good picture, which an error shows.

use half::f16;
use half::slice::HalfFloatSliceExt;
use rayon::prelude::*;

use crate::precision::Precision;

/// Variables that one task works on.
const BLOCK: usize = 16_384;

/// Variables, in half precision where memory is short: hardly any run ever needs them, and a picture to look at takes
/// no more.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum LastGood {
    /// As they were.
    Full(Vec<f32>),
    /// Rounded to 11 significant bits.
    Half(Vec<f16>),
}

impl LastGood {
    /// These variables.
    pub fn new(variables: &[f32], precision: Precision) -> Self {
        let mut last_good = match precision {
            Precision::Full => LastGood::Full(vec![0.0; variables.len()]),
            Precision::Half => LastGood::Half(vec![f16::ZERO; variables.len()]),
        };
        last_good.set(variables);
        last_good
    }

    /// Other variables, as many as before.
    pub fn set(&mut self, variables: &[f32]) {
        match self {
            LastGood::Full(own) => own.copy_from_slice(variables),
            LastGood::Half(own) => {
                assert_eq!(own.len(), variables.len(), "variables of one stage");
                let blocks = own.par_chunks_mut(BLOCK).zip(variables.par_chunks(BLOCK));
                blocks.for_each(|(own, variables)| {
                    let bounded = |value: &f32| value.clamp(f16::MIN.to_f32(), f16::MAX.to_f32());
                    own.convert_from_f32_slice(&variables.iter().map(bounded).collect::<Vec<f32>>());
                });
            }
        }
    }

    /// The variables.
    pub fn variables(&self) -> Vec<f32> {
        match self {
            LastGood::Full(own) => own.clone(),
            LastGood::Half(own) => own.to_f32_vec(),
        }
    }
}
