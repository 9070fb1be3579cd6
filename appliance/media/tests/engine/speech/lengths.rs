//! The same codec in packets of another length: cut and joined, and the same to the last bit.

use super::*;
use call::{G726Bits, G726Packing, MediaEvent};
use media_dsp::amrwb::rtp::{self as amr_wb, Framing, Payload};
use media_dsp::amrwb::{self, Frame, Transmission};
use media_dsp::opus;

/// A phone and a carrier with the same codec, which the carrier wants in such packets.
fn wanting(codec: Codec, packet_millis: u8, most_millis: u8) -> Bridge {
    let mut bridge = Bridge::new(&[(100, codec)], &[(110, codec)]);
    wants(&mut bridge, codec, packet_millis, most_millis);
    bridge
}

fn wants(bridge: &mut Bridge, codec: Codec, packet_millis: u8, most_millis: u8) {
    let formats = vec![Format { payload_type: 110, codec }];
    let (receive, send) = (formats.clone(), formats);
    let formats = Formats { receive, send, packet_millis, most_millis, ..Formats::default() };
    bridge.wire.tell(MediaCommand::Formats { port: B, formats: Box::new(formats) });
}

/// Payloads of so many milliseconds each, all different, and their octets in a row.
fn stream(codec: Codec, millis: usize, packets: usize) -> Vec<Vec<u8>> {
    let (octets, unit) = match codec {
        Codec::L16 { rate } => (rate as usize / 100 * 2, 10),
        Codec::G726 { bits: G726Bits::Two, .. } => (20, 10),
        Codec::G726 { bits: G726Bits::Three, .. } => (30, 10),
        Codec::G726 { bits: G726Bits::Four, .. } => (40, 10),
        Codec::G726 { bits: G726Bits::Five, .. } => (50, 10),
        Codec::Gsm => (33, 20),
        Codec::G729 { .. } => (10, 10),
        Codec::G723 { .. } => (24, 30),
        _ => (80, 10),
    };
    let mut next = 0_u8;
    let mut frame = |number: usize| -> Vec<u8> {
        let low_rate = matches!(codec, Codec::G723 { .. }) && number % 3 == 1;
        let mut octets: Vec<u8> = (0..if low_rate { 20 } else { octets })
            .map(|_| {
                next = next.wrapping_mul(5).wrapping_add(17);
                next
            })
            .collect();
        if matches!(codec, Codec::G723 { .. }) {
            octets[0] = octets[0] & !3 | u8::from(low_rate);
        }
        octets
    };
    let each = millis / unit;
    (0..packets).map(|n| (0..each).flat_map(|it| frame(n * each + it)).collect()).collect()
}

fn ticks(codec: Codec, millis: usize) -> u32 {
    codec.clock() / 100 * millis as u32 / 10
}

/// All that leaves of a stream that comes without a gap, from these numbers on.
fn say_all(bridge: &mut Bridge, codec: Codec, millis: usize, payloads: &[Vec<u8>]) -> Vec<Left> {
    let mut left = Vec::new();
    for (n, payload) in payloads.iter().enumerate() {
        let timestamp = 5_000 + n as u32 * ticks(codec, millis);
        left.extend(bridge.say(100, 65_530_u16.wrapping_add(n as u16), timestamp, payload));
    }
    left.extend(later(bridge, 60));
    left
}

/// What leaves in so many milliseconds in which nothing comes.
fn later(bridge: &mut Bridge, millis: u64) -> Vec<Left> {
    let mut left = Vec::new();
    bridge.wire.now += Duration::from_millis(millis);
    let (engine, now) = (&mut bridge.wire.engine, bridge.wire.now);
    while let Some(spoken) = engine.speak(now) {
        assert_eq!((spoken.port, spoken.to), (B, carrier()));
        left.extend(std::iter::from_fn(|| engine.poll_packet().map(left_of)));
    }
    left
}

/// Whether packets follow each other without a gap, each as long as is wanted.
fn assert_even(left: &[Left], codec: Codec, wanted: usize) {
    for (n, packet) in left.iter().enumerate() {
        assert_eq!(packet.payload_type, 110);
        assert_eq!(packet.sequence, 65_530_u16.wrapping_add(n as u16), "{codec:?}");
        assert_eq!(packet.timestamp, 5_000 + n as u32 * ticks(codec, wanted), "{codec:?} {wanted}");
    }
}

#[test]
fn each_codec_leaves_in_the_packets_that_are_wanted_and_every_octet_of_it() {
    let mut codecs = vec![Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Gsm];
    codecs.extend([Codec::G729 { annex_b: true }, Codec::G723 { annex_a: false }]);
    codecs.extend([8_000, 16_000, 44_100, 48_000].map(|rate| Codec::L16 { rate }));
    for bits in [G726Bits::Two, G726Bits::Three, G726Bits::Four, G726Bits::Five] {
        codecs.push(Codec::G726 { bits, packing: G726Packing::Rtp });
    }
    for codec in codecs {
        let unit = match codec {
            Codec::G723 { .. } => 30,
            Codec::Gsm => 20,
            _ => 10,
        };
        let fits = |millis: usize| millis.is_multiple_of(unit);
        for (came, wanted) in
            [(20, 30), (30, 20), (10, 60), (60, 10), (60, 20), (60, 30), (30, 60), (20, 60)]
        {
            if !fits(came) || !fits(wanted) {
                continue;
            }
            // 1.2 s.
            let payloads = stream(codec, came, 1_200 / came);
            let mut bridge = wanting(codec, wanted as u8, 0);
            let left = say_all(&mut bridge, codec, came, &payloads);
            assert_even(&left, codec, wanted);
            assert_eq!(left.len(), 1_200 / wanted, "{codec:?} {came} {wanted}");
            let heard: Vec<u8> = left.into_iter().flat_map(|it| it.payload).collect();
            assert_eq!(heard, payloads.concat(), "{codec:?} {came} {wanted}");
            let stats = bridge.wire.close(A);
            assert_eq!((stats.repacked, stats.translated), (1_200 / came as u64, 0));
        }
    }
}

#[test]
fn frames_of_amr_wb_leave_in_other_packets_as_they_came() {
    let mut encoder = amrwb::Encoder::new(amrwb::Mode::M1265, Transmission::Continuous);
    let mut frames = Vec::new();
    for n in 0..60_i32 {
        let pcm: Vec<i16> = (0..320).map(|at| ((at * n * 91) % 9_000 - 4_500) as i16).collect();
        frames.push(encoder.encode_frame(&pcm).unwrap());
    }
    for (octet_aligned, framing) in
        [(true, Framing::OctetAligned), (false, Framing::BandwidthEfficient)]
    {
        for (came, wanted) in [(1, 3), (3, 1), (2, 3), (3, 2)] {
            let codec = Codec::AmrWb { octet_aligned };
            let mut bridge = wanting(codec, wanted * 20, 0);
            let write = |frames: &[Frame]| {
                let mut out = vec![0; 400];
                let mode = Some(amrwb::Mode::M885);
                let length = amr_wb::write(framing, mode, frames, &mut out).unwrap();
                out.truncate(length);
                out
            };
            let payloads: Vec<_> = frames.chunks(came).map(write).collect();
            let left = say_all(&mut bridge, codec, came * 20, &payloads);
            assert_even(&left, codec, usize::from(wanted) * 20);
            let mut heard = Vec::new();
            for packet in &left {
                let payload = Payload::read(framing, &packet.payload).unwrap();
                assert_eq!(payload.request(), Some(amrwb::Mode::M885));
                assert_eq!(payload.len(), usize::from(wanted));
                heard.extend(payload.frames());
            }
            assert_eq!(heard, frames);
        }
    }
}

#[test]
fn what_is_as_long_as_it_should_be_passes_untouched() {
    let passes = |codec, wish, most, millis| {
        let mut bridge = wanting(codec, wish, most);
        let payloads = stream(codec, millis, 4);
        let left = say_all(&mut bridge, codec, millis, &payloads);
        assert_eq!(left.len(), 4);
        assert_even(&left, codec, millis);
        bridge.wire.close(A).repacked == 0
    };
    assert!(passes(Codec::Pcma, 20, 0, 20));
    assert!(passes(Codec::Pcma, 0, 0, 60), "who says nothing takes what comes");
    assert!(passes(Codec::Pcma, 0, 40, 30), "it is no more than the most");
    assert!(passes(Codec::Pcma, 120, 0, 20), "who wants more than anybody sends gets what comes");
    assert!(passes(Codec::G723 { annex_a: false }, 20, 0, 30), "a frame is no shorter");
    assert!(passes(Codec::Gsm, 30, 0, 20), "30 ms are no frames");
}

#[test]
fn who_names_only_the_most_that_it_takes_gets_no_more() {
    let mut bridge = wanting(Codec::Pcma, 0, 40);
    let payloads = stream(Codec::Pcma, 60, 20);
    let left = say_all(&mut bridge, Codec::Pcma, 60, &payloads);
    assert_even(&left, Codec::Pcma, 40);
    assert_eq!(left.into_iter().flat_map(|it| it.payload).collect::<Vec<_>>(), payloads.concat());
    // A wish is kept to as far as it is not more than the most.
    let mut bridge = wanting(Codec::Pcma, 30, 20);
    let left = say_all(&mut bridge, Codec::Pcma, 60, &payloads);
    assert_even(&left, Codec::Pcma, 20);
}

#[test]
fn opus_sounds_the_same_in_other_packets() {
    let rate = opus::Rate::Hz48000;
    let mut encoder = opus::Encoder::new(rate, opus::Settings::default());
    let mut payloads = Vec::new();
    for n in 0..60_i32 {
        let pcm: Vec<i16> =
            (0..960).map(|at| (((n * 960 + at) % 109 * 70) as i16) - 3_800).collect();
        let mut out = vec![0; 1_275];
        let length = encoder.encode(&pcm, &mut out).unwrap();
        out.truncate(length);
        payloads.push(out);
    }
    let decode = |payloads: &[Vec<u8>]| {
        let mut decoder = opus::Decoder::new(rate);
        let mut pcm = Vec::new();
        for payload in payloads {
            let mut room = vec![0; 5_760];
            let samples = decoder.decode(payload, &mut room).unwrap();
            pcm.extend_from_slice(&room[..samples]);
        }
        pcm
    };
    for wanted in [40, 60] {
        let mut bridge = wanting(Codec::Opus, wanted, 0);
        let left = say_all(&mut bridge, Codec::Opus, 20, &payloads);
        assert_even(&left, Codec::Opus, usize::from(wanted));
        let joined: Vec<_> = left.into_iter().map(|it| it.payload).collect();
        assert_eq!(joined.len(), 1_200 / usize::from(wanted));
        assert!(decode(&joined) == decode(&payloads), "every sample");
        // And back: the frames are those that were joined.
        let mut bridge = wanting(Codec::Opus, 20, 0);
        let left = say_all(&mut bridge, Codec::Opus, wanted.into(), &joined);
        assert_even(&left, Codec::Opus, 20);
        let parted: Vec<_> = left.into_iter().map(|it| it.payload).collect();
        assert_eq!(parted, payloads);
    }
}

#[test]
fn a_frame_of_opus_that_is_longer_than_wanted_passes() {
    let mut bridge = wanting(Codec::Opus, 20, 20);
    for n in 0..5_u16 {
        // SILK, 60 ms.
        let left = bridge.say(100, n, u32::from(n) * 2_880, &[11 << 3, 1, 2, 3]);
        assert_eq!(names(&left), [(110, n, u32::from(n) * 2_880)]);
    }
    assert_eq!(bridge.wire.close(A).repacked, 0);
}

#[test]
fn a_re_invite_to_equal_packets_makes_it_a_relay_again_without_a_step() {
    let mut bridge = wanting(Codec::Pcmu, 20, 0);
    let sound = mu_law(&tone(8_000));
    let mut left = Vec::new();
    let mut at = 0;
    let mut say = |bridge: &mut Bridge, millis: usize, packets: u16, number: &mut u16| {
        for _ in 0..packets {
            let payload = &sound[at..at + millis * 8];
            left.extend(bridge.say(100, *number, at as u32, payload));
            (at, *number) = (at + payload.len(), *number + 1);
        }
    };
    let mut number = 7;
    say(&mut bridge, 20, 3, &mut number);
    // The phone sends longer packets from here on, and the carrier wants them as they are in the end.
    say(&mut bridge, 30, 5, &mut number);
    wants(&mut bridge, Codec::Pcmu, 30, 0);
    say(&mut bridge, 30, 4, &mut number);
    let lengths: Vec<_> = left.iter().map(|it| it.payload.len() / 8).collect();
    // Of 150 ms there are 10 left when the packets become right.
    assert_eq!(lengths, [20, 20, 20, 20, 20, 20, 20, 20, 20, 20, 10, 30, 30, 30, 30]);
    for (n, pair) in left.windows(2).enumerate() {
        assert_eq!(pair[1].sequence, pair[0].sequence + 1, "{n}");
        assert_eq!(pair[1].timestamp, pair[0].timestamp + pair[0].payload.len() as u32, "{n}");
    }
    let heard: Vec<u8> = left.into_iter().flat_map(|it| it.payload).collect();
    assert_eq!(heard, sound[..heard.len()]);
    assert_eq!(heard.len(), (60 + 150 + 120) * 8, "all of it");
    // An overtaken packet has its place again.
    let last = number;
    bridge.say(100, last + 1, 8_000, &[0xff; 240]);
    assert_eq!(bridge.say(100, last, 7_760, &[0xff; 240]).len(), 1);
}

#[test]
fn a_shorter_wish_holds_for_what_waits_as_well() {
    let mut bridge = wanting(Codec::Pcmu, 60, 0);
    assert!(bridge.say(100, 1, 0, &[1; 240]).is_empty());
    wants(&mut bridge, Codec::Pcmu, 20, 0);
    let left = bridge.say(100, 2, 240, &[2; 160]);
    let lengths: Vec<_> = left.iter().map(|it| it.payload.len()).collect();
    assert_eq!(lengths, [160, 80, 160]);
    assert_eq!(names(&left), [(110, 1, 0), (110, 2, 160), (110, 3, 240)]);
}

#[test]
fn a_description_of_noise_waits_for_nothing() {
    let mut bridge = wanting(Codec::G729 { annex_b: true }, 40, 0);
    assert!(bridge.say(100, 1, 0, &[7; 20]).is_empty());
    let spurt = bridge.say(100, 2, 160, &[9; 12]);
    assert_eq!(names(&spurt), [(110, 1, 0)]);
    assert_eq!(spurt[0].payload, [[7; 20].as_slice(), &[9; 12]].concat());
    // In the pause noise is described alone, and then somebody speaks.
    let noise = bridge.say(100, 3, 1_600, &[5; 2]);
    assert_eq!((names(&noise), &noise[0].payload[..]), (vec![(110, 2, 1_600)], &[5; 2][..]));
    assert!(bridge.say(100, 4, 3_200, &[7; 20]).is_empty());
    assert_eq!(names(&bridge.say(100, 5, 3_360, &[7; 20])), [(110, 3, 3_200)]);
}

#[test]
fn what_is_lost_before_the_box_is_missing_behind_it_too() {
    let mut bridge = wanting(Codec::Pcmu, 20, 0);
    let say = |bridge: &mut Bridge, number: u16| {
        bridge.say(100, number, u32::from(number) * 240, &[number as u8; 240])
    };
    assert_eq!(names(&say(&mut bridge, 0)), [(110, 0, 0)]);
    // 10 ms wait, and 60 that do not come end them.
    let left = say(&mut bridge, 3);
    assert_eq!(names(&left), [(110, 1, 160), (110, 5, 720)]);
    assert_eq!([left[0].payload.len(), left[1].payload.len()], [80, 160]);
    assert!(say(&mut bridge, 2).is_empty(), "its place is gone");
    assert_eq!(names(&say(&mut bridge, 4)), [(110, 6, 880)]);
    assert_eq!(names(&later(&mut bridge, 20)), [(110, 7, 1_040)]);
    assert_eq!(bridge.wire.close(A).untranslated, 1);
}

#[test]
fn keys_stand_behind_the_sound_before_them() {
    let keys = Codec::TelephoneEvent { clock: 8_000 };
    let mut bridge =
        Bridge::new(&[(0, Codec::Pcmu), (101, keys)], &[(0, Codec::Pcmu), (101, keys)]);
    bridge.agree(B, &[(0, Codec::Pcmu), (101, keys)], 60);
    assert!(bridge.say(0, 1, 0, &[0xff; 160]).is_empty());
    let left = bridge.say(101, 2, 160, &[5, 10, 0, 160]);
    assert_eq!(names(&left), [(0, 1, 0), (101, 2, 160)]);
    assert_eq!(left[0].payload.len(), 160);
    // The tone itself is gone meanwhile; then sound goes on.
    let spoken: Vec<_> =
        (3..6).flat_map(|n| bridge.say(0, n, u32::from(n) * 160, &[0xff; 160])).collect();
    assert_eq!(names(&spoken), [(0, 3, 480)]);
}

#[test]
fn a_talk_spurt_is_marked_once() {
    let mut bridge = wanting(Codec::Pcmu, 10, 0);
    let mut left: Vec<_> = (0..2_u16)
        .flat_map(|n| {
            let mut packet = rtp(0x80 | 100, n, u32::from(n) * 160, SSRC);
            packet.truncate(12);
            packet.extend([0xff; 160]);
            packet[1] = if n == 0 { 0x80 | 100 } else { 100 };
            bridge.say_packet(packet)
        })
        .collect();
    left.extend(later(&mut bridge, 10));
    let marked: Vec<_> = left.iter().map(|it| it.marker).collect();
    assert_eq!(marked, [true, false, false, false]);
}

#[test]
fn control_learns_that_packets_are_cut_and_that_they_are_no_longer() {
    let mut bridge = wanting(Codec::Pcmu, 20, 0);
    bridge.wire.events();
    let told = |bridge: &mut Bridge| -> Vec<bool> {
        let of_event = |event| match event {
            MediaEvent::Repacked { port: B, repacked } => Some(repacked),
            _ => None,
        };
        bridge.wire.events().into_iter().filter_map(of_event).collect()
    };
    let (mut number, mut at) = (0_u16, 0_u32);
    let mut say = |bridge: &mut Bridge, millis: u32, seconds: u32| {
        for _ in 0..seconds * 1_000 / millis {
            bridge.say(100, number, at, &vec![0xff; millis as usize * 8]);
            (number, at) = (number.wrapping_add(1), at + millis * 8);
            bridge.wire.wait(u64::from(millis) - 10);
        }
    };
    say(&mut bridge, 30, 1);
    assert_eq!(told(&mut bridge), [true], "at once");
    say(&mut bridge, 30, 12);
    assert!(told(&mut bridge).is_empty(), "and once");
    say(&mut bridge, 20, 12);
    assert_eq!(told(&mut bridge), [false]);
    say(&mut bridge, 30, 1);
    assert_eq!(told(&mut bridge), [true]);
}

#[test]
fn several_packets_of_one_leave_one_after_the_other() {
    let mut bridge = wanting(Codec::Pcmu, 20, 0);
    for n in 0..3_u16 {
        let at = u32::from(n) * 480;
        let number = n * 3;
        assert_eq!(names(&bridge.say(100, n, at, &[0xff; 480])), [(110, number, at)]);
        let due = bridge.wire.engine.next_speech();
        assert_eq!(due, Some(bridge.wire.now + Duration::from_millis(20)));
        assert!(later(&mut bridge, 19).is_empty());
        assert_eq!(names(&later(&mut bridge, 1)), [(110, number + 1, at + 160)]);
        assert_eq!(names(&later(&mut bridge, 20)), [(110, number + 2, at + 320)]);
        assert_eq!(bridge.wire.engine.next_speech(), None);
    }
    // Who comes early finds what waits, and it leaves before him.
    bridge.say(100, 3, 1_440, &[0xff; 480]);
    let left = bridge.say(100, 4, 1_920, &[0xff; 480]);
    assert_eq!(names(&left), [(110, 10, 1_600), (110, 11, 1_760), (110, 12, 1_920)]);
    // And who comes no more leaves nothing behind.
    assert_eq!(names(&later(&mut bridge, 500)), [(110, 13, 2_080), (110, 14, 2_240)]);
    assert_eq!(bridge.wire.engine.next_speech(), None);
}
