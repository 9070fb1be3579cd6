//! What each test takes of memory: the harness runs them side by side.

#![allow(unsafe_code, dead_code)] // Not each of them asks for all.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

struct Counting;

thread_local! {
    /// How often this thread took memory, and how many octets of it it has.
    static TAKEN: Cell<usize> = const { Cell::new(0) };
    static KEPT: Cell<isize> = const { Cell::new(0) };
}

/// How often this thread took memory so far.
pub(crate) fn taken() -> usize {
    TAKEN.get()
}

/// How many octets this thread took and did not give back.
pub(crate) fn kept() -> isize {
    KEPT.get()
}

// SAFETY: all is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        TAKEN.set(TAKEN.get() + 1);
        KEPT.set(KEPT.get() + layout.size() as isize);
        // SAFETY: the caller's promises are those of this function.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        KEPT.set(KEPT.get() - layout.size() as isize);
        // SAFETY: the caller's promises are those of this function.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;
