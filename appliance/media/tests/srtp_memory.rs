//! What packets cost of memory: nothing, whether they are genuine or forged.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Instant;

use media::srtp::{Inbound, MasterKey, Outbound, Suite, UnprotectError};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<std::alloc::System> = &INSTRUMENTED_SYSTEM;

/// Without the harness of other tests, whose own thread would be counted as well.
fn main() {
    for suite in [Suite::AeadAes128Gcm, Suite::AesCm128HmacSha1_80] {
        genuine(suite);
        forged(suite);
    }
    println!("test neither_genuine_nor_a_million_forged_packets_cost_memory ... ok");
}

/// Both directions and protocols of a leg, streams that come and go, and a change of keys.
fn genuine(suite: Suite) {
    let now = start();
    let [first, second] = [1, 2].map(|key| MasterKey::random(suite, &[key; _]));
    let (mut outbound, mut inbound) = (Outbound::new(&first), Inbound::new(&first));
    for (key, begin) in [(&first, 0), (&second, 20_000)] {
        outbound.rekey(key);
        inbound.rekey(key, now);
        let region = Region::new(ALLOCATOR);
        for sequence in begin..begin + 20_000 {
            let mut packet = rtp(u32::from(sequence) % 9, sequence);
            let length = outbound.protect(&mut packet, PLAIN).unwrap();
            assert_eq!(inbound.unprotect(&mut packet[..length], now), Ok(PLAIN));
            let mut report = rtcp(u32::from(sequence) % 9);
            let length = outbound.protect_rtcp(&mut report, REPORT).unwrap();
            assert_eq!(inbound.unprotect_rtcp(&mut report[..length], now), Ok(REPORT));
        }
        let change = region.change();
        assert_eq!((change.allocations, change.reallocations), (0, 0), "{suite:?}");
    }
}

/// Packets of streams that nobody heard of, and of one that is known; old and new key to try.
fn forged(suite: Suite) {
    let now = start();
    let [first, second] = [1, 2].map(|key| MasterKey::random(suite, &[key; _]));
    let mut inbound = Inbound::new(&first);
    let mut packet = rtp(7, 1);
    let length = Outbound::new(&first).protect(&mut packet, PLAIN).unwrap();
    assert_eq!(inbound.unprotect(&mut packet[..length], now), Ok(PLAIN));
    inbound.rekey(&second, now);

    let region = Region::new(ALLOCATOR);
    let mut seed = 1_u32;
    for count in 0_u32..500_000 {
        seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let ssrc = if count % 8 == 0 { 7 } else { seed };
        // The second half comes after the old key's time.
        let now = if count < 250_000 { now } else { now + Inbound::OVERLAP };
        let result = if count % 4 == 3 {
            inbound.unprotect_rtcp(&mut rtcp(ssrc), now)
        } else {
            let known = if count % 8 == 0 { 2 } else { seed as u16 };
            inbound.unprotect(&mut rtp(ssrc, known), now)
        };
        assert_eq!(result, Err(UnprotectError::Forged), "{suite:?} {count}");
    }
    let change = region.change();
    assert_eq!((change.allocations, change.reallocations), (0, 0), "{suite:?}");
    let described = format!("{inbound:?}");
    assert_eq!(described.matches("streams: 0").count(), 2, "{described}");
    assert_eq!(described.matches("streams:").count(), 2, "{described}");
}

fn rtp(ssrc: u32, sequence: u16) -> [u8; PLAIN + 20] {
    let mut packet = [0xd5; PLAIN + 20];
    packet[..4].copy_from_slice(&[0x80, 8, 0, 0]);
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet[8..12].copy_from_slice(&ssrc.to_be_bytes());
    packet
}

fn rtcp(ssrc: u32) -> [u8; REPORT + 24] {
    let mut report = [0x81; REPORT + 24];
    report[..4].copy_from_slice(&[0x80, 201, 0, 1]);
    report[4..8].copy_from_slice(&ssrc.to_be_bytes());
    report
}

#[allow(clippy::disallowed_methods)] // where the time of these tests begins does not matter
fn start() -> Instant {
    Instant::now()
}

/// 20 ms of G.711.
const PLAIN: usize = 172;
const REPORT: usize = 32;
