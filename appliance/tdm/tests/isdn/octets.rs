//! Chance as the far side: whatever it says, nothing breaks and nothing grows.

mod play;

use proptest::prelude::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn no_octets_and_no_order_of_things_break_an_interface(
        data in proptest::collection::vec(any::<u8>(), 0..600),
    ) {
        play::play(&data);
    }
}
