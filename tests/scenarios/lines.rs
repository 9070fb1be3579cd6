//! Digital lines: the box is user and network of one, so that a call leaves by it and comes in again.

mod carrier;
mod ends;
mod parties;
mod supplementary;

use call::{ChannelService, ChannelUsage, LineWish, Place, SpanId, TrunkState, Why};
use config::{
    ChannelSelection, Channels, Country, FeatureKind, IsdnDialect, IsdnSide, Number, NumberType,
    TrunkId,
};
use exchange::{Command, Input};
use sim::{Called, Lab};
use std::time::Duration;
use tdm::q931::call::{Event, Request};
use tdm::q931::dialect::Dialect;
use tdm::q931::element::{
    BearerCapability, CauseValue, Charge, ChargeTime, Cost, Element, Location, Number as Digits,
    PartyNumber, Presentation, Progress, Screening, Service, TypeOfNumber, Units,
};
use tdm::q931::interface::{CallId, Channel, Setup, Wish};
use tdm::q931::message::Message;
use tdm::q931::timers::Side;

/// 201 and 202, and a line between `carrier` (the box as its user) and `exchange` (the box as the network):
/// what begins with 0 leaves by the one, and comes in by the other.
fn office(seed: u64) -> (Lab, [TrunkId; 2]) {
    office_with(seed, |_| {})
}

fn office_with(seed: u64, change: impl Fn(&mut config::Isdn)) -> (Lab, [TrunkId; 2]) {
    let mut lab = Lab::office(seed, &["201", "202"]);
    lab.settings(|settings| settings.country = Country::parse("GB").unwrap());
    let user = lab.digital("carrier", "line 1", IsdnSide::User, &change);
    let network = lab.digital("exchange", "line 1 far end", IsdnSide::Network, &change);
    lab.outbound("0.", &[user]);
    lab.inbound("+442079460958", "202");
    lab.plug_in_lines();
    lab.run_ms(2_500);
    assert_eq!(states(&lab), [TrunkState::Up, TrunkState::Up]);
    (lab, [user, network])
}

fn states(lab: &Lab) -> Vec<TrunkState> {
    lab.exchange.trunks().into_iter().map(|trunk| trunk.state).collect()
}

fn busy(lab: &Lab) -> Vec<u8> {
    let line = &lab.exchange.lines()[0];
    let busy = line.channels.iter().filter(|it| it.usage == ChannelUsage::Busy);
    busy.map(|it| it.slot).collect()
}

fn connect(lab: &mut Lab) {
    lab.phone("201").dials("02079460958");
    lab.run_ms(300);
    assert!(lab.phone("202").rings(), "{:#?}", lab.records);
    lab.phone("202").answers();
    lab.run_ms(300);
    assert!(lab.phone("201").is_up() && lab.phone("202").is_up());
}

#[test]
fn a_call_leaves_by_a_line_and_comes_in_by_its_other_end() {
    let (mut lab, _) = office(1);
    connect(&mut lab);
    assert_eq!(busy(&lab), [1]);
    let records: Vec<_> = lab.records.values().cloned().collect();
    assert_eq!(records.len(), 2);
    assert_eq!(records[0].destination, Some(Place::Trunk("carrier".to_owned())));
    assert_eq!(records[1].origin, Place::Trunk("exchange".to_owned()));
    assert_eq!(records[1].from.number, "201");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free() && lab.phone("202").is_free());
    for record in lab.records.values() {
        let end = record.end.as_ref().unwrap();
        assert_eq!((end.cause.0, &end.why), (16, &Why::HungUp), "{record:#?}");
    }
    assert!(busy(&lab).is_empty());
    lab.rest();
}

fn wish(lab: &mut Lab, wish: LineWish) {
    lab.input(Input::Command(Command::Line(wish)));
    lab.run_ms(200);
}

fn why(lab: &Lab) -> Vec<(u8, Why)> {
    let ends = lab.records.values().map(|record| record.end.clone().unwrap());
    ends.map(|end| (end.cause.0, end.why)).collect()
}

#[test]
fn the_caller_may_hang_up_first_or_before_anybody_answers() {
    let (mut lab, _) = office(2);
    connect(&mut lab);
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("202").is_free());
    lab.forget();
    lab.phone("201").dials("02079460958");
    lab.run_ms(300);
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("202").is_free());
    assert!(busy(&lab).is_empty());
    assert_eq!(why(&lab), [(16, Why::Cancelled), (16, Why::Cancelled)]);
    lab.rest();
}

#[test]
fn a_cause_comes_through_the_line_as_it_was_given() {
    let (mut lab, _) = office(3);
    lab.phone("202").when_called(Called::Refuses(486));
    lab.phone("201").dials("02079460958");
    lab.run_ms(500);
    assert_eq!(why(&lab), [(17, Why::Busy), (17, Why::Busy)]);
    lab.forget();
    lab.phone("201").dials("02079461111");
    lab.run_ms(500);
    assert_eq!(why(&lab)[0], (1, Why::NoSuchNumber));
    lab.rest();
}

#[test]
fn who_has_no_number_to_show_shows_none() {
    let (mut lab, _) = office(4);
    lab.change("201", |extension| {
        extension.caller_id = Some(Number::parse("+442079460000").unwrap());
    });
    connect(&mut lab);
    let shown = &lab.records.values().nth(1).unwrap().from;
    assert_eq!(shown.number, "+442079460000");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    lab.rest();
}

#[test]
fn hold_is_settled_without_asking_the_line_and_transfer_takes_it_along() {
    let (mut lab, _) = office(5);
    lab.extension("203");
    lab.add_phone("203");
    lab.phone("203").registers();
    lab.run_ms(200);
    connect(&mut lab);
    lab.phone("201").holds();
    lab.run_ms(300);
    assert!(lab.records.values().any(|record| record.held));
    lab.phone("201").resumes();
    lab.run_ms(300);
    lab.phone("201").transfers("203");
    lab.run_ms(500);
    lab.phone("203").answers();
    lab.run_ms(500);
    assert!(lab.phone("203").is_up() && lab.phone("202").is_up());
    assert!(lab.phone("201").is_free());
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("203").is_free());
    lab.rest();
}

#[test]
fn a_number_that_the_box_answers_itself_answers_calls_of_the_line() {
    let (mut lab, _) = office(6);
    let echo = lab
        .config
        .features
        .values()
        .find(|it| it.kind == FeatureKind::Echo)
        .unwrap()
        .number
        .clone();
    lab.inbound("+442079461234", echo.as_str());
    lab.phone("201").dials("02079461234");
    lab.run_ms(500);
    assert!(lab.phone("201").is_up());
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    lab.rest();
}

#[test]
fn channels_are_hunted_in_the_order_that_is_set() {
    for (selection, taken) in [
        (ChannelSelection::Ascending, [1, 1]),
        (ChannelSelection::Descending, [31, 31]),
        (ChannelSelection::RoundRobin, [1, 2]),
        (ChannelSelection::LeastUsed, [1, 2]),
    ] {
        let (mut lab, _) = office_with(7, |isdn| isdn.selection = selection);
        for slot in taken {
            connect(&mut lab);
            assert_eq!(busy(&lab), [slot], "{selection:?}");
            lab.phone("201").hangs_up();
            lab.run_ms(300);
        }
    }
}

#[test]
fn a_channel_out_of_service_is_passed_over_and_comes_back() {
    let (mut lab, _) = office(8);
    let slot = Some(1);
    let out = |service| LineWish::Service { span: SpanId(0), slot, service, gently: true };
    connect(&mut lab);
    wish(&mut lab, out(ChannelService::Out));
    let first = lab.exchange.lines()[0].channels[0].clone();
    assert_eq!((first.closing, first.usage), (Some(ChannelService::Out), ChannelUsage::Busy));
    assert!(lab.phone("201").is_up(), "gently is gently");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert_eq!(lab.exchange.lines()[0].channels[0].ours, ChannelService::Out);
    connect(&mut lab);
    assert_eq!(busy(&lab), [2]);
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    wish(&mut lab, out(ChannelService::In));
    connect(&mut lab);
    assert_eq!(busy(&lab), [1]);
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    lab.rest();
}

#[test]
fn a_restart_ends_the_call_of_its_channel_and_no_other() {
    let (mut lab, _) = office(9);
    connect(&mut lab);
    wish(&mut lab, LineWish::Restart { span: SpanId(0), slot: Some(2) });
    assert!(lab.phone("201").is_up());
    wish(&mut lab, LineWish::Restart { span: SpanId(0), slot: None });
    lab.run_ms(500);
    assert!(lab.phone("201").is_free() && lab.phone("202").is_free());
    connect(&mut lab);
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    lab.rest();
}

#[test]
fn a_line_with_an_alarm_takes_no_call_and_keeps_those_that_stand_for_t309() {
    let (mut lab, _) = office(10);
    connect(&mut lab);
    lab.alarm([true, true]);
    lab.run_ms(1_000);
    assert_eq!(states(&lab), [TrunkState::Down, TrunkState::Down]);
    assert!(lab.phone("201").is_up(), "T309 has not passed");
    lab.alarm([false, false]);
    lab.run_for(Duration::from_secs(10));
    assert_eq!(states(&lab), [TrunkState::Up, TrunkState::Up]);
    assert!(lab.phone("201").is_up() && lab.phone("202").is_up());
    lab.alarm([true, true]);
    lab.run_for(Duration::from_secs(95));
    assert!(lab.phone("201").is_free() && lab.phone("202").is_free());
    lab.phone("201").dials("02079460958");
    lab.run_ms(500);
    assert!(lab.phone("201").is_free(), "a line without a link was tried for ever");
    lab.rest();
}

#[test]
fn a_trunk_that_is_switched_off_ends_its_calls_and_one_that_is_changed_begins_anew() {
    let (mut lab, [user, _]) = office(11);
    connect(&mut lab);
    lab.change_trunk(user, |trunk| trunk.enabled = false);
    lab.run_ms(500);
    assert!(lab.phone("201").is_free());
    assert_eq!(states(&lab).iter().filter(|state| **state == TrunkState::Off).count(), 1);
    lab.run_for(Duration::from_secs(120));
    lab.change_trunk(user, |trunk| trunk.enabled = true);
    lab.run_for(Duration::from_secs(40));
    connect(&mut lab);
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    lab.rest();
}

#[test]
fn a_line_that_the_box_does_not_have_is_told_by_its_name() {
    let mut lab = Lab::office(12, &["201"]);
    lab.digital("carrier", "line 9", IsdnSide::User, |_| {});
    lab.plug_in_lines();
    let status = lab.exchange.trunks().remove(0);
    assert_eq!(status.state, TrunkState::Down);
    assert_eq!(status.problem.unwrap(), "This box has no line that is called line 9.");
}

#[test]
fn what_is_said_on_a_d_channel_is_told_in_words_while_it_is_wanted() {
    let (mut lab, _) = office(13);
    wish(&mut lab, LineWish::Trace { span: SpanId(0), on: true });
    connect(&mut lab);
    let told = |lab: &Lab| {
        let words = lab.events.iter().filter_map(|event| match event {
            call::Event::Trace(trace) => Some(trace.text.clone()),
            _ => None,
        });
        words.collect::<Vec<_>>()
    };
    let words = told(&lab);
    assert!(words.iter().any(|text| text.contains("SETUP")), "{words:#?}");
    assert!(words.iter().any(|text| text.contains("CONNECT")), "{words:#?}");
    let record = lab.records.values().next().unwrap();
    let story: Vec<_> = record.steps.iter().map(|step| step.text.as_str()).collect();
    assert!(story.contains(&"Channel 1 of line 1 carries it."), "{story:#?}");
    assert!(story.iter().any(|text| text.contains("CONNECT")), "{story:#?}");
    wish(&mut lab, LineWish::Trace { span: SpanId(0), on: false });
    let before = told(&lab).len();
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert_eq!(told(&lab).len(), before);
    lab.rest();
}

#[test]
fn a_day_of_calls_on_lines_is_the_same_from_its_record() {
    let (mut lab, _) = office(14);
    for _ in 0..3 {
        connect(&mut lab);
        lab.phone("202").hangs_up();
        lab.run_ms(300);
    }
    lab.replay();
}

/// A box and a carrier who is somebody else.
fn carrier(seed: u64) -> (Lab, TrunkId) {
    far_end(seed, IsdnSide::User, IsdnDialect::EuroIsdn)
}

/// A box that is this side of a line, and somebody else at its far end.
fn far_end(seed: u64, ours: IsdnSide, speaks: IsdnDialect) -> (Lab, TrunkId) {
    let mut lab = Lab::office(seed, &["201", "202"]);
    lab.settings(|settings| settings.country = Country::parse("GB").unwrap());
    let user = lab.digital("carrier", "line 1", ours, |isdn| isdn.dialect = speaks);
    lab.outbound("0.", &[user]);
    lab.inbound("+442079460958", "202");
    let theirs = match ours {
        IsdnSide::User => Side::Network,
        IsdnSide::Network => Side::User,
    };
    let dialect = match speaks {
        IsdnDialect::EuroIsdn => Dialect::EuroIsdn,
        IsdnDialect::Qsig => Dialect::Qsig,
        other => panic!("nobody speaks {other:?} here"),
    };
    lab.far_side_speaks(theirs, dialect);
    lab.plug_in_lines();
    lab.run_ms(2_500);
    assert_eq!(states(&lab), [TrunkState::Up]);
    (lab, user)
}

fn calls(lab: &mut Lab, with: Vec<Element>) -> CallId {
    let bearer = Element::BearerCapability(BearerCapability::speech_alaw());
    let with = [vec![bearer], with].concat();
    let call = lab.far(|far, now| far.setup(Setup { with, channel: Wish::Next }, now).unwrap());
    lab.run_ms(50);
    call
}

fn national(digits: &str) -> Element {
    Element::CalledNumber(Digits::isdn(TypeOfNumber::National, digits))
}

fn ask(lab: &mut Lab, call: CallId, request: Request) {
    lab.far(|far, now| far.request(call, request, now).unwrap());
    lab.run_ms(100);
}

/// What the far end was told since it was asked last, without what it is made of.
fn told(lab: &mut Lab) -> Vec<&'static str> {
    let name = |event: Event| match event {
        Event::DigitsWanted(_) => Some("digits"),
        Event::Proceeding(_) => Some("proceeding"),
        Event::Ringing(said) => Some(if said.in_band { "ringing in band" } else { "ringing" }),
        Event::Progress(_) => Some("progress"),
        Event::Answered(_) => Some("answered"),
        Event::Disconnected { .. } => Some("disconnected"),
        Event::Ended { .. } => Some("ended"),
        _ => None,
    };
    std::mem::take(&mut lab.far_told).into_iter().filter_map(|(_, event)| name(event)).collect()
}

fn hang_up(cause: CauseValue) -> Request {
    Request::Disconnect { cause, tones: false, with: Vec::new() }
}

fn complete(with: Vec<Element>) -> Vec<Element> {
    [vec![national("2079460958"), Element::SendingComplete], with].concat()
}

fn story(lab: &Lab) -> Vec<String> {
    lab.record().steps.iter().map(|step| step.text.clone()).collect()
}

fn says(lab: &Lab, sentence: &str) -> bool {
    story(lab).iter().any(|step| step == sentence)
}

/// The call that the far end was offered last, and its SETUP.
fn offered(lab: &mut Lab) -> (CallId, Message) {
    let told = std::mem::take(&mut lab.far_told).into_iter().rev();
    let mut offers = told.filter_map(|(call, event)| match event {
        Event::Offered(offer) => Some((call, *offer.setup.message)),
        _ => None,
    });
    offers.next().expect("no call came")
}

fn dial_out(lab: &mut Lab) -> (CallId, Message) {
    lab.phone("201").dials("02079461111");
    lab.run_ms(200);
    offered(lab)
}

/// The last message of this kind that the far end was told in an event.
fn heard<T>(lab: &mut Lab, what: impl Fn(Event) -> Option<T>) -> T {
    let told = std::mem::take(&mut lab.far_told).into_iter().rev();
    told.map(|(_, event)| event).find_map(what).expect("the far end was not told")
}

fn end(lab: &mut Lab, call: CallId) {
    ask(lab, call, hang_up(CauseValue::NORMAL));
    lab.run_ms(300);
    lab.rest();
}
