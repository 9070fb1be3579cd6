//! The daemon: its process, and its API, by HTTPS as anybody has it.

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::here;

pub(crate) struct Strowgerd {
    process: Child,
    wire: Option<Wire>,
    token: Option<String>,
}

/// A connection: openssl encrypts what goes in, and decrypts what comes out.
struct Wire {
    process: Child,
    into: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Strowgerd {
    /// Starts it. Its lines are those of the driver.
    pub(crate) fn start() -> Result<Strowgerd, String> {
        std::fs::create_dir_all("/run/strowgerd").map_err(|why| why.to_string())?;
        Ok(Strowgerd { process: spawn()?, wire: None, token: None })
    }

    /// Starts it once more, with what it knew.
    pub(crate) fn start_again(&mut self) -> Result<(), String> {
        self.process = spawn()?;
        self.until_healthy()
    }

    /// Waits until it can be asked.
    pub(crate) fn until_healthy(&mut self) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let Err(why) = self.ask("GET", "health", None) else { return Ok(()) };
            match self.process.try_wait() {
                Ok(None) if Instant::now() < until => sleep(Duration::from_millis(100)),
                ended => return Err(format!("strowgerd does not start: {ended:?}, {why}")),
            }
        }
    }

    /// Makes it ours, as its installer does.
    pub(crate) fn claim(&mut self) -> Result<(), String> {
        let code = std::fs::read_to_string("/run/strowgerd/claim-code");
        let code = code.map_err(|why| format!("claim-code: {why}"))?;
        let claim = json!({"claim_code": code.trim(), "name": "admin", "password": "correct horse battery"});
        let answer = self.ask("POST", "setup/claim", Some(claim))?;
        self.token = answer.get("token").and_then(Value::as_str).map(str::to_owned);
        self.token.as_ref().map(|_| ()).ok_or(format!("no token: {answer}"))
    }

    pub(crate) fn post(&mut self, path: &str, body: Value) -> Result<Value, String> {
        self.ask("POST", path, Some(body))
    }

    /// Reads an entry, and writes it back as it is made then.
    pub(crate) fn change(
        &mut self,
        path: &str,
        make: impl FnOnce(&mut Value),
    ) -> Result<(), String> {
        let mut entry = self.ask("GET", path, None)?;
        make(&mut entry);
        self.ask("PUT", path, Some(entry)).map(|_| ())
    }

    /// A list.
    pub(crate) fn every(&mut self, path: &str) -> Result<Vec<Value>, String> {
        let page = self.ask("GET", path, None)?;
        let items = page.get("items").and_then(Value::as_array);
        items.cloned().ok_or(format!("{path}: no list: {page}"))
    }

    /// All that it tells of our line.
    pub(crate) fn line(&mut self) -> Result<Value, String> {
        let lines = self.every("lines")?;
        let ours = lines.iter().find(|line| line["name"] == OUR_LINE);
        ours.cloned().ok_or(format!("no {OUR_LINE}: {lines:?}"))
    }

    /// Seconds of a processor that it has used.
    pub(crate) fn cpu(&self) -> Result<f64, String> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()));
        let stat = stat.map_err(|why| why.to_string())?;
        let fields = stat.rsplit(')').next().unwrap_or_default().split_whitespace();
        // Those of the user and of the system, in hundredths.
        let ticks = fields.skip(11).take(2).filter_map(|field| field.parse::<u32>().ok());
        Ok(f64::from(ticks.sum::<u32>()) / 100.0)
    }

    /// Asks it to end, and waits until it has: with success, or an error.
    pub(crate) fn stop(&mut self) -> Result<Duration, String> {
        let began = Instant::now();
        let id = i32::try_from(self.process.id()).ok().and_then(rustix::process::Pid::from_raw);
        let asked =
            rustix::process::kill_process(id.ok_or("no process")?, rustix::process::Signal::TERM);
        asked.map_err(|why| why.to_string())?;
        loop {
            match self.process.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(began.elapsed()),
                Ok(None) if began.elapsed() < PATIENCE => sleep(Duration::from_millis(20)),
                other => return Err(format!("strowgerd does not end well: {other:?}")),
            }
        }
    }

    fn ask(&mut self, method: &str, path: &str, body: Option<Value>) -> Result<Value, String> {
        let body = body.map(|body| body.to_string()).unwrap_or_default();
        let mut text = format!("{method} /api/v1/{path} HTTP/1.1\r\nHost: {HTTPS}\r\n");
        if let Some(token) = &self.token {
            text.push_str(&format!("Authorization: Bearer {token}\r\n"));
        }
        if !body.is_empty() {
            text.push_str("Content-Type: application/json\r\n");
        }
        text.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        // A connection that is kept may have been ended meanwhile.
        let kept = self.wire.take().map(|wire| wire.exchange(&text));
        let (wire, status, answer) = match kept {
            Some(Ok(done)) => done,
            Some(Err(_)) | None => Wire::open()?.exchange(&text)?,
        };
        self.wire = Some(wire);
        match status {
            200..300 => Ok(serde_json::from_str(&answer).unwrap_or(Value::Null)),
            _ => Err(format!("{method} {path} {body}: {status} {answer}")),
        }
    }
}

impl Wire {
    fn open() -> Result<Wire, String> {
        let mut command = here("openssl");
        command.args(["s_client", "-quiet", "-connect", HTTPS]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().map_err(|why| format!("openssl: {why}"))?;
        let into = process.stdin.take().ok_or("no pipe")?;
        let from = BufReader::new(process.stdout.take().ok_or("no pipe")?);
        Ok(Wire { process, into, from })
    }

    /// One request and its answer: status and body.
    fn exchange(mut self, text: &str) -> Result<(Wire, u16, String), String> {
        self.into.write_all(text.as_bytes()).map_err(|why| why.to_string())?;
        let first = self.line()?;
        let status = first.split(' ').nth(1).and_then(|word| word.parse().ok());
        let status: u16 = status.ok_or(format!("no answer: {first:?}"))?;
        let mut length = None;
        loop {
            let line = self.line()?.to_ascii_lowercase();
            let Some((key, value)) = line.split_once(':') else { break };
            if key == "content-length" {
                length = value.trim().parse().ok();
            }
        }
        let mut body = Vec::new();
        match length {
            Some(length) => self.octets(length, &mut body)?,
            None if status == 204 => {}
            // In pieces, each behind its length.
            None => loop {
                let piece = usize::from_str_radix(&self.line()?, 16);
                let piece = piece.map_err(|why| why.to_string())?;
                self.octets(piece, &mut body)?;
                self.line()?;
                if piece == 0 {
                    break;
                }
            },
        }
        Ok((self, status, String::from_utf8_lossy(&body).into_owned()))
    }

    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        match self.from.read_line(&mut line) {
            Ok(0) => Err("the connection has ended".into()),
            Ok(_) => Ok(line.trim_end().to_owned()),
            Err(why) => Err(why.to_string()),
        }
    }

    fn octets(&mut self, count: usize, to: &mut Vec<u8>) -> Result<(), String> {
        let mut octets = vec![0; count];
        self.from.read_exact(&mut octets).map_err(|why| why.to_string())?;
        to.extend(octets);
        Ok(())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn spawn() -> Result<Child, String> {
    let log = || File::options().create(true).append(true).open(LOG);
    let mut command = here("strowgerd");
    command.args(["run", "--board", "qemu-x86_64", "--data", "/run/strowgerd"]);
    command.args(["--http", HTTPS, "--sip", SIP, "--sips", "127.0.0.1:5061"]);
    command.args(["--media-ip", "127.0.0.1", "--media-ports", "20000-20399"]);
    command.stdin(Stdio::null());
    command.stdout(log().map_err(|why| why.to_string())?);
    command.stderr(log().map_err(|why| why.to_string())?);
    command.spawn().map_err(|why| format!("strowgerd: {why}"))
}

/// What it said last.
pub(crate) fn log() -> String {
    let text = std::fs::read_to_string(LOG).unwrap_or_default();
    let last: Vec<_> = text.lines().rev().take(20).collect();
    last.into_iter().rev().collect::<Vec<_>>().join("\n  ")
}

/// Where it is called.
pub(crate) const SIP: &str = "127.0.0.1:5060";
/// What it calls the second span of the driver.
pub(crate) const OUR_LINE: &str = "line 2";

const HTTPS: &str = "127.0.0.1:8443";
const LOG: &str = "/run/strowgerd.log";
const PATIENCE: Duration = Duration::from_secs(60);
