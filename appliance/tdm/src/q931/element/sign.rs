//! Elements of one value: signal, restart indicator, change status, repeat and congestion.

use super::octets::{LAST, Octets};
use core::fmt;

/// A tone or a ring that the network asks a set for (ITU-T Q.931 §4.5.28).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Signal(pub u8);

impl Signal {
    /// Dial tone.
    pub const DIAL_TONE: Self = Self(0x00);
    /// Ring back tone.
    pub const RING_BACK: Self = Self(0x01);
    /// Busy tone.
    pub const BUSY: Self = Self(0x04);
    /// No tone any more.
    pub const OFF: Self = Self(0x3f);
    /// Ring as for a usual call.
    pub const ALERTING_ON: Self = Self(0x40);
    /// Ring no more.
    pub const ALERTING_OFF: Self = Self(0x4f);

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        Octets(content).next().map(Self)
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        octets.push(self.0);
    }
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.0 {
            0x00 => "dial tone",
            0x01 => "ring back tone",
            0x02 => "intercept tone",
            0x03 => "congestion tone",
            0x04 => "busy tone",
            0x05 => "confirm tone",
            0x06 => "answer tone",
            0x07 => "call waiting tone",
            0x08 => "off-hook warning tone",
            0x09 => "preemption tone",
            0x3f => "tones off",
            pattern @ 0x40..=0x47 => return write!(f, "ring, pattern {}", pattern & 7),
            0x4f => "ring off",
            other => return write!(f, "signal {other}"),
        })
    }
}

/// What a restart is about (ITU-T Q.931 §4.5.25).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum RestartIndicator {
    /// The channels that the channel identification names.
    Channels,
    /// One interface: that of the channel identification, or else that of the D channel.
    Interface,
    /// Every interface of this D channel.
    AllInterfaces,
    /// A class that is reserved: three bits.
    Reserved(u8),
}

impl RestartIndicator {
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        Octets(content).next().map(|octet| match octet & 7 {
            0 => Self::Channels,
            6 => Self::Interface,
            7 => Self::AllInterfaces,
            other => Self::Reserved(other),
        })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        let class = match self {
            Self::Channels => 0,
            Self::Interface => 6,
            Self::AllInterfaces => 7,
            Self::Reserved(other) => other & 7,
        };
        octets.push(LAST | class);
    }
}

impl fmt::Display for RestartIndicator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Channels => "restart of the channels named",
            Self::Interface => "restart of one interface",
            Self::AllInterfaces => "restart of all interfaces",
            Self::Reserved(other) => return write!(f, "restart class {other}"),
        })
    }
}

/// What becomes of a channel (AT&T TR 41459, Telcordia SR-4994: SERVICE messages).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct ChangeStatus {
    /// What it is about: bit 7; set: a channel, unset: an interface.
    pub channel: bool,
    /// What it becomes.
    pub status: ServiceStatus,
}

/// A channel's or an interface's state of maintenance.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum ServiceStatus {
    /// It takes calls.
    InService,
    /// It is being looked at.
    Maintenance,
    /// It takes no calls.
    OutOfService,
    /// A value that not all switches have, such as of a D channel that stands by: six bits.
    Reserved(u8),
}

impl ChangeStatus {
    pub(super) fn read(content: &[u8]) -> Option<Self> {
        Octets(content).next().map(|octet| Self {
            channel: octet & CHANNEL != 0,
            status: match octet & 0x3f {
                0 => ServiceStatus::InService,
                1 => ServiceStatus::Maintenance,
                2 => ServiceStatus::OutOfService,
                other => ServiceStatus::Reserved(other),
            },
        })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        let status = match self.status {
            ServiceStatus::InService => 0,
            ServiceStatus::Maintenance => 1,
            ServiceStatus::OutOfService => 2,
            ServiceStatus::Reserved(other) => other & 0x3f,
        };
        octets.push(LAST | if self.channel { CHANNEL } else { 0 } | status);
    }
}

impl fmt::Display for ChangeStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.channel { "channel " } else { "interface " })?;
        match self.status {
            ServiceStatus::InService => f.write_str("in service"),
            ServiceStatus::Maintenance => f.write_str("in maintenance"),
            ServiceStatus::OutOfService => f.write_str("out of service"),
            ServiceStatus::Reserved(other) => write!(f, "in status {other}"),
        }
    }
}

/// The preference bit of octet 3.
const CHANNEL: u8 = 0x40;
