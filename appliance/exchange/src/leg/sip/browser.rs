//! A leg whose peer is a browser: the transport that it and the box agree on (RFC 8829).
//!
//! The rest of the exchange speaks of plain RTP; here what the box says is dressed for the browser, and
//! what the browser says becomes the transport that media is told of.

use super::media::{Port, Whose};
use crate::frame::Frame;
use call::{
    BrowserLine, BrowserPayload, BrowserTransport, IceCredentials, MediaKind, PortId, Stream,
};
use sdp::{Dress, DressLine, Kind, Media, Session, Ssrc, Webrtc};
use std::net::SocketAddr;

/// The box's half of a browser's transport.
#[derive(Debug)]
pub(super) struct Browser {
    place: crate::Browsers,
    ours: IceCredentials,
    candidates: Vec<SocketAddr>,
    lines: Vec<Line>,
    setup: &'static str,
    mid_extension: Option<u8>,
    level_extension: Option<u8>,
    /// What media was told.
    told: Option<Box<BrowserTransport>>,
}

#[derive(Debug)]
struct Line {
    mid: String,
    stream: Ssrc,
    resends: Vec<(u8, u8)>,
}

impl Browser {
    /// A transport of which nothing is said yet; `None` when the box takes no browsers.
    pub(super) fn new(frame: &mut Frame) -> Option<Box<Self>> {
        let place = frame.places.surroundings.browsers?;
        Some(Box::new(Self {
            place,
            ours: credentials(frame),
            candidates: Vec::new(),
            lines: Vec::new(),
            setup: ACTPASS,
            mid_extension: Some(MID_EXTENSION),
            level_extension: Some(LEVEL_EXTENSION),
            told: None,
        }))
    }

    /// The port for the media of all browsers.
    pub(super) fn port(&self) -> u16 {
        self.place.port
    }

    /// Gets ready to describe these lines: in an offer of ours, or in the answer to the browser's,
    /// which says `theirs`.
    pub(super) fn begin(
        &mut self,
        frame: &mut Frame,
        whose: Whose,
        lines: &Session,
        theirs: Option<Webrtc<'_>>,
    ) {
        self.candidates = frame.places.candidates(&frame.config, whose.remote, self.place.port);
        let before = self.told.as_ref().map(|told| &told.theirs.user);
        match &theirs {
            None => self.setup = ACTPASS,
            Some(theirs) => {
                self.setup = if theirs.passive { ACTIVE } else { PASSIVE };
                self.mid_extension = theirs.mid_extension;
                self.level_extension = theirs.level_extension;
                // It begins anew, and so has the box to (RFC 8839 §4.4.1.1.1).
                if before.is_some_and(|user| user != theirs.user) {
                    self.ours = credentials(frame);
                }
            }
        }
        for (index, media) in lines.media().enumerate() {
            let said = theirs.as_ref().and_then(|theirs| theirs.lines.get(index));
            if self.lines.len() <= index {
                let (ssrc, resend) = (frame.random.u32() | 1, frame.random.u32() & !1);
                let mid = said.map(|line| line.mid).filter(|mid| !mid.is_empty());
                let mid = mid.map_or_else(|| index.to_string(), str::to_owned);
                let stream = Ssrc { ssrc, resend: Some(resend) };
                self.lines.push(Line { mid, stream, resends: Vec::new() });
            }
            let Some(line) = self.lines.get_mut(index) else { continue };
            line.resends = match (said, media.kind()) {
                (Some(said), _) => said.resends.clone(),
                (None, Kind::Video) => repetitions(lines, &media),
                (None, _) => Vec::new(),
            };
        }
    }

    /// What was said is said again as an offer.
    pub(super) fn ask(&mut self) {
        self.setup = ACTPASS;
    }

    /// Puts the box's transport on what it would say to a telephone.
    pub(super) fn dress(&self, plain: &Session) -> Vec<u8> {
        let line = |line: &Line| line.resends.clone();
        let lines = self.lines.iter().map(|it| DressLine {
            mid: &it.mid,
            stream: it.stream,
            resends: line(it),
        });
        let dress = Dress {
            user: &self.ours.user,
            password: &self.ours.password,
            fingerprint: self.place.fingerprint,
            setup: self.setup,
            candidates: &self.candidates,
            mid_extension: self.mid_extension,
            level_extension: self.level_extension,
            lines: lines.collect(),
        };
        sdp::dress(plain, &dress)
    }

    /// The transport as both have described it, when that is news.
    pub(super) fn agreed(
        &mut self,
        ports: &[Option<Port>],
        ours: Option<&Session>,
        theirs: &Session,
    ) -> Option<Box<BrowserTransport>> {
        let said = theirs.webrtc()?;
        let mut lines = Vec::new();
        for (index, media) in theirs.media().enumerate() {
            let Some(port) = ports.get(index).copied().flatten() else { continue };
            let (Some(own), Some(said)) = (self.lines.get(index), said.lines.get(index)) else {
                continue;
            };
            let mine = ours.and_then(|ours| ours.media_at(index));
            lines.push(own.agreed(port.id, &media, mine.as_ref(), &said.streams, &said.resends));
        }
        let transport = BrowserTransport {
            ours: self.ours.clone(),
            theirs: IceCredentials {
                user: said.user.to_owned(),
                password: said.password.to_owned(),
            },
            fingerprint: said.fingerprint,
            active: self.setup == ACTIVE || (self.setup == ACTPASS && said.passive),
            mid_extension: self.mid_extension.filter(|_| said.mid_extension.is_some()),
            level_extension: self.level_extension.filter(|_| said.level_extension.is_some()),
            lines,
        };
        if self.told.as_deref() == Some(&transport) {
            return None;
        }
        self.told = Some(Box::new(transport.clone()));
        Some(Box::new(transport))
    }
}

impl Line {
    fn agreed(
        &self,
        port: PortId,
        theirs: &Media<'_>,
        ours: Option<&Media<'_>>,
        streams: &[Ssrc],
        resends: &[(u8, u8)],
    ) -> BrowserLine {
        let mut payloads: Vec<BrowserPayload> = Vec::new();
        for media in [Some(theirs), ours].into_iter().flatten() {
            for codec in media.codecs() {
                let repeats = resends.iter().any(|(_, number)| *number == codec.payload_type);
                let known = payloads.iter().any(|it| it.payload_type == codec.payload_type);
                if known || repeats || codec.clock == 0 {
                    continue;
                }
                let resend = resends.iter().find(|(of, _)| *of == codec.payload_type);
                payloads.push(BrowserPayload {
                    payload_type: codec.payload_type,
                    resend: resend.map(|(_, number)| *number),
                    clock: codec.clock,
                });
            }
        }
        let stream = |it: &Ssrc| Stream { ssrc: it.ssrc, resend: it.resend };
        BrowserLine {
            port,
            kind: if theirs.kind() == Kind::Video { MediaKind::Video } else { MediaKind::Audio },
            mid: self.mid.clone(),
            ours: stream(&self.stream),
            theirs: streams.iter().map(stream).collect(),
            payloads,
        }
    }
}

/// Numbers under which the pictures of a line are sent again: none that any line has, since all share one
/// transport (RFC 9143 §9.1).
fn repetitions(lines: &Session, media: &Media<'_>) -> Vec<(u8, u8)> {
    let numbers = lines.media().flat_map(|media| media.codecs());
    let mut taken: Vec<u8> = numbers.map(|codec| codec.payload_type).collect();
    let mut found = Vec::new();
    for codec in media.codecs() {
        let Some(free) = (96..=127).find(|number| !taken.contains(number)) else { break };
        taken.push(free);
        found.push((codec.payload_type, free));
    }
    found
}

fn credentials(frame: &mut Frame) -> IceCredentials {
    let password = format!("{}{}", frame.random.token(), frame.random.token());
    IceCredentials { user: frame.random.token(), password }
}

/// RFC 4145 §4.
const ACTPASS: &str = "actpass";
const ACTIVE: &str = "active";
const PASSIVE: &str = "passive";
/// Any from 1 to 14 would do (RFC 8285 §4.2).
const MID_EXTENSION: u8 = 1;
const LEVEL_EXTENSION: u8 = 2;
