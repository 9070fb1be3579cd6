//! The elastic store between two channels that hear each other: as much as the turns of a thread need, and a
//! slip where two lines have different clocks.

/// Octets on their way to a channel.
#[derive(Debug)]
pub(super) struct Store {
    octets: Box<[u8; ROOM]>,
    start: usize,
    filled: usize,
    /// Nothing is given before this many are there.
    begun: bool,
    idle: u8,
    slips: u64,
}

impl Store {
    /// `idle`: what is said where nothing is there.
    pub(super) fn new(idle: u8) -> Self {
        Self { octets: Box::new([0; ROOM]), start: 0, filled: 0, begun: false, idle, slips: 0 }
    }

    /// Takes octets in. Where too many wait, the oldest are left out.
    pub(super) fn put(&mut self, octets: &[u8]) {
        for octet in octets {
            let place = (self.start + self.filled) % ROOM;
            if let Some(room) = self.octets.get_mut(place) {
                *room = *octet;
            }
            self.filled += 1;
        }
        if self.filled > MOST {
            self.start = (self.start + self.filled - USUAL) % ROOM;
            self.filled = USUAL;
            self.slips += 1;
        }
    }

    /// Gives as many as there is room for. Where too few are there, all wait until there are enough again.
    pub(super) fn get(&mut self, said: &mut [u8]) {
        let needed = if self.begun { said.len() } else { USUAL.max(said.len()) };
        if self.filled < needed {
            self.slips += u64::from(std::mem::take(&mut self.begun));
            return said.fill(self.idle);
        }
        self.begun = true;
        for octet in said {
            *octet = self.octets.get(self.start).copied().unwrap_or(self.idle);
            self.start = (self.start + 1) % ROOM;
            self.filled -= 1;
        }
    }

    /// The other channel is not heard this way any more.
    pub(super) fn clear(&mut self) {
        (self.filled, self.begun) = (0, false);
    }

    /// How often octets were left out or waited for.
    pub(super) fn slips(&self) -> u64 {
        self.slips
    }
}

/// Octets that usually wait: 10 ms, two turns.
const USUAL: usize = 80;
/// The most that wait.
const MOST: usize = 4 * USUAL;
/// Those, and a block.
const ROOM: usize = MOST + super::LONGEST;

#[cfg(test)]
mod tests {
    use super::*;

    const IDLE: u8 = 0xd5;

    fn block(number: usize) -> [u8; 40] {
        std::array::from_fn(|at| (number * 40 + at) as u8)
    }

    #[test]
    fn octets_leave_as_they_came_ten_milliseconds_later() {
        let mut store = Store::new(IDLE);
        let mut said = Vec::new();
        for number in 0..200 {
            store.put(&block(number));
            let mut out = [0; 40];
            store.get(&mut out);
            said.extend(out);
        }
        let sent: Vec<u8> = (0..200).flat_map(block).collect();
        assert_eq!(said[..40], [IDLE; 40]);
        assert_eq!(said[40..], sent[..sent.len() - 40]);
        assert_eq!(store.slips(), 0);
    }

    #[test]
    fn a_turn_that_comes_late_takes_nothing_away() {
        let mut store = Store::new(IDLE);
        let (mut said, mut put) = (Vec::new(), 0);
        for turn in 0..100 {
            // Now and then a turn is left out, and two blocks come with the next.
            let blocks = match turn % 10 {
                3 => 0,
                4 => 2,
                _ => 1,
            };
            for _ in 0..blocks {
                let mut out = [0; 40];
                store.get(&mut out);
                said.extend(out);
            }
            for _ in 0..blocks {
                store.put(&block(put));
                put += 1;
            }
        }
        let begin = said.iter().position(|it| *it != IDLE).unwrap();
        let sent: Vec<u8> = (0..put).flat_map(block).collect();
        assert!(said[begin..] == sent[..said.len() - begin]);
        assert_eq!(store.slips(), 0);
    }

    #[test]
    fn a_faster_clock_slips_once_in_a_while_and_a_slower_one_too() {
        for (put, get) in [(41, 40), (40, 41)] {
            let mut store = Store::new(IDLE);
            let mut out = [0; 41];
            for _ in 0..1_000 {
                store.put(&[7; 41][..put]);
                store.get(&mut out[..get]);
            }
            // One octet of 40 too many or too few: 1000 in all, and 40 to 240 with each slip.
            assert!((3..=25).contains(&store.slips()), "{put} {get}: {}", store.slips());
        }
    }
}
