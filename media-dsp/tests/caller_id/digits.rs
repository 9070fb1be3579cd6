//! Identity in DTMF digits.

use media_dsp::caller_id::Absence;
use media_dsp::caller_id::digits::{Collector, Form, Identity};
use media_dsp::dtmf;
use media_dsp::tone::Dbm0;
use proptest::prelude::*;

#[test]
fn digits_say_who_calls_in_every_form() {
    let caller = Identity::new("02079460958").unwrap();
    for form in [Form::Fields, Form::Hash, Form::Between] {
        let digits = caller.compose(form).unwrap();
        assert_eq!(Identity::parse(digits.as_str()), Ok(caller), "{form:?}");
    }
    let forwarded = caller.redirected_by("12345").unwrap();
    assert_eq!(forwarded.compose(Form::Fields).unwrap().as_str(), "A02079460958D12345C");
    assert_eq!(Identity::parse("A02079460958D12345C"), Ok(forwarded));
    assert_eq!(Identity::parse("B10C"), Ok(Identity::absent(Absence::Private)));
    assert_eq!(Identity::parse("B00C"), Ok(Identity::absent(Absence::Unavailable)));
    assert_eq!(Identity::parse("D1#"), Ok(Identity::absent(Absence::Private)));
    assert_eq!(Identity::parse("02079460958#").unwrap().number(), "02079460958");
    for wrong in ["", "C", "#", "A#", "AC", "A1", "B20C", "A12B3C", "X1C", "A1A#", "AéC"] {
        assert!(Identity::parse(wrong).is_err(), "{wrong}");
    }
}

#[test]
fn what_a_form_has_no_words_for_is_not_composed() {
    for form in [Form::Fields, Form::Hash, Form::Between] {
        assert!(Identity::default().compose(form).is_err(), "{form:?}");
    }
    let private = Identity::absent(Absence::Private);
    assert_eq!(private.compose(Form::Fields).unwrap().as_str(), "B10C");
    assert_eq!(private.compose(Form::Hash).unwrap().as_str(), "D1#");
    assert!(private.compose(Form::Between).is_err());
    let forwarded = Identity::new("201").unwrap().redirected_by("12345").unwrap();
    assert!(forwarded.compose(Form::Hash).is_err());
    assert!(forwarded.compose(Form::Between).is_err());
    assert!(Identity::new("").is_err());
    assert!(Identity::new(&"1".repeat(49)).is_err());
    assert!(Identity::new(&"1".repeat(48)).unwrap().compose(Form::Fields).is_err());
}

#[test]
fn too_many_digits_are_refused_and_the_next_ones_are_heard() {
    let mut collector = Collector::default();
    let mut take = |signs: &str| -> Vec<_> {
        let digits = signs.chars().map(|sign| dtmf::Digit::parse(sign).unwrap());
        digits.filter_map(|digit| collector.take(digit)).collect()
    };
    let [Err(_)] = take(&"5".repeat(49))[..] else { panic!("too many are taken") };
    assert_eq!(take("A201C"), [Identity::new("201")]);
}

#[test]
fn digits_are_gathered_off_the_line() {
    let caller = Identity::new("02079460958").unwrap();
    let mut pcm = vec![0; 400];
    for sign in caller.compose(Form::Fields).unwrap().as_str().chars() {
        let digit = dtmf::Digit::parse(sign).unwrap();
        let mut samples = [0; 1_120];
        dtmf::Generator::new(digit, (Dbm0(-14.0), Dbm0(-12.0)), 560, 560).fill(&mut samples);
        pcm.extend(samples);
    }
    let (mut collector, mut found) = (Collector::default(), Vec::new());
    dtmf::Detector::new().hear(&pcm, |event| {
        if let dtmf::Event::Began(heard) = event {
            found.extend(collector.take(heard.digit));
        }
    });
    assert_eq!(found, [Ok(caller)]);
}

proptest! {
    #[test]
    fn no_digits_make_the_parser_panic(digits in "[0-9A-D*#é]{0,40}[C#]") {
        let _ = Identity::parse(&digits);
    }
}
