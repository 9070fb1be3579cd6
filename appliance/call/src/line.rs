//! Lines that are not IP, as the box finds them, and as pages and scripts see them.

mod bert;
mod refusal;

pub use bert::{Bert, BertFigures, BertPattern, BertSync};
pub use refusal::LineRefusal;

use crate::{CallId, UnixMillis};
use serde::{Deserialize, Serialize};

/// A span of the board: its place among those that were found, 0 to 63. It stays while the daemon runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct SpanId(pub u8);

/// E1 or T1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LineKind {
    /// 2048 kbit/s.
    E1,
    /// 1544 kbit/s.
    T1,
}

/// A span that the board has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SpanFacts {
    /// Its place.
    pub span: SpanId,
    /// What it is called in the configuration: `line 1`.
    pub name: String,
    /// What its driver says of the card; may be empty.
    pub description: String,
    /// E1 or T1.
    pub kind: LineKind,
    /// It is simulated: faults can be made.
    pub simulated: bool,
}

/// What a span's receiver sees (ITU-T G.775, G.706).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineAlarms {
    /// Red: what comes cannot be used.
    pub red: bool,
    /// Yellow: the far end cannot use what we send (RAI).
    pub yellow: bool,
    /// Blue: somebody between sends all ones (AIS).
    pub blue: bool,
    /// No pulses (LOS).
    pub no_signal: bool,
    /// Frames are not found (LFA).
    pub no_frames: bool,
    /// Multiframes are not found (LMFA).
    pub no_multiframes: bool,
    /// An alarm has ended, and the driver waits before it believes so.
    pub recovering: bool,
    /// The span is looped.
    pub looped: bool,
}

impl LineAlarms {
    /// Whether no calls can be carried.
    pub fn is_down(&self) -> bool {
        let Self { red, yellow, blue, no_signal, no_frames, no_multiframes, recovering, .. } =
            *self;
        red || yellow || blue || no_signal || no_frames || no_multiframes || recovering
    }
}

/// What a span has counted since its driver began; what stays at zero may be unknown to its chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineCounters {
    /// Frames dropped or repeated, because two clocks were not one.
    pub slips: u64,
    /// Pulses that break the line code (bipolar violations).
    pub code_violations: u64,
    /// Blocks whose cyclic check failed here.
    pub check_errors: u64,
    /// Blocks whose check failed at the far end (E bits).
    pub far_errors: u64,
    /// Frames whose alignment signal was wrong.
    pub framing_errors: u64,
    /// Seconds with at least one error (ITU-T G.826).
    pub errored_seconds: u64,
    /// Seconds with a third of blocks in error, or without a signal.
    pub severely_errored_seconds: u64,
    /// Interrupts that the machine missed.
    pub missed_interrupts: u64,
}

/// A span as it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpanState {
    /// Which.
    pub span: SpanId,
    /// Its card is there.
    pub present: bool,
    /// Its card looks at the line, so that alarms and counters tell how it is. Not every card does so before a
    /// trunk uses the line.
    #[serde(default = "always")]
    pub watched: bool,
    /// What is wrong now.
    pub alarms: LineAlarms,
    /// What went wrong so far.
    pub counters: LineCounters,
    /// The clock of all spans of its driver comes from it.
    pub is_clock: bool,
    /// It is looped like this.
    pub loop_back: Option<SpanLoop>,
}

/// In recordings of runs that knew of no others.
fn always() -> bool {
    true
}

/// How a whole span is looped (ITU-T M.3400; ANSI T1.403 §9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpanLoop {
    /// What we send comes back to us.
    Local,
    /// What comes from the line goes back to it.
    Remote,
}

/// All that is known of a span.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineStatus {
    /// What it is.
    #[serde(flatten)]
    pub facts: SpanFacts,
    /// The trunk that uses it.
    pub trunk: Option<u32>,
    /// Its card is there.
    pub present: bool,
    /// Its card looks at the line, so that alarms and counters tell how it is. Not every card does so before a
    /// trunk uses the line.
    pub watched: bool,
    /// Alarms.
    pub alarms: LineAlarms,
    /// Counters.
    pub counters: LineCounters,
    /// The clock of all spans of its driver comes from it.
    pub is_clock: bool,
    /// How it is looped.
    pub loop_back: Option<SpanLoop>,
    /// What is said on its D channel is told.
    #[serde(default)]
    pub traced: bool,
    /// Its D channel, if it has one.
    pub d_channel: Option<DChannelStatus>,
    /// Its timeslots that a trunk uses, in order.
    pub channels: Vec<ChannelStatus>,
}

/// A D channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DChannelStatus {
    /// Its link is up (Q.921).
    pub up: bool,
    /// It carries the calls; else it stands by.
    pub carries: bool,
}

/// A B channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelStatus {
    /// Its timeslot.
    pub slot: u8,
    /// What it does.
    pub usage: ChannelUsage,
    /// Whether we want it to be used.
    pub ours: ChannelService,
    /// Whether the far side does.
    pub theirs: ChannelService,
    /// What we want it to be as soon as its call has ended.
    pub closing: Option<ChannelService>,
    /// What it carries.
    pub call: Option<CallId>,
    /// It sends back what it receives.
    pub looped: bool,
    /// The last test of its bit errors, or the one that runs.
    pub bert: Option<Bert>,
    /// How its sound fares, while it carries a call.
    pub sound: Option<ChannelSound>,
}

/// What a B channel does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChannelUsage {
    /// Nothing.
    Idle,
    /// We asked for it, and the far side has not said anything yet.
    Reserved,
    /// It carries a call.
    Busy,
    /// One side restarts it.
    Restarting,
    /// Its span has an alarm.
    Alarm,
}

/// Whether a channel may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum ChannelService {
    /// It may.
    #[default]
    In,
    /// It is being tested.
    Maintenance,
    /// It may not.
    Out,
}

/// How the sound of a B channel fares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ChannelSound {
    /// How much of the echo is taken away, in hundredths of a decibel (ERLE, ITU-T G.168 §3).
    pub erle_centibels: i32,
    /// Whether echoes are cancelled now: not for fax machines and modems.
    pub cancelling: bool,
    /// Blocks dropped or repeated between line and packets.
    pub slips: u64,
}

/// What was said on a D channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LineTrace {
    /// When.
    pub at: UnixMillis,
    /// On which line.
    pub line: String,
    /// The trunk.
    pub trunk: u32,
    /// The box sent it.
    pub sent: bool,
    /// Layer 2 or 3.
    pub layer: LineLayer,
    /// The call that a message is about, where the box knows it.
    pub call: Option<CallId>,
    /// What it says, in words; one line for each part of it.
    pub text: String,
    /// Its octets as hexadecimal digits.
    pub octets: String,
}

/// Of which layer something is that was said on a D channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum LineLayer {
    /// A frame (Q.921).
    Frame,
    /// A message (Q.931).
    Message,
}

/// What a board's lines tell.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineEvent {
    /// These are all spans that there are. Told once they were looked for, and again when that changed;
    /// a span keeps its place, also while its card is gone.
    Found(Vec<SpanFacts>),
    /// A span does otherwise than before, or a second has gone by.
    State(SpanState),
    /// A frame came whole on the D channel of a span (ITU-T Q.921 §2).
    Frame {
        /// Which.
        span: SpanId,
        /// From its address to the end of its information.
        octets: Box<[u8]>,
    },
}

/// What an administrator wants of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineWish {
    /// A channel is to be used or not.
    Service {
        /// The span.
        span: SpanId,
        /// The timeslot; nothing for all of the span.
        slot: Option<u8>,
        /// What it is to be.
        service: ChannelService,
        /// Calls may come to their end before; else they are cleared.
        gently: bool,
    },
    /// Channels are restarted: their calls end (Q.931 §5.5).
    Restart {
        /// The span.
        span: SpanId,
        /// The timeslot; nothing for all of the span.
        slot: Option<u8>,
    },
    /// A whole span is looped, or not any more.
    LoopSpan {
        /// The span.
        span: SpanId,
        /// How.
        loop_back: Option<SpanLoop>,
    },
    /// A channel sends back what it receives, or not any more. It must not carry a call.
    LoopChannel {
        /// The span.
        span: SpanId,
        /// The timeslot.
        slot: u8,
        /// Whether.
        on: bool,
    },
    /// The bit errors of a channel are tested, or not any more. It must not carry a call, and is out of
    /// service meanwhile.
    Bert {
        /// The span.
        span: SpanId,
        /// The timeslot.
        slot: u8,
        /// With which sequence; nothing ends the test.
        pattern: Option<BertPattern>,
    },
    /// One bit of what a test sends is turned around.
    BertError {
        /// The span.
        span: SpanId,
        /// The timeslot.
        slot: u8,
    },
    /// All that is said on the D channels of a span is told, or no longer.
    Trace {
        /// The span.
        span: SpanId,
        /// Whether.
        on: bool,
    },
    /// A fault of a simulated line.
    Fault {
        /// The span whose receiver sees it.
        span: SpanId,
        /// What.
        fault: LineFault,
    },
}

/// What can go wrong on a simulated line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case", tag = "fault")]
pub enum LineFault {
    /// The pair towards this end is cut, or mended.
    Cut {
        /// Whether it is.
        on: bool,
    },
    /// Somebody sends all ones towards this end, or no longer.
    AllOnes {
        /// Whether.
        on: bool,
    },
    /// The receiver slips once: a frame is lost.
    Slip,
    /// Of a million bits towards this end so many are turned around, 0 to 500,000.
    BitErrors {
        /// How many.
        per_million: u32,
    },
    /// The line's clock is so many millionths faster than the box's, -500 to 500.
    Drift {
        /// How many.
        ppm: i16,
    },
    /// What this end sends comes back through a hybrid as an echo of this loss and delay, on all
    /// channels; nothing ends it.
    Echo {
        /// How much is left of it, decibels below what was sent, 0 to 60; nothing: no echo.
        loss_db: Option<u8>,
        /// After how many milliseconds, 0 to 120.
        delay_ms: u8,
    },
    /// The card is pulled out, or put back.
    Card {
        /// Whether it is out.
        out: bool,
    },
}
