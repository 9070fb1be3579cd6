//! Sequences on lines that flip, shift, invert and die.

use proptest::prelude::*;

use super::*;

const BOTH: [Pattern; 2] = [Pattern::Bits2047, Pattern::Bits32767];

fn bits(pattern: Pattern, count: u32) -> Vec<bool> {
    let mut generator = Generator::new(pattern);
    (0..count).map(|_| generator.bit()).collect()
}

fn octets(bits: &[bool]) -> Vec<u8> {
    let octet = |bits: &[bool]| bits.iter().fold(0, |octet, bit| octet << 1 | u8::from(*bit));
    bits.chunks_exact(8).map(octet).collect()
}

/// What changed with which bit.
fn changes(checker: &mut Checker, bits: &[bool]) -> Vec<(usize, Change)> {
    let inverted = checker.pattern.is_inverted();
    let told = |(at, bit): (usize, &bool)| Some((at + 1, checker.bit(*bit != inverted)?));
    bits.iter().enumerate().filter_map(told).collect()
}

const FOUND: Change = Change::Found(Polarity::Straight);

/// Behind the proof of the sequence: what comes now is compared.
fn locked(pattern: Pattern, bits: &[bool]) -> (Checker, &[bool]) {
    let mut checker = Checker::new(pattern);
    let (proof, rest) = bits.split_at(pattern.found_within() as usize);
    assert_eq!(changes(&mut checker, proof), [(proof.len(), FOUND)]);
    (checker, rest)
}

/// How often the same bit comes in a row, at most.
fn longest(bits: &[bool], of: bool) -> usize {
    bits.split(|bit| *bit != of).map(<[bool]>::len).max().unwrap_or_default()
}

/// O.150 §5.2, §5.3: length and the longest row of zeros, which is all that an inverted one differs in.
#[test]
fn the_sequences_are_those_of_the_recommendation() {
    for (pattern, length, zeros, ones) in
        [(Pattern::Bits2047, 2047, 10, 11), (Pattern::Bits32767, 32_767, 15, 14)]
    {
        assert_eq!(pattern.length(), length);
        let bits = bits(pattern, 3 * length);
        let (first, rest) = bits.split_at(length as usize);
        assert_eq!(first, &rest[..first.len()]);
        assert!((1..first.len()).all(|shift| bits[shift..shift + first.len()] != *first));
        assert_eq!((longest(&bits, false), longest(&bits, true)), (zeros, ones));
        let ones = first.iter().filter(|bit| **bit).count();
        assert_eq!(ones * 2, if pattern.is_inverted() { first.len() - 1 } else { first.len() + 1 });
    }
}

/// By hand: the sum of stages 9 and 11, or 14 and 15 and inverted, of a register full of ones.
#[test]
fn the_first_octets_are_those_that_the_stages_give() {
    let first = |pattern| {
        let mut octets = [0; 5];
        Generator::new(pattern).fill(&mut octets);
        octets
    };
    assert_eq!(first(Pattern::Bits2047), [0x00, 0x60, 0x3c, 0x19, 0x8f]);
    assert_eq!(first(Pattern::Bits32767), [0xff, 0xfd, 0xff, 0xf3, 0xff]);
}

#[test]
fn octets_and_bits_are_the_same_sequence() {
    for pattern in BOTH {
        let expected = octets(&bits(pattern, 8 * 400));
        let mut found = vec![0xaa; 400];
        let mut generator = Generator::new(pattern);
        found.chunks_mut(7).for_each(|some| generator.fill(some));
        assert_eq!(found, expected);
    }
}

#[test]
fn the_sequence_is_found_from_wherever_it_is_heard_on_within_so_many_bits() {
    for pattern in BOTH {
        let within = pattern.found_within() as usize;
        assert_eq!(within, if pattern == Pattern::Bits2047 { 75 } else { 79 });
        let bits = bits(pattern, pattern.length() + 200);
        for shift in (0..pattern.length() as usize).step_by(7) {
            let mut checker = Checker::new(pattern);
            let found = changes(&mut checker, &bits[shift..shift + 200]);
            assert_eq!(found, [(within, FOUND)], "from bit {shift} on");
            assert_eq!(checker.totals().errors, 0);
            assert_eq!(checker.totals().bits, 200 - within as u64);
        }
    }
}

#[test]
fn an_inverted_line_is_told_and_its_errors_count_all_the_same() {
    for pattern in BOTH {
        let mut line: Vec<_> = bits(pattern, 5000).iter().map(|bit| !bit).collect();
        line[3000] = !line[3000];
        let mut checker = Checker::new(pattern);
        let found = changes(&mut checker, &line);
        assert_eq!(found, [(pattern.found_within() as usize, Change::Found(Polarity::Inverted))]);
        assert_eq!(checker.polarity(), Some(Polarity::Inverted));
        assert_eq!(checker.totals().errors, 1);
    }
}

#[test]
fn a_line_that_becomes_inverted_is_a_slip_and_no_error() {
    for pattern in BOTH {
        let mut line = bits(pattern, 5000);
        line[3000..].iter_mut().for_each(|bit| *bit = !*bit);
        let mut checker = Checker::new(pattern);
        let told: Vec<_> = changes(&mut checker, &line).into_iter().map(|(_, what)| what).collect();
        assert_eq!(told, [FOUND, Change::Slipped(Polarity::Inverted)]);
        assert_eq!((checker.totals().errors, checker.totals().slips), (0, 1));
    }
}

#[test]
fn dead_lines_noise_and_the_other_sequence_are_not_the_sequence() {
    let mut dice = 1_u64;
    let mut noise = || {
        dice = dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        dice >> 63 == 1
    };
    let noise: Vec<_> = (0..200_000).map(|_| noise()).collect();
    let alternating: Vec<_> = (0..10_000).map(|at| at % 2 == 0).collect();
    for pattern in BOTH {
        let other = BOTH.into_iter().find(|other| *other != pattern).unwrap();
        let lines = [vec![false; 10_000], vec![true; 10_000], noise.clone(), alternating.clone()];
        for line in lines.into_iter().chain([bits(other, 100_000)]) {
            let mut checker = Checker::new(pattern);
            assert_eq!(changes(&mut checker, &line), []);
            assert_eq!(checker.totals(), Totals::default());
        }
    }
}

#[test]
fn octets_lost_or_doubled_on_the_way_are_a_slip_and_no_errors() {
    for pattern in BOTH {
        let bits = bits(pattern, 20_000);
        for slip in [1, 8, 1280] {
            let lost = [&bits[..4000], &bits[4000 + slip..]].concat();
            let doubled = [&bits[..4000], &bits[4000 - slip..]].concat();
            for line in [lost, doubled] {
                let mut checker = Checker::new(pattern);
                let told = changes(&mut checker, &line);
                let within = pattern.found_within() as usize;
                assert_eq!(told[0], (within, FOUND));
                let &[(at, Change::Slipped(Polarity::Straight))] = &told[1..] else {
                    panic!("{told:?}");
                };
                assert!(at <= 4000 + within, "bit {at}");
                let Totals { bits, errors, uncompared, slips, losses, .. } = checker.totals();
                assert_eq!((errors, slips, losses), (0, 1, 0));
                assert_eq!(bits + uncompared, (line.len() - within) as u64);
                assert_eq!(uncompared, within as u64);
            }
        }
    }
}

#[test]
fn a_line_that_dies_is_told_within_half_a_block_and_found_again_when_it_lives() {
    for pattern in BOTH {
        let sent = bits(pattern, 300_000);
        let (mut checker, rest) = locked(pattern, &sent);
        assert_eq!(changes(&mut checker, &rest[..10_000]), []);
        let told = changes(&mut checker, &vec![true; 10_000]);
        let &[(at, Change::Lost)] = told.as_slice() else { panic!("{told:?}") };
        assert!((200..=600).contains(&at), "bit {at}");
        assert_eq!(checker.polarity(), None);
        let told = changes(&mut checker, &rest[20_000..]);
        let &[(at, FOUND)] = told.as_slice() else { panic!("{told:?}") };
        assert!(at <= pattern.found_within() as usize, "bit {at}");
        let Totals { bits, errors, uncompared, losses, .. } = checker.totals();
        assert_eq!((errors, losses), (0, 1));
        assert_eq!(bits + uncompared, rest.len() as u64);
    }
}

#[test]
fn one_bit_in_ten_may_be_wrong_and_the_sequence_is_still_known() {
    for pattern in BOTH {
        let mut sent = bits(pattern, 640_100);
        let proof = pattern.found_within() as usize;
        sent[proof..].iter_mut().step_by(10).for_each(|bit| *bit = !*bit);
        let flipped = (sent.len() - proof).div_ceil(10);
        let (mut checker, rest) = locked(pattern, &sent);
        assert_eq!(changes(&mut checker, rest), []);
        assert_eq!(checker.totals().errors, flipped as u64);
    }
}

#[test]
fn seconds_are_errored_with_one_error_and_severely_so_with_one_in_a_thousand() {
    let pattern = Pattern::Bits32767;
    let sent = bits(pattern, pattern.found_within() + 6 * 64_000);
    let (mut checker, rest) = locked(pattern, &sent);
    let mut line = rest.to_vec();
    // The first second is that of the bit with which the sequence was found.
    let second = |number: usize| number * 64_000 - 1;
    line[second(1)] = !line[second(1)];
    line[second(2)..second(2) + 63 * 100].iter_mut().step_by(100).for_each(|bit| *bit = !*bit);
    line[second(3)..second(3) + 64 * 100].iter_mut().step_by(100).for_each(|bit| *bit = !*bit);
    line[second(4) + 1..second(4) + 2000].fill(true);
    assert_eq!(changes(&mut checker, &line).len(), 2);
    let totals = checker.totals();
    assert_eq!(totals.errors, 1 + 63 + 64);
    assert_eq!((totals.seconds, totals.losses), (6, 1));
    assert_eq!((totals.errored_seconds, totals.severely_errored_seconds), (4, 2));
}

proptest! {
    #[test]
    fn each_bit_that_is_flipped_is_counted_once(
        flips in prop::collection::btree_set(0..6000_usize, 0..60), long in any::<bool>(),
    ) {
        let pattern = if long { Pattern::Bits32767 } else { Pattern::Bits2047 };
        let mut sent = bits(pattern, pattern.found_within() + 6000);
        for at in &flips {
            let bit = &mut sent[pattern.found_within() as usize + at];
            *bit = !*bit;
        }
        let (mut checker, rest) = locked(pattern, &sent);
        prop_assert_eq!(changes(&mut checker, rest), Vec::new());
        prop_assert_eq!(checker.totals().errors, flips.len() as u64);
        prop_assert_eq!(checker.totals().bits, 6000);
    }

    #[test]
    fn whatever_comes_the_counts_agree(line in prop::collection::vec(any::<u8>(), 0..2000)) {
        let mut checker = Checker::new(Pattern::Bits2047);
        let mut generator = Generator::new(Pattern::Bits2047);
        let mut good = [0; 200];
        for some in line.chunks(100) {
            generator.fill(&mut good);
            checker.take(&good, |_| {});
            checker.take(some, |_| {});
            let totals = checker.totals();
            prop_assert!(totals.errors <= totals.bits);
        }
    }
}
