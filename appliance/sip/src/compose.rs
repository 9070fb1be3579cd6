//! Building messages: requests, responses, and the answer to a request (RFC 3261 §8.2.6).
//!
//! Whatever is inserted, it cannot end a line: CR and LF become spaces.

use std::fmt::{self, Write};
use std::net::SocketAddr;

use crate::header::name::Name;
use crate::header::via::Via;
use crate::message::{Malformed, Message, StartLine};
use crate::method::Method;
use crate::status::Status;

/// A message in the making.
#[derive(Clone, Debug)]
pub struct Compose {
    bytes: Vec<u8>,
    body: Vec<u8>,
}

impl Compose {
    /// Begins a request.
    pub fn request(method: Method<'_>, uri: impl fmt::Display) -> Compose {
        let mut compose = Compose::empty();
        compose.text(format_args!("{method} {uri} SIP/2.0"));
        compose.line_end();
        compose
    }

    /// Begins a response.
    pub fn response(status: Status, reason: &str) -> Compose {
        let mut compose = Compose::empty();
        compose.text(format_args!("SIP/2.0 {status} {reason}"));
        compose.line_end();
        compose
    }

    /// Adds a header.
    pub fn header(mut self, name: Name<'_>, value: impl fmt::Display) -> Compose {
        self.text(format_args!("{name}: {value}"));
        self.line_end();
        self
    }

    /// Adds a header when there is a value.
    pub fn header_if(self, name: Name<'_>, value: Option<impl fmt::Display>) -> Compose {
        match value {
            Some(value) => self.header(name, value),
            None => self,
        }
    }

    /// Adds a header from bytes that came in a message; folding becomes spaces.
    pub fn raw(mut self, name: Name<'_>, value: &[u8]) -> Compose {
        self.text(format_args!("{name}: "));
        self.octets(value);
        self.line_end();
        self
    }

    /// Copies all headers of that name from a message.
    pub fn copy(self, message: &Message<'_>, name: Name<'_>) -> Compose {
        message.headers_named(name).fold(self, |compose, value| compose.raw(name, value))
    }

    /// Sets the body and says what it is; an empty body has no type.
    pub fn body(mut self, content_type: &str, body: &[u8]) -> Compose {
        if !body.is_empty() {
            self = self.header(Name::ContentType, content_type);
        }
        self.body.clear();
        self.body.extend_from_slice(body);
        self
    }

    /// The message, with its Content-Length.
    pub fn finish(mut self) -> Vec<u8> {
        let length = self.body.len();
        self.text(format_args!("{}: {length}", Name::ContentLength));
        self.line_end();
        self.line_end();
        self.bytes.append(&mut self.body);
        self.bytes
    }

    fn empty() -> Compose {
        // An ordinary message fits without growing.
        Compose { bytes: Vec::with_capacity(1024), body: Vec::new() }
    }

    fn text(&mut self, text: fmt::Arguments<'_>) {
        // Writing to memory cannot fail; a value that fails to format ends short.
        let _ = Tamed(&mut self.bytes).write_fmt(text);
    }

    fn octets(&mut self, octets: &[u8]) {
        self.bytes.extend(octets.iter().map(|&b| tame(b)));
    }

    /// The line that holds the topmost Via, with what is known about its sender.
    fn received(&mut self, via: &Via<'_>, line: &[u8], source: SocketAddr) {
        self.text(format_args!("{}: ", Name::Via));
        self.octets(via.raw_head());
        for param in via.params() {
            if param.is("received") || param.is("rport") {
                continue;
            }
            self.text(format_args!(";{}", param.name()));
            if let Some(value) = param.raw() {
                self.octets(b"=");
                self.octets(value);
            }
        }
        let ip = source.ip().to_canonical();
        let asked = via.rport().is_some();
        if asked || via.host().ip().map(|host| host.to_canonical()) != Some(ip) {
            self.text(format_args!(";received={ip}"));
        }
        if asked {
            self.text(format_args!(";rport={}", source.port()));
        }
        self.octets(line.get(via.raw().len()..).unwrap_or(b""));
        self.line_end();
    }

    fn line_end(&mut self) {
        self.bytes.extend_from_slice(b"\r\n");
    }
}

/// Begins the response to a request: the Vias, From, To, Call-ID and CSeq are copied, and
/// Record-Route for what may found a dialog, Timestamp for a provisional answer (RFC 3261 §8.2.6,
/// §12.1.1). A `to_tag` is added when To has none. `source` is where the request came from: it is
/// noted in the topmost Via (RFC 3261 §18.2.1, RFC 3581 §4).
pub fn response_to(
    request: &Message<'_>,
    status: Status,
    reason: &str,
    to_tag: Option<&str>,
    source: SocketAddr,
) -> Compose {
    let mut compose = Compose::response(status, reason);
    let top = request.top_via().ok();
    for (line, value) in request.headers_named(Name::Via).enumerate() {
        match &top {
            Some(via) if line == 0 => compose.received(via, value, source),
            Some(_) | None => compose = compose.raw(Name::Via, value),
        }
    }
    let founds = matches!(
        request.method(),
        Some(Method::Invite | Method::Subscribe | Method::Refer | Method::Notify)
    );
    let answers = status.is_success() || (status.is_provisional() && status != Status::TRYING);
    if founds && answers {
        compose = compose.copy(request, Name::RecordRoute);
    }
    compose = compose.copy(request, Name::From);
    let tagged = request.to().is_ok_and(|to| to.tag().is_some());
    match (request.header(Name::To), to_tag.filter(|_| !tagged)) {
        (Some(to), Some(tag)) => {
            compose.text(format_args!("{}: ", Name::To));
            compose.octets(to);
            compose.text(format_args!(";tag={tag}"));
            compose.line_end();
        }
        (_, _) => compose = compose.copy(request, Name::To),
    }
    compose = compose.copy(request, Name::CallId).copy(request, Name::CSeq);
    if status == Status::TRYING {
        compose = compose.copy(request, Name::Timestamp);
    }
    compose
}

/// The 400 answer to bytes that are no message, when they are a request that says where to send
/// it; `None` means to drop them. An ACK or a response is never answered.
pub fn refuse(
    bytes: &[u8],
    malformed: Malformed,
    to_tag: &str,
    source: SocketAddr,
) -> Option<Compose> {
    let request = Message::salvage(bytes)?;
    let StartLine::Request { method, .. } = request.start() else { return None };
    if method == Method::Ack {
        return None;
    }
    for name in [Name::Via, Name::From, Name::To, Name::CallId, Name::CSeq] {
        request.header(name)?;
    }
    let status = Status::BAD_REQUEST;
    Some(response_to(&request, status, malformed.reason(), Some(to_tag), source))
}

/// Writes text in which nothing ends a line.
struct Tamed<'a>(&'a mut Vec<u8>);

impl Write for Tamed<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend(text.bytes().map(tame));
        Ok(())
    }
}

fn tame(byte: u8) -> u8 {
    if matches!(byte, b'\r' | b'\n') { b' ' } else { byte }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INVITE: &[u8] = b"INVITE sip:201@pbx SIP/2.0\r\n\
        Via: SIP/2.0/UDP 10.0.0.5:5070;rport;branch=z9hG4bK1, SIP/2.0/TCP a;branch=z9hG4bK2\r\n\
        Via: SIP/2.0/TCP b\r\n\
        Record-Route: <sip:p1;lr>\r\n\
        From: \"A\"\r\n <sip:202@pbx>;tag=1\r\n\
        To: <sip:201@pbx>\r\n\
        Call-ID: c1\r\n\
        CSeq: 1 INVITE\r\n\
        Timestamp: 54\r\n\
        Content-Length: 0\r\n\r\n";

    fn source() -> SocketAddr {
        "192.0.2.9:40000".parse().unwrap()
    }

    #[test]
    fn a_response_goes_back_the_way_that_the_request_came() {
        let request = Message::parse_datagram(INVITE).unwrap();
        let ringing =
            response_to(&request, Status::RINGING, "Ringing", Some("t"), source()).finish();
        assert_eq!(
            String::from_utf8(ringing).unwrap(),
            "SIP/2.0 180 Ringing\r\n\
             Via: SIP/2.0/UDP 10.0.0.5:5070;branch=z9hG4bK1;received=192.0.2.9;rport=40000, \
             SIP/2.0/TCP a;branch=z9hG4bK2\r\n\
             Via: SIP/2.0/TCP b\r\n\
             Record-Route: <sip:p1;lr>\r\n\
             From: \"A\"   <sip:202@pbx>;tag=1\r\n\
             To: <sip:201@pbx>;tag=t\r\n\
             Call-ID: c1\r\n\
             CSeq: 1 INVITE\r\n\
             Content-Length: 0\r\n\r\n"
        );
        let trying = response_to(&request, Status::TRYING, "Trying", None, source()).finish();
        let trying = Message::parse_datagram(&trying).unwrap();
        assert_eq!(trying.timestamp(), Some(&b"54"[..]));
        assert!(trying.to().unwrap().tag().is_none());
        assert!(trying.header(Name::RecordRoute).is_none());
    }

    #[test]
    fn nothing_that_is_inserted_ends_a_line() {
        let bytes = Compose::request(Method::Options, "sip:a\r\nX: 1")
            .header(Name::Subject, "a\r\nb: c")
            .header(Name::Other("X\r\nY"), 1)
            .raw(Name::Subject, b"folded\r\n here")
            .body("text/plain\r\n", b"two\r\nlines")
            .finish();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            "OPTIONS sip:a  X: 1 SIP/2.0\r\nSubject: a  b: c\r\nX  Y: 1\r\n\
             Subject: folded   here\r\nContent-Type: text/plain  \r\n\
             Content-Length: 10\r\n\r\ntwo\r\nlines"
        );
    }

    #[test]
    fn a_request_that_cannot_be_read_is_refused_when_it_says_by_whom_it_was_sent() {
        let short = String::from_utf8(INVITE.to_vec()).unwrap().replace("Length: 0", "Length: 9");
        let fault = Message::parse_datagram(short.as_bytes()).unwrap_err();
        let refusal = refuse(short.as_bytes(), fault, "t", source()).unwrap().finish();
        assert!(refusal.starts_with(b"SIP/2.0 400 Body Shorter Than Content-Length\r\n"));
        let ack = short.replace("INVITE", "ACK");
        assert!(refuse(ack.as_bytes(), fault, "t", source()).is_none());
        let nameless = short.replace("Call-ID", "Other");
        assert!(refuse(nameless.as_bytes(), fault, "t", source()).is_none());
        assert!(refuse(b"SIP/2.0 999 x\r\n\r\n", fault, "t", source()).is_none());
    }
}
