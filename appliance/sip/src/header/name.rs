//! The names of header fields: the IANA registry, with compact forms (RFC 3261 §7.3.3).

use std::fmt;

macro_rules! names {
    ($($variant:ident = $text:literal,)*) => {
        /// The name of a header field. Names have no case, and a compact form is the same name.
        #[derive(Clone, Copy, Debug)]
        pub enum Name<'a> {
            $(
                #[doc = concat!("`", $text, "`.")]
                $variant,
            )*
            /// A header that this crate does not know, as written.
            Other(&'a str),
        }

        /// A name as one octet of the index; what an unknown one says stands in the message.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Kind {
            $($variant,)*
            Other,
        }

        impl<'a> Name<'a> {
            /// The name in the spelling of its RFC; an unknown one as it was given.
            pub fn as_str(&self) -> &'a str {
                match self {
                    $(Name::$variant => $text,)*
                    Name::Other(text) => text,
                }
            }

            /// The name without a borrow; an unknown one is called "header".
            pub(crate) fn known(&self) -> Name<'static> {
                match self {
                    $(Name::$variant => Name::$variant,)*
                    Name::Other(_) => Name::Other("header"),
                }
            }

            /// A reason phrase that blames this header.
            pub(crate) fn malformed(&self) -> &'static str {
                match self {
                    $(Name::$variant => concat!("Malformed ", $text),)*
                    Name::Other(_) => "Malformed Header",
                }
            }

            /// A reason phrase for when this header is not there.
            pub(crate) fn missing(&self) -> &'static str {
                match self {
                    $(Name::$variant => concat!("Missing ", $text),)*
                    Name::Other(_) => "Missing Header",
                }
            }

            /// A reason phrase for when this header stands there more than once.
            pub(crate) fn repeated(&self) -> &'static str {
                match self {
                    $(Name::$variant => concat!("More Than One ", $text),)*
                    Name::Other(_) => "More Than One of a Header",
                }
            }

            pub(crate) fn kind(&self) -> Kind {
                match self {
                    $(Name::$variant => Kind::$variant,)*
                    Name::Other(text) => Kind::of(text.as_bytes()),
                }
            }
        }

        impl Kind {
            /// The name, given how it was written.
            pub(crate) fn name(self, written: &str) -> Name<'_> {
                match self {
                    $(Kind::$variant => Name::$variant,)*
                    Kind::Other => Name::Other(written),
                }
            }

            fn text(self) -> &'static str {
                match self {
                    $(Kind::$variant => $text,)*
                    Kind::Other => "",
                }
            }

            #[cfg(test)]
            const ALL: &'static [Kind] = &[$(Kind::$variant,)*];
        }
    };
}

names! {
    Accept = "Accept",
    AcceptContact = "Accept-Contact",
    AcceptEncoding = "Accept-Encoding",
    AcceptLanguage = "Accept-Language",
    AlertInfo = "Alert-Info",
    Allow = "Allow",
    AllowEvents = "Allow-Events",
    AnswerMode = "Answer-Mode",
    AuthenticationInfo = "Authentication-Info",
    Authorization = "Authorization",
    CallId = "Call-ID",
    CallInfo = "Call-Info",
    Contact = "Contact",
    ContentDisposition = "Content-Disposition",
    ContentEncoding = "Content-Encoding",
    ContentLanguage = "Content-Language",
    ContentLength = "Content-Length",
    ContentType = "Content-Type",
    CSeq = "CSeq",
    Date = "Date",
    Diversion = "Diversion",
    ErrorInfo = "Error-Info",
    Event = "Event",
    Expires = "Expires",
    FlowTimer = "Flow-Timer",
    From = "From",
    Geolocation = "Geolocation",
    HistoryInfo = "History-Info",
    Identity = "Identity",
    InReplyTo = "In-Reply-To",
    Join = "Join",
    MaxForwards = "Max-Forwards",
    MimeVersion = "MIME-Version",
    MinExpires = "Min-Expires",
    MinSe = "Min-SE",
    Organization = "Organization",
    PAccessNetworkInfo = "P-Access-Network-Info",
    PAssertedIdentity = "P-Asserted-Identity",
    PEarlyMedia = "P-Early-Media",
    PPreferredIdentity = "P-Preferred-Identity",
    Path = "Path",
    Priority = "Priority",
    Privacy = "Privacy",
    ProxyAuthenticate = "Proxy-Authenticate",
    ProxyAuthorization = "Proxy-Authorization",
    ProxyRequire = "Proxy-Require",
    RAck = "RAck",
    Reason = "Reason",
    RecordRoute = "Record-Route",
    ReferSub = "Refer-Sub",
    ReferTo = "Refer-To",
    ReferredBy = "Referred-By",
    RejectContact = "Reject-Contact",
    RemotePartyId = "Remote-Party-ID",
    Replaces = "Replaces",
    ReplyTo = "Reply-To",
    RequestDisposition = "Request-Disposition",
    Require = "Require",
    RetryAfter = "Retry-After",
    Route = "Route",
    RSeq = "RSeq",
    Server = "Server",
    ServiceRoute = "Service-Route",
    SessionExpires = "Session-Expires",
    SessionId = "Session-ID",
    SipETag = "SIP-ETag",
    SipIfMatch = "SIP-If-Match",
    Subject = "Subject",
    SubscriptionState = "Subscription-State",
    Supported = "Supported",
    TargetDialog = "Target-Dialog",
    Timestamp = "Timestamp",
    To = "To",
    Unsupported = "Unsupported",
    UserAgent = "User-Agent",
    UserToUser = "User-to-User",
    Via = "Via",
    Warning = "Warning",
    WwwAuthenticate = "WWW-Authenticate",
}

impl<'a> Name<'a> {
    /// The name that `text` is, in full or in its compact form.
    pub fn parse(text: &'a str) -> Name<'a> {
        Kind::of(text.as_bytes()).name(text)
    }
}

impl PartialEq for Name<'_> {
    fn eq(&self, other: &Name<'_>) -> bool {
        match (self.kind(), other.kind()) {
            (Kind::Other, Kind::Other) => self.as_str().eq_ignore_ascii_case(other.as_str()),
            (a, b) => a == b,
        }
    }
}

impl Eq for Name<'_> {}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Kind {
    /// Classifies a name as written. Length and one or two letters leave a single candidate,
    /// which is then compared in full: this runs for every header of every message.
    pub(crate) fn of(name: &[u8]) -> Kind {
        let at = |position: usize| name.get(position).map_or(0, |b| b.to_ascii_lowercase());
        let candidate = match (name.len(), at(0)) {
            (2, b't') => Kind::To,
            (3, b'v') => Kind::Via,
            (4, b'c') => Kind::CSeq,
            (4, b'd') => Kind::Date,
            (4, b'f') => Kind::From,
            (4, b'j') => Kind::Join,
            (4, b'p') => Kind::Path,
            (4, b'r') => match at(1) {
                b'a' => Kind::RAck,
                _ => Kind::RSeq,
            },
            (5, b'a') => Kind::Allow,
            (5, b'e') => Kind::Event,
            (5, b'r') => Kind::Route,
            (6, b'a') => Kind::Accept,
            (6, b'm') => Kind::MinSe,
            (6, b'r') => Kind::Reason,
            (6, b's') => Kind::Server,
            (7, b'c') => match at(1) {
                b'a' => Kind::CallId,
                _ => Kind::Contact,
            },
            (7, b'e') => Kind::Expires,
            (7, b'p') => Kind::Privacy,
            (7, b'r') => Kind::Require,
            (7, b's') => Kind::Subject,
            (7, b'w') => Kind::Warning,
            (8, b'i') => Kind::Identity,
            (8, b'p') => Kind::Priority,
            (8, b'r') => match at(4) {
                b'r' => Kind::ReferTo,
                b'a' => Kind::Replaces,
                _ => Kind::ReplyTo,
            },
            (8, b's') => Kind::SipETag,
            (9, b'c') => Kind::CallInfo,
            (9, b'd') => Kind::Diversion,
            (9, b'r') => Kind::ReferSub,
            (9, b's') => Kind::Supported,
            (9, b't') => Kind::Timestamp,
            (10, b'a') => Kind::AlertInfo,
            (10, b'e') => Kind::ErrorInfo,
            (10, b'f') => Kind::FlowTimer,
            (10, b's') => Kind::SessionId,
            (10, b'u') => Kind::UserAgent,
            (11, b'a') => Kind::AnswerMode,
            (11, b'g') => Kind::Geolocation,
            (11, b'i') => Kind::InReplyTo,
            (11, b'm') => Kind::MinExpires,
            (11, b'r') => match at(2) {
                b'f' => Kind::ReferredBy,
                _ => Kind::RetryAfter,
            },
            (11, b'u') => Kind::Unsupported,
            (12, b'a') => Kind::AllowEvents,
            (12, b'c') => Kind::ContentType,
            (12, b'h') => Kind::HistoryInfo,
            (12, b'm') => match at(1) {
                b'a' => Kind::MaxForwards,
                _ => Kind::MimeVersion,
            },
            (12, b'o') => Kind::Organization,
            (12, b'r') => Kind::RecordRoute,
            (12, b's') => Kind::SipIfMatch,
            (12, b'u') => Kind::UserToUser,
            (13, b'a') => Kind::Authorization,
            (13, b'p') => match at(1) {
                b'-' => Kind::PEarlyMedia,
                _ => Kind::ProxyRequire,
            },
            (13, b's') => Kind::ServiceRoute,
            (13, b't') => Kind::TargetDialog,
            (14, b'a') => Kind::AcceptContact,
            (14, b'c') => Kind::ContentLength,
            (14, b'r') => Kind::RejectContact,
            (15, b'a') => match at(7) {
                b'e' => Kind::AcceptEncoding,
                _ => Kind::AcceptLanguage,
            },
            (15, b'r') => Kind::RemotePartyId,
            (15, b's') => Kind::SessionExpires,
            (16, b'c') => match at(8) {
                b'e' => Kind::ContentEncoding,
                _ => Kind::ContentLanguage,
            },
            (16, b'w') => Kind::WwwAuthenticate,
            (18, b'p') => Kind::ProxyAuthenticate,
            (18, b's') => Kind::SubscriptionState,
            (19, b'a') => Kind::AuthenticationInfo,
            (19, b'c') => Kind::ContentDisposition,
            (19, b'p') => match at(1) {
                b'-' => Kind::PAssertedIdentity,
                _ => Kind::ProxyAuthorization,
            },
            (19, b'r') => Kind::RequestDisposition,
            (20, b'p') => Kind::PPreferredIdentity,
            (21, b'p') => Kind::PAccessNetworkInfo,
            (1, b'a') => return Kind::AcceptContact,
            (1, b'u') => return Kind::AllowEvents,
            (1, b'i') => return Kind::CallId,
            (1, b'm') => return Kind::Contact,
            (1, b'e') => return Kind::ContentEncoding,
            (1, b'l') => return Kind::ContentLength,
            (1, b'c') => return Kind::ContentType,
            (1, b'o') => return Kind::Event,
            (1, b'f') => return Kind::From,
            (1, b'y') => return Kind::Identity,
            (1, b'r') => return Kind::ReferTo,
            (1, b'b') => return Kind::ReferredBy,
            (1, b'j') => return Kind::RejectContact,
            (1, b'd') => return Kind::RequestDisposition,
            (1, b'x') => return Kind::SessionExpires,
            (1, b's') => return Kind::Subject,
            (1, b'k') => return Kind::Supported,
            (1, b't') => return Kind::To,
            (1, b'v') => return Kind::Via,
            _ => return Kind::Other,
        };
        let same = name.eq_ignore_ascii_case(candidate.text().as_bytes());
        if same { candidate } else { Kind::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_in_any_case() {
        for &kind in Kind::ALL {
            let text = kind.text();
            assert_eq!(Kind::of(text.as_bytes()), kind);
            assert_eq!(Kind::of(text.to_uppercase().as_bytes()), kind);
            assert_eq!(Kind::of(text.to_lowercase().as_bytes()), kind);
            let off_by_one = text.replace(text.chars().last().unwrap(), "_");
            assert_eq!(Kind::of(off_by_one.as_bytes()), Kind::Other);
        }
    }

    #[test]
    fn a_compact_form_is_the_same_name() {
        assert_eq!(Name::parse("v"), Name::Via);
        assert_eq!(Name::parse("M"), Name::Contact);
        assert_eq!(Name::Other("i"), Name::CallId);
        assert_eq!(Name::parse("z"), Name::Other("Z"));
        assert_ne!(Name::parse("C%6Fntact"), Name::Contact);
    }
}
