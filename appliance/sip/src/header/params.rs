//! Parameters behind a value (`;name=value`) and inside a URI: RFC 3261 §25.1 generic-param.

use std::borrow::Cow;

use crate::scan::{Scan, is_white};

/// The parameters behind a header value, checked when the header was read.
///
/// Iterate it for all of them; it is a small copy.
#[derive(Clone, Copy, Debug)]
pub struct Params<'a> {
    raw: &'a [u8],
}

/// One parameter.
#[derive(Clone, Copy, Debug)]
pub struct Param<'a> {
    name: &'a str,
    value: Option<&'a [u8]>,
}

/// The parameters of a URI (split at `;`) or its headers (split at `&`).
#[derive(Clone, Copy, Debug)]
pub struct UriParams<'a> {
    rest: &'a str,
    separator: u8,
}

impl<'a> Params<'a> {
    /// Takes all parameters that follow: what comes after them is the end, a comma, or an error
    /// for the caller to see. `None` when one is malformed.
    pub(crate) fn take(scan: &mut Scan<'a>) -> Option<Params<'a>> {
        let start = *scan;
        let mut end = *scan;
        while scan.separator(b';') {
            Param::take(scan)?;
            end = *scan;
        }
        *scan = end;
        Some(Params { raw: start.before(scan) })
    }

    /// A parameter by name, without regard to case: `Some("")` when it stands there without a
    /// value. Quotes around a value are taken off, escapes are left (see [`Param::text`]).
    pub fn value(&self, name: &str) -> Option<&'a str> {
        self.param(name).map(|param| param.value().unwrap_or(""))
    }

    /// Whether a parameter is there, with a value or without.
    pub fn has(&self, name: &str) -> bool {
        self.param(name).is_some()
    }

    /// A parameter by name, without regard to case.
    pub fn param(&self, name: &str) -> Option<Param<'a>> {
        let mut params = *self;
        params.find(|param| param.is(name))
    }

    /// A parameter that is a whole number; `None` too when it is none or does not fit.
    pub fn number(&self, name: &str) -> Option<u32> {
        crate::scan::decimal(self.value(name)?.as_bytes())
    }

    /// The bytes as they were written, leading semicolon included.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }
}

impl<'a> Iterator for Params<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        let mut scan = Scan::new(self.raw);
        if !scan.separator(b';') {
            return None;
        }
        let param = Param::take(&mut scan)?;
        self.raw = scan.rest();
        Some(param)
    }
}

impl<'a> Param<'a> {
    /// `name [= value]`. A value is a token, a host or a quoted string; phones write more than
    /// that (an unquoted URN, nothing at all), so it is whatever comes before a separator.
    pub(crate) fn take(scan: &mut Scan<'a>) -> Option<Param<'a>> {
        let name = scan.token()?;
        let after_name = *scan;
        if !scan.separator(b'=') {
            *scan = after_name;
            return Some(Param { name, value: None });
        }
        let value = match scan.peek() {
            Some(b'"') => scan.quoted()?,
            _ => scan.take_while(|b| !is_white(b) && !matches!(b, b';' | b',' | b'"')),
        };
        Some(Param { name, value: Some(value) })
    }

    /// The name as written.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Whether this is its name; names have no case.
    pub fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    /// The value without quotes around it; `None` without a value, or when it is no UTF-8.
    pub fn value(&self) -> Option<&'a str> {
        let value = self.value?;
        let value = value.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\"")).unwrap_or(value);
        str::from_utf8(value).ok()
    }

    /// The value as words: without quotes, escapes resolved, foreign bytes replaced.
    pub fn text(&self) -> Cow<'a, str> {
        words(self.value.unwrap_or(b""))
    }

    /// The value as it was written.
    pub fn raw(&self) -> Option<&'a [u8]> {
        self.value
    }
}

impl<'a> UriParams<'a> {
    pub(crate) fn new(rest: &'a str, separator: u8) -> UriParams<'a> {
        UriParams { rest, separator }
    }
}

impl<'a> Iterator for UriParams<'a> {
    type Item = Param<'a>;

    fn next(&mut self) -> Option<Param<'a>> {
        while !self.rest.is_empty() {
            let separator = char::from(self.separator);
            let (piece, rest) = self.rest.split_once(separator).unwrap_or((self.rest, ""));
            self.rest = rest;
            if piece.is_empty() {
                continue;
            }
            return Some(match piece.split_once('=') {
                None => Param { name: piece, value: None },
                Some((name, value)) => Param { name, value: Some(value.as_bytes()) },
            });
        }
        None
    }
}

/// Free text for people: quotes around it taken off and escapes resolved, folding made a space.
/// Bytes that are no UTF-8 are taken for Latin-1, which is what such phones send.
pub(crate) fn words(raw: &[u8]) -> Cow<'_, str> {
    let inside = raw.strip_prefix(b"\"").and_then(|v| v.strip_suffix(b"\""));
    let quoted = inside.is_some();
    let raw = inside.unwrap_or(raw);
    let plain = |&b: &u8| !(quoted && b == b'\\') && b != b'\r' && b != b'\n';
    if let (true, Ok(text)) = (raw.iter().all(plain), str::from_utf8(raw)) {
        return Cow::Borrowed(text);
    }
    let mut bytes = Vec::with_capacity(raw.len());
    let mut escaped = false;
    for &byte in raw {
        match byte {
            b'\r' | b'\n' => {}
            b'\\' if quoted && !escaped => {
                escaped = true;
                continue;
            }
            _ => bytes.push(byte),
        }
        escaped = false;
    }
    match String::from_utf8(bytes) {
        Ok(text) => Cow::Owned(text),
        Err(latin1) => Cow::Owned(latin1.as_bytes().iter().map(|&b| char::from(b)).collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn params(text: &str) -> Option<Params<'_>> {
        let mut scan = Scan::new(text.as_bytes());
        let params = Params::take(&mut scan)?;
        scan.end()?;
        Some(params)
    }

    #[test]
    fn parameters_are_found_whatever_their_case_and_spacing() {
        let params = params(";tag = 1 ; lr;\r\n Text=\"a \\\"b\\\"; c\";q=0.5").unwrap();
        assert_eq!(params.value("TAG"), Some("1"));
        assert_eq!(params.value("lr"), Some(""));
        assert_eq!(params.param("text").unwrap().text(), "a \"b\"; c");
        assert_eq!(params.value("q"), Some("0.5"));
        assert!(!params.has("x"));
        assert_eq!(params.count(), 4);
    }

    #[test]
    fn an_instance_and_an_address_are_values() {
        let params = params(";+sip.instance=\"<urn:uuid:1>\";received=[2001:db8::1];x=").unwrap();
        assert_eq!(params.value("+sip.instance"), Some("<urn:uuid:1>"));
        assert_eq!(params.value("received"), Some("[2001:db8::1]"));
        assert_eq!(params.value("x"), Some(""));
    }

    #[test]
    fn separators_without_parameters_are_malformed() {
        assert!(params(";;").is_none());
        assert!(params(";tag=1;").is_none());
        assert!(params(";a=\"open").is_none());
    }

    #[test]
    fn latin_1_words_are_read_as_latin_1() {
        assert_eq!(words(b"\"M\xfcller\""), "Müller");
        assert_eq!(words("\"Müller\"".as_bytes()), "Müller");
    }
}
