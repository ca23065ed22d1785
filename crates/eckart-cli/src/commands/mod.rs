//! Commands: a file for each thing that `eckart` does.
//! In: the options of a command.  Out: what is printed, files.
//! Invariant: no arithmetic; a command calls the library.
//! Not here: options (see `options`), layout of what is printed (see `output`).

pub(crate) mod evaluate;
pub(crate) mod explain;
pub(crate) mod fit;
pub(crate) mod recommend;
pub(crate) mod show;
pub(crate) mod similar;
pub(crate) mod transform;
