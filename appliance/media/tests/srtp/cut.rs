//! Packets that are cut, bent or of another protocol: an error, no panic, and nothing is forgotten.

use media::srtp::{Inbound, Outbound, ProtectError, Suite, UnprotectError};

use super::{master, protect, protect_rtcp, rtcp, rtp, start, unprotect, unprotect_rtcp};

#[test]
fn a_packet_cut_anywhere_is_refused() {
    for suite in Suite::ALL {
        let master = master(suite, 1);
        let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
        let mut plain = rtp(7, 1, b"some speech");
        plain[0] |= 0x12;
        plain.splice(12..12, [0, 0, 0, 1, 0, 0, 0, 2, 0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
        let packet = protect(&mut outbound, &plain).unwrap();
        for end in 0..packet.len() {
            assert!(unprotect(&mut inbound, &packet[..end], start()).is_err(), "{suite:?} {end}");
        }
        let longer = [packet.as_slice(), &[0]].concat();
        assert_eq!(unprotect(&mut inbound, &longer, start()), Err(UnprotectError::Forged));
        assert_eq!(unprotect(&mut inbound, &packet, start()).unwrap(), plain);
        for end in 0..packet.len() {
            assert!(unprotect(&mut inbound, &packet[..end], start()).is_err(), "{suite:?} {end}");
        }
    }
}

#[test]
fn a_report_cut_anywhere_is_refused() {
    for suite in Suite::ALL {
        let master = master(suite, 2);
        let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
        let report = protect_rtcp(&mut outbound, &rtcp(7)).unwrap();
        for end in 0..report.len() {
            let result = unprotect_rtcp(&mut inbound, &report[..end], start());
            assert!(result.is_err(), "{suite:?} {end}");
        }
        assert_eq!(unprotect_rtcp(&mut inbound, &report, start()).unwrap(), rtcp(7));
    }
}

#[test]
fn one_wrong_bit_anywhere_is_refused() {
    for suite in Suite::ALL {
        let master = master(suite, 3);
        let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
        let packet = protect(&mut outbound, &rtp(7, 1, b"some speech")).unwrap();
        let report = protect_rtcp(&mut outbound, &rtcp(7)).unwrap();
        for bit in 0..packet.len() * 8 {
            let mut bent = packet.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(unprotect(&mut inbound, &bent, start()).is_err(), "{suite:?} {bit}");
        }
        for bit in 0..report.len() * 8 {
            let mut bent = report.clone();
            bent[bit / 8] ^= 1 << (bit % 8);
            assert!(unprotect_rtcp(&mut inbound, &bent, start()).is_err(), "{suite:?} {bit}");
        }
        assert!(format!("{inbound:?}").contains("streams: 0"));
        assert!(unprotect(&mut inbound, &packet, start()).is_ok());
        assert!(unprotect_rtcp(&mut inbound, &report, start()).is_ok());
    }
}

#[test]
fn packets_of_a_stranger_are_forged() {
    for suite in Suite::ALL {
        let mut inbound = Inbound::new(&master(suite, 4));
        let mut stranger = Outbound::new(&master(suite, 5));
        let packet = protect(&mut stranger, &rtp(7, 1, b"speech")).unwrap();
        assert_eq!(unprotect(&mut inbound, &packet, start()), Err(UnprotectError::Forged));
        let report = protect_rtcp(&mut stranger, &rtcp(7)).unwrap();
        assert_eq!(unprotect_rtcp(&mut inbound, &report, start()), Err(UnprotectError::Forged));
    }
}

#[test]
fn what_is_no_rtp_is_neither_protected_nor_taken() {
    let master = master(Suite::AeadAes256Gcm, 6);
    let (mut outbound, mut inbound) = (Outbound::new(&master), Inbound::new(&master));
    for wrong in [b"".to_vec(), vec![0; 60], vec![0x40; 60], rtcp(7)] {
        assert_eq!(protect(&mut outbound, &wrong), Err(ProtectError::Malformed));
        let result = unprotect(&mut inbound, &wrong, start());
        assert_eq!(result, Err(UnprotectError::Malformed));
    }
    for wrong in [b"".to_vec(), vec![0; 60], vec![0x40; 60], rtp(7, 1, &[0; 60])] {
        assert_eq!(protect_rtcp(&mut outbound, &wrong), Err(ProtectError::Malformed));
        let result = unprotect_rtcp(&mut inbound, &wrong, start());
        assert_eq!(result, Err(UnprotectError::Malformed));
    }
    let long = rtp(7, 1, &[0; 3000]);
    assert_eq!(unprotect(&mut inbound, &long, start()), Err(UnprotectError::TooLong));
}
