//! How sound fares: what is told of it every five seconds.

use crate::wire::*;
use call::{Codec, Format, Formats, Learn, MediaCommand, MediaEvent, QualityPoint, Scale};
use std::time::Duration;

const PHONE: &str = "203.0.113.5:4000";

fn points(wire: &mut Wire) -> Vec<QualityPoint> {
    let of_event = |event| match event {
        MediaEvent::Quality { port: A, point } => Some(*point),
        _ => None,
    };
    wire.events().into_iter().filter_map(of_event).collect()
}

/// Five seconds of packets, of which one in so many is lost.
fn speak(wire: &mut Wire, first: u16, lost: u16) {
    for sequence in first..first + 250 {
        if sequence % lost != lost - 1 {
            wire.hear(A, at(PHONE), &voice(sequence));
        }
        wire.wait(20);
    }
}

#[test]
fn every_five_seconds_there_is_a_point_while_somebody_speaks() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    speak(&mut wire, 0, 1_000);
    speak(&mut wire, 250, 20);
    speak(&mut wire, 500, 5);
    let told = points(&mut wire);
    let times: Vec<_> = told.iter().map(|it| it.after_ms).collect();
    assert_eq!(times, [5_000, 10_000, 15_000]);
    let loss: Vec<_> = told.iter().map(|it| it.heard.loss_permille).collect();
    assert!(loss[0] == 0 && loss[1].abs_diff(50) <= 4 && loss[2].abs_diff(200) <= 6, "{loss:?}");
    assert_eq!((told[0].heard.r, told[0].heard.mos_hundredths), (93, 441));
    // 95 · 5 / (5 + 25.1) and 95 · 20 / (20 + 25.1) less.
    assert!(told[1].heard.r.abs_diff(77) <= 1 && told[2].heard.r.abs_diff(51) <= 1, "{told:?}");
    assert!(told.iter().all(|it| it.said.is_none() && it.round_trip_micros.is_none()));
    // Who says nothing is not judged, nor waited for.
    wire.wait(6_000);
    assert!(points(&mut wire).len() <= 1);
    wire.wait(60_000);
    assert_eq!(points(&mut wire), []);
    speak(&mut wire, 750, 1_000);
    wire.wait(20);
    assert_eq!(points(&mut wire).len(), 1);
}

#[test]
fn the_way_to_a_phone_and_back_is_known_from_its_reports() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    wire.hear(B, carrier(), &rtp(8, 1, 160, 99));
    let mut sent = vec![0x80, 200, 0, 6, 0, 0, 0, 99];
    sent.extend([0, 0, 0xab, 0xcd, 0x12, 0x34, 0, 0]);
    sent.extend([0; 12]);
    wire.hear_report(B, next(carrier()), &sent);
    wire.now += Duration::from_millis(150);
    // A tenth of a second after it had heard the report, and one packet in 32 lost.
    let mut heard = report(99, 0, 0);
    heard[12] = 8;
    let end = heard.len();
    heard[end - 8..].copy_from_slice(&[0xab, 0xcd, 0x12, 0x34, 0, 0, 0x19, 0x9a]);
    wire.hear_report(A, next(at(PHONE)), &heard);
    speak(&mut wire, 0, 1_000);
    let told = points(&mut wire);
    let micros = told[0].round_trip_micros.unwrap();
    assert!(micros.abs_diff(50_000) < 50, "{micros}");
    assert_eq!(told[0].said.unwrap().loss_permille, 31);
    assert!(told[0].said.unwrap().r < told[0].heard.r);
}

#[test]
fn what_a_telephone_says_of_its_own_ear_is_believed() {
    let mut wire = Wire::with(PHONE, Learn::Never);
    wire.hear(B, carrier(), &rtp(8, 1, 160, 99));
    let mut extended = vec![0x80, 207, 0, 10, 0, 0, 0, 7, 7, 0, 0, 8, 0, 0, 0, 99, 12, 14];
    extended.extend([0; 14]);
    extended.extend([61, 127, 30, 30]);
    extended.extend([0; 8]);
    wire.hear_report(A, next(at(PHONE)), &extended);
    speak(&mut wire, 0, 1_000);
    let said = points(&mut wire)[0].said.unwrap();
    assert_eq!((said.loss_permille, said.discarded_permille, said.r), (46, Some(54), 61));
    assert!(said.mos_hundredths.abs_diff(315) <= 2, "{said:?}");
    // Cut anywhere, it is no harm.
    for end in 8..extended.len() {
        wire.hear_report(A, next(at(PHONE)), &extended[..end]);
    }
}

#[test]
fn wide_sound_is_judged_on_a_scale_of_its_own_by_the_mode_that_comes() {
    for (codec, frame, r) in [
        (Codec::G722, vec![0; 160], 90),
        // One frame of 6.60 and of 23.05 kbit/s, octet-aligned.
        (Codec::AmrWb { octet_aligned: true }, [&[0xf0, 0x04][..], &[0; 17]].concat(), 68),
        (Codec::AmrWb { octet_aligned: true }, [&[0xf0, 0x3c][..], &[0; 58]].concat(), 99),
    ] {
        let mut wire = Wire::with(PHONE, Learn::Never);
        let format = vec![Format { payload_type: 100, codec }];
        let formats = Formats {
            receive: format.clone(),
            send: format,
            packet_millis: 20,
            ..Formats::default()
        };
        wire.tell(MediaCommand::Formats { port: A, formats: Box::new(formats) });
        for sequence in 0..252_u16 {
            let mut packet = rtp(100, sequence, u32::from(sequence) * codec.clock() / 50, 7);
            packet.truncate(12);
            packet.extend(&frame);
            wire.hear(A, at(PHONE), &packet);
            wire.wait(20);
        }
        let heard = points(&mut wire)[0].heard;
        assert_eq!((heard.scale, heard.r), (Scale::Wide, r), "{codec:?}: {heard:?}");
    }
}
