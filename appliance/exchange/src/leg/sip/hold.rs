//! Hold: who is held hears music of the box, and his phone is not even asked (RFC 3264 §8.4).
//!
//! Both sides stay as they are, and only their sound is parted: so a hold costs one answer, and nobody
//! waits for a phone that is slow or far away. What changes more than the direction of the sound is
//! passed on to the other side instead.

use super::{Desk, Legs, SipLeg, State, speech};
use crate::frame::Frame;
use ::call::{LegId, Voice};
use sdp::Session;
use std::sync::Arc;

impl Legs {
    /// The other leg of one whose peer offers this, if the box settles it without asking there.
    pub(super) fn settles_hold(
        &self,
        desk: &Desk<'_>,
        id: LegId,
        offer: &Session,
    ) -> Option<LegId> {
        if !desk.frame.config.settings.hold_music {
            return None;
        }
        let leg = self.legs.get(&id)?;
        let partner = leg.partner?;
        let SipLeg { state, media, .. } = self.legs.get(&partner)?;
        let is_line = match state {
            State::Up(_) => false,
            // It has nothing to be asked.
            State::Line(_) => true,
            State::Incoming(_) | State::Outgoing(_) | State::Ending(_) => return None,
        };
        let (mine, theirs) = (leg.media.theirs.as_ref()?, media.theirs.as_ref()?);
        let held = offer.is_hold() || mine.is_hold() || theirs.is_hold();
        (held && (is_line || same_lines(offer, theirs))).then_some(partner)
    }

    /// Answers a hold, or its end, on behalf of the other leg.
    pub(super) fn answer_hold(
        &mut self,
        desk: &mut Desk<'_>,
        id: LegId,
        partner: LegId,
        offer: &Arc<Session>,
    ) {
        let asked = self.legs.get(&partner).filter(|leg| !matches!(leg.state, State::Line(_)));
        let theirs = asked.and_then(|leg| leg.media.theirs.clone());
        // Who holds himself said that he wants to hear nothing, which is not for the other to know.
        let Some(leg) = self.legs.get(&id) else { return };
        let own = match theirs.filter(|theirs| !theirs.is_hold()) {
            Some(theirs) => Some((*theirs).clone()),
            None => speech::own_answer(offer, leg.media.policy()),
        };
        self.answer_with(desk, id, offer, own);
        self.part_or_bridge(desk, id, partner);
    }

    /// Lets a leg hear this until it talks with somebody.
    pub(super) fn let_hear(&mut self, desk: &mut Desk<'_>, id: LegId, voice: Option<Voice>) {
        let Some(leg) = self.legs.get_mut(&id) else { return };
        match (voice, leg.partner) {
            (None, Some(partner)) => self.arrange(desk.frame, id, partner),
            (voice, _) => leg.media.say(desk.frame, voice),
        }
    }

    /// Lets a leg hear what a called one says before its answer; they are no partners yet.
    pub(super) fn listen(&mut self, desk: &mut Desk<'_>, id: LegId, media: LegId) {
        if let (Some(leg), Some(called)) = (self.legs.get(&id), self.legs.get(&media)) {
            leg.media.bridge(desk.frame, &called.media);
        }
        if let Some(leg) = self.legs.get_mut(&id) {
            leg.media.stays();
            leg.media.say(desk.frame, None);
        }
    }

    /// One of two legs that are up holds the other or does not any more.
    pub(in crate::leg) fn part_or_bridge(&mut self, desk: &mut Desk<'_>, a: LegId, b: LegId) {
        self.arrange(desk.frame, a, b);
        let held = [a, b].into_iter().any(|leg| self.holds(leg));
        for leg in [a, b] {
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.media.set_held(desk.frame, held);
            }
        }
    }

    /// Connects two legs that are up, or parts them while one holds the other, who then hears music.
    fn arrange(&mut self, frame: &mut Frame, a: LegId, b: LegId) {
        let holds = [a, b].map(|leg| self.holds(leg));
        if !frame.config.settings.hold_music || holds == [false, false] {
            return self.bridge(frame, a, b);
        }
        let [a_holds, b_holds] = holds;
        for (this, listens) in [(a, b_holds && !a_holds), (b, a_holds && !b_holds)] {
            if let Some(leg) = self.legs.get_mut(&this) {
                leg.media.unbridge(frame);
                leg.media.say(frame, listens.then_some(Voice::Music));
            }
        }
    }

    fn holds(&self, id: LegId) -> bool {
        let Some(leg) = self.legs.get(&id) else { return false };
        if let State::Line(line) = &leg.state {
            return line.holds();
        }
        let theirs = leg.media.theirs.as_ref();
        theirs.is_some_and(|theirs| theirs.is_hold())
    }
}

/// Whether the same lines are in use in both.
fn same_lines(one: &Session, other: &Session) -> bool {
    let lines = |session: &Session| -> Vec<_> {
        session.media().map(|line| (line.kind(), line.is_active())).collect()
    };
    lines(one) == lines(other)
}
