//! The media of one leg: what its peer said, what we said, and the ports in between.

mod keys;

use super::browser::Browser;
use super::secrecy::Secrecy;
use super::speech::{self, NothingInCommon, Terms};
use super::voice::Speaking;
use crate::frame::Frame;
use call::{
    CallId, Cause, End, Formats, Keys, Learn, LegId, MediaCommand, MediaKind, PeerAddress, PortId,
    Why,
};
use config::{CodecPolicy, Encryption, Subnet};
use sdp::{Direction, Kind, LineKeys, LocalMedia, Media, Origin, Session, undress};
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
    /// The peer takes INFO requests.
    allows_info: bool,
    /// Media was told that this peer learns of keys by INFO.
    told: bool,
    /// What the box itself says here.
    pub(super) voice: Option<Speaking>,
    /// The transport, when the peer is a browser.
    browser: Option<Box<Browser>>,
    /// What the call's record calls this leg.
    name: String,
    /// What the peer may speak, as it was when the leg was made.
    policy: Arc<CodecPolicy>,
    secrecy: Secrecy,
    /// What media was told of the keys of each line.
    locked: Vec<Option<Keys>>,
    /// What it costs that this leg hears the other one, as it stands in the load of the box.
    price: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Port {
    pub(super) id: PortId,
    bound: IpAddr,
}

/// No media port is free.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoPorts;

/// Why a leg cannot be offered what another one said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Unoffered {
    NoPorts,
    /// It would have to be translated, and the box has no room for that.
    NoRoom,
    NothingInCommon(NothingInCommon),
}

impl Unoffered {
    /// The end of a call that comes to nothing by it.
    pub(crate) fn end(self) -> End {
        match self {
            Self::NoPorts => End::ours(Cause::CONGESTION, Why::NoPorts),
            Self::NoRoom => End::ours(Cause::CONGESTION, Why::Overload),
            Self::NothingInCommon(NothingInCommon { theirs, ours, .. }) => {
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
    /// It comes by a WebSocket.
    pub(crate) browser: bool,
}

impl LegMedia {
    pub(crate) fn new(name: String, policy: CodecPolicy, encryption: Encryption) -> Self {
        let secrecy = Secrecy::new(encryption);
        Self { name, policy: Arc::new(policy), secrecy, ..Self::default() }
    }

    /// Whether the peer's offer can be taken, if somebody answers it; if not, why.
    pub(crate) fn check(&self, offer: &Session) -> Result<(), Why> {
        let is_speech = |media: &Media<'_>| media.is_active() && media.kind() == Kind::Audio;
        let mut first = Ok(());
        for media in offer.media().filter(is_speech) {
            match self.secrecy.check(&media) {
                Ok(()) => return Ok(()),
                Err(why) => first = first.and(Err(why)),
            }
        }
        first
    }

    /// Whether the peer is asked for nothing but encrypted sound.
    pub(crate) fn requires_encryption(&self) -> bool {
        self.secrecy.is_required()
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
        let before = before.map(|ours| bare(&ours).unwrap_or(ours));
        let readable = bare(theirs);
        let theirs = readable.as_ref().unwrap_or(theirs);
        let widened = match speech::widened(theirs, before.as_ref(), terms, &self.policy) {
            Ok(widened) => widened,
            Err(NothingInCommon { too_dear: true, .. }) => {
                frame.load.refused();
                return Err(Unoffered::NoRoom);
            }
            Err(nothing) => return Err(Unoffered::NothingInCommon(nothing)),
        };
        if whose.browser && self.ports.is_empty() {
            self.browser = Browser::new(frame);
        }
        let local = self.local(frame, whose, theirs, theirs)?;
        let mut origin = self.origin(frame, whose.remote);
        if let Some(browser) = &mut self.browser {
            browser.begin(frame, whose, widened.as_ref().unwrap_or(theirs), None);
        }
        let theirs = widened.as_ref().unwrap_or(theirs);
        let mut body = sdp::relay_offer(theirs, &origin, &local);
        if let (Some(direction), Ok(session)) = (direction, Session::parse(&body)) {
            body = sdp::with_direction(&session, &origin, direction);
        }
        if let Some(before) = &before {
            body = sdp::keep_lines(body, before);
        }
        let ours = Session::parse(&body).ok();
        let keys = ours.as_ref().map(|ours| self.keys_offered(frame, ours));
        let body =
            origin.follow(previous.as_deref(), |origin| match ours.as_ref().zip(keys.as_ref()) {
                Some((ours, keys)) => self.said(ours, origin, keys),
                None => body.clone(),
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
        if self.ports.is_empty() && offer.webrtc().is_some() {
            self.browser = Browser::new(frame);
        }
        if let Some(browser) = &mut self.browser {
            browser.begin(frame, whose, offer, offer.webrtc());
        }
        let (asked, said) = (bare(offer), bare(answer));
        let mut local = self.local(frame, whose, asked.as_ref().unwrap_or(offer), answer)?;
        for (local, media) in local.iter_mut().zip(offer.media()) {
            if self.secrecy.check(&media).is_err() {
                *local = None;
            }
        }
        let (asked, answer) = (asked.as_ref().unwrap_or(offer), said.as_ref().unwrap_or(answer));
        let narrowed = speech::narrowed(answer, asked, &self.policy);
        let answer = narrowed.as_ref().unwrap_or(answer);
        let mut origin = self.origin(frame, whose.remote);
        let body = sdp::relay_answer(asked, answer, &origin, &local);
        let body = self.with_keys(frame, &mut origin, body, offer);
        self.origin = Some(origin);
        self.ours = Some(body.clone());
        Ok(body)
    }

    /// The answer to an offer that says what the peer has said before, but for its keys.
    pub(crate) fn answer_again(&mut self, frame: &mut Frame, offer: &Session) -> Option<Vec<u8>> {
        let known = self.theirs.as_deref()?;
        // A browser that begins its transport anew is answered with a new one.
        let user = |of: &Session| of.webrtc().map(|webrtc| webrtc.user.to_owned());
        if user(known) != user(offer) {
            return None;
        }
        let (before, now) = (bare(known), bare(offer));
        if !now.as_ref().unwrap_or(offer).same_media(before.as_ref().unwrap_or(known)) {
            return None;
        }
        if self.browser.is_some() {
            return self.ours.clone();
        }
        let ours = Session::parse(self.ours.as_deref()?).ok()?;
        let plain = bare(&ours).unwrap_or(ours).as_bytes().to_vec();
        let mut origin = self.origin?;
        let body = self.with_keys(frame, &mut origin, plain, offer);
        self.origin = Some(origin);
        self.ours = Some(body.clone());
        Some(body)
    }

    /// What we said last, as an offer that changes nothing.
    pub(crate) fn offer_again(&mut self, frame: &mut Frame) -> Option<Vec<u8>> {
        let previous = self.ours.clone()?;
        let ours = Session::parse(&previous).ok()?;
        let plain = bare(&ours).unwrap_or(ours);
        let mut origin = self.origin?;
        let keys = self.keys_offered(frame, &plain);
        if let Some(browser) = &mut self.browser {
            browser.ask();
        }
        let body = origin.follow(Some(&previous), |origin| self.said(&plain, origin, &keys));
        self.origin = Some(origin);
        self.ours = Some(body.clone());
        Some(body)
    }

    /// Our answer with its keys, under the version that it is due.
    fn with_keys(
        &mut self,
        frame: &mut Frame,
        origin: &mut Origin,
        body: Vec<u8>,
        offer: &Session,
    ) -> Vec<u8> {
        let Ok(ours) = Session::parse(&body) else { return body };
        let keys = match &self.browser {
            Some(_) => Vec::new(),
            None => self.secrecy.answer(&ours, offer, &mut frame.secrets),
        };
        origin.follow(self.ours.as_deref(), |origin| self.said(&ours, origin, &keys))
    }

    /// The keys of an offer. A browser has those of its transport.
    fn keys_offered(&mut self, frame: &mut Frame, ours: &Session) -> Vec<LineKeys> {
        match &self.browser {
            Some(_) => Vec::new(),
            None => self.secrecy.offer(ours, &mut frame.secrets),
        }
    }

    /// A description as it is said: with its keys, or for a browser with its transport.
    fn said(&self, ours: &Session, origin: &Origin, keys: &[LineKeys]) -> Vec<u8> {
        let body = sdp::with_keys(ours, origin, keys);
        match (&self.browser, Session::parse(&body)) {
            (Some(browser), Ok(plain)) => browser.dress(&plain),
            _ => body,
        }
    }

    /// The answer to the peer's offer that wants none of it.
    pub(crate) fn refusal(&mut self, frame: &mut Frame, whose: Whose, offer: &Session) -> Vec<u8> {
        let origin = self.origin(frame, whose.remote);
        sdp::refuse_all(offer, &origin)
    }

    /// What we said last.
    pub(crate) fn ours(&self) -> Option<&[u8]> {
        self.ours.as_deref()
    }

    /// Whether we have said anything.
    pub(crate) fn has_spoken(&self) -> bool {
        self.ours.is_some()
    }

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
        if let Some(browser) = &mut self.browser {
            let ours = self.ours.as_deref().and_then(|ours| Session::parse(ours).ok());
            if let Some(transport) = browser.agreed(&self.ports, ours.as_ref(), &theirs) {
                frame.media(MediaCommand::Browser(transport));
            }
        }
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
        self.theirs = Some(theirs);
        self.set_held(frame, held);
        self.speak(frame);
    }

    /// Tells media what both sides speak, where that is new.
    fn agree(&mut self, frame: &mut Frame, theirs: &Session) {
        let ours = self.ours.as_deref().and_then(|ours| Session::parse(ours).ok());
        let Some(ours) = ours else { return };
        let (said, heard) = (bare(&ours), bare(theirs));
        let (ours, theirs) = (said.as_ref().unwrap_or(&ours), heard.as_ref().unwrap_or(theirs));
        let agreed = speech::agreed(ours, theirs, self.policy.packet_millis);
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

    /// Tells media which keys the lines have, where that is new, and the call's record how they are
    /// protected.
    fn lock(&mut self, frame: &mut Frame, leg: LegId, theirs: &Session) {
        self.locked.resize(self.ports.len(), None);
        let lines = self.ports.iter().zip(&mut self.locked).zip(theirs.media()).enumerate();
        for (index, ((port, locked), media)) in lines {
            let Some(port) = port.filter(|_| media.is_active()) else { continue };
            let keys = self.secrecy.keys(index);
            if *locked != keys {
                let keys = keys.clone().map(Box::new);
                frame.media(MediaCommand::Keys { port: port.id, keys });
            }
            *locked = keys;
            let security = self.secrecy.security(index);
            frame.streams.secured(leg, index, kind_of(media.kind()), security);
        }
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

    /// Parts this leg's ports from all others.
    pub(super) fn unbridge(&self, frame: &mut Frame) {
        for port in self.ports.iter().flatten() {
            frame.media(MediaCommand::Unbridge { port: port.id });
        }
    }

    /// The port of the line by which the box can speak, and whether the far side would hear it.
    pub(super) fn mouth(&self) -> Option<(PortId, bool)> {
        let theirs = self.theirs.as_ref()?;
        let speaks = |(index, port): (usize, &Option<Port>)| {
            let line = theirs.media_at(index)?;
            let id = port.as_ref()?.id;
            (line.kind() == Kind::Audio).then(|| (id, line.direction().receives()))
        };
        self.ports.iter().enumerate().find_map(speaks)
    }

    /// Whether both sides speak and listen, in something that the box understands.
    pub(super) fn is_open(&self) -> bool {
        let ours = self.ours.as_deref().and_then(|ours| Session::parse(ours).ok());
        let both = [ours.as_ref(), self.theirs.as_deref()];
        let open = |session: Option<&Session>| {
            let line = session.and_then(|session| session.media().find(|line| line.is_active()));
            line.is_some_and(|line| line.direction() == Direction::SendRecv)
        };
        let sound = |formats: &Formats| formats.send.iter().any(|format| format.codec.is_sound());
        both.into_iter().all(open) && self.agreed.iter().flatten().any(sound)
    }

    /// What it costs that this leg hears `other`; a leg without a partner waits for one that is
    /// understood.
    pub(crate) fn price(&self, frame: &Frame, other: Option<&LegMedia>) -> u64 {
        let Some(capacity) = frame.load.capacity() else { return 0 };
        let formats = |media: &LegMedia, line: usize| media.agreed.get(line).cloned().flatten();
        let lent = self.ports.iter().enumerate().filter(|(_, port)| port.is_some());
        let line = |(line, _): (usize, _)| {
            let from = other.and_then(|other| formats(other, line));
            capacity.direction(from.as_ref(), formats(self, line).as_ref())
        };
        lent.map(line).sum()
    }

    /// Enters what this leg costs from now on.
    pub(crate) fn priced(&mut self, frame: &mut Frame, price: u64) {
        frame.load.changed(self.price, price);
        self.price = price;
    }

    /// Gives all ports back.
    pub(crate) fn close(&mut self, frame: &mut Frame) {
        self.voice = None;
        self.priced(frame, 0);
        for port in std::mem::take(&mut self.ports).into_iter().flatten() {
            frame.media(MediaCommand::Close { port: port.id });
            frame.lent.remove(&port.id);
            frame.ports.returned(port.id);
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

    /// Our address for each line that can be relayed; ports are lent where there is none yet, but for
    /// lines that `taken` refuses.
    fn local(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        lines: &Session,
        taken: &Session,
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
            let refused = taken.media_at(index).is_none_or(|media| !media.is_active());
            if known.is_none() && refused {
                local.push(None);
                continue;
            }
            let port = match known {
                Some(port) => port,
                None => {
                    let is_browser = self.browser.is_some();
                    let port = lend(frame, whose, &self.name, media.kind(), is_browser)?;
                    if let Some(slot) = self.ports.get_mut(index) {
                        *slot = Some(port);
                    }
                    let packet = frame.load.capacity().map_or(0, |it| it.packet_nanos);
                    self.priced(frame, self.price.saturating_add(packet));
                    port
                }
            };
            let address = frame.places.media(&frame.config, port.bound, whose.remote);
            let number = self.browser.as_ref().map_or(port.id.port, |browser| browser.port());
            local.push(Some(LocalMedia::at(address, number)));
        }
        Ok(local)
    }
}

/// What is said in a description to the other side: nothing of keys, nor of a browser's transport.
/// Nothing when there is nothing of that.
fn bare(session: &Session) -> Option<Session> {
    let undressed = undress(session);
    sdp::without_keys(undressed.as_ref().unwrap_or(session)).or(undressed)
}

fn lend(
    frame: &mut Frame,
    whose: Whose,
    name: &str,
    kind: Kind,
    is_browser: bool,
) -> Result<Port, NoPorts> {
    let like = frame.places.interface(whose.remote).unwrap_or(whose.remote);
    let (id, bound, more) = match is_browser {
        true => {
            let id = frame.ports.lend_line().ok_or(NoPorts)?;
            (id, frame.ports.address(like).unwrap_or(like), None)
        }
        false => frame.ports.lend(like).ok_or(NoPorts)?,
    };
    if let Some(more) = more {
        frame.media(more);
    }
    let kind = kind_of(kind);
    let dscp = match kind {
        MediaKind::Audio | MediaKind::Image => DSCP_VOICE,
        MediaKind::Video => DSCP_VIDEO,
        MediaKind::Other => 0,
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

fn kind_of(kind: Kind) -> MediaKind {
    match kind {
        Kind::Audio => MediaKind::Audio,
        Kind::Video => MediaKind::Video,
        Kind::Image => MediaKind::Image,
        Kind::Text | Kind::Application | Kind::Message | Kind::Other => MediaKind::Other,
    }
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
