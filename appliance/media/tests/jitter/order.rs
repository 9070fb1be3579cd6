//! Packets in another order than they were sent.

use crate::network::{Call, Chance, ms, seconds, speech};
use media::jitter::Settings;
use std::collections::BTreeMap;

#[test]
fn five_packets_of_a_hundred_swapped_by_up_to_three_places_conceal_nothing() {
    for (seed, pull) in [(1, ms(20)), (2, ms(10)), (3, ms(20)), (4, ms(10))] {
        let mut chance = Chance::new(seed);
        let mut call = Call::new(Settings::default());
        call.pull = pull;
        let statistics = call.run(seconds(600), speech, |_| {
            let places = if chance.permille(50) { 1 + chance.below(3) } else { 0 };
            // It comes just after the packet before which it should have come.
            Some(ms(30) + places * ms(20) + u64::from(places > 0) * 100)
        });
        println!("{statistics:?}");
        assert_eq!(statistics.concealed_samples, 0, "{statistics:?}");
        assert_eq!((statistics.late, statistics.discarded), (0, 0));
        assert!(statistics.lost <= call.under_way(), "{statistics:?}");
        assert!(statistics.delay.as_millis() < 110, "{statistics:?}");
    }
}

#[test]
fn packets_that_come_in_each_others_places_conceal_nothing() {
    for seed in 5..45 {
        let mut chance = Chance::new(seed);
        let mut call = Call::new(Settings::default());
        call.pull = ms(10 + seed % 2 * 10);
        let mut swapped = BTreeMap::new();
        let statistics = call.run(seconds(60), speech, |sent| {
            if let Some(early) = swapped.remove(&sent) {
                return Some(ms(70) - early);
            }
            let places = if chance.permille(50) { 1 + chance.below(3) } else { 0 };
            if places == 0 || swapped.contains_key(&(sent + places)) {
                return Some(ms(70));
            }
            swapped.insert(sent + places, places * ms(20));
            Some(ms(70) + places * ms(20))
        });
        assert_eq!(statistics.concealed_samples, 0, "{seed}: {statistics:?}");
        assert_eq!((statistics.late, statistics.discarded), (0, 0), "{seed}");
    }
}
