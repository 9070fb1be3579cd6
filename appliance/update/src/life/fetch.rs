//! The file comes, from wherever, and is checked: signature, board, version, room.

use std::time::{Duration, Instant};

use super::state::{Fetching, State, Verified, Verifying, Wait};
use super::{Done, Event, From, Life, NotFetched, NotVerified, Work};
use crate::{Bundle, Failure, Phase, Request, Source};

impl Life {
    /// From the beginning.
    pub(super) fn fetch(&mut self, request: Request, now: Instant) -> State {
        self.keep(Phase::Fetching { request: request.clone(), tag: None });
        self.fetch_on(request, None, now)
    }

    /// From where it broke off, if the server had a tag for it.
    pub(super) fn fetch_on(
        &mut self,
        request: Request,
        tag: Option<String>,
        now: Instant,
    ) -> State {
        let from = tag.clone().map_or(From::Start, |tag| From::Rest { tag });
        self.work(Work::Fetch { source: request.source.clone(), from });
        State::Fetching(Fetching {
            request,
            have: 0,
            size: None,
            tag,
            breaks: 0,
            wait: Wait::Coming { until: now + SILENCE },
        })
    }

    pub(super) fn in_fetching(&mut self, mut it: Fetching, event: Event, now: Instant) -> State {
        match (event, &it.wait) {
            (Event::Done(Done::Began { size, room, tag }), Wait::Coming { .. }) => {
                if size > room {
                    self.abandon();
                    return self.fail(
                        it.request,
                        None,
                        Failure::Room { needed: size, there: room },
                    );
                }
                if tag != it.tag {
                    self.keep(Phase::Fetching { request: it.request.clone(), tag: tag.clone() });
                }
                it.size = Some(size);
                it.tag = tag;
                it.wait = Wait::Coming { until: now + SILENCE };
            }
            (Event::Done(Done::Arrived { octets }), Wait::Coming { .. }) => {
                it.have = octets;
                it.breaks = 0;
                it.wait = Wait::Coming { until: now + SILENCE };
            }
            (Event::Done(Done::Fetched), Wait::Coming { .. }) => {
                self.keep(Phase::Fetched { request: it.request.clone() });
                return self.verify(it.request, 0, now);
            }
            (Event::Done(Done::NotFetched(why)), Wait::Coming { .. }) => {
                return self.not_fetched(it, why, now);
            }
            (Event::Tick, Wait::Coming { until }) if now >= *until => {
                return self.not_fetched(it, NotFetched::Broken, now);
            }
            (Event::Tick, Wait::Again { at }) if now >= *at => {
                let from = it.tag.clone().map_or(From::Start, |tag| From::Rest { tag });
                self.work(Work::Fetch { source: it.request.source.clone(), from });
                it.wait = Wait::Coming { until: now + SILENCE };
            }
            // Late news, and what does not concern a file.
            (Event::Done(_) | Event::Tick | Event::Check { .. }, _) => {}
        }
        State::Fetching(it)
    }

    fn not_fetched(&mut self, mut it: Fetching, why: NotFetched, now: Instant) -> State {
        let why = match (why, &it.request.source) {
            (NotFetched::Refused { status }, _) if !passing(status) => Failure::Refused { status },
            (NotFetched::Damaged, _) => Failure::Damaged,
            (NotFetched::Unreadable, _) | (_, Source::Usb { .. }) => Failure::Unreadable,
            (_, Source::Upload) => Failure::UploadBroken,
            (_, Source::Https { .. }) if it.breaks >= BREAKS => Failure::Unreachable,
            (_, Source::Https { .. }) => {
                // What still comes of it is late.
                self.abandon();
                let wait = FIRST_PAUSE.saturating_mul(1 << it.breaks.min(16)).min(LONGEST_PAUSE);
                it.breaks = it.breaks.saturating_add(1);
                it.wait = Wait::Again { at: now + wait };
                return State::Fetching(it);
            }
        };
        self.fail(it.request, None, why)
    }

    /// The file is here. `attempt`: how often installing it was begun and never ended.
    pub(super) fn verify(&mut self, request: Request, attempt: u8, now: Instant) -> State {
        self.work(Work::Verify);
        State::Verifying(Verifying { request, attempt, until: now + VERIFYING })
    }

    pub(super) fn in_verifying(&mut self, it: Verifying, event: Event, now: Instant) -> State {
        let (bundle, room) = match event {
            Event::Done(Done::Verified { bundle, room }) => (bundle, room),
            Event::Done(Done::NotVerified(why)) => {
                let why = match why {
                    NotVerified::Signature => Failure::Signature,
                    NotVerified::Malformed => Failure::Malformed,
                };
                return self.fail(it.request, None, why);
            }
            Event::Tick if now >= it.until => {
                return self.stalled(it.request, None);
            }
            Event::Done(_) | Event::Tick | Event::Check { .. } => return State::Verifying(it),
        };
        if let Some(why) = self.objection(&it.request, &bundle, room) {
            return self.fail(it.request, Some(bundle), why);
        }
        self.in_verified(Verified { request: it.request, bundle, attempt: it.attempt }, now)
    }

    /// What speaks against it, its signature being right: the first of board, version, room.
    fn objection(&self, request: &Request, bundle: &Bundle, room: u64) -> Option<Failure> {
        if bundle.compatible != self.settings.board {
            return Some(Failure::Board {
                bundle: bundle.compatible.clone(),
                board: self.settings.board.clone(),
            });
        }
        if bundle.version < self.settings.version && !request.older_too {
            return Some(Failure::Older {
                bundle: bundle.version.clone(),
                running: self.settings.version.clone(),
            });
        }
        (bundle.size > room).then_some(Failure::Room { needed: bundle.size, there: room })
    }
}

/// Refusals that may be others later: the server is ill or busy (RFC 9110 §15.5.9, §15.6; RFC 6585 §4).
fn passing(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..=599)
}

/// A fetch that brings nothing for this long is broken. Chosen by us.
const SILENCE: Duration = Duration::from_secs(60);
/// After the first break; it doubles.
const FIRST_PAUSE: Duration = Duration::from_secs(5);
/// And never gets longer.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// So many breaks without an octet between them: some two and a half hours.
const BREAKS: u8 = 20;
/// A signature over a few hundred MB, on the slowest board. Chosen by us.
const VERIFYING: Duration = Duration::from_secs(600);
