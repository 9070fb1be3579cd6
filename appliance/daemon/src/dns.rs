//! DNS for next hops (RFC 3263). Every question is answered in bounded time, if only with nothing;
//! calls inside the house never ask one.

use crate::mailbox::{Mail, Mailbox};
use hickory_resolver::TokioResolver;
use hickory_resolver::lookup::Lookup;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::rr::{Name, RData, RecordType};
use sip::resolve::{Answer, Question, Record};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// Asks the system's name servers.
#[derive(Clone)]
pub(crate) struct Dns {
    runtime: Handle,
    mailbox: Mailbox,
    /// How many questions may be under way.
    places: Arc<Semaphore>,
    resolver: Arc<Mutex<Option<Configured>>>,
}

/// A resolver and the age of the file that it was configured from.
struct Configured {
    resolver: TokioResolver,
    of: Option<SystemTime>,
}

impl Dns {
    /// Asks nothing yet, and reads nothing.
    pub(crate) fn new(runtime: Handle, mailbox: Mailbox) -> Self {
        let places = Arc::new(Semaphore::new(MOST));
        Self { runtime, mailbox, places, resolver: Arc::default() }
    }

    /// Asks; the answer comes to the mailbox.
    pub(crate) fn ask(&self, question: Question) {
        let dns = self.clone();
        self.runtime.spawn(async move {
            let answer = timeout(PATIENCE, dns.look_up(&question)).await;
            let answer = answer.unwrap_or_else(|_| Answer::nothing());
            let _ = dns.mailbox.send(Mail::Resolved(question, answer)).await;
        });
    }

    async fn look_up(&self, question: &Question) -> Answer {
        let Ok(_place) = self.places.acquire().await else { return Answer::nothing() };
        let Some(resolver) = self.resolver() else { return Answer::nothing() };
        let (name, kind) = match question {
            Question::Naptr(name) => (name, RecordType::NAPTR),
            Question::Srv(name) => (name, RecordType::SRV),
            Question::A(name) => (name, RecordType::A),
            Question::Aaaa(name) => (name, RecordType::AAAA),
        };
        let Ok(mut name) = Name::from_ascii(&**name) else { return Answer::nothing() };
        // A name with dots is whole; one without may be completed by the network's own domain.
        name.set_fqdn(name.num_labels() > 1);
        match resolver.lookup(name, kind).await {
            Ok(lookup) => answer(&lookup),
            Err(NetError::Dns(DnsError::NoRecordsFound(none))) => {
                let ttl = none.negative_ttl.map(|ttl| Duration::from_secs(ttl.into()));
                Answer { records: Vec::new(), ttl }
            }
            Err(error) => {
                tracing::debug!(%error, ?question, "no answer from the DNS");
                Answer::nothing()
            }
        }
    }

    /// The resolver for the name servers as they are now: a router may have given others.
    fn resolver(&self) -> Option<TokioResolver> {
        let of = std::fs::metadata(RESOLV_CONF).and_then(|file| file.modified()).ok();
        let mut configured = self.resolver.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(configured) = configured.as_ref().filter(|configured| configured.of == of) {
            return Some(configured.resolver.clone());
        }
        let mut builder = TokioResolver::builder_tokio().ok()?;
        let options = builder.options_mut();
        options.timeout = ATTEMPT;
        options.attempts = 2;
        // The exchange remembers answers itself.
        options.cache_size = 0;
        let resolver = builder.build().ok()?;
        *configured = Some(Configured { resolver: resolver.clone(), of });
        Some(resolver)
    }
}

fn answer(lookup: &Lookup) -> Answer {
    let ttl = lookup.valid_until().saturating_duration_since(Instant::now());
    let records = lookup.answers().iter().filter_map(|answer| record(&answer.data)).collect();
    Answer { records, ttl: Some(ttl) }
}

fn record(data: &RData) -> Option<Record> {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Some(match data {
        RData::A(address) => Record::Address(IpAddr::V4(address.0)),
        RData::AAAA(address) => Record::Address(IpAddr::V6(address.0)),
        RData::SRV(srv) => Record::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: srv.target.to_ascii(),
        },
        RData::NAPTR(naptr) => Record::Naptr {
            order: naptr.order,
            preference: naptr.preference,
            flags: text(&naptr.flags),
            service: text(&naptr.services),
            replacement: naptr.replacement.to_ascii(),
        },
        _ => return None,
    })
}

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Questions under way at a time; a trunk has three.
const MOST: usize = 64;
/// In all, a little less than the exchange waits.
const PATIENCE: Duration = Duration::from_secs(5);
const ATTEMPT: Duration = Duration::from_secs(2);
