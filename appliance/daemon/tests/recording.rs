//! A run that is recorded comes out the same on a desk.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

#[allow(dead_code, unreachable_pub)]
mod live;

use live::{Folder, Live, ask, bare, options, run};
use std::fs;
use std::os::unix::fs::PermissionsExt;

#[test]
fn what_was_recorded_is_replayed_bit_by_bit() {
    let folder = Folder::new();
    let file = folder.path("recording");
    let name = file.to_str().unwrap();
    let live = Live::start(&folder.path("var"), &["--record", name]);
    for branch in ["a", "b", "c"] {
        ask(live.udp, &options("UDP", branch));
    }
    let register = options("UDP", "d").replace("OPTIONS", "REGISTER");
    let challenge = ask(live.udp, &register);
    assert!(challenge.starts_with("SIP/2.0 40"), "{challenge}");
    ask(
        live.udp,
        "INVITE sip:1@x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bKe;rport\r\n\r\n",
    );
    assert!(live.stop().0.success());

    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let (code, out, error) = run(bare().args(["replay", name]));
    assert_eq!((code, error.as_str()), (Some(0), ""), "{out}");
    assert!(out.ends_with("outputs, identical\n"), "{out}");

    // A phone that would have said something else.
    let text = fs::read_to_string(&file).unwrap();
    let other = text.replacen("z9hG4bKb", "z9hG4bKz", 1);
    assert_ne!(text, other);
    fs::write(&file, other).unwrap();
    let (code, _, error) = run(bare().args(["replay", name]));
    assert_eq!(code, Some(1));
    assert!(error.starts_with("strowgerd: different from input "), "{error}");
}
