//! A number that the box itself answers: echo test, tone, music.

use crate::extension::yes;
use crate::{FeatureId, Number, Revision, TenantId};
use serde::{Deserialize, Serialize};

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
}

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
            })
        };
        (1..).zip(known).filter_map(feature).collect()
    }
}
