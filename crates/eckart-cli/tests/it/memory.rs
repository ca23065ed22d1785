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
        "sum(observed(X) * (softplus(W @ H) - (X > 0) * (W @ H)))",
    ] {
        let said =
            desk.json(&format!("fit counts.mtx --rank {RANK} --max-iter 1 --threads 2"), &["--objective", objective]);
        let peak = said["peak_bytes"].as_u64().unwrap() as usize;
        println!("{objective}: {} MB of {} MB", peak / 1_000_000, most / 1_000_000);
        assert!(peak <= most, "{objective}: {peak} bytes of {most}");
    }
}

/// A dense matrix of 250,000 x 100 numbers of f32, as NumPy writes it: 100 MB.
fn dense() -> Vec<u8> {
    let head = format!("{:<117}\n", "{'descr': '<f4', 'fortran_order': False, 'shape': (250000, 100), }");
    let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    file.extend(head.as_bytes());
    file.extend((0..25_000_000_u32).flat_map(|k| (0.1 + (k % 97) as f32 * 0.02).to_le_bytes()));
    file
}

/// How many starts are held is known beforehand: those that successive halving has paused, what is kept of each.
#[test]
fn the_memory_of_starts_that_wait_is_told() {
    let desk = Desk::new();
    let head = format!("{:<117}\n", "{'descr': '<f8', 'fortran_order': False, 'shape': (20000, 60), }");
    let mut file = b"\x93NUMPY\x01\x00\x76\x00".to_vec();
    file.extend(head.as_bytes());
    file.extend((0..1_200_000_u32).flat_map(|k| (0.1 + f64::from(k % 97) * 0.02).to_le_bytes()));
    desk.file("x.npy", file);
    for (method, options) in [
        ("derived", ""),
        ("derived", "--successive-halving"),
        ("l-bfgs", "--successive-halving"),
        ("derived", "--consensus"),
    ] {
        let words = format!("x.npy --rank 20 --n-init 24 --max-iter 26 --threads 2 --method {method} {options}");
        let objective = ["--objective", "sum((X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))"];
        let told = desk.json(&format!("explain {words}"), &objective)["memory"]["total"].as_u64().unwrap();
        let peak = desk.json(&format!("fit {words}"), &objective)["peak_bytes"].as_u64().unwrap();
        println!("{method} {options}: {} MB told, {} MB taken", told / 1_000_000, peak / 1_000_000);
        assert!(told.abs_diff(peak) <= peak / 10 + 30_000_000, "{method} {options}: {told} told, {peak} taken");
    }
}

/// What `explain` tells from shapes is what a fit takes: within a tenth and 30 MB.
#[test]
fn the_memory_that_is_told_is_what_a_fit_takes() {
    let desk = Desk::new();
    desk.file("counts.mtx", counts());
    desk.file("dense.npy", dense());
    for (file, objective) in [
        ("counts.mtx", "sum((X - W @ H)**2) subject to W >= 0, H >= 0"),
        ("counts.mtx", "sum(kl(X, W @ H)) subject to W >= 0.01, H >= 0.01"),
        ("counts.mtx", "sum(observed(X) * (X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))"),
        ("dense.npy", "sum((X - W @ H)**2)"),
        ("dense.npy", "sum((X - W @ H)**2) + 0.1*sum(abs(W)) subject to rownorm(H) <= 1"),
        ("dense.npy", "sum(huber(X - W @ H, 1))"),
    ] {
        let words = format!("{file} --rank 8 --max-iter 11 --threads 2");
        let told =
            desk.json(&format!("explain {words}"), &["--objective", objective])["memory"]["total"].as_u64().unwrap();
        let peak = desk.json(&format!("fit {words}"), &["--objective", objective])["peak_bytes"].as_u64().unwrap();
        println!("{file}, {objective}: {} MB told, {} MB taken", told / 1_000_000, peak / 1_000_000);
        assert!(told.abs_diff(peak) <= peak / 10 + 30_000_000, "{file}, {objective}: {told} told, {peak} taken");
    }
}
