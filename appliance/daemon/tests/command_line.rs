//! What a person sees who starts, stops and looks after the daemon from a shell.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, unreachable_pub)]
mod live;

use live::{Folder, LOOPBACK, Live, bare, command, run};
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

/// Exit code 2 and one sentence.
fn refused((code, out, error): (Option<i32>, String, String)) -> String {
    assert_eq!((code, out.as_str()), (Some(2), ""), "{error}");
    assert_eq!(error.lines().count(), 1, "{error}");
    error.strip_prefix("strowgerd: ").unwrap().trim().to_owned()
}

#[test]
fn a_bad_flag_is_refused_before_anything_is_touched() {
    let folder = Folder::new();
    let data = folder.path("var");
    let sentence = refused(run(command(&data).args(["--sip", "everywhere"])));
    assert!(sentence.starts_with("--sip cannot be 'everywhere'"), "{sentence}");
    let sentence = refused(run(command(&data).args(LOOPBACK).env("STROWGER_EXTERNAL_IP", "me")));
    assert!(sentence.starts_with("STROWGER_EXTERNAL_IP cannot be 'me'"), "{sentence}");
    let sentence = refused(run(command(&data).args(LOOPBACK).args(["--media-ip", "192.0.2.7"])));
    assert!(sentence.contains("192.0.2.7"), "{sentence}");
    assert!(!data.exists());
}

#[test]
fn a_port_in_use_is_refused_before_anything_is_touched() {
    let folder = Folder::new();
    let data = folder.path("var");
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = [
        ("--sip", udp.local_addr().unwrap()),
        ("--sips", tcp.local_addr().unwrap()),
        ("--http", tcp.local_addr().unwrap()),
    ];
    for (flag, address) in taken {
        let mut flags: Vec<String> = Vec::new();
        for pair in LOOPBACK.chunks(2) {
            let value = if pair[0] == flag { address.to_string() } else { pair[1].to_owned() };
            flags.extend([pair[0].to_owned(), value]);
        }
        let sentence = refused(run(command(&data).args(&flags)));
        let start = format!("port {} at 127.0.0.1 is in use", address.port());
        assert!(sentence.starts_with(&start) && sentence.ends_with(flag), "{sentence}");
    }
    assert!(!data.exists());
}

#[test]
fn a_data_folder_that_cannot_be_written_is_named() {
    let folder = Folder::new();
    let file = folder.path("file");
    fs::write(&file, "not a folder").unwrap();
    let sentence = refused(run(command(&file.join("var")).args(LOOPBACK)));
    assert!(sentence.contains("--data"), "{sentence}");
}

#[test]
fn a_newer_database_is_left_as_it_is() {
    let folder = Folder::new();
    let data = folder.path("var");
    assert!(Live::start(&data, &[]).stop().0.success());
    let path = data.join("strowger.db");
    let db = rusqlite::Connection::open(&path).unwrap();
    db.pragma_update(None, "user_version", 4711).unwrap();
    db.close().unwrap();
    let before = fs::read(&path).unwrap();
    let sentence = refused(run(command(&data).args(LOOPBACK)));
    assert!(sentence.contains("4711"), "{sentence}");
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn two_daemons_do_not_share_a_data_folder() {
    let folder = Folder::new();
    let data = folder.path("var");
    let _first = Live::start(&data, &[]);
    let sentence = refused(run(command(&data).args(LOOPBACK)));
    assert!(sentence.starts_with("another strowgerd works in"), "{sentence}");
}

#[test]
fn the_claim_code_is_private_and_the_same_at_the_second_start() {
    let folder = Folder::new();
    let data = folder.path("var");
    let first = Live::start(&data, &[]);
    let code = first.claim_code.clone().unwrap();
    let mode = fs::metadata(data.join("claim-code")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    first.stop();
    assert_eq!(Live::start(&data, &[]).claim_code.clone().unwrap(), code);
}

#[test]
fn sigterm_ends_it_in_time_and_without_an_error() {
    let folder = Folder::new();
    let (status, took) = Live::start(&folder.path("var"), &[]).stop();
    assert!(status.success(), "{status}");
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[test]
fn a_backup_restores_into_another_folder() {
    let folder = Folder::new();
    let (data, other, file) = (folder.path("var"), folder.path("other"), folder.path("backup"));
    let _live = Live::start(&data, &[]);
    let with = |words: &[&str], passphrase: &str| {
        run(bare().args(words).env("STROWGER_PASSPHRASE", passphrase))
    };
    let (data, other) = (data.to_str().unwrap(), other.to_str().unwrap());
    let name = file.to_str().unwrap();
    let passphrase = "correct horse battery staple";
    let (code, out, error) = with(&["backup", name, "--data", data], passphrase);
    assert_eq!(code, Some(0), "{error}");
    assert!(out.starts_with("Written: "), "{out}");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);

    let (code, _, error) = with(&["restore", name, "--data", other], "something else");
    assert_eq!((code, error.lines().count()), (Some(1), 1), "{error}");
    let (code, out, error) = with(&["restore", name, "--data", other], passphrase);
    assert_eq!(code, Some(0), "{error}");
    assert!(out.starts_with("Restored: 0 extensions"), "{out}");
    let (code, out, _) = run(bare().args(["check", "--data", other]));
    assert!(code == Some(0) && out.ends_with("All is well.\n"), "{out}");
    let sentence = refused(with(&["restore", name, "--data", data], passphrase));
    assert!(sentence.starts_with("another strowgerd works in"), "{sentence}");
}

#[test]
fn check_finds_a_folder_without_a_database() {
    let folder = Folder::new();
    let sentence = refused(run(bare().arg("check").arg("--data").arg(folder.path("nothing"))));
    assert!(sentence.contains("nothing"), "{sentence}");
}

#[test]
fn reset_admin_makes_a_claim_code() {
    let folder = Folder::new();
    let data = folder.path("var");
    Live::start(&data, &[]).stop();
    let (code, out, error) = run(bare().arg("reset-admin").arg("--data").arg(&data));
    assert_eq!(code, Some(0), "{error}");
    let code = fs::read_to_string(data.join("claim-code")).unwrap();
    assert!(out.contains(&format!("Claim code: {}", code.trim())), "{out}");
}

#[test]
fn help_and_version_need_nothing() {
    let (code, out, _) = run(bare().arg("version"));
    assert_eq!((code, out.as_str()), (Some(0), "strowgerd 0.1.0\n"));
    let (code, out, _) = run(bare().arg("help"));
    assert!(code == Some(0) && out.contains("--media-ports A-B"), "{out}");
}
