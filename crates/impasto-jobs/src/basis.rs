//! The basis of a run: what the choices of an order change. It is a preset, or what
//! `like` names.
//!
//! A basis picture gives settings, network, the blend of styles where there are as many, how maps are read, and the sides
//! of a texture, but no pictures or maps.

use impasto::regions::ColorMatching;
use impasto::{Effort, Look, Preset, Settings};
use impasto_network::Weights;

use crate::like::Like;
use crate::message::{Field, Message, Note, Words};
use crate::network_choice;
use crate::order::{MapChoices, MapColors, NetworkChoices, Order, PictureSize};
use crate::recipe::{Recipe, WeightsFrom};
use crate::refusal::Refusal;
use crate::words;

/// The network of a high effort, if it is installed.
const NETWORK_OF_HIGH_EFFORT: &str = "vgg19";

/// What the choices of an order change.
#[derive(Clone, Debug)]
pub(crate) struct Basis {
    preset: Option<Preset>,
    settings: Settings,
    like: Option<Like>,
}

impl Basis {
    /// The basis of an order.
    ///
    /// # Errors
    /// If the file of `like` cannot be taken for one.
    pub fn new(order: &Order) -> Result<Self, Refusal> {
        let (preset, look) = (order.preset(), order.picture.look);
        Ok(match &order.picture.like {
            None => {
                let settings = look.map_or_else(|| preset.settings(), Look::settings);
                Basis { preset: Some(preset), settings, like: None }
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

    /// The settings before any choice.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What messages call it: `the preset gatys`, `like painted.png`.
    pub fn name(&self) -> Words {
        match (&self.like, self.preset) {
            (Some(like), _) => words![Field("like"), format!(" {}", like.path().display())],
            (None, preset) => words![format!("the preset {}", preset.unwrap_or_default())],
        }
    }

    /// The recipe of `like`.
    pub fn recipe(&self) -> Option<&Recipe> {
        self.like.as_ref()?.recipe()
    }

    /// The network that is asked for, and where it is from; where none is asked for, the one that the basis was
    /// painted with; else for a high effort VGG-19, if it is installed.
    ///
    /// # Errors
    /// If it cannot be opened, or only whoever painted the basis has its weights.
    pub fn network(
        &self,
        choices: &NetworkChoices,
        effort: Effort,
        notes: &mut Vec<Note>,
    ) -> Result<(Weights, WeightsFrom), Refusal> {
        let asked = (choices.network.as_ref(), choices.weights.as_deref());
        let recipe = self.recipe().filter(|_| asked == (None, None));
        let Some(recipe) = recipe else {
            let vgg19 = network_choice::named(NETWORK_OF_HIGH_EFFORT);
            if let (Effort::High, (None, None), Some(vgg19)) = (effort, asked, &vgg19)
                && network_choice::is_at_hand(vgg19)?
            {
                let why = format!("with the installed network {}", vgg19.name());
                notes.push(Note::fact(Message::about_value("effort", "high", why)));
                return Ok((network_choice::chosen(Some(vgg19), None, None)?, WeightsFrom::name_of(vgg19)));
            }
            let weights = network_choice::chosen(asked.0, asked.1, choices.convention)?;
            return Ok((weights, WeightsFrom::choices(choices)));
        };
        let weights = recipe.weights();
        let name = weights.installed_as().unwrap_or(recipe.network_name());
        let network = match weights {
            // A file of that shape is not the network that is built in.
            WeightsFrom::File(_) => network_choice::named(name).filter(|it| !network_choice::is_built_in(it)),
            _ => network_choice::named(name),
        };
        let at_hand = network.as_ref().map_or(Ok(false), network_choice::is_at_hand)?;
        let painted = words![self.name(), format!(" was painted with the network {}", recipe.network())];
        match (network, weights) {
            (Some(network), weights) if at_hand => {
                if let WeightsFrom::File(file) = weights {
                    let instead = format!("; the installed {name} takes the place of {file}, which ");
                    let why = words![painted, instead, Field("weights"), " brings back"];
                    notes.push(Note::hint(Message::new(why).of("like")));
                }
                Ok((network_choice::chosen(Some(&network), None, None)?, WeightsFrom::name_of(&network)))
            }
            (Some(_), _) => {
                let pull = format!(
                    ", which is not installed: run impasto weights pull {name}, name a file of it with "
                );
                let other = words![Field("weights"), ", or choose another with ", Field("network")];
                Err(Refusal::order(words![painted, pull, other]).of("network"))
            }
            (None, _) => {
                let other = words![Field("weights"), ", or choose another with ", Field("network")];
                Err(Refusal::order(words![painted, ": name its file with ", other]).of("network"))
            }
        }
    }

    /// Returns the blend of the basis, if it has as many styles.
    pub fn blend(&self, styles: usize, notes: &mut Vec<Note>) -> Option<Vec<f64>> {
        let blend = self.recipe()?.blend();
        let is_even = blend.windows(2).all(|pair| pair[0] == pair[1]);
        if blend.len() != styles && !is_even {
            let parts = format!(
                " has its style in {} parts, which do not fit here: equal parts take their place, or those of ",
                blend.len()
            );
            let why = words![self.name(), parts, Field("style_blend")];
            notes.push(Note::hint(Message::new(why).of("style_blend")));
        }
        (blend.len() == styles).then_some(blend)
    }

    /// Width and height of a picture that has its shape from nothing given, if they were asked for.
    pub fn sides(&self, asked: Option<PictureSize>) -> Option<(usize, usize)> {
        match asked {
            Some(PictureSize::Sides(width, height)) => Some((width, height)),
            Some(PictureSize::Longest(_) | PictureSize::Original) => None,
            None => self.recipe()?.sides(),
        }
    }

    /// How many colours maps have; `None` to find out.
    pub fn map_colors(&self, choices: &MapChoices) -> Option<usize> {
        match choices.map_colors {
            Some(MapColors::Number(number)) => Some(number),
            Some(MapColors::Auto) => None,
            None => self.recipe()?.maps()?.colors(),
        }
    }

    /// How the colours of maps find each other.
    pub fn map_matching(&self, choices: &MapChoices) -> ColorMatching {
        let of_recipe = || self.recipe()?.maps().map(|maps| maps.matching());
        choices.map_match.or_else(of_recipe).unwrap_or_default()
    }
}
