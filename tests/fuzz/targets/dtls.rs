//! Two ends of a DTLS handshake with anything between them: what either says is lost, doubled, cut, bent
//! or late, and records that nobody said come along. The first octet says which end began, and whether
//! there is an RSA certificate, and who begins seems to take no other.
#![no_main]

use call::{Fingerprint, Handshake, Hash, MediaCommand, PortId};
use dtls::Handshakes;
use libfuzzer_sys::fuzz_target;
use media::Certificate;
use std::net::SocketAddr;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

const PORT: PortId = PortId { address: 0, port: 4_000 };

static CERTIFICATES: LazyLock<[Certificate; 2]> = LazyLock::new(|| {
    let crypto = str0m::crypto::from_feature_flags();
    [(); 2].map(|()| {
        let made = crypto.dtls_provider.generate_certificate().expect("a certificate");
        Certificate { certificate: made.certificate, key: made.private_key }
    })
});

static RSA: LazyLock<Certificate> = LazyLock::new(|| {
    let (algorithm, size) = (&rcgen::PKCS_RSA_SHA256, rcgen::RsaKeySize::_2048);
    let key = rcgen::KeyPair::generate_rsa_for(algorithm, size).expect("a key");
    let params = rcgen::CertificateParams::new(Vec::new()).expect("no names");
    let made = params.self_signed(&key).expect("a certificate");
    Certificate { certificate: made.der().to_vec(), key: key.serialize_der() }
});

/// All that is said in a handshake that goes well.
static SAID: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let now = Instant::now();
    let mut ends = [End::new(0, true, false, now), End::new(1, false, false, now)];
    let mut said = Vec::new();
    for turn in 0..40 {
        for bytes in ends[turn % 2].says() {
            ends[(turn + 1) % 2].hears(&bytes, now);
            said.push(bytes);
        }
    }
    assert!(ends.iter().all(|end| end.keys > 0), "it goes well");
    said
});

struct End {
    handshakes: Handshakes,
    number: usize,
    unsaid: Vec<Vec<u8>>,
    keys: usize,
}

impl End {
    fn new(number: usize, active: bool, rsa: bool, now: Instant) -> Self {
        let mut handshakes = Handshakes::new(&CERTIFICATES[number]).expect("a good certificate");
        if rsa {
            handshakes.add_rsa(&RSA).expect("a good certificate");
        }
        let mut end = Self { handshakes, number, unsaid: Vec::new(), keys: 0 };
        end.agrees(active, 0, now);
        end
    }

    fn agrees(&mut self, active: bool, association: u32, now: Instant) {
        let digest = str0m::crypto::from_feature_flags()
            .sha256_provider
            .sha256(&CERTIFICATES[1 - self.number].certificate);
        let fingerprints = vec![Fingerprint { hash: Hash::Sha256, digest: digest.to_vec() }];
        self.handshakes.agree(PORT, &Handshake { active, fingerprints, association }, now);
        self.listen();
    }

    fn hears(&mut self, bytes: &[u8], now: Instant) {
        let from = SocketAddr::from(([10, 0, 0, 1], 4_000));
        self.handshakes.hear(PORT, false, from, bytes, now);
        self.listen();
    }

    fn listen(&mut self) {
        while let Some(command) = self.handshakes.poll_command() {
            match command {
                MediaCommand::Say { reports: false, bytes, .. } => self.unsaid.push(bytes.into()),
                MediaCommand::Shaken { .. } => self.keys += 1,
                _ => {}
            }
        }
        assert_eq!(self.handshakes.panics(), 0);
    }

    fn says(&mut self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.unsaid)
    }
}

fuzz_target!(|bytes: &[u8]| {
    let [first, rest @ ..] = bytes else { return };
    let mut now = Instant::now();
    let begins = usize::from(first & 1);
    let rsa = first & 2 != 0;
    let mut ends = [End::new(0, begins == 0, rsa, now), End::new(1, begins == 1, rsa, now)];

    // A step in the input: what, a number, how much of it; then its octets.
    let mut rest = rest;
    let mut steps = 0;
    while let [what, number, length, tail @ ..] = rest {
        steps += 1;
        if steps > 64 {
            return;
        }
        let (octets, after) = tail.split_at(usize::from(length & 63).min(tail.len()));
        rest = after;
        let side = usize::from(what >> 7);
        let mut said = ends[side].says();
        if rsa && first & 4 != 0 {
            said.iter_mut().for_each(|bytes| take_rsa_alone(bytes));
        }
        let other = &mut ends[1 - side];
        match what & 15 {
            // Carried as it was said, again and again.
            0..=3 => {
                for _ in 0..=(what & 3) {
                    said.iter().for_each(|bytes| other.hears(bytes, now));
                }
            }
            // One is lost, or all that is said comes in another order.
            4 => {
                for bytes in said.iter().enumerate().filter(|(at, _)| *at != usize::from(*number)) {
                    other.hears(bytes.1, now);
                }
            }
            5 => said.iter().rev().for_each(|bytes| other.hears(bytes, now)),
            // Bent, or cut.
            6 | 7 => said.iter().for_each(|bytes| other.hears(&bent(bytes, octets), now)),
            8 => {
                for bytes in &said {
                    other.hears(&bytes[..usize::from(*number).min(bytes.len())], now);
                }
            }
            // Of another handshake, as it was or bent.
            9 | 10 => {
                let before = &SAID[usize::from(*number) % SAID.len()];
                other.hears(&bent(before, octets), now);
            }
            // A record with any content; a message of a handshake with any.
            11 => other.hears(&record(20 + (number & 3), number >> 7, octets), now),
            12 => {
                let length = octets.len() as u8;
                let mut message = vec![number & 31, 0, 0, length, 0, number >> 5, 0, 0, 0, 0, 0, length];
                message.extend(octets);
                other.hears(&record(22, 0, &message), now);
            }
            13 => other.hears(octets, now),
            14 => {
                now += Duration::from_millis(u64::from(*number) * 20);
                ends.iter_mut().for_each(|end| {
                    end.handshakes.tick(now);
                    end.listen();
                });
            }
            _ => {
                let active = number & 1 == 0;
                ends[side].agrees(active, u32::from(number >> 1 & 3), now);
                ends[1 - side].agrees(!active, u32::from(number >> 1 & 3), now);
            }
        }
    }
});

/// Makes of a client's hello one of a client that takes RSA alone. What is shown to it is another
/// certificate then; its handshake comes to no end, as both ends notice what was done.
fn take_rsa_alone(bytes: &mut [u8]) {
    if bytes.first() != Some(&22) || bytes.get(13) != Some(&1) {
        return;
    }
    for at in 13..bytes.len().saturating_sub(1) {
        match bytes[at..at + 2] {
            [0xc0, 0x2b] => bytes[at + 1] = 0x2f,
            [0xc0, 0x0a] => bytes[at + 1] = 0x14,
            [0xcc, 0xa9] => bytes[at + 1] = 0xa8,
            _ => {}
        }
    }
}

/// With octets at some places changed: two of `by` say where, one how.
fn bent(bytes: &[u8], by: &[u8]) -> Vec<u8> {
    let mut bent = bytes.to_vec();
    for change in by.chunks_exact(3) {
        let at = usize::from(u16::from_be_bytes([change[0], change[1]])) % bent.len();
        bent[at] ^= change[2];
    }
    bent
}

fn record(kind: u8, epoch: u8, body: &[u8]) -> Vec<u8> {
    static NUMBER: std::sync::atomic::AtomicU16 = std::sync::atomic::AtomicU16::new(0);
    let [high, low] = NUMBER.fetch_add(1, std::sync::atomic::Ordering::Relaxed).to_be_bytes();
    let length = body.len() as u8;
    let mut record = vec![kind, 0xfe, 0xfd, 0, epoch, 0, 0, 0, 0, high, low, 0, length];
    record.extend(body);
    record
}
