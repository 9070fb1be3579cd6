//! Any packets under a key, in either direction and protocol, with changes of keys between; and any
//! `a=crypto` attribute.
#![no_main]

use libfuzzer_sys::fuzz_target;
use media::srtp::{Inbound, LONGEST_PACKET, MasterKey, Outbound, Suite};
use sdp::Crypto;
use std::time::{Duration, Instant};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(line) = std::str::from_utf8(bytes)
        && let Ok(crypto) = Crypto::parse(line)
    {
        assert_eq!(Crypto::parse(&crypto.to_string()), Ok(crypto));
    }

    let [first, rest @ ..] = bytes else { return };
    let key = |number: u8| {
        let suite = Suite::ALL[usize::from(number) % Suite::ALL.len()];
        MasterKey::random(suite, &[number; MasterKey::LONGEST])
    };
    let (mut outbound, mut inbound) = (Outbound::new(&key(*first)), Inbound::new(&key(*first)));
    let mut now = Instant::now();

    // A packet in the input: what to do with it, a number, its length; then its octets.
    let mut rest = rest;
    while let [what, number, length, tail @ ..] = rest {
        let (packet, after) = tail.split_at(usize::from(*length).min(tail.len()));
        rest = after;
        let mut buffer = [packet, &[0; 20]].concat();
        let length = packet.len();
        match what % 6 {
            0 => _ = inbound.unprotect(&mut buffer[..length], now),
            1 => _ = inbound.unprotect_rtcp(&mut buffer[..length], now),
            2 => {
                // What is protected is taken, with one bit turned it is not.
                let Ok(length) = outbound.protect(&mut buffer, length) else { continue };
                assert!(length <= LONGEST_PACKET);
                let mut bent = buffer[..length].to_vec();
                bent[usize::from(*number) % length] ^= 1 << (what >> 5);
                assert!(inbound.unprotect(&mut bent, now).is_err());
                if let Ok(length) = inbound.unprotect(&mut buffer[..length], now) {
                    assert_eq!(&buffer[..length], packet);
                }
            }
            3 => {
                let Ok(length) = outbound.protect_rtcp(&mut buffer, length) else { continue };
                let mut bent = buffer[..length].to_vec();
                bent[usize::from(*number) % length] ^= 1 << (what >> 5);
                assert!(inbound.unprotect_rtcp(&mut bent, now).is_err());
                if let Ok(length) = inbound.unprotect_rtcp(&mut buffer[..length], now) {
                    assert_eq!(&buffer[..length], packet);
                }
            }
            4 => {
                outbound.rekey(&key(*number));
                inbound.rekey(&key(*number), now);
            }
            _ => now += Duration::from_millis(u64::from(*number) * 100),
        }
    }
});
