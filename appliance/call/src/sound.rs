//! What the box itself lets a far side hear.

use crate::{CallId, RecordingId};
use serde::{Deserialize, Serialize};
use std::num::NonZeroU16;
use std::sync::Arc;

/// Names one [`Play`](crate::MediaCommand::Play), so that control knows which of several has
/// finished. Control counts them as it likes.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct PlayId(pub u32);

/// What is played.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sound {
    /// A signal as a country has it (ITU-T E.180).
    Tone {
        /// Which.
        tone: Tone,
        /// ISO 3166-1 alpha-2, in either case; the tones of E.180 where its own are not known.
        country: [u8; 2],
    },
    /// Samples that are all there.
    Samples(Arc<Samples>),
    /// Samples that come while they are played, with [`Feed`](crate::MediaCommand::Feed).
    Stream {
        /// Samples a second: 8,000, 16,000, 32,000 or 48,000.
        rate: u32,
    },
    /// What the far side says itself, as the box understands it.
    Echo,
}

/// What a tone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tone {
    /// Go on and dial.
    Dial,
    /// The telephone at the other end rings.
    Ringback,
    /// It is busy.
    Busy,
    /// There is no way to it; the busy tone, where a country has none for that.
    Congestion,
    /// Another call waits.
    CallWaiting,
    /// Special information: what was dialled leads nowhere.
    Information,
}

/// Linear 16-bit samples, one channel.
#[derive(Clone, PartialEq, Eq)]
pub struct Samples {
    /// Samples a second: 8,000, 16,000, 32,000 or 48,000.
    pub rate: u32,
    /// The sound.
    pub pcm: Box<[i16]>,
}

/// A sound on the disk that a call waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetch {
    /// The newest recording that somebody had made.
    Newest {
        /// For this call.
        call: CallId,
        /// The tenant's id.
        tenant: u32,
        /// Who had it made: an extension's number.
        by: String,
    },
    /// One that was uploaded.
    Upload(u32),
}

/// What a sound from the disk is known by in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SoundKey {
    /// The recording that is played in this call.
    Playback(CallId),
    /// One that was uploaded.
    Upload(u32),
}

impl Fetch {
    /// What it will be known by.
    pub fn key(&self) -> SoundKey {
        match self {
            Self::Newest { call, .. } => SoundKey::Playback(*call),
            Self::Upload(id) => SoundKey::Upload(*id),
        }
    }
}

/// A recording that is played as it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reel {
    /// Which.
    pub recording: RecordingId,
    /// Samples a second: 8,000, 16,000, 32,000 or 48,000.
    pub rate: u32,
}

/// How often it is played.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rounds {
    /// Until it is stopped, one after another without a gap.
    Endless,
    /// So many times. A tone without a cadence, an echo and a stream have no rounds: they end when
    /// they are stopped or end themselves.
    Times(NonZeroU16),
}

/// How much louder it is made, in dB: at most 24; -66 and less is silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Decibels(pub i8);

impl Rounds {
    /// Just once.
    pub const ONCE: Self = Self::Times(NonZeroU16::MIN);
}

/// A long recording is not for the log.
impl std::fmt::Debug for Samples {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Samples({} at {} Hz)", self.pcm.len(), self.rate)
    }
}
