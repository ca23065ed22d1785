//! Refused: every mistake that is named, with the place where its carets stand.
//! In: texts that can't be read.  Out: what is said of them.
//! Law: the carets are written as they are shown.
//! Not here: nesting that is too deep (see `tests`).

use super::super::*;

/// A statement is refused with carets under the place (written as they are shown) and this in its words.
#[track_caller]
fn refuses(input: &str, carets: &str, says: &str) {
    let shown = match parse_statement(input) {
        Ok(statement) => panic!("{input} was read as {statement}"),
        Err(error) => error.to_string(),
    };
    let place = shown.lines().nth(2).unwrap_or_default().strip_prefix("  | ").unwrap_or_default();
    assert_eq!(place, carets, "{shown}");
    assert!(shown.contains(says), "{shown}\ndoes not say: {says}");
}

#[test]
fn foreign_marks_are_refused() {
    refuses("x^2", " ^", "written `**`");
    refuses("W'", " ^", "written `W.T`");
    refuses("a = b", "  ^", "after `subject to`");
    refuses("a == b", "  ^^", "no equations");
    refuses("a − b", "  ^", "Minus is written `-`");
    refuses("a · b", "  ^", "`*` (entry by entry) or `@`");
    refuses("a × b", "  ^", "`*` (entry by entry) or `@`");
    refuses("Wᵀ", " ^", "written `W.T`");
    refuses("x²", " ^", "written `**2`");
    refuses("a // b", "  ^^", "written `/`");
    refuses("x subject to W ≥ 0", "               ^", "written `>=`");
    refuses("a $ b", "  ^", "Expected a name, a number or one of the marks");
    refuses("a \u{200b}b", "  ^", "U+200B");
    refuses("sum(W; H)", "     ^", "separated by `,`");
}

#[test]
fn broken_numbers_are_refused() {
    refuses("1e999", "^^^^^", "too large");
    refuses("x + 1_000", "    ^^^^^", "Write 1000");
    refuses("1e", " ^", "expected an operator before `e`");
    refuses("1.2.3", "   ^^", "expected an operator before `.3`");
}

#[test]
fn missing_operators_are_refused() {
    refuses("2 W", "  ^", "`*` (entry by entry) or `@`");
    refuses("2W", " ^", "expected an operator before `W`");
    refuses("W 2", "  ^", "expected an operator before `2`");
    refuses("(a) (b)", "    ^", "expected an operator before `(`");
    refuses("sum(a b)", "      ^", "expected an operator before `b`");
    refuses("Minimize sum(W)", "         ^^^", "small letters: `minimize`");
    refuses("sum(W) Subject to W >= 0", "       ^^^^^^^", "small letters: `subject`");
    refuses("sum(W) s.t. W >= 0", "       ^", "`subject to`");
    refuses("sum(W) such that W >= 0", "       ^^^^", "`subject to`");
    refuses("min sum(W)", "    ^^^", "begins with `minimize`");
}

#[test]
fn broken_formulas_are_refused() {
    refuses("", "^", "empty");
    refuses(" # nothing\n", "^", "empty");
    refuses("minimize", "       ^", "expected a name, a number, a function or `(`");
    refuses("a +", "  ^", "too early: expected a name, a number, a function or `(` after `+`");
    refuses("a + # end", "  ^", "too early");
    refuses("a + * b", "    ^", "found `*`");
    refuses("(a + b", "^", "never closed");
    refuses("sum(a + (b)", "   ^", "never closed");
    refuses("sum(a subject to W >= 0", "   ^", "never closed");
    refuses("a + b)", "     ^", "closes nothing");
    refuses("a > b > c", "      ^", "don't chain");
    refuses("a < b > c", "      ^", "don't chain");
    refuses("a >= b", "  ^^", "write `>`; a bound on a factor stands after `subject to`");
    refuses("sum(a <= b)", "      ^^", "write `<`");
    refuses("W[0]", " ^", "Brackets give shapes");
    refuses("a, b", " ^", "expected an operator, `subject to` or the end of the text, found `,`");
    refuses("()", " ^", "expected a name");
    refuses("maximize sum(W)", "^^^^^^^^", "Minimise the negative");
    refuses("a + over", "    ^^^^", "keyword `over`");
    refuses("to + 1", "^^", "keyword `to`");
    refuses("minimize minimize x", "         ^^^^^^^^", "keyword `minimize`");
    let error = parse_expr("x subject to W >= 0").unwrap_err().to_string();
    assert!(error.contains("expected an operator or the end of the text, found the keyword `subject`"), "{error}");
}

#[test]
fn wrong_calls_are_refused() {
    refuses("lgo(x)", "^^^", "there is no function `lgo`; did you mean `log`?");
    refuses("1 + Sum(x)", "    ^^^", "did you mean `sum`?");
    refuses("ln(x)", "^^", "did you mean `log`?");
    refuses("sigmiod(x)", "^^^^^^^", "did you mean `sigmoid`?");
    refuses("W (X - 1)", "^", "write `W * (...)`");
    refuses("max(a)", "^^^^^^", "`max` takes 2 arguments, found 1");
    refuses("1 + sum(a, b)", "    ^^^^^^^^^", "`sum` takes 1 argument, found 2");
    refuses("sum()", "^^^^^", "found 0");
    refuses("max(a,)", "      ^", "expected a name");
    refuses("A.sum()", "  ^^^", "write `sum(A)`");
    refuses("(A + b).abs()", "        ^^^", "write `abs(A + b)`");
    refuses("A.t", "  ^", "`A.T`");
    refuses("A.shape", "  ^^^^^", "expected `T` after the dot");
    refuses("A.", " ^", "expected `T` after the dot");
}

#[test]
fn broken_declarations_are_refused() {
    refuses("over W: x", "      ^", "expected `[`");
    refuses("over W[n]: x", "        ^", "`W[n,1]`");
    refuses("over W[n,r: x", "          ^", "expected `]`");
    refuses("over W[n,r", "      ^", "never closed");
    refuses("over W[n,r] x", "            ^", "`,` or `:`");
    refuses("over W[n,0]: x", "         ^", "at least 1");
    refuses("over W[2.5,r]: x", "       ^^^", "whole number");
    refuses("over W[n,r], W[r,m]: x", "             ^^^^^^", "already given");
    refuses("over to[n,r]: x", "     ^^", "keyword `to`");
    refuses("over : x", "     ^", "the name of a factor");
}

#[test]
fn other_constraints_are_refused() {
    refuses("x subject W >= 0", "          ^", "expected `to` after `subject`");
    refuses("x subject to", "           ^", "expected a factor");
    refuses("x subject to W >= 0,", "                   ^", "expected a factor");
    refuses("x subject to W > 0", "               ^", "write `>=`");
    refuses("x subject to W", "             ^", "Supported are");
    refuses("x subject to W = 0", "               ^", "`W >= 0`");
    refuses("x subject to W >= 0 H >= 0", "                    ^", "expected `,`");
    refuses("x subject to sum(W) <= 1", "             ^^^", "Supported are");
    refuses("x subject to rownorm(H) >= 1", "             ^^^^^^^^^^^^^^^", "Supported are");
    refuses("x subject to 0 <= rownorm(H) <= 1", "             ^^^^^^^^^^^^^^^^^^^^", "Supported are");
    refuses("x subject to 0 <= 1", "             ^^^^^^", "Supported are");
    refuses("x subject to W.T >= 0", "              ^", "expected `>=` or `<=`");
    refuses("x subject to 0 <= W >= 1", "                    ^^", "same mark");
    refuses("x subject to W <= -cap", "                   ^^^", "expected a number after the sign");
    refuses("x subject to W <= 2 * 3", "                    ^", "expected `,` and another constraint");
    refuses("x subject to W, H", "                ^", "expected `>=` or `<=`");
    refuses("x subject to W, rownorm(H) <= 1", "                       ^", "expected `>=` or `<=`");
    refuses("x subject to rownorm(H", "                    ^", "never closed");
    refuses("x subject to over >= 0", "             ^^^^", "keyword `over`");
}
