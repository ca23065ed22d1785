//! Builds: the tasks and the stages, timed beside the same of another commit.

pub(super) mod paired;
pub(super) mod stages;
pub(super) mod tasks;
