//! How calls by a line end, or begin anew: tones, refused channels, the last words of a trace.

use super::*;

fn explain(cause: CauseValue) -> Request {
    Request::Disconnect { cause, tones: true, with: Vec::new() }
}

#[test]
fn why_nobody_answers_is_heard_until_the_carrier_has_said_it() {
    let (mut lab, _) = carrier(43);
    let (call, _) = dial_out(&mut lab);
    ask(&mut lab, call, Request::Proceed(Vec::new()));
    ask(&mut lab, call, explain(CauseValue::BUSY));
    lab.run_for(Duration::from_secs(10));
    assert!(lab.phone("201").count("183") > 0, "the tone is not heard");
    assert!(!lab.phone("201").is_free());
    assert!(lab.ended().is_empty());
    // T306 of the carrier.
    lab.run_for(Duration::from_secs(21));
    assert_eq!(lab.phone("201").status(), Some(486));
    assert_eq!(why(&lab), [(17, Why::Busy)]);
    assert!(busy(&lab).is_empty());
    lab.rest();
}

#[test]
fn who_has_heard_enough_of_it_hangs_up() {
    let (mut lab, _) = carrier(44);
    let (call, _) = dial_out(&mut lab);
    ask(&mut lab, call, Request::Proceed(Vec::new()));
    ask(&mut lab, call, explain(CauseValue::UNALLOCATED));
    lab.run_for(Duration::from_secs(2));
    lab.phone("201").cancels();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free());
    assert!(busy(&lab).is_empty(), "the channel is kept");
    lab.rest();
}

#[test]
fn who_has_talked_hears_no_tone_after_it_and_a_way_that_failed_is_not_explained() {
    let (mut lab, _) = carrier(45);
    let (call, _) = dial_out(&mut lab);
    ask(&mut lab, call, Request::Answer(Vec::new()));
    ask(&mut lab, call, explain(CauseValue::NORMAL));
    lab.run_ms(300);
    assert!(lab.phone("201").is_free());
    lab.forget();
    let (call, _) = dial_out(&mut lab);
    ask(&mut lab, call, Request::Proceed(Vec::new()));
    ask(&mut lab, call, explain(CauseValue::NO_CHANNEL));
    lab.run_ms(300);
    assert!(lab.phone("201").is_free(), "another trunk would have to wait for this one");
    lab.rest();
}

#[test]
fn a_channel_that_is_refused_gives_way_to_another_one_once() {
    let (mut lab, _) = carrier(46);
    let (call, _) = dial_out(&mut lab);
    ask(&mut lab, call, hang_up(CauseValue::CHANNEL_NOT_AVAILABLE));
    lab.run_ms(200);
    let (again, setup) = offered(&mut lab);
    assert_ne!(again, call);
    assert_eq!(setup.channel_id().unwrap().numbers(), [2]);
    assert_eq!(busy(&lab).len(), 0, "nobody has answered yet");
    assert!(says(&lab, "The far end refuses channel 1 (cause 44)."), "{:#?}", story(&lab));
    ask(&mut lab, again, Request::Answer(Vec::new()));
    lab.run_ms(200);
    assert!(lab.phone("201").is_up());
    ask(&mut lab, again, hang_up(CauseValue::NORMAL));
    lab.run_ms(200);
    lab.forget();
    for _ in 0..2 {
        let (call, _) =
            if lab.phone("201").is_free() { dial_out(&mut lab) } else { offered(&mut lab) };
        ask(&mut lab, call, hang_up(CauseValue::CHANNEL_UNACCEPTABLE));
        lab.run_ms(200);
    }
    assert!(lab.phone("201").is_free(), "a third channel was tried");
    lab.rest();
}

#[test]
fn a_cause_of_a_channel_further_on_takes_no_other_channel_here() {
    let (mut lab, _) = carrier(47);
    let (call, _) = dial_out(&mut lab);
    ask(&mut lab, call, Request::Proceed(Vec::new()));
    ask(&mut lab, call, hang_up(CauseValue::CHANNEL_NOT_AVAILABLE));
    lab.run_ms(300);
    assert!(lab.phone("201").is_free());
    assert_eq!(why(&lab)[0].0, 44);
    lab.rest();
}

#[test]
fn every_message_of_a_call_in_the_trace_names_it_from_the_first_to_the_last() {
    let (mut lab, _) = carrier(48);
    wish(&mut lab, LineWish::Trace { span: SpanId(0), on: true });
    let (call, _) = dial_out(&mut lab);
    ask(&mut lab, call, Request::Answer(Vec::new()));
    lab.run_ms(100);
    ask(&mut lab, call, hang_up(CauseValue::NORMAL));
    lab.run_ms(300);
    let id = lab.record().id;
    let messages = lab.events.iter().filter_map(|event| match event {
        call::Event::Trace(trace) if trace.layer == call::LineLayer::Message => Some(trace),
        _ => None,
    });
    let of: Vec<_> = messages.map(|trace| (trace.call, trace.text.clone())).collect();
    assert!(of.iter().any(|(_, text)| text.contains("SETUP")), "{of:#?}");
    assert!(of.iter().any(|(_, text)| text.contains("RELEASE COMPLETE")), "{of:#?}");
    assert!(of.iter().all(|(call, _)| *call == Some(id)), "{of:#?}");
    lab.rest();
}
