//! Laws about the layout: which file may use what, where it lies, how large it is.

pub(crate) mod file_cycles;
pub(crate) mod file_names;
pub(crate) mod file_size;
pub(crate) mod folder_size;
pub(crate) mod named_rows;
pub(crate) mod stage_order;
pub(crate) mod unsafe_code;
pub(crate) mod walls;
