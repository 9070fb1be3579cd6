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
            Other,
            $($variant,)*
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

            const fn text(self) -> &'static str {
                match self {
                    $(Kind::$variant => $text,)*
                    Kind::Other => "",
                }
            }

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
    /// Classifies a name as written.
    pub(crate) fn of(name: &[u8]) -> Kind {
        Kind::at(name, name.len())
    }

    /// Classifies the name that the first `length` octets are. What follows it does not matter,
    /// but the more there is the faster: this runs for every header of every message, so the name
    /// is read as three words, a perfect hash finds the single candidate, and one comparison
    /// decides.
    #[inline]
    pub(crate) fn at(bytes: &[u8], length: usize) -> Kind {
        let Some(masks) = MASKS.get(length) else { return Kind::Other };
        let words = match bytes.first_chunk::<LONGEST>() {
            Some(window) => Words::of(window),
            None => {
                let mut window = [0; LONGEST];
                for (to, from) in window.iter_mut().zip(bytes) {
                    *to = *from;
                }
                Words::of(&window)
            }
        };
        let words = words.lower(masks);
        let entry = TABLE.get(words.slot()).and_then(|&at| ENTRIES.get(usize::from(at)));
        match entry {
            Some((known, kind)) if known.is(words) => *kind,
            Some(_) | None => Kind::Other,
        }
    }
}

/// A name of at most [`LONGEST`] octets in small letters, zeros behind it.
///
/// Small letters are made by setting one bit. Of the octets that may stand in a message that
/// changes none but letters into one of a name: a CR would become a hyphen, and is refused as a
/// line end.
#[derive(Clone, Copy)]
struct Words([u64; 3]);

impl Words {
    const fn of(window: &[u8; LONGEST]) -> Words {
        let [a0, a1, a2, a3, a4, a5, a6, a7, rest @ ..] = window;
        let [b0, b1, b2, b3, b4, b5, b6, b7, rest @ ..] = rest;
        Words([
            u64::from_le_bytes([*a0, *a1, *a2, *a3, *a4, *a5, *a6, *a7]),
            u64::from_le_bytes([*b0, *b1, *b2, *b3, *b4, *b5, *b6, *b7]),
            u64::from_le_bytes(*rest),
        ])
    }

    const fn lower(self, masks: &Words) -> Words {
        let Words([a, b, c]) = self;
        let Words([mask_a, mask_b, mask_c]) = *masks;
        let case = u64::from_le_bytes([0x20; 8]);
        Words([(a | case) & mask_a, (b | case) & mask_b, (c | case) & mask_c])
    }

    /// Whether they are the same, decided once.
    const fn is(&self, other: Words) -> bool {
        let (Words([a, b, c]), Words([other_a, other_b, other_c])) = (self, other);
        (*a ^ other_a) | (*b ^ other_b) | (*c ^ other_c) == 0
    }

    const fn slot(self) -> usize {
        let Words([a, b, c]) = self;
        let key = a ^ b.rotate_left(17) ^ c.rotate_left(31);
        (key.wrapping_mul(MULTIPLIER) >> (u64::BITS - TABLE_BITS)) as usize
    }
}

/// Three words; `P-Access-Network-Info` is the longest name.
const LONGEST: usize = 24;

/// Which bits of the words belong to a name, by its length.
#[allow(clippy::indexing_slicing)] // evaluated by the compiler
static MASKS: [Words; LONGEST + 1] = {
    let mut masks = [Words([0; 3]); LONGEST + 1];
    let mut length = 0;
    while length <= LONGEST {
        let mut window = [0; LONGEST];
        let mut at = 0;
        while at < length {
            window[at] = 0xff;
            at += 1;
        }
        masks[length] = Words::of(&window);
        length += 1;
    }
    masks
};

/// All names and compact forms.
#[allow(clippy::indexing_slicing)] // evaluated by the compiler
static ENTRIES: [(Words, Kind); Kind::ALL.len() + COMPACT.len()] = {
    let mut entries = [(Words([0; 3]), Kind::Other); Kind::ALL.len() + COMPACT.len()];
    let mut entry = 0;
    while entry < entries.len() {
        let (text, kind) = if entry < Kind::ALL.len() {
            (Kind::ALL[entry].text().as_bytes(), Kind::ALL[entry])
        } else {
            let (letter, kind) = &COMPACT[entry - Kind::ALL.len()];
            (std::slice::from_ref(letter), *kind)
        };
        let mut window = [0; LONGEST];
        let mut at = 0;
        while at < text.len() {
            window[at] = text[at].to_ascii_lowercase();
            at += 1;
        }
        entries[entry] = (Words::of(&window), kind);
        entry += 1;
    }
    entries
};

/// The entry for each hash; [`NO_ENTRY`] where there is none.
#[allow(clippy::indexing_slicing)] // evaluated by the compiler
static TABLE: [u8; 1 << TABLE_BITS] = {
    let mut table = [NO_ENTRY; 1 << TABLE_BITS];
    let mut entry = 0;
    while entry < ENTRIES.len() {
        let slot = ENTRIES[entry].0.slot();
        assert!(table[slot] == NO_ENTRY, "two names share a slot: try other multipliers");
        table[slot] = entry as u8;
        entry += 1;
    }
    table
};

const NO_ENTRY: u8 = u8::MAX;
const TABLE_BITS: u32 = 9;

/// Found by trying: with it no two names share a slot.
const MULTIPLIER: u64 = 0xc62d_bdcc_006d_6a9b;

/// RFC 3261 §7.3.3 and the RFCs that added headers.
const COMPACT: &[(u8, Kind)] = &[
    (b'a', Kind::AcceptContact),
    (b'u', Kind::AllowEvents),
    (b'i', Kind::CallId),
    (b'm', Kind::Contact),
    (b'e', Kind::ContentEncoding),
    (b'l', Kind::ContentLength),
    (b'c', Kind::ContentType),
    (b'o', Kind::Event),
    (b'f', Kind::From),
    (b'y', Kind::Identity),
    (b'r', Kind::ReferTo),
    (b'b', Kind::ReferredBy),
    (b'j', Kind::RejectContact),
    (b'd', Kind::RequestDisposition),
    (b'x', Kind::SessionExpires),
    (b's', Kind::Subject),
    (b'k', Kind::Supported),
    (b't', Kind::To),
    (b'v', Kind::Via),
];

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
        for (letter, kind) in COMPACT {
            assert_eq!(Kind::of(&[*letter]), *kind);
            assert_eq!(Kind::of(&[letter.to_ascii_uppercase()]), *kind);
        }
        for letter in (0..=255).filter(|b: &u8| !b.is_ascii_alphabetic()) {
            assert_eq!(Kind::of(&[letter]), Kind::Other);
        }
        assert_eq!(Kind::of(b""), Kind::Other);
        assert_eq!(Kind::at(b"Via: and much more behind it", 3), Kind::Via);
        assert_eq!(Name::parse("z"), Name::Other("Z"));
        assert_ne!(Name::parse("C%6Fntact"), Name::Contact);
    }
}
