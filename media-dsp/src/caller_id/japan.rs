//! NTT's number display: "Technical reference of telephone service interfaces", part on number
//! display. Octets of seven bits with even parity, in a frame of control characters, and a cyclic
//! check after it:
//!
//! `DLE SOH 07 DLE STX 40 length parameters DLE ETX check check`
//!
//! A `DLE` among the parameters is sent twice.

use super::field::{Absence, Field, number};
use super::message::{Malformed, NoRoom};

/// What a frame says of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notice {
    octets: [u8; MOST],
    length: usize,
}

impl Notice {
    /// What it says, in its order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        Fields(&self.octets[..self.length]).filter_map(Result::ok)
    }
}

/// Reads a frame.
pub fn parse(octets: &[u8]) -> Result<Notice, Malformed> {
    let [head @ .., low, high] = octets else { return Err(Malformed::Length) };
    let Some(checked) = head.get(2..) else { return Err(Malformed::Length) };
    let has_parity = head.iter().all(|octet| octet.count_ones() % 2 == 0);
    if !has_parity || crc(checked) != u16::from_le_bytes([*low, *high]) {
        return Err(Malformed::Checksum);
    }
    let mut head = head.iter().map(|octet| octet & 0x7f);
    if !OPENING.iter().all(|octet| head.next() == Some(*octet)) {
        return Err(Malformed::Kind);
    }
    let mut notice = Notice { octets: [0; MOST], length: 0 };
    let mut body = Unstuffed(head);
    let (kind, length) = (body.next().flatten(), body.next().flatten());
    let (Some(CALL), Some(length)) = (kind, length) else { return Err(Malformed::Kind) };
    loop {
        match body.next() {
            Some(Some(octet)) if notice.length < MOST => {
                notice.octets[notice.length] = octet;
                notice.length += 1;
            }
            Some(None) => break,
            Some(Some(_)) | None => return Err(Malformed::Length),
        }
    }
    if notice.length != usize::from(length) || body.0.next().is_some() {
        return Err(Malformed::Length);
    }
    let malformed = Fields(&notice.octets[..notice.length]).find_map(Result::err);
    malformed.map_or(Ok(notice), Err)
}

/// Writes a frame; says how many octets it takes.
pub fn compose(fields: &[Field<'_>], to: &mut [u8]) -> Result<usize, NoRoom> {
    let mut body = Body { octets: [0; MOST], length: 0 };
    for field in fields {
        match *field {
            Field::Number(number) => body.put(NUMBER, number.as_bytes())?,
            Field::NumberAbsent(absence) => body.put(NUMBER_ABSENT, &[absence.letter()])?,
            Field::Called(number) => body.put(CALLED, number.as_bytes())?,
            Field::Other { kind, body: octets } => body.put(kind, octets)?,
            _ => return Err(NoRoom),
        }
    }
    let said = &body.octets[..body.length];
    let stuffed = [CALL, body.length as u8].into_iter().chain(said.iter().copied());
    let stuffed = stuffed.flat_map(|octet| {
        let twice = if octet == DLE { 2 } else { 1 };
        std::iter::repeat_n(octet, twice)
    });
    let mut length = 0;
    for octet in OPENING.into_iter().chain(stuffed).chain([DLE, ETX]) {
        let parity = (octet.count_ones() as u8 & 1) << 7;
        *to.get_mut(length).ok_or(NoRoom)? = octet | parity;
        length += 1;
    }
    let check = crc(&to[2..length]).to_le_bytes();
    to.get_mut(length..length + 2).ok_or(NoRoom)?.copy_from_slice(&check);
    Ok(length + 2)
}

/// Whether the frame has come to its end: two octets after `DLE ETX` that is no part of the
/// message.
pub(crate) fn is_whole(octets: &[u8]) -> bool {
    let Some((frame, [_, _])) = octets.split_last_chunk::<2>() else { return false };
    if frame.len() <= OPENING.len() {
        return false;
    }
    let mut body = Unstuffed(frame[OPENING.len()..].iter().map(|octet| octet & 0x7f));
    loop {
        match body.next() {
            Some(Some(_)) => {}
            Some(None) => return body.0.next().is_none(),
            None => return false,
        }
    }
}

/// Octets with each double `DLE` as one; `None` for `DLE ETX`.
struct Unstuffed<I>(I);

impl<I: Iterator<Item = u8>> Iterator for Unstuffed<I> {
    type Item = Option<u8>;

    fn next(&mut self) -> Option<Option<u8>> {
        match self.0.next()? {
            DLE => match self.0.next()? {
                DLE => Some(Some(DLE)),
                ETX => Some(None),
                _ => None,
            },
            octet => Some(Some(octet)),
        }
    }
}

struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        let body = std::mem::take(&mut self.0);
        if body.is_empty() {
            return None;
        }
        let [kind, length, rest @ ..] = body else { return Some(Err(Malformed::Field)) };
        let Some((body, left)) = rest.split_at_checked(usize::from(*length)) else {
            return Some(Err(Malformed::Field));
        };
        self.0 = left;
        let field = match (*kind, body) {
            (NUMBER, body) => number(body).map(Field::Number),
            (CALLED, body) => number(body).map(Field::Called),
            (NUMBER_ABSENT, [letter]) => Absence::parse(*letter).map(Field::NumberAbsent),
            (NUMBER_ABSENT, _) => None,
            (kind, body) => Some(Field::Other { kind, body }),
        };
        Some(field.ok_or(Malformed::Field))
    }
}

struct Body {
    octets: [u8; MOST],
    length: usize,
}

impl Body {
    fn put(&mut self, kind: u8, octets: &[u8]) -> Result<(), NoRoom> {
        let length = u8::try_from(octets.len()).map_err(|_| NoRoom)?;
        // Characters have seven bits.
        if octets.iter().chain([&kind, &length]).any(|octet| *octet > 0x7f) {
            return Err(NoRoom);
        }
        for octet in [kind, length].iter().chain(octets) {
            *self.octets.get_mut(self.length).ok_or(NoRoom)? = *octet;
            self.length += 1;
        }
        Ok(())
    }
}

/// ITU-T V.41 with the bits as they are sent, the lowest first.
fn crc(octets: &[u8]) -> u16 {
    octets.iter().fold(0, |crc, octet| {
        (0..8).fold(crc ^ u16::from(*octet), |crc: u16, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0x8408 } else { 0 }
        })
    })
}

const DLE: u8 = 0x10;
const ETX: u8 = 0x03;
/// `DLE SOH`, the header, `DLE STX`.
const OPENING: [u8; 5] = [DLE, 0x01, 0x07, DLE, 0x02];
const CALL: u8 = 0x40;
const NUMBER: u8 = 0x02;
const NUMBER_ABSENT: u8 = 0x04;
const CALLED: u8 = 0x09;
/// A length is a character of seven bits.
const MOST: usize = 127;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_is_that_of_the_standard() {
        assert_eq!(crc(b"123456789"), 0x2189);
    }
}
