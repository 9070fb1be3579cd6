//! What a message's transaction is found by: RFC 3261 §17.1.3 and §17.2.3.
//!
//! A key is a fingerprint of 128 bits instead of the strings, so that a transaction that waits for
//! its last timer costs little. The seed keeps a peer from finding two messages of the same
//! fingerprint.

use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};

use crate::{Message, Method};

/// The fingerprint of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key(u128);

/// Makes keys.
#[derive(Clone, Copy, Debug)]
pub(super) struct Keys {
    seed: [u8; 16],
}

impl Keys {
    pub(super) fn new(seed: [u8; 16]) -> Self {
        Self { seed }
    }

    /// The key of a request of ours.
    pub(super) fn of_branch(&self, branch: &str, method: Method<'_>) -> Key {
        self.fingerprint(|hasher| (OURS, branch, method).hash(hasher))
    }

    /// The key that a response's request was sent under: its branch and method (RFC 3261 §17.1.3).
    pub(super) fn of_response(&self, response: &Message<'_>) -> Option<Key> {
        let via = response.top_via().ok()?;
        let cseq = response.cseq().ok()?;
        Some(self.of_branch(via.branch()?, cseq.method))
    }

    /// The key of a peer's request, as if its method were `method`: a CANCEL asks for its INVITE.
    /// An ACK has the key of its INVITE. Call-ID and CSeq number are part of it, because there are
    /// phones whose branches repeat, and all three requests have them in common.
    pub(super) fn of_request(&self, request: &Message<'_>, method: Method<'_>) -> Option<Key> {
        let method = if method == Method::Ack { Method::Invite } else { method };
        let via = request.top_via().ok()?;
        let call = (request.call_id().ok()?, request.cseq().ok()?.number);
        if let Some(branch) = via.unique_branch() {
            let sent_by = (via.host(), via.port_or_default());
            return Some(self.fingerprint(|hasher| {
                (THEIRS, branch, sent_by, call, method).hash(hasher);
            }));
        }
        // RFC 2543 has no unique branch, so more has to be the same. The To tag is left out: the
        // ACK has it and the INVITE does not.
        let uri = request.request_uri().ok()?;
        let from = request.from().ok()?;
        Some(self.fingerprint(|hasher| {
            (THEIRS_2543, uri.as_str(), from.tag(), via.raw(), call, method).hash(hasher);
        }))
    }

    fn fingerprint(&self, feed: impl Fn(&mut DefaultHasher)) -> Key {
        let half = |number: u8| {
            let mut hasher = DefaultHasher::new();
            (self.seed, number).hash(&mut hasher);
            feed(&mut hasher);
            u128::from(hasher.finish())
        };
        Key(half(0) << 64 | half(1))
    }
}

const OURS: u8 = 0;
const THEIRS: u8 = 1;
const THEIRS_2543: u8 = 2;

/// Hashes a [`Key`], which is well mixed already.
pub(super) type ByKey = BuildHasherDefault<Folded>;

/// See [`ByKey`].
#[derive(Debug, Default)]
pub(super) struct Folded(u64);

impl Hasher for Folded {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // A key is written as one number; this is here for completeness.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "half a fingerprint is hash enough")]
    fn write_u128(&mut self, number: u128) {
        self.0 = number as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(method: &str, via: &str, cseq: u32) -> String {
        format!(
            "{method} sip:201@pbx SIP/2.0\r\nVia: SIP/2.0/UDP {via}\r\n\
             From: <sip:202@pbx>;tag=f\r\nTo: <sip:201@pbx>\r\nCall-ID: c\r\n\
             CSeq: {cseq} {method}\r\n\r\n"
        )
    }

    fn key(text: &str) -> Key {
        let message = Message::parse_datagram(text.as_bytes()).unwrap();
        let method = message.method().unwrap();
        Keys::new([7; 16]).of_request(&message, method).unwrap()
    }

    #[test]
    fn an_ack_finds_its_invite_and_a_cancel_is_a_transaction_of_its_own() {
        let via = "10.0.0.5;branch=z9hG4bK1";
        let invite = key(&request("INVITE", via, 1));
        assert_eq!(key(&request("ACK", via, 1)), invite);
        assert_ne!(key(&request("CANCEL", via, 1)), invite);
        let cancel = request("CANCEL", via, 1);
        let cancel = Message::parse_datagram(cancel.as_bytes()).unwrap();
        assert_eq!(Keys::new([7; 16]).of_request(&cancel, Method::Invite), Some(invite));
    }

    #[test]
    fn the_same_branch_from_another_sender_or_in_another_request_is_another_transaction() {
        let invite = key(&request("INVITE", "10.0.0.5;branch=z9hG4bK1", 1));
        assert_ne!(key(&request("INVITE", "10.0.0.6;branch=z9hG4bK1", 1)), invite);
        assert_ne!(key(&request("INVITE", "10.0.0.5:5062;branch=z9hG4bK1", 1)), invite);
        assert_ne!(key(&request("INVITE", "10.0.0.5;branch=z9hG4bK1", 2)), invite);
        assert_eq!(key(&request("INVITE", "10.0.0.5:5060;branch=z9hG4bK1", 1)), invite);
    }

    #[test]
    fn an_old_peer_without_a_branch_is_matched_by_what_it_has() {
        let invite = key(&request("INVITE", "10.0.0.5", 1));
        let ack = request("ACK", "10.0.0.5", 1).replace("To: <sip:201@pbx>", "To: <sip:x>;tag=t");
        assert_eq!(key(&ack), invite);
        assert_ne!(key(&request("INVITE", "10.0.0.5", 2)), invite);
        assert_ne!(key(&request("INVITE", "10.0.0.6", 1)), invite);
        assert_ne!(key(&request("INVITE", "10.0.0.5;branch=1", 1)), invite);
    }

    #[test]
    fn a_response_finds_our_request_by_branch_and_method() {
        let keys = Keys::new([7; 16]);
        let text = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx;received=10.0.0.1\r\n\
                    From: <sip:a>;tag=1\r\nTo: <sip:b>\r\nCall-ID: c\r\nCSeq: 7 BYE\r\n\r\n";
        let response = Message::parse_datagram(text.as_bytes()).unwrap();
        let ours = keys.of_branch("z9hG4bKx", Method::Bye);
        assert_eq!(keys.of_response(&response), Some(ours));
        assert_ne!(keys.of_branch("z9hG4bKx", Method::Cancel), ours);
        assert_ne!(Keys::new([8; 16]).of_branch("z9hG4bKx", Method::Bye), ours);
    }
}
