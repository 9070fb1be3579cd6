//! Instant messages between users (RFC 3428), passed to every phone of the one who is written to.

use crate::frame::{Frame, Hop, Owner};
use crate::guard::Known;
use crate::registrar::Registrar;
use config::TenantId;
use sip::flow::Flow;
use sip::transaction::TransactionId;
use sip::{Compose, Message, Method, Name, OwnedMessage, Status};
use std::collections::BTreeMap;
use std::time::Instant;

/// Messages that were passed on and not yet confirmed.
#[derive(Debug, Default)]
pub(crate) struct Messages {
    pending: BTreeMap<TransactionId, Pending>,
}

#[derive(Debug)]
struct Pending {
    request: OwnedMessage,
    flow: Flow,
    /// Phones that have not answered.
    left: usize,
    worst: Status,
}

/// A message of a known sender.
pub(crate) struct Written<'a> {
    pub(crate) id: TransactionId,
    pub(crate) request: &'a Message<'a>,
    pub(crate) flow: Flow,
    pub(crate) who: Known,
}

impl Messages {
    /// Passes a message on.
    pub(crate) fn pass(
        &mut self,
        frame: &mut Frame,
        registrar: &Registrar,
        written: Written<'_>,
        now: Instant,
    ) {
        let Written { id, request, flow, who } = written;
        let to =
            request.request_uri().ok().and_then(|uri| uri.user_decoded().map(|u| u.into_owned()));
        let to = to.unwrap_or_default();
        let tenant: TenantId = who.tenant();
        if frame.config.extension_by_number(tenant, &to).is_none() {
            return frame.reply(id, request, &flow, Status::NOT_FOUND, now);
        }
        let phones = registrar.of(tenant, &to);
        let content = request.header(Name::ContentType).map(String::from_utf8_lossy);
        let content = content.unwrap_or("text/plain".into());
        let mut left = 0;
        for phone in phones {
            let Some(binding) = registrar.binding(phone) else { continue };
            let way = match binding.flow.connection {
                Some(_) if frame.is_standing(&binding.flow) => binding.flow,
                Some(_) => continue,
                None => Flow { remote: binding.address(), ..binding.flow },
            };
            let via = frame.via(&way);
            let at = frame.places.advertised(&frame.config, &way);
            let (tag, call_id) = (frame.random.token(), frame.random.token());
            let from = sip::uri::escape_user(who.extension.number.as_str()).into_owned();
            let compose = Compose::request(Method::Message, &binding.registration.contact)
                .header(Name::Via, &via.value)
                .header(Name::MaxForwards, 70)
                .header(Name::From, format_args!("<sip:{from}@{at}>;tag={tag}"))
                .header(Name::To, format_args!("<sip:{}@{at}>", sip::uri::escape_user(&to)))
                .header(Name::CallId, call_id)
                .header(Name::CSeq, "1 MESSAGE")
                .body(&content, request.body());
            let bytes = compose.finish().into();
            let hop = sip::Uri::parse(&binding.registration.contact)
                .map_or(Hop { flow: way, takes_streams: false }, |uri| Hop::to(&uri, way));
            let owner = Some(Owner::Relayed(id));
            frame.request_of_any_size(Method::Message, &via.branch, bytes, hop, owner, now);
            left += 1;
        }
        if left == 0 {
            return frame.reply(id, request, &flow, Status::TEMPORARILY_UNAVAILABLE, now);
        }
        let worst = Status::TEMPORARILY_UNAVAILABLE;
        self.pending.insert(id, Pending { request: request.to_owned(), flow, left, worst });
    }

    /// A phone answered, or did not: the first success is the sender's.
    pub(crate) fn answered(
        &mut self,
        frame: &mut Frame,
        id: TransactionId,
        status: Status,
        now: Instant,
    ) {
        if status.is_provisional() {
            return;
        }
        let Some(pending) = self.pending.get_mut(&id) else { return };
        pending.left -= 1;
        if status.is_failure() && !matches!(status.code(), 401 | 407) {
            pending.worst = status;
        }
        if pending.left > 0 && !status.is_success() {
            return;
        }
        let Some(pending) = self.pending.remove(&id) else { return };
        let status = if status.is_success() { Status::OK } else { pending.worst };
        frame.reply(id, &pending.request.view(), &pending.flow, status, now);
    }
}
