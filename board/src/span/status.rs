//! What a span says of itself while it runs.

/// The alarms of a span, as its receiver sees them (ITU-T G.775, G.706; ANSI T1.403).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Alarms {
    /// Red: we cannot use what we receive, for any of the reasons below or one that the driver keeps
    /// to itself.
    pub red: bool,
    /// Yellow: the far end cannot use what we send (RAI).
    pub yellow: bool,
    /// Blue: somebody between us and the far end sends all ones in place of a signal (AIS).
    pub blue: bool,
    /// No pulses arrive (LOS).
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

impl Alarms {
    /// Whether calls can be carried: a loop or an alarm that recovers is none either.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        *self == Alarms::default()
    }
}

/// What a span has counted since its driver began to. Drivers count what their chips tell: what stays
/// at zero may be unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Frames dropped or repeated, because two clocks were not one.
    pub slips: u64,
    /// Bipolar violations: pulses that break the line code.
    pub code_violations: u64,
    /// Blocks whose cyclic check failed here: 1 ms of an E1 (G.704 §2.3.3), 3 ms of a T1 (ESF).
    pub check_errors: u64,
    /// Blocks whose check failed at the far end, as its E bits say (E1 with CRC-4).
    pub far_errors: u64,
    /// Frames whose alignment signal was wrong.
    pub framing_errors: u64,
    /// Seconds with at least one error (ITU-T G.826 §4.3).
    pub errored_seconds: u64,
    /// Seconds with 30 % of blocks in error, or without a signal (G.826 §4.3).
    pub severely_errored_seconds: u64,
    /// Interrupts that the driver missed: the machine's fault, not the line's.
    pub missed_interrupts: u64,
}

/// Alarms and counters as they stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// What is wrong now.
    pub alarms: Alarms,
    /// What went wrong so far.
    pub counters: Counters,
    /// Whether the clock of all spans of the driver comes from this one at present.
    pub is_clock: bool,
}

/// What happened on a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Alarms of the span came up or changed: ask for its status.
    Alarm,
    /// All alarms are gone.
    AlarmsClear,
    /// A frame was not handed up.
    BadFrame(FrameFault),
    /// Blocks that arrived were lost, because they were not read in time.
    Overrun,
    /// Silence was sent, because nothing was written in time.
    Underrun,
    /// The card is gone: close the channel, or try to reopen it.
    Removed,
    /// Another one, by the driver's number.
    Other(u32),
}

/// Why a frame was not handed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrameFault {
    /// Its sender broke it off, or bits were lost: seven ones in a row (ITU-T Q.921 §2.10).
    Aborted,
    /// Its check sequence is wrong.
    Check,
    /// It found no room.
    Overrun,
}

/// Where a span is looped, so that one end can test alone (ITU-T I.431 appendix I).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loop {
    /// What we send comes back to us: tests the driver and the card.
    Local,
    /// What comes from the line goes back to it: the far end tests the line.
    Remote,
}
