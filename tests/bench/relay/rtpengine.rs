//! rtpengine from Debian's packages, in user space, driven over its `ng` port.

use crate::Rival;
use crate::load::{Aim, Call, key_of_a};
use crate::way::{Kind, PCMA, SUITE};
use call::MasterKey;
use sdp::{Crypto, KeyAndSalt, Session};
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

pub(crate) struct Rtpengine {
    child: Child,
    control: UdpSocket,
    asked: u32,
}

pub(crate) fn is_installed() -> bool {
    Command::new("rtpengine").arg("--version").output().is_ok()
}

impl Rtpengine {
    pub(crate) fn start() -> Self {
        let child = Command::new("rtpengine")
            .args(["--config-file=none", "--foreground", "--table=-1", "--log-stderr"])
            .args(["--log-level=1", "--interface=127.0.0.1", "--port-min=30000"])
            .args(["--port-max=39999", &format!("--listen-ng=127.0.0.1:{CONTROL}")])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let control = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        control.connect((Ipv4Addr::LOCALHOST, CONTROL)).unwrap();
        control.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut rtpengine = Self { child, control, asked: 0 };
        for _ in 0..100 {
            if rtpengine.ask("ping", &[]).is_some() {
                return rtpengine;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("rtpengine does not answer");
    }

    /// Sends one command; the answer as it came.
    fn ask(&mut self, command: &str, entries: &[(&str, String)]) -> Option<String> {
        self.asked += 1;
        let cookie = format!("{} ", self.asked);
        let mut question = format!("{cookie}d{}{}", text("command"), text(command));
        for (name, value) in entries {
            question += &format!("{}{value}", text(name));
        }
        question.push('e');
        self.control.send(question.as_bytes()).ok()?;
        let mut answer = [0; 4096];
        while let Ok(length) = self.control.recv(&mut answer) {
            let answer = String::from_utf8_lossy(&answer[..length]);
            if answer.starts_with(&cookie) {
                return Some(answer.into_owned());
            }
        }
        None
    }

    /// Tells it where one side listens: where the other shall send to.
    fn tell(
        &mut self,
        command: &str,
        number: usize,
        side: &UdpSocket,
        kind: Kind,
    ) -> (SocketAddr, Option<MasterKey>) {
        let port = side.local_addr().unwrap().port();
        let is_offer = command == "offer";
        let [a, b] = kind.tongues().unwrap_or([PCMA; 2]);
        let own = if is_offer { a } else { b };
        let (number_of, described) = (own.payload_type, own.described);
        let mut sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP {number_of}\r\na=rtpmap:{number_of} {described}\r\n"
        );
        if kind == Kind::Srtp && is_offer {
            let (key, suite) = (key_of_a(), SUITE.name());
            let key = KeyAndSalt::new(key.octets()).unwrap();
            let crypto = Crypto { tag: 1, suite, key, lifetime: None, mki: None };
            sdp = sdp.replace("RTP/AVP", "RTP/SAVP") + &format!("a=crypto:{crypto}\r\n");
        }
        let id = text(&format!("bench-{number}"));
        let mut entries = vec![("call-id", id), ("from-tag", text("a")), ("sdp", text(&sdp))];
        if !is_offer {
            entries.push(("to-tag", text("b")));
        }
        if kind == Kind::Srtp {
            let towards = if is_offer { "RTP/AVP" } else { "RTP/SAVP" };
            entries.push(("transport-protocol", text(towards)));
        }
        if a != b && is_offer {
            let flag = format!("codec-transcode-{}", b.described.split('/').next().unwrap());
            entries.push(("flags", format!("l{}e", text(&flag))));
        }
        let answer = self.ask(command, &entries).expect("an answer");
        let port = answer.split("m=audio ").nth(1).and_then(|it| it.split(' ').next());
        let port: u16 = port.unwrap_or_else(|| panic!("{answer}")).parse().unwrap();
        let said = answer.find("v=0").map(|at| &answer[at..]).unwrap_or_default();
        let session = Session::parse(said.as_bytes()).unwrap();
        let key = session.media_at(0).and_then(|media| {
            let crypto = media.cryptos().next()?.ok()?;
            MasterKey::new(SUITE, crypto.key.octets()).ok()
        });
        (SocketAddr::from((Ipv4Addr::LOCALHOST, port)), key)
    }
}

impl Rival for Rtpengine {
    fn name(&self) -> &'static str {
        "rtpengine"
    }

    fn pid(&self) -> u32 {
        self.child.id()
    }

    fn set_up(&mut self, calls: &[Call], kind: Kind) -> Vec<Aim> {
        let mut one = |(number, call): (usize, &Call)| {
            // What the offer says of A comes back as where B sends to, and the other way round.
            let (b, _) = self.tell("offer", number, &call.a, kind);
            let (a, key) = self.tell("answer", number, &call.b, kind);
            Aim { a, b, key: key.filter(|_| kind == Kind::Srtp), print: None }
        };
        calls.iter().enumerate().map(&mut one).collect()
    }
}

impl Drop for Rtpengine {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A string as its protocol writes it.
fn text(of: &str) -> String {
    format!("{}:{of}", of.len())
}

const CONTROL: u16 = 22_223;
