//! Changing reports where they lie, for a stream that leaves under another name or with other
//! numbers (RFC 3550 §7.2).

use super::extended::{HEARD_OCTETS, LAST_TIMES};
use super::{
    COUNT, DESCRIPTION, EXTENDED, FEEDBACK, GOODBYE, HEAD, RECEIVER_REPORT, REPORT_BODY,
    SENDER_INFORMATION, SENDER_REPORT, split,
};

/// Goes through all packets of a datagram: `sender` is given each name of whoever sent it, with the
/// sender's information if that is there, and `about` each name of a stream that something is said
/// about, with the report block if it is one.
pub(crate) fn edit(
    bytes: &mut [u8],
    mut sender: impl FnMut(&mut [u8; 4], Option<&mut [u8; SENDER_INFORMATION]>),
    mut about: impl FnMut(&mut [u8; 4], Option<&mut [u8; REPORT_BODY]>),
) {
    let mut rest = bytes;
    while let Some((flags, kind, length)) =
        split(rest).map(|(flags, kind, body, _)| (flags, kind, body.len()))
    {
        let Some((packet, after)) = rest.split_at_mut_checked(HEAD + length) else { return };
        rest = after;
        let Some((_, body)) = packet.split_first_chunk_mut::<HEAD>() else { return };
        let count = flags & COUNT;
        match kind {
            SENDER_REPORT => {
                let Some((ssrc, body)) = body.split_first_chunk_mut() else { continue };
                let Some((information, blocks)) = body.split_first_chunk_mut() else { continue };
                sender(ssrc, Some(information));
                report_blocks(blocks, count, &mut about);
            }
            RECEIVER_REPORT => {
                let Some((ssrc, blocks)) = body.split_first_chunk_mut() else { continue };
                sender(ssrc, None);
                report_blocks(blocks, count, &mut about);
            }
            DESCRIPTION => describe(body, count, |ssrc| sender(ssrc, None)),
            GOODBYE => {
                let (names, _) = body.as_chunks_mut::<4>();
                names.iter_mut().take(count.into()).for_each(|ssrc| sender(ssrc, None));
            }
            EXTENDED => {
                let Some((ssrc, blocks)) = body.split_first_chunk_mut() else { continue };
                sender(ssrc, None);
                extended_blocks(blocks, |ssrc| about(ssrc, None));
            }
            _ if FEEDBACK.contains(&kind) => {
                let Some((ssrc, body)) = body.split_first_chunk_mut() else { continue };
                sender(ssrc, None);
                body.first_chunk_mut().into_iter().for_each(|ssrc| about(ssrc, None));
            }
            _ => {}
        }
    }
}

fn report_blocks(
    mut blocks: &mut [u8],
    count: u8,
    about: &mut impl FnMut(&mut [u8; 4], Option<&mut [u8; REPORT_BODY]>),
) {
    for _ in 0..count {
        let Some((ssrc, after)) = blocks.split_first_chunk_mut() else { return };
        let Some((block, after)) = after.split_first_chunk_mut() else { return };
        about(ssrc, Some(block));
        blocks = after;
    }
}

/// The names of a source description (RFC 3550 §6.5): behind each come items, a nought, and what
/// fills up the word.
fn describe(mut chunks: &mut [u8], count: u8, mut name: impl FnMut(&mut [u8; 4])) {
    for _ in 0..count {
        let Some((ssrc, items)) = chunks.split_first_chunk_mut() else { return };
        name(ssrc);
        let mut end = 0;
        while items.get(end).is_some_and(|kind| *kind != 0) {
            let Some(length) = items.get(end + 1) else { return };
            end += 2 + usize::from(*length);
        }
        let Some((_, after)) = items.split_at_mut_checked((end / 4 + 1) * 4) else { return };
        chunks = after;
    }
}

/// The streams that blocks of an extended report are about, as far as they are about one (RFC 3611
/// §4).
fn extended_blocks(mut blocks: &mut [u8], mut name: impl FnMut(&mut [u8; 4])) {
    while let Some(([kind, _, high, low], rest)) = blocks.split_first_chunk_mut::<HEAD>() {
        let length = usize::from(u16::from_be_bytes([*high, *low])) * 4;
        let Some((block, after)) = rest.split_at_mut_checked(length) else { return };
        if ABOUT_ONE.contains(kind) {
            block.first_chunk_mut().into_iter().for_each(&mut name);
        }
        if *kind == LAST_TIMES {
            let (heard, _) = block.as_chunks_mut::<HEARD_OCTETS>();
            heard.iter_mut().filter_map(|it| it.first_chunk_mut()).for_each(&mut name);
        }
        blocks = after;
    }
}

/// Loss, doubled packets, times, summary and metrics (RFC 3611 §4.1 to §4.3, §4.6, §4.7).
const ABOUT_ONE: [u8; 5] = [1, 2, 3, 6, 7];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_wherever_it_stands() {
        let mut bytes = vec![0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2];
        bytes.extend([0; 20]);
        // Two chunks: a name of three octets, and one of two.
        bytes.extend([0x82, 202, 0, 6, 0, 0, 0, 1, 1, 3, b'a', b'b', b'c', 0, 0, 0]);
        bytes.extend([0, 0, 0, 1, 1, 2, b'a', b'b', 0, 0, 0, 0]);
        bytes.extend([0x80, 207, 0, 7, 0, 0, 0, 1, 7, 0, 0, 1, 0, 0, 0, 2]);
        bytes.extend([5, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 9]);
        bytes.extend([0x81, 206, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2]);
        bytes.extend([0x81, 203, 0, 1, 0, 0, 0, 1]);
        let (mut senders, mut abouts) = (0, 0);
        edit(
            &mut bytes,
            |ssrc, _| {
                assert_eq!(*ssrc, [0, 0, 0, 1]);
                *ssrc = [9; 4];
                senders += 1;
            },
            |ssrc, _| {
                assert_eq!(*ssrc, [0, 0, 0, 2]);
                abouts += 1;
            },
        );
        assert_eq!((senders, abouts), (6, 4));
        for end in 0..bytes.len() {
            edit(&mut bytes[..end], |_, _| {}, |_, _| {});
        }
    }
}
