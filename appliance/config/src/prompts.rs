//! Uploaded sounds that stand in for what the box says by itself, and who uses which.

use crate::{Config, Entry, Feature, Key, Tenant};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a conference says in place of its tones: ids of uploaded sounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct Prompts {
    /// Asks for the PIN, again and again with three seconds in between; two short beeps without one.
    pub ask_pin: Option<u32>,
    /// Says that the PIN was wrong, before it is asked for again; a long low tone without one.
    pub wrong_pin: Option<u32>,
    /// Says, after the third wrong PIN, that the call ends; without one it just ends.
    pub refused: Option<u32>,
    /// Is heard by whoever comes in, before the others are; nothing without one.
    pub welcome: Option<u32>,
}

/// Whether those who talk hear that their call is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RecordingTone {
    /// They do not.
    None,
    /// A tone when it begins, and for whoever comes into the call later.
    #[default]
    Start,
    /// The same, and again every 15 seconds.
    Repeated,
}

impl Prompts {
    fn named(&self) -> [(&'static str, Option<u32>); 4] {
        [
            ("prompts.ask_pin", self.ask_pin),
            ("prompts.wrong_pin", self.wrong_pin),
            ("prompts.refused", self.refused),
            ("prompts.welcome", self.welcome),
        ]
    }
}

impl Tenant {
    fn sounds(&self) -> Vec<(&'static str, u32)> {
        let named = [("music", self.music)].into_iter().chain(self.prompts.named());
        named.filter_map(|(field, sound)| Some((field, sound?))).collect()
    }
}

impl Feature {
    fn sounds(&self) -> Vec<(&'static str, u32)> {
        self.sound.map(|sound| ("sound", sound)).into_iter().collect()
    }
}

impl Entry {
    /// The uploaded sounds that it names, and the fields where it does.
    pub fn sounds(&self) -> Vec<(&'static str, u32)> {
        match self {
            Self::Tenant(tenant) => tenant.sounds(),
            Self::Feature(feature) => feature.sounds(),
            Self::Extension(_)
            | Self::Device(_)
            | Self::Trunk(_)
            | Self::InboundRoute(_)
            | Self::OutboundRoute(_)
            | Self::Settings(_) => Vec::new(),
        }
    }
}

impl Config {
    /// The uploaded sounds that anything plays.
    pub fn sounds(&self) -> BTreeSet<u32> {
        let tenants = self.tenants.values().flat_map(|it| it.sounds());
        let features = self.features.values().flat_map(|it| it.sounds());
        tenants.chain(features).map(|(_, sound)| sound).collect()
    }

    /// The uploaded sounds that one entry names, and the fields where it does.
    pub fn sounds_of(&self, key: Key) -> Vec<(&'static str, u32)> {
        match key {
            Key::Tenant(id) => self.tenants.get(&id).map(|it| it.sounds()),
            Key::Feature(id) => self.features.get(&id).map(|it| it.sounds()),
            Key::Extension(_)
            | Key::Device(_)
            | Key::Trunk(_)
            | Key::InboundRoute(_)
            | Key::OutboundRoute(_)
            | Key::Settings => None,
        }
        .unwrap_or_default()
    }

    /// What plays an uploaded sound, if anything does: for a sentence.
    pub fn user_of_sound(&self, sound: u32) -> Option<String> {
        let sound = Some(sound);
        for tenant in self.tenants.values() {
            if tenant.music == sound {
                return Some(format!("the music on hold of {}", tenant.name));
            }
            if tenant.prompts.named().iter().any(|(_, it)| *it == sound) {
                return Some(format!("the conferences of {}", tenant.name));
            }
        }
        let feature = self.features.values().find(|it| it.sound == sound)?;
        Some(format!("number {}", feature.number))
    }
}
