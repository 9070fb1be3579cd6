//! Keys: what INFO requests say of them, and how a peer learns of those that the other side pressed.
//!
//! Events in the stream (RFC 4733) and tones are media's: it hears them, and lets the other side hear
//! them as that one can. INFO is ours, for a peer that takes it and has no events.

use super::{Desk, Legs, SipLeg};
use crate::frame::Owner;
use call::{KeyPress, KeySource, LegEvent, LegId};
use sip::{Message, Method};
use std::time::{Duration, Instant};

/// The key that a leg told last, for phones that tell each in several ways.
#[derive(Debug, Clone, Copy)]
pub(super) struct Told {
    press: KeyPress,
    at: Instant,
}

impl Legs {
    /// Media heard a key of this leg's peer.
    pub(crate) fn heard_key(&mut self, id: LegId, press: KeyPress, now: Instant) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        if leg.is_news(press, now) {
            self.tell(id, LegEvent::Key(press));
        }
    }

    /// The other side pressed a key.
    pub(super) fn press(&mut self, desk: &mut Desk<'_>, id: LegId, press: KeyPress) {
        let Some(leg) = self.legs.get(&id) else { return };
        if !leg.media.keys_are_told() {
            // Media lets it be heard where it heard it itself.
            if press.source != KeySource::Info {
                return;
            }
            let partner = leg.partner.and_then(|partner| self.legs.get(&partner));
            if partner.is_some_and(|partner| partner.media.is_readable()) {
                return leg.media.press(desk.frame, press);
            }
        }
        let Some((compose, branch, flow)) = self.begin(desk, id, Method::Info) else { return };
        let KeyPress { key, millis, .. } = press;
        let body = format!("Signal={key}\r\nDuration={millis}\r\n");
        let compose = compose.body("application/dtmf-relay", body.as_bytes());
        let owner = Some(Owner::Leg(id));
        desk.frame.request(Method::Info, &branch, compose, flow, owner, desk.now);
    }
}

impl SipLeg {
    /// Whether a key is not one that was told already in another way. Each of them tells a key once:
    /// the second `5` of a way is another `5`.
    pub(super) fn is_news(&mut self, press: KeyPress, now: Instant) -> bool {
        let window = TOGETHER + Duration::from_millis(press.millis.into());
        let same = |told: &mut Told| {
            told.press.key == press.key
                && told.press.source != press.source
                && now.saturating_duration_since(told.at) <= window
        };
        if self.told.take_if(same).is_some() {
            return false;
        }
        self.told = Some(Told { press, at: now });
        true
    }
}

/// The key that an INFO carries, in one of the two ways of the field: `application/dtmf-relay` has
/// `Signal=5` and `Duration=160`, `application/dtmf` nothing but the key.
pub(super) fn of_info(request: &Message<'_>) -> Option<KeyPress> {
    let content = request.content_type().ok().flatten()?;
    let body = std::str::from_utf8(request.body()).ok()?;
    let value = |name: &str| {
        let line = body.lines().find_map(|line| line.trim().strip_prefix(name))?;
        Some(line.trim_start().strip_prefix('=')?.trim())
    };
    let (text, millis) = if content.is("application/dtmf-relay") {
        (value("Signal")?, value("Duration").and_then(|it| it.parse().ok()))
    } else if content.is("application/dtmf") {
        (body.trim(), None)
    } else {
        return None;
    };
    let first = text.chars().next()?.to_ascii_uppercase();
    let key = match text {
        "10" => '*',
        "11" => '#',
        _ => ('0'..='9').chain("*#ABCD".chars()).find(|known| *known == first)?,
    };
    Some(KeyPress { key, millis: millis.unwrap_or(USUAL), source: KeySource::Info })
}

/// What a phone that tells a key in several ways tells within this is one key.
const TOGETHER: Duration = Duration::from_millis(700);
/// Milliseconds of a key that nobody measured.
const USUAL: u16 = 160;
