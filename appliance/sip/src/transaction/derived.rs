//! The two requests that follow from an INVITE of ours word for word: the CANCEL and the ACK to a
//! refusal.

use std::sync::Arc;

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
