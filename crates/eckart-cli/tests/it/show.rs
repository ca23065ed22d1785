//! `eckart show`.

use eckart::Code;

use crate::command::Desk;

const DATA: &str = "name,a,b,c\nr,1,2,3\ns,2,4,1\nt,3,6,2\nu,5,1,1\n";

#[test]
fn a_model_is_shown() {
    let desk = Desk::new();
    desk.file("x.csv", DATA);
    desk.prints("fit x.csv --model nmf --rank 2 --n-init 2 -n 30 --seed 4 -q -o model.safetensors", &[]);
    let text = desk.prints("show model.safetensors", &[]);
    for part in [
        "model.safetensors: a model of Eckart",
        "format 2, numerics 8, registers ",
        "checksum    ok",
        "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0",
        "30 iterations, tol 0.00003",
        "4 names (text): r, s, t, ...",
        "3 names (text): a, b, c\n",
        "W       4 x 2",
        "of rows; components are its columns",
        "of columns; components are its rows",
        "the best",
    ] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    let shown = desk.json("show model.safetensors", &[]);
    assert_eq!(
        (&shown["kind"], &shown["seed"], &shown["file"]),
        (&"model".into(), &4.into(), &"model.safetensors".into())
    );
    assert_eq!(shown["starts"].as_array().unwrap().len(), 2);
    assert_eq!(shown["bytes"].as_u64(), Some(std::fs::metadata(desk.path("model.safetensors")).unwrap().len()));
}

#[test]
fn a_checkpoint_a_page_and_factors_are_shown() {
    let desk = Desk::new();
    desk.file("x.csv", DATA);
    let words =
        "fit x.csv --model nmf --rank 1 --n-init 2 -n 3 --tol 0 -q --checkpoint at.safetensors --report page.html";
    desk.prints(&format!("{words} -o model.safetensors"), &[]);
    let text = desk.prints("show at.safetensors", &[]);
    for part in ["a checkpoint of Eckart", "iteration limit", "2 of 2 starts are done", "the best", "H       1 x 3"] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    let at = desk.json("show at.safetensors", &[]);
    assert_eq!((at["starts"].as_array().unwrap().len(), &at["running"]), (2, &serde_json::json!([])));
    let page = desk.prints("show page.html", &[]);
    assert!(
        page.contains("a page of Eckart")
            && page.contains("checksum    ok")
            && page.contains("subject to W >= 0, H >= 0"),
        "{page}"
    );
    desk.prints("transform model.safetensors x.csv -o new.safetensors", &[]);
    let new = desk.prints("show new.safetensors", &[]);
    for part in ["factors of new rows", "subject to W >= 0", "4 names (text): r, s, t, ...", "W       4 x 1", "of rows"]
    {
        assert!(new.contains(part), "{part:?} is not in:\n{new}");
    }
    let texts = ["new.safetensors", "factors of new rows", "a model is needed"];
    desk.refuses("similar new.safetensors --item a", &[], Code::NotAModel, &texts);
    let text = desk.prints("show model.safetensors", &[]);
    assert!(!text.contains("init from"), "{text}");
    // Factors of new rows are where a search begins, or what it holds.
    for option in ["--init-from", "--fix"] {
        desk.prints(
            &format!("fit x.csv --model nmf --rank 1 -n 3 -q {option} W=new.safetensors -o a.safetensors"),
            &[],
        );
        let shown = desk.json("show a.safetensors", &[]);
        assert_eq!(
            (shown["started"] == serde_json::json!(["W"]), shown["factors"][0]["held"] == true),
            (option == "--init-from", option == "--fix")
        );
    }
    desk.prints("fit x.csv --model nmf --rank 1 -n 3 -q --init-from W=new.safetensors -o a.safetensors", &[]);
    let text = desk.prints("show a.safetensors", &[]);
    assert!(text.contains("given values of W"), "{text}");
}

#[test]
fn a_page_that_was_cut_or_changed_is_refused() {
    let desk = Desk::new();
    desk.file("x.csv", DATA);
    desk.prints("fit x.csv --model nmf --rank 1 -n 3 -q --report page.html", &[]);
    let page = std::fs::read_to_string(desk.path("page.html")).unwrap();
    desk.file("cut.html", &page[..page.len() / 2]).file("changed.html", page.replace("Search", "search"));
    desk.refuses("show cut.html", &[], Code::TruncatedFile, &["cut.html"]);
    desk.refuses("show changed.html", &[], Code::DamagedFile, &["changed.html"]);
    desk.refuses("transform page.html x.csv", &[], Code::NotAModel, &["page.html", "a page about a model"]);
    desk.file("y.csv", DATA);
    desk.refuses("fit x.csv --model nmf --rank 1 --resume y.csv", &[], Code::NotACheckpoint, &["y.csv", "a text"]);
}

/// Nothing that another program wrote into a file speaks to the terminal.
#[test]
fn texts_of_other_programs_are_escaped_and_cut() {
    let desk = Desk::new();
    let long = "x".repeat(3000);
    let header = serde_json::json!({
        "__metadata__": { "\u{1b}[31mred": format!("\u{1b}]0;title\u{7}{long}"), long.clone(): "a\nb" },
        "b\u{1b}[2J": { "dtype": "I64", "shape": [], "data_offsets": [0, 8] },
    });
    let header = header.to_string();
    let bytes = [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 8]].concat();
    desk.file("other.safetensors", bytes);
    let text = desk.prints("show other.safetensors", &[]);
    assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{text}");
    assert!(text.lines().all(|line| line.chars().count() <= 200), "{text}");
    for part in ["\nTexts\n", "b\\u{1b}[2J", "one number", "a\\u{a}b", "(3,000 characters)"] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn what_is_no_such_file_is_refused() {
    let desk = Desk::new();
    desk.file("x.csv", DATA).file("page.html", "<!doctype html>\n<p>Hello</p>\n");
    desk.refuses("show none.safetensors", &[], Code::FileNotFound, &["none.safetensors"]);
    desk.refuses("show x.csv", &[], Code::NotAModel, &["x.csv"]);
    desk.refuses("show page.html", &[], Code::NotAModel, &["page.html"]);
    desk.prints("fit x.csv --model nmf --rank 1 -n 3 -q -o model.safetensors", &[]);
    let mut bytes = std::fs::read(desk.path("model.safetensors")).unwrap();
    let at = bytes.len() - 200;
    bytes[at] ^= 4;
    desk.file("model.safetensors", &bytes);
    desk.refuses("show model.safetensors", &[], Code::DamagedFile, &["model.safetensors"]);
    desk.refuses("similar model.safetensors --item a", &[], Code::DamagedFile, &["model.safetensors"]);
}
