//! Caller identity on an analogue line: the messages, and how they are sent and heard.
//!
//! By frequency shift keying: Telcordia GR-30 (SDMF and MDMF), ETSI EN 300 659-1 to -3, and NTT's
//! number display ([`japan`]); by DTMF: EN 300 659-1 annex B and its national kin ([`digits`]).

pub mod alert;
pub mod digits;
pub mod field;
pub mod japan;
pub mod message;

pub use alert::{Alert, AlertDetector};
pub use field::{Absence, Field, Lamp, Moment, Text};
pub use message::{Composer, Kind, Malformed, Message, NoRoom};

use crate::fsk::{self, BELL_202, Framing, Modem, Transmitter, V23};
use crate::tone::Dbm0;

/// Whose way of sending messages it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standard {
    /// GR-30: Bell 202.
    Telcordia,
    /// EN 300 659: V.23.
    Etsi,
    /// NTT: V.23, with parity and a cyclic check.
    Japan,
}

/// When a message goes over the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// In the first long pause of ringing: GR-30 §2.3, EN 300 659-1 §6.1.1.
    DuringRinging,
    /// Before ringing, after a dual tone: EN 300 659-1 §6.1.2 (a).
    BeforeRingingWithAlert,
    /// Before ringing, after a pulse of ringing or a reversal: EN 300 659-1 §6.1.2 (b) and (c).
    BeforeRinging,
    /// During a call, once the telephone has acknowledged the alert: EN 300 659-2, GR-575.
    DuringCall,
}

/// Sends a message at 8 kHz.
#[derive(Debug, Clone)]
pub struct Sender {
    alert: Option<Alert>,
    /// Samples of silence between the alert and the message.
    pause: u32,
    transmitter: Transmitter,
    framing: Framing,
    octets: [u8; MOST_OCTETS],
    length: usize,
    /// Bits that are keyed.
    keyed: usize,
}

/// Hears messages. State: at most 704 octets.
#[derive(Debug, Clone)]
pub struct Receiver {
    line: fsk::Receiver,
    standard: Standard,
    octets: [u8; MOST_OCTETS],
    /// Octets of a message that has begun.
    length: Option<usize>,
}

impl Standard {
    /// How its bits are keyed.
    pub fn modem(self) -> Modem {
        match self {
            Self::Telcordia => BELL_202,
            Self::Etsi | Self::Japan => V23,
        }
    }

    fn framing(self, delivery: Delivery) -> Framing {
        match (self, delivery) {
            (Self::Japan, _) => Framing::JAPAN,
            (_, Delivery::DuringCall) => Framing::OFF_HOOK,
            (_, _) => Framing::ON_HOOK,
        }
    }
}

impl Sender {
    /// A message as octets, with its checksum; see [`Composer`] and [`japan::compose`].
    pub fn new(
        standard: Standard,
        delivery: Delivery,
        level: Dbm0,
        message: &[u8],
    ) -> Result<Self, NoRoom> {
        let mut octets = [0; MOST_OCTETS];
        octets.get_mut(..message.len()).ok_or(NoRoom)?.copy_from_slice(message);
        let is_alerted = delivery == Delivery::BeforeRingingWithAlert;
        Ok(Self {
            alert: is_alerted.then(|| Alert::new(Alert::ON_HOOK)),
            pause: if is_alerted { AFTER_ALERT } else { 0 },
            transmitter: Transmitter::new(standard.modem(), level),
            framing: standard.framing(delivery),
            octets,
            length: message.len(),
            keyed: 0,
        })
    }

    /// Fills `pcm` with what comes next; says how many samples that were, fewer only at the end.
    pub fn fill(&mut self, pcm: &mut [i16]) -> usize {
        let mut filled = self.alert.as_mut().map_or(0, |alert| alert.fill(pcm));
        let silent = (self.pause as usize).min(pcm.len() - filled);
        pcm[filled..][..silent].fill(0);
        self.pause -= silent as u32;
        filled += silent;
        let bits = self.framing.bits(&self.octets[..self.length]).skip(self.keyed);
        let mut count = 0;
        let mut counted = bits.inspect(|_| count += 1);
        filled += self.transmitter.fill(&mut counted, &mut pcm[filled..]);
        self.keyed += count;
        filled
    }
}

impl Receiver {
    /// Has heard nothing yet.
    pub fn new(standard: Standard) -> Self {
        let line = fsk::Receiver::new(standard.modem());
        Self { line, standard, octets: [0; MOST_OCTETS], length: None }
    }

    /// Listens to samples, and tells the octets of each whole message. Whether they are sound is
    /// for [`Message::parse`] and [`japan::parse`] to say.
    pub fn hear(&mut self, pcm: &[i16], mut tell: impl FnMut(&[u8])) {
        let Self { line, standard, octets, length } = self;
        line.hear(pcm, |event| match event {
            fsk::Event::Carrier | fsk::Event::Unframed | fsk::Event::Silence => *length = None,
            fsk::Event::Octet { octet, marks } => {
                if marks >= MARKS_BEFORE {
                    *length = Some(0);
                }
                let Some(at) = length else { return };
                octets[*at] = octet;
                *at += 1;
                let so_far = &octets[..*at];
                let is_whole = match standard {
                    Standard::Telcordia | Standard::Etsi => message::is_whole(so_far),
                    Standard::Japan => japan::is_whole(so_far),
                };
                if is_whole {
                    tell(so_far);
                }
                if is_whole || *at == MOST_OCTETS {
                    *length = None;
                }
            }
        });
    }
}

/// A type, a length, 255 octets and a checksum; NTT's frame is shorter.
const MOST_OCTETS: usize = 258;
/// EN 300 659-1 §6.1.2: 45 to 500 ms.
const AFTER_ALERT: u32 = 800;
/// A message begins after at least 55 marks (EN 300 659-1 §5.2.2: 80 less 25); within one there are
/// at most 20 between octets (GR-30 §2.3: 10).
const MARKS_BEFORE: u16 = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_is_small() {
        assert!(size_of::<Receiver>() <= 704, "{}", size_of::<Receiver>());
    }
}
