use super::*;
use crate::fake_time::FakeTime;

const SETUP: Setup = Setup {
    timers: Timers {
        t1: std::time::Duration::from_millis(500),
        t2: std::time::Duration::from_secs(4),
        t4: std::time::Duration::from_secs(5),
    },
    most_servers: 100,
    seed: [9; 16],
};

/// The transactions of a box, and the clock.
struct Lab {
    time: FakeTime,
    table: Transactions,
}

fn flow() -> Flow {
    Flow::udp("192.0.2.1:5060".parse().unwrap(), "10.0.0.5:5060".parse().unwrap())
}

fn stream() -> Flow {
    Flow { transport: crate::flow::Transport::Tcp, ..flow() }
}

fn request(method: &str, branch: &str) -> String {
    format!(
        "{method} sip:201@pbx SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5;branch={branch}\r\n\
         From: <sip:202@pbx>;tag=f\r\nTo: <sip:201@pbx>\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n\r\n"
    )
}

fn response(status: u16, method: &str, branch: &str) -> String {
    format!(
        "SIP/2.0 {status} X\r\nVia: SIP/2.0/UDP 192.0.2.1;branch={branch}\r\n\
         From: <sip:202@pbx>;tag=f\r\nTo: <sip:201@pbx>;tag=t\r\nCall-ID: c\r\nCSeq: 1 {method}\r\n\r\n"
    )
}

fn status(code: u16) -> Status {
    Status::new(code).unwrap()
}

impl Lab {
    fn new() -> Self {
        Self { time: FakeTime::start(), table: Transactions::new(SETUP) }
    }

    fn receive(&mut self, text: &str, at: u64) -> Received {
        self.receive_on(text, flow(), at)
    }

    fn receive_on(&mut self, text: &str, flow: Flow, at: u64) -> Received {
        let message = Message::parse_datagram(text.as_bytes()).unwrap();
        self.table.receive(&message, flow, self.time.at(at))
    }

    fn respond(&mut self, id: TransactionId, code: u16, at: u64) -> bool {
        let bytes = format!("SIP/2.0 {code} ours").into_bytes().into();
        self.table.respond(id, status(code), bytes, self.time.at(at))
    }

    fn invite(&mut self, branch: &str, flow: Flow, at: u64) -> TransactionId {
        let bytes = request("INVITE", branch).into_bytes().into();
        self.table.request(Method::Invite, branch, bytes, flow, self.time.at(at))
    }

    /// A request that goes by a stream first.
    fn large(&mut self, method: &str, at: u64) -> TransactionId {
        let bytes = request(method, "z9hG4bKL").into_bytes().into();
        let stream = Flow { connection: Some(ConnectionId(7)), ..stream() };
        let (named, now) = (Method::parse(method), self.time.at(at));
        self.table.request_large(named, "z9hG4bKL", bytes, stream, flow(), now)
    }

    /// What goes out, and by which transport its Via says.
    fn ways(&mut self) -> Vec<String> {
        let way = |out: Out| match &out {
            Out::Send { bytes, flow, .. } => {
                let text = String::from_utf8_lossy(bytes);
                let via = text.lines().find_map(|line| line.strip_prefix("Via: SIP/2.0/"));
                let via = via.and_then(|via| via.split(' ').next()).unwrap_or_default();
                assert_eq!(via, flow.transport.via_name());
                format!("{} by {via}", spelled(&out).split(' ').next().unwrap_or_default())
            }
            _ => spelled(&out),
        };
        std::iter::from_fn(|| self.table.poll()).map(way).collect()
    }

    /// Everything that goes out, in words: the first line of a message, or what is told.
    fn out(&mut self) -> Vec<String> {
        std::iter::from_fn(|| self.table.poll()).map(|out| spelled(&out)).collect()
    }

    /// Lets time pass until nothing is due any more: when, and what goes out.
    fn run(&mut self) -> Vec<(u64, String)> {
        let mut all = Vec::new();
        while let Some(at) = self.table.deadline() {
            self.table.timeout(at);
            let at = self.time.millis(at);
            all.extend(self.out().into_iter().map(|out| (at, out)));
        }
        all
    }
}

fn spelled(out: &Out) -> String {
    match out {
        Out::Send { bytes, .. } => {
            let text = String::from_utf8_lossy(bytes);
            let first = text.lines().next().unwrap_or("");
            first.trim_end_matches(" SIP/2.0").trim_start_matches("SIP/2.0 ").to_owned()
        }
        Out::TimedOut(_) => "timed out".to_owned(),
        Out::TransportFailed(_) => "transport failed".to_owned(),
        Out::FellBack(_) => "fell back".to_owned(),
        Out::Terminated(_) => "terminated".to_owned(),
    }
}

#[test]
fn a_repeated_invite_is_answered_from_memory() {
    let mut a = Lab::new();
    let Received::Request(id) = a.receive(&request("INVITE", "z9hG4bK1"), 0) else { panic!() };
    assert_eq!(a.receive(&request("INVITE", "z9hG4bK1"), 1), Received::Absorbed);
    assert_eq!(a.out(), [""; 0]);
    assert!(a.respond(id, 180, 2));
    assert_eq!(a.receive(&request("INVITE", "z9hG4bK1"), 500), Received::Absorbed);
    assert_eq!(a.out(), ["180 ours", "180 ours"]);
}

#[test]
fn a_refused_call_is_over_5_s_after_its_ack() {
    let mut a = Lab::new();
    let Received::Request(id) = a.receive(&request("INVITE", "z9hG4bK1"), 0) else { panic!() };
    a.respond(id, 486, 10);
    a.table.timeout(a.time.at(510));
    assert_eq!(a.out(), ["486 ours", "486 ours"]);
    assert_eq!(a.receive(&request("ACK", "z9hG4bK1"), 600), Received::Absorbed);
    assert_eq!(a.run(), [(5_600, "terminated".to_owned())]);
    assert!(a.table.is_empty() && a.table.by_key.is_empty());
}

#[test]
fn the_ack_to_a_2xx_is_the_dialogs() {
    let mut a = Lab::new();
    let Received::Request(id) = a.receive(&request("INVITE", "z9hG4bK1"), 0) else { panic!() };
    a.respond(id, 200, 10);
    assert_eq!(a.receive(&request("ACK", "z9hG4bK2"), 20), Received::Ack);
    assert_eq!(a.receive(&request("ACK", "z9hG4bK1"), 20), Received::Ack);
    assert_eq!(a.receive(&request("INVITE", "z9hG4bK1"), 500), Received::Absorbed);
    assert!(a.respond(id, 200, 510), "the user repeats its 2xx through the transaction");
    assert!(!a.respond(id, 486, 511));
    assert_eq!(a.out(), ["200 ours", "200 ours"]);
    assert_eq!(a.run(), [(32_010, "terminated".to_owned())]);
}

#[test]
fn a_cancel_names_its_invite() {
    let mut a = Lab::new();
    let Received::Request(call) = a.receive(&request("INVITE", "z9hG4bK1"), 0) else { panic!() };
    let received = a.receive(&request("CANCEL", "z9hG4bK1"), 100);
    let Received::Cancel { id, invite } = received else { panic!("{received:?}") };
    assert_eq!(invite, Some(call));
    a.respond(id, 200, 100);
    a.respond(call, 487, 100);
    assert_eq!(a.out(), ["200 ours", "487 ours"]);
    let received = a.receive(&request("CANCEL", "z9hG4bKother"), 100);
    assert!(matches!(received, Received::Cancel { invite: None, .. }));
}

#[test]
fn our_refused_invite_is_acknowledged_here_and_told_once() {
    let mut a = Lab::new();
    let id = a.invite("z9hG4bKx", flow(), 0);
    assert_eq!(a.receive(&response(100, "INVITE", "z9hG4bKx"), 20), Received::Response(id));
    assert_eq!(a.receive(&response(486, "INVITE", "z9hG4bKx"), 30), Received::Response(id));
    assert_eq!(a.receive(&response(486, "INVITE", "z9hG4bKx"), 530), Received::Absorbed);
    let ack = "ACK sip:201@pbx";
    assert_eq!(a.out(), ["INVITE sip:201@pbx", ack, ack]);
    assert_eq!(a.run(), [(32_030, "terminated".to_owned())]);
    assert_eq!(a.receive(&response(486, "INVITE", "z9hG4bKx"), 40_000), Received::Stray);
}

#[test]
fn each_2xx_to_our_invite_is_told() {
    let mut a = Lab::new();
    let id = a.invite("z9hG4bKx", flow(), 0);
    for at in [30, 530] {
        assert_eq!(a.receive(&response(200, "INVITE", "z9hG4bKx"), at), Received::Response(id));
    }
    assert_eq!(a.out(), ["INVITE sip:201@pbx"]);
    assert_eq!(a.run(), [(32_030, "terminated".to_owned())]);
}

#[test]
fn an_unanswered_invite_is_repeated_and_times_out_once() {
    let mut a = Lab::new();
    a.invite("z9hG4bKx", flow(), 0);
    a.out();
    let out = a.run();
    let when: Vec<_> = out.iter().map(|(at, _)| *at).collect();
    assert_eq!(when, [500, 1_500, 3_500, 7_500, 15_500, 31_500, 32_000, 32_000]);
    assert_eq!(out[6].1, "timed out");
    assert_eq!(out[7].1, "terminated");
}

#[test]
fn a_cancel_waits_for_the_first_response() {
    let mut a = Lab::new();
    let id = a.invite("z9hG4bKx", flow(), 0);
    assert!(a.table.cancel(id, None, a.time.at(10)));
    assert!(!a.table.cancel(id, None, a.time.at(11)));
    assert_eq!(a.out(), ["INVITE sip:201@pbx"]);
    a.receive(&response(180, "INVITE", "z9hG4bKx"), 20);
    assert_eq!(a.out(), ["CANCEL sip:201@pbx"]);
    assert_eq!(a.receive(&response(200, "CANCEL", "z9hG4bKx"), 40), Received::Absorbed);
    a.receive(&response(180, "INVITE", "z9hG4bKx"), 9_000);
    assert_eq!(a.out(), [""; 0], "a CANCEL is sent once");
    assert_eq!(a.receive(&response(487, "INVITE", "z9hG4bKx"), 9_100), Received::Response(id));
    assert_eq!(a.out(), ["ACK sip:201@pbx"]);
    assert_eq!(a.run(), [(41_100, "terminated".to_owned())]);
}

#[test]
fn a_call_that_was_answered_before_the_cancel_could_go_out_is_not_cancelled() {
    let mut a = Lab::new();
    let id = a.invite("z9hG4bKx", flow(), 0);
    a.table.cancel(id, None, a.time.at(10));
    assert_eq!(a.receive(&response(200, "INVITE", "z9hG4bKx"), 20), Received::Response(id));
    assert_eq!(a.out(), ["INVITE sip:201@pbx"]);
    assert!(!a.table.cancel(id, None, a.time.at(30)));
}

#[test]
fn a_cancelled_invite_that_is_never_answered_times_out() {
    let mut a = Lab::new();
    let id = a.invite("z9hG4bKx", stream(), 0);
    a.receive(&response(180, "INVITE", "z9hG4bKx"), 20);
    a.table.cancel(id, Some("SIP;cause=200"), a.time.at(1_000));
    assert_eq!(a.out(), ["INVITE sip:201@pbx", "CANCEL sip:201@pbx"]);
    let words = |text: &str| (33_000, text.to_owned());
    assert_eq!(a.run(), [words("timed out"), words("terminated")]);
    assert!(a.table.is_empty());
}

#[test]
fn over_a_stream_a_request_is_over_with_its_response() {
    let mut a = Lab::new();
    let bytes = request("OPTIONS", "z9hG4bKo").into_bytes().into();
    let id = a.table.request(Method::Options, "z9hG4bKo", bytes, stream(), a.time.at(0));
    assert_eq!(a.receive(&response(200, "OPTIONS", "z9hG4bKo"), 5), Received::Response(id));
    assert_eq!(a.out(), ["OPTIONS sip:201@pbx", "terminated"]);
    let received = a.receive_on(&request("REGISTER", "z9hG4bKr"), stream(), 6);
    let Received::Request(id) = received else { panic!("{received:?}") };
    a.respond(id, 200, 7);
    assert_eq!(a.out(), ["200 ours", "terminated"]);
    assert!(a.table.is_empty());
}

#[test]
fn a_transport_error_is_told_and_the_request_is_over() {
    let mut a = Lab::new();
    let id = a.invite("z9hG4bKx", stream(), 0);
    a.out();
    a.table.transport_error(id, a.time.at(3));
    assert_eq!(a.out(), ["transport failed", "terminated"]);
    assert_eq!(a.table.deadline(), None);
}

#[test]
fn a_lost_connection_fails_what_waits_on_it_but_not_what_rings() {
    let mut a = Lab::new();
    let connection = |number| Some(crate::flow::ConnectionId(number));
    let (one, two) = (
        Flow { connection: connection(1), ..stream() },
        Flow { connection: connection(2), ..stream() },
    );
    let waiting = a.invite("z9hG4bK1", one, 0);
    a.invite("z9hG4bK2", two, 0);
    let ringing = a.invite("z9hG4bK3", one, 0);
    a.receive(&response(180, "INVITE", "z9hG4bK3"), 1);
    a.out();
    a.table.connection_lost(crate::flow::ConnectionId(1), a.time.at(2));
    assert_eq!(a.table.poll(), Some(Out::TransportFailed(waiting)));
    assert_eq!(a.out(), ["terminated"]);
    assert_eq!(a.table.flow(ringing), Some(one));
    assert_eq!((a.table.len(), a.table.pending.len()), (2, 2));
}

#[test]
fn a_next_hop_that_nobody_listens_on_fails_at_once() {
    let mut a = Lab::new();
    let elsewhere = Flow { remote: "10.0.0.6:5060".parse().unwrap(), ..flow() };
    let waiting = a.invite("z9hG4bK1", flow(), 0);
    a.invite("z9hG4bK2", elsewhere, 0);
    a.out();
    a.table.flow_failed(flow(), a.time.at(2));
    assert_eq!(a.table.poll(), Some(Out::TransportFailed(waiting)));
    assert_eq!(a.out(), ["terminated"]);
    assert_eq!(a.table.len(), 1);
}

#[test]
fn a_repetition_is_known_before_it_is_received() {
    let mut a = Lab::new();
    let known =
        |a: &Lab, text: &str| a.table.knows(&Message::parse_datagram(text.as_bytes()).unwrap());
    assert!(!known(&a, &request("INVITE", "z9hG4bK1")));
    a.receive(&request("INVITE", "z9hG4bK1"), 0);
    assert!(known(&a, &request("INVITE", "z9hG4bK1")));
    assert!(known(&a, &request("ACK", "z9hG4bK1")));
    assert!(!known(&a, &request("BYE", "z9hG4bK1")));
}

#[test]
fn beyond_the_bound_requests_are_refused_until_others_are_over() {
    let mut a = Lab::new();
    for number in 0..100 {
        let received = a.receive(&request("OPTIONS", &format!("z9hG4bK{number}")), 0);
        assert!(matches!(received, Received::Request(_)));
    }
    assert_eq!(a.receive(&request("OPTIONS", "z9hG4bKnew"), 1), Received::Refused);
    assert_eq!(a.receive(&request("OPTIONS", "z9hG4bK7"), 1), Received::Absorbed);
    assert_eq!((a.table.refused(), a.table.len()), (1, 100));
    a.run();
    let received = a.receive(&request("OPTIONS", "z9hG4bKnew"), 32_001);
    assert!(matches!(received, Received::Request(_)));
}

#[test]
fn beyond_the_bound_what_ends_a_call_still_passes() {
    let mut a = Lab::new();
    for number in 0..100 {
        a.receive(&request("INVITE", &format!("z9hG4bK{number}")), 0);
    }
    let bye = request("BYE", "z9hG4bKbye").replace("To: <sip:201@pbx>", "To: <sip:201@pbx>;tag=t");
    assert!(matches!(a.receive(&bye, 1), Received::Request(_)));
    let cancelled = a.receive(&request("CANCEL", "z9hG4bK7"), 1);
    assert!(matches!(cancelled, Received::Cancel { invite: Some(_), .. }));
    assert_eq!(a.receive(&request("CANCEL", "z9hG4bKnone"), 1), Received::Refused);
}

#[test]
fn a_message_that_names_no_transaction_is_unusable() {
    let mut a = Lab::new();
    let nameless = request("OPTIONS", "z9hG4bK1").replace("Call-ID", "Other");
    assert_eq!(a.receive(&nameless, 0), Received::Unusable);
    let nameless = response(200, "OPTIONS", "z9hG4bK1").replace("CSeq: 1", "CSeq: x");
    assert_eq!(a.receive(&nameless, 0), Received::Unusable);
}

#[test]
fn a_flood_leaves_no_bytes_and_gives_its_memory_back() {
    let mut a = Lab::new();
    a.table.most_servers = 20_000;
    for number in 0..20_000 {
        let text = request("INVITE", &format!("z9hG4bK{number}"));
        let Received::Request(id) = a.receive(&text, 0) else { panic!() };
        a.respond(id, 200, 0);
        assert!(a.table.transactions.get(id).unwrap().bytes.is_none());
    }
    a.out();
    assert!(size_of::<Transaction>() <= 320, "{}", size_of::<Transaction>());
    assert_eq!(a.run().len(), 20_000);
    assert!(a.table.by_key.capacity() <= 2 * KEPT);
}

/// A small generator, so that a failing run can be repeated from its seed.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.0 >> 33) % bound
    }
}

#[test]
fn whatever_happens_no_transaction_stays_without_a_timer_or_an_exit() {
    const CODES: [u16; 8] = [100, 180, 183, 200, 202, 302, 486, 603];
    const METHODS: [&str; 5] = ["INVITE", "ACK", "CANCEL", "BYE", "OPTIONS"];
    for seed in 0..300 {
        let mut random = Random(seed);
        let mut a = Lab::new();
        let (mut now, mut open, mut ended) = (0, Vec::new(), Vec::new());
        for step in 0..120 {
            now += random.below(3_000);
            let branch = format!("z9hG4bK{}", random.below(4));
            let method = METHODS[usize::try_from(random.below(5)).unwrap()];
            let code = CODES[usize::try_from(random.below(8)).unwrap()];
            let any = open.get(usize::try_from(random.below(7)).unwrap()).copied();
            let flow = if random.below(3) == 0 { stream() } else { flow() };
            match (random.below(7), any) {
                (0 | 1, _) => match a.receive_on(&request(method, &branch), flow, now) {
                    Received::Request(id) | Received::Cancel { id, .. } => open.push(id),
                    _ => {}
                },
                (2, _) => {
                    a.receive_on(&response(code, method, &branch), flow, now);
                }
                (3, _) if method != "ACK" && method != "CANCEL" => {
                    let branch = format!("{branch}s{step}");
                    let bytes = request(method, &branch).into_bytes().into();
                    let at = a.time.at(now);
                    let method = Method::parse(method);
                    open.push(a.table.request(method, &branch, bytes, flow, at));
                }
                (4, Some(id)) => {
                    a.respond(id, code, now);
                }
                (5, Some(id)) => {
                    a.table.cancel(id, None, a.time.at(now));
                }
                (6, Some(id)) => a.table.transport_error(id, a.time.at(now)),
                _ => {}
            }
            a.table.timeout(a.time.at(now));
            ended.extend(std::iter::from_fn(|| a.table.poll()).filter_map(terminated));
        }
        // The user's own exits: it answers what rings here and gives up what rings there.
        for id in &open {
            a.respond(*id, 487, now);
            let ringing = a.table.transactions.get(*id).is_some_and(|transaction| {
                matches!(&transaction.machine, Machine::InviteClient(invite) if invite.is_ringing())
            });
            if ringing {
                assert!(a.table.cancel(*id, None, a.time.at(now)), "seed {seed}");
            }
        }
        for _ in 0..2_000 {
            let Some(at) = a.table.deadline() else { break };
            a.table.timeout(at);
            ended.extend(std::iter::from_fn(|| a.table.poll()).filter_map(terminated));
        }
        assert!(a.table.is_empty(), "seed {seed}: {:?}", a.table.transactions);
        assert!(a.table.by_key.is_empty() && a.table.pending.is_empty(), "seed {seed}");
        assert_eq!(a.table.servers, 0, "seed {seed}");
        ended.sort_unstable();
        open.sort_unstable();
        assert_eq!(ended, open, "seed {seed}: each ends once");
    }
}

fn terminated(out: Out) -> Option<TransactionId> {
    if let Out::Terminated(id) = out { Some(id) } else { None }
}

#[test]
fn a_large_request_in_a_stream_that_breaks_goes_by_datagram_and_is_repeated_there() {
    for method in ["INVITE", "MESSAGE"] {
        let mut a = Lab::new();
        let id = a.large(method, 0);
        assert_eq!(a.ways(), [format!("{method} by TCP")]);
        a.table.connection_lost(ConnectionId(7), a.time.at(20));
        assert_eq!(a.ways(), ["fell back".to_owned(), format!("{method} by UDP")]);
        a.table.timeout(a.time.at(520));
        assert_eq!(a.ways(), [format!("{method} by UDP")]);
        let answer = response(200, method, "z9hG4bKL");
        assert_eq!(a.receive(&answer, 530), Received::Response(id));
        a.run();
        assert!(a.table.is_empty() && a.table.by_key.is_empty() && a.table.pending.is_empty());
    }
}

#[test]
fn a_large_request_that_a_wall_swallows_goes_by_datagram_after_a_second() {
    let mut a = Lab::new();
    a.large("INVITE", 0);
    a.ways();
    a.table.timeout(a.time.at(999));
    assert_eq!(a.ways(), [""; 0]);
    assert_eq!(a.table.deadline(), Some(a.time.at(1_000)));
    a.table.timeout(a.time.at(1_000));
    assert_eq!(a.ways(), ["fell back", "INVITE by UDP"]);
    // The datagrams fail too, and now the user hears of it.
    a.table.flow_failed(flow(), a.time.at(1_010));
    assert_eq!(a.ways(), ["transport failed", "terminated"]);
}

#[test]
fn a_large_request_that_was_answered_in_its_stream_stays_there() {
    let mut a = Lab::new();
    let id = a.large("INVITE", 0);
    a.ways();
    assert_eq!(a.receive(&response(100, "INVITE", "z9hG4bKL"), 30), Received::Response(id));
    a.table.timeout(a.time.at(1_000));
    assert!(a.table.cancel(id, None, a.time.at(2_000)));
    assert_eq!(a.ways(), ["CANCEL by TCP"]);
}

#[test]
fn the_cancel_of_a_large_invite_goes_where_the_invite_went_in_the_end() {
    let mut a = Lab::new();
    let id = a.large("INVITE", 0);
    assert!(a.table.cancel(id, None, a.time.at(100)));
    a.table.timeout(a.time.at(1_000));
    a.ways();
    assert_eq!(a.receive(&response(180, "INVITE", "z9hG4bKL"), 1_020), Received::Response(id));
    assert_eq!(a.ways(), ["CANCEL by UDP"]);
}
