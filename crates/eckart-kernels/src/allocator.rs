//! Allocator: how the system's own treats large arrays.
//! In: a number of bytes.  Out: nothing.
//! Invariant: changes when memory goes back to the system, never what is computed.
//! Not here: who asks for it (see `run::memory`).

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
