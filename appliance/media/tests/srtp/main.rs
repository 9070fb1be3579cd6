//! SRTP and SRTCP from the outside: against another implementation, over bad networks, through
//! changes of keys, cut and forged.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing)]

mod cut;
mod differential;
mod dtls;
mod keys;
mod streams;

use std::time::Instant;

use media::srtp::{Inbound, MasterKey, Outbound, ProtectError, Suite, UnprotectError};

/// A master key that is another for each number.
fn master(suite: Suite, number: u8) -> MasterKey {
    MasterKey::random(suite, &std::array::from_fn(|place| number ^ (place as u8).wrapping_mul(37)))
}

fn rtp(ssrc: u32, sequence: u16, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x80, 8];
    packet.extend(sequence.to_be_bytes());
    packet.extend([0, 0, 0, 1]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend(payload);
    packet
}

/// A receiver report without blocks, and a source description.
fn rtcp(ssrc: u32) -> Vec<u8> {
    let mut packet = vec![0x80, 201, 0, 1];
    packet.extend(ssrc.to_be_bytes());
    packet.extend([0x81, 202, 0, 3]);
    packet.extend(ssrc.to_be_bytes());
    packet.extend([1, 2, b'm', b'e', 0, 0, 0, 0]);
    packet
}

fn protect(outbound: &mut Outbound, plain: &[u8]) -> Result<Vec<u8>, ProtectError> {
    let mut buffer = [plain, &[0; 32]].concat();
    let length = outbound.protect(&mut buffer, plain.len())?;
    buffer.truncate(length);
    Ok(buffer)
}

fn protect_rtcp(outbound: &mut Outbound, plain: &[u8]) -> Result<Vec<u8>, ProtectError> {
    let mut buffer = [plain, &[0; 32]].concat();
    let length = outbound.protect_rtcp(&mut buffer, plain.len())?;
    buffer.truncate(length);
    Ok(buffer)
}

fn unprotect(
    inbound: &mut Inbound,
    packet: &[u8],
    now: Instant,
) -> Result<Vec<u8>, UnprotectError> {
    let mut buffer = packet.to_vec();
    let length = inbound.unprotect(&mut buffer, now)?;
    buffer.truncate(length);
    Ok(buffer)
}

fn unprotect_rtcp(
    inbound: &mut Inbound,
    packet: &[u8],
    now: Instant,
) -> Result<Vec<u8>, UnprotectError> {
    let mut buffer = packet.to_vec();
    let length = inbound.unprotect_rtcp(&mut buffer, now)?;
    buffer.truncate(length);
    Ok(buffer)
}

/// Some instant; the contexts only ever compare.
#[allow(clippy::disallowed_methods)] // where the time of these tests begins does not matter
fn start() -> Instant {
    Instant::now()
}
