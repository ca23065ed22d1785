//! Memory: the peak of a search, line by line.
//! In: an outline.  Out: a section.
//! Invariant: the sum is the least memory limit that the search accepts.
//! Not here: how it is counted (see `solve`).

use super::section::{Content, Datum, Section};
use crate::plan::bytes;
use crate::report::numbers::count;
use crate::solve::{MemoryLine, Outline};

/// The lines and their sum.
pub(super) fn section(outline: &Outline<'_>) -> Section {
    let memory = &outline.memory;
    let row =
        |line: &MemoryLine| vec![Datum::text(line.name), Datum::Bytes(line.bytes as f64), Datum::text(&line.note)];
    let rows: Vec<Vec<Datum>> = memory.lines.iter().map(row).collect();
    let mut facts = vec![("total".to_owned(), Datum::Bytes(memory.total() as f64))];
    if memory.total() > memory.limit {
        let words = format!(
            "the search is refused: it may have {}, and needs {} ({} bytes)",
            bytes(memory.limit),
            bytes(memory.total()),
            count(memory.total())
        );
        facts.push(("over the limit".to_owned(), Datum::Text(words)));
    }
    let table = Content::Table("lines", vec!["memory at the peak", "bytes", ""], rows);
    Section { key: "memory", title: "Memory".into(), contents: vec![table, Content::Facts("", facts)] }
}
