//! The one place where DAHDI is called.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::os::fd::AsFd;

use rustix::io::Errno;
use rustix::ioctl::{Direction, Ioctl, IoctlOutput, Opcode, opcode};

use super::abi::{self, Call, Plain, Way};
use crate::Fault;

/// The letter of DAHDI's calls.
const GROUP: u8 = 0xDA;

/// Calls DAHDI with `value`, which the kernel reads, fills or both.
pub(super) fn call<T: Plain>(fd: impl AsFd, call: Call, value: &mut T) -> Result<(), Fault> {
    // SAFETY: `Pass` gives the kernel a pointer to a live `T`, and the call's number names its size, so
    // that a kernel with another layout refuses the call. What it fills in is a `T` whatever its bits.
    unsafe { rustix::ioctl::ioctl(fd, Pass { call, value }) }.map_err(|errno| fault(call, errno))
}

/// The same for a single number.
pub(super) fn tell(fd: impl AsFd, name: Call, mut value: i32) -> Result<(), Fault> {
    call(fd, name, &mut value)
}

/// Asks for a single number.
pub(super) fn ask(fd: impl AsFd, name: Call) -> Result<i32, Fault> {
    let mut value = 0;
    call(fd, name, &mut value)?;
    Ok(value)
}

/// Who is at fault when a call fails.
pub(super) fn fault(call: Call, errno: Errno) -> Fault {
    match errno {
        Errno::NODEV => Fault::Lost,
        Errno::NXIO | Errno::NOENT => Fault::Absent,
        Errno::BUSY => Fault::Busy,
        Errno::ACCESS | Errno::PERM => Fault::Denied,
        Errno::NOSYS | Errno::NOTTY => Fault::Unsupported,
        errno => Fault::Refused { call: call.name, errno: errno.raw_os_error() },
    }
}

/// The number of a call with an argument of this type.
const fn number<T>(call: Call) -> Opcode {
    let direction = match call.way {
        Way::Told => Direction::Write,
        Way::Asked => Direction::Read,
        Way::Both => Direction::ReadWrite,
    };
    opcode::from_components(direction, GROUP, call.number, size_of::<T>())
}

struct Pass<'a, T> {
    call: Call,
    value: &'a mut T,
}

// SAFETY: the number is made of the size of what the pointer points to, and the pointer is exclusive.
unsafe impl<T: Plain> Ioctl for Pass<'_, T> {
    type Output = ();

    const IS_MUTATING: bool = true;

    fn opcode(&self) -> Opcode {
        number::<T>(self.call)
    }

    fn as_ptr(&mut self) -> *mut c_void {
        std::ptr::from_mut(self.value).cast()
    }

    unsafe fn output_from_ptr(_: IoctlOutput, _: *mut c_void) -> rustix::io::Result<()> {
        Ok(())
    }
}

/// Whether this is how DAHDI says that an event has to be fetched first.
pub(super) fn event_waits(errno: Errno) -> bool {
    errno.raw_os_error() == abi::EVENT_WAITS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As strace shows the calls of DAHDI's own programs.
    #[test]
    fn calls_have_the_numbers_that_the_kernel_knows_them_by() {
        assert_eq!(number::<i32>(abi::FLUSH), 0x4004_DA03);
        assert_eq!(number::<abi::Params>(abi::GET_PARAMS), 0xC088_DA05);
        assert_eq!(number::<i32>(abi::GETEVENT), 0x8004_DA08);
        assert_eq!(number::<abi::SpanInfo>(abi::SPANSTAT), 0xC13A_DA0A);
        assert_eq!(number::<abi::OfSpan>(abi::MAINT), 0x4008_DA0B);
        assert_eq!(number::<abi::LineConfig>(abi::SPANCONFIG), 0x4024_DA12);
        assert_eq!(number::<abi::ChannelConfig>(abi::CHANCONFIG), 0x404C_DA13);
        assert_eq!(number::<abi::Buffers>(abi::SET_BUFINFO), 0x4018_DA1B);
        assert_eq!(number::<i32>(abi::AUDIOMODE), 0x4004_DA20);
        assert_eq!(number::<i32>(abi::SPECIFY), 0x4004_DA26);
        assert_eq!(number::<i32>(abi::LOOPBACK), 0x4004_DA3A);
        assert_eq!(number::<abi::Dynamic>(abi::DYNAMIC_CREATE), 0xC048_DA50);
        assert_eq!(number::<abi::Dynamic>(abi::DYNAMIC_DESTROY), 0x4048_DA51);
        assert_eq!(number::<abi::OfSpan>(abi::SIMULATE_ALARM), 0x4008_DA52);
        assert_eq!(number::<i32>(abi::STARTUP), 0x4004_DA63);
    }

    #[test]
    fn a_file_that_is_no_card_is_unsupported_and_not_lost() {
        let null = std::fs::File::open("/dev/null").unwrap();
        assert_eq!(tell(&null, abi::SPECIFY, 1), Err(Fault::Unsupported));
        assert_eq!(ask(&null, abi::GETEVENT), Err(Fault::Unsupported));
    }

    #[test]
    fn a_refusal_says_what_was_refused() {
        let fault = fault(abi::SPANCONFIG, Errno::INVAL);
        assert_eq!(fault, Fault::Refused { call: "SPANCONFIG", errno: 22 });
        assert_eq!(fault.to_string(), "the driver refused SPANCONFIG: errno 22");
        assert!(event_waits(Errno::from_raw_os_error(500)));
    }
}
