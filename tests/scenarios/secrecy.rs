//! Phones that encrypt and phones that do not: each leg of a call by itself.

use call::{Security, Suite, Why};
use config::{Encryption, TrunkKind};
use sim::{Called, Lab, Speaks};
use std::time::Duration;

const CM: Suite = Suite::AesCm128HmacSha1_80;
const GCM: Suite = Suite::AeadAes128Gcm;

fn speaks(lab: &mut Lab, name: &str, speaks: Speaks) {
    lab.phone(name).habits(|habits| habits.speaks = speaks);
}

/// 201 calls 202, which answers.
fn call(lab: &mut Lab) {
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(200);
}

/// How the legs of the call are protected, as the live call shows it.
fn shown(lab: &Lab) -> Vec<(String, Security)> {
    let record = lab.exchange.calls().remove(0);
    record.security.into_iter().map(|leg| (leg.leg, leg.security)).collect()
}

fn sdes(suite: Suite) -> Security {
    Security::Sdes { suite }
}

fn over(mut lab: Lab) {
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn an_encrypted_phone_talks_with_a_plain_one_and_the_call_shows_it() {
    let suites: [&'static [Suite]; 6] = [
        &[Suite::AeadAes256Gcm],
        &[Suite::AeadAes128Gcm],
        &[Suite::Aes256CmHmacSha1_80],
        &[Suite::AesCm128HmacSha1_80],
        &[Suite::Aes256CmHmacSha1_32],
        &[Suite::AesCm128HmacSha1_32],
    ];
    for suite in suites {
        let mut lab = Lab::office(41, &["201", "202"]);
        speaks(&mut lab, "201", Speaks::Encrypted(suite));
        call(&mut lab);
        lab.talk("201", "202");
        assert_eq!(lab.phone("201").ua().suite(0), Some(suite[0]));
        assert!(lab.phone("201").saw("200").body.contains(" RTP/SAVP "));
        let expected = [("201".to_owned(), sdes(suite[0])), ("202".to_owned(), Security::None)];
        assert_eq!(shown(&lab), expected);
        lab.phone("201").hangs_up();
        lab.rest();
        assert_eq!(lab.record().security.len(), 2, "the record keeps it");
    }
}

#[test]
fn a_phone_that_only_encrypts_takes_the_keys_beside_a_plain_line() {
    let mut lab = Lab::office(42, &["201", "202"]);
    speaks(&mut lab, "202", Speaks::Encrypted(&[CM]));
    call(&mut lab);
    let offered = lab.phone("202").saw("INVITE").body;
    assert!(offered.contains(" RTP/AVP ") && offered.contains("a=crypto:"), "{offered}");
    assert!(!lab.phone("201").saw("200").body.contains("crypto"));
    assert_eq!(lab.phone("202").ua().suite(0), Some(CM));
    lab.talk("201", "202");
    assert_eq!(shown(&lab)[1].1, sdes(CM));
    over(lab);
}

#[test]
fn a_phone_that_refuses_keys_beside_a_plain_line_is_asked_for_nothing_else() {
    let mut lab = Lab::office(57, &["201", "202"]);
    speaks(&mut lab, "202", Speaks::Encrypted(&[CM]));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert!(lab.phone("202").saw("INVITE").body.contains(" RTP/AVP "));
    lab.phone("202").refuses(488);
    lab.run_ms(200);
    let offered = lab.phone("202").saw("INVITE").body;
    assert!(offered.contains(" RTP/SAVP ") && offered.contains("a=crypto:"), "{offered}");
    lab.phone("202").answers();
    lab.run_ms(200);
    assert_eq!(lab.phone("201").status(), Some(200));
    lab.talk("201", "202");
    assert_eq!(shown(&lab)[1].1, sdes(CM));
    over(lab);
}

#[test]
fn a_phone_that_refuses_all_ways_to_encrypt_is_left_in_peace() {
    let mut lab = Lab::office(58, &["201", "202"]);
    lab.phone("201").dials("202");
    let mut offers = 0;
    for _ in 0..5 {
        lab.run_ms(200);
        if lab.phone("201").status() == Some(488) {
            break;
        }
        offers += 1;
        lab.phone("202").refuses(488);
    }
    assert_eq!(lab.phone("201").status(), Some(488));
    assert!((2..=3).contains(&offers), "{offers} offers");
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::NoCommonMedia);
}

/// 201 calls 202, where somebody picks up each time that it rings, and which then refuses what has not
/// this transport: how often it rang. Nothing when it was not reached.
fn rings_until(lab: &mut Lab, transport: &str) -> Option<usize> {
    lab.phone("201").dials("202");
    for rang in 1..=4 {
        lab.run_ms(300);
        if !lab.phone("202").rings() {
            return None;
        }
        match lab.phone("202").saw("INVITE").body.contains(transport) {
            true => {
                lab.phone("202").answers();
                lab.run_ms(300);
                assert_eq!(lab.phone("201").status(), Some(200));
                lab.talk("201", "202");
                lab.phone("201").hangs_up();
                lab.run_ms(300);
                return Some(rang);
            }
            false => lab.phone("202").refuses(488),
        }
    }
    panic!("it rings for ever");
}

#[test]
fn a_phone_that_rings_before_it_refuses_rings_once_from_the_second_call_on() {
    let mut lab = Lab::office(60, &["201", "202"]);
    speaks(&mut lab, "202", Speaks::Encrypted(&[CM]));
    let rang: Vec<_> = (0..4).map(|_| rings_until(&mut lab, " RTP/SAVP ")).collect();
    assert_eq!(rang, [Some(2), Some(1), Some(1), Some(1)]);
    // It registers again and again, and is the same phone.
    lab.run_for(Duration::from_secs(4_000));
    assert_eq!(rings_until(&mut lab, " RTP/SAVP "), Some(1));
    // With another name it is another one.
    lab.phone("202").ua().registration.user_agent = Some("Other/2.0");
    lab.phone("202").registers();
    lab.run_ms(300);
    assert_eq!(rings_until(&mut lab, " RTP/SAVP "), Some(2));
    // And when it has started anew it may be set otherwise.
    lab.phone("202").ua().registration = Default::default();
    lab.phone("202").registers();
    lab.run_ms(300);
    assert_eq!(rings_until(&mut lab, " RTP/SAVP "), Some(2));
    lab.rest();
}

#[test]
fn a_phone_that_no_longer_takes_what_it_took_is_asked_in_all_ways_again() {
    let mut lab = Lab::office(61, &["201", "202"]);
    speaks(&mut lab, "202", Speaks::Encrypted(&[CM]));
    assert_eq!(rings_until(&mut lab, " RTP/SAVP "), Some(2));
    // From now on it speaks in the clear, and says so before it rings.
    speaks(&mut lab, "202", Speaks::Plain);
    lab.phone("202").when_called(Called::Waits);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    while !lab.phone("202").saw("INVITE").body.contains(" RTP/AVP ") {
        lab.phone("202").refuses(488);
        lab.run_ms(200);
    }
    lab.phone("202").answers();
    lab.run_ms(200);
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.phone("202").when_called(Called::Rings);
    lab.run_ms(200);
    assert_eq!(rings_until(&mut lab, " RTP/AVP "), Some(1));
    // The same if it rings first: then the next call reaches it.
    speaks(&mut lab, "202", Speaks::Encrypted(&[CM]));
    assert_eq!(
        rings_until(&mut lab, " RTP/SAVP "),
        None,
        "it rang once, and took the other way before"
    );
    assert_eq!(rings_until(&mut lab, " RTP/SAVP "), Some(2));
    lab.rest();
}

#[test]
fn a_phone_that_rings_and_refuses_all_ways_rings_once_from_the_second_call_on() {
    let mut lab = Lab::office(62, &["201", "202"]);
    let mut before = 0;
    for (call, wanted) in [(0, 2..=3), (1, 1..=1), (2, 1..=1)] {
        lab.phone("201").dials("202");
        lab.run_ms(200);
        while lab.phone("202").rings() {
            lab.phone("202").refuses(488);
            lab.run_ms(200);
        }
        assert_eq!(lab.phone("201").status(), Some(488));
        let rang = lab.phone("202").count("INVITE") - before;
        assert!(wanted.contains(&rang), "call {call}: {rang}");
        before += rang;
    }
    lab.rest();
}

#[test]
fn who_declines_after_another_way_was_asked_for_is_asked_so_at_once_in_the_next_call() {
    let mut lab = Lab::office(63, &["201", "202"]);
    speaks(&mut lab, "202", Speaks::Encrypted(&[CM]));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").refuses(488);
    lab.run_ms(200);
    lab.phone("202").refuses(486);
    lab.run_ms(200);
    assert_eq!(lab.phone("201").status(), Some(486));
    assert_eq!(rings_until(&mut lab, " RTP/SAVP "), Some(1));
    lab.rest();
}

#[test]
fn two_encrypted_phones_have_keys_and_suites_of_their_own() {
    let mut lab = Lab::office(43, &["201", "202"]);
    speaks(&mut lab, "201", Speaks::Encrypted(&[GCM]));
    speaks(&mut lab, "202", Speaks::Either(&[CM]));
    call(&mut lab);
    lab.talk("201", "202");
    assert_eq!(lab.phone("201").ua().suite(0), Some(GCM));
    assert_eq!(lab.phone("202").ua().suite(0), Some(CM));
    let line = |sdp: &str| sdp.lines().find(|line| line.contains("crypto")).unwrap().to_owned();
    let (said, told) =
        (lab.phone("201").talk().placed_invite().unwrap(), lab.phone("202").saw("INVITE"));
    assert_ne!(line(&said.body), line(&told.body));
    over(lab);
}

#[test]
fn who_offers_several_suites_gets_the_first_that_the_box_has() {
    let mut lab = Lab::office(44, &["201", "202"]);
    speaks(&mut lab, "201", Speaks::Either(&[CM, GCM]));
    let null = "a=crypto:77 NULL_HMAC_SHA1_80 inline:AAAA".to_owned();
    lab.phone("201").habits(|habits| habits.lines = vec![null]);
    call(&mut lab);
    let answered = lab.phone("201").saw("200").body;
    let lines: Vec<_> = answered.lines().filter(|line| line.contains("crypto")).collect();
    assert_eq!(lines.len(), 1, "{answered}");
    assert!(lines[0].starts_with("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:"), "{answered}");
    lab.talk("201", "202");
    over(lab);
}

#[test]
fn keys_that_the_box_cannot_take_are_passed_over_beside_a_plain_line() {
    let mut lab = Lab::office(45, &["201", "202"]);
    let key = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
    let lines = [
        format!("a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{key}|2^20|1:9"),
        format!("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:{key} UNENCRYPTED_SRTP"),
        format!("a=crypto:3 F8_128_HMAC_SHA1_80 inline:{key}"),
    ];
    lab.phone("201").habits(|habits| habits.lines = lines.to_vec());
    call(&mut lab);
    assert!(!lab.phone("201").saw("200").body.contains("crypto"));
    lab.talk("201", "202");
    over(lab);
}

#[test]
fn who_insists_on_keys_that_the_box_cannot_take_is_told_what_to_do() {
    let mut lab = Lab::office(46, &["201", "202"]);
    speaks(&mut lab, "201", Speaks::Encrypted(&[]));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    let refused = lab.phone("201").saw("488");
    assert!(refused.value("Warning").contains("choose AES_CM_128_HMAC_SHA1_80"), "{refused:?}");
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::NoCommonCipher);
    assert_eq!(lab.phone("202").count("INVITE"), 0, "nobody rings for it");
}

#[test]
fn where_encryption_is_off_no_keys_are_offered_and_none_are_taken() {
    let mut lab = Lab::office(47, &["201", "202"]);
    lab.encryption(Encryption::Off);
    speaks(&mut lab, "201", Speaks::Either(&[CM]));
    call(&mut lab);
    assert!(!lab.phone("202").saw("INVITE").body.contains("crypto"));
    assert!(!lab.phone("201").saw("200").body.contains("crypto"));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.run_ms(200);
    speaks(&mut lab, "201", Speaks::Encrypted(&[CM]));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    let refused = lab.phone("201").saw("488");
    assert!(refused.value("Warning").contains("set it to opportunistic here"), "{refused:?}");
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::EncryptionOff);
}

#[test]
fn where_encryption_is_required_who_speaks_in_the_clear_is_refused_with_a_sentence() {
    let mut lab = Lab::office(48, &["201", "202"]);
    lab.encryption(Encryption::Required);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    let refused = lab.phone("201").saw("488");
    assert!(refused.value("Warning").contains("switch on SRTP in the phone"), "{refused:?}");
    speaks(&mut lab, "201", Speaks::Either(&[CM]));
    lab.phone("201").dials("202");
    lab.run_ms(200);
    let offered = lab.phone("202").saw("INVITE").body;
    assert!(offered.contains(" RTP/SAVP "), "{offered}");
    assert_eq!(offered.matches("a=crypto:").count(), 5);
    // 202 speaks in the clear only.
    lab.phone("202").answers();
    lab.run_ms(200);
    assert_eq!(lab.phone("201").status(), Some(488));
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::EncryptionRequired);
    speaks(&mut lab, "202", Speaks::Encrypted(&[GCM]));
    call(&mut lab);
    lab.talk("201", "202");
    over(lab);
}

#[test]
fn a_trunk_and_a_device_have_settings_of_their_own() {
    let mut lab = Lab::office(49, &["201", "202"]);
    lab.device("202", "desk");
    lab.change_device("desk", |desk| desk.encryption = Some(Encryption::Off));
    lab.add_phone("desk");
    lab.phone("desk").registers();
    lab.phone("202").unregisters();
    lab.run_ms(300);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert!(!lab.phone("desk").saw("INVITE").body.contains("crypto"));
    lab.phone("201").hangs_up();
    lab.run_ms(200);
    let carrier = lab.carrier("carrier", "203.0.113.9:5060", TrunkKind::Static);
    lab.change_trunk(carrier, |trunk| trunk.encryption = Some(Encryption::Required));
    lab.phone("carrier").dials("+442079460201");
    lab.run_ms(200);
    let refused = lab.phone("carrier").saw("488");
    assert!(refused.value("Warning").contains("at the carrier"), "{refused:?}");
    lab.rest();
}

#[test]
fn hold_and_resume_keep_the_keys() {
    let mut lab = Lab::office(50, &["201", "202"]);
    speaks(&mut lab, "201", Speaks::Encrypted(&[CM]));
    speaks(&mut lab, "202", Speaks::Encrypted(&[GCM]));
    call(&mut lab);
    lab.talk("201", "202");
    let keys = |sdp: &str| -> Vec<String> {
        sdp.lines().filter(|line| line.contains("crypto")).map(str::to_owned).collect()
    };
    let answered = lab.phone("201").saw("200").body;
    let before = keys(&lab.phone("202").saw("INVITE").body);
    lab.phone("201").holds();
    lab.run_ms(500);
    assert_eq!(keys(&lab.phone("201").saw("200").body), keys(&answered));
    let again = keys(&lab.phone("202").saw("INVITE").body);
    assert_eq!(again.len(), 1);
    assert!(before.contains(&again[0]), "the key that was taken is offered again");
    lab.phone("201").resumes();
    lab.run_ms(500);
    lab.talk("201", "202");
    lab.phone("202").holds();
    lab.run_ms(500);
    lab.phone("202").resumes();
    lab.run_ms(500);
    lab.talk("201", "202");
    over(lab);
}

#[test]
fn a_new_key_in_a_re_invite_is_nobody_elses_business() {
    let mut lab = Lab::office(51, &["201", "202"]);
    speaks(&mut lab, "201", Speaks::Encrypted(&[CM]));
    call(&mut lab);
    lab.talk("201", "202");
    lab.phone("201").habits(|habits| habits.new_keys = true);
    let asked = lab.phone("202").count("INVITE");
    for _ in 0..3 {
        lab.phone("201").offers("sendrecv");
        lab.run_ms(300);
        lab.talk("201", "202");
    }
    assert_eq!(lab.phone("202").count("INVITE"), asked);
    over(lab);
}

#[test]
fn another_suite_in_a_re_invite_is_followed() {
    let mut lab = Lab::office(52, &["201", "202"]);
    speaks(&mut lab, "201", Speaks::Encrypted(&[CM]));
    call(&mut lab);
    lab.talk("201", "202");
    speaks(&mut lab, "201", Speaks::Encrypted(&[GCM]));
    lab.phone("201").habits(|habits| habits.new_keys = true);
    lab.phone("201").offers("sendrecv");
    lab.run_ms(300);
    lab.talk("201", "202");
    assert_eq!(lab.phone("201").ua().suite(0), Some(GCM));
    over(lab);
}

#[test]
fn an_invite_without_an_offer_is_offered_keys_and_answers_with_its_own() {
    let mut lab = Lab::office(53, &["201", "202"]);
    speaks(&mut lab, "201", Speaks::Encrypted(&[CM]));
    speaks(&mut lab, "202", Speaks::Encrypted(&[GCM]));
    lab.phone("201").habits(|habits| habits.late_offer = true);
    call(&mut lab);
    assert_eq!(lab.phone("201").ua().suite(0), Some(CM));
    assert_eq!(lab.phone("202").ua().suite(0), Some(GCM));
    lab.talk("201", "202");
    over(lab);
}

#[test]
fn each_branch_of_a_fork_has_a_key_of_its_own() {
    let mut lab = Lab::office(54, &["201", "202"]);
    speaks(&mut lab, "202", Speaks::Encrypted(&[CM]));
    lab.phone("202").habits(|habits| habits.new_keys = true);
    lab.phone("202").when_called(Called::Waits);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").in_call(|ua, call, now| ua.forks(call, 183, "one", now));
    lab.run_ms(100);
    lab.phone("202").in_call(|ua, call, now| ua.forks(call, 200, "two", now));
    lab.run_ms(200);
    lab.talk("201", "202");
    over(lab);
}

#[test]
fn the_sound_before_the_answer_is_encrypted_as_well() {
    let mut lab = Lab::office(55, &["201", "202"]);
    speaks(&mut lab, "201", Speaks::Encrypted(&[GCM]));
    speaks(&mut lab, "202", Speaks::Encrypted(&[CM]));
    lab.phone("202").when_called(Called::Announces);
    lab.phone("201").dials("202");
    lab.run_ms(300);
    lab.hears("201", "202");
    lab.phone("202").answers();
    lab.run_ms(200);
    lab.talk("201", "202");
    over(lab);
}

#[test]
fn a_transfer_goes_from_an_encrypted_phone_to_a_plain_one_and_back() {
    let mut lab = Lab::office(56, &["201", "202", "203"]);
    speaks(&mut lab, "201", Speaks::Encrypted(&[CM]));
    speaks(&mut lab, "203", Speaks::Encrypted(&[GCM]));
    call(&mut lab);
    lab.talk("201", "202");
    lab.phone("202").transfers("203");
    lab.run_ms(300);
    lab.phone("203").answers();
    lab.run_ms(500);
    lab.talk("201", "203");
    over(lab);
}

#[test]
fn a_refresh_of_the_session_changes_no_key() {
    let mut lab = Lab::office(57, &["201", "202"]);
    speaks(&mut lab, "201", Speaks::Encrypted(&[CM]));
    speaks(&mut lab, "202", Speaks::Either(&[CM]));
    lab.phone("202").habits(|habits| habits.timer = Some((90, true)));
    lab.phone("201").habits(|habits| habits.timer = Some((90, true)));
    call(&mut lab);
    lab.run_for(Duration::from_secs(300));
    lab.talk("201", "202");
    assert_eq!(lab.phone("202").ua().suite(0), Some(CM));
    over(lab);
}

#[test]
fn an_encrypted_phone_hears_the_box_itself_and_music_on_hold() {
    let mut lab = Lab::office(58, &["201", "202"]);
    lab.settings(|settings| settings.hold_music = true);
    speaks(&mut lab, "201", Speaks::Encrypted(&[CM]));
    speaks(&mut lab, "202", Speaks::Encrypted(&[GCM]));
    lab.phone("201").dials("*43");
    lab.run_ms(200);
    lab.hears_the_box("201");
    assert_eq!(shown(&lab)[0].1, sdes(CM));
    lab.phone("201").hangs_up();
    lab.run_ms(200);
    call(&mut lab);
    lab.talk("201", "202");
    lab.phone("201").holds();
    lab.run_ms(300);
    lab.hears_the_box("202");
    lab.phone("201").resumes();
    lab.run_ms(300);
    lab.talk("201", "202");
    over(lab);
}

#[test]
fn where_encryption_is_required_the_box_itself_is_not_heard_in_the_clear() {
    let mut lab = Lab::office(59, &["201"]);
    lab.encryption(Encryption::Required);
    lab.phone("201").dials("*43");
    lab.run_ms(200);
    assert_eq!(lab.phone("201").status(), Some(488));
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::EncryptionRequired);
}
