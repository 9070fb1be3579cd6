//! The media thread of the daemon in a process of its own.

use crate::Rival;
use crate::daemon::media_worker::{self, Setup};
use crate::load::{Aim, Call, key_of_a};
use crate::voices::Voice;
use call::{
    CallId, Codec, Decibels, Format, Formats, Keys, Learn, LegId, MasterKey, MediaCommand,
    MediaEvent, MediaKind, PeerAddress, PlayId, PortId, Rounds, Sound, Suite, Tone,
};
use std::env;
use std::io::{BufRead, BufReader, Write, stdin};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Child, ChildStdout, Command, Stdio};
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
        let orders = self.child.stdin.as_mut().unwrap();
        let mut answer = |phone: &u16| {
            writeln!(orders, "{} {phone}", voice.word()).unwrap();
            let mut line = String::new();
            self.answers.read_line(&mut line).unwrap();
            SocketAddr::from((Ipv4Addr::LOCALHOST, line.trim().parse::<u16>().unwrap()))
        };
        phones.iter().map(&mut answer).collect()
    }
}

impl Rival for Ours {
    fn name(&self) -> &'static str {
        "strowger"
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn set_up(&mut self, calls: &[Call], encrypted: bool) -> Vec<Aim> {
        let orders = self.child.stdin.as_mut().unwrap();
        let mut port = || {
            let mut line = String::new();
            self.answers.read_line(&mut line).unwrap();
            SocketAddr::from((Ipv4Addr::LOCALHOST, line.trim().parse::<u16>().unwrap()))
        };
        let mut one = |call: &Call| {
            let [a, b] = [&call.a, &call.b].map(|it| it.local_addr().unwrap().port());
            writeln!(orders, "{a} {b} {}", if encrypted { "srtp" } else { "plain" }).unwrap();
            Aim { a: port(), b: port(), key: encrypted.then(key_of_relay) }
        };
        calls.iter().map(&mut one).collect()
    }
}

impl Drop for Ours {
    fn drop(&mut self) {
        self.child.stdin = None;
        let _ = self.child.wait();
    }
}

fn key_of_relay() -> MasterKey {
    MasterKey::random(Suite::AesCm128HmacSha1_80, &[0xa5; MasterKey::LONGEST])
}

/// The child: for each line with two far sides' ports, relays a call (of an encrypted A) and says
/// at which ports; for each with a word and one port, lets that one hear the box itself.
pub(crate) fn serve() {
    let handle = media_worker::start(Setup {
        addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST)],
        ports: 20_000..=29_999,
        rest: Duration::from_secs(5),
        browsers: None,
        tapes: media_worker::tapes().0,
        wake: Box::new(|| {}),
    })
    .unwrap();
    handle.send(MediaCommand::Provide { address: 0, spare: 64 }).unwrap();
    let mut free: Vec<u16> = Vec::new();
    let mut next = || loop {
        if let Some(port) = free.pop() {
            return PortId { address: 0, port };
        }
        if let MediaEvent::Free { ports, .. } = handle.events.recv().unwrap() {
            free.extend(ports);
        }
    };
    for (number, line) in (1..).zip(stdin().lines()) {
        let line = line.unwrap();
        if let Some((word, phone)) = line.split_once(' ')
            && let Some(voice) = Voice::of(word)
        {
            let port = next();
            for command in commands(voice, port, phone.parse().unwrap(), number) {
                handle.send(command).unwrap();
            }
            println!("{}", port.port);
            continue;
        }
        let sides = line.split(' ').take(2).map(|port| port.parse::<u16>().unwrap());
        let mut pair = Vec::new();
        for (leg, side) in (number * 2..).zip(sides) {
            let port = next();
            let at = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
            let peer = PeerAddress { rtp: at(side), rtcp: at(side + 1), learn: Learn::Never };
            let (call, leg, kind) = (CallId(number), LegId(leg), MediaKind::Audio);
            let open = MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 60 };
            handle.send(open).unwrap();
            handle.send(MediaCommand::Peer { port, peer }).unwrap();
            pair.push(port);
            println!("{}", port.port);
        }
        if line.ends_with("srtp") {
            let keys = Keys { outbound: key_of_relay(), inbound: key_of_a() };
            let keys = MediaCommand::Keys { port: pair[0], keys: Some(Box::new(keys)) };
            handle.send(keys).unwrap();
        }
        handle.send(MediaCommand::Bridge { a: pair[0], b: pair[1] }).unwrap();
    }
}

/// All that it takes for a phone to hear the box.
fn commands(voice: Voice, port: PortId, phone: u16, number: u64) -> [MediaCommand; 4] {
    let rtp = SocketAddr::from((Ipv4Addr::LOCALHOST, phone));
    let (call, leg, kind) = (CallId(number), LegId(number), MediaKind::Audio);
    let codec = if matches!(voice, Voice::Opus) { Codec::Opus } else { Codec::Pcma };
    let format = Format { payload_type: 8, codec };
    let formats = Formats { receive: vec![format], send: vec![format], packet_millis: 20 };
    let sound = match voice {
        Voice::Echo => Sound::Echo,
        Voice::Tone | Voice::Opus => Sound::Tone { tone: Tone::Dial, country: *b"de" },
    };
    let (play, rounds, gain) = (PlayId(0), Rounds::Endless, Decibels(0));
    [
        MediaCommand::Open { port, call, leg, kind, dscp: 46, silence_seconds: 0 },
        MediaCommand::Peer { port, peer: PeerAddress { rtp, rtcp: rtp, learn: Learn::Never } },
        MediaCommand::Formats { port, formats: Box::new(formats) },
        MediaCommand::Play { port, play, sound, rounds, gain },
    ]
}
