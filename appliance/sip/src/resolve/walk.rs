//! From answers to targets: the order of NAPTR, SRV and address records, RFC 3263 §4 and RFC 2782.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use super::{Answer, Cache, Destination, Family, Question, Reach, Record, Target, name};
use crate::flow::Transport;

/// One pass over the answers at hand. It notes each answer that it misses and goes on, so that all
/// questions that can be asked at once are.
pub(super) struct Walk<'a> {
    pub(super) reach: &'a Reach,
    pub(super) cache: &'a Cache,
    /// What this lookup was told; it holds even if its time to live is over by now.
    pub(super) own: &'a BTreeMap<Question, Answer>,
    pub(super) missing: BTreeSet<Question>,
    /// What chooses among SRV records of one priority.
    pub(super) random: u64,
    pub(super) now: Instant,
}

/// An SRV record's content.
#[derive(Clone, Copy)]
struct Server<'a> {
    priority: u16,
    weight: u16,
    port: u16,
    target: &'a str,
}

impl<'a> Walk<'a> {
    pub(super) fn targets(&mut self, destination: &Destination) -> Vec<Target> {
        let settled = destination.settled_transport();
        if let Some(transport) = settled
            && !self.reach.transports.contains(&transport)
        {
            return Vec::new();
        }
        let transport = settled.unwrap_or(destination.usual_transport());
        let port = destination.port.unwrap_or(transport.default_port());
        if let Some(ip) = destination.address() {
            return self.reachable(ip, port, transport).into_iter().collect();
        }
        let host = name(&destination.host);
        match (destination.port, settled) {
            (Some(port), _) => self.addresses(host, port, transport),
            (None, Some(transport)) => self.by_srv(&host, &[transport], destination),
            (None, None) => self.by_naptr(&host, destination),
        }
    }

    /// RFC 3263 §4.1: the domain says which transports it has, and in which order it likes them.
    fn by_naptr(&mut self, host: &Arc<str>, destination: &Destination) -> Vec<Target> {
        let Some(answer) = self.known(Question::Naptr(host.clone())) else { return Vec::new() };
        let mut services: Vec<_> = answer
            .records
            .iter()
            .filter_map(|record| {
                let Record::Naptr { order, preference, flags, service, replacement } = record
                else {
                    return None;
                };
                let transport = naptr_transport(service)?;
                let usable = self.reach.transports.contains(&transport)
                    && (transport.is_secure() || !destination.secure);
                usable.then_some((*order, *preference, flags, transport, replacement))
            })
            .collect();
        services.sort_by_key(|(order, preference, ..)| (*order, *preference));
        services.truncate(MOST_RECORDS);
        if services.is_empty() {
            let transports = self.usable_transports(destination.secure);
            return self.by_srv(host, &transports, destination);
        }
        let mut found = Vec::new();
        for (_, _, flags, transport, replacement) in services {
            let replacement = name(replacement);
            if flags.eq_ignore_ascii_case("s") {
                found.extend(self.servers(Question::Srv(replacement), transport));
            } else if flags.eq_ignore_ascii_case("a") {
                let port = transport.default_port();
                found.extend(self.addresses(replacement, port, transport));
            }
        }
        found
    }

    /// RFC 3263 §4.1 and §4.2 without NAPTR: SRV for each transport, else the host itself.
    fn by_srv(
        &mut self,
        host: &Arc<str>,
        transports: &[Transport],
        destination: &Destination,
    ) -> Vec<Target> {
        let mut found = Vec::new();
        let mut absent = true;
        for &transport in transports {
            let Some(service) = srv_service(transport) else { continue };
            let question = Question::Srv(format!("{service}.{host}").into());
            let records = self.known(question.clone()).map(|answer| answer.records.len());
            absent &= records == Some(0);
            found.extend(self.servers(question, transport));
        }
        if !absent {
            return found;
        }
        let usual = destination.usual_transport();
        let fallback = match transports {
            [only] => *only,
            list if list.contains(&usual) => usual,
            [first, ..] => *first,
            [] => return found,
        };
        self.addresses(host.clone(), fallback.default_port(), fallback)
    }

    /// The hosts of one SRV name in RFC 2782's order.
    fn servers(&mut self, question: Question, transport: Transport) -> Vec<Target> {
        let Some(answer) = self.known(question) else { return Vec::new() };
        let mut servers: Vec<_> = answer.records.iter().filter_map(Server::of).collect();
        servers.sort_by_key(|server| (server.priority, server.weight != 0));
        servers.truncate(MOST_RECORDS);
        let mut found = Vec::new();
        for server in self.weighted(servers) {
            found.extend(self.addresses(name(server.target), server.port, transport));
        }
        found
    }

    /// RFC 2782's drawing: within a priority each remaining server is next with a chance that is
    /// its share of the remaining weight.
    fn weighted(&self, mut servers: Vec<Server<'a>>) -> Vec<Server<'a>> {
        let mut random = self.random;
        let mut drawn = Vec::with_capacity(servers.len());
        while let Some(first) = servers.first() {
            let priority = first.priority;
            let level = || servers.iter().take_while(|server| server.priority == priority);
            let sum: u64 = level().map(|server| u64::from(server.weight)).sum();
            random = next_random(random);
            let mark = random % (sum + 1);
            let mut running = 0;
            let at = level().position(|server| {
                running += u64::from(server.weight);
                running >= mark
            });
            drawn.push(servers.remove(at.unwrap_or(0)));
        }
        drawn
    }

    /// The addresses of a host, in the order of our families.
    fn addresses(&mut self, host: Arc<str>, port: u16, transport: Transport) -> Vec<Target> {
        if let Ok(ip) = host.parse() {
            return self.reachable(ip, port, transport).into_iter().collect();
        }
        let mut found = Vec::new();
        for family in &self.reach.families {
            let question = match family {
                Family::V4 => Question::A(host.clone()),
                Family::V6 => Question::Aaaa(host.clone()),
            };
            let Some(answer) = self.known(question) else { continue };
            found.extend(answer.records.iter().take(MOST_RECORDS).filter_map(|record| {
                let Record::Address(ip) = record else { return None };
                let fits = ip.is_ipv4() == (*family == Family::V4);
                fits.then_some(Target { transport, addr: SocketAddr::new(*ip, port) })
            }));
        }
        found
    }

    fn reachable(&self, ip: IpAddr, port: u16, transport: Transport) -> Option<Target> {
        let family = if ip.is_ipv4() { Family::V4 } else { Family::V6 };
        let target = Target { transport, addr: SocketAddr::new(ip, port) };
        self.reach.families.contains(&family).then_some(target)
    }

    fn usable_transports(&self, secure: bool) -> Vec<Transport> {
        let usable = |transport: &&Transport| {
            srv_service(**transport).is_some() && (!secure || transport.is_secure())
        };
        self.reach.transports.iter().filter(usable).copied().collect()
    }

    fn known(&mut self, question: Question) -> Option<&'a Answer> {
        let answer = self.own.get(&question).or_else(|| self.cache.answer(&question, self.now));
        if answer.is_none() {
            self.missing.insert(question);
        }
        answer
    }
}

impl<'a> Server<'a> {
    fn of(record: &'a Record) -> Option<Self> {
        let Record::Srv { priority, weight, port, target } = record else { return None };
        // "." says that the service is decidedly not there (RFC 2782).
        let there = !target.trim_end_matches('.').is_empty();
        there.then_some(Self { priority: *priority, weight: *weight, port: *port, target })
    }
}

/// RFC 3263 §4.1 and RFC 7118 §10.
fn naptr_transport(service: &str) -> Option<Transport> {
    const SERVICES: [(&str, Transport); 5] = [
        ("SIP+D2U", Transport::Udp),
        ("SIP+D2T", Transport::Tcp),
        ("SIPS+D2T", Transport::Tls),
        ("SIP+D2W", Transport::Ws),
        ("SIPS+D2W", Transport::Wss),
    ];
    SERVICES.iter().find(|(name, _)| name.eq_ignore_ascii_case(service)).map(|(_, found)| *found)
}

/// RFC 3263 §4.2; WebSocket has no SRV service.
fn srv_service(transport: Transport) -> Option<&'static str> {
    match transport {
        Transport::Udp => Some("_sip._udp"),
        Transport::Tcp => Some("_sip._tcp"),
        Transport::Tls => Some("_sips._tcp"),
        Transport::Ws | Transport::Wss => None,
    }
}

/// SplitMix64: spreads one drawn number over the drawings of a lookup.
fn next_random(seed: u64) -> u64 {
    let mut z = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Records of one answer that are followed: a hostile zone does not make us ask a thousand times.
const MOST_RECORDS: usize = 16;
