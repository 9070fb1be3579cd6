//! Sound that comes in parts while it is played.

use super::*;

fn feed(wire: &mut Wire, play: PlayId, samples: usize, last: bool) {
    let block = vec![1_000; samples].into();
    wire.tell(MediaCommand::Feed { port: A, play, block, last });
}

#[test]
fn a_stream_asks_for_more_in_time_and_ends_with_its_last_part() {
    let mut wire = answered(Codec::Pcma, 20);
    play(&mut wire, Sound::Stream { rate: 8_000 }, Rounds::ONCE);
    let hungry = MediaEvent::Hungry { port: A, play: PLAY };
    let mut told = listen(&mut wire, 40);
    // Nothing has come yet: silence, and it is said once.
    assert_eq!(wire.events(), std::slice::from_ref(&hungry));
    assert!(a_law(&told).iter().all(|it| it.abs() <= 8));
    feed(&mut wire, PLAY, 16_000, false);
    feed(&mut wire, PlayId(9), 16_000, false);
    told = listen(&mut wire, 900);
    assert_eq!(wire.events(), []);
    assert!(a_law(&told).iter().all(|it| (it - 1_000).abs() < 40));
    listen(&mut wire, 200);
    assert_eq!(wire.events(), std::slice::from_ref(&hungry));
    feed(&mut wire, PLAY, 80, true);
    feed(&mut wire, PLAY, 8_000, true);
    told = listen(&mut wire, 2_000);
    assert_eq!(told.len(), 46);
    let pcm = a_law(&told);
    assert!((pcm[45 * 160 + 79] - 1_000).abs() < 40 && pcm[45 * 160 + 80].abs() <= 8);
    assert_eq!(wire.events(), [MediaEvent::Finished { port: A, play: PLAY }]);
}
