//! spandsp's receivers and transmitters, opened at run time: Debian's libspandsp2 0.0.6.

#![allow(dead_code, unsafe_code, clippy::unwrap_used)]

use super::oracle;
use libloading::Library;
use std::ffi::{c_char, c_int, c_void};
use std::ptr;

type Receive = unsafe extern "C" fn(*mut c_void, *const i16, c_int) -> c_int;
type TellDigits = unsafe extern "C" fn(*mut c_void, *const c_char, c_int);
type Begin = unsafe extern "C" fn(*mut c_void, TellDigits, *mut c_void) -> *mut c_void;

type BeginStandard =
    unsafe extern "C" fn(*mut c_void, c_int, TellDigits, *mut c_void) -> *mut c_void;

/// A message as it sends it; without its check, which it adds.
pub(crate) fn caller_id(standard: c_int, message: &[u8]) -> Option<Vec<i16>> {
    type Init = unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void;
    type Put = unsafe extern "C" fn(*mut c_void, *const u8, c_int) -> c_int;
    type Send = unsafe extern "C" fn(*mut c_void, *mut i16, c_int) -> c_int;
    let library = oracle::library(&["libspandsp.so.2"], "libspandsp2")?;
    let mut pcm = vec![0; 24_000];
    // SAFETY: the signatures are those of spandsp/adsi.h; a null state is allocated.
    unsafe {
        let state = library.get::<Init>(b"adsi_tx_init").ok()?(ptr::null_mut(), standard);
        let put = library.get::<Put>(b"adsi_tx_put_message").ok()?;
        put(state, message.as_ptr(), message.len() as c_int);
        let send = library.get::<Send>(b"adsi_tx").ok()?;
        send(state, pcm.as_mut_ptr(), pcm.len() as c_int);
    }
    Some(pcm)
}

/// One of its receivers. Its state is never freed: tests and benches end soon.
pub(crate) struct Receiver {
    _library: Library,
    receive: Receive,
    state: *mut c_void,
    told: *mut Vec<u8>,
}

impl Receiver {
    /// DTMF.
    pub(crate) fn dtmf() -> Option<Self> {
        Self::of_digits(c"dtmf_rx_init", c"dtmf_rx")
    }

    /// MF R1.
    pub(crate) fn r1() -> Option<Self> {
        Self::of_digits(c"bell_mf_rx_init", c"bell_mf_rx")
    }

    /// Caller identity: 1 by Bell 202, 2 by V.23, 4 as in Japan.
    pub(crate) fn caller_id(standard: c_int) -> Option<Self> {
        let library = oracle::library(&["libspandsp.so.2"], "libspandsp2")?;
        let told = Box::into_raw(Box::<Vec<u8>>::default());
        // SAFETY: the signatures are those of spandsp/adsi.h; a null state is allocated.
        let (receive, state) = unsafe {
            let init = library.get::<BeginStandard>(b"adsi_rx_init").ok()?;
            let receive = *library.get::<Receive>(b"adsi_rx").ok()?;
            (receive, init(ptr::null_mut(), standard, keep, told.cast()))
        };
        Some(Self { _library: library, receive, state, told })
    }

    /// The octets that it told so far.
    pub(crate) fn octets(&self) -> &[u8] {
        // SAFETY: as in `told`.
        unsafe { &*self.told }
    }

    fn of_digits(init: &std::ffi::CStr, receive: &std::ffi::CStr) -> Option<Self> {
        let library = oracle::library(&["libspandsp.so.2"], "libspandsp2")?;
        let told = Box::into_raw(Box::<Vec<u8>>::default());
        // SAFETY: the signatures are those of spandsp/dtmf.h and bell_r2_mf.h; a null state is
        // allocated.
        let (receive, state) = unsafe {
            let init = library.get::<Begin>(init.to_bytes()).ok()?;
            let receive = *library.get::<Receive>(receive.to_bytes()).ok()?;
            (receive, init(ptr::null_mut(), keep, told.cast()))
        };
        Some(Self { _library: library, receive, state, told })
    }

    pub(crate) fn hear(&mut self, pcm: &[i16]) {
        // SAFETY: the state came from its init function, the samples are as many as said.
        unsafe { (self.receive)(self.state, pcm.as_ptr(), pcm.len() as c_int) };
    }

    /// What it told so far.
    pub(crate) fn told(&self) -> String {
        // SAFETY: allocated above, never freed, and written only within `hear`.
        String::from_utf8_lossy(unsafe { &*self.told }).into_owned()
    }
}

type Prepare = unsafe extern "C" fn(*mut c_void) -> *mut c_void;
type Treat = unsafe extern "C" fn(*mut c_void, *mut i16, c_int) -> c_int;

/// Its concealment.
pub(crate) struct Concealment {
    _library: Library,
    heard: Treat,
    fill: Treat,
    state: Vec<u64>,
}

impl Concealment {
    pub(crate) fn new() -> Option<Self> {
        let library = oracle::library(&["libspandsp.so.2"], "libspandsp2")?;
        // More than theirs.
        let mut state = vec![0; 1_024];
        // SAFETY: the signatures are those of spandsp/plc.h; the state is large enough.
        let (heard, fill) = unsafe {
            library.get::<Prepare>(b"plc_init").ok()?(state.as_mut_ptr().cast());
            (*library.get::<Treat>(b"plc_rx").ok()?, *library.get::<Treat>(b"plc_fillin").ok()?)
        };
        Some(Self { _library: library, heard, fill, state })
    }

    /// Takes a frame that has come.
    pub(crate) fn heard(&mut self, pcm: &mut [i16]) {
        // SAFETY: the state was prepared, the samples are as many as said.
        unsafe {
            (self.heard)(self.state.as_mut_ptr().cast(), pcm.as_mut_ptr(), pcm.len() as c_int)
        };
    }

    /// Fills a frame that has not come.
    pub(crate) fn conceal(&mut self, pcm: &mut [i16]) {
        // SAFETY: as above.
        unsafe {
            (self.fill)(self.state.as_mut_ptr().cast(), pcm.as_mut_ptr(), pcm.len() as c_int)
        };
    }
}

unsafe extern "C" fn keep(to: *mut c_void, digits: *const c_char, count: c_int) {
    // SAFETY: `to` is the vector given to init; the library passes as many digits as it says.
    unsafe {
        let digits = std::slice::from_raw_parts(digits.cast::<u8>(), count.max(0) as usize);
        (*to.cast::<Vec<u8>>()).extend_from_slice(digits);
    }
}
