//! Memory: how much there is, and room for what a file turns out to hold.
//! In: what the system says.  Out: bytes; what is freed goes back to it.
//! Invariant: never more than the process may have; where the system says nothing, no limit.
//! Not here: what a plan needs (see `plan`).

use std::fs;

use crate::error::{Code, Error, Result};

/// What is made without a look at how much memory there is, in bytes.
const LITTLE: usize = 1 << 24;

/// Makes room for one more, where the size of a file does not say how much it holds (it is compressed, or a stream).
///
/// # Errors
/// `Data` where there is no memory for it.
pub(in crate::data) fn room_for_one<T>(array: &mut Vec<T>) -> Result<()> {
    if array.len() < array.capacity() { Ok(()) } else { grow(array) }
}

/// Doubles the room of an array.
#[cold]
fn grow<T>(array: &mut Vec<T>) -> Result<()> {
    let more = array.len().max(1 << 10);
    check_room(more.saturating_mul(size_of::<T>()))?;
    array.try_reserve_exact(more).map_err(|_| no_room(more.saturating_mul(size_of::<T>())))
}

/// Whether there is memory for so many bytes that a file promises.
///
/// # Errors
/// `Data` where there is not.
pub(in crate::data) fn check_room(bytes: usize) -> Result<()> {
    if bytes > LITTLE && bytes > available_memory() { Err(no_room(bytes)) } else { Ok(()) }
}

fn no_room(bytes: usize) -> Error {
    let message =
        format!("what the file holds does not fit into memory: it takes {} MB more", bytes.div_ceil(1_000_000));
    let help =
        "Give a part of the file, or use a machine with more memory; if it should be small, check how it was made";
    Error::data(Code::OutOfMemory, message, help)
}

/// Bytes that can still be allocated: the lesser of the system's free memory and this process group's limit; the
/// largest number where the system does not tell.
pub fn available_memory() -> usize {
    free_memory().min(group_limit())
}

/// Bytes that this process may hold in all: what it holds and what is free, and no more than its group's limit.
pub fn attainable_memory() -> usize {
    free_memory().saturating_add(resident_memory().unwrap_or(0)).min(group_limit())
}

fn free_memory() -> usize {
    kilobytes("/proc/meminfo", "MemAvailable:").unwrap_or(usize::MAX)
}

fn group_limit() -> usize {
    let files = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"];
    let limit = files.iter().find_map(|path| fs::read_to_string(path).ok()?.trim().parse::<usize>().ok());
    limit.unwrap_or(usize::MAX)
}

/// Has every array of a megabyte or more come from the system and go back to it as soon as it is freed, for all of the
/// process from now on. Where the system's allocator keeps such arrays for later, as glibc's does up to 32 MB each, a
/// search may hold half as much again as it needs. To be called by a program that is a search, as the command does;
/// nothing is done where the allocator is another one.
pub fn return_freed_memory() {
    eckart_kernels::return_freed(1 << 20);
}

/// The most bytes this process has held in memory at once; `None` where the system does not tell.
pub fn peak_memory() -> Option<usize> {
    kilobytes("/proc/self/status", "VmHWM:")
}

/// The bytes this process holds in memory now; `None` where the system does not tell.
pub fn resident_memory() -> Option<usize> {
    kilobytes("/proc/self/status", "VmRSS:")
}

fn kilobytes(path: &str, field: &str) -> Option<usize> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse::<usize>().ok()?.checked_mul(1024)
}
