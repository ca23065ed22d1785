//! Model: the named objectives.
//! In: a name.  Out: a statement in the text language, with default parameters.
//! Invariant: a model is a line of the language and nothing else: whatever can be named can be written out and changed.
//! Not here: any algorithm (see `solve`).

/// A named objective.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// Its name.
    pub name: &'static str,
    /// What it is for, in a line.
    pub summary: &'static str,
    /// The objective in the text language.
    pub statement: &'static str,
    /// Its parameters, with their defaults.
    pub params: &'static [(&'static str, f64)],
}

/// The named objectives. X is the data: rows are samples (documents, users, images).
pub const MODELS: &[Model] = &[
    Model {
        name: "mf",
        summary: "plain factorization with squared penalties; at lambda 0 the truncated SVD",
        statement: "minimize sum((X - W @ H)**2) + lambda*(sum(W**2) + sum(H**2))",
        params: &[("lambda", 0.1)],
    },
    Model {
        name: "nmf",
        summary: "non-negative factorization: parts, topics, signatures (Lee and Seung 1999)",
        statement: "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0",
        params: &[],
    },
    Model {
        name: "sparse-coding",
        summary: "each sample as a sum of few atoms, the rows of H (Olshausen and Field 1996)",
        statement: "minimize sum((X - W @ H)**2) + lambda*sum(abs(W)) subject to rownorm(H) <= 1",
        params: &[("lambda", 1.0)],
    },
    Model {
        name: "ratings",
        summary: "users by items, most entries missing: biases and factors (Koren, Bell and Volinsky 2009)",
        statement: "minimize over W[n,r], H[r,m], b[n,1], c[1,m], mu[1,1]: \
                    sum(observed(X) * (X - W @ H - b - c - mu)**2) \
                    + lambda*(sum(W**2) + sum(H**2)) + beta*(sum(b**2) + sum(c**2))",
        params: &[("lambda", 16.0), ("beta", 3.0)],
    },
];

/// The model of that name.
pub fn find(name: &str) -> Option<&'static Model> {
    MODELS.iter().find(|model| model.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expr::text::parse_statement;

    #[test]
    fn every_model_is_a_statement_that_uses_its_numbers() {
        for model in MODELS {
            let statement = parse_statement(model.statement).unwrap();
            let names: Vec<String> = statement.objective.variables().iter().map(|v| v.name().to_owned()).collect();
            for (number, _) in model.params {
                assert!(names.iter().any(|n| n == number), "{}: {number}", model.name);
            }
            assert!(names.contains(&"X".to_owned()), "{}", model.name);
        }
    }
}
