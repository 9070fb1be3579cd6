//! What comes in: admitted, parsed once, and given to whom it is for.

use crate::Exchange;
use crate::guard::{Judgement, Known, find, tenant_of};
use crate::leg::along;
use crate::leg::sip::{ALLOW, Invite, Peer, SUPPORTED};
use crate::message::Written;
use border::flood::Admission;
use border::stun::is_stun;
use call::{Cause, End, MediaKind, Offer, Origin, Party, Why};
use config::TrunkKind;
use sdp::{Kind, Media, Session};
use sip::compose::refuse;
use sip::flow::{Flow, Transport};
use sip::message::{check_request, check_response, is_keep_alive};
use sip::transaction::{Received, TransactionId};
use sip::{Message, Method, Name, Status, response_to};
use std::time::{Duration, Instant};

use crate::frame::Owner;

impl Exchange {
    pub(crate) fn receive(&mut self, flow: Flow, bytes: &[u8], now: Instant) {
        let source = flow.remote.ip();
        let trusted = self.registrar.is_source(source);
        match self.flood.admit(source, trusted, now) {
            Admission::Pass => {}
            refused @ (Admission::TooMuch | Admission::Banned) => {
                self.unread += 1;
                let why = if refused == Admission::Banned { "banned" } else { "flood" };
                return self.frame.count("dropped", why);
            }
        }
        if is_keep_alive(bytes) {
            return;
        }
        if is_stun(bytes) {
            let seen = self.stun.answer(bytes, flow, now);
            return self.seen_as(seen, now);
        }
        self.frame.accepted(&flow);
        let parsed = match flow.transport {
            // A frame of a WebSocket has its length, so that Content-Length may be missing there as
            // it may in a datagram (RFC 7118 §5.2).
            Transport::Udp | Transport::Ws | Transport::Wss => Message::parse_datagram(bytes),
            Transport::Tcp | Transport::Tls => Message::parse_framed(bytes),
        };
        let message = match parsed {
            Ok(message) => message,
            Err(malformed) => {
                self.frame.count("dropped", "malformed");
                let tag = self.frame.random.token();
                if let Some(compose) = refuse(bytes, malformed, &tag, flow.remote) {
                    self.frame.send(flow, compose.finish().into());
                }
                return;
            }
        };
        if message.is_request() {
            self.request(&message, flow, now);
        } else {
            self.response(&message, flow, now);
        }
    }

    fn response(&mut self, message: &Message<'_>, flow: Flow, now: Instant) {
        if check_response(message).is_err() {
            return self.frame.count("dropped", "malformed");
        }
        self.frame.count("messages", "response");
        let Received::Response(id) = self.frame.transactions.receive(message, flow, now) else {
            return;
        };
        match self.frame.owners.get(&id).copied() {
            Some(Owner::Leg(leg)) => {
                let (legs, mut desk) = self.desk(now);
                legs.response(&mut desk, leg, id, message);
            }
            Some(Owner::Trunk(trunk)) => {
                self.trunks.response(&mut self.frame, trunk, id, message, now);
            }
            Some(Owner::Relayed(relayed)) => {
                if let Some(status) = message.status() {
                    self.messages.answered(&mut self.frame, relayed, status, now);
                }
            }
            None => {}
        }
    }

    /// A STUN server showed how it sees us: carriers have to be told the new address.
    fn seen_as(&mut self, seen: Option<std::net::SocketAddr>, now: Instant) {
        let Some(seen) = seen else { return };
        if self.frame.places.learn(seen) {
            self.trunks.renew(&mut self.frame, now);
        }
    }

    fn request(&mut self, message: &Message<'_>, flow: Flow, now: Instant) {
        self.frame.count("messages", "request");
        let flow = message.top_via().map_or(flow, |via| flow.answering(&via));
        if self.frame.transactions.knows(message) {
            if self.frame.transactions.receive(message, flow, now) == Received::Ack {
                let (legs, mut desk) = self.desk(now);
                legs.ack(&mut desk, message);
            }
            return;
        }
        let method = message.method().unwrap_or(Method::Other(""));
        if method == Method::Ack {
            let (legs, mut desk) = self.desk(now);
            return legs.ack(&mut desk, message);
        }
        if let Err(refusal) = check_request(message) {
            self.frame.count("dropped", "refused");
            let (status, reason) = (refusal.status(), refusal.reason());
            let tag = self.frame.random.token();
            let mut compose = response_to(message, status, reason, Some(&tag), flow.remote);
            if status == Status::EXTENSION_REQUIRED || status == Status::METHOD_NOT_ALLOWED {
                compose = compose.header(Name::Allow, ALLOW);
            }
            return self.frame.reply_stateless(message, &flow, compose);
        }
        let tagged = message.to().is_ok_and(|to| to.tag().is_some());
        match (method, tagged) {
            (Method::Cancel, _) => self.cancel(message, flow, now),
            (_, true) => self.in_dialog(message, flow, now),
            (Method::Invite, false) => self.invite(message, flow, now),
            (Method::Register, false) => self.register(message, flow, now),
            (Method::Message, false) => self.message(message, flow, now),
            (Method::Options, false) => self.options(message, flow, now),
            (Method::Notify, false) => self.notify(message, flow, now),
            (
                Method::Bye
                | Method::Prack
                | Method::Update
                | Method::Info
                | Method::Ack
                | Method::Refer,
                false,
            ) => self.stateless(message, &flow, Status::NO_SUCH_CALL),
            (Method::Subscribe | Method::Publish | Method::Other(_), false) => {
                let tag = self.frame.random.token();
                let status = Status::METHOD_NOT_ALLOWED;
                let compose =
                    response_to(message, status, status.reason(), Some(&tag), flow.remote)
                        .header(Name::Allow, OUTSIDE_DIALOG);
                self.frame.reply_stateless(message, &flow, compose);
            }
        }
    }

    fn stateless(&mut self, message: &Message<'_>, flow: &Flow, status: Status) {
        let compose = self.frame.reply_to(message, flow, status);
        self.frame.reply_stateless(message, flow, compose);
    }

    /// A transaction for a request that is worth one; over the bound it is refused.
    fn open(&mut self, message: &Message<'_>, flow: Flow, now: Instant) -> Option<TransactionId> {
        match self.frame.transactions.receive(message, flow, now) {
            Received::Request(id) => Some(id),
            Received::Refused => {
                self.frame.count("dropped", "overload");
                let compose = self.frame.reply_to(message, &flow, Status::SERVICE_UNAVAILABLE);
                let compose = compose.header(Name::RetryAfter, 10);
                self.frame.reply_stateless(message, &flow, compose);
                None
            }
            Received::Cancel { .. }
            | Received::Ack
            | Received::Response(_)
            | Received::Absorbed
            | Received::Stray
            | Received::Unusable => None,
        }
    }

    fn cancel(&mut self, message: &Message<'_>, flow: Flow, now: Instant) {
        let Received::Cancel { id, invite } = self.frame.transactions.receive(message, flow, now)
        else {
            return;
        };
        let status = if invite.is_some() { Status::OK } else { Status::NO_SUCH_CALL };
        self.frame.reply(id, message, &flow, status, now);
        if let Some(invite) = invite {
            let (legs, mut desk) = self.desk(now);
            legs.cancelled(&mut desk, invite, message);
        }
    }

    fn in_dialog(&mut self, message: &Message<'_>, flow: Flow, now: Instant) {
        if let Some(refused) = self.unsupported(message, &flow) {
            return self.frame.reply_stateless(message, &flow, refused);
        }
        let Some(leg) = self.legs.leg_of(message) else {
            return self.stateless(message, &flow, Status::NO_SUCH_CALL);
        };
        let Some(id) = self.open(message, flow, now) else { return };
        let (legs, mut desk) = self.desk(now);
        legs.request(&mut desk, leg, id, message, flow);
    }

    /// The 420 to a `Require` that we do not know (RFC 3261 §8.2.2.3).
    fn unsupported(&mut self, message: &Message<'_>, flow: &Flow) -> Option<sip::Compose> {
        let known: Vec<&str> = SUPPORTED.split(", ").collect();
        let unknown: Vec<&str> = message
            .require()
            .filter(|wanted| !known.iter().any(|known| known.eq_ignore_ascii_case(wanted)))
            .collect();
        if unknown.is_empty() {
            return None;
        }
        let list = unknown.join(", ");
        let compose = self.frame.reply_to(message, flow, Status::BAD_EXTENSION);
        Some(compose.header(Name::Unsupported, list))
    }

    /// Who sent a request; anybody who has not proved it is asked to, without any memory of it.
    fn known(&mut self, message: &Message<'_>, flow: &Flow, now: Instant) -> Option<Known> {
        let config = self.frame.config.clone();
        let tenant = tenant_of(&config, message);
        let seconds = self.frame.clock(now).seconds();
        let stale = match self.guard.judge(message, &config, tenant, flow.remote.ip(), seconds) {
            Judgement::Known(known) => return Some(known),
            Judgement::Challenge { stale } => {
                self.frame.count("authentication", "challenged");
                stale
            }
            Judgement::Wrong => {
                self.frame.count("authentication", "wrong");
                if !self.registrar.is_source(flow.remote.ip()) {
                    self.flood.wrong(flow.remote.ip(), now);
                }
                false
            }
        };
        let frame = &mut self.frame;
        let compose = self.guard.challenge(frame, message, flow, tenant, stale, now);
        self.frame.reply_stateless(message, flow, compose);
        None
    }

    /// Whether a phone is registered over this very flow under the number that calls: it may share its
    /// address with a carrier, whose calls need no password.
    fn is_phone(&self, message: &Message<'_>, flow: &Flow) -> bool {
        let config = &self.frame.config;
        let tenant = tenant_of(config, message);
        let from = message.from().ok().map(|from| from.uri());
        let user = from.as_ref().and_then(sip::Uri::user_decoded);
        let known = user.and_then(|user| find(config, tenant, &user));
        known.is_some_and(|known| {
            self.registrar.came_by(tenant, known.extension.number.as_str(), flow)
        })
    }

    fn register(&mut self, message: &Message<'_>, flow: Flow, now: Instant) {
        if let Some(refused) = self.unsupported(message, &flow) {
            return self.frame.reply_stateless(message, &flow, refused);
        }
        let Some(who) = self.known(message, &flow, now) else { return };
        let Some(id) = self.open(message, flow, now) else { return };
        self.guard.expire(self.frame.clock(now).seconds());
        self.flood.right(flow.remote.ip());
        let moved = self.registrar.register(&mut self.frame, id, message, flow, &who, now);
        for old in moved {
            self.legs.moved(old, flow);
        }
    }

    fn message(&mut self, message: &Message<'_>, flow: Flow, now: Instant) {
        let Some(who) = self.known(message, &flow, now) else { return };
        let Some(id) = self.open(message, flow, now) else { return };
        let written = Written { id, request: message, flow, who };
        self.messages.pass(&mut self.frame, &self.registrar, written, now);
    }

    fn options(&mut self, message: &Message<'_>, flow: Flow, _now: Instant) {
        let compose = match self.unsupported(message, &flow) {
            Some(refused) => refused,
            None => self
                .frame
                .reply_to(message, &flow, Status::OK)
                .header(Name::Allow, OUTSIDE_DIALOG)
                .header(Name::Accept, "application/sdp")
                .header(Name::AcceptEncoding, "identity")
                .header(Name::AcceptLanguage, "en")
                .header(Name::Supported, SUPPORTED),
        };
        self.frame.reply_stateless(message, &flow, compose);
    }

    /// Phones keep their router awake with `Event: keep-alive`; nothing else is subscribed to.
    fn notify(&mut self, message: &Message<'_>, flow: Flow, _now: Instant) {
        let keep_alive = message.event().ok().flatten().is_some_and(|event| event.is("keep-alive"));
        let status = if keep_alive { Status::OK } else { Status::BAD_EVENT };
        self.stateless(message, &flow, status);
    }

    fn invite(&mut self, message: &Message<'_>, flow: Flow, now: Instant) {
        if let Some(refused) = self.unsupported(message, &flow) {
            return self.frame.reply_stateless(message, &flow, refused);
        }
        if message.max_forwards().ok().flatten() == Some(0) {
            return self.stateless(message, &flow, Status::TOO_MANY_HOPS);
        }
        if self.legs.is_merged(message) {
            return self.stateless(message, &flow, Status::LOOP_DETECTED);
        }
        let trunk = match self.is_phone(message, &flow) {
            true => None,
            false => self.trunks.identify(message, flow.remote.ip()).cloned(),
        };
        let (peer, origin) = match trunk {
            Some(trunk) => {
                let (tenant, id) = (trunk.tenant, trunk.id);
                (
                    Peer::Trunk { tenant, trunk: id },
                    Origin::Trunk { tenant: tenant.0, trunk: id.0, line: None },
                )
            }
            None => {
                let Some(who) = self.known(message, &flow, now) else { return };
                let (tenant, number) = (who.tenant(), who.extension.number.to_string());
                let device = who.device.as_ref().map(|device| device.name.clone());
                let origin = Origin::Extension { tenant: tenant.0, number: number.clone() };
                (Peer::Extension { tenant, number, device }, origin)
            }
        };
        let Some(transaction) = self.open(message, flow, now) else { return };
        let offer = self.offer(message, origin, &peer);
        let emergency = self.frame.config.is_emergency(&offer.dialled);
        let many = self.pbx.len() >= self.frame.config.settings.max_calls as usize;
        let full =
            !emergency && (many || !self.frame.load.has_room_for_a_call(offer.packet_millis));
        if self.closing.is_some() || self.finished || (full && !self.is_told(now)) {
            self.frame.count("calls", "refused");
            let status = Status::SERVICE_UNAVAILABLE;
            let compose = self.frame.reply_to(message, &flow, status);
            let compose = compose.header(Name::RetryAfter, 30);
            return self.frame.respond(transaction, status, compose, now);
        }
        if message.replaces().ok().flatten().is_some() && offer.replaces.is_none() {
            let status = Status::NO_SUCH_CALL;
            return self.frame.reply(transaction, message, &flow, status, now);
        }
        let offer = match full {
            true => self.over_the_limit(offer),
            false => offer,
        };
        self.frame.count("calls", "offered");
        let (call, leg) = (self.new_call(now), self.new_leg());
        self.frame.invites.insert(transaction, leg);
        let phone = peer.phone();
        let invite = Invite { transaction, request: message, flow, peer, urgent: emergency };
        let (legs, mut desk) = self.desk(now);
        legs.offered(&mut desk, leg, call, invite, offer);
        if let (Some((tenant, number)), Some(shakes)) = (phone, self.legs.shakes_hands(leg)) {
            self.registrar.note_keys(tenant, &number, &flow, shakes);
        }
    }

    /// Whether a call that does not fit gets a record that says so. In a flood of them only some do:
    /// the others are refused without any memory of them.
    fn is_told(&mut self, now: Instant) -> bool {
        let (since, told) = self.refusals;
        if now.saturating_duration_since(since) >= Duration::from_secs(1) {
            self.refusals = (now, 1);
            return true;
        }
        self.refusals = (since, told + 1);
        told < REFUSALS_TOLD
    }

    fn over_the_limit(&mut self, offer: Offer) -> Offer {
        self.frame.count("calls", "refused");
        self.frame.load.refused();
        let refused = Some(End::ours(Cause::CONGESTION, Why::Overload));
        Offer { refused, ..offer }
    }

    fn offer(&self, message: &Message<'_>, origin: Origin, peer: &Peer) -> Offer {
        let asserted = match peer {
            // Only a carrier is believed when it vouches for a number (RFC 3325 §5).
            Peer::Trunk { .. } => message.p_asserted_identity().ok().and_then(|mut all| all.next()),
            Peer::Extension { .. } => None,
        };
        let asserted = asserted.and_then(Result::ok);
        let from = asserted.or_else(|| message.from().ok());
        let from = from.map(|from| Party {
            number: dialled(&from.uri()),
            name: from.display().trim().to_owned(),
        });
        let mut from = from.unwrap_or_default();
        let anonymous = message.privacy().any(|kind| matches!(kind, "id" | "user" | "header"))
            || from.number.eq_ignore_ascii_case("anonymous");
        if anonymous && from.number.eq_ignore_ascii_case("anonymous") {
            from = Party::default();
        }
        let replaces = message
            .replaces()
            .ok()
            .flatten()
            .and_then(|named| self.legs.replaced(named.call_id, named.to_tag, named.from_tag));
        let session = Session::parse(message.body()).ok();
        let sound = session.as_ref().and_then(|it| it.media().find(Media::is_active_audio));
        let packet_millis = sound.and_then(|it| u8::try_from(it.ptime()?).ok()).unwrap_or(0);
        let media = session.map(|session| {
            session
                .media()
                .filter(|media| media.is_active())
                .map(|media| match media.kind() {
                    Kind::Audio => MediaKind::Audio,
                    Kind::Video => MediaKind::Video,
                    Kind::Image => MediaKind::Image,
                    Kind::Text | Kind::Application | Kind::Message | Kind::Other => {
                        MediaKind::Other
                    }
                })
                .collect()
        });
        Offer {
            origin,
            from,
            anonymous,
            dialled: self.called(message, peer),
            diverted: Vec::new(),
            user: along::user_data(message),
            media: media.unwrap_or_default(),
            packet_millis,
            replaces,
            refused: None,
        }
    }

    /// What was dialled: the request line, but for a carrier that puts our account there and the number
    /// into To.
    fn called(&self, message: &Message<'_>, peer: &Peer) -> String {
        let uri = message.request_uri().ok().map(|uri| dialled(&uri)).unwrap_or_default();
        let Peer::Trunk { trunk, .. } = peer else { return uri };
        let Some(trunk) = self.frame.config.trunks.get(trunk) else { return uri };
        let account = trunk.kind == TrunkKind::Register && uri == trunk.username;
        if !account {
            return uri;
        }
        let to = message.to().ok().map(|to| dialled(&to.uri()));
        to.filter(|to| !to.is_empty()).unwrap_or(uri)
    }
}

/// The number in a URI, without its parameters and what is only for the eye (RFC 3966 §5.1.1).
fn dialled(uri: &sip::Uri<'_>) -> String {
    let user = match uri.user_decoded() {
        Some(user) => user.into_owned(),
        None => uri.as_str().strip_prefix("tel:").unwrap_or_default().to_owned(),
    };
    let number = user.split(';').next().unwrap_or_default();
    let plain = number.chars().filter(|c| !matches!(c, '-' | '.' | '(' | ')' | ' '));
    let plain: String = plain.collect();
    let is_number = plain.bytes().all(|b| b.is_ascii_digit() || b"+*#".contains(&b));
    if is_number { plain } else { number.to_owned() }
}

/// Refused calls that get a record, in a second: enough to see what happens.
const REFUSALS_TOLD: u32 = 10;
/// What may be asked outside of a dialog.
const OUTSIDE_DIALOG: &str =
    "INVITE, ACK, CANCEL, OPTIONS, REGISTER, MESSAGE, NOTIFY, BYE, PRACK, UPDATE, INFO, REFER";
