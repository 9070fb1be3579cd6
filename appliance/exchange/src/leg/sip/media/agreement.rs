//! What a leg's peer said last takes effect: where it listens, what both speak, under which keys.

use super::ports::kind_of;
use super::{LegMedia, Whose, bare};
use crate::frame::Frame;
use crate::leg::sip::speech;
use call::{ExtendedReports, Formats, Learn, LegId, MediaCommand, MediaPath, PeerAddress, Why};
use config::Subnet;
use sdp::{Direction, Media, Session};
use std::net::IpAddr;
use std::sync::Arc;

impl LegMedia {
    /// The peer answered our offer.
    pub(crate) fn answered(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        theirs: Arc<Session>,
    ) -> Result<(), Why> {
        self.secrecy.heard(&theirs)?;
        self.heard(frame, whose, theirs);
        Ok(())
    }

    /// The peer's description as it is from now on: media sends there and believes it.
    pub(crate) fn heard(&mut self, frame: &mut Frame, whose: Whose, theirs: Arc<Session>) {
        self.arrives(frame);
        if let Some(browser) = &mut self.browser {
            let ours = self.ours.as_deref().and_then(|ours| Session::parse(ours).ok());
            if let Some(transport) = browser.agreed(&self.ports, ours.as_ref(), &theirs) {
                frame.media(MediaCommand::Browser(transport));
            }
        }
        self.turn(frame, &theirs);
        for (media, port) in theirs.media().zip(&self.ports) {
            if self.browser.is_some() {
                break;
            }
            let (Some(port), Some(remote)) = (port, media.remote()) else { continue };
            let learn = learn(remote.rtp.ip(), whose.remote);
            let peer = PeerAddress { rtp: remote.rtp, rtcp: remote.rtcp, learn };
            frame.media(MediaCommand::Peer { port: port.id, peer });
        }
        let held = theirs.is_hold();
        self.agree(frame, &theirs);
        self.lock(frame, whose.leg, &theirs);
        self.meet(frame, &theirs);
        self.extend(frame, &theirs);
        self.show(frame, whose.leg, &theirs);
        self.theirs = Some(theirs);
        self.set_held(frame, held);
        self.speak(frame);
    }

    /// Tells media which lines carry something else than before, as that of a fax does.
    fn turn(&mut self, frame: &mut Frame, theirs: &Session) {
        for (media, port) in theirs.media().zip(&mut self.ports) {
            let kind = kind_of(media.kind());
            let Some(port) = port.as_mut().filter(|port| media.is_active() && port.kind != kind)
            else {
                continue;
            };
            port.kind = kind;
            frame.media(MediaCommand::Kind { port: port.id, kind });
        }
    }

    /// Tells media what both sides speak, where that is new.
    fn agree(&mut self, frame: &mut Frame, theirs: &Session) {
        let ours = self.ours.as_deref().and_then(|ours| Session::parse(ours).ok());
        let Some(ours) = ours else { return };
        let (said, heard) = (bare(&ours), bare(theirs));
        let (ours, theirs) = (said.as_ref().unwrap_or(&ours), heard.as_ref().unwrap_or(theirs));
        let agreed = speech::agreed(ours, theirs, self.policy.packet_millis);
        let levels = speech::levels(ours, theirs);
        for (line, (port, number)) in self.ports.iter().zip(&levels).enumerate() {
            let before = self.levels.get(line).copied().flatten();
            if let Some(port) = port.as_ref().filter(|_| *number != before) {
                frame.media(MediaCommand::Levels { port: port.id, number: *number });
            }
        }
        self.levels = levels;
        for (line, (port, formats)) in self.ports.iter().zip(&agreed).enumerate() {
            let (Some(port), Some(formats)) = (port, formats) else { continue };
            if self.agreed.get(line).is_some_and(|before| before.as_ref() == Some(formats)) {
                continue;
            }
            let formats = Box::new(formats.clone());
            frame.media(MediaCommand::Formats { port: port.id, formats });
        }
        self.agreed = agreed;
        self.tell_keys(frame);
    }

    /// Tells the call's record what is spoken on the lines, and where that goes.
    fn show(&self, frame: &mut Frame, leg: LegId, theirs: &Session) {
        let ours = self.ours.as_deref().and_then(|ours| Session::parse(ours).ok());
        let Some(ours) = ours else { return };
        let lines = theirs.media().zip(ours.media()).zip(&self.ports).enumerate();
        for (index, ((theirs, ours), port)) in lines {
            if port.is_none() || !theirs.is_active() {
                continue;
            }
            let path = match self.met.get(index).copied().flatten() {
                Some(_) => MediaPath::Loopback,
                None if self.is_past() => MediaPath::Direct,
                None => MediaPath::Anchored,
            };
            let codec = spoken(&ours, &theirs);
            frame.streams.agreed(leg, index, kind_of(theirs.kind()), codec, path);
        }
    }

    /// Tells media which extended reports the peer takes, where that is new. What the box's own
    /// description said is no matter: each side says what it takes itself (RFC 3611 §5.2).
    fn extend(&mut self, frame: &mut Frame, theirs: &Session) {
        self.extended.resize(self.ports.len(), ExtendedReports::default());
        for ((port, before), media) in self.ports.iter().zip(&mut self.extended).zip(theirs.media())
        {
            let Some(port) = port else { continue };
            let sdp::ExtendedReports { voip_metrics, receiver_time } = media.extended_reports();
            let takes = ExtendedReports { voip_metrics, receiver_time };
            if *before != takes && self.browser.is_none() {
                *before = takes;
                frame.media(MediaCommand::Extended { port: port.id, takes });
            }
        }
    }

    /// Tells media which lines lead to another call of the box, where that is new.
    fn meet(&mut self, frame: &mut Frame, theirs: &Session) {
        self.met.resize(self.ports.len(), None);
        for ((port, met), media) in self.ports.iter().zip(&mut self.met).zip(theirs.media()) {
            let Some(port) = port else { continue };
            let remote = media.remote().filter(|_| self.browser.is_none());
            let own = remote.filter(|remote| frame.places.is_ours(remote.rtp.ip()));
            let other = own.and_then(|own| frame.ports.at(own.rtp));
            let other = other.filter(|other| frame.lent.contains_key(other));
            if *met != other {
                *met = other;
                frame.media(MediaCommand::Meet { port: port.id, other });
            }
        }
    }

    /// One of both legs holds, or neither does any more.
    pub(crate) fn set_held(&mut self, frame: &mut Frame, held: bool) {
        self.held = held;
        self.hush(frame);
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// Whether both sides speak and listen, in something that the box understands.
    pub(in crate::leg::sip) fn is_open(&self) -> bool {
        let ours = self.ours.as_deref().and_then(|ours| Session::parse(ours).ok());
        let both = [ours.as_ref(), self.theirs.as_deref()];
        let open = |session: Option<&Session>| {
            let line = session.and_then(|session| session.media().find(|line| line.is_active()));
            line.is_some_and(|line| line.direction() == Direction::SendRecv)
        };
        let sound = |formats: &Formats| formats.send.iter().any(|format| format.codec.is_sound());
        !self.is_past() && both.into_iter().all(open) && self.agreed.iter().flatten().any(sound)
    }
}

/// What the peer is sent on a line: the first that it named and we know of.
fn spoken(ours: &Media<'_>, theirs: &Media<'_>) -> Option<String> {
    let known = ours.codecs();
    let both = |codec: &sdp::Codec<'_>| {
        let same = |other: &sdp::Codec<'_>| codec.is_same_encoding(other);
        let beside = BESIDE.iter().any(|name| codec.name.eq_ignore_ascii_case(name));
        codec.is_media() && !beside && known.iter().any(same)
    };
    let name = theirs.codecs().into_iter().find(both)?.name;
    Some(name.chars().take(LONGEST_NAME).collect())
}

/// A description is taken at its word when its address is the one that signalling comes from, or a
/// public one: a carrier's media server. A private address that is not the signalling's is behind a NAT.
pub(super) fn learn(described: IpAddr, signalling: IpAddr) -> Learn {
    let same = described.to_canonical() == signalling.to_canonical();
    if same || !Subnet::is_private(described) || described.is_loopback() {
        return Learn::Never;
    }
    if Subnet::is_private(signalling) && !signalling.is_loopback() && routed(described, signalling)
    {
        return Learn::Never;
    }
    Learn::Behind(signalling)
}

/// Whether the box can speak first to the peer of a line.
pub(super) fn reachable(media: &Media<'_>, signalling: IpAddr) -> bool {
    media.remote().is_some_and(|remote| learn(remote.rtp.ip(), signalling) == Learn::Never)
}

/// Two private addresses of one site: a phone whose media has an address of its own.
fn routed(described: IpAddr, signalling: IpAddr) -> bool {
    Subnet::new(signalling, if signalling.is_ipv4() { 24 } else { 64 })
        .is_ok_and(|subnet| subnet.contains(described))
}

/// Of a codec, as it is shown: no registered one is longer than 22.
const LONGEST_NAME: usize = 32;
/// What stands beside a codec: noise, and what mends losses (RFC 4588, RFC 2198, RFC 5109, RFC 8627).
const BESIDE: [&str; 5] = ["CN", "rtx", "red", "ulpfec", "flexfec-03"];
