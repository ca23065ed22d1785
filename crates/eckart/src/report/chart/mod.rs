//! Chart: numbers as drawings inside a page.
//! In: series of points, bars.  Out: SVG with a title, axes and, for the script, the numbers of each point.
//! Invariant: every chart is whole without a script; colours are classes that the style sheet knows; all words are
//! text.
//! Not here: which charts there are (see the sections).

mod axis;
mod bars;
mod frame;
mod lines;
mod points;

pub(super) use bars::{Bar, MOST_BARS, bars};
pub(super) use lines::{LineChart, Series, lines};
pub(super) use points::{Point, points};
