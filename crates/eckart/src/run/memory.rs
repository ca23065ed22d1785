//! Memory: how much there is.
//! In: what the system says.  Out: bytes.
//! Law: never more than the process may have; where the system says nothing, no limit.
//! Not here: what a plan needs (see `plan`).

use std::fs;

/// Bytes that can still be allocated: the lesser of the system's free memory and this process group's limit; the
/// largest number where the system does not tell.
pub fn available_memory() -> usize {
    let system = kilobytes("/proc/meminfo", "MemAvailable:");
    let group = ["/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"]
        .iter()
        .find_map(|path| fs::read_to_string(path).ok()?.trim().parse::<usize>().ok());
    system.unwrap_or(usize::MAX).min(group.unwrap_or(usize::MAX))
}

/// The most bytes this process has held in memory at once; `None` where the system does not tell.
pub fn peak_memory() -> Option<usize> {
    kilobytes("/proc/self/status", "VmHWM:")
}

fn kilobytes(path: &str, field: &str) -> Option<usize> {
    let text = fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(field))?;
    line.split_whitespace().nth(1)?.parse::<usize>().ok()?.checked_mul(1024)
}
