//! Verdict: what two outcomes of a run differ in.

use super::side::{Ended, Outcome};
use super::tensors::{self, Tensors, relative};
use super::values;
use serde_json::Value;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// Exit codes of `fit` and `transform`.
    Exit,
    /// Bits of the factors in the model.
    Factors,
    /// Bits of the factors of new rows.
    Transform,
    /// Values of `--json`, bits of costs among them.
    Values,
    /// The keys of `--json`.
    Keys,
    /// Bits, between one thread and two.
    Threads,
    /// Costs, beyond what a change of rounding explains.
    Cost,
}

const NAMES: [(&str, Field); 7] = [
    ("exit", Field::Exit),
    ("factors", Field::Factors),
    ("transform", Field::Transform),
    ("values", Field::Values),
    ("keys", Field::Keys),
    ("threads", Field::Threads),
    ("cost", Field::Cost),
];

impl Field {
    /// The field of that name.
    pub(super) fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(known, _)| *known == name).map(|row| row.1)
    }

    pub(super) fn name(self) -> &'static str {
        NAMES.iter().find(|(_, field)| *field == self).map_or("", |row| row.0)
    }
}

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) field: Field,
    pub(super) text: String,
}

/// All differences of a run.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) findings: Vec<Finding>,
    /// What is different and may be: words, tensors that are no factors.
    pub(super) notes: Vec<String>,
}

/// By how much costs may differ where bits do, as a share of the cost.
const MOST_F64: f64 = 1e-12;
const MOST_F32: f64 = 1e-6;
/// Values that are listed of one run.
const LISTED: usize = 3;

impl Verdict {
    fn find(&mut self, field: Field, text: String) {
        self.findings.push(Finding { field, text });
    }
}

/// Compares what another build made of a run with what this one makes of it.
pub(super) fn compare(before: &Outcome, now: &Outcome) -> Verdict {
    let mut verdict = Verdict::default();
    compare_ends(&mut verdict, "fit", Some(&before.fit), Some(&now.fit));
    compare_ends(&mut verdict, "transform", before.transform.as_ref(), now.transform.as_ref());
    for (what, field, old, new) in [
        ("", Field::Factors, &before.model, &now.model),
        ("of new rows: ", Field::Transform, &before.folded, &now.folded),
    ] {
        compare_tensors(&mut verdict, what, field, old.as_ref(), new.as_ref());
    }
    match (&before.json, &now.json) {
        (Some(old), Some(new)) => compare_values(&mut verdict, old, new),
        (None, None) => {}
        (old, _) => {
            let side = if old.is_some() { "REV" } else { "the working tree" };
            verdict.find(Field::Keys, format!("--json has a result from {side} alone"));
        }
    }
    let differ = |finding: &Finding| [Field::Factors, Field::Values].contains(&finding.field);
    if verdict.findings.iter().any(differ) {
        compare_costs(&mut verdict, before.json.as_ref(), now.json.as_ref());
    }
    verdict
}

/// Compares one thread with two, of the same build.
pub(super) fn compare_threads(one: &Outcome, two: &Outcome) -> Vec<Finding> {
    let findings = compare(one, two).findings.into_iter();
    let told = |finding: Finding| Finding {
        field: Field::Threads,
        text: format!("with 2 threads, not as with 1: {}: {}", finding.field.name(), finding.text),
    };
    findings.filter(|finding| finding.field != Field::Cost).map(told).collect()
}

/// What the headers of two models say of their numerics: before and now.
pub(super) type Numerics = [u64; 2];

/// What the models' headers say of their numerics; a header without has the first.
pub(super) fn numerics(before: &Outcome, now: &Outcome) -> Numerics {
    [before, now].map(|outcome| {
        let text = outcome.model.as_ref().and_then(|model| model.texts.get("numerics"));
        text.and_then(|text| text.parse().ok()).unwrap_or(1)
    })
}

fn compare_ends(verdict: &mut Verdict, what: &str, before: Option<&Ended>, now: Option<&Ended>) {
    let code = |ended: Option<&Ended>| ended.map(|ended| ended.code);
    let shown = |ended: Option<&Ended>| ended.map_or("not done".to_owned(), Ended::shown);
    if code(before) != code(now) {
        verdict.find(Field::Exit, format!("{what} was {} and is {}", shown(before), shown(now)));
    }
    for (side, ended) in [("REV", before), ("the working tree", now)] {
        // A defect is none the less one for being an old one.
        if ended.is_some_and(|ended| !matches!(ended.code, Some(0 | 2 | 3))) {
            verdict.find(Field::Exit, format!("{what} of {side} failed: {}", shown(ended)));
        }
    }
}

fn compare_tensors(verdict: &mut Verdict, what: &str, field: Field, before: Option<&Tensors>, now: Option<&Tensors>) {
    match (before, now) {
        (Some(old), Some(new)) => {
            let found = tensors::compare(old, new);
            found.factors.into_iter().for_each(|text| verdict.find(field, format!("{what}{text}")));
            verdict.notes.extend(found.others);
        }
        (None, None) => {}
        (old, _) => {
            let side = if old.is_some() { "REV" } else { "the working tree" };
            verdict.find(field, format!("{what}there are factors from {side} alone"));
        }
    }
}

fn compare_values(verdict: &mut Verdict, before: &Value, now: &Value) {
    let found = values::compare(before, now);
    found.keys.into_iter().for_each(|text| verdict.find(Field::Keys, text));
    verdict.notes.extend(found.words);
    if found.values.is_empty() {
        return;
    }
    let listed: Vec<&str> = found.values.iter().take(LISTED).map(String::as_str).collect();
    let more = found.values.len() - listed.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    verdict.find(Field::Values, format!("{}{more}", listed.join("; ")));
}

/// Says how far costs are apart; it is a finding of its own where that is more than rounding.
fn compare_costs(verdict: &mut Verdict, before: Option<&Value>, now: Option<&Value>) {
    let number = |value: Option<&Value>, key: &str| value.and_then(|value| value[key].as_f64()).unwrap_or(f64::NAN);
    let costs = [before, now].map(|value| number(value, "objective"));
    let most = if before.is_some_and(|value| value["dtype"] == "f64") { MOST_F64 } else { MOST_F32 };
    let apart = relative(costs[0], costs[1]);
    let text = format!("the cost was {:?} and is {:?}: {apart:.1e} of it, at most {most:.0e}", costs[0], costs[1]);
    if apart <= most {
        verdict.notes.push(format!("bits differ, costs agree within {most:.0e}"));
        if let Some(finding) = verdict.findings.iter_mut().find(|finding| finding.field == Field::Factors) {
            finding.text += &format!("; {text}");
        }
    } else {
        verdict.find(Field::Cost, text);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tensors::tests::file;
    use super::*;
    use serde_json::json;

    /// A fit with one factor of one number, and its new rows.
    fn outcome(entry: f32, cost: f64) -> Outcome {
        let tensors = |entry: f32| Tensors::read(&file(&json!({ "factors": "[\"W\"]" }), &[("W", [1, 1], &[entry])]));
        let done = Ended { code: Some(0), said: String::new() };
        Outcome {
            fit: done.clone(),
            json: Some(json!({ "objective": cost, "dtype": "f32", "fit_seconds": 0.5 })),
            model: tensors(entry),
            transform: Some(done),
            folded: tensors(2.0 * entry),
        }
    }

    fn fields(verdict: &Verdict) -> Vec<Field> {
        verdict.findings.iter().map(|finding| finding.field).collect()
    }

    #[test]
    fn the_same_is_the_same() {
        let verdict = compare(&outcome(1.0, 3.0), &outcome(1.0, 3.0));
        assert!(verdict.findings.is_empty() && verdict.notes.is_empty(), "{verdict:?}");
    }

    #[test]
    fn one_bit_is_found_in_factors_and_new_rows() {
        let next = f32::from_bits(1.0_f32.to_bits() + 1);
        let verdict = compare(&outcome(1.0, 3.0), &outcome(next, 3.0));
        assert_eq!(fields(&verdict), [Field::Factors, Field::Transform]);
        assert!(verdict.findings[0].text.starts_with("W[0, 0] was 1.0 and is 1.000000119"), "{verdict:?}");
        assert!(verdict.findings[0].text.contains("the cost was 3.0 and is 3.0: 0.0e0 of it"), "{verdict:?}");
    }

    #[test]
    fn costs_may_differ_by_rounding_alone() {
        let near = compare(&outcome(1.0, 3.0), &outcome(1.5, 3.000_001));
        assert_eq!(fields(&near), [Field::Factors, Field::Transform, Field::Values]);
        let far = compare(&outcome(1.0, 3.0), &outcome(1.0, 3.001));
        assert_eq!(fields(&far), [Field::Values, Field::Cost]);
        assert!(far.findings[1].text.contains("3.3e-4 of it, at most 1e-6"), "{far:?}");
    }

    #[test]
    fn exit_codes_are_held_to_each_other() {
        let mut refused = outcome(1.0, 3.0);
        refused.transform = Some(Ended { code: Some(2), said: "error: no rows".into() });
        refused.folded = None;
        let verdict = compare(&outcome(1.0, 3.0), &refused);
        assert_eq!(fields(&verdict), [Field::Exit, Field::Transform]);
        assert_eq!(verdict.findings[0].text, "transform was exit 0 and is exit 2 (error: no rows)");
        assert!(compare(&refused, &refused).findings.is_empty(), "the same refusal");
        let mut broken = outcome(1.0, 3.0);
        broken.fit = Ended { code: Some(101), said: String::new() };
        assert_eq!(fields(&compare(&broken, &broken)), [Field::Exit, Field::Exit]);
    }

    #[test]
    fn threads_are_a_field_of_their_own() {
        let found = compare_threads(&outcome(1.0, 3.0), &outcome(1.0, 4.0));
        assert_eq!(found.len(), 1);
        assert!(found[0].field == Field::Threads && found[0].text.contains("values: objective was 3.0"), "{found:?}");
    }

    #[test]
    fn a_header_without_numerics_has_the_first() {
        let mut now = outcome(1.0, 3.0);
        now.model = Tensors::read(&file(&json!({ "numerics": "4" }), &[("W", [1, 1], &[1.0])]));
        assert_eq!(numerics(&outcome(1.0, 3.0), &now), [1, 4]);
    }

    #[test]
    fn fields_have_names() {
        for (name, field) in NAMES {
            assert_eq!((Field::named(name), field.name()), (Some(field), name));
        }
        assert_eq!(Field::named("colour"), None);
    }
}
