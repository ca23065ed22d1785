//! Acceleration: the points from which accelerated steps begin.
//! In: the point that a step has reached.  Out: the point from which the next begins.
//! Invariant: begun anew after a step that points back (O'Donoghue and Candes 2015, section 3.2).
//! Not here: the steps (see `majorized`, `quadratic`).

/// Extrapolation of Nesterov (1983; Beck and Teboulle 2009, section 4).
pub(super) struct Acceleration {
    /// Where the next step begins.
    pub ahead: Vec<f64>,
    momentum: f64,
}

impl Acceleration {
    /// Before the first step from `b`.
    pub(super) fn new(b: &[f64]) -> Self {
        Self { ahead: b.to_vec(), momentum: 1.0 }
    }

    /// Moves `b` to `new`, which the step from `ahead` has reached; `is_back` says that it pointed back.
    pub(super) fn step(&mut self, b: &mut [f64], new: &[f64], is_back: bool) {
        let next = if is_back { 1.0 } else { 0.5 * (1.0 + (1.0 + 4.0 * self.momentum * self.momentum).sqrt()) };
        let share = if is_back { 0.0 } else { (self.momentum - 1.0) / next };
        for (ahead, (new, b)) in self.ahead.iter_mut().zip(new.iter().zip(&*b)) {
            *ahead = new + share * (new - b);
        }
        b.copy_from_slice(new);
        self.momentum = next;
    }
}

/// The greatest size of some numbers.
pub(super) fn largest(numbers: impl Iterator<Item = f64>) -> f64 {
    numbers.fold(0.0, |most, x| most.max(x.abs()))
}
