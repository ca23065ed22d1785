//! Files as people have them: what is understood, said, asked about and refused.

use eckart::Code;

use crate::command::Desk;

const RATINGS: &str = "--model ratings --param lambda=0.1 --rank 1 -n 20";
/// User, item and rating of some entries: each id stands twice.
const ENTRIES: [(u32, u32, u32); 6] = [(7, 31, 5), (7, 32, 3), (8, 31, 4), (8, 33, 1), (9, 32, 2), (9, 33, 5)];

/// A text of the entries: a header, then a line of each.
fn list(header: &str, line: fn(u32, u32, u32) -> String) -> String {
    let lines = ENTRIES.iter().map(|&(user, item, rating)| line(user, item, rating) + "\n");
    header.lines().map(|line| line.to_owned() + "\n").chain(lines).collect()
}

/// Shape, stored entries and how the file was understood.
#[track_caller]
fn fit(desk: &Desk, words: &str) -> (String, u64, String) {
    let found = desk.json(&format!("fit {words}"), &[]);
    let reading = found["reading"].as_str().unwrap_or_default().to_owned();
    (found["shape"].to_string(), found["stored"].as_u64().unwrap(), reading)
}

/// Checks that a text is read as the list of the entries.
#[track_caller]
fn is_the_list(text: &str, options: &str, reading: &str) {
    let desk = Desk::new();
    desk.file("list.csv", text);
    let expected = ("[3,3]".to_owned(), 6, reading.to_owned());
    assert_eq!(fit(&desk, &format!("list.csv {RATINGS} {options}")), expected, "{text}");
    let printed = desk.prints(&format!("fit list.csv {RATINGS} {options}"), &[]);
    assert!(printed.split_whitespace().collect::<Vec<_>>().join(" ").contains(reading), "{printed}");
}

#[test]
fn a_list_goes_by_the_names_of_its_columns() {
    let said = "list of entries; rows: clientId, columns: productId, values: score; ignored: date";
    is_the_list(&list("date,score,productId,clientId", |u, i, r| format!("2021-05-0{r},{r},{i},{u}")), "", said);
    let said = "list of entries; rows: reader, columns: book, values: stars; ignored: column 1";
    is_the_list(&list(",reader,book,stars", |u, i, r| format!("{},{u},b{i},{r}", u + i)), "", said);
    let said = "list of entries; rows: who, columns: what, values: how_much; ignored: when";
    let text = list("when,what,who,how_much", |u, i, r| format!("{r},{i},{u},{r}"));
    is_the_list(&text, "--columns who,what,how_much", said);
    is_the_list(&text, "--columns 3,2,4", said);
    let said = "list of entries; rows: column 1, columns: column 2, values: column 3; ignored: column 4; delimiter ::";
    is_the_list(&list("", |u, i, r| format!("{u}::{i}::{r}::97830076{r}")), "--format coo", said);
    let said = "list of entries; rows: column 1, columns: column 2, values: column 3; delimiter blanks";
    is_the_list(&list("", |u, i, r| format!("{u} {i} {r}")), "--format coo", said);
    let said =
        "list of entries; rows: user, columns: item, values: rating; delimiter ;; decimal comma; 1 line of comments";
    is_the_list(&list("# by hand\nuser;item;rating", |u, i, r| format!("{u};{i};{r},5")), "", said);
    let said = "list of entries; rows: user, columns: item, values: rating";
    is_the_list(&list("user,item,rating", |u, i, r| format!("{u}.0,{i},{r}")), "", said);
}

#[test]
fn what_may_be_a_list_is_asked_about() {
    let asked = |text: &str, objective: &str, parts: &[&str]| {
        let desk = Desk::new();
        desk.file("list.csv", text);
        desk.refuses(&format!("fit list.csv --rank 1 {objective}"), &[], Code::ListOrTable, parts);
    };
    let open = list("buyer_id,shop_code,store_id,n_orders", |u, i, r| format!("B{u},{r},{i},{r}"));
    asked(&open, "--model nmf", &["list.csv, line 1", "--columns ROW,COL,VALUE", "--format table"]);
    let texts = list("order_no,part_no,pieces", |u, i, r| format!("{u},P{i},{r}"));
    asked(&texts, "--model nmf", &["--columns order_no,part_no,pieces", "columns=("]);
    let numbers = list("", |u, i, r| format!("{u},{i},{r}"));
    asked(&numbers, "--model ratings", &["6 x 3", "--format coo", "--format table", "--columns"]);
    let wide = list("a,b,c,d,e", |u, i, r| format!("{u},{i},{r},{r},{r}"));
    asked(&wide, "--model ratings", &["6 x 5"]);
    let many: String = (0..48).map(|k| format!("{},{},{}\n", k / 8, k % 8, k % 5)).collect();
    asked(&many, "--model nmf", &["48 x 3", "no pair"]);
    let desk = Desk::new();
    let times = list("", |u, i, r| format!("{u},{i},97830076{r}"));
    desk.file("times.csv", times);
    let parts = ["column 3", "--columns 1,2", "--columns 1,2,3"];
    desk.refuses(&format!("fit times.csv --format coo {RATINGS}"), &[], Code::DatesAsValues, &parts);
    assert_eq!(fit(&desk, "times.csv --columns 1,2 --model nmf --rank 1 -n 5").1, 6);
}

#[test]
fn a_list_of_ids_has_a_header_or_is_asked_about() {
    let desk = Desk::new();
    desk.file("orders.csv", "order_no,part_no\n1,7\n1,8\n2,8\n").file("names.csv", "ann,tea\nbob,milk\n");
    assert_eq!(fit(&desk, "orders.csv --format coo --model nmf --rank 1 -n 5").0, "[2,2]");
    let parts = ["names.csv, line 1", "--header"];
    desk.refuses("fit names.csv --format coo --model nmf --rank 1", &[], Code::HeaderOrData, &parts);
    assert_eq!(fit(&desk, "names.csv --format coo --header=false --model nmf --rank 1 -n 5").0, "[2,2]");
    desk.file("none.csv", "user,item,rating\na,x,1\nnull,x,2\n");
    desk.refuses(&format!("fit none.csv {RATINGS}"), &[], Code::EmptyId, &["line 3", "null", "--na-values"]);
    assert_eq!(fit(&desk, "none.csv --na-values= --model mf --rank 1 -n 5").0, "[2,1]");
}

#[test]
fn numbers_that_are_names_are_taken_or_asked_about() {
    let desk = Desk::new();
    let spectra = |first: &str| -> String {
        let row =
            |k: usize| format!("{},{},{},{}\n", 1100 + 10 * k, 0.5 + k as f64 / 8.0, 0.25, 1.125 - k as f64 / 8.0);
        first.to_owned() + &(0..5).map(row).collect::<String>()
    };
    desk.file("nm.csv", spectra("nm,a,b,c\n")).file("bare.csv", spectra(""));
    let said = desk.run("fit nm.csv --model nmf --rank 1 --json", &[]);
    said.warned(Code::NumbersAsNames, "column 1 (nm)");
    said.warned(Code::NumbersAsNames, "--index-col=false");
    assert_eq!(said.json()["shape"].to_string(), "[5,3]");
    assert_eq!(said.json()["reading"], "table; row names: column 1 (nm); column names: line 1");
    assert_eq!(fit(&desk, "nm.csv --index-col=false --model nmf --rank 1").0, "[5,4]");
    desk.refuses("fit bare.csv --model nmf --rank 1", &[], Code::IndexOrData, &["column 1", "--index-col=false"]);
    desk.file("years.csv", "1990,1995,2000,2005\n0.5,0.25,0.75,0.5\n0.5,0.5,0.25,0.25\n");
    desk.refuses("fit years.csv --model nmf --rank 1", &[], Code::HeaderOrData, &["line 1", "--header=false"]);
    assert_eq!(fit(&desk, "years.csv --header --model nmf --rank 1").0, "[2,4]");
    // Numbers as names in quotation marks need no question.
    desk.file("quoted.csv", "\"1990\",\"1995\",\"2000\",\"2005\"\n0.5,0.25,0.75,0.5\n0.5,0.5,0.25,0.25\n");
    assert_eq!(fit(&desk, "quoted.csv --model nmf --rank 1").0, "[2,4]");
}

#[test]
fn tables_of_spreadsheets_and_other_programs_are_read() {
    let desk = Desk::new();
    let check = |text: &str, options: &str, shape: &str, reading: &str| {
        desk.file("x.txt", text);
        let found = fit(&desk, &format!("x.txt {options} --model nmf --rank 1 -n 5"));
        assert_eq!((found.0.as_str(), found.2.as_str()), (shape, reading), "{text}");
    };
    let named = "table; row names: column 1 (site); column names: line";
    check("sep=;\nsite;a;b\nx;1;2\ny;3;4\n", "", "[2,2]", &format!("{named} 2; delimiter ;"));
    check(
        "site,a,b,,\nx,1,2,,\ny,3,4,,\n,,,,\n",
        "",
        "[2,2]",
        &format!("{named} 1; left out: 1 row and 2 columns of nothing"),
    );
    check("# one\n# two\nsite,a,b\nx,1,2\ny,3,4\n", "", "[2,2]", &format!("{named} 3; 2 lines of comments"));
    check("\u{feff}site;a;b\nx;0,5;2\ny;3;4,25\n", "", "[2,2]", &format!("{named} 1; delimiter ;; decimal comma"));
    check("site,a,b\nx,\"1,250\",2\ny,3,4\n", "", "[2,2]", &format!("{named} 1"));
    check(
        "\"a\" \"b\"\n\"1\" 1 2\n\"2\" 3 4\n",
        "",
        "[2,2]",
        "table; row names: column 1; column names: line 1; delimiter blanks",
    );
    check("1.5e+00 2.0e+00\n0.5e+00 1.0e+00\n", "", "[2,2]", "table; delimiter blanks");
    let margin = "; delimiter ;; decimal comma; first 1 column of nothing left out";
    check(";;;\n;site;a;b\n;x;1 250,5;2\n;y;3;4\n", "", "[2,2]", &format!("{named} 2{margin}"));
    check("a/b\n1/2\n3/4\n", "--delimiter / --format csv", "[2,2]", "table; column names: line 1; delimiter /");
    check("a;b\n1,234;5\n6;7\n", "--decimal ,", "[2,2]", "table; column names: line 1; delimiter ;; decimal comma");
    check("a,b\n1,2\n!3,4\n5,6\n", "--comment !", "[2,2]", "table; column names: line 1; 1 line of comments");
    desk.file("x.csv", "a;b\n1,234;5\n6;7\n");
    desk.refuses(
        "fit x.csv --model nmf --rank 1",
        &[],
        Code::DecimalMark,
        &["x.csv, line 2", "--decimal ,", "--decimal ."],
    );
    let masked = &["sum(observed(X)*(X - W @ H)**2)"];
    desk.file("y.csv", "a,b\n1,-999\n-999.0,4\n5,6\n");
    assert_eq!(desk.json("fit y.csv --na-values -999 --rank 1 -n 5 --objective", masked)["missing"], 2);
}

#[test]
fn files_of_other_formats_are_read() {
    let desk = Desk::new();
    desk.file("x.dat", "1 1:0.5 3:2\n0 2:1\n1 1:1 2:4 3:0.25\n");
    assert_eq!(
        fit(&desk, "x.dat --model nmf --rank 1"),
        ("[3,3]".to_owned(), 6, "SVMlight; labels are left out".to_owned())
    );
    let header = "%%MatrixMarket matrix coordinate unsigned-integer general\n";
    desk.file("x.mtx", format!("{header}2 2 3\n1 1 4\n1 2 1\n2 2 4294967296\n"));
    assert_eq!(fit(&desk, "x.mtx --model nmf --rank 1").1, 3);
    desk.file("features.tsv", "E1\tA\tGene\nE2\tB\tGene\n");
    let words = "fit x.mtx --row-names features.tsv --model nmf --rank 1 -q -o m.safetensors";
    desk.prints(words, &[]);
    assert!(desk.prints("similar m.safetensors --user B --top 1", &[]).contains("A"));
    // Symbols that stand twice are told apart by their ids; names that do all the same are told of.
    desk.file("features.tsv", "E1\tA\tGene\nE2\tA\tGene\n").file("symbols.txt", "A\nA\n");
    let found = desk.json(words, &[]);
    assert!(found["readings"]["row names"].as_str().unwrap().contains("column 1 beside names"), "{found}");
    assert!(desk.prints("similar m.safetensors --top 1", &["--user", "A (E1)"]).contains("A (E2)"));
    let said = desk.run("fit x.mtx --row-names symbols.txt --model nmf --rank 1 -q", &[]);
    said.warned(Code::RepeatedNames, "rows 1 and 2 of X");
}

#[test]
fn what_is_written_reads_back() {
    let desk = Desk::new();
    desk.file("list.csv", list("user,item,rating", |u, i, r| format!("{u},{i},{r}")));
    desk.prints(&format!("fit list.csv {RATINGS} -q -o m.csv"), &[]);
    let first = |name: &str| std::fs::read_to_string(desk.path(name)).unwrap().lines().next().unwrap().to_owned();
    assert_eq!((first("m.W.csv"), first("m.H.csv")), (",component 1".to_owned(), ",31,32,33".to_owned()));
    for name in ["W", "H", "b", "c", "mu"] {
        let words = format!("fit list.csv {RATINGS} -q --fix {name}=m.{name}.csv -o again.npy");
        desk.prints(&words, &[]);
        assert_eq!(desk.prints(&format!("fit list.csv {RATINGS} -q --init-from {name}=m.{name}.csv"), &[]), "");
    }
}

/// Names are the texts of cells: long ids, leading zeros, decimals as they are written.
#[test]
fn numbers_that_name_rows_are_not_rounded() {
    let desk = Desk::new();
    desk.file("long.csv", "post_id,a,b,c\n1212360731695427585,1,2,3.5\n1212360731695427587,2,1,4\n");
    let said = desk.run("fit long.csv --model nmf --rank 1 -q -o long.safetensors", &[]);
    said.warned(Code::NumbersAsNames, "post_id");
    let found = desk.run("recommend long.safetensors --user 1212360731695427587 --json", &[]).json();
    assert_eq!(found["lists"][0]["about"], "1212360731695427587");
    // Of one row the model tells that the first column holds a name, also from standard input.
    let new = "batch,a,b,c\n0007,1,2,3\n";
    desk.file("new.csv", new);
    let said = desk.run("transform long.safetensors new.csv --json", &[]);
    said.warned(Code::NumbersAsNames, "batch");
    assert_eq!(said.json()["row_names"], serde_json::json!(["0007"]));
    let printed = desk.run_with_input("transform long.safetensors - --format csv", new.as_bytes()).out;
    assert!(printed.lines().nth(1).is_some_and(|line| line.starts_with("0007,")), "{printed}");
    // Weights under the same names match, whatever float a text would be.
    desk.file("w.csv", "post_id,a,b,c\n1212360731695427587,1,1,1\n1212360731695427585,2,2,2\n");
    desk.file("v.csv", "post_id,a,b,c\n1212360731695427600,1,1,1\n1212360731695427585,2,2,2\n");
    let weighted = ["--objective", "sum(S * (X - W @ H)**2)"];
    assert_eq!(desk.run("fit long.csv --rank 1 --data S=w.csv", &weighted).code, Some(0));
    desk.refuses("fit long.csv --rank 1 --data S=v.csv", &weighted, Code::NamesDiffer, &["1212360731695427600"]);
    desk.file("values.csv", "a,b\n9007199254740993,1\n1,2\n");
    desk.refuses(
        "fit values.csv --model nmf --rank 1",
        &[],
        Code::InexactInteger,
        &["values.csv, line 2", "column 1 (a)"],
    );
}

/// An SVMlight file tells no more of its columns than the last that has an entry.
#[test]
fn columns_without_entries_at_the_end_are_zeros() {
    let desk = Desk::new();
    desk.file("train.svmlight", "0 1:2 2:1\n1 1:1 5:3\n0 3:1 4:2\n1 2:1 5:1\n");
    desk.file("new.svmlight", "1:2 2:1\n\n1:1 3:1\n").file("new.csv", "2,1,0,0,0\n0,0,0,0,0\n1,0,1,0,0\n");
    desk.file("words.txt", "w1\nw2\nw3\nw4\nw5\nw6\n").file("five.txt", "w1\nw2\nw3\nw4\nw5\n");
    desk.prints("fit train.svmlight --model nmf --rank 2 -q -o m.safetensors", &[]);
    let codes = |new: &str| desk.json(&format!("transform m.safetensors {new}"), &[]);
    let found = codes("new.svmlight");
    assert_eq!(found["factors"]["W"]["shape"], serde_json::json!([3, 2]), "{found}");
    let reading = found["reading"].as_str().unwrap();
    assert!(reading.contains("row of zeros, from line 2") && reading.contains("zeros up to column 5"), "{reading}");
    let number =
        |object: &serde_json::Value, i: usize, k: usize| object["factors"]["W"]["values"][i][k].as_f64().unwrap();
    let dense = codes("new.csv --format table");
    let near = |i: usize, k: usize| (number(&found, i, k) - number(&dense, i, k)).abs() < 1e-6;
    assert!((0..6).all(|at| near(at / 2, at % 2)), "{found} {dense}");
    // So has what stands beside X, or beside new rows, as many columns as these.
    desk.file("one.svmlight", "1:1\n1:1\n1:2\n1:1\n").file("new_one.svmlight", "1:1\n1:2\n1:1\n");
    desk.file("one.csv", "1,0,0,0,0\n1,0,0,0,0\n2,0,0,0,0\n1,0,0,0,0\n");
    let fit = "fit train.svmlight --rank 1 -q --objective sum(S*(X-W@H)**2)+0.1*(sum(W**2)+sum(H**2)) --data";
    let said = |words: &str| desk.run(words, &["--json"]).json();
    let cost = |file: &str| said(&format!("{fit} S={file}"))["objective"].as_f64().unwrap();
    assert!((cost("one.svmlight") - cost("one.csv")).abs() < 1e-9 * cost("one.csv"));
    let warnings = said(&format!("{fit} S=one.svmlight -o s.safetensors"))["warnings"].to_string();
    assert!(warnings.contains("names-lacking") && warnings.contains("zeros up to column 5"), "{warnings}");
    let found = said("transform s.safetensors new.svmlight --data S=new_one.svmlight");
    assert!(found["warnings"].to_string().contains("S has 1 column with entries"), "{found}");
    // A vocabulary may have words that no document has; a shorter one names too few.
    let found = desk.json("fit train.svmlight --model nmf --rank 1 --col-names words.txt", &[]);
    assert_eq!(found["shape"].to_string(), "[4,6]");
    assert!(found["reading"].as_str().unwrap().contains("zeros up to column 6"), "{found}");
    desk.prints("fit train.svmlight --model nmf --rank 1 -q --col-names five.txt", &[]);
    desk.file("three.txt", "w1\nw2\nw3\n");
    desk.refuses("fit train.svmlight --model nmf --rank 1 --col-names three.txt", &[], Code::NameCount, &["3 names"]);
}
