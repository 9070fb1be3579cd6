//! Phones without phones: sockets that send a stream each and learn from the kernel when what they
//! sent came back.
//!
//! The sender spins on a core of its own, so its packets leave when they should, spread evenly over
//! 20 ms; it looks for what came back only now and then. So a packet that the relay sends wakes
//! nobody here, as one that leaves on a wire would not.

use media::srtp::{Inbound, MasterKey, Outbound, Suite};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, recvmsg, setsockopt, sockopt};
use nix::sys::time::TimeSpec;
use rustix::thread::{CpuSet, sched_setaffinity};
use std::cell::RefCell;
use std::fmt;
use std::fs;
use std::io::IoSliceMut;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
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
}

/// What A of a call encrypts and decrypts with.
struct Keyed {
    outbound: Outbound,
    inbound: Inbound,
}

/// A's own key, in all calls: who measures has no secrets.
pub(crate) fn key_of_a() -> MasterKey {
    MasterKey::random(Suite::AesCm128HmacSha1_80, &[0x5a; MasterKey::LONGEST])
}

pub(crate) struct Load {
    calls: Vec<Call>,
    to: Vec<SocketAddr>,
    /// For each call whose A is encrypted.
    keyed: Vec<RefCell<Keyed>>,
}

/// What was measured of one relay in one round.
pub(crate) struct Outcome {
    /// Percent of a core for one call.
    pub(crate) cpu_per_call: f64,
    /// Microseconds for one relayed packet.
    pub(crate) cpu_per_packet: f64,
    /// Milliseconds.
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) p999: f64,
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
        Self { calls, to: Vec::new(), keyed: Vec::new() }
    }

    pub(crate) fn calls(&self) -> &[Call] {
        &self.calls
    }

    /// What the relay said of each call.
    pub(crate) fn aim(&mut self, to: &[Aim]) {
        self.to = to.iter().flat_map(|aim| [aim.a, aim.b]).collect();
        let keyed = |key| {
            let outbound = Outbound::new(&key_of_a());
            RefCell::new(Keyed { outbound, inbound: Inbound::new(key) })
        };
        self.keyed = to.iter().filter_map(|aim| aim.key.as_ref()).map(keyed).collect();
    }

    /// Sends for a while and then measures for so many seconds.
    ///
    /// `tick`: what is due within so long leaves at once, as from a sender with a coarse clock.
    pub(crate) fn run(&self, pid: u32, seconds: u64, tick: Duration) -> Outcome {
        let streams = self.to.len() as u32;
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
        let measured = |slot: &u32| *slot >= warm;
        let mut waits: Vec<u64> =
            waits.iter().filter(|(slot, _)| measured(slot)).map(|(_, wait)| *wait).collect();
        waits.sort_unstable();
        let at = |part: f64| {
            let place = (waits.len() as f64 * part) as usize;
            waits.get(place).map_or(f64::NAN, |nanos| *nanos as f64 / 1e6)
        };
        Outcome {
            cpu_per_call: used / elapsed * 100.0 / self.calls.len() as f64,
            cpu_per_packet: used / 1e3 / waits.len() as f64,
            p50: at(0.5),
            p99: at(0.99),
            p999: at(0.999),
            lost: u64::from(last - warm) - waits.len() as u64,
            packets: u64::from(last - warm),
        }
    }

    fn send(&self, slot: u32, streams: u32) {
        // Neighbours in time are far apart in the table: no order for a cache to profit of.
        let place = (u64::from(slot % streams) * 7919 % u64::from(streams)) as usize;
        let round = slot / streams;
        let mut packet = [0xd5_u8; PACKET];
        packet[..2].copy_from_slice(&[0x80, 8]);
        packet[2..4].copy_from_slice(&(round as u16).to_be_bytes());
        packet[4..8].copy_from_slice(&(round * 160).to_be_bytes());
        packet[8..12].copy_from_slice(&(place as u32 + 1).to_be_bytes());
        packet[12..16].copy_from_slice(&slot.to_be_bytes());
        packet[16..24].copy_from_slice(&nanos_of_day().to_be_bytes());
        let call = &self.calls[place / 2];
        let socket = if place.is_multiple_of(2) { &call.a } else { &call.b };
        let Some(keyed) = self.keyed.get(place / 2).filter(|_| place.is_multiple_of(2)) else {
            let _ = socket.send_to(&packet, self.to[place]);
            return;
        };
        let mut room = [0; PACKET + TAG];
        room[..PACKET].copy_from_slice(&packet);
        let length = keyed.borrow_mut().outbound.protect(&mut room, PACKET).unwrap();
        let _ = socket.send_to(&room[..length], self.to[place]);
    }

    /// Takes all that came back: which packet, and how many nanoseconds it was under way.
    fn collect(&self, waits: &mut Vec<(u32, u64)>) {
        let mut bytes = [0; 512];
        let mut control = nix::cmsg_space!(TimeSpec);
        let sides = self.calls.iter().enumerate();
        let sides = sides.flat_map(|(at, call)| [(Some(at), &call.a), (None, &call.b)]);
        for (of_a, socket) in sides {
            let keyed = of_a.and_then(|at| self.keyed.get(at));
            loop {
                let mut into = [IoSliceMut::new(&mut bytes)];
                let flags = MsgFlags::MSG_DONTWAIT;
                let got = recvmsg::<()>(socket.as_raw_fd(), &mut into, Some(&mut control), flags);
                let Ok(message) = got else { break };
                let stamp = message.cmsgs().unwrap().find_map(|it| match it {
                    ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp),
                    _ => None,
                });
                let mut length = message.bytes;
                if let Some(keyed) = keyed {
                    let packet = &mut bytes[..length];
                    let opened = keyed.borrow_mut().inbound.unprotect(packet, Instant::now());
                    length = opened.unwrap_or(0);
                }
                if length != PACKET {
                    continue;
                }
                let came = Duration::from(stamp.unwrap()).as_nanos() as u64;
                let slot = u32::from_be_bytes(bytes[12..16].try_into().unwrap());
                let went = u64::from_be_bytes(bytes[16..24].try_into().unwrap());
                waits.push((slot, came.saturating_sub(went)));
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
    format!("{model}, {cores} cores, Linux {}", kernel.trim())
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:.4} % of a core a call, {:.2} µs a packet, {:.3}/{:.3}/{:.3} ms, {} lost of {}",
            self.cpu_per_call,
            self.cpu_per_packet,
            self.p50,
            self.p99,
            self.p999,
            self.lost,
            self.packets
        )
    }
}

const INTERVAL: Duration = Duration::from_millis(20);
/// 20 ms of G.711 with its header.
const PACKET: usize = 172;
/// What SRTP adds to it.
const TAG: usize = 10;
/// How often to look for what came back, in 20 ms.
const LOOKS: u32 = 2;
/// Seconds.
const WARM_UP: u32 = 2;
