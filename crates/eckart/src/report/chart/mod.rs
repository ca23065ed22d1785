//! Chart: numbers as drawings inside a page.
//! In: series of points, bars.  Out: SVG with a title, axes and, for the script, the numbers of each point.
//! Invariant: every chart is whole without a script; colours are classes that the style sheet knows; all words are
//! text.
//! Not here: which charts there are (see the sections).

mod axis;
mod bars;
mod lines;
mod points;

pub(super) use axis::Axis;
pub(super) use bars::{Bar, MOST_BARS, bars};
pub(super) use lines::{Line, Lines, lines};
pub(super) use points::{Point, points};

use super::html::{Html, px};

/// The area inside the axes of a chart, in its own units; a page shows a unit as about a pixel.
#[derive(Debug, Clone, Copy)]
struct Frame {
    left: f64,
    right: f64,
    top: f64,
    bottom: f64,
}

/// The drawing: its size, a title that is read aloud, and what `fill` draws.
fn drawing(html: &mut Html, (width, height): (f64, f64), title: &str, kind: &str, fill: impl FnOnce(&mut Html)) {
    let (view, class) = (format!("0 0 {} {}", px(width), px(height)), format!("chart {kind}"));
    html.inside("svg", &[("class", &class), ("viewBox", &view), ("role", "img"), ("aria-label", title)], |html| {
        html.element("title", &[], title);
        fill(html);
    });
}

/// The lines and words of an upright axis on the left.
fn upright(html: &mut Html, frame: Frame, axis: &Axis) {
    for (value, label) in axis.ticks() {
        let y = axis.place(value);
        let (left, right, y, text) = (px(frame.left), px(frame.right), px(y), px(frame.left - 6.0));
        html.empty("line", &[("class", "grid"), ("x1", &left), ("x2", &right), ("y1", &y), ("y2", &y)]);
        html.element("text", &[("class", "tick end"), ("x", &text), ("y", &y), ("dy", "0.32em")], &label);
    }
}

/// The words of a level axis below.
fn level(html: &mut Html, frame: Frame, axis: &Axis) {
    let (left, right, y) = (px(frame.left), px(frame.right), px(frame.bottom));
    html.empty("line", &[("class", "axis"), ("x1", &left), ("x2", &right), ("y1", &y), ("y2", &y)]);
    let below = px(frame.bottom + 17.0);
    for (value, label) in axis.ticks() {
        let x = px(axis.place(value));
        html.element("text", &[("class", "tick middle"), ("x", &x), ("y", &below)], &label);
    }
}
