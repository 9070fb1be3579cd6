//! Two ends, made of the parts of this crate, call each other over a wire that loses, delays and
//! reorders datagrams, in fake time: whatever the wire does, both ends end, and nothing is left
//! over.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sip::dialog::{Dialog, Sequence};
use sip::flow::Flow;
use sip::session::answer::{Acknowledgement, Answer, Overdue};
use sip::transaction::{Out, Received, Setup, Timers, TransactionId, Transactions};
use sip::{Compose, Message, Method, Name, Status, response_to};

/// A caller (0) and its callee (1).
struct End {
    flow: Flow,
    transactions: Transactions,
    invite: Vec<u8>,
    dialog: Option<Dialog>,
    answer: Answer,
    ack: Option<Acknowledgement>,
    branches: u32,
    invited: Option<TransactionId>,
    /// For how long the caller lets it ring.
    give_up_at: Option<Instant>,
    hang_up_at: Option<Instant>,
    /// How it ended, and when.
    end: Option<(&'static str, Instant)>,
}

/// The wire: what is on its way, by arrival.
struct Wire {
    random: u64,
    /// Of a hundred datagrams so many are lost.
    loss: u64,
    on_its_way: BTreeMap<(Instant, u64), Datagram>,
    sent: u64,
}

/// To which end, and what.
type Datagram = (usize, Arc<[u8]>);

impl Wire {
    fn below(&mut self, bound: u64) -> u64 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (self.random >> 33) % bound
    }

    fn send(&mut self, to: usize, bytes: Arc<[u8]>, now: Instant) {
        self.sent += 1;
        let delay = Duration::from_millis(5 + self.below(100));
        if self.below(100) >= self.loss {
            self.on_its_way.insert((now + delay, self.sent), (to, bytes));
        }
    }
}

impl End {
    fn new(number: u8) -> Self {
        let [here, there] = [number + 1, 2 - number].map(|last| ([192, 0, 2, last], 5060).into());
        let setup = Setup { timers: Timers::default(), most_servers: 10, seed: [number; 16] };
        Self {
            flow: Flow::udp(here, there),
            transactions: Transactions::new(setup),
            invite: Vec::new(),
            dialog: None,
            answer: Answer::Settled,
            ack: None,
            branches: 0,
            invited: None,
            give_up_at: None,
            hang_up_at: None,
            end: None,
        }
    }

    fn via(&mut self) -> (String, String) {
        self.branches += 1;
        let branch = format!("z9hG4bK{}-{}", self.flow.local.ip(), self.branches);
        (format!("SIP/2.0/UDP {};branch={branch};rport", self.flow.local), branch)
    }

    fn call(&mut self, now: Instant) {
        let (via, branch) = self.via();
        self.invite = Compose::request(Method::Invite, "sip:b@192.0.2.2")
            .header(Name::Via, via)
            .header(Name::From, "<sip:a@192.0.2.1>;tag=a")
            .header(Name::To, "<sip:b@192.0.2.2>")
            .header(Name::CallId, "call")
            .header(Name::CSeq, "1 INVITE")
            .header(Name::Contact, "<sip:a@192.0.2.1>")
            .finish();
        let bytes = self.invite.clone().into();
        let id = self.transactions.request(Method::Invite, &branch, bytes, self.flow, now);
        self.invited = Some(id);
        self.give_up_at = Some(now + Duration::from_secs(60));
    }

    fn hang_up(&mut self, now: Instant) {
        self.hang_up_at = None;
        let (via, branch) = self.via();
        let bye = self.dialog.as_mut().unwrap().request(Method::Bye, via).finish().into();
        self.transactions.request(Method::Bye, &branch, bye, self.flow, now);
    }

    fn receive(&mut self, bytes: &[u8], wire: &mut Wire, now: Instant) {
        let message = Message::parse_datagram(bytes).unwrap();
        match self.transactions.receive(&message, self.flow, now) {
            Received::Request(id) if message.method() == Some(Method::Invite) => {
                self.ring_and_answer(id, &message, now);
            }
            Received::Request(id) => {
                let dialog = self.dialog.as_mut().unwrap();
                assert!(dialog.owns(&message));
                assert_eq!(dialog.receive(&message), Ok(Sequence::InOrder));
                self.respond(id, &message, Status::OK, now);
                self.answer = Answer::Settled;
                self.end = Some(("ended by the caller", now));
            }
            Received::Cancel { id, .. } => {
                self.respond(id, &message, Status::OK, now);
            }
            Received::Ack if self.dialog.as_ref().is_some_and(|dialog| dialog.owns(&message)) => {
                self.answer.acknowledge(message.cseq().unwrap().number);
            }
            Received::Response(_) => self.answered(&message, wire, now),
            _ => {}
        }
    }

    fn ring_and_answer(&mut self, id: TransactionId, invite: &Message<'_>, now: Instant) {
        self.respond(id, invite, Status::RINGING, now);
        let mut dialog = Dialog::answering(invite, "b", self.flow).unwrap();
        dialog.confirm();
        self.dialog = Some(dialog);
        let ok = self.respond(id, invite, Status::OK, now);
        self.answer = Answer::sent(1, ok, &Timers::default(), now);
    }

    fn respond(
        &mut self,
        id: TransactionId,
        request: &Message<'_>,
        status: Status,
        now: Instant,
    ) -> Arc<[u8]> {
        let response = response_to(request, status, "", Some("b"), self.flow.remote)
            .header(Name::Contact, "<sip:b@192.0.2.2>");
        let bytes: Arc<[u8]> = response.finish().into();
        assert!(self.transactions.respond(id, status, bytes.clone(), now));
        bytes
    }

    fn answered(&mut self, response: &Message<'_>, wire: &mut Wire, now: Instant) {
        let cseq = response.cseq().unwrap();
        if !response.status().unwrap().is_success() {
            return;
        }
        self.give_up_at = None;
        if cseq.method == Method::Bye {
            self.end = Some(("hung up", now));
            return;
        }
        if let Some(ack) = self.ack.as_ref().and_then(|ack| ack.repeat(cseq.number)) {
            return wire.send(1, ack, now);
        }
        let invite = Message::parse_datagram(&self.invite).unwrap();
        let dialog = Dialog::calling(&invite, response, self.flow).unwrap();
        let ack: Arc<[u8]> =
            dialog.ack(cseq.number, "SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKack").finish().into();
        wire.send(1, ack.clone(), now);
        self.ack = Some(Acknowledgement::new(cseq.number, ack));
        self.dialog = Some(dialog);
        self.hang_up_at = Some(now + Duration::from_secs(40));
    }

    fn deadline(&mut self) -> Option<Instant> {
        let own = [self.answer.deadline(), self.hang_up_at, self.give_up_at];
        let all = own.into_iter().chain([self.transactions.deadline()]);
        all.flatten().min()
    }

    fn timeout(&mut self, me: usize, wire: &mut Wire, now: Instant) {
        self.transactions.timeout(now);
        match self.answer.timeout(&Timers::default(), now) {
            Some(Overdue::Repeat(ok)) => wire.send(1 - me, ok, now),
            Some(Overdue::Unacknowledged) => self.end = Some(("never acknowledged", now)),
            None => {}
        }
        if self.hang_up_at.is_some_and(|at| at <= now) {
            self.hang_up(now);
        }
        if self.give_up_at.is_some_and(|at| at <= now) {
            self.give_up_at = None;
            self.transactions.cancel(self.invited.unwrap(), None, now);
        }
    }

    fn drain(&mut self, me: usize, wire: &mut Wire, now: Instant) {
        while let Some(out) = self.transactions.poll() {
            match out {
                Out::Send { bytes, .. } => wire.send(1 - me, bytes, now),
                Out::TimedOut(_) => self.end = Some(("timed out", now)),
                Out::TransportFailed(_) | Out::FellBack(_) | Out::Terminated(_) => {}
            }
        }
    }
}

/// Runs one call until nothing more happens: how and when (in ms) each end ended.
fn run(seed: u64, loss: u64) -> [Option<(&'static str, u128)>; 2] {
    let start = Instant::now();
    let mut wire = Wire { random: seed, loss, on_its_way: BTreeMap::new(), sent: 0 };
    let mut ends = [End::new(0), End::new(1)];
    ends[0].call(start);
    ends[0].drain(0, &mut wire, start);
    for _ in 0..10_000 {
        let arrival = wire.on_its_way.first_key_value().map(|((at, _), _)| *at);
        let deadlines = [ends[0].deadline(), ends[1].deadline()];
        let Some(now) = deadlines.into_iter().chain([arrival]).flatten().min() else { break };
        if arrival == Some(now) {
            let (_, (to, bytes)) = wire.on_its_way.pop_first().unwrap();
            ends[to].receive(&bytes, &mut wire, now);
        }
        for (me, end) in ends.iter_mut().enumerate() {
            end.timeout(me, &mut wire, now);
            end.drain(me, &mut wire, now);
        }
    }
    for end in &mut ends {
        assert!(end.transactions.is_empty(), "seed {seed}: a transaction is left over");
        assert_eq!(end.deadline(), None, "seed {seed}: a timer is left over");
    }
    ends.map(|end| end.end.map(|(how, at)| (how, at.duration_since(start).as_millis())))
}

#[test]
fn a_call_over_a_good_wire_lasts_as_long_as_its_caller_wants() {
    for seed in 0..100 {
        let [caller, callee] = run(seed, 0);
        assert_eq!(caller.map(|(how, _)| how), Some("hung up"), "seed {seed}");
        assert_eq!(callee.map(|(how, _)| how), Some("ended by the caller"), "seed {seed}");
        assert!((40_000..41_000).contains(&caller.unwrap().1), "seed {seed}");
    }
}

#[test]
fn a_call_over_a_wire_that_loses_every_third_datagram_is_like_any_other() {
    for seed in 0..300 {
        let [caller, callee] = run(seed, 33);
        assert_eq!(caller.map(|(how, _)| how), Some("hung up"), "seed {seed}");
        assert_eq!(callee.map(|(how, _)| how), Some("ended by the caller"), "seed {seed}");
    }
}

#[test]
fn over_a_wire_that_loses_nearly_everything_both_ends_still_end() {
    for seed in 0..1000 {
        // The callee may have heard of nothing, or of all but the BYE: then its session timer or
        // its silent media end the call.
        let [caller, _] = run(seed, 85);
        assert!(caller.is_some(), "seed {seed}");
    }
}

#[test]
fn a_cut_wire_times_out_after_32_s() {
    assert_eq!(run(1, 100), [Some(("timed out", 32_000)), None]);
}
