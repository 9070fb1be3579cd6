//! The decision table of the router.

use crate::office::{change_extension, change_trunk, configured, inbound, outbound, put};
use call::EncryptionPolicy::{self, Browser, Off, Opportunistic, Required, RequiredDtls};
use call::{NumberMark, Place, RouteQuestion, Verdict, Why};
use config::{
    Channels, Config, Device, DeviceId, Encryption, Entry, Isdn, IsdnSpan, Number, NumberFormat,
    NumberType, Pattern, Revision, Settings, TenantId, TrunkId, TrunkKind,
};
use pbx::route::{Caller, Phone, Way, decide, explain};

fn from(number: &str) -> Caller {
    Caller::Extension { tenant: TenantId::DEFAULT, number: number.to_owned() }
}

fn outside(trunk: u32, number: &str) -> Caller {
    let trunk = TrunkId(trunk);
    Caller::Trunk { tenant: TenantId::DEFAULT, trunk, line: None, number: number.to_owned() }
}

fn question(from: &str, to: &str) -> RouteQuestion {
    let (from, to) = (from.to_owned(), to.to_owned());
    RouteQuestion { from, to, at: None, trunk: None, slot: None, number_type: None }
}

/// `ext 202`, `1:+44... 2:+44...`, or why not.
fn way(config: &Config, caller: &Caller, dialled: &str) -> String {
    match decide(config, caller, dialled).way {
        Way::Extension(id) => format!("ext {}", config.extensions[&id].number),
        Way::Trunks { choices, .. } => {
            let shown = choices.iter().map(|choice| format!("{}:{}", choice.trunk, choice.number));
            shown.collect::<Vec<_>>().join(" ")
        }
        Way::Feature(id) => format!("box {}", config.features[&id].number),
        Way::Refused(end) => format!("{:?}", end.why),
    }
}

#[test]
fn an_extension_is_found_before_any_route() {
    let mut config = configured();
    outbound(&mut config, "2XX", &[1], |_| {});
    assert_eq!(way(&config, &from("201"), "202"), "ext 202");
    assert_eq!(way(&config, &from("201"), "299"), "1:299");
}

#[test]
fn the_box_answers_its_numbers_before_any_route_but_never_calls_for_help() {
    let mut config = configured();
    outbound(&mut config, "!", &[1], |_| {});
    assert_eq!(way(&config, &from("201"), "*43"), "box *43");
    let mut echo = (**config.feature_by_number(TenantId::DEFAULT, "*43").unwrap()).clone();
    echo.enabled = false;
    put(&mut config, Entry::Feature(echo.clone()));
    assert_eq!(way(&config, &from("201"), "*43"), "NoSuchNumber");
    (echo.enabled, echo.number) = (true, Number::parse("113").unwrap());
    put(&mut config, Entry::Feature(echo));
    assert_eq!(way(&config, &from("201"), "113"), "box 113");
    let extra_emergency = vec![Number::parse("113").unwrap()];
    let settings = Settings { extra_emergency, ..(*config.settings).clone() };
    put(&mut config, Entry::Settings(settings));
    assert!(way(&config, &from("201"), "113").contains(":113"));
}

#[test]
fn who_would_this_reach_tells_of_the_boxs_own_numbers() {
    let mut config = configured();
    inbound(&mut config, "!", "*42", |_| {});
    for (from, to, trunk) in [("201", "*42", None), ("+4412", "+442079460958", Some(1))] {
        let question = RouteQuestion { trunk, ..question(from, to) };
        let report = explain(&config, &question, |_, _| Vec::new(), |_| false, |_| None);
        assert_eq!(report.verdict, Verdict::Number);
        assert_eq!(report.places, [Place::Number("*42".to_owned())]);
        assert_eq!(report.steps.last().unwrap().text, "The box itself answers *42: Music.");
    }
}

#[test]
fn what_fits_nothing_is_refused_with_the_right_reason() {
    let mut config = configured();
    assert_eq!(way(&config, &from("201"), "0301234"), "NoRoute");
    assert_eq!(way(&config, &from("201"), "alice"), "NoSuchNumber");
    assert_eq!(way(&config, &from("201"), ""), "NoSuchNumber");
    change_extension(&mut config, "202", |extension| extension.enabled = false);
    assert_eq!(way(&config, &from("201"), "202"), "NotRegistered");
}

#[test]
fn the_first_route_that_fits_decides() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1], |route| route.order = 20);
    outbound(&mut config, "00.", &[2], |route| route.order = 10);
    outbound(&mut config, "07.", &[2], |route| {
        route.order = 5;
        route.enabled = false;
    });
    assert_eq!(way(&config, &from("201"), "02079460958"), "1:+442079460958");
    assert_eq!(way(&config, &from("201"), "0049301234"), "2:+49301234");
    assert_eq!(way(&config, &from("201"), "07700900123"), "1:+447700900123");
}

#[test]
fn a_route_may_be_for_some_callers_only() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1], |route| {
        route.caller = Some(Pattern::parse("201").unwrap());
    });
    assert_eq!(way(&config, &from("201"), "02079460958"), "1:+442079460958");
    assert_eq!(way(&config, &from("202"), "02079460958"), "NoRoute");
}

#[test]
fn digits_are_taken_off_and_put_in_front() {
    let mut config = configured();
    outbound(&mut config, "9X.", &[1], |route| {
        route.strip = 1;
        route.prepend = "0".to_owned();
    });
    assert_eq!(way(&config, &from("201"), "92079460958"), "1:+442079460958");
    outbound(&mut config, "8", &[1], |route| route.strip = 1);
    assert_eq!(way(&config, &from("201"), "8"), "Incomplete");
}

#[test]
fn each_carrier_gets_its_own_number_format() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1, 2], |_| {});
    change_trunk(&mut config, 2, |trunk| trunk.number_format = NumberFormat::National);
    assert_eq!(way(&config, &from("201"), "02079460958"), "1:+442079460958 2:02079460958");
    change_trunk(&mut config, 1, |trunk| trunk.number_format = NumberFormat::Digits);
    change_trunk(&mut config, 2, |trunk| trunk.number_format = NumberFormat::AsDialled);
    assert_eq!(way(&config, &from("201"), "02079460958"), "1:442079460958 2:02079460958");
}

#[test]
fn a_number_from_a_phones_contacts_fits_a_national_route() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1], |_| {});
    assert_eq!(way(&config, &from("201"), "+442079460958"), "1:+442079460958");
}

#[test]
fn a_barred_number_is_barred_and_a_trunk_that_is_off_is_passed_over() {
    let mut config = configured();
    outbound(&mut config, "0900.", &[1], |route| {
        route.barred = true;
        route.order = 1;
    });
    outbound(&mut config, "0.", &[1, 2], |_| {});
    assert_eq!(way(&config, &from("201"), "0900123"), "Barred");
    change_trunk(&mut config, 1, |trunk| trunk.enabled = false);
    assert_eq!(way(&config, &from("201"), "02079460958"), "2:+442079460958");
    change_trunk(&mut config, 2, |trunk| trunk.enabled = false);
    assert_eq!(way(&config, &from("201"), "02079460958"), "NoRoute");
}

#[test]
fn help_is_reached_by_every_trunk_that_there_is() {
    let mut config = configured();
    outbound(&mut config, "X.", &[2], |route| route.barred = true);
    for number in ["999", "112"] {
        assert_eq!(way(&config, &from("201"), number), format!("2:{number} 1:{number}"));
    }
    let Way::Trunks { emergency, .. } = decide(&config, &from("201"), "999").way else { panic!() };
    assert!(emergency);
    change_trunk(&mut config, 2, |trunk| trunk.enabled = false);
    assert_eq!(way(&config, &from("201"), "999"), "1:999");
    let mut settings: Settings = (*config.settings).clone();
    settings.extra_emergency = vec![Number::parse("555").unwrap()];
    put(&mut config, Entry::Settings(settings));
    assert_eq!(way(&config, &from("201"), "555"), "1:555");
}

#[test]
fn a_call_from_outside_finds_its_did_in_every_way_of_writing() {
    for pattern in ["+442079460958", "02079460958", "442079460958", "+44207946XXXX", "+44."] {
        let mut config = configured();
        inbound(&mut config, pattern, "202", |_| {});
        for sent in ["+442079460958", "02079460958", "442079460958", "00442079460958"] {
            assert_eq!(way(&config, &outside(1, "+49301"), sent), "ext 202", "{pattern} {sent}");
        }
        assert_eq!(way(&config, &outside(1, "+49301"), "+4930"), "NoSuchNumber");
    }
}

#[test]
fn an_inbound_route_may_be_for_one_trunk_and_for_some_callers() {
    let mut config = configured();
    inbound(&mut config, "+44.", "202", |route| {
        route.order = 1;
        route.trunk = Some(TrunkId(1));
        route.caller = Some(Pattern::parse("+49.").unwrap());
    });
    inbound(&mut config, "+44.", "203", |_| {});
    assert_eq!(way(&config, &outside(1, "+4930"), "+442079460958"), "ext 202");
    assert_eq!(way(&config, &outside(2, "+4930"), "+442079460958"), "ext 203");
    assert_eq!(way(&config, &outside(1, "+3310"), "+442079460958"), "ext 203");
}

#[test]
fn nobody_outside_may_dial_through_the_box() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1], |_| {});
    assert_eq!(way(&config, &outside(1, "+49301"), "202"), "NoSuchNumber");
    assert_eq!(way(&config, &outside(1, "+49301"), "02079460958"), "NoSuchNumber");
    assert_eq!(way(&config, &outside(1, "+49301"), "999"), "NoSuchNumber");
}

#[test]
fn the_router_explains_itself_through_forwardings() {
    let mut config = configured();
    inbound(&mut config, "+442079460958", "202", |_| {});
    outbound(&mut config, "0.", &[1], |_| {});
    change_extension(&mut config, "202", |extension| {
        extension.forward.always = Some(Number::parse("07700900123").unwrap());
    });
    let question = RouteQuestion { trunk: Some(1), ..question("+4930123", "+442079460958") };
    let report = explain(&config, &question, |_, _| vec![Phone::default()], |_| false, |_| None);
    assert_eq!(report.verdict, Verdict::Trunk);
    assert_eq!(report.number.as_deref(), Some("+447700900123"));
    assert!(report.steps.iter().any(|step| step.text.contains("forwarded to 07700900123")));
    change_extension(&mut config, "202", |extension| {
        extension.forward.always = Some(Number::parse("203").unwrap());
    });
    change_extension(&mut config, "203", |extension| {
        extension.forward.always = Some(Number::parse("202").unwrap());
    });
    let report = explain(&config, &question, |_, _| vec![Phone::default()], |_| false, |_| None);
    assert_eq!(report.verdict, Verdict::Refused);
    assert!(matches!(decide(&config, &from("201"), "x").way,
        Way::Refused(end) if end.why == Why::NoSuchNumber));
}

#[test]
fn a_trunk_that_is_down_comes_last_and_the_router_says_so() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1, 2], |_| {});
    let question = question("201", "02079460958");
    let names: Vec<String> = config.trunks.values().map(|trunk| trunk.name.clone()).collect();
    let way = |down: &[u32]| {
        let report = explain(
            &config,
            &question,
            |_, _| vec![Phone::default()],
            |trunk| down.contains(&trunk.0),
            |_| None,
        );
        let told = report.steps.iter().filter(|step| step.text.contains("tried last")).count();
        let places = report.places.into_iter().map(|place| match place {
            Place::Trunk(name) => names.iter().position(|known| *known == name).unwrap() + 1,
            Place::Extension(_) | Place::Number(_) => 0,
        });
        (places.collect::<Vec<_>>(), told)
    };
    assert_eq!(way(&[]), (vec![1, 2], 0));
    assert_eq!(way(&[1]), (vec![2, 1], 1));
    assert_eq!(way(&[2]), (vec![1, 2], 1));
    assert_eq!(way(&[1, 2]), (vec![1, 2], 0), "none is better than the other");
}

#[test]
fn the_router_tells_what_is_set_for_the_sound_of_each_side() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1, 2], |_| {});
    change_trunk(&mut config, 1, |trunk| trunk.encryption = Some(Encryption::Off));
    change_trunk(&mut config, 2, |trunk| trunk.encryption = Some(Encryption::RequiredDtls));
    let extension = config.extension_by_number(TenantId::DEFAULT, "202").unwrap().id;
    let device = Device {
        id: DeviceId::NEW,
        revision: Revision::default(),
        tenant: TenantId::DEFAULT,
        extension,
        name: "desk".to_owned(),
        enabled: true,
        codecs: None,
        encryption: Some(Encryption::Required),
        media_path: None,
        credentials: None,
    };
    put(&mut config, Entry::Device(device));
    let phone =
        |device: Option<&str>, browser| Phone { device: device.map(str::to_owned), browser };
    let registered = |_: TenantId, number: &str| match number {
        "202" => vec![phone(Some("desk"), false), phone(None, false), phone(Some("desk"), true)],
        _ => Vec::new(),
    };
    let names: Vec<String> = config.trunks.values().map(|trunk| trunk.name.clone()).collect();
    let (one, two) = (names[0].as_str(), names[1].as_str());
    let told = |to: &str, trunk| {
        let question = RouteQuestion { trunk, ..question("201", to) };
        let report = explain(&config, &question, registered, |_| false, |_| None);
        report.encryption.into_iter().map(|it| (it.leg, it.policy)).collect::<Vec<_>>()
    };
    let sides = |sides: &[(&str, EncryptionPolicy)]| {
        sides.iter().map(|(leg, policy)| ((*leg).to_owned(), *policy)).collect::<Vec<_>>()
    };
    let inside = [Required, Opportunistic, Browser].map(|policy| ("202", policy));
    assert_eq!(told("202", None), sides(&[&[("201", Opportunistic)][..], &inside].concat()));
    let out = [("201", Opportunistic), (one, Off), (two, RequiredDtls)];
    assert_eq!(told("0123456", None), sides(&out));
    assert_eq!(told("*43", None), sides(&[("201", Opportunistic)]), "the box itself is no side");
    assert_eq!(told("9", None), sides(&[]), "a call that is refused has none");
}

#[test]
fn a_choice_names_its_route_and_who_needs_help_has_none() {
    let mut config = configured();
    outbound(&mut config, "0.", &[1, 2], |_| {});
    let routes = |dialled: &str| match decide(&config, &from("201"), dialled).way {
        Way::Trunks { choices, .. } => choices.into_iter().map(|choice| choice.route).collect(),
        _ => Vec::new(),
    };
    let route = *config.outbound_routes.keys().next().unwrap();
    assert_eq!(routes("02079460958"), [Some(route), Some(route)]);
    assert_eq!(routes("999"), [None, None]);
}

#[test]
fn a_thought_of_call_comes_on_the_timeslot_and_with_the_type_that_it_is_asked_with() {
    let mut config = configured();
    inbound(&mut config, "1000", "201", |route| route.channels = Channels::parse("1-4").ok());
    inbound(&mut config, "2000", "201", |route| route.number_type = Some(NumberType::Subscriber));
    change_trunk(&mut config, 2, |trunk| {
        (trunk.kind, trunk.isdn) = (TrunkKind::Isdn, Some(Isdn::on(vec![IsdnSpan::of("line 1")])));
    });
    let verdict = |trunk, to: &str, slot, number_type| {
        let question =
            RouteQuestion { trunk: Some(trunk), slot, number_type, ..question("+4912", to) };
        explain(&config, &question, |_, _| Vec::new(), |_| false, |_| None).verdict
    };
    let subscriber = Some(NumberMark::Subscriber);
    assert_eq!(verdict(2, "1000", Some(4), None), Verdict::Extension);
    assert_eq!(verdict(2, "1000", Some(5), None), Verdict::Refused);
    assert_eq!(verdict(2, "1000", None, None), Verdict::Refused);
    assert_eq!(verdict(2, "2000", None, subscriber), Verdict::Extension);
    assert_eq!(verdict(2, "2000", None, Some(NumberMark::National)), Verdict::Refused);
    assert_eq!(verdict(1, "2000", Some(4), subscriber), Verdict::Refused, "it is no line");
}
