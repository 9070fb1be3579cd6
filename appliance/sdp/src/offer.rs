//! Offers (RFC 3264 §5, §8): one leg's offer for the other leg, and the box's own hold and resume.

use crate::direction::Direction;
use crate::origin::Origin;
use crate::print::Print;
use crate::relay::{LocalMedia, Relay};
use crate::session::{Line, Session};

/// Writes the offer for the other leg: the same media lines in the same order at the box's addresses.
///
/// `local` has one entry for each media line. A line without one stays with port 0, and so does a line
/// that is off or that no datagram carries ([`crate::Media::is_relayable`]).
pub fn relay_offer(theirs: &Session, origin: &Origin, local: &[Option<LocalMedia>]) -> Vec<u8> {
    let mut relay = Relay::begin(origin, local, theirs.as_bytes().len());
    relay.session(theirs, theirs);
    for (index, media) in theirs.media().enumerate() {
        match local.get(index).copied().flatten() {
            Some(local) if media.is_relayable() => relay.media(&media, local, media.direction()),
            _ => relay.refused(&media),
        }
    }
    relay.finish()
}

/// Writes the box's own description `ours` again with another direction on every line in use: an offer
/// that holds (`SendOnly`, `Inactive`) or resumes (`SendRecv`) without asking the other leg.
pub fn with_direction(ours: &Session, origin: &Origin, direction: Direction) -> Vec<u8> {
    let stays = |line: &Line<'_>| line.attribute().is_none_or(|a| a.direction().is_none());
    let mut print = Print::with_capacity(ours.as_bytes().len() + SPARE);
    for line in ours.session_lines().filter(stays) {
        match line.kind {
            b'o' => print.origin(origin),
            _ => print.line(line),
        }
    }
    for media in ours.media() {
        print.media(&media, media.port());
        media.lines().filter(stays).for_each(|line| print.line(line));
        if media.is_active() {
            print.direction(direction);
        }
    }
    print.finish()
}

/// Adds the lines that `previous` had and `offer` has not, with port 0: an offer to a leg may not have
/// fewer lines than this leg has seen (RFC 3264 §8), as when a transfer takes it from a caller with video
/// to one without. [`crate::relay_answer`] drops what is then answered too much.
pub fn keep_lines(offer: Vec<u8>, previous: &Session) -> Vec<u8> {
    let is_media = |line: &&[u8]| line.starts_with(b"m=");
    let offered = offer.split(|byte| *byte == b'\n').filter(is_media).count();
    let mut print = Print::from(offer);
    previous.media().skip(offered).for_each(|media| print.media(&media, 0));
    print.finish()
}

/// Room for the direction lines of a call with a few media.
const SPARE: usize = 64;
