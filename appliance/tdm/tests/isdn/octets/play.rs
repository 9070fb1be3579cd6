//! Plays octets as what happens to an interface: messages, time, links, requests. Shared with the fuzz target.

use std::time::{Duration, Instant};

use tdm::q931::call::Request;
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{BearerCapability, CauseValue, Location, Number, Progress, Segmented};
use tdm::q931::interface::{
    CallId, Channel, Interface, LinkId, Output, Params, Scope, Setup, Span, Standing, Wish,
};
use tdm::q931::message::{CallReference, Message, MessageKind, ReferenceLength};
use tdm::q931::timers::Side;

struct Octets<'a>(&'a [u8]);

impl<'a> Octets<'a> {
    fn one(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn some(&mut self, count: u8) -> &'a [u8] {
        let (taken, rest) = self.0.split_at(usize::from(count).min(self.0.len()));
        self.0 = rest;
        taken
    }
}

/// Plays them, and looks at the interface after each step.
pub(crate) fn play(data: &[u8]) {
    let mut octets = Octets(data);
    let how = octets.one().unwrap_or_default();
    let side = if how & 1 == 0 { Side::User } else { Side::Network };
    let dialects = [Dialect::EuroIsdn, Dialect::Ni2, Dialect::Ess5, Dialect::Dms100, Dialect::Qsig];
    let dialect = dialects[usize::from(how >> 4) % dialects.len()];
    let mut params = Params::of(side, dialect, vec![1, 2, 3]);
    params.owner_clears = how & 2 != 0;
    params.restarts_at_first = how & 4 != 0;
    if how & 8 != 0 {
        params.spans.push(Span { id: 1, channels: vec![1, 2] });
        params.d_channels = vec![0, 1];
        params.names_spans = true;
    }
    let mut interface = Interface::new(params);
    let mut now = Instant::now();
    interface.link_up(LinkId(0), now);
    while let Some(what) = octets.one() {
        let with = octets.one().unwrap_or_default();
        step(&mut interface, &mut octets, what, with, &mut now);
        look(&mut interface, now);
    }
    // In the end the far side stays silent, and all calls that do not talk end.
    interface.link_down(LinkId(0), now);
    interface.link_down(LinkId(1), now);
    look(&mut interface, now);
    now += Duration::from_secs(91);
    interface.handle_timeout(now);
    look(&mut interface, now);
    assert_eq!(interface.calls().count(), 0, "a call without a link and without an end");
}

fn step(interface: &mut Interface, octets: &mut Octets<'_>, what: u8, with: u8, now: &mut Instant) {
    let link = LinkId(with >> 7);
    let channel = Channel { span: with >> 2 & 1, number: with % 4 };
    let calls: Vec<CallId> = interface.calls().map(|(id, ..)| id).collect();
    match what % 16 {
        0 => interface.receive(link, octets.some(with), *now),
        // A message that has at least a header.
        1..=7 => {
            let kinds = MessageKind::NAMED;
            let kind = kinds[usize::from(with) % kinds.len()];
            let about = octets.one().unwrap_or_default();
            let value = u16::from(about % 6);
            let call = CallReference::new(value, about & 0x80 == 0, ReferenceLength::Two);
            let mut message = Message::new(call, kind);
            if about & 0x40 != 0 && kind != MessageKind::Segment {
                message.push(BearerCapability::speech_alaw());
            }
            if kind == MessageKind::Segment {
                let part = octets.one().unwrap_or_default();
                let kind = kinds[usize::from(part >> 2) % kinds.len()].octet();
                message.push(Segmented { first: about & 0x40 != 0, remaining: part & 3, kind });
            }
            let mut said = message.octets();
            let length = if about & 0x20 != 0 { about >> 1 & 0xf } else { 0 };
            said.extend(octets.some(length));
            interface.receive(link, &said, *now);
        }
        8 => {
            *now += Duration::from_millis(u64::from(with) * 100);
            interface.handle_timeout(*now);
        }
        9 => {
            if let Some((at, _)) = interface.poll_timeout() {
                *now = at.max(*now);
                interface.handle_timeout(*now);
            }
        }
        10 => match with & 3 {
            0 => interface.link_down(link, *now),
            _ => interface.link_up(link, *now),
        },
        11 => {
            let wishes = [Wish::Next, Wish::Preferred, Wish::Exclusive, Wish::Only(channel)];
            let bearer = vec![BearerCapability::speech_alaw().into()];
            let wish = wishes[usize::from(with >> 4) % 4];
            let _ = interface.place(Setup { with: bearer, channel: wish }, *now);
        }
        12 | 13 => {
            if let Some(call) = calls.get(usize::from(with >> 4) % calls.len().max(1)) {
                let _ = interface.request(*call, request(with), *now);
            }
        }
        14 => match with & 3 {
            0 => interface.restart(Scope::Channel(channel), *now),
            1 => interface.restart(Scope::Span(channel.span), *now),
            2 => interface.restart(Scope::All, *now),
            _ => interface.cleared(channel, *now),
        },
        _ => match with & 0x60 {
            0 => interface.alarm(channel.span, with & 8 != 0, *now),
            0x20 => {
                let _ = interface.set_service(channel, Standing::In, false, *now);
            }
            _ => {
                let _ = interface.set_service(channel, Standing::Out, with & 8 != 0, *now);
            }
        },
    }
}

fn request(with: u8) -> Request {
    let elements = Vec::new();
    match with & 0xf {
        0 => Request::AskDigits(elements),
        1 => Request::Proceed(elements),
        2 => Request::Alert(elements),
        3 => Request::Progress { progress: Progress::new(Location::USER, 1), with: elements },
        4 => Request::Answer(elements),
        5 => Request::Digits { number: Number::unknown("1"), complete: false },
        6 => Request::Hold,
        7 => Request::AnswerHold(None),
        8 => Request::Retrieve,
        9 => Request::AnswerRetrieve(Some(CauseValue::FACILITY_REJECTED)),
        10 => Request::Facility(elements),
        tones => {
            let cause = CauseValue::NORMAL;
            Request::Disconnect { cause, tones: tones == 11, with: elements }
        }
    }
}

/// What must hold at any time.
fn look(interface: &mut Interface, now: Instant) {
    let mut outputs = 0;
    while let Some(output) = interface.poll_output() {
        outputs += 1;
        if let Output::Send { octets, .. } = output {
            let (message, problems) = Message::parse(&octets).expect("we send messages");
            let ours = |problem: &tdm::q931::message::Problem| problem.cause().is_some();
            let echo = matches!(
                message.kind,
                MessageKind::ServiceAck(_) | MessageKind::RestartAck | MessageKind::Facility
            );
            assert!(echo || !problems.iter().any(ours), "{message}: {problems:?}");
        }
    }
    assert!(outputs < 400, "{outputs} for one thing");
    // Calls of the far side have a channel each, and each channel has the call that has it.
    let held: Vec<_> = interface
        .channels()
        .filter_map(|(channel, state)| Some((channel, state.call()?)))
        .collect();
    for (id, call, channel) in interface.calls() {
        assert!(!call.is_over());
        match channel {
            Some(channel) => assert!(held.contains(&(channel, id)), "{channel:?} {id:?}"),
            None => assert!(call.reference().from_originator(), "{id:?} has no channel"),
        }
    }
    for (channel, id) in held {
        let has = |found: &(CallId, _, Option<Channel>)| found.0 == id && found.2 == Some(channel);
        assert!(interface.calls().any(|found| has(&found)), "{channel:?} is held by nobody");
    }
    if let Some((at, timer)) = interface.poll_timeout() {
        assert!(at + Duration::from_secs(3600) > now, "{timer:?} was forgotten");
    }
}
