//! Extract: from all equal forms of all roots, those that together cost least.
//! In: an e-graph and its roots.  Out: expressions.
//! Invariant: what several use is paid once; a factor of a sparse value is paid at its stored entries only; no ties are
//! broken by chance.
//! Not here: what a node costs (see `cost`), which candidates are taken (see `choose`).

use std::collections::BTreeMap;

use egg::Id;

use super::build::is_pointwise;
use super::choose::{Candidate, Chosen, choose};
use super::cost::{STEP, cost};
use super::language::{Class, ENode, Graph, Sym};
use super::write::write;
use crate::error::Result;
use crate::expr::{Expr, Op};
use crate::facts::{Givens, Layout, Shape};

/// A class, in full or at the stored entries of a pattern (a number in `Choices::places`).
type PlacedClass = (Id, Option<usize>);

/// What was chosen of an e-graph.
pub(super) struct Extracted {
    pub exprs: Vec<Expr>,
    /// What they cost together beside a step each, in seconds (see `cost`).
    pub seconds: f64,
    /// Whether the choice among all forms came to its end.
    pub complete: bool,
}

/// The expressions that together cost least.
///
/// # Errors
/// That of whoever waits and has ended the work.
pub(super) fn extract(graph: &Graph, roots: &[Id], givens: &Givens) -> Result<Extracted> {
    let mut choices = Choices { graph, keys: vec![], numbers: BTreeMap::new(), candidates: vec![], places: vec![] };
    let tops: Vec<usize> = roots.iter().map(|&root| choices.number((graph.find(root), None))).collect();
    choices.list_candidates();
    let Chosen { chosen, seconds, complete } = choose(&choices.candidates, &tops)?;
    let seconds = (seconds - STEP * choices.keys.len() as f64).max(0.0);
    let mut write = Write { choices: &choices, chosen: &chosen, givens, done: BTreeMap::new() };
    Ok(Extracted { exprs: tops.into_iter().map(|top| write.expr(top)).collect(), seconds, complete })
}

struct Choices<'a> {
    graph: &'a Graph,
    keys: Vec<PlacedClass>,
    numbers: BTreeMap<PlacedClass, usize>,
    candidates: Vec<Vec<Candidate>>,
    places: Vec<(Layout, Id)>,
}

impl Choices<'_> {
    /// The number of a key. A class that is sparse on the pattern itself is wanted in full, unless it is sparse only as
    /// the entries on a pattern of what is dense.
    fn number(&mut self, (class, place): PlacedClass) -> usize {
        let class = self.graph.find(class);
        let own = place.is_some_and(|place| self.place_of(class) == Some(place)) && !self.is_sampled(class);
        let key = (class, if own { None } else { place });
        let fresh = self.keys.len();
        let number = *self.numbers.entry(key).or_insert(fresh);
        if number == fresh {
            self.keys.push(key);
        }
        number
    }

    fn data(&self, class: Id) -> &Class {
        &self.graph[class].data
    }

    /// Whether a class is sparse only as the entries on a pattern of what it is otherwise.
    fn is_sampled(&self, class: Id) -> bool {
        let nodes = &self.graph[class].nodes;
        nodes.iter().any(is_sampled) && !nodes.iter().all(is_sampled)
    }

    /// The number of the pattern that a sparse class is on.
    fn place_of(&mut self, class: Id) -> Option<usize> {
        let class = self.graph.find(class);
        let layout = &self.graph[class].data.layout;
        let Layout::Sparse { pattern, .. } = layout else { return None };
        let known =
            self.places.iter().position(|(other, of)| if pattern.is_some() { other == layout } else { *of == class });
        Some(known.unwrap_or_else(|| {
            self.places.push((layout.clone(), class));
            self.places.len() - 1
        }))
    }

    /// Finds the candidates of all keys that are needed.
    fn list_candidates(&mut self) {
        while self.candidates.len() < self.keys.len() {
            let (class, place) = self.keys[self.candidates.len()];
            let mut candidates = Vec::new();
            let nodes = &self.graph[class].nodes;
            // In full, a value that is known to vanish off a pattern is computed on it; there, as what it is.
            let sampled = self.is_sampled(class);
            for node in nodes.iter().filter(|node| !sampled || is_sampled(node) == place.is_none()) {
                candidates.push(self.candidate(class, place, node.clone()));
            }
            self.candidates.push(candidates);
        }
    }

    fn candidate(&mut self, class: Id, place: Option<usize>, node: ENode) -> Candidate {
        let shape = self.data(class).shape;
        // Where the arguments of a function of entries are needed: in place, or where one of them fixes it.
        let (place, fixing) = match place {
            Some(place) => (Some(place), None),
            None => self.fixed_place(class, shape, &node),
        };
        let stored = place.map(|place| self.places[place].0.stored(shape));
        let pointwise = is_pointwise(&node);
        let keys: Vec<PlacedClass> = node
            .args
            .iter()
            .enumerate()
            .map(|(at, &arg)| {
                let elsewhere = self.data(arg).shape != shape || fixing == Some(at);
                (arg, if pointwise && !elsewhere { place } else { None })
            })
            .collect();
        let cost = cost(self.graph, self.data(class), &node, stored);
        let reads = keys.into_iter().map(|key| self.number(key)).collect();
        Candidate { node, reads, cost }
    }

    /// The pattern that a sparse factor or dividend gives to a node, and which argument that is.
    fn fixed_place(&mut self, class: Id, shape: Shape, node: &ENode) -> (Option<usize>, Option<usize>) {
        if is_sampled(node) {
            return (self.place_of(class), None);
        }
        if !self.data(class).is_sparse() || !is_pointwise(node) || node.is(&Op::Add) {
            return (None, None);
        }
        let sparse = |&arg: &Id| self.data(arg).is_sparse() && self.data(arg).shape == shape;
        let Some(at) = node.args.iter().position(sparse) else { return (None, None) };
        (self.place_of(node.args[at]), Some(at))
    }
}

/// Whether a node is what is on a pattern.
fn is_sampled(node: &ENode) -> bool {
    matches!(node.sym, Sym::Sampled(_))
}

/// Writes the chosen nodes as expressions.
struct Write<'a> {
    choices: &'a Choices<'a>,
    chosen: &'a [usize],
    givens: &'a Givens,
    done: BTreeMap<usize, Expr>,
}

impl Write<'_> {
    fn expr(&mut self, key: usize) -> Expr {
        let mut stack = vec![(key, false)];
        while let Some((at, ready)) = stack.pop() {
            if self.done.contains_key(&at) {
                continue;
            }
            let candidate = &self.choices.candidates[at][self.chosen[at]];
            if !ready {
                stack.push((at, true));
                stack.extend(candidate.reads.iter().map(|&read| (read, false)));
                continue;
            }
            let args = candidate.reads.iter().map(|read| self.done[read].clone()).collect();
            let sparse: Vec<bool> = candidate.node.args.iter().map(|&arg| self.choices.data(arg).is_sparse()).collect();
            let expr = write(&candidate.node, args, &sparse, self.givens);
            self.done.insert(at, expr);
        }
        self.done[&key].clone()
    }
}
