//! What a phone says comes back to it, through a jitter buffer, a decoder and an encoder.

use super::*;
use call::{G726Bits, G726Packing};

/// A phone that hears itself: it sends a packet every 20 ms of its own clock, and the network
/// brings each so much later.
struct Call {
    wire: Wire,
    codec: Codec,
    payloads: Vec<Vec<u8>>,
}

/// What happens to packets on the way: nothing that comes, or how many milliseconds later.
type Network = fn(usize) -> Option<u64>;

impl Call {
    fn new(codec: Codec, payloads: Vec<Vec<u8>>) -> Self {
        let mut wire = answered(codec, 20);
        play(&mut wire, Sound::Echo, Rounds::Endless);
        Self { wire, codec, payloads }
    }

    /// All payloads, with the phone's clock so many millionths fast; what it hears.
    fn run(mut self, network: Network, fast: f64) -> Vec<Heard> {
        let start = self.wire.now;
        let mut packets = Vec::new();
        for (n, payload) in self.payloads.iter().enumerate() {
            let Some(later) = network(n) else { continue };
            let sent = Duration::from_secs_f64(0.02 * n as f64 / (1.0 + fast / 1e6));
            let timestamp = self.codec.clock() / 50 * n as u32;
            let mut packet = rtp(100, n as u16, timestamp, 7);
            packet.truncate(12);
            packet.extend(payload);
            packets.push((start + sent + Duration::from_millis(later), packet));
        }
        packets.sort_by_key(|(at, _)| *at);
        let mut told = Vec::new();
        for (at, mut packet) in packets {
            while let Some(due) = self.wire.engine.next_speech().filter(|due| *due < at) {
                self.wire.now = due;
                told.extend(speak(&mut self.wire));
            }
            self.wire.now = at;
            let now = self.wire.now;
            let verdict = self.wire.engine.packet(A, false, super::at(PHONE), &mut packet, now);
            assert_eq!(verdict, Verdict::Drop(DropReason::NotBridged));
        }
        told.extend(listen(&mut self.wire, 200));
        told
    }
}

/// Payloads of a codec that say this, from the box itself.
fn payloads(codec: Codec, sound: Arc<Samples>) -> Vec<Vec<u8>> {
    let mut wire = answered(codec, 20);
    let millis = sound.pcm.len() as u64 * 1_000 / u64::from(sound.rate);
    play(&mut wire, Sound::Samples(sound), Rounds::Endless);
    listen(&mut wire, millis).into_iter().map(|it| it.payload).collect()
}

/// What payloads of a codec sound like, from the box itself: PCMA every 20 ms at once.
fn sound(codec: Codec, payloads: Vec<Vec<u8>>) -> Vec<i16> {
    let mut wire = bridged(&[(100, Codec::Pcma)], &[(8, codec)]);
    let mut all = Vec::new();
    for (n, payload) in (0_u32..).zip(payloads) {
        let mut packet = rtp(8, n as u16, codec.clock() / 50 * n, 99);
        packet.truncate(12);
        packet.extend(payload);
        let verdict = wire.engine.packet(B, false, carrier(), &mut packet, wire.now);
        match verdict {
            Verdict::Forward { .. } => all.push(heard(&packet, wire.now)),
            _ => all.extend(std::iter::from_fn(|| {
                wire.engine.poll_packet().map(|it| heard(it, wire.now))
            })),
        }
        wire.wait(20);
    }
    a_law(&all)
}

/// How much of a sound is a sine of these hertz, from 0 to 1.
fn purity(pcm: &[i16], hertz: f64) -> f64 {
    let step = std::f64::consts::TAU * hertz / 8_000.0;
    let (mut i, mut q, mut power) = (0.0, 0.0, 1e-9);
    for (n, sample) in pcm.iter().enumerate() {
        let sample = f64::from(*sample);
        i += sample * (n as f64 * step).cos();
        q += sample * (n as f64 * step).sin();
        power += sample * sample;
    }
    2.0 * (i * i + q * q) / (power * pcm.len() as f64)
}

fn every_codec() -> [Codec; 9] {
    [
        Codec::Pcmu,
        Codec::Pcma,
        Codec::G722,
        Codec::G726 { bits: G726Bits::Four, packing: G726Packing::Rtp },
        Codec::G729 { annex_b: false },
        Codec::Gsm,
        Codec::AmrWb { octet_aligned: false },
        Codec::Opus,
        Codec::L16 { rate: 16_000 },
    ]
}

#[test]
fn a_phone_hears_itself_in_every_codec() {
    for codec in every_codec() {
        let said = payloads(codec, sine(16_000, 500.0, 16_000 * 2));
        let told = Call::new(codec, said).run(|_| Some(5), 0.0);
        in_order(&told, codec.clock() / 50);
        let pcm = sound(codec, told.into_iter().map(|it| it.payload).collect());
        // From 400 ms on, for a second.
        let purity = purity(&pcm[3_200..11_200], 500.0);
        assert!(purity > 0.9, "{codec:?}: {purity}");
    }
}

#[test]
fn an_echo_comes_back_soon_and_whole_over_a_network_that_swaps_packets() {
    let codec = Codec::Pcma;
    let said = payloads(codec, sine(8_000, 500.0, 8_000 * 20));
    let told = Call::new(codec, said).run(|n| Some(10 + 25 * u64::from(n % 7 == 3)), 0.0);
    let pcm = a_law(&told);
    let silent = pcm.iter().take_while(|it| it.abs() < 100).count();
    assert!(silent <= 8 * 100, "{silent} samples");
    let purity = purity(&pcm[8_000 * 10..8_000 * 19], 500.0);
    assert!(purity > 0.99, "{purity}");
}

#[test]
fn a_phone_whose_clock_drifts_is_followed_for_minutes() {
    // A minute at ten times the worst drift of crystals is ten minutes of it.
    for fast in [2_000.0, -2_000.0] {
        let codec = Codec::Pcma;
        let said = payloads(codec, sine(8_000, 500.0, 8_000 * 60));
        let told = Call::new(codec, said).run(|_| Some(5), fast);
        let pcm = a_law(&told);
        // 2,000 ppm of a minute are 120 ms: nothing of that may be heard as a gap, or wait.
        for second in 5..55 {
            let purity = purity(&pcm[second * 8_000..(second + 1) * 8_000], 500.0);
            assert!(purity > 0.8, "{fast} second {second}: {purity}");
        }
        let end = pcm.iter().rposition(|it| it.abs() > 1_000).unwrap();
        let sent = 60.0 / (1.0 + fast / 1e6) * 8_000.0;
        let delay = (end as f64 - sent) / 8.0;
        // Half of it is the sound that is made up when nothing comes any more.
        assert!(delay < 150.0, "{fast}: {delay} ms");
    }
}

#[test]
fn losses_are_made_up_for() {
    let codec = Codec::Pcma;
    let said = payloads(codec, sine(8_000, 500.0, 8_000 * 10));
    let told = Call::new(codec, said).run(|n| (n % 10 != 7).then_some(5), 0.0);
    let purity = purity(&a_law(&told)[8_000..8_000 * 9], 500.0);
    assert!(purity > 0.9, "{purity}");
}

#[test]
fn a_phone_may_change_its_codec_at_any_time_and_pause() {
    let (pcmu, g722) = (Codec::Pcmu, Codec::G722);
    let mut wire = answered(pcmu, 20);
    let noise = Codec::ComfortNoise { clock: 8_000 };
    agree(&mut wire, A, &[(0, pcmu), (9, g722), (13, noise)], 20);
    play(&mut wire, Sound::Echo, Rounds::Endless);
    let narrow = payloads(pcmu, sine(8_000, 500.0, 8_000));
    let wide = payloads(g722, sine(16_000, 500.0, 16_000));
    let mut told = Vec::new();
    for n in 0..200_u16 {
        let (payload_type, payload) = match n / 50 {
            0 => (0, &narrow[usize::from(n % 50)]),
            1 => (9, &wide[usize::from(n % 50)]),
            2 => (0, &narrow[usize::from(n % 50)]),
            _ if n == 150 => (13, &vec![40]),
            _ => {
                told.extend(listen(&mut wire, 20));
                continue;
            }
        };
        let mut packet = rtp(payload_type, n, 160 * u32::from(n), 7);
        packet.truncate(12);
        packet.extend(payload);
        wire.hear(A, at(PHONE), &packet);
        told.extend(listen(&mut wire, 20));
    }
    assert_eq!(told.len(), 200);
    let payloads = told.into_iter().map(|it| it.payload).collect();
    let pcm = sound(pcmu, payloads);
    for half in [4_000, 12_000, 20_000] {
        let purity = purity(&pcm[half..half + 3_200], 500.0);
        assert!(purity > 0.9, "at {half}: {purity}");
    }
    let pause = &pcm[28_000..31_000];
    let loudest = pause.iter().map(|it| it.abs()).max().unwrap();
    assert!((10..2_000).contains(&loudest), "{loudest}");
}
