//! Gradient descent of your own: write a cost, differentiate it, and step down its gradient.
//!
//! ```sh
//! cargo run --release -p eckart --example gradient_descent
//! ```

use eckart::{Matrix, Result, data, function, grad, matrix, norm, shared, sum};

fn main() -> Result<()> {
    // 1797 handwritten digits of 8 x 8 pixels, one per row.
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits/images.npy");
    let digits = data::read(path, &data::ReadOptions::default())?.matrix;
    let (n, m, rank) = (digits.rows(), digits.cols(), 16);
    let (l1, l2) = (1e-3, 1e-3);

    let x = matrix("X");
    let w = shared(start(n, rank)?, "W");
    let h = shared(start(rank, m)?, "H");
    let beta = shared(Matrix::scalar(100.0)?, "beta");

    let cost = sum((&x - w.dot(&h)).pow(2)) + l1 * sum(w.pow(2)) + l2 * sum(h.pow(2));
    let [gw, gh] = grad(&cost, [&w, &h]);
    let updates = [(&w, &w - &beta * &gw / norm(&gw)), (&h, &h - &beta * &gh / norm(&gh)), (&beta, &beta * 0.99)];
    let mut step = function([&x], [&cost], updates)?;

    for iteration in 0..1000 {
        let cost = step.call([&digits])?[0].to_scalar();
        if iteration % 100 == 0 || iteration == 999 {
            println!("iteration {iteration:>4}   cost {cost:>12.1}");
        }
    }
    Ok(())
}

/// Deterministic values that differ from each other, to start from.
fn start(rows: usize, cols: usize) -> Result<Matrix> {
    Matrix::from_fn(rows, cols, |i, j| (1.0 + i as f64 * 0.37 + j as f64 * 1.91).sin().abs() as f32)
}
