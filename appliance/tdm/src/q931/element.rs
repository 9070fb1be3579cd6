//! What stands in messages: information elements with their meaning (ITU-T Q.931 §4.5, Q.932 §8.2).

mod bearer;
mod cause;
mod channel;
mod coding;
mod number;
mod octets;
mod progress;
mod sign;
mod text;
mod user;

pub use bearer::{BearerCapability, Layer1, Rate, Transfer};
pub use cause::{Cause, CauseValue};
pub use channel::{BasicChannel, ChannelId, ChannelKind, Channels};
pub use coding::{Coding, Location};
pub use number::{
    Number, NumberingPlan, PartyNumber, Presentation, RedirectingNumber, RedirectionReason,
    Screening, TypeOfNumber,
};
pub use progress::{CallState, Notification, Progress};
pub use sign::{ChangeStatus, RestartIndicator, ServiceStatus, Signal};
pub use text::{Display, Keypad};
pub use user::{Subaddress, UserUser};

/// An element that we keep as it came.
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Raw {
    /// The set of codes that its identifier is of: 0 ITU-T, 4 ISO, 5 national, 6 network, 7 user
    /// (ITU-T Q.931 §4.5.2).
    pub codeset: u8,
    /// Its identifier; with bit 8 it is an element of one octet, without content.
    pub id: u8,
    /// Its content, at most 255 octets.
    pub content: Vec<u8>,
}

macro_rules! elements {
    ($($name:ident($kind:ty) $id:literal $read:path, $write:path;)*) => {
        /// One element and what it means.
        #[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
        pub enum Element {
            $(#[doc = concat!("Identifier ", stringify!($id), " of codeset 0.")] $name($kind),)*
            /// No digits follow: 0xa1 (ITU-T Q.931 §4.5.27).
            SendingComplete,
            /// More of this user's data follows in another message: 0xa0 (ITU-T Q.931 §4.5.20).
            MoreData,
            /// Whether users may send data: 0xb0, four bits; 0 ready, 15 not ready (ITU-T Q.931 §4.5.14).
            CongestionLevel(u8),
            /// How to choose among those that follow: 0xd0, four bits; 2 by priority (ITU-T Q.931 §4.5.24).
            RepeatIndicator(u8),
            /// The elements behind it are of another codeset (ITU-T Q.931 §4.5.3, §4.5.4).
            Shift {
                /// Which, 0 to 7.
                codeset: u8,
                /// Whether for all that follow, or for the next one.
                locking: bool,
            },
            /// An element that we do not read.
            Other(Raw),
            /// An element that we would read, but whose content is wrong.
            Malformed(Raw),
        }

        impl Element {
            /// Its identifier.
            pub fn id(&self) -> u8 {
                match self {
                    $(Self::$name(_) => $id,)*
                    Self::SendingComplete => 0xa1,
                    Self::MoreData => 0xa0,
                    Self::CongestionLevel(level) => 0xb0 | level & 0xf,
                    Self::RepeatIndicator(how) => 0xd0 | how & 0xf,
                    Self::Shift { codeset, locking } => {
                        0x90 | if *locking { 0 } else { 8 } | codeset & 7
                    }
                    Self::Other(raw) | Self::Malformed(raw) => raw.id,
                }
            }

            /// What the content of an element of several octets means.
            pub(super) fn read(codeset: u8, id: u8, content: &[u8]) -> Self {
                let raw = || Raw { codeset, id, content: content.to_vec() };
                let element = match (codeset, id) {
                    $((0, $id) => $read(content).map(Self::$name),)*
                    // Switches of North America send what they show in the network's codeset.
                    (6, DISPLAY) => Display::read(content).map(Self::Display),
                    _ => return Self::Other(raw()),
                };
                element.unwrap_or_else(|| Self::Malformed(raw()))
            }

            /// Writes its content; none has what is of one octet.
            pub(super) fn write(&self, octets: &mut Vec<u8>) {
                match self {
                    $(Self::$name(element) => $write(element, octets),)*
                    Self::Other(raw) | Self::Malformed(raw) => octets.extend(&raw.content),
                    Self::SendingComplete
                    | Self::MoreData
                    | Self::CongestionLevel(_)
                    | Self::RepeatIndicator(_)
                    | Self::Shift { .. } => {}
                }
            }
        }
    };
}

elements! {
    ChangeStatus(ChangeStatus) 0x01 ChangeStatus::read, ChangeStatus::write;
    BearerCapability(BearerCapability) 0x04 BearerCapability::read, BearerCapability::write;
    Cause(Cause) 0x08 Cause::read, Cause::write;
    CallState(CallState) 0x14 CallState::read, CallState::write;
    ChannelId(ChannelId) 0x18 ChannelId::read, ChannelId::write;
    Progress(Progress) 0x1e Progress::read, Progress::write;
    Notification(Notification) 0x27 Notification::read, Notification::write;
    Display(Display) 0x28 Display::read, Display::write;
    Keypad(Keypad) 0x2c Keypad::read, Keypad::write;
    Signal(Signal) 0x34 Signal::read, Signal::write;
    ConnectedNumber(PartyNumber) 0x4c PartyNumber::read, PartyNumber::write;
    ConnectedSubaddress(Subaddress) 0x4d Subaddress::read, Subaddress::write;
    CallingNumber(PartyNumber) 0x6c PartyNumber::read, PartyNumber::write;
    CallingSubaddress(Subaddress) 0x6d Subaddress::read, Subaddress::write;
    CalledNumber(Number) 0x70 Number::read_called, Number::write_called;
    CalledSubaddress(Subaddress) 0x71 Subaddress::read, Subaddress::write;
    OriginalCalledNumber(RedirectingNumber) 0x73 RedirectingNumber::read, RedirectingNumber::write;
    RedirectingNumber(RedirectingNumber) 0x74 RedirectingNumber::read, RedirectingNumber::write;
    RedirectionNumber(PartyNumber) 0x76 PartyNumber::read, PartyNumber::write;
    RestartIndicator(RestartIndicator) 0x79 RestartIndicator::read, RestartIndicator::write;
    UserUser(UserUser) 0x7e UserUser::read, UserUser::write;
}

macro_rules! from {
    ($($name:ident)*) => {
        $(impl From<$name> for Element {
            fn from(element: $name) -> Self {
                Self::$name(element)
            }
        })*
    };
}

from! {
    ChangeStatus BearerCapability Cause CallState ChannelId Progress Notification Display Keypad Signal
    RestartIndicator UserUser
}

impl Element {
    /// The codeset that it belongs to by itself: 0, or that of a raw one.
    pub fn codeset(&self) -> u8 {
        match self {
            Self::Other(raw) | Self::Malformed(raw) => raw.codeset & 7,
            _ => 0,
        }
    }

    /// What an element of one octet means: its bit 8 is set (ITU-T Q.931 §4.5.1, table 4-3).
    pub(super) fn of_one_octet(codeset: u8, octet: u8) -> Self {
        match octet {
            0x90..=0x9f => Self::Shift { codeset: octet & 7, locking: octet & 8 == 0 },
            0xa0 if codeset == 0 => Self::MoreData,
            0xa1 if codeset == 0 => Self::SendingComplete,
            0xb0..=0xbf if codeset == 0 => Self::CongestionLevel(octet & 0xf),
            0xd0..=0xdf if codeset == 0 => Self::RepeatIndicator(octet & 0xf),
            id => Self::Other(Raw { codeset, id, content: Vec::new() }),
        }
    }
}

/// The identifier of the display element.
const DISPLAY: u8 = 0x28;
