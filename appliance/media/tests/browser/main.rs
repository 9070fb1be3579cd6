//! A browser, played by another `Rtc` of str0m, and a telephone at one engine in fake time: what reaches
//! whom, and what str0m takes of memory for it.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

#[path = "../memory/mod.rs"]
mod memory;
mod world;

use call::{Codec, Format, Formats, MediaCommand, MediaEvent, Suite};
use media::Verdict;
use memory::{kept, taken};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;
use str0m::media::KeyframeRequestKind;
use str0m::rtp::RtpWrite;
use str0m::{Input, Output};
use world::{OURS, PCMU, PHONE, PHONES, PICTURES, SOUND, THEIRS, VP8, World, phone_at, rtp};

#[test]
fn sound_passes_both_ways_whoever_begins_the_handshake() {
    for active in [false, true] {
        let mut world = World::new(active);
        let told = std::iter::from_fn(|| world.engine.poll_event());
        let told: Vec<_> = told.filter(|it| matches!(it, MediaEvent::Secured { .. })).collect();
        // Both have it, and both want it most.
        let suite = Suite::AeadAes256Gcm;
        assert_eq!(told, [SOUND, PICTURES].map(|port| MediaEvent::Secured { port, suite }));
        world.browser_says(0, PCMU, 500, 7_000, &[0xd5; 160]);
        let expected = rtp(PCMU, 500, 7_000, THEIRS[0], &[0xd5; 160]);
        assert_eq!(world.phone, [(PHONE[0], false, expected)]);
        let verdict = world.phone_says(0, &rtp(PCMU, 9_000, 320, PHONES[0], &[0x55; 160]));
        assert_eq!(verdict, Verdict::Enclosed);
        let heard = &world.heard[0];
        assert_eq!(*heard.header.ssrc, OURS[0]);
        assert_eq!((heard.header.sequence_number, heard.header.timestamp), (9_000, 320));
        assert_eq!(&heard.payload[..], [0x55; 160]);
    }
}

#[test]
fn a_telephone_that_takes_over_is_heard_in_the_same_stream() {
    let mut world = World::new(false);
    world.phone_says(0, &rtp(PCMU, 10, 1_600, PHONES[0], &[1; 160]));
    world.run(Duration::from_millis(100));
    world.phone_says(0, &rtp(PCMU, 60_000, 5, 77, &[2; 160]));
    let numbers: Vec<_> = world
        .heard
        .iter()
        .map(|it| (*it.header.ssrc, it.header.sequence_number, it.header.timestamp))
        .collect();
    assert_eq!(numbers, [(OURS[0], 10, 1_600), (OURS[0], 11, 1_600 + 800)]);
}

#[test]
fn what_the_browser_says_is_translated_for_a_telephone_of_another_codec() {
    let mut world = World::new(false);
    let formats = |payload_type, codec| {
        let format = vec![Format { payload_type, codec }];
        Box::new(Formats {
            receive: format.clone(),
            send: format,
            packet_millis: 20,
            ..Formats::default()
        })
    };
    let (now, pcma) = (world.now, Codec::Pcma);
    for (port, formats) in [(SOUND, formats(PCMU, Codec::Pcmu)), (PHONE[0], formats(8, pcma))] {
        world.engine.handle(MediaCommand::Formats { port, formats }, now);
    }
    for n in 0..10 {
        world.browser_says(0, PCMU, n, n as u32 * 160, &[0xff; 160]);
        world.phone_says(0, &rtp(8, n as u16, n as u32 * 160, PHONES[0], &[0xd5; 160]));
    }
    assert!(world.phone.len() >= 9 && world.phone.iter().all(|(_, _, it)| it[1] & 127 == 8));
    assert!(world.heard.len() >= 9);
    assert!(world.heard.iter().all(|it| *it.header.payload_type == PCMU));
}

#[test]
fn a_whole_picture_is_asked_for_in_the_words_of_each_side() {
    let mut world = World::new(false);
    world.phone_says(1, &rtp(VP8, 1, 0, PHONES[1], &[0x10; 400]));
    let mut api = world.browser.direct_api();
    let stream = api.stream_rx(&OURS[1].into()).unwrap();
    stream.request_keyframe(KeyframeRequestKind::Pli);
    world.run(Duration::from_millis(50));
    let (port, rtcp, asked) = world.phone.pop().unwrap();
    assert_eq!((port, rtcp), (PHONE[1], true));
    assert_eq!(asked[8..12], [129, 206, 0, 2], "PLI");
    assert_eq!(asked[16..20], PHONES[1].to_be_bytes());

    world.browser_says(1, VP8, 1, 0, &[0x10; 400]);
    let mut fir = vec![0x80, 192, 0, 1];
    fir.extend(PHONES[1].to_be_bytes());
    let from = SocketAddr::new(phone_at(1).ip(), phone_at(1).port() + 1);
    for _ in 0..3 {
        world.engine.packet(PHONE[1], true, from, &mut fir, world.now);
        world.settle();
    }
    world.run(Duration::from_millis(50));
    assert_eq!(world.asked, 1, "asked once, however often the telephone asks");
    world.run(Duration::from_secs(1));
    let now = world.now;
    world.engine.handle(MediaCommand::Refresh { port: PICTURES }, now);
    world.settle();
    world.run(Duration::from_millis(50));
    assert_eq!(world.asked, 2, "or when it asked by a request");
}

#[test]
fn strangers_leave_nothing_behind_and_reach_nobody() {
    let mut world = World::new(false);
    let now = world.now;
    let engine = &mut world.engine;
    let mut stun = vec![0, 1, 0, 12, 0x21, 0x12, 0xa4, 0x42, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    stun.extend([0, 6, 0, 5]);
    stun.extend(b"box:x\0\0\0");
    let before = kept();
    for n in 0..10_000_u32 {
        let from = SocketAddr::new(IpAddr::from(n.to_be_bytes()), 1);
        for bytes in [&stun[..], &[0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 7, 209, 1], &[22, 254, 253]] {
            engine.browser_datagram(from, world.there.ip(), bytes, now);
            assert_eq!(engine.poll_parcel(), None);
        }
    }
    let kept = kept() - before;
    assert!(kept < 1_000, "{kept} octets for strangers");
    world.browser_says(0, PCMU, 1, 0, &[0xd5; 160]);
    assert_eq!(world.phone.len(), 1, "and the call goes on");
}

/// They come from where the browser is, under its stream's name and any other.
#[test]
fn a_million_forged_packets_leave_nothing_behind() {
    let mut world = World::new(false);
    world.browser_says(0, PCMU, 500, 7_000, &[0xd5; 160]);
    world.phone.clear();
    let mut seed = 1_u32;
    let mut before = 0;
    for count in 0..1_010_000_u32 {
        // What str0m makes room for once is there by then.
        if count == 10_000 {
            before = kept();
        }
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let ssrc = if count % 8 == 0 { THEIRS[0] } else { seed };
        let mut forged = rtp(PCMU, seed as u16, seed, ssrc, &[0xd5; 176]);
        if count % 4 == 3 {
            forged[..2].copy_from_slice(&[0x80, 201]);
        }
        world.engine.browser_datagram(world.here, world.there.ip(), &forged, world.now);
    }
    let kept = kept() - before;
    assert!(kept < 10_000, "{kept} octets for a million forged packets");
    world.settle();
    assert!(world.phone.is_empty(), "and none is heard");
    world.browser_says(0, PCMU, 501, 7_160, &[0x55; 160]);
    assert_eq!(world.phone.len(), 1, "but the browser still is");
}

#[test]
fn a_closed_transport_says_good_bye_and_is_forgotten() {
    let mut world = World::new(false);
    let now = world.now;
    for port in [SOUND, PICTURES] {
        world.engine.handle(MediaCommand::Close { port }, now);
    }
    let parcel = world.engine.poll_parcel().map(|parcel| parcel.to);
    assert_eq!(parcel, Some(world.here), "RTCP's or DTLS's good-bye");
    while world.engine.poll_parcel().is_some() {}
    world.engine.browser_datagram(world.here, world.there.ip(), &[22, 254, 253, 0], now);
    assert_eq!(world.engine.poll_parcel(), None);
    let verdict = world.phone_says(0, &rtp(PCMU, 1, 0, PHONES[0], &[1; 160]));
    assert!(matches!(verdict, Verdict::Drop(_)));
}

/// What str0m takes from the allocator for a packet of 172 octets, and keeps for a browser: figures, and
/// no rule of ours. They are stated in `docs/bench/browsers.md`; here they may not grow unnoticed.
#[test]
fn what_str0m_takes_of_memory_for_a_packet_is_counted() {
    let mut world = World::new(false);
    println!("octets kept for a browser with sound and pictures: {}", world.kept);
    assert!(world.kept < MOST_KEPT, "{}", world.kept);
    let mut packet = rtp(PCMU, 0, 0, PHONES[0], &[0x55; 160]);
    let mut to_browser = 0;
    for n in 0..1_100_u16 {
        packet[2..4].copy_from_slice(&n.to_be_bytes());
        world.now += Duration::from_millis(1);
        let mut bytes = packet.clone();
        let before = taken();
        world.engine.packet(PHONE[0], false, phone_at(0), &mut bytes, world.now);
        if n >= 100 {
            to_browser += taken() - before;
        }
        world.settle();
    }
    let mut to_phone = 0;
    for n in 0..1_100_u64 {
        world.now += Duration::from_millis(1);
        let mut api = world.browser.direct_api();
        let stream = api.stream_tx(&THEIRS[0].into()).unwrap();
        let write =
            RtpWrite::new(PCMU.into(), n.into(), n as u32 * 160, world.now, &[0xd5; 160][..]);
        stream.write_rtp(write);
        world.browser.handle_input(Input::Timeout(world.now)).unwrap();
        while let Output::Transmit(it) = world.browser.poll_output().unwrap() {
            let before = taken();
            let (here, there) = (world.here, world.there.ip());
            world.engine.browser_datagram(here, there, &it.contents, world.now);
            if n >= 100 {
                to_phone += taken() - before;
            }
            while world.engine.poll_parcel().is_some() {}
        }
        world.settle();
    }
    println!(
        "allocations for a packet: {:.2} to a browser, {:.2} from one",
        to_browser as f64 / 1_000.0,
        to_phone as f64 / 1_000.0
    );
    assert!(to_browser < MOST * 1_000 && to_phone < MOST * 1_000, "{to_browser}, {to_phone}");
}

/// Allocations for a packet.
const MOST: usize = 8;
/// Octets for a browser.
const MOST_KEPT: isize = 400_000;
