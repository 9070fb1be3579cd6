//! The echo of a line in a whole call: from the telephone's packets to the line and back.

use crate::{css, line, models};
use call::{ChannelUsage, PortId};
use config::IsdnSide;
use media_dsp::g711::{Decoder, Encoder, Law};
use sim::Lab;
use tdm::q931::call::{Event, Request};
use tdm::q931::timers::Side;

/// 201 talks with somebody at the far end of a line; the port of the channel.
fn talking(seed: u64, cancels_echo: bool) -> (Lab, PortId) {
    let mut lab = Lab::office(seed, &["201"]);
    let trunk =
        lab.digital("carrier", "line 1", IsdnSide::User, |isdn| isdn.cancels_echo = cancels_echo);
    lab.outbound("0.", &[trunk]);
    lab.far_side(Side::Network);
    lab.plug_in_lines();
    lab.run_ms(2_500);
    lab.phone("201").habits(|habits| habits.mute = true).dials("02079460958");
    lab.run_ms(300);
    let Some((call, Event::Offered(_))) = lab.far_told.pop() else { panic!("no call came") };
    lab.far(|far, now| far.request(call, Request::Answer(Vec::new()), now).unwrap());
    lab.run_ms(300);
    assert!(lab.phone("201").is_up());
    let lines = lab.exchange.lines();
    let slot = lines[0].channels.iter().find(|it| it.usage == ChannelUsage::Busy).unwrap().slot;
    (lab, PortId::of_channel(0, slot))
}

/// The level of what 201 hears of itself, in dBm0, in the last two seconds of fourteen; the line has the echo
/// path of G.168 D.`paragraph` with 6 dB of loss, behind 10 ms.
fn heard_of_itself(paragraph: usize, cancels_echo: bool) -> f32 {
    let (mut lab, port) = talking(paragraph as u64, cancels_echo);
    let mut line = line::Line::new(paragraph, 6.0, 80, line::Law::Linear);
    let css = css::single_talk(-15.0);
    let (mut at, mut said) = (0, [0_u8; BLOCK]);
    Encoder::new(Law::A).encode(&[0; BLOCK], &mut said).unwrap();
    for packet in 0..14 * 50 {
        let pcm: Vec<i16> = (at..at + 4 * BLOCK).map(|it| css[it % css.len()]).collect();
        at += 4 * BLOCK;
        let mut payload = [0; 4 * BLOCK];
        Encoder::new(Law::A).encode(&pcm, &mut payload).unwrap();
        lab.phone("201").says_sound(8, packet, &payload);
        for _ in 0..4 {
            lab.run_ms(5);
            let mut told = [0; BLOCK];
            Decoder::new(Law::A).decode(&said, &mut told).unwrap();
            let back = told.map(|it| line.turn(it, 0.0));
            let mut heard = [0; BLOCK];
            Encoder::new(Law::A).encode(&back, &mut heard).unwrap();
            lab.exchange_block(port, &heard, &mut said);
        }
    }
    lab.run_ms(100);
    let packets = lab.phone("201").talk().packets.clone();
    assert!(packets.len() > 13 * 50, "{} packets came", packets.len());
    let last: Vec<u8> = packets[packets.len() - 100..].iter().flat_map(|it| it.2.clone()).collect();
    let mut pcm = vec![0; last.len()];
    Decoder::new(Law::A).decode(&last, &mut pcm).unwrap();
    line::level(&pcm)
}

#[test]
fn a_telephone_does_not_hear_itself_over_any_echo_path_of_g168() {
    for model in &models::MODELS {
        let paragraph = model.paragraph;
        let (before, after) = (heard_of_itself(paragraph, false), heard_of_itself(paragraph, true));
        println!("D.{paragraph}: {before:.1} dBm0 of itself without, {after:.1} with");
        assert!(before > -40.0, "D.{paragraph}: there was an echo of {before}");
        assert!(after < -60.0, "D.{paragraph}: {after} of {before}");
    }
}

/// Octets of 5 ms.
const BLOCK: usize = 40;
