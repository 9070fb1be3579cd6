//! Uploaded sounds: announcements, what a conference says, and the tone of a recording.

use crate::talking;
use call::{Container, Layout, Samples, SoundKey, Why};
use config::{
    Entry, Feature, FeatureId, FeatureKind, FeatureTone, Number, Pin, Prompts, RecordingTone,
    Revision, Tenant, TenantId,
};
use exchange::{Command, Input, Wanted};
use sim::Lab;
use std::sync::Arc;

fn announcement(lab: &mut Lab, repeat: bool, then: Option<&str>) {
    let feature = Feature {
        kind: FeatureKind::Announcement,
        sound: Some(7),
        repeat,
        then: then.map(|it| Number::parse(it).unwrap()),
        ..number("500")
    };
    lab.put(Entry::Feature(feature));
}

fn number(number: &str) -> Feature {
    Feature {
        id: FeatureId::NEW,
        revision: Revision::default(),
        tenant: TenantId::DEFAULT,
        number: Number::parse(number).unwrap(),
        name: String::new(),
        enabled: true,
        kind: FeatureKind::Conference,
        tone: FeatureTone::default(),
        pin: None,
        sound: None,
        repeat: false,
        then: None,
    }
}

fn tenant(lab: &mut Lab, change: impl FnOnce(&mut Tenant)) {
    let mut tenant = (*lab.config.tenants[&TenantId::DEFAULT]).clone();
    change(&mut tenant);
    lab.put(Entry::Tenant(tenant));
}

/// The disk has a sound of so many seconds.
fn comes(lab: &mut Lab, id: u32, seconds: usize) {
    let samples = Arc::new(Samples { rate: 16_000, pcm: vec![900; seconds * 16_000].into() });
    lab.input(Input::Fetched { key: SoundKey::Upload(id), samples: Some(samples) });
}

fn why(lab: &Lab) -> Why {
    lab.ended().last().unwrap().end.as_ref().unwrap().why.clone()
}

fn keys(lab: &mut Lab, digits: &str) {
    for key in digits.chars() {
        lab.phone("201").presses(key);
        lab.run_ms(100);
    }
}

#[test]
fn an_announcement_is_heard_once_and_ends_the_call() {
    let mut lab = Lab::office(1, &["201"]);
    announcement(&mut lab, false, None);
    comes(&mut lab, 7, 3);
    lab.phone("201").dials("500");
    lab.run_ms(200);
    lab.hears_the_box("201");
    assert!(lab.phone("201").is_up());
    lab.run_ms(2_000);
    assert!(!lab.phone("201").is_up());
    assert_eq!(why(&lab), Why::Played);
}

#[test]
fn an_announcement_that_repeats_goes_on_until_the_caller_hangs_up() {
    let mut lab = Lab::office(2, &["201"]);
    announcement(&mut lab, true, None);
    comes(&mut lab, 7, 1);
    lab.phone("201").dials("500");
    lab.run_ms(20_000);
    lab.hears_the_box("201");
    lab.phone("201").hangs_up();
    lab.rest();
    assert_eq!(why(&lab), Why::HungUp);
}

#[test]
fn after_an_announcement_somebody_is_called_and_the_caller_hears_it_ring() {
    let mut lab = Lab::office(3, &["201", "202"]);
    announcement(&mut lab, false, Some("202"));
    comes(&mut lab, 7, 2);
    lab.phone("201").dials("500");
    lab.run_ms(2_600);
    lab.hears_the_box("201");
    lab.phone("202").answers();
    lab.run_ms(300);
    lab.talk("201", "202");
    assert_eq!(lab.record().to.number, "202");
    lab.phone("202").hangs_up();
    lab.rest();
}

#[test]
fn who_is_not_reached_after_an_announcement_is_told_so_by_a_tone() {
    let mut lab = Lab::office(4, &["201", "202"]);
    announcement(&mut lab, false, Some("202"));
    comes(&mut lab, 7, 1);
    lab.phone("201").dials("500");
    lab.run_ms(1_600);
    lab.phone("202").refuses(486);
    lab.run_ms(200);
    lab.hears_the_box("201");
    lab.run_ms(4_000);
    assert!(!lab.phone("201").is_up());
    assert_eq!(why(&lab), Why::Busy);
}

#[test]
fn an_announcement_that_is_not_on_the_disk_is_told_by_a_tone_and_in_the_record() {
    let mut lab = Lab::office(5, &["201"]);
    announcement(&mut lab, false, None);
    let lost = || Input::Fetched { key: SoundKey::Upload(7), samples: None };
    lab.input(lost());
    lab.phone("201").dials("500");
    lab.run_ms(200);
    lab.hears_the_box("201");
    lab.run_ms(4_000);
    assert_eq!(why(&lab), Why::NoSound);
    // It may still be on its way when somebody calls.
    announcement_again(&mut lab);
    lab.phone("201").dials("500");
    lab.run_ms(200);
    lab.hears_nothing("201");
    lab.input(lost());
    lab.hears_the_box("201");
    lab.run_ms(4_000);
    assert_eq!(why(&lab), Why::NoSound);
}

/// A change of anything has missing sounds looked for again.
fn announcement_again(lab: &mut Lab) {
    lab.settings(|settings| settings.name = "Again".to_owned());
}

#[test]
fn a_conference_asks_refuses_and_welcomes_with_sounds_of_the_tenant() {
    let mut lab = Lab::office(6, &["201", "202"]);
    let pin = Some(Pin::parse("2468").unwrap());
    lab.put(Entry::Feature(Feature { pin, ..number("600") }));
    tenant(&mut lab, |tenant| {
        tenant.prompts =
            Prompts { ask_pin: Some(1), wrong_pin: Some(2), refused: Some(3), welcome: Some(4) };
    });
    (1..=4).for_each(|id| comes(&mut lab, id, 2));
    lab.phone("201").dials("600");
    lab.run_ms(200);
    lab.hears_the_box("201");
    keys(&mut lab, "2468");
    // Nobody is there before the welcome is over.
    assert!(lab.exchange.conferences().is_empty());
    lab.hears_the_box("201");
    lab.run_ms(500);
    assert_eq!(lab.exchange.conferences()[0].members.len(), 1);
    lab.phone("201").hangs_up();
    lab.rest();
    lab.phone("201").dials("600");
    lab.run_ms(200);
    keys(&mut lab, "1111");
    lab.run_ms(2_500);
    keys(&mut lab, "2222");
    lab.run_ms(500);
    keys(&mut lab, "3333");
    assert!(lab.phone("201").is_up());
    lab.hears_the_box("201");
    lab.run_ms(1_000);
    assert!(!lab.phone("201").is_up());
    assert_eq!(why(&lab), Why::WrongPin);
}

#[test]
fn a_conference_whose_sounds_are_lost_goes_on_with_tones() {
    let mut lab = Lab::office(7, &["201"]);
    let pin = Some(Pin::parse("2468").unwrap());
    lab.put(Entry::Feature(Feature { pin, ..number("600") }));
    tenant(&mut lab, |tenant| {
        tenant.prompts =
            Prompts { ask_pin: Some(1), wrong_pin: Some(2), refused: None, welcome: Some(4) };
    });
    for id in [1, 2, 4] {
        lab.input(Input::Fetched { key: SoundKey::Upload(id), samples: None });
    }
    lab.phone("201").dials("600");
    lab.run_ms(200);
    lab.hears_the_box("201");
    keys(&mut lab, "1111");
    lab.hears_the_box("201");
    keys(&mut lab, "2468");
    lab.run_ms(200);
    assert_eq!(lab.exchange.conferences()[0].members.len(), 1);
    lab.phone("201").hangs_up();
    lab.rest();
}

fn sounds_of_the_box(lab: &mut Lab) -> [u32; 2] {
    ["201", "202"].map(|name| lab.phone(name).talk().sounds as u32)
}

fn record(lab: &mut Lab) {
    let call = *lab.records.keys().next_back().unwrap();
    let (container, layout) = (Container::default(), Layout::default());
    let wanted = Wanted { call, container, layout, by: "admin".to_owned() };
    lab.input(Input::Command(Command::Record(wanted)));
}

#[test]
fn both_hear_a_short_tone_when_they_begin_to_be_recorded_and_then_each_other() {
    let mut lab = talking(8);
    record(&mut lab);
    lab.run_ms(600);
    for heard in sounds_of_the_box(&mut lab) {
        // A quarter of a second in packets of 20 ms.
        assert!((12..=14).contains(&heard), "{heard}");
    }
    lab.talk("201", "202");
    lab.run_ms(20_000);
    assert!(sounds_of_the_box(&mut lab).into_iter().all(|it| it <= 14));
}

#[test]
fn the_tone_comes_again_every_15_seconds_or_never_as_the_tenant_wants_it() {
    for (tone, wanted) in [(RecordingTone::Repeated, 3 * 12..=3 * 14), (RecordingTone::None, 0..=0)]
    {
        let mut lab = talking(9);
        tenant(&mut lab, |tenant| tenant.recording_tone = tone);
        record(&mut lab);
        lab.run_ms(31_000);
        for heard in sounds_of_the_box(&mut lab) {
            assert!(wanted.contains(&heard), "{tone:?}: {heard}");
        }
        let call = *lab.records.keys().next_back().unwrap();
        lab.input(Input::Command(Command::StopRecord(call)));
        lab.run_ms(31_000);
        assert!(sounds_of_the_box(&mut lab).into_iter().all(|it| wanted.contains(&it)));
    }
}
