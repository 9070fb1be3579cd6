//! The telephone: baresip, which plays a file into each call and records what it hears. Its control speaks
//! JSON, each piece behind its length and a colon, and before a comma.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::here;
use crate::strowgerd::SIP;

pub(crate) struct Phone {
    process: Child,
    control: TcpStream,
    octets: Vec<u8>,
    events: Vec<Value>,
}

impl Phone {
    /// Starts it, with an account that answers by itself and one whose calls are ours to refuse.
    pub(crate) fn start(answers: &str, asks: &str, secret: &str) -> Result<Phone, String> {
        std::fs::create_dir_all(FOLDER).map_err(|why| why.to_string())?;
        let account = |number: &str, mode: &str| {
            format!(
                "<sip:{number}@{SIP};transport=udp>;auth_user={number};auth_pass={secret};regint=60;\
                 answermode={mode};audio_codecs=pcma\n"
            )
        };
        let accounts = account(answers, "auto") + &account(asks, "manual");
        for (file, text) in [("config", CONFIG), ("accounts", &accounts), ("contacts", "")] {
            let path = PathBuf::from(FOLDER).join(file);
            std::fs::write(&path, text).map_err(|why| format!("{}: {why}", path.display()))?;
        }
        let log = || File::options().create(true).append(true).open(LOG);
        let mut command = here("baresip");
        command.args(["-f", FOLDER]).current_dir(FOLDER).stdin(Stdio::null());
        command.stdout(log().map_err(|why| why.to_string())?);
        command.stderr(log().map_err(|why| why.to_string())?);
        let mut process = command.spawn().map_err(|why| format!("baresip: {why}"))?;
        let until = Instant::now() + PATIENCE;
        let control = loop {
            if let Ok(control) = TcpStream::connect("127.0.0.1:4444") {
                break control;
            }
            match process.try_wait() {
                Ok(None) if Instant::now() < until => sleep(Duration::from_millis(20)),
                ended => return Err(format!("baresip does not start: {ended:?}")),
            }
        };
        control.set_nonblocking(true).map_err(|why| why.to_string())?;
        Ok(Phone { process, control, octets: Vec::new(), events: Vec::new() })
    }

    pub(crate) fn dial(&mut self, number: &str) -> Result<(), String> {
        self.command("dial", &format!("sip:{number}@{SIP};transport=udp"))
    }

    /// Ends a call, or refuses it.
    pub(crate) fn hang_up(&mut self) -> Result<(), String> {
        self.command("hangup", "")
    }

    fn command(&mut self, command: &str, params: &str) -> Result<(), String> {
        let text = json!({"command": command, "params": params}).to_string();
        let framed = format!("{}:{text},", text.len());
        self.control.write_all(framed.as_bytes()).map_err(|why| format!("{command}: {why}"))
    }

    /// Reads what has come.
    pub(crate) fn turn(&mut self) -> Result<(), String> {
        let mut octets = [0; 4096];
        loop {
            match self.control.read(&mut octets) {
                Ok(0) => return Err("baresip has ended".into()),
                Ok(count) => self.octets.extend_from_slice(&octets[..count]),
                Err(why) if why.kind() == ErrorKind::WouldBlock => break,
                Err(why) => return Err(format!("baresip: {why}")),
            }
        }
        while let Some(colon) = self.octets.iter().position(|octet| *octet == b':') {
            let length = String::from_utf8_lossy(&self.octets[..colon]).parse::<usize>();
            let length = length.map_err(|why| format!("baresip: {why}"))?;
            if self.octets.len() < colon + length + 2 {
                break;
            }
            let text: Vec<u8> = self.octets.drain(..colon + length + 2).collect();
            let text = &text[colon + 1..=colon + length];
            self.events.push(serde_json::from_slice(text).map_err(|why| why.to_string())?);
        }
        Ok(())
    }

    /// Takes the first event of this type; those before it are forgotten.
    pub(crate) fn take(&mut self, kind: &str) -> Option<Value> {
        let at = self.events.iter().position(|event| event["type"] == kind)?;
        self.events.drain(..=at).next_back()
    }

    /// The types of events that nobody has taken.
    pub(crate) fn untaken(&self) -> String {
        let types = self.events.iter().filter_map(|event| event["type"].as_str());
        types.collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn forget(&mut self) {
        self.events.clear();
    }

    /// The recordings of what it heard, oldest first.
    pub(crate) fn recordings(&self) -> Vec<PathBuf> {
        let files = std::fs::read_dir(FOLDER).into_iter().flatten().flatten();
        let mut found: Vec<_> = files.map(|file| file.path()).collect();
        found.retain(|path| path.to_string_lossy().ends_with("-dec.wav"));
        found.sort();
        found
    }
}

impl Drop for Phone {
    fn drop(&mut self) {
        // A check has failed, or all is done.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What it said last.
pub(crate) fn log() -> String {
    let text = std::fs::read_to_string(LOG).unwrap_or_default();
    let last: Vec<_> = text.lines().rev().take(20).collect();
    last.into_iter().rev().collect::<Vec<_>>().join("\n  ")
}

/// What it plays.
pub(crate) const SOURCE: &str = "/run/phone.wav";

const FOLDER: &str = "/run/baresip";
const LOG: &str = "/run/baresip.log";
const PATIENCE: Duration = Duration::from_secs(30);
const CONFIG: &str = "\
sip_listen 127.0.0.1:5080
call_local_timeout 120
call_max_calls 4
audio_player aufile,/run/baresip/unused.wav
audio_source aufile,/run/phone.wav
audio_alert aufile,/run/baresip/unused.wav
ausrc_srate 8000
auplay_srate 8000
audio_buffer 40-160
rtp_ports 30000-30098
rtcp_mux no
jitter_buffer_delay 1-5
net_interface 127.0.0.1
module_path /here
module g711.so
module aufile.so
module sndfile.so
module uuid.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
snd_path /run/baresip
ctrl_tcp_listen 127.0.0.1:4444
";
