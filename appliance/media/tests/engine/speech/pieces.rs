//! Packets of one length for packets of another.

use super::*;

#[test]
fn an_hour_in_packets_of_any_length_ends_where_it_ends() {
    for (came, wanted) in
        [(10_u8, 20_u8), (20, 10), (20, 30), (30, 20), (60, 20), (20, 60), (10, 60)]
    {
        let mut bridge = Bridge::between(Codec::Pcmu, Codec::Pcma, wanted);
        let samples = usize::from(came) * 8;
        let payload = vec![0xff; samples];
        let packets = 3_600_000 / u32::from(came);
        let (mut count, mut last) = (0_u32, 0);
        for n in 0..packets {
            let timestamp = n.wrapping_mul(samples as u32);
            for left in bridge.say(100, n as u16, timestamp, &payload) {
                assert_eq!(left.sequence, count as u16, "{came} {wanted}");
                assert_eq!(left.timestamp, count * u32::from(wanted) * 8, "{came} {wanted}");
                assert_eq!(left.payload.len(), usize::from(wanted) * 8);
                count += 1;
                last = left.timestamp + u32::from(wanted) * 8;
            }
        }
        assert_eq!((count, last), (3_600_000 / u32::from(wanted), 3_600 * 8_000));
    }
}

#[test]
fn no_sample_is_lost_or_doubled_between_packets() {
    let sound = tone(8_000);
    for (came, wanted) in [(30_usize, 20_u8), (20, 30), (50, 60)] {
        let mut bridge = Bridge::between(Codec::Pcmu, Codec::L16 { rate: 8_000 }, wanted);
        let mut heard = Vec::new();
        for (n, piece) in sound.chunks_exact(came * 8).enumerate() {
            let left = bridge.say(100, n as u16, (n * came * 8) as u32, &mu_law(piece));
            heard.extend(left.into_iter().flat_map(|it| it.payload));
        }
        let heard: Vec<i16> =
            heard.as_chunks().0.iter().map(|pair| i16::from_be_bytes(*pair)).collect();
        let mut expected = vec![0; sound.len()];
        g711::Decoder::new(Law::Mu).decode(&mu_law(&sound), &mut expected).unwrap();
        assert!(heard.len() > 7_000);
        assert_eq!(heard, expected[..heard.len()], "{came} {wanted}");
    }
}

#[test]
fn an_hour_of_opus_is_an_hour_of_g_711() {
    let mut one = Bridge::between(Codec::Pcmu, Codec::Opus, 20);
    let sound = mu_law(&tone(160));
    let payload = one.say(100, 0, 0, &sound).remove(0).payload;
    let mut bridge = Bridge::between(Codec::Opus, Codec::Pcmu, 30);
    let mut next = (0_u16, 0_u32);
    for n in 0..20_000_u32 {
        for left in bridge.say(100, n as u16, n.wrapping_mul(960), &payload) {
            assert_eq!((left.sequence, left.timestamp), next);
            next = (next.0.wrapping_add(1), next.1 + 240);
        }
    }
    assert_eq!(next.1, 20_000 * 160 / 240 * 240);
}

#[test]
fn a_talk_spurt_begins_with_the_first_packet_of_it() {
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::Pcma, 30);
    let mut marks = Vec::new();
    for n in 0..9_u16 {
        let marker = if n == 0 || n == 6 { 0x80 } else { 0 };
        let packet = rtp(marker | 100, n, u32::from(n) * 160, SSRC);
        marks.extend(bridge.say_packet(packet).iter().map(|it| it.marker));
    }
    assert_eq!(marks, [true, false, false, false, true, false]);
}

#[test]
fn padding_and_extensions_are_no_sound() {
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::Pcma, 20);
    let mut packet = rtp(100, 1, 160, SSRC);
    packet[0] |= 0x30;
    packet.splice(12..12, [0xbe, 0xde, 0, 1, 1, 2, 3, 4]);
    packet.extend([0, 0, 0, 4]);
    let left = bridge.say_packet(packet);
    assert_eq!(names(&left), [(110, 1, 160)]);
    assert_eq!(left[0].payload.len(), 160);
}

#[test]
fn more_sound_than_any_packet_should_hold_is_refused() {
    let mut bridge = Bridge::between(Codec::Pcmu, Codec::Pcma, 10);
    assert_eq!(bridge.say(100, 1, 0, &[0xff; 1_600]).len(), 20);
    assert_eq!(bridge.say(100, 2, 1_600, &[0xff; 1_601]), []);
    let mut padded = rtp(100, 3, 3_200, SSRC);
    padded[0] |= 0x20;
    *padded.last_mut().unwrap() = 200;
    assert_eq!(bridge.say_packet(padded), []);
    assert_eq!(bridge.wire.close(A).untranslated, 2);
}
