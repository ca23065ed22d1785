//! Outcome: what a fit has come to.
//! In: a search that has ended.  Out: its factors, its data, what its starts agree on.
//! Invariant: it holds what reports and files are made of, and nothing is computed for them anew.
//! Not here: how it comes about (see `request`), where it goes (see `write`).

use eckart::apply::Consensus;
use eckart::{Factorization, Warning};

use crate::load::Data;
use crate::output::components::Components;

/// A search that has ended, and what there is to say of it.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The preset objective, where one was asked for.
    pub model: Option<String>,
    pub data: Data,
    pub fit: Factorization,
    /// What the starts agree on, and a model of it.
    pub consensus: Option<(Consensus, Factorization)>,
    pub components: Option<Components>,
}

impl Outcome {
    /// Warnings of how the search ended, besides those of its objective ([`Factorization::warnings`]): what was found
    /// before is the result.
    pub(crate) fn warnings(&self) -> Vec<Warning> {
        self.fit.ended_early().into_iter().chain(self.fit.checkpoint_error.clone()).collect()
    }
}
