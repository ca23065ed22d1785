//! Models whose checksums are right and whose parts don't fit one another, as a program or a person may write them.

use std::path::{Path, PathBuf};

use eckart::data::{ModelFile, Tensor, read_model_file, write_model_file};
use eckart::report::Report;
use eckart::solve::show;
use eckart::{Code, Factorization, Matrix};
use serde_json::{Value, json};

fn model(name: &str) -> ModelFile {
    read_model_file(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/format-2").join(name)).unwrap()
}

/// A model that is changed, written with right checksums, and read.
struct Changed {
    whole: ModelFile,
    folder: tempfile::TempDir,
}

impl Changed {
    fn of(name: &str) -> Self {
        Self { whole: model(name), folder: tempfile::tempdir().unwrap() }
    }

    fn write(&self, change: &dyn Fn(&mut ModelFile)) -> PathBuf {
        let mut file = self.whole.clone();
        change(&mut file);
        let path = self.folder.path().join("changed.safetensors");
        write_model_file(&path, &file).unwrap();
        path
    }

    /// Both `load` and `show` refuse it, by its name and what is wrong.
    #[track_caller]
    fn refuses(&self, code: Code, what: &str, change: &dyn Fn(&mut ModelFile)) {
        let path = self.write(change);
        for error in [Factorization::load(&path).map(drop), show(&path).map(drop)].map(|found| found.expect_err(what)) {
            let text = error.to_string();
            let is_named = text.contains("changed.safetensors") && text.contains(what);
            assert!(error.code() == code && is_named, "{what}: {}: {text}", error.code());
        }
    }

    #[track_caller]
    fn refuses_text(&self, key: &str, text: &str) {
        self.refuses(Code::NotAModel, key, &|file| drop(file.metadata.insert(key.into(), text.into())));
    }

    #[track_caller]
    fn refuses_wholes(&self, what: &str, name: &str, list: &[u64]) {
        self.refuses(Code::NotAModel, what, &|file| drop(file.tensors.insert(name.into(), Tensor::U64(list.to_vec()))));
    }
}

#[test]
fn texts_of_another_type_or_without_sense_are_refused() {
    let changed = Changed::of("nmf-f32-named.safetensors");
    assert!(Factorization::load(changed.write(&|_| ())).is_ok());
    for (key, texts) in [
        ("rank", &["0", "1000000000000", "02", "+2", "-1", "2.0"][..]),
        ("best", &["1", "00"]),
        ("seed", &["+3", "x"]),
        ("numerics", &["0", "+1", "01", "null", "4294967296"]),
        ("cost", &["{}", "\"1\"", "[]"]),
        ("seconds", &["{}", "x"]),
        ("held", &["{}", "null", "\"H\"", "[1]"]),
        ("started", &["{}", "[null]"]),
        ("ways", &["{}", "[[]]"]),
        ("numbers", &["[]", "{\"a\":\"1\"}"]),
        ("quality", &["[]", "1", "{}"]),
        ("limits", &["[]", "{\"max_iter\":-1,\"tol\":0.1,\"target\":null}"]),
        ("init", &["\"nosuch\"", "1"]),
        ("factors", &["[]", "null", "[\"W\"]", "[\"W\",\"W\"]", "[\"W\",\"H\",\"V\"]"]),
        ("roles", &["{}", "null"]),
        ("target", &["W"]),
        ("numbers", &["{\"X\":1}", "{\"H\":1}"]),
        ("objective", &["minimize sum((X - A @ B)**2)", "", "minimize ((", "minimize sum((X - H @ W)**2)"]),
        ("rank_choice", &["{\"way\":\"holdout\",\"chosen\":9,\"scores\":[]}"]),
    ] {
        for text in texts {
            // Factors that are not those of the roles or of the objective are refused by what is looked at first.
            let said = match (key, *text) {
                ("factors", "[]" | "[\"W\"]" | "[\"W\",\"H\",\"V\"]") => "roles",
                ("factors", "[\"W\",\"W\"]") => "factor",
                ("objective", "minimize sum((X - H @ W)**2)" | "minimize sum((X - A @ B)**2)") => "factors",
                _ => key,
            };
            changed.refuses(Code::NotAModel, said, &|file| drop(file.metadata.insert(key.into(), (*text).into())));
        }
    }
    let deep = format!("minimize {}1", "(".repeat(5000));
    changed.refuses_text("objective", &deep);
    changed.refuses(Code::NotAModel, "kind", &|file| drop(file.metadata.remove("kind")));
    changed.refuses(Code::NotAModel, "roles", &|file| {
        let mut roles: Value = serde_json::from_str(&file.metadata["roles"]).unwrap();
        roles["Z"] = json!({ "of": "rows", "components": null });
        file.metadata.insert("roles".into(), roles.to_string());
    });
}

#[test]
fn a_format_that_is_not_known_is_refused_whatever_the_kind() {
    let changed = Changed::of("nmf-f32-named.safetensors");
    for format in ["0", "3", "02", "+2", " 2", "x", "99999999999999999999999"] {
        for kind in ["model", "checkpoint", "factors", "other"] {
            changed.refuses(Code::UnsupportedVersion, format, &|file| {
                file.metadata.extend([("format".into(), format.into()), ("kind".into(), kind.into())]);
            });
        }
    }
}

#[test]
fn factors_and_names_of_other_lengths_are_refused() {
    let changed = Changed::of("nmf-f32-named.safetensors");
    for many in [0, 1, 11, 13, 50] {
        for side in ["row_names", "col_names"] {
            changed.refuses(Code::NotAModel, side, &|file| {
                let ends = (0..=many).map(|end| 2 * end).collect();
                file.tensors.insert(format!("{side}.offsets"), Tensor::U64(ends));
                file.tensors.insert(format!("{side}.bytes"), Tensor::U8(b"ab".repeat(many as usize)));
            });
        }
    }
    let matrix = |rows, cols| Tensor::Matrix(Matrix::from_fn(rows, cols, |i, j| (i + j) as f64).unwrap());
    let changed_to = |name: &'static str, tensor: Tensor| {
        move |file: &mut ModelFile| drop(file.tensors.insert(name.into(), tensor.clone()))
    };
    changed.refuses(Code::NotAModel, "factors", &changed_to("W", matrix(12, 3)));
    changed.refuses(Code::NotAModel, "names", &changed_to("W", matrix(1, 2)));
    changed.refuses(Code::NotAModel, "factor W", &|file| drop(file.tensors.remove("W")));
    for (name, tensor) in
        [("std_error/W", matrix(12, 3)), ("std_error/Q", matrix(12, 2)), ("std_error/W", Tensor::F64(vec![0.0; 24]))]
    {
        changed.refuses(Code::NotAModel, "standard errors", &changed_to(name, tensor));
    }
    // Types may differ.
    assert!(Factorization::load(changed.write(&changed_to("W", matrix(12, 2)))).is_ok());
}

#[test]
fn starts_that_can_not_be_are_refused() {
    let changed = Changed::of("starts-f64.safetensors");
    for many in [0, 1_000_000, 1 << 53, 1 << 63, u64::MAX] {
        changed.refuses_wholes("starts", "starts.iterations", &[many; 4]);
    }
    for index in [[0, 0, 1, 2], [1, 0, 2, 3], [0, 1, 2, 9]] {
        changed.refuses_wholes("starts", "starts.index", &index);
    }
    let without = changed.write(&|file| {
        file.tensors.insert("starts.history.offsets".into(), Tensor::U64(vec![0; 5]));
        for name in ["starts.history.cost", "starts.history.seconds"] {
            file.tensors.insert(name.into(), Tensor::F64(Vec::new()));
        }
    });
    assert_eq!(Factorization::load(without).unwrap().starts.len(), 4);
}

/// A page is drawn of what a header says of groups: a label or a line that is not there is refused before.
#[test]
fn an_agreement_of_what_is_not_there_is_refused() {
    let changed = Changed::of("nmf-f32-named.safetensors");
    let agreement = |key: &str, value: Value| {
        let mut agreement = json!({
            "starts": 2, "stability": [0.5, 0.5], "cophenetic": 0.9, "of_columns": true, "sampled": [0, 1],
            "groups": [0, 1],
        });
        agreement[key] = value;
        agreement.to_string()
    };
    let path =
        changed.write(&|file| drop(file.metadata.insert("agreement".into(), agreement("cophenetic", Value::Null))));
    Report::new(&Factorization::load(path).unwrap()).write(changed.folder.path().join("page.html")).unwrap();
    for (key, value) in [
        ("groups", json!([0, 1_000_000_000_000_u64])),
        ("groups", json!([0])),
        ("groups", json!([0, u64::MAX])),
        ("sampled", json!([0, 9])),
        ("sampled", json!([1_u64 << 60, 0])),
        ("stability", json!([])),
        ("stability", json!(vec![1.0; 100])),
    ] {
        changed.refuses_text("agreement", &agreement(key, value));
    }
}

/// Readers of safetensors may take the first of two equal keys or the last; the format forbids them.
#[test]
fn a_key_that_is_there_twice_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("twice.safetensors");
    let one = r#""W":{"dtype":"F32","shape":[1,1],"data_offsets":[0,4]}"#;
    for (header, key) in [
        (format!("{{{one},{one}}}"), "W"),
        (format!("{{{one}, \"\\u0057\" :{{}}}}"), "W"),
        (format!("{{\"__metadata__\":{{\"a\":\"b\",\"a\":\"c\"}},{one}}}"), "a"),
        (format!("{{\"__metadata__\":{{\"a\\\"\":\"b:{{\"}},{one},\"__metadata__\":{{}}}}"), "__metadata__"),
        (one.replace("\"shape\"", "\"shape\":[],\"shape\"").replace("\"W\"", "{\"W\"") + "}", "shape"),
    ] {
        std::fs::write(&path, [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 4]].concat()).unwrap();
        let error = show(&path).expect_err(&header);
        let said = format!("the key \"{key}\" twice");
        assert!(error.code() == Code::DamagedFile && error.to_string().contains(&said), "{header}: {error}");
    }
    let fine = format!("{{\"__metadata__\":{{\"W\":\"W\",\"dtype\":\"\\\\\"}},{one}}}");
    std::fs::write(&path, [&(fine.len() as u64).to_le_bytes()[..], fine.as_bytes(), &[0; 4]].concat()).unwrap();
    show(&path).unwrap();
}
