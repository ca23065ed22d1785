//! `eckart models`, `eckart codes`, `--help` and `--version`.

use crate::command::Desk;

#[test]
fn models_are_listed_with_their_text() {
    let desk = Desk::new();
    let text = desk.prints("models", &[]);
    for model in eckart::model::MODELS {
        assert!(text.contains(model.name) && text.contains(model.summary), "{text}");
    }
    let one = desk.prints("models sparse-coding", &[]);
    assert!(one.contains("subject to rownorm(H) <= 1") && one.contains("lambda = 1") && !one.contains("ratings"));
    assert_eq!(desk.run("models none", &[]).code, Some(2));
}

#[test]
fn codes_are_listed_and_explained() {
    let desk = Desk::new();
    let text = desk.prints("codes", &[]);
    let list = desk.json("codes", &[]);
    let rows = list["codes"].as_array().unwrap();
    assert_eq!(rows.len(), eckart::Code::all().len());
    for (code, row) in eckart::Code::all().zip(rows) {
        assert!(text.contains(code.as_str()), "{code} is not in: {text}");
        assert_eq!((row["code"].as_str(), row["kind"].as_str()), (Some(code.as_str()), Some(code.kind().as_str())));
    }
    let one = desk.prints("codes names-differ", &[]);
    let code = eckart::Code::NamesDiffer;
    let plain = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(plain(&one).contains(&plain(code.meaning())) && plain(&one).contains(&plain(code.remedy())), "{one}");
    let object = desk.json("codes names-differ", &[]);
    assert_eq!((object["meaning"].as_str(), object["remedy"].as_str()), (Some(code.meaning()), Some(code.remedy())));
}

#[test]
fn every_model_fits_something() {
    let desk = Desk::new();
    for model in eckart::model::MODELS {
        let costs = [1, 6].map(|n| {
            let found = desk.json(&format!("fit {{digits}} --model {} --rank 2 -n {n}", model.name), &[]);
            assert_eq!(found["iterations"], n, "{}", model.name);
            found["objective"].as_f64().unwrap()
        });
        assert!(costs[1] < costs[0] && costs[0].is_finite(), "{}: {costs:?}", model.name);
    }
}

#[test]
fn help_teaches() {
    let desk = Desk::new();
    assert!(desk.prints("--version", &[]).starts_with("eckart "));
    for words in ["--help", "fit -h", "fit --help", "explain --help", "models --help", "report --help", "show --help"] {
        let text = desk.prints(words, &[]);
        assert!(text.contains("Examples:\n"), "{words}: {text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{words}");
    }
    assert!(desk.prints("fit --help", &[]).contains("Exit codes: 0 done"));
}
