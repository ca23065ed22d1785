//! What can't be used is refused with file, line and remedy, and exit code 2.

use eckart::Code;

use crate::command::{Desk, example};

#[test]
fn malformed_files() {
    let desk = Desk::new();
    let check = |name: &str, bytes: &[u8], code: Code, texts: &[&str]| {
        desk.file(name, bytes);
        let texts: Vec<&str> = texts.iter().copied().chain([name]).collect();
        desk.refuses(&format!("fit {name} --model nmf --rank 1"), &[], code, &texts);
    };
    let packed = std::fs::read(example("sotu/counts.mtx.gz")).unwrap();
    check("cut.mtx.gz", &packed[..10_000], Code::DamagedFile, &["line "]);
    check("empty.csv", b"", Code::EmptyFile, &[]);
    check("empty", b"", Code::EmptyFile, &[]);
    check("header.csv", b"a,b\n", Code::NoEntries, &[]);
    check("ragged.csv", b"1,2\n3,4\n5\n", Code::RaggedRows, &["line 3", "1 cells where 2"]);
    check("text.csv", b"1,2\n3,x\n", Code::NotANumber, &["line 2", "\"x\""]);
    check("missing.csv", b"1,2\n3,NaN\n", Code::MissingEntries, &["1 missing", "row 2, column 2", "observed(X)"]);
    check("infinite.csv", b"1,2\n3,inf\n", Code::InfiniteValue, &["line 2"]);
    let head = "%%MatrixMarket matrix coordinate real general\n";
    check("outside.mtx", format!("{head}2 2 1\n3 1 5\n").as_bytes(), Code::IndexOutOfRange, &["line 3", "3"]);
    check("twice.mtx", format!("{head}2 2 2\n1 1 5\n1 1 6\n").as_bytes(), Code::DuplicateEntry, &["line 4"]);
    check("nan.mtx", format!("{head}2 2 1\n1 1 nan\n").as_bytes(), Code::MissingValue, &["line 3"]);
    check("norows.mtx", format!("{head}0 2 0\n").as_bytes(), Code::NoEntries, &["0"]);
    check("twice.csv", b"user,item,rating\na,b,1\na,b,2\n", Code::DuplicateEntry, &["line 3"]);
    check("strange.bin", b"\0\x01\x02", Code::UnknownFormat, &[]);
    desk.refuses("fit none.npy --model nmf --rank 1", &[], Code::FileNotFound, &["none.npy"]);
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
    desk.refuses("fit x.csv --model nmf --rank 0", &[], Code::RankOutOfRange, &["rank 0", "2 x 3", "1 to 2"]);
    // More than the data can hold is taken, with a word.
    let said = desk.run("fit x.csv --model nmf --rank 3 -q", &[]);
    said.warned(Code::RankUnused, "X has only 2 rows, so that rank 3 is more than it can use: ask for 2");
    assert_eq!(said.code, Some(0));
}

#[test]
fn objectives_that_cannot_be_read_have_a_caret() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n4,5,6\n");
    let check = |objective: &str, code: Code, texts: &[&str]| {
        desk.refuses("fit x.csv --rank 1 --objective", &[objective], code, texts)
    };
    check("sum((X - W @@ H)**2)", Code::UnexpectedToken, &["  | sum((X - W @@ H)**2)\n  |             ^"]);
    check("sum((X - W @ H)**2", Code::UnbalancedBrackets, &["^"]);
    check("sum((X - W @ H)**2) subject to V >= 0", Code::NotAFactor, &["V", "^"]);
    check("over W[5,r], H[r,m]: sum((X - W @ H)**2)", Code::ShapeMismatch, &["W @ H", "5 x 3", "2 x 3"]);
    check("sum((X - W @ H)**2) + l1*sum(W**2)", Code::UndeclaredName, &["l1"]);
    check("sum((Y - W @ H)**2)", Code::UnusedData, &["X"]);
    check("X - W @ H", Code::CostNotScalar, &["2 x 3"]);
}

#[test]
fn what_was_asked_for_but_is_not_there() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n4,5,6\n");
    desk.refuses("fit x.csv --rank 1", &[], Code::NoObjective, &["--objective", "--model", "sparse-coding"]);
    desk.refuses("fit x.csv --rank 1 --model nmf --param foo=1", &[], Code::UnusedParameter, &["foo"]);
    for option in ["--param lambda", "--data Y", "--fix H", "--init-from H"] {
        let given = format!("fit x.csv --rank 1 --model mf {option}=1 {option}=2");
        desk.refuses(&given, &[], Code::GivenTwice, &[&format!("{option}=...")]);
    }
    for option in ["--rank", "--top", "--repeats", "--holdout", "--n-init", "--time-limit"] {
        let given = format!("fit x.csv --model mf --rank 1 {option} -1").replace("--rank 1 --rank", "--rank");
        let said = desk.run(&given, &[]);
        let known = [Code::BadOptionValue, Code::SettingOutOfRange].map(|code| format!("error[{code}]: "));
        assert!(
            said.code == Some(2) && known.iter().any(|known| said.err.starts_with(known)),
            "{option}: {}",
            said.err
        );
    }
    for option in ["--time-limit", "--checkpoint ck --checkpoint-every"] {
        let given = format!("fit x.csv --model mf --rank 1 {option} 1e300");
        desk.refuses(&given, &[], Code::SettingOutOfRange, &["below 1.8e19"]);
    }
    desk.refuses("fit x.csv --model mf --rank 1 --checkpoint-every 5", &[], Code::OptionMissing, &["checkpoint"]);
    desk.refuses("fit x.csv --model mf --rank 1 -o x.csv/m.safetensors", &[], Code::Io, &["x.csv is a file"]);
    desk.refuses("fit x.csv --rank 1 --model nmf --data Y=none.csv", &[], Code::FileNotFound, &["none.csv"]);
    desk.refuses("fit x.csv --rank 1 --model nmf --memory-limit 10b", &[], Code::OverLimit, &["10 B"]);
    desk.refuses("fit x.csv --rank 1 --model nmf --n-init 0", &[], Code::SettingOutOfRange, &["n_init is 0"]);
    desk.refuses("fit x.csv --rank 1 --model nmf --threads 0", &[], Code::SettingOutOfRange, &["threads is 0"]);
    let kink = ["--method", "proximal-gradient", "--objective", "sum(abs(X - W @ H))"];
    desk.refuses("fit x.csv --rank 1", &kink, Code::MethodUnsupported, &["proximal-gradient", "kink"]);
}

#[test]
fn words_that_clap_refuses_end_with_the_same_code() {
    let desk = Desk::new();
    for (words, code) in [
        ("fit", Some(Code::OptionMissing)),
        ("fit x.csv --model nmf", Some(Code::OptionMissing)),
        ("fit x --rank 1 --model nope", Some(Code::UnknownModel)),
        ("fit x --rank 1 --model nmf --method nope", Some(Code::UnknownMethod)),
        ("fit x --rank 1 --model nmf --init nope", Some(Code::UnknownInit)),
        ("fit x -r 1 --param a", Some(Code::BadOptionValue)),
        ("fit x -r 1 --colour", Some(Code::UnknownOption)),
        ("fit x -r 1 --holdout 0.1 --bcv", Some(Code::SettingsConflict)),
        ("nonsense", Some(Code::UnknownOption)),
        // The help is shown.
        ("", None),
    ] {
        let said = desk.run(words, &[]);
        assert_eq!((said.code, said.out.as_str()), (Some(2), ""), "{words}: {}", said.err);
        let begin = code.map_or_else(String::new, |code| format!("error[{code}]: "));
        assert!(said.err.starts_with(&begin), "{words}: {}", said.err);
    }
}

/// With `--json` a program finds the error where it looks for the result, whoever refused it.
#[test]
fn errors_are_objects_where_they_are_asked_for() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n4,x,6\n").file("holes.csv", "1,2\n3,NaN\n");
    let error = |words: &str| {
        let said = desk.run(&format!("{words} --json"), &[]);
        assert!(said.code == Some(2) && said.err.starts_with("error["), "{words}: {}", said.err);
        let object = said.json();
        assert_eq!(object.as_object().unwrap().len(), 1, "{object}");
        object["error"].clone()
    };
    let bad = error("fit x.csv --model nmf --rank 1");
    assert_eq!((bad["code"].as_str(), bad["kind"].as_str()), (Some(Code::NotANumber.as_str()), Some("error")));
    assert_eq!((bad["file"].as_str(), bad["line"].as_u64()), (Some("x.csv"), Some(2)));
    assert!(bad["message"].as_str().unwrap().starts_with("x.csv, line 2: ") && bad["help"].is_string(), "{bad}");
    let doubt = error("fit holes.csv --model nmf --rank 1");
    assert_eq!((doubt["code"].as_str(), doubt["kind"].as_str()), (Some(Code::MissingEntries.as_str()), Some("doubt")));
    for (words, code) in [
        ("recommend none.safetensors --user 1", Code::FileNotFound),
        ("similar x.csv --item 1", Code::NotAModel),
        ("evaluate none.safetensors none.csv", Code::FileNotFound),
        ("fit x.csv --model nmf --rank one", Code::BadOptionValue),
    ] {
        assert_eq!(error(words)["code"], code.as_str(), "{words}");
    }
}

#[test]
fn warnings_are_objects_with_codes() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n4,5,6\n7,8,1\n");
    let codes = |words: &str, more: &[&str]| -> Vec<String> {
        let found = desk.run(&format!("{words} --json"), more).json();
        let warnings = found["warnings"].as_array().unwrap();
        assert!(warnings.iter().all(|warning| warning["message"].is_string()), "{found}");
        warnings.iter().map(|warning| warning["code"].as_str().unwrap().to_owned()).collect()
    };
    let free = ["--objective", "sum((X - W @ H)**2) + 0.5*sum(abs(W))"];
    assert_eq!(codes("fit x.csv --rank 1 -n 3 --tol 0", &free), [Code::UnboundedScale.as_str()]);
    let steep = ["--objective", "sum(exp(W @ H) - X * exp(exp(W @ H)))"];
    let words = "fit x.csv --rank 1 -n 1000 --method normalized-gradient";
    assert_eq!(codes(words, &steep), [Code::Diverged.as_str()]);
    assert_eq!(codes("explain x.csv --rank 1", &free), [Code::UnboundedScale.as_str()]);
    desk.file("r.csv", "user,item,rating\na,x,1\na,y,2\nb,x,3\nb,y,1\nc,x,2\nc,z,4\n");
    desk.prints("fit r.csv --model ratings --param lambda=0.1 --rank 1 -n 20 -q -o m.safetensors", &[]);
    let unknown = [Code::KnownNotExcluded.as_str()];
    assert_eq!(codes("recommend m.safetensors --user a", &[]), unknown);
    assert_eq!(codes("recommend m.safetensors --all -o lists.csv", &[]), unknown);
    assert_eq!(codes("recommend m.safetensors --user a --train r.csv", &[]), [""; 0]);
    assert_eq!(codes("similar m.safetensors --item x", &[]), [""; 0]);
    assert_eq!(codes("evaluate m.safetensors r.csv", &[]), unknown);
    let written = desk.json("recommend m.safetensors --all --train r.csv -o lists.csv", &[]);
    assert_eq!((&written["output"][0], written["lists"].as_array().unwrap().len()), (&"lists.csv".into(), 3));
}

/// Warnings reach standard error where there is no report for people, and stay in the report where there is one.
#[test]
fn warnings_of_a_fit_are_said_once() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n4,5,6\n7,8,1\n");
    let free = ["--objective", "sum((X - W @ H)**2) + 0.5*sum(abs(W))"];
    let times = |text: &str| text.matches(Code::UnboundedScale.as_str()).count();
    for (words, err, out) in [
        ("fit x.csv --rank 1 -n 3", 0, 1),
        ("fit x.csv --rank 1 -n 3 -q", 1, 0),
        ("fit x.csv --rank 1 -n 3 --json", 1, 1),
        ("fit x.csv --rank 1 -n 3 --json -q", 1, 1),
    ] {
        let said = desk.run(words, &free);
        assert_eq!((said.code, times(&said.err), times(&said.out)), (Some(0), err, out), "{words}: {}", said.err);
        if err > 0 {
            said.warned(Code::UnboundedScale, "W");
        }
    }
    desk.file("r.csv", "user,item,rating\na,x,1\na,y,2\nb,x,3\nb,y,1\nc,x,2\nc,z,4\n");
    let masked = ["--objective", "sum(observed(X) * (X - W @ H)**2) + 0.5*sum(abs(W))"];
    let said = desk.run("evaluate r.csv --holdout 0.3 --rank 1 -n 3 --json", &masked);
    said.warned(Code::UnboundedScale, "W");
    assert_eq!(times(&said.out), 1, "{}", said.out);
}

#[test]
fn negative_penalties_are_refused() {
    let desk = Desk::new();
    desk.refuses("fit {digits} --rank 2 --model mf --param lambda=-1", &[], Code::NegativePenalty, &["weight -1", "W"]);
    let steep = ["--objective", "sum((X - W @ H)**2) - 20*sum(W**2)"];
    desk.refuses("fit {digits} --rank 2", &steep, Code::NegativePenalty, &["weight -20", "sum(W**2)"]);
    desk.refuses("explain {digits} --rank 2", &steep, Code::NegativePenalty, &["weight -20"]);
    let negative = ["--objective", "a*sum((X - W @ H)**2)", "--param", "a=-1"];
    desk.refuses("fit {digits} --rank 2", &negative, Code::NegativePenalty, &["weight -1"]);
    let boxed = ["--objective", "sum((X - W @ H)**2) - 0.1*sum(W**2) subject to W >= 0, W <= 1"];
    desk.prints("fit {digits} --rank 2 -n 2 -q", &boxed);
}

#[test]
fn layouts_of_csv_files_have_a_bare_form() {
    let desk = Desk::new();
    desk.file("x.csv", ",3,7\n1,2,3\n4,5,6\n8,9,1\n");
    desk.refuses("fit x.csv --model nmf --rank 1", &[], Code::HeaderOrData, &["x.csv, line 1", "header"]);
    let shape =
        |words: &str| desk.json(&format!("fit x.csv --model mf --rank 1 -n 1 {words}"), &[])["shape"].to_string();
    assert_eq!(shape("--header"), "[3,2]");
    assert_eq!(shape("--header=true --index-col=false"), "[3,3]");
    desk.file("y.csv", "1,3,7\n1,2,3\n4,5,6\n");
    let fit = |words: &str| desk.run(&format!("fit y.csv --model mf --rank 1 -n 1 {words}"), &["--json"]).json();
    let shape = |words: &str| fit(words)["shape"].to_string();
    assert_eq!((shape("--index-col"), shape("--header=false")), ("[3,2]".to_owned(), "[3,3]".to_owned()));
}

#[test]
fn words_that_are_nearly_right_are_told() {
    let desk = Desk::new();
    for (words, code, meant) in [
        ("models nfm", Code::UnknownModel, "'nmf'"),
        ("fit x --rank 1 --model nfm", Code::UnknownModel, "'nmf'"),
        ("fit x --rank 1 --model nmf --method hasl", Code::UnknownMethod, "'hals'"),
        ("codes names-difer", Code::UnknownChoice, "'names-differ'"),
    ] {
        let said = desk.run(words, &[]);
        assert!(said.err.starts_with(&format!("error[{code}]: ")), "{words}: {}", said.err);
        assert!(said.err.contains(&format!("a similar value exists: {meant}")), "{words}: {}", said.err);
    }
    // There are too many codes to list them in a message.
    let said = desk.run("codes nonsense", &[]);
    assert!(said.err.contains("`eckart codes` lists them") && said.err.len() < 300, "{}", said.err);
    for (words, as_much_as) in [("help --help", "--help"), ("help -h", "--help"), ("help fit --help", "fit --help")] {
        assert_eq!(desk.prints(words, &[]), desk.prints(as_much_as, &[]), "{words}");
    }
    let said = desk.run("models --json", &[]);
    assert_eq!(said.json()["error"]["code"], Code::UnknownOption.as_str());
    assert!(said.err.contains("transform") && !said.err.contains("as a value"), "{}", said.err);
}
