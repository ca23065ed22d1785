//! `eckart models`, `--help` and `--version`.

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
fn every_model_fits_something() {
    let desk = Desk::new();
    for model in eckart::model::MODELS {
        desk.json(&format!("fit {{digits}} --model {} --rank 2 -n 1", model.name), &[]);
    }
}

#[test]
fn help_teaches() {
    let desk = Desk::new();
    assert!(desk.prints("--version", &[]).starts_with("eckart "));
    for words in ["--help", "fit -h", "fit --help", "explain --help", "models --help"] {
        let text = desk.prints(words, &[]);
        assert!(text.contains("Examples:\n"), "{words}: {text}");
        assert!(text.lines().all(|line| line.chars().count() <= 100), "{words}");
    }
    assert!(desk.prints("fit --help", &[]).contains("Exit codes: 0 done"));
}
