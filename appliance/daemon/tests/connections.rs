//! SIP and HTTPS on the wire: what a phone or a browser meets.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, unreachable_pub)]
mod live;

use live::{Folder, Live, ask, connect, http, options, secure};
use std::io::{self, Read, Write};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Reads until so many messages have come.
fn read_messages(stream: &mut impl Read, count: usize) -> String {
    let mut text = String::new();
    let mut buffer = [0; 4096];
    while text.matches("\r\n\r\n").count() < count {
        let length = stream.read(&mut buffer).unwrap();
        assert_ne!(length, 0, "closed after {text}");
        text.push_str(std::str::from_utf8(&buffer[..length]).unwrap());
    }
    text
}

#[test]
fn a_datagram_is_answered() {
    let folder = Folder::new();
    let live = Live::start(&folder.path("var"), &[]);
    let answer = ask(live.udp, &options("UDP", "a"));
    assert!(answer.starts_with("SIP/2.0 200 "), "{answer}");
}

#[test]
fn messages_over_tcp_may_come_in_pieces_or_several_at_once() {
    let folder = Folder::new();
    let live = Live::start(&folder.path("var"), &[]);
    let mut stream = connect(live.tcp);
    let request = options("TCP", "pieces");
    for piece in request.as_bytes().chunks(50) {
        stream.write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
    assert!(read_messages(&mut stream, 1).contains("branch=z9hG4bKpieces"));
    let both = options("TCP", "one") + "\r\n" + &options("TCP", "two");
    stream.write_all(both.as_bytes()).unwrap();
    let answers = read_messages(&mut stream, 2);
    assert!(answers.contains("z9hG4bKone") && answers.contains("z9hG4bKtwo"), "{answers}");
}

#[test]
fn a_ping_is_answered_with_a_pong() {
    let folder = Folder::new();
    let live = Live::start(&folder.path("var"), &[]);
    let mut stream = connect(live.tcp);
    stream.write_all(b"\r\n\r\n").unwrap();
    let mut pong = [0; 2];
    stream.read_exact(&mut pong).unwrap();
    assert_eq!(&pong, b"\r\n");
}

#[test]
fn a_stream_whose_message_has_no_certain_end_is_refused_and_closed() {
    let folder = Folder::new();
    let live = Live::start(&folder.path("var"), &[]);
    let mut stream = connect(live.tcp);
    let request = options("TCP", "x").replace("Content-Length: 0\r\n", "");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("SIP/2.0 400 "), "{answer}");
}

#[test]
fn tls_1_2_and_1_3_are_spoken_and_the_certificate_carries_the_name() {
    let folder = Folder::new();
    let live = Live::start(&folder.path("var"), &[]);
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut stream = secure(live.tls, &live.data, version);
        stream.write_all(options("TLS", "secret").as_bytes()).unwrap();
        assert!(read_messages(&mut stream, 1).starts_with("SIP/2.0 200 "));
        assert_eq!(stream.conn.protocol_version(), Some(version.version));
    }
}

#[test]
fn tls_1_1_is_refused() {
    let folder = Folder::new();
    let live = Live::start(&folder.path("var"), &[]);
    let mut command = Command::new("openssl");
    command.args(["s_client", "-tls1_1", "-cipher", "DEFAULT:@SECLEVEL=0", "-connect"]);
    command.arg(live.tls.to_string()).stdin(Stdio::null());
    match command.output() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            println!("skipped: openssl is not installed");
        }
        output => {
            let output = output.unwrap();
            let text = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(!output.status.success() && text.contains("SSL alert number"), "{text}");
        }
    }
}

#[test]
fn the_web_is_served_over_https_and_plain_http_is_sent_there() {
    let folder = Folder::new();
    let live = Live::start(&folder.path("var"), &[]);
    let answer = live.api("GET /api/v1/health", "", "");
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("\"sip\":true"), "{answer}");
    let answer = http(&mut connect(live.http), "GET /calls", "", "");
    let location = "Location: https://localhost/calls\r\n";
    assert!(answer.starts_with("HTTP/1.1 308 ") && answer.contains(location), "{answer}");
}
