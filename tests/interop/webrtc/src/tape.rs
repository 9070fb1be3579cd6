//! Files of packets (RFC 4571), played in the time of their stamps and written as packets come.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use rtc::rtp::Packet;
use rtc::shared::marshal::{Marshal, Unmarshal};

use crate::Outcome;

/// Packets that wait to be played.
pub(crate) struct Tape {
    packets: Vec<Packet>,
    /// Ticks of the time stamps in a second.
    clock: u32,
}

impl Tape {
    pub(crate) fn read(path: &Path, clock: u32) -> Outcome<Self> {
        let mut left = Bytes::from(std::fs::read(path)?);
        let mut packets = Vec::new();
        while left.len() > 2 {
            let length = usize::from(u16::from_be_bytes([left[0], left[1]]));
            let mut packet = left.split_to(2 + length).split_off(2);
            packets.push(Packet::unmarshal(&mut packet)?);
        }
        Ok(Self { packets, clock })
    }

    /// The packets, each with the instant when it is due.
    pub(crate) fn due(self, now: Instant) -> impl Iterator<Item = (Instant, Packet)> + Send {
        let first = self.packets.first().map_or(0, |packet| packet.header.timestamp);
        let clock = f64::from(self.clock);
        self.packets.into_iter().map(move |packet| {
            let ticks = packet.header.timestamp.wrapping_sub(first);
            (now + Duration::from_secs_f64(f64::from(ticks) / clock), packet)
        })
    }
}

/// Where packets go that came.
pub(crate) struct Kept(Mutex<File>);

impl Kept {
    pub(crate) fn new(path: &Path) -> Outcome<Self> {
        Ok(Self(Mutex::new(File::options().create(true).append(true).open(path)?)))
    }

    pub(crate) fn write(&self, packet: &Packet) -> Outcome<()> {
        let octets: BytesMut = packet.marshal()?;
        let mut whole = u16::try_from(octets.len())?.to_be_bytes().to_vec();
        whole.extend_from_slice(&octets);
        Ok(self.0.lock().expect("the file").write_all(&whole)?)
    }
}
