//! `eckart show`.

use eckart::Code;

use crate::command::Desk;

const DATA: &str = "name,a,b,c\nr,1,2,3\ns,2,4,1\nt,3,6,2\nu,5,1,1\n";

#[test]
fn a_model_is_shown() {
    let desk = Desk::new();
    desk.file("x.csv", DATA);
    desk.prints("fit x.csv --model nmf --rank 2 --restarts 2 -n 30 --seed 4 -q -o model.safetensors", &[]);
    let text = desk.prints("show model.safetensors", &[]);
    for part in [
        "model.safetensors: a model of Eckart",
        "format 2, numerics 1, registers ",
        "checksum    ok",
        "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0",
        "30 iterations, tol 0.00001",
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
        "fit x.csv --model nmf --rank 1 --restarts 2 -n 3 --tol 0 -q --checkpoint at.safetensors --report page.html";
    desk.prints(&format!("{words} -o model.safetensors"), &[]);
    let text = desk.prints("show at.safetensors", &[]);
    for part in ["a checkpoint of Eckart", "max_iter", "2 of 2 starts are done", "H       1 x 3"] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    let page = desk.prints("show page.html", &[]);
    assert!(page.contains("a page of Eckart") && page.contains("subject to W >= 0, H >= 0"), "{page}");
    desk.prints("transform model.safetensors x.csv -o new.safetensors", &[]);
    let new = desk.prints("show new.safetensors", &[]);
    assert!(new.contains("factors of new rows") && new.contains("row_names.bytes"), "{new}");
    desk.refuses("similar new.safetensors --item a", &[], Code::NotAModel, &["new.safetensors", "kind factors"]);
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
