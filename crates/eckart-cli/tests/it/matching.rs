//! Names decide where two named things meet, never their order.

use eckart::Code;
use eckart::data::Ids;
use serde_json::Value;

use crate::command::Desk;

const NAMES: [&str; 5] = ["pear", "fig", "date", "plum", "kiwi"];
const ROWS: [&str; 6] = ["r1", "r2", "r3", "r4", "r5", "r6"];

/// An entry of a table, told by its names.
fn entry(row: &str, col: &str) -> f64 {
    let byte = |text: &str, at: usize| f64::from(text.as_bytes()[at] % 16);
    1.0 + (byte(row, 1) * byte(col, 0) + byte(col, 1)) % 11.0
}

/// A CSV table of these rows and columns, in that order.
fn table(rows: &[&str], cols: &[&str], of: impl Fn(&str, &str) -> f64) -> String {
    let mut text = format!("name,{}\n", cols.join(","));
    for row in rows {
        let cells: Vec<String> = cols.iter().map(|col| of(row, col).to_string()).collect();
        text += &format!("{row},{}\n", cells.join(","));
    }
    text
}

fn turned<'a>(names: &[&'a str], by: usize) -> Vec<&'a str> {
    let mut names = names.to_vec();
    names.reverse();
    names.rotate_left(by);
    names
}

fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("x.csv", table(&ROWS, &NAMES, entry));
    desk
}

const NMF: &str = "fit x.csv --model nmf --rank 2";

#[test]
fn held_and_initial_factors_are_matched_by_name() {
    let desk = desk();
    let amount = |row: &str, k: &str| 1.0 + entry(row, NAMES[k.len() % 5]) / 7.0;
    let (w, h) = (["aa", "bbb"], |k: &str, col: &str| amount(col, k));
    desk.file("w.csv", table(&ROWS, &w, amount)).file("w2.csv", table(&turned(&ROWS, 2), &w, amount));
    desk.file("w3.csv", table(&turned(&ROWS, 1), &turned(&w, 0), amount));
    desk.file("h.csv", table(&w, &NAMES, h)).file("h2.csv", table(&w, &turned(&NAMES, 1), h));
    let objective = |words: &str| desk.json(&format!("{NMF} {words}"), &[])["objective"].clone();
    for (there, here) in [
        ("--fix W=w.csv", "--fix W=w2.csv"),
        ("--fix H=h.csv", "--fix H=h2.csv"),
        ("--init-from W=w.csv --init-from H=h.csv -n 3", "--init-from W=w2.csv --init-from H=h2.csv -n 3"),
        // Components of what is given are matched with one another.
        ("--fix H=h.csv --init-from W=w.csv", "--fix H=h.csv --init-from W=w3.csv"),
    ] {
        assert_eq!(objective(there), objective(here), "{here}");
    }
    assert_ne!(objective("--fix H=h.csv"), objective("--fix H=h2.csv --match position"));
    desk.file("other.csv", table(&w, &["pear", "fig", "date", "plum", "lime"], amount));
    let texts = ["columns of H", "columns of X", "\"lime\"", "\"kiwi\"", "--match position"];
    desk.refuses(&format!("{NMF} --fix H=other.csv"), &[], Code::NamesDiffer, &texts);
    desk.json(&format!("{NMF} --fix H=other.csv --match position"), &[]);
    desk.file("twice.csv", table(&w, &["pear", "fig", "date", "plum", "plum"], amount));
    desk.refuses(&format!("{NMF} --init-from H=twice.csv"), &[], Code::DuplicateNames, &["4 and 5", "H", "\"plum\""]);
}

#[test]
fn further_data_is_matched_by_name_in_every_command() {
    let desk = desk();
    let weight = |row: &str, col: &str| 1.0 + entry(col, row) / 5.0;
    desk.file("s.csv", table(&ROWS, &NAMES, weight));
    desk.file("s2.csv", table(&turned(&ROWS, 3), &turned(&NAMES, 2), weight));
    let objective = "sum(observed(X) * ((X - W @ H) / S)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)";
    for command in ["fit x.csv --rank 2 -n 200", "fit x.csv --rank 1..2 --holdout 0.2 -n 50", "explain x.csv --rank 2"]
    {
        let of = |file: &str| desk.run(&format!("{command} --data S={file} --json --objective"), &[objective]).json();
        let (there, here) = (of("s.csv"), of("s2.csv"));
        assert_eq!(
            (&there["objective"], &there["rank_choice"]),
            (&here["objective"], &here["rank_choice"]),
            "{command}"
        );
        assert!(there["objective"] != Value::Null);
    }
    let words = "evaluate --holdout 0.2 x.csv --rank 1 --data Y=";
    let beside = "sum(observed(X) * (X - W @ H)**2) + sum((Y - W @ K)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)";
    let of = |file: &str| desk.json(&format!("{words}{file} --objective"), &[beside])["rmse"].clone();
    desk.file("y.csv", table(&ROWS, &["age", "size"], weight));
    desk.file("y2.csv", table(&turned(&ROWS, 4), &["age", "size"], weight));
    assert_eq!(of("y.csv"), of("y2.csv"));
    desk.file("strangers.csv", table(&["u", "v", "w", "x", "y", "z"], &NAMES, |_, _| 1.0));
    for command in ["fit x.csv --rank 2", "explain x.csv --rank 2", "evaluate --holdout 0.2 x.csv --rank 2"] {
        let words = format!("{command} --data S=strangers.csv --objective");
        desk.refuses(&words, &[objective], Code::NamesDiffer, &["6 of the rows of S", "\"u\"", "\"r1\""]);
    }
    // New rows, with their part of S in another order.
    desk.prints("fit x.csv --rank 2 -q --data S=s.csv -o m.safetensors --objective", &[objective]);
    let (new, cols) = (["n1", "n2", "n3"], turned(&NAMES, 1));
    desk.file("new.csv", table(&new, &NAMES, entry)).file("new2.csv", table(&new, &cols, entry));
    desk.file("t.csv", table(&new, &NAMES, weight)).file("t2.csv", table(&turned(&new, 0), &turned(&NAMES, 3), weight));
    let codes = |x: &str, s: &str| desk.prints(&format!("transform m.safetensors {x} --data S={s}"), &[]);
    assert_eq!(codes("new.csv", "t.csv"), codes("new2.csv", "t2.csv"));
    let fewer = ["fig", "date", "plum", "kiwi"];
    desk.file("fewer.csv", table(&new, &fewer, entry)).file("t3.csv", table(&new, &fewer, weight));
    let said = desk.run("transform m.safetensors fewer.csv --data S=t3.csv", &[]);
    said.warned(Code::NamesLacking, "1 of the model's columns are not there, and count as missing: pear");
}

#[test]
fn a_model_s_rows_and_columns_are_matched_by_name() {
    let desk = desk();
    desk.prints(&format!("{NMF} -q -o m.safetensors"), &[]);
    desk.file("x2.csv", table(&turned(&ROWS, 2), &turned(&NAMES, 2), entry));
    let page = |data: &str| {
        let text = desk.prints(&format!("report m.safetensors {data} -o -"), &[]);
        // All but the checksum, which is also of the name of the file.
        text.replace(data, "DATA")
            .lines()
            .filter(|line| !line.contains("sha256"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(page("x.csv"), page("x2.csv"));
    let measured =
        |data: &str| desk.json(&format!("evaluate m.safetensors {data} --train {data}"), &[])["rmse"].clone();
    assert_eq!(measured("x.csv"), measured("x2.csv"));
    let lists = |data: &str| desk.json(&format!("recommend m.safetensors --all --train {data} --top 2"), &[]);
    assert_eq!(lists("x.csv"), lists("x2.csv"));
    // What the model lacks is left out, what the data lacks is 0, and both are counted.
    desk.file("some.csv", table(&["r1", "new"], &["kiwi", "lime", "pear"], entry));
    let said = desk.run("transform m.safetensors some.csv", &[]);
    said.warned(Code::NamesIgnored, "1 column that the model does not know left out: lime");
    said.warned(Code::NamesLacking, "3 of the model's columns are not there, and count as 0: fig, date, plum");
    desk.file("none.csv", table(&["r1"], &["lime"], entry));
    for command in
        ["transform m.safetensors none.csv", "evaluate m.safetensors none.csv", "report m.safetensors none.csv"]
    {
        desk.refuses(command, &[], Code::NamesDiffer, &["none.csv", "\"lime\"", "\"pear\""]);
    }
    // One side without names.
    desk.file("bare.csv", "1,2,3,4,5\n2,3,4,5,6\n");
    let said = desk.run("transform m.safetensors bare.csv", &[]);
    said.warned(Code::MatchedByPosition, "columns are matched by position: those of the model have names");
    assert_eq!(said.err.lines().filter(|line| !line.starts_with("read ")).count(), 1, "{}", said.err);
    desk.prints("transform m.safetensors bare.csv --match position", &[]);
    desk.prints("transform m.safetensors x2.csv --match position", &[]);
    let said = desk.run("fit bare.csv --model mf --rank 1 -q --init-from W=w.csv", &[]);
    assert_eq!(said.code, Some(2));
}

#[test]
fn what_has_no_names_is_said_to_be_matched_by_position() {
    let desk = desk();
    desk.file("bare.csv", "1,2,3,4,5\n2,3,4,5,6\n");
    let said = desk.run(&format!("{NMF} -q --fix H=bare.csv"), &[]);
    said.warned(
        Code::MatchedByPosition,
        "the columns of H have no names and are taken in the order of the columns of X",
    );
    assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    assert_eq!(desk.prints(&format!("{NMF} -q --fix H=bare.csv --match position"), &[]), "");
    let words = "fit bare.csv --model mf --rank 1 -q --match alphabet";
    assert_eq!(desk.run(words, &[]).code, Some(2));
}

/// What is written as tables is read back by name, even where the names are numbers.
#[test]
fn what_is_written_is_read_back() {
    let desk = Desk::new();
    let mut ratings = "user,item,rating\n".to_owned();
    for (i, j) in (0..9).flat_map(|i| (0..7).map(move |j| (i, j))).filter(|(i, j)| (i * 3 + j) % 4 != 0) {
        ratings += &format!("{},{},{}\n", 30 - i, 9 - j, 1 + (i * j + i) % 5);
    }
    desk.file("r.csv", ratings);
    let words = "fit r.csv --model ratings --rank 2 --param lambda=0.1 --param beta=0.1";
    let first = desk.json(&format!("{words} -n 400 --tol 1e-12 -o m.csv"), &[]);
    let text = |name: &str| std::fs::read_to_string(desk.path(name)).unwrap();
    assert!(text("m.W.csv").starts_with(",component 1,component 2\n"), "{}", text("m.W.csv"));
    assert!(text("m.H.csv").contains("\ncomponent 2,") && text("m.c.csv").contains("\nc,"), "{}", text("m.H.csv"));
    let begin = "--init-from W=m.W.csv --init-from H=m.H.csv --init-from b=m.b.csv --init-from c=m.c.csv \
                 --init-from mu=m.mu.csv";
    let again = desk.json(&format!("{words} {begin} -n 0"), &[]);
    let [one, other] = [&first, &again].map(|found| found["objective"].as_f64().unwrap());
    assert!((one / other - 1.0).abs() < 1e-6, "{one} and {other}");
    for held in ["H", "W", "c", "b"] {
        desk.json(&format!("{words} --fix {held}=m.{held}.csv"), &[]);
        desk.json(&format!("{words} --header --fix {held}=m.{held}.csv"), &[]);
    }
    // The same names as new rows have.
    desk.prints(&format!("{words} -q -o m.safetensors"), &[]);
    let new = desk.prints("transform m.safetensors r.csv", &[]);
    assert!(new.starts_with(",component 1,component 2,b\n"), "{new}");
}

/// What the model lacks and what the file lacks are both counted, of rows and of columns.
#[test]
fn what_either_side_lacks_is_counted_where_a_model_is_asked() {
    let desk = Desk::new();
    let list = |rows: &[&str], cols: &[&str]| {
        let entries = rows.iter().flat_map(|row| cols.iter().map(move |col| (row, col)));
        let lines: Vec<String> = entries.map(|(row, col)| format!("{row},{col},{}\n", entry(row, col))).collect();
        format!("user,item,rating\n{}", lines.concat())
    };
    desk.file("all.csv", list(&ROWS, &NAMES)).file("some.csv", list(&["r2", "r9", "r4"], &["fig", "lime", "kiwi"]));
    desk.prints("fit all.csv --model ratings --param lambda=0.1 --rank 1 -q -o m.safetensors", &[]);
    let (ignored, lacking) = (Code::NamesIgnored.as_str(), Code::NamesLacking.as_str());
    let counted = |object: &Value| -> Vec<(String, String)> {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let first = |message: String| message.split(',').next().unwrap().to_owned();
        let warnings = object["warnings"].as_array().unwrap().iter();
        let of_names = warnings.map(|warning| (text(&warning["code"]), first(text(&warning["message"]))));
        of_names.filter(|(code, _)| [ignored, lacking].contains(&code.as_str())).collect()
    };
    let pair = |code: &str, text: &str| (code.to_owned(), text.to_owned());
    let of_cols = [
        pair(ignored, "1 column that the model does not know left out: lime"),
        pair(lacking, "3 of the model's columns are not there"),
    ];
    let of_rows = [
        pair(ignored, "1 row that the model does not know left out: r9"),
        pair(lacking, "4 of the model's rows are not there"),
    ];
    let said = desk.run("evaluate m.safetensors some.csv --train all.csv --json", &[]);
    assert_eq!(counted(&said.json()), [of_rows.clone(), of_cols.clone()].concat());
    let page = desk.run("evaluate m.safetensors some.csv --train all.csv", &[]).out;
    assert!(
        page.contains("4 of the model's rows are not there") && page.contains("3 of the model's columns"),
        "{page}"
    );
    // A row that the model does not know is folded in where it is asked about.
    let said = desk.run("recommend m.safetensors --user r2 --train some.csv --json", &[]);
    assert_eq!(counted(&said.json()), [vec![of_rows[1].clone()], of_cols.to_vec()].concat());
    let said = desk.run("recommend m.safetensors --user r9 --train some.csv --json", &[]);
    assert_eq!(counted(&said.json()), of_cols);
}

/// Ids of a list that are whole numbers are so in the model, too, which other programs may read.
#[test]
fn ids_of_lists_keep_their_type() {
    let desk = Desk::new();
    desk.file("r.csv", "user,item,rating\n30,a,1\n7.0,b,2\n30,b,4\n7,a,3\n").file("names.txt", "x\ny\n");
    let ids = |words: &str| {
        let said = desk.run(&format!("fit r.csv --model mf --rank 1 -q {words} -o m.safetensors"), &[]);
        // Names in the place of the ids are warned of.
        if words.is_empty() {
            said.success();
        } else {
            said.warned(Code::NamesReplaced, "names.txt");
        }
        let model = eckart::Factorization::load(desk.path("m.safetensors")).unwrap();
        (model.row_ids, model.col_ids, model.row_names.unwrap().join(" "))
    };
    assert_eq!(ids(""), (Some(Ids::I64(vec![7, 30])), None, "7 30".into()));
    assert_eq!(ids("--row-names names.txt"), (None, None, "x y".into()));
}
