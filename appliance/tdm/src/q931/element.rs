//! What stands in messages: information elements with their meaning (ITU-T Q.931 §4.5, Q.932 §8.2).

mod bearer;
mod cause;
mod channel;
mod coding;
mod compatibility;
mod facility;
mod network;
mod number;
mod octets;
mod progress;
mod redirection;
mod sign;
mod text;
mod user;

pub use bearer::{BearerCapability, Layer1, Rate, Transfer};
pub use cause::{Cause, CauseValue};
pub use channel::{BasicChannel, ChannelId, ChannelKind, Channels};
pub use coding::{Coding, Location};
pub use compatibility::{HighLayer, LowLayer};
pub use facility::{
    Charge, ChargeTime, Code, Component, Cost, Counting, Diversion, DiversionReason, Facility,
    Name, NameOf, NameText, PresentedNumber, Service, Units,
};
pub use network::{CallIdentity, DateTime, NetworkFacility, Segmented, TransitNetwork};
pub use number::{Number, NumberingPlan, PartyNumber, Presentation, Screening, TypeOfNumber};
pub use progress::{CallState, Notification, Progress};
pub use redirection::{RedirectingNumber, RedirectionReason};
pub use sign::{ChangeStatus, RestartIndicator, ServiceStatus, Signal};
pub use text::{Display, Keypad};
pub use user::{Subaddress, UserUser};

use core::fmt;

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
    ($($(#[$doc:meta])* $name:ident($kind:ty) $id:literal $words:literal $read:path, $write:path;)*) => {
        /// One element and what it means.
        #[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
        pub enum Element {
            $($(#[$doc])* $name($kind),)*
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

        impl fmt::Display for Element {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name(element) => write!(f, concat!($words, "{}"), element),)*
                    Self::SendingComplete => f.write_str("no more digits"),
                    Self::MoreData => f.write_str("more data follows"),
                    Self::CongestionLevel(0) => f.write_str("ready for data"),
                    Self::CongestionLevel(15) => f.write_str("not ready for data"),
                    Self::CongestionLevel(level) => write!(f, "congestion level {level}"),
                    Self::RepeatIndicator(2) => f.write_str("the first possible of"),
                    Self::RepeatIndicator(how) => write!(f, "repeated, choice {how}"),
                    Self::Shift { codeset, locking: true } => write!(f, "from here codeset {codeset}"),
                    Self::Shift { codeset, .. } => write!(f, "next of codeset {codeset}"),
                    Self::Other(raw) => write!(f, "{raw}"),
                    Self::Malformed(raw) => write!(f, "wrongly coded {raw}"),
                }
            }
        }
    };
}

elements! {
    /// Which part of a long message this is.
    Segmented(Segmented) 0x00 "" Segmented::read, Segmented::write;
    /// What becomes of a channel.
    ChangeStatus(ChangeStatus) 0x01 "" ChangeStatus::read, ChangeStatus::write;
    /// What the call carries.
    BearerCapability(BearerCapability) 0x04 "" BearerCapability::read, BearerCapability::write;
    /// Why.
    Cause(Cause) 0x08 "" Cause::read, Cause::write;
    /// What a suspended call is called.
    CallIdentity(CallIdentity) 0x10 "" CallIdentity::read, CallIdentity::write;
    /// The state of the call.
    CallState(CallState) 0x14 "" CallState::read, CallState::write;
    /// Which channel.
    ChannelId(ChannelId) 0x18 "" ChannelId::read, ChannelId::write;
    /// Supplementary services.
    Facility(Facility) 0x1c "" Facility::read, Facility::write;
    /// What happens on the way.
    Progress(Progress) 0x1e "" Progress::read, Progress::write;
    /// What a network of its own offers.
    NetworkFacility(NetworkFacility) 0x20 "" NetworkFacility::read, NetworkFacility::write;
    /// What the party is told.
    Notification(Notification) 0x27 "" Notification::read, Notification::write;
    /// What a set is to show; also of codeset 6.
    Display(Display) 0x28 "display " Display::read, Display::write;
    /// The time of the network.
    DateTime(DateTime) 0x29 "date " DateTime::read, DateTime::write;
    /// Keys that were pressed.
    Keypad(Keypad) 0x2c "" Keypad::read, Keypad::write;
    /// A tone or a ring.
    Signal(Signal) 0x34 "" Signal::read, Signal::write;
    /// Who answered.
    ConnectedNumber(PartyNumber) 0x4c "connected " PartyNumber::read, PartyNumber::write;
    /// The address behind who answered.
    ConnectedSubaddress(Subaddress) 0x4d "connected sub-address " Subaddress::read, Subaddress::write;
    /// Who calls.
    CallingNumber(PartyNumber) 0x6c "calling " PartyNumber::read, PartyNumber::write;
    /// The address behind who calls.
    CallingSubaddress(Subaddress) 0x6d "calling sub-address " Subaddress::read, Subaddress::write;
    /// Who is called.
    CalledNumber(Number) 0x70 "called " Number::read_called, Number::write_called;
    /// The address behind who is called.
    CalledSubaddress(Subaddress) 0x71 "called sub-address " Subaddress::read, Subaddress::write;
    /// Whom the call was for at first.
    OriginalCalledNumber(RedirectingNumber) 0x73 "first called " RedirectingNumber::read, RedirectingNumber::write;
    /// Whom the call came away from.
    RedirectingNumber(RedirectingNumber) 0x74 "redirected by " RedirectingNumber::read, RedirectingNumber::write;
    /// Where the call goes now.
    RedirectionNumber(PartyNumber) 0x76 "redirected to " PartyNumber::read, PartyNumber::write;
    /// The network between.
    TransitNetwork(TransitNetwork) 0x78 "" TransitNetwork::read, TransitNetwork::write;
    /// What a restart is about.
    RestartIndicator(RestartIndicator) 0x79 "" RestartIndicator::read, RestartIndicator::write;
    /// What protocols the sets speak.
    LowLayer(LowLayer) 0x7c "low layer " LowLayer::read, LowLayer::write;
    /// What sort of set it is for.
    HighLayer(HighLayer) 0x7d "for " HighLayer::read, HighLayer::write;
    /// What the user says.
    UserUser(UserUser) 0x7e "" UserUser::read, UserUser::write;
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
    Segmented ChangeStatus BearerCapability Cause CallIdentity CallState ChannelId Facility Progress
    NetworkFacility Notification Display DateTime Keypad Signal TransitNetwork RestartIndicator LowLayer
    HighLayer UserUser
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

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match named(self.id).filter(|_| self.codeset == 0) {
            Some(name) => f.write_str(name),
            None => write!(f, "element {:#04x}", self.id),
        }
    }
}

/// What an element of codeset 0 is called, if the Recommendations have it.
pub(super) fn named(id: u8) -> Option<&'static str> {
    NAMES.iter().find(|(named, _)| *named == id).map(|(_, name)| *name)
}

/// Elements of codeset 0 (ITU-T Q.931 table 4-3, Q.932 table 8-3, ANSI T1.607): those that we may find
/// wrongly coded, and those that we keep without reading them.
const NAMES: &[(u8, &str)] = &[
    (0x00, "segmented message"),
    (0x01, "change status"),
    (0x04, "bearer capability"),
    (0x08, "cause"),
    (0x0d, "extended facility"),
    (0x10, "call identity"),
    (0x14, "call state"),
    (0x18, "channel identification"),
    (0x1c, "facility"),
    (0x1e, "progress indicator"),
    (0x20, "network-specific facilities"),
    (0x27, "notification indicator"),
    (0x28, "display"),
    (0x29, "date and time"),
    (0x2c, "keypad facility"),
    (0x32, "information request"),
    (0x34, "signal"),
    (0x36, "switchhook"),
    (0x37, "generic digits"),
    (0x38, "feature activation"),
    (0x39, "feature indication"),
    (0x3a, "service profile identification"),
    (0x3b, "endpoint identifier"),
    (0x40, "information rate"),
    (0x42, "end-to-end transit delay"),
    (0x43, "transit delay selection"),
    (0x44, "packet layer parameters"),
    (0x45, "packet window size"),
    (0x46, "packet size"),
    (0x47, "closed user group"),
    (0x4a, "reverse charging"),
    (0x4c, "connected number"),
    (0x4d, "connected sub-address"),
    (0x6c, "calling party number"),
    (0x6d, "calling party sub-address"),
    (0x70, "called party number"),
    (0x71, "called party sub-address"),
    (0x73, "original called number"),
    (0x74, "redirecting number"),
    (0x76, "redirection number"),
    (0x78, "transit network selection"),
    (0x79, "restart indicator"),
    (0x7c, "low layer compatibility"),
    (0x7d, "high layer compatibility"),
    (0x7e, "user-user"),
];

/// The identifier of the display element.
const DISPLAY: u8 = 0x28;
