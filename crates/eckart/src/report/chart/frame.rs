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

pub(super) fn line(html: &mut Html, class: &str, x: [f64; 2], y: [f64; 2]) {
    let [x1, x2, y1, y2] = [x[0], x[1], y[0], y[1]].map(px);
    html.empty("line", &[("class", class), ("x1", &x1), ("x2", &x2), ("y1", &y1), ("y2", &y2)]);
}

/// Words.
pub(super) fn label(html: &mut Html, class: &str, (x, y): (f64, f64), text: &str) {
    html.element("text", &[("class", class), ("x", &px(x)), ("y", &px(y))], text);
}

pub(super) fn path(points: impl IntoIterator<Item = (f64, f64)>) -> String {
    let step = |(k, (x, y)): (usize, (f64, f64))| format!("{}{} {}", if k == 0 { "M" } else { "L" }, px(x), px(y));
    points.into_iter().enumerate().map(step).collect()
}

/// The lines and words of an upright axis on the left.
pub(super) fn upright(html: &mut Html, frame: Frame, axis: &Axis) {
    for (value, text) in axis.ticks() {
        let y = axis.place(value);
        line(html, "grid", [frame.left, frame.right], [y, y]);
        let (x, y) = (px(frame.left - 6.0), px(y));
        html.element("text", &[("class", "tick end"), ("x", &x), ("y", &y), ("dy", "0.32em")], &text);
    }
}

/// The line and words of a level axis below, and what runs along it.
pub(super) fn level(html: &mut Html, frame: Frame, axis: &Axis, across: &str) {
    line(html, "axis", [frame.left, frame.right], [frame.bottom, frame.bottom]);
    for (value, text) in axis.ticks() {
        label(html, "tick middle", (axis.place(value), frame.bottom + 17.0), &text);
    }
    label(html, "tick middle", ((frame.left + frame.right) / 2.0, frame.bottom + 36.0), across);
}
