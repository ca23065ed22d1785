//! Outcome: what a fit has come to.
//! In: a search that has ended.  Out: its factors, its data, what its starts agree on.
//! Invariant: it holds what reports and files are made of, and nothing is computed for them anew.
//! Not here: how it comes about (see `request`), where it goes (see `write`).

use eckart::apply::Consensus;
use eckart::{Code, Factorization, StopReason, Warning};

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
        let diverged = (self.fit.stop_reason() == StopReason::Diverged).then(|| {
            let message = "the cost became infinite or undefined: scale the data, or choose another objective or \
                           initialization; the factors before that are the result";
            Warning::new(Code::Diverged, message)
        });
        diverged.into_iter().chain(self.fit.checkpoint_error.clone()).collect()
    }
}
