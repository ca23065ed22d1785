//! Refused: every mistake that is named, with the place where its carets stand.
//! In: texts that can't be read.  Out: what is said of them.
//! Invariant: the carets are written as they are shown.
//! Not here: nesting that is too deep (see `tests`).

use super::super::*;
use crate::error::{Code, check_error};

/// A statement is refused with a code, with carets under the place (written as they are shown) and this in its words.
#[track_caller]
fn refuses(input: &str, carets: &str, code: Code, says: &str) {
    let error = match parse_statement(input) {
        Ok(statement) => panic!("{input} was read as {statement}"),
        Err(error) => error,
    };
    let shown = error.to_string();
    let place = shown.lines().nth(2).unwrap_or_default().strip_prefix("  | ").unwrap_or_default();
    assert_eq!(place, carets, "{shown}");
    check_error(&error, code, says);
}

#[test]
fn foreign_marks_are_refused() {
    refuses("x^2", " ^", Code::UnknownCharacter, "written `**`");
    refuses("W'", " ^", Code::UnknownCharacter, "written `W.T`");
    refuses("a = b", "  ^", Code::UnknownCharacter, "after `subject to`");
    refuses("a == b", "  ^^", Code::UnknownCharacter, "no equations");
    refuses("a − b", "  ^", Code::UnknownCharacter, "Minus is written `-`");
    refuses("a · b", "  ^", Code::UnknownCharacter, "`*` (entry by entry) or `@`");
    refuses("a × b", "  ^", Code::UnknownCharacter, "`*` (entry by entry) or `@`");
    refuses("Wᵀ", " ^", Code::UnknownCharacter, "written `W.T`");
    refuses("x²", " ^", Code::UnknownCharacter, "written `**2`");
    refuses("a // b", "  ^^", Code::UnknownCharacter, "written `/`");
    refuses("x subject to W ≥ 0", "               ^", Code::UnknownCharacter, "written `>=`");
    refuses("a $ b", "  ^", Code::UnknownCharacter, "Expected a name, a number or one of the marks");
    refuses("a \u{200b}b", "  ^^^^^^^^", Code::UnknownCharacter, "U+200B");
    refuses("sum(W; H)", "     ^", Code::UnknownCharacter, "separated by `,`");
}

#[test]
fn broken_numbers_are_refused() {
    refuses("1e999", "^^^^^", Code::BadNumber, "");
    refuses("x + 1_000", "    ^^^^^", Code::BadNumber, "Write 1000");
    refuses("1e", " ^", Code::MissingOperator, "`e`");
    refuses("1.2.3", "   ^^", Code::MissingOperator, "`.3`");
}

#[test]
fn missing_operators_are_refused() {
    refuses("2 W", "  ^", Code::MissingOperator, "`*` (entry by entry) or `@`");
    refuses("2W", " ^", Code::MissingOperator, "`W`");
    refuses("W 2", "  ^", Code::MissingOperator, "`2`");
    refuses("(a) (b)", "    ^", Code::MissingOperator, "`(`");
    refuses("sum(a b)", "      ^", Code::MissingOperator, "`b`");
    refuses("Minimize sum(W)", "         ^^^", Code::MissingOperator, "small letters: `minimize`");
    refuses("sum(W) Subject to W >= 0", "       ^^^^^^^", Code::MissingOperator, "small letters: `subject`");
    refuses("sum(W) s.t. W >= 0", "       ^", Code::MissingOperator, "`subject to`");
    refuses("sum(W) such that W >= 0", "       ^^^^", Code::MissingOperator, "`subject to`");
    refuses("min sum(W)", "    ^^^", Code::MissingOperator, "begins with `minimize`");
    refuses("sum(W) W >= 0", "       ^", Code::MissingOperator, "`subject to`");
}

#[test]
fn broken_formulas_are_refused() {
    refuses("", "^", Code::EmptyObjective, "");
    refuses(" # nothing\n", "^", Code::EmptyObjective, "");
    refuses("minimize", "       ^", Code::TextEndsEarly, "expected a name, a number, a function or `(`");
    refuses("a +", "  ^", Code::TextEndsEarly, "too early: expected a name, a number, a function or `(` after `+`");
    refuses("a + # end", "  ^", Code::TextEndsEarly, "");
    refuses("a + * b", "    ^", Code::UnexpectedToken, "found `*`");
    refuses("(a + b", "^", Code::UnbalancedBrackets, "`)`");
    refuses("sum(a + (b)", "   ^", Code::UnbalancedBrackets, "`)`");
    refuses("sum(a subject to W >= 0", "   ^", Code::UnbalancedBrackets, "`)`");
    refuses("a + b)", "     ^", Code::UnbalancedBrackets, "");
    refuses("a > b > c", "      ^", Code::ChainedComparison, "");
    refuses("a < b > c", "      ^", Code::ChainedComparison, "");
    refuses(
        "a >= b",
        "  ^^",
        Code::UnexpectedToken,
        "write `a >= b` as `1 - (a < b)`; a bound on a factor stands after `subject to`",
    );
    refuses("sum(a <= b)", "      ^^", Code::UnexpectedToken, "write `a <= b` as `1 - (a > b)`");
    refuses("W[0]", " ^", Code::UnexpectedToken, "Brackets give shapes");
    refuses(
        "a, b",
        " ^",
        Code::UnexpectedToken,
        "expected an operator, `subject to` or the end of the text, found `,`",
    );
    refuses("()", " ^", Code::UnexpectedToken, "expected a name");
    refuses("maximize sum(W)", "^^^^^^^^", Code::MisplacedKeyword, "Minimize the negative");
    refuses("a + over", "    ^^^^", Code::MisplacedKeyword, "`over`");
    refuses("to + 1", "^^", Code::MisplacedKeyword, "`to`");
    refuses("minimize minimize x", "         ^^^^^^^^", Code::MisplacedKeyword, "`minimize`");
    check_error(&parse_expr("x subject to W >= 0").unwrap_err(), Code::MisplacedKeyword, "`subject`");
}

#[test]
fn wrong_calls_are_refused() {
    refuses("lgo(x)", "^^^", Code::UnknownFunction, "there is no function `lgo`; did you mean `log`?");
    refuses("1 + Sum(x)", "    ^^^", Code::UnknownFunction, "did you mean `sum`?");
    refuses("ln(x)", "^^", Code::UnknownFunction, "did you mean `log`?");
    refuses("sigmiod(x)", "^^^^^^^", Code::UnknownFunction, "did you mean `sigmoid`?");
    refuses("W (X - 1)", "^", Code::UnknownFunction, "write `W * (...)`");
    refuses("max(a)", "^^^^^^", Code::WrongArity, "`max` takes 2 arguments, found 1");
    refuses("1 + sum(a, b)", "    ^^^^^^^^^", Code::WrongArity, "`sum` takes 1 argument, found 2");
    refuses("sum()", "^^^^^", Code::WrongArity, "found 0");
    refuses("max(a,)", "      ^", Code::UnexpectedToken, "expected a name");
    refuses("A.sum()", "  ^^^", Code::UnexpectedToken, "write `sum(A)`");
    refuses("(A + b).abs()", "        ^^^", Code::UnexpectedToken, "write `abs(A + b)`");
    refuses("A.t", "  ^", Code::UnexpectedToken, "`A.T`");
    refuses("A.shape", "  ^^^^^", Code::UnexpectedToken, "expected `T` after the dot");
    refuses("A.", " ^", Code::TextEndsEarly, "expected `T` after the dot");
}

#[test]
fn broken_declarations_are_refused() {
    refuses("over W: x", "      ^", Code::UnexpectedToken, "expected `[`");
    refuses("over W[n]: x", "        ^", Code::UnexpectedToken, "`W[n,1]`");
    refuses("over W[n,r: x", "          ^", Code::UnexpectedToken, "expected `]`");
    refuses("over W[n,r", "      ^", Code::UnbalancedBrackets, "`]`");
    refuses("over W[n,r] x", "            ^", Code::UnexpectedToken, "`,` or `:`");
    refuses("over W[n,0]: x", "         ^", Code::UnexpectedToken, "at least 1");
    refuses("over W[2.5,r]: x", "       ^^^", Code::UnexpectedToken, "whole number");
    refuses("over W[n,r], W[r,m]: x", "             ^^^^^^", Code::DeclaredTwice, "`W`");
    refuses("over to[n,r]: x", "     ^^", Code::MisplacedKeyword, "`to`");
    refuses("over : x", "     ^", Code::UnexpectedToken, "the name of a factor");
}

#[test]
fn other_constraints_are_refused() {
    refuses("x subject W >= 0", "          ^", Code::UnexpectedToken, "expected `to` after `subject`");
    refuses("x subject to", "           ^", Code::TextEndsEarly, "expected a factor");
    refuses("x subject to W >= 0,", "                   ^", Code::TextEndsEarly, "expected a factor");
    refuses("x subject to W > 0", "               ^", Code::UnexpectedToken, "write `>=`");
    refuses("x subject to W", "             ^", Code::TextEndsEarly, "Supported are");
    refuses("x subject to W = 0", "               ^", Code::UnknownCharacter, "`W >= 0`");
    refuses("x subject to W >= 0 H >= 0", "                    ^", Code::UnexpectedToken, "expected `,`");
    refuses("x subject to sum(W) <= 1", "             ^^^", Code::UnsupportedConstraint, "Supported are");
    refuses(
        "x subject to rownorm(H) >= 1",
        "             ^^^^^^^^^^^^^^^",
        Code::UnsupportedConstraint,
        "Supported are",
    );
    refuses(
        "x subject to 0 <= rownorm(H) <= 1",
        "             ^^^^^^^^^^^^^^^^^^^^",
        Code::UnsupportedConstraint,
        "Supported are",
    );
    refuses("x subject to 0 <= 1", "             ^^^^^^", Code::UnsupportedConstraint, "Supported are");
    refuses("x subject to W.T >= 0", "              ^", Code::UnexpectedToken, "expected `>=` or `<=`");
    refuses("x subject to 0 <= W >= 1", "                    ^^", Code::UnsupportedConstraint, "same mark");
    refuses(
        "x subject to W <= -cap",
        "                   ^^^",
        Code::UnexpectedToken,
        "expected a number after the sign",
    );
    refuses(
        "x subject to W <= 2 * 3",
        "                    ^",
        Code::UnexpectedToken,
        "expected `,` and another constraint",
    );
    refuses("x subject to W, H", "                ^", Code::TextEndsEarly, "expected `>=` or `<=`");
    refuses(
        "x subject to W, rownorm(H) <= 1",
        "                       ^",
        Code::UnexpectedToken,
        "expected `>=` or `<=`",
    );
    refuses("x subject to rownorm(H", "                    ^", Code::UnbalancedBrackets, "`)`");
    refuses("x subject to over >= 0", "             ^^^^", Code::MisplacedKeyword, "`over`");
}
