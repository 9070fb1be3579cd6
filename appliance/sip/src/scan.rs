//! A cursor over a header value: the basic rules of RFC 3261 §25.1.
//!
//! Inside a value a line end is always followed by white space (the index saw to that), so CR and
//! LF count as white space here: that is all there is to folding.

/// What is left to read of a value. Public only in name: the module is not.
#[derive(Clone, Copy, Debug)]
pub struct Scan<'a> {
    rest: &'a [u8],
}

impl<'a> Scan<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Scan<'a> {
        Scan { rest: bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// What was read between here and `later`, a later state of the same cursor.
    pub(crate) fn before(&self, later: &Scan<'a>) -> &'a [u8] {
        let length = self.rest.len().saturating_sub(later.rest.len());
        self.rest.get(..length).unwrap_or(self.rest)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    pub(crate) fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// Steps over `byte` when it is next.
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let Some((&first, rest)) = self.rest.split_first() else { return false };
        if first != byte {
            return false;
        }
        self.rest = rest;
        true
    }

    pub(crate) fn skip_white(&mut self) {
        self.take_while(is_white);
    }

    /// `byte` with white space on both sides, as SLASH, EQUAL, SEMI and COMMA are defined.
    pub(crate) fn separator(&mut self, byte: u8) -> bool {
        self.skip_white();
        if !self.eat(byte) {
            return false;
        }
        self.skip_white();
        true
    }

    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(count).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    pub(crate) fn take_while(&mut self, belongs: impl Fn(u8) -> bool) -> &'a [u8] {
        let count = self.rest.iter().position(|&b| !belongs(b)).unwrap_or(self.rest.len());
        self.take(count)
    }

    /// A token of at least one character.
    pub(crate) fn token(&mut self) -> Option<&'a str> {
        let token = self.take_while(is_token);
        if token.is_empty() { None } else { str::from_utf8(token).ok() }
    }

    /// Decimal digits that fit; leading zeros are harmless.
    pub(crate) fn number(&mut self) -> Option<u32> {
        decimal(self.take_while(|b| b.is_ascii_digit()))
    }

    /// A quoted string with its quotes. Any byte may stand inside, a quote or backslash only
    /// after a backslash.
    pub(crate) fn quoted(&mut self) -> Option<&'a [u8]> {
        let mut escaped = false;
        if self.peek() != Some(b'"') {
            return None;
        }
        for (at, &byte) in self.rest.iter().enumerate().skip(1) {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => return Some(self.take(at + 1)),
                _ => {}
            }
        }
        None
    }

    /// The end of a value, trailing white space allowed.
    pub(crate) fn end(&mut self) -> Option<()> {
        self.skip_white();
        self.is_empty().then_some(())
    }
}

/// White space of a value, folding included.
pub(crate) fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n')
}

/// The characters of a token.
pub(crate) fn is_token(byte: u8) -> bool {
    TOKEN.get(usize::from(byte)).copied().unwrap_or(false)
}

/// `bytes` without white space at both ends.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let mut bytes = bytes;
    while let [first, rest @ ..] = bytes {
        if !is_white(*first) {
            break;
        }
        bytes = rest;
    }
    while let [rest @ .., last] = bytes {
        if !is_white(*last) {
            break;
        }
        bytes = rest;
    }
    bytes
}

/// A decimal number of at least one digit and nothing else, that fits 32 bits.
pub(crate) fn decimal(digits: &[u8]) -> Option<u32> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0u32, |value, &digit| {
        let digit = (digit as char).to_digit(10)?;
        value.checked_mul(10)?.checked_add(digit)
    })
}

const TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let extra = b"-.!%*_+`'~";
    let mut byte = 0usize;
    while byte < 256 {
        #[allow(clippy::indexing_slicing)] // evaluated by the compiler
        {
            table[byte] = (byte as u8).is_ascii_alphanumeric();
        }
        byte += 1;
    }
    let mut at = 0;
    while at < extra.len() {
        #[allow(clippy::indexing_slicing)] // evaluated by the compiler
        {
            table[extra[at] as usize] = true;
        }
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quoted_string_ends_at_the_first_quote_that_is_not_escaped() {
        let mut scan = Scan::new(br#""a \"b\" \\" rest"#);
        assert_eq!(scan.quoted(), Some(&br#""a \"b\" \\""#[..]));
        assert_eq!(scan.rest(), b" rest");
        assert_eq!(Scan::new(br#""open \""#).quoted(), None);
    }

    #[test]
    fn a_number_that_does_not_fit_is_no_number() {
        assert_eq!(decimal(b"0068"), Some(68));
        assert_eq!(decimal(b"4294967295"), Some(u32::MAX));
        assert_eq!(decimal(b"4294967296"), None);
        assert_eq!(decimal(b"5x"), None);
        assert_eq!(decimal(b""), None);
    }
}
