//! What a driver says of its span, in the words that all floors share.

use board::{Alarms, Counters, LineKind, Loop, Status};
use call::{LineAlarms, LineCounters, SpanId, SpanLoop, SpanState};

/// A span that is open.
pub(super) fn state(span: SpanId, status: &Status, loop_back: Option<SpanLoop>) -> SpanState {
    SpanState {
        span,
        present: true,
        watched: true,
        alarms: alarms(&status.alarms),
        counters: counters(&status.counters),
        is_clock: status.is_clock,
        loop_back,
    }
}

/// A span that is not, and what was counted before.
pub(super) fn absent(span: SpanId, counters: LineCounters) -> SpanState {
    SpanState { present: false, ..unwatched(span, counters) }
}

/// A span whose card does not look at its line before it is set up.
pub(super) fn unwatched(span: SpanId, counters: LineCounters) -> SpanState {
    SpanState {
        span,
        present: true,
        watched: false,
        alarms: LineAlarms::default(),
        counters,
        is_clock: false,
        loop_back: None,
    }
}

pub(super) fn kind(kind: LineKind) -> call::LineKind {
    match kind {
        LineKind::E1 => call::LineKind::E1,
        LineKind::T1 => call::LineKind::T1,
    }
}

pub(super) fn loop_of(loop_back: SpanLoop) -> Loop {
    match loop_back {
        SpanLoop::Local => Loop::Local,
        SpanLoop::Remote => Loop::Remote,
    }
}

/// What an installer reads of them, the cause before what follows from it.
pub(super) fn words(alarms: &LineAlarms) -> String {
    let LineAlarms { red, yellow, blue, no_signal, no_frames, no_multiframes, recovering, looped } =
        *alarms;
    let said = [
        (no_signal, "no signal"),
        (blue, "all ones (AIS)"),
        (no_frames, "no frames"),
        (no_multiframes, "no multiframes"),
        (red, "red"),
        (yellow, "yellow: the far end does not understand us"),
        (recovering, "recovering"),
        (looped, "looped"),
    ];
    let said: Vec<_> = said.iter().filter(|(on, _)| *on).map(|(_, word)| *word).collect();
    said.join(", ")
}

fn alarms(alarms: &Alarms) -> LineAlarms {
    let Alarms { red, yellow, blue, no_signal, no_frames, no_multiframes, recovering, looped } =
        *alarms;
    LineAlarms { red, yellow, blue, no_signal, no_frames, no_multiframes, recovering, looped }
}

fn counters(counters: &Counters) -> LineCounters {
    let Counters {
        slips,
        code_violations,
        check_errors,
        far_errors,
        framing_errors,
        errored_seconds,
        severely_errored_seconds,
        missed_interrupts,
    } = *counters;
    LineCounters {
        slips,
        code_violations,
        check_errors,
        far_errors,
        framing_errors,
        errored_seconds,
        severely_errored_seconds,
        missed_interrupts,
    }
}
