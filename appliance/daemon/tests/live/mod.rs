//! A daemon that runs, for tests that treat it as a person does: by its command line and its ports.

use rustix::process::{Pid, Signal, kill_process};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::Arc;
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

    /// An HTTPS request to the API.
    pub fn api(&self, line: &str, token: &str, body: &str) -> String {
        let mut stream = secure(self.http, &self.data, &rustls::version::TLS13);
        http(&mut stream, line, token, body)
    }

    /// Makes the first administrator; the answer is his token.
    pub fn claim(&self) -> String {
        let code = self.claim_code.as_deref().unwrap().trim();
        let body = format!(
            r#"{{"claim_code":"{code}","name":"admin","password":"correct horse battery"}}"#
        );
        let answer = self.api("POST /api/v1/setup/claim", "", &body);
        assert!(answer.starts_with("HTTP/1.1 201 "), "{answer}");
        let (_, token) = answer.split_once("\"token\":\"").unwrap();
        token.split('"').next().unwrap().to_owned()
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

/// A client that trusts the box's own certificate and nothing else.
pub fn secure(
    address: SocketAddr,
    data: &Path,
    version: &'static SupportedProtocolVersion,
) -> StreamOwned<ClientConnection, TcpStream> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(data.join("certificate.pem")).unwrap() {
        roots.add(certificate.unwrap()).unwrap();
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    StreamOwned::new(connection, connect(address))
}

/// A connection that is not waited for in vain.
pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}

/// One HTTP request, and everything that comes back.
pub fn http(stream: &mut (impl Read + Write), line: &str, token: &str, body: &str) -> String {
    let length = body.len();
    let head = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A peer that closes without TLS's good-bye has still said all.
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
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
