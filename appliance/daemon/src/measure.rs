//! The box measures itself: how much of a core each encoding and each packet takes here.
//!
//! It counts processor time of its own thread, not time on the wall, so that other work beside it does
//! not make the box look slower than it is. The fastest of several turns counts, the one that was
//! disturbed least.

use crate::clock;
use call::{Capacity, Codec, CodecPrice, G726Bits, G726Packing};
use media::Effort;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::fs;
use std::io;
use std::net::UdpSocket;
use std::path::Path;
use std::time::{Duration, Instant};

/// What is kept in the data folder: it counts as long as program and processor are the same.
#[derive(Serialize, Deserialize)]
struct Kept {
    of: String,
    capacity: Capacity,
}

/// Measures. Takes about a second.
pub(crate) fn capacity() -> Capacity {
    let price = |codec: &Codec| {
        let decode_nanos = sound(*codec, Effort::LINEAR);
        CodecPrice { codec: *codec, decode_nanos, encode_nanos: sound(Effort::LINEAR, *codec) }
    };
    Capacity {
        measured: clock::wall(),
        core_nanos: MEDIA_THREADS * TICK,
        packet_nanos: packet().unwrap_or(PACKET),
        codecs: CODECS.iter().map(price).collect(),
    }
}

/// What was measured before, by this program on this processor.
pub(crate) fn kept(data: &Path) -> Option<Capacity> {
    let kept: Kept = serde_json::from_slice(&fs::read(data.join(FILE)).ok()?).ok()?;
    (kept.of == here()).then_some(kept.capacity)
}

/// Keeps it for the next start.
pub(crate) fn keep(data: &Path, capacity: &Capacity) -> io::Result<()> {
    let kept = Kept { of: here(), capacity: capacity.clone() };
    let text = serde_json::to_vec_pretty(&kept)?;
    let new = data.join(format!("{FILE}.new"));
    fs::write(&new, text)?;
    fs::rename(new, data.join(FILE))
}

/// Nanoseconds for 20 ms of sound; 0 for what this box cannot make.
fn sound(from: Codec, to: Codec) -> u64 {
    let Some(mut effort) = Effort::new(from, to, Instant::now()) else { return 0 };
    let second = fastest(|| _ = std::hint::black_box(effort.run()));
    second / (Effort::SOUND.as_millis() as u64 / 20)
}

/// Nanoseconds to receive a packet and to send it on: through sockets of this machine.
fn packet() -> io::Result<u64> {
    let (one, other) = (UdpSocket::bind(("127.0.0.1", 0))?, UdpSocket::bind(("127.0.0.1", 0))?);
    other.set_read_timeout(Some(Duration::from_secs(1)))?;
    let to = other.local_addr()?;
    let (bytes, mut buffer) = ([0; 172], [0; 2048]);
    let mut failed = None;
    let nanos = fastest(|| {
        for _ in 0..PACKETS {
            let passed = one.send_to(&bytes, to).and_then(|_| other.recv_from(&mut buffer));
            failed = passed.err().or(failed.take());
        }
    });
    failed.map_or(Ok(nanos / PACKETS), Err)
}

/// Processor time of the fastest of several turns, in nanoseconds.
fn fastest(mut turn: impl FnMut()) -> u64 {
    // What it needs comes into the caches first.
    turn();
    let timed = |_| {
        let start = spent();
        turn();
        spent().saturating_sub(start)
    };
    let fastest = (0..TURNS).map(timed).min().unwrap_or_default();
    u64::try_from(fastest.as_nanos()).unwrap_or(u64::MAX)
}

/// Processor time of this thread.
fn spent() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
    Duration::new(seconds, u32::try_from(time.tv_nsec).unwrap_or(0))
}

/// Program and processor.
fn here() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find(|line| line.starts_with("model name"));
    let level = std::env::var("STROWGER_CPU").unwrap_or_default();
    format!("{} {} {level}", env!("CARGO_PKG_VERSION"), model.unwrap_or(std::env::consts::ARCH))
}

/// One of each price.
const CODECS: [Codec; 10] = [
    Codec::Pcmu,
    Codec::Pcma,
    Codec::G722,
    Codec::G726 { bits: G726Bits::Four, packing: G726Packing::Rtp },
    Codec::G729 { annex_b: true },
    Codec::G723 { annex_a: true },
    Codec::Gsm,
    Codec::AmrWb { octet_aligned: true },
    Codec::Opus,
    Codec::L16 { rate: 16_000 },
];
const FILE: &str = "capacity.json";
/// Media has one thread, which may fill a core.
const MEDIA_THREADS: u64 = 1;
/// 20 ms in nanoseconds.
const TICK: u64 = 20_000_000;
/// Where no packet can be sent: what one takes on a small processor.
const PACKET: u64 = 10_000;
const PACKETS: u64 = 500;
const TURNS: usize = 5;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_box_finds_out_what_each_codec_costs_and_keeps_it() {
        let measured = capacity();
        assert!(measured.packet_nanos > 100);
        for price in &measured.codecs {
            let linear = matches!(price.codec, Codec::L16 { .. });
            assert!(linear || price.decode_nanos > 0, "{price:?}");
            assert!(linear || price.encode_nanos > 0, "{price:?}");
        }
        let of = |codec| measured.translation(codec, Codec::Pcmu);
        assert!(of(Codec::AmrWb { octet_aligned: true }) > of(Codec::Pcma));
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(kept(folder.path()), None);
        keep(folder.path(), &measured).unwrap();
        assert_eq!(kept(folder.path()), Some(measured));
    }
}
