//! Lines: series of points, such as the cost of every start against time.
//! In: series.  Out: a drawing with both axes, each series a line, one of them marked.
//! Invariant: a point that can't be drawn (not finite, not positive on a logarithmic axis) ends nothing: its line goes
//! on after it.
//! Not here: which series (see the sections).

use super::axis::Axis;
use super::frame::{Frame, drawing, level, path, upright};
use crate::report::html::{Html, px};
use crate::report::numbers::significant;

#[derive(Debug, Clone)]
pub(crate) struct Series {
    /// What it is called: "start 3".
    pub(crate) name: String,
    /// Its points, from left to right.
    pub(crate) points: Vec<(f64, f64)>,
    /// Whether it is the one to look at.
    pub(crate) marked: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct LineChart<'a> {
    /// What the chart shows, for those who can't see it.
    pub(crate) title: &'a str,
    /// What runs from left to right.
    pub(crate) across: &'a str,
    /// Its unit, as it is read out.
    pub(crate) unit: &'a str,
    /// What runs upwards.
    pub(crate) up: &'a str,
    pub(crate) series: Vec<Series>,
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 250.0;
const FRAME: Frame = Frame { left: 58.0, right: 450.0, top: 12.0, bottom: 208.0 };

/// Draws a chart; `false`, and nothing is drawn, where there are fewer than two points in every series.
pub(crate) fn lines(html: &mut Html, chart: &LineChart<'_>) -> bool {
    let finite = |&&(x, y): &&(f64, f64)| x.is_finite() && y.is_finite();
    let points = || chart.series.iter().flat_map(|line| line.points.iter().filter(finite));
    if !chart.series.iter().any(|line| line.points.iter().filter(finite).count() > 1) {
        return false;
    }
    let range = |of: fn(&(f64, f64)) -> f64| {
        points().map(of).fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], x| [low.min(x), high.max(x)])
    };
    let [first, last] = range(|p| p.0);
    let x_axis = Axis::linear([first.min(0.0), last], [FRAME.left, FRAME.right]).with_ticks(4);
    let y_axis = Axis::fitting(range(|p| p.1), [FRAME.bottom, FRAME.top]);
    drawing(html, (WIDTH, HEIGHT), chart.title, "lines", |html| {
        upright(html, FRAME, &y_axis);
        level(html, FRAME, &x_axis, chart.across);
        // The marked one lies above the others.
        let (others, marked): (Vec<&Series>, Vec<&Series>) = chart.series.iter().partition(|line| !line.marked);
        for line in others.into_iter().chain(marked) {
            series(html, line, &x_axis, &y_axis, chart);
        }
    });
    true
}

fn series(html: &mut Html, line: &Series, x_axis: &Axis, y_axis: &Axis, chart: &LineChart<'_>) {
    let is_drawn = |&(x, y): &(f64, f64)| x.is_finite() && y.is_finite() && (y > 0.0 || !y_axis.logarithmic);
    let points: Vec<(f64, f64)> = line.points.iter().copied().filter(is_drawn).collect();
    let Some(&(last_x, last_y)) = points.last() else { return };
    let drawn = path(points.iter().map(|&(x, y)| (x_axis.place(x), y_axis.place(y))));
    let joined = |of: &dyn Fn(&(f64, f64)) -> String| points.iter().map(of).collect::<Vec<String>>().join(" ");
    let xs = joined(&|p| significant(p.0, 4)).replace(',', "");
    let ys = joined(&|p| significant(p.1, 6)).replace(',', "");
    let class = if line.marked { "series marked" } else { "series" };
    html.inside(
        "path",
        &[
            ("class", class),
            ("d", &drawn),
            ("data-name", &line.name),
            ("data-x", &xs),
            ("data-y", &ys),
            ("data-unit", chart.unit),
            ("data-up", chart.up),
        ],
        |html| html.element("title", &[], &line.name),
    );
    let (x, y) = (px(x_axis.place(last_x)), px(y_axis.place(last_y)));
    let radius = if line.marked { "4" } else { "2.5" };
    html.empty("circle", &[("class", class), ("cx", &x), ("cy", &y), ("r", radius)]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chart(points: Vec<(f64, f64)>) -> Option<String> {
        let line = Series { name: "start <1>".into(), points, marked: true };
        let chart = LineChart { title: "Cost", across: "seconds", unit: "s", up: "cost", series: vec![line] };
        let mut html = Html::new();
        lines(&mut html, &chart).then(|| html.finish())
    }

    #[test]
    fn a_line_goes_through_its_points() {
        let text = chart(vec![(0.0, 100.0), (1.0, f64::NAN), (2.0, 1.0)]).unwrap();
        assert!(text.contains("d=\"M58 12L450 208\""), "{text}");
        assert!(text.contains("data-x=\"0 2.000\" data-y=\"100.000 1.00000\""), "{text}");
        assert!(text.contains("data-name=\"start &lt;1&gt;\"") && text.contains("role=\"img\""), "{text}");
    }

    #[test]
    fn a_point_is_no_line() {
        assert_eq!(chart(vec![(0.0, 1.0)]), None);
        assert_eq!(chart(vec![(0.0, 1.0), (1.0, f64::INFINITY)]), None);
    }
}
