//! The basis of a run: what its flags change. It is a preset, or what `--like` names.
//!
//! From a picture is taken whatever makes another one look like it: settings, network, the parts of the styles where
//! there are as many, how maps are read, the sides of a texture. Which pictures and maps there are is not.

use impasto::regions::ColorMatching;
use impasto::{Effort, Look, Preset, Settings};
use impasto_network::Weights;

use super::arguments::{MapArguments, NetworkArguments};
use super::like::Like;
use super::recipe::{Recipe, WeightsFrom};
use super::request::Request;
use super::values::{MapColors, PictureSize};
use crate::failure::Failure;
use crate::network_choice;

/// The network of a high effort, if it is installed.
const NETWORK_OF_HIGH_EFFORT: &str = "vgg19";

/// What the flags of a run change.
#[derive(Clone, Debug)]
pub struct Basis {
    preset: Option<Preset>,
    settings: Settings,
    like: Option<Like>,
}

impl Basis {
    /// The basis of a request.
    ///
    /// # Errors
    /// If the file of `--like` cannot be taken for one.
    pub fn new(request: &Request<'_>) -> Result<Self, Failure> {
        let flags = &request.shared.picture;
        Ok(match &flags.like {
            None => {
                let settings = flags.look.map_or_else(|| flags.preset.settings(), Look::settings);
                Basis { preset: Some(flags.preset), settings, like: None }
            }
            Some(path) => {
                let like = Like::read(path)?;
                let preset = like.recipe().and_then(Recipe::preset);
                Basis { preset, settings: like.settings().clone(), like: Some(like) }
            }
        })
    }

    /// The preset that the settings began as, if that is known.
    pub fn preset(&self) -> Option<Preset> {
        self.preset
    }

    /// The settings before any flag.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What messages call it: `the preset gatys`, `--like painted.png`.
    pub fn name(&self) -> String {
        match (&self.like, self.preset) {
            (Some(like), _) => like.to_string(),
            (None, preset) => format!("the preset {}", preset.unwrap_or_default()),
        }
    }

    /// The recipe of `--like`.
    pub fn recipe(&self) -> Option<&Recipe> {
        self.like.as_ref()?.recipe()
    }

    /// The network that the flags ask for, and where it is from; where they ask for none, the one that the basis was
    /// painted with; else for a high effort VGG-19, if it is installed.
    ///
    /// # Errors
    /// If it cannot be opened, or only whoever painted the basis has its weights.
    pub fn network(
        &self,
        flags: &NetworkArguments,
        effort: Effort,
        notes: &mut Vec<String>,
    ) -> Result<(Weights, WeightsFrom), Failure> {
        let typed = (flags.network.as_ref(), flags.weights.as_deref());
        let recipe = self.recipe().filter(|_| typed == (None, None));
        let Some(recipe) = recipe else {
            let vgg19 = network_choice::named(NETWORK_OF_HIGH_EFFORT);
            if let (Effort::High, (None, None), Some(vgg19)) = (effort, typed, &vgg19)
                && network_choice::is_at_hand(vgg19)?
            {
                notes.push(format!("--effort high: with the installed network {}", vgg19.name()));
                return Ok((network_choice::chosen(Some(vgg19), None, None)?, WeightsFrom::name_of(vgg19)));
            }
            let weights = network_choice::chosen(typed.0, typed.1, flags.convention)?;
            return Ok((weights, WeightsFrom::flags(flags)));
        };
        let weights = recipe.weights();
        let name = weights.installed_as().unwrap_or(recipe.network_name());
        let network = match weights {
            // A file of that shape is not the network that is built in.
            WeightsFrom::File(_) => network_choice::named(name).filter(|it| !network_choice::is_built_in(it)),
            _ => network_choice::named(name),
        };
        let at_hand = network.as_ref().map_or(Ok(false), network_choice::is_at_hand)?;
        let painted = format!("{} was painted with the network {}", self.name(), recipe.network());
        match (network, weights) {
            (Some(network), weights) if at_hand => {
                if let WeightsFrom::File(file) = weights {
                    notes.push(format!(
                        "hint: {painted}; the installed {name} takes the place of {file}, which --weights brings back"
                    ));
                }
                Ok((network_choice::chosen(Some(&network), None, None)?, WeightsFrom::name_of(&network)))
            }
            (Some(_), _) => Err(Failure::mistake(format_args!(
                "{painted}, which is not installed: run impasto weights pull {name}, name a file of it with --weights, \
                 or choose another with --network"
            ))),
            (None, _) => Err(Failure::mistake(format_args!(
                "{painted}: name its file with --weights, or choose another with --network"
            ))),
        }
    }

    /// The parts that as many styles had in the blend.
    pub fn blend(&self, styles: usize, notes: &mut Vec<String>) -> Option<Vec<f64>> {
        let blend = self.recipe()?.blend();
        let is_even = blend.windows(2).all(|pair| pair[0] == pair[1]);
        if blend.len() != styles && !is_even {
            notes.push(format!(
                "hint: {} has its style in {} parts, which do not fit here: equal parts take their place, or those of \
                 --style-blend",
                self.name(),
                blend.len()
            ));
        }
        (blend.len() == styles).then_some(blend)
    }

    /// Width and height of a picture that has its shape from nothing given, if they were asked for.
    pub fn sides(&self, typed: Option<PictureSize>) -> Option<(usize, usize)> {
        match typed {
            Some(PictureSize::Sides(width, height)) => Some((width, height)),
            Some(PictureSize::Longest(_)) => None,
            None => self.recipe()?.sides(),
        }
    }

    /// How many colours maps have; `None` to find out.
    pub fn map_colors(&self, flags: &MapArguments) -> Option<usize> {
        match flags.map_colors {
            Some(MapColors::Number(number)) => Some(number),
            Some(MapColors::Auto) => None,
            None => self.recipe()?.maps()?.colors(),
        }
    }

    /// How the colours of maps find each other.
    pub fn map_matching(&self, flags: &MapArguments) -> ColorMatching {
        let of_recipe = || self.recipe()?.maps().map(|maps| maps.matching());
        flags.map_match.or_else(of_recipe).unwrap_or_default()
    }
}
