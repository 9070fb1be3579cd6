//! Reports of streams that the box itself ends or makes, in fake time.

use super::*;
use call::ExtendedReports;
use media::Exit;
use media::rtcp::{Block, Compound, Packet, Report};
use std::net::SocketAddr;

/// A datagram of reports that left for the phone at A, and when.
struct Told {
    at: Instant,
    octets: Vec<u8>,
}

impl Told {
    fn packets(&self) -> Vec<Packet<'_>> {
        Compound::parse(&self.octets).unwrap().packets().collect()
    }

    /// Who reports, the middle of the instant if it is a sender, and what it hears.
    fn report(&self) -> (u32, Option<u32>, Vec<Report>) {
        match self.packets()[0] {
            Packet::SenderReport { ssrc, sent, reports } => (ssrc, Some(sent), reports.collect()),
            Packet::ReceiverReport { ssrc, reports } => (ssrc, None, reports.collect()),
            other => panic!("{other:?}"),
        }
    }

    /// The name in the second packet.
    fn name(&self) -> &[u8] {
        let at = self.octets.windows(4).position(|it| *it == [0x81, 202, 0, 6]).unwrap();
        assert_eq!(self.octets[at + 8..at + 10], [1, 16]);
        &self.octets[at + 10..at + 26]
    }
}

fn told(wire: &mut Wire) -> Vec<Told> {
    let mut all = Vec::new();
    while let Some(parcel) = wire.engine.poll_parcel() {
        assert_eq!(parcel.exit, Exit::Pair { port: A, rtcp: true });
        assert_eq!(parcel.to, next(at(PHONE)));
        all.push(Told { at: wire.now, octets: parcel.bytes.to_vec() });
    }
    all
}

/// The phone says so many packets, of which one in ten is lost, and hears what the box says.
fn talk(wire: &mut Wire, packets: std::ops::Range<u16>, heard: &mut Vec<Heard>) -> Vec<Told> {
    let mut all = Vec::new();
    for sequence in packets {
        if sequence % 10 != 5 {
            wire.hear(A, at(PHONE), &rtp(100, sequence, u32::from(sequence) * 160, 77));
        }
        heard.extend(listen(wire, 20));
        wire.wait(0);
        all.extend(told(wire));
    }
    all
}

#[test]
fn whoever_talks_with_the_box_is_told_how_he_is_heard_and_what_was_said() {
    let mut wire = answered(Codec::Pcma, 20);
    wire.engine.set_time(wire.now, Duration::from_secs(1_000));
    play(&mut wire, DIAL, Rounds::Endless);
    let (mut heard, start) = (Vec::new(), wire.now);
    let all = talk(&mut wire, 0..3_000, &mut heard);
    let ssrc = heard[0].ssrc;
    assert!((10..=24).contains(&all.len()), "{} in a minute", all.len());
    let steps: Vec<_> = all.windows(2).map(|it| it[1].at - it[0].at).collect();
    assert!(steps.iter().all(|it| (2_000..=6_300).contains(&it.as_millis())), "{steps:?}");
    assert!(steps.iter().any(|it| it.abs_diff(steps[0]) > Duration::from_millis(300)));
    for one in &all {
        let (from, sent, reports) = one.report();
        assert_eq!(from, ssrc);
        let since = one.at - start;
        let middle = sent.expect("it spoke since");
        assert_eq!(middle >> 16, (2_208_988_800 + 1_000 + since.as_secs() as u32) & 0xffff);
        assert_eq!(one.name(), all[0].name());
        // The instant of the report in the stream: behind the last packet that had left.
        let number = |at: usize| u32::from_be_bytes(one.octets[at..at + 4].try_into().unwrap());
        let before = heard.iter().filter(|it| it.at < one.at).collect::<Vec<_>>();
        let last = before.last().unwrap();
        let ahead = number(16).wrapping_sub(last.timestamp);
        assert_eq!(u128::from(ahead), (one.at - last.at).as_micros() * 8 / 1_000);
        assert_eq!((number(20), number(24)), (before.len() as u32, before.len() as u32 * 160));
        let [report] = reports[..] else { panic!("{reports:?}") };
        assert_eq!(report.ssrc, 77);
        assert!(report.fraction_lost.abs_diff(25) <= 3, "{report:?}");
        let came = since.as_millis() / 20;
        assert!(u128::from(report.highest).abs_diff(came) <= 2, "{report:?} of {came}");
        assert!(report.lost.unsigned_abs().abs_diff(report.highest / 10) <= 1, "{report:?}");
    }
    // The last word.
    wire.tell(MediaCommand::Stop { port: A });
    wire.tell(MediaCommand::Close { port: A });
    let last = told(&mut wire);
    assert_eq!(last.len(), 1);
    let (goodbye, name) = (ssrc.to_be_bytes(), last[0].name());
    assert_eq!(last[0].packets().pop(), Some(Packet::Goodbye { streams: &goodbye }));
    assert_eq!(name, all[0].name());
}

#[test]
fn the_way_to_who_talks_with_the_box_is_measured() {
    let mut wire = answered(Codec::Pcma, 20);
    play(&mut wire, DIAL, Rounds::Endless);
    let mut heard = Vec::new();
    let mut first = 0;
    let (sent, ssrc) = loop {
        let all = talk(&mut wire, first..first + 1, &mut heard);
        first += 1;
        if let Some(one) = all.first() {
            let (ssrc, sent, _) = one.report();
            break (sent.unwrap(), ssrc);
        }
    };
    wire.now += Duration::from_millis(180);
    // Kept for a tenth of a second, one packet in sixteen lost, and the phone's own instant.
    let mut report = vec![0x81, 200, 0, 12, 0, 0, 0, 77, 0, 0, 0xab, 0xcd, 0x12, 0x34, 0, 0];
    report.extend([0; 12]);
    report.extend(ssrc.to_be_bytes());
    report.extend([16, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 80]);
    report.extend(sent.to_be_bytes());
    report.extend([0, 0, 0x19, 0x9a]);
    let verdict = wire.hear_report(A, next(at(PHONE)), &report);
    assert_eq!(verdict, Verdict::Drop(DropReason::Reported));
    let all = talk(&mut wire, first..first + 400, &mut heard);
    let point = wire.events().into_iter().find_map(|event| match event {
        MediaEvent::Quality { port: A, point } => Some(point),
        _ => None,
    });
    let point = point.unwrap();
    assert!(point.round_trip_micros.unwrap().abs_diff(80_000) < 50, "{point:?}");
    let said = point.said.unwrap();
    assert_eq!((said.loss_permille, said.jitter_micros), (62, 10_000));
    let (_, _, reports) = all[0].report();
    assert_eq!(reports[0].last_report, 0xabcd_1234);
    let kept = u64::from(reports[0].delay) * 1_000 / 65_536;
    assert!((1_000..6_300).contains(&kept), "{kept}");
    let stats = wire.close(A);
    assert_eq!((stats.remote_lost, stats.remote_jitter_micros), (9, 10_000));
}

#[test]
fn while_the_box_speaks_over_a_partner_his_reports_end_here_and_afterwards_pass() {
    let mut wire = bridged(&[(8, Codec::Pcma)], &[(8, Codec::Pcma)]);
    let sender = |ssrc: u8| {
        let mut bytes = vec![0x80, 200, 0, 6, 0, 0, 0, ssrc];
        bytes.extend([0; 20]);
        bytes
    };
    relayed(&mut wire, 1, 160);
    wire.wait(60_000);
    assert_eq!(told(&mut wire).len(), 0, "nobody asked for a report of a relay");
    let passed = Verdict::Forward { port: A, rtcp: true, to: next(at(PHONE)) };
    assert_eq!(wire.hear_report(B, next(carrier()), &sender(99)), passed);
    play(&mut wire, DIAL, Rounds::Endless);
    for _ in 0..500 {
        listen(&mut wire, 20);
        wire.wait(0);
    }
    let over = Verdict::Drop(DropReason::SpokenOver);
    assert_eq!(wire.hear_report(B, next(carrier()), &sender(99)), over);
    let all = told(&mut wire);
    assert!((2..=5).contains(&all.len()), "{}", all.len());
    // It goes on under the partner's name, and nothing comes in from the phone to report of.
    assert!(all.iter().all(|it| it.report().0 == 99 && it.report().2.is_empty()));
    wire.tell(MediaCommand::Stop { port: A });
    relayed(&mut wire, 2, 320);
    assert_eq!(wire.hear_report(B, next(carrier()), &sender(99)), passed);
    wire.wait(60_000);
    wire.close(A);
    assert_eq!(told(&mut wire).len(), 0, "the partner says goodbye himself");
}

#[test]
fn an_encrypted_phone_is_told_in_srtcp() {
    let key = |octet| MasterKey::random(Suite::AesCm128HmacSha1_80, &[octet; _]);
    let keys = Keys { outbound: key(1), inbound: key(2) };
    let mut wire = answered(Codec::Pcma, 20);
    wire.tell(MediaCommand::Keys { port: A, keys: Some(Box::new(keys.clone())) });
    play(&mut wire, DIAL, Rounds::Endless);
    let mut heard = Vec::new();
    for _ in 0..250 {
        while wire.engine.speak(wire.now).is_some() {
            while let Some(packet) = wire.engine.poll_packet() {
                heard.push(packet.len());
            }
        }
        wire.wait(20);
    }
    let mut phone = Inbound::new(&keys.outbound);
    let all = told(&mut wire);
    assert!(!all.is_empty());
    for one in all {
        let mut octets = one.octets;
        let length = phone.unprotect_rtcp(&mut octets, wire.now).unwrap();
        octets.truncate(length);
        let plain = Told { at: one.at, octets };
        assert!(plain.report().1.is_some());
        assert_eq!(plain.packets().len(), 2);
    }
}

#[test]
fn who_listens_nowhere_is_told_nothing() {
    let mut wire = answered(Codec::Pcma, 20);
    wire.describe(A, SocketAddr::new([0, 0, 0, 0].into(), 0), Learn::Never);
    play(&mut wire, DIAL, Rounds::Endless);
    wire.wait(60_000);
    wire.tell(MediaCommand::Close { port: A });
    assert_eq!(told(&mut wire).len(), 0);
}

/// The blocks of the extended report in each of these.
fn blocks(all: &[Told]) -> Vec<Vec<Block>> {
    let of = |one: &Told| {
        let extended = one.packets().into_iter().find_map(|packet| match packet {
            Packet::Extended { blocks, .. } => Some(blocks.collect()),
            _ => None,
        });
        extended.unwrap_or_default()
    };
    all.iter().map(of).collect()
}

#[test]
fn who_takes_extended_reports_is_told_what_is_heard_after_the_jitter_buffer() {
    let mut wire = answered(Codec::Pcma, 20);
    play(&mut wire, Sound::Echo, Rounds::Endless);
    let mut heard = Vec::new();
    assert!(blocks(&talk(&mut wire, 0..600, &mut heard)).iter().all(Vec::is_empty));
    let takes = ExtendedReports { voip_metrics: true, receiver_time: false };
    wire.tell(MediaCommand::Extended { port: A, takes });
    let told = blocks(&talk(&mut wire, 600..3_000, &mut heard));
    assert!(told.len() >= 8);
    for blocks in &told {
        let [Block::VoipMetrics(it)] = blocks[..] else { panic!("{blocks:?}") };
        // One in ten, close enough to each other for one long burst.
        assert_eq!((it.ssrc, it.discarded, it.gap_density), (77, 0, 0), "{it:?}");
        assert!(it.lost.abs_diff(25) <= 1 && it.burst_density.abs_diff(26) <= 1, "{it:?}");
        assert!(it.burst_millis > 10_000, "{it:?}");
        let buffer = it.buffer.unwrap();
        assert!(buffer.nominal <= 60 && buffer.absolute == 400, "{it:?}");
        assert!(it.end_system_millis >= 20 + buffer.nominal, "{it:?}");
        // 93.2 - 95 · 10 / (10 + 25.1).
        assert!(
            it.r.unwrap().abs_diff(66) <= 2 && it.listening.unwrap().abs_diff(34) <= 1,
            "{it:?}"
        );
    }
    let points = wire.events().into_iter().filter_map(|event| match event {
        MediaEvent::Quality { port: A, point } => Some(point),
        _ => None,
    });
    let points: Vec<_> = points.collect();
    assert!(points.len() >= 11);
    for point in &points[1..] {
        let played = point.heard.played.unwrap();
        assert_eq!(point.heard.discarded_permille, Some(0), "{point:?}");
        assert!(played.concealed_permille.abs_diff(100) <= 25, "{point:?}");
        assert_eq!((played.noise_permille, played.unheard_permille), (0, 0), "{point:?}");
        assert!(played.delay_micros < 80_000, "{point:?}");
    }
}

#[test]
fn who_only_listens_is_answered_when_it_told_the_time_and_learns_the_way() {
    let mut wire = answered(Codec::Pcma, 20);
    let takes = ExtendedReports { voip_metrics: false, receiver_time: true };
    wire.tell(MediaCommand::Extended { port: A, takes });
    play(&mut wire, DIAL, Rounds::Endless);
    let mut time = vec![0x80, 201, 0, 1, 0, 0, 0, 77, 0x80, 207, 0, 4, 0, 0, 0, 77, 4, 0, 0, 2];
    time.extend([0, 0, 0xab, 0xcd, 0x12, 0x34, 0, 0]);
    wire.hear_report(A, next(at(PHONE)), &time);
    let asked = wire.now;
    let mut all = Vec::new();
    while all.len() < 2 {
        listen(&mut wire, 20);
        wire.wait(0);
        all.extend(told(&mut wire));
    }
    let [first, second] = &blocks(&all)[..] else { panic!() };
    let [Block::Heard { ssrc: 77, last_time: 0xabcd_1234, delay }] = first[..] else {
        panic!("{first:?}")
    };
    let kept = (all[0].at - asked).as_micros() * 65_536 / 1_000_000;
    assert_eq!(u128::from(delay), kept);
    assert!(second.is_empty(), "once for each question");
}
