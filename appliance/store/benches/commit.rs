//! What keeping costs: processor time for each call record and binding in a group commit, and the
//! time that a page of call records takes among a million. `cargo bench -p store --bench commit`.
#![allow(clippy::unwrap_used)]

use call::{
    CallId, CallRecord, CallState, Decider, Direction, End, MediaKind, Party, Place, Registration,
    RegistrationId, Search, Step, StreamRecord, StreamStats, Transport, UnixMillis,
};
use rustix::time::{ClockId, clock_gettime};
use std::sync::Arc;
use std::time::{Duration, Instant};
use store::{DeviceKey, Facts, Reader, RecordQuery, Store};

fn main() {
    let dir = tempfile::tempdir().unwrap();
    let key = DeviceKey::load(dir.path()).unwrap();
    let mut store = Store::open(dir.path(), key).unwrap();
    let mut next = 0;

    println!("processor time of the storage thread, by the size of a batch");
    println!("{:>8} {:>14} {:>14} {:>14}", "batch", "call begins", "call ends", "binding");
    for batch in [1, 10, 100, 600] {
        let rounds = (3000 / batch).max(5);
        let first = next;
        next += rounds * batch;
        let begins = cpu_of(&mut store, rounds, batch, |facts, i| facts.record(begun(first + i)));
        let ends = cpu_of(&mut store, rounds, batch, |facts, i| facts.record(ended(first + i)));
        // A thousand phones that refresh, each with its next CSeq.
        let mut cseq = 0;
        let binds = cpu_of(&mut store, rounds, batch, |facts, i| {
            cseq += 1;
            facts.bind(binding(i % 1000, cseq));
        });
        println!("{batch:>8} {begins:>11.2} µs {ends:>11.2} µs {binds:>11.2} µs");
    }

    while next < MANY {
        let mut facts = Facts::default();
        (next..next + 10_000).for_each(|i| facts.record(ended(i)));
        store.commit(&facts).unwrap();
        next += 10_000;
    }
    let rounds = 20;
    let (first, batch) = (next, 600);
    let begins = cpu_of(&mut store, rounds, batch, |facts, i| facts.record(begun(first + i)));
    let ends = cpu_of(&mut store, rounds, batch, |facts, i| facts.record(ended(first + i)));
    println!("among {MANY} calls, in batches of {batch}: {begins:.2} µs and {ends:.2} µs");

    let reader = Reader::open(dir.path()).unwrap();
    let all = RecordQuery { before: None, from: None, to: None, search: None, limit: 100 };
    let middle = Some(started(MANY / 2));
    let search = Search::of("+44 20 7946 0007");
    println!("a page of 100 among {MANY} calls");
    page(&reader, "the first", &all);
    page(&reader, "from the middle on", &RecordQuery { to: middle, ..all.clone() });
    let cursor = Some(CallId(MANY / 2));
    page(&reader, "after a cursor", &RecordQuery { before: cursor, ..all.clone() });
    page(&reader, "of a number", &RecordQuery { search: search.clone(), ..all.clone() });
    page(&reader, "of a number, in the middle", &RecordQuery { search, to: middle, ..all.clone() });
    let busy = Search::of("201");
    page(&reader, "of the busiest number", &RecordQuery { search: busy, ..all.clone() });
    let none = Search::of("nobody");
    page(&reader, "of a name without calls", &RecordQuery { search: none, ..all });
}

/// Microseconds of this thread for each fact.
fn cpu_of(store: &mut Store, rounds: u64, batch: u64, mut add: impl FnMut(&mut Facts, u64)) -> f64 {
    let mut spent = Duration::ZERO;
    for round in 0..rounds {
        let mut facts = Facts::default();
        (round * batch..(round + 1) * batch).for_each(|i| add(&mut facts, i));
        let before = cpu();
        store.commit(&facts).unwrap();
        spent += cpu() - before;
    }
    spent.as_secs_f64() * 1e6 / (rounds * batch) as f64
}

fn cpu() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.try_into().unwrap(), time.tv_nsec.try_into().unwrap())
}

fn page(reader: &Reader, name: &str, query: &RecordQuery) {
    let records = reader.records(query).unwrap().records.len();
    let begin = Instant::now();
    for _ in 0..20 {
        std::hint::black_box(reader.records(query).unwrap());
    }
    println!("{name:>30}: {:>8.0} µs, {records} calls", begin.elapsed().as_secs_f64() * 1e6 / 20.0);
}

fn started(i: u64) -> UnixMillis {
    UnixMillis(1_790_000_000_000 + i * 10)
}

/// A call out through a trunk: one caller in two is 201, the called numbers are ten thousand.
fn begun(i: u64) -> Box<CallRecord> {
    let from = if i.is_multiple_of(2) { 201 } else { 202 + i % 500 };
    let to = format!("+44207946{:04}", i * 7919 % 10_000);
    Box::new(CallRecord {
        id: CallId(i),
        tenant: 1,
        direction: Direction::Outbound,
        state: CallState::Dialling,
        from: Party { number: from.to_string(), name: "Reception".to_owned() },
        origin: Place::Extension(from.to_string()),
        dialled: to.clone(),
        to: Party { number: to, name: String::new() },
        destination: Some(Place::Trunk("Carrier".to_owned())),
        started: started(i),
        rang: None,
        answered: None,
        ended: None,
        held: false,
        end: None,
        steps: vec![
            Step { after_ms: 0, text: "the route Outside takes it to Carrier".to_owned() },
            Step { after_ms: 1, text: "Carrier is up and carries 3 of 30 calls".to_owned() },
        ],
        diverted: Vec::new(),
        digits: String::new(),
        keys: Vec::new(),
        talking: Vec::new(),
        security: Vec::new(),
        paths: Vec::new(),
        recordings: Vec::new(),
        streams: Vec::new(),
    })
}

fn ended(i: u64) -> Box<CallRecord> {
    let mut record = begun(i);
    let stats = StreamStats { received: 3000, sent: 3000, lost: 2, ..StreamStats::default() };
    let stream = |leg: &str| StreamRecord {
        leg: leg.to_owned(),
        kind: MediaKind::Audio,
        stats,
        quality: Vec::new(),
        summary: None,
    };
    record.state = CallState::Ended;
    record.rang = Some(UnixMillis(record.started.0 + 300));
    record.answered = Some(UnixMillis(record.started.0 + 4000));
    record.ended = Some(UnixMillis(record.started.0 + 64_000));
    record.end = Some(End::hung_up(Decider::Callee));
    record.streams = vec![stream("caller"), stream("Carrier")];
    record
}

fn binding(i: u64, cseq: u32) -> Arc<Registration> {
    Arc::new(Registration {
        id: RegistrationId(i),
        tenant: 1,
        number: (2000 + i).to_string(),
        device: None,
        contact: format!("sip:{}@192.168.1.20:{}", 2000 + i, 5060 + i),
        instance: None,
        reg_id: None,
        q: 1000,
        path: Vec::new(),
        call_id: format!("{i:032x}"),
        cseq,
        transport: Transport::Udp,
        source: "192.168.1.20:5060".parse().unwrap(),
        local: "192.168.1.1:5060".parse().unwrap(),
        user_agent: "Desk Phone 1.2".to_owned(),
        registered: started(0),
        expires: UnixMillis(started(cseq.into()).0 + 3_600_000),
    })
}

const MANY: u64 = 1_000_000;
