//! The carrier: Asterisk as a process, and its manager's connection (lines of `Key: value`, an empty line
//! after each block).

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// What Asterisk tells in one block, by key; of several lines with one key all, each on a line.
pub(crate) type Told = BTreeMap<String, String>;

pub(crate) struct Asterisk {
    process: Child,
    manager: TcpStream,
    octets: Vec<u8>,
    events: Vec<Told>,
    answers: Vec<Told>,
    asked: u32,
}

impl Asterisk {
    /// Starts it with one of its lines, and waits until it can be asked.
    pub(crate) fn start(settings: &Path, line: &str) -> Result<Asterisk, String> {
        let run = Path::new("/run/asterisk");
        std::fs::create_dir_all(run).map_err(|why| why.to_string())?;
        let of_line = settings.join("lines").join(line).with_extension("conf");
        std::fs::copy(&of_line, run.join("line.conf"))
            .map_err(|why| format!("{}: {why}", of_line.display()))?;
        let mut command = Command::new("/usr/sbin/asterisk");
        command.arg("-f").arg("-C").arg(settings.join("asterisk.conf"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut process = command.spawn().map_err(|why| format!("asterisk: {why}"))?;
        let until = Instant::now() + PATIENCE;
        let manager = loop {
            if let Ok(manager) = TcpStream::connect("127.0.0.1:5038") {
                break manager;
            }
            match process.try_wait() {
                Ok(None) if Instant::now() < until => sleep(Duration::from_millis(50)),
                ended => return Err(format!("asterisk does not start: {ended:?}; {}", log())),
            }
        };
        manager.set_nonblocking(true).map_err(|why| why.to_string())?;
        let (octets, events, answers) = (Vec::new(), Vec::new(), Vec::new());
        let mut asterisk = Asterisk { process, manager, octets, events, answers, asked: 0 };
        asterisk.ask("Login", &[("Username", "checks"), ("Secret", "checks")])?;
        // Its modules are loaded after the manager answers.
        loop {
            let said = asterisk.command("core waitfullybooted")?;
            if said.contains("has fully booted") {
                return Ok(asterisk);
            }
            if Instant::now() > until {
                return Err(format!("asterisk is not ready: {said}; {}", log()));
            }
        }
    }

    /// Ends it, and with it all its calls.
    pub(crate) fn stop(mut self) -> Result<(), String> {
        self.send("Command", &[("Command", "core stop now")])?;
        let until = Instant::now() + PATIENCE;
        loop {
            match self.process.try_wait() {
                Ok(Some(_)) => return Ok(()),
                Ok(None) if Instant::now() < until => sleep(Duration::from_millis(20)),
                other => {
                    let killed = self.process.kill();
                    let waited = self.process.wait();
                    return Err(format!("it does not end: {other:?}, {killed:?}, {waited:?}"));
                }
            }
        }
    }

    /// Ends it in the middle of everything.
    pub(crate) fn kill(&mut self) -> Result<(), String> {
        let killed = self.process.kill().and_then(|()| self.process.wait());
        killed.map(|_| ()).map_err(|why| why.to_string())
    }

    /// Asks for something and waits for the answer.
    pub(crate) fn ask(&mut self, action: &str, with: &[(&str, &str)]) -> Result<Told, String> {
        let id = self.send(action, with)?;
        let until = Instant::now() + PATIENCE;
        loop {
            self.turn()?;
            let of_id = |told: &Told| told.get("ActionID") == Some(&id);
            if let Some(at) = self.answers.iter().position(of_id) {
                let answer = self.answers.remove(at);
                return match answer.get("Response").map(String::as_str) {
                    Some("Error") => Err(format!("{action} {with:?}: {answer:?}")),
                    _ => Ok(answer),
                };
            }
            if Instant::now() > until {
                return Err(format!("{action}: no answer; {}", log()));
            }
            sleep(Duration::from_millis(2));
        }
    }

    /// Asks for something whose answer does not matter, or comes as an event.
    pub(crate) fn send(&mut self, action: &str, with: &[(&str, &str)]) -> Result<String, String> {
        self.asked += 1;
        let id = self.asked.to_string();
        let mut text = format!("Action: {action}\r\nActionID: {id}\r\n");
        for (key, value) in with {
            text.push_str(&format!("{key}: {value}\r\n"));
        }
        text.push_str("\r\n");
        self.manager.write_all(text.as_bytes()).map_err(|why| format!("{action}: {why}"))?;
        Ok(id)
    }

    /// What its console says to a command.
    pub(crate) fn command(&mut self, words: &str) -> Result<String, String> {
        let answer = self.ask("Command", &[("Command", words)])?;
        Ok(answer.get("Output").cloned().unwrap_or_default())
    }

    /// Reads what has come; whether anything had.
    pub(crate) fn turn(&mut self) -> Result<bool, String> {
        let mut octets = [0; 4096];
        let count = match self.manager.read(&mut octets) {
            Ok(0) => return Err(format!("asterisk has ended; {}", log())),
            Ok(count) => count,
            Err(why) if why.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(why) => return Err(format!("manager: {why}")),
        };
        self.octets.extend_from_slice(&octets[..count]);
        while let Some(end) = self.octets.windows(4).position(|four| four == b"\r\n\r\n") {
            let block: Vec<u8> = self.octets.drain(..end + 4).collect();
            let told = read(&String::from_utf8_lossy(&block));
            if told.contains_key("Event") {
                self.events.push(told);
            } else {
                self.answers.push(told);
            }
        }
        Ok(true)
    }

    /// Takes the first event that fits.
    pub(crate) fn take(&mut self, fits: impl Fn(&Told) -> bool) -> Option<Told> {
        let at = self.events.iter().position(fits)?;
        Some(self.events.remove(at))
    }

    pub(crate) fn forget(&mut self) {
        self.events.clear();
        self.answers.clear();
    }
}

impl Drop for Asterisk {
    fn drop(&mut self) {
        // A check has failed, or it has ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn read(block: &str) -> Told {
    let mut told = Told::new();
    // The greeting has no colon.
    for (key, value) in block.lines().filter_map(|line| line.split_once(':')) {
        let lines = told.entry(key.to_owned()).or_default();
        if !lines.is_empty() {
            lines.push('\n');
        }
        lines.push_str(value.strip_prefix(' ').unwrap_or(value));
    }
    told
}

/// What it complained of last.
pub(crate) fn log() -> String {
    let text = std::fs::read_to_string("/run/asterisk/messages").unwrap_or_default();
    let lines = text.lines().filter(|line| !line.contains("XML documentation"));
    let last: Vec<_> = lines.rev().take(12).collect();
    last.into_iter().rev().collect::<Vec<_>>().join("\n  ")
}

const PATIENCE: Duration = Duration::from_secs(60);
