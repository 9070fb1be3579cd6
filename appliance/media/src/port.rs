//! A pair of ports that is lent to a leg: whom it believes, what it counts, who hears it.

mod budget;
mod quality;
mod repacking;
mod reports;
mod silence;

pub(crate) use silence::Silence;

use crate::capture::Tapped;
use crate::content::Content;
use crate::ear::Ear;
use crate::engine::{DropReason, Verdict};
use crate::keys::{KeyEars, Typist};
use crate::line::Card;
use crate::mixer::Level;
use crate::mouth::Mouth;
use crate::names::Name;
use crate::quality::Watch;
use crate::report::Reporter;
use crate::seat::Seat;
use crate::secrecy::Secrecy;
use crate::source::{Belief, ReportSource, Sight, Source};
use crate::spool::Spool;
use crate::srtp::UnprotectError;
use crate::stats::{Agreed, Reception};
use crate::transcode::Interpreter;
use crate::voice::Voice;
use budget::{Budget, HANDSHAKES_A_SECOND, PACKETS_A_SECOND};
use call::{
    Codec, Decibels, ExtendedReports, Formats, Handshake, Keys, LegId, MediaKind, PeerAddress,
    PortId, RecordingId, StreamStats,
};
use repacking::Repacking;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// A lent pair.
#[derive(Debug)]
pub(crate) struct Port {
    pub(crate) leg: LegId,
    pub(crate) kind: MediaKind,
    /// Who hears what comes in here, and is heard by this far side.
    pub(crate) partner: Option<PortId>,
    /// The far side is this pair of the box itself, in another call.
    pub(crate) met: Option<PortId>,
    /// What the far side and the box agreed on.
    pub(crate) formats: Option<Box<Formats>>,
    /// This far side learns of keys by signalling where it has no events for them.
    pub(crate) keys_told: bool,
    /// In which element of the header extension the far side says how loud it is (RFC 6464).
    pub(crate) levels: Option<u8>,
    /// How loud the packet at hand is, where a browser's transport has read that.
    pub(crate) level: Option<Level>,
    /// How its sound fares.
    pub(crate) quality: Watch,
    /// Whether what this far side hears leaves in packets of another length.
    pub(crate) repacking: Repacking,
    /// When the engine will look for the next of several packets that became of one.
    pub(crate) cut_due: Option<Instant>,
    /// What it takes of extended reports.
    pub(crate) extended: ExtendedReports,
    /// What the box reports to the far side, since it first spoke here.
    reporter: Option<Box<Reporter>>,
    /// Who listens for its keys; nobody where nothing is known of what it says.
    pub(crate) keys: Option<Box<KeyEars>>,
    /// Keys that this far side is to hear; nobody while there are none.
    pub(crate) typist: Option<Box<Typist>>,
    /// When the engine will look whether a key was let go.
    pub(crate) key_watch: Option<Instant>,
    /// Who says here what the partner hears; nobody where it passes as it is.
    pub(crate) interpreter: Option<Box<Interpreter>>,
    /// What the far side and the box protect their packets with.
    secrecy: Option<Box<Secrecy>>,
    /// The same for RTCP, where its socket has a handshake of its own.
    report_secrecy: Option<Box<Secrecy>>,
    /// Whether the keys come by DTLS.
    pub(crate) shaking: Shaking,
    /// What the box itself lets the far side hear, in place of the partner.
    pub(crate) voice: Option<Box<Voice>>,
    /// What it says that with, once a codec is known.
    pub(crate) mouth: Option<Box<Mouth>>,
    /// What the box itself hears here, if it listens.
    pub(crate) ear: Option<Box<Ear>>,
    /// What is recorded of what comes in here, and for which recording.
    pub(crate) tap: Option<Box<Ear>>,
    pub(crate) taped: Option<RecordingId>,
    /// What is recorded of what the box itself says here.
    pub(crate) spool: Option<Box<Spool>>,
    /// Where it sits in a conference.
    pub(crate) seat: Option<Box<Seat>>,
    /// Whether it is not heard in a conference, and how loud it is.
    pub(crate) muted: bool,
    pub(crate) gain: Decibels,
    /// Where it is a B channel, what stands between that and its packets.
    pub(crate) line: Option<Box<Card>>,
    /// Who looks at its packets.
    pub(crate) tapped: Option<Tapped>,
    /// Names the stream that the box begins here.
    pub(crate) own: u64,
    /// Who the box is towards this far side.
    name: [u8; 16],
    pub(crate) stats: StreamStats,
    pub(crate) silence: Silence,
    /// When the engine will look at its silence.
    pub(crate) watch: Option<Instant>,
    media: Source,
    reports: ReportSource,
    reception: Reception,
    budget: Budget,
    /// The same for parts of handshakes, which anybody can make: they are not to use up that of the sound.
    shakes: Budget,
    /// Whole pictures that the far side was asked for.
    requests: u8,
}

/// Whether the keys of a pair come by DTLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shaking {
    /// No.
    Not,
    /// They may: the far side has not answered yet.
    Expected,
    /// Both have said so.
    Agreed,
}

/// What a report of the far side is about: the stream that it hears from this pair.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Heard {
    pub(crate) ssrc: u32,
    /// Microseconds in 256 ticks of its clock, once that is known.
    pub(crate) micros_in_256: Option<u32>,
}

impl Port {
    pub(crate) fn new(
        leg: LegId,
        kind: MediaKind,
        patience: u16,
        name: Name,
        now: Instant,
    ) -> Self {
        let patience = Duration::from_secs(patience.into());
        Self {
            leg,
            kind,
            partner: None,
            met: None,
            formats: None,
            keys_told: false,
            levels: None,
            level: None,
            quality: Watch::new(now),
            repacking: Repacking::default(),
            cut_due: None,
            extended: ExtendedReports::default(),
            reporter: None,
            keys: None,
            typist: None,
            key_watch: None,
            interpreter: None,
            secrecy: None,
            report_secrecy: None,
            shaking: Shaking::Not,
            voice: None,
            mouth: None,
            ear: None,
            tap: None,
            taped: None,
            spool: None,
            seat: None,
            muted: false,
            gain: Decibels(0),
            line: None,
            tapped: None,
            own: name.stream,
            name: name.speaker,
            stats: StreamStats::default(),
            silence: match patience {
                Duration::ZERO => Silence::Unwatched,
                patience => Silence::Since { patience, instant: now },
            },
            watch: None,
            media: Source::new(),
            reports: ReportSource::default(),
            reception: Reception::default(),
            budget: Budget::new(now),
            shakes: Budget::new(now),
            requests: 0,
        }
    }

    pub(crate) fn describe(&mut self, peer: PeerAddress, now: Instant) {
        self.media.describe(peer, now);
        self.reports.describe(peer);
    }

    /// The partner is heard past the box from now on, or by the box again. `name`: what the box names
    /// a stream of its own that it begins after that.
    pub(crate) fn go_past(&mut self, past: bool, name: Name) {
        let Some(stream) = &mut self.interpreter else { return };
        match past {
            true => {
                self.own = name.stream;
                stream.lose_sight();
            }
            false => stream.find_again(),
        }
    }

    /// Whether the box itself speaks to this far side, in place of its partner.
    pub(crate) fn is_spoken_to(&self) -> bool {
        self.voice.is_some() || self.seat.is_some()
    }

    /// Where packets for this far side go.
    pub(crate) fn to(&self, rtcp: bool) -> Option<SocketAddr> {
        if rtcp { self.reports.to() } else { self.media.to() }
    }

    /// The far side has other keys from now on, or none any more.
    pub(crate) fn protect(&mut self, keys: Option<Box<Keys>>, now: Instant) {
        match (keys, &mut self.secrecy) {
            (Some(keys), Some(secrecy)) => secrecy.rekey(&keys, now),
            (Some(keys), none) => *none = Some(Box::new(Secrecy::new(&keys))),
            (None, secrecy) => *secrecy = None,
        }
    }

    /// The far side and the box agree on keys by DTLS from now on, or do not any more. Keys that they
    /// have stay until there are others.
    pub(crate) fn shake_hands(&mut self, handshake: Option<&Handshake>) {
        self.shaking = match handshake {
            None => Shaking::Not,
            Some(one) if one.fingerprints.is_empty() && !self.shaking.is_agreed() => {
                Shaking::Expected
            }
            Some(_) => Shaking::Agreed,
        };
        if self.shaking == Shaking::Not {
            self.report_secrecy = None;
        }
    }

    /// A handshake gave keys, and proved where the far side is.
    pub(crate) fn shaken(
        &mut self,
        reports: bool,
        from: Option<SocketAddr>,
        keys: &Keys,
        now: Instant,
    ) {
        let place = if reports { &mut self.report_secrecy } else { &mut self.secrecy };
        match place {
            Some(secrecy) => secrecy.rekey(keys, now),
            none => *none = Some(Box::new(Secrecy::new(keys))),
        }
        if let Some(from) = from {
            self.prove(reports, from, now);
        }
    }

    /// Whether a datagram is of a handshake that is agreed on (RFC 7983 §7).
    #[inline]
    pub(crate) fn is_handshake(&self, bytes: &[u8]) -> bool {
        self.shaking != Shaking::Not && bytes.first().is_some_and(|first| DTLS.contains(first))
    }

    /// A part of a handshake came. Nothing is done with it here, but for the count of a flood.
    pub(crate) fn takes_handshake(&mut self, now: Instant) -> Verdict {
        match self.shakes.spend(HANDSHAKES_A_SECOND, now) {
            true => Verdict::Handshake,
            false => Verdict::Drop(DropReason::Flood),
        }
    }

    /// Whether nothing may leave here as it is.
    #[inline]
    pub(crate) fn is_ciphered(&self) -> bool {
        self.secrecy.is_some() || self.shaking == Shaking::Agreed
    }

    /// Protects a packet for the far side; nothing where it must not leave.
    pub(crate) fn seal(
        &mut self,
        reports: bool,
        buffer: &mut [u8],
        length: usize,
    ) -> Option<usize> {
        self.secrecy_of(reports)?.seal(reports, buffer, length)
    }

    fn secrecy_of(&mut self, reports: bool) -> Option<&mut Secrecy> {
        let apart = reports && self.shaking == Shaking::Agreed;
        let secrecy = if apart { &mut self.report_secrecy } else { &mut self.secrecy };
        secrecy.as_deref_mut()
    }

    /// Takes the protection off a datagram, if the far side has keys. Nothing else is done with one that
    /// is not genuine.
    pub(crate) fn open<'a>(
        &mut self,
        rtcp: bool,
        bytes: &'a mut [u8],
        now: Instant,
    ) -> Result<&'a mut [u8], DropReason> {
        if !self.is_ciphered() {
            return Ok(bytes);
        }
        let reports = match Content::read(self.kind, rtcp, bytes) {
            Some(Content::Rtp(_)) => Some(false),
            Some(Content::Rtcp) => Some(true),
            Some(Content::Keys | Content::Plain) | None => None,
        };
        let secrecy = self.secrecy_of(reports == Some(true));
        let opened = match (reports, secrecy) {
            (Some(_), None) => return Err(DropReason::Keyless),
            (Some(reports), Some(secrecy)) => secrecy.open(reports, bytes, now),
            (None, _) => Err(UnprotectError::Malformed),
        };
        match opened {
            Ok(length) => Ok(bytes.split_at_mut_checked(length).unwrap_or_default().0),
            Err(UnprotectError::Malformed | UnprotectError::TooLong) => {
                self.stats.malformed += 1;
                Err(DropReason::Malformed)
            }
            Err(UnprotectError::Forged | UnprotectError::KeyExhausted) => {
                self.stats.forged += 1;
                Err(DropReason::Forged)
            }
            Err(UnprotectError::Repeated | UnprotectError::TooOld) => Err(DropReason::Repeated),
        }
    }

    /// Takes a datagram in: is it valid, believed and within bounds?
    pub(crate) fn hear<'a>(
        &mut self,
        rtcp: bool,
        from: SocketAddr,
        bytes: &'a [u8],
        now: Instant,
    ) -> Result<(Belief, Content<'a>), DropReason> {
        let Some(content) = Content::read(self.kind, rtcp, bytes) else {
            self.stats.malformed += 1;
            return Err(DropReason::Malformed);
        };
        let belief = match rtcp {
            _ if self.is_ciphered() => self.prove(rtcp, from, now),
            false => self.media.hear(from, sight(&content), now),
            true if self.reports.hear(from, &self.media, now) => Belief::Known,
            true => Belief::Stranger,
        };
        if belief == Belief::Stranger {
            self.stats.strangers += 1;
            return Err(DropReason::Stranger);
        }
        if !self.budget.spend(PACKETS_A_SECOND, now) {
            return Err(DropReason::Flood);
        }
        self.count(&content, bytes, now);
        Ok((belief, content))
    }

    fn count(&mut self, content: &Content<'_>, bytes: &[u8], now: Instant) {
        if let Content::Rtp(header) = content {
            let agreed = Agreed { kind: self.kind, formats: self.formats.as_deref() };
            self.reception.count(&mut self.stats, header, agreed, now);
            if let Some(tap) = &mut self.tap {
                tap.take(header, now);
            }
            if self.quality.asks_mode {
                self.ask_mode(header);
            }
            let told = self.levels.and_then(|number| header.element(number)?.first());
            let told = told.map(|it| Level::of_extension(*it)).or(self.level);
            let heard = self.ear.as_mut().is_none_or(|ear| ear.take(header, now));
            let seated = self.seat.as_mut().is_none_or(|seat| seat.take(header, told, now));
            if !(heard && seated) {
                self.reception.discard(header.sequence());
            }
        }
        if matches!(content, Content::Rtp(_) | Content::Plain) {
            self.stats.received += 1;
            self.stats.received_octets += octets(bytes);
        }
    }

    /// Takes a packet in that a browser's transport has let through: who sent it is proved.
    pub(crate) fn hear_secured<'a>(
        &mut self,
        bytes: &'a [u8],
        now: Instant,
    ) -> Result<Content<'a>, DropReason> {
        let Some(content) = Content::read(self.kind, false, bytes) else {
            self.stats.malformed += 1;
            return Err(DropReason::Malformed);
        };
        if !self.budget.spend(PACKETS_A_SECOND, now) {
            return Err(DropReason::Flood);
        }
        self.count(&content, bytes, now);
        Ok(content)
    }

    /// A genuine packet is believed wherever it comes from, and answered there.
    fn prove(&mut self, rtcp: bool, from: SocketAddr, now: Instant) -> Belief {
        if rtcp { self.reports.prove(from, now) } else { self.media.prove(from, now) }
    }

    /// Counts what goes out here.
    pub(crate) fn speak(&mut self, packets: u64, octets: u64) {
        self.stats.sent += packets;
        self.stats.sent_octets += octets;
    }

    /// The number of the next request for a whole picture (RFC 5104 §4.3.1.1).
    pub(crate) fn next_request(&mut self) -> u8 {
        self.requests = self.requests.wrapping_add(1);
        self.requests
    }

    /// The codec in which the box itself speaks here, if it does.
    pub(crate) fn own_codec(&self) -> Option<Codec> {
        let seated = self.seat.as_ref().and_then(|seat| seat.mouth.as_ref());
        self.mouth.as_deref().or(seated).map(|mouth| mouth.shape().codec())
    }

    /// The codec of the sound that comes in here.
    pub(crate) fn codec(&self) -> Option<Codec> {
        let payload_type = self.stats.payload_type?;
        let Some(formats) = &self.formats else { return static_codec(payload_type) };
        let is_it = |format: &&call::Format| format.payload_type == payload_type;
        formats.receive.iter().find(is_it).map(|format| format.codec)
    }
}

impl Shaking {
    pub(crate) fn is_agreed(self) -> bool {
        self == Self::Agreed
    }
}

fn sight(content: &Content<'_>) -> Sight {
    match content {
        Content::Rtp(header) => Sight::Rtp { ssrc: header.ssrc(), sequence: header.sequence() },
        Content::Plain => Sight::Plain,
        Content::Rtcp | Content::Keys => Sight::Beside,
    }
}

/// RFC 3551 §6, table 4, as far as the box knows them.
fn static_codec(payload_type: u8) -> Option<Codec> {
    match payload_type {
        0 => Some(Codec::Pcmu),
        3 => Some(Codec::Gsm),
        4 => Some(Codec::G723 { annex_a: true }),
        8 => Some(Codec::Pcma),
        9 => Some(Codec::G722),
        18 => Some(Codec::G729 { annex_b: true }),
        _ => None,
    }
}

fn octets(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// RFC 7983 §7.
const DTLS: std::ops::RangeInclusive<u8> = 20..=63;
