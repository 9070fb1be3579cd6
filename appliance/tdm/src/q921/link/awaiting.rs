//! States 5 and 6: SABME or DISC was sent, and its answer is awaited. Q.921 §5.5.1 to §5.5.5, Figures
//! B.5 and B.6.

use std::time::Instant;

use super::state::{Event, Purpose, Releasing, SettingUp, State};
use super::{Body, Code, Kind, Link, Output, Released, Setup};

impl Link {
    pub(super) fn awaiting_establishment(
        &mut self,
        setup: SettingUp,
        event: Event<'_>,
        now: Instant,
    ) -> State {
        let unchanged = State::AwaitingEstablishment(setup);
        let or_asked = |why| if setup.release { Released::Asked } else { why };
        match event {
            Event::Establish => {
                self.discard();
                State::AwaitingEstablishment(SettingUp {
                    purpose: Purpose::Asked,
                    release: false,
                    ..setup
                })
            }
            Event::Release => State::AwaitingEstablishment(SettingUp { release: true, ..setup }),
            Event::PhysicalUp => unchanged,
            Event::PhysicalDown => self.ended(or_asked(Released::PhysicalDown), now),
            Event::Expiry if setup.rc < self.params.n200 => {
                self.send(Kind::Command, Body::Sabme { p: true });
                let (t200, rc) = (now + self.params.t200, setup.rc + 1);
                State::AwaitingEstablishment(SettingUp { t200, rc, ..setup })
            }
            Event::Expiry => {
                self.error(Code::G);
                self.ended(or_asked(Released::NoAnswer), now)
            }
            // Both ends ask at the same time (§5.5.5.1): each answers, and waits for its own answer.
            Event::Frame(_, Body::Sabme { p }) => {
                self.send(Kind::Response, Body::Ua { f: p });
                unchanged
            }
            Event::Frame(_, Body::Disc { p }) => {
                self.send(Kind::Response, Body::Dm { f: p });
                unchanged
            }
            Event::Frame(_, Body::Ua { f: true }) if setup.release => self.disconnect(now),
            Event::Frame(_, Body::Ua { f: true }) => {
                match setup.purpose {
                    Purpose::Asked => self.outputs.push_back(Output::Established(Setup::Asked)),
                    Purpose::Recovery { outstanding: true } => self.tell_reset(),
                    // Nothing was on its way: nobody needs to know (§5.7).
                    Purpose::Recovery { outstanding: false } => {}
                }
                self.begun(now)
            }
            Event::Frame(_, Body::Ua { f: false }) => {
                self.error(Code::D);
                unchanged
            }
            Event::Frame(_, Body::Dm { f: true }) => self.ended(or_asked(Released::Refused), now),
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

    pub(super) fn awaiting_release(
        &mut self,
        release: Releasing,
        event: Event<'_>,
        now: Instant,
    ) -> State {
        let unchanged = State::AwaitingRelease(release);
        match event {
            Event::Establish => State::AwaitingRelease(Releasing { establish: true, ..release }),
            Event::Release => State::AwaitingRelease(Releasing { establish: false, ..release }),
            Event::PhysicalUp => unchanged,
            Event::PhysicalDown => self.ended(Released::Asked, now),
            Event::Expiry if release.rc < self.params.n200 => {
                self.send(Kind::Command, Body::Disc { p: true });
                let (t200, rc) = (now + self.params.t200, release.rc + 1);
                State::AwaitingRelease(Releasing { t200, rc, ..release })
            }
            Event::Expiry => {
                self.error(Code::H);
                self.released(release, now)
            }
            // Each end wants something else (§5.5.5.2).
            Event::Frame(_, Body::Sabme { p }) => {
                self.send(Kind::Response, Body::Dm { f: p });
                unchanged
            }
            // Both ends end it at the same time (§5.5.5.1).
            Event::Frame(_, Body::Disc { p }) => {
                self.send(Kind::Response, Body::Ua { f: p });
                unchanged
            }
            Event::Frame(_, Body::Ua { f: true } | Body::Dm { f: true }) => {
                self.released(release, now)
            }
            Event::Frame(_, Body::Ua { f: false }) => {
                self.error(Code::D);
                unchanged
            }
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

    /// DISC, and state 6.
    pub(super) fn disconnect(&mut self, now: Instant) -> State {
        self.discard();
        self.send(Kind::Command, Body::Disc { p: true });
        let t200 = now + self.params.t200;
        State::AwaitingRelease(Releasing { t200, rc: 0, establish: false })
    }

    /// The link was up and is up again, without what was on its way.
    pub(super) fn tell_reset(&mut self) {
        let lost = self.discard();
        self.outputs.push_back(Output::Established(Setup::Reset { lost }));
    }

    /// The release is done; if the owner wants the link by now, it is set up at once.
    fn released(&mut self, release: Releasing, now: Instant) -> State {
        let down = self.ended(Released::Asked, now);
        if release.establish { self.set_up(Purpose::Asked, now) } else { down }
    }
}
