//! Offer and answer through the box (RFC 3264): what each side is told, and what is repaired.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::net::IpAddr;

use sdp::{
    Direction, LocalMedia, Misbehaved, Origin, Session, answer_inactive, check_answer, keep_lines,
    refuse_all, relay_answer, relay_offer, with_direction,
};

const HEAD: &str = "v=0\r\no=x 5 5 IN IP4 10.0.0.9\r\ns=x\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\n";

fn session(media: &str) -> Session {
    Session::parse([HEAD, media].concat().as_bytes()).unwrap()
}

fn own() -> IpAddr {
    IpAddr::from([203, 0, 113, 1])
}

fn origin() -> Origin {
    Origin::new(14, own())
}

fn local(count: u16) -> Vec<Option<LocalMedia>> {
    (0..count).map(|nth| Some(LocalMedia::at(own(), 20_000 + 2 * nth))).collect()
}

/// The media part of a body.
fn media(body: Vec<u8>) -> String {
    let body = String::from_utf8(body).unwrap();
    body.split_at(body.find("m=").unwrap_or(body.len())).1.to_owned()
}

fn answered(offer: &str, answer: &str) -> String {
    let (offer, answer) = (session(offer), session(answer));
    media(relay_answer(&offer, &answer, &origin(), &local(4)))
}

#[test]
fn an_answer_takes_the_codecs_of_the_one_who_answers() {
    let told = answered(
        "m=audio 4000 RTP/AVP 9 8 101\r\na=rtpmap:101 telephone-event/8000\r\n",
        "m=audio 5000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n",
    );
    let expected =
        "m=audio 20000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=ptime:20\r\n";
    assert_eq!(told, expected);
}

#[test]
fn a_refused_video_stays_in_its_place() {
    let told = answered(
        "m=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\nm=audio 4000 RTP/AVP 8\r\n",
        "m=video 0 RTP/AVP 96\r\nm=audio 5000 RTP/AVP 8\r\n",
    );
    assert_eq!(told, "m=video 0 RTP/AVP 96\r\nm=audio 20002 RTP/AVP 8\r\n");
}

#[test]
fn a_line_that_the_answer_left_out_is_refused_and_one_too_many_is_dropped() {
    let offer = "m=audio 4000 RTP/AVP 8\r\nm=video 4002 RTP/AVP 96\r\n";
    let told = answered(offer, "m=audio 5000 RTP/AVP 8\r\n");
    assert_eq!(told, "m=audio 20000 RTP/AVP 8\r\nm=video 0 RTP/AVP 96\r\n");
    let told = answered("m=audio 4000 RTP/AVP 8\r\n", &offer.replace("400", "500"));
    assert_eq!(told, "m=audio 20000 RTP/AVP 8\r\n");
}

#[test]
fn a_line_without_a_common_format_is_refused() {
    let told = answered(
        "m=audio 4000 RTP/AVP 8\r\nm=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n",
        "m=audio 5000 RTP/AVP 8\r\nm=video 5002 RTP/AVP 97\r\na=rtpmap:97 VP8/90000\r\n",
    );
    assert_eq!(told, "m=audio 20000 RTP/AVP 8\r\nm=video 0 RTP/AVP 96\r\n");
}

#[test]
fn a_line_over_tcp_is_refused_to_the_one_who_offered_it() {
    let told = answered(
        "m=audio 4000 RTP/AVP 8\r\nm=message 4002 TCP/MSRP *\r\na=path:msrp://10.0.0.9:4002/a;tcp\r\n",
        "m=audio 5000 RTP/AVP 8\r\nm=message 5002 TCP/MSRP *\r\na=path:msrp://10.0.0.8:5002/b;tcp\r\n",
    );
    assert_eq!(told, "m=audio 20000 RTP/AVP 8\r\nm=message 0 TCP/MSRP *\r\n");
}

#[test]
fn a_line_without_a_port_of_the_box_is_refused() {
    let offer = session("m=audio 4000 RTP/AVP 8\r\nm=video 4002 RTP/AVP 96\r\n");
    let only_audio = [Some(LocalMedia::at(own(), 20_000)), None];
    let told = media(relay_offer(&offer, &origin(), &only_audio));
    assert_eq!(told, "m=audio 20000 RTP/AVP 8\r\nm=video 0 RTP/AVP 96\r\n");
    assert_eq!(media(relay_offer(&offer, &origin(), &only_audio[..1])), told);
}

#[test]
fn a_phone_that_answers_sendrecv_to_a_hold_is_set_right() {
    let told = answered(
        "m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n",
        "m=audio 5000 RTP/AVP 8\r\na=sendrecv\r\n",
    );
    assert_eq!(told, "m=audio 20000 RTP/AVP 8\r\na=recvonly\r\n");
    let silent = answered("m=audio 4000 RTP/AVP 8\r\na=inactive\r\n", "m=audio 5000 RTP/AVP 8\r\n");
    assert_eq!(silent, "m=audio 20000 RTP/AVP 8\r\na=inactive\r\n");
}

#[test]
fn an_old_phone_that_holds_by_zero_address_hears_recvonly() {
    let offer = Session::parse(
        b"v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\nc=IN IP4 0.0.0.0\r\nm=audio 4000 RTP/AVP 8\r\n",
    )
    .unwrap();
    let answer = session("m=audio 5000 RTP/AVP 8\r\n");
    let told = media(relay_answer(&offer, &answer, &origin(), &local(1)));
    assert_eq!(told, "m=audio 20000 RTP/AVP 8\r\na=recvonly\r\n");
}

#[test]
fn ice_without_an_address_yet_is_no_hold() {
    let offer = session("m=audio 9 UDP/TLS/RTP/SAVPF 8\r\nc=IN IP4 0.0.0.0\r\na=ice-ufrag:x\r\n");
    assert!(!offer.is_hold());
    assert_eq!(offer.media_at(0).unwrap().remote(), None);
}

#[test]
fn media_goes_to_one_host_only() {
    for address in ["224.2.1.1/127", "255.255.255.255", "0.0.0.0", "phone.example.com"] {
        let text = format!("m=audio 4000 RTP/AVP 8\r\nc=IN IP4 {address}\r\n");
        assert_eq!(session(&text).media_at(0).unwrap().remote(), None, "{address}");
    }
    let off = session("m=audio 0 RTP/AVP 8\r\n");
    assert_eq!(off.media_at(0).unwrap().remote(), None);
}

#[test]
fn the_answer_repeats_the_time_of_the_offer() {
    let offer = Session::parse(b"v=0\r\nt=5 9\r\nm=audio 4000 RTP/AVP 8\r\n").unwrap();
    let answer = session("m=audio 5000 RTP/AVP 8\r\n");
    let told = relay_answer(&offer, &answer, &origin(), &local(1));
    assert!(String::from_utf8(told).unwrap().contains("\r\nt=5 9\r\nm=audio"));
}

#[test]
fn two_media_at_two_addresses_have_a_connection_line_where_they_differ() {
    let offer = session("m=audio 4000 RTP/AVP 8\r\nm=video 4002 RTP/AVP 96\r\n");
    let other: IpAddr = "2001:db8::5".parse().unwrap();
    let local = [Some(LocalMedia::at(own(), 20_000)), Some(LocalMedia::at(other, 20_002))];
    let told = String::from_utf8(relay_offer(&offer, &origin(), &local)).unwrap();
    assert!(told.contains("s=-\r\nc=IN IP4 203.0.113.1\r\n"));
    assert!(told.ends_with("m=video 20002 RTP/AVP 96\r\nc=IN IP6 2001:db8::5\r\n"));
}

#[test]
fn rtcp_that_is_not_on_the_next_port_is_told() {
    let offer = session("m=audio 4000 RTP/AVP 8\r\na=rtcp:4077\r\n");
    let rtp = "203.0.113.1:20000".parse().unwrap();
    let local = [Some(LocalMedia { rtp, rtcp: "203.0.113.1:31000".parse().unwrap() })];
    let told = media(relay_offer(&offer, &origin(), &local));
    assert_eq!(told, "m=audio 20000 RTP/AVP 8\r\na=rtcp:31000 IN IP4 203.0.113.1\r\n");
}

#[test]
fn fax_has_no_rtcp() {
    let offer = session("m=image 4000 udptl t38\r\n");
    let rtp = "203.0.113.1:20000".parse().unwrap();
    let told = media(relay_offer(&offer, &origin(), &[Some(LocalMedia { rtp, rtcp: rtp })]));
    assert_eq!(told, "m=image 20000 udptl t38\r\n");
}

#[test]
fn the_box_holds_and_resumes_a_leg_without_asking_the_other() {
    let offer =
        session("m=audio 4000 RTP/AVP 8\r\na=sendrecv\r\na=ptime:20\r\nm=video 0 RTP/AVP 96\r\n");
    let mut origin = origin();
    let sent = origin.follow(None, |o| relay_offer(&offer, o, &local(2)));
    let ours = Session::parse(&sent).unwrap();

    let held = origin.follow(Some(&sent), |o| with_direction(&ours, o, Direction::SendOnly));
    let text = String::from_utf8(held.clone()).unwrap();
    assert!(text.contains("o=- 7 2 IN IP4 203.0.113.1\r\n"), "{text}");
    assert!(text.ends_with(
        "m=audio 20000 RTP/AVP 8\r\na=ptime:20\r\na=sendonly\r\nm=video 0 RTP/AVP 96\r\n"
    ));

    let held_again = origin.follow(Some(&held), |o| with_direction(&ours, o, Direction::SendOnly));
    assert_eq!(held_again, held, "the same words keep the same version");

    let ours = Session::parse(&held).unwrap();
    assert!(ours.is_hold());
    let back = origin.follow(Some(&held), |o| with_direction(&ours, o, Direction::SendRecv));
    let back = Session::parse(&back).unwrap();
    assert!(!back.is_hold());
    assert!(back.as_bytes().starts_with(b"v=0\r\no=- 7 3 IN IP4 203.0.113.1\r\n"));
}

#[test]
fn a_leg_that_has_seen_video_is_offered_it_off_by_a_caller_without() {
    let before =
        session("m=audio 4000 RTP/AVP 8\r\nm=video 4002 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n");
    let after = session("m=audio 4000 RTP/AVP 0\r\n");
    let offer = keep_lines(relay_offer(&after, &origin(), &local(1)), &before);
    assert_eq!(media(offer), "m=audio 20000 RTP/AVP 0\r\nm=video 0 RTP/AVP 96\r\n");
    let more = keep_lines(relay_offer(&before, &origin(), &local(2)), &after);
    assert_eq!(more, relay_offer(&before, &origin(), &local(2)));
}

#[test]
fn a_user_at_a_host_is_an_address_too() {
    let offer = session(
        "m=audio 4000 RTP/AVP 8\r\na=ssrc:1 cname:alice@desk.inside.example\r\na=mid:0\r\n",
    );
    let told = media(relay_offer(&offer, &origin(), &local(1)));
    assert_eq!(told, "m=audio 20000 RTP/AVP 8\r\na=mid:0\r\n");
}

#[test]
fn the_boxs_own_answer_agrees_to_nothing_and_repeats_no_key() {
    let offer = session(
        "m=audio 4000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=ssrc:1 cname:x\r\n\
         a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret\r\nm=audio 4002 RTP/SAVP 8\r\n\
         a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:secret\r\nm=image 4004 udptl t38\r\na=T38FaxVersion:0\r\n",
    );
    let told = answer_inactive(&offer, &origin(), &local(3));
    assert_eq!(check_answer(&offer, &Session::parse(&told).unwrap()), Ok(()));
    assert_eq!(
        media(told),
        "m=audio 20000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=inactive\r\n\
         m=audio 0 RTP/SAVP 8\r\n\
         m=image 20004 udptl t38\r\na=T38FaxVersion:0\r\na=inactive\r\n"
    );
    let refused = media(refuse_all(&offer, &origin()));
    let expected = "m=audio 0 RTP/AVP 8 101\r\nm=audio 0 RTP/SAVP 8\r\nm=image 0 udptl t38\r\n";
    assert_eq!(refused, expected);
}

#[test]
fn a_refresh_is_told_from_a_change_whatever_the_version_says() {
    let first = session("m=audio 4000 RTP/AVP 8\r\n");
    let text = String::from_utf8(first.as_bytes().to_vec()).unwrap();
    let refresh = Session::parse(text.replace("x 5 5", "x 5 6").as_bytes()).unwrap();
    let moved = Session::parse(text.replace("4000", "4010").as_bytes()).unwrap();
    assert!(refresh.same_media(&first));
    assert!(!moved.same_media(&first));
}

#[test]
fn hold_is_judged_by_the_audio_and_by_lines_in_use() {
    let hold = |text: &str| session(text).is_hold();
    assert!(hold("m=audio 4000 RTP/AVP 8\r\na=inactive\r\nm=video 4002 RTP/AVP 96\r\n"));
    assert!(hold("a=sendonly\r\nm=audio 4000 RTP/AVP 8\r\n"));
    assert!(hold("m=audio 0 RTP/AVP 8\r\nm=video 4002 RTP/AVP 96\r\na=sendonly\r\n"));
    assert!(!hold("a=sendonly\r\nm=audio 4000 RTP/AVP 8\r\na=sendrecv\r\n"));
    assert!(!hold("m=audio 4000 RTP/AVP 8\r\na=recvonly\r\n"));
    assert!(!hold("m=audio 0 RTP/AVP 8\r\na=inactive\r\n"), "that is off, and not held");
    assert!(!hold("m=audio 4000 RTP/AVP 8\r\nm=audio 4002 RTP/SAVP 8\r\na=sendonly\r\n"));
}

#[test]
fn a_wrong_answer_says_what_is_wrong() {
    let check = |offer: &str, answer: &str| check_answer(&session(offer), &session(answer));
    let offer = "m=audio 4000 RTP/AVP 8 96\r\na=rtpmap:96 opus/48000/2\r\n";
    assert_eq!(check(offer, "m=audio 5000 RTP/AVP 8\r\n"), Ok(()));
    assert_eq!(check(offer, "m=audio 0 RTP/AVP 8\r\n"), Ok(()));
    assert_eq!(check(offer, "m=audio 5000 RTP/AVP 111\r\na=rtpmap:111 OPUS/48000/2\r\n"), Ok(()));
    assert_eq!(check(offer, "m=audio 5000 RTP/AVP 18 8\r\n"), Ok(()), "more of its own is legal");

    let count = Misbehaved::MediaCount { offered: 1, answered: 0 };
    assert_eq!(check(offer, ""), Err(count));
    assert_eq!(check(offer, "m=video 5000 RTP/AVP 8\r\n"), Err(Misbehaved::Kind(0)));
    let off = "m=audio 0 RTP/AVP 8\r\n";
    assert_eq!(check(off, "m=audio 5000 RTP/AVP 8\r\n"), Err(Misbehaved::Revived(0)));
    let held = "m=audio 4000 RTP/AVP 8\r\na=sendonly\r\n";
    assert_eq!(check(held, "m=audio 5000 RTP/AVP 8\r\n"), Err(Misbehaved::Direction(0)));
    assert_eq!(check(offer, "m=audio 5000 RTP/AVP 18\r\n"), Err(Misbehaved::NoCommonFormat(0)));
}

#[test]
fn a_key_is_not_in_what_is_logged() {
    let offer = session("m=audio 4000 RTP/SAVP 8\r\na=crypto:1 X inline:secret\r\n");
    assert_eq!(format!("{offer:?}"), "[m=audio 4000 RTP/SAVP 8]");
}
