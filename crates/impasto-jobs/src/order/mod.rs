//! An order: one painting as plain data, with every choice that there is.
//!
//! As JSON it is one object. The task with its pictures is one field, every choice is another, and what is left
//! out is as the preset has it:
//!
//! ```
//! let text = r#"{"transfer": {"content": "harbour.png", "styles": ["swirls.png"]}, "size": 256, "effort": "draft"}"#;
//! let order = impasto_jobs::Order::from_json(text)?;
//! assert_eq!(order.task.styles().len(), 1);
//! # Ok::<(), impasto_jobs::Refusal>(())
//! ```
//!
//! The fields have the names of the flags of the command line, with `_` for `-`; with the feature `clap` the groups
//! of choices are groups of its flags, so that a choice, its range and its help are written once.
//!
//! | group | what is chosen |
//! | --- | --- |
//! | [`Task`] | transfer, doodle or texture, and its pictures |
//! | [`PictureChoices`] | the method, size and start |
//! | [`StyleChoices`], [`PatchChoices`], [`ContentChoices`] | the losses and colours |
//! | [`MapChoices`] | how maps are read |
//! | [`OptimizerChoices`] | what moves the pixels, and for how long |
//! | [`NetworkChoices`], [`EngineChoices`], [`MemoryChoices`], [`MachineChoices`] | the network, and what computes |
//! | [`FileChoices`], [`SnapshotChoices`] | how the result is written, and what is kept on the way |

mod check;
mod content;
mod machine;
mod maps;
mod network;
mod optimizer;
#[cfg(feature = "clap")]
pub mod parsers;
mod patches;
mod picture;
mod result;
mod set;
mod style;
mod task;
pub(crate) mod text;
mod values;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

pub use content::ContentChoices;
use impasto::Preset;
pub use machine::{EngineChoices, MachineChoices, MemoryChoices};
pub use maps::MapChoices;
pub use network::NetworkChoices;
pub use optimizer::OptimizerChoices;
pub use patches::PatchChoices;
pub(crate) use picture::MAX_PIXELS;
pub use picture::PictureChoices;
pub use result::{FileChoices, SnapshotChoices};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
pub use set::{LISTS, VARIED};
pub use style::StyleChoices;
pub(crate) use task::MapFiles;
pub use task::{Doodle, Task, Texture, Transfer};
pub(crate) use values::LONGEST_SIDE;
pub use values::{EngineName, MapColors, MaskList, MemorySize, OptimizerName, PictureSize, StartFrom, Stop};

use crate::files::{joined, stem};
use crate::refusal::Refusal;

/// One painting, as it is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// What is painted, from which pictures.
    #[serde(flatten)]
    pub task: Task,
    /// The picture as a whole.
    #[serde(flatten)]
    pub picture: PictureChoices,
    /// What is kept of a content picture.
    #[serde(flatten)]
    pub content: ContentChoices,
    /// How the style acts.
    #[serde(flatten)]
    pub style: StyleChoices,
    /// The patches of the style.
    #[serde(flatten)]
    pub patches: PatchChoices,
    /// How maps are read.
    #[serde(flatten)]
    pub maps: MapChoices,
    /// What moves the pixels.
    #[serde(flatten)]
    pub optimizer: OptimizerChoices,
    /// The network.
    #[serde(flatten)]
    pub network: NetworkChoices,
    /// The engine.
    #[serde(flatten)]
    pub engine: EngineChoices,
    /// Its memory.
    #[serde(flatten)]
    pub memory: MemoryChoices,
    /// What to compute with.
    #[serde(flatten)]
    pub machine: MachineChoices,
    /// How the file of the result is written.
    #[serde(flatten)]
    pub file: FileChoices,
    /// What is kept on the way.
    #[serde(flatten)]
    pub snapshots: SnapshotChoices,
}

/// A picture file and what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Input<'a> {
    /// What it is for, in words: `style map`.
    pub role: &'static str,
    /// The file.
    pub path: &'a Path,
}

impl Order {
    /// Orders a task, all else as its default preset has it.
    pub fn new(task: Task) -> Self {
        Order {
            task,
            picture: PictureChoices::default(),
            content: ContentChoices::default(),
            style: StyleChoices::default(),
            patches: PatchChoices::default(),
            maps: MapChoices::default(),
            optimizer: OptimizerChoices::default(),
            network: NetworkChoices::default(),
            engine: EngineChoices::default(),
            memory: MemoryChoices::default(),
            machine: MachineChoices::default(),
            file: FileChoices::default(),
            snapshots: SnapshotChoices::default(),
        }
    }

    /// Orders a picture repainted in the style of others.
    pub fn transfer(
        content: impl Into<PathBuf>,
        styles: impl IntoIterator<Item = impl Into<PathBuf>>,
    ) -> Self {
        let styles = styles.into_iter().map(Into::into).collect();
        Order::new(Task::Transfer(Transfer { content: content.into(), styles, ..Transfer::default() }))
    }

    /// Reads an order from JSON.
    ///
    /// # Errors
    /// Names the field that is unknown, or whose value is none.
    pub fn from_json(text: &str) -> Result<Self, Refusal> {
        let fields: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| Refusal::order(format!("no order: {error}")))?;
        if !fields.keys().any(|name| TASKS.contains(&name.as_str())) {
            return Err(Refusal::order(format!("no order: expected a task, one of {}", TASKS.join(", "))));
        }
        let read = |fields: Map<String, Value>| serde_json::from_value::<Order>(Value::Object(fields));
        read(fields.clone()).map_err(|error| {
            // The error does not name its field, so each is tried alone, with a task that is sound.
            let sound = Order::new(Task::Texture(Texture::default()));
            let alone = fields.into_iter().find_map(|(name, value)| {
                let is_task = TASKS.contains(&name.as_str());
                let mut fields = Map::from_iter([(name.clone(), value)]);
                if !is_task {
                    fields.extend(task_of(&sound));
                }
                Some((name, read(fields).err()?))
            });
            match alone {
                Some((name, error)) => Refusal::field(name, error.to_string()),
                None => Refusal::order(format!("no order: {error}")),
            }
        })
    }

    /// The preset that the settings begin as, unless a look or a picture takes its place.
    pub fn preset(&self) -> Preset {
        self.picture.preset.unwrap_or_else(|| self.task.default_preset())
    }

    /// All pictures that are read.
    pub fn inputs(&self) -> Vec<Input<'_>> {
        let mut inputs = Vec::new();
        let mut add = |role, path| inputs.push(Input { role, path });
        self.task.content().into_iter().for_each(|path| add("content", path));
        self.task.styles().iter().for_each(|path| add("style", path));
        if let Some(files) = self.task.maps() {
            files.of_picture().into_iter().for_each(|path| add("map", path));
            files.of_styles().into_iter().flatten().for_each(|path| add("style map", path));
        }
        self.content.strength_map.iter().for_each(|path| add("strength map", path));
        self.picture.fine_strokes.iter().for_each(|path| add("fine strokes", path));
        if let Some(StartFrom::Picture(path)) = &self.picture.start {
            add("start", path);
        }
        inputs
    }

    /// The paths of all pictures that are read, to put others in their place.
    pub fn inputs_mut(&mut self) -> Vec<&mut PathBuf> {
        let mut paths = self.task.paths_mut();
        paths.extend(&mut self.content.strength_map);
        paths.extend(&mut self.picture.fine_strokes);
        if let Some(StartFrom::Picture(path)) = &mut self.picture.start {
            paths.push(path);
        }
        paths
    }

    /// What is painted, in words.
    pub fn title(&self) -> String {
        let styles: Vec<String> = self.task.styles().iter().map(|path| stem(path)).collect();
        let styles = styles.join(" and ");
        match self.task.subject() {
            Some(subject) => format!("{} in the style of {styles}", stem(subject)),
            None => format!("a texture of {styles}"),
        }
    }

    /// A name for the result, after the files without their extensions: `CONTENT-STYLE`, `MAP-STYLE` or
    /// `STYLE-texture`.
    pub fn name(&self) -> OsString {
        let of_texture = self.task.subject().is_none().then_some(Path::new("texture"));
        let styles = self.task.styles().iter().map(PathBuf::as_path);
        joined(self.task.subject().into_iter().chain(styles).chain(of_texture))
    }
}

/// The fields that a task may be in, of which an order has one.
const TASKS: [&str; 3] = ["transfer", "doodle", "texture"];

/// The field of an order that holds its task.
fn task_of(order: &Order) -> Option<(String, Value)> {
    let Ok(Value::Object(fields)) = serde_json::to_value(&order.task) else { return None };
    fields.into_iter().next()
}
