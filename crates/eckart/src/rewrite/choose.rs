//! Choose: for each key one of its candidates, so that all roots together cost least.
//! In: the candidates of all keys, the roots.  Out: a candidate a key.
//! Invariant: what is needed twice is paid once; nothing needs itself; the order of trials is fixed, and their number
//! limited by counts: what is best then is taken.
//! Not here: which candidates there are (see `extract`).
//!
//! The exact answer is out of reach (it contains set cover). First each key is looked at by itself, then beside what
//! is needed anyway, then each single candidate beside all others.

use std::collections::BTreeSet;

use super::language::ENode;
use crate::error::watch::count;
use crate::error::{Error, Result};

/// One way of computing a key.
pub(super) struct Candidate {
    pub node: ENode,
    /// What it reads, as numbers of keys.
    pub reads: Vec<usize>,
    pub cost: f64,
}

/// Rounds of the first choice, at most.
const MOST_ROUNDS: usize = 30;
/// What a key must cost by itself, as part of the whole, to be looked at again.
const WORTH: f64 = 0.05;
/// Walks over all that is needed, at most.
const MOST_WALKS: usize = 4;

/// Steps of a choice, at most: words of sets, and nodes that are walked over. Some tenths of a second; objectives of a
/// few factors need a hundredth of it.
const MOST_STEPS: u64 = 25_000_000;
/// Words of all sets, at most: 64 MB.
const MOST_WORDS: usize = 8 << 20;

/// What is left of the steps of a choice.
struct Effort {
    left: u64,
    /// Why whoever waits has ended it.
    ended: Option<Error>,
}

impl Effort {
    fn spend(&mut self, steps: usize) {
        self.left = self.left.saturating_sub(steps as u64);
        if let Err(ended) = count(steps as u64) {
            (self.left, self.ended) = (0, Some(ended));
        }
    }

    fn is_spent(&self) -> bool {
        self.left == 0
    }
}

/// What was chosen.
pub(super) struct Chosen {
    /// A candidate for each key, those that no root needs among them.
    pub chosen: Vec<usize>,
    /// What all roots cost together.
    pub seconds: f64,
    /// Whether all trials were made.
    pub complete: bool,
}

/// A candidate for each key.
///
/// # Errors
/// That of whoever waits and has ended the work.
pub(super) fn choose(candidates: &[Vec<Candidate>], tops: &[usize]) -> Result<Chosen> {
    let mut effort = Effort { left: MOST_STEPS, ended: None };
    if candidates.iter().all(|own| own.len() == 1) {
        let chosen = vec![0; candidates.len()];
        let seconds = cost_of(candidates, tops, &chosen, &mut effort).unwrap_or(f64::INFINITY);
        return Ok(Chosen { chosen, seconds, complete: true });
    }
    let free = vec![None; candidates.len()];
    let mut chosen = by_sets(candidates, &free, tops, &vec![0; candidates.len()], &mut effort);
    let found = cost_of(candidates, tops, &chosen, &mut effort);
    if found.is_none() || effort.is_spent() {
        let plain = by_tree(candidates);
        let cost = cost_of(candidates, tops, &plain, &mut effort);
        chosen = if found.zip(cost).is_some_and(|(found, cost)| found <= cost) { chosen } else { plain };
    }
    for _ in 0..MOST_WALKS {
        let changed = key_by_key(candidates, tops, &mut chosen, &mut effort);
        if !(candidate_by_candidate(candidates, tops, &mut chosen, &mut effort) || changed) {
            break;
        }
    }
    let complete = !effort.is_spent();
    let seconds = cost_of(candidates, tops, &chosen, &mut effort).unwrap_or(f64::INFINITY);
    effort.ended.map_or(Ok(Chosen { chosen, seconds, complete }), Err)
}

/// The best known of a key: the cost of all that it needs, its candidate, and what it needs.
type Best = (f64, usize, Vec<u64>);

/// Each key below `tops` keeps the set of all that its best candidate needs; improved until nothing changes. What is
/// `fixed` is free; elsewhere the choice stays.
fn by_sets(
    candidates: &[Vec<Candidate>],
    fixed: &[Option<usize>],
    tops: &[usize],
    elsewhere: &[usize],
    effort: &mut Effort,
) -> Vec<usize> {
    let words = candidates.len().div_ceil(64);
    if words * candidates.len() > MOST_WORDS {
        effort.left = 0;
        return elsewhere.to_vec();
    }
    let free = |choice: &Option<usize>| choice.map(|choice| (0.0, choice, vec![0_u64; words]));
    let mut best: Vec<Option<Best>> = fixed.iter().map(free).collect();
    let below = below(candidates, fixed, tops);
    for _ in 0..MOST_ROUNDS {
        let mut changed = false;
        for &at in &below {
            if effort.is_spent() {
                break;
            }
            for (choice, candidate) in candidates[at].iter().enumerate() {
                effort.spend(words * (candidate.reads.len() + 1));
                let Some(mut set) = needs_of(candidate, &best, words) else { continue };
                if set[at / 64] >> (at % 64) & 1 == 1 {
                    continue;
                }
                let (mut others, mut needed) = (0.0, 0);
                for k in members(&set) {
                    others += best[k].as_ref().map_or(0.0, |b| candidates[k][b.1].cost);
                    needed += 1;
                }
                effort.spend(needed);
                let total = others + candidate.cost;
                if best[at].as_ref().is_none_or(|(known, ..)| total < known * (1.0 - 1e-9)) {
                    set[at / 64] |= 1 << (at % 64);
                    best[at] = Some((total, choice, set));
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    best.into_iter().zip(elsewhere).map(|(b, &other)| b.map_or(other, |(_, choice, _)| choice)).collect()
}

/// All keys that any candidate of `tops` may need and that are not fixed, the last first: arguments mostly come later.
fn below(candidates: &[Vec<Candidate>], fixed: &[Option<usize>], tops: &[usize]) -> Vec<usize> {
    let mut met = vec![false; candidates.len()];
    let mut left = tops.to_vec();
    while let Some(at) = left.pop() {
        if fixed[at].is_none() && !std::mem::replace(&mut met[at], true) {
            left.extend(candidates[at].iter().flat_map(|candidate| &candidate.reads));
        }
    }
    (0..candidates.len()).rev().filter(|&at| met[at]).collect()
}

/// All that what a candidate reads needs; nothing where that is not known yet.
fn needs_of(candidate: &Candidate, best: &[Option<Best>], words: usize) -> Option<Vec<u64>> {
    let mut set = vec![0_u64; words];
    for &read in &candidate.reads {
        let (_, _, needs) = best[read].as_ref()?;
        set.iter_mut().zip(needs).for_each(|(a, b)| *a |= b);
    }
    Some(set)
}

/// The numbers in a set.
fn members(set: &[u64]) -> impl Iterator<Item = usize> + '_ {
    let in_word = |(word, &bits): (usize, &u64)| {
        let rest = std::iter::successors(Some(bits), |bits| Some(bits & bits.wrapping_sub(1)));
        rest.take_while(|&bits| bits != 0).map(move |bits| word * 64 + bits.trailing_zeros() as usize)
    };
    set.iter().enumerate().flat_map(in_word)
}

/// Without sharing: a little more expensive, never circular. Keys are settled from the cheapest on (Knuth 1977).
fn by_tree(candidates: &[Vec<Candidate>]) -> Vec<usize> {
    let mut readers: Vec<Vec<(usize, usize)>> = vec![Vec::new(); candidates.len()];
    // What is left of a candidate: reads that are not settled, and the cost so far.
    let mut open: Vec<Vec<(usize, f64)>> = Vec::with_capacity(candidates.len());
    let mut ready = BTreeSet::new();
    for (at, own) in candidates.iter().enumerate() {
        open.push(own.iter().map(|candidate| (candidate.reads.len(), candidate.cost)).collect());
        for (choice, candidate) in own.iter().enumerate() {
            candidate.reads.iter().for_each(|&read| readers[read].push((at, choice)));
            if candidate.reads.is_empty() {
                ready.insert((candidate.cost.to_bits(), at, choice));
            }
        }
    }
    let mut best: Vec<Option<usize>> = vec![None; candidates.len()];
    // The bits of numbers that are not negative are in the order of the numbers.
    while let Some((cost, at, choice)) = ready.pop_first() {
        if best[at].is_some() {
            continue;
        }
        best[at] = Some(choice);
        for &(reader, way) in &readers[at] {
            let (reads, sum) = &mut open[reader][way];
            *reads -= 1;
            *sum += f64::from_bits(cost);
            if *reads == 0 {
                ready.insert((sum.to_bits(), reader, way));
            }
        }
    }
    best.into_iter().map(Option::unwrap_or_default).collect()
}

/// Chooses anew for each key that costs something by itself, what is needed anyway being free; whether anything became
/// cheaper.
fn key_by_key(candidates: &[Vec<Candidate>], tops: &[usize], chosen: &mut Vec<usize>, effort: &mut Effort) -> bool {
    let Some((mut least, needed)) = walk(candidates, tops, chosen, None, effort) else { return false };
    let before = least;
    for &key in needed.iter().rev() {
        if effort.is_spent() {
            break;
        }
        let Some((others, anyway)) = walk(candidates, tops, chosen, Some(key), effort) else { continue };
        if least - others < WORTH * least {
            continue;
        }
        let mut fixed = vec![None; candidates.len()];
        anyway.into_iter().filter(|&other| other != key).for_each(|other| fixed[other] = Some(chosen[other]));
        let found = by_sets(candidates, &fixed, &[key], chosen, effort);
        if let Some(cost) = cost_of(candidates, tops, &found, effort)
            && cost < least * (1.0 - 1e-9)
        {
            *chosen = found;
            least = cost;
        }
    }
    least < before
}

/// Tries each other candidate of all that is needed; whether anything became cheaper.
fn candidate_by_candidate(
    candidates: &[Vec<Candidate>],
    tops: &[usize],
    chosen: &mut [usize],
    effort: &mut Effort,
) -> bool {
    let Some((mut least, needed)) = walk(candidates, tops, chosen, None, effort) else { return false };
    let before = least;
    for at in needed {
        let mut best = chosen[at];
        for other in (0..candidates[at].len()).filter(|&other| other != chosen[at]).collect::<Vec<_>>() {
            if effort.is_spent() {
                break;
            }
            chosen[at] = other;
            if let Some(cost) = cost_of(candidates, tops, chosen, effort)
                && cost < least * (1.0 - 1e-9)
            {
                (least, best) = (cost, other);
            }
        }
        chosen[at] = best;
    }
    least < before
}

/// The cost of all that the roots need, each paid once; nothing where a key would need itself.
fn cost_of(candidates: &[Vec<Candidate>], tops: &[usize], chosen: &[usize], effort: &mut Effort) -> Option<f64> {
    walk(candidates, tops, chosen, None, effort).map(|(cost, _)| cost)
}

/// The cost, and all that is needed, arguments first; `leaf` costs nothing and needs nothing.
fn walk(
    candidates: &[Vec<Candidate>],
    tops: &[usize],
    chosen: &[usize],
    leaf: Option<usize>,
    effort: &mut Effort,
) -> Option<(f64, Vec<usize>)> {
    effort.spend(candidates.len() / 64);
    // 0: not met, 1: being walked, 2: done.
    let mut state = vec![0_u8; candidates.len()];
    let mut stack: Vec<(usize, bool)> = tops.iter().map(|&top| (top, false)).collect();
    let (mut cost, mut needed) = (0.0, Vec::new());
    while let Some((at, leave)) = stack.pop() {
        effort.spend(1);
        if leave {
            state[at] = 2;
            needed.push(at);
        } else if state[at] == 0 {
            state[at] = 1;
            let candidate = &candidates[at][chosen[at]];
            stack.push((at, true));
            if leaf == Some(at) {
                continue;
            }
            cost += candidate.cost;
            for &read in &candidate.reads {
                if state[read] == 1 {
                    return None;
                }
                stack.push((read, false));
            }
        }
    }
    Some((cost, needed))
}
