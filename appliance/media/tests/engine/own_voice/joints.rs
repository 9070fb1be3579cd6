//! What the box says goes on in the stream that is there.

use super::*;

#[test]
fn the_box_speaks_in_the_partners_stream_and_the_partner_goes_on_in_it() {
    for (carrier_codec, payload_type) in [(Codec::Pcma, 8), (Codec::Pcmu, 8)] {
        let mut wire = bridged(&[(100, Codec::Pcma)], &[(payload_type, carrier_codec)]);
        let mut all = Vec::new();
        for n in 0..5 {
            all.push(relayed(&mut wire, 40_000 + n, 160 * u32::from(n)));
            wire.wait(20);
        }
        wire.wait(1_000);
        play(&mut wire, DIAL, Rounds::Endless);
        for n in 5..10_u16 {
            let verdict = wire.hear(B, carrier(), &rtp(8, 40_000 + n, 160 * u32::from(n), 99));
            assert_eq!(verdict, Verdict::Drop(DropReason::SpokenOver));
            all.extend(listen(&mut wire, 20));
        }
        assert_eq!(all.len(), 10);
        wire.tell(MediaCommand::Stop { port: A });
        wire.wait(500);
        for n in 60..65 {
            all.push(relayed(&mut wire, 40_000 + n, 160 * u32::from(n)));
            wire.wait(20);
        }
        // Whom the phone hears does not change, nor does a number go missing.
        assert!(all.iter().all(|it| it.ssrc == 99 && it.payload_type == 100));
        assert!(all.windows(2).all(|it| it[1].sequence == it[0].sequence + 1));
        // The time that passed is in the timestamps.
        for pair in all.windows(2) {
            let passed = pair[1].at.duration_since(pair[0].at).as_millis() as u32 * 8;
            assert_eq!(pair[1].timestamp - pair[0].timestamp, passed);
        }
        let begin: Vec<_> = (0..15).filter(|n| all[*n].marker).collect();
        assert_eq!(begin, [5, 10]);
        let stats = wire.close(A);
        assert_eq!(stats.sent, 15);
    }
}

#[test]
fn a_stream_that_the_box_began_keeps_its_name_whoever_speaks_later() {
    let mut wire = answered(Codec::Pcma, 20);
    play(&mut wire, DIAL, Rounds::Endless);
    let mut all = listen(&mut wire, 100);
    wire.tell(MediaCommand::Stop { port: A });
    wire.open(B);
    wire.describe(B, carrier(), Learn::Never);
    agree(&mut wire, B, &[(8, Codec::Pcma)], 20);
    wire.tell(MediaCommand::Bridge { a: A, b: B });
    for n in 0..5 {
        all.push(relayed(&mut wire, 7 + n, 160 * u32::from(n)));
        wire.wait(20);
    }
    in_order(&all, 160);
    assert_ne!(all[0].ssrc, 99);
    // Its reports speak of it under that name, and the carrier hears its own.
    let name = all[0].ssrc;
    let mut report = report(name, 3, 0);
    wire.engine.packet(A, true, next(at(PHONE)), &mut report, wire.now);
    assert_eq!(report[8..12], 99_u32.to_be_bytes());
    let mut report = vec![0x80, 200, 0, 6, 0, 0, 0, 99];
    report.extend([0; 20]);
    wire.engine.packet(B, true, next(carrier()), &mut report, wire.now);
    assert_eq!(report[4..8], name.to_be_bytes());
    assert_eq!(report[20..24], 10_u32.to_be_bytes());
}

#[test]
fn what_was_overtaken_by_the_box_is_late() {
    let mut wire = bridged(&[(100, Codec::Pcma)], &[(8, Codec::Pcma)]);
    relayed(&mut wire, 10, 1_600);
    play(&mut wire, DIAL, Rounds::Endless);
    listen(&mut wire, 40);
    wire.tell(MediaCommand::Stop { port: A });
    relayed(&mut wire, 14, 2_240);
    let verdict = wire.hear(B, carrier(), &rtp(8, 13, 2_080, 99));
    assert_eq!(verdict, Verdict::Drop(DropReason::Late));
    assert_eq!(relayed(&mut wire, 15, 2_400).payload_type, 100);
}

#[test]
fn another_codec_or_another_sound_goes_on_without_a_step() {
    let mut wire = answered(Codec::Pcma, 20);
    play(&mut wire, DIAL, Rounds::Endless);
    let mut all = listen(&mut wire, 100);
    agree(&mut wire, A, &[(0, Codec::Pcmu)], 20);
    all.extend(listen(&mut wire, 100));
    play(&mut wire, Sound::Samples(sine(16_000, 440.0, 32_000)), Rounds::ONCE);
    all.extend(listen(&mut wire, 100));
    in_order(&all, 160);
    let types: Vec<_> = all.iter().map(|it| it.payload_type).collect();
    assert_eq!(types, [vec![100; 5], vec![0; 10]].concat());
}

#[test]
fn after_a_stream_went_past_the_box_its_own_words_do_not_go_on_in_what_was_left_behind() {
    for silent in [true, false] {
        let mut wire = bridged(&[(100, Codec::Pcma)], &[(8, Codec::Pcma)]);
        relayed(&mut wire, 10, 1_600);
        wire.tell(MediaCommand::Past { port: A, past: true });
        // What the carrier still sends to the box leaves as what it sends past the box.
        let late = relayed(&mut wire, 11, 1_760);
        assert_eq!((late.ssrc, late.sequence, late.timestamp), (99, 11, 1_760));
        // The phone has heard 200 packets of it elsewhere since.
        wire.wait(4_000);
        wire.tell(MediaCommand::Past { port: A, past: false });
        if !silent {
            let back = relayed(&mut wire, 211, 33_760);
            assert_eq!((back.ssrc, back.sequence, back.timestamp), (99, 211, 33_760));
        }
        play(&mut wire, DIAL, Rounds::Endless);
        let mut all = listen(&mut wire, 100);
        wire.tell(MediaCommand::Stop { port: A });
        all.push(relayed(&mut wire, 217, 34_720));
        assert!(all[0].marker);
        in_order(&all, 160);
        match silent {
            true => assert_ne!(all[0].ssrc, 99),
            false => assert_eq!((all[0].ssrc, all[0].sequence), (99, 212)),
        }
    }
}

#[test]
fn each_time_that_a_stream_was_past_the_box_its_own_words_have_another_name() {
    let mut wire = bridged(&[(100, Codec::Pcma)], &[(8, Codec::Pcma)]);
    let mut names = std::collections::BTreeSet::new();
    for _ in 0..3 {
        wire.tell(MediaCommand::Past { port: A, past: true });
        // Not asked back yet, it hears the box already.
        play(&mut wire, DIAL, Rounds::Endless);
        let told = listen(&mut wire, 100);
        wire.tell(MediaCommand::Past { port: A, past: false });
        let more = listen(&mut wire, 100);
        in_order(&[told, more.clone()].concat(), 160);
        wire.tell(MediaCommand::Stop { port: A });
        names.insert(more[0].ssrc);
    }
    assert_eq!(names.len(), 3);
}
