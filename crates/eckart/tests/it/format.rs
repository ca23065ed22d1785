//! Files of every format that was ever written are read, and say what they said when they were written.

use std::path::{Path, PathBuf};
use std::time::Duration;

use eckart::data::{Ids, TimeUnit, read_model_file};
use eckart::run::SimdLevel;
use eckart::solve::{DataSide, FactorAxis, FactorRole, StopReason, load_factors, save_factors, show};
use eckart::{Code, Error, Factorization, Init, Matrix, Problem, Settings};

/// The folders of the formats, and what their models say of the arithmetic that computed them.
const FORMATS: [(&str, u64); 2] = [("format-1", 1), ("format-2", 2)];

/// Holds an error to its code, and to what it must name.
#[track_caller]
fn check_error(error: &Error, code: Code, parts: &[&str]) {
    let text = error.to_string();
    assert!(error.code() == code && parts.iter().all(|part| text.contains(part)), "{}: {text}", error.code());
}

fn file(format: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(format).join(name)
}

/// Same numbers, to the bits that a rounding of other registers may change.
#[track_caller]
fn close(found: f64, expected: f64) {
    assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{found} is not {expected}");
}

#[track_caller]
fn check_numerics(model: &Factorization, format: u64) {
    assert_eq!(model.numerics.version, 1);
    assert_eq!(model.numerics.registers.is_some(), format > 1);
}

const ROWS: FactorRole = FactorRole { of: DataSide::Rows, components: Some(FactorAxis::Columns) };
const COLS: FactorRole = FactorRole { of: DataSide::Columns, components: Some(FactorAxis::Rows) };

#[test]
fn models_with_names_are_read() {
    for (folder, format) in FORMATS {
        let model = Factorization::load(file(folder, "nmf-f32-named.safetensors")).unwrap();
        assert_eq!(model.statement, "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0");
        assert_eq!((model.rank, model.seed, model.max_iter, model.init), (2, 3, 30, Init::Auto));
        let names: Vec<String> = (0..12).map(|i| format!("r{i}")).collect();
        assert_eq!(model.row_names.as_ref(), Some(&names));
        assert_eq!(model.col_names.as_ref().unwrap()[8], "c8 α");
        assert_eq!((&model.row_ids, &model.col_ids), (&None, &None));
        let (w, h) = (model.factor("W").unwrap(), model.factor("H").unwrap());
        assert_eq!((w.shape(), h.shape(), w.dtype()), ((12, 2), (2, 9), eckart::Dtype::F32));
        let product = |i: usize, j: usize| (0..2).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>();
        let x = eckart::data::read(file("format-1", "small.csv"), &Default::default()).unwrap().matrix;
        let cost: f64 =
            (0..12).flat_map(|i| (0..9).map(move |j| (i, j))).map(|(i, j)| (x.get(i, j) - product(i, j)).powi(2)).sum();
        assert!((cost - model.cost).abs() < 1e-5 * cost, "{cost} {}", model.cost);
        assert_eq!(model.roles, [("W".to_owned(), ROWS), ("H".to_owned(), COLS)]);
        check_numerics(&model, format);
    }
}

#[test]
fn starts_and_what_was_compared_are_read() {
    for (folder, format) in FORMATS {
        let model = Factorization::load(file(folder, "starts-f64.safetensors")).unwrap();
        assert_eq!(model.starts.len(), 4);
        let best = &model.starts[model.best];
        close(best.cost, model.cost);
        for start in &model.starts {
            assert_eq!(start.history.len(), start.iterations + 1);
            close(start.history.last().unwrap().cost, start.cost);
            assert!(start.cost >= best.cost && [StopReason::Settled, StopReason::MaxIter].contains(&start.stop));
        }
        let agreement = model.agreement.as_ref().unwrap();
        assert_eq!((agreement.starts, agreement.stability.len()), (4, model.rank));
        let choice = model.rank_choice.as_ref().unwrap();
        assert_eq!((choice.criterion.as_str(), choice.chosen, choice.scores.len()), ("holdout", model.rank, 2));
        check_numerics(&model, format);
    }
}

#[test]
fn limits_held_factors_and_offsets_are_read() {
    for (folder, format) in FORMATS {
        let model = Factorization::load(file(folder, "mf-f64.safetensors")).unwrap();
        assert_eq!((model.seed, model.target_cost, model.max_iter), (5, Some(0.5), 20));
        assert_eq!(model.quality.as_ref().unwrap().reconstruction, "W @ H");
        let model = Factorization::load(file(folder, "held.safetensors")).unwrap();
        assert_eq!((&model.fixed[..], &model.started[..]), (&["H".to_owned()][..], &["W".to_owned()][..]));
        assert_eq!(model.params["a"], 0.25);
        let model = Factorization::load(file(folder, "ratings-offsets.safetensors")).unwrap();
        let role = |name: &str| model.role(name).unwrap();
        assert_eq!((role("W"), role("H")), (ROWS, COLS));
        let offset = |of: DataSide| FactorRole { of, components: None };
        assert_eq!((role("b"), role("c")), (offset(DataSide::Rows), offset(DataSide::Columns)));
        assert_eq!(role("mu"), offset(DataSide::Neither));
        assert_eq!(model.col_names.as_ref().unwrap()[0], "Film 1, the");
        let model = Factorization::load(file(folder, "transposed.safetensors")).unwrap();
        assert_eq!(model.role("V"), Some(FactorRole { of: DataSide::Columns, components: Some(FactorAxis::Columns) }));
        check_numerics(&model, format);
    }
}

/// The search of the checkpoints: the first start is done, the second in its middle, the third has not begun.
fn checkpointed() -> (Problem, Settings) {
    let x = eckart::data::read(file("format-1", "plain.csv"), &Default::default()).unwrap().matrix;
    let problem = Problem::parse("minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0").unwrap();
    let settings = Settings {
        n_init: Some(3),
        init: Init::Random,
        seed: 4,
        max_iter: 40,
        tol: 1e-3,
        threads: Some(1),
        ..Settings::default()
    };
    (problem.data("X", &x).rank(2), settings)
}

/// Checkpoints of every format are read, and each says which arithmetic computed it: a search would end with other
/// bits than the one that was broken off.
#[test]
fn checkpoints_of_an_earlier_arithmetic_are_refused_by_its_number() {
    let (problem, settings) = checkpointed();
    let now = format!("numerics {}", eckart::solve::NUMERICS);
    for (folder, _) in FORMATS {
        let path = file(folder, "checkpoint.safetensors");
        let error = problem.solve(&Settings { resume: Some(path), ..settings.clone() }).unwrap_err();
        check_error(&error, Code::CheckpointDiffers, &["checkpoint.safetensors", "numerics 1", &now]);
    }
}

#[test]
fn a_checkpoint_of_another_arithmetic_is_refused() {
    let (problem, settings) = checkpointed();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("at.safetensors");
    let checkpoint = Some(path.clone());
    problem.solve(&Settings { checkpoint, checkpoint_every: Duration::ZERO, ..settings.clone() }).unwrap();
    let changed = |key: &str, text: &str| {
        let mut file = read_model_file(&path).unwrap();
        file.metadata.insert(key.into(), text.into());
        let path = folder.path().join("other.safetensors");
        eckart::data::write_model_file(&path, &file).unwrap();
        problem.solve(&Settings { resume: Some(path), ..settings.clone() }).unwrap_err()
    };
    let now = format!("numerics {}", eckart::solve::NUMERICS);
    let other = (eckart::solve::NUMERICS + 1).to_string();
    let said = format!("numerics {other}");
    check_error(&changed("numerics", &other), Code::CheckpointDiffers, &["other.safetensors", &said, &now]);
    check_error(&changed("registers", "sve"), Code::CheckpointDiffers, &["registers sve", "does not have"]);
    let now = fit().numerics.registers.unwrap();
    let Some(other) = SimdLevel::all().into_iter().find(|level| level.name() != now) else { return };
    let there = changed("registers", other.name());
    check_error(&there, Code::CheckpointDiffers, &[&format!("--registers {other}"), &format!("registers=\"{other}\"")]);
    assert!(!there.to_string().contains("ECKART_REGISTERS"), "{there}");
    check_error(&changed("format", "3"), Code::UnsupportedVersion, &["other.safetensors", "format 3"]);
    check_error(&changed("kind", "model"), Code::NotACheckpoint, &["holds a model", "a checkpoint is needed"]);
    check_error(
        &Factorization::load(&path).unwrap_err(),
        Code::NotAModel,
        &["holds a checkpoint", "a model is needed", "--resume", "resume="],
    );
}

/// What differs is said with what it is there and what it is here.
#[test]
fn a_checkpoint_of_another_search_says_both_values() {
    let (problem, settings) = checkpointed();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("at.safetensors");
    let checkpoint = Some(path.clone());
    problem
        .solve(&Settings { checkpoint, checkpoint_every: Duration::ZERO, target: Some(0.5), ..settings.clone() })
        .unwrap();
    let differs = |problem: &Problem, settings: &Settings, parts: &[&str]| {
        let error = problem.solve(&Settings { resume: Some(path.clone()), ..settings.clone() }).unwrap_err();
        check_error(&error, Code::CheckpointDiffers, parts);
    };
    let same = Settings { target: Some(0.5), ..settings.clone() };
    differs(
        &problem,
        &Settings { tol: 1e-5, seed: 7, ..same.clone() },
        &["tol: 0.001 there, 0.00001 here", "seed: 4 there, 7 here"],
    );
    differs(&problem, &settings, &["target: 0.5 there, none here"]);
    let (n, m) = problem.matrices()[0].1.shape();
    let x = Matrix::from_fn(n, m, |i, j| (i + j) as f64).unwrap().cast(problem.matrices()[0].1.dtype()).unwrap();
    let other = Problem::parse(&problem.statement().to_string()).unwrap().data("X", &x).rank(3);
    differs(&other, &same, &["rank: 2 there, 3 here", &format!("data: X {n}x{m}"), "of other entries"]);
    // What a checkpoint of format 1 is held to can be looked up.
    let shown = show(file("format-1", "checkpoint.safetensors")).unwrap().to_json();
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!((&shown["limits"]["tol"], &shown["limits"]["target"]), (&1e-3.into(), &serde_json::Value::Null));
}

/// A file of another program is refused for what it is, whatever the types of its tensors are.
#[test]
fn files_of_other_programs_are_refused_as_such() {
    let (problem, settings) = checkpointed();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("other.safetensors");
    let header = r#"{"b":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}"#;
    std::fs::write(&path, [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 8]].concat()).unwrap();
    let resume = |path: &Path| problem.solve(&Settings { resume: Some(path.to_owned()), ..settings.clone() });
    check_error(&Factorization::load(&path).unwrap_err(), Code::NotAModel, &["other.safetensors", "another program"]);
    check_error(&load_factors(&path).unwrap_err(), Code::NotAModel, &["other.safetensors", "another program"]);
    check_error(&resume(&path).unwrap_err(), Code::NotACheckpoint, &["other.safetensors", "another program"]);
    let text = file("format-1", "small.csv");
    check_error(&Factorization::load(&text).unwrap_err(), Code::NotAModel, &["small.csv", "this is a text"]);
    check_error(&resume(&text).unwrap_err(), Code::NotACheckpoint, &["small.csv", "this is a text"]);
    let page = folder.path().join("page.html");
    eckart::report::Report::new(&fit()).write(&page).unwrap();
    check_error(&Factorization::load(&page).unwrap_err(), Code::NotAModel, &["page.html", "a page about a model"]);
    // A tensor that is not known is no reason to refuse a model of a format that is.
    std::fs::write(&path, with_unknown_tensor("nmf-f32-named.safetensors")).unwrap();
    assert_eq!(Factorization::load(&path).unwrap().rank, 2);
}

/// The bytes of a file of format 1 with one more tensor at its end, of a type that is not read.
fn with_unknown_tensor(name: &str) -> Vec<u8> {
    let whole = std::fs::read(file("format-1", name)).unwrap();
    let length = u64::from_le_bytes(*whole.first_chunk().unwrap()) as usize;
    let (header, tensors) = whole[8..].split_at(length);
    let end = tensors.len();
    let more = format!(r#","later.thing":{{"dtype":"I32","shape":[1],"data_offsets":[{end},{}]}}}}"#, end + 4);
    let header = std::str::from_utf8(header).unwrap().trim_end().strip_suffix('}').unwrap().to_owned() + &more;
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), tensors, &[0; 4]].concat()
}

#[test]
fn factors_of_new_rows_are_shown_and_say_their_model() {
    let model = fit();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new.safetensors");
    let w = Matrix::from_fn(3, 2, |i, k| (i + k) as f64).unwrap();
    let names: Vec<String> = ["a", "b", "c"].map(str::to_owned).into();
    save_factors(&path, &model, &[("W".into(), w.clone())], Some(&names)).unwrap();
    let shown: serde_json::Value = serde_json::from_str(&show(&path).unwrap().to_json()).unwrap();
    assert_eq!((&shown["kind"], &shown["objective"]), (&"factors".into(), &model.statement.clone().into()));
    assert_eq!(shown["rows"], serde_json::json!({ "count": 3, "type": "text", "first": ["a", "b", "c"] }));
    let factor = &shown["factors"][0];
    assert_eq!((&factor["name"], &factor["shape"]), (&"W".into(), &serde_json::json!([3, 2])));
    assert_eq!((&factor["of"], &factor["components"]), (&"rows".into(), &"columns".into()));
    let back = load_factors(&path).unwrap();
    assert_eq!((back.len(), back[0].0.as_str(), back[0].1.matrix.values_f64()), (1, "W", w.values_f64()));
    assert_eq!(back[0].1.row_names.as_ref(), Some(&names));
    check_error(
        &Factorization::load(&path).unwrap_err(),
        Code::NotAModel,
        &["holds factors of new rows", "--init-from"],
    );
    // Of a model without names the sides of the data are known by its factors.
    model.save(&path).unwrap();
    let shown: serde_json::Value = serde_json::from_str(&show(&path).unwrap().to_json()).unwrap();
    assert_eq!((&shown["rows"]["count"], &shown["columns"]["count"]), (&6.into(), &4.into()));
    assert_eq!(load_factors(&path).unwrap().len(), 2);
}

fn fit() -> Factorization {
    let x = Matrix::from_fn(6, 4, |i, j| (i * j) as f64 + 1.0).unwrap();
    let settings = Settings { n_init: Some(3), ..Settings::default() };
    Problem::parse("sum((X - W @ H)**2)").unwrap().data("X", &x).rank(2).solve(&settings).unwrap()
}

#[test]
fn ids_and_standard_errors_come_back_as_what_they_were() {
    let mut model = fit();
    model.name_rows(Some(Ids::Datetime(vec![-1, 0, 1, 2, 3, i64::MIN], TimeUnit::Nanoseconds)));
    model.name_cols(Some(Ids::U64(vec![0, 1, 2, u64::MAX])));
    model.std_errors = vec![("H".into(), model.factor("H").unwrap().clone())];
    let back = Factorization::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!((&back.row_ids, &back.col_ids), (&model.row_ids, &model.col_ids));
    assert_eq!(back.col_names.as_ref().unwrap()[3], "18446744073709551615");
    assert_eq!(back.row_names.as_ref().unwrap()[1], "1970-01-01 00:00:00");
    assert_eq!(back.std_errors[0].1.values_f64(), model.std_errors[0].1.values_f64());
    assert_eq!((&back.starts, &back.roles, &back.numerics), (&model.starts, &model.roles, &model.numerics));
    // Names that are given anew win over ids of before.
    model.row_names = Some((0..6).map(|i| format!("row {i}")).collect());
    let back = Factorization::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!((back.row_names, back.row_ids), (model.row_names, None));
}

/// What `load` would refuse, `save` refuses, and the file that was there stays.
#[test]
fn what_could_not_be_read_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    std::fs::write(&path, "before").unwrap();
    let refuses = |change: &dyn Fn(&mut Factorization), code: Code, what: &str| {
        let mut model = fit();
        change(&mut model);
        check_error(&model.save(&path).unwrap_err(), code, &["model.safetensors", what]);
        assert_eq!(std::fs::read(&path).unwrap(), b"before");
    };
    refuses(&|model| model.starts.clear(), Code::NotAModel, "starts");
    refuses(&|model| model.best = 3, Code::NotAModel, "best");
    refuses(&|model| model.roles.clear(), Code::NotAModel, "roles");
    refuses(
        &|model| model.std_errors = vec![("W".into(), model.factors[1].1.clone())],
        Code::NotAModel,
        "standard errors of W",
    );
    refuses(&|model| model.method = "x".repeat(100_000_001), Code::TooLarge, "the header");
}

/// More bytes of names than a header can hold: format 1 wrote such a model and could not read it.
#[test]
fn names_of_millions_of_rows_come_back() {
    let rows = 400_000;
    let mut model = fit();
    let w = Matrix::from_fn(rows, 2, |i, k| (i + k) as f64).unwrap().cast(eckart::Dtype::F32).unwrap();
    model.factors[0].1 = w;
    let long = "user ".repeat(50);
    model.row_names = Some((0..rows).map(|i| format!("{long}{i}")).collect());
    assert!(model.row_names.as_ref().unwrap().iter().map(|name| name.len()).sum::<usize>() > 100_000_000);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    model.save(&path).unwrap();
    let header = std::fs::read(&path).unwrap();
    let length = u64::from_le_bytes(*header.first_chunk().unwrap());
    assert!(length < 8192, "the header takes {length} bytes");
    let back = Factorization::load(&path).unwrap();
    assert_eq!(back.row_names, model.row_names);
}

/// The header of a checkpoint does not grow with the starts, but for the digits of its places.
#[test]
fn headers_stay_small() {
    let (problem, settings) = checkpointed();
    let folder = tempfile::tempdir().unwrap();
    let header = |n_init: usize| {
        let path = folder.path().join(format!("{n_init}.safetensors"));
        let checkpoint = Some(path.clone());
        let settings =
            Settings { checkpoint, n_init: Some(n_init), max_iter: 3, keep_starts: true, ..settings.clone() };
        problem.solve(&settings).unwrap();
        let bytes = std::fs::read(&path).unwrap();
        u64::from_le_bytes(*bytes.first_chunk().unwrap())
    };
    let (few, many) = (header(2), header(200));
    assert!(many < few + 1000 && many < 10_000, "{few} bytes with 2 starts, {many} with 200");
}

/// A bit that is flipped anywhere, or a byte too few or too many, in a model and in a checkpoint.
#[test]
fn damage_is_found_and_the_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("damaged.safetensors");
    let (problem, settings) = checkpointed();
    let model = std::fs::read(file("format-2", "nmf-f32-named.safetensors")).unwrap();
    let checkpoint = std::fs::read(file("format-2", "checkpoint.safetensors")).unwrap();
    let load = || Factorization::load(&path).map(drop);
    let resume = || problem.solve(&Settings { resume: Some(path.clone()), ..settings.clone() }).map(drop);
    let reads: [&dyn Fn() -> eckart::Result<()>; 2] = [&load, &resume];
    for (bytes, read) in [model, checkpoint].iter().zip(reads) {
        let refuses = |bytes: &[u8], what: &str| {
            std::fs::write(&path, bytes).unwrap();
            let error = read().expect_err(what);
            check_error(&error, error.code(), &["damaged.safetensors"]);
            error.code()
        };
        for at in (0..bytes.len()).step_by(7) {
            let mut other = bytes.to_vec();
            other[at] ^= 1 << (at % 8);
            refuses(&other, &format!("bit {} of byte {at}", at % 8));
        }
        assert_eq!(refuses(&bytes[..bytes.len() - 1], "cut"), Code::TruncatedFile);
        assert_eq!(refuses(&[&bytes[..], b"x"].concat(), "longer"), Code::TrailingData);
    }
}

#[test]
fn every_kind_of_file_is_shown() {
    let shown = |path: PathBuf| -> serde_json::Value { serde_json::from_str(&show(path).unwrap().to_json()).unwrap() };
    for (folder, format) in FORMATS {
        let model = shown(file(folder, "nmf-f32-named.safetensors"));
        assert_eq!((&model["kind"], &model["format"]), (&"model".into(), &format.into()));
        assert_eq!(model["checksum"], if format == 1 { "none" } else { "ok" });
        assert_eq!(model["rows"], serde_json::json!({ "count": 12, "type": "text", "first": ["r0", "r1", "r2"] }));
        let factors = &model["factors"];
        assert_eq!(
            (&factors[0]["name"], &factors[0]["of"], &factors[0]["components"]),
            (&"W".into(), &"rows".into(), &"columns".into())
        );
        assert_eq!((&factors[1]["shape"], &factors[1]["type"]), (&serde_json::json!([2, 9]), &"F32".into()));
        let at = shown(file(folder, "checkpoint.safetensors"));
        assert_eq!((&at["kind"], &at["format"], &at["best"]), (&"checkpoint".into(), &format.into(), &0.into()));
        assert_eq!((&at["starts"][0]["stop_reason"], &at["starts"][0]["iterations"]), (&"settled".into(), &10.into()));
        assert_eq!((&at["running"][0]["start"], &at["running"][0]["iteration"]), (&1.into(), &4.into()));
        assert_eq!((at["starts"].as_array().unwrap().len(), &at["starts"][0]["best"]), (1, &true.into()));
        assert!(at["running"].as_array().unwrap().iter().all(|start| start["start"] != 0), "{at}");
        assert_eq!((&at["factors"][1]["name"], &at["factors"][1]["of"]), (&"H".into(), &"columns".into()));
    }
    let folder = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    let fit = fit();
    eckart::report::Report::new(&fit).write(&page).unwrap();
    let page = shown(page);
    assert_eq!((&page["kind"], &page["objective"]), (&"page".into(), &fit.statement.clone().into()));
    assert_eq!((&page["checksum"], &page["rows"]["count"]), (&"ok".into(), &6.into()));
    let foreign = folder.path().join("foreign.safetensors");
    let header = r#"{"starts.weight":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}"#;
    std::fs::write(&foreign, [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 4]].concat()).unwrap();
    let foreign = shown(foreign);
    assert_eq!((&foreign["kind"], &foreign["checksum"]), (&"safetensors".into(), &"none".into()));
    assert_eq!(
        (&foreign["tensors"][0]["name"], &foreign["tensors"][0]["type"]),
        (&"starts.weight".into(), &"BF16".into())
    );
}
