//! Any octets of a timeslot: frames within bounds and no more; and behind them, frames that were sent.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tdm::hdlc::{Damage, Decoder, Encoder, Idle, Order, Params};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, octets)) = bytes.split_first() else { return };
    let params = Params {
        order: if choice & 1 == 0 { Order::LowFirst } else { Order::HighFirst },
        idle: if choice & 2 == 0 { Idle::Flags } else { Idle::Mark },
        flags: choice >> 2 & 3,
        shortest: 1 + usize::from(choice >> 4 & 3),
        longest: 40 + usize::from(choice >> 6),
        waiting: 16_384,
    };
    let mut decoder = Decoder::new(&params);
    let mut frames = Vec::new();
    let (mut good, mut bad) = (0, 0);
    decoder.push_all(octets, |ended| match ended {
        Ok(frame) => {
            assert!((params.shortest..=params.longest).contains(&frame.len()));
            good += 1;
        }
        Err(_) => bad += 1,
    });
    let seen = decoder.counters();
    assert_eq!(seen.frames, good);
    let damaged = seen.bad_checks + seen.aborts + seen.too_long + seen.too_short + seen.not_aligned;
    assert_eq!(damaged, bad);

    // The same octets as frames, behind what they did as a line.
    let mut encoder = Encoder::new(&params);
    let sent: Vec<&[u8]> = octets
        .chunks(params.longest)
        .filter(|frame| encoder.offer(frame).is_ok())
        .collect();
    let mut line: Vec<u8> = (0..4).map(|_| encoder.pull()).collect();
    while !encoder.is_idle() {
        line.push(encoder.pull());
    }
    line.extend((0..4).map(|_| encoder.pull()));
    let mut damage: Vec<Damage> = Vec::new();
    decoder.push_all(&line, |ended| match ended {
        Ok(frame) => frames.push(frame.to_vec()),
        Err(what) => damage.push(what),
    });
    assert!(damage.len() <= 1, "only what the garbage began: {damage:?}");
    assert!(frames.ends_with(&sent.iter().map(|frame| frame.to_vec()).collect::<Vec<_>>()));
    assert!(frames.len() <= sent.len() + 1);
});
