//! Transfers: blind, attended, and a new leg that takes an old one's place (RFC 5589, RFC 3891).

use crate::call::{Call, State, Talker};
use crate::calls::{Pbx, World};
use crate::placing::{Placing, Transferor};
use crate::route::Caller;
use crate::serve::Served;
use call::{CallId, Cause, End, LegCommand, LegId, Offer, Origin, Party, TransferState, Why};
use config::TenantId;
use std::time::Instant;

impl Pbx {
    /// A leg wants the other side of its call connected elsewhere.
    pub(crate) fn transfer_asked(
        &mut self,
        id: CallId,
        leg: LegId,
        to: String,
        replaces: Option<LegId>,
        now: Instant,
        world: &mut dyn World,
    ) {
        let stays = match (self.call(id).map(|call| &call.state), replaces) {
            (Some(State::Up { a, b }), _) => {
                if *a == leg {
                    *b
                } else {
                    *a
                }
            }
            // Who has the box on one call and somebody on the other leaves those two together.
            (Some(State::Served(_)), Some(other)) => return self.join(id, leg, other, now, world),
            // The box calls nobody by itself.
            (Some(State::Served(_)), None) => return self.say(id, leg, failed(403)),
            (Some(State::Placing(_)) | None, _) => return self.say(id, leg, failed(491)),
        };
        match replaces {
            None => self.with_call(
                id,
                |call, desk| {
                    desk.tell(leg, LegCommand::TransferProgress(TransferState::Trying));
                    let name = call.party_of(stays).number;
                    call.step(format!("{name} is transferred to {to}."), desk);
                    call.become_caller(leg, stays);
                    let before = call.record.diverted.len();
                    let by = Transferor {
                        leg,
                        to: call.record.to.clone(),
                        destination: call.record.destination.clone(),
                    };
                    let placing = Placing::transfer(stays, by, before);
                    call.state = State::Placing(Box::new(placing));
                    call.follow(&to, desk);
                },
                now,
                world,
            ),
            Some(other) => self.attended(id, leg, stays, other, now, world),
        }
    }

    /// `leg` has two calls, one here and one through `other`: the far sides of both talk from now
    /// on, and `leg` and `other` are done.
    fn attended(
        &mut self,
        id: CallId,
        leg: LegId,
        stays: LegId,
        other: LegId,
        now: Instant,
        world: &mut dyn World,
    ) {
        let second = self.call_of(other).filter(|second| *second != id);
        let Some(second) = second else { return self.say(id, leg, failed(481)) };
        self.say(id, leg, LegCommand::TransferProgress(TransferState::Trying));
        let far = match self.call(second).map(|call| &call.state) {
            Some(State::Up { a, b }) => Far::Talks(if *a == other { *b } else { *a }),
            Some(State::Placing(placing)) if placing.caller == other => Far::Rings,
            Some(State::Served(served)) => Far::Box(served.clone()),
            Some(State::Placing(_)) | None => {
                return self.say(id, leg, failed(481));
            }
        };
        let done = End::transferred();
        self.say(id, leg, LegCommand::TransferProgress(TransferState::Done));
        // The call that stays is the second one: it holds the way to the new party.
        let moved = self.call(id).and_then(|call| call.trunks.get(&stays).copied());
        let who = self.call(id).and_then(|call| call.who.get(&stays).cloned());
        self.with_call(
            id,
            |call, desk| {
                let name = call.party_of(stays).number;
                call.step(format!("{name} was transferred."), desk);
                desk.tell(leg, LegCommand::End(done.clone()));
                // `stays` lives on elsewhere: it is taken out before the call ends.
                call.state = State::Up { a: leg, b: leg };
                call.over(Some(leg), done.clone(), desk);
            },
            now,
            world,
        );
        self.adopt(stays, second);
        self.with_call(
            second,
            |call, desk| {
                if let Some(trunk) = moved {
                    desk.trunk_taken(trunk);
                    call.trunks.insert(stays, trunk);
                }
                call.who.extend(who.map(|who| (stays, who)));
                call.free_trunk(other, desk);
                call.step("An attended transfer joined two calls.".to_owned(), desk);
                desk.tell(other, LegCommand::End(done));
                match far {
                    Far::Talks(far) => {
                        call.up(stays, far, desk);
                        desk.tell(stays, LegCommand::Rejoin { media: far, both: true });
                    }
                    Far::Box(served) => call.serve_leg(served.of(stays), desk),
                    Far::Rings => {
                        if let State::Placing(placing) = &mut call.state {
                            placing.caller = stays;
                            placing.connected = true;
                        }
                        call.let_hear_ringing(desk);
                    }
                }
            },
            now,
            world,
        );
    }

    /// `leg` talks with the box, and through `other` with somebody: that one takes the place of `leg`.
    fn join(&mut self, id: CallId, leg: LegId, other: LegId, now: Instant, world: &mut dyn World) {
        let second = self.call_of(other).filter(|second| *second != id);
        let far = second.and_then(|second| match self.call(second)?.state {
            State::Up { a, b } => Some((second, if a == other { b } else { a })),
            State::Placing(_) | State::Served(_) => None,
        });
        match far {
            Some((second, far)) => {
                self.say(id, leg, LegCommand::TransferProgress(TransferState::Done));
                self.attended(second, other, far, leg, now, world);
            }
            None => self.say(id, leg, failed(481)),
        }
    }

    /// A new leg takes the place of one that is up.
    pub(crate) fn take_place(
        &mut self,
        id: CallId,
        leg: LegId,
        offer: &Offer,
        replaced: LegId,
        now: Instant,
        world: &mut dyn World,
    ) {
        let found = self.call_of(replaced).and_then(|id| match &self.call(id)?.state {
            State::Up { a, b } => Some((id, Ok(if *a == replaced { *b } else { *a }))),
            State::Served(served) => Some((id, Err(served.clone()))),
            State::Placing(_) => None,
        });
        let Some((second, stays)) = found else {
            let end = End::ours(Cause::NORMAL_UNSPECIFIED, Why::DialogLost);
            return self.say(id, leg, LegCommand::End(End { status: Some(481), ..end }));
        };
        self.adopt(leg, second);
        let talker = match &offer.origin {
            Origin::Extension { tenant, number } => {
                let (tenant, number) = (TenantId(*tenant), number.clone());
                let known = world.config().extension_by_number(tenant, &number);
                let name = known.map(|known| known.name.clone()).unwrap_or_default();
                let party = Party { number: number.clone(), name };
                Talker { party, rights: Some(Caller::Extension { tenant, number }) }
            }
            Origin::Trunk { .. } => Talker { party: offer.from.clone(), rights: None },
        };
        self.with_call(
            second,
            |call, desk| {
                call.free_trunk(replaced, desk);
                call.step(format!("{} took over.", talker.party.number), desk);
                call.who.insert(leg, talker);
                match stays {
                    Ok(stays) => {
                        desk.tell(leg, LegCommand::Answer { media: stays });
                        desk.tell(replaced, LegCommand::End(End::transferred()));
                        call.up(stays, leg, desk);
                    }
                    Err(served) => {
                        desk.tell(replaced, LegCommand::End(End::transferred()));
                        call.serve_leg(served.of(leg), desk);
                    }
                }
            },
            now,
            world,
        );
    }
}

enum Far {
    Talks(LegId),
    Rings,
    Box(Served),
}

impl Call {
    /// From here on the call is placed on behalf of the side that transfers: its rights count, and
    /// the new party sees who is being transferred. A carrier gets no rights of ours.
    fn become_caller(&mut self, leg: LegId, stays: LegId) {
        if let Some(rights) = self.who.get(&leg).and_then(|talker| talker.rights.as_ref()) {
            self.caller = rights.clone();
        }
        self.from = self.party_of(stays);
        self.user = None;
    }
}

fn failed(status: u16) -> LegCommand {
    LegCommand::TransferProgress(TransferState::Failed(status))
}
