//! How long a single new row takes to be folded in, against a model of 20,000 x 30,000 at rank 32.

mod timing;

use std::time::{Duration, Instant};

use eckart::{Dtype, Factorization, FoldIn, Matrix, Problem, Settings};
use timing::Bench;

const ROWS: usize = 20_000;
const COLS: usize = 30_000;
const RANK: usize = 32;
/// Stored entries of a row: as many as there are in a passage of text, or ratings of a keen user.
const STORED: usize = 100;
/// Rows that are folded in, one at a time.
const SINGLE: usize = 1000;

/// Models whose rows are of the kinds that are solved differently.
const MODELS: [(&str, &str); 4] = [
    ("nmf", "minimize sum((X - W @ H)**2) subject to W >= 0, H >= 0"),
    ("mf", "minimize sum((X - W @ H)**2) + 0.1*(sum(W**2) + sum(H**2))"),
    ("kl", "minimize sum(kl(X, W @ H)) subject to W >= 0, H >= 0"),
    (
        "ratings",
        "minimize over W[n,r], H[r,m], b[n,1], c[1,m], mu[1,1]: sum(observed(X) * (X - W @ H - b - c - mu)**2) \
         + 16*(sum(W**2) + sum(H**2)) + 3*(sum(b**2) + sum(c**2))",
    ),
];

fn main() {
    let bench = Bench::of("apply");
    for (name, text) in MODELS {
        let prepare = || {
            let fold_in = FoldIn::new(&model(text)).expect("it has rows");
            let rows: Vec<Matrix> = (0..SINGLE).map(row).collect();
            // The first row of a kind makes ready what all share.
            fold_in.transform(&rows[0]).expect("it fits");
            (fold_in, rows, 0)
        };
        let one = |(fold_in, rows, next): &mut (FoldIn, Vec<Matrix>, usize)| {
            *next = (*next + 1) % rows.len();
            fold_in.transform(&rows[*next]).expect("it fits")
        };
        let timed = bench.case(&format!("row-20000x30000-r32-{name}"), prepare, one);
        if timed.is_some() {
            let (fold_in, rows, _) = prepare();
            let mut times: Vec<Duration> = rows
                .iter()
                .map(|row| {
                    let began = Instant::now();
                    std::hint::black_box(fold_in.transform(row).expect("it fits"));
                    began.elapsed()
                })
                .collect();
            times.sort();
            println!(
                "    of {SINGLE} single rows: median {:?}, 99 % below {:?}, all below {:?}",
                times[SINGLE / 2],
                times[SINGLE * 99 / 100],
                times[SINGLE - 1]
            );
        }
    }
}

/// Numbers without pattern, in [0, 1).
fn number(seed: usize) -> f32 {
    let mut z = (seed as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32
}

/// A model of that size with factors of no meaning.
fn model(text: &str) -> Factorization {
    let x = Matrix::from_fn(4, 3, |i, j| 1.0 + number(i * 3 + j)).and_then(|x| x.cast(Dtype::F32)).expect("it is one");
    let settings = Settings { max_iter: 1, ..Settings::default() };
    let problem = Problem::parse(text).expect("it can be read").data("X", &x).rank(2);
    let mut model = problem.solve(&settings).expect("it fits");
    model.rank = RANK;
    for (k, (_, factor)) in model.factors.iter_mut().enumerate() {
        let side = |small: usize| match small {
            4 => ROWS,
            3 => COLS,
            2 => RANK,
            other => other,
        };
        let (rows, cols) = (side(factor.rows()), side(factor.cols()));
        let entry = |i: usize, j: usize| 0.2 * number((k << 40) | (i * cols + j)).powi(4);
        *factor = Matrix::from_fn(rows, cols, entry).expect("it is one");
    }
    model
}

/// A sparse row of counts, more of them in the first columns.
fn row(seed: usize) -> Matrix {
    let column = |k: usize| ((number(seed * 1000 + k).powi(3) * COLS as f32) as usize).min(COLS - 1);
    let mut columns: Vec<usize> = (0..STORED).map(column).collect();
    columns.sort_unstable();
    columns.dedup();
    let count = |j: usize| 1.0 + (4.0 * number(seed * 7 + j)).floor();
    let triplets = columns.iter().map(|&j| (0, j, count(j))).collect();
    Matrix::from_triplets(1, COLS, triplets).expect("it is one")
}
