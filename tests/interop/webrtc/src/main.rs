//! The peer connection of a browser that is not Chromium: `webrtc`, driven by lines of JSON.
//!
//! `webrtc-peer FOLDER CODEC...` offers one track for each kind of the codecs named. Each line of its
//! input is an order (`{"do": "offer"}`), each line of its output something that happened. SIP is
//! spoken by whoever drives it, and so is the work of codecs done there: it plays files of packets, and
//! keeps what comes in such a file for each kind, `audio.rtp` and `video.rtp` in the folder. A packet in
//! a file is its length in two octets, most significant first, and the packet (RFC 4571).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod peer;
mod tape;

use std::io::BufRead;
use std::path::PathBuf;

use serde_json::{Value, json};
use webrtc::runtime::{Receiver, Sender, channel, default_runtime};

use peer::Peer;

type Outcome<T> = Result<T, Box<dyn std::error::Error + Send + Sync>>;

fn main() {
    let mut words = std::env::args().skip(1);
    let folder = PathBuf::from(words.next().expect("a folder for what is heard"));
    let codecs: Vec<String> = words.collect();
    let (orders, given) = channel(64);
    std::thread::spawn(move || read(&orders));
    let runtime = default_runtime().expect("a runtime");
    let with = runtime.clone();
    runtime.block_on(Box::pin(async move {
        let peer = Peer::new(with, folder, &codecs).await.expect("a peer connection");
        tell(json!({"event": "ready"}));
        obey(&peer, given).await;
    }));
}

/// Says one thing that happened.
fn tell(event: Value) {
    println!("{event}");
}

/// Hands on what is ordered, until the input ends.
fn read(orders: &Sender<Value>) {
    for line in std::io::stdin().lock().lines().map_while(Result::ok) {
        let order = serde_json::from_str(&line).expect("a line of JSON");
        if orders.try_send(order).is_err() {
            break;
        }
    }
    let _ = orders.try_send(json!({"do": "close"}));
}

async fn obey(peer: &Peer, mut given: Receiver<Value>) {
    while let Some(order) = given.recv().await {
        let what = order["do"].as_str().unwrap_or_default().to_owned();
        match peer.obey(&what, &order).await {
            Ok(Value::Null) => tell(json!({"event": "done", "what": what})),
            Ok(given) => tell(json!({"event": "done", "what": what, "given": given})),
            Err(why) => tell(json!({"event": "error", "text": format!("{what}: {why}")})),
        }
        if what == "close" {
            break;
        }
    }
}
