//! Senders that start anew, and packets that belong nowhere.

use crate::network::{Call, ms, seconds, speech};
use crate::plain::{EVENT, Plain, SOUND};
use media::jitter::{Heard, JitterBuffer, Packet, Settings};
use std::time::Duration;

#[test]
fn another_source_is_played_at_once() {
    let mut call = Call::new(Settings::default());
    call.run(seconds(5), speech, |_| Some(ms(30)));
    (call.ssrc, call.sequence, call.timestamp) = (8, 17, 5);
    played_again(call, 1, 0);
}

#[test]
fn numbers_that_jump_are_believed_once_they_are_confirmed() {
    for sequence in [40_000, 20_000, 65_535 - 200] {
        let mut call = Call::new(Settings::default());
        call.run(seconds(5), speech, |_| Some(ms(30)));
        (call.sequence, call.timestamp) = (sequence, 5);
        played_again(call, 1, 0);
    }
}

#[test]
fn a_clock_that_jumps_is_followed() {
    for by in [1 << 31, 8_000 * 60, 8_000_u32.wrapping_neg(), (1 << 31) + (1 << 30)] {
        let mut call = Call::new(Settings::default());
        call.run(seconds(5), speech, |_| Some(ms(30)));
        call.timestamp = call.timestamp.wrapping_add(by);
        played_again(call, 1, 0);
    }
}

#[test]
fn a_clock_that_stood_still_while_nothing_was_sent_is_followed() {
    let mut call = Call::new(Settings::default());
    call.run(seconds(5), speech, |_| Some(ms(30)));
    let timestamp = call.timestamp;
    call.run(seconds(10), |_| crate::network::Frame::Nothing, |_| Some(ms(30)));
    call.timestamp = timestamp;
    played_again(call, 0, 10_000);
}

/// Played again after so many milliseconds in which nothing came.
fn played_again(mut call: Call, restarts: u64, silence: u64) {
    let before = call.buffer.statistics();
    call.what.clear();
    let after = call.run(seconds(10), speech, |_| Some(ms(30)));
    println!("{after:?}");
    assert_eq!(after.restarts, restarts, "{after:?}");
    assert!(after.discarded - before.discarded <= 4, "{after:?}");
    assert!(after.late == 0 && after.lost <= 1, "{after:?}");
    let concealed = after.concealed_samples - before.concealed_samples;
    assert!(concealed <= 8 * (silence + 120), "{after:?}");
    let sound = call.what.iter().filter(|it| **it == Heard::Sound).count();
    assert!(sound >= 490, "{sound}");
    assert!(after.delay <= Duration::from_millis(40), "{after:?}");
}

#[test]
fn a_packet_from_far_away_changes_nothing() {
    let mut call = Call::new(Settings::default());
    for round in 0..50 {
        call.run(Duration::from_millis(200), speech, |_| Some(ms(30)));
        let (sequence, timestamp) = (call.sequence, call.timestamp);
        call.sequence = sequence.wrapping_add(20_000 + round * 300);
        call.run(Duration::from_millis(20), speech, |_| Some(ms(30)));
        call.sequence = sequence.wrapping_add(1);
        call.timestamp = timestamp.wrapping_add(160);
    }
    let statistics = call.buffer.statistics();
    println!("{statistics:?}");
    // The last of them is on its way.
    assert_eq!((statistics.restarts, statistics.discarded), (0, 49));
    assert!(statistics.concealments <= statistics.lost, "{statistics:?}");
    assert!((49..=50).contains(&statistics.lost), "{statistics:?}");
}

#[test]
fn doubled_packets_are_played_once() {
    let mut call = Call::new(Settings::default());
    call.twice = true;
    let statistics = call.run(seconds(10), speech, |sent| Some(ms(30) + sent % 3 * ms(5)));
    println!("{statistics:?}");
    assert!((498..=500).contains(&statistics.duplicate), "{statistics:?}");
    assert_eq!(statistics.received, 2 * statistics.duplicate);
    assert_eq!((statistics.concealed_samples, statistics.lost, statistics.late), (0, 0, 0));
}

#[test]
fn telephone_events_are_neither_sound_nor_loss() {
    let mut call = Call::new(Settings::default());
    call.run(seconds(2), speech, |_| Some(ms(30)));
    // A key for 100 ms instead of sound, all with the timestamp of its beginning.
    call.payload_type = EVENT;
    let (from, timestamp) = (call.sequence, call.timestamp);
    for _ in 0..5 {
        call.run(Duration::from_millis(20), speech, |_| Some(ms(30)));
        call.timestamp = timestamp;
    }
    assert_eq!(call.sequence.wrapping_sub(from), 5);
    call.timestamp = timestamp.wrapping_add(800);
    call.payload_type = SOUND;
    let statistics = call.run(seconds(2), speech, |_| Some(ms(30)));
    println!("{statistics:?}");
    assert_eq!((statistics.lost, statistics.late, statistics.discarded), (0, 0, 0));
    assert_eq!(statistics.restarts, 0);
    assert!(statistics.concealed_samples <= 8 * 120, "{statistics:?}");
}

#[test]
fn a_flood_is_dropped_from_its_beginning_and_memory_stays_as_it_is() {
    let mut buffer = JitterBuffer::new(crate::plain::FORMAT, Settings::default());
    let decoder = Plain::new();
    #[allow(clippy::disallowed_methods)]
    let now = std::time::Instant::now();
    for number in 0..100_000_u32 {
        let packet = Packet {
            ssrc: 1,
            sequence: number as u16,
            timestamp: number.wrapping_mul(160),
            payload_type: SOUND,
            payload: &[0; 320],
        };
        buffer.put(&packet, &decoder, now + Duration::from_millis(20) * number);
    }
    let statistics = buffer.statistics();
    // 32 KiB hold 102 payloads of 320 octets.
    assert_eq!(statistics.received - statistics.discarded, 102);
    assert_eq!((statistics.late, statistics.duplicate, statistics.restarts), (0, 0, 0));
}
