//! `cargo bench -p tests --bench relay -- voices`: how exactly in time the box itself speaks while
//! everything else on the machine is busy, and what that costs.
//!
//! The phones only listen, or say what they are to hear again; the kernel says when each packet
//! came. A packet's error is how much later it came than its timestamp says, beside the earliest of
//! its stream. Beside it stands what the machine itself takes: how late a thread wakes that does
//! nothing else, in real time on the same processor, meanwhile.

use crate::Rival;
use crate::load;
use crate::ours::Ours;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity, set_current_timer_slack};
use std::hint::spin_loop;
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::num::NonZeroU64;
use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};
use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// What the phones hear.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Voice {
    /// A dial tone in PCMA.
    Tone,
    /// The same in Opus.
    Opus,
    /// Themselves, in PCMA.
    Echo,
}

impl Voice {
    /// As it is called in the orders to the child.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Tone => "tone",
            Self::Opus => "opus",
            Self::Echo => "echo",
        }
    }

    /// Which has this name.
    pub(crate) fn of(word: &str) -> Option<Self> {
        [Self::Tone, Self::Opus, Self::Echo].into_iter().find(|it| it.word() == word)
    }

    fn clock(self) -> f64 {
        if matches!(self, Self::Opus) { 48_000.0 } else { 8_000.0 }
    }
}

pub(crate) fn main(seconds: u64) {
    println!("{seconds} s each; {}", load::machine());
    println!("{HEAD}");
    println!("|{}", " --- |".repeat(HEAD.matches(" |").count()));
    for (voice, phones) in
        [(Voice::Tone, 1), (Voice::Tone, 100), (Voice::Opus, 100), (Voice::Echo, 100)]
    {
        for busy in [false, true] {
            one(voice, phones, busy, seconds);
        }
    }
}

const HEAD: &str = "| voices | machine | % of a core each | p50, ms | p99 | p99.9 | latest | missing | \
    a bare thread: p99.9 | latest |";

fn one(voice: Voice, phones: usize, busy: bool, seconds: u64) {
    let sockets: Vec<UdpSocket> = (0..phones).map(|_| listener()).collect();
    let mut ours = Ours::start();
    let mine: Vec<u16> = sockets.iter().map(|it| it.local_addr().unwrap().port()).collect();
    let to = ours.play(voice, &mine);
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        for _ in 0..if busy { thread::available_parallelism().unwrap().get() } else { 0 } {
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    spin_loop();
                }
            });
        }
        let mut streams = vec![Vec::new(); phones];
        listen(voice, &sockets, &to, Duration::from_secs(1), &mut streams);
        streams.iter_mut().for_each(Vec::clear);
        let bare = scope.spawn(|| bare(Duration::from_secs(seconds)));
        let (used, start) = (load::cpu(ours.pid()), Instant::now());
        listen(voice, &sockets, &to, Duration::from_secs(seconds), &mut streams);
        let used = (load::cpu(ours.pid()) - used) as f64 / start.elapsed().as_nanos() as f64;
        done.store(true, Ordering::Relaxed);
        report(voice, busy, used, &streams, bare.join().unwrap());
    });
}

/// How late a thread in real time wakes every millisecond on the last processor, where the box's media
/// thread is: 99.9 % of the times at most, and at worst; in milliseconds. None where nobody may be in
/// real time.
fn bare(lasts: Duration) -> Option<(f64, f64)> {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Max, policy).ok()?;
    let allowed = sched_getaffinity(None).unwrap();
    let last = (0..CpuSet::MAX_CPU).rev().find(|cpu| allowed.is_set(*cpu))?;
    let mut only = CpuSet::new();
    only.set(last);
    sched_setaffinity(None, &only).unwrap();
    set_current_timer_slack(Some(NonZeroU64::MIN)).unwrap();
    let (start, mut due, mut late) = (Instant::now(), Instant::now(), Vec::new());
    while start.elapsed() < lasts {
        due += Duration::from_millis(1);
        thread::sleep(due.saturating_duration_since(Instant::now()));
        late.push(due.elapsed().as_secs_f64() * 1e3);
        // What was slept through is one lateness, not many.
        due = due.max(Instant::now());
    }
    late.sort_by(f64::total_cmp);
    Some((late[late.len() * 999 / 1000], late[late.len() - 1]))
}

/// For each stream when packets came, in nanoseconds, and their timestamps.
type Stream = Vec<(u64, u32)>;

fn listen(
    voice: Voice,
    sockets: &[UdpSocket],
    to: &[SocketAddr],
    lasts: Duration,
    streams: &mut [Stream],
) {
    let start = Instant::now();
    let mut sent = 0;
    while start.elapsed() < lasts {
        if matches!(voice, Voice::Echo) && start.elapsed() >= Duration::from_millis(20) * sent {
            for (socket, to) in sockets.iter().zip(to) {
                speak(socket, *to, sent);
            }
            sent += 1;
        }
        thread::sleep(Duration::from_millis(5));
        for (socket, stream) in sockets.iter().zip(streams.iter_mut()) {
            take(socket, |came, packet| {
                stream.push((came, u32::from_be_bytes(packet[4..8].try_into().unwrap())));
            });
        }
    }
}

fn speak(socket: &UdpSocket, to: SocketAddr, number: u32) {
    let mut packet = [0x35_u8; 172];
    packet[..2].copy_from_slice(&[0x80, 8]);
    packet[2..4].copy_from_slice(&(number as u16).to_be_bytes());
    packet[4..8].copy_from_slice(&(number * 160).to_be_bytes());
    packet[8..12].copy_from_slice(&7_u32.to_be_bytes());
    let _ = socket.send_to(&packet, to);
}

/// A phone that hears when each packet came.
pub(crate) fn listener() -> UdpSocket {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    setsockopt(&socket, sockopt::ReceiveTimestampns, &true).unwrap();
    setsockopt(&socket, sockopt::RcvBuf, &(1 << 20)).unwrap();
    socket
}

/// Hands on the packets of sound that wait: when each came, in nanoseconds of the day, and its octets.
pub(crate) fn take(socket: &UdpSocket, mut packet: impl FnMut(u64, &[u8])) {
    let mut bytes = [0; 512];
    let mut control = nix::cmsg_space!(TimeSpec);
    loop {
        let mut into = [IoSliceMut::new(&mut bytes)];
        let flags = MsgFlags::MSG_DONTWAIT;
        let got = recvmsg::<()>(socket.as_raw_fd(), &mut into, Some(&mut control), flags);
        let Ok(message) = got else { return };
        let stamp = message.cmsgs().unwrap().find_map(|it| match it {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp),
            _ => None,
        });
        let length = message.bytes;
        // Reports come to the same port (RFC 5761 §4).
        if (192..=223).contains(&bytes[1]) {
            continue;
        }
        packet(Duration::from(stamp.unwrap()).as_nanos() as u64, &bytes[..length]);
    }
}

fn report(voice: Voice, busy: bool, used: f64, streams: &[Stream], bare: Option<(f64, f64)>) {
    let mut errors = Vec::new();
    let mut missing = 0;
    for stream in streams.iter().filter(|stream| stream.len() > 1) {
        let (first, last) = (stream[0], stream[stream.len() - 1]);
        let early = |(came, timestamp): &(u64, u32)| {
            let since = f64::from(timestamp.wrapping_sub(first.1)) / voice.clock() * 1e3;
            (came - first.0) as f64 / 1e6 - since
        };
        let least = stream.iter().map(early).fold(f64::MAX, f64::min);
        errors.extend(stream.iter().map(|it| early(it) - least));
        let wanted = f64::from(last.1.wrapping_sub(first.1)) / voice.clock() * 50.0;
        missing += wanted as usize + 1 - stream.len();
    }
    missing += streams.iter().filter(|stream| stream.len() < 2).count();
    errors.sort_by(f64::total_cmp);
    let at = |part: f64| errors.get((errors.len() as f64 * part) as usize).copied();
    let [p50, p99, p999] = [0.5, 0.99, 0.999].map(|part| at(part).unwrap_or(f64::NAN));
    println!(
        "| {} {voice:?} | {} | {:.4} | {p50:.3} | {p99:.3} | {p999:.3} | {:.3} | {missing} | {} |",
        streams.len(),
        if busy { "busy" } else { "idle" },
        used * 100.0 / streams.len() as f64,
        errors.last().copied().unwrap_or(f64::NAN),
        bare.map_or(" | ".into(), |(often, latest)| format!("{often:.3} | {latest:.3}")),
    );
}
