//! What can be wrong with the bytes of a message.

use crate::header::name::Name;

/// Why bytes are no message, or a header does not mean what it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// Nothing but line ends.
    Empty,
    /// The first line is neither a request nor a response.
    StartLine,
    /// The Request-URI is no URI.
    RequestUri,
    /// A line ends with LF alone or holds a CR: who reads it otherwise sees other headers.
    LineEnd,
    /// There is no empty line behind the headers.
    Unfinished,
    /// A header line has no colon, or no token before it.
    HeaderLine,
    /// More than 128 headers.
    TooManyHeaders,
    /// A header section of more than 65,535 octets.
    TooLong,
    /// Two Content-Lengths that differ: where the message ends would be a guess.
    ContentLengths,
    /// The body is shorter than Content-Length says.
    BodyTooShort,
    /// That header is missing.
    Missing(Name<'static>),
    /// That header cannot be read.
    Header(Name<'static>),
    /// That header may stand there once and does so more often.
    Repeated(Name<'static>),
}

impl Malformed {
    /// A reason phrase for a 400 answer.
    pub fn reason(&self) -> &'static str {
        match self {
            Malformed::Empty => "Empty Message",
            Malformed::StartLine => "Malformed Start Line",
            Malformed::RequestUri => "Malformed Request-URI",
            Malformed::LineEnd => "Malformed Line End",
            Malformed::Unfinished => "Unfinished Header Section",
            Malformed::HeaderLine => "Malformed Header Line",
            Malformed::TooManyHeaders => "Too Many Headers",
            Malformed::TooLong => "Header Section Too Long",
            Malformed::ContentLengths => "Different Content-Lengths",
            Malformed::BodyTooShort => "Body Shorter Than Content-Length",
            Malformed::Missing(name) => name.missing(),
            Malformed::Header(name) => name.malformed(),
            Malformed::Repeated(name) => name.repeated(),
        }
    }
}

impl std::fmt::Display for Malformed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.reason())
    }
}

impl std::error::Error for Malformed {}
