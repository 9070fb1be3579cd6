//! The media thread of the daemon in a process of its own.

use crate::Rival;
use crate::browser::{self, Print};
use crate::daemon::media_worker::{self, Browsers, Door, LineMessage, MediaHandle, Setup};
use crate::lines::{Brings, Card};
use crate::load::{Aim, Call, key_of_a};
use crate::voices::Voice;
use crate::way::{Kind, PCMA, SUITE};
use call::{
    CallId, Codec, Decibels, Format, Formats, Keys, Learn, LegId, LineLaw, LineSound, MasterKey,
    MediaCommand, MediaEvent, MediaKind, PeerAddress, PlayId, PortId, RoomId, Rounds, Sound,
    SpanId, Tone,
};
use media::Certificate;
use std::env;
use std::io::{BufRead, BufReader, Write, stdin};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::SyncSender;
use std::time::Duration;

pub(crate) struct Ours {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Ours {
    pub(crate) fn start() -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .arg("serve")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self { child, answers }
    }
}

impl Ours {
    /// Lets phones at these ports hear something; where each of them is answered.
    pub(crate) fn play(&mut self, voice: Voice, phones: &[u16]) -> Vec<SocketAddr> {
        let mut answer = |phone: &u16| {
            let port = self.ask(&format!("{} {phone}", voice.word()));
            SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse::<u16>().unwrap()))
        };
        phones.iter().map(&mut answer).collect()
    }

    /// Lets a phone at this port hear the `number`th card; where it is answered, and when the card began, in
    /// nanoseconds of the day.
    pub(crate) fn line(&mut self, brings: Brings, number: u64, phone: u16) -> (SocketAddr, u64) {
        let answer = self.ask(&format!("{} {phone} {number}", brings.word()));
        let (port, origin) = answer.split_once(' ').unwrap();
        (SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().unwrap())), origin.parse().unwrap())
    }

    fn ask(&mut self, order: &str) -> String {
        writeln!(self.child.stdin.as_mut().unwrap(), "{order}").unwrap();
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim().to_owned()
    }
}

impl Rival for Ours {
    fn name(&self) -> &'static str {
        "strowger"
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn set_up(&mut self, calls: &[Call], kind: Kind) -> Vec<Aim> {
        let at = |word: &str| SocketAddr::from((Ipv4Addr::LOCALHOST, word.parse().unwrap()));
        let print = hex(&browser::certificate().1);
        let one = |call: &Call| {
            let [a, b] = [&call.a, &call.b].map(|it| it.local_addr().unwrap().port());
            let answer = self.ask(&format!("{} {a} {b} {print}", kind.word()));
            let words: Vec<&str> = answer.split_whitespace().collect();
            Aim {
                a: at(words[0]),
                b: at(words[1]),
                key: (kind == Kind::Srtp).then(key_of_relay),
                print: (kind == Kind::Browser).then(|| print_of(words[2])),
            }
        };
        calls.iter().map(one).collect()
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.child.stdin = None;
        let _ = self.child.wait();
    }
}

fn key_of_relay() -> MasterKey {
    MasterKey::random(SUITE, &[0xa5; MasterKey::LONGEST])
}

fn hex(of: &[u8]) -> String {
    of.iter().map(|it| format!("{it:02x}")).collect()
}

fn print_of(hex: &str) -> Print {
    std::array::from_fn(|at| u8::from_str_radix(&hex[at * 2..at * 2 + 2], 16).unwrap())
}

/// The child. Each line is an order: a word and one port, and that one hears the box itself; or a kind
/// of call, the ports of its two far sides and what A shows as a browser. It is answered with the
/// ports of the box, and what the box shows.
pub(crate) fn serve() {
    let door = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    door.set_nonblocking(true).unwrap();
    let browsers = door.local_addr().unwrap().port();
    let (shown, print) = browser::certificate();
    let certificate =
        Certificate { certificate: shown.certificate.clone(), key: shown.private_key.clone() };
    let (cards, lines) = media_worker::lines();
    let handle = media_worker::start(Setup {
        addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
        ports: 20_000..=29_999,
        rest: Duration::from_secs(5),
        browsers: Some(Browsers {
            doors: vec![Box::new(Gate(door))],
            certificate,
            rsa: std::sync::mpsc::channel().1,
        }),
        tapes: media_worker::tapes().0,
        films: media_worker::films().0,
        plays: media_worker::plays().0,
        lines,
        wake: Box::new(|| {}),
    })
    .unwrap();
    let mut office = Office { handle, free: Vec::new(), asked: 0 };
    office.tell(MediaCommand::Provide { address: 0, spare: 64 });
    for (number, line) in (0..).zip(stdin().lines()) {
        let line = line.unwrap();
        let words: Vec<&str> = line.split(' ').collect();
        if let Some(voice) = Voice::of(words[0]) {
            let port = office.open(number, words[1].parse().unwrap());
            commands(voice, port).into_iter().for_each(|it| office.tell(it));
            println!("{}", port.port);
            continue;
        }
        if let Some(brings) = Brings::of(words[0]) {
            let (card, origin) = Card::new(brings, words[2].parse().unwrap());
            let port = office.line(number, words[1].parse().unwrap(), brings, card, &cards);
            println!("{} {origin}", port.port);
            continue;
        }
        let kind = Kind::of(words[0]).unwrap();
        let b = office.open(number, words[2].parse().unwrap());
        if kind == Kind::Browser {
            let a = PortId { address: PortId::BROWSER, port: 2 * number as u16 + 2 };
            office.lend(number, a);
            let transport = browser::transport(number, a, print_of(words[3]));
            office.tell(MediaCommand::Browser(Box::new(transport)));
            office.bridge(kind, a, b);
            println!("{browsers} {} {}", b.port, hex(print));
            continue;
        }
        let a = office.open(number, words[1].parse().unwrap());
        if kind == Kind::Srtp {
            let keys = Keys { outbound: key_of_relay(), inbound: key_of_a() };
            office.tell(MediaCommand::Keys { port: a, keys: Some(Box::new(keys)) });
        }
        office.bridge(kind, a, b);
        println!("{} {}", a.port, b.port);
    }
}

/// What control does of it all.
struct Office {
    handle: MediaHandle,
    free: Vec<u16>,
    asked: u64,
}

impl Office {
    fn tell(&self, command: MediaCommand) {
        self.handle.send(command).unwrap();
    }

    /// Lends a pair, whose far side listens at this port.
    fn open(&mut self, number: u64, phone: u16) -> PortId {
        let port = loop {
            if let Some(port) = self.free.pop() {
                break PortId { address: 0, port };
            }
            if let MediaEvent::Free { ports, .. } = self.handle.events.recv().unwrap() {
                self.free.extend(ports);
            }
        };
        self.lend(number, port);
        let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let peer = PeerAddress { rtp: at(phone), rtcp: at(phone + 1), learn: Learn::Never };
        self.tell(MediaCommand::Peer { port, peer });
        port
    }

    fn lend(&mut self, number: u64, port: PortId) {
        self.asked += 1;
        let (call, leg, kind) = (CallId(number), LegId(self.asked), MediaKind::Audio);
        self.tell(MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 60 });
    }

    /// Lets a card and the phone at this port hear each other; the phone's port here.
    fn line(
        &mut self,
        number: u64,
        phone: u16,
        brings: Brings,
        card: Card,
        cards: &SyncSender<LineMessage>,
    ) -> PortId {
        let (span, slot) = ((number / 30) as u8, (number % 30) as u8 + 1);
        cards.send(LineMessage { span: SpanId(span), slot, bearer: Some(Box::new(card)) }).unwrap();
        let (line, phone) = (PortId::of_channel(span, slot), self.open(number, phone));
        self.lend(number, line);
        let cancel_echo = brings == Brings::Echo;
        let sound = LineSound { law: LineLaw::A, cancel_echo, clear: false };
        self.tell(MediaCommand::Line { port: line, line: sound });
        self.bridge(Kind::Plain, line, phone);
        phone
    }

    /// Lets two sides hear each other, or everybody in the conference.
    fn bridge(&self, kind: Kind, a: PortId, b: PortId) {
        for (port, tongue) in [a, b].into_iter().zip(kind.tongues().unwrap_or([PCMA; 2])) {
            let format = Format { payload_type: tongue.payload_type, codec: tongue.codec };
            let formats = Formats {
                receive: vec![format],
                send: vec![format],
                packet_millis: 20,
                ..Formats::default()
            };
            self.tell(MediaCommand::Formats { port, formats: Box::new(formats) });
            if let Kind::Room(_) = kind {
                self.tell(MediaCommand::Join { port, room: RoomId(1) });
            }
        }
        if !matches!(kind, Kind::Room(_)) {
            self.tell(MediaCommand::Bridge { a, b });
        }
    }
}

/// The port of all browsers.
struct Gate(UdpSocket);

impl Door for Gate {
    fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    fn local(&self) -> SocketAddr {
        self.0.local_addr().unwrap()
    }

    fn receive(&mut self, buffer: &mut [u8]) -> Option<(SocketAddr, IpAddr, usize)> {
        let (length, from) = self.0.recv_from(buffer).ok()?;
        Some((from, IpAddr::V4(Ipv4Addr::LOCALHOST), length))
    }

    fn send(&self, _from: IpAddr, to: SocketAddr, bytes: &[u8]) -> bool {
        self.0.send_to(bytes, to).is_ok()
    }
}

/// All that it takes beside for a phone to hear the box.
fn commands(voice: Voice, port: PortId) -> [MediaCommand; 2] {
    let codec = if matches!(voice, Voice::Opus) { Codec::Opus } else { Codec::Pcma };
    let format = Format { payload_type: 8, codec };
    let formats = Formats {
        receive: vec![format],
        send: vec![format],
        packet_millis: 20,
        ..Formats::default()
    };
    let sound = match voice {
        Voice::Echo => Sound::Echo,
        Voice::Tone | Voice::Opus => Sound::Tone { tone: Tone::Dial, country: *b"de" },
    };
    let (play, rounds, gain) = (PlayId(0), Rounds::Endless, Decibels(0));
    [
        MediaCommand::Formats { port, formats: Box::new(formats) },
        MediaCommand::Play { port, play, sound, rounds, gain },
    ]
}
