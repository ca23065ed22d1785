//! What is asked of a model: new rows, recommendations, likeness, figures.

use eckart::Code;
use std::fmt::Write as _;

use crate::command::Desk;

/// Twelve users, nine items, two tastes: users of an even number like items of an even one.
fn ratings(skip: impl Fn(usize, usize) -> bool) -> String {
    let mut text = "user,item,rating\n".to_owned();
    for (i, j) in (0..12).flat_map(|i| (0..9).map(move |j| (i, j))) {
        if !skip(i, j) {
            let liked = (i % 2 == 0) == (j % 2 == 0);
            let _ = writeln!(text, "u{i},item {j},{}", if liked { 5 - (i + j) % 2 } else { 1 + (i * j) % 2 });
        }
    }
    text
}

fn unseen(i: usize, j: usize) -> bool {
    (i * 7 + j * 5 + i * j / 3).is_multiple_of(4)
}

/// A folder with ratings and a model of them.
fn rated() -> Desk {
    let desk = Desk::new();
    desk.file("ratings.csv", ratings(unseen)).file("test.csv", ratings(|i, j| !unseen(i, j)));
    desk.file("titles.csv", "item,title\nitem 0,\"Heat, the film\"\nitem 1,Alien\n");
    desk.prints(
        "fit ratings.csv --model ratings --param lambda=0.1 --param beta=0.5 --rank 2 -q -o m.safetensors",
        &[],
    );
    desk
}

#[test]
fn what_is_recommended_is_named_and_new() {
    let desk = rated();
    let found = desk.json("recommend m.safetensors --user u0 --user u1 --top 2 --train ratings.csv", &[]);
    let lists = found["lists"].as_array().unwrap();
    assert_eq!((lists[0]["about"].as_str(), lists[1]["about"].as_str()), (Some("u0"), Some("u1")));
    for (user, list) in lists.iter().enumerate() {
        for entry in list["list"].as_array().unwrap() {
            let item: usize = entry["name"].as_str().unwrap().strip_prefix("item ").unwrap().parse().unwrap();
            assert!(unseen(user, item), "{entry} was known");
        }
    }
    let words = "recommend m.safetensors --user u0 --top 3 --train ratings.csv --explain --titles titles.csv";
    let text = desk.prints(words, &[]);
    assert!(text.contains("For u0") && text.contains("mu") && text.contains("component"), "{text}");
    assert!(text.contains("because you rated: item"), "{text}");
    desk.prints("recommend m.safetensors --all --top 2 --train ratings.csv --titles titles.csv -o lists.csv", &[]);
    let csv = std::fs::read_to_string(desk.path("lists.csv")).unwrap();
    assert_eq!(csv.lines().next(), Some("row,place,column,title,prediction"));
    assert!(csv.lines().count() > 12 && csv.contains("item 0,\"Heat, the film\","), "{csv}");
    // Columns go by their names; ids that are none of the model's, or of a model without names, are refused.
    desk.file("turned.csv", "title,year,id\nAlien,1979,item 1\n");
    let text = desk.prints("similar m.safetensors --titles turned.csv --item", &["item 3"]);
    assert!(text.contains("Alien [item 1]"), "{text}");
    desk.file("others.csv", "id,title\nitem 77,Alien\n");
    for words in ["recommend m.safetensors --user u0", "similar m.safetensors --user u0"] {
        let words = format!("{words} --titles others.csv");
        desk.refuses(&words, &[], Code::NamesDiffer, &["others.csv", "\"item 1\""]);
    }
    desk.prints("fit {digits} --model nmf --rank 2 -n 3 -q -o bare.safetensors", &[]);
    desk.refuses("similar bare.safetensors --item 5 --titles others.csv", &[], Code::NamesMissing, &["--titles"]);
    desk.refuses("recommend m.safetensors --user nobody", &[], Code::UnknownName, &["\"nobody\"", "u0"]);
    desk.refuses(
        "recommend m.safetensors --user nobody --train ratings.csv",
        &[],
        Code::UnknownName,
        &["ratings.csv", "\"nobody\""],
    );
    let said = desk.run("recommend m.safetensors --user u0", &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    said.warned(Code::KnownNotExcluded, "--train");
}

#[test]
fn a_user_whom_only_the_data_knows_is_taken_in() {
    let desk = rated();
    desk.file("more.csv", ratings(unseen) + "new,item 0,5\nnew,item 2,5\nnew,item 1,1\nnew,item 9,3\n");
    let json = |words: &str| desk.run(&format!("recommend m.safetensors {words} --train more.csv --json"), &[]).json();
    let found = json("--user new --top 3");
    let list = found["lists"][0]["list"].as_array().unwrap();
    let even = |entry: &serde_json::Value| entry["name"].as_str().unwrap().ends_with(['4', '6', '8']);
    assert!(list.len() == 3 && list.iter().all(even), "{found}");
    // With all others, and explained as they are.
    let all = json("--all --top 3");
    let lists = all["lists"].as_array().unwrap();
    assert_eq!((lists.len(), lists.last()), (13, found["lists"].get(0)), "{all}");
    let explained = json("--user new --user u0 --top 3 --explain");
    for list in explained["lists"].as_array().unwrap() {
        for entry in list["list"].as_array().unwrap() {
            // "= 0.0173 b - 0.0180 c + ... component 1": what it is made of adds up to it.
            let words: Vec<&str> = entry["notes"][0].as_str().unwrap().split_whitespace().collect();
            let number = |at: usize| words.get(at).and_then(|word| word.parse::<f64>().ok()).unwrap_or(0.0);
            let added = |at: usize| match words[at] {
                "=" | "+" => number(at + 1),
                "-" => -number(at + 1),
                _ => 0.0,
            };
            let sum: f64 = (0..words.len()).map(added).sum();
            assert!((sum - entry["prediction"].as_f64().unwrap()).abs() < 0.02, "{entry}");
        }
    }
    let known = &explained["lists"][0]["list"][0]["notes"][1];
    assert!(known.as_str().unwrap().contains("because you rated: item"), "{explained}");
}

/// Columns of --train that the model lacks are told, once; rows are folded in, or not asked about.
#[test]
fn columns_of_the_training_data_that_the_model_lacks_are_told() {
    let desk = rated();
    desk.file("more.csv", ratings(unseen) + "new,item 0,5\nnew,unheard,5\nu1,unheard,2\n");
    for words in ["--all", "--user u0", "--user new", "--user u0 --user new"] {
        let said = desk.run(&format!("recommend m.safetensors {words} --train more.csv"), &[]);
        assert_eq!(said.code, Some(0), "{}", said.err);
        said.warned(Code::NamesIgnored, "1 column that the model does not know left out: unheard");
        assert_eq!(said.err.matches("left out").count(), 1, "{words}: {}", said.err);
    }
    let measured = desk.run("evaluate m.safetensors test.csv --train more.csv --json", &[]).json();
    let notes: Vec<&str> =
        measured["warnings"].as_array().unwrap().iter().map(|note| note["message"].as_str().unwrap()).collect();
    assert!(notes.iter().any(|note| note.contains("more.csv: 1 column") && note.ends_with("unheard")), "{notes:?}");
}

/// What is compared with a function of the data is taken back before it is measured; where that can't be, nothing is.
#[test]
fn errors_are_of_the_scale_of_the_data() {
    let desk = Desk::new();
    let cell = |i: usize, j: usize| 1.0 + ((i * 3 + j * 5) % 7) as f64 * 0.5;
    let row = |i: usize| (0..5).map(|j| cell(i, j).to_string()).collect::<Vec<_>>().join(",");
    let body: String = (0..8).map(|i| format!("r{i},{}\n", row(i))).collect();
    desk.file("x.csv", format!("name,a,b,c,d,e\n{body}"));
    let fit = |objective: &str, name: &str| {
        desk.prints(&format!("fit x.csv --rank 2 --param a=0.01 -n 200 -q -o {name} --objective"), &[objective]);
    };
    let penalty = "a*(sum(W**2) + sum(H**2))";
    fit(&format!("sum((log(X) - W @ H)**2) + {penalty}"), "log.safetensors");
    fit(&format!("sum(((X > 2) - W @ H)**2) + {penalty}"), "step.safetensors");
    let found = desk.json("evaluate log.safetensors x.csv --train x.csv", &[]);
    assert_eq!(found["prediction"], "exp(W @ H)");
    let mut squares = 0.0;
    let all = desk.run("recommend log.safetensors --all --top 5 --json", &[]).json();
    for (i, list) in all["lists"].as_array().unwrap().iter().enumerate() {
        for entry in list["list"].as_array().unwrap() {
            let j = "abcde".find(entry["name"].as_str().unwrap()).unwrap();
            squares += (entry["prediction"].as_f64().unwrap() - cell(i, j)).powi(2);
        }
    }
    let rmse = found["rmse"].as_f64().unwrap();
    assert!((rmse - (squares / 40.0).sqrt()).abs() < 1e-6 && rmse < 1.0, "{found}");
    let said = desk.run("evaluate step.safetensors x.csv --train x.csv --json", &[]);
    said.warned(Code::ScaleUnknown, "W @ H");
    assert!(said.json()["rmse"].is_null() && said.json()["ranking"].is_object(), "{}", said.out);
    assert!(!desk.run("evaluate step.safetensors x.csv --train x.csv", &[]).out.contains("RMSE"));
    desk.run("recommend step.safetensors --user r1", &[]).warned(Code::ScaleUnknown, "W @ H");
}

/// Masks and weights are of the fit: a prediction needs none.
#[test]
fn models_with_further_data_are_measured_and_asked() {
    let desk = Desk::new();
    desk.file("x.csv", "name,a,b,c,d\nx,1,2,3,2\ny,2,1,4,2\nz,3,3,3,1\n");
    desk.file("v.csv", "name,a,b,c,d\nx,1,2,1,1\ny,2,1,1,1\nz,1,1,3,1\n");
    for objective in ["sum(V*(X - W @ H)**2)", "sum(observed(X)*V*(X - W @ H)**2)"] {
        desk.prints("fit x.csv --data V=v.csv --format table --rank 1 -q -o m.safetensors --objective", &[objective]);
        let found = desk.json("evaluate m.safetensors x.csv --train x.csv", &[]);
        assert!(found["rmse"].as_f64().unwrap() < 1.0 && found["prediction"] == "W @ H", "{found}");
        assert!(desk.run("recommend m.safetensors --user x --top 2", &[]).out.contains("For x"), "{objective}");
        let words = "evaluate m.safetensors x.csv --data V=v.csv";
        desk.refuses(words, &[], Code::SettingsConflict, &["--data"]);
    }
}

/// A 0 of a table is what nobody has, unless the objective asks for what is observed.
#[test]
fn zeros_of_a_table_are_no_entries() {
    let desk = Desk::new();
    desk.file("wide.csv", "user,a,b,c\nann,9,3,0\nbob,5,0,1\ncat,0,0,4\n");
    desk.file("list.csv", "user,item,plays\nann,a,9\nann,b,3\nbob,a,5\nbob,c,1\ncat,c,4\n");
    let objective = "sum((1 + a*X) * ((X > 0) - W @ H)**2) + b*(sum(W**2) + sum(H**2))";
    let words = "fit wide.csv --rank 2 --param a=40 --param b=0.1 -q -o m.safetensors --objective";
    desk.prints(words, &[objective]);
    let lists = |train: &str| desk.run(&format!("recommend m.safetensors --all --train {train} --json"), &[]).json();
    let (of_table, of_list) = (lists("wide.csv"), lists("list.csv"));
    assert_eq!(of_table["lists"], of_list["lists"]);
    assert_eq!(of_table["lists"][0]["list"].as_array().unwrap().len(), 1, "{of_table}");
    let ranking =
        |test: &str| desk.run(&format!("evaluate m.safetensors {test} --json"), &[]).json()["ranking"].clone();
    assert_eq!(ranking("wide.csv"), ranking("list.csv"));
}

/// A name of several rows is asked about in vain.
#[test]
fn names_of_several_rows_are_refused() {
    let desk = Desk::new();
    desk.file("x.csv", ",a,b,c,d\ns,1,2,3,4\ns,9,1,1,2\nt,3,3,1,3\n");
    let said = desk.run("fit x.csv --model nmf --rank 1 -q -o m.safetensors", &[]);
    said.warned(Code::RepeatedNames, "rows 1 and 2 of X have the same name, \"s\"");
    for words in ["recommend m.safetensors --user s", "similar m.safetensors --user s"] {
        desk.refuses(words, &[], Code::DuplicateNames, &["1 and 2 of the rows", "\"s\""]);
    }
    assert!(desk.prints("similar m.safetensors --user t", &[]).contains("Like t"));
    desk.file("y.csv", ",a,b,c,d\nu,1,2,3,4\nv,9,1,1,2\nv,3,3,1,3\n");
    let words = "recommend m.safetensors --train y.csv --user v";
    desk.refuses(words, &[], Code::DuplicateNames, &["y.csv", "2 and 3 of the rows", "\"v\""]);
}

#[test]
fn options_of_a_fit_are_refused_beside_a_model() {
    let desk = rated();
    for (words, option) in [
        ("--model nmf", "--model"),
        ("--rank 3", "--rank"),
        ("--param a=1", "--param"),
        ("--fix H=m.safetensors", "--fix"),
        ("--n-init 3", "--n-init"),
        ("--tol 1e-6", "--tol"),
    ] {
        let words = format!("evaluate m.safetensors test.csv {words}");
        desk.refuses(&words, &[], Code::SettingsConflict, &[option, "--holdout"]);
    }
}

#[test]
fn what_is_alike_is_named() {
    let desk = Desk::new();
    desk.file("x.csv", "name,apple,pear,boat,car\na,9,4,0,0\nb,8,4,0,1\nc,0,0,5,2\nd,0,1,5,2\n");
    desk.prints("fit x.csv --model nmf --rank 2 -q -k 3 -o m.safetensors", &[]);
    let found = desk.json("similar m.safetensors --item apple --top 1", &[]);
    assert_eq!(found["lists"][0]["list"][0]["name"], "pear");
    let found = desk.json("similar m.safetensors --user d --top 1", &[]);
    assert_eq!(found["lists"][0]["list"][0]["name"], "c");
    assert!(desk.prints("similar m.safetensors --item boat", &[]).contains("Like boat"));
    desk.prints("similar m.safetensors --all --top 1 -o all.csv", &[]);
    let csv = std::fs::read_to_string(desk.path("all.csv")).unwrap();
    assert!(csv.starts_with("column,place,other_column,cosine\napple,1,pear,0.9"), "{csv}");
    desk.refuses("similar m.safetensors --item kiwi", &[], Code::UnknownName, &["\"kiwi\"", "apple, pear, boat"]);
}

#[test]
fn models_are_measured() {
    let desk = rated();
    let said = desk.run("evaluate m.safetensors test.csv --train ratings.csv --top 3 --relevant 4 --json", &[]);
    said.warned(Code::NamesLacking, "2 of the model's rows are not there");
    let found = said.json();
    let count = (0..12 * 9).filter(|at| unseen(at / 9, at % 9)).count();
    assert_eq!(found["test_entries"], count);
    assert!(found["rmse"].as_f64().unwrap() < 1.0 && found["ranking"]["recall"].as_f64().unwrap() > 0.8, "{found}");
    let text = desk.prints("evaluate m.safetensors test.csv --train ratings.csv", &[]);
    assert!(text.contains("RMSE") && text.contains("NDCG") && text.contains("Lists of 10"), "{text}");
    let words = "evaluate --holdout 0.2 ratings.csv --model ratings --param lambda=0.1 --param beta=0.5 --rank 1 -s 3";
    let split = desk.json(words, &[]);
    assert_eq!(split, desk.json(words, &[]));
    let all = (0..12 * 9).count() - count;
    assert_eq!(split["test_entries"].as_u64().unwrap() + split["fitted_entries"].as_u64().unwrap(), all as u64);
    desk.refuses("evaluate --holdout 0.2 ratings.csv --model ratings", &[], Code::OptionMissing, &["--rank R"]);
    desk.refuses(
        "evaluate --holdout 0.1 {digits} --model nmf --rank 2",
        &[],
        Code::HoldoutUnsupported,
        &["--holdout 0.1", "sum(observed(X) * (X - W @ H)**2)"],
    );
    desk.file("other.csv", "user,item,rating\nx,item 1,2\n");
    desk.refuses("evaluate m.safetensors other.csv", &[], Code::NamesDiffer, &["other.csv", "row", "\"x\""]);
}

/// A list of numbers without a header is a table as well: it is read as what it is said to be, everywhere.
#[test]
fn lists_without_a_header_are_read_as_asked() {
    let desk = Desk::new();
    let entry = |(i, j): (usize, usize)| format!("{},{},{}\n", 100 + i, 7 * j, 1 + (i + j) % 5);
    let all = (0..12).flat_map(|i| (0..9).map(move |j| (i, j)));
    let (known, test): (Vec<_>, Vec<_>) = all.partition(|&(i, j)| !unseen(i, j));
    desk.file("known.csv", known.into_iter().map(entry).collect::<String>());
    desk.file("test.csv", test.into_iter().map(entry).collect::<String>());
    let texts = ["known.csv", "table of 85 x 3", "`row,column,value`", "--format table"];
    desk.refuses("fit known.csv --model ratings --rank 1 -q", &[], Code::ListOrTable, &texts);
    desk.refuses("explain known.csv --model ratings --rank 1", &[], Code::ListOrTable, &texts);
    desk.refuses("evaluate --holdout 0.1 known.csv --model ratings --rank 1", &[], Code::ListOrTable, &texts);
    desk.prints("fit known.csv --model ratings --param lambda=0.1 --rank 1 -q --format table", &[]);
    desk.prints("fit known.csv --model ratings --param lambda=0.1 --rank 1 -q --format coo -o m.safetensors", &[]);
    desk.refuses(
        "recommend m.safetensors --user 101 --train known.csv",
        &[],
        Code::WrongShape,
        &["85 x 3", "--format coo"],
    );
    let list = desk.prints("recommend m.safetensors --user 101 --train known.csv --format coo --top 2", &[]);
    assert!(list.contains("For 101"), "{list}");
    desk.refuses("evaluate m.safetensors test.csv --train known.csv", &[], Code::WrongShape, &["--format coo"]);
    desk.prints("evaluate m.safetensors test.csv --train known.csv --format coo", &[]);
    desk.file("twice.csv", "101,0,1\n101,0,2\n");
    let twice = "recommend m.safetensors --user 101 --train twice.csv --format coo";
    desk.refuses(twice, &[], Code::DuplicateEntry, &["line 2"]);
    let said = desk.run(&format!("{twice} --duplicates last"), &[]);
    said.warned(Code::NamesLacking, "8 of the model's columns are not there");
    assert_eq!(said.code, Some(0));
}

/// Every command says how it understood its files.
#[test]
fn how_files_are_understood_is_said_by_each_command() {
    let desk = rated();
    desk.file("pairs.csv", "user,item\nu1,item 2\nu2,item 4\n").file("names.txt", "\"u1\"\n\"u2\"\n");
    let list = "list of entries; rows: user, columns: item, values: rating";
    let pairs = "list of entries; rows: user, columns: item, values: 1 each";
    for (words, of, reading) in [
        ("explain ratings.csv --model ratings --rank 2", "X", list),
        ("transform m.safetensors ratings.csv", "X", list),
        ("recommend m.safetensors --user u0 --train ratings.csv", "X", list),
        ("evaluate m.safetensors pairs.csv --train ratings.csv", "test", pairs),
        ("evaluate --holdout 0.2 ratings.csv --model ratings --rank 1", "X", list),
    ] {
        let said = desk.run(words, &[]);
        let all = said.out.clone() + &said.err;
        assert!(all.contains(&format!("{of}: {reading}")), "{words}: {all}");
        assert_eq!(desk.run(words, &["--json"]).json()["reading"], reading, "{words}");
    }
    let found = desk.run("evaluate m.safetensors pairs.csv --train ratings.csv --json", &[]).json();
    assert_eq!(found["readings"]["train"], list);
    let said = desk.run("report m.safetensors ratings.csv -o m.html", &[]);
    assert!(said.err.contains(&format!("read X: {list}")), "{}", said.err);
    let named = desk.run("transform m.safetensors pairs.csv --row-names names.txt --json", &[]).json();
    assert_eq!(
        (&named["row_names"][0], &named["readings"]["row names"]),
        (&"u1".into(), &"names.txt, one a line".into())
    );
    desk.file("table.csv", "Customer,Stock,Quantity\n1,2,3\n1,3,4\n1,3,5\n2,2,1\n");
    for words in ["fit table.csv --model nmf --rank 1", "explain table.csv --model nmf --rank 1"] {
        let words = format!("{words} --format table --duplicates sum");
        desk.refuses(&words, &[], Code::SettingsConflict, &["table.csv", "--duplicates", "--format coo"]);
    }
}

#[test]
fn new_rows_are_matched_by_name() {
    let desk = Desk::new();
    desk.file("x.csv", "name,apple,pear,boat,car\na,9,4,0,0\nb,8,4,0,1\nc,0,0,5,2\nd,0,1,5,2\n");
    let words = "fit x.csv --model nmf --rank 2 -q --tol 1e-12 -n 5000 --dtype f64 -o";
    desk.prints(words, &["m.safetensors"]);
    desk.prints(words, &["m.csv"]);
    desk.file("turned.csv", "name,car,boat,pear,apple\nd,2,5,1,0\na,0,0,4,9\n");
    let new = desk.prints("transform m.safetensors turned.csv", &[]);
    let fitted = std::fs::read_to_string(desk.path("m.W.csv")).unwrap();
    let row = |text: &str, name: &str| -> Vec<f64> {
        let line = text.lines().find(|line| line.starts_with(&format!("{name},"))).unwrap();
        line.split(',').skip(1).map(|cell| cell.parse().unwrap()).collect()
    };
    assert!(new.starts_with(",component 1,component 2\n"), "{new}");
    for name in ["a", "d"] {
        let (new, old) = (row(&new, name), row(&fitted, name));
        assert!(new.iter().zip(&old).all(|(a, b)| (a - b).abs() < 1e-4), "{name}: {new:?} and {old:?}");
    }
    desk.file("sparse.csv", "row,column,value\nd,boat,5\nd,car,2\nd,kiwi,1\n");
    let said = desk.run("transform m.safetensors sparse.csv -o w.npy", &[]);
    assert_eq!((said.code, said.out.as_str()), (Some(0), "w.npy\n"));
    said.warned(Code::NamesIgnored, "kiwi");
    said.warned(Code::NamesLacking, "2 of the model's columns are not there, and count as not stored");
    desk.file("narrow.csv", "1,2,3\n");
    desk.refuses("transform m.safetensors narrow.csv", &[], Code::WrongShape, &["1 x 3", "4 columns"]);
    desk.refuses("transform x.csv x.csv", &[], Code::NotAModel, &["x.csv"]);
}

/// Ids of new rows are names, however few rows there are, and come out beside the factors.
#[test]
fn ids_of_one_or_two_new_rows_are_no_data() {
    let desk = Desk::new();
    desk.file("x.csv", "id,a,b,c\n1001,5,3,0\n1007,2,2,1\n1003,0,4,4\n1010,7,3,1\n");
    desk.run("fit x.csv --model nmf --rank 2 -q -o m.safetensors", &[]);
    for header in ["id", "lot"] {
        for rows in 1..4 {
            let lines = ["2001,1,2,3", "2002,0,1,1", "2003,4,1,1"];
            desk.file("new.csv", format!("{header},c,a,b\n{}\n", lines[..rows].join("\n")));
            let said = desk.run("transform m.safetensors new.csv", &[]);
            said.warned(Code::NumbersAsNames, &format!("column 1 ({header})"));
            let ids: Vec<&str> = said.out.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
            assert_eq!(ids, ["2001", "2002", "2003"][..rows], "{header}: {}", said.out);
            assert!(!said.err.contains(Code::NamesIgnored.as_str()), "{}", said.err);
        }
    }
    let said = desk.run("transform m.safetensors new.csv --index-col=false", &[]);
    said.warned(Code::NamesIgnored, "lot");
    desk.file("bare.csv", "2001,1,2,3\n2002,0,1,1\n");
    desk.refuses("transform m.safetensors bare.csv", &[], Code::WrongShape, &["2 x 4", "3 columns", "--index-col"]);
}

#[test]
fn starts_are_compared_and_what_they_agree_on_is_written() {
    let desk = Desk::new();
    desk.file("x.csv", "name,apple,pear,boat,car\na,9,4,0,0\nb,8,4,0,1\nc,0,0,5,2\nd,0,1,5,2\ne,1,1,4,2\n");
    let words = "fit x.csv --model nmf --rank 2 --n-init 5 --consensus -o m.safetensors";
    let text = desk.prints(words, &[]);
    for part in ["Consensus of starts", "stability", "cophenetic", "m.consensus.safetensors"] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    let found = desk.json(words, &[]);
    assert_eq!(found["agreement"]["groups"], serde_json::json!([0, 0, 1, 1]));
    assert!(found["agreement"]["cophenetic"].as_f64().unwrap() > 0.9, "{found}");
    assert!(desk.prints("similar m.consensus.safetensors --item boat --top 1", &[]).contains("car"));
    desk.refuses("fit x.csv --model nmf --rank 2 --consensus", &[], Code::OptionMissing, &["--n-init K"]);
}

#[test]
fn ranks_are_compared() {
    let desk = Desk::new();
    let cell = |i: usize, j: usize| if i % 3 == j % 3 { 5 + (i * j) % 2 } else { (i + j) % 2 };
    let row = |i: usize| (0..18).map(|j| cell(i, j).to_string()).collect::<Vec<_>>().join(",");
    desk.file("x.csv", (0..40).map(|i| row(i) + "\n").collect::<String>());
    for way in ["--holdout 0.1", "--bcv"] {
        let said = desk.run(&format!("fit x.csv --model nmf --rank 1..5 {way} -o m.safetensors --json"), &[]);
        let found = said.json();
        let chosen = found["rank_choice"]["chosen"].as_u64().unwrap();
        assert_eq!(said.err.contains(Code::RankAtLimit.as_str()), chosen == 5, "{}", said.err);
        assert!((3..=5).contains(&chosen) && found["rank"] == chosen, "{way}: {found}");
        assert_eq!(found["rank_choice"]["scores"].as_array().unwrap().len(), 5);
        assert_eq!(found["rank_choice"]["scores"][0]["losses"].as_array().unwrap().len(), 3);
    }
    let text = desk.prints("fit x.csv --model nmf --rank 2..4 --bcv", &[]);
    assert!(text.contains("Ranks") && text.contains("<- chosen") && text.contains("standard error"), "{text}");
    desk.refuses("fit x.csv --model nmf --rank 2..4", &[], Code::OptionMissing, &["--holdout 0.1", "--bcv"]);
    desk.refuses("fit x.csv --model nmf --rank 2 --bcv", &[], Code::SettingsConflict, &["--rank 2..3"]);
    desk.refuses(
        "fit x.csv --model nmf --rank 2..4 --bcv --repeats 1",
        &[],
        Code::SettingOutOfRange,
        &["1 repetitions"],
    );
}

#[test]
fn new_rows_are_an_object_where_that_is_asked_for() {
    let desk = rated();
    let csv = desk.prints("transform m.safetensors ratings.csv", &[]);
    let found = desk.json("transform m.safetensors ratings.csv", &[]);
    let w = &found["factors"]["W"];
    assert_eq!((w["shape"].to_string(), w["values"].as_array().map(Vec::len)), ("[12,2]".to_owned(), Some(12)));
    let first: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(first[0], found["row_names"][0].as_str().unwrap());
    assert_eq!(first[1].parse::<f64>().unwrap() as f32, w["values"][0][0].as_f64().unwrap() as f32, "{csv}");
    let saved = desk.json("transform m.safetensors ratings.csv -o new.safetensors", &[]);
    assert_eq!(
        (saved["output"][0].as_str(), &saved["factors"]["W"]["values"]),
        (Some("new.safetensors"), &serde_json::Value::Null)
    );
    let said = desk.run("transform none.safetensors ratings.csv --json", &[]);
    assert_eq!((said.code, said.json()["error"]["code"].as_str()), (Some(2), Some(Code::FileNotFound.as_str())));
}
