//! A link that gets any frames, requests and times: it keeps no more than it may, answers each of them
//! with a few outputs, and sends nothing that is no frame.
#![no_main]

use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;
use tdm::q921::{Frame, Input, Link, Output, Params, Role};

fuzz_target!(|bytes: &[u8]| {
    let Some((&choice, mut rest)) = bytes.split_first() else { return };
    let role = if choice & 1 == 0 { Role::User } else { Role::Network };
    let params = Params { k: choice >> 1 & 7, queue: 10, n201: 20, ..Params::default() };
    let mut now = Instant::now();
    let mut link = Link::new(role, params, now);
    link.handle(Input::PhysicalUp, now);
    while let Some((&event, more)) = rest.split_first() {
        let length = usize::from(event >> 4).min(more.len());
        let (octets, more) = more.split_at(length);
        rest = more;
        match event & 15 {
            0 if length & 1 == 1 => link.handle(Input::Reset, now),
            0 => link.handle(Input::Establish, now),
            1 => link.handle(Input::Release, now),
            2 => link.handle(Input::PhysicalDown, now),
            3 => link.handle(Input::PhysicalUp, now),
            4 => link.handle(Input::OwnBusy(length & 1 == 1), now),
            5 => link.handle(Input::SendUnit(octets.to_vec()), now),
            6 | 7 => link.handle(Input::Send(octets.to_vec()), now),
            8 => now += Duration::from_millis(100 * length as u64),
            9 => now = link.poll_timeout().map_or(now, |at| at.max(now)),
            10 => link.handle(Input::Frame(octets), now),
            // Octets behind the address of this link, as a command or a response.
            kind => {
                let address = [(kind & 1) << 1, 1];
                link.handle(Input::Frame(&[&address[..], octets].concat()), now);
            }
        }
        link.handle_timeout(now);
        let mut outputs = 0;
        while let Some(output) = link.poll_output() {
            outputs += 1;
            if let Output::Frame(octets) = output {
                let frame = Frame::parse(&octets, role).expect("what a link sends is a frame");
                assert_eq!(frame.octets(role), octets);
            }
        }
        assert!(outputs <= 30, "{outputs} outputs for one input");
        assert!(link.waiting() <= 10);
        assert!(link.poll_timeout().is_none_or(|at| at > now), "what is due is done");
    }
});
