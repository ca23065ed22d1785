//! Header: a factorization as the texts of a file's header, and back.
//! In: a `Factorization`; or texts.  Out: texts; or a `Factorization` without what files hold as tensors.
//! Invariant: what is read back is what was written; its length does not grow with the data, the starts or their
//! iterations.
//! Not here: tensors (see the module above), what every file begins with (see `format`).

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::format::{FileKind, limits_to_json, no_model, numerics, texts_of, whole};
use crate::error::{Code, Result, Warning};
use crate::solve::problem::role::{DataSide, FactorAxis, FactorRole};
use crate::solve::result::quality::Quality;
use crate::solve::result::{Agreement, ComponentNames, Factorization, Numerics, RankChoice, RankScore};
use crate::solve::search::settings::{Init, Settings};

/// The text that holds the names of components.
const COMPONENT_NAMES: &str = "component_names";

/// How far the search was to go, and how many starts it was to make.
pub(super) fn limits_of(found: &Factorization) -> Value {
    let Factorization { max_iter, tol, target_cost, n_init, successive_halving, .. } = found;
    limits_to_json((*max_iter, *tol, *target_cost), (*n_init, *successive_halving))
}

pub(super) fn texts(found: &Factorization) -> BTreeMap<String, String> {
    let order: Vec<&String> = found.factors.iter().map(|(name, _)| name).collect();
    let rows = [
        ("objective", found.statement.clone()),
        ("target", found.target.clone()),
        ("method", found.method.clone()),
        ("warnings", found.warnings.iter().map(warning_to_json).collect::<Value>().to_string()),
        ("ways", json!(found.ways).to_string()),
        ("stop_reason", found.stop_reason().name().to_owned()),
        ("numbers", numbers_to_json(&found.params).to_string()),
        ("rank", found.rank.to_string()),
        ("seed", found.seed.to_string()),
        ("limits", limits_of(found).to_string()),
        ("cost", json!(found.cost).to_string()),
        ("factors", json!(order).to_string()),
        ("roles", roles_to_json(&found.roles).to_string()),
        ("held", json!(found.fixed).to_string()),
        ("init", json!(found.init.name()).to_string()),
        ("started", json!(found.started).to_string()),
        ("best", found.best.to_string()),
        ("seconds", json!(found.seconds).to_string()),
        ("agreement", found.agreement.as_ref().map_or(Value::Null, agreement_to_json).to_string()),
        ("rank_choice", found.rank_choice.as_ref().map_or(Value::Null, choice_to_json).to_string()),
        ("quality", found.quality.as_ref().map_or(Value::Null, quality_to_json).to_string()),
    ];
    let mut texts = texts_of(FileKind::Model, &found.numerics, rows);
    texts.extend(component_texts(&found.component_names, |_| true));
    texts
}

fn roles_to_json(roles: &[(String, FactorRole)]) -> Value {
    let role = |role: &FactorRole| json!({ "of": role.of.name(), "components": role.components.map(FactorAxis::name) });
    Value::from(roles.iter().map(|(name, one)| (name.clone(), role(one))).collect::<Map<String, Value>>())
}

/// The roles of some factors, in their order.
fn roles_from_json(value: &Value, names: &[String]) -> Option<Vec<(String, FactorRole)>> {
    let role = |name: &String| {
        let role = value.get(name)?;
        let components = match role.get("components")? {
            Value::Null => None,
            axis => Some(FactorAxis::from_name(axis.as_str()?)?),
        };
        Some((name.clone(), FactorRole { of: DataSide::from_name(role.get("of")?.as_str()?)?, components }))
    };
    if value.as_object()?.len() != names.len() {
        return None;
    }
    names.iter().map(role).collect()
}

/// The text of the names of components, for some factors; `None` where these have none.
pub(super) fn component_texts(
    names: &ComponentNames,
    has: impl Fn(&String) -> bool,
) -> impl Iterator<Item = (String, String)> {
    let sides = |[rows, cols]: &[Option<Vec<String>>; 2]| json!({ "rows": rows, "columns": cols });
    let all: Map<String, Value> =
        names.iter().filter(|(name, _)| has(name)).map(|(name, own)| (name.clone(), sides(own))).collect();
    (!all.is_empty()).then(|| (COMPONENT_NAMES.to_owned(), Value::from(all).to_string())).into_iter()
}

fn components_from_json(value: &Value) -> Option<ComponentNames> {
    let side = |value: &Value| match value {
        Value::Null => Some(None),
        value => value.as_array()?.iter().map(|name| name.as_str().map(str::to_owned)).collect::<Option<_>>().map(Some),
    };
    let own = |(name, sides): (&String, &Value)| {
        Some((name.clone(), [side(sides.get("rows")?)?, side(sides.get("columns")?)?]))
    };
    value.as_object()?.iter().map(own).collect()
}

pub(super) fn warning_to_json(warning: &Warning) -> Value {
    json!({ "code": warning.code.as_str(), "message": warning.message })
}

/// A warning as it is written; a bare text where the file is from before warnings had codes. A code of a later Eckart
/// is no reason to refuse its file.
fn warning_from_json(value: &Value) -> Option<Warning> {
    if let Some(message) = value.as_str() {
        return Some(Warning::new(Code::FromOlderFile, message));
    }
    let code = Code::from_name(value.get("code")?.as_str()?).unwrap_or(Code::FromNewerFile);
    Some(Warning::new(code, value.get("message")?.as_str()?))
}

pub(super) fn agreement_to_json(found: &Agreement) -> Value {
    json!({
        "starts": found.starts,
        "stability": found.stability,
        "cophenetic": found.cophenetic,
        "of_columns": found.of_columns,
        "sampled": found.sampled,
        "groups": found.groups,
    })
}

fn agreement_from_json(value: &Value) -> Option<Agreement> {
    let whole = |value: &Value| value.as_u64().map(|n| n as usize);
    Some(Agreement {
        starts: whole(value.get("starts")?)?,
        stability: value.get("stability")?.as_array()?.iter().map(number).collect(),
        cophenetic: number(value.get("cophenetic")?),
        of_columns: value.get("of_columns")?.as_bool()?,
        sampled: value.get("sampled")?.as_array()?.iter().map(whole).collect::<Option<_>>()?,
        groups: value.get("groups")?.as_array()?.iter().map(whole).collect::<Option<_>>()?,
    })
}

pub(super) fn choice_to_json(found: &RankChoice) -> Value {
    let score = |s: &RankScore| json!({ "rank": s.rank, "mean": s.mean, "error": s.error, "losses": s.losses });
    let scores: Vec<Value> = found.scores.iter().map(score).collect();
    json!({ "way": found.criterion, "chosen": found.chosen, "scores": scores })
}

fn choice_from_json(value: &Value) -> Option<RankChoice> {
    let score = |value: &Value| {
        Some(RankScore {
            rank: value.get("rank")?.as_u64()? as usize,
            mean: number(value.get("mean")?),
            error: number(value.get("error")?),
            losses: value.get("losses")?.as_array()?.iter().map(number).collect(),
        })
    };
    Some(RankChoice {
        criterion: value.get("way")?.as_str()?.to_owned(),
        chosen: value.get("chosen")?.as_u64()? as usize,
        scores: value.get("scores")?.as_array()?.iter().map(score).collect::<Option<_>>()?,
        unconverged: 0,
    })
}

pub(super) fn quality_to_json(quality: &Quality) -> Value {
    let mut object = json!({
        "reconstruction": quality.reconstruction,
        "relative_error": quality.relative_error,
        "explained": quality.explained,
        "rmse": quality.rmse,
        "observed_only": quality.observed_only,
    });
    quality.weights.iter().for_each(|weights| object["weights"] = json!(weights));
    object
}

/// What a file of factors of new rows says of the model that they belong to.
pub(super) struct FactorsModel {
    pub objective: String,
    pub target: String,
    pub numbers: BTreeMap<String, f64>,
    pub rank: usize,
    pub roles: Vec<(String, FactorRole)>,
}

pub(super) fn factors_texts(model: &Factorization, names: &[String]) -> BTreeMap<String, String> {
    let roles: Vec<(String, FactorRole)> =
        model.roles.iter().filter(|(name, _)| names.contains(name)).cloned().collect();
    let rows = [
        ("objective", model.statement.clone()),
        ("target", model.target.clone()),
        ("numbers", numbers_to_json(&model.params).to_string()),
        ("rank", model.rank.to_string()),
        ("factors", json!(names).to_string()),
        ("roles", roles_to_json(&roles).to_string()),
    ];
    let mut texts = texts_of(FileKind::Factors, &Numerics::current(), rows);
    texts.extend(component_texts(&model.component_names, |name| names.contains(name)));
    texts
}

pub(in crate::solve) fn numbers_to_json(numbers: &BTreeMap<String, f64>) -> Value {
    Value::from(numbers.iter().map(|(name, &value)| (name.clone(), json!(value))).collect::<Map<String, Value>>())
}

pub(super) struct ModelHeader<'a>(pub &'a BTreeMap<String, String>);

impl ModelHeader<'_> {
    /// Everything but factors, starts and names; of a file of format 1 also without roles.
    pub(super) fn factorization(&self, format: u64) -> Result<Factorization> {
        let limits = self.limits()?;
        let roles = match format {
            1 => Vec::new(),
            _ => roles_from_json(&self.json("roles")?, &self.factors()?).ok_or_else(|| no_model("roles"))?,
        };
        Ok(Factorization {
            statement: self.text("objective")?.to_owned(),
            params: self.numbers()?,
            target: self.text("target")?.to_owned(),
            rank: self.whole("rank")? as usize,
            seed: self.whole("seed")?,
            max_iter: limits.max_iter,
            tol: limits.tol,
            target_cost: limits.target,
            // Of a file from before they were kept, the starts say it.
            n_init: limits.n_init.unwrap_or(0),
            successive_halving: limits.successive_halving,
            init: limits.init,
            started: self.list("started")?,
            method: self.text("method")?.to_owned(),
            warnings: self.warnings()?,
            ways: self.list("ways")?,
            fixed: self.list("held")?,
            factors: Vec::new(),
            roles,
            std_errors: Vec::new(),
            cost: self.number("cost")?,
            starts: Vec::new(),
            best: self.whole("best")? as usize,
            kept: Vec::new(),
            checkpoint_error: None,
            undefined: None,
            agreement: self.optional("agreement", agreement_from_json)?,
            rank_choice: self.optional("rank_choice", choice_from_json)?,
            quality: self.optional("quality", quality_from_json)?,
            row_names: None,
            col_names: None,
            row_ids: None,
            col_ids: None,
            component_names: self.component_names()?,
            numerics: numerics(self.0, format).ok_or_else(|| no_model("numerics"))?,
            seconds: self.number("seconds")?,
        })
    }

    /// What factors of new rows say of their model.
    ///
    /// # Errors
    /// `Data` where that can't be used.
    pub(super) fn factors_model(&self) -> Result<FactorsModel> {
        Ok(FactorsModel {
            objective: self.text("objective")?.to_owned(),
            target: self.text("target")?.to_owned(),
            numbers: self.numbers()?,
            rank: self.whole("rank")? as usize,
            roles: roles_from_json(&self.json("roles")?, &self.factors()?).ok_or_else(|| no_model("roles"))?,
        })
    }

    /// What components are called, where anything says it.
    ///
    /// # Errors
    /// `Data` where that can't be used.
    pub(super) fn component_names(&self) -> Result<ComponentNames> {
        Ok(self.optional(COMPONENT_NAMES, components_from_json)?.unwrap_or_default())
    }

    fn numbers(&self) -> Result<BTreeMap<String, f64>> {
        let numbers = self.json("numbers")?;
        let numbers = numbers.as_object().ok_or_else(|| no_model("numbers"))?;
        let given = numbers.iter().map(|(name, value)| Some((name.clone(), number_or_null(value)?)));
        given.collect::<Option<_>>().ok_or_else(|| no_model("numbers"))
    }

    pub(super) fn factors(&self) -> Result<Vec<String>> {
        self.names("factors")?.ok_or_else(|| no_model("factors"))
    }

    /// The limits of the search; a file from before they were kept says the defaults.
    fn limits(&self) -> Result<Settings> {
        let mut settings = Settings::default();
        if self.0.contains_key("limits") {
            let limits = self.json("limits")?;
            let known = |key: &str| limits.get(key).and_then(Value::as_f64);
            settings.max_iter =
                limits.get("max_iter").and_then(Value::as_u64).ok_or_else(|| no_model("limits"))? as usize;
            settings.tol = known("tol").ok_or_else(|| no_model("limits"))?;
            settings.target = known("target");
            settings.n_init = limits.get("n_init").and_then(Value::as_u64).map(|count| count as usize);
            settings.successive_halving = limits.get("successive_halving").is_some_and(|halved| halved == true);
        }
        if self.0.contains_key("init") {
            let init = self.json("init")?;
            let init = init.as_str().and_then(|name| Init::from_name(name).ok());
            settings.init = init.ok_or_else(|| no_model("init"))?;
        }
        Ok(settings)
    }

    fn text(&self, key: &str) -> Result<&str> {
        self.0.get(key).map(String::as_str).ok_or_else(|| no_model(key))
    }

    pub(super) fn json(&self, key: &str) -> Result<Value> {
        serde_json::from_str(self.text(key)?).map_err(|_| no_model(key))
    }

    /// What a file of an earlier version may lack.
    fn optional<T>(&self, key: &str, read: impl Fn(&Value) -> Option<T>) -> Result<Option<T>> {
        if !self.0.contains_key(key) {
            return Ok(None);
        }
        let value = self.json(key)?;
        if value.is_null() { Ok(None) } else { read(&value).map(Some).ok_or_else(|| no_model(key)) }
    }

    /// None in a file from before they were kept.
    fn warnings(&self) -> Result<Vec<Warning>> {
        let read = |value: &Value| value.as_array()?.iter().map(warning_from_json).collect();
        Ok(self.optional("warnings", read)?.unwrap_or_default())
    }

    fn whole(&self, key: &str) -> Result<u64> {
        whole(self.text(key)?).ok_or_else(|| no_model(key))
    }

    /// A list that older files lack.
    fn list(&self, key: &str) -> Result<Vec<String>> {
        if self.0.contains_key(key) { self.names(key)?.ok_or_else(|| no_model(key)) } else { Ok(Vec::new()) }
    }

    /// A number, or null for one that is not finite.
    fn number(&self, key: &str) -> Result<f64> {
        number_or_null(&self.json(key)?).ok_or_else(|| no_model(key))
    }

    pub(super) fn names(&self, key: &str) -> Result<Option<Vec<String>>> {
        let name = |name: &Value| name.as_str().map(str::to_owned);
        match self.json(key)? {
            Value::Null => Ok(None),
            Value::Array(list) => list.iter().map(name).collect::<Option<_>>().map(Some).ok_or_else(|| no_model(key)),
            _ => Err(no_model(key)),
        }
    }
}

/// JSON has no word for what is not finite: `null` stands for it.
pub(super) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn number_or_null(value: &Value) -> Option<f64> {
    (value.is_number() || value.is_null()).then(|| number(value))
}

fn quality_from_json(value: &Value) -> Option<Quality> {
    Some(Quality {
        reconstruction: value.get("reconstruction")?.as_str()?.to_owned(),
        relative_error: number(value.get("relative_error")?),
        explained: number(value.get("explained")?),
        rmse: number(value.get("rmse")?),
        observed_only: value.get("observed_only")?.as_bool()?,
        weights: value.get("weights").and_then(Value::as_str).map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_of_files_of_any_age_are_read() {
        let warning = Warning::new(Code::RankUnused, "ask for 2");
        assert_eq!(warning_from_json(&warning_to_json(&warning)), Some(warning));
        let old = Warning::new(Code::FromOlderFile, "ask for 2");
        assert_eq!(warning_from_json(&json!("ask for 2")), Some(old));
        let new = Warning::new(Code::FromNewerFile, "ask for 2");
        assert_eq!(warning_from_json(&json!({"code": "of-tomorrow", "message": "ask for 2"})), Some(new));
        assert_eq!(warning_from_json(&json!({"code": "rank-unused"})), None);
    }
}
