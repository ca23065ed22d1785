//! Laws about text: what is written for people, in code, comments and pages.

pub(crate) mod line_width;
pub(crate) mod machine_paths;
pub(crate) mod module_docs;
pub(crate) mod references;
pub(crate) mod words;
