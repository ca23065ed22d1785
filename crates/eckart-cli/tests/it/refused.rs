//! What can't be used is refused with file, line and remedy, and exit code 2.

use crate::command::{Desk, example};

#[test]
fn malformed_files() {
    let desk = Desk::new();
    let check = |name: &str, bytes: &[u8], texts: &[&str]| {
        desk.file(name, bytes);
        let texts: Vec<&str> = texts.iter().copied().chain([name]).collect();
        desk.refuses(&format!("fit {name} --model nmf --rank 1"), &[], &texts);
    };
    let packed = std::fs::read(example("sotu/counts.mtx.gz")).unwrap();
    check("cut.mtx.gz", &packed[..10_000], &["breaks off", "gzip -t", "line "]);
    check("empty.csv", b"", &["the file is empty"]);
    check("empty", b"", &["the file is empty"]);
    check("header.csv", b"a,b\n", &["no row of numbers"]);
    check("ragged.csv", b"1,2\n3,4\n5\n", &["line 3", "1 cells where 2 are expected", "Give every row"]);
    check("text.csv", b"1,2\n3,x\n", &["line 2", "\"x\"", "Leave missing cells empty"]);
    check("missing.csv", b"1,2\n3,NaN\n", &["1 missing", "row 2, column 2", "observed(X)"]);
    check("infinite.csv", b"1,2\n3,inf\n", &["line 2", "infinite"]);
    let head = "%%MatrixMarket matrix coordinate real general\n";
    check("outside.mtx", format!("{head}2 2 1\n3 1 5\n").as_bytes(), &["line 3", "3"]);
    check("twice.mtx", format!("{head}2 2 2\n1 1 5\n1 1 6\n").as_bytes(), &["line 4", "sum, or last"]);
    check("nan.mtx", format!("{head}2 2 1\n1 1 nan\n").as_bytes(), &["line 3"]);
    check("norows.mtx", format!("{head}0 2 0\n").as_bytes(), &["0"]);
    check("twice.csv", b"user,item,rating\na,b,1\na,b,2\n", &["line 3", "sum, or last"]);
    check("strange.bin", b"\0\x01\x02", &["Supported are"]);
    desk.refuses("fit none.npy --model nmf --rank 1", &[], &["none.npy", "No such file"]);
}

#[test]
fn duplicates_are_settled_where_asked() {
    let desk = Desk::new();
    desk.file("twice.csv", "user,item,rating\na,b,1\na,b,2\nb,a,4\n");
    let stored = |rule: &str| desk.json(&format!("fit twice.csv --model nmf --rank 1 --duplicates {rule}"), &[]);
    assert_eq!((stored("sum")["stored"].as_u64(), stored("last")["stored"].as_u64()), (Some(2), Some(2)));
}

#[test]
fn ranks_that_do_not_fit() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n4,5,6\n");
    desk.refuses("fit x.csv --model nmf --rank 0", &[], &["rank 0", "2 x 3", "1 to 2"]);
    desk.refuses("fit x.csv --model nmf --rank 3", &[], &["rank 3", "2 x 3", "1 to 2"]);
}

#[test]
fn objectives_that_cannot_be_read_have_a_caret() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n4,5,6\n");
    let check = |objective: &str, texts: &[&str]| desk.refuses("fit x.csv --rank 1 --objective", &[objective], texts);
    check("sum((X - W @@ H)**2)", &["  | sum((X - W @@ H)**2)\n  |             ^"]);
    check("sum((X - W @ H)**2", &["^"]);
    check("sum((X - W @ H)**2) subject to V >= 0", &["V is constrained", "^"]);
    check("over W[5,r], H[r,m]: sum((X - W @ H)**2)", &["W @ H", "5 x 3", "2 x 3"]);
    check("sum((X - W @ H)**2) + l1*sum(W**2)", &["l1"]);
    check("sum((Y - W @ H)**2)", &["does not use the data X"]);
    check("X - W @ H", &["2 x 3", "only a number can be minimised"]);
}

#[test]
fn what_was_asked_for_but_is_not_there() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n4,5,6\n");
    desk.refuses("fit x.csv --rank 1", &[], &["--objective", "--model", "sparse-coding"]);
    desk.refuses("fit x.csv --rank 1 --model nmf --set foo=1", &[], &["foo"]);
    desk.refuses("fit x.csv --rank 1 --model mf --set lambda=1 --set lambda=2", &[], &["lambda", "twice"]);
    desk.refuses("fit x.csv --rank 1 --model nmf --data Y=none.csv", &[], &["none.csv"]);
    desk.refuses("fit x.csv --rank 1 --model nmf --memory-limit 10b", &[], &["may have 10 B"]);
    desk.refuses("fit x.csv --rank 1 --model nmf --restarts 0", &[], &["0 starts"]);
    desk.refuses("fit x.csv --rank 1 --model nmf --threads 0", &[], &["0 threads"]);
    let kink = ["--solver", "proximal-gradient", "--objective", "sum(abs(X - W @ H))"];
    desk.refuses("fit x.csv --rank 1", &kink, &["proximal-gradient does not fit", "kink"]);
}

#[test]
fn words_that_clap_refuses_end_with_the_same_code() {
    let desk = Desk::new();
    let words = ["fit", "fit x.csv --model nmf", "fit x --rank 1 --model nope", "fit x -r 1 --set a", "nonsense", ""];
    for words in words {
        let said = desk.run(words, &[]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{words}: {}", said.err);
    }
}
