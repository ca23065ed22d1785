//! Laws about code: what a function, a type or a statement may be.

pub(crate) mod arguments;
pub(crate) mod banned_words;
pub(crate) mod function_size;
pub(crate) mod kept_tests;
pub(crate) mod prim_wildcards;
pub(crate) mod string_errors;
pub(crate) mod type_names;
