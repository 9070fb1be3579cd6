//! A conference takes memory when somebody joins, and none while anybody speaks.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use media::mixer::{Level, Place, Room, TICK};
use media_dsp::resample::Rate;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Without the harness of other tests, whose own thread would be counted as well.
fn main() {
    let before = Region::new(ALLOCATOR);
    let mut room = Room::new();
    let rates = [Rate::Hz8000, Rate::Hz16000, Rate::Hz48000];
    let places: Vec<(Place, Rate)> =
        (0..30).map(|it| (room.join(rates[it % 3]).unwrap(), rates[it % 3])).collect();
    let taken = before.change().bytes_allocated;
    assert!(taken < 500_000, "{taken} octets for three rates");
    // The tables of the laws are made at the first use.
    Level::of_g711(media_dsp::g711::Law::A, &[0; 160]);
    let (voice, mut heard) = ([9_000; 960], [0; 960]);
    let region = Region::new(ALLOCATOR);
    for tick in 0..500 {
        room.begin();
        // Others speak in each tick, so that chairs change hands.
        let speaks = |it: usize| (it + tick / 3).is_multiple_of(7);
        for (it, (place, rate)) in places.iter().enumerate().filter(|(it, _)| speaks(*it)) {
            let louder = &voice[..TICK.samples(*rate)];
            room.expect(*place, if it % 2 == 0 { Level::of(louder) } else { Level::SILENCE });
        }
        room.mute(places[tick % 30].0, tick % 2 == 0);
        room.choose();
        for (place, rate) in &places {
            room.say(*place, &voice[..TICK.samples(*rate)]);
        }
        room.mix();
        for (place, rate) in &places {
            room.hear(*place, &mut heard[..TICK.samples(*rate)]);
        }
    }
    let change = region.change();
    assert_eq!(change.allocations + change.reallocations, 0);
    println!("test no_tick_of_a_conference_costs_an_allocation ... ok");
}
