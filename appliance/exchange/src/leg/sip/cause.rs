//! Ends in two languages: SIP statuses and the causes of Q.850 (RFC 3398, RFC 3326, RFC 6432).

use call::{Cause, Decider, End, Why};
use sip::{Message, Name, Status};

/// What a final refusal of a called peer means. The cause that it gives in words of Q.850 counts more
/// than what its status says of itself.
pub(crate) fn of_refusal(status: Status, response: &Message<'_>, trunk: bool, rang: bool) -> End {
    let code = status.code();
    // Who fails does not clear normally: a gateway that wrote this had nothing to say.
    let said = said(response).filter(|cause| *cause != Cause::NORMAL_CLEARING);
    let by = if code == 408 { Decider::Network } else { Decider::Callee };
    End {
        cause: said.unwrap_or_else(|| of_status(code, response)),
        status: Some(code),
        by,
        why: said.and_then(of_number).unwrap_or_else(|| why(code, trunk, rang)),
    }
}

/// The end that a peer makes by a BYE or a CANCEL, with the cause that it gives, if it gives one.
pub(crate) fn of_farewell(request: &Message<'_>, end: End) -> End {
    End { cause: said(request).unwrap_or(end.cause), ..end }
}

/// Nobody answered, or the way there is broken.
pub(crate) fn unreachable(status: u16) -> End {
    End {
        cause: Cause::NO_USER_RESPONDING,
        status: Some(status),
        by: Decider::Network,
        why: Why::Unreachable,
    }
}

/// The status with which a caller's INVITE ends. A callee's own refusal goes through, but for what
/// is between the box and the callee: who challenges us, or sends us elsewhere, does not challenge
/// the caller. What a cause says of the called number is told as such, whatever status a gateway
/// has put around it.
pub(crate) fn to_status(end: &End) -> Status {
    // What nobody said, but the network came to, is not the callee's refusal.
    let theirs = end.status.filter(|code| {
        end.by != Decider::Network
            && (400..700).contains(code)
            && !matches!(code, 401 | 407 | 408 | 421 | 422 | 423 | 494)
    });
    let status = match theirs {
        Some(code) if of_number(end.cause).is_none() || table(code) == Some(end.cause) => {
            Some(code)
        }
        Some(code) => from_cause(end.cause, end.by).or(Some(code)),
        // A line that knows no statuses has a cause only. What we decide has a reason of ours.
        None if end.status.is_none()
            && end.by != Decider::Exchange
            && end.why == end.cause.why() =>
        {
            from_cause(end.cause, end.by)
        }
        None => None,
    };
    let status = status.unwrap_or_else(|| own_status(&end.why));
    Status::new(status).unwrap_or(Status::TEMPORARILY_UNAVAILABLE)
}

/// The Reason header of a refusal, a CANCEL or a BYE (RFC 3326, RFC 6432).
pub(crate) fn reason(end: &End) -> String {
    match end.why {
        Why::AnsweredElsewhere => ELSEWHERE.to_owned(),
        Why::HungUp => format!("Q.850;cause={};text=\"{}\"", end.cause.0, end.cause),
        _ => format!("Q.850;cause={};text=\"{}\"", end.cause.0, end.why),
    }
}

/// The Reason for all phones but the one that answered (RFC 3326 §1).
pub(crate) const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";

/// The cause that a peer gives; one that no cause can be is none.
fn said(message: &Message<'_>) -> Option<Cause> {
    message.reason("Q.850").and_then(|reason| reason.cause()).and_then(Cause::new)
}

/// What happened, told from a status alone.
fn why(code: u16, trunk: bool, rang: bool) -> Why {
    match code {
        486 | 600 => Why::Busy,
        404 | 410 | 604 | 485 => Why::NoSuchNumber,
        484 => Why::Incomplete,
        401..=403 | 405 | 407 | 433 if trunk => Why::CarrierFailed,
        408 | 480 if rang => Why::NoAnswer,
        408 | 480 => Why::Unreachable,
        415 | 488 | 606 => Why::NoCommonMedia,
        487 => Why::Cancelled,
        481 => Why::DialogLost,
        482 | 483 => Why::Loop,
        500..=599 if trunk => Why::CarrierFailed,
        500..=599 => Why::Unreachable,
        _ => Why::Rejected,
    }
}

/// What a cause says of the called number itself, whoever says it. Every other cause is of the way
/// there, and there the status tells better what we do next.
fn of_number(cause: Cause) -> Option<Why> {
    let why = cause.why();
    let of_number = [Why::Busy, Why::NoAnswer, Why::NoSuchNumber, Why::Incomplete];
    of_number.contains(&why).then_some(why)
}

/// The cause of a status (RFC 3398 §8.2.6.1).
fn of_status(code: u16, response: &Message<'_>) -> Cause {
    match table(code) {
        Some(cause) => cause,
        // By their Warning: what the peer cannot speak, or something else.
        None if matches!(code, 488 | 606) && warns_of_media(response) => {
            Cause::BEARER_NOT_IMPLEMENTED
        }
        // Nothing but our own CANCEL asks for a 487.
        None if code == 487 => Cause::NORMAL_CLEARING,
        None => Cause::NORMAL_UNSPECIFIED,
    }
}

/// The rows of RFC 3398 §8.2.6.1 that name a cause.
fn table(code: u16) -> Option<Cause> {
    Some(match code {
        404 | 485 | 604 => Cause::UNALLOCATED_NUMBER,
        486 | 600 => Cause::USER_BUSY,
        480 => Cause::NO_USER_RESPONDING,
        401 | 402 | 403 | 407 | 603 => Cause::CALL_REJECTED,
        410 => Cause::NUMBER_CHANGED,
        482 | 483 => Cause::ROUTING_ERROR,
        484 => Cause::INVALID_NUMBER,
        502 => Cause::NETWORK_OUT_OF_ORDER,
        400 | 481 | 500 | 503 => Cause::TEMPORARY_FAILURE,
        405 => Cause::SERVICE_NOT_AVAILABLE,
        406 | 415 | 501 => Cause::SERVICE_NOT_IMPLEMENTED,
        408 | 504 => Cause::RECOVERY_ON_TIMER,
        413 | 414 | 416 | 420 | 421 | 423 | 505 | 513 => Cause::INTERWORKING,
        _ => return None,
    })
}

/// Whether a Warning speaks of media that are not to be had: 304 and 305 (RFC 3261 §20.43).
fn warns_of_media(response: &Message<'_>) -> bool {
    let mut warnings = response.headers_named(Name::Warning);
    warnings.any(|value| matches!(value.get(..4), Some(b"304 " | b"305 ")))
}

/// The status of a cause (RFC 3398 §7.2.4.1); none for a call that ended as it should. A number that
/// has changed to one that is known does not come here: the line says it as a redirection.
fn from_cause(cause: Cause, by: Decider) -> Option<u16> {
    Some(match cause {
        Cause::UNALLOCATED_NUMBER
        | Cause::NO_ROUTE_TO_TRANSIT
        | Cause::NO_ROUTE
        | Cause::NOT_SELECTED => 404,
        Cause::NORMAL_CLEARING => return None,
        Cause::USER_BUSY => 486,
        Cause::NO_USER_RESPONDING => 408,
        Cause::NO_ANSWER | Cause::SUBSCRIBER_ABSENT | Cause::NORMAL_UNSPECIFIED => 480,
        Cause::CALL_REJECTED if by == Decider::Callee => 603,
        Cause::CALL_REJECTED => 403,
        Cause::NUMBER_CHANGED | Cause::NEW_DESTINATION => 410,
        Cause::DESTINATION_OUT_OF_ORDER => 502,
        Cause::INVALID_NUMBER => 484,
        Cause::FACILITY_REJECTED | Cause::SERVICE_NOT_IMPLEMENTED => 501,
        Cause::NO_CIRCUIT
        | Cause::NETWORK_OUT_OF_ORDER
        | Cause::TEMPORARY_FAILURE
        | Cause::CONGESTION
        | Cause::RESOURCE_UNAVAILABLE
        | Cause::BEARER_NOT_AVAILABLE
        | Cause::INCOMPATIBLE => 503,
        Cause::INCOMING_BARRED_IN_GROUP | Cause::BEARER_NOT_AUTHORIZED | Cause::NOT_A_MEMBER => 403,
        Cause::BEARER_NOT_IMPLEMENTED | Cause::ONLY_RESTRICTED_DIGITAL => 488,
        Cause::RECOVERY_ON_TIMER => 504,
        // Among them 111 and 127.
        _ => 500,
    })
}

/// The status of what we decided or found out ourselves.
fn own_status(why: &Why) -> u16 {
    match why {
        Why::Busy => 486,
        Why::NoAnswer | Why::NotRegistered | Why::DoNotDisturb | Why::Unreachable => 480,
        Why::NoSuchNumber | Why::NoRoute => 404,
        Why::Incomplete => 484,
        Why::Barred | Why::Rejected => 403,
        Why::Loop => 482,
        Why::NoCommonMedia
        | Why::NoCommonCodec { .. }
        | Why::EncryptionRequired
        | Why::EncryptionOff
        | Why::NoCommonCipher
        | Why::NoKeys { .. } => 488,
        Why::Cancelled => 487,
        Why::DialogLost => 481,
        Why::TrunkFull
        | Why::CarrierFailed
        | Why::Overload
        | Why::NoPorts
        | Why::Shutdown
        | Why::Crash => 503,
        Why::HungUp
        | Why::AnsweredElsewhere
        | Why::Transferred
        | Why::NoMedia { .. }
        | Why::SessionExpired
        | Why::ProtocolError
        | Why::WrongPin
        | Why::NoPin
        | Why::Played
        | Why::NotInCall
        | Why::NoRecording
        | Why::NoSound
        | Why::Administrator => 480,
    }
}

#[cfg(test)]
mod tests;
