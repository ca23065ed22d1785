//! Names: components as people read them.

use eckart::Code;

use crate::command::Desk;

/// Two topics: apples and pears, boats and cars.
const COUNTS: &str = "%%MatrixMarket matrix coordinate integer general
4 4 8
1 1 9
1 2 4
2 1 9
2 2 4
3 3 5
3 4 2
4 3 5
4 4 2
";

fn desk() -> Desk {
    let desk = Desk::new();
    desk.file("x.mtx", COUNTS).file("words.txt", "apple\npear\nboat\ncar\n");
    desk
}

#[test]
fn components_are_shown_by_their_heaviest_columns() {
    let desk = desk();
    let words = "fit x.mtx --col-names words.txt --model nmf --rank 2 --tol 1e-9 --max-iter 2000 -k 3";
    let found = desk.json(words, &[]);
    let components = found["components"].as_array().unwrap();
    let top = |k: usize, at: usize| components[k]["top"][at]["name"].as_str().unwrap();
    assert_eq!([top(0, 0), top(0, 1), top(1, 0), top(1, 1)], ["apple", "pear", "boat", "car"]);
    let shares: Vec<f64> = components.iter().map(|component| component["share"].as_f64().unwrap()).collect();
    assert!(shares[0] > shares[1] && (shares[0] + shares[1] - 1.0).abs() < 1e-12);
    let text = desk.prints(words, &["--top", "1"]);
    assert!(text.contains("apple") && text.contains("boat") && !text.contains("pear"), "{text}");
    assert!(text.contains("8 stored entries (50.0 %)"), "{text}");
}

#[test]
fn rows_are_shown_where_only_they_have_names() {
    let desk = desk();
    let text = desk.prints("fit x.mtx --row-names words.txt --model nmf --rank 2 -n 50", &[]);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Top features: the rows of X") && text.contains("apple"), "{text}");
}

#[test]
fn titles_stand_beside_ids() {
    let desk = Desk::new();
    desk.file("r.csv", "user,item,rating\n1,10,4\n1,20,2\n2,10,5\n2,20,1\n3,20,3\n");
    desk.file("titles.csv", "item,title,year\n10,\"Heat, the film\",1995\n30,Other,1990\n");
    let text = desk.prints("fit r.csv --titles titles.csv --model ratings --rank 1 -n 20", &[]);
    assert!(text.contains("Heat, the film [10]") || text.contains("nothing"), "{text}");
    let found = desk.json("fit r.csv --titles titles.csv --model mf --rank 1 -n 20", &[]);
    assert_eq!(found["components"][0]["top"][0]["title"], "Heat, the film");
    desk.file("other.csv", "item,title\n7,Seven\n");
    let help = ["other.csv", "\"10\""];
    desk.refuses("fit r.csv --titles other.csv --model mf --rank 1", &[], Code::NamesDiffer, &help);
}

#[test]
fn names_must_fit() {
    let desk = desk();
    desk.file("three.txt", "a\nb\nc\n");
    desk.refuses(
        "fit x.mtx --col-names three.txt --model nmf --rank 2",
        &[],
        Code::NameCount,
        &["three.txt", "3 names", "4 columns"],
    );
    desk.refuses(
        "fit x.mtx --row-names three.txt --model nmf --rank 2",
        &[],
        Code::NameCount,
        &["three.txt", "3 names", "4 rows"],
    );
    desk.refuses(
        "fit x.mtx --titles three.txt --model nmf --rank 2",
        &[],
        Code::NamesMissing,
        &["--titles", "--col-names"],
    );
}

#[test]
fn names_that_are_given_are_told_from_those_of_the_data() {
    let desk = Desk::new();
    desk.file("x.csv", "id,a,b,c\nr,1,2,3\ns,2,1,1\nt,1,1,2\n");
    desk.file("same.txt", "c\na\nb\n").file("other.txt", "x\ny\nz\n").file("some.txt", "c\na\ny\n");
    let fit = "fit x.csv --model nmf --rank 1";
    let names = |option: &str| {
        let found = desk.run(fit, &[option, "-o", "m.safetensors", "--json"]).json();
        let told: Vec<String> = found["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .map(|warning| warning["code"].as_str().unwrap().to_owned())
            .filter(|code| code.starts_with("names"))
            .collect();
        let kept = eckart::Factorization::load(desk.path("m.safetensors")).unwrap().col_names.unwrap();
        (kept.join(" "), told)
    };
    assert_eq!(names("--col-names=same.txt"), ("a b c".to_owned(), vec![]));
    assert_eq!(names("--col-names=other.txt"), ("x y z".to_owned(), vec!["names-replaced".to_owned()]));
    desk.refuses(fit, &["--col-names=some.txt"], Code::NamesDiffer, &["some.txt", "2 of the 3", "\"y\""]);
    // As new rows are named.
    desk.file("rows.txt", "t\nr\ns\n").file("some_rows.txt", "t\nr\nz\n");
    let new = desk.prints("transform m.safetensors x.csv --match position --row-names rows.txt", &[]);
    assert!(new.lines().nth(1).unwrap().starts_with("r,"), "{new}");
    let transform = "transform m.safetensors x.csv --match position --row-names some_rows.txt";
    desk.refuses(transform, &[], Code::NamesDiffer, &["some_rows.txt"]);
}

#[test]
fn components_are_called_as_the_factor_that_is_given_calls_them() {
    let desk = Desk::new();
    desk.file("x.csv", "gene,s1,s2,s3\ng1,9,1,5\ng2,8,1,4\ng3,1,7,4\ng4,1,9,5\n");
    desk.file("w.csv", "gene,B cells,T cells\ng1,1,0.1\ng2,0.9,0.1\ng3,0.1,0.8\ng4,0.1,1\n");
    desk.file("h.csv", "cell,s1,s2,s3\nT cells,1,2,3\nNK cells,3,2,1\n");
    let fit = "fit x.csv --model nmf --rank 2 -n 100 --fix W=w.csv";
    let found = desk.json(&format!("{fit} -o m.csv"), &[]);
    let called: Vec<&str> =
        found["components"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(called.len(), 2);
    assert!(called.contains(&"B cells") && called.contains(&"T cells"));
    let first = |file: &str| {
        let text = std::fs::read_to_string(desk.path(file)).unwrap();
        text.lines().map(|line| line.split(',').next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(first("m.H.csv")[1..], ["B cells", "T cells"]);
    assert!(std::fs::read_to_string(desk.path("m.W.csv")).unwrap().starts_with(",B cells,T cells\n"));
    // What is written is taken up again, by these names, in any order.
    desk.file("h2.csv", "cell,s1,s2,s3\nT cells,1,2,3\nB cells,3,2,1\n");
    desk.prints("fit x.csv --model nmf --rank 2 -q --fix W=m.W.csv --init-from H=h2.csv -o m.safetensors", &[]);
    let codes = "fit x.csv --model nmf --rank 2 --fix W=m.safetensors --init-from H=h.csv";
    desk.refuses(codes, &[], Code::NamesDiffer, &["\"NK cells\"", "\"B cells\""]);
    desk.file("new.csv", "gene,s1,s2,s3\nn1,9,1,5\n");
    // New rows of a model whose H is searched.
    desk.prints("fit x.csv --model nmf --rank 2 -q --init-from W=w.csv -o begun.safetensors", &[]);
    let new = desk.prints("transform begun.safetensors new.csv", &[]);
    assert!(new.starts_with(",B cells,T cells\nn1,"), "{new}");
    desk.prints("transform begun.safetensors new.csv -o new.safetensors", &[]);
    for file in ["m.safetensors", "begun.safetensors", "new.safetensors"] {
        let text = desk.prints(&format!("show {file}"), &[]);
        assert!(text.contains("components are its columns: B cells, T cells"), "{text}");
    }
    let found = desk.json("transform begun.safetensors new.csv", &[]);
    assert_eq!(found["factors"]["W"]["col_names"], serde_json::json!(["B cells", "T cells"]), "{found}");
    let page = desk.prints("report m.safetensors -o -", &[]);
    assert!(page.contains("T cells") && !page.contains("Component 1"));
    let reasons = desk.run("recommend begun.safetensors --user g1 --explain", &[]).out;
    assert!(reasons.contains("B cells") && !reasons.contains("component"), "{reasons}");
}

#[test]
fn the_stability_of_components_is_told_by_their_names() {
    let desk = Desk::new();
    desk.file("x.csv", "gene,s1,s2,s3\ng1,9,0,3\ng2,0,5,2\ng3,9,5,5\ng4,18,5,8\ng5,9,10,7\ng6,27,0,9\n");
    desk.file("w.csv", "gene,B cells,T cells\ng1,1,0\ng2,0,1\ng3,1,1\ng4,2,1\ng5,1,2\ng6,3,0\n");
    let words = "fit x.csv --model nmf --rank 2 -n 1 --n-init 3 --consensus -o m.safetensors";
    let text = desk.run(&format!("{words} --init-from W=w.csv"), &[]).out;
    let line = |text: &str| text.lines().find(|line| line.trim().starts_with("stability  ")).unwrap().to_owned();
    assert!(line(&text).contains("B cells:") && line(&text).contains("T cells:"), "{text}");
    let shown = desk.prints("show m.safetensors", &[]);
    assert!(line(&shown).contains("B cells: ") && line(&shown).contains("T cells: "), "{shown}");
    // A start of the factor that the consensus holds is left out.
    desk.file("h.csv", "cell,s1,s2,s3\nT cells,0,5,2\nB cells,9,0,3\n");
    desk.run(&format!("{words} --init-from H=h.csv"), &[]).success();
    assert!(desk.prints("show m.consensus.safetensors", &[]).contains("B cells"));
}

#[test]
fn components_that_nothing_names_have_numbers() {
    let desk = Desk::new();
    desk.file("x.csv", "gene,s1,s2,s3\ng1,9,1,5\ng2,8,1,4\ng3,1,7,4\ng4,1,9,5\n");
    let found = desk.json("fit x.csv --model nmf --rank 2 -n 50 -o m.csv", &[]);
    assert!(found["components"][0].get("name").is_none());
    assert!(std::fs::read_to_string(desk.path("m.W.csv")).unwrap().starts_with(",component 1,component 2\n"));
    // Numbers are no names: a table of Eckart's own names nothing.
    desk.prints("fit x.csv --model nmf --rank 2 -q -n 50 --fix W=m.W.csv -o m.safetensors", &[]);
    let shown = desk.json("show m.safetensors", &[]);
    assert!(shown["factors"].as_array().unwrap().iter().all(|factor| factor.get("component_names").is_none()));
}
