//! `-o`: what is written, and what is refused before any work.

use eckart::Code;

use crate::command::Desk;

#[test]
fn a_model_file_holds_everything() {
    let desk = Desk::new();
    desk.file("x.csv", "name,a,b\nr,1,2\ns,2,4\nt,3,6\n");
    let words = "fit x.csv --model nmf --rank 1 -n 3 -o model.safetensors";
    let found = desk.json(words, &[]);
    assert_eq!(found["output"][0], "model.safetensors");
    let model = eckart::Factorization::load(desk.path("model.safetensors")).unwrap();
    assert_eq!((model.factor("W").unwrap().shape(), model.factor("H").unwrap().shape()), ((3, 1), (1, 2)));
    assert_eq!(model.col_names.unwrap(), ["a", "b"]);
    assert_eq!(model.row_names.unwrap(), ["r", "s", "t"]);
    assert_eq!(found["objective"].as_f64().unwrap(), model.cost);
    assert!(desk.prints(words, &[]).contains("Saved\n  model.safetensors"));
}

#[test]
fn tables_are_a_file_a_factor() {
    let desk = Desk::new();
    desk.file("x.csv", "name,a,b\nr,1,2\ns,2,4\nt,3,6\n");
    let found = desk.json("fit x.csv --model nmf --rank 1 -n 3 -o out.csv", &[]);
    assert_eq!(found["output"].to_string(), "[\"out.W.csv\",\"out.H.csv\"]");
    let text = |name: &str| std::fs::read_to_string(desk.path(name)).unwrap();
    assert!(text("out.H.csv").starts_with(",a,b\ncomponent 1,") && text("out.W.csv").starts_with(",component 1\nr,"));
    desk.prints("fit x.csv --model nmf --rank 1 -n 3 -o out.npy", &[]);
    let w = eckart::data::read(desk.path("out.W.npy"), &eckart::data::ReadOptions::default()).unwrap();
    assert_eq!(w.matrix.shape(), (3, 1));
}

#[test]
fn places_that_cannot_be_written_to_are_refused_before_the_data_is_read() {
    let desk = Desk::new();
    std::fs::create_dir(desk.path("folder.npy")).unwrap();
    let check = |out: &str, code: Code, text: &str| {
        desk.refuses(&format!("fit none.csv --model nmf --rank 1 -o {out}"), &[], code, &[out, text]);
    };
    check("model.pt", Code::UnknownFormat, ".safetensors");
    check("model", Code::UnknownFormat, ".safetensors");
    check("none/model.safetensors", Code::FileNotFound, "no folder none");
    check("folder.npy", Code::IsADirectory, "");
    assert_eq!(std::fs::read_dir(desk.path(".")).unwrap().count(), 1, "something was left behind");
}
