//! Memory: a fit of sparse data needs what the data and the factors need, and never an n x m buffer.

use std::fmt::Write;

use crate::command::Desk;

const ROWS: usize = 40_000;
const COLS: usize = 10_000;
const PER_ROW: usize = 25;
const RANK: usize = 32;
/// Bytes of the program, of its threads and of what is passing.
const PROCESS: usize = 60_000_000;

/// A matrix with so many entries a row, by a fixed rule.
fn counts() -> String {
    let mut text = format!("%%MatrixMarket matrix coordinate integer general\n{ROWS} {COLS} {}\n", ROWS * PER_ROW);
    for i in 1..=ROWS {
        for k in 0..PER_ROW {
            // One column in each of as many stripes, so that rows are sorted.
            let j = k * (COLS / PER_ROW) + (i * 7919 + k * 104_729) % (COLS / PER_ROW) + 1;
            writeln!(text, "{i} {j} {}", (i + k) % 5 + 1).unwrap();
        }
    }
    text
}

#[test]
fn memory_is_of_the_order_of_data_and_factors() {
    let desk = Desk::new();
    desk.file("counts.mtx", counts());
    // Both orientations of the data, which is f32, three times the factors, and what a process needs.
    let data = 2 * (ROWS * PER_ROW * (4 + 4) + (ROWS + COLS) * 8);
    let most = data + 3 * (ROWS + COLS) * RANK * 4 + PROCESS;
    assert!(most < ROWS * COLS, "the test could not fail");
    for objective in [
        "sum((X - W @ H)**2) subject to W >= 0, H >= 0",
        "sum(kl(X, W @ H)) subject to W >= 0.01, H >= 0.01",
        "sum(observed(X) * (X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))",
        "sum((1 + 2*X) * ((X > 0) - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))",
        "sum(observed(X) * (softplus(W @ H) - X * (W @ H)))",
    ] {
        let said =
            desk.json(&format!("fit counts.mtx --rank {RANK} --max-iter 1 --threads 2"), &["--objective", objective]);
        let peak = said["peak_bytes"].as_u64().unwrap() as usize;
        println!("{objective}: {} MB of {} MB", peak / 1_000_000, most / 1_000_000);
        assert!(peak <= most, "{objective}: {peak} bytes of {most}");
    }
}
