//! As much of the basic encoding rules as supplementary services need (ITU-T X.690): tags of one octet,
//! lengths up to 65535, both forms of length. Depth and octets are bounded.

/// Values one behind another.
#[derive(Clone, Copy)]
pub(super) struct Ber<'a>(pub(super) &'a [u8]);

/// One value.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    /// Its tag.
    pub(super) tag: u8,
    /// Its content.
    pub(super) content: &'a [u8],
    /// All of it: tag, length and content.
    pub(super) whole: &'a [u8],
}

impl<'a> Ber<'a> {
    /// The next value; none if there is none, or it is wrongly coded.
    pub(super) fn next(&mut self) -> Option<Value<'a>> {
        let (value, rest) = split(self.0, 0)?;
        self.0 = rest;
        Some(value)
    }

    /// The next value if it has this tag, else nothing is taken.
    pub(super) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let mut after = *self;
        let value = after.next().filter(|value| value.tag == tag)?;
        *self = after;
        Some(value.content)
    }

    /// The values in the next one, if it has this tag.
    pub(super) fn inside(&mut self, tag: u8) -> Option<Ber<'a>> {
        self.take(tag).map(Ber)
    }

    /// The next value as a number, if it has this tag and fits into 32 bits.
    pub(super) fn integer(&mut self, tag: u8) -> Option<i32> {
        let mut after = *self;
        let number = integer(after.take(tag)?)?;
        *self = after;
        Some(number)
    }

    /// Whether nothing is left.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A number of two's complement, one to four octets.
pub(super) fn integer(content: &[u8]) -> Option<i32> {
    let (first, rest) = content.split_first().filter(|(_, rest)| rest.len() < 4)?;
    let first = i32::from(i8::from_be_bytes([*first]));
    Some(rest.iter().fold(first, |number, octet| number << 8 | i32::from(*octet)))
}

/// The octets of a value.
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut octets = vec![tag];
    let content = content.get(..usize::from(u16::MAX)).unwrap_or(content);
    match content.len() {
        length @ 0..=0x7f => octets.extend(u8::try_from(length)),
        length => match u8::try_from(length) {
            Ok(length) => octets.extend([0x81, length]),
            Err(_) => {
                let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
                octets.extend([0x82, high, low]);
            }
        },
    }
    octets.extend(content);
    octets
}

/// The octets of a number, as few as it needs.
pub(super) fn number(tag: u8, number: i32) -> Vec<u8> {
    let octets = number.to_be_bytes();
    let spare = |pair: &[u8]| matches!(pair, [0, 0..=0x7f] | [0xff, 0x80..=0xff]);
    let skipped = octets.windows(2).take_while(|pair| spare(pair)).count();
    value(tag, octets.get(skipped..).unwrap_or_default())
}

/// The first value and what is behind it.
fn split(octets: &[u8], depth: u8) -> Option<(Value<'_>, &[u8])> {
    let (tag, rest) = octets.split_first()?;
    if tag & 0x1f == 0x1f || depth > DEEPEST {
        return None;
    }
    let (content, behind) = match rest {
        [0x80, rest @ ..] => indefinite(rest, depth)?,
        [length @ ..=0x7f, rest @ ..] => rest.split_at_checked(usize::from(*length))?,
        [0x81, length, rest @ ..] => rest.split_at_checked(usize::from(*length))?,
        [0x82, high, low, rest @ ..] => {
            rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?
        }
        _ => return None,
    };
    let whole = octets.get(..octets.len().saturating_sub(behind.len()))?;
    Some((Value { tag: *tag, content, whole }, behind))
}

/// The content of a value whose end is marked by two zeros, and what is behind them.
fn indefinite(octets: &[u8], depth: u8) -> Option<(&[u8], &[u8])> {
    let mut left = octets;
    loop {
        if let [0, 0, behind @ ..] = left {
            return Some((octets.get(..octets.len().saturating_sub(left.len()))?, behind));
        }
        (_, left) = split(left, depth.saturating_add(1))?;
    }
}

/// How deep values without a length may stand in each other: services need five.
const DEEPEST: u8 = 8;

/// Tags of universal types.
pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
pub(super) const NULL: u8 = 0x05;
pub(super) const OBJECT: u8 = 0x06;
pub(super) const ENUMERATED: u8 = 0x0a;
pub(super) const SEQUENCE: u8 = 0x30;

/// Tag of a simple type that the standard numbers.
pub(super) const fn tagged(number: u8) -> u8 {
    0x80 | number
}

/// Tag of a type of parts that the standard numbers.
pub(super) const fn parts(number: u8) -> u8 {
    0xa0 | number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_take_as_few_octets_as_they_need() {
        for (value, octets) in [
            (0, &[2, 1, 0][..]),
            (127, &[2, 1, 0x7f]),
            (128, &[2, 2, 0, 0x80]),
            (-128, &[2, 1, 0x80]),
            (-129, &[2, 2, 0xff, 0x7f]),
            (i32::MAX, &[2, 4, 0x7f, 0xff, 0xff, 0xff]),
            (i32::MIN, &[2, 4, 0x80, 0, 0, 0]),
        ] {
            assert_eq!(number(INTEGER, value), octets);
            assert_eq!(Ber(octets).integer(INTEGER), Some(value));
        }
    }

    #[test]
    fn values_without_a_length_end_where_two_zeros_stand() {
        let octets = [0x30, 0x80, 0xa1, 0x80, 0x02, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x05, 0x00];
        let mut ber = Ber(&octets);
        let mut inner = ber.inside(SEQUENCE).unwrap();
        assert_eq!(inner.inside(parts(1)).unwrap().integer(INTEGER), Some(0));
        assert!(inner.is_empty());
        assert_eq!(ber.take(NULL), Some(&[][..]));
    }

    #[test]
    fn values_that_stand_too_deep_are_refused() {
        assert!(Ber(&[0x30, 0x80].repeat(120)).next().is_none());
    }
}
