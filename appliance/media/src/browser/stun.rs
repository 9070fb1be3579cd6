//! As much of STUN (RFC 8489 §5) as is needed to find whom a request is for. Whether it is right is
//! for others to say.

/// Whether it is a binding request.
pub(super) fn is_request(bytes: &[u8]) -> bool {
    bytes.starts_with(&BINDING_REQUEST) && bytes.get(4..8) == Some(&COOKIE)
}

/// The user fragment of ours in a binding request: what stands before the colon of its USERNAME
/// (RFC 8445 §7.2.2).
pub(super) fn user_of(bytes: &[u8]) -> Option<&str> {
    if !is_request(bytes) {
        return None;
    }
    let mut rest = bytes.get(HEADER..)?;
    loop {
        let (head, body) = rest.split_first_chunk::<4>()?;
        let [kind_high, kind_low, length_high, length_low] = *head;
        let length = usize::from(u16::from_be_bytes([length_high, length_low]));
        if [kind_high, kind_low] == USERNAME {
            let name = std::str::from_utf8(body.get(..length)?).ok()?;
            return name.split_once(':').map(|(ours, _)| ours);
        }
        rest = body.get(length.next_multiple_of(4)..)?;
    }
}

const BINDING_REQUEST: [u8; 2] = [0, 1];
const COOKIE: [u8; 4] = [0x21, 0x12, 0xa4, 0x42];
const HEADER: usize = 20;
const USERNAME: [u8; 2] = [0, 6];

#[cfg(test)]
mod tests {
    use super::*;

    fn request(attributes: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0, 1, 0, 0, 0x21, 0x12, 0xa4, 0x42];
        bytes.extend([7; 12]);
        bytes.extend(attributes);
        bytes
    }

    #[test]
    fn a_request_names_us_before_the_colon() {
        let mut attributes = vec![0x80, 0x22, 0, 3, b'x', b'y', b'z', 0];
        attributes.extend([0, 6, 0, 9]);
        attributes.extend(b"ours:them");
        assert_eq!(user_of(&request(&attributes)), Some("ours"));
    }

    #[test]
    fn nothing_is_read_behind_the_end() {
        let mut attributes = vec![0, 6, 0, 9];
        attributes.extend(b"ours:them");
        let whole = request(&attributes);
        for length in 0..whole.len() {
            assert_eq!(user_of(&whole[..length]), None);
        }
        assert_eq!(user_of(&request(&[0x80, 0x22, 0xff, 0xff, 0])), None);
        assert_eq!(user_of(&request(&[0, 6, 0, 4, b'o', b'u', b'r', b's'])), None);
    }
}
