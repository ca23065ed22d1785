//! What the laws look at: the files of the workspace, their tokens, and what these declare and name.

mod declarations;
mod functions;
mod lexer;
mod modules;
mod names;
mod paths;
mod source;
mod strings;
mod tree;

pub(crate) use declarations::{Declaration, Named, declarations};
pub(crate) use functions::{after_angles, functions, split_at_commas};
pub(crate) use lexer::Kind;
pub(crate) use modules::{Modules, Target};
pub(crate) use names::Names;
pub(crate) use paths::{Path, paths};
pub(crate) use source::Source;
pub(crate) use strings::strings;
pub(crate) use tree::Tree;
