//! An address with a display name and parameters, as in From, To, Contact and Route: RFC 3261
//! §20.10, §25.1 name-addr and addr-spec.

use std::borrow::Cow;
use std::fmt;

use super::list::Element;
use super::params::{Params, words};
use crate::scan::{Scan, is_white};
use crate::uri::{Uri, UriBuf};

/// `"Display" <uri>;params` or `uri;params`.
#[derive(Clone, Copy, Debug)]
pub struct NameAddr<'a> {
    raw: &'a [u8],
    display: &'a [u8],
    uri: Uri<'a>,
    params: Params<'a>,
}

/// An address that is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameAddrBuf {
    display: Box<str>,
    uri: UriBuf,
    params: Box<[ParamBuf]>,
}

/// The name of a parameter, and its value when it has one.
type ParamBuf = (Box<str>, Option<Box<str>>);

impl<'a> NameAddr<'a> {
    /// Reads a header value that holds exactly one address.
    pub fn parse(value: &'a [u8]) -> Option<NameAddr<'a>> {
        let mut scan = Scan::new(value);
        let address = NameAddr::take(&mut scan)?;
        scan.end()?;
        Some(address)
    }

    /// The bytes as they were written.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The display name for people: quotes and escapes resolved, empty when there is none.
    pub fn display(&self) -> Cow<'a, str> {
        words(self.display)
    }

    /// The display name as it was written, quotes included.
    pub fn raw_display(&self) -> &'a [u8] {
        self.display
    }

    /// The URI.
    pub fn uri(&self) -> Uri<'a> {
        self.uri
    }

    /// The header's parameters (those behind the angle brackets).
    pub fn params(&self) -> Params<'a> {
        self.params
    }

    /// The dialog tag of a From or To (RFC 3261 §19.3); an empty one is none.
    pub fn tag(&self) -> Option<&'a str> {
        self.params.value("tag").filter(|tag| !tag.is_empty())
    }

    /// For how many seconds a Contact is wanted; `None` when it does not say, or says something
    /// out of range, which counts as not saying (RFC 3261 §10.2.1.1).
    pub fn expires(&self) -> Option<u32> {
        self.params.number("expires")
    }

    /// The preference of a Contact in thousandths, 0 to 1000; `None` when it does not say or says
    /// something else (RFC 3261 §20.10).
    pub fn q(&self) -> Option<u16> {
        thousandths(self.params.value("q")?)
    }

    /// The instance of a Contact, without quotes but with its angle brackets (RFC 5626 §4.1).
    pub fn instance(&self) -> Option<&'a str> {
        self.params.value("+sip.instance").filter(|instance| !instance.is_empty())
    }

    /// The number of the flow of a Contact (RFC 5626 §4.2).
    pub fn reg_id(&self) -> Option<u32> {
        self.params.number("reg-id")
    }

    /// A copy that can be kept.
    pub fn to_owned(&self) -> NameAddrBuf {
        let params = self.params.map(|param| {
            (param.name().into(), param.raw().map(|_| param.text().into_owned().into()))
        });
        NameAddrBuf {
            display: self.display().into_owned().into(),
            uri: self.uri.to_owned(),
            params: params.collect(),
        }
    }
}

impl<'a> Element<'a> for NameAddr<'a> {
    fn take(scan: &mut Scan<'a>) -> Option<NameAddr<'a>> {
        scan.skip_white();
        let start = *scan;
        let display = display(scan)?;
        let uri = match scan.eat(b'<') {
            true => {
                let uri = scan.take_while(|b| b != b'>');
                if !scan.eat(b'>') {
                    return None;
                }
                uri
            }
            // Without brackets a comma or a semicolon ends the URI, and a question mark may not
            // stand in it (RFC 3261 §20.10).
            false if display.is_empty() => {
                let uri = scan.take_while(|b| !is_white(b) && !matches!(b, b';' | b','));
                if uri.contains(&b'?') {
                    return None;
                }
                uri
            }
            false => return None,
        };
        let uri = Uri::parse(str::from_utf8(uri).ok()?)?;
        let params = Params::take(scan)?;
        let raw = start.before(scan);
        Some(NameAddr { raw, display, uri, params })
    }
}

impl fmt::Display for NameAddr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.to_owned().fmt(f)
    }
}

impl NameAddrBuf {
    /// An address of a URI alone.
    pub fn new(uri: UriBuf) -> NameAddrBuf {
        NameAddrBuf { display: "".into(), uri, params: Box::new([]) }
    }

    /// Reads an address and keeps it.
    pub fn parse(text: &str) -> Option<NameAddrBuf> {
        NameAddr::parse(text.as_bytes()).map(|address| address.to_owned())
    }

    /// The same with a display name; quotes are added when it is written.
    pub fn with_display(mut self, display: &str) -> NameAddrBuf {
        self.display = display.into();
        self
    }

    /// The same with a parameter replaced or added at the end; `None` is one without a value.
    pub fn with_param(mut self, name: &str, value: Option<&str>) -> NameAddrBuf {
        let mut params = self.params.into_vec();
        params.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
        params.push((name.into(), value.map(Into::into)));
        self.params = params.into();
        self
    }

    /// The same with a tag.
    pub fn with_tag(self, tag: &str) -> NameAddrBuf {
        self.with_param("tag", Some(tag))
    }

    /// The display name for people, empty when there is none.
    pub fn display(&self) -> &str {
        &self.display
    }

    /// The URI.
    pub fn uri(&self) -> Uri<'_> {
        self.uri.uri()
    }

    /// A parameter: `Some("")` when it stands there without a value.
    pub fn param(&self, name: &str) -> Option<&str> {
        let (_, value) = self.params.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?;
        Some(value.as_deref().unwrap_or(""))
    }

    /// The dialog tag.
    pub fn tag(&self) -> Option<&str> {
        self.param("tag").filter(|tag| !tag.is_empty())
    }
}

impl fmt::Display for NameAddrBuf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.display.is_empty() {
            write!(f, "{} ", Quoted(&self.display))?;
        }
        write!(f, "<{}>", self.uri)?;
        for (name, value) in &self.params {
            write!(f, ";{name}")?;
            match value.as_deref() {
                None => {}
                Some(value) if value.bytes().all(is_plain) => write!(f, "={value}")?,
                Some(value) => write!(f, "={}", Quoted(value))?,
            }
        }
        Ok(())
    }
}

/// A text written as a quoted string: quotes and backslashes escaped, control characters made
/// spaces (RFC 3261 §25.1).
#[derive(Clone, Copy, Debug)]
pub struct Quoted<'a>(pub &'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        f.write_char('"')?;
        for c in self.0.chars() {
            match c {
                '"' | '\\' => write!(f, "\\{c}")?,
                c if c.is_control() => f.write_char(' ')?,
                c => f.write_char(c)?,
            }
        }
        f.write_char('"')
    }
}

/// The display name before an opening bracket; empty when a bare URI or a bracket comes first.
/// RFC 3261 wants tokens there; phones write brackets, dots and UTF-8 too. What would be the end
/// of a list element or of a string is refused.
fn display<'a>(scan: &mut Scan<'a>) -> Option<&'a [u8]> {
    if scan.peek() == Some(b'"') {
        let quoted = scan.quoted()?;
        scan.skip_white();
        return (scan.peek() == Some(b'<')).then_some(quoted);
    }
    let mut ahead = *scan;
    let words = ahead.take_while(|b| !matches!(b, b'<' | b'>' | b',' | b';' | b'"'));
    if ahead.peek() != Some(b'<') {
        return Some(b"");
    }
    *scan = ahead;
    Some(crate::scan::trim(words))
}

/// What may stand as a parameter value without quotes.
fn is_plain(byte: u8) -> bool {
    crate::scan::is_token(byte) || matches!(byte, b'[' | b']' | b':')
}

/// `0`, `0.5`, `1.000` in thousandths.
fn thousandths(text: &str) -> Option<u16> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let whole = match whole {
        "0" => 0,
        "1" => 1000,
        _ => return None,
    };
    if fraction.len() > 3 || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut value = 0;
    for at in 0..3 {
        let digit = fraction.as_bytes().get(at).map_or(0, |b| u16::from(b - b'0'));
        value = value * 10 + digit;
    }
    Some(whole + value).filter(|&value| value <= 1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<NameAddr<'_>> {
        NameAddr::parse(text.as_bytes())
    }

    #[test]
    fn an_address_is_read_with_and_without_brackets() {
        let bare = parse("sip:alice@example.com;tag=88").unwrap();
        assert_eq!((bare.uri().as_str(), bare.tag()), ("sip:alice@example.com", Some("88")));
        let inside = parse("<sip:alice@example.com;tag=88>").unwrap();
        assert_eq!((inside.uri().param("tag"), inside.tag()), (Some("88"), None));
        let spaced = parse("caller<sip:caller@example.com> ; tag = 323").unwrap();
        assert_eq!((spaced.display().as_ref(), spaced.tag()), ("caller", Some("323")));
    }

    #[test]
    fn a_quoted_display_name_may_hold_every_separator() {
        let address = parse("\"Smith, \\\"J\\\" <x>; y\" <sip:s@example.com>;q=0.33").unwrap();
        assert_eq!(address.display(), "Smith, \"J\" <x>; y");
        assert_eq!(address.q(), Some(330));
        assert_eq!(address.to_owned().to_string(), address.raw_text());
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "<>",
            "Bell, Alexander <sip:a@b>",
            "\"Mr. J <sip:a@b>",
            "< sip:a@b >",
            "sip:a@b?Route=%3Csip:c%3E",
            "<sip:a@b>;;;;",
            "<sip:a@b> x",
            "<sip:a@b",
        ] {
            assert!(parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_preference_is_between_nothing_and_one() {
        for (text, value) in
            [("0", Some(0)), ("1.0", Some(1000)), ("0.7", Some(700)), ("1.1", None), ("x", None)]
        {
            assert_eq!(thousandths(text), value, "{text}");
        }
    }

    #[test]
    fn an_address_that_is_kept_is_written_safely() {
        let address = NameAddrBuf::new(UriBuf::parse("sip:201@pbx").unwrap())
            .with_display("Jo\r\n \"X\"")
            .with_tag("a")
            .with_param("+sip.instance", Some("<urn:uuid:1>"));
        let text = address.to_string();
        assert_eq!(text, "\"Jo   \\\"X\\\"\" <sip:201@pbx>;tag=a;+sip.instance=\"<urn:uuid:1>\"");
        assert_eq!(NameAddrBuf::parse(&text).unwrap().tag(), Some("a"));
    }

    impl<'a> NameAddr<'a> {
        fn raw_text(&self) -> &'a str {
            str::from_utf8(self.raw).unwrap()
        }
    }
}
