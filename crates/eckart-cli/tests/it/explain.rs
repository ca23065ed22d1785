//! `eckart explain`: what an objective becomes.

use eckart::Code;

use crate::command::Desk;

#[test]
fn an_objective_is_explained_without_data() {
    let objective = "sum((X - W @ H)**2) + a*sum(abs(W)) subject to H >= 0";
    let text = Desk::new().prints("explain --shape 2000x300 --rank 5 --param a=0.5 --objective", &[objective]);
    let parts = [
        "minimize sum((X - W @ H)**2) + a * sum(abs(W)) subject to H >= 0",
        "with a = 0.5",
        "2,000 x 300, dense, no file",
        "2,000 x 5, factor",
        "5 x 300, factor",
        "0.5 * sum(abs(W)), H >= 0",
        "Gradients",
        "d/dW    -2 * ((X - W @ H) @ H.T)\n          -> -2 * (X @ H.T - W @ (H @ H.T))",
        "Rules that found an equal form\n",
        "no form left that the rules can find",
        "kernel                 shape: stored              buffer       work  traffic  formula",
        "-> result",
        "peak ",
        "Bound on this machine\n  At ",
        "a run takes at least about ",
        "derived              used, the first that fits",
        "W: quadratic, shared 5 x 5 Gram, 0.5 * sum(abs(W)) -> accelerated coordinate",
        "H: quadratic, shared 5 x 5 Gram, H >= 0 -> accelerated HALS",
        "proximal-gradient    fits as well",
        "normalized-gradient  fits as well",
        "als                  does not fit: the objective's part in W has bounds",
    ];
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn what_was_hardly_meant_is_warned_of() {
    let objective = ["sum((X - W @ H)**2) + 0.5*sum(abs(W))"];
    let desk = Desk::new();
    for words in ["explain --shape 2000x300 --rank 5 --objective", "fit {digits} --rank 2 -n 2 --objective"] {
        let text = desk.prints(words, &objective);
        let said = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains("Warnings the objective has no least value"), "{text}");
        assert!(said.contains("add a penalty such as `a*sum(H**2)`, or `subject to rownorm(H) <= 1`"), "{text}");
    }
}

#[test]
fn the_reason_a_method_does_not_fit_is_said() {
    let desk = Desk::new();
    let text = desk.prints("explain {digits} --rank 5 --objective", &["sum(abs(X - W @ H))"]);
    assert!(text.contains("proximal-gradient    does not fit: "), "{text}");
    assert!(text.contains("images.npy"), "{text}");
    let kink = ["sum(abs(X - W @ H))", "--method", "proximal-gradient"];
    desk.refuses("explain --shape 20x30 --rank 5 --objective", &kink, Code::MethodUnsupported, &["kink"]);
}

#[test]
fn a_plan_that_needs_too_much_is_shown_all_the_same() {
    let words = "explain --shape 1000x500:2000 --model mf --rank 5 --memory-limit 1kB";
    let text = Desk::new().prints(words, &[]);
    assert!(text.contains("2,000 stored entries") && text.contains("Over the limit, "), "{text}");
}

#[test]
fn what_cannot_be_explained_is_refused() {
    let desk = Desk::new();
    desk.refuses("explain --shape 20x30 --model mf --rank 21", &[], Code::RankOutOfRange, &["rank 21", "1 to 20"]);
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
    for part in ["minimize over W[n,r]", "result: gradient in W", "result: smooth part", "block by block"] {
        assert!(svg.contains(part) && (dot.contains(part)), "{part:?} is not in:\n{svg}\n{dot}");
    }
    assert_eq!(desk.prints(&format!("{words} --dot -"), &[]), dot);
    assert_eq!(desk.prints(&format!("{words} --svg -"), &[]), svg);
    desk.refuses(&format!("{words} --svg - --dot -"), &[], Code::SettingsConflict, &["--svg", "--dot"]);
    desk.refuses("explain none.csv --model nmf --rank 1 --svg none/plan.svg", &[], Code::FileNotFound, &["none"]);
}

#[test]
fn a_limit_names_the_block_at_fault() {
    let objective = ["sum(softplus(W @ H) - X * (W @ H))"];
    let text = Desk::new().prints("explain --shape 2000x300 --rank 5 --memory-limit 1kB --objective", &objective);
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("W @ H (218 x 300, 523 kB) for each block of 218 rows"), "{text}");
}
