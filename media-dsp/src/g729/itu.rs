//! The serial words in which the ITU keeps frames: one 16-bit word for the beginning, one for the number of
//! bits, one for each bit. Annex A's test vectors come so; a frame that holds a word 0 was lost.

use super::frame::{Frame, SID_OCTETS, SPEECH_OCTETS};

/// Writes a frame as words and says how many; `None` when `words` is shorter than [`words_of`] says.
pub fn write(frame: &Frame, words: &mut [i16]) -> Option<usize> {
    let octets = frame.octets();
    let length = words_of(frame);
    let words = words.get_mut(..length)?;
    words[0] = BEGIN;
    words[1] = octets.len() as i16 * 8;
    for (place, word) in words[2..].iter_mut().enumerate() {
        let set = octets[place / 8] << (place % 8) & 0x80 != 0;
        *word = if set { ONE } else { ZERO };
    }
    Some(length)
}

/// How many words a frame becomes.
pub fn words_of(frame: &Frame) -> usize {
    2 + frame.octets().len() * 8
}

/// Reads the frame at the beginning of `words`, and says how many words it takes. A frame that was lost is
/// `None`; nothing is read when the words end within it or their number is of no frame.
pub fn read(words: &[i16]) -> Option<(Option<Frame>, usize)> {
    let [begin, count, rest @ ..] = words else { return None };
    let bits = rest.get(..usize::try_from(*count).ok()?)?;
    let mut octets = [0; SPEECH_OCTETS];
    for (place, bit) in bits.iter().enumerate().take(SPEECH_OCTETS * 8) {
        octets[place / 8] |= u8::from(*bit == ONE) << (7 - place % 8);
    }
    let [first, second, ..] = octets;
    let frame = match bits.len() {
        80 => Frame::Speech(octets),
        SID_BITS | SID_BITS_IN_OCTETS => Frame::Sid([first, second]),
        0 => Frame::Untransmitted,
        _ => return None,
    };
    let lost = if bits.is_empty() { *begin != BEGIN } else { bits.contains(&0) };
    Some(((!lost).then_some(frame), 2 + bits.len()))
}

/// The most words of a frame.
pub const MOST_WORDS: usize = 2 + SPEECH_OCTETS * 8;

const BEGIN: i16 = 0x6b21;
const ZERO: i16 = 0x7f;
const ONE: i16 = 0x81;
/// The bits of a description of silence, and with the one that fills the octet: Annex B's `octet.h`.
const SID_BITS: usize = 15;
const SID_BITS_IN_OCTETS: usize = SID_OCTETS * 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_back_from_their_words() {
        let frames = [
            Frame::Speech([1, 2, 3, 4, 5, 250, 251, 252, 253, 254]),
            Frame::Sid([0xa5, 0x5a]),
            Frame::Untransmitted,
        ];
        for frame in frames {
            let mut words = [0; MOST_WORDS];
            let count = write(&frame, &mut words).unwrap_or(0);
            assert_eq!(read(&words[..count]), Some((Some(frame), count)));
            assert_eq!(write(&frame, &mut words[..count - 1]), None);
            assert_eq!(read(&words[..count - 1]), None);
        }
    }

    #[test]
    fn a_word_of_zero_says_that_the_frame_was_lost() {
        let mut words = [0; MOST_WORDS];
        write(&Frame::Speech([0xff; 10]), &mut words);
        words[40] = 0;
        assert_eq!(read(&words), Some((None, MOST_WORDS)));
        assert_eq!(read(&[0, 0]), Some((None, 2)));
        assert_eq!(read(&[BEGIN, -1]), None);
        assert_eq!(read(&[BEGIN, 3, ONE, ONE, ONE]), None);
    }
}
