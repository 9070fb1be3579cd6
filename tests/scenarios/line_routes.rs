//! Routes out of digital lines and into them: which channels a call takes, how its number is marked, and
//! "who would this reach?" where a call comes or goes by a line.

use call::{
    ByChannels, ByLine, ChannelUsage, NumberMark, NumberPlan, RouteQuestion, RouteReport,
    TrunkState, Verdict, Why,
};
use config::{
    Channels, Country, IsdnNumbering, IsdnSide, Number, NumberFormat, NumberType, TrunkId,
    TrunkKind,
};
use sim::Lab;
use tdm::q931::call::Event;
use tdm::q931::element::{NumberingPlan, TypeOfNumber};
use tdm::q931::message::Message;
use tdm::q931::timers::Side;

/// Four phones and a line of which the box is both ends: what leaves by `carrier` rings at 204.
fn office(seed: u64) -> (Lab, TrunkId) {
    let mut lab = Lab::office(seed, &["201", "202", "203", "204"]);
    lab.settings(|settings| settings.country = Country::parse("GB").unwrap());
    let user = lab.digital("carrier", "line 1", IsdnSide::User, |_| {});
    lab.digital("exchange", "line 1 far end", IsdnSide::Network, |_| {});
    lab.inbound("!", "204");
    lab.plug_in_lines();
    lab.run_ms(2_500);
    assert!(lab.exchange.trunks().iter().all(|trunk| trunk.state == TrunkState::Up));
    (lab, user)
}

/// The same line, but somebody else is the carrier; the trunk's numbers leave as they were dialled.
fn carrier(seed: u64) -> (Lab, TrunkId) {
    let mut lab = Lab::office(seed, &["201", "202"]);
    lab.settings(|settings| settings.country = Country::parse("GB").unwrap());
    let user = lab.digital("carrier", "line 1", IsdnSide::User, |_| {});
    lab.change_trunk(user, |trunk| trunk.number_format = NumberFormat::AsDialled);
    lab.far_side(Side::Network);
    lab.plug_in_lines();
    lab.run_ms(2_500);
    (lab, user)
}

fn channels(text: &str) -> Option<Channels> {
    Some(Channels::parse(text).unwrap())
}

/// The timeslots that carry calls.
fn busy(lab: &Lab) -> Vec<u8> {
    let line = &lab.exchange.lines()[0];
    let busy = line.channels.iter().filter(|it| it.usage == ChannelUsage::Busy);
    busy.map(|it| it.slot).collect()
}

fn dials(lab: &mut Lab, who: &str, number: &str) {
    lab.phone(who).dials(number);
    lab.run_ms(300);
}

/// The last SETUP that the carrier got.
fn setup(lab: &Lab) -> Message {
    let mut setups = lab.far_told.iter().filter_map(|(_, event)| match event {
        Event::Offered(offer) => Some(offer.setup.message.clone()),
        _ => None,
    });
    *setups.next_back().unwrap()
}

fn called(lab: &Lab) -> (TypeOfNumber, NumberingPlan, String) {
    let number = setup(lab).called_number().unwrap().clone();
    (number.kind, number.plan, number.digits)
}

fn who(lab: &Lab, question: &RouteQuestion) -> RouteReport {
    exchange::explain(&lab.config, question, |_, _| Vec::new(), |_| false)
}

fn from_201(to: &str) -> RouteQuestion {
    let (from, to) = ("201".to_owned(), to.to_owned());
    RouteQuestion { from, to, at: None, trunk: None, slot: None, number_type: None }
}

#[test]
fn a_group_of_channels_is_kept_for_the_calls_of_its_route() {
    let (mut lab, line) = office(1);
    lab.outbound_with("09.", &[line], |route| route.channels = channels("5,7"));
    lab.outbound_with("0.", &[line], |route| route.channels = channels("1-2"));
    dials(&mut lab, "201", "0900111111");
    assert_eq!(busy(&lab), [5]);
    dials(&mut lab, "202", "0900222222");
    assert_eq!(busy(&lab), [5, 7]);
    dials(&mut lab, "203", "0900333333");
    assert_eq!(busy(&lab), [5, 7], "28 are free, but not for this route");
    assert_eq!(lab.phone("203").status(), Some(503));
    let end = lab.record().end.clone().unwrap();
    assert_eq!((end.cause.0, end.why), (34, Why::TrunkFull));
    dials(&mut lab, "203", "02079460958");
    assert_eq!(busy(&lab), [1, 5, 7]);
    for phone in ["201", "202", "203"] {
        lab.phone(phone).cancels();
    }
    lab.run_ms(500);
    assert!(busy(&lab).is_empty());
    lab.rest();
}

#[test]
fn where_no_channel_of_a_group_is_free_the_next_trunk_of_the_route_is_tried() {
    let (mut lab, line) = office(2);
    let other = lab.carrier("kestrel", "198.51.100.1:5060", TrunkKind::Static);
    lab.run_ms(300);
    lab.outbound_with("0.", &[line, other], |route| route.channels = channels("9"));
    dials(&mut lab, "201", "02079460958");
    assert_eq!(busy(&lab), [9]);
    dials(&mut lab, "202", "02079461111");
    assert_eq!(busy(&lab), [9]);
    assert!(lab.phone("kestrel").rings());
    let record = lab.records.values().find(|record| record.from.number == "202").unwrap();
    let story: Vec<_> = record.steps.iter().map(|step| step.text.as_str()).collect();
    let failed = "Trunk carrier failed: the trunk carries all the calls that it may (cause 34).";
    assert!(story.contains(&failed), "{story:#?}");
    lab.phone("201").cancels();
    lab.phone("202").cancels();
    lab.run_ms(500);
    lab.rest();
}

#[test]
fn who_needs_help_may_take_any_channel() {
    let (mut lab, line) = office(3);
    lab.outbound_with("!", &[line], |route| route.channels = channels("5"));
    dials(&mut lab, "201", "0900111111");
    dials(&mut lab, "202", "999");
    assert_eq!(busy(&lab), [1, 5]);
    lab.phone("201").cancels();
    lab.phone("202").cancels();
    lab.run_ms(500);
    lab.rest();
}

#[test]
fn a_route_marks_its_numbers_otherwise_than_the_trunk() {
    let (mut lab, line) = carrier(4);
    lab.change("201", |extension| {
        extension.caller_id = Some(Number::parse("+442079460000").unwrap());
    });
    use NumberingPlan::{Isdn, Private};
    let cases = [
        (None, "02079460311", TypeOfNumber::Unknown, Isdn, "02079460311"),
        (Some(IsdnNumbering::National), "02079460312", TypeOfNumber::National, Isdn, "2079460312"),
        (Some(IsdnNumbering::Subscriber), "460312", TypeOfNumber::Subscriber, Isdn, "460312"),
        (Some(IsdnNumbering::Abbreviated), "17", TypeOfNumber::Abbreviated, Isdn, "17"),
        (Some(IsdnNumbering::NetworkSpecific), "8001", TypeOfNumber::NetworkSpecific, Isdn, "8001"),
        (Some(IsdnNumbering::Private), "4711", TypeOfNumber::Unknown, Private, "4711"),
    ];
    for (numbering, dialled, kind, plan, digits) in cases {
        lab.outbound_with(dialled, &[line], |route| route.numbering = numbering);
        let report = who(&lab, &from_201(dialled));
        dials(&mut lab, "201", dialled);
        assert_eq!(called(&lab), (kind, plan, digits.to_owned()), "{numbering:?}");
        let caller = setup(&lab).calling_number().unwrap().number.clone();
        assert_eq!(caller.kind, TypeOfNumber::International, "who calls is marked by the trunk");
        // What the router says beforehand is what the carrier gets.
        let private = numbering == Some(IsdnNumbering::Private);
        let told = if private { NumberPlan::Private } else { NumberPlan::Telephone };
        let said = &report.lines[0];
        assert_eq!((said.digits.as_str(), said.plan), (digits, told));
        lab.phone("201").cancels();
        lab.run_ms(1_000);
    }
    lab.rest();
}

#[test]
fn who_would_this_reach_says_how_a_call_leaves_by_a_line() {
    let (mut lab, line) = carrier(5);
    lab.outbound_with("0.", &[line], |route| {
        (route.numbering, route.channels) = (Some(IsdnNumbering::National), channels("3,14-18"));
    });
    let report = who(&lab, &from_201("02079460312"));
    let lines =
        vec![ByChannels { line: "line 1".to_owned(), channels: "3,14-15,17-18".to_owned() }];
    let expected = ByLine {
        trunk: "carrier".to_owned(),
        digits: "2079460312".to_owned(),
        number_type: NumberMark::National,
        plan: NumberPlan::Telephone,
        lines,
    };
    assert_eq!(report.lines, [expected]);
    let sentence = "On carrier its number is 2079460312, national; it may take timeslots \
        3,14-15,17-18 of line 1.";
    assert_eq!(report.steps.last().unwrap().text, sentence);
    dials(&mut lab, "201", "02079460312");
    assert_eq!(called(&lab).0, TypeOfNumber::National);
    assert_eq!(setup(&lab).channel_id().unwrap().to_string(), "channel 3 preferred");
    lab.phone("201").cancels();
    lab.run_ms(1_000);
    let help = who(&lab, &from_201("999"));
    assert_eq!(help.lines[0].lines[0].channels, "1-15,17-31");
    lab.rest();
}

#[test]
fn who_would_this_reach_may_be_asked_of_a_call_that_comes_by_a_line() {
    let (mut lab, line) = carrier(6);
    lab.inbound_with("+442079461000", "201", |route| route.channels = channels("1-4"));
    lab.inbound_with("1000", "202", |route| route.number_type = Some(NumberType::Subscriber));
    let reaches = |to: &str, slot, number_type| {
        let trunk = Some(line.0);
        let report = who(&lab, &RouteQuestion { trunk, slot, number_type, ..from_201(to) });
        (report.verdict, report.route)
    };
    let route = |name: &str| (Verdict::Extension, Some(name.to_owned()));
    let nobody = (Verdict::Refused, None);
    let national = Some(NumberMark::National);
    assert_eq!(reaches("2079461000", Some(3), national), route("in +442079461000"));
    assert_eq!(reaches("+442079461000", Some(3), None), route("in +442079461000"));
    assert_eq!(reaches("2079461000", Some(5), national), nobody);
    assert_eq!(reaches("2079461000", None, national), nobody);
    assert_eq!(reaches("1000", Some(7), Some(NumberMark::Subscriber)), route("in 1000"));
    assert_eq!(reaches("1000", Some(7), Some(NumberMark::Unknown)), nobody);
    assert_eq!(reaches("1000", None, None), nobody);
}
