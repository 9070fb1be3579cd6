//! Why a call or a leg ended: for the wire, the record and the person who reads it.

use crate::{Cause, Codec, HandshakeFault};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Everything known about an end. Written out, it also tells itself as a sentence.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct End {
    /// The cause of ITU-T Q.850, as trunks and lines need it.
    pub cause: Cause,
    /// The SIP status that said so, when one did.
    pub status: Option<u16>,
    /// Who decided.
    pub by: Decider,
    /// What happened.
    pub why: Why,
}

/// Everything known about an end.
#[derive(Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
struct Told<'a> {
    /// The cause of ITU-T Q.850, as trunks and lines need it.
    cause: Cause,
    /// The SIP status that said so, when one did.
    status: Option<u16>,
    /// Who decided.
    by: Decider,
    /// What happened, for programs.
    why: &'a Why,
    /// What happened, for people: a sentence without its full stop.
    #[cfg_attr(feature = "openapi", schema(example = "The caller hung up"))]
    text: String,
}

/// Who decided that it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Decider {
    /// The side that called.
    Caller,
    /// The side that was called.
    Callee,
    /// This box: its configuration, its limits or its administrator.
    Exchange,
    /// The network between: nobody answered, or the path broke.
    Network,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// One side hung up.
    HungUp,
    /// The caller hung up before anybody answered.
    Cancelled,
    /// All phones were busy.
    Busy,
    /// It rang, and nobody answered in time.
    NoAnswer,
    /// The called person or phone refused.
    Rejected,
    /// The callee does not want to be disturbed.
    DoNotDisturb,
    /// No phone of the callee is registered.
    NotRegistered,
    /// The phone or carrier did not answer the network.
    Unreachable,
    /// Nobody has this number.
    NoSuchNumber,
    /// The number is not complete.
    Incomplete,
    /// No route leads there.
    NoRoute,
    /// A barring route forbids it.
    Barred,
    /// Forwarded in a circle, or too often.
    Loop,
    /// The trunk carries all the calls that it may.
    TrunkFull,
    /// The carrier failed.
    CarrierFailed,
    /// The other side answered elsewhere.
    AnsweredElsewhere,
    /// The call went on without this leg: it was transferred.
    Transferred,
    /// The two sides share no codec or media.
    NoCommonMedia,
    /// The two sides share no codec, and a policy forbids to translate between them.
    NoCommonCodec {
        /// What the side has that called, or that was there first.
        caller: Vec<Codec>,
        /// What the other side may speak.
        called: Vec<Codec>,
    },
    /// One side speaks in the clear only, and its line takes nothing but encrypted sound.
    EncryptionRequired,
    /// One side speaks encrypted only, and encryption is off for its line.
    EncryptionOff,
    /// One side encrypts in a way that the box has not, or broke the rules of it.
    NoCommonCipher,
    /// One side agreed to encrypt by DTLS-SRTP, and there were no keys in time.
    NoKeys {
        /// What went wrong.
        fault: HandshakeFault,
    },
    /// No media came for so many seconds.
    NoMedia {
        /// The configured limit.
        seconds: u16,
    },
    /// The session was not refreshed in time (RFC 4028).
    SessionExpired,
    /// The other side broke the rules of the protocol.
    ProtocolError,
    /// The other side no longer knew the call.
    DialogLost,
    /// An administrator ended it.
    Administrator,
    /// The box was shut down.
    Shutdown,
    /// The daemon ended without a farewell; found at the next start.
    Crash,
    /// The box carried all the calls that it can.
    Overload,
    /// No media port was free.
    NoPorts,
    /// A conference asks for a PIN, and it was keyed in wrongly too often.
    WrongPin,
    /// A conference asks for a PIN, and none was keyed in.
    NoPin,
    /// What the box had to play was played to its end.
    Played,
    /// A recording was to be played, and there is none.
    NoRecording,
    /// The uploaded sound that was to be played cannot be.
    NoSound,
    /// The code that begins a recording is for the keys of a call, and was dialled.
    NotInCall,
}

impl End {
    /// A hang-up as it should be.
    pub fn hung_up(by: Decider) -> Self {
        Self { cause: Cause::NORMAL_CLEARING, status: None, by, why: Why::HungUp }
    }

    /// The end of a leg whose call went on without it.
    pub fn transferred() -> Self {
        Self { why: Why::Transferred, ..Self::hung_up(Decider::Exchange) }
    }

    /// An end that this box decides.
    pub fn ours(cause: Cause, why: Why) -> Self {
        Self { cause, status: None, by: Decider::Exchange, why }
    }
}

impl Serialize for End {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { cause, status, by, why } = self;
        let (cause, status, by) = (*cause, *status, *by);
        Told { cause, status, by, why, text: self.to_string() }.serialize(serializer)
    }
}

#[cfg(feature = "openapi")]
impl utoipa::PartialSchema for End {
    fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::Schema> {
        Told::schema()
    }
}

#[cfg(feature = "openapi")]
impl utoipa::ToSchema for End {
    fn schemas(into: &mut Vec<(String, utoipa::openapi::RefOr<utoipa::openapi::Schema>)>) {
        Told::schemas(into);
    }
}

/// The sentence that whoever looks after the box reads.
impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.why, self.by) {
            (Why::HungUp, by @ (Decider::Caller | Decider::Callee)) => {
                let who = if by == Decider::Caller { "caller" } else { "called side" };
                write!(f, "The {who} hung up")?;
                // A carrier's gateway hangs up too when something has failed behind it.
                match self.cause {
                    Cause::NORMAL_CLEARING | Cause::NORMAL_UNSPECIFIED => Ok(()),
                    failure => write!(f, ": {failure}"),
                }
            }
            (why, _) => {
                let why = why.to_string();
                let mut rest = why.chars();
                let first = rest.next().into_iter().flat_map(char::to_uppercase);
                first.chain(rest).try_for_each(|c| fmt::Write::write_char(f, c))
            }
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self {
            Self::HungUp => "hung up",
            Self::Cancelled => "the caller hung up before anybody answered",
            Self::Busy => "busy",
            Self::NoAnswer => "nobody answered",
            Self::Rejected => "the call was refused",
            Self::DoNotDisturb => "the called side does not want to be disturbed",
            Self::NotRegistered => "no phone is registered",
            Self::Unreachable => "the phone or carrier did not answer",
            Self::NoSuchNumber => "nobody has this number",
            Self::Incomplete => "the number is not complete",
            Self::NoRoute => "no route leads there",
            Self::Barred => "a route bars this number",
            Self::Loop => "forwarded in a circle",
            Self::TrunkFull => "the trunk carries all the calls that it may",
            Self::CarrierFailed => "the carrier could not complete the call",
            Self::AnsweredElsewhere => "answered on another phone",
            Self::Transferred => "transferred",
            Self::NoCommonMedia => "the two sides share no codec",
            Self::NoCommonCodec { caller, called } => {
                return write!(
                    f,
                    "the two sides share no codec and may not be translated: one has {}, the other \
                     may speak {}; allow a codec to both, or translation",
                    Named(caller),
                    Named(called)
                );
            }
            Self::EncryptionRequired => {
                "this line takes encrypted calls only: switch on SRTP in the phone or at the \
                 carrier, or set its encryption to opportunistic here"
            }
            Self::EncryptionOff => {
                "the phone or carrier speaks encrypted only, and encryption is off for its line: \
                 set it to opportunistic here, or make SRTP optional there"
            }
            Self::NoCommonCipher => {
                "the phone or carrier encrypts in a way that the box has not: choose \
                 AES_CM_128_HMAC_SHA1_80 there, without a master key identifier"
            }
            Self::NoKeys { fault } => return write!(f, "{fault}"),
            Self::NoMedia { seconds } => {
                return write!(f, "no sound came for {seconds} seconds");
            }
            Self::SessionExpired => "the other side stopped answering during the call",
            Self::ProtocolError => "the other side broke the protocol",
            Self::DialogLost => "the other side no longer knew the call",
            Self::Administrator => "ended by an administrator",
            Self::Shutdown => "the box was shut down",
            Self::Crash => "the box stopped without warning during the call",
            Self::Overload => "the box carried all the calls that it can",
            Self::NoPorts => "no media port was free",
            Self::WrongPin => "a wrong PIN was keyed in three times",
            Self::NoPin => "no PIN was keyed in",
            Self::Played => "it was played to its end",
            Self::NoRecording => "there is no recording to play",
            Self::NoSound => "the sound that was to be played is not on the box",
            Self::NotInCall => "the code for a recording is keyed in during a call",
        };
        f.write_str(text)
    }
}

/// `GSM, G.729 and Opus`.
struct Named<'a>(&'a [Codec]);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some((last, others)) = self.0.split_last() else {
            return f.write_str("nothing that it may speak");
        };
        for (place, codec) in others.iter().enumerate() {
            write!(f, "{}{codec}", if place == 0 { "" } else { ", " })?;
        }
        write!(f, "{}{last}", if others.is_empty() { "" } else { " and " })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_sentence_that_says_who_did_it() {
        assert_eq!(End::hung_up(Decider::Caller).to_string(), "The caller hung up");
        assert_eq!(End::hung_up(Decider::Callee).to_string(), "The called side hung up");
        let cause = Cause::TEMPORARY_FAILURE;
        let failed = End { cause, ..End::hung_up(Decider::Callee) };
        assert_eq!(failed.to_string(), "The called side hung up: the network failed for a moment");
        let silent = End::ours(Cause::RECOVERY_ON_TIMER, Why::NoMedia { seconds: 60 });
        assert_eq!(silent.to_string(), "No sound came for 60 seconds");
        assert_eq!(End::ours(Cause::USER_BUSY, Why::Busy).to_string(), "Busy");
        let called = vec![Codec::Gsm, Codec::G729 { annex_b: true }, Codec::Opus];
        let why = Why::NoCommonCodec { caller: vec![Codec::Pcma], called };
        let text = End::ours(Cause::INCOMPATIBLE, why).to_string();
        assert!(text.contains("one has G.711 A-law, the other may speak GSM, G.729 and Opus"));
    }

    #[test]
    fn the_sentence_is_written_and_what_was_written_is_read_with_or_without_it() {
        let end = End { status: Some(486), ..End::ours(Cause::USER_BUSY, Why::Busy) };
        let written = serde_json::to_value(&end).unwrap();
        let expected = serde_json::json!({
            "cause": 17, "status": 486, "by": "exchange", "why": "busy", "text": "Busy",
        });
        assert_eq!(written, expected);
        assert_eq!(serde_json::from_value::<End>(written).unwrap(), end);
        let older = serde_json::json!({
            "cause": 17, "status": 486, "by": "exchange", "why": "busy",
        });
        assert_eq!(serde_json::from_value::<End>(older).unwrap(), end);
    }
}
