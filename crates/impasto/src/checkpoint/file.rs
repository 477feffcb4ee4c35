//! Checkpoints as bytes: a safetensors file with all numbers, bit by bit, and in its metadata the rest as JSON and a
//! checksum of both.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::io::{self, Write};

use impasto_network::checksum::Checksum;
use safetensors::SafeTensors;
use serde::{Deserialize, Serialize};
use serde_json::{Map, json};

use super::tensors::{Numbers, Tensor, Tensors};
use super::{Checkpoint, CheckpointError, StageSizes, trace};
use crate::last_good::LastGood;
use crate::optimizers::State;
use crate::terms::Memory;
use crate::terms::own::OwnRecord;
use crate::{Picture, Settings};

/// Sets a checkpoint of a painting apart from one of a training.
const KIND: &str = "painting";

/// Version of the format. Increase it whenever a change makes older files read differently.
const VERSION: &str = "2";

/// What is not in the tensors.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Contents {
    settings: Settings,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    own_terms: Vec<OwnRecord>,
    stages: Vec<StageSizes>,
    stage: usize,
    iteration: usize,
    /// Whether the picture that the stage started from is among the tensors.
    has_start: bool,
    is_end_known: bool,
    optimizer: StateContents,
    average: Option<StateContents>,
    memories: Vec<Option<MemoryContents>>,
    trace: trace::Legend,
    notes: BTreeMap<String, String>,
}

/// What is not in the tensors of a state.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct StateContents {
    counters: Vec<u64>,
    numbers: Vec<f64>,
    /// How many.
    vectors: usize,
}

/// What is not in the tensors of what a term remembers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MemoryContents {
    evaluations: u64,
    /// How many lists.
    indices: usize,
    /// The same.
    values: usize,
}

impl StateContents {
    fn of(state: &State<'_>) -> Self {
        let (counters, numbers) = (state.counters.clone(), state.numbers.clone());
        StateContents { counters, numbers, vectors: state.vectors.len() }
    }

    fn read(
        self,
        name: &str,
        length: usize,
        tensors: &Tensors<'_>,
    ) -> Result<State<'static>, CheckpointError> {
        let vector = |index| Ok(tensors.finite(&vector_name(name, index), length)?.into());
        let vectors = (0..self.vectors).map(vector).collect::<Result<_, CheckpointError>>()?;
        Ok(State { counters: self.counters, numbers: self.numbers, vectors })
    }
}

impl MemoryContents {
    fn of(memory: &Memory) -> Self {
        let (indices, values) = (memory.indices.len(), memory.values.len());
        MemoryContents { evaluations: memory.evaluations, indices, values }
    }

    fn read(self, term: usize, tensors: &Tensors<'_>) -> Result<Memory, CheckpointError> {
        let indices = (0..self.indices).map(|index| tensors.u32s(&memory_name(term, "indices", index)));
        let values = (0..self.values).map(|index| tensors.f32s(&memory_name(term, "values", index)));
        let (indices, values) = (indices.collect::<Result<_, _>>()?, values.collect::<Result<_, _>>()?);
        Ok(Memory { evaluations: self.evaluations, indices, values })
    }
}

fn vector_name(owner: &str, index: usize) -> String {
    format!("{owner}.{index}")
}

fn memory_name(term: usize, list: &str, index: usize) -> String {
    format!("term.{term}.{list}.{index}")
}

impl Checkpoint<'_> {
    /// Writes it: what [`from_bytes`](Checkpoint::from_bytes) reads. Into a
    /// [`WholeFile`](crate::network::WholeFile), so that a crash leaves the file before.
    ///
    /// # Errors
    /// If `to` cannot be written.
    pub fn write(&self, to: &mut impl Write) -> io::Result<()> {
        let (contents, tensors) = self.parts();
        let contents = serde_json::to_string(&contents)?;
        let mut hasher = Checksum::Sha256([0; 32]).hasher();
        hasher.update(contents.as_bytes());
        for tensor in &tensors {
            tensor.numbers.each_part(&mut |bytes| {
                hasher.update(bytes);
                Ok(())
            })?;
        }
        let checksum = hasher.finish().to_string();
        let mut header = Map::new();
        let metadata = json!({"kind": KIND, "version": VERSION, "checksum": checksum, "state": contents});
        header.insert("__metadata__".into(), metadata);
        let mut start = 0;
        for Tensor { name, shape, numbers } in &tensors {
            let end = start + numbers.bytes();
            let entry = json!({"dtype": numbers.kind(), "shape": shape, "data_offsets": [start, end]});
            header.insert(name.clone(), entry);
            start = end;
        }
        let mut header = serde_json::to_string(&header)?;
        // The numbers begin at a multiple of eight.
        header.extend(std::iter::repeat_n(' ', header.len().next_multiple_of(8) - header.len()));
        to.write_all(&(header.len() as u64).to_le_bytes())?;
        to.write_all(header.as_bytes())?;
        tensors.iter().try_for_each(|tensor| tensor.numbers.each_part(&mut |bytes| to.write_all(bytes)))
    }

    /// Returns the bytes that [`write`](Checkpoint::write) writes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.write(&mut bytes).expect("memory takes all bytes, and all contents have a form in JSON");
        bytes
    }

    /// What it is made of as it is written: the longer numbers first, so that all are at multiples of their size.
    fn parts(&self) -> (Contents, Vec<Tensor<'_>>) {
        let (legend, trace) = trace::tensors(&self.trace);
        let contents = Contents {
            settings: self.settings.clone(),
            own_terms: self.own_terms.clone(),
            stages: self.stages.clone(),
            stage: self.stage,
            iteration: self.iteration,
            has_start: self.start.is_some(),
            is_end_known: self.is_end_known,
            optimizer: StateContents::of(&self.optimizer),
            average: self.average.as_ref().map(StateContents::of),
            memories: self.memories.iter().map(|it| it.as_ref().map(MemoryContents::of)).collect(),
            trace: legend,
            notes: self.notes.clone(),
        };
        let mut tensors = Vec::from(trace);
        tensors.push(Tensor::list("watched", Numbers::F64((&self.watched).into())));
        if let Some(start) = &self.start {
            let shape = vec![3, start.height(), start.width()];
            tensors.push(Tensor { name: "start".into(), shape, numbers: Numbers::F32(start.data()) });
        }
        tensors.push(Tensor::list("variables", Numbers::F32(&self.variables)));
        for (owner, state) in [("optimizer", Some(&self.optimizer)), ("average", self.average.as_ref())] {
            let vectors = state.into_iter().flat_map(|state| &state.vectors).enumerate();
            tensors.extend(
                vectors.map(|(index, vector)| Tensor::list(vector_name(owner, index), Numbers::F32(vector))),
            );
        }
        for (term, memory) in self.memories.iter().enumerate() {
            let Some(Memory { indices, values, .. }) = memory else { continue };
            for (index, list) in indices.iter().enumerate() {
                tensors.push(Tensor::list(memory_name(term, "indices", index), Numbers::U32(list)));
            }
            for (index, list) in values.iter().enumerate() {
                tensors.push(Tensor::list(memory_name(term, "values", index), Numbers::F32(list)));
            }
        }
        let last_good = match &*self.last_good {
            LastGood::Full(variables) => Numbers::F32(variables),
            LastGood::Half(variables) => Numbers::F16(variables),
        };
        tensors.push(Tensor::list("last_good", last_good));
        (contents, tensors)
    }

    /// Reads what [`write`](Checkpoint::write) wrote.
    ///
    /// # Errors
    /// If the bytes are something else, or not all of them, or changed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Checkpoint<'static>, CheckpointError> {
        let damaged = |error: safetensors::SafeTensorError| CheckpointError::Damaged(error.to_string());
        let (header, metadata) = SafeTensors::read_metadata(bytes).map_err(damaged)?;
        let texts = metadata.metadata().clone().unwrap_or_default();
        let text = |key: &str| texts.get(key).map_or("", String::as_str);
        if text("kind") != KIND {
            let found = texts.get("kind").map_or("no run", String::as_str).to_owned();
            return Err(CheckpointError::Kind { found });
        }
        if text("version") != VERSION {
            return Err(CheckpointError::Version { found: text("version").to_owned(), known: VERSION });
        }
        let mut hasher = Checksum::Sha256([0; 32]).hasher();
        hasher.update(text("state").as_bytes());
        hasher.update(&bytes[size_of::<u64>() + header..]);
        if hasher.finish().to_string() != text("checksum") {
            return Err(CheckpointError::Damaged("its checksum does not match".to_owned()));
        }
        let contents: Contents = serde_json::from_str(text("state"))
            .map_err(|error| CheckpointError::Damaged(format!("its state: {error}")))?;
        Self::read(contents, &Tensors(SafeTensors::deserialize(bytes).map_err(damaged)?))
    }

    fn read(contents: Contents, tensors: &Tensors<'_>) -> Result<Checkpoint<'static>, CheckpointError> {
        let damaged = |reason: String| Err(CheckpointError::Damaged(reason));
        let Contents {
            settings, own_terms, stages, stage, iteration, has_start, is_end_known, notes, ..
        } = contents;
        let Contents { optimizer, average, memories, trace, .. } = contents;
        if let Err(error) = settings.validate_beside(!own_terms.is_empty()) {
            return damaged(error.to_string());
        }
        let Some(sizes) = stage.checked_sub(1).and_then(|index| stages.get(index)) else {
            return damaged(format!("stage {stage} of {}", stages.len()));
        };
        let (width, height) = sizes.picture;
        let values = 3_usize.checked_mul(width).and_then(|it| it.checked_mul(height)).filter(|it| *it > 0);
        let Some(values) = values else { return damaged(format!("a stage of {width}x{height}")) };
        let start = has_start.then(|| tensors.finite("start", values)).transpose()?;
        let start = start.map(|start| Cow::Owned(Picture::new(width, height, start)));
        let watched = tensors.f64s("watched")?;
        if watched.len() > settings.schedule.stop.map_or(0, |stop| stop.interval) {
            return damaged(format!("it watches {} losses", watched.len()));
        }
        let memories = memories.into_iter().enumerate();
        let memories = memories.map(|(term, it)| it.map(|it| it.read(term, tensors)).transpose());
        let trace = trace::read(trace, tensors)?;
        if iteration == 0 || !(stage - 1..=stage).contains(&trace.stages.len()) {
            let ended = trace.stages.len();
            return damaged(format!("iteration {iteration} of stage {stage} after {ended} stages"));
        }
        let mut checkpoint = Checkpoint {
            notes,
            settings,
            own_terms,
            stages,
            stage,
            iteration,
            start,
            variables: Cow::Borrowed(&[]),
            last_good: Cow::Owned(LastGood::Full(Vec::new())),
            is_end_known,
            optimizer: State::default(),
            average: None,
            watched,
            memories: memories.collect::<Result<_, _>>()?,
            trace,
        };
        let count = checkpoint.canvas().count();
        checkpoint.variables = tensors.finite("variables", count)?.into();
        checkpoint.last_good = Cow::Owned(match tensors.is_half("last_good") {
            true => LastGood::Half(tensors.finite_halves("last_good", count)?),
            false => LastGood::Full(tensors.finite("last_good", count)?),
        });
        checkpoint.optimizer = optimizer.read("optimizer", count, tensors)?;
        checkpoint.average = average.map(|it| it.read("average", count, tensors)).transpose()?;
        Ok(checkpoint)
    }
}
