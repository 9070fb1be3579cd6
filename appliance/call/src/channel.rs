//! A B channel of a digital trunk as a media port: it has a number and no socket. To all that is beside it
//! it is a far side that sends and takes RTP.

use crate::PortId;
use serde::{Deserialize, Serialize};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

impl PortId {
    /// The place in the list of addresses that none has: such a port is a B channel.
    pub const LINE: u8 = 254;

    /// The port of a B channel.
    ///
    /// `span`: as the box counts its spans. `slot`: the timeslot, 0 to 31; higher ones are another span's.
    pub const fn of_channel(span: u8, slot: u8) -> Self {
        Self { address: Self::LINE, port: (span as u16) << 6 | (slot as u16 & 0x1f) << 1 }
    }

    /// The span and the timeslot of a B channel; nothing for a port of another kind.
    pub const fn channel(self) -> Option<(u8, u8)> {
        if !self.is_line() {
            return None;
        }
        Some(((self.port >> 6) as u8, (self.port >> 1 & 0x1f) as u8))
    }

    /// Whether it is a B channel.
    pub const fn is_line(self) -> bool {
        self.address == Self::LINE
    }
}

/// Where a B channel is said to listen, for RTP and RTCP alike: an address that nobody has (RFC 7600),
/// and the port of who throws all away (RFC 863).
pub const LINE_PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(192, 0, 0, 8)), 9);

/// How a B channel sounds, and what is done to its sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineSound {
    /// How its octets are companded.
    pub law: LineLaw,
    /// What was sent to it is taken out of what comes from it (ITU-T G.168).
    pub cancel_echo: bool,
    /// Its octets are data: they are passed on as they are, and nothing is heard in them (RFC 4040).
    pub clear: bool,
}

/// How octets of a B channel are companded (ITU-T G.711).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LineLaw {
    /// A-law: E1.
    A,
    /// μ-law: T1 in North America and Japan.
    Mu,
}

/// How a B channel fared in the last seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct LineQuality {
    /// How much of the echo the canceller takes away, in hundredths of a decibel; 0 where there is none.
    pub erle: i16,
    /// Whether the canceller is at work: fax, modems and data switch it off.
    pub cancelling: bool,
    /// Whether fax or a modem is on the line.
    pub data: bool,
    /// The level of what came from the line, hundredths of dBm0; at least -7000.
    pub received_level: i16,
    /// The same of what was sent to it.
    pub sent_level: i16,
    /// Octets that came from the line since the port was opened.
    pub received: u64,
    /// Octets that were sent to it.
    pub sent: u64,
    /// How often sound was left out or made up because two clocks differ, or nothing came.
    pub slips: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_has_a_port_of_its_own_and_is_found_by_it() {
        let mut ports = std::collections::BTreeSet::new();
        for span in 0..=255 {
            for slot in 0..=31 {
                let port = PortId::of_channel(span, slot);
                assert_eq!(port.channel(), Some((span, slot)));
                assert_eq!(port.port % 2, 0);
                assert!(ports.insert(port));
            }
        }
        let other = PortId { address: 0, port: 20_000 };
        assert_eq!((other.channel(), other.is_line()), (None, false));
    }
}
