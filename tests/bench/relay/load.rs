//! Phones without phones: sockets that send a stream each and learn from the kernel when what they
//! sent came back.
//!
//! The sender spins on a core of its own, so its packets leave when they should, spread evenly over
//! 20 ms; it looks for what came back only now and then. So a packet that the relay sends wakes
//! nobody here, as one that leaves on a wire would not.

use crate::browser::{Browser, Print};
use crate::side::{Keyed, Manner, Side};
use crate::speech::Speech;
use crate::way::{Kind, SUITE};
use media::srtp::MasterKey;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::fmt;
use std::fs;
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

/// The two far sides of a call.
pub(crate) struct Call {
    pub(crate) a: UdpSocket,
    pub(crate) b: UdpSocket,
}

/// What a relay said of a call.
pub(crate) struct Aim {
    /// Where each side sends to.
    pub(crate) a: SocketAddr,
    pub(crate) b: SocketAddr,
    /// With what the relay encrypts towards A, where A is encrypted.
    pub(crate) key: Option<MasterKey>,
    /// What it shows A, where A is a browser.
    pub(crate) print: Option<Print>,
}

/// A's own key, in all calls: who measures has no secrets.
pub(crate) fn key_of_a() -> MasterKey {
    MasterKey::random(SUITE, &[0x5a; MasterKey::LONGEST])
}

pub(crate) struct Load {
    calls: Vec<Call>,
    sides: Vec<Side>,
}

/// What was measured of one relay in one round.
#[derive(Default)]
pub(crate) struct Outcome {
    /// Percent of a core for one call.
    pub(crate) cpu_per_call: f64,
    /// Microseconds for one packet that was to come back.
    cpu_per_packet: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
    /// Kilobytes of the relay's memory for one call.
    pub(crate) memory: f64,
    /// By how many decibels what was heard was louder than what was said, where it was speech: the
    /// worst.
    gain: Option<f64>,
    lost: u64,
    packets: u64,
}

impl Load {
    pub(crate) fn new(calls: usize) -> Self {
        let socket = || {
            let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
            socket.set_nonblocking(true).unwrap();
            setsockopt(&socket, sockopt::ReceiveTimestampns, &true).unwrap();
            socket
        };
        let calls = (0..calls).map(|_| Call { a: socket(), b: socket() }).collect();
        Self { calls, sides: Vec::new() }
    }

    pub(crate) fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// What the relay said of each call.
    pub(crate) fn aim(&mut self, kind: Kind, aims: &[Aim]) {
        let speech = kind.tongues().map(|it| it.map(|tongue| Rc::new(Speech::new(tongue))));
        let hush = match kind {
            Kind::Room(tongue) => Some(Rc::new(Speech::hush(tongue))),
            _ => None,
        };
        for (number, aim) in aims.iter().enumerate() {
            let listens = hush.as_ref().filter(|_| number >= SPEAKING / 2);
            let [of_a, of_b] = match (&speech, aim) {
                (Some(_), _) if listens.is_some() => [(); 2].map(|()| {
                    let hush = listens.unwrap();
                    Manner::Speech(hush.clone(), hush.clone())
                }),
                (Some([a, b]), _) => [(a, b), (b, a)]
                    .map(|(own, theirs)| Manner::Speech(own.clone(), theirs.clone())),
                (None, Aim { key: Some(key), .. }) => {
                    [Manner::Keyed(Box::new(Keyed::new(&key_of_a(), key))), Manner::Plain]
                }
                (None, Aim { print: Some(print), .. }) => {
                    let socket = &self.calls[number].a;
                    let browser = Browser::connect(number as u64, socket, aim.a, *print);
                    [Manner::Browser(Box::new(browser)), Manner::Plain]
                }
                (None, _) => [Manner::Plain, Manner::Plain],
            };
            self.sides.push(Side::new(number * 2, aim.a, of_a));
            self.sides.push(Side::new(number * 2 + 1, aim.b, of_b));
        }
    }

    /// Sends for a while and then measures for so many seconds.
    ///
    /// `tick`: what is due within so long leaves at once, as from a sender with a coarse clock.
    pub(crate) fn run(&mut self, pid: u32, seconds: u64, tick: Duration) -> Outcome {
        let streams = self.sides.len() as u32;
        let warm = streams * 50 * WARM_UP;
        let last = warm + streams * 50 * seconds as u32;
        let gap = INTERVAL / streams;
        let mut waits = Vec::with_capacity((last - warm) as usize);
        let start = Instant::now();
        let mut before = (0, start);
        for slot in 0..last {
            if slot == warm {
                self.collect(&mut Vec::new());
                before = (cpu(pid), Instant::now());
            }
            self.send(slot, streams);
            if slot % streams.div_ceil(LOOKS) == 0 {
                self.collect(&mut waits);
            }
            let due = gap * (slot + 1);
            let due = due - Duration::from_nanos((due.as_nanos() % tick.as_nanos().max(1)) as u64);
            while start.elapsed() < due {
                std::hint::spin_loop();
            }
        }
        let used = (cpu(pid) - before.0) as f64;
        let elapsed = before.1.elapsed().as_nanos() as f64;
        std::thread::sleep(Duration::from_millis(300));
        self.collect(&mut waits);
        let measured = |it: &&(u32, u64)| it.0 >= 50 * WARM_UP;
        let mut waits: Vec<u64> = waits.iter().filter(measured).map(|(_, wait)| *wait).collect();
        waits.sort_unstable();
        let at = |part: f64| {
            let place = (waits.len() as f64 * part) as usize;
            waits.get(place).map_or(f64::NAN, |nanos| *nanos as f64 / 1e6)
        };
        let gains = self.sides.iter().filter_map(Side::gain);
        Outcome {
            cpu_per_call: used / elapsed * 100.0 / self.calls.len() as f64,
            cpu_per_packet: used / 1e3 / waits.len() as f64,
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            memory: 0.0,
            gain: gains.max_by(|a, b| a.abs().total_cmp(&b.abs())),
            lost: u64::from(last - warm).saturating_sub(waits.len() as u64),
            packets: u64::from(last - warm),
        }
    }

    fn send(&mut self, slot: u32, streams: u32) {
        // Neighbours in time are far apart in the table: no order for a cache to profit of.
        let place = (u64::from(slot % streams) * 7919 % u64::from(streams)) as usize;
        let call = &self.calls[place / 2];
        let socket = if place.is_multiple_of(2) { &call.a } else { &call.b };
        let send = |to, bytes: &[u8]| _ = socket.send_to(bytes, to);
        self.sides[place].say(slot / streams, nanos_of_day(), send);
    }

    /// Takes all that came back: of which round, and how many nanoseconds it was under way.
    fn collect(&mut self, waits: &mut Vec<(u32, u64)>) {
        let mut bytes = [0; 2_048];
        let mut control = nix::cmsg_space!(TimeSpec);
        let sockets = self.calls.iter().flat_map(|call| [&call.a, &call.b]);
        for (place, socket) in sockets.enumerate() {
            loop {
                let mut into = [IoSliceMut::new(&mut bytes)];
                let flags = MsgFlags::MSG_DONTWAIT;
                let got = recvmsg::<()>(socket.as_raw_fd(), &mut into, Some(&mut control), flags);
                let Ok(message) = got else { break };
                let stamp = message.cmsgs().unwrap().find_map(|it| match it {
                    ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp),
                    _ => None,
                });
                let (came, length) = (Duration::from(stamp.unwrap()), message.bytes);
                let send = |to, bytes: &[u8]| _ = socket.send_to(bytes, to);
                let heard = self.sides[place].hear(&mut bytes[..length], send);
                let Some(round) = heard else { continue };
                let went = self.sides[place ^ 1].sent.get(round as usize);
                let wait = went.map(|went| (came.as_nanos() as u64).saturating_sub(*went));
                waits.push((round, wait.unwrap_or(0)));
            }
        }
    }
}

/// The kernel stamps packets by this clock.
fn nanos_of_day() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64
}

/// Nanoseconds that all threads of a process ran.
pub(crate) fn cpu(pid: u32) -> u64 {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).expect("the relay runs");
    let of = |task: fs::DirEntry| {
        let text = fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<u64>().ok()
    };
    tasks.flatten().filter_map(of).sum()
}

/// Kilobytes that a process has for itself: its proportional set.
pub(crate) fn memory(pid: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).expect("the relay runs");
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap()
}

/// Keeps this process, and what it starts from now on, on one core.
pub(crate) fn stay_on(core: usize) {
    let mut cores = CpuSet::new();
    cores.set(core);
    let _ = sched_setaffinity(None, &cores);
}

/// What the figures were measured on.
pub(crate) fn machine() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name\t: ")).unwrap_or("?");
    let cores = text.lines().filter(|line| line.starts_with("processor")).count();
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or_default().to_owned();
    format!("{model}, {cores} cores, Linux {}, load average {load} before", kernel.trim())
}

impl Outcome {
    /// Whether it may be called a measurement: nearly all came back, and sounded as it was said.
    pub(crate) fn is_whole(&self, kind: Kind) -> bool {
        // In a conference the others are heard as well.
        let most = if let Kind::Room(_) = kind { MOST_OF_ALL } else { MOST_GAIN };
        let fits = |gain: f64| (-MOST_GAIN..=most).contains(&gain);
        self.lost * 20 <= self.packets && self.gain.is_none_or(fits)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.4} % of a core a call, {:.2} µs a packet, {:.3}/{:.3}/{:.3} ms, {:.1} KB a call, \
             {} lost of {}",
            self.cpu_per_call,
            self.cpu_per_packet,
            self.p50,
            self.p99,
            self.p999,
            self.memory,
            self.lost,
            self.packets
        )?;
        self.gain.map_or(Ok(()), |gain| write!(f, ", {gain:+.1} dB"))
    }
}

const INTERVAL: Duration = Duration::from_millis(20);
/// How often to look for what came back, in 20 ms.
const LOOKS: u32 = 2;
/// Seconds.
const WARM_UP: u32 = 2;
/// Decibels by which a codec may change how loud something is.
const MOST_GAIN: f64 = 3.0;
/// The same of several who speak at a time.
const MOST_OF_ALL: f64 = 12.0;
/// Members of a conference who speak.
const SPEAKING: usize = 6;
