//! One resolution: from a destination by way of NAPTR, SRV and addresses to targets, RFC 3263 §4.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::walk::Walk;
use super::{Answer, Cache, Destination, Failures, Question, Reach, Targets};

/// A resolution under way. [`Lookup::step`] after the start and after each answer.
#[derive(Debug)]
pub struct Lookup {
    destination: Destination,
    /// What chooses among SRV records of one priority.
    random: u64,
    answers: BTreeMap<Question, Answer>,
    asked: BTreeSet<Question>,
    give_up_at: Option<Instant>,
}

/// How far a [`Lookup`] came.
#[derive(Debug)]
pub enum Progress {
    /// These questions are new; their answers are awaited. May be empty when others are under way.
    Ask(Vec<Question>),
    /// The end: where to send. Empty when the destination has no address that we can reach.
    Ready(Targets),
}

impl Lookup {
    /// Starts to resolve `destination`; `random` is eight random bytes.
    pub fn new(destination: Destination, random: u64) -> Self {
        Self {
            destination,
            random,
            answers: BTreeMap::new(),
            asked: BTreeSet::new(),
            give_up_at: None,
        }
    }

    /// What is to be done next.
    pub fn step(
        &mut self,
        reach: &Reach,
        cache: &Cache,
        failures: &Failures,
        now: Instant,
    ) -> Progress {
        let mut walk = Walk {
            reach,
            cache,
            own: &self.answers,
            missing: BTreeSet::new(),
            random: self.random,
            now,
        };
        let mut found = walk.targets(&self.destination);
        let missing = walk.missing;
        if missing.is_empty() {
            let mut seen = BTreeSet::new();
            found.retain(|target| seen.insert(*target));
            found.truncate(MOST_TARGETS);
            return Progress::Ready(Targets::new(found, failures, now));
        }
        self.give_up_at.get_or_insert(now + PATIENCE);
        let new: Vec<_> = missing.difference(&self.asked).cloned().collect();
        self.asked.extend(new.iter().cloned());
        Progress::Ask(new)
    }

    /// An answer came. Answers to questions of others are ignored.
    pub fn answer(&mut self, question: Question, answer: Answer) {
        if self.asked.contains(&question) {
            self.answers.insert(question, answer);
        }
    }

    /// When [`Lookup::timeout`] is due: the resolver had its time, and a caller waits.
    pub fn deadline(&self) -> Option<Instant> {
        self.give_up_at
    }

    /// Takes what is still unanswered for a negative answer; a step follows.
    pub fn timeout(&mut self, now: Instant) {
        if self.give_up_at.is_none_or(|at| now < at) {
            return;
        }
        for question in &self.asked {
            self.answers.entry(question.clone()).or_insert_with(Answer::nothing);
        }
        self.give_up_at = None;
    }
}

/// How long a caller waits for DNS in all: two tries of a stub resolver's five seconds are too
/// many.
const PATIENCE: Duration = Duration::from_secs(6);

/// Targets of one destination that are tried at most.
const MOST_TARGETS: usize = 32;

#[cfg(test)]
mod tests {
    use super::super::{Family, Limits, Record, Target, name};
    use super::*;
    use crate::fake_time::FakeTime;
    use crate::flow::Transport;

    /// A DNS that knows a few names; everything else is a negative answer.
    struct Zone(Vec<(Question, Vec<Record>)>);

    fn naptr(order: u16, service: &str, replacement: &str) -> Record {
        let (flags, service) = ("s".to_owned(), service.to_owned());
        let replacement = replacement.to_owned();
        Record::Naptr { order, preference: 50, flags, service, replacement }
    }

    fn srv(priority: u16, weight: u16, port: u16, target: &str) -> Record {
        Record::Srv { priority, weight, port, target: target.to_owned() }
    }

    fn ip(address: &str) -> Vec<Record> {
        vec![Record::Address(address.parse().unwrap())]
    }

    fn to(host: &str, port: Option<u16>, transport: Option<Transport>) -> Destination {
        Destination { host: host.to_owned(), port, transport, secure: false }
    }

    fn reach() -> Reach {
        Reach {
            transports: vec![Transport::Udp, Transport::Tcp, Transport::Tls],
            families: vec![Family::V6, Family::V4],
        }
    }

    /// Runs a lookup to its end and says what was asked, round by round, and found.
    fn resolve(zone: &Zone, to: Destination, random: u64) -> (Vec<Vec<Question>>, Vec<String>) {
        let time = FakeTime::start();
        let (cache, failures) = (Cache::new(Limits::default()), Failures::default());
        let mut lookup = Lookup::new(to, random);
        let mut rounds = Vec::new();
        loop {
            match lookup.step(&reach(), &cache, &failures, time.at(0)) {
                Progress::Ready(targets) => {
                    let spelled =
                        |target: Target| format!("{} {}", target.transport.uri_name(), target.addr);
                    return (rounds, targets.map(spelled).collect());
                }
                Progress::Ask(questions) => {
                    assert!(!questions.is_empty(), "a lookup that waits for nobody");
                    for question in &questions {
                        let known = zone.0.iter().find(|(asked, _)| asked == question);
                        let records = known.map(|(_, records)| records.clone());
                        let answer = Answer { records: records.unwrap_or_default(), ttl: None };
                        lookup.answer(question.clone(), answer);
                    }
                    rounds.push(questions);
                }
            }
        }
    }

    #[test]
    fn an_address_needs_no_question() {
        let none = Zone(vec![]);
        let (asked, found) = resolve(&none, to("192.0.2.7", None, None), 0);
        assert_eq!((asked.len(), found), (0, vec!["udp 192.0.2.7:5060".to_owned()]));
        let (asked, found) = resolve(&none, to("[2001:db8::7]", Some(5080), None), 0);
        assert_eq!((asked.len(), found), (0, vec!["udp [2001:db8::7]:5080".to_owned()]));
    }

    #[test]
    fn a_sips_address_is_reached_by_tls_on_5061() {
        let to = Destination { secure: true, ..to("192.0.2.7", None, Some(Transport::Tcp)) };
        assert_eq!(resolve(&Zone(vec![]), to, 0).1, ["tls 192.0.2.7:5061"]);
    }

    #[test]
    fn a_name_with_a_port_is_asked_for_its_addresses_only() {
        let zone = Zone(vec![
            (Question::A(name("pbx.example")), ip("192.0.2.1")),
            (Question::Aaaa(name("pbx.example")), ip("2001:db8::1")),
        ]);
        let (asked, found) = resolve(&zone, to("PBX.example.", Some(5070), None), 0);
        assert_eq!(asked.len(), 1);
        assert_eq!(found, ["udp [2001:db8::1]:5070", "udp 192.0.2.1:5070"]);
    }

    #[test]
    fn a_domain_is_walked_by_naptr_then_srv_then_addresses() {
        let zone = Zone(vec![
            (
                Question::Naptr(name("carrier.example")),
                vec![
                    naptr(20, "SIP+D2U", "_sip._udp.carrier.example"),
                    naptr(10, "SIP+D2T", "_sip._tcp.carrier.example"),
                    naptr(5, "SIP+D2S", "_sip._sctp.carrier.example"),
                ],
            ),
            (
                Question::Srv(name("_sip._tcp.carrier.example")),
                vec![srv(0, 0, 5070, "one.example")],
            ),
            (
                Question::Srv(name("_sip._udp.carrier.example")),
                vec![srv(0, 0, 5071, "two.example")],
            ),
            (Question::A(name("one.example")), ip("192.0.2.1")),
            (Question::A(name("two.example")), ip("192.0.2.2")),
        ]);
        let (asked, found) = resolve(&zone, to("carrier.example", None, None), 0);
        assert_eq!(found, ["tcp 192.0.2.1:5070", "udp 192.0.2.2:5071"]);
        assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [1, 2, 4]);
    }

    #[test]
    fn without_naptr_each_transport_is_asked_by_srv_and_then_the_host_itself() {
        let zone = Zone(vec![(Question::A(name("small.example")), ip("192.0.2.9"))]);
        let (asked, found) = resolve(&zone, to("small.example", None, None), 0);
        assert_eq!(found, ["udp 192.0.2.9:5060"]);
        assert_eq!(asked.iter().map(Vec::len).collect::<Vec<_>>(), [1, 3, 2]);
    }

    #[test]
    fn a_named_transport_skips_naptr() {
        let zone = Zone(vec![
            (
                Question::Srv(name("_sip._tcp.carrier.example")),
                vec![srv(0, 0, 5090, "one.example")],
            ),
            (Question::A(name("one.example")), ip("192.0.2.1")),
        ]);
        let destination = to("carrier.example", None, Some(Transport::Tcp));
        let (asked, found) = resolve(&zone, destination, 0);
        assert_eq!((asked.len(), found), (2, vec!["tcp 192.0.2.1:5090".to_owned()]));
    }

    #[test]
    fn a_secure_domain_is_never_reached_in_clear() {
        let zone = Zone(vec![
            (
                Question::Naptr(name("bank.example")),
                vec![naptr(1, "SIP+D2U", "_sip._udp.bank.example")],
            ),
            (Question::A(name("bank.example")), ip("192.0.2.3")),
        ]);
        let destination = Destination { secure: true, ..to("bank.example", None, None) };
        assert_eq!(resolve(&zone, destination, 0).1, ["tls 192.0.2.3:5061"]);
    }

    #[test]
    fn a_service_that_is_decidedly_not_there_has_no_targets() {
        let zone = Zone(vec![
            (Question::Srv(name("_sip._udp.none.example")), vec![srv(0, 0, 0, ".")]),
            (Question::A(name("none.example")), ip("192.0.2.3")),
        ]);
        let destination = to("none.example", None, Some(Transport::Udp));
        assert_eq!(resolve(&zone, destination, 0).1, [""; 0]);
    }

    #[test]
    fn servers_of_one_priority_share_the_load_by_weight_and_a_worse_priority_comes_last() {
        let zone = Zone(vec![
            (
                Question::Srv(name("_sip._udp.carrier.example")),
                vec![srv(2, 0, 3, "c"), srv(1, 30, 2, "b"), srv(1, 10, 1, "a"), srv(1, 0, 4, "d")],
            ),
            (Question::A(name("a")), ip("192.0.2.1")),
            (Question::A(name("b")), ip("192.0.2.2")),
            (Question::A(name("c")), ip("192.0.2.3")),
            (Question::A(name("d")), ip("192.0.2.4")),
        ]);
        let mut first = BTreeMap::new();
        for random in 0..4000 {
            let destination = to("carrier.example", None, Some(Transport::Udp));
            let (_, found) = resolve(&zone, destination, random);
            assert_eq!(found.len(), 4);
            assert_eq!(found[3], "udp 192.0.2.3:3");
            *first.entry(found[0].clone()).or_insert(0) += 1;
        }
        // Of 41 marks, one is the weightless server's, ten are a's and thirty b's.
        assert!((2800..3050).contains(&first["udp 192.0.2.2:2"]), "{first:?}");
        assert!((880..1080).contains(&first["udp 192.0.2.1:1"]), "{first:?}");
        assert!((50..150).contains(&first["udp 192.0.2.4:4"]), "{first:?}");
    }

    #[test]
    fn the_same_random_number_gives_the_same_order() {
        let zone = Zone(vec![(
            Question::Srv(name("_sip._udp.c.example")),
            (1..9).map(|last| srv(1, 1, last, &format!("192.0.2.{last}"))).collect(),
        )]);
        let once = |random| resolve(&zone, to("c.example", None, Some(Transport::Udp)), random).1;
        assert_eq!(once(7), once(7));
        assert_ne!(once(7), once(8));
    }

    #[test]
    fn a_resolver_that_does_not_reply_is_given_up_after_6_s() {
        let time = FakeTime::start();
        let (cache, failures) = (Cache::new(Limits::default()), Failures::default());
        let mut lookup = Lookup::new(to("pbx.example", Some(5060), None), 0);
        let progress = lookup.step(&reach(), &cache, &failures, time.at(0));
        assert!(matches!(progress, Progress::Ask(asked) if asked.len() == 2));
        let progress = lookup.step(&reach(), &cache, &failures, time.at(10));
        assert!(matches!(progress, Progress::Ask(asked) if asked.is_empty()));
        assert_eq!(lookup.deadline(), Some(time.at(6_000)));
        lookup.timeout(time.at(6_000));
        let progress = lookup.step(&reach(), &cache, &failures, time.at(6_000));
        assert!(matches!(progress, Progress::Ready(targets) if targets.rest().is_empty()));
    }

    #[test]
    fn a_cached_answer_is_not_asked_again() {
        let time = FakeTime::start();
        let mut cache = Cache::new(Limits::default());
        for question in [Question::A(name("pbx.example")), Question::Aaaa(name("pbx.example"))] {
            cache.keep(question, Answer { records: ip("192.0.2.1"), ttl: None }, time.at(0));
        }
        let mut lookup = Lookup::new(to("pbx.example", Some(5060), None), 0);
        let progress = lookup.step(&reach(), &cache, &Failures::default(), time.at(1));
        assert!(matches!(progress, Progress::Ready(targets) if targets.rest().len() == 1));
    }
}
