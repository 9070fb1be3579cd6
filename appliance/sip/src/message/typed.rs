//! What the headers of a message say, each read when it is asked for: RFC 3261 §20 and the RFCs
//! that added headers.
//!
//! A header that must be there gives an error when it is missing. One that may be missing gives
//! `Ok(None)`. Where an RFC says that a malformed value counts as none, there is no error to give.

use super::{Malformed, Message, StartLine};
use crate::header::content::ContentType;
use crate::header::date::Date;
use crate::header::list::{self, Addresses, Contacts, List, Vias};
use crate::header::name::Name;
use crate::header::name_addr::NameAddr;
use crate::header::scalar::{self, CSeq, RAck};
use crate::header::session::{Replaces, SessionExpires};
use crate::header::valued::Valued;
use crate::header::via::Via;
use crate::scan::decimal;
use crate::uri::Uri;

impl<'a> Message<'a> {
    /// The Request-URI; an error for a response.
    pub fn request_uri(&self) -> Result<Uri<'a>, Malformed> {
        let StartLine::Request { uri, .. } = self.start() else {
            return Err(Malformed::RequestUri);
        };
        str::from_utf8(uri).ok().and_then(Uri::parse).ok_or(Malformed::RequestUri)
    }

    /// Who asks.
    pub fn from(&self) -> Result<NameAddr<'a>, Malformed> {
        self.required(Name::From, NameAddr::parse)
    }

    /// Who was asked for.
    pub fn to(&self) -> Result<NameAddr<'a>, Malformed> {
        self.required(Name::To, NameAddr::parse)
    }

    /// The identifier of the call or of a phone's registrations.
    pub fn call_id(&self) -> Result<&'a str, Malformed> {
        self.required(Name::CallId, |value| {
            let text = str::from_utf8(value).ok()?;
            let printable = !text.is_empty() && text.bytes().all(|b| b > b' ' && b != 0x7f);
            printable.then_some(text)
        })
    }

    /// Which request of the dialog this is, or answers.
    pub fn cseq(&self) -> Result<CSeq<'a>, Malformed> {
        self.required(Name::CSeq, CSeq::parse)
    }

    /// The Via of the last hop.
    pub fn top_via(&self) -> Result<Via<'a>, Malformed> {
        self.vias().next().unwrap_or(Err(Malformed::Missing(Name::Via)))
    }

    /// All Vias, topmost first.
    pub fn vias(&self) -> Vias<'_, 'a> {
        List::new(self, Name::Via)
    }

    /// The Contacts, all of them checked.
    pub fn contacts(&self) -> Result<Contacts<'_, 'a>, Malformed> {
        let mut values = self.headers_named(Name::Contact);
        if self.headers_named(Name::Contact).any(|value| value == b"*") {
            // A star stands alone (RFC 3261 §10.3 item 6).
            let _star = values.next();
            return match values.next() {
                None => Ok(Contacts::Star),
                Some(_) => Err(Malformed::Header(Name::Contact)),
            };
        }
        Ok(Contacts::Listed(self.addresses(Name::Contact)?))
    }

    /// The first Contact, where one is what matters: in dialogs.
    pub fn contact(&self) -> Result<Option<NameAddr<'a>>, Malformed> {
        List::new(self, Name::Contact).next().transpose()
    }

    /// The Route set, next hop first.
    pub fn routes(&self) -> Result<Addresses<'_, 'a>, Malformed> {
        self.addresses(Name::Route)
    }

    /// The Record-Route set in the order of the message.
    pub fn record_routes(&self) -> Result<Addresses<'_, 'a>, Malformed> {
        self.addresses(Name::RecordRoute)
    }

    /// The Path set (RFC 3327).
    pub fn paths(&self) -> Result<Addresses<'_, 'a>, Malformed> {
        self.addresses(Name::Path)
    }

    /// The Service-Route set (RFC 3608).
    pub fn service_routes(&self) -> Result<Addresses<'_, 'a>, Malformed> {
        self.addresses(Name::ServiceRoute)
    }

    /// Who is asking according to a trusted hop (RFC 3325).
    pub fn p_asserted_identity(&self) -> Result<Addresses<'_, 'a>, Malformed> {
        self.addresses(Name::PAssertedIdentity)
    }

    /// Who the phone would like to be (RFC 3325).
    pub fn p_preferred_identity(&self) -> Result<Addresses<'_, 'a>, Malformed> {
        self.addresses(Name::PPreferredIdentity)
    }

    /// Who forwarded the call, the last one first (RFC 5806).
    pub fn diversion(&self) -> Result<Addresses<'_, 'a>, Malformed> {
        self.addresses(Name::Diversion)
    }

    /// Where the call has been, the first one first (RFC 7044).
    pub fn history_info(&self) -> Result<Addresses<'_, 'a>, Malformed> {
        self.addresses(Name::HistoryInfo)
    }

    /// The addresses in any header that holds a list of them, all checked.
    pub fn addresses<'m>(&'m self, name: Name<'m>) -> Result<Addresses<'m, 'a>, Malformed> {
        let list = List::new(self, name);
        list.check()?;
        Ok(list)
    }

    /// How many hops are left.
    pub fn max_forwards(&self) -> Result<Option<u8>, Malformed> {
        self.optional(Name::MaxForwards, scalar::max_forwards)
    }

    /// For how many seconds something is wanted; a malformed value counts as none (RFC 3261
    /// §10.2.1.1).
    pub fn expires(&self) -> Option<u32> {
        self.header(Name::Expires).and_then(decimal)
    }

    /// How many seconds a 423 answer wants at least.
    pub fn min_expires(&self) -> Option<u32> {
        self.header(Name::MinExpires).and_then(decimal)
    }

    /// In how many seconds to try again; a malformed value counts as none.
    pub fn retry_after(&self) -> Option<u32> {
        self.header(Name::RetryAfter).and_then(scalar::seconds)
    }

    /// After how many seconds without a keep-alive the flow counts as broken (RFC 5626 §10).
    pub fn flow_timer(&self) -> Option<u32> {
        self.header(Name::FlowTimer).and_then(decimal)
    }

    /// Extensions that must be understood.
    pub fn require(&self) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        list::words(self, Name::Require)
    }

    /// Extensions that proxies must understand.
    pub fn proxy_require(&self) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        list::words(self, Name::ProxyRequire)
    }

    /// Extensions that the sender understands.
    pub fn supported(&self) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        list::words(self, Name::Supported)
    }

    /// Whether the sender understands or requires that extension.
    pub fn supports(&self, extension: &str) -> bool {
        let mut all = self.supported().chain(self.require());
        all.any(|word| word.eq_ignore_ascii_case(extension))
    }

    /// Extensions that a 420 answer refuses.
    pub fn unsupported(&self) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        list::words(self, Name::Unsupported)
    }

    /// Methods that the sender accepts.
    pub fn allow(&self) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        list::words(self, Name::Allow)
    }

    /// Media types that the sender accepts, with their parameters.
    pub fn accept(&self) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        list::words(self, Name::Accept)
    }

    /// What the caller wants kept private: `id`, `header`, `user`, `none` (RFC 3323).
    pub fn privacy(&self) -> impl Iterator<Item = &'a str> + use<'_, 'a> {
        list::words(self, Name::Privacy)
            .flat_map(|value| value.split(';'))
            .map(str::trim)
            .filter(|word| !word.is_empty())
    }

    /// What the body is.
    pub fn content_type(&self) -> Result<Option<ContentType<'a>>, Malformed> {
        self.optional(Name::ContentType, ContentType::parse)
    }

    /// What the body is for.
    pub fn content_disposition(&self) -> Result<Option<Valued<'a>>, Malformed> {
        self.optional(Name::ContentDisposition, Valued::parse)
    }

    /// The number of a reliable provisional response (RFC 3262).
    pub fn rseq(&self) -> Result<Option<u32>, Malformed> {
        self.optional(Name::RSeq, decimal)
    }

    /// Which reliable provisional response a PRACK confirms (RFC 3262).
    pub fn rack(&self) -> Result<RAck<'a>, Malformed> {
        self.required(Name::RAck, RAck::parse)
    }

    /// How often the session is refreshed (RFC 4028).
    pub fn session_expires(&self) -> Result<Option<SessionExpires>, Malformed> {
        self.optional(Name::SessionExpires, SessionExpires::parse)
    }

    /// The shortest session interval that is accepted, in seconds (RFC 4028).
    pub fn min_se(&self) -> Result<Option<u32>, Malformed> {
        self.optional(Name::MinSe, scalar::seconds)
    }

    /// Whom to call (RFC 3515); exactly one.
    pub fn refer_to(&self) -> Result<NameAddr<'a>, Malformed> {
        self.required(Name::ReferTo, NameAddr::parse)
    }

    /// Who asked for the transfer (RFC 3892).
    pub fn referred_by(&self) -> Result<Option<NameAddr<'a>>, Malformed> {
        self.optional(Name::ReferredBy, NameAddr::parse)
    }

    /// The dialog that this INVITE takes the place of (RFC 3891).
    pub fn replaces(&self) -> Result<Option<Replaces<'a>>, Malformed> {
        self.optional(Name::Replaces, Replaces::parse)
    }

    /// The event package (RFC 6665).
    pub fn event(&self) -> Result<Option<Valued<'a>>, Malformed> {
        self.optional(Name::Event, Valued::parse)
    }

    /// The state of a subscription (RFC 6665).
    pub fn subscription_state(&self) -> Result<Option<Valued<'a>>, Malformed> {
        self.optional(Name::SubscriptionState, Valued::parse)
    }

    /// Why something ended, one value for each protocol (RFC 3326).
    pub fn reasons(&self) -> List<'_, 'a, Valued<'a>> {
        List::new(self, Name::Reason)
    }

    /// The Reason of one protocol, `SIP` or `Q.850`.
    pub fn reason(&self, protocol: &str) -> Option<Valued<'a>> {
        self.reasons().filter_map(Result::ok).find(|reason| reason.is(protocol))
    }

    /// What the sender is made of, for people.
    pub fn user_agent(&self) -> Option<std::borrow::Cow<'a, str>> {
        self.words(Name::UserAgent)
    }

    /// When this was sent.
    pub fn date(&self) -> Result<Option<Date>, Malformed> {
        self.optional(Name::Date, Date::parse)
    }

    /// What a 100 or other response repeats (RFC 3261 §20.38), as it was written.
    pub fn timestamp(&self) -> Option<&'a [u8]> {
        self.header(Name::Timestamp)
    }

    /// A header of free text, for people: bytes that are no UTF-8 are read as Latin-1.
    pub fn words(&self, name: Name<'_>) -> Option<std::borrow::Cow<'a, str>> {
        self.header(name).map(crate::header::params::words)
    }

    /// Reads the one value of a header that must be there.
    pub(crate) fn required<T>(
        &self,
        name: Name<'static>,
        read: impl FnOnce(&'a [u8]) -> Option<T>,
    ) -> Result<T, Malformed> {
        let value = self.header(name).ok_or(Malformed::Missing(name))?;
        read(value).ok_or(Malformed::Header(name))
    }

    /// Reads the one value of a header that may be there.
    pub(crate) fn optional<T>(
        &self,
        name: Name<'static>,
        read: impl FnOnce(&'a [u8]) -> Option<T>,
    ) -> Result<Option<T>, Malformed> {
        let Some(value) = self.header(name) else { return Ok(None) };
        read(value).map(Some).ok_or(Malformed::Header(name))
    }
}
