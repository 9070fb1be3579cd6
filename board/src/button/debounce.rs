//! Contacts bounce: a change counts when the contact has stood still for a while. For GPIO chips whose
//! kernel does not do that itself.

use std::time::{Duration, Instant};

use super::Change;

/// Keeps bounces away from who asks. Edges go in, oldest first; before each, whatever is due at its
/// instant has to be taken out by [`Debounce::turn`].
#[derive(Debug)]
pub(crate) struct Debounce {
    settle: Duration,
    pressed: bool,
    moving: Option<Change>,
}

impl Debounce {
    /// A contact that has to stand still for so long, and how it is now.
    pub(crate) fn new(settle: Duration, pressed: bool) -> Debounce {
        Debounce { settle, pressed, moving: None }
    }

    /// The contact is like this since that instant.
    pub(crate) fn edge(&mut self, edge: Change) {
        self.moving = (edge.pressed != self.pressed).then_some(edge);
    }

    /// Takes the change that is to be believed by now; its instant is that at which it was.
    pub(crate) fn turn(&mut self, now: Instant) -> Option<Change> {
        let at = self.poll_timeout().filter(|due| now >= *due)?;
        let pressed = self.moving.take()?.pressed;
        self.pressed = pressed;
        Some(Change { pressed, at })
    }

    /// When the next change is to be believed, if nothing moves until then.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.moving.map(|edge| edge.at + self.settle)
    }
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "tests begin somewhere")]
mod tests {
    use super::*;

    fn ms(milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds)
    }

    /// What is told of these edges, each a level and its millisecond; asked at every millisecond.
    fn told(settle: u64, edges: &[(bool, u64)]) -> Vec<(bool, u64)> {
        let start = Instant::now();
        let mut debounce = Debounce::new(ms(settle), false);
        let mut told = Vec::new();
        for now in 0..200 {
            let mut take = |debounce: &mut Debounce| {
                if let Some(change) = debounce.turn(start + ms(now)) {
                    assert_eq!(change.at, start + ms(now));
                    told.push((change.pressed, now));
                }
            };
            take(&mut debounce);
            for (pressed, _) in edges.iter().filter(|(_, at)| *at == now) {
                debounce.edge(Change { pressed: *pressed, at: start + ms(now) });
            }
            take(&mut debounce);
        }
        told
    }

    #[test]
    fn a_bouncing_contact_counts_once_it_stands_still() {
        let edges = [(true, 10), (false, 12), (true, 13), (false, 19), (true, 20), (false, 90)];
        assert_eq!(told(20, &edges), [(true, 40), (false, 110)]);
    }

    #[test]
    fn a_spike_is_no_press_and_one_as_long_as_the_rest_is() {
        assert_eq!(told(20, &[(true, 10), (false, 29)]), []);
        assert_eq!(told(20, &[(true, 10), (false, 30)]), [(true, 30), (false, 50)]);
    }

    #[test]
    fn who_asks_late_is_told_when_it_was() {
        let start = Instant::now();
        let mut debounce = Debounce::new(ms(20), false);
        debounce.edge(Change { pressed: true, at: start });
        assert_eq!(debounce.poll_timeout(), Some(start + ms(20)));
        assert_eq!(debounce.turn(start + ms(19)), None);
        let pressed = Change { pressed: true, at: start + ms(20) };
        assert_eq!(debounce.turn(start + ms(500)), Some(pressed));
        assert_eq!(debounce.turn(start + ms(500)), None);
        assert_eq!(debounce.poll_timeout(), None);
    }

    #[test]
    fn without_a_rest_every_edge_counts() {
        assert_eq!(told(0, &[(true, 3), (false, 4)]), [(true, 3), (false, 4)]);
    }
}
