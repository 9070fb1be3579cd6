//! Ends in two languages: SIP statuses and the causes of Q.850 (RFC 3398, RFC 4497).

use call::{Cause, Decider, End, Why};
use sip::Status;

/// What a final refusal of a called peer means.
pub(crate) fn from_status(status: Status, trunk: bool, rang: bool) -> End {
    let code = status.code();
    let (cause, why) = match code {
        486 | 600 => (Cause::USER_BUSY, Why::Busy),
        404 | 410 | 604 | 485 => (Cause::UNALLOCATED_NUMBER, Why::NoSuchNumber),
        484 => (Cause::INVALID_NUMBER, Why::Incomplete),
        401..=403 | 405 | 407 | 433 if trunk => (Cause::CALL_REJECTED, Why::CarrierFailed),
        401..=403 | 405 | 407 | 433 | 603 | 607 | 608 => (Cause::CALL_REJECTED, Why::Rejected),
        408 if rang => (Cause::NO_ANSWER, Why::NoAnswer),
        408 => (Cause::NO_USER_RESPONDING, Why::Unreachable),
        480 if rang => (Cause::NO_ANSWER, Why::NoAnswer),
        480 => (Cause::NO_USER_RESPONDING, Why::Unreachable),
        415 | 488 | 606 => (Cause::INCOMPATIBLE, Why::NoCommonMedia),
        487 => (Cause::NORMAL_CLEARING, Why::Cancelled),
        481 => (Cause::TEMPORARY_FAILURE, Why::DialogLost),
        482 | 483 => (Cause::DESTINATION_OUT_OF_ORDER, Why::Loop),
        503 if trunk => (Cause::NO_CIRCUIT, Why::CarrierFailed),
        500..=599 if trunk => (Cause::TEMPORARY_FAILURE, Why::CarrierFailed),
        500..=599 => (Cause::DESTINATION_OUT_OF_ORDER, Why::Unreachable),
        _ => (Cause::INTERWORKING, Why::Rejected),
    };
    let by = if code == 408 { Decider::Network } else { Decider::Callee };
    End { cause, status: Some(code), by, why }
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
/// the caller.
pub(crate) fn to_status(end: &End) -> Status {
    let own = match end.why {
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
    };
    // What nobody said, but the network came to, is not the callee's refusal.
    let theirs = end.status.filter(|code| {
        end.by != Decider::Network
            && (400..700).contains(code)
            && !matches!(code, 401 | 407 | 408 | 421 | 422 | 423 | 494)
    });
    Status::new(theirs.unwrap_or(own)).unwrap_or(Status::TEMPORARILY_UNAVAILABLE)
}

/// The Reason header of a CANCEL or BYE (RFC 3326).
pub(crate) fn reason(end: &End) -> String {
    if end.why == Why::AnsweredElsewhere {
        return "SIP;cause=200;text=\"Call completed elsewhere\"".to_owned();
    }
    format!("Q.850;cause={};text=\"{}\"", end.cause.0, end.why)
}
