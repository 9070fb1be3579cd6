//! rtpengine from Debian's packages, in user space, driven over its `ng` port.

use crate::Rival;
use crate::load::{Aim, Call, key_of_a};
use call::MasterKey;
use media::srtp::Suite;
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
    fn ask(&mut self, command: &str, entries: &[(&str, &str)]) -> Option<String> {
        self.asked += 1;
        let cookie = format!("{} ", self.asked);
        let mut question = format!("{cookie}d");
        for (name, value) in [("command", command)].iter().chain(entries) {
            question += &format!("{}:{name}{}:{value}", name.len(), value.len());
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
        encrypted: bool,
    ) -> (SocketAddr, Option<MasterKey>) {
        let port = side.local_addr().unwrap().port();
        let mut sdp = format!(
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
             m=audio {port} RTP/AVP 8\r\n"
        );
        if encrypted && command == "offer" {
            let (key, suite) = (key_of_a(), SUITE.name());
            let key = KeyAndSalt::new(key.octets()).unwrap();
            let crypto = Crypto { tag: 1, suite, key, lifetime: None };
            sdp = sdp.replace("RTP/AVP", "RTP/SAVP") + &format!("a=crypto:{crypto}\r\n");
        }
        let id = format!("bench-{number}");
        let mut entries = vec![("call-id", id.as_str()), ("from-tag", "a"), ("sdp", &sdp)];
        if command == "answer" {
            entries.push(("to-tag", "b"));
        }
        if encrypted {
            let towards = if command == "offer" { "RTP/AVP" } else { "RTP/SAVP" };
            entries.push(("transport-protocol", towards));
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

    fn set_up(&mut self, calls: &[Call], encrypted: bool) -> Vec<Aim> {
        let mut one = |(number, call): (usize, &Call)| {
            // What the offer says of A comes back as where B sends to, and the other way round.
            let (b, _) = self.tell("offer", number, &call.a, encrypted);
            let (a, key) = self.tell("answer", number, &call.b, encrypted);
            Aim { a, b, key: key.filter(|_| encrypted) }
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

const SUITE: Suite = Suite::AesCm128HmacSha1_80;
const CONTROL: u16 = 22_223;
