//! What it costs to index the INVITE of an office phone, and to read what routing needs of it.
//!
//! `cargo bench -p sip --bench index` prints nanoseconds and allocations for one message. The
//! bar is 300 ns and no allocation for the index.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use sip::message::check_request;
use sip::{Message, OwnedMessage};

#[global_allocator]
static ALLOCATOR: &stats_alloc::StatsAlloc<std::alloc::System> = &stats_alloc::INSTRUMENTED_SYSTEM;

fn main() {
    let invite = include_bytes!("../../../tests/data/sip/invite.sip");
    let register = include_bytes!("../../../tests/data/sip/register.sip");
    let message = Message::parse_datagram(invite).unwrap();
    println!("INVITE: {} octets, {} headers", invite.len(), message.headers().count());
    measure("index an INVITE", || {
        black_box(Message::parse_datagram(black_box(invite)).is_ok());
    });
    measure("index a REGISTER", || {
        black_box(Message::parse_datagram(black_box(register)).is_ok());
    });
    measure("check the INVITE", || {
        black_box(check_request(black_box(&message)).is_ok());
    });
    measure("read its Via, From, To, Call-ID and CSeq", || {
        let message = black_box(&message);
        black_box(message.top_via().is_ok() && message.from().is_ok() && message.to().is_ok());
        black_box(message.call_id().is_ok() && message.cseq().is_ok());
    });
    let kept = OwnedMessage::parse(invite).unwrap();
    measure("look at a kept INVITE", || {
        black_box(black_box(&kept).view().body().len());
    });
    let source = "192.0.2.31:5060".parse().unwrap();
    measure("compose its 180", || {
        let message = black_box(&message);
        let ringing = sip::response_to(message, sip::Status::RINGING, "Ringing", Some("t"), source);
        black_box(ringing.finish().len());
    });
}

/// Runs `work` in batches, if its name contains the first argument, and prints the fastest, which is the one least disturbed.
fn measure(name: &str, work: impl Fn()) {
    let wanted = std::env::args().nth(1).filter(|argument| argument != "--bench");
    if wanted.is_some_and(|wanted| !name.contains(&wanted)) {
        return;
    }
    let mut best = f64::INFINITY;
    let region = stats_alloc::Region::new(ALLOCATOR);
    for _ in 0..BATCHES {
        #[allow(clippy::disallowed_methods)] // a bench measures real time
        let start = Instant::now();
        (0..BATCH).for_each(|_| work());
        best = best.min(start.elapsed().as_secs_f64() * 1e9 / f64::from(BATCH));
    }
    let allocations = region.change().allocations as f64 / f64::from(BATCH * BATCHES);
    println!("{name:45} {best:8.0} ns {allocations:6.1} allocations");
}

const BATCH: u32 = 2_000;
const BATCHES: u32 = 100;
