//! What a capture shows: blocks of its file, made of what was seen.

use super::datagram::{Way, datagram, pdu};
use super::pcapng::{self, Link, LinkKind, Packet};
use super::{Beginning, Message};
use crate::recorder::without_proofs;
use call::Capture;
use media::DropReason;
use media::capture::Frame;
use sip::flow::Transport;
use std::net::{IpAddr, SocketAddr};

/// What is the same for all packets of a file.
#[derive(Debug)]
pub(super) struct Scene {
    decrypted: bool,
    own: Vec<IpAddr>,
}

impl Scene {
    pub(super) fn new(beginning: &Beginning) -> Self {
        Self { decrypted: beginning.capture.decrypted, own: beginning.own.clone() }
    }

    /// What a file begins with.
    pub(super) fn head(&self, capture: &Capture) -> Vec<u8> {
        let media = match self.decrypted {
            true => {
                "Encrypted media are shown as they were said, and described as if they had not been \
                 encrypted: handle this file as a recording."
            }
            false => "Encrypted media are shown as they were on the wire.",
        };
        let comment = format!(
            "Call {}, captured for {}. {media} Keys and proofs of passwords in messages are made \
             unreadable; messages that came in streams (TCP, TLS, WebSocket) are shown without these. \
             The headers of IP and UDP are made up from the true addresses.",
            capture.call, capture.by
        );
        let program = concat!("Strowger ", env!("CARGO_PKG_VERSION"));
        pcapng::head(&comment, program, &LINKS)
    }

    /// A message, without its secrets.
    pub(super) fn message(&self, message: &Message, nanos: u64) -> Vec<u8> {
        let Message { inbound, flow, ref bytes, .. } = *message;
        let way = self.way(inbound, flow.local, flow.remote);
        let hidden = without_secrets(bytes, self.decrypted);
        let mut whole = Vec::with_capacity(hidden.len() + 64);
        let (link, comment) = match flow.transport {
            Transport::Udp => {
                datagram(&mut whole, way, &hidden);
                (WIRE, None)
            }
            Transport::Tcp => {
                pdu(&mut whole, way, &hidden);
                (STREAMS, Some("came in a TCP stream"))
            }
            Transport::Tls => {
                pdu(&mut whole, way, &hidden);
                (STREAMS, Some("came in a TLS stream"))
            }
            Transport::Ws | Transport::Wss => {
                pdu(&mut whole, way, &hidden);
                (STREAMS, Some("came by WebSocket"))
            }
        };
        block(Packet { link, nanos, inbound, bytes: &whole, comment })
    }

    /// A packet of media.
    pub(super) fn packet(&self, frame: &Frame, bytes: &[u8], nanos: u64) -> Vec<u8> {
        let (local, remote) = match frame.inbound {
            true => (frame.to, frame.from),
            false => (frame.from, frame.to),
        };
        let mut whole = Vec::with_capacity(bytes.len() + 64);
        datagram(&mut whole, self.way(frame.inbound, local, remote), bytes);
        let opened = frame.opened.then_some("decrypted: on the wire it is SRTP");
        let comment = frame.dropped.map(why).or(opened);
        let inbound = frame.inbound;
        block(Packet { link: WIRE, nanos, inbound, bytes: &whole, comment })
    }

    /// Sockets that are bound to every address do not know to which a packet came.
    fn way(&self, inbound: bool, local: SocketAddr, remote: SocketAddr) -> Way {
        let v4 = remote.ip().to_canonical().is_ipv4();
        let known = self.own.iter().find(|own| own.is_ipv4() == v4);
        let local = match known.filter(|_| local.ip().is_unspecified()) {
            Some(own) => SocketAddr::new(*own, local.port()),
            None => local,
        };
        if inbound { Way::new(remote, local) } else { Way::new(local, remote) }
    }
}

fn block(packet: Packet<'_>) -> Vec<u8> {
    let mut out = Vec::with_capacity(packet.bytes.len() + 96);
    packet.write(&mut out);
    out
}

/// A message without its secrets: proofs of passwords are dashes, keys of media noughts in base 64, so
/// that they still read as keys.
fn without_secrets(bytes: &[u8], decrypted: bool) -> Vec<u8> {
    let mut hidden = without_proofs(bytes).into_owned();
    for place in places(&hidden, KEY) {
        let dashes = hidden.get_mut(place..).unwrap_or_default().iter_mut();
        dashes.take_while(|octet| **octet == b'-').for_each(|octet| *octet = b'A');
    }
    if decrypted { undressed(&hidden) } else { hidden }
}

/// Who looks at decrypted media is not to take them for encrypted ones: a description that names no
/// keys and no secure profile (RFC 3711 §12, RFC 5764 §8) lets Wireshark read them as they are.
fn undressed(message: &[u8]) -> Vec<u8> {
    let Some(&body) = places(message, b"\r\n\r\n").first() else { return message.to_vec() };
    let (head, body) = message.split_at(body);
    let mut shown = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|octet| *octet == b'\n') {
        let mut line = line.to_vec();
        if line.starts_with(b"a=crypto:") {
            line.splice(2..8, *b"x-keys");
        } else if line.starts_with(b"m=") {
            line = replaced(&replaced(&line, b"UDP/TLS/", b""), b"RTP/SAVP", b"RTP/AVP");
        }
        shown.extend_from_slice(&line);
    }
    let mut whole = Vec::with_capacity(message.len());
    for line in head.split_inclusive(|octet| *octet == b'\n') {
        let name = line.split(|octet| *octet == b':').next().unwrap_or_default().trim_ascii();
        if name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"l") {
            whole.extend_from_slice(name);
            whole.extend_from_slice(format!(": {}\r\n", shown.len()).as_bytes());
        } else {
            whole.extend_from_slice(line);
        }
    }
    whole.extend_from_slice(&shown);
    whole
}

/// The line with something else in the place of the first of `old`.
fn replaced(line: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    let mut line = line.to_vec();
    if let Some(end) = places(&line, old).first().copied() {
        line.splice(end - old.len()..end, new.iter().copied());
    }
    line
}

/// Where something ends, wherever it stands.
fn places(bytes: &[u8], wanted: &[u8]) -> Vec<usize> {
    let windows = bytes.windows(wanted.len()).enumerate();
    let found = windows.filter(|(_, window)| *window == wanted);
    found.map(|(at, _)| at + wanted.len()).collect()
}

/// Why a packet ended at the box.
fn why(reason: DropReason) -> &'static str {
    match reason {
        DropReason::NotLent => "not passed on: nobody has this port",
        DropReason::Malformed => "not passed on: it is neither RTP nor RTCP",
        DropReason::Stranger => "not passed on: its sender is not believed",
        DropReason::Flood => "not passed on: more than any call needs",
        DropReason::NotBridged => "ends at the box: nobody is to hear it",
        DropReason::Nowhere => "not passed on: the other side listens nowhere",
        DropReason::Late => "not passed on: it came too late to be translated",
        DropReason::Keyed => "the other side is told of the key instead",
        DropReason::Untranslatable => "not passed on: it cannot be translated",
        DropReason::Forged => "not passed on: it is not genuine",
        DropReason::Repeated => "not passed on: it came before, or far too late",
        DropReason::Keyless => "not passed on: its sender has not shaken hands yet",
        DropReason::Unprotected => "not passed on: it could not be encrypted",
        DropReason::Reported => "ends at the box, which reports to the other side itself",
        DropReason::Circle => "not passed on: it leads in a circle through the box",
        DropReason::SpokenOver => "not passed on: the box itself speaks",
    }
}

/// The interfaces of a file, by their places.
const LINKS: [Link<'static>; 2] = [
    Link {
        kind: LinkKind::Raw,
        name: "wire",
        description: "datagrams that the box heard and sent",
    },
    Link {
        kind: LinkKind::UpperPdu,
        name: "streams",
        description: "messages of SIP that came and went in TCP, TLS or WebSocket",
    },
];
pub(super) const WIRE: u32 = 0;
pub(super) const STREAMS: u32 = 1;

const KEY: &[u8] = b"inline:";

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &str = "INVITE sip:a SIP/2.0\r\nAuthorization: Digest response=\"d41d8c\"\r\n\
        Content-Length: 79\r\n\r\n\
        m=audio 9 RTP/SAVP 8\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCsp|2\r\n";

    #[test]
    fn a_message_shows_none_of_its_secrets_and_keeps_its_length() {
        let hidden = String::from_utf8(without_secrets(MESSAGE.as_bytes(), false)).unwrap();
        assert_eq!(hidden.len(), MESSAGE.len());
        assert!(hidden.contains("response=\"------\""), "{hidden}");
        assert!(hidden.contains("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:AAAAAAAAAAAA|2"));
    }

    #[test]
    fn where_media_are_decrypted_their_description_says_nothing_of_keys() {
        let shown = without_secrets(MESSAGE.as_bytes(), true);
        let shown = String::from_utf8(shown).unwrap();
        let (head, body) = shown.split_once("\r\n\r\n").unwrap();
        assert!(body.starts_with("m=audio 9 RTP/AVP 8\r\na=x-keys:1 AES"), "{body}");
        assert!(head.ends_with(&format!("Content-Length: {}", body.len())), "{head}");
        let of =
            |line: &str| String::from_utf8(undressed(format!("l: 1\r\n\r\n{line}").as_bytes()));
        let browser = of("m=audio 9 UDP/TLS/RTP/SAVPF 8\r\n").unwrap();
        assert_eq!(browser, "l: 22\r\n\r\nm=audio 9 RTP/AVPF 8\r\n");
    }
}
