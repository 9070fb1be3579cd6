//! What it costs to protect a packet of speech and to take its protection off, beside another
//! library in the same run.
//!
//! `cargo bench -p media --bench srtp [-- SUITE]` prints nanoseconds and allocations for one packet
//! of 172 octets. The bars are 200 ns for AES-CM with HMAC-SHA1 of 80 bits, and 90 ns for
//! AES-128-GCM.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use std::hint::black_box;
use std::time::Instant;

use media::srtp::{Inbound, MasterKey, Outbound, Suite};
use rtc_srtp::context::Context;
use rtc_srtp::option::{srtcp_replay_protection, srtp_replay_protection};
use rtc_srtp::protection_profile::ProtectionProfile;

#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

fn main() {
    let wanted = std::env::args().nth(1).filter(|argument| argument != "--bench");
    println!("{:24} {:10} {:>7} {:>7} {:>7} {:>6}", "", "", "ours", "theirs", "ratio", "allocs");
    for (suite, profile) in [
        (Suite::AesCm128HmacSha1_80, ProtectionProfile::Aes128CmHmacSha1_80),
        (Suite::AesCm128HmacSha1_32, ProtectionProfile::Aes128CmHmacSha1_32),
        (Suite::Aes256CmHmacSha1_80, ProtectionProfile::Aes256CmHmacSha1_80),
        (Suite::AeadAes128Gcm, ProtectionProfile::AeadAes128Gcm),
        (Suite::AeadAes256Gcm, ProtectionProfile::AeadAes256Gcm),
    ] {
        if wanted.as_ref().is_some_and(|wanted| !format!("{suite:?}").contains(wanted)) {
            continue;
        }
        let (ours, theirs) = (protect(suite), their_protect(profile));
        print(suite, "protect", ours, theirs);
        let (ours, theirs) = (unprotect(suite), their_unprotect(suite, profile));
        print(suite, "unprotect", ours, theirs);
    }
    println!("AES-128-GCM of the library alone: {:.1}", cipher_alone().0);
    println!("SHA-1 of four blocks alone: {:.1}", hash_alone().0);
}

/// What no HMAC-SHA1 over a packet of speech can be faster than, its key hashed in already.
fn hash_alone() -> Cost {
    measure(|| [7; 5], |state| sha1::block_api::compress(state, black_box(&[[0xd5; 64]; 4])))
}

/// What no SRTP over this library can be faster than: 160 octets sealed under a nonce that is there.
fn cipher_alone() -> Cost {
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &KEY[..16]).unwrap());
    let mut packet = packet(1);
    measure(
        || [0; 16],
        |tag| {
            let (header, payload) = packet[..PLAIN].split_at_mut(12);
            let nonce = Nonce::assume_unique_for_key([7; NONCE_LEN]);
            let header = Aad::from(&header[..]);
            key.seal_in_place_scatter(nonce, header, black_box(payload), &[], tag).unwrap();
        },
    )
}

/// The time and the allocations of one packet.
type Cost = (f64, f64);

fn print(suite: Suite, what: &str, ours: Cost, theirs: Cost) {
    let (suite, ratio) = (format!("{suite:?}"), ours.0 / theirs.0);
    println!("{suite:24} {what:10} {:7.1} {:7.1} {ratio:7.2} {:6.1}", ours.0, theirs.0, ours.1);
}

fn protect(suite: Suite) -> Cost {
    let master = MasterKey::new(suite, key(suite)).unwrap();
    let packets: Vec<_> = (0..BATCH as u16).map(packet).collect();
    measure(
        || (Outbound::new(&master), packets.clone(), 0),
        |(outbound, packets, next)| {
            black_box(outbound.protect(black_box(&mut packets[*next]), PLAIN).unwrap());
            *next += 1;
        },
    )
}

fn their_protect(profile: ProtectionProfile) -> Cost {
    let packets: Vec<_> = (0..BATCH as u16).map(packet).collect();
    measure(
        || (their_context(profile), 0),
        |(context, next)| {
            black_box(context.encrypt_rtp(black_box(&packets[*next][..PLAIN])).unwrap());
            *next += 1;
        },
    )
}

fn unprotect(suite: Suite) -> Cost {
    let master = MasterKey::new(suite, key(suite)).unwrap();
    #[allow(clippy::disallowed_methods)] // a bench measures real time
    let now = Instant::now();
    let (packets, length) = (protected(suite), PLAIN + suite.rtp_overhead());
    measure(
        || (Inbound::new(&master), packets.clone(), 0),
        |(inbound, packets, next)| {
            black_box(inbound.unprotect(black_box(&mut packets[*next][..length]), now).unwrap());
            *next += 1;
        },
    )
}

fn their_unprotect(suite: Suite, profile: ProtectionProfile) -> Cost {
    let (packets, length) = (protected(suite), PLAIN + suite.rtp_overhead());
    measure(
        || (their_context(profile), 0),
        |(context, next)| {
            black_box(context.decrypt_rtp(black_box(&packets[*next][..length])).unwrap());
            *next += 1;
        },
    )
}

fn protected(suite: Suite) -> Vec<[u8; ROOM]> {
    let mut outbound = Outbound::new(&MasterKey::new(suite, key(suite)).unwrap());
    let protect = |sequence| {
        let mut buffer = packet(sequence);
        outbound.protect(&mut buffer, PLAIN).unwrap();
        buffer
    };
    (0..BATCH as u16).map(protect).collect()
}

fn their_context(profile: ProtectionProfile) -> Context {
    let provider = rtc_srtp::crypto::default_provider().unwrap();
    let (key, salt) = KEY.split_at(profile.key_len());
    let replay = (Some(srtp_replay_protection(128)), Some(srtcp_replay_protection(128)));
    let salt = &salt[..profile.salt_len()];
    Context::new(key, salt, profile, replay.0, replay.1, provider.crypto()).unwrap()
}

fn key(suite: Suite) -> &'static [u8] {
    &KEY[..suite.master_length()]
}

/// 20 ms of G.711, and room behind it.
fn packet(sequence: u16) -> [u8; ROOM] {
    let mut packet = [0xd5; ROOM];
    packet[..12].copy_from_slice(&[0x80, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]);
    packet[2..4].copy_from_slice(&sequence.to_be_bytes());
    packet
}

/// Runs `work` in batches, each with what `prepare` makes for it, and gives the fastest, which is
/// the one least disturbed, and the allocations of the last.
fn measure<T>(prepare: impl Fn() -> T, mut work: impl FnMut(&mut T)) -> Cost {
    let mut best = f64::INFINITY;
    let mut allocations = 0;
    for _ in 0..BATCHES {
        let mut prepared = prepare();
        let region = stats_alloc::Region::new(ALLOCATOR);
        #[allow(clippy::disallowed_methods)] // a bench measures real time
        let start = Instant::now();
        (0..BATCH).for_each(|_| work(&mut prepared));
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / BATCH as f64);
        allocations = region.change().allocations;
    }
    (best, allocations as f64 / BATCH as f64)
}

const PLAIN: usize = 172;
const ROOM: usize = 256;
const KEY: [u8; MasterKey::LONGEST] = [0x5a; MasterKey::LONGEST];
/// As many packets as a cache of the first level holds.
const BATCH: usize = 64;
const BATCHES: usize = 6_000;
