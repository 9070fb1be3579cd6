//! A daemon that runs, for tests that treat it as a person does: by its command line and its ports.

use rustix::process::{Pid, Signal, kill_process};
use std::io::{BufRead, BufReader, Read};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// A folder of its own for every test, gone with it.
pub struct Folder(PathBuf);

/// A daemon at work.
pub struct Live {
    child: Child,
    pub data: PathBuf,
    pub http: SocketAddr,
    pub udp: SocketAddr,
    pub tcp: SocketAddr,
    pub tls: SocketAddr,
    pub claim_code: Option<String>,
}

impl Folder {
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("strowger-live-{}-{number}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Live {
    /// Starts one on ports that the system chooses.
    pub fn start(data: &Path, more: &[&str]) -> Self {
        let mut child = command(data)
            .args(LOOPBACK)
            .args(more)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut first = String::new();
        out.read_line(&mut first).unwrap();
        if first.is_empty() {
            let mut error = String::new();
            child.stderr.take().unwrap().read_to_string(&mut error).unwrap();
            panic!("it did not start: {error}");
        }
        let address = |name: &str| -> SocketAddr {
            let word = first.split_whitespace().find_map(|word| word.strip_prefix(name));
            word.unwrap().split(',').next().unwrap().parse().unwrap()
        };
        let mut live = Self {
            data: data.to_owned(),
            http: address("http="),
            udp: address("sip-udp="),
            tcp: address("sip-tcp="),
            tls: address("sips="),
            claim_code: None,
            child,
        };
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        assert_eq!(line.trim(), format!("Strowger is at https://{}/", live.http));
        live.claim_code = std::fs::read_to_string(data.join("claim-code")).ok();
        live
    }

    /// Asks it to end, politely, and says how it did and how long it took.
    pub fn stop(mut self) -> (ExitStatus, Duration) {
        let began = Instant::now();
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        (status, began.elapsed())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `strowgerd run` in this data folder.
pub fn command(data: &Path) -> Command {
    let mut command = bare();
    command.arg("run").arg("--data").arg(data);
    command
}

/// `strowgerd` without anything from the tester's environment.
pub fn bare() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_strowgerd"));
    let ours = std::env::vars_os().map(|(name, _)| name);
    for name in ours.filter(|name| name.to_string_lossy().starts_with("STROWGER_")) {
        command.env_remove(name);
    }
    command
}

/// What it says to an end that comes by itself.
pub fn run(command: &mut Command) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// A request that every box answers, with its branch.
pub fn options(transport: &str, branch: &str) -> String {
    format!(
        "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/{transport} 127.0.0.1:9;branch=z9hG4bK{branch};\
         rport\r\nMax-Forwards: 70\r\nFrom: <sip:test@127.0.0.1>;tag={branch}\r\n\
         To: <sip:127.0.0.1>\r\nCall-ID: {branch}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
    )
}

/// Sends a datagram and waits for what comes back.
pub fn ask(udp: SocketAddr, request: &str) -> String {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    socket.send_to(request.as_bytes(), udp).unwrap();
    let mut buffer = [0; 65_536];
    let length = socket.recv(&mut buffer).unwrap();
    String::from_utf8(buffer[..length].to_vec()).unwrap()
}

pub const LOOPBACK: [&str; 10] = [
    "--http",
    "127.0.0.1:0",
    "--sip",
    "127.0.0.1:0",
    "--sips",
    "127.0.0.1:0",
    "--media-ip",
    "127.0.0.1",
    "--media-ports",
    "40000-41999",
];
