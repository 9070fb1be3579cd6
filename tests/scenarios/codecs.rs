//! What phones are told of codecs when they do not have the same ones. How it sounds is heard elsewhere.

use call::Why;
use config::{CodecName, CodecOrder, CodecPolicy, TrunkId, TrunkKind};
use sim::Lab;
use std::time::Duration;

/// The formats of the first audio line.
fn formats(sdp: &str) -> &str {
    let line = sdp.lines().find_map(|line| line.strip_prefix("m=audio ")).unwrap();
    line.split_once(" RTP/AVP ").unwrap().1
}

/// 201 calls 202, which answers; what each of the two was told.
fn call(lab: &mut Lab) -> (String, String) {
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(100);
    let offered = lab.phone("202").saw("INVITE").body;
    let answered = lab.phone("201").saw("200").body;
    (formats(&offered).to_owned(), formats(&answered).to_owned())
}

#[test]
fn who_is_called_is_offered_the_callers_codecs_and_then_all_that_the_box_translates() {
    let mut lab = Lab::office(31, &["201", "202"]);
    let (offered, answered) = call(&mut lab);
    assert_eq!(offered, "8 0 9 107 108 109 18 3 4 101");
    assert_eq!(answered, "8 0");
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn two_phones_without_a_common_codec_are_each_told_their_own() {
    let mut lab = Lab::office(32, &["201", "202"]);
    let keys = (101, "telephone-event/8000");
    lab.phone("201").habits(|habits| habits.codecs = vec![(8, "PCMA/8000"), keys]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(9, "G722/8000"), keys]);
    let (_, answered) = call(&mut lab);
    assert_eq!(answered, "8 101");
    assert!(lab.phone("201").is_up() && lab.phone("202").is_up());
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_caller_is_not_told_of_codecs_that_only_the_other_side_has() {
    let mut lab = Lab::office(33, &["201", "202"]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(9, "G722/8000"), (8, "PCMA/8000")]);
    let (_, answered) = call(&mut lab);
    assert_eq!(answered, "8");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_payload_type_that_the_caller_uses_is_not_given_to_another_codec() {
    let mut lab = Lab::office(34, &["201", "202"]);
    lab.phone("201").habits(|habits| habits.codecs = vec![(107, "iLBC/8000"), (8, "PCMA/8000")]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(96, "opus/48000/2")]);
    let (offered, answered) = call(&mut lab);
    assert_eq!(offered, "107 8 9 96 0 108 109 18 3 4 101");
    assert_eq!(answered, "8");
    lab.phone("201").holds();
    lab.run_ms(300);
    let again = lab.phone("202").saw("INVITE").body;
    assert_eq!(formats(&again), offered, "an encoding keeps its number");
    lab.phone("201").hangs_up();
    lab.rest();
}

/// A policy that allows only these, in this order.
fn only(allow: &[CodecName]) -> CodecPolicy {
    let (allow, order) = (allow.to_vec(), CodecOrder::Allowed);
    CodecPolicy { allow, order, ..CodecPolicy::default() }
}

/// An office with a carrier that may speak only G.729 and A-law; outside numbers begin with 0.
fn with_carrier(seed: u64) -> (Lab, TrunkId) {
    let mut lab = Lab::office(seed, &["201"]);
    let trunk = lab.carrier("carrier", "198.51.100.7:5060", TrunkKind::Static);
    lab.outbound("0.", &[trunk]);
    let codecs = Some(only(&[CodecName::G729, CodecName::Pcma]));
    lab.change_trunk(trunk, |trunk| trunk.codecs = codecs);
    (lab, trunk)
}

#[test]
fn a_trunk_is_offered_what_its_policy_allows_in_its_order() {
    let (mut lab, _) = with_carrier(35);
    lab.phone("201").habits(|habits| habits.codecs = vec![(9, "G722/8000"), (8, "PCMA/8000")]);
    lab.phone("carrier").habits(|habits| habits.codecs = vec![(18, "G729/8000")]);
    lab.phone("201").dials("0123");
    lab.run_ms(200);
    let offered = lab.phone("carrier").saw("INVITE").body;
    assert_eq!(formats(&offered), "18 8 101");
    lab.phone("carrier").answers();
    lab.run_ms(100);
    assert_eq!(formats(&lab.phone("201").saw("200").body), "9");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn who_shares_no_codec_with_a_side_that_is_not_translated_for_is_refused_with_a_sentence() {
    let (mut lab, trunk) = with_carrier(36);
    lab.change_trunk(trunk, |trunk| trunk.codecs.as_mut().unwrap().translate = false);
    lab.phone("201").habits(|habits| habits.codecs = vec![(9, "G722/8000"), (3, "GSM/8000")]);
    lab.phone("201").dials("0123");
    lab.run_ms(300);
    assert_eq!(lab.phone("201").status(), Some(488));
    let refusal = lab.phone("201").saw("488");
    let told = refusal.header("Warning").unwrap_or_default();
    let sentence = "one has G.722 and GSM, the other may speak G.711 A-law and G.729";
    assert!(told.starts_with("305 ") && told.contains(sentence), "{told}");
    lab.rest();
    let end = lab.record().end.clone().unwrap();
    assert!(matches!(end.why, Why::NoCommonCodec { .. }), "{end:?}");
    assert!(end.to_string().contains(sentence), "{end}");
}

#[test]
fn the_next_trunk_is_tried_where_one_may_not_speak_what_the_caller_does() {
    let (mut lab, trunk) = with_carrier(37);
    lab.change_trunk(trunk, |trunk| trunk.codecs.as_mut().unwrap().translate = false);
    let other = lab.carrier("other", "198.51.100.8:5060", TrunkKind::Static);
    lab.outbound_with("1.", &[trunk, other], |_| {});
    lab.phone("201").habits(|habits| habits.codecs = vec![(3, "GSM/8000")]);
    lab.phone("other").habits(|habits| habits.codecs = vec![(3, "GSM/8000")]);
    lab.phone("201").dials("1123");
    lab.run_ms(300);
    lab.phone("other").answers();
    lab.run_ms(100);
    assert!(lab.phone("201").is_up());
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn no_policy_keeps_help_from_coming() {
    let (mut lab, trunk) = with_carrier(38);
    lab.change_trunk(trunk, |trunk| trunk.codecs.as_mut().unwrap().translate = false);
    lab.phone("201").habits(|habits| habits.codecs = vec![(9, "G722/8000")]);
    lab.phone("carrier").habits(|habits| habits.codecs = vec![(8, "PCMA/8000")]);
    lab.phone("201").dials("999");
    lab.run_ms(200);
    assert_eq!(formats(&lab.phone("carrier").saw("INVITE").body), "18 8 101");
    lab.phone("carrier").answers();
    lab.run_ms(100);
    assert!(lab.phone("201").is_up());
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_device_has_a_policy_of_its_own_as_caller_and_as_called() {
    let mut lab = Lab::office(39, &["201", "202"]);
    lab.device("202", "desk");
    lab.change_device("desk", |device| device.codecs = Some(only(&[CodecName::Pcma])));
    lab.add_phone("desk");
    lab.phone("desk").registers();
    lab.phone("202").unregisters();
    lab.run_ms(300);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    assert_eq!(formats(&lab.phone("desk").saw("INVITE").body), "8 101");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    // It calls: of its offer only what it may speak is passed on.
    lab.phone("desk").dials("201");
    lab.run_ms(200);
    let offered = lab.phone("201").saw("INVITE").body;
    assert_eq!(formats(&offered), "8 9 107 0 108 109 18 3 4 101");
    lab.phone("201").answers();
    lab.run_ms(100);
    assert_eq!(formats(&lab.phone("desk").saw("200").body), "8");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn the_tenants_policy_holds_for_who_has_none_and_also_when_media_change() {
    let mut lab = Lab::office(40, &["201", "202"]);
    let deny = vec![CodecName::Pcmu, CodecName::Opus];
    let packet_millis = Some(30);
    lab.codecs(CodecPolicy { deny, packet_millis, translate: false, ..CodecPolicy::default() });
    let (offered, answered) = call(&mut lab);
    assert_eq!((offered.as_str(), answered.as_str()), ("8", "8"));
    lab.phone("201").holds();
    lab.run_ms(300);
    let again = lab.phone("202").saw("INVITE").body;
    assert_eq!(formats(&again), "8");
    assert!(again.contains("a=ptime:30\r\n"), "{again}");
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn codecs_that_not_even_the_box_knows_end_in_488() {
    let mut lab = Lab::office(18, &["201", "202"]);
    lab.phone("202").habits(|habits| habits.codecs = vec![(97, "iLBC/8000")]);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    lab.phone("202").answers();
    lab.run_ms(100);
    assert_eq!(lab.phone("201").status(), Some(180), "it may want nothing but keys");
    lab.phone("202").answers();
    lab.run_ms(100);
    assert_eq!(lab.phone("201").status(), Some(488));
    lab.rest();
    assert_eq!(lab.record().end.as_ref().unwrap().why, Why::NoCommonMedia);
}

/// Two phones that say these lines of their packets, talk with each other, and are silent until told.
fn packets(seed: u64, one: &[&str], other: &[&str]) -> Lab {
    let mut lab = Lab::office(seed, &["201", "202"]);
    for (name, lines) in [("201", one), ("202", other)] {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        lab.phone(name).habits(|habits| {
            habits.lines = lines;
            habits.mute = true;
        });
    }
    call(&mut lab);
    lab
}

/// What a phone says of a stream of A-law.
#[derive(Default)]
struct Stream {
    sequence: u16,
    timestamp: u32,
    said: Vec<u8>,
}

impl Stream {
    /// So many packets of so many milliseconds, whatever anybody wants.
    fn say(&mut self, lab: &mut Lab, name: &str, millis: u16, packets: u16) {
        for _ in 0..packets {
            let mut phone = lab.phone(name);
            let talk = phone.talk();
            let (from, to) = (talk.rtp.to_string(), talk.remote_rtp.unwrap());
            let mut packet = vec![0x80, 8];
            packet.extend(self.sequence.to_be_bytes());
            packet.extend(self.timestamp.to_be_bytes());
            packet.extend([0, 0, 7, 7]);
            let first = self.said.len();
            self.said.extend((0..usize::from(millis) * 8).map(|at| ((first + at) % 251) as u8));
            packet.extend(&self.said[first..]);
            lab.inject(&from, to, &packet);
            self.sequence = self.sequence.wrapping_add(1);
            self.timestamp += u32::from(millis) * 8;
            lab.run_for(Duration::from_millis(millis.into()));
        }
    }
}

/// How many milliseconds each packet holds that a phone heard, which all follow each other, and their
/// octets.
fn heard(lab: &mut Lab, name: &str) -> (Vec<usize>, Vec<u8>) {
    lab.run_ms(50);
    let packets = std::mem::take(&mut lab.phone(name).talk().packets);
    for pair in packets.windows(2) {
        let [(sequence, timestamp, payload), (next, later, _)] = pair else { continue };
        assert_eq!(*next, sequence.wrapping_add(1));
        assert_eq!(*later, timestamp + payload.len() as u32);
    }
    let octets: Vec<u8> = packets.iter().flat_map(|it| it.2.clone()).collect();
    (packets.into_iter().map(|it| it.2.len() / 8).collect(), octets)
}

/// Which legs the live call shows to hear packets of another length.
fn repacked(lab: &Lab) -> Vec<bool> {
    let paths = lab.exchange.calls().remove(0).paths;
    assert!(paths.iter().all(|path| !path.translated));
    paths.into_iter().map(|path| path.repacked).collect()
}

#[test]
fn packets_of_20_ms_are_joined_for_who_wants_30_until_a_re_invite_lets_them_pass() {
    let mut lab = packets(41, &["a=ptime:20"], &["a=ptime:30"]);
    assert!(lab.phone("201").saw("200").body.contains("a=ptime:30\r\n"), "it is told, and asked");
    let mut stream = Stream::default();
    stream.say(&mut lab, "201", 20, 50);
    let (lengths, octets) = heard(&mut lab, "202");
    assert_eq!(lengths, [30; 33]);
    assert_eq!(octets, stream.said[..octets.len()]);
    Stream::default().say(&mut lab, "202", 20, 50);
    assert_eq!(heard(&mut lab, "201").0, [20; 50], "which is what it wants");
    assert_eq!(repacked(&lab), [false, true]);

    lab.phone("202").habits(|habits| habits.lines = vec!["a=ptime:20".to_owned()]);
    lab.phone("202").offers("sendrecv");
    lab.run_ms(300);
    assert_eq!(lab.phone("202").talk().offers, [200]);
    let before = octets;
    stream.say(&mut lab, "201", 20, 600);
    let (lengths, octets) = heard(&mut lab, "202");
    // What was left leaves by itself before the first that passes.
    assert_eq!((lengths[0], lengths.len()), (10, 601));
    assert!(lengths[1..].iter().all(|length| *length == 20));
    assert_eq!([before, octets].concat(), stream.said, "not a sample is missing");
    assert_eq!(repacked(&lab), [false, false]);
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn packets_of_10_ms_are_joined_and_those_of_60_are_cut() {
    let mut lab = packets(42, &["a=ptime:10"], &["a=ptime:60"]);
    let mut short = Stream::default();
    short.say(&mut lab, "201", 10, 120);
    let (lengths, octets) = heard(&mut lab, "202");
    assert_eq!((lengths, octets), (vec![60; 20], short.said));
    let mut long = Stream::default();
    long.say(&mut lab, "202", 60, 20);
    let (lengths, octets) = heard(&mut lab, "201");
    assert_eq!((lengths, octets), (vec![10; 120], long.said));
    assert_eq!(repacked(&lab), [true, true]);
    lab.phone("201").hangs_up();
    lab.rest();
    let streams = &lab.record().streams;
    assert_eq!(streams.iter().map(|it| it.stats.repacked).sum::<u64>(), 140);
    assert!(lab.record().paths.iter().all(|path| path.repacked));
}

#[test]
fn nobody_gets_longer_packets_than_it_takes() {
    let mut lab = packets(43, &["a=maxptime:150"], &["a=maxptime:20"]);
    let mut stream = Stream::default();
    stream.say(&mut lab, "201", 10, 10);
    assert_eq!(heard(&mut lab, "202").0, [10; 10], "no less is wrong");
    assert_eq!(repacked(&lab), [false, false]);
    stream.say(&mut lab, "201", 30, 20);
    assert_eq!(heard(&mut lab, "202").0, [20; 30]);
    Stream::default().say(&mut lab, "202", 60, 10);
    assert_eq!(heard(&mut lab, "201").0, [60; 10], "150 ms are taken");
    assert_eq!(repacked(&lab), [false, true]);
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn who_sends_what_was_asked_for_is_passed_on_whatever_it_wants_itself() {
    let mut lab = packets(44, &["a=ptime:30"], &["a=ptime:20"]);
    Stream::default().say(&mut lab, "201", 20, 50);
    Stream::default().say(&mut lab, "202", 30, 50);
    assert_eq!((heard(&mut lab, "202").0, heard(&mut lab, "201").0), (vec![20; 50], vec![30; 50]));
    assert_eq!(repacked(&lab), [false, false]);
    lab.phone("201").hangs_up();
    lab.rest();
}

#[test]
fn a_packet_time_of_the_boxs_own_is_asked_of_one_side_and_kept_from_the_other() {
    let mut lab = Lab::office(45, &["201", "202"]);
    lab.device("202", "desk");
    lab.change_device("desk", |device| {
        device.codecs = Some(CodecPolicy { packet_millis: Some(40), ..CodecPolicy::default() });
    });
    lab.add_phone("desk");
    lab.phone("desk").registers();
    lab.phone("202").unregisters();
    lab.run_ms(300);
    let lines = ["a=ptime:20".to_owned(), "a=maxptime:20".to_owned()];
    lab.phone("201").habits(|habits| (habits.lines, habits.mute) = (lines.to_vec(), true));
    lab.phone("desk").habits(|habits| habits.mute = true);
    lab.phone("201").dials("202");
    lab.run_ms(200);
    let told = lab.phone("desk").saw("INVITE").body;
    assert!(told.contains("a=ptime:40\r\n") && !told.contains("maxptime"), "{told}");
    lab.phone("desk").answers();
    lab.run_ms(100);
    Stream::default().say(&mut lab, "desk", 40, 25);
    assert_eq!(heard(&mut lab, "201").0, [20; 50]);
    Stream::default().say(&mut lab, "201", 20, 50);
    assert_eq!(heard(&mut lab, "desk").0, [40; 25], "it does not say what it wants");
    lab.phone("201").hangs_up();
    lab.rest();
}
