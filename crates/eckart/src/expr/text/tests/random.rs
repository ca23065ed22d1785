//! Random: laws of reading and printing, held to random formulas, statements and texts.
//! In: formulas of all primitives and sugar, words in any order, any characters.  Out: nothing.
//! Invariant: what is printed parses back to the same; no text whatever makes the parser panic.
//! Not here: examples (see `tests` and `refused`).

use proptest::prelude::*;

use super::super::names::{Callable, INFIX, SUGAR};
use super::super::*;
use super::same;
use crate::expr::{Op, matrix};

fn any_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["X", "W", "H", "b", "t", "max", "λ", "lambda", "_1", "sum", "T", "e1"])
}

fn any_number() -> impl Strategy<Value = f64> {
    let special = prop::sample::select(vec![-1.0, 0.5, 2.0, -0.0, 0.0, 1.0, -2.0, 1e300, 1e-30, 5e-324, 1e16]);
    prop_oneof![special, any::<f64>().prop_filter("finite", |x| x.is_finite())]
}

/// Formulas of all primitives, and of all sugar.
fn any_formula() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![any_name().prop_map(matrix), any_number().prop_map(Expr::number)];
    leaf.prop_recursive(8, 100, 3, |inner| {
        let args = || prop::collection::vec(inner.clone(), 3);
        let of = |ops: Vec<Op>| {
            (prop::sample::select(ops), args()).prop_map(|(op, args)| {
                let arity = op.row().arity;
                Expr::new(op, args[..arity].to_vec())
            })
        };
        let sugar = (0..SUGAR.len(), args()).prop_map(|(row, args)| {
            let function = Callable::find(SUGAR[row].name).unwrap();
            function.call(args[..SUGAR[row].arity].to_vec())
        });
        // Most often marks: it is among them that parentheses go missing.
        let marks = INFIX.iter().map(|infix| infix.op.clone()).chain([Op::Transpose]).collect();
        prop_oneof![6 => of(marks), 1 => of(Op::CALLED.into()), 1 => sugar, 1 => inner.clone().prop_map(|a| -a)]
    })
}

fn any_statement() -> impl Strategy<Value = Statement> {
    let dim = || prop_oneof![(1..9_usize).prop_map(Dim::Number), any_name().prop_map(|n| Dim::Name(n.into()))];
    let declared = (prop::sample::subsequence(vec!["W", "H", "b"], 0..=3), prop::collection::vec((dim(), dim()), 3))
        .prop_map(|(names, dims)| {
            let one = |(name, (rows, cols)): (&str, _)| Declaration { name: name.into(), rows, cols, span: 0..0 };
            names.into_iter().zip(dims).map(one).collect()
        });
    let limit = prop_oneof![any_number().prop_map(Limit::Number), any_name().prop_map(|n| Limit::Name(n.into()))];
    let bound = prop::sample::select(vec![
        BoundKind::AtLeast,
        BoundKind::AtMost,
        BoundKind::RowNormAtMost,
        BoundKind::ColNormAtMost,
    ]);
    let constraint = (any_name(), bound, limit).prop_map(|(factor, bound, limit)| Constraint {
        factor: factor.into(),
        bound,
        limit,
        span: 0..0,
    });
    (declared, any_formula(), prop::collection::vec(constraint, 0..4))
        .prop_map(|(declared, objective, constraints)| Statement { text: "".into(), declared, objective, constraints })
}

/// Words and marks of the language in any order.
fn soup() -> impl Strategy<Value = String> {
    let words = vec![
        "minimize", "over", "subject", "to", "W", "H", "[", "]", ",", ":", "(", ")", "+", "-", "*", "**", "@", "/",
        ">", "<", ">=", "<=", ".T", ".", "sum(", "max(", "clip(", "rownorm(", "1", ".5", "1e9", "0", "=", "^", "#",
        "\n", "λ", "−", "kl(",
    ];
    prop::collection::vec((prop::sample::select(words), any::<bool>()), 0..24).prop_map(|tokens| {
        tokens.into_iter().map(|(word, blank)| format!("{word}{}", if blank { " " } else { "" })).collect()
    })
}

/// Whatever a text is, it is read or refused with words; what is read is printed and read again.
fn never_panics(text: &str) {
    match parse_statement(text) {
        Ok(statement) => assert_eq!(parse_statement(&statement.to_string()).unwrap(), statement),
        Err(error) => assert!(error.to_string().contains('^'), "{error}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn formulas_are_printed_as_they_are_read(formula in any_formula()) {
        same(&formula);
    }

    #[test]
    fn statements_are_printed_as_they_are_read(statement in any_statement()) {
        let text = statement.to_string();
        prop_assert_eq!(parse_statement(&text).unwrap(), statement);
    }

    #[test]
    fn any_text_is_read_or_refused(text in any::<String>()) {
        never_panics(&text);
    }

    #[test]
    fn any_words_are_read_or_refused(text in soup()) {
        never_panics(&text);
    }

    #[test]
    fn torn_statements_are_read_or_refused(statement in any_statement(), cut in any::<prop::sample::Index>()) {
        let text = statement.to_string();
        let chars: Vec<char> = text.chars().collect();
        never_panics(&chars[..cut.index(chars.len())].iter().collect::<String>());
    }
}
