//! A number that the box itself answers: echo test, tone, announcement, conference and others.

use crate::extension::yes;
use crate::{FeatureId, Number, Revision, TenantId};
use serde::{Deserialize, Serialize};
use std::fmt;

/// A number that reaches no phone: whoever dials it talks with the box.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Feature {
    /// Its id.
    #[serde(default)]
    pub id: FeatureId,
    /// The change that last touched it.
    #[serde(default)]
    pub revision: Revision,
    /// The tenant that it belongs to.
    #[serde(default = "TenantId::default_tenant")]
    pub tenant: TenantId,
    /// What is dialled: digits, `*` and `#`. An inbound route may lead here too.
    pub number: Number,
    /// What people call it; shown in call records.
    #[serde(default)]
    pub name: String,
    /// Switched off, nobody is answered here.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// What the caller gets.
    pub kind: FeatureKind,
    /// Which tone, where `kind` is `tone`.
    #[serde(default)]
    pub tone: FeatureTone,
    /// What a caller has to key in, where `kind` is `conference`; without one the room is open to all.
    #[serde(default)]
    pub pin: Option<Pin>,
    /// The uploaded sound that is heard, where `kind` is `announcement`.
    #[serde(default)]
    pub sound: Option<u32>,
    /// It is heard over and over without a gap until the caller hangs up; else once.
    #[serde(default)]
    pub repeat: bool,
    /// The extension or number of the box that is called when it was heard once; without one the call
    /// ends then.
    #[serde(default)]
    pub then: Option<Number>,
}

/// Digits that open a conference: 3 to 16.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "2468"))]
#[serde(try_from = "String", into = "String")]
pub struct Pin(String);

/// Why a text is no PIN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BadPin;

/// What the caller of a [`Feature`] gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FeatureKind {
    /// Back what was said: whoever hears himself knows that sound goes both ways.
    Echo,
    /// A tone, to measure a line by or to know it again.
    Tone,
    /// Music, over and over.
    Music,
    /// An uploaded sound.
    Announcement,
    /// A room in which all who called talk with each other.
    Conference,
    /// Keyed in during a call by one of its extensions: the call is recorded, and keyed in again no
    /// longer.
    Record,
    /// The newest recording that the calling extension had made by such a code.
    Playback,
}

/// A tone that goes on until the caller hangs up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FeatureTone {
    /// 1,004 Hz, to measure levels with: the milliwatt of North American exchanges, ten decibels
    /// softer, so that nobody's ear hurts.
    #[default]
    Test,
    /// The country's dial tone.
    Dial,
    /// The country's ringing tone.
    Ringback,
    /// The country's busy tone.
    Busy,
    /// The country's congestion tone, or its busy tone where it has none.
    Congestion,
}

impl Feature {
    /// What a box fresh from the carton answers: the codes are free in the plans that people know from
    /// other exchanges, and `*43` is their echo test.
    pub(crate) fn defaults() -> Vec<Self> {
        let known = [
            ("*41", "Test tone", FeatureKind::Tone),
            ("*42", "Music", FeatureKind::Music),
            ("*43", "Echo test", FeatureKind::Echo),
        ];
        let feature = |(id, (number, name, kind)): (u32, (&str, &str, FeatureKind))| {
            let number = Number::parse(number).ok()?;
            Some(Self {
                id: FeatureId(id),
                revision: Revision::default(),
                tenant: TenantId::DEFAULT,
                number,
                name: name.to_owned(),
                enabled: true,
                kind,
                tone: FeatureTone::default(),
                pin: None,
                sound: None,
                repeat: false,
                then: None,
            })
        };
        (1..).zip(known).filter_map(feature).collect()
    }
}

impl Feature {
    /// Where a call goes on when it has heard what is announced here.
    pub fn onward(&self) -> Option<&Number> {
        let announces = self.kind == FeatureKind::Announcement && !self.repeat;
        self.then.as_ref().filter(|_| announces)
    }
}

impl Pin {
    /// Reads a PIN.
    pub fn parse(text: &str) -> Result<Self, BadPin> {
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        if digits && (3..=16).contains(&text.len()) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadPin)
        }
    }

    /// Its digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for BadPin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("3 to 16 digits")
    }
}

impl std::error::Error for BadPin {}

impl TryFrom<String> for Pin {
    type Error = BadPin;
    fn try_from(text: String) -> Result<Self, BadPin> {
        Self::parse(&text)
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> Self {
        pin.0
    }
}
