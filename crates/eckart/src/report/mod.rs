//! Report: from a factorization to a page that people can look at.
//! In: a `Factorization`, its data and names where they are at hand.  Out: one HTML file.
//! Invariant: the page needs nothing but itself: no network, no fonts, no script to be read; the same input gives the
//! same bytes.
//! Not here: the result as plain text (see the command), plans as pictures (see `plan`).
//!
//! A section is a file: it takes the `Subject` and returns its part of the page. Charts and tiles are drawn here; the
//! script (`page.js`) only adds sorting, a filter and read-outs.

mod chart;
mod draw;
mod files;
mod html;
pub mod numbers;
mod options;
mod page;
mod sections;
mod shell;
mod subject;
#[cfg(test)]
mod tests;
mod tiles;
mod words;

pub use options::Report;
pub use subject::look::Look;
pub use subject::sides::{ComponentLines, ComponentSides, largest};
pub use words::{KKT_RESIDUAL, describe, kkt_residual, zeros};
