//! Streams over networks that lose, swap and double packets, while the sequence number rolls.

use std::collections::BTreeSet;
use std::time::Duration;

use media::srtp::{Inbound, Outbound, ProtectError, Suite, UnprotectError};
use proptest::prelude::*;

use super::{master, protect, protect_rtcp, rtcp, rtp, start, unprotect, unprotect_rtcp};

/// What came of a stream, as RFC 3711 §3.3 wants it judged: the reference of the test below.
#[derive(Default)]
struct Heard {
    highest: Option<u64>,
    all: BTreeSet<u64>,
}

impl Heard {
    /// Whether the packet with this index has to be taken; `None` where the RFC lets the two ends
    /// disagree, half of all sequence numbers away.
    fn takes(&self, index: u64) -> Option<bool> {
        // No roll yet, or one that nobody saw.
        let Some(highest) = self.highest else { return Some(index < 3 << 15) };
        if index.abs_diff(highest) == 1 << 15 {
            return None;
        }
        let late = highest.saturating_sub(index);
        let known = index.abs_diff(highest) < 1 << 15;
        Some(known && late < 128 && !self.all.contains(&index))
    }

    fn took(&mut self, index: u64) {
        self.highest = self.highest.max(Some(index));
        self.all.insert(index);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn a_bad_network_costs_only_what_it_loses(
        suite in prop::sample::select(Suite::ALL.to_vec()),
        first in prop_oneof![any::<u16>(), 65_500..=u16::MAX],
        // How far each packet's number is ahead of the one before; mostly by one.
        ahead in prop::collection::vec(
            prop_oneof![20 => Just(1_u16), 3 => 2..200_u16, 2 => 1_000..32_767_u16], 1..300),
        // For each arrival: which of the next packets, and whether it stays to come again.
        arrivals in prop::collection::vec((0_usize..40, prop::bool::weighted(0.1)), 1..400),
    ) {
        let master = master(suite, 1);
        let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
        let mut index = u64::from(first);
        let mut waiting = Vec::new();
        for ahead in ahead {
            let plain = rtp(7, index as u16, &index.to_be_bytes());
            waiting.push((index, protect(&mut outbound, &plain).unwrap(), plain));
            index += u64::from(ahead);
        }
        let mut heard = Heard::default();
        for (place, again) in arrivals {
            if waiting.is_empty() {
                break;
            }
            let place = place.min(waiting.len() - 1);
            let (index, packet, plain) = waiting[place].clone();
            if !again {
                waiting.remove(place);
            }
            let result = unprotect(&mut inbound, &packet, start());
            if let Some(taken) = heard.takes(index) {
                prop_assert_eq!(result.is_ok(), taken, "{} {:?}", index, result);
            }
            if let Ok(found) = result {
                prop_assert_eq!(found, plain);
                heard.took(index);
            }
        }
    }
}

#[test]
fn a_packet_that_is_late_over_the_roll_belongs_to_the_roll_before() {
    for suite in Suite::ALL {
        let master = master(suite, 2);
        let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
        let packets: Vec<_> = (65_530_u16..=65_535)
            .chain(0..6)
            .map(|sequence| protect(&mut outbound, &rtp(7, sequence, b"speech")).unwrap())
            .collect();
        for place in [0, 7, 5, 6, 11, 1, 2, 8] {
            assert!(unprotect(&mut inbound, &packets[place], start()).is_ok(), "{place}");
            let again = unprotect(&mut inbound, &packets[place], start());
            assert_eq!(again, Err(UnprotectError::Repeated), "{place}");
        }
    }
}

#[test]
fn a_stream_whose_beginning_was_lost_at_the_roll_is_heard() {
    for suite in Suite::ALL {
        let master = master(suite, 3);
        let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
        let before = protect(&mut outbound, &rtp(7, 65_535, b"speech")).unwrap();
        let after = protect(&mut outbound, &rtp(7, 0, b"speech")).unwrap();
        assert!(unprotect(&mut inbound, &after, start()).is_ok());
        assert!(unprotect(&mut inbound, &before, start()).is_ok());
        let next = protect(&mut outbound, &rtp(7, 1, b"speech")).unwrap();
        assert!(unprotect(&mut inbound, &next, start()).is_ok());
    }
}

#[test]
fn a_packet_older_than_the_replay_list_is_not_judged() {
    let master = master(Suite::AesCm128HmacSha1_80, 4);
    let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
    let packets: Vec<_> =
        (0..200).map(|it| protect(&mut outbound, &rtp(7, it, b"speech")).unwrap()).collect();
    assert!(unprotect(&mut inbound, &packets[199], start()).is_ok());
    assert_eq!(unprotect(&mut inbound, &packets[71], start()), Err(UnprotectError::TooOld));
    assert!(unprotect(&mut inbound, &packets[72], start()).is_ok());
}

#[test]
fn reports_are_taken_once_each_and_in_any_order() {
    for suite in Suite::ALL {
        let master = master(suite, 5);
        let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
        let reports: Vec<_> =
            (0..150).map(|_| protect_rtcp(&mut outbound, &rtcp(7)).unwrap()).collect();
        for place in [3, 0, 149, 148, 22] {
            let plain = unprotect_rtcp(&mut inbound, &reports[place], start());
            assert_eq!(plain.unwrap(), rtcp(7), "{place}");
            let again = unprotect_rtcp(&mut inbound, &reports[place], start());
            assert_eq!(again, Err(UnprotectError::Repeated), "{place}");
        }
        let old = unprotect_rtcp(&mut inbound, &reports[21], start());
        assert_eq!(old, Err(UnprotectError::TooOld));
    }
}

#[test]
fn no_place_of_the_keystream_is_used_twice() {
    let mut outbound = Outbound::new(&master(Suite::AesCm128HmacSha1_80, 6));
    assert!(protect(&mut outbound, &rtp(7, 300, b"one")).is_ok());
    assert_eq!(protect(&mut outbound, &rtp(7, 300, b"two")), Err(ProtectError::Repeated));
    assert!(protect(&mut outbound, &rtp(7, 299, b"late")).is_ok());
    assert_eq!(protect(&mut outbound, &rtp(7, 299, b"late")), Err(ProtectError::Repeated));
    assert_eq!(protect(&mut outbound, &rtp(7, 172, b"old")), Err(ProtectError::TooOld));
    assert!(protect(&mut outbound, &rtp(8, 300, b"another stream")).is_ok());
}

#[test]
fn a_sender_forgets_no_stream_and_so_takes_no_more_than_it_remembers() {
    let mut outbound = Outbound::new(&master(Suite::AeadAes128Gcm, 7));
    for ssrc in 0..32 {
        assert!(protect(&mut outbound, &rtp(ssrc, 1, b"speech")).is_ok());
        assert!(protect_rtcp(&mut outbound, &rtcp(ssrc)).is_ok());
    }
    let more = protect(&mut outbound, &rtp(32, 1, b"speech"));
    assert_eq!(more, Err(ProtectError::TooManyStreams));
    let more = protect_rtcp(&mut outbound, &rtcp(32));
    assert_eq!(more, Err(ProtectError::TooManyStreams));
    assert!(protect(&mut outbound, &rtp(0, 2, b"speech")).is_ok());

    outbound.rekey(&master(Suite::AeadAes128Gcm, 8));
    assert!(protect(&mut outbound, &rtp(32, 1, b"speech")).is_ok());
    assert!(protect_rtcp(&mut outbound, &rtcp(32)).is_ok());
    assert_eq!(protect(&mut outbound, &rtp(0, 2, b"speech")), Err(ProtectError::Repeated));
}

#[test]
fn a_receiver_gives_up_the_stream_that_it_has_not_heard_for_longest() {
    let master = master(Suite::AesCm128HmacSha1_32, 9);
    let mut inbound = Inbound::new(&master);
    let mut first = None;
    for ssrc in 0..100 {
        // A sender of its own each, for one would not take so many.
        let packet = protect(&mut Outbound::new(&master), &rtp(ssrc, 1, b"speech")).unwrap();
        assert!(unprotect(&mut inbound, &packet, start()).is_ok());
        // The first goes on speaking.
        let speaker = first.get_or_insert_with(|| Outbound::new(&master));
        let packet = protect(speaker, &rtp(0, ssrc as u16 + 2, b"speech")).unwrap();
        assert!(unprotect(&mut inbound, &packet, start()).is_ok());
        let again = unprotect(&mut inbound, &packet, start());
        assert_eq!(again, Err(UnprotectError::Repeated));
    }
    let described = format!("{inbound:?}");
    assert!(described.contains("streams: 32"), "{described}");
}

#[test]
fn a_stream_that_went_elsewhere_for_hours_is_heard_when_it_comes_back() {
    for suite in [Suite::AesCm128HmacSha1_80, Suite::AeadAes128Gcm] {
        let master = master(suite, 5);
        let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
        let mut packets = (0..5 * 65_536_u32)
            .map(|index| protect(&mut outbound, &rtp(7, index as u16, b"speech")).unwrap());
        assert!(unprotect(&mut inbound, &packets.next().unwrap(), start()).is_ok());
        let late = packets.nth(4 * 65_536 + 99).unwrap();
        // A second later nobody can have sent so many.
        let soon = start() + Duration::from_secs(1);
        assert_eq!(unprotect(&mut inbound, &late, soon), Err(UnprotectError::Forged));
        let then = start() + Duration::from_secs(5_000);
        assert!(unprotect(&mut inbound, &late, then).is_ok());
        assert_eq!(unprotect(&mut inbound, &late, then), Err(UnprotectError::Repeated));
        assert!(unprotect(&mut inbound, &packets.next().unwrap(), then).is_ok());
    }
}
