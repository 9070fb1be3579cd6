//! The one place where a watchdog is called.
#![allow(unsafe_code)]

use std::ffi::c_int;
use std::os::fd::AsFd;

use rustix::io::Result;
use rustix::ioctl::{Getter, Opcode, Updater, ioctl, opcode};

/// The letter of the class's calls.
const GROUP: u8 = b'W';
const GET_BOOT_STATUS: Opcode = opcode::read::<c_int>(GROUP, 2);
const KEEP_ALIVE: Opcode = opcode::read::<c_int>(GROUP, 5);
const SET_TIMEOUT: Opcode = opcode::read_write::<c_int>(GROUP, 6);
const GET_TIMEOUT: Opcode = opcode::read::<c_int>(GROUP, 7);

/// The bit of a boot status that says that the watchdog restarted the board (`WDIOF_CARDRESET`).
pub(super) const CARD_RESET: c_int = 0x20;

/// Why the board was last started, in bits.
pub(super) fn boot_status(fd: impl AsFd) -> Result<c_int> {
    // SAFETY: the call fills the integer that its number says.
    unsafe { ioctl(fd, Getter::<GET_BOOT_STATUS, c_int>::new()) }
}

/// Starts the waiting anew.
pub(super) fn keep_alive(fd: impl AsFd) -> Result<()> {
    let mut ignored = 0;
    // SAFETY: the call's number says an integer, which kernels leave alone.
    unsafe { ioctl(fd, Updater::<KEEP_ALIVE, c_int>::new(&mut ignored)) }
}

/// Asks for so many seconds, and returns what it waits for now.
pub(super) fn set_timeout(fd: impl AsFd, seconds: c_int) -> Result<c_int> {
    let mut seconds = seconds;
    // SAFETY: the call reads and fills the integer that its number says.
    unsafe { ioctl(fd, Updater::<SET_TIMEOUT, c_int>::new(&mut seconds)) }?;
    Ok(seconds)
}

/// How many seconds it waits.
pub(super) fn timeout(fd: impl AsFd) -> Result<c_int> {
    // SAFETY: the call fills the integer that its number says.
    unsafe { ioctl(fd, Getter::<GET_TIMEOUT, c_int>::new()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As strace shows the calls of a first process.
    #[test]
    fn calls_have_the_numbers_that_the_kernel_knows_them_by() {
        assert_eq!(GET_BOOT_STATUS, 0x8004_5702);
        assert_eq!(KEEP_ALIVE, 0x8004_5705);
        assert_eq!(SET_TIMEOUT, 0xC004_5706);
        assert_eq!(GET_TIMEOUT, 0x8004_5707);
    }
}
