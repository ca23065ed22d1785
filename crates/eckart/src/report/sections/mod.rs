//! Sections: a file for each section of the page.
//! In: a `Subject`.  Out: the section, `None` where there is nothing to say.
//! Invariant: a section reads its subject and nothing else.
//! Not here: the order of sections (see `page`).

pub(super) mod again;
pub(super) mod cards;
pub(super) mod compare;
pub(super) mod curves;
pub(super) mod head;
pub(super) mod offsets;
pub(super) mod rows;
pub(super) mod starts;
