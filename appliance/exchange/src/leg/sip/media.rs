//! The media of one leg: what its peer said, what we said, and the ports in between.

mod agreement;
mod keys;
mod lock;
mod past;
mod ports;

use super::browser::Browser;
use super::secrecy::{Experience, Secrecy};
use super::speech::{self, NothingInCommon, Terms};
use super::voice::{Manner, Speaking};
use crate::frame::Frame;
use crate::places::Shown;
use call::{CallId, Cause, End, ExtendedReports, Formats, LegId, PortId, Why};
use config::{CodecPolicy, Encryption, PathPolicy};
use past::Past;
use sdp::{Direction, Kind, LineKeys, Media, Origin, Session, undress};
use std::net::IpAddr;
use std::sync::Arc;

pub(crate) use ports::NoPorts;
pub(super) use ports::Port;

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
    /// In which element the peer says how loud it is, line by line, as media was told.
    levels: Vec<Option<u8>>,
    held: bool,
    /// Media was told to expect silence.
    hushed: bool,
    /// Whether it goes past the box.
    past: Past,
    /// The peer takes INFO requests.
    allows_info: bool,
    /// Media was told that this peer learns of keys by INFO.
    told: bool,
    /// What the box itself says here.
    pub(super) voice: Option<Speaking>,
    /// How the others in a conference hear it, where that is not as it is.
    pub(super) manner: Option<Manner>,
    /// The transport, when the peer is a browser.
    browser: Option<Box<Browser>>,
    /// What the call's record calls this leg.
    name: String,
    /// What the peer may speak, as it was when the leg was made.
    policy: Arc<CodecPolicy>,
    /// The uploaded sound that is its tenant's music, as it was when the leg was made.
    pub(in crate::leg) music: Option<u32>,
    secrecy: Secrecy,
    /// What media was told of the keys of each line.
    locked: Vec<lock::Locked>,
    /// Which extended reports media was told that each line takes.
    extended: Vec<ExtendedReports>,
    /// The lines that lead to another call of the box, by its pair there, as media was told.
    met: Vec<Option<PortId>>,
    /// What it costs that this leg hears the other one, as it stands in the load of the box.
    price: u64,
}

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
    /// Nobody on the way reads its signalling.
    pub(crate) private: bool,
}

impl LegMedia {
    /// `path`: whether it may go past the box.
    pub(crate) fn new(
        name: String,
        policy: CodecPolicy,
        encryption: Encryption,
        shown: Option<Shown>,
        path: PathPolicy,
    ) -> Self {
        let secrecy = Secrecy::new(encryption, shown);
        let past = Past::new(path);
        Self { name, policy: Arc::new(policy), secrecy, past, ..Self::default() }
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

    /// It is known how the peer wants to be asked for keys.
    pub(crate) fn knows(&mut self, experience: Option<Experience>) {
        self.secrecy.knows(experience);
    }

    /// Whether a peer that refused our first offer, and may have rung before, can be asked for keys in
    /// another way.
    pub(crate) fn ask_otherwise(&mut self, rang: bool) -> bool {
        self.secrecy.ask_otherwise(rang)
    }

    /// The peer took our first offer.
    pub(crate) fn was_taken(&mut self) {
        self.secrecy.was_taken();
    }

    /// How the peer wants to be asked for keys, as far as that is known.
    pub(crate) fn experience(&self) -> Option<Experience> {
        self.secrecy.experience()
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
        self.secrecy.come_back(&mut frame.secrets);
        let keys = ours.as_ref().map(|ours| self.keys_offered(frame, ours));
        let body =
            origin.follow(previous.as_deref(), |origin| match ours.as_ref().zip(keys.as_ref()) {
                Some((ours, keys)) => self.said(ours, origin, keys),
                None => body.clone(),
            });
        self.origin = Some(origin);
        self.ours = Some(body.clone());
        self.is_offered_the_box(previous);
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
        self.secrecy.come_back(&mut frame.secrets);
        let body = self.with_keys(frame, whose.remote, &mut origin, body, offer);
        self.origin = Some(origin);
        self.ours = Some(body.clone());
        self.is_answered_the_box(frame);
        Ok(body)
    }

    /// The answer to an offer that says what the peer has said before, but for its keys.
    pub(crate) fn answer_again(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        offer: &Session,
    ) -> Option<Vec<u8>> {
        let known = self.theirs.as_deref()?;
        // Whoever this peer talks with past the box has to be told of its keys.
        if self.is_past() && !known.same_media(offer) {
            return None;
        }
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
        let body = self.with_keys(frame, whose.remote, &mut origin, plain, offer);
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
        remote: IpAddr,
        origin: &mut Origin,
        body: Vec<u8>,
        offer: &Session,
    ) -> Vec<u8> {
        let Ok(ours) = Session::parse(&body) else { return body };
        let keys = match &self.browser {
            Some(_) => Vec::new(),
            None => {
                let reachable = |media: &Media<'_>| agreement::reachable(media, remote);
                self.secrecy.answer(&ours, offer, reachable, &mut frame.secrets)
            }
        };
        origin.follow(self.ours.as_deref(), |origin| self.said(&ours, origin, &keys))
    }

    /// The keys of an offer. A browser has those of its transport.
    fn keys_offered(&mut self, frame: &mut Frame, ours: &Session) -> Vec<LineKeys> {
        match &self.browser {
            Some(_) => Vec::new(),
            None => {
                let keys = self.secrecy.offer(ours, &mut frame.secrets);
                self.expect(frame);
                keys
            }
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
}

/// What is said in a description to the other side: nothing of keys, nor of a browser's transport.
/// Nothing when there is nothing of that.
pub(super) fn bare(session: &Session) -> Option<Session> {
    let undressed = undress(session);
    sdp::without_keys(undressed.as_ref().unwrap_or(session)).or(undressed)
}
