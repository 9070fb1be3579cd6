//! A look at a DTLS record before anything is made of it (RFC 6347 §4.1, §4.2.2).

/// Whether a datagram begins a handshake: nothing is remembered of a stranger for anything else.
pub(crate) fn is_client_hello(datagram: &[u8]) -> bool {
    let Some((header, fragment)) = datagram.split_at_checked(RECORD_HEADER) else { return false };
    let [kind, 0xfe, _, 0, 0, ..] = header else { return false };
    *kind == HANDSHAKE && fragment.first() == Some(&CLIENT_HELLO)
}

/// Whether it does so from the very beginning, before any cookie (RFC 6347 §4.2.1).
pub(crate) fn is_first_client_hello(datagram: &[u8]) -> bool {
    let sequence = datagram.get(RECORD_HEADER + 4..RECORD_HEADER + 6);
    is_client_hello(datagram) && sequence == Some(&[0, 0])
}

/// Type, version, epoch, sequence number and length.
const RECORD_HEADER: usize = 13;
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_word_of_a_client_begins_a_handshake() {
        let mut hello = vec![22, 0xfe, 0xff, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1];
        assert!(is_client_hello(&hello));
        for (at, octet) in [(0, 23), (1, 3), (4, 1), (13, 2)] {
            let before = std::mem::replace(&mut hello[at], octet);
            assert!(!is_client_hello(&hello), "{at}");
            hello[at] = before;
        }
        assert!(!is_client_hello(&hello[..13]) && !is_client_hello(&[]));
        assert!(!is_first_client_hello(&hello));
        hello.extend([0; 11]);
        assert!(is_first_client_hello(&hello));
        hello[18] = 1;
        assert!(is_client_hello(&hello) && !is_first_client_hello(&hello));
    }
}
