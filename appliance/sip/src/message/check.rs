//! What must be right with a message before anybody acts on it: RFC 3261 §8.1.1, §8.2, §16.3 and
//! the verdicts of RFC 4475.

use super::{Malformed, Message, StartLine};
use crate::header::list::{Contacts, List};
use crate::header::name::Name;
use crate::header::name_addr::NameAddr;
use crate::method::Method;
use crate::status::Status;
use crate::uri::Scheme;

/// Why a request is not even looked at, and how to answer it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400: the request cannot be read.
    Malformed(Malformed),
    /// 505: another version of SIP.
    Version,
    /// 416: the Request-URI has a scheme that nobody here calls.
    Scheme,
    /// 483: the request has been passed on too often.
    Hops,
}

impl Refusal {
    /// The status of the answer.
    pub fn status(&self) -> Status {
        match self {
            Refusal::Malformed(_) => Status::BAD_REQUEST,
            Refusal::Version => Status::VERSION_NOT_SUPPORTED,
            Refusal::Scheme => Status::UNSUPPORTED_URI_SCHEME,
            Refusal::Hops => Status::TOO_MANY_HOPS,
        }
    }

    /// The reason phrase of the answer.
    pub fn reason(&self) -> &'static str {
        match self {
            Refusal::Malformed(malformed) => malformed.reason(),
            Refusal::Version | Refusal::Scheme | Refusal::Hops => self.status().reason(),
        }
    }
}

impl From<Malformed> for Refusal {
    fn from(malformed: Malformed) -> Refusal {
        Refusal::Malformed(malformed)
    }
}

/// Checks a request before it becomes a transaction. Passes what RFC 2543 phones leave out (a
/// branch, a From tag, Max-Forwards), and values that others interpret (extensions, credentials,
/// media types).
pub fn check_request(message: &Message<'_>) -> Result<(), Refusal> {
    let StartLine::Request { method, version, .. } = message.start() else {
        return Err(Malformed::StartLine.into());
    };
    if !version.eq_ignore_ascii_case(b"SIP/2.0") {
        return Err(Refusal::Version);
    }
    check_identity(message)?;
    if message.cseq()?.method != method {
        return Err(Malformed::Header(Name::CSeq).into());
    }
    let uri = message.request_uri()?;
    if uri.scheme() == Scheme::Other {
        return Err(Refusal::Scheme);
    }
    // Headers in a Request-URI are for building a request, not for sending (RFC 3261 §19.1.1).
    if uri.has_headers() {
        return Err(Malformed::RequestUri.into());
    }
    let hops = message.max_forwards()?;
    message.date()?;
    message.routes()?;
    message.record_routes()?;
    check_contacts(message, method)?;
    if !message.body().is_empty() {
        message.content_type()?;
    }
    if method == Method::Refer {
        message.refer_to()?;
    }
    // Only what would be passed on counts hops: this side answers the rest itself.
    let for_us =
        matches!(method, Method::Options | Method::Register | Method::Ack | Method::Cancel);
    if hops == Some(0) && !for_us && message.to()?.tag().is_none() {
        return Err(Refusal::Hops);
    }
    Ok(())
}

/// Checks a response before it is matched with a transaction; one that fails is dropped.
pub fn check_response(message: &Message<'_>) -> Result<(), Malformed> {
    if message.is_request() {
        return Err(Malformed::StartLine);
    }
    check_identity(message)?;
    message.record_routes()?;
    message.contact()?;
    Ok(())
}

/// The extensions that a request requires and that are not among `known`: not empty means 420
/// with these in Unsupported (RFC 3261 §8.2.2.3). An ACK or CANCEL is never asked.
pub fn unsupported<'m, 'a>(
    message: &'m Message<'a>,
    known: &'m [&'m str],
) -> impl Iterator<Item = &'a str> + use<'m, 'a> {
    let asked = !matches!(message.method(), Some(Method::Ack | Method::Cancel) | None);
    message
        .require()
        .filter(move |word| asked && !known.iter().any(|known| known.eq_ignore_ascii_case(word)))
}

/// What every message carries, each once and readable.
fn check_identity(message: &Message<'_>) -> Result<(), Malformed> {
    let once = [Name::CallId, Name::CSeq, Name::From, Name::To, Name::MaxForwards];
    if let Some(name) = message.repeated(once) {
        return Err(Malformed::Repeated(name));
    }
    message.top_via()?;
    message.vias().check()?;
    message.from()?;
    message.to()?;
    message.call_id()?;
    message.cseq()?;
    Ok(())
}

fn check_contacts(message: &Message<'_>, method: Method<'_>) -> Result<(), Malformed> {
    match message.contacts()? {
        Contacts::Listed(_) => {}
        // Only a REGISTER may remove all bindings, and it says so twice (RFC 3261 §10.2.2).
        Contacts::Star if method == Method::Register && message.expires() == Some(0) => {}
        Contacts::Star => return Err(Malformed::Header(Name::Contact)),
    }
    // A dialog needs one Contact to send to (RFC 3261 §8.1.1.8).
    let mut contacts = List::<NameAddr<'_>>::new(message, Name::Contact);
    if method == Method::Invite && contacts.nth(1).is_some() {
        return Err(Malformed::Repeated(Name::Contact));
    }
    Ok(())
}
