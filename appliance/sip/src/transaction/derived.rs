//! What follows from a request of ours word for word: the CANCEL of an INVITE, the ACK to a refusal,
//! and the same request by another transport.

use std::sync::Arc;

use crate::flow::Transport;
use crate::{Compose, Message, Method, Name};

/// The ACK to the refusal `response` of `invite`: RFC 3261 §17.1.1.3.
pub(super) fn ack(invite: &[u8], response: &Message<'_>) -> Option<Arc<[u8]>> {
    let invite = Message::parse_datagram(invite).ok()?;
    let ack = hop(&invite, Method::Ack)?.copy(response, Name::To);
    Some(ack.finish().into())
}

/// The CANCEL of `invite`: RFC 3261 §9.1, with the `Reason` of RFC 3326 where there is one.
pub(super) fn cancel(invite: &[u8], reason: Option<&str>) -> Option<Arc<[u8]>> {
    let invite = Message::parse_datagram(invite).ok()?;
    let cancel = hop(&invite, Method::Cancel)?.copy(&invite, Name::To);
    Some(cancel.header_if(Name::Reason, reason).finish().into())
}

/// The same request of ours as it goes by another transport.
pub(super) fn by(request: &[u8], from: Transport, to: Transport) -> Option<Arc<[u8]>> {
    let via = Message::parse_datagram(request).ok()?.top_via().ok()?.raw();
    let [from, to] = [from, to].map(|transport| format!("SIP/2.0/{} ", transport.via_name()));
    let rest = via.strip_prefix(from.as_bytes())?;
    // Its branch makes it the only one.
    let at = request.windows(via.len()).position(|window| window == via)?;
    let parts = [request.get(..at)?, to.as_bytes(), rest, request.get(at + via.len()..)?];
    Some(parts.concat().into())
}

/// A request that goes exactly where `invite` went, and is its transaction.
fn hop(invite: &Message<'_>, method: Method<'_>) -> Option<Compose> {
    let uri = invite.request_uri().ok()?;
    let via = invite.top_via().ok()?;
    let number = invite.cseq().ok()?.number;
    let request = Compose::request(method, uri)
        .raw(Name::Via, via.raw())
        .header(Name::MaxForwards, MAX_FORWARDS)
        .copy(invite, Name::Route)
        .copy(invite, Name::From)
        .copy(invite, Name::CallId)
        .header(Name::CSeq, format_args!("{number} {method}"));
    Some(request)
}

/// RFC 3261 §8.1.1.6.
const MAX_FORWARDS: u8 = 70;

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &[u8] = b"INVITE sip:+4930123@carrier.example SIP/2.0\r\n\
        Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n\
        Max-Forwards: 70\r\n\
        Route: <sip:edge.example;lr>\r\n\
        Require: 100rel\r\n\
        From: <sip:201@pbx>;tag=f\r\n\
        To: <sip:+4930123@carrier.example>\r\n\
        Call-ID: c\r\n\
        CSeq: 3 INVITE\r\n\
        Content-Length: 3\r\n\r\nv=0";

    #[test]
    fn the_ack_to_a_refusal_has_the_invites_branch_and_route_and_the_responses_to() {
        let busy =
            b"SIP/2.0 486 Busy Here\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;rport=1\r\n\
            From: <sip:201@pbx>;tag=f\r\nTo: <sip:+4930123@carrier.example>;tag=t\r\n\
            Call-ID: c\r\nCSeq: 3 INVITE\r\n\r\n";
        let ack = ack(INVITE, &Message::parse_datagram(busy).unwrap()).unwrap();
        let expected = "ACK sip:+4930123@carrier.example SIP/2.0\r\n\
            Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n\
            Max-Forwards: 70\r\n\
            Route: <sip:edge.example;lr>\r\n\
            From: <sip:201@pbx>;tag=f\r\n\
            Call-ID: c\r\n\
            CSeq: 3 ACK\r\n\
            To: <sip:+4930123@carrier.example>;tag=t\r\n\
            Content-Length: 0\r\n\r\n";
        assert_eq!(str::from_utf8(&ack).unwrap(), expected);
    }

    #[test]
    fn a_request_by_another_transport_differs_in_its_via_only() {
        let by_tcp = by(INVITE, Transport::Udp, Transport::Tcp).unwrap();
        let text = str::from_utf8(&by_tcp).unwrap();
        assert_eq!(text, str::from_utf8(INVITE).unwrap().replace("/UDP ", "/TCP "));
        assert_eq!(by(&by_tcp, Transport::Tcp, Transport::Udp).as_deref(), Some(INVITE));
        assert_eq!(by(INVITE, Transport::Tcp, Transport::Udp), None);
    }

    #[test]
    fn a_cancel_repeats_the_invite_says_why_and_requires_nothing() {
        let reason = "SIP;cause=200;text=\"Call completed elsewhere\"";
        let cancel = cancel(INVITE, Some(reason)).unwrap();
        let expected = "CANCEL sip:+4930123@carrier.example SIP/2.0\r\n\
            Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx\r\n\
            Max-Forwards: 70\r\n\
            Route: <sip:edge.example;lr>\r\n\
            From: <sip:201@pbx>;tag=f\r\n\
            Call-ID: c\r\n\
            CSeq: 3 CANCEL\r\n\
            To: <sip:+4930123@carrier.example>\r\n\
            Reason: SIP;cause=200;text=\"Call completed elsewhere\"\r\n\
            Content-Length: 0\r\n\r\n";
        assert_eq!(str::from_utf8(&cancel).unwrap(), expected);
    }
}
