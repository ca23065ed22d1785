//! Settings: how long to search, from where, with which resources, and why a search ended.
//! In: values by name.  Out: `Settings`, checked; `StopReason`.
//! Invariant: a setting is defined in one place, a row of `table`; every limit has a reason of its own to stop.
//! Not here: the loop (see `driver`).

mod init;
mod kind;
mod stop;
mod table;

pub use init::Init;
pub use kind::{SettingKind, SettingValue};
pub use stop::{Interrupt, StopReason};
pub use table::{SETTINGS, Setting, Settings};
