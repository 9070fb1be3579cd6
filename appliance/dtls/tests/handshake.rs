//! Two boxes shake hands, over a wire that may lose, in fake time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods)]

use aws_lc_rs::digest::{SHA256, digest};
use call::{Fingerprint, Handshake, HandshakeFault, Hash, Keys, MediaCommand, PortId};
use dtls::Handshakes;
use media::Certificate;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

const PORT: PortId = PortId { address: 0, port: 4_000 };

struct Side {
    handshakes: Handshakes,
    fingerprint: Fingerprint,
    at: SocketAddr,
    /// Keys of RTP and of RTCP, as often as there were any.
    keys: [Vec<Keys>; 2],
    faults: Vec<HandshakeFault>,
}

impl Side {
    fn new(number: u8) -> Self {
        let key = rcgen::KeyPair::generate().unwrap();
        let params = rcgen::CertificateParams::new(Vec::new()).unwrap();
        let certificate = params.self_signed(&key).unwrap().der().to_vec();
        let digest = digest(&SHA256, &certificate).as_ref().to_vec();
        let certificate = Certificate { certificate, key: key.serialize_der() };
        Self {
            handshakes: Handshakes::new(&certificate).unwrap(),
            fingerprint: Fingerprint { hash: Hash::Sha256, digest },
            at: SocketAddr::from(([10, 0, 0, number], 4_000)),
            keys: [Vec::new(), Vec::new()],
            faults: Vec::new(),
        }
    }

    fn agrees(&mut self, active: bool, with: &[Fingerprint], association: u32, now: Instant) {
        let fingerprints = with.to_vec();
        let handshake = Handshake { active, fingerprints, association };
        self.handshakes.agree(PORT, &handshake, now);
    }

    /// What it says, of that which is no keys.
    fn says(&mut self) -> Vec<(bool, Box<[u8]>)> {
        let mut said = Vec::new();
        while let Some(command) = self.handshakes.poll_command() {
            match command {
                MediaCommand::Say { reports, bytes, .. } => said.push((reports, bytes)),
                MediaCommand::Shaken { reports, keys, .. } => {
                    self.keys[usize::from(reports)].push(*keys);
                }
                MediaCommand::Unshaken { fault, .. } => self.faults.push(fault),
                other => panic!("{other:?}"),
            }
        }
        said
    }
}

/// Carries what both say, for so long; `lost`: whether the datagram of this number is.
fn carry(
    a: &mut Side,
    b: &mut Side,
    now: &mut Instant,
    seconds: u64,
    lost: impl Fn(usize) -> bool,
) {
    let end = *now + Duration::from_secs(seconds);
    let mut number = 0;
    loop {
        let mut quiet = true;
        for turn in [true, false] {
            let (from, to) = if turn { (&mut *a, &mut *b) } else { (&mut *b, &mut *a) };
            for (reports, bytes) in from.says() {
                quiet = false;
                number += 1;
                if !lost(number) {
                    to.handshakes.hear(PORT, reports, from.at, &bytes, *now);
                }
            }
        }
        if !quiet {
            continue;
        }
        let next = [&a.handshakes, &b.handshakes].into_iter().filter_map(|it| it.poll_timeout());
        match next.min().filter(|at| *at <= end) {
            Some(at) => *now = at,
            None => return *now = end,
        }
        a.handshakes.tick(*now);
        b.handshakes.tick(*now);
    }
}

fn pair() -> (Side, Side, Instant) {
    (Side::new(1), Side::new(2), Instant::now())
}

fn assert_same_keys(a: &Side, b: &Side, times: usize) {
    for reports in [0, 1] {
        assert_eq!((a.keys[reports].len(), b.keys[reports].len()), (times, times));
        let (one, other) = (a.keys[reports].last().unwrap(), b.keys[reports].last().unwrap());
        assert_eq!((&one.inbound, &one.outbound), (&other.outbound, &other.inbound));
    }
    assert_ne!(a.keys[0].last(), a.keys[1].last(), "RTCP has keys of its own");
}

#[test]
fn two_sides_agree_on_keys_whichever_datagram_is_lost() {
    for lost in 0..16 {
        let (mut a, mut b, mut now) = pair();
        a.agrees(true, &[b.fingerprint.clone()], 0, now);
        b.agrees(false, &[a.fingerprint.clone()], 0, now);
        carry(&mut a, &mut b, &mut now, 20, |number| number == lost);
        assert_same_keys(&a, &b, 1);
        assert!(a.faults.is_empty() && b.faults.is_empty(), "{lost}");
    }
}

#[test]
fn who_shows_another_certificate_than_was_said_gets_no_keys() {
    let (mut a, mut b, mut now) = pair();
    let other = Side::new(3);
    a.agrees(true, &[b.fingerprint.clone()], 0, now);
    b.agrees(false, &[other.fingerprint], 0, now);
    carry(&mut a, &mut b, &mut now, 20, |_| false);
    assert!(b.keys.iter().all(Vec::is_empty));
    assert_eq!(b.faults, [HandshakeFault::FalseCertificate]);
}

#[test]
fn who_never_answers_is_given_up() {
    for active in [true, false] {
        let (mut a, mut b, mut now) = pair();
        a.agrees(active, &[b.fingerprint.clone()], 0, now);
        carry(&mut a, &mut b, &mut now, 20, |_| true);
        assert_eq!(a.faults, [HandshakeFault::Unanswered]);
        assert_eq!(a.handshakes.poll_timeout(), None);
    }
}

#[test]
fn a_handshake_before_the_answer_counts_once_that_says_whose_it_is() {
    let (mut a, mut b, mut now) = pair();
    b.agrees(false, &[], 1, now);
    a.agrees(true, &[b.fingerprint.clone()], 0, now);
    carry(&mut a, &mut b, &mut now, 3, |_| false);
    assert_eq!((a.keys[0].len(), b.keys[0].len()), (1, 0), "nobody is believed yet");
    b.agrees(false, &[a.fingerprint.clone()], 1, now);
    carry(&mut a, &mut b, &mut now, 20, |_| false);
    assert_same_keys(&a, &b, 1);
}

#[test]
fn what_is_said_again_changes_nothing_and_a_new_association_gives_new_keys() {
    let (mut a, mut b, mut now) = pair();
    for (association, times) in [(0, 1), (0, 1), (1, 2)] {
        a.agrees(true, &[b.fingerprint.clone()], association, now);
        b.agrees(false, &[a.fingerprint.clone()], association, now);
        carry(&mut a, &mut b, &mut now, 20, |_| false);
        assert_same_keys(&a, &b, times);
    }
    assert_ne!(a.keys[0][0], a.keys[0][1]);
}

#[test]
fn strangers_and_noise_do_not_keep_the_far_side_out() {
    let (mut a, mut b, mut now) = pair();
    b.agrees(false, &[a.fingerprint.clone()], 0, now);
    let mut strangers: Vec<Side> = (10..30).map(Side::new).collect();
    for stranger in &mut strangers {
        stranger.agrees(true, &[b.fingerprint.clone()], 0, now);
        for (reports, bytes) in stranger.says() {
            b.handshakes.hear(PORT, reports, stranger.at, &bytes, now);
            b.handshakes.hear(PORT, reports, a.at, &bytes[..bytes.len() / 2], now);
            b.handshakes.hear(PORT, reports, stranger.at, &[22, 0xfe, 0xfd], now);
        }
    }
    b.says();
    a.agrees(true, &[b.fingerprint.clone()], 0, now);
    carry(&mut a, &mut b, &mut now, 20, |_| false);
    assert_same_keys(&a, &b, 1);
    b.handshakes.close(PORT);
    b.handshakes.tick(now + Duration::from_secs(60));
    assert_eq!(b.handshakes.poll_timeout(), None);
}
