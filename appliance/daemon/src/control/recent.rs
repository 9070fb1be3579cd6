//! The last messages of calls, so that a capture shows how its call was set up.

use crate::captures::Message;
use std::collections::VecDeque;

/// Messages, the oldest of which go when there are too many.
pub(super) struct Recent {
    messages: VecDeque<(Box<str>, Message)>,
    octets: usize,
    most: usize,
}

impl Recent {
    /// `most`: octets of messages.
    pub(super) fn new(most: usize) -> Self {
        Self { messages: VecDeque::new(), octets: 0, most }
    }

    pub(super) fn keep(&mut self, call_id: &str, message: Message) {
        self.octets += weight(call_id, &message);
        self.messages.push_back((call_id.into(), message));
        while self.octets > self.most
            && let Some((call_id, message)) = self.messages.pop_front()
        {
            self.octets -= weight(&call_id, &message);
        }
    }

    /// Those of one dialog, in order.
    pub(super) fn of(&self, call_id: &str) -> impl Iterator<Item = &Message> {
        self.messages.iter().filter(move |(of, _)| **of == *call_id).map(|(_, message)| message)
    }
}

/// The Call-ID of a message that belongs to a call, as it stands; nothing is checked. Registrations and
/// questions whether somebody is there are of no call.
pub(super) fn call_id_of(bytes: &[u8]) -> Option<&str> {
    if OF_NO_CALL.iter().any(|method| bytes.starts_with(method)) {
        return None;
    }
    let (mut call_id, mut of_a_call) = (None, !bytes.starts_with(b"SIP/2.0"));
    for line in bytes.split(|octet| *octet == b'\n').skip(1) {
        let line = line.trim_ascii_end();
        if line.is_empty() || (call_id.is_some() && of_a_call) {
            break;
        }
        if let Some(value) = value_of(line, b"call-id").or_else(|| value_of(line, b"i")) {
            call_id = std::str::from_utf8(value).ok();
        } else if let Some(value) = value_of(line, b"cseq") {
            let method = value.rsplit(|octet| *octet == b' ').next().unwrap_or_default();
            if OF_NO_CALL.iter().any(|it| it.trim_ascii_end() == method) {
                return None;
            }
            of_a_call = true;
        }
    }
    call_id.filter(|_| of_a_call)
}

fn value_of<'a>(line: &'a [u8], name: &[u8]) -> Option<&'a [u8]> {
    let (before, rest) = line.split_at_checked(name.len())?;
    let value = rest.trim_ascii_start().strip_prefix(b":")?;
    before.eq_ignore_ascii_case(name).then(|| value.trim_ascii())
}

fn weight(call_id: &str, message: &Message) -> usize {
    call_id.len() + message.bytes.len() + BESIDE
}

/// What a message takes beside its octets.
const BESIDE: usize = 200;
const OF_NO_CALL: [&[u8]; 5] = [b"REGISTER ", b"OPTIONS ", b"SUBSCRIBE ", b"PUBLISH ", b"MESSAGE "];

#[cfg(test)]
mod tests {
    use super::*;
    use sip::flow::Flow;
    use std::time::Instant;

    fn message(text: &str) -> Message {
        let end = "192.0.2.1:5060".parse().unwrap();
        let flow = Flow::udp(end, end);
        Message { at: Instant::now(), inbound: true, flow, bytes: text.as_bytes().into() }
    }

    #[test]
    fn the_call_of_a_message_is_found_without_parsing_it() {
        let found = |text: &str| call_id_of(text.as_bytes()).map(str::to_owned);
        let of = |text: &str| found(&text.replace('|', "\r\n"));
        assert_eq!(of("INVITE sip:a SIP/2.0|Call-ID: x@y|CSeq: 1 INVITE||").unwrap(), "x@y");
        assert_eq!(of("BYE sip:a SIP/2.0|CALL-ID :  x||").unwrap(), "x");
        assert_eq!(of("SIP/2.0 200 OK|i: x|CSeq: 7 INVITE||").unwrap(), "x");
        assert_eq!(of("SIP/2.0 200 OK|CSeq: 7 BYE|i:x||").unwrap(), "x");
        assert_eq!(of("SIP/2.0 200 OK|i: x|CSeq: 7 REGISTER||"), None);
        assert_eq!(of("REGISTER sip:a SIP/2.0|Call-ID: x||"), None);
        assert_eq!(of("INVITE sip:a SIP/2.0||Call-ID: x|"), None);
        assert_eq!(of("\0|"), None);
    }

    #[test]
    fn the_oldest_go_first() {
        let mut recent = Recent::new(3 * (1 + 10 + BESIDE));
        for (call_id, text) in [("a", "0123456789"), ("b", "1"), ("a", "2"), ("b", "9876543210")] {
            recent.keep(call_id, message(text));
        }
        let of = |call_id| recent.of(call_id).map(|it| it.bytes.len()).collect::<Vec<_>>();
        assert_eq!((of("a"), of("b")), (vec![1], vec![1, 10]));
    }
}
