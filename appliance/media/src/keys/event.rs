//! One telephone event as it lies in a packet (RFC 4733 §2.3).

/// What a packet says of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Event {
    /// 0 to 15 are the keys; others are no business of the box.
    pub(crate) number: u8,
    /// It was let go; its duration is final.
    pub(crate) end: bool,
    /// Ticks of the clock since the packet's timestamp.
    pub(crate) duration: u16,
}

impl Event {
    /// Nothing for a payload that is too short.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let [number, flags, high, low] = *payload.first_chunk()?;
        let duration = u16::from_be_bytes([high, low]);
        Some(Self { number, end: flags & END != 0, duration })
    }

    /// As it is sent, at the level that phones send it with.
    pub(crate) fn octets(self) -> [u8; Self::OCTETS] {
        let [high, low] = self.duration.to_be_bytes();
        [self.number, VOLUME | if self.end { END } else { 0 }, high, low]
    }

    /// The sign on the key; nothing for other events.
    pub(crate) fn key(self) -> Option<char> {
        KEYS.get(usize::from(self.number)).map(|sign| char::from(*sign))
    }

    /// The number of a key (§3.2, table 3).
    pub(crate) fn number_of(key: char) -> Option<u8> {
        let place = KEYS.iter().position(|sign| char::from(*sign) == key)?;
        u8::try_from(place).ok()
    }

    pub(crate) const OCTETS: usize = 4;
}

/// RFC 4733 §3.2.
const KEYS: [u8; 16] = *b"0123456789*#ABCD";
const END: u8 = 0x80;
/// -10 dBm0 (§2.3.4).
const VOLUME: u8 = 10;
