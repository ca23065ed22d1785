//! Tests: what is read, and how it is written again.
//! In: texts.  Out: their canonical texts.
//! Invariant: every text printed is read once more and must give the same formula.
//! Not here: what is refused (see `refused`), random formulas and texts (see `random`).

mod random;
mod refused;

use super::names::SUGAR;
use super::*;
use crate::error::Code;
use crate::expr::{self, matrix};

/// A formula is read, printed as given, and the print is the same formula.
#[track_caller]
fn check(input: &str, printed: &str) {
    let formula = parse_expr(input).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(formula.to_string(), printed);
    same(&formula);
}

#[track_caller]
fn same(formula: &Expr) {
    let text = formula.to_string();
    let again = parse_expr(&text).unwrap_or_else(|error| panic!("{error}"));
    assert!(again == *formula, "{text} was read as {again}");
}

/// The same of a statement.
#[track_caller]
fn check_statement(input: &str, printed: &str) {
    let statement = parse_statement(input).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(statement.to_string(), printed);
    assert_eq!(parse_statement(printed).unwrap_or_else(|error| panic!("{error}")), statement);
}

/// A statement of formulas that has no text, or none that reads as itself, is refused with what is at fault.
#[track_caller]
fn check_unwritable(statement: Statement, code: Code, at_fault: &str) {
    crate::error::check_error(&statement.check().unwrap_err(), code, at_fault);
}

#[test]
fn statements_are_made_of_formulas() {
    let (x, w) = (matrix("X"), matrix("W"));
    let made = Statement::minimize(expr::sum((&x - &w).pow(2)) + expr::scalar("a") * expr::sum(expr::abs(&w)))
        .over("W", "n", 7)
        .subject_to(Constraint::at_least("W", 0.0))
        .subject_to(Constraint::at_most("W", "top"))
        .subject_to(Constraint::row_norm_at_most("W", 2.0));
    let text = "minimize over W[n,7]: sum((X - W)**2) + a * sum(abs(W)) subject to W >= 0, W <= top, rownorm(W) <= 2";
    assert_eq!(made.to_string(), text);
    assert_eq!(made, parse_statement(text).unwrap());
    made.check().unwrap();
    // Places in the text are those of the statement that is read from it.
    let read = parse_statement(text).unwrap();
    assert_eq!(made.declared[0].span, read.declared[0].span);
    assert!(made.constraints.iter().zip(&read.constraints).all(|(a, b)| a.span == b.span));
}

#[test]
fn statements_without_a_text_are_refused() {
    let sum_of = |formula: Expr| Statement::minimize(expr::sum(formula));
    check_unwritable(sum_of(matrix("a b")), Code::BadName, "\"a b\"");
    check_unwritable(sum_of(matrix("over")), Code::BadName, "\"over\"");
    check_unwritable(sum_of(x()).over("2x", "n", 1), Code::BadName, "\"2x\"");
    check_unwritable(sum_of(x()).subject_to(Constraint::at_most("x", f64::INFINITY)), Code::BadNumber, "inf");
    check_unwritable(sum_of(x() * f64::NAN), Code::BadNumber, "NaN");
    check_unwritable(sum_of(x()).over("x", 0, 1), Code::UnexpectedToken, "at least 1");
    let one = crate::Matrix::scalar(1.0).unwrap();
    check_unwritable(sum_of(expr::shared(one, "w")), Code::InputNotVariable, "w holds a value");
    let tower = |levels: usize| (0..levels).fold(x(), |inner, _| expr::exp(inner));
    check_unwritable(sum_of(tower(300)), Code::NestedTooDeep, "");
    let doubled = (0..60).fold(x(), |inner, _| &inner + &inner);
    check_unwritable(sum_of(doubled), Code::FormulaTooLarge, "1000000 characters");
}

fn x() -> Expr {
    matrix("x")
}

#[test]
fn marks_bind_as_in_python() {
    check("a+b*c", "a + b * c");
    check("(a+b)*c", "(a + b) * c");
    check("a-b-c", "a - b - c");
    check("a-(b-c)", "a - (b - c)");
    check("a+(b+c)", "a + (b + c)");
    check("a*b@c/d", "a * b @ c / d");
    check("a*(b@c)", "a * (b @ c)");
    check("-x**2", "-x**2");
    check("(-x)**2", "(-x)**2");
    check("-(x**2)", "-x**2");
    check("x**-2", "x**-2");
    check("a**b**c", "a**b**c");
    check("(a**b)**c", "(a**b)**c");
    check("2**-1**2", "2**-1**2");
    check("-a*b", "-a * b");
    check("-(a*b)", "-(a * b)");
    check("a - -b", "a - -b");
    check("a--2", "a - -2");
    check("--x", "--x");
    check("+x", "x");
    check("a > b + c", "a > b + c");
    check("a < b", "b > a");
    check("(a > b) > c", "(a > b) > c");
    check("-W.T", "-W.T");
    check("(X - W @ H)**2", "(X - W @ H)**2");
    check("(a @ b).T.T", "(a @ b).T.T");
    check("t(a + b)", "(a + b).T");
    check("a @ b.T", "a @ b.T");
    check("2 ** 3 .T", "2**(3).T");
    assert_eq!(parse_expr("a < b").unwrap(), expr::greater(matrix("b"), matrix("a")));
    assert_eq!(parse_expr("-x**2").unwrap(), -x().pow(2));
    assert_eq!(parse_expr("x**-1").unwrap(), x().pow(-1));
}

#[test]
fn numbers_keep_their_value() {
    check("1", "1");
    check("1.", "1");
    check(".5", "0.5");
    check("1e-3", "0.001");
    check("1E+30", "1e30");
    check("1e-30", "1e-30");
    check("1e300", "1e300");
    check("0.1", "0.1");
    check("-2", "-2");
    check("(-2)**2", "(-2)**2");
    check("-2**2", "-2**2");
    check("-0", "-0");
    check("-1 * 3", "-1 * 3");
    check("-1 * x", "-x");
    check("(2).T", "(2).T");
    check("(-2).T", "(-2).T");
    check("12345678901234567890", "1.2345678901234567e19");
    assert_eq!(parse_expr("--2").unwrap(), Expr::number(2.0));
}

#[test]
fn names_are_free() {
    check("lambda*λ + _a1 + t + max", "lambda * λ + _a1 + t + max");
    check("t(t) + max(max, sum)", "t.T + max(max, sum)");
    check("T.T", "T.T");
    check("# a comment\nsum(X) # more\n + 1", "sum(X) + 1");
    check("\u{feff}x", "x");
}

#[test]
fn functions_are_known_again() {
    check("sum(observed(X)*(X - W@H)**2)", "sum(observed(X) * (X - W @ H)**2)");
    check("expand(a, b) + sumto(a, b) + one(c) + eye(d)", "expand(a, b) + sumto(a, b) + one(c) + eye(d)");
    check("greater(a, b)", "a > b");
    check("x**0.5", "sqrt(x)");
    check("sum(x**2)**0.5", "norm(x)");
    check("kl(X, W @ H) + huber(X - W @ H, 1)", "kl(X, W @ H) + huber(X - W @ H, 1)");
    check("clip(mean(x), 0, 1)", "clip(mean(x), 0, 1)");
    check("xlogx(x) - x - x * log(s) + s", "kl(x, s)");
    check("xlogx(x) - x - y * log(s) + s", "xlogx(x) - x - y * log(s) + s");
    // These are printed as they were written, and are the same formula either way.
    check("sum(rownorm(W)) + sum(abs(H @ D))", "sum(rownorm(W)) + sum(abs(H @ D))");
    check("max(1 - y * s, 0) + trace(W.T @ L @ W)", "max(1 - y * s, 0) + trace(W.T @ L @ W)");
    check("sum(hinge(y, W @ H)) + a * group(H)", "sum(hinge(y, W @ H)) + a * group(H)");
    assert_eq!(parse_expr("a * group(H)").unwrap(), parse_expr("a * sum(rownorm(H))").unwrap());
    assert_eq!(parse_expr("a * group(H)").unwrap().written_out().to_string(), "a * sum(rownorm(H))");
    check("beta(x, s, 1) + beta(x, s, 0) + beta(x, s, 2)", "kl(x, s) + is(x, s) + beta(x, s, 2)");
    for row in &SUGAR {
        let text = format!("{}({})", row.name, ["a", "b", "c"][..row.arity].join(", "));
        check(&text, &text);
    }
    // Sugar names its arguments several times: what is nested must not double at every level.
    let nested = format!("{}x{}", "huber(".repeat(100), ", 1)".repeat(100));
    check(&nested, &nested);
}

#[test]
fn parts_know_their_place() {
    let text = "sum((X - W @ H)**2) + kl(a, b)";
    let formula = parse_expr(text).unwrap();
    let at = |part: &Expr| text[part.span().unwrap().range.clone()].to_owned();
    assert_eq!(at(&formula), text);
    assert_eq!(at(&formula.args()[0]), "sum((X - W @ H)**2)");
    let square = &formula.args()[0].args()[0];
    assert_eq!(at(square), "(X - W @ H)**2");
    assert_eq!(at(&square.args()[0]), "X - W @ H");
    assert_eq!(at(&square.args()[0].args()[1]), "W @ H");
    assert_eq!(at(&formula.args()[1].args()[0]), "kl(a, b)");
    assert_eq!(at(&formula.args()[1].args()[1]), "b");
}

#[test]
fn statements_are_read() {
    check_statement(
        "minimise over W[n,r], H[r,m],b[n, 1]: sum((X - W@H - b)**2) subject to W >= 0, rownorm(H) <= 1",
        "minimize over W[n,r], H[r,m], b[n,1]: sum((X - W @ H - b)**2) subject to W >= 0, rownorm(H) <= 1",
    );
    check_statement("norm(X - W@H)", "minimize norm(X - W @ H)");
    check_statement("over W[3,2]: sum(W)", "minimize over W[3,2]: sum(W)");
    check_statement("x subject to 0 <= W", "minimize x subject to W >= 0");
    check_statement("x subject to 5 >= W", "minimize x subject to W <= 5");
    check_statement("x subject to 0 <= W <= 1", "minimize x subject to W >= 0, W <= 1");
    check_statement("x subject to 1 >= W >= -1", "minimize x subject to W <= 1, W >= -1");
    check_statement("x subject to lo <= W <= hi", "minimize x subject to W >= lo, W <= hi");
    check_statement("x subject to W, H >= 0, b <= .5", "minimize x subject to W >= 0, H >= 0, b <= 0.5");
    check_statement("x subject to W <= cap", "minimize x subject to W <= cap");
    check_statement("x subject to 1 >= colnorm(W)", "minimize x subject to colnorm(W) <= 1");
    check_statement("x subject to cap >= colnorm(W)", "minimize x subject to colnorm(W) <= cap");
    let statement = parse_statement("minimize x subject to W >= 0, 0 <= H <= 1").unwrap();
    let spans: Vec<_> = statement.constraints.iter().map(|c| &statement.text[c.span.clone()]).collect();
    assert_eq!(spans, ["W >= 0", "0 <= H <= 1", "0 <= H <= 1"]);
}

#[test]
fn deep_nesting_is_an_error_and_long_sums_are_not() {
    let deep = |open: &str, levels: usize, close: &str| {
        let text = format!("{}x{}", open.repeat(levels), close.repeat(levels));
        let read = parse_expr(&text);
        if let Err(error) = &read {
            assert_eq!(error.code(), Code::NestedTooDeep, "{error}");
        }
        read.is_ok()
    };
    for (open, close) in [("(", ")"), ("sum(", ")"), ("-", ""), ("+", ""), ("x**", ""), ("a > b + c * sum(", ")")] {
        assert!(deep(open, 199, close), "{open}");
        assert!(!deep(open, 10_000, close), "{open}");
    }
    assert!(deep("", 9_000, ".T"));
    let sum = vec!["x"; 9_000].join(" + ");
    let formula = parse_expr(&sum).unwrap();
    assert_eq!(formula.to_string(), sum);
    let leaning_right = (0..100_000).fold(x(), |sum, _| x() - sum).to_string();
    assert!(leaning_right.ends_with(&format!("(x - x{}", ")".repeat(99_999))));
}
