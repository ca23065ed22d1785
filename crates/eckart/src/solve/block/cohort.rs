//! Company: starts that run side by side on one thread and have the products of the data with their factors computed
//! together.
//! In: members, each with a factor, when it comes to it.  Out: each one's product.
//! Invariant: one member works at a time; a member that leaves keeps nobody waiting; what a member gets does not depend
//! on who else was there.
//! Not here: how the product is computed (see `run::thin`), which formulas have one (see `outside`), how many companies
//! there are (see `starts`).
//!
//! All members wait until each that is there has asked. Then the product that most have asked for is computed for
//! those; the others go on waiting until the rest have come to where they are. So starts that began at different times
//! fall into step. A company of all threads lost a fifth of the time in which all but one waited for the last;
//! companies of one thread each don't wait for each other.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::hoisted::Product;
use crate::error::{Error, Result};
use crate::run::Value;
use crate::solve::problem::Bound;

/// Numbers in a row of the product of all members, at most. 20 starts of NMF at rank 10 on two threads, each for
/// itself, and in rows of 30, 50, 90 and 160 numbers: fashion-mnist-10k 2.1 s, 1.6, 1.6, 1.7, 1.5; sotu 0.99 s, 0.93,
/// 1.04, 1.07, 1.08.
const WIDEST: usize = 32;
/// Bytes of the factors of all members, at most: they stay in the third cache.
const MOST_BYTES: usize = 8 << 20;
/// Where the products of a start take fewer flops, waiting for each other takes as long as what is gained (digits).
const LEAST_FLOPS: f64 = 2e7;

/// How many starts with such products are best company for each other.
pub(in crate::solve) fn best_number(products: &[&Product]) -> usize {
    let fits = |product: &&Product| {
        let columns = product.columns.max(1);
        (WIDEST / columns).min(MOST_BYTES / (columns * product.bytes).max(1))
    };
    let worth = products.iter().map(|product| product.flops).sum::<f64>() >= LEAST_FLOPS;
    if worth { products.iter().map(fits).min().unwrap_or(1).max(1) } else { 1 }
}

/// Starts that run side by side, one at a time.
#[derive(Default)]
pub(in crate::solve) struct Company {
    state: Mutex<State>,
    change: Condvar,
}

#[derive(Default)]
struct State {
    members: usize,
    /// Whether a member is at work.
    busy: bool,
    waiting: Vec<Asked>,
    /// By ticket; none where it could not be computed.
    done: BTreeMap<usize, Option<Value>>,
    tickets: usize,
}

/// What a member asks for: the product of which block, with which factor.
struct Asked {
    ticket: usize,
    block: usize,
    factor: Value,
}

impl Company {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.change.wait(state).unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in a company, which is left when it is dropped. Whoever has one is at work, but for the time in which it
/// waits for a product.
pub(in crate::solve) struct Member(Arc<Company>);

impl std::fmt::Debug for Member {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Member")
    }
}

impl Member {
    /// A new member, once it is its turn to work.
    pub(in crate::solve) fn of(company: &Arc<Company>) -> Self {
        let mut state = company.state();
        state.members += 1;
        while state.busy {
            state = company.wait(state);
        }
        state.busy = true;
        drop(state);
        Self(company.clone())
    }

    /// The product of a block, when all members have asked for theirs.
    ///
    /// # Errors
    /// As for [`Product::of`].
    pub(in crate::solve) fn product(&self, block: usize, product: &Product, bound: &Bound) -> Result<Value> {
        let company = &*self.0;
        let factor = product.factor(bound)?;
        let mut state = company.state();
        let ticket = state.tickets;
        state.tickets += 1;
        state.waiting.push(Asked { ticket, block, factor });
        state.busy = false;
        company.change.notify_all();
        loop {
            if !state.busy {
                if state.is_complete() && state.next() == Some(block) {
                    state.busy = true;
                    let all = std::mem::take(&mut state.waiting);
                    let (asked, others) = all.into_iter().partition(|asked| asked.block == block);
                    state.waiting = others;
                    drop(state);
                    compute(company, asked, product, bound)?;
                    state = company.state();
                }
                if let Some(done) = state.done.remove(&ticket) {
                    state.busy = true;
                    return done.ok_or_else(|| Error::Bug("a product that starts share was not computed".into()));
                }
            }
            state = company.wait(state);
        }
    }
}

fn compute(company: &Company, asked: Vec<Asked>, product: &Product, bound: &Bound) -> Result<()> {
    let (tickets, factors): (Vec<usize>, Vec<Value>) =
        asked.into_iter().map(|asked| (asked.ticket, asked.factor)).unzip();
    // Whatever happens on the way, nobody is left waiting.
    let mut given = Given { company, tickets, products: Vec::new() };
    given.products = product.of(bound, &factors)?;
    Ok(())
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut state = self.0.state();
        state.members -= 1;
        state.busy = false;
        self.0.change.notify_all();
    }
}

impl State {
    /// Whether every member has asked for something.
    fn is_complete(&self) -> bool {
        self.waiting.len() == self.members
    }

    /// The block that most have come to, the first of several.
    fn next(&self) -> Option<usize> {
        let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
        self.waiting.iter().for_each(|asked| *counts.entry(asked.block).or_default() += 1);
        counts.into_iter().max_by_key(|&(block, count)| (count, std::cmp::Reverse(block))).map(|(block, _)| block)
    }
}

/// Products to be handed out; those that are lacking could not be computed.
struct Given<'a> {
    company: &'a Company,
    tickets: Vec<usize>,
    products: Vec<Value>,
}

impl Drop for Given<'_> {
    fn drop(&mut self) {
        let mut products = self.products.drain(..).map(Some);
        let given = self.tickets.drain(..).map(|ticket| (ticket, products.next().flatten()));
        self.company.state().done.extend(given);
        self.company.change.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(blocks: &[usize]) -> State {
        let asked = |(ticket, &block): (usize, &usize)| Asked { ticket, block, factor: Value::scalar(0.0) };
        State { members: 3, waiting: blocks.iter().enumerate().map(asked).collect(), ..State::default() }
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
        let company = Arc::new(Company::default());
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let member = Member::of(&company);
                    let ticket = {
                        let mut state = company.state();
                        state.tickets += 1;
                        state.tickets
                    };
                    drop(Given { company: &company, tickets: vec![ticket], products: Vec::new() });
                    assert!(matches!(company.state().done.remove(&ticket), Some(None)));
                    drop(member);
                });
            }
        });
        let state = company.state();
        assert_eq!((state.members, state.busy, state.waiting.len()), (0, false, 0));
    }
}
