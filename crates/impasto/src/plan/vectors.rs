//! The memory that the vectors and pictures of a stage take, whatever engine runs it.

use impasto_network::Size;

use crate::laplacian::LaplacianPyramid;
use crate::{OptimizerSettings, Precision, Settings, SettingsError, Variables};

/// Vectors of a stage with one value for each variable, and pictures.
pub(super) struct Vectors {
    variables: usize,
    /// Bytes of a picture.
    picture: u64,
    /// Bytes of the optimiser, steps that L-BFGS remembers not counted.
    optimizer: u64,
    /// Bytes of what it carries from one size to the next.
    carried: u64,
    /// Steps that L-BFGS remembers, as the settings say.
    pub steps: Option<usize>,
    has_average: bool,
    evaluates_ends: bool,
    is_plain: bool,
    keeps_start: bool,
    keeps_last_good: bool,
    /// Whether the content holds the picture, and is kept for it.
    is_held: bool,
}

impl Vectors {
    /// Of an evaluation: the picture, which counts as the variables, and the gradient.
    pub fn of_evaluation(size: Size) -> Self {
        let picture = bytes_of_picture(size);
        Vectors {
            variables: 3 * size.height * size.width,
            picture,
            optimizer: picture,
            carried: 0,
            steps: None,
            has_average: false,
            evaluates_ends: false,
            is_plain: true,
            keeps_start: false,
            keeps_last_good: false,
            is_held: false,
        }
    }

    pub fn of_run(
        settings: &Settings,
        keeps_start: bool,
        is_held: bool,
        size: Size,
    ) -> Result<Self, SettingsError> {
        let (variables, is_pixels) = match settings.variables {
            Variables::Pixels => (3 * size.height * size.width, true),
            Variables::LaplacianPyramid { levels } => (LaplacianPyramid::new(size, levels).len(), false),
        };
        let (carried, steps) = match settings.optimizer {
            OptimizerSettings::Adam(_) => (2, None),
            OptimizerSettings::Lbfgs(options) => (0, Some(options.memory)),
        };
        let optimizer = settings.optimizer.build::<()>()?.memory_needed(variables);
        let vector = 4 * variables as u64;
        Ok(Vectors {
            variables,
            picture: bytes_of_picture(size),
            optimizer: optimizer - steps.map_or(0, |steps| 2 * vector * steps as u64),
            carried: carried * vector,
            steps,
            has_average: settings.average.is_some(),
            evaluates_ends: steps.is_some(),
            is_plain: is_pixels && !is_held && settings.units.scale() == 1.0,
            keeps_start,
            keeps_last_good: true,
            is_held,
        })
    }

    pub fn bytes(&self) -> u64 {
        4 * self.variables as u64
    }

    /// Bytes of a step that L-BFGS remembers.
    pub fn step(&self) -> u64 {
        2 * self.bytes()
    }

    /// Bytes while the targets are learnt: the content, the start, and what the optimiser brings along.
    pub fn learning(&self) -> u64 {
        2 * self.picture + self.carried
    }

    /// Bytes while the picture is painted.
    pub fn painting(&self, steps: usize, precision: Precision) -> u64 {
        let vectors = 1 + u64::from(self.has_average) + u64::from(self.evaluates_ends);
        let pictures =
            if self.is_plain { 0 } else { 2 } + u64::from(self.keeps_start) + u64::from(self.is_held);
        self.optimizer
            + vectors * self.bytes()
            + steps as u64 * self.step()
            + if self.keeps_last_good { precision.bytes() * self.variables as u64 } else { 0 }
            + pictures * self.picture
    }

    /// Bytes that making the result takes besides, when targets and tiles are gone.
    pub fn ending(&self) -> u64 {
        2 * self.picture
    }
}

/// Bytes of a picture, `[3, H, W]` of f32.
pub(super) fn bytes_of_picture(size: Size) -> u64 {
    3 * 4 * (size.height * size.width) as u64
}
