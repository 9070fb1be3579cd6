//! What goes in at one end of a timeslot comes out at the other, and nothing else does.

use proptest::prelude::*;

use super::*;

type Ended = Result<Vec<u8>, Damage>;

/// The octets of a timeslot that carries these frames, with some idle time before and behind.
fn line(params: &Params, frames: &[Vec<u8>]) -> Vec<u8> {
    let mut encoder = Encoder::new(params);
    let mut octets: Vec<u8> = (0..5).map(|_| encoder.pull()).collect();
    for frame in frames {
        while encoder.offer(frame) == Err(Refused::Full) {
            octets.push(encoder.pull());
        }
    }
    while !encoder.is_idle() {
        octets.push(encoder.pull());
    }
    octets.extend((0..5).map(|_| encoder.pull()));
    octets
}

fn heard(decoder: &mut Decoder, octets: &[u8]) -> Vec<Ended> {
    let mut ended = Vec::new();
    decoder.push_all(octets, |frame| ended.push(frame.map(<[u8]>::to_vec)));
    ended
}

fn good(ended: &[Ended]) -> Vec<Vec<u8>> {
    ended.iter().filter_map(|frame| frame.clone().ok()).collect()
}

/// These octets, so many bits later: the first bits are ones.
fn shifted(octets: &[u8], by: u32) -> Vec<u8> {
    let mut carried = (1u16 << by) - 1;
    let mut later = Vec::new();
    for octet in octets {
        carried |= u16::from(*octet) << by;
        later.push(carried.to_le_bytes()[0]);
        carried >>= 8;
    }
    later
}

/// Octets from bits, the first one lowest; what is missing of the last one is ones.
fn octets_of(bits: &str) -> Vec<u8> {
    let bits: Vec<u8> = bits.bytes().filter(|bit| matches!(bit, b'0' | b'1')).collect();
    let octet = |eight: &[u8]| {
        (0..8).fold(0, |octet, place| octet | u8::from(eight.get(place) != Some(&b'0')) << place)
    };
    bits.chunks(8).map(octet).collect()
}

/// The bits of octets without stuffing.
fn bits_of(octets: &[u8]) -> String {
    let bit = |octet: &u8, place: u32| if octet >> place & 1 == 1 { '1' } else { '0' };
    octets.iter().flat_map(|octet| (0..8).map(move |place| bit(octet, place))).collect()
}

const FLAG_BITS: &str = "01111110";

/// The same numbers each time, and any number of them (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ self.0 >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ mixed >> 31) % limit
    }
}

#[test]
fn a_frame_on_the_line_is_flag_content_check_and_flag() {
    let mut encoder = Encoder::new(&Params::default());
    encoder.offer(&[0x02, 0x01, 0x7f]).unwrap();
    let octets: Vec<u8> = (0..8).map(|_| encoder.pull()).collect();
    let [low, high] = fcs::fcs16(&[0x02, 0x01, 0x7f]).to_le_bytes();
    // 7F is seven ones, so that a zero is stuffed behind the fifth.
    let stuffed = |octet: u8| bits_of(&[octet]).replace("11111", "111110");
    let content = [0x02, 0x01, 0x7f, low, high].map(stuffed).concat();
    let want = format!("{FLAG_BITS}{content}{FLAG_BITS}");
    assert_eq!(&bits_of(&octets)[..want.len().min(64)], &want[..want.len().min(64)]);
}

#[test]
fn one_flag_ends_a_frame_and_begins_the_next() {
    let frames = vec![vec![0, 1, 2], vec![3, 4, 5]];
    let octets = line(&Params::default(), &frames);
    // 5 idle, the flag of the first frame is the last of them; 2 x 5 octets, 2 flags, 5 idle.
    assert_eq!(octets.len(), 5 + 5 + 1 + 5 + 5);
    let mut decoder = Decoder::new(&Params::default());
    assert_eq!(good(&heard(&mut decoder, &octets)), frames);
}

#[test]
fn flags_may_share_their_zero() {
    let on_line = |content: &[u8]| bits_of(content) + &bits_of(&fcs::fcs16(content).to_le_bytes());
    let content = (0..=255).map(|last| [0x02, 0x01, last]);
    let content = content.into_iter().find(|content| !on_line(content).contains("11111")).unwrap();
    let frame = on_line(&content);
    let bits = format!("0111111011111101111110{frame}011111101111110{frame}01111110");
    let mut decoder = Decoder::new(&Params::default());
    let ended = heard(&mut decoder, &octets_of(&bits));
    assert_eq!(ended, vec![Ok(content.to_vec()), Ok(content.to_vec())]);
    assert_eq!(decoder.counters(), Counters { frames: 2, ..Counters::default() });
}

#[test]
fn a_line_at_rest_ends_nothing() {
    for idle in [0x00, 0x7e, 0xff, 0x55] {
        let mut decoder = Decoder::new(&Params::default());
        assert_eq!(heard(&mut decoder, &[idle; 1000]), vec![], "{idle:02x}");
        assert_eq!(decoder.counters(), Counters::default());
    }
    // A flag and then ones: a line that goes to rest.
    let mut decoder = Decoder::new(&Params::default());
    assert_eq!(heard(&mut decoder, &[0x7e, 0xff, 0xff, 0x7e, 0x7e, 0xff]), vec![]);
}

#[test]
fn a_frame_that_is_broken_off_is_an_abort_and_the_next_one_is_heard() {
    for idle in [Idle::Flags, Idle::Mark] {
        let params = Params { idle, ..Params::default() };
        let mut encoder = Encoder::new(&params);
        encoder.offer(&[0; 50]).unwrap();
        encoder.offer(&[7; 9]).unwrap();
        let mut octets: Vec<u8> = (0..20).map(|_| encoder.pull()).collect();
        encoder.abort();
        encoder.abort();
        octets.extend((0..30).map(|_| encoder.pull()));
        let mut decoder = Decoder::new(&params);
        assert_eq!(heard(&mut decoder, &octets), vec![Err(Damage::Aborted), Ok(vec![7; 9])]);
        assert_eq!(decoder.counters(), Counters { frames: 1, aborts: 1, ..Counters::default() });
    }
}

#[test]
fn each_kind_of_damage_is_told_and_counted_as_itself() {
    let params = Params { longest: 6, ..Params::default() };
    let mut decoder = Decoder::new(&params);
    let mut say = |bits: String| heard(&mut decoder, &octets_of(&format!("11111111{bits}")));
    let flags = |bits: &str| format!("{FLAG_BITS}{bits}{FLAG_BITS}");
    assert_eq!(say(flags(&bits_of(&[1, 2, 3, 4, 5]))), vec![Err(Damage::BadCheck)]);
    assert_eq!(say(flags(&bits_of(&[1, 2, 3, 4]))), vec![Err(Damage::TooShort)]);
    assert_eq!(say(flags(&bits_of(&[1, 2, 3, 4, 5])[..31])), vec![Err(Damage::TooShort)]);
    assert_eq!(say(flags(&(bits_of(&[1, 2, 3, 4, 5]) + "010"))), vec![Err(Damage::NotAligned)]);
    assert_eq!(say(flags(&bits_of(&[0; 9]))), vec![Err(Damage::TooLong)]);
    assert_eq!(say(flags(&bits_of(&[0; 90]))), vec![Err(Damage::TooLong)], "once for each");
    assert_eq!(
        say(format!("{FLAG_BITS}{}11111111{FLAG_BITS}", bits_of(&[0; 4]))),
        vec![Err(Damage::Aborted)]
    );
    let want =
        Counters { frames: 0, bad_checks: 1, aborts: 1, too_long: 2, too_short: 2, not_aligned: 1 };
    assert_eq!(decoder.counters(), want);
}

#[test]
fn the_longest_frame_passes_and_a_longer_one_is_refused() {
    let params = Params::default();
    let mut encoder = Encoder::new(&params);
    assert_eq!(encoder.offer(&[0; 265]), Err(Refused::Length));
    assert_eq!(encoder.offer(&[0; 2]), Err(Refused::Length));
    let longest = vec![0xff; 264];
    let mut decoder = Decoder::new(&params);
    assert_eq!(
        good(&heard(&mut decoder, &line(&params, std::slice::from_ref(&longest)))),
        vec![longest]
    );
}

#[test]
fn an_encoder_keeps_no_more_than_it_may() {
    let mut encoder = Encoder::new(&Params { waiting: 20, longest: 8, ..Params::default() });
    assert_eq!(encoder.offer(&[0; 8]), Ok(()));
    assert_eq!(encoder.offer(&[0; 8]), Ok(()));
    assert_eq!(encoder.offer(&[0; 8]), Err(Refused::Full));
    assert_eq!(encoder.waiting(), 20);
    for _ in 0..12 {
        encoder.pull();
    }
    assert_eq!(encoder.offer(&[0; 8]), Ok(()));
}

#[test]
fn no_single_turned_bit_of_a_line_makes_a_wrong_frame() {
    let frames: Vec<Vec<u8>> = vec![vec![0x02, 0x01, 0x7f], (0..40).collect(), vec![0xff; 12]];
    let octets = line(&Params::default(), &frames);
    for bit in 0..octets.len() * 8 {
        let mut turned = octets.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        let mut decoder = Decoder::new(&Params::default());
        for frame in good(&heard(&mut decoder, &turned)) {
            assert!(frames.contains(&frame), "bit {bit} made {frame:02x?}");
        }
    }
}

/// A check of 16 bits lets one damaged frame in 65 536 pass. Of these some 100 000 there should be
/// one or two; ten would be a decoder that does not look.
#[test]
fn bit_errors_make_wrong_frames_no_more_often_than_the_check_allows() {
    let mut dice = Dice(7);
    let (mut damaged, mut wrong) = (0, 0);
    for _ in 0..40_000 {
        let frames: Vec<Vec<u8>> = (0..4)
            .map(|_| (0..3 + dice.below(30)).map(|_| dice.below(256) as u8).collect())
            .collect();
        let mut octets = line(&Params::default(), &frames);
        for _ in 0..1 + dice.below(12) {
            let at = dice.below(octets.len() as u64) as usize;
            octets[at] ^= 1 << dice.below(8);
        }
        let ended = heard(&mut Decoder::new(&Params::default()), &octets);
        damaged += ended.iter().filter(|frame| frame.is_err()).count();
        wrong += good(&ended).iter().filter(|frame| !frames.contains(frame)).count();
    }
    assert!(damaged > 80_000, "{damaged} frames came to harm");
    assert!(wrong < 10, "{wrong} wrong frames passed of {damaged} that were damaged");
}

fn frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let octet = prop_oneof![any::<u8>(), Just(0xff), Just(0x7e), Just(0xf8), Just(0x1f)];
    prop::collection::vec(prop::collection::vec(octet, 3..60), 0..8)
}

fn params() -> impl Strategy<Value = Params> {
    (any::<bool>(), any::<bool>(), 0..5u8).prop_map(|(high, mark, flags)| Params {
        order: if high { Order::HighFirst } else { Order::LowFirst },
        idle: if mark { Idle::Mark } else { Idle::Flags },
        flags,
        ..Params::default()
    })
}

proptest! {
    #[test]
    fn any_frames_come_through_any_split(
        params in params(), frames in frames(), cut in 1..40usize,
    ) {
        let octets = line(&params, &frames);
        let mut decoder = Decoder::new(&params);
        let mut ended = Vec::new();
        for piece in octets.chunks(cut) {
            ended.extend(heard(&mut decoder, piece));
        }
        let want: Vec<Ended> = frames.into_iter().map(Ok).collect();
        prop_assert_eq!(ended, want);
    }

    #[test]
    fn frames_lie_anywhere_in_the_octets(frames in frames(), by in 0..8u32) {
        let octets = shifted(&line(&Params::default(), &frames), by);
        let mut decoder = Decoder::new(&Params::default());
        let want: Vec<Ended> = frames.into_iter().map(Ok).collect();
        prop_assert_eq!(heard(&mut decoder, &octets), want);
    }

    #[test]
    fn frames_are_found_behind_any_garbage(
        garbage in prop::collection::vec(any::<u8>(), 0..400), frames in frames(), by in 0..8u32,
    ) {
        let mut decoder = Decoder::new(&Params::default());
        heard(&mut decoder, &garbage);
        let before = decoder.counters().frames;
        // The first flag ends what the garbage began.
        let ended = heard(&mut decoder, &shifted(&line(&Params::default(), &frames), by));
        let good = good(&ended);
        prop_assert!(good.ends_with(&frames), "{:02x?}", ended);
        prop_assert!(before + good.len() as u64 == decoder.counters().frames);
        prop_assert!(ended.len() - good.len() <= 1, "only one damage: {:?}", ended);
    }

    /// The bounds hold whatever comes: no frame is longer or shorter than the parameters say.
    #[test]
    fn garbage_makes_no_frame_out_of_bounds(
        garbage in prop::collection::vec(any::<u8>(), 0..2000), longest in 3..20usize,
    ) {
        let params = Params { longest, ..Params::default() };
        for frame in good(&heard(&mut Decoder::new(&params), &garbage)) {
            prop_assert!((3..=longest).contains(&frame.len()));
        }
    }
}
