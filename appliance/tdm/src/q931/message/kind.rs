//! What a message is for (ITU-T Q.931 table 4-2, Q.932 table 8-1).

use core::fmt;

/// The protocol that a message belongs to: its first octet (ITU-T Q.931 §4.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub enum Discriminator {
    /// Call control, 0x08.
    CallControl,
    /// Maintenance of channels as AT&T's switches have it, 0x03 (AT&T TR 41459).
    MaintenanceAtt,
    /// Maintenance of channels as National ISDN has it, 0x43 (Telcordia SR-4994, ANSI T1.607 annex).
    MaintenanceNational,
}

impl Discriminator {
    /// The one that this octet names, if we speak it.
    pub fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            0x08 => Some(Self::CallControl),
            0x03 => Some(Self::MaintenanceAtt),
            0x43 => Some(Self::MaintenanceNational),
            _ => None,
        }
    }

    /// Its octet.
    pub fn octet(self) -> u8 {
        match self {
            Self::CallControl => 0x08,
            Self::MaintenanceAtt => 0x03,
            Self::MaintenanceNational => 0x43,
        }
    }
}

macro_rules! kinds {
    ($($name:ident $octet:literal $words:literal,)*) => {
        /// What a message is for: its discriminator and its message type together.
        #[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
        pub enum MessageKind {
            $(#[doc = $words] $name,)*
            /// SERVICE: a channel changes its state; of the maintenance protocol named.
            Service(Discriminator),
            /// SERVICE ACKNOWLEDGE of the maintenance protocol named.
            ServiceAck(Discriminator),
            /// A type of one country or network, in the octet after the escape 0x00 (ITU-T Q.931 §4.4).
            Escaped(u8),
            /// A type that we do not know.
            Unknown(Discriminator, u8),
        }

        impl MessageKind {
            /// Every kind of call control that has a name.
            pub const NAMED: &[Self] = &[$(Self::$name,)*];

            /// The kind of a message with this discriminator and this type, which is not the escape.
            pub fn from_octet(discriminator: Discriminator, octet: u8) -> Self {
                match (discriminator, octet) {
                    $((Discriminator::CallControl, $octet) => Self::$name,)*
                    (Discriminator::CallControl, octet) => Self::Unknown(discriminator, octet),
                    (_, SERVICE) => Self::Service(discriminator),
                    (_, SERVICE_ACK) => Self::ServiceAck(discriminator),
                    (_, octet) => Self::Unknown(discriminator, octet),
                }
            }

            /// Its message type: one octet, or the second one after the escape.
            pub fn octet(self) -> u8 {
                match self {
                    $(Self::$name => $octet,)*
                    Self::Service(_) => SERVICE,
                    Self::ServiceAck(_) => SERVICE_ACK,
                    Self::Escaped(octet) | Self::Unknown(_, octet) => octet,
                }
            }

            fn words(self) -> Option<&'static str> {
                match self {
                    $(Self::$name => Some($words),)*
                    Self::Service(_) => Some("SERVICE"),
                    Self::ServiceAck(_) => Some("SERVICE ACKNOWLEDGE"),
                    Self::Escaped(_) | Self::Unknown(..) => None,
                }
            }
        }
    };
}

kinds! {
    Alerting 0x01 "ALERTING",
    CallProceeding 0x02 "CALL PROCEEDING",
    Progress 0x03 "PROGRESS",
    Setup 0x05 "SETUP",
    Connect 0x07 "CONNECT",
    SetupAck 0x0d "SETUP ACKNOWLEDGE",
    ConnectAck 0x0f "CONNECT ACKNOWLEDGE",
    UserInformation 0x20 "USER INFORMATION",
    SuspendReject 0x21 "SUSPEND REJECT",
    ResumeReject 0x22 "RESUME REJECT",
    Hold 0x24 "HOLD",
    Suspend 0x25 "SUSPEND",
    Resume 0x26 "RESUME",
    HoldAck 0x28 "HOLD ACKNOWLEDGE",
    SuspendAck 0x2d "SUSPEND ACKNOWLEDGE",
    ResumeAck 0x2e "RESUME ACKNOWLEDGE",
    HoldReject 0x30 "HOLD REJECT",
    Retrieve 0x31 "RETRIEVE",
    RetrieveAck 0x33 "RETRIEVE ACKNOWLEDGE",
    RetrieveReject 0x37 "RETRIEVE REJECT",
    Disconnect 0x45 "DISCONNECT",
    Restart 0x46 "RESTART",
    Release 0x4d "RELEASE",
    RestartAck 0x4e "RESTART ACKNOWLEDGE",
    ReleaseComplete 0x5a "RELEASE COMPLETE",
    Segment 0x60 "SEGMENT",
    Facility 0x62 "FACILITY",
    Register 0x64 "REGISTER",
    Notify 0x6e "NOTIFY",
    StatusEnquiry 0x75 "STATUS ENQUIRY",
    CongestionControl 0x79 "CONGESTION CONTROL",
    Information 0x7b "INFORMATION",
    Status 0x7d "STATUS",
}

impl MessageKind {
    /// The protocol that it belongs to.
    pub fn discriminator(self) -> Discriminator {
        match self {
            Self::Service(discriminator)
            | Self::ServiceAck(discriminator)
            | Self::Unknown(discriminator, _) => discriminator,
            _ => Discriminator::CallControl,
        }
    }
}

impl fmt::Display for MessageKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.words(), self) {
            (Some(words), _) => f.write_str(words),
            (None, Self::Escaped(octet)) => write!(f, "national message {octet:#04x}"),
            (None, _) => write!(f, "unknown message {:#04x}", self.octet()),
        }
    }
}

/// Types of the maintenance protocols (AT&T TR 41459, Telcordia SR-4994).
const SERVICE: u8 = 0x0f;
const SERVICE_ACK: u8 = 0x07;
