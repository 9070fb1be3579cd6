//! State 4, TEI assigned: there is no link. Q.921 §5.5.1, §5.5.4, Figure B.4.

use std::time::Instant;

use super::state::{Event, Purpose, SettingUp, State};
use super::{Body, Code, Kind, Link, Output, Released, Setup};

impl Link {
    pub(super) fn assigned(
        &mut self,
        retry_at: Option<Instant>,
        event: Event<'_>,
        now: Instant,
    ) -> State {
        let unchanged = State::Assigned { retry_at };
        match event {
            Event::Establish if self.physical => self.set_up(Purpose::Asked, now),
            Event::PhysicalUp if self.wanted => self.set_up(Purpose::Asked, now),
            Event::Expiry => self.set_up(Purpose::Asked, now),
            // It is wanted, and set up when the line is.
            Event::Establish | Event::PhysicalUp => unchanged,
            Event::Release => self.ended(Released::Asked, now),
            Event::PhysicalDown => State::Assigned { retry_at: None },
            Event::Frame(_, Body::Sabme { p }) => {
                self.send(Kind::Response, Body::Ua { f: p });
                self.outputs.push_back(Output::Established(Setup::ByPeer));
                self.begun(now)
            }
            Event::Frame(_, Body::Disc { p }) => {
                self.send(Kind::Response, Body::Dm { f: p });
                unchanged
            }
            Event::Frame(_, Body::Ua { f }) => {
                self.error(if f { Code::C } else { Code::D });
                unchanged
            }
            // The peer asks for a link.
            Event::Frame(_, Body::Dm { f: false }) => self.set_up(Purpose::Asked, now),
            Event::Wrong(code) => {
                self.error(code);
                unchanged
            }
            Event::Frame(..) => {
                self.counters.unexpected += 1;
                unchanged
            }
        }
    }

    /// SABME, and state 5: the "establish data link" of Annex B.
    pub(super) fn set_up(&mut self, purpose: Purpose, now: Instant) -> State {
        self.send(Kind::Command, Body::Sabme { p: true });
        let t200 = now + self.params.t200;
        State::AwaitingEstablishment(SettingUp { t200, rc: 0, purpose, release: false })
    }
}
