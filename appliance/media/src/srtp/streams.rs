//! The streams of a direction: how far each is, and which of its packets came already.

/// The streams that proved to be genuine, the one heard last in front.
pub(super) struct Streams {
    list: Vec<Stream>,
}

struct Stream {
    ssrc: u32,
    window: Window,
}

/// The replay list of one stream (RFC 3711 §3.3.2), over the whole index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    highest: u64,
    /// Bit n: the index that is n below the highest came.
    seen: u128,
}

/// Why an index does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stale {
    /// It came before.
    Repeated,
    /// It is so old that nobody knows whether it came.
    TooOld,
    /// The index has no more bits.
    Exhausted,
}

impl Streams {
    /// How many streams are kept for one direction and protocol: a leg has one or two at a time.
    pub(super) const LIMIT: usize = 32;

    pub(super) fn new() -> Self {
        Self { list: Vec::with_capacity(Self::LIMIT) }
    }

    /// The place of a stream that is known.
    #[inline]
    pub(super) fn place(&self, ssrc: u32) -> Option<usize> {
        self.list.iter().position(|stream| stream.ssrc == ssrc)
    }

    /// How far the stream at a place is.
    #[inline]
    pub(super) fn at(&self, place: usize) -> Option<&Window> {
        self.list.get(place).map(|stream| &stream.window)
    }

    /// Notes a genuine packet of the stream at a place.
    #[inline]
    pub(super) fn note(&mut self, place: usize, index: u64) {
        if let Some(stream) = self.list.get_mut(place) {
            stream.window.note(index);
        }
        if place != 0 {
            self.raise(place);
        }
    }

    /// How far a stream is.
    pub(super) fn window(&self, ssrc: u32) -> Option<Window> {
        self.list.iter().find(|stream| stream.ssrc == ssrc).map(|stream| stream.window)
    }

    /// Whether a new stream would cost an old one its place.
    pub(super) fn is_full(&self) -> bool {
        self.list.len() >= Self::LIMIT
    }

    /// Keeps how far a genuine stream is; of too many the one not heard for longest is given up.
    pub(super) fn keep(&mut self, ssrc: u32, window: Window) {
        let place = self.place(ssrc).unwrap_or_else(|| {
            self.list.truncate(Self::LIMIT - 1);
            self.list.push(Stream { ssrc, window });
            self.list.len() - 1
        });
        self.raise(place);
        if let Some(first) = self.list.first_mut() {
            first.window = window;
        }
    }

    #[cold]
    #[inline(never)]
    fn raise(&mut self, place: usize) {
        if let Some(upto) = self.list.get_mut(..=place) {
            upto.rotate_right(1);
        }
    }

    /// What stays when the key changes: a new key cannot repeat what was sent under the old one, so
    /// half of the places are given back.
    pub(super) fn renewed(mut self) -> Self {
        self.list.truncate(Self::LIMIT / 2);
        self
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.list.len()
    }
}

impl Window {
    /// As it is after the first packet of a stream.
    pub(super) fn begin(index: u64) -> Self {
        Self { highest: index, seen: 1 }
    }

    /// How many indices back a packet may come late.
    pub(super) const LENGTH: u64 = u128::BITS as u64;

    pub(super) fn highest(&self) -> u64 {
        self.highest
    }

    /// The index of an RTP packet with this sequence number: the one nearest to the highest, so
    /// that late packets of the last roll fall before it (RFC 3711 §3.3.1 and appendix A).
    #[inline]
    pub(super) fn estimate(&self, sequence: u16) -> Result<u64, Stale> {
        let rolls = self.highest >> 16;
        let last = self.highest as u16;
        let rolls = if last < HALF {
            if sequence > last + HALF { rolls.checked_sub(1).ok_or(Stale::TooOld)? } else { rolls }
        } else if sequence < last - HALF {
            rolls + 1
        } else {
            rolls
        };
        if rolls > u64::from(u32::MAX) {
            return Err(Stale::Exhausted);
        }
        Ok(rolls << 16 | u64::from(sequence))
    }

    /// The index behind the highest, which has `bits` of them.
    pub(super) fn next(&self, bits: u32) -> Result<u64, Stale> {
        let next = self.highest + 1;
        if next >> bits == 0 { Ok(next) } else { Err(Stale::Exhausted) }
    }

    /// Whether a packet with this index would be the first.
    #[inline]
    pub(super) fn check(&self, index: u64) -> Result<(), Stale> {
        let Some(back) = self.highest.checked_sub(index) else { return Ok(()) };
        if back >= Self::LENGTH {
            return Err(Stale::TooOld);
        }
        if self.seen >> back & 1 == 1 { Err(Stale::Repeated) } else { Ok(()) }
    }

    /// Notes a packet with this index, which was checked.
    #[inline]
    pub(super) fn note(&mut self, index: u64) {
        match index.checked_sub(self.highest) {
            Some(ahead) => {
                let ahead = u32::try_from(ahead).unwrap_or(u32::MAX);
                self.seen = self.seen.checked_shl(ahead).unwrap_or(0) | 1;
                self.highest = index;
            }
            None => {
                let back = self.highest - index;
                self.seen |= 1 << back.min(Self::LENGTH - 1);
            }
        }
    }

    /// The window after a packet with this index, which was checked.
    pub(super) fn after(mut self, index: u64) -> Self {
        self.note(index);
        self
    }
}

/// Half of the sequence numbers.
const HALF: u16 = 0x8000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_index_is_the_one_nearest_to_the_highest() {
        for (highest, sequence, index) in [
            (0x1_0000, 0x0001, Ok(0x1_0001)),
            (0x1_0000, 0xffff, Ok(0x0_ffff)),
            (0x1_0000, 0x8001, Ok(0x0_8001)),
            (0x1_0000, 0x8000, Ok(0x1_8000)),
            (0x1_ffff, 0x0000, Ok(0x2_0000)),
            (0x1_ffff, 0x7ffe, Ok(0x2_7ffe)),
            (0x1_ffff, 0x7fff, Ok(0x1_7fff)),
            (0x1_8000, 0x0000, Ok(0x1_0000)),
            (0x0_0005, 0x8006, Err(Stale::TooOld)),
            (0xffff_ffff_fff0, 0xffff, Ok(0xffff_ffff_ffff)),
            (0xffff_ffff_fff0, 0x0000, Err(Stale::Exhausted)),
        ] {
            let found = Window::begin(highest).estimate(sequence);
            assert_eq!(found, index, "{highest:#x} {sequence:#x}");
        }
    }

    #[test]
    fn an_index_is_new_once() {
        let window = Window::begin(1000).after(1003).after(1001);
        for (index, result) in [
            (1000, Err(Stale::Repeated)),
            (1001, Err(Stale::Repeated)),
            (1002, Ok(())),
            (1003, Err(Stale::Repeated)),
            (1004, Ok(())),
            (876, Ok(())),
            (875, Err(Stale::TooOld)),
        ] {
            assert_eq!(window.check(index), result, "{index}");
        }
        let far = window.after(1003 + 127);
        assert_eq!(far.check(1003), Err(Stale::Repeated));
        assert_eq!(far.check(1004), Ok(()));
        let far = window.after(1003 + 128);
        assert_eq!(far.check(1003), Err(Stale::TooOld));
        assert_eq!(far.check(1004), Ok(()));
        assert_eq!(window.after(1 << 47).check((1 << 47) - 1), Ok(()));
    }

    #[test]
    fn the_index_of_reports_ends_with_its_bits() {
        assert_eq!(Window::begin((1 << 31) - 2).next(31), Ok((1 << 31) - 1));
        assert_eq!(Window::begin((1 << 31) - 1).next(31), Err(Stale::Exhausted));
    }

    #[test]
    fn the_stream_not_heard_for_longest_makes_room() {
        let mut streams = Streams::new();
        let room = streams.list.capacity();
        for ssrc in 0..Streams::LIMIT as u32 {
            streams.keep(ssrc, Window::begin(1));
        }
        assert!(streams.is_full());
        streams.keep(0, Window::begin(2));
        streams.keep(77, Window::begin(3));
        assert_eq!(streams.window(0), Some(Window::begin(2)));
        assert_eq!(streams.window(1), None);
        assert_eq!(streams.window(2), Some(Window::begin(1)));
        assert_eq!(streams.window(77), Some(Window::begin(3)));
        assert_eq!((streams.len(), streams.list.capacity()), (Streams::LIMIT, room));
    }
}
