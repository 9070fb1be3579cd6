//! Causes of ITU-T Q.850: the language in which trunks and lines say why a call came to nothing.

use crate::Why;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A cause value of ITU-T Q.850 (10/2018) Table 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Cause(pub u8);

impl Cause {
    /// The cause of this number, if a cause may have it: 1 to 127, as it is 7 bits wide and 0 says
    /// nothing (ITU-T Q.850 §2.2.5).
    pub fn new(value: u16) -> Option<Self> {
        u8::try_from(value).ok().filter(|value| (1..=127).contains(value)).map(Self)
    }

    /// What has happened when a network or a called side refuses with this cause and says no more.
    pub fn why(self) -> Why {
        match self {
            Self::UNALLOCATED_NUMBER
            | Self::SPECIAL_TONE
            | Self::MISDIALLED_PREFIX
            | Self::NUMBER_CHANGED
            | Self::NEW_DESTINATION
            | Self::NOT_SELECTED => Why::NoSuchNumber,
            Self::NO_ROUTE_TO_TRANSIT | Self::NO_ROUTE => Why::NoRoute,
            Self::NORMAL_CLEARING => Why::HungUp,
            Self::USER_BUSY => Why::Busy,
            Self::NO_ANSWER => Why::NoAnswer,
            Self::NO_USER_RESPONDING
            | Self::SUBSCRIBER_ABSENT
            | Self::DESTINATION_OUT_OF_ORDER
            | Self::RECOVERY_ON_TIMER => Why::Unreachable,
            Self::INVALID_NUMBER => Why::Incomplete,
            Self::CALL_REJECTED
            | Self::FEATURE_REJECTED
            | Self::FACILITY_REJECTED
            | Self::NORMAL_UNSPECIFIED
            | Self::NOT_SUBSCRIBED
            | Self::OUTGOING_BARRED
            | Self::OUTGOING_BARRED_IN_GROUP
            | Self::INCOMING_BARRED
            | Self::INCOMING_BARRED_IN_GROUP
            | Self::BEARER_NOT_AUTHORIZED
            | Self::INCONSISTENT_ACCESS
            | Self::FACILITY_NOT_IMPLEMENTED
            | Self::SERVICE_NOT_IMPLEMENTED
            | Self::NOT_A_MEMBER
            | Self::NO_SUCH_GROUP => Why::Rejected,
            Self::BEARER_NOT_IMPLEMENTED | Self::ONLY_RESTRICTED_DIGITAL | Self::INCOMPATIBLE => {
                Why::NoCommonMedia
            }
            Self(81..=86 | 95..=101 | 103..=111) => Why::ProtocolError,
            // Its channels, its switches and its ways are the carrier's.
            _ => Why::CarrierFailed,
        }
    }
}

/// A clause for people, as [`Why`] is one: "no line is free".
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match WORDS.iter().find(|(cause, _)| cause == self) {
            Some((_, words)) => f.write_str(words),
            None => write!(f, "cause {} of Q.850", self.0),
        }
    }
}

macro_rules! causes {
    ($($(#[$doc:meta])* $name:ident $value:literal $words:literal,)*) => {
        impl Cause {
            $($(#[$doc])* pub const $name: Self = Self($value);)*
        }

        const WORDS: &[(Cause, &str)] = &[$((Cause::$name, $words),)*];
    };
}

// Numbers and meanings: ITU-T Q.850 §2.2.7.
causes! {
    /// 1: the number is well formed, and nobody has it.
    UNALLOCATED_NUMBER 1 "nobody has this number",
    /// 2: the network that the call shall go through is not known, or not for this caller.
    NO_ROUTE_TO_TRANSIT 2 "no route leads to the network that was asked for",
    /// 3: no network leads to the destination.
    NO_ROUTE 3 "no route leads there",
    /// 4: the number cannot be reached for long; a special information tone says so.
    SPECIAL_TONE 4 "this number cannot be reached for a long time to come",
    /// 5: a trunk prefix was dialled where none belongs.
    MISDIALLED_PREFIX 5 "the number begins with a wrong prefix",
    /// 6: the channel cannot be used for this call.
    CHANNEL_UNACCEPTABLE 6 "the other side does not take the channel",
    /// 7: the call comes on a channel that is in use for calls like it.
    AWARDED 7 "the call goes to a channel that is up already",
    /// 8: a more important call took its place.
    PREEMPTION 8 "a more important call took its place",
    /// 9: the same, and the circuit is kept for that call.
    PREEMPTION_RESERVED 9 "a more important call took its line",
    /// 14: another network has the number now.
    PORTED 14 "the number has moved to another network",
    /// 16: one side hung up.
    NORMAL_CLEARING 16 "hung up",
    /// 17: the called side has no room for a further call.
    USER_BUSY 17 "busy",
    /// 18: the called side's equipment did not answer the network.
    NO_USER_RESPONDING 18 "the called side's equipment did not answer",
    /// 19: it rang, and nobody answered.
    NO_ANSWER 19 "nobody answered",
    /// 20: a mobile or other subscriber is not there.
    SUBSCRIBER_ABSENT 20 "the called phone is switched off or away",
    /// 21: the called side could take the call, and does not want to.
    CALL_REJECTED 21 "the call was refused",
    /// 22: the called side has another number now.
    NUMBER_CHANGED 22 "the number has changed",
    /// 23: the call shall go to another destination.
    NEW_DESTINATION 23 "the number leads to another one",
    /// 24: a feature of the called side refuses the call.
    FEATURE_REJECTED 24 "a feature of the called side refused the call",
    /// 25: the call ran through too many exchanges, or in a circle.
    ROUTING_ERROR 25 "the call ran in a circle or through too many networks",
    /// 26: another phone of the called side got the call.
    NOT_SELECTED 26 "another phone got the call",
    /// 27: the line to the called side does not work.
    DESTINATION_OUT_OF_ORDER 27 "the called line is out of order",
    /// 28: the number is incomplete or has a wrong format.
    INVALID_NUMBER 28 "the number is not complete",
    /// 29: the network cannot provide a feature that was asked for.
    FACILITY_REJECTED 29 "a feature that was asked for was refused",
    /// 30: the answer to an enquiry, and no end of a call.
    STATUS_ENQUIRED 30 "an enquiry was answered",
    /// 31: a normal event for which there is no other number.
    NORMAL_UNSPECIFIED 31 "ended without a reason",
    /// 34: no circuit or channel is free.
    NO_CIRCUIT 34 "no line is free",
    /// 38: the network is out of order, for long.
    NETWORK_OUT_OF_ORDER 38 "the network is out of order",
    /// 39: a permanent connection is out of service.
    PERMANENT_OUT_OF_SERVICE 39 "a permanent connection is out of service",
    /// 40: a permanent connection works.
    PERMANENT_OPERATIONAL 40 "a permanent connection works",
    /// 41: the network is out of order, not for long.
    TEMPORARY_FAILURE 41 "the network failed for a moment",
    /// 42: an exchange has too much to do.
    CONGESTION 42 "the network has too much to do",
    /// 43: the network could not pass on what was sent with the call.
    ACCESS_DISCARDED 43 "the network lost what was sent with the call",
    /// 44: the channel that was asked for is not free.
    CHANNEL_NOT_AVAILABLE 44 "the channel that was asked for is not free",
    /// 46: no call may be cut off for this important one.
    PRECEDENCE_BLOCKED 46 "no other call may be cut off for this one",
    /// 47: something is lacking for which there is no other number.
    RESOURCE_UNAVAILABLE 47 "the network has no room for the call",
    /// 49: the quality that was asked for cannot be had.
    QUALITY_UNAVAILABLE 49 "the network cannot give the quality that was asked for",
    /// 50: a feature was asked for that is not paid for.
    NOT_SUBSCRIBED 50 "a feature that was asked for is not part of the contract",
    /// 52: outgoing calls are barred. Not in Table 1, but in use beside 53.
    OUTGOING_BARRED 52 "outgoing calls are barred",
    /// 53: outgoing calls are barred within the closed user group.
    OUTGOING_BARRED_IN_GROUP 53 "outgoing calls are barred within the closed user group",
    /// 54: incoming calls are barred. Not in Table 1, but in use beside 55.
    INCOMING_BARRED 54 "incoming calls are barred",
    /// 55: incoming calls are barred within the closed user group.
    INCOMING_BARRED_IN_GROUP 55 "incoming calls are barred within the closed user group",
    /// 57: the caller may not use this kind of connection.
    BEARER_NOT_AUTHORIZED 57 "this kind of connection is not allowed",
    /// 58: this kind of connection is not to be had just now.
    BEARER_NOT_AVAILABLE 58 "this kind of connection is not to be had now",
    /// 62: who is called and how the call is to be carried do not fit together.
    INCONSISTENT_ACCESS 62 "what was asked for does not fit the called line",
    /// 63: a service or option is not to be had, and there is no other number for it.
    SERVICE_NOT_AVAILABLE 63 "the service is not to be had",
    /// 65: the other side does not know this kind of connection.
    BEARER_NOT_IMPLEMENTED 65 "the other side does not know this kind of connection",
    /// 66: the other side does not know this kind of channel.
    CHANNEL_TYPE_NOT_IMPLEMENTED 66 "the other side does not know this kind of channel",
    /// 69: the other side does not know a feature.
    FACILITY_NOT_IMPLEMENTED 69 "the other side does not know a feature that was asked for",
    /// 70: only restricted digital information can be carried.
    ONLY_RESTRICTED_DIGITAL 70 "the other side carries restricted data only",
    /// 79: a service or option is not known, and there is no other number for it.
    SERVICE_NOT_IMPLEMENTED 79 "the other side does not know the service",
    /// 81: a message names a call that there is not.
    INVALID_CALL_REFERENCE 81 "the other side does not know the call",
    /// 82: a message names a channel that there is not.
    CHANNEL_DOES_NOT_EXIST 82 "there is no such channel",
    /// 83: calls are parked, but none under this identity.
    CALL_IDENTITY_UNKNOWN 83 "no call is parked under this identity",
    /// 84: a call is parked under this identity already.
    CALL_IDENTITY_IN_USE 84 "a call is parked under this identity already",
    /// 85: no call is parked.
    NO_CALL_SUSPENDED 85 "no call is parked",
    /// 86: the call that was parked under this identity is over.
    CALL_CLEARED 86 "the parked call is over",
    /// 87: the called side is not of the caller's closed user group.
    NOT_A_MEMBER 87 "the called side is not of the closed user group",
    /// 88: the called side cannot take a call of this kind.
    INCOMPATIBLE 88 "the called side cannot take a call of this kind",
    /// 90: there is no such closed user group.
    NO_SUCH_GROUP 90 "there is no such closed user group",
    /// 91: the network that was asked for has a wrong name.
    INVALID_TRANSIT 91 "the name of the network that was asked for is wrong",
    /// 95: a message is invalid, and there is no other number for it.
    INVALID_MESSAGE 95 "the other side got an invalid message",
    /// 96: an element is missing from a message.
    MANDATORY_MISSING 96 "the other side misses something in a message",
    /// 97: a message is of a kind that the other side does not know.
    MESSAGE_NOT_IMPLEMENTED 97 "the other side does not know a message",
    /// 98: the same, or the message does not fit the call.
    MESSAGE_UNEXPECTED 98 "the other side did not expect a message",
    /// 99: an element of a message is not known.
    ELEMENT_NOT_IMPLEMENTED 99 "the other side does not know a part of a message",
    /// 100: an element of a message has a content that is not known.
    INVALID_CONTENT 100 "the other side cannot read a part of a message",
    /// 101: a message does not fit the state of the call.
    WRONG_STATE 101 "a message came at the wrong moment",
    /// 102: something did not come in time.
    RECOVERY_ON_TIMER 102 "an answer did not come in time",
    /// 103: a parameter is not known, and was passed on.
    PARAMETER_PASSED_ON 103 "the network passed on what it does not know",
    /// 110: a message with a parameter that is not known was dropped.
    PARAMETER_DISCARDED 110 "the network dropped what it does not know",
    /// 111: an error of the protocol for which there is no other number.
    PROTOCOL_ERROR 111 "the other side broke the protocol or says that we did",
    /// 127: another network, without such numbers, ended the call.
    INTERWORKING 127 "a network without causes ended the call",
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_a_number_in_records_and_words_for_people() {
        for (value, words) in [
            (1, "nobody has this number"),
            (34, "no line is free"),
            (41, "the network failed for a moment"),
            (119, "cause 119 of Q.850"),
        ] {
            let cause = Cause::new(value).unwrap();
            assert_eq!(cause.to_string(), words);
            let written = serde_json::to_value(cause).unwrap();
            assert_eq!(written, serde_json::json!(value));
            assert_eq!(serde_json::from_value::<Cause>(written).unwrap(), cause);
        }
    }

    #[test]
    fn every_value_of_table_1_has_words_once_and_in_order() {
        let values: Vec<u8> = WORDS.iter().map(|(cause, _)| cause.0).collect();
        let table = [
            (1..=9).collect(),
            vec![14],
            (16..=31).collect(),
            vec![34],
            (38..=44).collect(),
            vec![46, 47, 49, 50, 52, 53, 54, 55, 57, 58, 62, 63, 65, 66, 69, 70, 79],
            (81..=88).collect(),
            vec![90, 91],
            (95..=103).collect(),
            vec![110, 111, 127],
        ];
        assert_eq!(values, table.concat());
        let mut words: Vec<&str> = WORDS.iter().map(|(_, words)| *words).collect();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), WORDS.len(), "two causes say the same");
    }

    #[test]
    fn a_number_that_no_cause_can_have_is_none() {
        assert_eq!([0, 128, 503, 65_535].map(Cause::new), [None; 4]);
        assert_eq!([1, 127].map(Cause::new), [Some(Cause(1)), Some(Cause(127))]);
    }

    #[test]
    fn a_cause_alone_tells_what_happened() {
        for (cause, why) in [
            (Cause::UNALLOCATED_NUMBER, Why::NoSuchNumber),
            (Cause::NO_ROUTE, Why::NoRoute),
            (Cause::USER_BUSY, Why::Busy),
            (Cause::NO_USER_RESPONDING, Why::Unreachable),
            (Cause::NO_ANSWER, Why::NoAnswer),
            (Cause::CALL_REJECTED, Why::Rejected),
            (Cause::INVALID_NUMBER, Why::Incomplete),
            (Cause::NO_CIRCUIT, Why::CarrierFailed),
            (Cause::BEARER_NOT_IMPLEMENTED, Why::NoCommonMedia),
            (Cause::INVALID_CONTENT, Why::ProtocolError),
            (Cause(119), Why::CarrierFailed),
        ] {
            assert_eq!(cause.why(), why, "{cause}");
        }
    }
}
