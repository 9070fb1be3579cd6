//! What all listeners with one codec hear is encoded once; who comes and goes hears no joint.
//!
//! A decoder follows the encoder that it hears. Who gets the floor is spoken to by an encoder of
//! his own, which goes on from the common one. On the way back he hears his own until nobody can tell
//! the two apart ([`Apart`]).

use crate::codec::{Encoder, Shape};
use crate::mixer::Level;

/// The common encoders of a conference, one for each codec.
#[derive(Debug)]
pub(super) struct Choir(Vec<Unison>);

/// One of them, and its packet of this turn.
#[derive(Debug)]
pub(super) struct Unison {
    shape: Shape,
    encoder: Encoder,
    payload: Box<[u8]>,
    /// How long it is, once it is encoded in this turn.
    made: Option<usize>,
    /// Whether nobody heard the last one.
    rested: bool,
}

/// What a member hears.
#[derive(Debug)]
pub(super) enum Hears {
    /// Nothing yet.
    Nothing,
    /// The common encoder.
    All,
    /// One of his own.
    Own(Apart),
}

/// A listener who has left the floor and is not yet back with the others.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// For how many turns.
    pub(super) waits: u32,
    /// For how many of them in a row it could not be heard who encoded.
    alike: u8,
}

impl Choir {
    pub(super) fn new() -> Self {
        Self(Vec::new())
    }

    /// Begins a turn.
    pub(super) fn begin(&mut self) {
        for unison in &mut self.0 {
            unison.rested = unison.made.take().is_none();
        }
    }

    /// The one that speaks like this, if anybody was ever spoken to so.
    pub(super) fn known(&self, shape: Shape) -> Option<&Unison> {
        self.0.iter().find(|it| it.shape == shape)
    }

    /// The one that speaks like this; nothing for a codec without an encoder.
    pub(super) fn of(&mut self, shape: Shape) -> Option<&mut Unison> {
        let known = self.0.iter().position(|it| it.shape == shape);
        let place = match known {
            Some(place) => place,
            None => {
                self.0.push(Unison::new(shape)?);
                self.0.len() - 1
            }
        };
        self.0.get_mut(place)
    }
}

impl Unison {
    fn new(shape: Shape) -> Option<Self> {
        let payload = vec![0; LONGEST_PAYLOAD].into_boxed_slice();
        Some(Self { shape, encoder: Encoder::new(shape)?, payload, made: None, rested: true })
    }

    /// As it is after the last turn, before anybody hears this one.
    pub(super) fn encoder(&self) -> &Encoder {
        &self.encoder
    }

    /// Whether there is a packet of this turn.
    pub(super) fn is_made(&self) -> bool {
        self.made.is_some()
    }

    /// The packet of this turn, which is made of these samples unless it is there.
    pub(super) fn encode(&mut self, pcm: &[i16]) -> Option<&[u8]> {
        if self.made.is_none() {
            self.made = self.encoder.encode(pcm, &mut self.payload);
        }
        self.payload.get(..self.made?)
    }

    /// Goes on from the encoder of a listener who comes back, if nobody else is listening.
    pub(super) fn is_led_by(&mut self, encoder: Option<&Encoder>) -> bool {
        let led = self.rested && self.made.is_none();
        match encoder {
            Some(encoder) if led => self.encoder.go_on_from(encoder),
            _ => {}
        }
        led
    }
}

impl Apart {
    /// Compares a turn: what the listener heard, and what he would have.
    pub(super) fn compare(&mut self, pcm: &[i16], own: &[u8], common: Option<&[u8]>) {
        self.waits = self.waits.saturating_add(1);
        let still = Level::of(pcm).below_overload() >= STILL;
        let alike = still || common == Some(own);
        self.alike = if alike { self.alike.saturating_add(1) } else { 0 };
    }

    /// Whether nobody can hear it when he goes back.
    pub(super) fn is_over(&self) -> bool {
        self.alike >= LONG_ENOUGH
    }
}

/// Octets: 20 ms of linear samples at 48 kHz.
const LONGEST_PAYLOAD: usize = 1_920;
/// Decibels below the overload point: what is softer than the noise of a room hides the joint.
const STILL: u8 = 55;
/// Turns: the adaptive quantizers of G.722 and G.726 have gone down in that time.
const LONG_ENOUGH: u8 = 5;
/// So many listeners may wait to go back; beyond that, who waited longest does so at once. This
/// bounds what a conference costs in which it is never quiet.
pub(super) const MOST_APART: usize = 8;
