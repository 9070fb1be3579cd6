//! Media that goes past the box, from phone to phone, where both may and the box has nothing to hear or
//! say; and back as soon as it has (RFC 3264 §8, RFC 3725 §4).
//!
//! Calls begin by the box. When both sides talk, each is offered what the other one described, with the
//! other's own address, and the box stays between them meanwhile: what still comes is passed on. The
//! ports stay lent, so that the way back costs one offer to each.

use super::renegotiation::Wanted;
use super::{Desk, Legs, Peer, SipLeg, State};
use crate::frame::Frame;
use call::{LegId, Stay};
use config::{Config, PathPolicy};

impl Legs {
    /// Sends the media of a leg and its partner past the box where it may go there, and back by it where
    /// it must.
    pub(super) fn review(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some(leg) = self.legs.get(&id) else { return };
        let partner = leg.partner;
        if !leg.media.passes() && !leg.media.is_past() {
            return;
        }
        let way = partner
            .ok_or(None)
            .and_then(|other| self.may_pass(desk.frame, id, other).map(|()| other));
        match way {
            Ok(partner) => {
                // One after the other: the second is told what the first one answers.
                if !self.lead_past(desk, id, partner) {
                    self.lead_past(desk, partner, id);
                }
            }
            Err(_) => {
                [Some(id), partner].into_iter().flatten().for_each(|leg| self.recall(desk, leg))
            }
        }
        for leg in [Some(id), partner].into_iter().flatten() {
            desk.frame.streams.stays(leg, way.err().flatten());
        }
        for leg in [Some(id), partner].into_iter().flatten() {
            self.settle(leg);
        }
    }

    /// Reviews the legs of a call: the box has to hear it from now on, or no longer.
    pub(crate) fn review_call(&mut self, desk: &mut Desk<'_>, call: call::CallId) {
        let of_call = |(id, leg): (&LegId, &SipLeg)| (leg.call == call).then_some(*id);
        let legs: Vec<LegId> = self.legs.iter().filter_map(of_call).collect();
        for leg in &legs {
            if let Some(leg) = self.legs.get_mut(leg) {
                leg.media.may_return();
            }
        }
        legs.into_iter().for_each(|leg| self.review(desk, leg));
    }

    /// A peer changes something itself: it and its partner may be led past the box again.
    pub(super) fn may_pass_again(&mut self, id: LegId) {
        let partner = self.legs.get(&id).and_then(|leg| leg.partner);
        for leg in [Some(id), partner].into_iter().flatten() {
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.media.asks();
            }
        }
    }

    /// Whether two legs may talk past the box; if not, why, where that is not what the settings say.
    fn may_pass(&self, frame: &Frame, a: LegId, b: LegId) -> Result<(), Option<Stay>> {
        let (Some(one), Some(other)) = (self.legs.get(&a), self.legs.get(&b)) else {
            return Err(None);
        };
        for (leg, partner) in [(one, b), (other, a)] {
            let is_phone = matches!(leg.peer, Peer::Extension { .. });
            let is_up = matches!(leg.state, State::Up(_)) && leg.partner == Some(partner);
            if !is_up {
                return Err(None);
            }
            if !is_phone || leg.urgent {
                return Err(Some(Stay::Outside));
            }
            if !leg.media.passes() {
                return Err(None);
            }
            // Who does not come back is left where the other one can hear it.
            let sticks = one.media.sticks() || other.media.sticks();
            if frame.is_heard(leg.call) && !sticks {
                return Err(Some(Stay::Heard));
            }
        }
        let others = (&other.media, other.whose(b));
        one.media.may_pass(frame, one.whose(a), others).map_err(Some)
    }

    /// Offers a leg what its partner described. False when nothing is to be done for it.
    fn lead_past(&mut self, desk: &mut Desk<'_>, id: LegId, partner: LegId) -> bool {
        let Some(other) = self.legs.get(&partner) else { return false };
        let Some((theirs, lines)) = other.media.theirs.clone().zip(other.media.stands()) else {
            return false;
        };
        let Some(leg) = self.legs.get_mut(&id) else { return false };
        let whose = leg.whose(id);
        if leg.media.is_asked() {
            return true;
        }
        if leg.media.is_led_to(&lines) {
            return false;
        }
        if leg.media.is_tired() {
            // Each answer said something else.
            leg.media.stays();
            [id, partner].into_iter().for_each(|leg| self.recall(desk, leg));
            return true;
        }
        let State::Up(up) = &mut leg.state else { return false };
        if up.answer.is_unconfirmed() || !up.turn.take() {
            up.talk.wanted.get_or_insert(Wanted::Review);
            return true;
        }
        let body = leg.media.offer_past(desk.frame, whose, &theirs, lines);
        if self.offer_path(desk, id, body).is_none()
            && let Some(SipLeg { state: State::Up(up), .. }) = self.legs.get_mut(&id)
        {
            up.turn.finish();
        }
        true
    }

    /// Takes a leg back that talks past the box.
    fn recall(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let Some(leg) = self.legs.get_mut(&id).filter(|leg| leg.media.may_be_recalled()) else {
            return;
        };
        let partner = leg.partner;
        let State::Up(up) = &mut leg.state else { return };
        if up.answer.is_unconfirmed() || !up.turn.take() {
            up.talk.wanted.get_or_insert(Wanted::Review);
            return;
        }
        let theirs = partner.and_then(|partner| self.legs.get(&partner));
        let theirs = theirs.and_then(|leg| leg.media.theirs.clone());
        match partner.zip(theirs) {
            Some((partner, theirs)) => self.offer_back(desk, id, (partner, &theirs)),
            None => self.offer_own(desk, id),
        }
    }

    /// What a leg's peer said of going past the box, or back.
    pub(super) fn path_answered(&mut self, desk: &mut Desk<'_>, id: LegId) {
        let partner = self.legs.get(&id).and_then(|leg| leg.partner);
        let legs = [Some(id), partner];
        let mut known = legs.iter().flatten().filter_map(|leg| self.legs.get(leg));
        let held = known.any(|leg| leg.media.theirs.as_ref().is_some_and(|it| it.is_hold()));
        for leg in legs.into_iter().flatten() {
            if let Some(leg) = self.legs.get_mut(&leg) {
                leg.media.set_held(desk.frame, held);
            }
        }
    }
}

impl Peer {
    /// Whether its media may go past the box: its own setting, else its tenant's.
    pub(super) fn path(&self, config: &Config) -> PathPolicy {
        let Self::Extension { tenant, device, .. } = self else { return PathPolicy::Anchored };
        let device = device.as_deref().and_then(|name| config.device_by_name(*tenant, name));
        let shared = || config.tenant(*tenant).map(|tenant| tenant.media_path);
        let own = device.and_then(|device| device.media_path);
        own.or_else(shared).unwrap_or_default()
    }
}
