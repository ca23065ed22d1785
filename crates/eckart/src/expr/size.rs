//! Size: how many parts formulas have, and how many they may.
//! In: formulas.  Out: nothing, or a refusal.
//! Invariant: takes no longer than the limit allows, however large the formulas are.
//! Not here: how long a text may be (see `text`), what rewriting may add (see `rewrite`).

use std::collections::BTreeSet;

use super::dag::Dag;
use super::tree::Expr;
use crate::error::{Code, Error, Result};

/// Parts of a formula, at most: names, numbers, marks and functions, equal ones counted once. All that is done with
/// a formula of that size, a search for its factors included, is planned in about a second.
pub const MOST_PARTS: usize = 10_000;
/// Parts of a formula as it is written or built, at most: which are equal is only looked at up to here.
pub(crate) const MOST_WRITTEN: usize = 10 * MOST_PARTS;

/// Whether formulas together have more than `most` parts, each counted once where it is shared.
pub(crate) fn exceeds(roots: &[Expr], most: usize) -> bool {
    let mut met: BTreeSet<usize> = BTreeSet::new();
    let mut left: Vec<&Expr> = roots.iter().collect();
    while let Some(expr) = left.pop() {
        if met.insert(expr.address()) {
            if met.len() > most {
                return true;
            }
            left.extend(expr.args());
        }
    }
    false
}

/// Refuses formulas that together have more than [`MOST_PARTS`] different parts, as functions and problems do, or ten
/// times as many equal ones.
///
/// # Errors
/// `Setting`, with the limit and what to do.
pub fn check_size(roots: &[Expr]) -> Result<()> {
    let is_large = exceeds(roots, MOST_WRITTEN) || (exceeds(roots, MOST_PARTS) && Dag::new(roots).len() > MOST_PARTS);
    if is_large { Err(too_large()) } else { Ok(()) }
}

/// The refusal of what has more than [`MOST_PARTS`] parts.
pub(crate) fn too_large() -> Error {
    let message = format!(
        "the formula has more than {MOST_PARTS} parts (names, numbers, marks and functions, equal ones counted \
         once), the most that are planned: write what repeats as a product of matrices, or as a number times \
         one term"
    );
    Error::setting(Code::FormulaTooLarge, message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::check_error;
    use crate::expr::{exp, matrix};

    #[test]
    fn parts_are_counted_once_and_limited() {
        let nested = |depth: usize| (0..depth).fold(matrix("X"), |inner, _| exp(inner));
        assert!(check_size(&[nested(MOST_PARTS - 1)]).is_ok());
        check_error(&check_size(&[nested(MOST_PARTS)]).unwrap_err(), Code::FormulaTooLarge, &MOST_PARTS.to_string());
        let negated = |depth: usize| (0..depth).fold(matrix("X"), |inner, _| -1.0 * inner);
        assert!(check_size(&[negated(MOST_PARTS - 2)]).is_ok() && check_size(&[negated(MOST_PARTS)]).is_err());
        let doubled = (0..200).fold(matrix("X"), |inner, _| &inner * &inner);
        assert!(!exceeds(std::slice::from_ref(&doubled), 201) && exceeds(&[doubled], 200));
    }
}
