//! Axis: where a number stands in a drawing, and which numbers are written beside it.
//! In: the least and largest number, the two ends in the drawing.  Out: places and ticks.
//! Invariant: ticks are round numbers within the range; a logarithmic axis takes positive numbers only.
//! Not here: drawing (see `frame`).

#[derive(Debug, Clone, Copy)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
    pub(super) logarithmic: bool,
    ticks: usize,
}

/// A range this many times as long as its least number is drawn logarithmically.
const WIDE: f64 = 6.0;

impl Axis {
    /// A linear axis from `low` at `from` to `high` at `to`; of no length, it is widened.
    pub(crate) fn linear([low, high]: [f64; 2], [from, to]: [f64; 2]) -> Self {
        let pad = if high > low { 0.0 } else { 0.5 * low.abs().max(1.0) };
        Self { low: low - pad, high: high + pad, from, to, logarithmic: false, ticks: 5 }
    }

    /// A logarithmic axis where the numbers are positive and far apart, else a linear one.
    pub(crate) fn fitting([low, high]: [f64; 2], ends: [f64; 2]) -> Self {
        if low > 0.0 && high / low >= WIDE {
            return Self { low, high, from: ends[0], to: ends[1], logarithmic: true, ticks: 5 };
        }
        // A little more, so that no line lies on the frame.
        let margin = 0.04 * (high - low);
        Self::linear([low - margin, high + margin], ends)
    }

    /// The same with about so many ticks.
    pub(crate) fn with_ticks(self, ticks: usize) -> Self {
        Self { ticks, ..self }
    }

    pub(crate) fn place(&self, value: f64) -> f64 {
        let scaled = |x: f64| if self.logarithmic { x.ln() } else { x };
        let share = (scaled(value) - scaled(self.low)) / (scaled(self.high) - scaled(self.low));
        self.from + share.clamp(0.0, 1.0) * (self.to - self.from)
    }

    /// The numbers that are written beside the axis, as they are written.
    pub(crate) fn ticks(&self) -> Vec<(f64, String)> {
        let values = if self.logarithmic { self.powers() } else { self.steps() };
        values.into_iter().map(|value| (value, label(value))).collect()
    }

    fn steps(&self) -> Vec<f64> {
        let rough = (self.high - self.low) / self.ticks.max(1) as f64;
        let power = 10_f64.powf(rough.log10().floor());
        let step = power * [1.0, 2.0, 5.0, 10.0].into_iter().find(|step| step * power >= rough).unwrap_or(10.0);
        let first = (self.low / step).ceil();
        let all = (0..50).map(|k| (first + f64::from(k)) * step).take_while(|value| *value <= self.high);
        // What should be 0 is not a rounding error.
        all.map(|value| if value.abs() < 1e-9 * step { 0.0 } else { value }).collect()
    }

    fn powers(&self) -> Vec<f64> {
        let (low, high) = (self.low.log10(), self.high.log10());
        let every = ((high - low) / self.ticks as f64).ceil().max(1.0);
        let between: &[f64] = match high - low {
            decades if decades < 1.5 => &[1.0, 2.0, 5.0],
            decades if decades < 3.0 => &[1.0, 3.0],
            _ => &[1.0],
        };
        let mut values = Vec::new();
        let mut power = (low.floor() / every).floor() * every;
        while power <= high.ceil() {
            values.extend(between.iter().map(|b| b * 10_f64.powf(power)));
            power += every;
        }
        values.retain(|value| (self.low * (1.0 - 1e-9)..=self.high * (1.0 + 1e-9)).contains(value));
        values
    }
}

/// "0.5", "20", "5 k", "2 M", "1e-7": few characters.
fn label(value: f64) -> String {
    let size = value.abs();
    let plain = |value: f64| {
        let text = format!("{value:.4}");
        let text = text.trim_end_matches('0').trim_end_matches('.');
        if text == "-0" { "0".to_owned() } else { text.to_owned() }
    };
    match size {
        0.0 => "0".to_owned(),
        s if !(0.001..1e15).contains(&s) => {
            let power = s.log10().floor();
            let lead = plain((value / 10_f64.powf(power) * 1e3).round() / 1e3);
            format!("{lead}e{power}")
        }
        s if s >= 1e9 => format!("{} G", plain(value / 1e9)),
        s if s >= 1e6 => format!("{} M", plain(value / 1e6)),
        s if s >= 1e4 => format!("{} k", plain(value / 1e3)),
        _ => plain(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(axis: Axis, expected: &[&str]) {
        let labels: Vec<String> = axis.ticks().into_iter().map(|(_, label)| label).collect();
        assert_eq!(labels, expected);
    }

    #[test]
    fn ticks_are_round_and_few() {
        check(Axis::linear([0.0, 0.19], [0.0, 1.0]), &["0", "0.05", "0.1", "0.15"]);
        check(Axis::linear([-3.0, 45.0], [0.0, 1.0]), &["0", "10", "20", "30", "40"]);
        check(Axis::linear([0.0, 9e6], [0.0, 1.0]), &["0", "2 M", "4 M", "6 M", "8 M"]);
        check(Axis::fitting([1.0, 1e8], [0.0, 1.0]), &["1", "100", "10 k", "1 M", "100 M"]);
        check(Axis::fitting([3e5, 5e6], [0.0, 1.0]), &["500 k", "1 M", "2 M", "5 M"]);
        check(Axis::fitting([1e-7, 1e-4], [0.0, 1.0]), &["1e-7", "1e-6", "1e-5", "1e-4"]);
        check(Axis::fitting([2.0, 3.0], [0.0, 1.0]), &["2", "2.5", "3"]);
    }

    #[test]
    fn places_lie_between_the_ends() {
        let axis = Axis::fitting([1.0, 100.0], [200.0, 0.0]);
        assert!((axis.place(10.0) - 100.0).abs() < 1e-9);
        assert_eq!([axis.place(1.0), axis.place(100.0), axis.place(1e9)], [200.0, 0.0, 0.0]);
        let flat = Axis::fitting([5.0, 5.0], [0.0, 10.0]);
        assert!((flat.place(5.0) - 5.0).abs() < 1e-9 && !flat.ticks().is_empty());
    }
}
