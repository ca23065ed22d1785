//! Files beside X are read with the options that X is read with, and what was understood is said.

use eckart::Code;

use crate::command::Desk;

const OBJECTIVE: &str = "sum(observed(X) * ((X - W @ H) / S)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)";

/// The same data and weights as Eckart reads them unasked, and as they are written where `;` cuts cells, commas are
/// decimal marks, `//` begins comments, -9 is missing and names are numbers.
fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("x.csv", "id,a,b,c\n\"10\",1.5,2,\n\"20\",3,1.25,2\n\"5\",2,2,4\n\"40\",1,3,1.5\n");
    desk.file("s.csv", "id,b,c,a\n\"5\",1,2,1.5\n\"10\",2.5,1,1\n\"20\",1,1.25,2\n\"40\",0.5,1,1\n");
    desk.file("x2.csv", "// made in June\n10;1,5;2;-9\n20;3;1,25;2\n5;2;2;4\n40;1;3;1,5\n");
    desk.file("s2.csv", "// made in July\n5;1,5;1;2\n10;1;2,5;1\n20;2;1;1,25\n40;1;0,5;1\n");
    desk.file("s3.csv", "id,a,b,c\n\"10\",1,2.5,1\n\"20\",2,1,1.25\n\"5\",1.5,1,2\n\"40\",1,0.5,1\n");
    desk.file("s4.csv", "// made in July\n10;1;2,5;1\n20;2;1;1,25\n5;1,5;1;2\n40;1;0,5;1\n");
    desk
}

const WRITTEN: &str = "--delimiter ; --decimal , --comment // --na-values -9 --index-col --header=false";

#[test]
fn options_of_texts_hold_for_further_data_in_every_command() {
    let desk = desk();
    let of = |command: &str, x: &str, s: &str, words: &str, more: &[&str]| {
        desk.json(&format!("{command} {x} --rank 1 --data S={s} {words}"), more)
    };
    let objective = ["--objective", OBJECTIVE];
    for (command, key) in [("fit", "objective"), ("explain", "iteration")] {
        let there = of(command, "x.csv", "s.csv", "", &objective);
        let here = of(command, "x2.csv", "s2.csv", WRITTEN, &objective);
        assert!(there[key] == here[key] && !there[key].is_null(), "{command}");
    }
    let beside = "sum(observed(X) * (X - W @ H)**2) + sum((S - W @ K)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)";
    let rmse = |x: &str, s: &str, words: &str| {
        of("evaluate --holdout 0.2", x, s, words, &["--objective", beside])["rmse"].clone()
    };
    assert_eq!(rmse("x.csv", "s3.csv", ""), rmse("x2.csv", "s4.csv", WRITTEN));
    let there = of("fit", "x.csv", "s.csv", "-o m.safetensors", &objective);
    assert!(there["objective"].is_number() && there["readings"]["S"].is_string(), "{there}");
    let codes = |x: &str, s: &str, words: &str| {
        desk.json(&format!("transform m.safetensors {x} --data S={s} {words} --match position"), &[])["factors"].clone()
    };
    assert_eq!(codes("x.csv", "s3.csv", ""), codes("x2.csv", "s4.csv", WRITTEN));
    // An entry that stands twice, and cells that are missing, are so beside X, too.
    desk.file("list.csv", "user;item;rating\nu;x;1,5\nv;y;2\nu;y;3\nv;x;1\n");
    desk.file("twice.csv", "user;item;rating\nu;x;1\nu;x;1\nv;y;2\nv;x;1\nu;y;1\n");
    let words = "fit list.csv --rank 1 --delimiter ; --decimal , --data S=twice.csv --objective";
    desk.refuses(words, &[OBJECTIVE], Code::DuplicateEntry, &["twice.csv", "line 3"]);
    desk.json(&words.replace("--data", "--duplicates sum --data"), &[OBJECTIVE]);
}

#[test]
fn factors_are_read_as_data_is_written_or_as_they_show_themselves() {
    let desk = desk();
    let words = format!("fit x2.csv --rank 2 {WRITTEN}");
    let objective = ["--objective", "sum(observed(X) * (X - W @ H)**2)"];
    desk.json("fit x.csv --rank 2 -o m.csv", &objective);
    // With semicolons as X is, zeros that X marks as missing included.
    desk.file("h.csv", "// of last year\n1,5;0,25;-9\n0,5;2;1\n");
    desk.file("h.npy.csv", "1.5,0.25,-9\n0.5,2,1\n");
    let fixed = |words: &str, h: &str| {
        desk.json(&format!("{words} --fix H={h} --match position"), &objective)["objective"].clone()
    };
    let bare = "fit x.csv --rank 2";
    assert_eq!(fixed(&words, "h.csv"), fixed(bare, "h.npy.csv"));
    // What Eckart wrote has commas and names, and says that it is read so.
    let said = desk.run(&format!("{words} --json --match position --fix H=m.H.csv"), &objective);
    said.warned(Code::ReadOtherwise, "m.H.csv");
    let found = said.json();
    assert_eq!(found["objective"], fixed(bare, "m.H.csv"));
    let told = found["warnings"].as_array().unwrap();
    assert!(told.iter().any(|warning| warning["code"] == Code::ReadOtherwise.as_str()), "{found}");
    // Where it can't be read either way, the options are what it is held to.
    desk.file("bad.csv", "1,5;2;1\n2;x;3\n");
    desk.refuses(&format!("{words} --init-from H=bad.csv"), &objective, Code::NotANumber, &["bad.csv", "\"x\""]);
    // A name that ends in .tsv promises tabs.
    desk.file("h.tsv", "1,5\t0,25\t-9\n0,5\t2\t1\n");
    assert_eq!(fixed(&words, "h.tsv"), fixed(bare, "h.npy.csv"));
}

#[test]
fn what_list_x_is_says_nothing_of_other_files_but_answers_doubts() {
    let desk = Desk::new();
    desk.file("orders.csv", "who,what,pieces\nann,7,1\nann,9,2\nbob,7,3\nbob,9,1\ncat,7,2\n");
    desk.file("side.csv", "who,age,size\nbob,30,1.5\nann,20,1.25\ncat,40,2.5\n");
    desk.file("weights.csv", "who,what,weight\nann,7,1\nann,9,2\nbob,7,3\nbob,9,1\ncat,7,2\n");
    let beside = "sum(observed(X) * (X - W @ H)**2) + sum((Y - W @ K)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)";
    let fit = |words: &str| format!("fit orders.csv --rank 1 {words} --objective");
    let columns = "--columns who,what,pieces";
    let found = desk.json(&fit(&format!("{columns} --data Y=side.csv")), &[beside]);
    assert_eq!(found["factors"]["K"]["shape"], serde_json::json!([1, 2]), "{found}");
    let weighted = "sum(observed(X) * S * (X - W @ H)**2) + 0.1*sum(W**2) + 0.1*sum(H**2)";
    let found = desk.json(&fit("--columns 1,2,3 --data S=weights.csv"), &[weighted]);
    assert!(found["readings"]["S"].as_str().unwrap().contains("list of entries"), "{found}");
}

const WEIGHTED: &str = "sum(S * (X - W @ H)**2)";

/// Options of one file are of that file alone, by the name of its matrix; advice about it says so.
#[test]
fn formats_and_columns_are_said_of_each_file() {
    let desk = Desk::new();
    desk.file("x.csv", "gene,s1,s2\ng1,9,1\ng2,8,2\ng3,1,7\n");
    desk.file("s.csv", "gene,s1,s2\ng1,1,2\ng2,1,1\ng3,3,2\n");
    desk.file("list.csv", "gene,probe,w\ng3,s1,3\ng3,s2,2\ng1,s1,1\ng1,s2,2\ng2,s1,1\ng2,s2,1\n");
    desk.file("w.csv", "gene,kind,weight\ng3,T,1\ng1,B,1\ng2,B,1\ng2,T,0.5\ng1,T,0.25\ng3,B,0.125\n");
    let fit = |words: &str| desk.json(&format!("fit x.csv --rank 1 {words}"), &["--objective", WEIGHTED]);
    let cost = |words: &str| fit(words)["objective"].as_f64().unwrap();
    let near = |one: f64, other: f64| (one - other).abs() <= 1e-6 * other.abs();
    let expected = cost("--data S=s.csv");
    for words in ["--columns S=gene,probe,w", "--columns S=1,2,3 --format X=table", "--format S=coo --columns S=1,2,3"]
    {
        assert!(near(cost(&format!("--data S=list.csv {words}")), expected), "{words}");
    }
    let refuses = |words: &str, code: Code, parts: &[&str]| {
        desk.refuses(&format!("fit x.csv --rank 1 {words}"), &["--objective", WEIGHTED], code, parts);
    };
    refuses("--data S=list.csv", Code::ListOrTable, &["list.csv", "`--columns S=gene,probe,w`", "`--format S=table`"]);
    refuses("--data S=s.csv --columns T=1,2,3", Code::UnknownName, &["--columns T=...", "X, S"]);
    refuses("--data S=s.csv --format S=csv --format S=tsv", Code::GivenTwice, &["--format", "S"]);
    refuses("--data S=s.csv --format csv --format X=tsv", Code::GivenTwice, &["--format", "X"]);
    let fixed = "fit x.csv --rank 2 --model nmf --fix W=w.csv";
    desk.refuses(fixed, &[], Code::ListOrTable, &["w.csv", "`--columns W=gene,kind,weight`"]);
    desk.file("few.csv", "gene,kind,weight\ng3,T,1\ng1,B,1\ng2,B,1\n");
    desk.refuses(
        &fixed.replace("w.csv", "few.csv"),
        &[],
        Code::NotANumber,
        &["few.csv", "(--columns W=ROW,COL,VALUE)"],
    );
    let words = "fit x.csv --rank 2 --model nmf --fix W=w.csv --columns W=gene,kind,weight --report page.html";
    let found = desk.json(words, &[]);
    assert_eq!(found["factors"]["W"]["shape"], serde_json::json!([3, 2]), "{found}");
    let page = std::fs::read_to_string(desk.path("page.html")).unwrap();
    assert!(page.contains("--columns=W=gene,kind,weight") || page.contains("--columns W=gene,kind,weight"), "command");
    assert!(page.contains("columns: Some(vec![&quot;gene&quot;.into(), &quot;kind&quot;.into()"), "program");
}

/// Columns that are called as those of X are what they are there: no matrix is turned by the words of its header.
#[test]
fn columns_of_the_same_names_are_the_same_in_every_file() {
    let desk = Desk::new();
    let entries = |value: &str, numbers: [u32; 9]| {
        let ids = ["a", "b", "c"].into_iter().flat_map(|row| ["a", "b", "c"].map(|col| (row, col)));
        let lines = ids.zip(numbers).map(|((row, col), number)| format!("{row},{col},{number}\n"));
        format!("target,source,{value}\n{}", lines.collect::<String>())
    };
    desk.file("x.csv", entries("value", [1, 2, 1, 3, 5, 4, 2, 1, 2]))
        .file("s.csv", entries("value", [1, 9, 9, 1, 1, 1, 1, 1, 1]));
    desk.file("w.csv", entries("weight", [1, 9, 9, 1, 1, 1, 1, 1, 1]));
    desk.file("t.csv", "target,a,b,c\na,1,9,9\nb,1,1,1\nc,1,1,1\n");
    let cost = |weights: &str| {
        let words = format!("fit x.csv --rank 1 --columns target,source,value --data S={weights}");
        desk.json(&words, &["--objective", WEIGHTED])["objective"].as_f64().unwrap()
    };
    let expected = cost("t.csv");
    for weights in ["s.csv", "w.csv"] {
        let found = cost(weights);
        assert!((found - expected).abs() <= 1e-6 * expected, "{weights}: {found} is not {expected}");
    }
}
