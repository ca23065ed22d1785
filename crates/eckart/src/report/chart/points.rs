//! Points: a measured quantity at each of a few settings, with its spread, such as the held-out error at each rank.
//! In: points.  Out: a drawing: a line through the points, a bar for the spread of each, one point marked.
//! Invariant: what is marked is said in words too.
//! Not here: how a setting is chosen (its caller knows).

use super::axis::Axis;
use super::frame::{Frame, drawing, level, line, path, upright};
use crate::report::html::{Html, px};
use crate::report::numbers::short;

/// A quantity at one setting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Point {
    /// The setting.
    pub(crate) x: f64,
    /// The quantity.
    pub(crate) y: f64,
    /// Its standard error; 0 where it is not known.
    pub(crate) spread: f64,
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 250.0;
const FRAME: Frame = Frame { left: 58.0, right: 450.0, top: 14.0, bottom: 208.0 };

/// Draws the points; the one at `marked` stands out, and a level line shows `limit`.
pub(crate) fn points(html: &mut Html, title: &str, across: &str, all: &[Point], marked: f64, limit: Option<f64>) {
    let low = all.iter().map(|p| p.y - p.spread).chain(limit).fold(f64::INFINITY, f64::min);
    let high = all.iter().map(|p| p.y + p.spread).chain(limit).fold(f64::NEG_INFINITY, f64::max);
    let [first, last] = [all.first(), all.last()].map(|point| point.map_or(0.0, |point| point.x));
    let margin = 0.02 * (last - first);
    let x_axis = Axis::linear([first - margin, last + margin], [FRAME.left, FRAME.right]);
    let margin = 0.05 * (high - low);
    let y_axis = Axis::linear([low - margin, high + margin], [FRAME.bottom, FRAME.top]);
    drawing(html, (WIDTH, HEIGHT), title, "points", |html| {
        upright(html, FRAME, &y_axis);
        level(html, FRAME, &x_axis, across);
        if let Some(y) = limit.map(|limit| y_axis.place(limit)) {
            line(html, "limit", [FRAME.left, FRAME.right], [y, y]);
        }
        let at = |p: &Point| (x_axis.place(p.x), y_axis.place(p.y));
        html.empty("path", &[("class", "series marked thin"), ("d", &path(all.iter().map(at)))]);
        for p in all {
            let (x, y) = at(p);
            line(html, "spread", [x, x], [p.y + p.spread, p.y - p.spread].map(|y| y_axis.place(y)));
            let [x, y] = [x, y].map(px);
            let is_marked = p.x == marked;
            let (class, radius) = if is_marked { ("point chosen", "6") } else { ("point", "3.5") };
            let spread = if p.spread > 0.0 { format!(" ± {}", short(p.spread)) } else { String::new() };
            let words = format!("{across} {}: {}{spread}", p.x, short(p.y));
            html.inside("circle", &[("class", class), ("cx", &x), ("cy", &y), ("r", radius)], |html| {
                html.element("title", &[], &words);
            });
        }
    });
}
