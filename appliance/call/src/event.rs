//! What the box tells whoever listens: pages, scripts, log.

use crate::{
    CallQuality, CallRecord, Capture, Conference, LineStatus, LineTrace, Registration, Speaker,
    UnixMillis,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Something changed. Events are ordered; the listener's copy of the world is the sum of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum Event {
    /// A call came to be or changed; its state says whether it is over.
    Call(Box<CallRecord>),
    /// A call is being captured, or no longer.
    Capture(Box<Capture>),
    /// How the sound of a call fared in the last seconds.
    Quality(Box<CallQuality>),
    /// Somebody came into a conference or went, holds it, or is heard otherwise. Without members it
    /// is over.
    Conference(Box<Conference>),
    /// Somebody else speaks in a conference.
    Speaking(Speaker),
    /// A phone registered or refreshed.
    Registered(Arc<Registration>),
    /// A registration went away.
    Unregistered(Arc<Registration>),
    /// A trunk came up or went down.
    Trunk(TrunkStatus),
    /// A line has an alarm or none any more, or one of its channels does something else.
    Line(Box<LineStatus>),
    /// Something was said on a D channel of which a trace is kept.
    Trace(Box<LineTrace>),
    /// The configuration is another one now.
    Config {
        /// Its revision.
        revision: u64,
    },
}

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    /// [`Event::Call`]
    Calls,
    /// [`Event::Capture`]
    Captures,
    /// [`Event::Quality`]
    Quality,
    /// [`Event::Conference`] and [`Event::Speaking`]
    Conferences,
    /// [`Event::Registered`] and [`Event::Unregistered`]
    Registrations,
    /// [`Event::Trunk`]
    Trunks,
    /// [`Event::Line`]
    Lines,
    /// [`Event::Trace`]
    Trace,
    /// [`Event::Config`]
    Config,
}

/// How a trunk does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrunkStatus {
    /// The trunk's id.
    pub trunk: u32,
    /// Its state.
    pub state: TrunkState,
    /// Since when.
    pub since: UnixMillis,
    /// What the carrier or the network last said against it, as a sentence.
    pub problem: Option<String>,
    /// The address under which the carrier sees us, when it said so.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>))]
    pub seen_as: Option<std::net::SocketAddr>,
}

/// Whether a trunk carries calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum TrunkState {
    /// Switched off.
    Off,
    /// Being registered, or asked whether it is there, for the first time.
    Trying,
    /// It carries calls.
    Up,
    /// The last attempt failed, or nobody answered; the next one is due. Calls try others first.
    Down,
}

impl Event {
    /// The topic under which it is heard.
    pub fn topic(&self) -> Topic {
        match self {
            Self::Call(_) => Topic::Calls,
            Self::Capture(_) => Topic::Captures,
            Self::Quality(_) => Topic::Quality,
            Self::Conference(_) | Self::Speaking(_) => Topic::Conferences,
            Self::Registered(_) | Self::Unregistered(_) => Topic::Registrations,
            Self::Trunk(_) => Topic::Trunks,
            Self::Line(_) => Topic::Lines,
            Self::Trace(_) => Topic::Trace,
            Self::Config { .. } => Topic::Config,
        }
    }
}
