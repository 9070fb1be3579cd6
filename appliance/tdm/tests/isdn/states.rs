//! Each event in each state: `user.states` and `network.states` say what is said, where the call stands
//! then, what it waits for and what the owner hears, and which paragraph wants it so.

use std::collections::BTreeMap;
use std::time::Instant;

use tdm::q931::call::{Act, CallState, Event, Request, Trouble};
use tdm::q931::element::{self, Cause, CauseValue, Element, Location, Number, Progress, Raw};
use tdm::q931::message::{Discriminator, Message, MessageKind as Kind};
use tdm::q931::timers::Side;

use crate::places::{Desk, NETWORK, USER, message};

/// What can happen to a call besides messages.
const OTHERS: &[&str] = &[
    "unknown message",
    "national message",
    "SERVICE",
    "STATUS of null",
    "STATUS of active",
    "STATUS of disconnected",
    "STATUS with reproach",
    "DISCONNECT with tones",
    "DISCONNECT without cause",
    "RELEASE without cause",
    "RELEASE COMPLETE without cause",
    "PROGRESS without indicator",
    "STATUS without state",
    "NOTIFY without indicator",
    "INFORMATION with unknown element",
    "INFORMATION with wrong element",
    "INFORMATION with unknown important element",
    "DISCONNECT with unknown element",
    "RELEASE with wrong element",
    "ask digits",
    "proceed",
    "alert",
    "progress",
    "answer",
    "digits",
    "disconnect",
    "disconnect with tones",
    "hold",
    "answer hold",
    "retrieve",
    "answer retrieve",
    "notify",
    "facility",
    "information",
    "user information",
    "link lost",
    "link reset",
    "line lost",
    "line back",
    "enquire",
    "channel taken away",
    "channel restarted",
    "time",
];

struct Row {
    line: usize,
    sends: String,
    next: String,
    wait: String,
    told: String,
}

/// Rows by state (0: every state that has no row of its own) and event.
fn rows(text: &str) -> BTreeMap<(u8, String), Row> {
    let mut rows = BTreeMap::new();
    for (line, text) in text.lines().enumerate() {
        let line = line + 1;
        if text.trim().is_empty() || text.starts_with('#') {
            continue;
        }
        let cells: Vec<_> = text.split('|').map(str::trim).collect();
        let [states, events, sends, next, wait, told, paragraph] = cells.as_slice() else {
            panic!("line {line}: 7 columns");
        };
        assert!(paragraph.starts_with('§'), "line {line}: which paragraph?");
        for state in states.split(' ') {
            let state = state.trim_matches('*').parse().unwrap_or_default();
            for event in events.split(", ") {
                let (sends, next) = (sends.to_string(), next.to_string());
                let (wait, told) = (wait.to_string(), told.to_string());
                let row = Row { line, sends, next, wait, told };
                let double = rows.insert((state, event.to_owned()), row);
                assert!(double.is_none(), "line {line}: {state} {event} stands there already");
            }
        }
    }
    rows
}

fn events() -> Vec<String> {
    let kinds = Kind::NAMED.iter().map(Kind::to_string);
    kinds.chain(OTHERS.iter().map(|name| (*name).to_owned())).collect()
}

/// Everything in every state, and nothing else stands in the table. How many that were.
fn check(side: Side, states: &[u8], text: &str) -> usize {
    let rows = rows(text);
    let events = events();
    let mut wrong = Vec::new();
    let mut used = BTreeMap::new();
    for state in states {
        for event in &events {
            let own = (*state, event.clone());
            let key = if rows.contains_key(&own) { own } else { (0, event.clone()) };
            let Some(row) = rows.get(&key) else {
                wrong.push(format!("no row for {state} {event}"));
                continue;
            };
            *used.entry(key).or_insert(0) += 1;
            let (sends, next, wait, told) = happens(side, *state, event);
            let unchanged = if row.next == "=" { state.to_string() } else { row.next.clone() };
            let expected = [&row.sends, &unchanged, &row.wait, &row.told];
            let found = [&sends, &next, &wait, &told];
            if expected != found {
                wrong.push(format!("line {}: {state} {event}: {found:?}", row.line));
            }
        }
    }
    for key in rows.keys().filter(|key| !used.contains_key(key)) {
        wrong.push(format!("no such thing: {key:?}"));
    }
    assert!(wrong.is_empty(), "{}\n{} wrong", wrong.join("\n"), wrong.len());
    states.len() * events.len()
}

/// What is sent, where the call stands then, for what it waits, what is told.
fn happens(side: Side, state: u8, event: &str) -> (String, String, String, String) {
    let now = Instant::now();
    let mut desk = Desk::at(side, state, now);
    let before = desk.call.deadline();
    let misused = happen(&mut desk, event);
    let mut sends = Vec::new();
    let mut told = Vec::new();
    for act in &desk.acts {
        match act {
            Act::Send(message) => sends.push(said(message)),
            Act::Tell(event) => told.push(heard(event)),
            Act::Distrust => told.push("distrust".to_owned()),
        }
    }
    if misused {
        sends.push("misuse".to_owned());
    }
    let after = desk.call.deadline();
    let wait = match after {
        after if after == before => "=".to_owned(),
        None => "-".to_owned(),
        Some((_, timer)) => format!("{timer:?}"),
    };
    let list = |names: Vec<String>| match names.is_empty() {
        true => "-".to_owned(),
        false => names.join(", "),
    };
    (list(sends), desk.state().value().to_string(), wait, list(told))
}

/// Makes it happen; whether the owner misused the call.
fn happen(desk: &mut Desk, event: &str) -> bool {
    if let Some(kind) = Kind::NAMED.iter().find(|kind| kind.to_string() == event) {
        // STATUS says where we stand, as the far side should.
        if *kind == Kind::Status {
            return status(desk, desk.state().value(), CauseValue::STATUS_ENQUIRED);
        }
        desk.hear(*kind);
        return false;
    }
    let far = desk.far();
    let bare = |kind| Message::new(far, kind);
    let unknown = |id| Element::Other(Raw { codeset: 0, id, content: vec![1] });
    let wrong = Element::Other(Raw { codeset: 0, id: 0x70, content: Vec::new() });
    let rules = desk.rules.clone();
    let heard = match event {
        "unknown message" => bare(Kind::Unknown(Discriminator::CallControl, 0x7f)),
        "national message" => bare(Kind::Escaped(0x11)),
        "SERVICE" => bare(Kind::Service(Discriminator::MaintenanceAtt)),
        "STATUS of null" => return status(desk, 0, CauseValue::STATUS_ENQUIRED),
        "STATUS of active" => return status(desk, 10, CauseValue::STATUS_ENQUIRED),
        "STATUS of disconnected" => return status(desk, 11, CauseValue::STATUS_ENQUIRED),
        "STATUS with reproach" => {
            return status(desk, desk.state().value(), CauseValue::ELEMENT_NOT_IMPLEMENTED);
        }
        "DISCONNECT with tones" => message(far, Kind::Disconnect)
            .with(Progress::new(Location::PUBLIC_LOCAL, Progress::IN_BAND)),
        "DISCONNECT without cause" => bare(Kind::Disconnect),
        "RELEASE without cause" => bare(Kind::Release),
        "RELEASE COMPLETE without cause" => bare(Kind::ReleaseComplete),
        "PROGRESS without indicator" => bare(Kind::Progress),
        "STATUS without state" => {
            bare(Kind::Status).with(Cause::new(Location::PUBLIC_LOCAL, CauseValue::STATUS_ENQUIRED))
        }
        "NOTIFY without indicator" => bare(Kind::Notify),
        "INFORMATION with unknown element" => bare(Kind::Information).with(unknown(0x55)),
        "INFORMATION with wrong element" => bare(Kind::Information).with(wrong),
        "INFORMATION with unknown important element" => bare(Kind::Information).with(unknown(0x0a)),
        "DISCONNECT with unknown element" => message(far, Kind::Disconnect).with(unknown(0x55)),
        "RELEASE with wrong element" => message(far, Kind::Release).with(wrong),
        "link lost" => {
            desk.call.link_lost(&rules, desk.now, &mut desk.acts);
            return false;
        }
        "link reset" => {
            desk.call.link_reset(&rules, desk.now, &mut desk.acts);
            return false;
        }
        "line lost" => {
            desk.call.line_lost(&rules, desk.now);
            return false;
        }
        "line back" => {
            desk.call.line_lost(&rules, desk.now);
            desk.call.line_back();
            return false;
        }
        "enquire" => {
            desk.call.enquire(&rules, desk.now, &mut desk.acts);
            return false;
        }
        "channel taken away" => {
            let cause = CauseValue::TEMPORARY_FAILURE;
            desk.call.give_away(cause, &rules, desk.now, &mut desk.acts);
            return false;
        }
        "channel restarted" => {
            desk.call.drop_here(CauseValue::TEMPORARY_FAILURE, &rules, &mut desk.acts);
            return false;
        }
        "time" => {
            desk.expire();
            return false;
        }
        request => {
            let request = self::request(request);
            return desk.call.request(request, &rules, desk.now, &mut desk.acts).is_err();
        }
    };
    desk.receive(heard);
    false
}

fn request(name: &str) -> Request {
    let with = Vec::new();
    let cause = CauseValue::BUSY;
    match name {
        "ask digits" => Request::AskDigits(with),
        "proceed" => Request::Proceed(with),
        "alert" => Request::Alert(with),
        "progress" => Request::Progress {
            progress: Progress::new(Location::USER, Progress::BACK_IN_ISDN),
            with,
        },
        "answer" => Request::Answer(with),
        "digits" => Request::Digits { number: Number::unknown("5"), complete: false },
        "disconnect" => Request::Disconnect { cause, tones: false, with },
        "disconnect with tones" => Request::Disconnect { cause, tones: true, with },
        "hold" => Request::Hold,
        "answer hold" => Request::AnswerHold(None),
        "retrieve" => Request::Retrieve,
        "answer retrieve" => Request::AnswerRetrieve(None),
        "notify" => Request::Notify(with),
        "facility" => Request::Facility(with),
        "information" => Request::Information(with),
        "user information" => Request::UserInformation(with),
        other => panic!("{other}?"),
    }
}

fn status(desk: &mut Desk, state: u8, cause: CauseValue) -> bool {
    let message = Message::new(desk.far(), Kind::Status)
        .with(Cause::new(Location::PUBLIC_LOCAL, cause))
        .with(element::CallState::new(state));
    desk.receive(message);
    false
}

/// `DISCONNECT 16`, `STATUS 101` and, after a plus, what else belongs to the proof.
fn said(message: &Message) -> String {
    let mut said = message.kind.to_string();
    if let Some(cause) = message.cause() {
        said += &format!(" {}", cause.value.value());
    }
    if message.kind == Kind::Status {
        assert!(message.call_state().is_some());
    }
    if message.channel_id().is_some() && message.kind != Kind::Setup {
        said += " +channel";
    }
    if message.progress().any(Progress::is_in_band) {
        said += " +tones";
    }
    said
}

pub(crate) fn heard(event: &Event) -> String {
    match event {
        Event::Ended { cause, .. } => format!("ended {}", cause.value.value()),
        Event::Disconnected { cause, said } => {
            let tones = if said.as_ref().is_some_and(|said| said.in_band) { " tones" } else { "" };
            format!("disconnected {}{tones}", cause.value.value())
        }
        Event::Trouble(Trouble::Unexpected(_)) => "unexpected".to_owned(),
        Event::Trouble(Trouble::Wrong { cause, elements, .. }) => {
            assert!(!elements.is_empty());
            format!("wrong {}", cause.value())
        }
        Event::Trouble(Trouble::Reproached { cause, state }) => {
            assert_ne!(*state, CallState::Null);
            format!("reproached {}", cause.value())
        }
        Event::Trouble(Trouble::Expired(timer)) => format!("expired {timer:?}"),
        Event::Channel(None) => "channel lost".to_owned(),
        Event::HoldRefused(cause) => format!("hold refused {}", cause.value()),
        Event::RetrieveRefused(cause) => format!("retrieve refused {}", cause.value()),
        other => {
            let debug = format!("{other:?}");
            let name = debug.split(['(', ' ', '{']).next().unwrap_or_default();
            name.chars().fold(String::new(), |mut words, c| {
                if c.is_uppercase() && !words.is_empty() {
                    words.push(' ');
                }
                words.extend(c.to_lowercase());
                words
            })
        }
    }
}

#[test]
fn each_event_in_each_state_of_the_user_does_what_its_paragraph_says() {
    let checked = check(Side::User, USER, include_str!("user.states"));
    assert_eq!(checked, 13 * 76);
}

#[test]
fn each_event_in_each_state_of_the_network_does_what_its_paragraph_says() {
    let checked = check(Side::Network, NETWORK, include_str!("network.states"));
    assert_eq!(checked, 11 * 76);
}
