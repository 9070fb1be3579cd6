//! Session descriptions as a phone writes and reads them, and sound as numbered words.

use super::{Out, Phase, Talk, Ua};
use crate::text::host;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

impl Ua {
    /// What this side says of its media. `answers`: the offer, whose codecs it keeps to.
    pub(crate) fn describe(&mut self, call: usize, answers: Option<&str>) -> Option<String> {
        let offered = answers.map(payload_types);
        let codecs: Vec<_> = self
            .habits
            .codecs
            .iter()
            .filter(|(number, _)| offered.as_ref().is_none_or(|all| all.contains(number)))
            .copied()
            .collect();
        let first = codecs.first()?.0;
        let (transport, keys) = self.keys_for(call, answers)?;
        let talk = &mut self.calls[call];
        talk.payload_type = first;
        talk.version += 1;
        let ip = self.habits.media_ip.unwrap_or(talk.rtp.ip());
        let direction = match answers.map(direction_of) {
            Some("sendonly") => "recvonly",
            Some("inactive") => "inactive",
            Some("recvonly") => "sendonly",
            _ => talk.direction,
        };
        let family = if ip.is_ipv4() { "IP4" } else { "IP6" };
        let numbers: Vec<String> = codecs.iter().map(|(number, _)| number.to_string()).collect();
        let (name, port, version) = (&self.name, talk.rtp.port(), talk.version);
        let transport = self.habits.profile.unwrap_or(transport);
        let name = name.replace(['/', ' '], "-");
        let mut text = format!(
            "v=0\r\no={name} 77{version:04} {version} IN {family} {ip}\r\ns=-\r\nc=IN {family} {ip}\r\n\
             t=0 0\r\nm=audio {port} {transport} {}\r\n",
            numbers.join(" ")
        );
        text = text.replacen(&format!("77{version:04}"), &format!("77{port}"), 1);
        for (number, codec) in codecs {
            text += &format!("a=rtpmap:{number} {codec}\r\n");
        }
        text += &format!("a={direction}\r\n");
        for line in self.habits.lines.iter().chain(&keys) {
            text += &format!("{line}\r\n");
        }
        Some(text)
    }

    /// The peer's answer to our offer.
    pub(crate) fn hear_answer(&mut self, call: usize, sdp: &str) {
        self.keys_of(call, sdp);
        self.hear_of(call, sdp);
    }

    /// The peer's description.
    pub(crate) fn hear_of(&mut self, call: usize, sdp: &str) {
        let talk = &mut self.calls[call];
        talk.peer_sdp = sdp.to_owned();
        talk.peer_direction = direction_of(sdp).to_owned();
        talk.remote_rtp = audio(sdp);
        if !sdp.contains("m=audio ") {
            self.complaints.push(format!("no audio in the description:\n{sdp}"));
        }
    }

    /// Says the next word in every call that can be heard.
    pub(crate) fn speak(&mut self, now: Instant) {
        let speaks = !self.habits.mute && self.calls.iter().any(Talk::speaks);
        match self.next_word {
            _ if !speaks => self.next_word = None,
            Some(at) if at > now => {}
            Some(_) | None => {
                for call in 0..self.calls.len() {
                    let talk = &mut self.calls[call];
                    let Some(to) = talk.remote_rtp.filter(|_| talk.speaks()) else { continue };
                    talk.spoken += 1;
                    let (from, bytes) = (talk.rtp, word(&self.name, talk));
                    let bytes = self.protect(call, bytes);
                    self.out.push(Out::Rtp { from, to, bytes });
                }
                self.next_word = Some(now + WORD);
            }
        }
    }

    /// A packet came to one of its media ports.
    pub(crate) fn hear(&mut self, from: SocketAddr, at: SocketAddr, bytes: &[u8], now: Instant) {
        let strict = self.habits.strict;
        let believes = |talk: &Talk| !strict || talk.remote_rtp == Some(from);
        let listens = |talk: &Talk| talk.rtp == at && talk.phase != Phase::Over && believes(talk);
        let Some(call) = self.calls.iter().position(listens) else { return };
        let Some(bytes) = self.unprotect(call, bytes, now) else { return };
        if let Some((head, payload)) = bytes.split_first_chunk::<12>() {
            let [_, _, high, low, a, b, c, d, ..] = *head;
            let (sequence, timestamp) = ([high, low], [a, b, c, d]);
            let packet = (u16::from_be_bytes(sequence), u32::from_be_bytes(timestamp));
            self.calls[call].packets.push((packet.0, packet.1, payload.to_vec()));
        }
        let words = bytes.get(12..).map(String::from_utf8_lossy).unwrap_or_default();
        let word = words.split_once('#').and_then(|(name, n)| Some((name, n.parse().ok()?)));
        match word {
            Some((speaker, number)) => self.calls[call].heard.push((speaker.to_owned(), number)),
            None => self.calls[call].sounds += 1,
        }
    }

    pub(crate) fn owns_media(&self, at: SocketAddr) -> bool {
        self.calls.iter().any(|talk| talk.rtp == at)
    }

    /// A new call listens at a port of its own.
    pub(crate) fn next_port(&self) -> SocketAddr {
        let count = u16::try_from(self.calls.len() % 10_000).unwrap_or(0);
        SocketAddr::new(self.at.ip(), 40_000 + 2 * count)
    }
}

/// An RTP packet whose sound is a name and a number.
fn word(name: &str, talk: &Talk) -> Vec<u8> {
    let mut bytes = vec![0x80, talk.payload_type];
    let sequence = u16::try_from(talk.spoken % 65_536).unwrap_or(0);
    bytes.extend(sequence.to_be_bytes());
    bytes.extend((talk.spoken * 160).to_be_bytes());
    bytes.extend(talk.ssrc.to_be_bytes());
    bytes.extend(format!("{name}#{}", talk.spoken).bytes());
    bytes
}

/// Where the audio line of a description listens.
pub(crate) fn audio(sdp: &str) -> Option<SocketAddr> {
    let line = sdp.lines().find_map(|line| line.strip_prefix("m=audio "))?;
    let port: u16 = line.split(' ').next()?.parse().ok()?;
    let connection = sdp.lines().rev().find_map(|line| line.strip_prefix("c=IN "))?;
    let ip: IpAddr = connection.split(' ').nth(1)?.parse().ok()?;
    (port != 0).then(|| SocketAddr::new(ip, port))
}

/// `sendrecv` when nothing else is said.
pub(crate) fn direction_of(sdp: &str) -> &str {
    let known = ["sendrecv", "sendonly", "recvonly", "inactive"];
    let lines = sdp.lines().filter_map(|line| line.strip_prefix("a="));
    lines.map(str::trim).find(|line| known.contains(line)).unwrap_or("sendrecv")
}

fn payload_types(sdp: &str) -> Vec<u8> {
    let line = sdp.lines().find_map(|line| line.strip_prefix("m=audio "));
    line.unwrap_or_default().split(' ').skip(2).filter_map(|n| n.trim().parse().ok()).collect()
}

/// The URI of a number at a place.
pub(crate) fn number_at(number: &str, domain: &str) -> String {
    match domain.parse::<IpAddr>() {
        Ok(ip) => format!("sip:{number}@{}", host(ip)),
        Err(_) => format!("sip:{number}@{domain}"),
    }
}

/// How often a phone speaks: seldom enough for hours of calls in a test.
pub(crate) const WORD: Duration = Duration::from_millis(500);
