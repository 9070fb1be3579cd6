//! A dialog: what two ends know of each other for as long as they talk, RFC 3261 §12.
//!
//! A [`Dialog`] composes the requests of our side and checks the order of the peer's. Its local tag
//! is ours, so it is what a dialog is looked up by; [`Dialog::owns`] then makes sure that the rest
//! of the identifier is right. What an INVITE adds to a dialog is in [`session`](crate::session).

mod early;

pub use early::{EarlyDialogs, Fork};

use std::fmt;

use crate::flow::Flow;
use crate::header::scalar::{CSeq, RAck};
use crate::{Compose, Malformed, Message, Method, Name, Uri, UriBuf};

/// Our view of one dialog.
#[derive(Clone, Debug)]
pub struct Dialog {
    call_id: Box<str>,
    local_tag: Box<str>,
    /// Empty for a peer of RFC 2543, which has none (RFC 3261 §12.1.1).
    remote_tag: Box<str>,
    /// The value of our From: our address with our tag, as it first stood in the call.
    local: Box<[u8]>,
    /// The value of our To.
    remote: Box<[u8]>,
    local_cseq: u32,
    remote_cseq: Option<u32>,
    /// Where the peer is: its Contact.
    target: UriBuf,
    /// The proxies in between, nearest first.
    routes: Vec<UriBuf>,
    secure: bool,
    confirmed: bool,
    flow: Flow,
}

/// The order of a peer's request in its dialog, RFC 3261 §12.2.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// As it should be.
    InOrder,
    /// Its number was used up: answer 500. It may be forged, and has changed nothing.
    Old,
}

impl Dialog {
    /// The dialog that a peer's `request` opens here once it is answered with `local_tag`, RFC 3261
    /// §12.1.1. It needs a Contact.
    pub fn answering(
        request: &Message<'_>,
        local_tag: &str,
        flow: Flow,
    ) -> Result<Self, Malformed> {
        let (from, to) = (request.from()?, request.to()?);
        let contact = request.contact()?.ok_or(Malformed::Missing(Name::Contact))?;
        let sips = request.request_uri()?.scheme() == crate::Scheme::Sips;
        Ok(Self {
            call_id: request.call_id()?.into(),
            local_tag: local_tag.into(),
            remote_tag: from.tag().unwrap_or("").into(),
            local: tagged(to.raw(), to.tag().is_none().then_some(local_tag)),
            remote: from.raw().into(),
            local_cseq: 0,
            remote_cseq: Some(request.cseq()?.number),
            target: contact.uri().to_owned(),
            routes: recorded(request)?,
            secure: sips && flow.transport.is_secure(),
            confirmed: false,
            flow,
        })
    }

    /// The dialog that a `response` opens (1xx with a tag) or confirms (2xx) to our `request`, RFC
    /// 3261 §12.1.2. Where it has no Contact, the peer is where the request went.
    pub fn calling(
        request: &Message<'_>,
        response: &Message<'_>,
        flow: Flow,
    ) -> Result<Self, Malformed> {
        let (from, to) = (request.from()?, response.to()?);
        let uri = request.request_uri()?;
        let mut dialog = Self {
            call_id: request.call_id()?.into(),
            local_tag: from.tag().unwrap_or("").into(),
            remote_tag: to.tag().unwrap_or("").into(),
            local: from.raw().into(),
            remote: to.raw().into(),
            local_cseq: request.cseq()?.number,
            remote_cseq: None,
            target: uri.to_owned(),
            routes: Vec::new(),
            secure: uri.scheme() == crate::Scheme::Sips && flow.transport.is_secure(),
            confirmed: false,
            flow,
        };
        dialog.learn(response)?;
        Ok(dialog)
    }

    /// A further response to our request came in this early dialog. A 2xx confirms it, and its
    /// Record-Route and Contact replace the earlier ones (RFC 3261 §13.2.2.4).
    pub fn learn(&mut self, response: &Message<'_>) -> Result<(), Malformed> {
        if self.confirmed {
            return Ok(());
        }
        if let Some(contact) = response.contact()? {
            self.target = contact.uri().to_owned();
        }
        let mut routes = recorded(response)?;
        routes.reverse();
        self.routes = routes;
        self.confirmed = response.status().is_some_and(|status| status.is_success());
        Ok(())
    }

    /// We answered the request that opened it with a 2xx.
    pub fn confirm(&mut self) {
        self.confirmed = true;
    }

    /// Whether there was a 2xx; before that the dialog is an early one.
    pub fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// Whether a message from the peer, request or response, belongs to this dialog: Call-ID and
    /// both tags (RFC 3261 §12.2.2).
    pub fn owns(&self, message: &Message<'_>) -> bool {
        let (Ok(from), Ok(to)) = (message.from(), message.to()) else { return false };
        let (local, remote) = if message.is_request() { (to, from) } else { (from, to) };
        let Ok(call_id) = message.call_id() else { return false };
        self.is(call_id, local.tag().unwrap_or(""), remote.tag().unwrap_or(""))
    }

    /// Whether these three identify this dialog, as a Replaces says (RFC 3891 §3).
    pub fn is(&self, call_id: &str, local_tag: &str, remote_tag: &str) -> bool {
        *self.call_id == *call_id
            && *self.local_tag == *local_tag
            && *self.remote_tag == *remote_tag
    }

    /// A request of the peer's came in this dialog (an ACK is not asked for its order). Takes note
    /// of its number, and of the peer's new Contact if the method brings one (RFC 3261 §12.2.2).
    pub fn receive(&mut self, request: &Message<'_>) -> Result<Sequence, Malformed> {
        let cseq = request.cseq()?;
        if self.remote_cseq.is_some_and(|latest| cseq.number <= latest) {
            return Ok(Sequence::Old);
        }
        let contact = request.contact()?;
        self.remote_cseq = Some(cseq.number);
        if let Some(contact) = contact.filter(|_| refreshes_target(cseq.method)) {
            self.target = contact.uri().to_owned();
        }
        Ok(Sequence::InOrder)
    }

    /// A 2xx to a request of ours with this method came: the peer may have moved (RFC 3261
    /// §12.2.1.2).
    pub fn refresh(&mut self, method: Method<'_>, response: &Message<'_>) -> Result<(), Malformed> {
        if refreshes_target(method)
            && let Some(contact) = response.contact()?
        {
            self.target = contact.uri().to_owned();
        }
        Ok(())
    }

    /// The peer's requests come by another flow now: ours go there too.
    pub fn moved(&mut self, flow: Flow) {
        self.flow = flow;
    }

    /// Begins our next request: all that RFC 3261 §12.2.1.1 demands stands in it, from the request
    /// line to the CSeq. `via` is the whole Via value, with a branch of its own.
    pub fn request(&mut self, method: Method<'_>, via: impl fmt::Display) -> Compose {
        self.local_cseq = self.local_cseq.saturating_add(1);
        self.compose(method, self.local_cseq, via)
    }

    /// Begins the ACK to a 2xx of our INVITE with number `cseq` (RFC 3261 §13.2.2.4); keep it in an
    /// [`Acknowledgement`](crate::session::answer::Acknowledgement).
    pub fn ack(&self, cseq: u32, via: impl fmt::Display) -> Compose {
        self.compose(Method::Ack, cseq, via)
    }

    /// Begins the PRACK of the provisional response `rseq` to our INVITE with number `cseq` (RFC
    /// 3262 §4).
    pub fn prack(&mut self, rseq: u32, cseq: u32, via: impl fmt::Display) -> Compose {
        let rack = RAck { rseq, cseq: CSeq { number: cseq, method: Method::Invite } };
        self.request(Method::Prack, via).header(Name::RAck, rack)
    }

    /// The URI that says where our requests go, for [`resolve`](crate::resolve): the nearest proxy,
    /// else the peer (RFC 3261 §8.1.2).
    pub fn next_hop(&self) -> Uri<'_> {
        self.routes.first().unwrap_or(&self.target).uri()
    }

    /// Where our requests go when the peer is behind NAT or a stream: back where it came from.
    pub fn flow(&self) -> Flow {
        self.flow
    }

    /// The Call-ID.
    pub fn call_id(&self) -> &str {
        &self.call_id
    }

    /// Our tag.
    pub fn local_tag(&self) -> &str {
        &self.local_tag
    }

    /// The peer's tag; empty if it has none.
    pub fn remote_tag(&self) -> &str {
        &self.remote_tag
    }

    /// Where the peer is: its latest Contact.
    pub fn remote_target(&self) -> Uri<'_> {
        self.target.uri()
    }

    /// The number of our latest request.
    pub fn local_cseq(&self) -> u32 {
        self.local_cseq
    }

    /// The number of the peer's latest request.
    pub fn remote_cseq(&self) -> Option<u32> {
        self.remote_cseq
    }

    /// Whether the dialog was opened by `sips:` over TLS, and has to stay there (RFC 3261 §12.1.1).
    pub fn is_secure(&self) -> bool {
        self.secure
    }

    fn compose(&self, method: Method<'_>, cseq: u32, via: impl fmt::Display) -> Compose {
        // A proxy without `lr` wants to see itself in the request line, and the peer last in the
        // Route (RFC 3261 §12.2.1.1).
        let strict = self.routes.first().filter(|first| first.uri().param("lr").is_none());
        let uri = strict.unwrap_or(&self.target);
        let mut request = Compose::request(method, uri)
            .header(Name::Via, via)
            .header(Name::MaxForwards, MAX_FORWARDS);
        let behind = self.routes.iter().skip(usize::from(strict.is_some()));
        for route in behind.chain(strict.map(|_| &self.target)) {
            request = request.header(Name::Route, format_args!("<{route}>"));
        }
        request
            .raw(Name::From, &self.local)
            .raw(Name::To, &self.remote)
            .header(Name::CallId, &self.call_id)
            .header(Name::CSeq, CSeq { number: cseq, method })
    }
}

/// The methods whose Contact says where the peer is from now on (RFC 3261 §12.2, RFC 3311 §5,
/// RFC 6665 §4.4.1).
fn refreshes_target(method: Method<'_>) -> bool {
    matches!(method, Method::Invite | Method::Update | Method::Subscribe | Method::Notify)
}

fn recorded(message: &Message<'_>) -> Result<Vec<UriBuf>, Malformed> {
    message.record_routes()?.map(|route| route.map(|route| route.uri().to_owned())).collect()
}

/// `address` with our tag, if it has none yet.
fn tagged(address: &[u8], tag: Option<&str>) -> Box<[u8]> {
    let Some(tag) = tag else { return address.into() };
    [address, b";tag=", tag.as_bytes()].concat().into()
}

/// RFC 3261 §8.1.1.6.
const MAX_FORWARDS: u8 = 70;

#[cfg(test)]
mod tests {
    use super::*;

    fn flow() -> Flow {
        Flow::udp("192.0.2.1:5060".parse().unwrap(), "10.0.0.5:5060".parse().unwrap())
    }

    fn message(text: &str) -> Message<'_> {
        Message::parse_datagram(text.as_bytes()).unwrap()
    }

    fn text(compose: Compose) -> String {
        String::from_utf8(compose.finish()).unwrap()
    }

    fn from_the_peer(method: &str, cseq: u32, more: &str) -> String {
        format!(
            "{method} sip:201@192.0.2.1 SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK{cseq}\r\n\
             From: \"Bob\" <sip:202@pbx>;tag=b\r\nTo: <sip:201@pbx>;tag=us\r\nCall-ID: c1\r\n\
             CSeq: {cseq} {method}\r\n{more}\r\n"
        )
    }

    const OFFERED: &str = "INVITE sip:201@pbx SIP/2.0\r\n\
        Via: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK1\r\n\
        Record-Route: <sip:p2;lr>, <sip:p1;lr>\r\n\
        From: \"Bob\" <sip:202@pbx>;tag=b\r\nTo: <sip:201@pbx>\r\nCall-ID: c1\r\n\
        CSeq: 5 INVITE\r\nContact: <sip:202@10.0.0.5:5070>\r\n\r\n";

    const PLACED: &str = "INVITE sip:+4930@carrier.example SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
        From: <sip:201@pbx>;tag=us\r\nTo: <sip:+4930@carrier.example>\r\nCall-ID: c2\r\n\
        CSeq: 9 INVITE\r\nContact: <sip:201@192.0.2.1>\r\n\r\n";

    fn answered(status: u16, more: &str) -> String {
        format!(
            "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bK1\r\n\
             From: <sip:201@pbx>;tag=us\r\nTo: <sip:+4930@carrier.example>;tag=them\r\n\
             Call-ID: c2\r\nCSeq: 9 INVITE\r\n{more}\r\n"
        )
    }

    #[test]
    fn our_request_in_a_call_that_came_in_goes_back_by_the_recorded_route() {
        let mut dialog = Dialog::answering(&message(OFFERED), "us", flow()).unwrap();
        let bye = dialog.request(Method::Bye, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx");
        assert_eq!(
            text(bye),
            "BYE sip:202@10.0.0.5:5070 SIP/2.0\r\n\
             Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n\
             Max-Forwards: 70\r\n\
             Route: <sip:p2;lr>\r\n\
             Route: <sip:p1;lr>\r\n\
             From: <sip:201@pbx>;tag=us\r\n\
             To: \"Bob\" <sip:202@pbx>;tag=b\r\n\
             Call-ID: c1\r\n\
             CSeq: 1 BYE\r\n\
             Content-Length: 0\r\n\r\n"
        );
        assert_eq!(dialog.next_hop().as_str(), "sip:p2;lr");
    }

    #[test]
    fn our_ack_to_an_answered_call_goes_to_its_contact_by_the_reversed_route() {
        let ok = answered(
            200,
            "Record-Route: <sip:p1;lr>\r\nRecord-Route: <sip:p2;lr>\r\nContact: <sip:x@y>\r\n",
        );
        let dialog = Dialog::calling(&message(PLACED), &message(&ok), flow()).unwrap();
        assert!(dialog.is_confirmed());
        let ack = text(dialog.ack(9, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKy"));
        assert!(ack.starts_with("ACK sip:x@y SIP/2.0\r\n"));
        assert!(ack.contains("Route: <sip:p2;lr>\r\nRoute: <sip:p1;lr>\r\n"));
        assert!(ack.contains("To: <sip:+4930@carrier.example>;tag=them\r\n"));
        assert!(ack.contains("CSeq: 9 ACK\r\n"));
        assert_eq!(dialog.local_cseq(), 9);
    }

    #[test]
    fn a_strict_router_finds_itself_in_the_request_line() {
        let offered = OFFERED.replace("<sip:p2;lr>", "<sip:p2>");
        let mut dialog = Dialog::answering(&message(&offered), "us", flow()).unwrap();
        let bye = text(dialog.request(Method::Bye, "SIP/2.0/UDP a"));
        assert!(bye.starts_with("BYE sip:p2 SIP/2.0\r\n"));
        assert!(bye.contains("Route: <sip:p1;lr>\r\nRoute: <sip:202@10.0.0.5:5070>\r\n"));
        assert_eq!(dialog.next_hop().as_str(), "sip:p2");
    }

    #[test]
    fn an_early_dialog_learns_its_route_and_target_from_the_2xx() {
        let ringing = answered(180, "Record-Route: <sip:p1;lr>\r\n");
        let mut dialog = Dialog::calling(&message(PLACED), &message(&ringing), flow()).unwrap();
        assert!(!dialog.is_confirmed());
        assert_eq!(dialog.remote_target().as_str(), "sip:+4930@carrier.example");
        dialog.learn(&message(&answered(200, "Contact: <sip:x@y>\r\n"))).unwrap();
        assert!(dialog.is_confirmed());
        assert_eq!(dialog.next_hop().as_str(), "sip:x@y");
        // A repeated 2xx changes nothing any more.
        dialog.learn(&message(&answered(200, "Contact: <sip:evil@z>\r\n"))).unwrap();
        assert_eq!(dialog.next_hop().as_str(), "sip:x@y");
    }

    #[test]
    fn a_forged_bye_with_a_low_number_ends_nothing() {
        let mut dialog = Dialog::answering(&message(OFFERED), "us", flow()).unwrap();
        for old in [1, 4, 5] {
            let bye = from_the_peer("BYE", old, "");
            assert_eq!(dialog.receive(&message(&bye)), Ok(Sequence::Old));
        }
        let bye = from_the_peer("BYE", 6, "");
        assert_eq!(dialog.receive(&message(&bye)), Ok(Sequence::InOrder));
        assert_eq!(dialog.receive(&message(&bye)), Ok(Sequence::Old));
    }

    #[test]
    fn a_request_belongs_to_a_dialog_by_call_id_and_both_tags() {
        let dialog = Dialog::answering(&message(OFFERED), "us", flow()).unwrap();
        let bye = from_the_peer("BYE", 6, "");
        assert!(dialog.owns(&message(&bye)));
        for (right, wrong) in [("tag=us", "tag=u"), ("tag=b", "tag=c"), ("ID: c1", "ID: c2")] {
            assert!(!dialog.owns(&message(&bye.replace(right, wrong))), "{wrong}");
        }
        assert!(dialog.is("c1", "us", "b") && !dialog.is("c1", "b", "us"));
    }

    #[test]
    fn a_response_belongs_to_a_dialog_with_the_tags_the_other_way_round() {
        let ok = answered(200, "");
        let dialog = Dialog::calling(&message(PLACED), &message(&ok), flow()).unwrap();
        assert!(dialog.owns(&message(&ok)));
        assert!(!dialog.owns(&message(&ok.replace("tag=them", "tag=others"))));
    }

    #[test]
    fn a_peer_that_moves_is_found_by_its_new_contact() {
        let mut dialog = Dialog::answering(&message(OFFERED), "us", flow()).unwrap();
        let moved = |method, cseq, at: &str| {
            from_the_peer(method, cseq, &format!("Contact: <sip:202@{at}>\r\n"))
        };
        dialog.receive(&message(&moved("INFO", 6, "info"))).unwrap();
        assert_eq!(dialog.remote_target().as_str(), "sip:202@10.0.0.5:5070");
        dialog.receive(&message(&moved("INVITE", 7, "invite"))).unwrap();
        assert_eq!(dialog.remote_target().as_str(), "sip:202@invite");
        dialog.receive(&message(&moved("INVITE", 3, "forged"))).unwrap();
        assert_eq!(dialog.remote_target().as_str(), "sip:202@invite");
        let ok = answered(200, "Contact: <sip:202@update>\r\n");
        dialog.refresh(Method::Bye, &message(&ok)).unwrap();
        dialog.refresh(Method::Update, &message(&ok)).unwrap();
        assert_eq!(dialog.remote_target().as_str(), "sip:202@update");
    }

    #[test]
    fn a_prack_says_which_response_it_acknowledges() {
        let ringing = answered(183, "Contact: <sip:x@y>\r\nRSeq: 70\r\n");
        let mut dialog = Dialog::calling(&message(PLACED), &message(&ringing), flow()).unwrap();
        let prack = text(dialog.prack(70, 9, "SIP/2.0/UDP a"));
        assert!(prack.contains("CSeq: 10 PRACK\r\nRAck: 70 9 INVITE\r\n"));
    }

    #[test]
    fn a_call_without_a_contact_opens_no_dialog() {
        let nowhere = OFFERED.replace("Contact", "X-Contact");
        let dialog = Dialog::answering(&message(&nowhere), "us", flow());
        assert_eq!(dialog.err(), Some(Malformed::Missing(Name::Contact)));
    }

    #[test]
    fn only_sips_over_tls_makes_a_secure_dialog() {
        let sips = OFFERED.replace("INVITE sip:", "INVITE sips:");
        let tls = Flow { transport: crate::flow::Transport::Tls, ..flow() };
        let is_secure =
            |text: &str, flow| Dialog::answering(&message(text), "us", flow).unwrap().is_secure();
        assert!(is_secure(&sips, tls));
        assert!(!is_secure(&sips, flow()) && !is_secure(OFFERED, tls));
    }
}
