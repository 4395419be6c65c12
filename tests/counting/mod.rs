//! The system's allocator, counting what the thread that asks for it allocates.
#![expect(unsafe_code, reason = "an allocator is unsafe by nature; every call is handed on as it came")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    // Without a destructor and made at compile time: reading it allocates nothing.
    static COUNTED: Cell<u64> = const { Cell::new(0) };
}

/// The allocator of the whole test binary: counts, then does as the system's does.
pub(crate) struct Counting;

fn count() {
    COUNTED.with(|counted| counted.set(counted.get() + 1));
}

// SAFETY: every method hands its arguments on to `System` unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps `alloc`'s contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: the caller keeps `alloc_zeroed`'s contract.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: the caller keeps `realloc`'s contract.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps `dealloc`'s contract.
        unsafe { System.dealloc(block, layout) }
    }
}

/// What this thread has allocated until now.
pub(crate) fn so_far() -> u64 {
    COUNTED.with(Cell::get)
}
