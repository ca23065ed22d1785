//! Bars: a line of numbers in the order of the columns, each a bar, or all one outline where they are many.
//! In: numbers with their names.  Out: a drawing; each bar says its name and number.
//! Invariant: bars begin at 0; of many numbers the largest of each group is drawn, so that no peak is lost.
//! Not here: numbers that are ranked by size (see `cards`).

use super::axis::Axis;
use super::frame::{Frame, drawing, label, line, path, upright};
use crate::report::html::{Html, px};
use crate::report::numbers::{short, significant};
use crate::report::subject::sides::largest;

/// A number and what it is called.
#[derive(Debug, Clone)]
pub(crate) struct Bar {
    pub(crate) name: String,
    /// Its length.
    pub(crate) value: f64,
}

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 168.0;
const FRAME: Frame = Frame { left: 46.0, right: 454.0, top: 22.0, bottom: 144.0 };
/// More numbers than these are an outline.
pub(crate) const MOST_BARS: usize = 128;
/// Points of an outline.
const MOST_POINTS: usize = 400;
/// Peaks that are named.
const NAMED: usize = 3;

/// Draws numbers as bars or, where they are many, as an outline; says whether it is an outline, whose points have no
/// words of their own.
pub(crate) fn bars(html: &mut Html, title: &str, all: &[Bar]) -> bool {
    let many = all.len() > MOST_BARS;
    let groups = thinned(all);
    let range = groups.iter().fold([0.0_f64, 0.0_f64], |[low, high], bar| [low.min(bar.value), high.max(bar.value)]);
    // Peaks that point down are named below their ends.
    let bottom = FRAME.bottom - if range[0] < 0.0 { 16.0 } else { 0.0 };
    let axis = Axis::linear(range, [bottom, FRAME.top]).with_ticks(3);
    let step = (FRAME.right - FRAME.left) / groups.len() as f64;
    let middle = |k: usize| FRAME.left + (k as f64 + 0.5) * step;
    drawing(html, (WIDTH, HEIGHT), title, "bars", |html| {
        upright(html, FRAME, &axis);
        let zero = axis.place(0.0);
        line(html, "axis", [FRAME.left, FRAME.right], [zero, zero]);
        if !many {
            for (k, bar) in groups.iter().enumerate() {
                one(html, bar, middle(k), step, (zero, axis.place(bar.value)));
            }
        } else {
            outline(html, title, &groups, &middle, &axis);
        }
        let ends = [("tick start", FRAME.left, all.first()), ("tick end", FRAME.right, all.last())];
        for (class, x, bar) in ends {
            label(html, class, (x, HEIGHT - 6.0), &clipped(bar.map_or("", |bar| &bar.name)));
        }
        peaks(html, &groups, &middle, &axis);
    });
    many
}

/// The numbers themselves where they are few enough, else the largest of each of so many groups.
fn thinned(all: &[Bar]) -> Vec<&Bar> {
    let groups = all.len().min(MOST_POINTS);
    let within = |g: usize| &all[g * all.len() / groups..(g + 1) * all.len() / groups];
    let peak = |bars: &'_ [Bar]| {
        bars.iter().enumerate().max_by(|a, b| a.1.value.abs().total_cmp(&b.1.value.abs())).map(|(k, _)| k)
    };
    (0..groups).filter_map(|g| peak(within(g)).map(|k| &within(g)[k])).collect()
}

fn one(html: &mut Html, bar: &Bar, x: f64, step: f64, (zero, end): (f64, f64)) {
    if bar.value == 0.0 {
        return;
    }
    let (top, height) = (zero.min(end), (zero - end).abs().max(0.5));
    let width = (0.78 * step).min(24.0);
    let class = if bar.value < 0.0 { "negative" } else { "positive" };
    let [x, y, width, height] = [x - width / 2.0, top, width, height].map(px);
    html.inside("rect", &[("class", class), ("x", &x), ("y", &y), ("width", &width), ("height", &height)], |html| {
        html.element("title", &[], &format!("{}: {}", bar.name, short(bar.value)))
    });
}

fn outline(html: &mut Html, title: &str, groups: &[&Bar], middle: &dyn Fn(usize) -> f64, axis: &Axis) {
    let points = path(groups.iter().enumerate().map(|(k, bar)| (middle(k), axis.place(bar.value))));
    // A name may hold anything but this mark.
    let names: Vec<String> = groups.iter().map(|bar| bar.name.replace('\t', " ")).collect();
    let values: Vec<String> = groups.iter().map(|bar| significant(bar.value, 4).replace(',', "")).collect();
    let (names, values) = (names.join("\t"), values.join(" "));
    let attributes = [("class", "series marked"), ("d", &*points), ("data-names", &names), ("data-y", &values)];
    html.inside("path", &attributes, |html| html.element("title", &[], title));
}

/// Names the largest, unless one stands too close to a larger one.
fn peaks(html: &mut Html, groups: &[&Bar], middle: &dyn Fn(usize) -> f64, axis: &Axis) {
    let values: Vec<f64> = groups.iter().map(|bar| bar.value).collect();
    let mut taken: Vec<(f64, f64)> = Vec::new();
    for k in largest(&values, 12) {
        let name = clipped(&groups[k].name);
        // A character is about 8 wide at most.
        let half = 4.0 * name.chars().count() as f64 + 4.0;
        let x = middle(k).clamp(FRAME.left + half, FRAME.right - half);
        if taken.len() < NAMED && taken.iter().all(|(other, reach)| (x - other).abs() > half + reach) {
            let above = values[k] >= 0.0;
            let y = axis.place(values[k]) + if above { -5.0 } else { 13.0 };
            label(html, "peak middle", (x, y), &name);
            taken.push((x, half));
        }
    }
}

/// A name of at most 18 characters.
fn clipped(name: &str) -> String {
    if name.chars().count() <= 18 { name.to_owned() } else { name.chars().take(17).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(values: &[f64]) -> String {
        let all: Vec<Bar> = values.iter().enumerate().map(|(k, &value)| Bar { name: format!("c{k}"), value }).collect();
        let mut html = Html::new();
        bars(&mut html, "Component 1", &all);
        html.finish()
    }

    #[test]
    fn each_number_is_a_bar_that_says_its_name() {
        let text = drawn(&[1.0, 0.0, -2.0]);
        assert_eq!(text.matches("<rect").count(), 2);
        assert!(text.contains("class=\"negative\"") && text.contains("<title>c2: -2.00</title>"), "{text}");
    }

    #[test]
    fn of_many_numbers_no_peak_is_lost() {
        let values: Vec<f64> = (0..5000).map(|k| if k == 1234 { 9.0 } else { 0.1 }).collect();
        let text = drawn(&values);
        assert!(text.contains(" 9.000 ") && text.contains(">c1234<") && !text.contains("<rect"), "{text}");
        assert!(text.len() < 20_000);
    }
}
