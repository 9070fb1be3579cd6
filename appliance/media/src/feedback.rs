//! Asking for whole pictures, as AVPF says it (RFC 4585 §6.3.1, RFC 5104 §4.3.1) and as AVP did before
//! (RFC 2032 §5.2.1).

/// Whether a datagram of RTCP asks for a whole picture, or for packets again that nobody keeps: then a
/// whole picture is what helps.
pub(crate) fn asks_for_picture(mut bytes: &[u8]) -> bool {
    while let Some([flags, kind, high, low]) = bytes.first_chunk() {
        let format = flags & 31;
        let asks = match *kind {
            PAYLOAD_FEEDBACK => matches!(format, PLI | FIR),
            TRANSPORT_FEEDBACK => format == NACK,
            OLD_FIR | OLD_NACK => true,
            _ => false,
        };
        if asks {
            return true;
        }
        let words = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(rest) = bytes.get((words + 1) * 4..) else { return false };
        bytes = rest;
    }
    false
}

/// The request for a whole picture of the stream `of`: a report about nothing, which has to come first
/// (RFC 3550 §6.1), then PLI, or FIR with its number.
pub(crate) fn ask_for_picture(by: u32, of: u32, whole: Option<u8>) -> ([u8; 28], usize) {
    let mut octets = [0; 28];
    let head = |format, kind, words: u8| [VERSION | format, kind, 0, words];
    let mut put = |at: usize, word: [u8; 4]| {
        if let Some(place) = octets.get_mut(at..at + 4) {
            place.copy_from_slice(&word);
        }
    };
    put(0, head(0, RECEIVER_REPORT, 1));
    put(4, by.to_be_bytes());
    put(12, by.to_be_bytes());
    let length = match whole {
        None => {
            put(8, head(PLI, PAYLOAD_FEEDBACK, 2));
            put(16, of.to_be_bytes());
            20
        }
        Some(number) => {
            put(8, head(FIR, PAYLOAD_FEEDBACK, 4));
            put(20, of.to_be_bytes());
            put(24, [number, 0, 0, 0]);
            28
        }
    };
    (octets, length)
}

const VERSION: u8 = 2 << 6;
/// RFC 3550 §12.1.
const RECEIVER_REPORT: u8 = 201;
/// RFC 4585 §6.1.
const TRANSPORT_FEEDBACK: u8 = 205;
const PAYLOAD_FEEDBACK: u8 = 206;
/// RFC 4585 §6.2.1, §6.3.1; RFC 5104 §4.3.1.
const NACK: u8 = 1;
const PLI: u8 = 1;
const FIR: u8 = 4;
/// RFC 2032 §5.2.
const OLD_FIR: u8 = 192;
const OLD_NACK: u8 = 193;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_is_understood() {
        for whole in [None, Some(7)] {
            let (octets, length) = ask_for_picture(1, 2, whole);
            assert!(asks_for_picture(&octets[..length]), "{whole:?}");
            assert!(!asks_for_picture(&octets[..8]), "the report alone asks for nothing");
        }
        let (pli, length) = ask_for_picture(0x0102_0304, 0x0506_0708, None);
        assert_eq!(
            pli[..length],
            [128, 201, 0, 1, 1, 2, 3, 4, 129, 206, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8]
        );
    }

    #[test]
    fn a_length_beyond_the_end_is_the_end() {
        assert!(!asks_for_picture(&[128, 201, 255, 255, 0, 0, 0, 0]));
        assert!(!asks_for_picture(&[129, 206]));
    }
}
