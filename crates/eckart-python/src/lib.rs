//! The Python package's compiled part: the engine with Python's types at its border, and nothing of its own.
//!
//! Conventions of NumPy, SciPy and scikit-learn live in the package's Python part (`python/eckart`).

mod borrowed;
mod compare;
mod errors;
mod explain;
mod expr;
mod factorization;
mod fingerprint;
mod fold_in;
mod function;
mod matrix;
mod search;
mod threads;

/// The module `eckart._eckart`.
#[pyo3::pymodule(name = "_eckart")]
mod module {
    #[pymodule_export]
    use super::compare::{choose_rank, consensus, report};
    #[pymodule_export]
    use super::errors::{codes, printed};
    #[pymodule_export]
    use super::explain::{PyExplanation, explain, methods, models};
    #[pymodule_export]
    use super::expr::{Expr, binary, differentiate, input, number, shared, ternary, unary};
    #[pymodule_export]
    use super::factorization::names::{name_texts, read_names};
    #[pymodule_export]
    use super::factorization::{Factorization, load_factors, show};
    #[pymodule_export]
    use super::fingerprint::{fingerprint, fingerprint_sparse};
    #[pymodule_export]
    use super::fold_in::{FoldIn, columns_in_order, in_order};
    #[pymodule_export]
    use super::function::Function;
    #[pymodule_export]
    use super::matrix::{Matrix, columns_by_names, dense, read, sparse};
    #[pymodule_export]
    use super::search::problem::{initial_in_order, refuse_list};
    #[pymodule_export]
    use super::search::settings::settings;
    #[pymodule_export]
    use super::search::watch::factorize;
    #[pymodule_export]
    use super::threads::forked;

    /// The version of the engine.
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
}
