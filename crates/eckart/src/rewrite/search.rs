//! Search: all rules on everything, until nothing new comes of it.
//! In: an e-graph.  Out: the same with more equal nodes, and a report.
//! Invariant: limits are counts, never the clock, so the same input gives the same graph; stopping early is still
//! correct.
//! Not here: which of the equal nodes is cheapest (see `extract`).

use egg::{Id, Pattern, Searcher};

use super::language::{ENode, Graph, GraphFacts};
use super::rules::{Rule, RuleKind};
use crate::error::Result;
use crate::error::watch::count;

/// Rounds, at most: weights of rank one on all of a sparse X need thirteen.
const MOST_ROUNDS: usize = 16;

/// What a match counts for, in steps of a watch.
const STEPS_OF_MATCH: u64 = 2_000;

/// What a search did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SearchReport {
    /// The rules that found something new, in the order of the table, with how often they did.
    pub fired: Vec<(&'static str, usize)>,
    /// How many rounds it took.
    pub rounds: usize,
    /// How many nodes there are.
    pub nodes: usize,
    /// Whether everything the rules can find was found.
    pub complete: bool,
}

impl SearchReport {
    /// Of a graph that was not searched.
    pub(super) fn unsearched(graph: &Graph) -> Self {
        Self { fired: vec![], rounds: 0, nodes: graph.total_number_of_nodes(), complete: false }
    }
}

/// A rule, ready to be tried.
enum CompiledRule {
    Pattern(Pattern<ENode>, Pattern<ENode>),
    Local(fn(&mut Graph, Id, &ENode) -> Option<Id>),
}

/// What a rule found to look at in a class, and what it makes of it.
enum Match<'a> {
    Pattern(Id, Vec<egg::Subst>, &'a Pattern<ENode>),
    Local(Id, ENode, fn(&mut Graph, Id, &ENode) -> Option<Id>),
}

/// Applies `rules` until nothing new comes of it, or a limit is reached: of rounds, or of `most_nodes` nodes.
///
/// # Errors
/// That of whoever waits and has ended the work.
pub(super) fn saturate(graph: &mut Graph, rules: &[Rule], most_nodes: usize) -> Result<SearchReport> {
    let ready: Vec<CompiledRule> = rules.iter().map(|rule| prepare(&rule.how)).collect();
    let mut fired = vec![0; rules.len()];
    graph.rebuild();
    if graph.total_size() > most_nodes {
        return Ok(report(graph, rules, &fired, 0, false));
    }
    for round in 1..=MOST_ROUNDS {
        let found: Vec<Vec<Match>> = ready.iter().map(|rule| look(graph, rule)).collect();
        let mut new = 0;
        for (matches, times) in found.into_iter().zip(&mut fired) {
            for found in matches {
                count(STEPS_OF_MATCH)?;
                let unions = apply(graph, found);
                *times += unions;
                new += unions;
                if graph.total_size() > most_nodes {
                    graph.rebuild();
                    return Ok(report(graph, rules, &fired, round, false));
                }
            }
        }
        graph.rebuild();
        if new == 0 {
            return Ok(report(graph, rules, &fired, round, true));
        }
    }
    Ok(report(graph, rules, &fired, MOST_ROUNDS, false))
}

fn report(graph: &Graph, rules: &[Rule], fired: &[usize], rounds: usize, complete: bool) -> SearchReport {
    let named = rules.iter().map(|rule| rule.name).zip(fired.iter().copied());
    let fired = named.filter(|(_, count)| *count > 0).collect();
    SearchReport { fired, rounds, nodes: graph.total_number_of_nodes(), complete }
}

fn prepare(how: &RuleKind) -> CompiledRule {
    match how {
        RuleKind::Pattern(from, to) => {
            let parse = |text: &str| text.parse().expect("a pattern of the table is well formed");
            CompiledRule::Pattern(parse(from), parse(to))
        }
        RuleKind::Local(rule) => CompiledRule::Local(*rule),
    }
}

fn look<'a>(graph: &Graph, rule: &'a CompiledRule) -> Vec<Match<'a>> {
    match rule {
        CompiledRule::Pattern(from, to) => {
            let found = Searcher::<ENode, GraphFacts>::search(from, graph);
            found.into_iter().map(|matches| Match::Pattern(matches.eclass, matches.substs, to)).collect()
        }
        CompiledRule::Local(rule) => {
            let nodes = graph.classes().flat_map(|class| class.nodes.iter().map(move |node| (class.id, node)));
            let inner = nodes.filter(|(_, node)| !node.args.is_empty());
            inner.map(|(class, node)| Match::Local(class, node.clone(), *rule)).collect()
        }
    }
}

/// How many classes were found to be equal.
fn apply(graph: &mut Graph, found: Match) -> usize {
    match found {
        Match::Pattern(class, substs, to) => {
            let mut unions = 0;
            for subst in substs {
                let id = graph.add_instantiation(&to.ast, &subst);
                unions += usize::from(graph.union(class, id));
            }
            unions
        }
        Match::Local(class, node, rule) => {
            let id = rule(graph, class, &node);
            id.map_or(0, |id| usize::from(graph.union(class, id)))
        }
    }
}
