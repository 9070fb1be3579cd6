//! Keys that change, wear out, and are never shown.

use media::srtp::{Inbound, MasterKey, Outbound, ProtectError, Suite, UnprotectError};
use std::time::Duration;

use super::{master, protect, protect_rtcp, rtcp, rtp, start, unprotect, unprotect_rtcp};

/// Every suite, and every change of one.
fn changes() -> impl Iterator<Item = (MasterKey, MasterKey)> {
    let pairs = |old| Suite::ALL.map(|new| (master(old, 1), master(new, 2)));
    Suite::ALL.into_iter().flat_map(pairs)
}

#[test]
fn packets_of_the_old_key_are_taken_for_a_while_after_a_change() {
    for (old, new) in changes() {
        let now = start();
        let mut outbound = Outbound::new(&old);
        let mut inbound = Inbound::new(&old);
        let packets = [1, 2, 3].map(|it| protect(&mut outbound, &rtp(7, it, b"old")).unwrap());
        let reports = [(); 3].map(|()| protect_rtcp(&mut outbound, &rtcp(7)).unwrap());
        assert!(unprotect(&mut inbound, &packets[0], now).is_ok());
        assert!(unprotect_rtcp(&mut inbound, &reports[0], now).is_ok());

        inbound.rekey(&new, now);
        outbound.rekey(&new);
        let newer = [4, 5].map(|it| protect(&mut outbound, &rtp(7, it, b"new")).unwrap());
        let newer_report = protect_rtcp(&mut outbound, &rtcp(7)).unwrap();
        assert!(unprotect(&mut inbound, &newer[0], now).is_ok());
        assert!(unprotect_rtcp(&mut inbound, &newer_report, now).is_ok());

        let late = now + Inbound::OVERLAP - Duration::from_millis(1);
        assert_eq!(unprotect(&mut inbound, &packets[1], late).unwrap(), rtp(7, 2, b"old"));
        assert_eq!(unprotect_rtcp(&mut inbound, &reports[1], late).unwrap(), rtcp(7));
        let again = unprotect(&mut inbound, &packets[1], late);
        assert_eq!(again, Err(UnprotectError::Repeated));

        let over = now + Inbound::OVERLAP;
        assert!(unprotect(&mut inbound, &packets[2], over).is_err());
        assert!(unprotect_rtcp(&mut inbound, &reports[2], over).is_err());
        assert_eq!(unprotect(&mut inbound, &newer[1], over).unwrap(), rtp(7, 5, b"new"));
    }
}

#[test]
fn the_roll_over_counter_goes_on_when_the_key_changes() {
    for (old, new) in changes() {
        let now = start();
        let (mut outbound, mut inbound) = (Outbound::new(&old), Inbound::new(&old));
        // Two rolls, which nobody would guess.
        for sequence in [30_000, 60_000, 20_000, 50_000, 10_000] {
            let packet = protect(&mut outbound, &rtp(7, sequence, b"old")).unwrap();
            assert!(unprotect(&mut inbound, &packet, now).is_ok());
        }
        outbound.rekey(&new);
        inbound.rekey(&new, now);
        for sequence in [10_001, 40_000, 5_000] {
            let packet = protect(&mut outbound, &rtp(7, sequence, b"new")).unwrap();
            assert!(unprotect(&mut inbound, &packet, now).is_ok(), "{old:?} {new:?} {sequence}");
        }
    }
}

#[test]
fn a_peer_that_begins_again_with_its_new_key_is_heard_too() {
    for (old, new) in changes() {
        let now = start();
        let (mut outbound, mut inbound) = (Outbound::new(&old), Inbound::new(&old));
        for sequence in [30_000, 60_000, 20_000] {
            let packet = protect(&mut outbound, &rtp(7, sequence, b"old")).unwrap();
            assert!(unprotect(&mut inbound, &packet, now).is_ok());
        }
        let mut outbound = Outbound::new(&new);
        inbound.rekey(&new, now);
        for sequence in [20_001, 20_002] {
            let packet = protect(&mut outbound, &rtp(7, sequence, b"new")).unwrap();
            assert!(unprotect(&mut inbound, &packet, now).is_ok(), "{old:?} {new:?} {sequence}");
        }
    }
}

#[test]
fn the_same_key_again_changes_nothing() {
    let (key, now) = (master(Suite::AeadAes128Gcm, 3), start());
    let (mut outbound, mut inbound) = (Outbound::new(&key), Inbound::new(&key));
    let packet = protect(&mut outbound, &rtp(7, 1, b"speech")).unwrap();
    assert!(unprotect(&mut inbound, &packet, now).is_ok());
    outbound.rekey(&key);
    inbound.rekey(&key, now);
    assert_eq!(unprotect(&mut inbound, &packet, now), Err(UnprotectError::Repeated));
    assert_eq!(protect(&mut outbound, &rtp(7, 1, b"again")), Err(ProtectError::Repeated));

    let other = master(Suite::AeadAes128Gcm, 4);
    inbound.rekey(&other, now);
    inbound.rekey(&key, now);
    assert_eq!(unprotect(&mut inbound, &packet, now), Err(UnprotectError::Repeated));
}

#[test]
fn a_key_protects_as_many_packets_of_either_kind_as_it_may() {
    for suite in Suite::ALL {
        let (key, now) = (master(suite, 5), start());
        let (mut outbound, mut inbound) = (Outbound::new(&key), Inbound::new(&key));
        assert_eq!(outbound.packets_left(), 1 << 31);
        let short = master(suite, 6).with_lifetime(2);
        outbound.rekey(&short);
        inbound.rekey(&short, now);
        for sequence in [1, 2] {
            let packet = protect(&mut outbound, &rtp(7, sequence, b"speech")).unwrap();
            assert!(unprotect(&mut inbound, &packet, now).is_ok());
            let report = protect_rtcp(&mut outbound, &rtcp(7)).unwrap();
            assert!(unprotect_rtcp(&mut inbound, &report, now).is_ok());
        }
        assert_eq!(outbound.packets_left(), 0);
        let more = protect(&mut outbound, &rtp(7, 3, b"speech"));
        assert_eq!(more, Err(ProtectError::KeyExhausted));
        let more = protect_rtcp(&mut outbound, &rtcp(7));
        assert_eq!(more, Err(ProtectError::KeyExhausted));

        // A peer that goes on all the same.
        let mut tireless = Outbound::new(&master(suite, 6));
        let packet = protect(&mut tireless, &rtp(7, 3, b"speech")).unwrap();
        let over = now + Inbound::OVERLAP;
        assert_eq!(unprotect(&mut inbound, &packet, over), Err(UnprotectError::KeyExhausted));

        let next = master(suite, 7);
        outbound.rekey(&next);
        inbound.rekey(&next, over);
        let packet = protect(&mut outbound, &rtp(7, 3, b"speech")).unwrap();
        assert!(unprotect(&mut inbound, &packet, over).is_ok());
    }
}

#[test]
fn a_packet_that_finds_no_room_is_left_alone() {
    for suite in Suite::ALL {
        let mut outbound = Outbound::new(&master(suite, 8));
        let plain = rtp(7, 1, &[9; 100]);
        for room in 0..suite.rtp_overhead() {
            let mut buffer = [plain.clone(), vec![0; room]].concat();
            let result = outbound.protect(&mut buffer, plain.len());
            assert_eq!(result, Err(ProtectError::NoRoom));
            assert!(buffer.starts_with(&plain));
        }
        let report = rtcp(7);
        for room in 0..suite.rtcp_overhead() {
            let mut buffer = [report.clone(), vec![0; room]].concat();
            let result = outbound.protect_rtcp(&mut buffer, report.len());
            assert_eq!(result, Err(ProtectError::NoRoom));
            assert!(buffer.starts_with(&report));
        }
        let long = rtp(7, 1, &[9; 4000]);
        let result = outbound.protect(&mut [long.clone(), vec![0; 20]].concat(), long.len());
        assert_eq!(result, Err(ProtectError::NoRoom));
        assert_eq!(outbound.protect(&mut [0; 4], 5), Err(ProtectError::NoRoom));
        // Nothing of this counted.
        assert!(protect(&mut outbound, &plain).is_ok());
    }
}

#[test]
fn nothing_that_describes_a_context_tells_its_keys() {
    let key = MasterKey::new(Suite::AesCm128HmacSha1_80, &[0xab; 30]).unwrap();
    let (outbound, mut inbound) = (Outbound::new(&key), Inbound::new(&key));
    inbound.rekey(&master(Suite::AeadAes256Gcm, 1), start());
    let described = format!("{outbound:?} {inbound:?}");
    assert!(!described.contains("171") && !described.contains("ab, ab"), "{described}");
    assert!(described.contains("AeadAes256Gcm"), "{described}");
}

#[test]
fn a_leg_takes_its_contexts_along_to_another_thread() {
    let key = master(Suite::AeadAes128Gcm, 1);
    let (mut outbound, mut inbound) = (Outbound::new(&key), Inbound::new(&key));
    let now = start();
    #[allow(clippy::disallowed_methods)] // what moves here is what a media thread takes over
    let moved = std::thread::spawn(move || {
        let packet = protect(&mut outbound, &rtp(7, 1, b"speech")).unwrap();
        unprotect(&mut inbound, &packet, now)
    });
    assert_eq!(moved.join().unwrap().unwrap(), rtp(7, 1, b"speech"));
}
