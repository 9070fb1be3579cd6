//! Packets of Opus as the frames that they hold, and frames as packets (RFC 6716 §3.2).

/// A frame waits behind its head and its length.
const HEAD: usize = 3;
/// The most frames of a packet, and the most octets of one frame (RFC 6716 §3.2.1, §3.2.5).
const MOST_FRAMES: usize = 48;
const MOST_OCTETS: usize = 1_275;

/// The octets of each frame of a payload, and its head without the number of frames.
struct Frames<'a> {
    head: u8,
    /// The frames one after the other.
    data: &'a [u8],
    lengths: [u16; MOST_FRAMES],
    count: usize,
}

/// Writes the frames of a payload one after the other. How many octets that takes; nothing if it is no
/// payload, or does not fit.
pub(super) fn take_apart(payload: &[u8], out: &mut [u8]) -> Option<usize> {
    let frames = Frames::read(payload)?;
    let (mut at, mut rest) = (0, frames.data);
    for length in frames.lengths.get(..frames.count)? {
        let [high, low] = length.to_be_bytes();
        let (data, behind) = rest.split_at_checked((*length).into())?;
        let out = out.get_mut(at..at + HEAD + data.len())?;
        let (head, room) = out.split_first_chunk_mut::<HEAD>()?;
        *head = [frames.head, high, low];
        room.copy_from_slice(data);
        (at, rest) = (at + HEAD + data.len(), behind);
    }
    Some(at)
}

/// The first of the frames that wait: its head, its octets, and those behind it.
fn first(waiting: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let ([head, high, low], rest) = waiting.split_first_chunk::<HEAD>()?;
    let (data, rest) = rest.split_at_checked(u16::from_be_bytes([*high, *low]).into())?;
    Some((*head, data, rest))
}

/// How many octets at the beginning of what waits make one packet that lasts no longer than this, and how
/// long it lasts. All frames of a packet have one head, and a packet has one frame at least.
pub(super) fn of_one_packet(waiting: &[u8], ticks: u32, ticks_of: fn(u8) -> u32) -> (usize, u32) {
    let (mut octets, mut lasts, mut kind, mut count) = (0, 0, None, 0);
    while let Some((head, data, _)) = waiting.get(octets..).and_then(first) {
        let fits = lasts + ticks_of(head) <= ticks && count < MOST_FRAMES;
        if count > 0 && (!fits || kind != Some(head)) {
            break;
        }
        kind = Some(head);
        (octets, lasts, count) = (octets + HEAD + data.len(), lasts + ticks_of(head), count + 1);
    }
    (octets, lasts)
}

/// Writes frames that waited as one packet.
pub(super) fn put_together(waited: &[u8], out: &mut [u8]) -> Option<usize> {
    let (head, only, rest) = first(waited)?;
    if rest.is_empty() {
        *out.first_mut()? = head;
        out.get_mut(1..=only.len())?.copy_from_slice(only);
        return Some(1 + only.len());
    }
    let frames = || {
        std::iter::successors(first(waited), |(_, _, rest)| first(rest)).map(|(_, data, _)| data)
    };
    let count = frames().count();
    *out.first_chunk_mut()? = [head | ANY, VARIABLE | u8::try_from(count).ok()?];
    let mut at = 2;
    // The last is as long as what is left.
    for data in frames().take(count - 1) {
        let (octets, length) = write_length(data.len());
        out.get_mut(at..at + octets)?.copy_from_slice(length.get(..octets)?);
        at += octets;
    }
    for data in frames() {
        out.get_mut(at..at + data.len())?.copy_from_slice(data);
        at += data.len();
    }
    Some(at)
}

impl<'a> Frames<'a> {
    fn read(payload: &'a [u8]) -> Option<Self> {
        let (head, rest) = payload.split_first()?;
        let mut frames =
            Self { head: head & !ANY, data: rest, lengths: [0; MOST_FRAMES], count: 1 };
        let mut even = true;
        match head & ANY {
            0 => {}
            1 => frames.count = 2,
            2 => (frames.count, even) = (2, false),
            _ => {
                let (count, rest) = rest.split_first()?;
                (frames.count, even) = ((count & COUNT).into(), count & VARIABLE == 0);
                frames.data = if count & PADDED == 0 { rest } else { without_padding(rest)? };
            }
        }
        if even {
            let length = frames.data.len().checked_div(frames.count)?;
            (length * frames.count == frames.data.len()).then_some(())?;
            frames.lengths.get_mut(..frames.count)?.fill(u16::try_from(length).ok()?);
        } else {
            frames.read_lengths()?;
        }
        let right = |length: &u16| usize::from(*length) <= MOST_OCTETS;
        frames.lengths.iter().all(right).then_some(frames)
    }

    /// All but the last are told.
    fn read_lengths(&mut self) -> Option<()> {
        let (last, told) = self.lengths.get_mut(..self.count)?.split_last_mut()?;
        let mut sum = 0;
        for length in told {
            let (octets, this) = read_length(self.data)?;
            *length = this;
            sum += usize::from(this);
            self.data = self.data.get(octets..)?;
        }
        *last = u16::try_from(self.data.len().checked_sub(sum)?).ok()?;
        Some(())
    }
}

/// RFC 6716 §3.2.5: how many octets of padding there are stands before the frames.
fn without_padding(mut rest: &[u8]) -> Option<&[u8]> {
    let mut padding = 0;
    loop {
        let (more, behind) = rest.split_first()?;
        rest = behind;
        if *more < u8::MAX {
            padding += usize::from(*more);
            return rest.get(..rest.len().checked_sub(padding)?);
        }
        padding += 254;
    }
}

/// RFC 6716 §3.2.1: in how many octets it stands, and the length.
fn read_length(data: &[u8]) -> Option<(usize, u16)> {
    match *data {
        [one, ..] if one < LONG => Some((1, one.into())),
        [one, two, ..] => Some((2, u16::from(two) * 4 + u16::from(one))),
        _ => None,
    }
}

fn write_length(length: usize) -> (usize, [u8; 2]) {
    if length < LONG.into() {
        return (1, [length as u8, 0]);
    }
    let one = usize::from(LONG) + (length & 3);
    (2, [one as u8, ((length - one) / 4) as u8])
}

/// In the head: any number of frames. Behind it: their number, whether they differ in length, and whether
/// there is padding.
const ANY: u8 = 3;
const COUNT: u8 = 63;
const VARIABLE: u8 = 0x80;
const PADDED: u8 = 0x40;
/// Lengths from here on take two octets.
const LONG: u8 = 252;

#[cfg(test)]
mod tests {
    use super::*;

    const OF_20_MS: u8 = 1 << 3;

    fn ticks(_: u8) -> u32 {
        960
    }

    fn apart(payload: &[u8]) -> Option<Vec<u8>> {
        let mut out = vec![0; 4_000];
        let length = take_apart(payload, &mut out)?;
        out.truncate(length);
        Some(out)
    }

    fn together(waited: &[u8]) -> Vec<u8> {
        let mut out = vec![0; 4_000];
        let length = put_together(waited, &mut out).unwrap();
        out.truncate(length);
        out
    }

    #[test]
    fn frames_are_found_in_each_kind_of_packet() {
        let waits = [[OF_20_MS, 0, 2, 5, 6], [OF_20_MS, 0, 2, 7, 8]].concat();
        assert_eq!(apart(&[OF_20_MS, 5, 6]).unwrap(), waits[..5]);
        for payload in [
            &[OF_20_MS | 1, 5, 6, 7, 8][..],
            &[OF_20_MS | 2, 2, 5, 6, 7, 8],
            &[OF_20_MS | 3, 2, 5, 6, 7, 8],
            &[OF_20_MS | 3, 2 | VARIABLE, 2, 5, 6, 7, 8],
            &[OF_20_MS | 3, 2 | PADDED, 3, 5, 6, 7, 8, 0, 0, 0],
        ] {
            assert_eq!(apart(payload).unwrap(), waits, "{payload:?}");
        }
    }

    #[test]
    fn what_is_no_packet_is_not_taken_apart() {
        for payload in [
            &[][..],
            &[OF_20_MS | 1, 1, 2, 3],
            &[OF_20_MS | 2, 9, 1],
            &[OF_20_MS | 2],
            &[OF_20_MS | 3],
            &[OF_20_MS | 3, 0, 1],
            &[OF_20_MS | 3, 63, 1],
            &[OF_20_MS | 3, 2 | PADDED, 255],
            &[OF_20_MS | 3, 1 | PADDED, 9, 1],
        ] {
            assert_eq!(apart(payload), None, "{payload:?}");
        }
        assert_eq!(apart(&[OF_20_MS; 1_277]), None, "a frame is shorter");
    }

    #[test]
    fn frames_are_the_same_after_a_packet_was_made_of_them_whatever_their_length() {
        let mut waits = Vec::new();
        for length in [0_u16, 1, 251, 252, 253, 1_023, 1_275] {
            waits.extend([OF_20_MS, length.to_be_bytes()[0], length.to_be_bytes()[1]]);
            waits.extend((0..length).map(|octet| octet as u8));
        }
        assert_eq!(apart(&together(&waits)).unwrap(), waits);
    }

    #[test]
    fn a_packet_holds_frames_of_one_kind_and_as_many_as_it_may() {
        let one = [OF_20_MS, 0, 1, 9];
        let other = [9 << 3, 0, 1, 9];
        let waits = [one, one, one, other].concat();
        assert_eq!(of_one_packet(&waits, 1_920, ticks), (8, 1_920));
        assert_eq!(of_one_packet(&waits, 5_760, ticks), (12, 2_880));
        assert_eq!(of_one_packet(&waits, 10, ticks), (4, 960), "one at least");
        assert_eq!(of_one_packet(&[], 10, ticks), (0, 0));
    }
}
