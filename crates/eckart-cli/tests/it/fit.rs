//! `eckart fit`: what it finds, says and ends with.

use eckart::Code;
use serde_json::Value;

use crate::command::{Desk, digits};

#[test]
fn the_report_says_what_was_found() {
    let text = Desk::new().prints("fit {digits} --model nmf --rank 4 --max-iter 3 --n-init 2", &[]);
    let parts = [
        "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0",
        "1,797 x 64, dense, f32",
        "derived: ",
        "W: quadratic, shared 4 x 4 Gram matrix, W >= 0 -> accelerated HALS",
        "final cost",
        "<- best",
        "iteration limit",
        "Not converged: increase --max-iter.",
        "of the variance of X",
        "1,797 x 4",
        "4 x 64",
        "--col-names FILE",
    ];
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    assert!(!text.contains('\x1b'), "colours in a pipe");
    // One start has no column that would mark the best.
    let ruled = |text: &str| text.lines().find(|line| line.contains("------")).unwrap().split_whitespace().count();
    let one = Desk::new().prints("fit {digits} --model nmf --rank 4 --max-iter 3", &[]);
    assert_eq!((ruled(&text), ruled(&one)), (6, 5), "{one}");
    assert!(text.replace(&digits(), "").lines().all(|line| line.chars().count() <= 100), "{text}");
}

#[test]
fn the_json_object_has_its_keys() {
    let desk = Desk::new();
    let found = desk.json("fit {digits} --model sparse-coding --param lambda=2 --rank 3 -k 2 -n 4 -s 7", &[]);
    let keys = "objective statement model numerics registers method rank seed dtype shape stored fit_seconds \
                load_seconds iterations stop_reason best starts quality factors output version";
    for key in keys.split_whitespace() {
        assert!(found.get(key).is_some(), "{key} is not in {found}");
    }
    assert_eq!(found.get("components"), None);
    assert_eq!((&found["rank"], &found["seed"], &found["dtype"]), (&3.into(), &7.into(), &"f32".into()));
    assert_eq!((&found["shape"], &found["params"]["lambda"]), (&vec![1797, 64].into(), &2.0.into()));
    assert_eq!(found["model"], "sparse-coding");
    let starts = found["starts"].as_array().unwrap();
    let costs: Vec<f64> = starts.iter().map(|start| start["cost"].as_f64().unwrap()).collect();
    assert_eq!(found["objective"].as_f64().unwrap(), costs[0].min(costs[1]));
    assert_eq!((&found["iterations"], &starts[0]["iterations"]), (&8.into(), &4.into()));
    assert_eq!(found["factors"]["H"]["shape"], Value::from(vec![3, 64]));
}

#[test]
fn registers_can_be_chosen() {
    let desk = Desk::new();
    let objective =
        |words: &str| desk.json(&format!("fit {{digits}} --model nmf --rank 3 -n 5 {words}"), &[])["objective"].clone();
    let base = objective("--registers base");
    let again = desk.json("--registers base fit {digits} --model nmf --rank 3 -n 5", &[]);
    assert_eq!((&base, &"base".into()), (&again["objective"], &again["registers"]));
    let near = objective("").as_f64().unwrap() - base.as_f64().unwrap();
    assert!(near.abs() <= 1e-5 * base.as_f64().unwrap(), "{near}");
    let refused = desk.run("fit {digits} --model nmf --rank 3 --registers sse", &[]);
    assert_eq!(refused.code, Some(2));
    let begin = format!("error[{}]: ", Code::BadOptionValue);
    assert!(refused.err.starts_with(&begin) && refused.err.contains("base, avx2, avx512"), "{}", refused.err);
}

#[test]
fn every_limit_has_its_reason() {
    let desk = Desk::new();
    let check = |words: &str, reason: &str| {
        let found = desk.json(&format!("fit {{digits}} --model mf --rank 2 {words}"), &[]);
        assert_eq!(found["stop_reason"], reason, "{found}");
        found
    };
    check("--max-iter 2", "max_iter");
    check("--tol 0.9", "stationary");
    check("--tol 0 --max-iter 100000000 --time-limit 0.3", "time_limit");
    let found = check("--target 2500000 --n-init 3", "target");
    assert!(found["objective"].as_f64().unwrap() <= 2_500_000.0);
    assert_eq!(found["starts"].as_array().unwrap().len(), 1);
}

#[test]
fn a_search_that_ends_before_it_converged_warns() {
    let desk = Desk::new();
    let codes = |words: &str| -> (Vec<String>, String) {
        let said = desk.run(&format!("fit {{digits}} --model mf --rank 2 --json {words}"), &[]);
        let found = said.json();
        let codes = found["warnings"].as_array().unwrap().iter().map(|warning| warning["code"].as_str().unwrap());
        (codes.map(str::to_owned).collect(), said.err)
    };
    let early = Code::NotConverged.as_str();
    for words in ["-n 3", "--time-limit 0.01 --tol 1e-15 -n 100000 --n-init 50"] {
        let (warnings, err) = codes(words);
        assert_eq!(warnings, [early]);
        assert!(err.starts_with(&format!("warning[{early}]: not converged ")) && err.lines().count() == 1, "{err}");
    }
    // Whoever asks for so many iterations by --tol 0 has had them.
    for words in ["", "-n 3 --tol 0", "--target 2500000 -n 30"] {
        assert_eq!(codes(words), (Vec::new(), String::new()), "{words}");
    }
    desk.run("fit {digits} --model mf --rank 2 -n 3 -q", &[]).warned(Code::NotConverged, "after 3 iterations");
    // The report says it itself.
    let said = desk.run("fit {digits} --model mf --rank 2 -n 3", &[]);
    assert!(said.err.is_empty() && said.out.contains("Not converged: increase --max-iter."), "{said:?}");
}

#[test]
fn the_same_seed_gives_the_same_bytes() {
    let desk = Desk::new();
    for (threads, out) in [(1, "a.npy"), (2, "b.npy"), (2, "c.npy")] {
        let words = format!("fit {{digits}} --model nmf --rank 3 -n 5 -k 2 -s 5 --threads {threads} -q -o {out}");
        assert_eq!(desk.prints(&words, &[]), "");
    }
    let bytes = |name: &str| std::fs::read(desk.path(name)).unwrap();
    for factor in ["W", "H"] {
        let one = bytes(&format!("a.{factor}.npy"));
        assert!(one == bytes(&format!("b.{factor}.npy")) && one == bytes(&format!("c.{factor}.npy")), "{factor}");
    }
}

#[test]
fn standard_input_is_read() {
    let desk = Desk::new();
    let said = desk.run_with_input("fit - --model nmf --rank 1 --json", b"1,2\n2,4\n3,6\n").success();
    assert_eq!(said.json()["data"], "standard input");
    let said = desk.run_with_input("fit - --model nmf --rank 1", b"1,2\n2\n");
    assert_eq!(said.code, Some(2));
    assert!(said.err.starts_with("error[ragged-rows]: standard input, line 2"), "{}", said.err);
}

#[test]
fn missing_entries_are_left_out_where_the_objective_says_so() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,\n2,4,6\n,6,9\n");
    let objective = "sum(observed(X) * (X - W @ H)**2)";
    let text = desk.prints("fit x.csv --rank 1 --objective", &[objective]);
    assert!(text.contains("7 observed entries, 2 missing") && text.contains("on the 7 observed entries"), "{text}");
    assert_eq!(desk.json("fit x.csv --rank 1 --objective", &[objective])["quality"]["observed_only"], true);
}

#[test]
fn further_matrices_are_read() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2\n2,4\n3,7\n").file("m.csv", "1,1\n1,1\n1,0\n");
    let words = "fit x.csv --rank 1 --data M=m.csv --tol 1e-12 --max-iter 3000 --dtype f64 --objective";
    let found = desk.json(words, &["sum(M * (X - W @ H)**2)"]);
    assert!(found["objective"].as_f64().unwrap() < 1e-3, "{found}");
    assert_eq!(found["dtype"], "f64");
    desk.refuses(words, &["sum(M.T * (X - W @ H)**2)"], Code::ShapeMismatch, &["M", "3 x 2", "2 x 3"]);
}

#[test]
fn what_is_not_finite_is_null() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2\n2,4\n");
    let said = desk.run("fit x.csv --rank 1 --json --objective", &["sum((X - W @ H)**2) + log(-1*sum(W**2))"]);
    let found = said.json();
    assert_eq!((&found["objective"], &found["stop_reason"]), (&Value::Null, &"diverged".into()));
    let start = &found["starts"][0];
    let is_said = |value: &Value| value.is_null() || value.as_f64().is_some_and(|residual| residual < f64::MAX);
    assert!(start["residuals"].as_object().unwrap().values().all(is_said), "{start}");
}

#[test]
fn residuals_stand_beside_their_factors() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,4\n2,4,1\n3,7,5\n4,1,2\n").file("f.csv", "1,0,2\n");
    let objective = "minimize over F[1,m], G[n,1], W[n,r], H[r,m]: sum((X - G @ F - W @ H)**2)";
    let words = "fit x.csv --rank 1 -n 2 --fix F=f.csv --objective";
    let text = desk.prints(words, &[objective]);
    let rows = text.split("Factors").nth(1).unwrap().lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let last = |name: &str| rows.clone().find(|row| row.first() == Some(&name)).and_then(|row| row.last().copied());
    let residuals = desk.json(words, &[objective])["starts"][0]["residuals"].clone();
    assert_eq!((last("F"), residuals.get("F")), (Some("fixed"), None), "{text}");
    for name in ["G", "W", "H"] {
        let shown: f64 = last(name).unwrap().parse().unwrap();
        let exact = residuals[name].as_f64().unwrap();
        assert!((shown - exact).abs() <= 0.01 * exact, "{name}: {exact} in\n{text}");
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_error() {
    let desk = Desk::new();
    let mut child = desk.command("fit {digits} --model nmf --rank 2 -n 1", &[]).spawn().unwrap();
    drop(child.stdout.take());
    let said = crate::command::said(child.wait_with_output().unwrap());
    assert_eq!((said.code, said.err.as_str()), (Some(0), ""));
}

#[test]
fn a_search_begins_where_it_is_told_and_keeps_what_is_held() {
    let desk = Desk::new();
    let first = desk.json("fit {digits} --model nmf --rank 4 --init nndsvd -n 30 -o m.safetensors", &[]);
    let on = desk
        .json("fit {digits} --model nmf --rank 4 --init-from W=m.safetensors --init-from H=m.safetensors -n 0", &[]);
    let [begun, ended] = [&on["objective"], &first["objective"]].map(|cost| cost.as_f64().unwrap());
    assert!((begun / ended - 1.0).abs() < 1e-5, "{on}");
    desk.json("fit {digits} --model nmf --rank 4 --fix H=m.safetensors -o again.safetensors -n 50", &[]);
    let h = |name: &str| {
        let model = eckart::Factorization::load(desk.path(name)).unwrap();
        model.factor("H").unwrap().values_f64()
    };
    assert_eq!(h("m.safetensors"), h("again.safetensors"));
    desk.refuses("fit {digits} --model nmf --rank 4 --fix V=m.safetensors", &[], Code::UnknownFactor, &["V", "W, H"]);
}

#[test]
fn a_header_of_numbers_is_read_as_asked() {
    let desk = Desk::new();
    desk.file("years.csv", ",5,2\n1,3,4\n2,6,1\n");
    let words = "fit years.csv --model mf --rank 1 -n 2";
    desk.refuses(words, &[], Code::HeaderOrData, &["line 1", "--header", "--header=false", "header=True"]);
    let shape = |option: &str| desk.json(&format!("{words} {option}"), &[])["shape"].clone();
    assert_eq!(
        (shape("--header --index-col"), shape("--header=true --index-col=false")),
        (vec![2, 2].into(), vec![2, 3].into())
    );
}

#[test]
fn a_search_that_diverged_says_so_and_keeps_what_it_had() {
    let desk = Desk::new();
    desk.file("x.csv", "1,2,3\n4,5,6\n7,8,1\n");
    let objective = "sum(exp(W @ H) - X * exp(exp(W @ H)))";
    let words = "fit x.csv --rank 1 -n 1000 -q --method normalized-gradient -o m.safetensors --objective";
    let said = desk.run(words, &[objective]);
    assert_eq!(said.code, Some(3), "{}", said.err);
    said.warned(Code::Diverged, "");
    assert!(desk.path("m.safetensors").exists());
}
