//! `eckart explain`: what a fit would run.

use eckart::Code;

use crate::command::Desk;

#[test]
fn an_objective_is_explained_without_data() {
    let objective = "sum((X - W @ H)**2) + a*sum(abs(W)) subject to H >= 0";
    let text = Desk::new().prints("explain --shape 2000x300 --rank 5 --param a=0.5 --objective", &[objective]);
    let parts = [
        "minimize sum((X - W @ H)**2) + a * sum(abs(W)) subject to H >= 0",
        "a  0.5",
        "2,000 x 300, dense",
        "2,000 x 5, factor",
        "5 x 300, factor",
        "0.5 * sum(abs(W)), H >= 0",
        "Method: derived",
        "W: quadratic, shared 5 x 5 Gram matrix, 0.5 * sum(abs(W)) -> accelerated coordinate",
        "H: quadratic, shared 5 x 5 Gram matrix, H >= 0 -> accelerated HALS",
        "proximal-gradient    fits as well",
        "normalized-gradient  fits as well",
        "als                  unsupported: the objective's part in W has bounds",
        "One iteration\n",
        "gradients, for the stopping test        once per start",
        "kept for a row of X  ",
        "least time  ",
        "as just measured",
        "Memory\n",
        "Plan: subproblem in W (each iteration)",
        "Plan: subproblem in H (each iteration)",
        "coordinate descent(",
        "kernel                 shape: stored              buffer       work  traffic  formula",
        "-> result",
        "gradient in W  -2 * ((X - W @ H) @ H.T)\n            -> -2 * (X @ H.T - W @ (H @ H.T))",
        "saturated after ",
        "Rules that fired\n",
    ];
    // Long lines are wrapped.
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in parts {
        assert!(words(&text).contains(&words(part)), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn what_was_hardly_meant_is_warned_of() {
    let objective = ["sum((X - W @ H)**2) + 0.5*sum(abs(W))"];
    let desk = Desk::new();
    for words in ["explain --shape 2000x300 --rank 5 --objective", "fit {digits} --rank 2 -n 2 --objective"] {
        let text = desk.prints(words, &objective);
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("the objective has no least value"), "{text}");
        assert!(said.contains("add a penalty such as `a*sum(H**2)`, or `subject to rownorm(H) <= 1`"), "{text}");
    }
}

#[test]
fn the_reason_a_method_does_not_fit_is_said() {
    let desk = Desk::new();
    let text = desk.prints("explain {digits} --rank 5 --objective", &["sum(abs(X - W @ H))"]);
    assert!(text.contains("proximal-gradient    unsupported: "), "{text}");
    let kink = ["sum(abs(X - W @ H))", "--method", "proximal-gradient"];
    desk.refuses("explain --shape 20x30 --rank 5 --objective", &kink, Code::MethodUnsupported, &["kink"]);
}

/// The sum that is told is what a fit is held to: with it a fit runs, with less it is refused, and says so at once.
#[test]
fn the_memory_that_is_told_is_the_least_limit() {
    let desk = Desk::new();
    let words = "{digits} --rank 5 --model nmf --threads 1";
    let total = |more: &str| desk.json(&format!("explain {words} {more}"), &[])["memory"]["total"].as_u64().unwrap();
    let text = desk.prints(&format!("explain {words} --memory-limit 1kB"), &[]);
    assert!(text.contains("over the limit  the search is refused: it may have 1.0 kB, and needs "), "{text}");
    // The process itself may differ by some pages from run to run.
    let (least, slack) = (total("-n 2"), 4 << 20);
    desk.run(&format!("fit {words} -n 2 --memory-limit {}", least + slack), &[]).success();
    let refused = format!("fit {words} -n 2 --memory-limit {}", least - slack);
    desk.refuses(&refused, &[], Code::OverLimit, &["this search needs", "the largest parts are", "would do"]);
    // Options that change what runs change what is told.
    assert!(total("--checkpoint never.safetensors") > least);
    assert!(total("--method proximal-gradient") != least);
    // Paused starts hold their factors; kept ones what is compared.
    let line = |more: &str, name: &str| -> u64 {
        let told = desk.json(&format!("explain {words} {more}"), &[])["memory"]["lines"].clone();
        let line = told.as_array().unwrap().iter().find(|line| line["memory_at_the_peak"] == name).cloned();
        line.map_or(0, |line| line["bytes"].as_u64().unwrap())
    };
    let factors = (1797 + 64) * 5 * 4;
    let paused = |many: usize| line(&format!("--n-init {many} --successive-halving"), "paused");
    assert!(paused(1) == 0 && paused(64) - paused(32) >= 32 * factors, "{} {}", paused(32), paused(64));
    assert_eq!((line("--n-init 64", "best"), line("--n-init 1", "best")), (factors, 0));
    let kept = |many: usize| line(&format!("--n-init {many} --consensus"), "kept");
    assert_eq!(kept(32), 32 * factors);
    // No more run at a time than there are cores.
    let shown =
        desk.prints(&format!("explain {} -n 2 --n-init 500 --threads 500", words.replace("--threads 1", "")), &[]);
    let cores = std::thread::available_parallelism().unwrap().get();
    let many = shown.split(" starts at a time").next().and_then(|text| text.split_whitespace().last()).unwrap();
    assert!(cores == 1 || many.parse::<usize>().unwrap() <= 8 * cores, "{shown}");
}

/// What `fit` refuses of these options `explain` refuses, too.
#[test]
fn options_are_held_to_what_a_fit_takes() {
    let desk = Desk::new();
    desk.file("there.safetensors", "");
    for (words, code, texts) in [
        ("--checkpoint there.safetensors", Code::CheckpointExists, &["there.safetensors"][..]),
        ("--resume none.safetensors", Code::FileNotFound, &["none.safetensors"]),
        ("--consensus", Code::OptionMissing, &["--n-init"]),
        ("--consensus --n-init 3 --successive-halving", Code::SettingsConflict, &["successive halving"]),
    ] {
        for command in ["fit", "explain"] {
            desk.refuses(&format!("{command} {{digits}} --rank 2 --model nmf {words}"), &[], code, texts);
        }
    }
    let shape = "explain --shape 20x30 --rank 2 --model nmf";
    desk.refuses(&format!("{shape} --resume none.safetensors"), &[], Code::ShapeOnly, &["checkpoint"]);
    desk.refuses("explain --rank 2 --model nmf", &[], Code::OptionMissing, &["--shape"]);
    let said = desk.run("explain {digits} --rank 2..5 --model nmf", &[]);
    assert!(said.code == Some(2) && said.err.contains("one rank is explained"), "{}", said.err);
    // An option of another command says of which, and no earlier name is advised.
    for (option, of) in [("--holdout", "fit and evaluate"), ("--bcv", "fit")] {
        let said = desk.run(&format!("explain {{digits}} --rank 2 --model nmf {option}"), &[]);
        assert!(said.err.starts_with(&format!("error[{}]: ", Code::UnknownOption)), "{}", said.err);
        assert!(said.err.contains(&format!("{option} is an option of {of}")), "{}", said.err);
        assert!(!said.err.contains("--hold'") && !said.err.contains("--fix"), "{}", said.err);
        assert!(said.err.contains("eckart explain [OPTIONS]"), "{}", said.err);
    }
    // A shape is of the type that is asked for.
    let wide = desk.json(shape, &[])["shapes"]["matrices"][0]["value"].to_string();
    let narrow = desk.json(&format!("{shape} --dtype f32"), &[])["shapes"]["matrices"][0]["value"].to_string();
    assert!(wide.contains("f64") && narrow.contains("f32"), "{wide} {narrow}");
}

#[test]
fn what_cannot_be_explained_is_refused() {
    let desk = Desk::new();
    desk.refuses("explain --shape 20x30 --model mf --rank 0", &[], Code::RankOutOfRange, &["rank 0", "1 to 20"]);
    for words in ["explain --model mf --rank 2", "explain x.csv --shape 2x2 --model mf --rank 2"] {
        assert_eq!(desk.run(words, &[]).code, Some(2));
    }
    assert_eq!(desk.run("explain --shape 2y2 --model mf --rank 2", &[]).code, Some(2));
}

#[test]
fn a_plan_is_drawn() {
    let desk = Desk::new();
    let words = "explain --shape 1000x500:2000 --model ratings --rank 5";
    let text = desk.prints(&format!("{words} --svg plan.svg --dot plan.dot"), &[]);
    assert!(text.ends_with("\nPictures\n  plan.svg\n  plan.dot\n"), "{text}");
    let [svg, dot] = ["plan.svg", "plan.dot"].map(|name| std::fs::read_to_string(desk.path(name)).unwrap());
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
    for part in [
        "minimize over W[n,r]",
        "result: the factor, updated",
        "result: decrease of the objective",
        "least squares",
        "subproblem in W",
    ] {
        assert!(svg.contains(part) && (dot.contains(part)), "{part:?} is not in:\n{svg}\n{dot}");
    }
    assert_eq!(desk.prints(&format!("{words} --dot -"), &[]), dot);
    assert_eq!(desk.prints(&format!("{words} --svg -"), &[]), svg);
    desk.refuses(&format!("{words} --svg - --dot -"), &[], Code::SettingsConflict, &["--svg", "--dot"]);
    let said = desk.run(&format!("{words} --svg - --json"), &[]);
    assert_eq!((said.code, &said.json()["error"]["code"]), (Some(2), &Code::SettingsConflict.as_str().into()));
    desk.refuses("explain none.csv --model nmf --rank 1 --svg none/plan.svg", &[], Code::FileNotFound, &["none"]);
}

#[test]
fn an_explanation_is_json() {
    let words = "explain --shape 1000x500:2000 --rank 5 --model ratings -k 3 --threads 2";
    let told = Desk::new().json(words, &[]);
    assert!(told["objective"]["statement"].as_str().unwrap().starts_with("minimize over W[n,r]"), "{told}");
    assert!(told["plans"].as_array().unwrap().len() > 4, "{told}");
    let plans = told["iteration"]["plans"].as_array().unwrap();
    assert!(plans.iter().all(|plan| plan["work_of_a_run"].is_u64() && plan["runs"].is_string()), "{told}");
    let lines = told["memory"]["lines"].as_array().unwrap();
    let sum: u64 = lines.iter().map(|line| line["bytes"].as_u64().unwrap()).sum();
    assert_eq!(told["memory"]["total"].as_u64(), Some(sum));
    // A user's names are values, never keys.
    let objective = ["sum((X - title @ H)**2) + statement*sum(abs(H))", "--param", "statement=0.5"];
    let told = Desk::new().json("explain --shape 20x30 --rank 2 --objective", &objective);
    assert_eq!(told["objective"]["params"], serde_json::json!([{ "name": "statement", "value": 0.5 }]));
    assert!(told["objective"]["statement"].as_str().unwrap().starts_with("minimize sum("), "{told}");
    assert_eq!(told["shapes"]["title"], "Shapes");
    assert_eq!(told["shapes"]["matrices"][1]["name"], "title");
    assert_eq!(told["objective"]["warnings"][0]["name"], "warning[unbounded-scale]");
    let gradients =
        told["plans"].as_array().unwrap().iter().find(|plan| plan["title"].as_str().unwrap().contains("stopping"));
    let names: Vec<&str> =
        gradients.unwrap()["formulas"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["gradient in title", "gradient in H"]);
}
