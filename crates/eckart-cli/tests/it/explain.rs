//! `eckart explain`: what an objective becomes.

use crate::command::Desk;

#[test]
fn an_objective_is_explained_without_data() {
    let objective = "sum((X - W @ H)**2) + a*sum(abs(W)) subject to H >= 0";
    let text = Desk::new().prints("explain --shape 2000x300 --rank 5 --set a=0.5 --objective", &[objective]);
    let parts = [
        "minimize sum((X - W @ H)**2) + a * sum(abs(W)) subject to H >= 0",
        "with a = 0.5",
        "2,000 x 300, dense, no file",
        "2,000 x 5, factor",
        "5 x 300, factor",
        "0.5 * sum(abs(W)), H >= 0",
        "Gradients",
        "peak ",
        "proximal-gradient    used, the first that fits",
        "normalized-gradient  fits as well",
    ];
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
}

#[test]
fn the_reason_a_method_does_not_fit_is_said() {
    let desk = Desk::new();
    let text = desk.prints("explain {digits} --rank 5 --objective", &["sum(abs(X - W @ H))"]);
    assert!(text.contains("proximal-gradient    does not fit: "), "{text}");
    assert!(text.contains("images.npy"), "{text}");
    let kink = ["sum(abs(X - W @ H))", "--solver", "proximal-gradient"];
    desk.refuses("explain --shape 20x30 --rank 5 --objective", &kink, &["kink"]);
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
    desk.refuses("explain --shape 20x30 --model mf --rank 21", &[], &["rank 21", "1 to 20"]);
    for words in ["explain --model mf --rank 2", "explain x.csv --shape 2x2 --model mf --rank 2"] {
        assert_eq!(desk.run(words, &[]).code, Some(2));
    }
    assert_eq!(desk.run("explain --shape 2y2 --model mf --rank 2", &[]).code, Some(2));
}
