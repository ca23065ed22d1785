//! Tables: lists, lists of different lengths, and starts, as tensors.
//! In: starts and what is known of each.  Out: tensors whose names begin alike; and back.
//! Invariant: numbers keep their bits; the number of tensors does not depend on the number of starts or iterations.
//! Not here: files (see `data`), matrices (see `checkpoint`).

use std::collections::BTreeMap;

use crate::data::{Tensor, TensorSource};
use crate::solve::result::{Iteration, Start};
use crate::solve::search::settings::StopReason;

/// A number of each.
pub(in crate::solve) fn floats<'a, X>(
    name: &str,
    all: &'a [X],
    of: impl Fn(&X) -> f64 + Copy + 'a,
) -> TensorSource<'a> {
    TensorSource::list(name, all.len(), move || all.iter().map(of))
}

/// A whole number of each.
pub(in crate::solve) fn wholes<'a, X>(
    name: &str,
    all: &'a [X],
    of: impl Fn(&X) -> usize + Copy + 'a,
) -> TensorSource<'a> {
    TensorSource::list(name, all.len(), move || all.iter().map(move |one| of(one) as u64))
}

/// A small number of each.
pub(in crate::solve) fn bytes<'a, X>(name: &str, all: &'a [X], of: impl Fn(&X) -> u8 + Copy + 'a) -> TensorSource<'a> {
    TensorSource::list(name, all.len(), move || all.iter().map(of))
}

/// A list of numbers of each, one after the other.
pub(in crate::solve) fn lists<'a, X>(
    name: &str,
    all: &'a [X],
    of: impl Fn(&X) -> &[f64] + Copy + 'a,
) -> [TensorSource<'a>; 2] {
    let count = all.iter().map(|one| of(one).len()).sum();
    let values = move || all.iter().flat_map(move |one| of(one).iter().copied());
    [
        TensorSource::offsets(name, all, move |one| of(one).len()),
        TensorSource::list(format!("{name}.values"), count, values),
    ]
}

/// The history of each: offsets, costs and seconds.
pub(in crate::solve) fn histories<'a, X>(
    name: &str,
    all: &'a [X],
    of: impl Fn(&X) -> &[Iteration] + Copy + 'a,
) -> [TensorSource<'a>; 3] {
    let count = all.iter().map(|one| of(one).len()).sum();
    let column = |what: &str, number: fn(&Iteration) -> f64| {
        TensorSource::list(format!("{name}.{what}"), count, move || {
            all.iter().flat_map(move |one| of(one).iter().map(number))
        })
    };
    [
        TensorSource::offsets(name, all, move |one| of(one).len()),
        column("cost", |step| step.cost),
        column("seconds", |step| step.seconds),
    ]
}

pub(in crate::solve) fn starts<'a>(all: &'a [(usize, &'a Start)]) -> Vec<TensorSource<'a>> {
    let mut sources = vec![
        wholes("starts.index", all, |(index, _)| *index),
        floats("starts.cost", all, |(_, start)| start.cost),
        wholes("starts.iterations", all, |(_, start)| start.iterations),
        bytes("starts.stop", all, |(_, start)| start.stop.code()),
        floats("starts.seconds", all, |(_, start)| start.seconds),
    ];
    sources.extend(histories("starts.history", all, |(_, start)| &start.history));
    sources.extend(lists("starts.residuals", all, |(_, start)| &start.residuals));
    sources
}

/// The tensors of a file, to be taken out; `None` is returned for what is not there, or of another type or length.
pub(in crate::solve) struct Tables<'a> {
    tensors: &'a mut BTreeMap<String, Tensor>,
    /// The last that was asked for.
    pub last: String,
}

impl<'a> Tables<'a> {
    pub(in crate::solve) fn of(tensors: &'a mut BTreeMap<String, Tensor>) -> Self {
        Self { tensors, last: String::new() }
    }

    fn take(&mut self, name: &str) -> Option<Tensor> {
        name.clone_into(&mut self.last);
        self.tensors.remove(name)
    }

    pub(in crate::solve) fn floats(&mut self, name: &str) -> Option<Vec<f64>> {
        if let Tensor::F64(list) = self.take(name)? { Some(list) } else { None }
    }

    pub(in crate::solve) fn narrow_floats(&mut self, name: &str) -> Option<Vec<f32>> {
        if let Tensor::F32(list) = self.take(name)? { Some(list) } else { None }
    }

    pub(in crate::solve) fn wholes(&mut self, name: &str) -> Option<Vec<usize>> {
        let Tensor::U64(list) = self.take(name)? else { return None };
        list.into_iter().map(|whole| usize::try_from(whole).ok()).collect()
    }

    pub(in crate::solve) fn bytes(&mut self, name: &str) -> Option<Vec<u8>> {
        if let Tensor::U8(list) = self.take(name)? { Some(list) } else { None }
    }

    /// Where the lists of `count` begin and end, which have `length` numbers together.
    pub(in crate::solve) fn ranges(&mut self, name: &str, count: usize, length: usize) -> Option<Vec<[usize; 2]>> {
        let offsets = self.wholes(&format!("{name}.offsets"))?;
        let whole = offsets.len() == count + 1 && offsets[0] == 0 && offsets[count] == length;
        (whole && offsets.is_sorted()).then(|| offsets.windows(2).map(|pair| [pair[0], pair[1]]).collect())
    }

    pub(in crate::solve) fn lists(&mut self, name: &str, count: usize) -> Option<Vec<Vec<f64>>> {
        let values = self.floats(&format!("{name}.values"))?;
        let ranges = self.ranges(name, count, values.len())?;
        Some(ranges.into_iter().map(|[from, to]| values[from..to].to_vec()).collect())
    }

    pub(in crate::solve) fn histories(&mut self, name: &str, count: usize) -> Option<Vec<Vec<Iteration>>> {
        let (costs, seconds) = (self.floats(&format!("{name}.cost"))?, self.floats(&format!("{name}.seconds"))?);
        if costs.len() != seconds.len() {
            return None;
        }
        let step = |at: usize| Iteration { cost: costs[at], seconds: seconds[at] };
        let ranges = self.ranges(name, count, costs.len())?;
        Some(ranges.into_iter().map(|[from, to]| (from..to).map(step).collect()).collect())
    }

    pub(in crate::solve) fn starts(&mut self) -> Option<Vec<(usize, Start)>> {
        let index = self.wholes("starts.index")?;
        let count = index.len();
        let (costs, seconds) = (self.floats("starts.cost")?, self.floats("starts.seconds")?);
        let (iterations, stops) = (self.wholes("starts.iterations")?, self.bytes("starts.stop")?);
        if [costs.len(), seconds.len(), iterations.len(), stops.len()] != [count; 4] {
            return None;
        }
        let histories = self.histories("starts.history", count)?.into_iter();
        let residuals = self.lists("starts.residuals", count)?.into_iter();
        let start = |(at, (history, residuals)): (usize, (Vec<Iteration>, Vec<f64>))| {
            let stop = StopReason::from_code(stops[at])?;
            let (cost, iterations, seconds) = (costs[at], iterations[at], seconds[at]);
            Some((index[at], Start { cost, iterations, stop, seconds, history, residuals }))
        };
        histories.zip(residuals).enumerate().map(start).collect()
    }
}
