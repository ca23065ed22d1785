//! Pattern: parts of formulas that are some function spelled out in primitives.
//! In: a formula with variables `0`, `1`, ... as placeholders; a node.  Out: what stands in their places.
//! Invariant: a match is exact: the pattern with its placeholders filled is the node.
//! Not here: the functions (see `functions`), their names in a text (see `text`).

use std::sync::LazyLock;

use super::dag::{Dag, Id};
use super::functions::{huber, kl};
use super::tree::{Expr, matrix};

/// A function of `arity` formulas as a pattern.
pub(crate) fn pattern(arity: usize, function: impl Fn(&[Expr]) -> Expr) -> Expr {
    function(&(0..arity).map(|index| matrix(&index.to_string())).collect::<Vec<_>>())
}

/// What stands in the places of the `arity` placeholders of `pattern`, where node `id` is that pattern.
pub(crate) fn arguments(pattern: &Expr, arity: usize, dag: &Dag, id: Id) -> Option<Vec<Id>> {
    let mut found = vec![None; arity];
    fits(pattern, dag, id, &mut found).then_some(())?;
    found.into_iter().collect()
}

/// Whether a part is the pattern, equal placeholders filled with the same. As deep as the pattern.
fn fits(pattern: &Expr, dag: &Dag, id: Id, found: &mut [Option<Id>]) -> bool {
    if let Some(placeholder) = pattern.as_var() {
        let place = placeholder.name().parse::<usize>().ok().and_then(|index| found.get_mut(index));
        return place.is_some_and(|known| *known.get_or_insert(id) == id);
    }
    pattern.op() == dag.op(id)
        && pattern.args().iter().zip(dag.args(id)).all(|(pattern, arg)| fits(pattern, dag, *arg, found))
}

/// Whether a node is `kl(x, s)`, which is never negative.
pub(crate) fn is_kl(dag: &Dag, id: Id) -> bool {
    static KL: LazyLock<Expr> = LazyLock::new(|| pattern(2, |args| kl(&args[0], &args[1])));
    arguments(&KL, 2, dag, id).is_some()
}

/// The parts of `huber(z, delta)`: c (|z| - c/2), c = min(|z|, delta).
pub(crate) struct Huber {
    pub z: Id,
    pub delta: Id,
    /// |z| and c, which are not smooth by themselves.
    pub kinks: [Id; 2],
    /// c, c/2, |z| - c/2 and the loss: all that reads them.
    pub parts: [Id; 4],
}

/// Huber's loss, where a node is that.
pub(crate) fn huber_at(dag: &Dag, id: Id) -> Option<Huber> {
    static HUBER: LazyLock<Expr> = LazyLock::new(|| pattern(2, |args| huber(&args[0], &args[1])));
    let [z, delta] = arguments(&HUBER, 2, dag, id)?[..] else { return None };
    let [core, rest] = [dag.args(id)[0], dag.args(id)[1]];
    let [size, half] = [dag.args(rest)[0], dag.args(rest)[1]];
    Some(Huber { z, delta, kinks: [size, core], parts: [core, half, rest, id] })
}
