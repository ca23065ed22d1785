//! Cohort: starts that take turns on one thread and have the products of the data with their factors computed together.
//! In: the factor of each start, when the start comes to the product.  Out: each one's product.
//! Invariant: one start works at a time; a start that leaves keeps none waiting; its product does not depend on the
//! others.
//! Not here: how the product is computed (see `run::exec::thin`), which plans have one (see `plan::passes`), how
//! many cohorts there are (see `starts`).
//!
//! All starts wait until each has requested a product. Then the product that most have requested is computed for
//! those; the others wait until the rest have come to where they are. So starts that began at different times fall into
//! step. A cohort of all threads lost a fifth of the time in which all but one waited for the last; cohorts of one
//! thread each don't wait for each other.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::product::Product;
use crate::error::{Error, Result};
use crate::run::Value;
use crate::solve::problem::iterate::Iterate;

/// Numbers in a row of the product of all starts, at most. 20 starts of NMF at rank 10 on two threads, each for
/// itself, and in rows of 30, 50, 90 and 160 numbers: fashion-mnist-10k 2.1 s, 1.6, 1.6, 1.7, 1.5; sotu 0.99 s, 0.93,
/// 1.04, 1.07, 1.08.
const WIDEST: usize = 32;
/// Bytes of the factors of all starts, at most: they stay in the third cache.
const MOST_BYTES: usize = 8 << 20;
/// Where the products of a start take fewer flops, waiting for each other takes as long as what is gained (digits).
const LEAST_FLOPS: f64 = 2e7;

/// How many starts with such products are best in a cohort.
pub(in crate::solve) fn best_size(products: &[&Product]) -> usize {
    let fits = |product: &&Product| {
        let columns = product.columns.max(1);
        (WIDEST / columns).min(MOST_BYTES / (columns * product.bytes).max(1))
    };
    let worth = products.iter().map(|product| product.flops).sum::<f64>() >= LEAST_FLOPS;
    if worth { products.iter().map(fits).min().unwrap_or(1).max(1) } else { 1 }
}

/// Starts that run side by side, one at a time.
#[derive(Default)]
pub(in crate::solve) struct Cohort {
    state: Mutex<Queue>,
    change: Condvar,
}

#[derive(Default)]
struct Queue {
    starts: usize,
    /// Whether a start is at work.
    busy: bool,
    waiting: Vec<Request>,
    /// By ticket; none where it could not be computed.
    done: BTreeMap<usize, Option<Value>>,
    tickets: usize,
}

/// The product of which block, with which factor.
struct Request {
    ticket: usize,
    block: usize,
    factor: Value,
}

impl Cohort {
    fn state(&self) -> MutexGuard<'_, Queue> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, Queue>) -> MutexGuard<'a, Queue> {
        self.change.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a cohort, which is left when it is dropped. The start that has one is at work, but for the time in which
/// it waits for a product.
pub(in crate::solve) struct CohortPlace(Arc<Cohort>);

impl std::fmt::Debug for CohortPlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CohortPlace")
    }
}

impl CohortPlace {
    /// A new place, once it is the start's turn to work.
    pub(in crate::solve) fn of(cohort: &Arc<Cohort>) -> Self {
        let mut state = cohort.state();
        state.starts += 1;
        while state.busy {
            state = cohort.wait(state);
        }
        state.busy = true;
        drop(state);
        Self(cohort.clone())
    }

    /// The product of a block, when all starts have requested theirs.
    ///
    /// # Errors
    /// As for [`Product::with`].
    pub(in crate::solve) fn product(&self, block: usize, product: &Product, iterate: &Iterate) -> Result<Value> {
        let cohort = &*self.0;
        let factor = product.factor(iterate)?;
        let mut state = cohort.state();
        let ticket = state.tickets;
        state.tickets += 1;
        state.waiting.push(Request { ticket, block, factor });
        state.busy = false;
        cohort.change.notify_all();
        loop {
            if !state.busy {
                if state.is_complete() && state.next() == Some(block) {
                    state.busy = true;
                    let all = std::mem::take(&mut state.waiting);
                    let (requests, others) = all.into_iter().partition(|request| request.block == block);
                    state.waiting = others;
                    drop(state);
                    compute(cohort, requests, product, iterate)?;
                    state = cohort.state();
                }
                if let Some(done) = state.done.remove(&ticket) {
                    state.busy = true;
                    return done.ok_or_else(|| Error::Bug("a product that starts share was not computed".into()));
                }
            }
            state = cohort.wait(state);
        }
    }
}

fn compute(cohort: &Cohort, requests: Vec<Request>, product: &Product, iterate: &Iterate) -> Result<()> {
    let (tickets, factors): (Vec<usize>, Vec<Value>) =
        requests.into_iter().map(|request| (request.ticket, request.factor)).unzip();
    // Whatever happens on the way, nobody is left waiting.
    let mut given = HandedOut { cohort, tickets, products: Vec::new() };
    given.products = product.with(iterate, &factors)?;
    Ok(())
}

impl Drop for CohortPlace {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.starts -= 1;
        state.busy = false;
        self.0.change.notify_all();
    }
}

impl Queue {
    /// Whether every start has requested something.
    fn is_complete(&self) -> bool {
        self.waiting.len() == self.starts
    }

    /// The block that most have come to, the first of several.
    fn next(&self) -> Option<usize> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        self.waiting.iter().for_each(|request| *counts.entry(request.block).or_default() += 1);
        counts.into_iter().max_by_key(|&(block, count)| (count, std::cmp::Reverse(block))).map(|(block, _)| block)
    }
}

/// Products to be handed out; those that are lacking could not be computed.
struct HandedOut<'a> {
    cohort: &'a Cohort,
    tickets: Vec<usize>,
    products: Vec<Value>,
}

impl Drop for HandedOut<'_> {
    fn drop(&mut self) {
        let mut products = self.products.drain(..).map(Some);
        let given = self.tickets.drain(..).map(|ticket| (ticket, products.next().flatten()));
        self.cohort.state().done.extend(given);
        self.cohort.change.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(blocks: &[usize]) -> Queue {
        let asked = |(ticket, &block): (usize, &usize)| Request { ticket, block, factor: Value::scalar(0.0) };
        Queue { starts: 3, waiting: blocks.iter().enumerate().map(asked).collect(), ..Queue::default() }
    }

    #[test]
    fn the_block_that_most_have_come_to_is_next_when_all_have_asked() {
        assert!(!asked(&[0, 1]).is_complete());
        assert!(asked(&[0, 1, 1]).is_complete());
        assert_eq!([asked(&[0, 1, 1]).next(), asked(&[1, 0, 2]).next(), asked(&[]).next()], [Some(1), Some(0), None]);
    }

    /// A member whose product fails hears of it, and nobody waits for it afterwards.
    #[test]
    fn no_member_is_left_waiting() {
        let cohort = Arc::new(Cohort::default());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let member = CohortPlace::of(&cohort);
                    let ticket = {
                        let mut state = cohort.state();
                        state.tickets += 1;
                        state.tickets
                    };
                    drop(HandedOut { cohort: &cohort, tickets: vec![ticket], products: Vec::new() });
                    assert!(matches!(cohort.state().done.remove(&ticket), Some(None)));
                    drop(member);
                });
            }
        });
        let state = cohort.state();
        assert_eq!((state.starts, state.busy, state.waiting.len()), (0, false, 0));
    }
}
