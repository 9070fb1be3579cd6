//! Which channel a call takes (ITU-T Q.931 §4.5.13).

use super::coding::Coding;
use super::octets::{LAST, Octets, write_group};
use core::fmt;

/// Which channel of which interface (ITU-T Q.931 §4.5.13).
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct ChannelId {
    /// Another interface than that of the D channel, groups of 7 bits: several spans with one D channel.
    pub interface: Option<Vec<u8>>,
    /// Whether no other channel will do.
    pub exclusive: bool,
    /// Whether the D channel is meant.
    pub d_channel: bool,
    /// Which channel.
    pub channels: Channels,
}

/// Which channels of the interface.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Channels {
    /// A basic interface's.
    Basic(BasicChannel),
    /// None, at a primary rate interface.
    None,
    /// Any, at a primary rate interface.
    Any,
    /// The whole interface: the selection says that octets follow, but only names the interface (RESTART).
    Interface,
    /// Those of these numbers, 0 to 127.
    Numbers {
        /// What sort of channel they are.
        kind: ChannelKind,
        /// Their numbers, at least one.
        numbers: Vec<u8>,
    },
    /// Those whose bits are set; the last bit is time slot 1 or 0: three octets at 1544 kbit/s, four at
    /// 2048 kbit/s.
    Map {
        /// What sort of channel they are.
        kind: ChannelKind,
        /// The octets of the map as they are sent, at least one.
        map: Vec<u8>,
    },
}

/// The channel of a basic interface: bits 2 and 1 of octet 3.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum BasicChannel {
    /// None: the call waits.
    None,
    /// B1.
    B1,
    /// B2.
    B2,
    /// Any.
    Any,
}

/// What sort of channel, and whose code says so: octet 3.2.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct ChannelKind {
    /// Whose code.
    pub coding: Coding,
    /// Four bits: 3 B, 6 H0, 8 H11, 9 H12.
    pub value: u8,
}

impl ChannelKind {
    /// A B channel of 64 kbit/s.
    pub const B: Self = Self { coding: Coding::Itu, value: 3 };
}

impl ChannelId {
    /// B channel `number` (time slot) of a primary rate interface, preferred.
    pub fn primary(number: u8) -> Self {
        Self::of(Channels::Numbers { kind: ChannelKind::B, numbers: vec![number & !LAST] })
    }

    /// A channel of a basic interface, preferred.
    pub fn basic(channel: BasicChannel) -> Self {
        Self::of(Channels::Basic(channel))
    }

    /// These channels, preferred, of the interface of the D channel.
    pub fn of(channels: Channels) -> Self {
        Self { interface: None, exclusive: false, d_channel: false, channels }
    }

    /// The same, and no other channel will do.
    pub fn exclusively(self) -> Self {
        Self { exclusive: true, ..self }
    }

    /// The same of the interface with this identifier, 0 to 127 (NFAS).
    pub fn on_interface(self, interface: u8) -> Self {
        Self { interface: Some(vec![interface & !LAST]), ..self }
    }

    /// The interface's identifier, if it is named by one octet.
    pub fn interface_number(&self) -> Option<u8> {
        match self.interface.as_deref() {
            Some([number]) => Some(*number),
            _ => None,
        }
    }

    /// Whether it is coded for a basic interface.
    pub fn is_basic(&self) -> bool {
        matches!(self.channels, Channels::Basic(_))
    }

    /// The first channel that it names: 1 or 2 of a basic interface, else the number or the time slot of
    /// the map (1 to 24 where three octets are sent, 0 to 31 where four are).
    pub fn channel(&self) -> Option<u8> {
        self.numbers().first().copied()
    }

    /// Every channel that it names, see [`Self::channel`].
    pub fn numbers(&self) -> Vec<u8> {
        match &self.channels {
            Channels::Basic(BasicChannel::B1) => vec![1],
            Channels::Basic(BasicChannel::B2) => vec![2],
            Channels::Basic(_) | Channels::None | Channels::Any | Channels::Interface => Vec::new(),
            Channels::Numbers { numbers, .. } => numbers.clone(),
            Channels::Map { map, .. } => {
                let first = if map.len() == 3 { 1 } else { 0 };
                let bits =
                    map.iter().rev().flat_map(|octet| (0..8).map(move |bit| octet >> bit & 1));
                (first..=u8::MAX)
                    .zip(bits)
                    .filter(|(_, bit)| *bit == 1)
                    .map(|(slot, _)| slot)
                    .collect()
            }
        }
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (head, _) = octets.grouped()?;
        let interface = match head & EXPLICIT != 0 {
            true => Some(octets.group()?),
            false => None,
        };
        let channels = match (head & PRIMARY != 0, head & 3) {
            (false, 0) => Channels::Basic(BasicChannel::None),
            (false, 1) => Channels::Basic(BasicChannel::B1),
            (false, 2) => Channels::Basic(BasicChannel::B2),
            (false, _) => Channels::Basic(BasicChannel::Any),
            (true, 0) => Channels::None,
            (true, 3) => Channels::Any,
            (true, 1) if octets.0.is_empty() && interface.is_some() => Channels::Interface,
            (true, 1) => Channels::read(&mut octets)?,
            (true, _) => return None,
        };
        octets.0.is_empty().then_some(Self {
            interface,
            exclusive: head & EXCLUSIVE != 0,
            d_channel: head & D_CHANNEL != 0,
            channels,
        })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        let selection = match &self.channels {
            Channels::Basic(channel) => *channel as u8,
            Channels::None => PRIMARY,
            Channels::Any => PRIMARY | 3,
            Channels::Interface | Channels::Numbers { .. } | Channels::Map { .. } => PRIMARY | 1,
        };
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        octets.push(
            LAST | selection
                | flag(self.interface.is_some(), EXPLICIT)
                | flag(self.exclusive, EXCLUSIVE)
                | flag(self.d_channel, D_CHANNEL),
        );
        if let Some(interface) = &self.interface {
            write_group(octets, interface);
        }
        match &self.channels {
            Channels::Numbers { kind, numbers } => {
                octets.push(LAST | kind.bits());
                write_group(octets, numbers);
            }
            Channels::Map { kind, map } => {
                octets.push(LAST | MAP | kind.bits());
                octets.extend(map);
            }
            Channels::Basic(_) | Channels::None | Channels::Any | Channels::Interface => {}
        }
    }
}

impl ChannelKind {
    fn bits(self) -> u8 {
        self.coding.bits() | self.value & 0xf
    }
}

impl Channels {
    fn read(octets: &mut Octets<'_>) -> Option<Self> {
        let (head, _) = octets.grouped()?;
        let kind = ChannelKind { coding: Coding::from_bits(head), value: head & 0xf };
        let rest = octets.rest();
        if rest.is_empty() {
            return None;
        }
        Some(match head & MAP != 0 {
            true => Self::Map { kind, map: rest.to_vec() },
            // Some set the extension bit on each number, some on the last, some on none.
            false => {
                Self::Numbers { kind, numbers: rest.iter().map(|octet| octet & !LAST).collect() }
            }
        })
    }
}

impl fmt::Display for ChannelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.channels, self.numbers().as_slice()) {
            (Channels::Basic(BasicChannel::None) | Channels::None, _) => {
                f.write_str("no channel")?
            }
            (Channels::Basic(BasicChannel::Any) | Channels::Any, _) => {
                f.write_str("any channel")?
            }
            (Channels::Interface, _) => f.write_str("every channel")?,
            (Channels::Basic(_), [number]) => write!(f, "channel B{number}")?,
            (_, [number]) => write!(f, "channel {number}")?,
            (_, numbers) => {
                f.write_str("channels")?;
                numbers.iter().try_for_each(|number| write!(f, " {number}"))?;
            }
        }
        match self.interface.as_deref() {
            None => {}
            Some(interface) => {
                f.write_str(" of interface")?;
                interface.iter().try_for_each(|octet| write!(f, " {octet}"))?;
            }
        }
        if self.d_channel {
            f.write_str(", the D channel")?;
        }
        f.write_str(if self.exclusive { " exclusive" } else { " preferred" })
    }
}

/// Bits of octet 3 (ITU-T Q.931 figure 4-18).
const EXPLICIT: u8 = 0x40;
const PRIMARY: u8 = 0x20;
const EXCLUSIVE: u8 = 0x08;
const D_CHANNEL: u8 = 0x04;
/// The bit of octet 3.2 that says that a map follows.
const MAP: u8 = 0x10;
