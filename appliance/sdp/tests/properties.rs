//! What holds for every description, random ones included: no panic, no loss, no address told, and
//! always a legal answer.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use sdp::{
    Direction, LocalMedia, Origin, Session, answer_inactive, check_answer, relay_answer,
    relay_offer, with_direction,
};

/// The box's own address, which no input below has.
fn own() -> IpAddr {
    IpAddr::from([203, 0, 113, 1])
}

fn local(session: &Session) -> Vec<Option<LocalMedia>> {
    session.media().map(|_| Some(LocalMedia::at(own(), 20_000))).collect()
}

/// An inside address in one of the spellings that a reader would take.
fn address() -> impl Strategy<Value = String> {
    prop_oneof![
        (1..=199_u8, any::<[u8; 3]>())
            .prop_map(|(a, [b, c, d])| Ipv4Addr::new(a, b, c, d).to_string()),
        any::<[u16; 8]>().prop_map(|groups| Ipv6Addr::from(groups).to_string()),
        any::<[u16; 2]>().prop_map(|[a, b]| format!("fe80::{a:x}:{b:X}")),
        any::<[u8; 4]>().prop_map(|[a, b, c, d]| format!("::ffff:{}", Ipv4Addr::new(a, b, c, d))),
    ]
}

/// A line as peers write it, right or wrong; `@` stands for an address.
fn line() -> impl Strategy<Value = String> {
    let templates = prop::sample::select(vec![
        "o=- 1 1 IN IP4 @",
        "s=@",
        "i=call from @",
        "u=http://@/",
        "c=IN IP4 @",
        "c=IN IP6 @/127",
        "c=IN IP4 0.0.0.0",
        "b=AS:@",
        "t=0 0",
        "t=@ 0",
        "k=uri:http://@/key",
        "m=audio 4000 RTP/AVP 0 8 101",
        "m=audio 0 RTP/AVP 0",
        "m=video 4002/2 RTP/SAVPF 96 97",
        "m=image 4004 udptl t38",
        "m=message 4006 TCP/MSRP *",
        "m=application 4008 UDP/DTLS/SCTP webrtc-datachannel",
        "m=audio 4000 @ 0",
        "a=sendonly",
        "a=inactive",
        "a=recvonly ",
        "a=rtcp:4001 IN IP4 @",
        "a=candidate:1 1 UDP 1 @ 4000 typ host",
        "a=ssrc:1 cname:x@@",
        "a=fmtp:101 host=@;x=y",
        "a=rtpmap:101 telephone-event/8000",
        "a=@",
        "a=x\rc=IN IP4 @",
        "y=@",
        "@",
        "",
    ]);
    prop_oneof![
        8 => (templates, address()).prop_map(|(template, address)| template.replace('@', &address)),
        1 => "[a-z]=[ -~]{0,40}",
    ]
}

fn description() -> impl Strategy<Value = Vec<u8>> {
    let end = prop::sample::select(vec!["\r\n", "\n", "\r\r\n"]);
    (prop::collection::vec(line(), 0..24), end)
        .prop_map(|(lines, end)| ["v=0", end, &lines.join(end)].concat().into_bytes())
}

/// Every word of `text` that is a host's address as a whole; another rule than the crate's own.
fn addresses(text: &[u8]) -> Vec<IpAddr> {
    String::from_utf8_lossy(text)
        .split(|c: char| !c.is_ascii_hexdigit() && c != '.' && c != ':')
        .filter_map(|word| word.parse().ok())
        .filter(|address: &IpAddr| *address != own() && !address.is_unspecified())
        .collect()
}

fn directions() -> impl Strategy<Value = Direction> {
    use Direction::{Inactive, RecvOnly, SendOnly, SendRecv};
    prop::sample::select(vec![SendRecv, SendOnly, RecvOnly, Inactive])
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_000,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn random_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let text = [b"v=0\nm=audio 1 RTP/AVP 0\n", &bytes[..]].concat();
        let _ = Session::parse(&bytes);
        if let Ok(session) = Session::parse(&text) {
            prop_assert_eq!(session.as_bytes(), &text[..]);
            session.summary();
            let body = relay_offer(&session, &Origin::new(14, own()), &local(&session));
            prop_assert!(Session::parse(&body).is_ok());
        }
    }

    #[test]
    fn a_description_is_kept_byte_for_byte(text in description()) {
        let Ok(session) = Session::parse(&text) else { return Ok(()) };
        prop_assert_eq!(session.as_bytes(), &text[..]);
        let media = String::from_utf8_lossy(&text)
            .split('\n')
            .filter(|line| line.starts_with("m="))
            .count();
        prop_assert_eq!(session.media().len(), media);
    }

    #[test]
    fn no_address_of_one_leg_reaches_the_other(offer in description(), answer in description()) {
        let (Ok(offer), Ok(answer)) = (Session::parse(&offer), Session::parse(&answer)) else {
            return Ok(());
        };
        let origin = Origin::new(14, own());
        for body in [
            relay_offer(&offer, &origin, &local(&offer)),
            relay_answer(&offer, &answer, &origin, &local(&offer)),
            answer_inactive(&offer, &origin, &local(&offer)),
        ] {
            prop_assert_eq!(addresses(&body), Vec::<IpAddr>::new());
        }
    }

    #[test]
    fn an_answer_through_the_box_is_always_legal(
        offer in description(),
        answer in description(),
    ) {
        let (Ok(offer), Ok(answer)) = (Session::parse(&offer), Session::parse(&answer)) else {
            return Ok(());
        };
        let body = relay_answer(&offer, &answer, &Origin::new(14, own()), &local(&offer));
        let verdict = check_answer(&offer, &Session::parse(&body).unwrap());
        prop_assert_eq!(verdict, Ok(()));
    }

    #[test]
    fn the_lines_of_an_offer_keep_their_places(text in description()) {
        let Ok(offer) = Session::parse(&text) else { return Ok(()) };
        let body = relay_offer(&offer, &Origin::new(14, own()), &local(&offer));
        let relayed = Session::parse(&body).unwrap();
        prop_assert_eq!(relayed.media().len(), offer.media().len());
        for (told, said) in relayed.media().zip(offer.media()) {
            prop_assert_eq!(told.kind(), said.kind());
            prop_assert_eq!(told.is_active(), said.is_relayable());
            if told.is_active() {
                prop_assert_eq!(told.direction(), said.direction());
                prop_assert_eq!(told.remote().unwrap().rtp.ip(), own());
            }
        }
    }

    #[test]
    fn a_direction_reaches_every_line_in_use(text in description(), direction in directions()) {
        let Ok(offer) = Session::parse(&text) else { return Ok(()) };
        let origin = Origin::new(14, own());
        let ours = Session::parse(&relay_offer(&offer, &origin, &local(&offer))).unwrap();
        let turned = Session::parse(&with_direction(&ours, &origin, direction)).unwrap();
        for media in turned.media().filter(|media| media.is_active()) {
            prop_assert_eq!(media.direction(), direction);
        }
    }
}
