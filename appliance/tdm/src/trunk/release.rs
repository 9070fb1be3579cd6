//! The orderly end of a trunk: first its calls (ITU-T Q.931 §5.3), then its links (Q.921 §5.5.3).

use std::time::{Duration, Instant};

use super::{Output, Trunk};
use crate::q921::{Input, Phase};
use crate::q931::element::CauseValue;

/// How far a trunk is on its way to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Life {
    /// It is not.
    Working,
    /// Its calls are ending.
    Clearing {
        /// What they end with.
        cause: CauseValue,
        /// The calls that are left then are dropped.
        until: Instant,
    },
    /// Its links are ending.
    Parting,
    /// There.
    Released,
}

impl Life {
    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Life::Clearing { until, .. } => Some(until),
            Life::Working | Life::Parting | Life::Released => None,
        }
    }
}

impl Trunk {
    /// Ends the trunk. Each call is cleared with this cause and ends with
    /// [`Event::Ended`](crate::q931::call::Event::Ended), those that have not ended `within` this time
    /// without the far side; the calls that it begins meanwhile are refused with the same cause. When the
    /// far side has all that was said to it, the links are released (DISC), which takes N200 + 1 times T200
    /// if nobody answers, and twice that where a link was just being set up. [`Output::Released`] is the
    /// last output: from then on the trunk says and hears nothing. Said again, it changes nothing.
    pub fn release(&mut self, cause: CauseValue, within: Duration, now: Instant) {
        if self.life != Life::Working {
            return;
        }
        let until = now.checked_add(within).unwrap_or(now);
        self.life = Life::Clearing { cause, until };
        self.interface.close(cause, now);
        self.work(now);
    }

    /// Whether the trunk has come to its end.
    pub fn is_released(&self) -> bool {
        self.life == Life::Released
    }

    /// Goes on to the end, if it is asked for and nothing is waited for; whether there is more to do.
    pub(super) fn goes_on(&mut self, now: Instant) -> bool {
        match self.life {
            Life::Working | Life::Released => return false,
            Life::Clearing { cause, until } => {
                let said = self.links.iter().all(|d| d.link.waiting() == 0);
                let ended = self.interface.calls().next().is_none();
                if now < until && !(said && ended) {
                    return false;
                }
                self.interface.drop_calls(cause, now);
                self.life = Life::Parting;
                for d in &mut self.links {
                    if d.link.phase() != Phase::Assigned {
                        d.link.handle(Input::Release, now);
                    }
                }
            }
            Life::Parting => {
                if self.links.iter().any(|d| d.link.phase() != Phase::Assigned) {
                    return false;
                }
                // A peer could set them up again at any time.
                self.links.iter_mut().for_each(|d| d.link.handle(Input::PhysicalDown, now));
                self.life = Life::Released;
                self.outputs.push_back(Output::Released);
            }
        }
        true
    }
}
