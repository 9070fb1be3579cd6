//! A look at DTLS records before anything is made of them (RFC 6347 §4.1, §4.2.2).

/// What of a datagram may be shown to the library: the whole records at its beginning. A bad one ends
/// it without a word (RFC 6347 §4.1.2.7), while the library gives up the whole handshake for it.
pub(crate) fn whole(datagram: &[u8]) -> &[u8] {
    let sound = Records(datagram).map(|record| record.length).sum();
    datagram.get(..sound).unwrap_or(datagram)
}

/// Whether a datagram begins a handshake: nothing is remembered of a stranger for anything else.
pub(crate) fn is_client_hello(datagram: &[u8]) -> bool {
    client_hello(datagram).is_some()
}

/// The words with which a client begins, from the first on; in a handshake of small parts some are missing.
pub(crate) fn hello(datagram: &[u8]) -> Option<&[u8]> {
    client_hello(datagram).filter(|hello| hello.offset == 0).map(|hello| hello.body)
}

/// By what a client's handshake is known from its beginning on: the random octets of its hello (RFC 5246
/// §7.4.1.2), which it says again as they are (RFC 6347 §4.2.1).
pub(crate) fn client_random(datagram: &[u8]) -> Option<[u8; 32]> {
    // The version stands before them.
    hello(datagram)?.get(2..34)?.try_into().ok()
}

/// Whether a datagram begins a handshake from the very beginning, before any cookie (RFC 6347 §4.2.1).
pub(crate) fn is_first_client_hello(datagram: &[u8]) -> bool {
    client_hello(datagram).is_some_and(|hello| hello.number == 0)
}

/// A server's request for a certificate. It stands behind other messages, and is short: in a handshake of
/// small parts it is not looked for.
pub(crate) fn certificate_request(datagram: &[u8]) -> Option<&[u8]> {
    let mut messages = Records(datagram).filter_map(|record| record.readable()).flat_map(Messages);
    let is_it = |one: &Message<'_>| one.kind == CERTIFICATE_REQUEST && one.offset == 0;
    messages.find(is_it).map(|request| request.body)
}

/// Whether a datagram asks a client to show that it is where it says it is (RFC 6347 §4.2.1).
pub(crate) fn is_cookie(datagram: &[u8]) -> bool {
    first_message(datagram).is_some_and(|first| first.kind == HELLO_VERIFY_REQUEST)
}

/// How much of a datagram a library would keep until a handshake is done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Weight {
    /// Messages of the handshake and parts of them; records that cannot be read yet.
    pub(crate) pieces: usize,
    /// Their octets.
    pub(crate) octets: usize,
}

/// Of those that are `done` only messages of handshakes are kept.
pub(crate) fn weight(datagram: &[u8], done: bool) -> Weight {
    let mut weight = Weight::default();
    for record in Records(datagram).filter(|record| !done || record.kind == HANDSHAKE) {
        let messages = Messages(record.readable().unwrap_or_default()).count();
        weight.pieces += messages.max(1);
        weight.octets += record.length;
    }
    weight
}

/// The highest number of the messages in a datagram that anybody can read.
pub(crate) fn highest(datagram: &[u8]) -> Option<u16> {
    let messages = Records(datagram).filter_map(|record| record.readable()).flat_map(Messages);
    messages.map(|message| message.number).max()
}

/// Whether a datagram says nothing but messages up to this one, which were said before.
pub(crate) fn says_again(datagram: &[u8], up_to: u16) -> bool {
    let old = |record: Record<'_>| {
        let mut messages = Messages(record.readable().unwrap_or_default()).peekable();
        messages.peek().is_some() && messages.all(|message| message.number <= up_to)
    };
    !datagram.is_empty() && Records(datagram).all(old)
}

fn client_hello(datagram: &[u8]) -> Option<Message<'_>> {
    first_message(datagram).filter(|first| first.kind == CLIENT_HELLO)
}

fn first_message(datagram: &[u8]) -> Option<Message<'_>> {
    Messages(Records(datagram).next()?.readable()?).next()
}

/// The records of a datagram up to the first bad one.
struct Records<'a>(&'a [u8]);

struct Record<'a> {
    kind: u8,
    epoch: [u8; 2],
    /// Its header counts.
    length: usize,
    body: &'a [u8],
}

impl<'a> Iterator for Records<'a> {
    type Item = Record<'a>;

    fn next(&mut self) -> Option<Record<'a>> {
        let (header, rest) = self.0.split_at_checked(RECORD_HEADER)?;
        let [kind, 0xfe, _, epoch, epoch_low, .., length, length_low] = header else { return None };
        let length = usize::from(u16::from_be_bytes([*length, *length_low]));
        if !KINDS.contains(kind) || !(1..=LONGEST_RECORD).contains(&length) {
            return None;
        }
        let (body, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        let epoch = [*epoch, *epoch_low];
        Some(Record { kind: *kind, epoch, length: RECORD_HEADER + length, body })
    }
}

impl<'a> Record<'a> {
    /// Messages of a handshake that are not encrypted.
    fn readable(&self) -> Option<&'a [u8]> {
        (self.kind == HANDSHAKE && self.epoch == [0, 0]).then_some(self.body)
    }
}

/// The messages of a record, or parts of them.
struct Messages<'a>(&'a [u8]);

struct Message<'a> {
    kind: u8,
    number: u16,
    /// Where in the message this part begins.
    offset: u32,
    body: &'a [u8],
}

impl<'a> Iterator for Messages<'a> {
    type Item = Message<'a>;

    fn next(&mut self) -> Option<Message<'a>> {
        let (header, rest) = self.0.split_at_checked(MESSAGE_HEADER)?;
        let [kind, _, _, _, number, low, o1, o2, o3, l1, l2, l3] = header else { return None };
        let length = u32::from_be_bytes([0, *l1, *l2, *l3]) as usize;
        let (body, rest) = rest.split_at_checked(length).unwrap_or((rest, &[]));
        self.0 = rest;
        let number = u16::from_be_bytes([*number, *low]);
        Some(Message { kind: *kind, number, offset: u32::from_be_bytes([0, *o1, *o2, *o3]), body })
    }
}

/// Type, version, epoch, sequence number and length.
const RECORD_HEADER: usize = 13;
/// Type, length, number, and which part of it this is (RFC 6347 §4.2.2).
const MESSAGE_HEADER: usize = 12;
/// Change of ciphers, alert, handshake, data (RFC 5246 §6.2.1).
const KINDS: std::ops::RangeInclusive<u8> = 20..=23;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
const HELLO_VERIFY_REQUEST: u8 = 3;
const CERTIFICATE_REQUEST: u8 = 13;
/// RFC 5246 §6.2.3
const LONGEST_RECORD: usize = (1 << 14) + 2_048;

#[cfg(test)]
mod tests {
    use super::*;

    fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
        let mut record = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, 0, 0, 0, body.len() as u8];
        record.extend(body);
        record
    }

    fn message(kind: u8, number: u8, body: &[u8]) -> Vec<u8> {
        let length = body.len() as u8;
        let mut message = vec![kind, 0, 0, length, 0, number, 0, 0, 0, 0, 0, length];
        message.extend(body);
        message
    }

    #[test]
    fn only_the_first_word_of_a_client_begins_a_handshake() {
        let mut hello = record(22, 0, &message(1, 0, &[7; 40]));
        assert!(is_client_hello(&hello) && is_first_client_hello(&hello));
        assert_eq!(client_random(&hello), Some([7; 32]));
        for (at, octet) in [(0, 23), (1, 3), (4, 1), (12, 90), (13, 2)] {
            let before = std::mem::replace(&mut hello[at], octet);
            assert!(!is_client_hello(&hello), "{at}");
            hello[at] = before;
        }
        assert!(!is_client_hello(&hello[..13]) && !is_client_hello(&[]));
        let second = record(22, 0, &message(1, 1, &[7; 40]));
        assert!(is_client_hello(&second) && !is_first_client_hello(&second));
        assert_eq!(client_random(&second), Some([7; 32]));
        assert_eq!(client_random(&record(22, 0, &message(1, 0, &[7; 33]))), None);
    }

    #[test]
    fn what_follows_a_bad_record_is_cut_off() {
        let good = [record(22, 0, &message(1, 0, &[7; 40])), record(20, 0, &[1])].concat();
        assert_eq!(whole(&good), good);
        let long = record(22, 0, &[0; 9]);
        for bad in [&[22][..], &long[..15], &record(22, 0, &[]), &record(9, 0, &[1]), &[0; 40]] {
            assert_eq!(whole(&[&good[..], bad].concat()), good);
            assert!(whole(bad).is_empty());
        }
    }

    #[test]
    fn what_is_said_again_is_known_by_its_numbers() {
        let both = record(22, 0, &[message(2, 1, &[0; 9]), message(11, 2, &[0; 9])].concat());
        assert_eq!(highest(&both), Some(2));
        assert!(says_again(&both, 2) && says_again(&both, 9) && !says_again(&both, 1));
        assert!(!says_again(&[], 9));
        // What cannot be read may be anything.
        let more = [both.clone(), record(22, 1, &[0; 40])].concat();
        assert!(!says_again(&more, 9) && highest(&more) == Some(2));
        assert!(!says_again(&[both, record(20, 0, &[1])].concat(), 9));
    }

    #[test]
    fn a_request_for_a_certificate_is_found_behind_other_messages() {
        let flight = [message(2, 1, &[0; 9]), message(13, 3, &[7; 4])].concat();
        let flight = [record(22, 0, &message(11, 2, &[0; 9])), record(22, 0, &flight)].concat();
        assert_eq!(certificate_request(&flight), Some(&[7; 4][..]));
        assert_eq!(certificate_request(&record(22, 1, &message(13, 3, &[7; 4]))), None);
        assert_eq!(certificate_request(&record(22, 0, &message(12, 3, &[7; 4]))), None);
    }

    #[test]
    fn small_parts_weigh_as_many() {
        let parts = record(22, 0, &message(11, 0, &[0]).repeat(10));
        let octets = parts.len();
        assert_eq!(weight(&parts, false), Weight { pieces: 10, octets });
        assert_eq!(weight(&parts, true), Weight { pieces: 10, octets });
        let sealed = record(23, 1, &[0; 40]);
        assert_eq!(weight(&sealed, false), Weight { pieces: 1, octets: 53 });
        assert_eq!(weight(&sealed, true), Weight::default());
    }
}
