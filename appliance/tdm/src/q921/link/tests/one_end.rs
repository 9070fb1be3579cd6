//! One link of the user's side under test, its frames in short words: "RR 3 P1" is a command with
//! N(R) 3, "RR 3 F1" a response, "I 0 2 P0 abc" has N(S) 0, N(R) 2 and three octets.

use std::time::{Duration, Instant};

use super::super::super::{Body, Frame, Kind, Link, Malformed, Output, Params, Role, Sequence};
use super::super::{Address, Input};

pub(super) struct OneEnd {
    pub(super) link: Link,
    pub(super) now: Instant,
}

impl OneEnd {
    /// The line is up, nothing else happened.
    pub(super) fn new(params: Params) -> OneEnd {
        let now = super::two_ends::epoch();
        let mut end = OneEnd { link: Link::new(Role::User, params, now), now };
        assert_eq!(end.play("up"), "");
        end
    }

    /// Lets this happen, and says what the link did.
    pub(super) fn play(&mut self, event: &str) -> String {
        let (link, now) = (&mut self.link, self.now);
        match event {
            "establish" => link.handle(Input::Establish, now),
            "reset" => link.handle(Input::Reset, now),
            "release" => link.handle(Input::Release, now),
            "send" => link.handle(Input::Send(b"new".to_vec()), now),
            "send 261" => link.handle(Input::Send(vec![0; 261]), now),
            "send unit" => link.handle(Input::SendUnit(b"unit".to_vec()), now),
            "up" => link.handle(Input::PhysicalUp, now),
            "down" => link.handle(Input::PhysicalDown, now),
            "busy" => link.handle(Input::OwnBusy(true), now),
            "ready" => link.handle(Input::OwnBusy(false), now),
            "timeout" => {
                if let Some(at) = link.poll_timeout() {
                    self.now = at;
                    link.handle_timeout(at);
                }
            }
            _ => link.handle(Input::Frame(&octets(event)), now),
        }
        self.said()
    }

    /// Lets each of these happen.
    pub(super) fn play_all(&mut self, events: &[&str]) {
        for event in events {
            self.play(event);
        }
    }

    pub(super) fn wait(&mut self, milliseconds: u64) {
        self.now += Duration::from_millis(milliseconds);
    }

    /// The number of the state, and the milliseconds until its timer runs out.
    pub(super) fn state(&self) -> String {
        let phase = self.link.phase().number();
        match self.link.poll_timeout() {
            Some(at) => format!("{phase} {}", at.duration_since(self.now).as_millis()),
            None => phase.to_string(),
        }
    }

    fn said(&mut self) -> String {
        let mut said = Vec::new();
        while let Some(output) = self.link.poll_output() {
            said.push(match output {
                Output::Frame(octets) => words(&octets, Role::User),
                Output::Data(data) => format!("Data {}", String::from_utf8_lossy(&data)),
                Output::Unit(data) => format!("Unit {}", String::from_utf8_lossy(&data)),
                Output::Refused(why, data) => format!("Refused {why:?} {}", data.len()),
                Output::Established(setup) => format!("Established {setup:?}"),
                Output::Released(why) => format!("Released {why:?}"),
                Output::Error(code) => format!("Error {code:?}"),
            });
        }
        said.join("; ")
    }
}

/// A frame of the network in octets.
fn octets(text: &str) -> Vec<u8> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let number = |at: usize| Sequence::new(words[at].parse().unwrap());
    let bit = |at: usize| words[at].ends_with('1');
    let kind = |at: usize| if words[at].starts_with('P') { Kind::Command } else { Kind::Response };
    let data = words.last().unwrap().as_bytes();
    let (kind, body) = match words[0] {
        "SABME" => (kind(1), Body::Sabme { p: bit(1) }),
        "DISC" => (kind(1), Body::Disc { p: bit(1) }),
        "UA" => (kind(1), Body::Ua { f: bit(1) }),
        "DM" => (kind(1), Body::Dm { f: bit(1) }),
        "FRMR" => (kind(1), Body::Frmr { f: bit(1), rejection: None }),
        "XID" => (kind(1), Body::Xid { pf: bit(1), data: &[] }),
        "UI" => (kind(1), Body::Ui { p: bit(1), data }),
        "RR" => (kind(2), Body::Rr { nr: number(1), pf: bit(2) }),
        "RNR" => (kind(2), Body::Rnr { nr: number(1), pf: bit(2) }),
        "REJ" => (kind(2), Body::Rej { nr: number(1), pf: bit(2) }),
        "I" => (kind(3), Body::I { ns: number(1), nr: number(2), p: bit(3), data }),
        // What is no frame of this link.
        "undefined" => return vec![2, 1, 0x0d, 0],
        "long" => return vec![2, 1, 0x01, 0, 0],
        "informed" => return vec![0, 1, 0x73, 0],
        "oversize" => return [&[2, 1, 0, 0][..], &[0; 261]].concat(),
        "mirrored" => return vec![0, 1, 0x7f],
        "short" => return vec![2, 1],
        "terminals" => return vec![0xfe, 0xff, 0x03, 0x0f, 0, 0, 1, 0xff],
        "elsewhere" => return vec![2, 3, 0x7f],
        _ => panic!("{text}?"),
    };
    Frame { address: Address::PRIMARY, kind, body }.octets(Role::Network)
}

/// A frame in the same short words.
pub(super) fn words(octets: &[u8], sender: Role) -> String {
    let frame = match Frame::parse(octets, sender) {
        Ok(frame) => frame,
        Err(malformed @ Malformed::Truncated) => return format!("{malformed}"),
        Err(malformed) => panic!("the link sent what is {malformed}"),
    };
    let letter = if frame.kind == Kind::Command { 'P' } else { 'F' };
    let name = frame.body.name();
    match frame.body {
        Body::I { ns, nr, p, data } => {
            let data = String::from_utf8_lossy(data);
            format!("I {} {} P{} {data}", ns.number(), nr.number(), u8::from(p))
        }
        Body::Rr { nr, pf } | Body::Rnr { nr, pf } | Body::Rej { nr, pf } => {
            format!("{name} {} {letter}{}", nr.number(), u8::from(pf))
        }
        Body::Sabme { p: pf }
        | Body::Disc { p: pf }
        | Body::Ua { f: pf }
        | Body::Dm { f: pf }
        | Body::Xid { pf, .. }
        | Body::Frmr { f: pf, .. } => format!("{name} {letter}{}", u8::from(pf)),
        Body::Ui { p, data } => format!("UI P{} {}", u8::from(p), String::from_utf8_lossy(data)),
    }
}
