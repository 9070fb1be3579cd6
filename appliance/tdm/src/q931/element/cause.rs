//! Why something ended or was refused (ITU-T Q.850).

use super::coding::{Coding, Location};
use super::octets::{LAST, Octets, write_group};
use core::fmt;

/// A reason and who gives it (ITU-T Q.850 §2).
#[derive(Clone, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct Cause {
    /// Whose code the value is of.
    pub coding: Coding,
    /// Who gives it.
    pub location: Location,
    /// Octet 3a if there is one: the Recommendation that the value is of, 7 bits (0: Q.931).
    pub recommendation: Option<u8>,
    /// The reason.
    pub value: CauseValue,
    /// What belongs to the reason: numbers of elements, a message type, a number (ITU-T Q.850 table 1).
    pub diagnostics: Vec<u8>,
}

impl Cause {
    /// A reason of ITU-T's without diagnostics.
    pub fn new(location: Location, value: CauseValue) -> Self {
        let diagnostics = Vec::new();
        Self { coding: Coding::Itu, location, recommendation: None, value, diagnostics }
    }

    /// The same with diagnostics.
    pub fn with_diagnostics(self, diagnostics: impl Into<Vec<u8>>) -> Self {
        Self { diagnostics: diagnostics.into(), ..self }
    }

    pub(super) fn read(content: &[u8]) -> Option<Self> {
        let mut octets = Octets(content);
        let (head, last) = octets.grouped()?;
        let recommendation = match last {
            true => None,
            false => octets.group()?.first().copied(),
        };
        let (value, _) = octets.grouped()?;
        let diagnostics = octets.rest().to_vec();
        let (coding, location) = (Coding::from_bits(head), Location::new(head));
        Some(Self { coding, location, recommendation, value: CauseValue::new(value), diagnostics })
    }

    pub(super) fn write(&self, octets: &mut Vec<u8>) {
        let head = self.coding.bits() | self.location.value();
        match self.recommendation {
            None => write_group(octets, &[head]),
            Some(recommendation) => write_group(octets, &[head, recommendation]),
        }
        octets.push(self.value.value() | LAST);
        octets.extend(&self.diagnostics);
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.coding {
            Coding::Itu => write!(f, "{}", self.value)?,
            coding => write!(f, "cause {} ({coding})", self.value.value())?,
        }
        write!(f, ", from the {}", self.location)?;
        if !self.diagnostics.is_empty() {
            write!(f, ", about")?;
            self.diagnostics.iter().try_for_each(|octet| write!(f, " {octet:02x}"))?;
        }
        Ok(())
    }
}

/// The number of a reason: 7 bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, PartialOrd, Ord, Hash)]
pub struct CauseValue(u8);

impl CauseValue {
    /// The reason of this number; the eighth bit is cut off.
    pub fn new(value: u8) -> Self {
        Self(value & 0x7f)
    }

    /// Its number, 0 to 127.
    pub fn value(self) -> u8 {
        self.0
    }

    /// What it is called (ITU-T Q.850 §2.2.7), if it has a name.
    pub fn name(self) -> Option<&'static str> {
        NAMES.iter().find(|(value, _)| *value == self.0).map(|(_, name)| *name)
    }
}

impl fmt::Display for CauseValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "cause {}", self.0),
        }
    }
}

macro_rules! values {
    ($($constant:ident $value:literal $name:literal,)*) => {
        impl CauseValue {
            $(#[doc = $name] pub const $constant: Self = Self($value);)*
        }

        /// Numbers and names (ITU-T Q.850 §2.2.7).
        const NAMES: &[(u8, &str)] = &[$(($value, $name),)*];
    };
}

values! {
    UNALLOCATED 1 "unallocated number",
    NO_ROUTE_TO_TRANSIT 2 "no route to the transit network",
    NO_ROUTE 3 "no route to the destination",
    SPECIAL_TONE 4 "send special information tone",
    MISDIALLED_PREFIX 5 "misdialled trunk prefix",
    CHANNEL_UNACCEPTABLE 6 "channel unacceptable",
    AWARDED 7 "call awarded on an established channel",
    PREEMPTION 8 "preemption",
    PREEMPTION_RESERVED 9 "preemption, circuit reserved",
    PORTED 14 "number ported",
    NORMAL 16 "normal clearing",
    BUSY 17 "user busy",
    NO_USER_RESPONDING 18 "no user responding",
    NO_ANSWER 19 "no answer from the user",
    ABSENT 20 "subscriber absent",
    REJECTED 21 "call rejected",
    NUMBER_CHANGED 22 "number changed",
    NEW_DESTINATION 23 "redirection to a new destination",
    FEATURE_REJECTED 24 "rejected due to a feature at the destination",
    ROUTING_ERROR 25 "exchange routing error",
    NON_SELECTED 26 "cleared by another user's selection",
    OUT_OF_ORDER 27 "destination out of order",
    INVALID_NUMBER 28 "number invalid or incomplete",
    FACILITY_REJECTED 29 "facility rejected",
    STATUS_ENQUIRED 30 "answer to a status enquiry",
    NORMAL_UNSPECIFIED 31 "normal, unspecified",
    NO_CHANNEL 34 "no channel available",
    NETWORK_OUT_OF_ORDER 38 "network out of order",
    FRAME_MODE_OUT_OF_SERVICE 39 "permanent connection out of service",
    FRAME_MODE_OPERATIONAL 40 "permanent connection operational",
    TEMPORARY_FAILURE 41 "temporary failure",
    CONGESTION 42 "switching equipment congested",
    ACCESS_DISCARDED 43 "access information discarded",
    CHANNEL_NOT_AVAILABLE 44 "requested channel not available",
    PRECEDENCE_BLOCKED 46 "precedence call blocked",
    RESOURCE_UNAVAILABLE 47 "resource unavailable",
    QUALITY_UNAVAILABLE 49 "quality of service not available",
    NOT_SUBSCRIBED 50 "facility not subscribed",
    OUTGOING_BARRED 53 "outgoing calls barred within the group",
    INCOMING_BARRED 55 "incoming calls barred within the group",
    BEARER_NOT_AUTHORIZED 57 "bearer capability not authorized",
    BEARER_NOT_AVAILABLE 58 "bearer capability not available now",
    INCONSISTENT_ACCESS 62 "inconsistent access information",
    SERVICE_NOT_AVAILABLE 63 "service or option not available",
    BEARER_NOT_IMPLEMENTED 65 "bearer capability not implemented",
    CHANNEL_TYPE_NOT_IMPLEMENTED 66 "channel type not implemented",
    FACILITY_NOT_IMPLEMENTED 69 "facility not implemented",
    ONLY_RESTRICTED_DIGITAL 70 "only restricted digital information available",
    SERVICE_NOT_IMPLEMENTED 79 "service or option not implemented",
    INVALID_CALL_REFERENCE 81 "invalid call reference",
    CHANNEL_DOES_NOT_EXIST 82 "channel does not exist",
    CALL_IDENTITY_UNKNOWN 83 "a call is suspended, but not of this identity",
    CALL_IDENTITY_IN_USE 84 "call identity in use",
    NO_CALL_SUSPENDED 85 "no call suspended",
    CALL_CLEARED 86 "the call of this identity is cleared",
    NOT_A_MEMBER 87 "user not a member of the group",
    INCOMPATIBLE 88 "incompatible destination",
    NO_SUCH_GROUP 90 "group does not exist",
    INVALID_TRANSIT 91 "invalid transit network",
    INVALID_MESSAGE 95 "invalid message",
    MANDATORY_MISSING 96 "mandatory element missing",
    TYPE_NOT_IMPLEMENTED 97 "message type unknown",
    NOT_COMPATIBLE_OR_NOT_IMPLEMENTED 98 "message unknown or not fitting the call's state",
    ELEMENT_NOT_IMPLEMENTED 99 "element unknown",
    INVALID_CONTENT 100 "content of an element invalid",
    NOT_COMPATIBLE 101 "message not fitting the call's state",
    TIMER_EXPIRED 102 "recovery after a timer ran out",
    PARAMETER_PASSED_ON 103 "parameter unknown, passed on",
    PARAMETER_DISCARDED 110 "message with an unknown parameter discarded",
    PROTOCOL_ERROR 111 "protocol error",
    INTERWORKING 127 "interworking, unspecified",
}
