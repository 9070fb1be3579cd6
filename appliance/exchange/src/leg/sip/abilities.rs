//! What the box says of itself in every dialog: its methods, its extensions, and how long a session lasts
//! without a word (RFC 4028).

use crate::frame::Frame;
use sip::header::session::{Refresher, SessionExpires};
use sip::session::timer::{Policy, Proposal, SessionTimer, Terms};
use sip::{Compose, Message, Name};
use std::time::{Duration, Instant};

/// What this box does in a dialog.
pub(crate) const ALLOW: &str =
    "INVITE, ACK, CANCEL, BYE, OPTIONS, PRACK, UPDATE, INFO, REFER, NOTIFY, MESSAGE";
/// What it understands (RFC 3262, RFC 4028, RFC 3891, RFC 4488, RFC 3327, RFC 5626).
pub(crate) const SUPPORTED: &str = "100rel, timer, replaces, norefersub, path, outbound";

/// Session timers as the settings want them.
pub(super) fn policy(frame: &Frame) -> Policy {
    let wanted = Duration::from_secs(frame.config.settings.session_seconds.into());
    Policy { wanted, ..Policy::default() }
}

/// What a request says of session timers.
pub(super) fn proposal(request: &Message<'_>) -> Proposal {
    Proposal {
        supported: request.supports("timer")
            || request.require().any(|extension| extension.eq_ignore_ascii_case("timer")),
        expires: request.session_expires().ok().flatten(),
        minimum: request.min_se().ok().flatten().map(|s| Duration::from_secs(s.into())),
    }
}

/// The headers of a 2xx that say what was agreed.
pub(super) fn with_terms(compose: Compose, terms: Option<Terms>) -> Compose {
    let Some(terms) = terms else { return compose };
    let interval = u32::try_from(terms.interval.as_secs()).unwrap_or(u32::MAX);
    let expires = SessionExpires { interval, refresher: Some(terms.refresher) };
    let compose = compose.header(Name::SessionExpires, expires);
    if terms.required { compose.header(Name::Require, "timer") } else { compose }
}

/// The timer that starts with our 2xx.
pub(super) fn timer_of(terms: Option<Terms>, now: Instant) -> SessionTimer {
    match terms {
        Some(terms) => SessionTimer::agreed(terms.interval, terms.refresher == Refresher::Uas, now),
        None => SessionTimer::Untimed,
    }
}
