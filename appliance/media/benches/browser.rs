//! What a packet of 172 octets costs between a browser and a telephone, without the sockets: AES-GCM or
//! AES-CM as the two agreed, in nanoseconds. `cargo bench -p media --bench browser`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::disallowed_methods, unused)]

#[path = "../tests/browser/world.rs"]
mod world;

use std::hint::black_box;
use std::time::{Duration, Instant};
use str0m::rtp::RtpWrite;
use str0m::{Input, Output};
use world::{PCMU, PHONE, PHONES, THEIRS, World, phone_at, rtp};

fn kept() -> isize {
    0
}

fn main() {
    let [to_browser, from_browser] = [to_browser, from_browser].map(|measure| {
        let rounds = (0..ROUNDS).map(|_| measure());
        rounds.min().unwrap().as_nanos() as f64 / f64::from(PACKETS)
    });
    let stalls = [false, true].map(|active| {
        let mut stalls: Vec<_> = (0..HANDSHAKES).map(|_| World::new(active).longest).collect();
        stalls.sort();
        (stalls[stalls.len() / 2], stalls[stalls.len() - 1])
    });
    for (who, (middle, longest)) in ["browser", "box"].into_iter().zip(stalls) {
        println!(
            "the longest turn of a call whose DTLS the {who} begins: {middle:.0?}, the worst of \
             {HANDSHAKES} calls {longest:.0?}"
        );
    }
    println!("to a browser {to_browser:.0} ns, from a browser {from_browser:.0} ns for a packet");
}

fn to_browser() -> Duration {
    let mut world = World::new(false);
    let mut spent = Duration::ZERO;
    let packet = rtp(PCMU, 0, 0, PHONES[0], &[0x55; 160]);
    for n in 0..PACKETS {
        let mut bytes = packet.clone();
        bytes[2..4].copy_from_slice(&(n as u16).to_be_bytes());
        world.now += Duration::from_millis(1);
        let start = Instant::now();
        world.engine.packet(PHONE[0], false, phone_at(0), &mut bytes, world.now);
        while let Some(parcel) = world.engine.poll_parcel() {
            black_box(parcel);
        }
        spent += start.elapsed();
    }
    spent
}

fn from_browser() -> Duration {
    let mut world = World::new(false);
    let mut spent = Duration::ZERO;
    for n in 0..PACKETS {
        world.now += Duration::from_millis(1);
        let mut api = world.browser.direct_api();
        let stream = api.stream_tx(&THEIRS[0].into()).unwrap();
        let (number, time) = (u64::from(n).into(), n * 160);
        stream.write_rtp(RtpWrite::new(PCMU.into(), number, time, world.now, &[0xd5; 160][..]));
        world.browser.handle_input(Input::Timeout(world.now)).unwrap();
        loop {
            match world.browser.poll_output().unwrap() {
                Output::Transmit(it) => {
                    let (here, there) = (world.here, world.there.ip());
                    let start = Instant::now();
                    world.engine.browser_datagram(here, there, &it.contents, world.now);
                    while let Some(parcel) = world.engine.poll_parcel() {
                        black_box(parcel);
                    }
                    spent += start.elapsed();
                }
                Output::Timeout(_) => break,
                Output::Event(_) => {}
            }
        }
    }
    spent
}

const ROUNDS: u32 = 5;
const HANDSHAKES: u32 = 51;
const PACKETS: u32 = 20_000;
