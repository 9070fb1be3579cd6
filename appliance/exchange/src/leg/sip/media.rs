//! The media of one leg: what its peer said, what we said, and the ports in between.

use super::speech::{self, NothingInCommon, Terms};
use crate::frame::Frame;
use call::{
    CallId, Cause, End, Formats, Learn, LegId, MediaCommand, MediaKind, PeerAddress, PortId, Why,
};
use config::{CodecPolicy, Subnet};
use sdp::{Direction, Kind, LocalMedia, Origin, Session};
use std::net::IpAddr;
use std::sync::Arc;

/// The media of one leg.
#[derive(Debug, Default)]
pub(crate) struct LegMedia {
    origin: Option<Origin>,
    /// What we said last.
    ours: Option<Vec<u8>>,
    /// What the peer said last and both agreed to, or are about to.
    pub(crate) theirs: Option<Arc<Session>>,
    /// One for each media line that is relayed.
    ports: Vec<Option<Port>>,
    /// What media was told of each line.
    agreed: Vec<Option<Formats>>,
    held: bool,
    /// What the call's record calls this leg.
    name: String,
    /// What the peer may speak, as it was when the leg was made.
    policy: Arc<CodecPolicy>,
}

#[derive(Debug, Clone, Copy)]
struct Port {
    id: PortId,
    bound: IpAddr,
}

/// No media port is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoPorts;

/// Why a leg cannot be offered what another one said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unoffered {
    NoPorts,
    NothingInCommon(NothingInCommon),
}

impl Unoffered {
    /// The end of a call that comes to nothing by it.
    pub(crate) fn end(self) -> End {
        match self {
            Self::NoPorts => End::ours(Cause::CONGESTION, Why::NoPorts),
            Self::NothingInCommon(NothingInCommon { theirs, ours }) => {
                let why = Why::NoCommonCodec { caller: theirs, called: ours };
                End::ours(Cause::INCOMPATIBLE, why)
            }
        }
    }
}

impl From<NoPorts> for Unoffered {
    fn from(_: NoPorts) -> Self {
        Self::NoPorts
    }
}

/// Whose media this is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Whose {
    pub(crate) call: CallId,
    pub(crate) leg: LegId,
    /// Where its signalling comes from.
    pub(crate) remote: IpAddr,
}

impl LegMedia {
    pub(crate) fn new(name: String, policy: CodecPolicy) -> Self {
        Self { name, policy: Arc::new(policy), ..Self::default() }
    }

    /// What the peer may speak.
    pub(crate) fn policy(&self) -> &Arc<CodecPolicy> {
        &self.policy
    }

    /// An offer for this leg, made of what another leg said.
    pub(crate) fn offer(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        theirs: &Session,
        terms: &Terms,
        direction: Option<Direction>,
    ) -> Result<Vec<u8>, Unoffered> {
        let previous = self.ours.clone();
        let before = previous.as_deref().and_then(|ours| Session::parse(ours).ok());
        let widened = speech::widened(theirs, before.as_ref(), terms, &self.policy)
            .map_err(Unoffered::NothingInCommon)?;
        let local = self.local(frame, whose, theirs)?;
        let mut origin = self.origin(frame, whose.remote);
        let theirs = widened.as_ref().unwrap_or(theirs);
        let body = origin.follow(previous.as_deref(), |origin| {
            let mut body = sdp::relay_offer(theirs, origin, &local);
            if let (Some(direction), Ok(session)) = (direction, Session::parse(&body)) {
                body = sdp::with_direction(&session, origin, direction);
            }
            match &before {
                Some(before) => sdp::keep_lines(body, before),
                None => body,
            }
        });
        self.origin = Some(origin);
        self.ours = Some(body.clone());
        Ok(body)
    }

    /// The answer to this leg's offer, made of what another leg answered.
    pub(crate) fn answer(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        offer: &Session,
        answer: &Session,
    ) -> Result<Vec<u8>, NoPorts> {
        let local = self.local(frame, whose, offer)?;
        let narrowed = speech::narrowed(answer, offer, &self.policy);
        let answer = narrowed.as_ref().unwrap_or(answer);
        let mut origin = self.origin(frame, whose.remote);
        let body = origin.follow(self.ours.as_deref(), |origin| {
            sdp::relay_answer(offer, answer, origin, &local)
        });
        self.origin = Some(origin);
        self.ours = Some(body.clone());
        Ok(body)
    }

    /// The answer to the peer's offer that wants none of it.
    pub(crate) fn refusal(&mut self, frame: &mut Frame, whose: Whose, offer: &Session) -> Vec<u8> {
        let origin = self.origin(frame, whose.remote);
        sdp::refuse_all(offer, &origin)
    }

    /// What we said last, for a refresh that changes nothing.
    pub(crate) fn ours(&self) -> Option<&[u8]> {
        self.ours.as_deref()
    }

    /// The peer's description as it is from now on: media sends there and believes it.
    pub(crate) fn heard(&mut self, frame: &mut Frame, whose: Whose, theirs: Arc<Session>) {
        for (media, port) in theirs.media().zip(&self.ports) {
            let (Some(port), Some(remote)) = (port, media.remote()) else { continue };
            let learn = learn(remote.rtp.ip(), whose.remote);
            let peer = PeerAddress { rtp: remote.rtp, rtcp: remote.rtcp, learn };
            frame.media(MediaCommand::Peer { port: port.id, peer });
        }
        let held = theirs.is_hold();
        self.agree(frame, &theirs);
        self.theirs = Some(theirs);
        self.set_held(frame, held);
    }

    /// Tells media what both sides speak, where that is new.
    fn agree(&mut self, frame: &mut Frame, theirs: &Session) {
        let ours = self.ours.as_deref().and_then(|ours| Session::parse(ours).ok());
        let Some(ours) = ours else { return };
        let agreed = speech::agreed(&ours, theirs, self.policy.packet_millis);
        for (line, (port, formats)) in self.ports.iter().zip(&agreed).enumerate() {
            let (Some(port), Some(formats)) = (port, formats) else { continue };
            if self.agreed.get(line).is_some_and(|before| before.as_ref() == Some(formats)) {
                continue;
            }
            let formats = Box::new(formats.clone());
            frame.media(MediaCommand::Formats { port: port.id, formats });
        }
        self.agreed = agreed;
    }

    /// Silence is expected on both legs while one of them holds.
    pub(crate) fn set_held(&mut self, frame: &mut Frame, held: bool) {
        if self.held == held {
            return;
        }
        self.held = held;
        for port in self.ports.iter().flatten() {
            frame.media(MediaCommand::Held { port: port.id, held });
        }
    }

    pub(crate) fn is_held(&self) -> bool {
        self.held
    }

    /// Connects the ports of two legs, line by line.
    pub(crate) fn bridge(&self, frame: &mut Frame, other: &LegMedia) {
        for (ours, theirs) in self.ports.iter().zip(&other.ports) {
            if let (Some(a), Some(b)) = (ours, theirs) {
                frame.media(MediaCommand::Bridge { a: a.id, b: b.id });
            }
        }
    }

    /// Gives all ports back.
    pub(crate) fn close(&mut self, frame: &mut Frame) {
        for port in std::mem::take(&mut self.ports).into_iter().flatten() {
            frame.media(MediaCommand::Close { port: port.id });
            frame.lent.remove(&port.id);
            frame.ports.returned();
        }
    }

    fn origin(&self, frame: &mut Frame, remote: IpAddr) -> Origin {
        let bound = self.ports.iter().flatten().next().map(|port| port.bound);
        let fallback = || frame.places.interface(remote).unwrap_or(remote);
        let address = match bound {
            Some(bound) => frame.places.media(&frame.config, bound, remote),
            None => fallback(),
        };
        match self.origin {
            Some(origin) => origin,
            None => Origin::new(frame.random.u32(), address),
        }
    }

    /// Our address for each line that can be relayed; ports are lent where there is none yet.
    fn local(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        lines: &Session,
    ) -> Result<Vec<Option<LocalMedia>>, NoPorts> {
        let mut local = Vec::with_capacity(lines.media().len());
        for (index, media) in lines.media().enumerate() {
            if self.ports.len() <= index {
                self.ports.push(None);
            }
            if !media.is_relayable() {
                local.push(None);
                continue;
            }
            let known = self.ports.get(index).copied().flatten();
            let port = match known {
                Some(port) => port,
                None => {
                    let port = lend(frame, whose, &self.name, media.kind())?;
                    if let Some(slot) = self.ports.get_mut(index) {
                        *slot = Some(port);
                    }
                    port
                }
            };
            let address = frame.places.media(&frame.config, port.bound, whose.remote);
            local.push(Some(LocalMedia::at(address, port.id.port)));
        }
        Ok(local)
    }
}

fn lend(frame: &mut Frame, whose: Whose, name: &str, kind: Kind) -> Result<Port, NoPorts> {
    let like = frame.places.interface(whose.remote).unwrap_or(whose.remote);
    let (id, bound, more) = frame.ports.lend(like).ok_or(NoPorts)?;
    if let Some(more) = more {
        frame.media(more);
    }
    let (kind, dscp) = match kind {
        Kind::Audio => (MediaKind::Audio, DSCP_VOICE),
        Kind::Video => (MediaKind::Video, DSCP_VIDEO),
        Kind::Image => (MediaKind::Image, DSCP_VOICE),
        Kind::Text | Kind::Application | Kind::Message | Kind::Other => (MediaKind::Other, 0),
    };
    let silence_seconds = match kind {
        MediaKind::Audio => frame.config.settings.silence_seconds,
        MediaKind::Video | MediaKind::Image | MediaKind::Other => 0,
    };
    let (call, leg) = (whose.call, whose.leg);
    frame.lent.insert(id, leg);
    frame.streams.opened(call, leg, name, kind);
    frame.media(MediaCommand::Open { port: id, call, leg, kind, dscp, silence_seconds });
    Ok(Port { id, bound })
}

/// A description is taken at its word when its address is the one that signalling comes from, or a
/// public one: a carrier's media server. A private address that is not the signalling's is behind a NAT.
fn learn(described: IpAddr, signalling: IpAddr) -> Learn {
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

/// Two private addresses of one site: a phone whose media has an address of its own.
fn routed(described: IpAddr, signalling: IpAddr) -> bool {
    Subnet::new(signalling, if signalling.is_ipv4() { 24 } else { 64 })
        .is_ok_and(|subnet| subnet.contains(described))
}

/// RFC 4594 §4.1, §4.3: telephony is EF, video AF41.
const DSCP_VOICE: u8 = 46;
const DSCP_VIDEO: u8 = 34;
