//! Where extensions can be reached: RFC 3261 §10, RFC 3327 (Path), RFC 5626 (outbound), RFC 5627 left out.

mod date;

use crate::Output;
use crate::frame::Frame;
use crate::guard::Known;
use crate::leg::sip::Experience;
use call::{Event, Registration, RegistrationId, UnixMillis};
use config::{Config, TenantId};
use date::http_date;
use sip::flow::{Flow, Transport};
use sip::header::list::Contacts;
use sip::header::name_addr::NameAddr;
use sip::transaction::TransactionId;
use sip::{Message, Name, Status};
use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// All bindings.
#[derive(Debug, Default)]
pub(crate) struct Registrar {
    bindings: BTreeMap<RegistrationId, Binding>,
    by_number: BTreeMap<(u32, String), Vec<RegistrationId>>,
    /// Live bindings by the address they came from: such a source is never banned.
    sources: BTreeMap<IpAddr, u32>,
    expiries: BTreeSet<(UnixMillis, RegistrationId)>,
    next: u64,
}

/// One binding and the flow by which its phone is reached.
#[derive(Debug, Clone)]
pub(crate) struct Binding {
    pub(crate) registration: Arc<Registration>,
    pub(crate) flow: Flow,
    /// What it said to offers of keys.
    experience: Option<Experience>,
    /// When it last offered keys itself, they were to come by a handshake and in no other way: so it is
    /// asked in its turn.
    pub(crate) shakes_hands: bool,
}

/// One Contact of a REGISTER, read.
struct Wanted {
    contact: String,
    instance: Option<String>,
    reg_id: Option<u32>,
    q: u16,
    seconds: u32,
}

impl Registrar {
    pub(crate) fn len(&self) -> usize {
        self.bindings.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Registration>> {
        self.bindings.values().map(|binding| &binding.registration)
    }

    pub(crate) fn binding(&self, id: RegistrationId) -> Option<&Binding> {
        self.bindings.get(&id)
    }

    /// What a phone said to offers of keys since it registered first.
    pub(crate) fn experience(&self, id: RegistrationId) -> Option<Experience> {
        self.binding(id)?.experience
    }

    /// A phone said something to an offer of keys; with nothing, it is asked as if it were new.
    pub(crate) fn learn(&mut self, id: RegistrationId, experience: Option<Experience>) {
        if let Some(binding) = self.bindings.get_mut(&id) {
            binding.experience = experience;
        }
    }

    /// The phones of an extension, best first (RFC 3261 §16.5 leaves the rest to us).
    pub(crate) fn of(&self, tenant: TenantId, number: &str) -> Vec<RegistrationId> {
        let ids = self.by_number.get(&(tenant.0, number.to_owned())).cloned().unwrap_or_default();
        let mut ranked: Vec<_> = ids
            .into_iter()
            .filter_map(|id| Some((1000 - self.bindings.get(&id)?.registration.q.min(1000), id)))
            .collect();
        ranked.sort_unstable();
        ranked.into_iter().map(|(_, id)| id).collect()
    }

    /// Whether a phone is registered from this address.
    pub(crate) fn is_source(&self, address: IpAddr) -> bool {
        self.sources.contains_key(&address)
    }

    /// Whether a phone of this extension registered over this flow.
    pub(crate) fn came_by(&self, tenant: TenantId, number: &str, flow: &Flow) -> bool {
        let mut bindings = self.of(tenant, number).into_iter().filter_map(|id| self.binding(id));
        bindings.any(|known| known.came_by(flow))
    }

    /// A phone of this extension offers keys in a call that comes over this flow.
    pub(crate) fn note_keys(
        &mut self,
        tenant: TenantId,
        number: &str,
        flow: &Flow,
        shakes_hands: bool,
    ) {
        for id in self.of(tenant, number) {
            let known = self.bindings.get_mut(&id).filter(|known| known.came_by(flow));
            known.into_iter().for_each(|known| known.shakes_hands = shakes_hands);
        }
    }

    /// Takes back what a former run had; what has expired meanwhile is forgotten.
    pub(crate) fn restore(&mut self, kept: Vec<Registration>, frame: &mut Frame, now: Instant) {
        let clock = frame.clock(now);
        for registration in kept {
            self.next = self.next.max(registration.id.0 + 1);
            if registration.expires <= clock {
                frame.output.push_back(Output::Unbind(registration.id));
                continue;
            }
            let transport = match registration.transport {
                call::Transport::Udp => Transport::Udp,
                call::Transport::Tcp => Transport::Tcp,
                call::Transport::Tls => Transport::Tls,
                call::Transport::Wss => Transport::Wss,
            };
            let (local, remote) = (registration.local, registration.source);
            // A stream did not survive the restart; its phone comes again by itself.
            let flow = Flow { transport, local, remote, connection: None };
            let registration = Arc::new(registration);
            self.insert(Binding { registration, flow, experience: None, shakes_hands: false });
        }
    }

    /// Answers a REGISTER of a phone that has proved who it is. The streams that its bindings have
    /// left for this one: calls that it has there go on here (RFC 5626 §5.3).
    pub(crate) fn register(
        &mut self,
        frame: &mut Frame,
        id: TransactionId,
        request: &Message<'_>,
        flow: Flow,
        who: &Known,
        now: Instant,
    ) -> Vec<Flow> {
        let (compose, moved) = match self.bind(frame, request, flow, who, now) {
            Ok(moved) => (self.bindings_of(frame, request, &flow, who, now), moved),
            Err(Refused { status, reason }) => {
                frame.count("registrations", "refused");
                let tag = frame.random.token();
                let compose = sip::response_to(request, status, reason, Some(&tag), flow.remote);
                let compose = match status {
                    Status::INTERVAL_TOO_BRIEF => compose.header(Name::MinExpires, MIN_SECONDS),
                    _ => compose,
                };
                frame.respond(id, status, compose, now);
                return Vec::new();
            }
        };
        frame.respond(id, Status::OK, compose, now);
        moved
    }

    fn bind(
        &mut self,
        frame: &mut Frame,
        request: &Message<'_>,
        flow: Flow,
        who: &Known,
        now: Instant,
    ) -> Result<Vec<Flow>, Refused> {
        let number = who.extension.number.as_str();
        self.check_address(request, who)?;
        let contacts = request.contacts().map_err(|malformed| Refused {
            status: Status::BAD_REQUEST,
            reason: malformed.reason(),
        })?;
        let call_id = request.call_id().unwrap_or_default();
        let cseq = request.cseq().map(|cseq| cseq.number).unwrap_or_default();
        let mine = self.of(who.tenant(), number);
        let listed = match contacts {
            Contacts::Star => {
                if request.expires() != Some(0) {
                    return Err(Refused::bad("Contact: * needs Expires: 0"));
                }
                self.check_order(&mine, call_id, cseq)?;
                for id in mine {
                    self.remove(id, frame, "unregistered");
                }
                return Ok(Vec::new());
            }
            Contacts::Listed(listed) => listed,
        };
        let mut wanted = Vec::new();
        for contact in listed {
            let contact = contact.map_err(|malformed| Refused::bad(malformed.reason()))?;
            wanted.push(Wanted::read(&contact, request)?);
        }
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        self.check_order(&mine, call_id, cseq)?;
        let new = wanted.iter().filter(|wanted| wanted.seconds > 0).count();
        if mine.len() + new > MOST_BINDINGS + mine.len().min(new) {
            return Err(Refused {
                status: Status::FORBIDDEN,
                reason: "Too many phones are registered for this extension",
            });
        }
        let path: Vec<String> = request
            .paths()
            .map(|paths| paths.flatten().map(|path| path.uri().as_str().to_owned()).collect())
            .unwrap_or_default();
        let user_agent: String =
            request.user_agent().unwrap_or_default().chars().take(MAX_USER_AGENT).collect();
        let clock = frame.clock(now);
        let mut moved = Vec::new();
        for wanted in wanted {
            let same = mine.iter().copied().find(|id| self.is_same(*id, &wanted));
            if wanted.seconds == 0 {
                if let Some(id) = same {
                    self.remove(id, frame, "unregistered");
                }
                continue;
            }
            let known = same.and_then(|id| self.bindings.get(&id));
            let left = known.map(|known| known.flow);
            moved.extend(left.filter(|old| old.connection.is_some() && *old != flow));
            let registered = known.map_or(clock, |known| known.registration.registered);
            let id = same.unwrap_or_else(|| {
                self.next += 1;
                RegistrationId(self.next)
            });
            let registration = Arc::new(Registration {
                id,
                tenant: who.tenant().0,
                number: number.to_owned(),
                device: who.device.as_ref().map(|device| device.name.clone()),
                contact: wanted.contact,
                instance: wanted.instance,
                reg_id: wanted.reg_id,
                q: wanted.q,
                path: path.clone(),
                call_id: call_id.to_owned(),
                cseq,
                transport: match flow.transport {
                    Transport::Udp => call::Transport::Udp,
                    Transport::Tcp => call::Transport::Tcp,
                    Transport::Tls => call::Transport::Tls,
                    Transport::Ws | Transport::Wss => call::Transport::Wss,
                },
                source: flow.remote,
                local: flow.local,
                user_agent: user_agent.clone(),
                registered,
                expires: clock.after(Duration::from_secs(wanted.seconds.into())),
            });
            if same.is_none() {
                frame.count("registrations", "new");
            } else {
                frame.count("registrations", "refreshed");
            }
            // Set otherwise, or started anew, it may want to be asked otherwise.
            let same = known.filter(|known| known.registration.is_of_same_run(&registration));
            let experience = same.and_then(|known| known.experience);
            let shakes_hands = same.is_some_and(|known| known.shakes_hands);
            let kept = registration.clone();
            self.insert(Binding { registration: kept, flow, experience, shakes_hands });
            frame.output.push_back(Output::Bind(registration.clone()));
            frame.output.push_back(Output::Notify(Event::Registered(registration)));
        }
        self.trim(&who.extension.number.to_string(), who.tenant(), frame);
        Ok(moved)
    }

    /// A phone registers itself, not its neighbour: To must name its extension or its device.
    fn check_address(&self, request: &Message<'_>, who: &Known) -> Result<(), Refused> {
        let to = request.to().map_err(|malformed| Refused::bad(malformed.reason()))?;
        let user = to.uri().user_decoded().unwrap_or_default().into_owned();
        let device = who.device.as_ref().map(|device| device.name.as_str());
        if user == who.extension.number.as_str() || Some(user.as_str()) == device {
            return Ok(());
        }
        Err(Refused {
            status: Status::FORBIDDEN,
            reason: "This account may not register for that address",
        })
    }

    /// RFC 3261 §10.3 step 7: a late REGISTER of the same Call-ID changes nothing.
    fn check_order(
        &self,
        mine: &[RegistrationId],
        call_id: &str,
        cseq: u32,
    ) -> Result<(), Refused> {
        let late = mine.iter().filter_map(|id| self.bindings.get(id)).any(|binding| {
            binding.registration.call_id == call_id && binding.registration.cseq >= cseq
        });
        if late {
            return Err(Refused {
                status: Status::SERVER_INTERNAL_ERROR,
                reason: "A later REGISTER came first",
            });
        }
        Ok(())
    }

    /// RFC 5626 §6: instance and reg-id name a binding; else its URI does.
    fn is_same(&self, id: RegistrationId, wanted: &Wanted) -> bool {
        let Some(binding) = self.bindings.get(&id) else { return false };
        let known = &binding.registration;
        match (&known.instance, &wanted.instance) {
            (Some(known_instance), Some(instance)) if known_instance == instance => {
                known.reg_id == wanted.reg_id || known.contact == wanted.contact
            }
            _ => {
                let uris = (sip::Uri::parse(&known.contact), sip::Uri::parse(&wanted.contact));
                matches!(uris, (Some(known), Some(wanted)) if known.matches(&wanted))
            }
        }
    }

    fn bindings_of(
        &self,
        frame: &mut Frame,
        request: &Message<'_>,
        flow: &Flow,
        who: &Known,
        now: Instant,
    ) -> sip::Compose {
        let clock = frame.clock(now);
        let mut compose = frame.reply_to(request, flow, Status::OK);
        let mut outbound = false;
        for id in self.of(who.tenant(), who.extension.number.as_str()) {
            let Some(binding) = self.bindings.get(&id) else { continue };
            let known = &binding.registration;
            let left = known.expires.since(clock).as_millis().div_ceil(1000);
            let mut value = format!("<{}>;expires={left}", known.contact);
            if known.q != 1000 {
                value += &format!(";q=0.{:03}", known.q);
            }
            if let Some(instance) = &known.instance {
                value += &format!(";+sip.instance=\"<{instance}>\"");
            }
            if let Some(reg_id) = known.reg_id {
                value += &format!(";reg-id={reg_id}");
                outbound = true;
            }
            compose = compose.header(Name::Contact, value);
        }
        compose = compose.copy(request, Name::Path);
        if outbound && request.supports("outbound") {
            compose = compose.header(Name::Require, "outbound").header(Name::FlowTimer, FLOW_TIMER);
        }
        // Phones that know no clock set theirs by this.
        compose.header(Name::Date, http_date(clock))
    }

    /// A source that never says good-bye would fill the table: the oldest of an extension go first.
    fn trim(&mut self, number: &str, tenant: TenantId, frame: &mut Frame) {
        let mut mine: Vec<_> = self
            .of(tenant, number)
            .into_iter()
            .filter_map(|id| Some((self.bindings.get(&id)?.registration.expires, id)))
            .collect();
        mine.sort_unstable();
        let surplus = mine.len().saturating_sub(MOST_BINDINGS);
        for (_, id) in mine.into_iter().take(surplus) {
            self.remove(id, frame, "replaced");
        }
    }

    fn insert(&mut self, binding: Binding) {
        let registration = &binding.registration;
        let id = registration.id;
        let key = (registration.tenant, registration.number.clone());
        if let Some(old) = self.bindings.get(&id).cloned() {
            self.expiries.remove(&(old.registration.expires, id));
            self.left(old.flow.remote.ip());
        } else {
            self.by_number.entry(key).or_default().push(id);
        }
        self.expiries.insert((registration.expires, id));
        *self.sources.entry(binding.flow.remote.ip()).or_default() += 1;
        self.bindings.insert(id, binding);
    }

    pub(crate) fn remove(&mut self, id: RegistrationId, frame: &mut Frame, why: &'static str) {
        let Some(binding) = self.bindings.remove(&id) else { return };
        let registration = &binding.registration;
        let key = (registration.tenant, registration.number.clone());
        if let Some(ids) = self.by_number.get_mut(&key) {
            ids.retain(|known| *known != id);
            if ids.is_empty() {
                self.by_number.remove(&key);
            }
        }
        self.expiries.remove(&(registration.expires, id));
        self.left(binding.flow.remote.ip());
        frame.count("registrations", why);
        frame.output.push_back(Output::Unbind(id));
        frame.output.push_back(Output::Notify(Event::Unregistered(binding.registration)));
    }

    fn left(&mut self, address: IpAddr) {
        if let Some(count) = self.sources.get_mut(&address) {
            *count -= 1;
            if *count == 0 {
                self.sources.remove(&address);
            }
        }
    }

    /// When the next binding expires.
    pub(crate) fn next_expiry(&self) -> Option<UnixMillis> {
        self.expiries.first().map(|(at, _)| *at)
    }

    pub(crate) fn expire(&mut self, frame: &mut Frame, now: Instant) {
        let clock = frame.clock(now);
        while let Some((_, id)) = self.expiries.first().copied().filter(|(at, _)| *at <= clock) {
            self.remove(id, frame, "expired");
        }
    }

    /// An extension or device is gone or switched off: so are its bindings.
    pub(crate) fn reconfigure(&mut self, config: &Config, frame: &mut Frame) {
        let lost: Vec<_> = self
            .bindings
            .values()
            .map(|binding| &binding.registration)
            .filter(|known| {
                let tenant = TenantId(known.tenant);
                let extension = config.extension_by_number(tenant, &known.number);
                let device = known.device.as_deref();
                let device = device.map(|name| config.device_by_name(tenant, name));
                !extension.is_some_and(|extension| extension.enabled)
                    || device.is_some_and(|device| !device.is_some_and(|device| device.enabled))
            })
            .map(|known| known.id)
            .collect();
        for id in lost {
            self.remove(id, frame, "removed");
        }
    }
}

/// Why a REGISTER is refused.
struct Refused {
    status: Status,
    reason: &'static str,
}

impl Refused {
    fn bad(reason: &'static str) -> Self {
        Self { status: Status::BAD_REQUEST, reason }
    }
}

impl Wanted {
    fn read(contact: &NameAddr<'_>, request: &Message<'_>) -> Result<Self, Refused> {
        let uri = contact.uri();
        if !uri.is_sip() {
            return Err(Refused::bad("Contact must be a SIP URI"));
        }
        if uri.as_str().len() > MAX_CONTACT {
            return Err(Refused::bad("Contact is too long"));
        }
        let asked = contact.expires().or_else(|| request.expires()).unwrap_or(DEFAULT_SECONDS);
        if asked != 0 && asked < MIN_SECONDS {
            return Err(Refused {
                status: Status::INTERVAL_TOO_BRIEF,
                reason: "Interval Too Brief",
            });
        }
        let instance = contact.instance().map(|urn| {
            urn.trim_start_matches('<').trim_end_matches('>').chars().take(MAX_INSTANCE).collect()
        });
        Ok(Self {
            contact: uri.as_str().to_owned(),
            instance,
            reg_id: contact.reg_id(),
            q: contact.q().unwrap_or(1000),
            seconds: asked.min(MAX_SECONDS),
        })
    }
}

impl Binding {
    fn came_by(&self, flow: &Flow) -> bool {
        (self.flow.transport, self.flow.remote) == (flow.transport, flow.remote)
    }

    /// Where the phone is: behind a NAT the address that its REGISTER came from, else its Contact.
    pub(crate) fn address(&self) -> SocketAddr {
        let source = self.flow.remote;
        let contact = sip::Uri::parse(&self.registration.contact);
        let host = contact.as_ref().and_then(|uri| uri.host().ip()).map(|ip| ip.to_canonical());
        match (contact, host) {
            (Some(uri), Some(ip)) if ip == source.ip().to_canonical() => SocketAddr::new(
                source.ip(),
                uri.port().unwrap_or(self.flow.transport.default_port()),
            ),
            _ => source,
        }
    }

    /// Whether the phone's Contact is not the address that it came from.
    pub(crate) fn is_behind_nat(&self) -> bool {
        let contact = sip::Uri::parse(&self.registration.contact);
        let host = contact.and_then(|uri| uri.host().ip()).map(|ip| ip.to_canonical());
        host != Some(self.flow.remote.ip().to_canonical())
    }
}

/// RFC 3261 §10.2 suggests an hour.
const DEFAULT_SECONDS: u32 = 3600;
const MAX_SECONDS: u32 = 86_400;
const MIN_SECONDS: u32 = 30;
/// Phones of one extension, twice what anybody has on a desk.
const MOST_BINDINGS: usize = 20;
/// RFC 5626 §5.4: how often a phone should keep its flow alive.
const FLOW_TIMER: u32 = 90;
const MAX_CONTACT: usize = 512;
const MAX_INSTANCE: usize = 128;
const MAX_USER_AGENT: usize = 128;
