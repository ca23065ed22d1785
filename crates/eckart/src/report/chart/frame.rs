//! Frame: what all charts are drawn with.
//! In: sizes, axes.  Out: SVG: the drawing, its axes, lines and words.
//! Invariant: every drawing has a title that is read aloud.
//! Not here: what is drawn (see `bars`, `lines`, `points`).

use super::axis::Axis;
use crate::report::html::{Html, px};

/// The area inside the axes of a chart, in its own units; a page shows a unit as about a pixel.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    pub(super) left: f64,
    pub(super) right: f64,
    pub(super) top: f64,
    pub(super) bottom: f64,
}

/// The drawing: its size, a title that is read aloud, and what `fill` draws.
pub(super) fn drawing(
    html: &mut Html,
    (width, height): (f64, f64),
    title: &str,
    kind: &str,
    fill: impl FnOnce(&mut Html),
) {
    let (view, class) = (format!("0 0 {} {}", px(width), px(height)), format!("chart {kind}"));
    html.inside("svg", &[("class", &class), ("viewBox", &view), ("role", "img"), ("aria-label", title)], |html| {
        html.element("title", &[], title);
        fill(html);
    });
}

/// The lines and words of an upright axis on the left.
pub(super) fn upright(html: &mut Html, frame: Frame, axis: &Axis) {
    for (value, label) in axis.ticks() {
        let y = axis.place(value);
        let (left, right, y, text) = (px(frame.left), px(frame.right), px(y), px(frame.left - 6.0));
        html.empty("line", &[("class", "grid"), ("x1", &left), ("x2", &right), ("y1", &y), ("y2", &y)]);
        html.element("text", &[("class", "tick end"), ("x", &text), ("y", &y), ("dy", "0.32em")], &label);
    }
}

/// The words of a level axis below.
pub(super) fn level(html: &mut Html, frame: Frame, axis: &Axis) {
    let (left, right, y) = (px(frame.left), px(frame.right), px(frame.bottom));
    html.empty("line", &[("class", "axis"), ("x1", &left), ("x2", &right), ("y1", &y), ("y2", &y)]);
    let below = px(frame.bottom + 17.0);
    for (value, label) in axis.ticks() {
        let x = px(axis.place(value));
        html.element("text", &[("class", "tick middle"), ("x", &x), ("y", &below)], &label);
    }
}
