//! SIP messages as text, read and written without the code under test.

use std::fmt::Write as _;
use std::net::{IpAddr, SocketAddr};

/// A message: its start line, its headers in order, its body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sip {
    /// `INVITE sip:202@pbx SIP/2.0` or `SIP/2.0 200 OK`.
    pub start: String,
    /// Names and values as they stood there.
    pub headers: Vec<(String, String)>,
    /// What follows the empty line.
    pub body: String,
}

impl Sip {
    /// Begins a message.
    pub fn new(start: impl Into<String>) -> Self {
        Self { start: start.into(), headers: Vec::new(), body: String::new() }
    }

    /// Reads a message; `None` when it is none.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(bytes);
        let (head, body) = text.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let mut message = Self::new(lines.next()?);
        for line in lines {
            let (name, value) = line.split_once(':')?;
            message.headers.push((name.trim().to_owned(), value.trim().to_owned()));
        }
        message.body = body.to_owned();
        Some(message)
    }

    /// Adds a header at the end.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.headers.push((name.to_owned(), value.to_string()));
        self
    }

    /// Adds a body of this type.
    #[must_use]
    pub fn carrying(self, kind: &str, body: impl Into<String>) -> Self {
        Self { body: body.into(), ..self.with("Content-Type", kind) }
    }

    /// The message as it goes out, with its length.
    pub fn write(&self) -> String {
        let mut text = format!("{}\r\n", self.start);
        for (name, value) in &self.headers {
            let _ = write!(text, "{name}: {value}\r\n");
        }
        let _ = write!(text, "Content-Length: {}\r\n\r\n{}", self.body.len(), self.body);
        text
    }

    /// The method of a request, or of the request that a response is to.
    pub fn method(&self) -> &str {
        match self.status() {
            Some(_) => self.cseq().1,
            None => self.start.split(' ').next().unwrap_or_default(),
        }
    }

    /// The request line's URI.
    pub fn uri(&self) -> &str {
        self.start.split(' ').nth(1).unwrap_or_default()
    }

    /// The status of a response; `None` for a request.
    pub fn status(&self) -> Option<u16> {
        self.start.strip_prefix("SIP/2.0 ")?.get(..3)?.parse().ok()
    }

    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.all(name).into_iter().next()
    }

    /// All headers of this name.
    pub fn all(&self, name: &str) -> Vec<&str> {
        let named = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str()).collect()
    }

    /// The value of a header that must be there.
    pub fn value(&self, name: &str) -> &str {
        self.header(name).unwrap_or_default()
    }

    /// Whether a list header names this token.
    pub fn lists(&self, name: &str, token: &str) -> bool {
        let all = self.all(name);
        all.iter().flat_map(|value| value.split(',')).any(|item| item.trim() == token)
    }

    /// The tag of From or To.
    pub fn tag(&self, name: &str) -> &str {
        param(self.value(name), "tag").unwrap_or_default()
    }

    /// The branch of the topmost Via.
    pub fn branch(&self) -> &str {
        param(self.value("Via"), "branch").unwrap_or_default()
    }

    /// Number and method of CSeq.
    pub fn cseq(&self) -> (u32, &str) {
        let (number, method) = self.value("CSeq").split_once(' ').unwrap_or_default();
        (number.parse().unwrap_or_default(), method.trim())
    }

    /// The number that a name-addr header shows.
    pub fn user(&self, name: &str) -> &str {
        user_of(uri_of(self.value(name)))
    }
}

/// A parameter behind a header's value.
pub fn param<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    let behind = value.rsplit_once('>').map_or(value, |(_, behind)| behind);
    behind.split(';').skip(1).find_map(|item| {
        let (known, value) = item.split_once('=').unwrap_or((item, ""));
        known.trim().eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

/// The URI between the angle brackets, or the whole value without its parameters.
pub fn uri_of(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or_default(),
        None => value.split(';').next().unwrap_or_default(),
    }
}

/// The user of a URI.
pub fn user_of(uri: &str) -> &str {
    let rest = uri.split_once(':').map_or(uri, |(_, rest)| rest);
    rest.split_once('@').map_or("", |(user, _)| user)
}

/// Host and port of a URI, when the host is an address.
pub fn address_of(uri: &str) -> Option<SocketAddr> {
    let rest = uri.split_once(':')?.1;
    let at = rest.split_once('@').map_or(rest, |(_, host)| host);
    let at = at.split([';', '?']).next()?;
    let usual = if at.contains(";transport=tls") { 5061 } else { 5060 };
    if let Ok(address) = at.parse::<SocketAddr>() {
        return Some(address);
    }
    let ip: IpAddr = at.trim_matches(['[', ']']).parse().ok()?;
    Some(SocketAddr::new(ip, usual))
}

/// An address as it stands in a URI.
pub fn host(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("[{v6}]"),
    }
}
