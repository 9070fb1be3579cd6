//! What a call carries (ITU-T Q.931 §4.5.5).

use super::coding::Coding;
use super::octets::{LAST, Octets, write_group};
use core::fmt;

/// What a call carries and how (ITU-T Q.931 §4.5.5).
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct BearerCapability {
    /// Whose code the values are of.
    pub coding: Coding,
    /// What it is.
    pub transfer: Transfer,
    /// 0 circuit, 2 packet: two bits.
    pub mode: u8,
    /// How fast.
    pub rate: Rate,
    /// Octet 5 and what belongs to it: the coding of the voice or of the adaption of data.
    pub layer1: Option<Layer1>,
    /// The protocol of layer 2: five bits, and the octets 6a and so on.
    pub layer2: Option<Vec<u8>>,
    /// The protocol of layer 3: five bits, and the octets 7a and so on.
    pub layer3: Option<Vec<u8>>,
}

/// What is carried: bits 5 to 1 of octet 3 (ITU-T Q.931 table 4-6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Transfer {
    /// Voices; the network may change the coding.
    Speech,
    /// Any octets.
    Unrestricted,
    /// Octets of which none may be all zeros.
    Restricted,
    /// What fits into 3.1 kHz: voices, fax, modems.
    Audio3k1,
    /// Any octets, with tones and announcements (7 kHz).
    UnrestrictedWithTones,
    /// Pictures.
    Video,
    /// A value that is reserved.
    Reserved(u8),
}

/// How fast: bits 5 to 1 of octet 4, and octet 4.1 (ITU-T Q.931 table 4-6).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Rate {
    /// Packets.
    Packet,
    /// One channel of 64 kbit/s.
    Kbit64,
    /// Two channels of 64 kbit/s.
    TwoKbit64,
    /// 384 kbit/s.
    Kbit384,
    /// 1536 kbit/s.
    Kbit1536,
    /// 1920 kbit/s.
    Kbit1920,
    /// This many channels of 64 kbit/s, 2 to 30.
    Multi(u8),
    /// A value that is reserved.
    Reserved(u8),
}

/// The protocol of layer 1 (ITU-T Q.931 table 4-6, octet 5).
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Layer1 {
    /// Five bits: 1 V.110 and X.30, 2 G.711 u-law, 3 G.711 A-law, 4 G.721, 5 H.221, 8 V.120, 9 X.31.
    pub protocol: u8,
    /// The octets 5a and so on, seven bits each.
    pub details: Vec<u8>,
}

impl Layer1 {
    /// G.711 u-law.
    pub const ULAW: u8 = 2;
    /// G.711 A-law.
    pub const ALAW: u8 = 3;
}

impl BearerCapability {
    /// A voice in A-law.
    pub fn speech_alaw() -> Self {
        Self::audio(Transfer::Speech, Layer1::ALAW)
    }

    /// A voice in u-law.
    pub fn speech_ulaw() -> Self {
        Self::audio(Transfer::Speech, Layer1::ULAW)
    }

    /// Sound up to 3.1 kHz in A-law.
    pub fn audio_alaw() -> Self {
        Self::audio(Transfer::Audio3k1, Layer1::ALAW)
    }

    /// Sound up to 3.1 kHz in u-law.
    pub fn audio_ulaw() -> Self {
        Self::audio(Transfer::Audio3k1, Layer1::ULAW)
    }

    /// Any octets at 64 kbit/s.
    pub fn unrestricted() -> Self {
        Self {
            coding: Coding::Itu,
            transfer: Transfer::Unrestricted,
            mode: 0,
            rate: Rate::Kbit64,
            layer1: None,
            layer2: None,
            layer3: None,
        }
    }

    /// Whether it is a voice or sound that G.711 carries.
    pub fn is_audio(&self) -> bool {
        matches!(self.transfer, Transfer::Speech | Transfer::Audio3k1)
    }

    /// The protocol of layer 1, see [`Layer1::protocol`].
    pub fn layer1_protocol(&self) -> Option<u8> {
        self.layer1.as_ref().map(|layer1| layer1.protocol)
    }

    fn audio(transfer: Transfer, protocol: u8) -> Self {
        let layer1 = Some(Layer1 { protocol, details: Vec::new() });
        Self { transfer, layer1, ..Self::unrestricted() }
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let head = octets.group()?;
        let head = *head.first()?;
        Self::read_behind(head, &mut octets)
    }

    /// Reads what follows octet 3 (and 3a): also that of the low layer compatibility.
    pub(super) fn read_behind(head: u8, octets: &mut Octets<'_>) -> Option<Self> {
        let speed = octets.group()?;
        let speed = *speed.first()?;
        let rate = match speed & 0x1f {
            MULTI => Rate::Multi(octets.group()?.first().copied()?),
            other => Rate::from_bits(other),
        };
        let (mut layer1, mut layer2, mut layer3) = (None, None, None);
        while let Some(octet) = octets.0.first() {
            let layer = octet >> 5 & 3;
            let mut group = octets.group()?;
            if group.is_empty() {
                return None;
            }
            let protocol = group.remove(0) & 0x1f;
            match layer {
                1 if layer1.is_none() && layer2.is_none() && layer3.is_none() => {
                    layer1 = Some(Layer1 { protocol, details: group });
                }
                2 if layer2.is_none() && layer3.is_none() => {
                    group.insert(0, protocol);
                    layer2 = Some(group);
                }
                3 if layer3.is_none() => {
                    group.insert(0, protocol);
                    layer3 = Some(group);
                }
                _ => return None,
            }
        }
        let (coding, transfer) = (Coding::from_bits(head), Transfer::from_bits(head));
        Some(Self { coding, transfer, mode: speed >> 5 & 3, rate, layer1, layer2, layer3 })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.push(LAST | self.head());
        self.write_behind(octets);
    }

    pub(super) fn head(&self) -> u8 {
        self.coding.bits() | self.transfer.bits()
    }

    pub(super) fn write_behind(&self, octets: &mut Vec<u8>) {
        octets.push(LAST | (self.mode & 3) << 5 | self.rate.bits());
        if let Rate::Multi(channels) = self.rate {
            octets.push(LAST | channels);
        }
        if let Some(layer1) = &self.layer1 {
            let mut group = vec![1 << 5 | layer1.protocol & 0x1f];
            group.extend(&layer1.details);
            write_group(octets, &group);
        }
        for (layer, octets_of) in [(2, &self.layer2), (3, &self.layer3)] {
            let Some((first, rest)) = octets_of.as_deref().and_then(<[u8]>::split_first) else {
                continue;
            };
            let mut group = vec![layer << 5 | first & 0x1f];
            group.extend(rest);
            write_group(octets, &group);
        }
    }
}

impl Transfer {
    fn from_bits(bits: u8) -> Self {
        match bits & 0x1f {
            0 => Self::Speech,
            8 => Self::Unrestricted,
            9 => Self::Restricted,
            16 => Self::Audio3k1,
            17 => Self::UnrestrictedWithTones,
            24 => Self::Video,
            other => Self::Reserved(other),
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::Speech => 0,
            Self::Unrestricted => 8,
            Self::Restricted => 9,
            Self::Audio3k1 => 16,
            Self::UnrestrictedWithTones => 17,
            Self::Video => 24,
            Self::Reserved(other) => other & 0x1f,
        }
    }
}

impl Rate {
    fn from_bits(bits: u8) -> Self {
        match bits {
            0x00 => Self::Packet,
            0x10 => Self::Kbit64,
            0x11 => Self::TwoKbit64,
            0x13 => Self::Kbit384,
            0x15 => Self::Kbit1536,
            0x17 => Self::Kbit1920,
            other => Self::Reserved(other),
        }
    }

    fn bits(self) -> u8 {
        match self {
            Self::Packet => 0x00,
            Self::Kbit64 => 0x10,
            Self::TwoKbit64 => 0x11,
            Self::Kbit384 => 0x13,
            Self::Kbit1536 => 0x15,
            Self::Kbit1920 => 0x17,
            Self::Multi(_) => MULTI,
            Self::Reserved(other) => other & 0x1f,
        }
    }
}

impl fmt::Display for BearerCapability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.transfer {
            Transfer::Speech => f.write_str("speech")?,
            Transfer::Unrestricted => f.write_str("unrestricted data")?,
            Transfer::Restricted => f.write_str("restricted data")?,
            Transfer::Audio3k1 => f.write_str("3.1 kHz audio")?,
            Transfer::UnrestrictedWithTones => f.write_str("data with tones")?,
            Transfer::Video => f.write_str("video")?,
            Transfer::Reserved(other) => write!(f, "bearer {other}")?,
        }
        match self.rate {
            Rate::Packet => f.write_str(" in packets")?,
            Rate::Kbit64 if self.is_audio() => {}
            Rate::Kbit64 => f.write_str(" at 64 kbit/s")?,
            Rate::TwoKbit64 => f.write_str(" at 2x64 kbit/s")?,
            Rate::Kbit384 => f.write_str(" at 384 kbit/s")?,
            Rate::Kbit1536 => f.write_str(" at 1536 kbit/s")?,
            Rate::Kbit1920 => f.write_str(" at 1920 kbit/s")?,
            Rate::Multi(channels) => write!(f, " at {channels}x64 kbit/s")?,
            Rate::Reserved(other) => write!(f, " at rate {other}")?,
        }
        match self.layer1_protocol() {
            None => {}
            Some(1) => f.write_str(", V.110")?,
            Some(Layer1::ULAW) => f.write_str(", u-law")?,
            Some(Layer1::ALAW) => f.write_str(", A-law")?,
            Some(4) => f.write_str(", G.721")?,
            Some(5) => f.write_str(", H.221")?,
            Some(8) => f.write_str(", V.120")?,
            Some(9) => f.write_str(", X.31")?,
            Some(other) => write!(f, ", layer 1 protocol {other}")?,
        }
        for (layer, octets) in [(2, &self.layer2), (3, &self.layer3)] {
            let protocol = octets.as_ref().and_then(|octets| octets.first());
            protocol.map_or(Ok(()), |protocol| write!(f, ", layer {layer} protocol {protocol}"))?;
        }
        Ok(())
    }
}

/// The rate whose channels are counted in octet 4.1.
const MULTI: u8 = 0x18;
