//! Real sockets of this machine.

use super::*;
use call::{
    CallId, Codec, Decibels, Format, Formats, Learn, LegId, MediaKind, PeerAddress, PlayId, PortId,
    Rounds, Sound, StreamStats, Tone,
};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::atomic::AtomicU16;
use std::time::Instant;

/// A far side: RTP and RTCP sockets.
struct Phone {
    rtp: UdpSocket,
    rtcp: UdpSocket,
}

/// The media thread as control has it.
struct Control {
    handle: MediaHandle,
    free: Vec<PortId>,
    told: Vec<MediaEvent>,
}

impl Phone {
    fn at(ip: IpAddr) -> Self {
        let socket = || {
            let socket = UdpSocket::bind((ip, 0)).unwrap();
            socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
            socket
        };
        Self { rtp: socket(), rtcp: socket() }
    }

    fn peer(&self) -> PeerAddress {
        let at = |socket: &UdpSocket| socket.local_addr().unwrap();
        PeerAddress { rtp: at(&self.rtp), rtcp: at(&self.rtcp), learn: Learn::Never }
    }
}

impl Control {
    fn start(addresses: &[IpAddr], ports: RangeInclusive<u16>, rest: Duration, spare: u16) -> Self {
        let addresses = addresses.to_vec();
        let setup = Setup {
            addresses: addresses.clone(),
            ports,
            rest,
            browsers: None,
            tapes: tapes().0,
            films: films().0,
            plays: plays().0,
            lines: lines().1,
            wake: Box::new(|| {}),
        };
        let mut control =
            Self { handle: start(setup).unwrap(), free: Vec::new(), told: Vec::new() };
        for address in 0..addresses.len() as u8 {
            control.tell(MediaCommand::Provide { address, spare });
        }
        control
    }

    fn tell(&mut self, command: MediaCommand) {
        self.handle.send(command).unwrap();
    }

    /// Hears events until one is as wanted.
    fn until<T>(&mut self, wanted: impl Fn(&mut Self, &MediaEvent) -> Option<T>) -> T {
        let patience = Instant::now() + Duration::from_secs(10);
        loop {
            let left = patience.duration_since(Instant::now());
            let event = self.handle.events.recv_timeout(left).expect("an event in time");
            if let MediaEvent::Free { address, ports } = &event {
                let ids = ports.iter().map(|port| PortId { address: *address, port: *port });
                self.free.extend(ids);
            }
            let found = wanted(self, &event);
            self.told.push(event);
            if let Some(found) = found {
                return found;
            }
        }
    }

    fn lend(&mut self, address: u8) -> PortId {
        let place = |control: &Self| control.free.iter().position(|it| it.address == address);
        let place = place(self).unwrap_or_else(|| self.until(|control, _| place(control)));
        let port = self.free.remove(place);
        let (call, leg, kind) = (CallId(1), LegId(1), MediaKind::Audio);
        self.tell(MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 60 });
        port
    }

    fn close(&mut self, port: PortId) -> StreamStats {
        self.tell(MediaCommand::Close { port });
        self.until(|_, event| match event {
            MediaEvent::Closed { port: closed, stats, .. } if *closed == port => Some(**stats),
            _ => None,
        })
    }
}

/// Forty ports that no other test of this process uses.
fn ports() -> RangeInclusive<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(10_000);
    let first = NEXT.fetch_add(40, Ordering::Relaxed) + (std::process::id() % 50) as u16 * 400;
    first..=first + 39
}

fn local() -> IpAddr {
    Ipv4Addr::LOCALHOST.into()
}

fn box_at(port: PortId) -> SocketAddr {
    SocketAddr::new(local(), port.port)
}

fn voice(sequence: u8) -> [u8; 13] {
    [0x80, 8, 0, sequence, 0, 0, 0, 0, 0, 0, 0, 7, 0xd5]
}

fn hear(socket: &UdpSocket) -> (Vec<u8>, SocketAddr) {
    let mut bytes = [0; 100];
    let (length, from) = socket.recv_from(&mut bytes).expect("a packet in time");
    (bytes[..length].to_vec(), from)
}

#[test]
fn a_call_is_relayed_both_ways_and_counted() {
    let mut control = Control::start(&[local()], ports(), Duration::ZERO, 4);
    let phones = [Phone::at(local()), Phone::at(local())];
    let pairs = [control.lend(0), control.lend(0)];
    for (phone, port) in phones.iter().zip(pairs) {
        control.tell(MediaCommand::Peer { port, peer: phone.peer() });
    }
    control.tell(MediaCommand::Bridge { a: pairs[0], b: pairs[1] });
    for (speaks, hears) in [(0, 1), (1, 0)] {
        phones[speaks].rtp.send_to(&voice(1), box_at(pairs[speaks])).unwrap();
        assert_eq!(hear(&phones[hears].rtp), (voice(1).to_vec(), box_at(pairs[hears])));
        let report = [0x80, 201, 0, 1, 0, 0, 0, 7];
        let odd = SocketAddr::new(local(), pairs[speaks].port + 1);
        phones[speaks].rtcp.send_to(&report, odd).unwrap();
        assert_eq!(hear(&phones[hears].rtcp).1.port(), pairs[hears].port + 1);
    }
    let stats = control.close(pairs[0]);
    assert_eq!((stats.received, stats.sent, stats.strangers), (1, 1, 0));
}

#[test]
fn two_sides_that_speak_differently_hear_each_other() {
    let mut control = Control::start(&[local()], ports(), Duration::ZERO, 4);
    let phones = [Phone::at(local()), Phone::at(local())];
    let pairs = [control.lend(0), control.lend(0)];
    for ((phone, port), (payload_type, codec)) in
        phones.iter().zip(pairs).zip([(8, Codec::Pcma), (0, Codec::Pcmu)])
    {
        control.tell(MediaCommand::Peer { port, peer: phone.peer() });
        let format = Format { payload_type, codec };
        let (receive, send) = (vec![format], vec![format]);
        let formats = Box::new(Formats { receive, send, packet_millis: 10, ..Formats::default() });
        control.tell(MediaCommand::Formats { port, formats });
    }
    control.tell(MediaCommand::Bridge { a: pairs[0], b: pairs[1] });
    // 20 ms leave as twice ten. What A-law has nearest to silence is a step of µ-law above it.
    let packet = [&voice(1)[..12], &[0xd5; 160]].concat();
    phones[0].rtp.send_to(&packet, box_at(pairs[0])).unwrap();
    for (sequence, timestamp) in [(1, 0), (2, 80)] {
        let (heard, from) = hear(&phones[1].rtp);
        assert_eq!(from, box_at(pairs[1]));
        let head = [0x80, 0, 0, sequence, 0, 0, 0, timestamp, 0, 0, 0, 7];
        assert_eq!(heard, [&head[..], &[0xfe; 80]].concat());
    }
    let heard = control.close(pairs[0]);
    assert_eq!((heard.received, heard.translated), (1, 1));
    assert_eq!(control.close(pairs[1]).sent, 2);
}

#[test]
fn voice_passes_between_ipv4_and_ipv6() {
    let six = IpAddr::V6(Ipv6Addr::LOCALHOST);
    let mut control = Control::start(&[local(), six], ports(), Duration::ZERO, 2);
    let phones = [Phone::at(local()), Phone::at(six)];
    let pairs = [control.lend(0), control.lend(1)];
    for (phone, port) in phones.iter().zip(pairs) {
        control.tell(MediaCommand::Peer { port, peer: phone.peer() });
    }
    control.tell(MediaCommand::Bridge { a: pairs[0], b: pairs[1] });
    phones[0].rtp.send_to(&voice(1), box_at(pairs[0])).unwrap();
    let at = SocketAddr::new(six, pairs[1].port);
    assert_eq!(hear(&phones[1].rtp), (voice(1).to_vec(), at));
    phones[1].rtp.send_to(&voice(2), at).unwrap();
    assert_eq!(hear(&phones[0].rtp), (voice(2).to_vec(), box_at(pairs[0])));
}

#[test]
fn a_taken_port_is_skipped_and_counted() {
    let ports = ports();
    let first = *ports.start();
    let _even = UdpSocket::bind((local(), first)).unwrap();
    let _odd = UdpSocket::bind((local(), first + 5)).unwrap();
    let mut control = Control::start(&[local()], ports, Duration::ZERO, 3);
    control.until(|control, _| (control.free.len() == 3).then_some(()));
    let free: Vec<u16> = control.free.iter().map(|it| it.port).collect();
    assert_eq!(free, [first + 2, first + 6, first + 8]);
    std::thread::sleep(TICK * 2);
    assert_eq!(control.handle.figures().pairs_taken, 2);
}

#[test]
fn a_pair_that_was_used_rests_and_one_that_was_not_does_not() {
    let rest = Duration::from_millis(700);
    let first = *ports().start();
    // Two pairs in all.
    let mut control = Control::start(&[local()], first..=first + 3, rest, 1);
    let port = control.lend(0);
    control.close(port);
    let port = control.lend(0);
    let phone = Phone::at(local());
    phone.rtp.send_to(&voice(1), box_at(port)).unwrap();
    std::thread::sleep(TICK);
    assert_eq!(control.close(port).strangers, 1);
    std::thread::sleep(TICK + TICK / 2);
    assert_eq!(control.handle.figures().pairs_resting, 1);
    std::thread::sleep(rest);
    assert_eq!(control.handle.figures().pairs_resting, 0);
}

#[test]
fn when_there_is_nothing_else_a_pair_rests_less() {
    let first = *ports().start();
    let mut control = Control::start(&[local()], first..=first + 1, Duration::from_secs(60), 1);
    let port = control.lend(0);
    control.until(|_, event| (*event == MediaEvent::Exhausted { address: 0 }).then_some(()));
    let phone = Phone::at(local());
    phone.rtp.send_to(&voice(1), box_at(port)).unwrap();
    std::thread::sleep(TICK);
    control.close(port);
    assert_eq!(control.lend(0), port);
    let exhausted = |event: &&MediaEvent| matches!(event, MediaEvent::Exhausted { .. });
    assert_eq!(control.told.iter().filter(exhausted).count(), 1);
}

#[test]
fn what_comes_to_a_free_pair_is_gone_before_it_is_lent() {
    let mut control = Control::start(&[local()], ports(), Duration::ZERO, 1);
    let port = control.until(|control, _| control.free.first().copied());
    let phone = Phone::at(local());
    for sequence in 0..10 {
        phone.rtp.send_to(&voice(sequence), box_at(port)).unwrap();
    }
    std::thread::sleep(TICK * 2);
    assert_eq!(control.handle.figures().dropped_not_lent, 10);
    assert_eq!(control.lend(0), port);
    control.tell(MediaCommand::Peer { port, peer: phone.peer() });
    std::thread::sleep(TICK * 2);
    assert_eq!(control.close(port).received, 0);
}

#[test]
fn a_pair_that_is_not_free_cannot_be_lent() {
    let mut control = Control::start(&[local()], ports(), Duration::ZERO, 1);
    let port = control.lend(0);
    let (call, leg, kind) = (CallId(2), LegId(2), MediaKind::Audio);
    for port in [port, PortId { address: 0, port: 2 }, PortId { address: 7, port: 2 }] {
        control.tell(MediaCommand::Open { port, call, leg, kind, dscp: 0, silence_seconds: 0 });
    }
    std::thread::sleep(TICK * 3);
    assert_eq!(control.handle.figures().commands_misused, 3);
    assert!(control.handle.is_alive());
}

#[test]
fn what_cannot_be_served_is_said_before_the_thread_starts() {
    let setup = |addresses: &[IpAddr], ports| Setup {
        addresses: addresses.to_vec(),
        ports,
        rest: Duration::ZERO,
        browsers: None,
        tapes: tapes().0,
        films: films().0,
        plays: plays().0,
        lines: lines().1,
        wake: Box::new(|| {}),
    };
    let foreign = IpAddr::from([192, 0, 2, 77]);
    let said = |setup| start(setup).err().map(|error| error.to_string()).unwrap_or_default();
    assert!(
        said(setup(&[foreign], ports())).starts_with("media cannot use the address 192.0.2.77")
    );
    assert!(said(setup(&[], ports())).contains("media addresses"));
    assert!(said(setup(&[local()], 20_001..=20_002)).contains("media ports"));
}

#[test]
fn a_tone_is_heard_at_once_and_every_20_ms_though_nothing_comes() {
    let mut control = Control::start(&[local()], ports(), Duration::ZERO, 4);
    let phone = Phone::at(local());
    let port = control.lend(0);
    control.tell(MediaCommand::Peer { port, peer: phone.peer() });
    let format = Format { payload_type: 8, codec: Codec::Pcma };
    let formats = Formats {
        receive: vec![format],
        send: vec![format],
        packet_millis: 20,
        ..Formats::default()
    };
    control.tell(MediaCommand::Formats { port, formats: Box::new(formats) });
    let asked = Instant::now();
    let (play, rounds) = (PlayId(1), Rounds::ONCE);
    let sound = Sound::Tone { tone: Tone::Busy, country: *b"de" };
    control.tell(MediaCommand::Play { port, play, sound, rounds, gain: Decibels(0) });
    let mut socket = [0; 200];
    let first = phone.rtp.recv(&mut socket).map(|_| Instant::now()).unwrap();
    assert!(first.duration_since(asked) < Duration::from_millis(150), "before the next tick");
    for sequence in 1..48 {
        let before = u16::from_be_bytes([socket[2], socket[3]]);
        assert_eq!(phone.rtp.recv(&mut socket).unwrap(), 172);
        assert_eq!(u16::from_be_bytes([socket[2], socket[3]]), before + 1, "{sequence}");
    }
    let lasted = first.elapsed();
    assert!(lasted > Duration::from_millis(47 * 20 - 30) && lasted < Duration::from_secs(2));
    control.until(|_, event| (*event == MediaEvent::Finished { port, play }).then_some(()));
    assert_eq!(control.close(port).sent, 48);
}
