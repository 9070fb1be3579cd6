//! What passes octet by octet, and how late.

use super::oracle::Chance;
use super::town::*;
use call::{Codec, LineLaw, LineSound, MediaCommand, RecordingId, RecordingStop, Track};
use media_dsp::g711::{Law, Transcoder};
use std::time::Duration;

fn chance(seed: u32, octets: usize) -> Vec<u8> {
    let mut chance = Chance::new(seed);
    (0..octets).map(|_| chance.octet()).collect()
}

const MANY: usize = 64_000;

#[test]
fn what_a_line_says_leaves_octet_by_octet_in_packets_of_the_length_asked_for() {
    for millis in [0_u8, 10, 30] {
        let mut town = Town::new();
        town.open_line(0, PLAIN);
        let asked = call::Formats { asked_millis: millis, ..pcma() };
        town.tell(MediaCommand::Formats { port: channel(0), formats: Box::new(asked) });
        town.open_phone(PHONE, pcma());
        town.bridge(channel(0), PHONE);
        let octets = chance(1, MANY);
        town.says[0] = octets.clone();
        town.steps(8_100);
        let heard = town.payloads(PHONE);
        let begin = find(&heard, &octets[..40]).unwrap();
        assert_eq!(heard[begin..begin + MANY], octets[..], "{millis}");
        let length = if millis == 0 { 20 } else { usize::from(millis) } * 8;
        assert!(town.sent.iter().all(|it| it.2.len() == 12 + length));
        // Numbers and timestamps go on without a step.
        for pair in town.sent.windows(2) {
            let number = |it: &[u8]| u16::from_be_bytes([it[2], it[3]]);
            let stamp = |it: &[u8]| u32::from_be_bytes(it[4..8].try_into().unwrap());
            let (a, b) = (&pair[0].2, &pair[1].2);
            assert_eq!(number(b), number(a).wrapping_add(1));
            assert_eq!(stamp(b), stamp(a).wrapping_add(length as u32));
        }
    }
}

#[test]
fn from_the_line_to_a_packet_it_takes_no_longer_than_the_packet_and_five_milliseconds() {
    let mut town = Town::new();
    town.open_line(0, LineSound { cancel_echo: true, ..PLAIN });
    town.open_phone(PHONE, pcma());
    town.bridge(channel(0), PHONE);
    let start = town.now;
    let mut latest = Duration::ZERO;
    // A loud octet at every place of a packet in turn.
    for place in 0..160 {
        let mut octets = vec![0xd5; 8 * 40 - 1];
        octets.resize(8 * 40 * 2, 0xd5);
        octets[place] = 0xaa;
        let from = town.said[0].max(town.says[0].len());
        town.says[0].resize(from, 0xd5);
        town.says[0].extend(octets);
        town.steps(80);
        let when = start + Duration::from_micros((from + place) as u64 * 125);
        let (left, _, _) = *town
            .sent
            .iter()
            .find(|it| it.2[12..].iter().any(|octet| loudness(*octet) > 8_000))
            .unwrap();
        town.sent.clear();
        // The far end's own store is two blocks, which are no part of the box.
        let on_line = when + Duration::from_millis(10);
        latest = latest.max(left.saturating_duration_since(on_line));
    }
    println!("from the line to the packet: {latest:?} at most");
    assert!(latest <= Duration::from_millis(20 + 5), "{latest:?}");
    assert!(latest >= Duration::from_millis(19), "{latest:?}: something is not counted");
}

fn loudness(octet: u8) -> i32 {
    i32::from(board::Law::A.expand(octet)).abs()
}

#[test]
fn what_a_phone_says_reaches_the_line_octet_by_octet_once_it_flows() {
    let mut town = Town::new();
    town.open_line(0, PLAIN);
    town.open_phone(PHONE, pcma());
    town.bridge(channel(0), PHONE);
    // The jitter buffer finds its delay in a pause.
    town.phone_speaks(PHONE, 8, &vec![0xd5; 80_000]);
    let octets = chance(2, 8_000);
    town.phone_speaks(PHONE, 8, &octets);
    town.phone_speaks(PHONE, 8, &vec![0xd5; 4_000]);
    let begin = find(&town.heard[0], &octets[..40]).expect("heard at all");
    assert_eq!(town.heard[0][begin..begin + octets.len()], octets[..]);
}

fn talk(town: &mut Town, seeds: [u32; 2], octets: usize) -> [Vec<u8>; 2] {
    let said = seeds.map(|seed| chance(seed, octets));
    for (at, said) in said.iter().enumerate() {
        let from = town.said[at];
        town.says[at].resize(from, 0xd5);
        town.says[at].extend(said);
        town.heard[at].clear();
    }
    town.steps(octets / 8 + 100);
    said
}

fn assert_exact(town: &Town, said: &[Vec<u8>; 2]) {
    for (from, to) in [(0, 1), (1, 0)] {
        let begin = find(&town.heard[to], &said[from][..40]).expect("heard at all");
        let heard = &town.heard[to][begin..begin + said[from].len()];
        assert!(heard == said[from], "from {from} to {to}");
    }
}

#[test]
fn two_lines_hear_each_other_bit_by_bit_and_again_after_a_recording() {
    let mut town = Town::new();
    town.open_line(0, PLAIN);
    town.open_line(1, PLAIN);
    town.bridge(channel(0), channel(1));
    let said = talk(&mut town, [3, 4], MANY);
    assert_exact(&town, &said);
    // Within 10 ms of the store, the far end's two blocks and the box's two.
    let begin = find(&town.heard[1], &said[0][..40]).unwrap();
    assert!(begin <= 8 * (10 + 10 + 10 + 10), "{begin} octets");
    assert_eq!(town.quality(0).unwrap().slips, 0);

    let id = RecordingId(7);
    town.tell(MediaCommand::Record {
        recording: Box::new(super::rest::recording(id)),
        tracks: [Track::Says(channel(0)), Track::Says(channel(1))],
    });
    let tone = compress(&sine(400.0, 8_000.0, 4_000));
    for at in 0..2 {
        town.says[at].resize(town.said[at], 0xd5);
        town.says[at].extend(&tone);
        town.heard[at].clear();
    }
    town.steps(4_000);
    let loud = |octets: &[u8]| octets.iter().filter(|it| loudness(**it) > 4_000).count();
    assert!(loud(&town.heard[0]) > 16_000 && loud(&town.heard[1]) > 16_000);
    let taped = std::iter::from_fn(|| town.engine.poll_taped()).count();
    assert!(taped > 1, "{taped}");
    town.tell(MediaCommand::StopRecord { recording: id, why: RecordingStop::Asked });
    town.steps(200);
    let said = talk(&mut town, [5, 6], MANY);
    assert_exact(&town, &said);
}

#[test]
fn lines_of_two_laws_hear_each_other_by_the_table() {
    let mut town = Town::new();
    town.open_line(0, PLAIN);
    town.open_line(1, LineSound { law: LineLaw::Mu, ..PLAIN });
    town.bridge(channel(0), channel(1));
    let said = talk(&mut town, [8, 9], 8_000);
    for (from, to, law) in [(0, 1, Law::A), (1, 0, Law::Mu)] {
        let mut expected = vec![0; said[from].len()];
        Transcoder::new(law).transcode(&said[from], &mut expected).unwrap();
        let begin = find(&town.heard[to], &expected[..40]).expect("heard at all");
        assert!(town.heard[to][begin..begin + expected.len()] == expected[..]);
    }
}

#[test]
fn a_clear_channel_is_exact_to_a_phone_and_to_another_line() {
    let clear = LineSound { clear: true, ..PLAIN };
    let mut town = Town::new();
    town.open_line(0, clear);
    town.open_phone(PHONE, formats(&[(102, Codec::Clear)]));
    town.bridge(channel(0), PHONE);
    let octets = chance(10, MANY);
    town.says[0] = octets.clone();
    let back = chance(11, MANY);
    town.phone_speaks(PHONE, 102, &back);
    town.steps(200);
    let sent = town.payloads(PHONE);
    let begin = find(&sent, &octets[..40]).unwrap();
    assert!(sent[begin..].starts_with(&octets[..MANY - 4_000]));
    assert!(town.sent.iter().all(|it| it.2[1] & 0x7f == 102));
    let begin = find(&town.heard[0], &back[..40]).unwrap();
    assert!(town.heard[0][begin..].starts_with(&back));

    let mut town = Town::new();
    town.open_line(0, clear);
    town.open_line(1, LineSound { law: LineLaw::Mu, ..clear });
    town.bridge(channel(0), channel(1));
    let said = talk(&mut town, [12, 13], MANY);
    assert_exact(&town, &said);
}

#[test]
fn a_line_that_is_looped_says_what_it_hears() {
    let mut town = Town::new();
    town.open_line(0, LineSound { cancel_echo: true, ..PLAIN });
    town.tell(MediaCommand::LoopBack { port: channel(0), on: true });
    let octets = chance(14, 8_000);
    town.says[0] = octets.clone();
    town.steps(1_200);
    let begin = find(&town.heard[0], &octets[..40]).unwrap();
    assert!(town.heard[0][begin..].starts_with(&octets));
    town.tell(MediaCommand::LoopBack { port: channel(0), on: false });
    town.steps(50);
    town.heard[0].clear();
    town.says[0].extend(chance(15, 8_000));
    town.steps(500);
    assert!(town.heard[0].iter().all(|it| *it == 0xd5));
}
