//! Channels of digital lines that are measured: loops, and tests of bit errors.

use call::{
    BertFigures, BertPattern, BertSync, ChannelService, ChannelStatus, LineWish, MediaEvent,
    PortId, SpanId,
};
use config::{Country, IsdnSide, TrunkId};
use exchange::{Command, Input};
use sim::Lab;

const SPAN: SpanId = SpanId(0);
const SLOT: u8 = 1;

/// 201 and 202, and a line between two trunks of the box: what begins with 0 leaves and comes in again.
fn office(seed: u64) -> (Lab, TrunkId) {
    let mut lab = Lab::office(seed, &["201", "202"]);
    lab.settings(|settings| settings.country = Country::parse("GB").unwrap());
    let user = lab.digital("carrier", "line 1", IsdnSide::User, |_| {});
    lab.digital("exchange", "line 1 far end", IsdnSide::Network, |_| {});
    lab.outbound("0.", &[user]);
    lab.inbound("+442079460958", "202");
    lab.plug_in_lines();
    lab.run_ms(2_500);
    (lab, user)
}

fn wish(lab: &mut Lab, wish: LineWish) {
    lab.input(Input::Command(Command::Line(wish)));
    lab.run_ms(200);
}

fn test(pattern: Option<BertPattern>) -> LineWish {
    LineWish::Bert { span: SPAN, slot: SLOT, pattern }
}

fn service(slot: Option<u8>, service: ChannelService) -> LineWish {
    LineWish::Service { span: SPAN, slot, service, gently: true }
}

fn channel(lab: &Lab) -> ChannelStatus {
    lab.exchange.lines()[0].channels[0].clone()
}

fn counted(lab: &mut Lab, sync: BertSync, errors: u64) {
    let port = PortId::of_channel(SPAN.0, SLOT);
    let figures = BertFigures { sync, errors, bits: 64_000, ..BertFigures::default() };
    lab.input(Input::Media(MediaEvent::Bert { port, figures }));
}

#[test]
fn a_channel_whose_bit_errors_are_tested_takes_no_call_and_is_then_what_it_was() {
    let (mut lab, _) = office(1);
    for before in [ChannelService::In, ChannelService::Out] {
        wish(&mut lab, service(Some(SLOT), before));
        wish(&mut lab, test(Some(BertPattern::Bits2047)));
        let tested = channel(&lab);
        assert_eq!(tested.ours, ChannelService::Maintenance);
        assert!(tested.bert.unwrap().runs() && !tested.looped);
        lab.phone("201").dials("02079460958");
        lab.run_ms(300);
        lab.phone("202").answers();
        lab.run_ms(300);
        assert!(lab.phone("201").is_up() && channel(&lab).call.is_none());
        assert!(lab.exchange.lines()[0].channels[1].call.is_some(), "the next one is taken");
        lab.phone("201").hangs_up();
        lab.run_ms(300);
        wish(&mut lab, test(None));
        assert_eq!(channel(&lab).ours, before);
        assert!(!channel(&lab).bert.unwrap().runs());
    }
    lab.rest();
}

#[test]
fn what_a_test_counts_is_shown_and_since_when_the_sequence_comes() {
    let (mut lab, _) = office(2);
    wish(&mut lab, test(Some(BertPattern::Bits32767)));
    let begun = channel(&lab).bert.unwrap();
    assert_eq!((begun.since, begun.figures), (begun.begun, BertFigures::default()));
    lab.run_ms(1_000);
    counted(&mut lab, BertSync::Found, 0);
    let found = channel(&lab).bert.unwrap();
    assert_eq!(found.since.since(begun.begun).as_millis(), 1_200);
    lab.run_ms(1_000);
    counted(&mut lab, BertSync::Found, 3);
    let later = channel(&lab).bert.unwrap();
    assert_eq!((later.since, later.figures.errors), (found.since, 3));
    wish(&mut lab, test(None));
    let ended = channel(&lab).bert.unwrap();
    assert!(ended.ended.is_some());
    assert_eq!(ended.figures.errors, 3, "what it has found is kept");
    wish(&mut lab, test(Some(BertPattern::Bits2047)));
    assert_eq!(channel(&lab).bert.unwrap().figures, BertFigures::default());
}

#[test]
fn a_line_that_goes_out_of_service_leaves_what_is_measured_until_that_is_over() {
    let (mut lab, _) = office(3);
    wish(&mut lab, LineWish::LoopChannel { span: SPAN, slot: SLOT, on: true });
    assert!(channel(&lab).looped);
    wish(&mut lab, test(Some(BertPattern::Bits2047)));
    assert!(channel(&lab).bert.is_none(), "a loop is no test");
    wish(&mut lab, service(None, ChannelService::Out));
    assert_eq!(channel(&lab).ours, ChannelService::Maintenance);
    assert_eq!(lab.exchange.lines()[0].channels[1].ours, ChannelService::Out);
    wish(&mut lab, LineWish::LoopChannel { span: SPAN, slot: SLOT, on: false });
    assert_eq!(channel(&lab).ours, ChannelService::Out);
}

#[test]
fn nothing_is_left_of_a_test_when_its_trunk_is_switched_off() {
    let (mut lab, user) = office(4);
    wish(&mut lab, test(Some(BertPattern::Bits2047)));
    wish(&mut lab, LineWish::LoopChannel { span: SPAN, slot: 2, on: true });
    lab.change_trunk(user, |trunk| trunk.enabled = false);
    lab.run_ms(500);
    assert!(lab.exchange.lines()[0].channels.is_empty());
    counted(&mut lab, BertSync::Found, 9);
    lab.change_trunk(user, |trunk| trunk.enabled = true);
    lab.run_ms(3_000);
    for channel in &lab.exchange.lines()[0].channels[..2] {
        assert_eq!((channel.bert, channel.looped), (None, false));
        assert_eq!(channel.ours, ChannelService::In);
    }
}
