//! Answers (RFC 3264 §6): one leg's answer for the other leg, the box's own, and whether one is legal.

use crate::media::Media;
use crate::origin::Origin;
use crate::relay::{LocalMedia, Relay};
use crate::session::Session;
use crate::transport::Transport;

/// Writes the answer to `offer`, which one leg made, from what the other leg answered.
///
/// It is a legal answer even where `answer` is none ([`check_answer`] tells): one line for each line of
/// the offer, and no direction that the offer does not allow. A line that is missing in `answer`, off on
/// either side, of another kind, without a common format, without an entry in `local` or not over UDP is
/// refused.
pub fn relay_answer(
    offer: &Session,
    answer: &Session,
    origin: &Origin,
    local: &[Option<LocalMedia>],
) -> Vec<u8> {
    let mut relay = Relay::begin(origin, local, answer.as_bytes().len());
    relay.session(answer, offer);
    let mut answers = answer.media();
    for (index, offered) in offer.media().enumerate() {
        let taken = answers.next().filter(|answered| takes(&offered, answered));
        match (taken, local.get(index).copied().flatten()) {
            (Some(answered), Some(local)) => {
                let allowed = offered.direction().reversed();
                relay.media(&answered, local, answered.direction().within(allowed));
            }
            _ => relay.refused(&offered),
        }
    }
    relay.finish()
}

/// Writes an answer that refuses every line: the call is up (or stays up) without media.
pub fn refuse_all(offer: &Session, origin: &Origin) -> Vec<u8> {
    answer_inactive(offer, origin, &[])
}

/// Writes the box's own answer that agrees to the offered codecs but to no media for now, when the other
/// leg cannot be asked. Only plain RTP and fax can be answered so: anything with keys would need keys of
/// the box's own, and giving the offer's back would be no secret (RFC 4568 §5.1.2).
pub fn answer_inactive(offer: &Session, origin: &Origin, local: &[Option<LocalMedia>]) -> Vec<u8> {
    let mut relay = Relay::begin(origin, local, offer.as_bytes().len());
    relay.timing(offer);
    for (index, media) in offer.media().enumerate() {
        match local.get(index).copied().flatten() {
            Some(local) if media.is_active() && is_plain(media.transport()) => {
                relay.inactive(&media, local);
            }
            _ => relay.refused(&media),
        }
    }
    relay.finish()
}

/// Checks `answer` against the `offer` that its sender was given, and says what it did wrong first.
///
/// It is for the log, not for the call: phones in the field leave out lines that they refuse and answer
/// `sendrecv` to a hold, and [`relay_answer`] mends that. A call is lost only when no line is left.
pub fn check_answer(offer: &Session, answer: &Session) -> Result<(), Misbehaved> {
    let (offered, answered) = (offer.media().len(), answer.media().len());
    if offered != answered {
        return Err(Misbehaved::MediaCount { offered, answered });
    }
    let mut pairs = offer.media().zip(answer.media()).enumerate();
    pairs.try_for_each(|(index, (offered, answered))| check_line(index, &offered, &answered))
}

/// How an answer breaks RFC 3264; whoever answered is at fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaved {
    /// Not one line for each line of the offer (§6).
    MediaCount {
        /// Lines in the offer.
        offered: usize,
        /// Lines in the answer.
        answered: usize,
    },
    /// The line at this index is of another kind than the one offered (§6).
    Kind(usize),
    /// The line at this index was off in the offer, and on in the answer (§6).
    Revived(usize),
    /// The line at this index names no format of the offer (§6.1); more of its own beside one are legal.
    NoCommonFormat(usize),
    /// The line at this index has a direction that the offer does not allow (§6.1).
    Direction(usize),
}

impl std::fmt::Display for Misbehaved {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::MediaCount { offered, answered } => {
                write!(f, "answer has {answered} media lines for {offered} offered")
            }
            Self::Kind(index) => write!(f, "answer changes the kind of media line {index}"),
            Self::Revived(index) => write!(f, "answer turns on media line {index}, offered off"),
            Self::NoCommonFormat(index) => {
                write!(f, "answer has no offered format in media line {index}")
            }
            Self::Direction(index) => {
                write!(f, "answer's direction of media line {index} is illegal")
            }
        }
    }
}

impl std::error::Error for Misbehaved {}

/// Whether the answer takes the offered line, over a transport that the box can relay. The transport may
/// differ, as `RTP/AVP` and `RTP/AVPF` do between phones that read the offer leniently.
fn takes(offered: &Media<'_>, answered: &Media<'_>) -> bool {
    offered.is_relayable()
        && answered.is_relayable()
        && offered.kind() == answered.kind()
        && shares_format(offered, answered)
}

fn is_plain(transport: Transport) -> bool {
    matches!(transport, Transport::RtpAvp | Transport::RtpAvpf | Transport::Udptl)
}

fn check_line(index: usize, offered: &Media<'_>, answered: &Media<'_>) -> Result<(), Misbehaved> {
    if offered.kind() != answered.kind() {
        return Err(Misbehaved::Kind(index));
    }
    if !answered.is_active() {
        return Ok(());
    }
    if !offered.is_active() {
        return Err(Misbehaved::Revived(index));
    }
    if !shares_format(offered, answered) {
        return Err(Misbehaved::NoCommonFormat(index));
    }
    if answered.direction().within(offered.direction().reversed()) != answered.direction() {
        return Err(Misbehaved::Direction(index));
    }
    Ok(())
}

/// By number, or by name: the answer should use the offer's payload types, but need not (§6.1). Formats
/// that are not payload types have rules of their own, which the box does not know.
fn shares_format(offered: &Media<'_>, answered: &Media<'_>) -> bool {
    if !offered.transport().is_rtp() {
        return true;
    }
    let offers = |format: &str| offered.formats().any(|other| other == format);
    answered.formats().any(offers) || {
        let others = offered.codecs();
        answered.codecs().iter().any(|codec| others.iter().any(|o| codec.is_same_encoding(o)))
    }
}
