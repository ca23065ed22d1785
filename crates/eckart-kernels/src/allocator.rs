//! Allocator: how the system's own treats large arrays, and what a command does where there is no more memory.
//! In: a number of bytes.  Out: nothing, or the end of the process.
//! Invariant: changes when memory goes back to the system, never what is computed.
//! Not here: who asks for it (see `data::memory`, and the command).

use std::alloc::{GlobalAlloc, Layout, System};
use std::io::{Cursor, Write, stderr};

/// The system's allocator for a command: where there is no more memory the process ends with exit code 2 and a
/// sentence, not by a signal.
#[derive(Debug)]
pub struct ExitWithoutMemory;

// SAFETY: what the system's allocator answers is handed on, but for null, after which the process ends.
unsafe impl GlobalAlloc for ExitWithoutMemory {
    // SAFETY: asks for no more than the trait says.
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's layout is valid.
        given(unsafe { System.alloc(layout) }, layout.size())
    }

    // SAFETY: asks for no more than the trait says.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: as above.
        given(unsafe { System.alloc_zeroed(layout) }, layout.size())
    }

    // SAFETY: asks for no more than the trait says.
    unsafe fn realloc(&self, old: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: as above; `old` is of this allocator.
        given(unsafe { System.realloc(old, layout, size) }, size)
    }

    // SAFETY: asks for no more than the trait says.
    unsafe fn dealloc(&self, old: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(old, layout) }
    }
}

fn given(answer: *mut u8, size: usize) -> *mut u8 {
    if answer.is_null() {
        end(size);
    }
    answer
}

/// Says so, without memory.
#[cold]
fn end(size: usize) -> ! {
    let mut text = Cursor::new([0u8; 256]);
    let written = writeln!(
        text,
        "error[out-of-memory]: the system gives no more memory: {} kB were asked for. Give less data or a lower rank, \
         or allow more memory",
        size.div_ceil(1000)
    );
    let length = text.position() as usize;
    if written.is_ok() {
        // Nobody is left to be told that it failed.
        let _ = stderr().write_all(&text.get_ref()[..length]);
    }
    std::process::exit(2)
}

/// Has arrays of so many bytes or more come from the system, and go back to it when they are freed.
///
/// glibc's allocator does so by itself up to the first that is freed; from then on it keeps what is no larger than
/// that, up to 32 MB, and what lies between two that are in use stays with the process.
pub fn return_freed(bytes: i32) {
    #[cfg(all(target_os = "linux", target_env = "gnu", not(miri)))]
    {
        const MMAP_THRESHOLD: i32 = -3;
        // SAFETY: the function of glibc by that name has this signature.
        unsafe extern "C" {
            fn mallopt(parameter: i32, value: i32) -> i32;
        }
        // SAFETY: may be called at any time, by any thread; a value that it does not take changes nothing.
        unsafe { mallopt(MMAP_THRESHOLD, bytes) };
    }
    #[cfg(not(all(target_os = "linux", target_env = "gnu", not(miri))))]
    let _ = bytes;
}
