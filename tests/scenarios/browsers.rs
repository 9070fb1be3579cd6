//! Telephones in browsers: SIP over WebSocket (RFC 7118).

use crate::connect;
use exchange::Browsers;
use sim::Lab;

/// A browser that has logged in as this extension.
fn browser(lab: &mut Lab, name: &str) {
    lab.extension(name);
    lab.add_phone_at(name, "192.168.1.77:5060", "192.168.1.10:443");
    let mut phone = lab.phone(name);
    let ua = phone.ua();
    ua.transport = "WSS";
    ua.registration.instance = Some("urn:uuid:8f1c47a9-0f33-4c5f-b0d5-0d5e9a1c7b11".to_owned());
    ua.registration.reg_id = Some(1);
    lab.phone(name).registers();
    lab.run_ms(200);
    assert!(lab.phone(name).is_registered());
}

#[test]
fn a_browser_registers_without_an_address_and_is_called_by_its_web_socket() {
    let mut lab = Lab::office(1, &["202"]);
    browser(&mut lab, "201");
    assert_eq!(lab.bindings.values().next_back().unwrap().transport, call::Transport::Wss);
    connect(&mut lab, "202", "201");
    let invite = lab.phone("201").saw("INVITE");
    assert!(invite.value("Via").starts_with("SIP/2.0/WSS 192.168.1.10:443;"));
    assert!(invite.value("Contact").contains("@192.168.1.10:443;transport=ws>"));
    lab.talk("201", "202");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("202").is_free());
    connect(&mut lab, "201", "202");
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free());
    lab.rest();
}

#[test]
fn a_call_goes_on_by_the_web_socket_that_registers_in_place_of_a_broken_one() {
    let mut lab = Lab::office(2, &["202"]);
    browser(&mut lab, "201");
    connect(&mut lab, "202", "201");
    lab.breaks_streams_of("201");
    lab.run_ms(2_000);
    lab.talk("201", "202");
    lab.phone("201").registers();
    lab.run_ms(200);
    assert_eq!(lab.exchange.figures().registrations, 2, "the same binding by another flow");
    lab.phone("202").holds();
    lab.run_ms(300);
    assert_eq!(lab.phone("202").talk().offers, [200]);
    lab.phone("202").resumes();
    lab.run_ms(300);
    lab.talk("201", "202");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free(), "the BYE did not find the new web socket");
    lab.rest();
}

#[test]
fn nobody_connects_to_a_browser_that_is_gone() {
    let mut lab = Lab::office(3, &["202"]);
    browser(&mut lab, "201");
    lab.breaks_streams_of("201");
    lab.run_ms(100);
    lab.phone("202").dials("201");
    lab.run_ms(300);
    assert_eq!(lab.phone("202").status(), Some(480));
    lab.phone("201").registers();
    lab.run_ms(200);
    connect(&mut lab, "202", "201");
    lab.phone("202").hangs_up();
    lab.rest();
}

/// A browser with WebRTC, at a box that takes such.
fn webrtc(lab: &mut Lab, name: &str) {
    lab.take_browsers(Browsers { port: 8443, fingerprint: [0xab; 32] });
    browser(lab, name);
    lab.phone(name).habits(|habits| {
        habits.mute = true;
        habits.profile = Some("UDP/TLS/RTP/SAVPF");
        habits.codecs = vec![(111, "opus/48000/2"), (0, "PCMU/8000")];
        habits.lines = browsers_lines("abcd");
    });
}

fn browsers_lines(user: &str) -> Vec<String> {
    let digest = ["CD"; 32].join(":");
    let lines = format!(
        "a=ice-ufrag:{user}|a=ice-pwd:0123456789012345678901|a=fingerprint:sha-256 {digest}|\
         a=setup:actpass|a=mid:sound|a=rtcp-mux|a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid|\
         a=extmap:6 urn:ietf:params:rtp-hdrext:ssrc-audio-level|\
         a=ssrc:77 cname:x|a=candidate:1 1 udp 2122 192.168.1.77 50000 typ host"
    );
    lines.split('|').map(str::to_owned).collect()
}

fn value<'a>(sdp: &'a str, name: &str) -> &'a str {
    let line = sdp.lines().find_map(|line| line.strip_prefix(name));
    line.unwrap_or_else(|| panic!("no {name} in\n{sdp}"))
}

#[test]
fn a_telephone_is_told_nothing_of_webrtc_and_a_browser_all_of_it() {
    let mut lab = Lab::office(4, &["202"]);
    webrtc(&mut lab, "201");
    connect(&mut lab, "201", "202");
    let told = lab.phone("202").talk().peer_sdp.clone();
    assert!(value(&told, "m=audio ").contains(" RTP/AVP 111 0 "), "{told}");
    for word in ["ice-", "fingerprint", "setup", "candidate", "ssrc", "mid", "extmap", "mux"] {
        assert!(!told.contains(word), "{word} in\n{told}");
    }
    let answer = lab.phone("201").talk().peer_sdp.clone();
    assert!(value(&answer, "m=audio ").starts_with("8443 UDP/TLS/RTP/SAVPF 0"), "{answer}");
    assert_eq!(value(&answer, "a=setup:"), "passive");
    assert_eq!(value(&answer, "a=mid:"), "sound");
    assert_eq!(value(&answer, "a=group:"), "BUNDLE sound");
    assert!(answer.contains("a=ice-lite\r\n") && answer.contains("a=rtcp-mux\r\n"));
    assert!(value(&answer, "a=fingerprint:").starts_with("sha-256 AB:AB:"));
    let candidate = value(&answer, "a=candidate:");
    assert!(candidate.ends_with(" 192.168.1.10 8443 typ host"), "{answer}");

    let [transport] = lab.transports.as_slice() else { panic!("{:?}", lab.transports) };
    assert_eq!(transport.ours.user, value(&answer, "a=ice-ufrag:"));
    assert_eq!(transport.ours.password, value(&answer, "a=ice-pwd:"));
    assert_eq!((transport.theirs.user.as_str(), transport.active), ("abcd", false));
    assert_eq!((transport.fingerprint, transport.mid_extension), ([0xcd; 32], Some(4)));
    assert_eq!(transport.level_extension, Some(6));
    assert!(answer.contains("a=extmap:6/recvonly urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"));
    assert_eq!(transport.lines[0].theirs[0].ssrc, 77);
    assert_eq!(transport.lines[0].ours.ssrc.to_string(), {
        let ssrc = value(&answer, "a=ssrc:");
        ssrc.split(' ').next().unwrap()
    });

    // A hold changes the direction, and nothing of the transport.
    lab.phone("201").holds();
    lab.run_ms(300);
    let held = lab.phone("201").talk().peer_sdp.clone();
    assert!(held.contains("a=recvonly\r\n"), "{held}");
    assert_eq!(value(&held, "a=ice-ufrag:"), value(&answer, "a=ice-ufrag:"));
    assert_eq!(lab.transports.len(), 1);

    // An ICE restart is answered with names of our own that are new, too.
    lab.phone("201").habits(|habits| habits.lines = browsers_lines("efgh"));
    lab.phone("201").resumes();
    lab.run_ms(300);
    let restarted = lab.phone("201").talk().peer_sdp.clone();
    assert_ne!(value(&restarted, "a=ice-ufrag:"), value(&answer, "a=ice-ufrag:"));
    assert_eq!(lab.transports.last().unwrap().theirs.user, "efgh");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("201").is_free());
    lab.rest();
}

#[test]
fn a_browser_that_is_called_is_offered_webrtc() {
    let mut lab = Lab::office(5, &["202"]);
    webrtc(&mut lab, "201");
    connect(&mut lab, "202", "201");
    let offer = lab.phone("201").saw("INVITE").body.clone();
    assert!(value(&offer, "m=audio ").starts_with("8443 UDP/TLS/RTP/SAVPF 8 0 "), "{offer}");
    assert_eq!(value(&offer, "a=setup:"), "actpass");
    let answer = lab.phone("202").talk().peer_sdp.clone();
    assert!(value(&answer, "m=audio ").contains(" RTP/AVP 0"), "{answer}");
    assert!(!answer.contains("ice-") && !answer.contains("fingerprint"), "{answer}");
    let transport = lab.transports.last().unwrap();
    assert_eq!(transport.ours.user, value(&offer, "a=ice-ufrag:"));
    assert_eq!(transport.theirs.user, "abcd");
    lab.phone("201").hangs_up();
    lab.run_ms(300);
    assert!(lab.phone("202").is_free());
    lab.rest();
}

#[test]
fn a_request_for_a_whole_picture_goes_to_a_telephone_and_not_to_a_browser() {
    let mut lab = Lab::office(6, &["202", "203"]);
    webrtc(&mut lab, "201");
    connect(&mut lab, "202", "203");
    lab.phone("202").wants_picture();
    lab.run_ms(300);
    let infos = lab.phone("203").talk().infos.clone();
    assert!(infos.len() == 1 && infos[0].contains("picture_fast_update"), "{infos:?}");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    connect(&mut lab, "202", "201");
    lab.phone("202").wants_picture();
    lab.run_ms(300);
    let infos = lab.phone("201").talk().infos.clone();
    assert!(infos.is_empty(), "media asks a browser: {infos:?}");
    lab.phone("202").hangs_up();
    lab.run_ms(300);
    lab.rest();
}
