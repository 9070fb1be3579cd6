//! How an INVITE of ours looks: who calls, under which number, with which identity and diversions
//! (RFC 3261 §8.1.1, RFC 3325, RFC 5806, RFC 7044).

use super::Frame;
use super::abilities::ALLOW;
use crate::leg::along::user_header;
use call::{Diversion, DiversionReason, LegId, Party, RegistrationId, Target, UserData};
use config::{Config, OutboundRoute, OutboundRouteId, Trunk, TrunkTransport};
use sip::digest::{Answering, Secret};
use sip::flow::{Flow, Transport};
use sip::header::name_addr::Quoted;
use sip::header::session::SessionExpires;
use sip::resolve::Destination;
use sip::{Compose, Method, Name};

/// Whom to call, and how it shall look.
pub(in crate::leg) struct Dial {
    pub(in crate::leg) target: Target,
    pub(in crate::leg) from: Party,
    pub(in crate::leg) anonymous: bool,
    pub(in crate::leg) media: LegId,
    pub(in crate::leg) diverted: Vec<Diversion>,
    pub(in crate::leg) user: Option<UserData>,
}

impl Dial {
    /// The number that is called at a trunk.
    pub(in crate::leg) fn number(&self) -> Option<&str> {
        match &self.target {
            Target::Trunk { number, .. } => Some(number),
            Target::Registration { .. } => None,
        }
    }

    /// The outbound route that led to a trunk, if it is still there.
    pub(in crate::leg) fn route<'a>(&self, config: &'a Config) -> Option<&'a OutboundRoute> {
        match self.target {
            Target::Trunk { route, .. } => {
                config.outbound_routes.get(&OutboundRouteId(route?)).map(|route| &**route)
            }
            Target::Registration { .. } => None,
        }
    }

    /// The phone that is called, if it is one.
    pub(super) fn phone(&self) -> Option<RegistrationId> {
        match self.target {
            Target::Registration { id, .. } => Some(id),
            Target::Trunk { .. } => None,
        }
    }
}

/// What every attempt of one INVITE has in common.
#[derive(Debug)]
pub(super) struct Draft {
    pub(super) uri: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) call_id: String,
    pub(super) contact_user: String,
    pub(super) headers: Vec<(Name<'static>, String)>,
    pub(super) session_seconds: u32,
    pub(super) min_se: u32,
    /// Routes that the phone's REGISTER asked for (RFC 3327).
    pub(super) path: Vec<String>,
}

impl Draft {
    /// Begins the INVITE as it goes by a flow, with its branch.
    pub(super) fn begin(
        &self,
        frame: &mut Frame,
        flow: &Flow,
        hops: u8,
        cseq: u32,
    ) -> (Compose, String) {
        let via = frame.via(flow);
        let mut compose = Compose::request(Method::Invite, &self.uri)
            .header(Name::Via, &via.value)
            .header(Name::MaxForwards, hops);
        for route in &self.path {
            compose = compose.header(Name::Route, format_args!("<{route}>"));
        }
        let expires = SessionExpires { interval: self.session_seconds, refresher: None };
        compose = compose
            .header(Name::From, &self.from)
            .header(Name::To, &self.to)
            .header(Name::CallId, &self.call_id)
            .header(Name::CSeq, format_args!("{cseq} INVITE"))
            .header(Name::Contact, frame.contact(&self.contact_user, flow))
            .header(Name::Allow, ALLOW)
            .header(Name::SessionExpires, expires)
            .header(Name::MinSe, self.min_se)
            .header(Name::UserAgent, crate::USER_AGENT);
        for (name, value) in &self.headers {
            compose = compose.header(*name, value);
        }
        (compose, via.branch)
    }
}

/// The next hop of a trunk.
pub(crate) fn destination(trunk: &Trunk) -> Destination {
    let transport = match trunk.transport {
        TrunkTransport::Auto => None,
        TrunkTransport::Udp => Some(Transport::Udp),
        TrunkTransport::Tcp => Some(Transport::Tcp),
        TrunkTransport::Tls => Some(Transport::Tls),
    };
    Destination {
        host: trunk.host.clone(),
        port: trunk.port,
        transport,
        secure: trunk.transport == TrunkTransport::Tls,
    }
}

/// Adds credentials for a challenge of a trunk's carrier.
pub(crate) fn authorize(
    compose: Compose,
    challenge: &mut Answering,
    trunk: &Trunk,
    method: Method<'_>,
    uri: &str,
    body: &[u8],
    frame: &mut Frame,
) -> Compose {
    let cnonce = frame.random.token();
    let secret = Secret::Password(trunk.secret.reveal());
    let header = challenge.header();
    let answer = challenge.answer(trunk.auth_username(), &secret, method, uri, body, &cnonce);
    compose.header(header, answer)
}

/// An INVITE to a carrier.
pub(super) fn trunk_draft(
    trunk: &Trunk,
    dial: &Dial,
    number: &str,
    tag: &str,
    call_id: String,
    session_seconds: u32,
) -> Draft {
    let domain = bracketed(trunk.domain());
    let target = bracketed(&trunk.host);
    let port = trunk.port.map(|port| format!(":{port}")).unwrap_or_default();
    let user = sip::uri::escape_user(number);
    let from_us = dial.from.number.as_str();
    // A carrier that does not take our number in From wants its account there.
    let in_from =
        if trunk.caller_id.in_from && !from_us.is_empty() { from_us } else { &trunk.username };
    let party = Party { number: in_from.to_owned(), name: dial.from.name.clone() };
    let mut headers = Vec::new();
    if trunk.caller_id.asserted && !from_us.is_empty() {
        headers.extend(identity(&dial.from, dial.anonymous, &domain, false));
    } else if dial.anonymous {
        headers.push((Name::Privacy, "id".to_owned()));
    }
    headers.extend(diversions(&dial.diverted, &domain));
    headers.extend(dial.user.as_ref().map(user_header));
    let contact_user = if trunk.username.is_empty() { shown(dial) } else { &trunk.username };
    Draft {
        uri: format!("sip:{user}@{target}{port}"),
        from: from(&party, dial.anonymous, &domain, tag),
        to: format!("<sip:{user}@{domain}>"),
        call_id,
        contact_user: contact_user.to_owned(),
        headers,
        session_seconds,
        min_se: 90,
        path: Vec::new(),
    }
}

/// The number that may stand in Contact.
pub(super) fn shown(dial: &Dial) -> &str {
    if dial.anonymous { "" } else { &dial.from.number }
}

/// From, withheld if the caller wants it so (RFC 3323 §4.1).
pub(super) fn from(party: &Party, anonymous: bool, domain: &str, tag: &str) -> String {
    if anonymous {
        return format!("\"Anonymous\" <sip:anonymous@anonymous.invalid>;tag={tag}");
    }
    // A line may say nothing of who calls (RFC 3398 §7.2.1.1), and a URI has no empty user.
    let unknown = party.number.is_empty();
    let user = if unknown { "unavailable".into() } else { sip::uri::escape_user(&party.number) };
    if party.name.is_empty() {
        return format!("<sip:{user}@{domain}>;tag={tag}");
    }
    format!("{} <sip:{user}@{domain}>;tag={tag}", Quoted(&party.name))
}

/// P-Asserted-Identity, and Privacy with it when the number is withheld (RFC 3325). A phone of ours is
/// not shown a withheld number at all.
pub(super) fn identity(
    party: &Party,
    anonymous: bool,
    domain: &str,
    to_phone: bool,
) -> Vec<(Name<'static>, String)> {
    if party.number.is_empty() || (anonymous && to_phone) {
        return Vec::new();
    }
    let user = sip::uri::escape_user(&party.number);
    let value = if party.name.is_empty() {
        format!("<sip:{user}@{domain}>")
    } else {
        format!("{} <sip:{user}@{domain}>", Quoted(&party.name))
    };
    let mut headers = vec![(Name::PAssertedIdentity, value)];
    if anonymous {
        headers.push((Name::Privacy, "id".to_owned()));
    }
    headers
}

/// Who forwarded the call: Diversion, latest first (RFC 5806), and History-Info, oldest first
/// (RFC 7044), because carriers read one or the other.
pub(super) fn diversions(diverted: &[Diversion], domain: &str) -> Vec<(Name<'static>, String)> {
    let mut headers = Vec::new();
    for diversion in diverted.iter().rev() {
        let user = sip::uri::escape_user(&diversion.from);
        let reason = match diversion.reason {
            DiversionReason::Unconditional => "unconditional",
            DiversionReason::UserBusy => "user-busy",
            DiversionReason::NoAnswer => "no-answer",
            DiversionReason::Unavailable => "unavailable",
            DiversionReason::DoNotDisturb => "do-not-disturb",
        };
        headers.push((Name::Diversion, format!("<sip:{user}@{domain}>;reason={reason}")));
    }
    for (index, diversion) in diverted.iter().enumerate() {
        let user = sip::uri::escape_user(&diversion.from);
        let cause = match diversion.reason {
            DiversionReason::Unconditional => 302,
            DiversionReason::UserBusy | DiversionReason::DoNotDisturb => 486,
            DiversionReason::NoAnswer => 408,
            DiversionReason::Unavailable => 503,
        };
        let place = "1".to_owned() + &".1".repeat(index);
        let value = format!("<sip:{user}@{domain};cause={cause}>;index={place}");
        headers.push((Name::HistoryInfo, value));
    }
    headers
}

/// An IPv6 address needs brackets in a URI.
pub(crate) fn bracketed(host: &str) -> String {
    match host.parse::<std::net::Ipv6Addr>() {
        Ok(address) => format!("[{address}]"),
        Err(_) => host.to_owned(),
    }
}
