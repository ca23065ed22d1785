//! Summary: a result as one JSON object, for programs.
//! In: a `Factorization`.  Out: what was asked, how the search went, how well it fits; not the factors' values.
//! Invariant: keys stay; a start, a quality and the like are as in files and in `show`; what is not finite is null.
//! Not here: what is in a file (see `show`).

use serde_json::{Map, Value, json};

use super::header::{agreement_to_json, choice_to_json, numbers_to_json, quality_to_json, warning_to_json};
use crate::solve::result::{Factorization, Start};

impl Factorization {
    /// The result as a JSON object: the command's `--json` without what only the command knows.
    pub fn to_json(&self) -> String {
        let mut object = json!({
            // The value of the objective; its text is `statement`.
            "objective": self.cost,
            "statement": self.statement,
            "params": numbers_to_json(&self.params),
            "numerics": self.numerics.version,
            "registers": self.numerics.registers,
            "method": self.method,
            "ways": self.ways,
            "warnings": self.warnings.iter().map(warning_to_json).collect::<Vec<Value>>(),
            "rank": self.rank,
            "seed": self.seed,
            "fit_seconds": self.seconds,
            "iterations": self.iterations(),
            "stop_reason": self.stop_reason().name(),
            "best": self.best,
            "starts": self.starts.iter().map(|start| self.with_residuals(start)).collect::<Vec<Value>>(),
            "quality": self.quality.as_ref().map(quality_to_json),
        });
        let parts = [
            ("agreement", self.agreement.as_ref().map(agreement_to_json)),
            ("rank_choice", self.rank_choice.as_ref().map(choice_to_json)),
        ];
        for (key, value) in parts {
            value.into_iter().for_each(|value| object[key] = value);
        }
        object.to_string()
    }

    /// A start with the residuals of its factors by name.
    fn with_residuals(&self, start: &Start) -> Value {
        // The largest number stands for a residual that is not finite.
        let finite = |residual: f64| if residual < f64::MAX { json!(residual) } else { Value::Null };
        let residuals = self.residuals(start).into_iter().map(|(name, residual)| (name.to_owned(), finite(residual)));
        let mut object = start_to_json(start);
        object.insert("residuals".into(), residuals.collect::<Map<_, _>>().into());
        object.into()
    }
}

/// A start: its least cost, and how it went.
pub(super) fn start_to_json(start: &Start) -> Map<String, Value> {
    let rows = [
        ("cost", json!(start.cost)),
        ("iterations", json!(start.iterations)),
        ("stop_reason", json!(start.stop.name())),
        ("seconds", json!(start.seconds)),
    ];
    rows.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
}
