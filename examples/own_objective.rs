//! An objective of one's own: pictures with hidden pixels, an offset a pixel, robust to outliers.
//!
//! A tenth of the pixels of 1,797 digits is hidden. The objective looks at the others only; what it then says of the
//! hidden ones is compared with what they are.
//!
//! ```sh
//! cargo run --release -p eckart --example own_objective
//! ```

use eckart::{Matrix, Problem, Result, Settings, data};

const OBJECTIVE: &str = "minimize over W[n,r], H[r,m], c[1,m]:
    sum(observed(X) * huber(X - W @ H - c, delta)) + lambda * (sum(W**2) + sum(H**2))";

fn main() -> Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/data/digits/images.npy");
    let whole = data::read(path, &data::ReadOptions::default())?.matrix;
    let (n, m) = whole.shape();

    // NaN means missing, in a matrix as in a file.
    let hidden = |i: usize, j: usize| (i * m + j).is_multiple_of(10);
    let seen = Matrix::from_fn(n, m, |i, j| if hidden(i, j) { f64::NAN } else { whole.get(i, j) })?;

    let problem = Problem::parse(OBJECTIVE)?.data("X", &seen).rank(10).param("delta", 4.0).param("lambda", 0.5);
    let fit = problem.solve(&Settings { max_iter: 300, ..Settings::default() })?;
    println!("{}", fit.statement);
    println!("cost {:.0} after {} iterations, {}", fit.cost, fit.iterations(), fit.stop_reason());

    let factor = |name| fit.factor(name).expect("the objective names it");
    let (w, h, c) = (factor("W"), factor("H"), factor("c"));
    let said = |i, j| c.get(0, j) + (0..10).map(|k| w.get(i, k) * h.get(k, j)).sum::<f64>();
    let places: Vec<(usize, usize)> =
        (0..n).flat_map(|i| (0..m).map(move |j| (i, j))).filter(|&(i, j)| hidden(i, j)).collect();
    let error = |guess: &dyn Fn(usize, usize) -> f64| {
        let squares: f64 = places.iter().map(|&(i, j)| (whole.get(i, j) - guess(i, j)).powi(2)).sum();
        (squares / places.len() as f64).sqrt()
    };
    let means: Vec<f64> = (0..m).map(|j| mean((0..n).filter(|&i| !hidden(i, j)).map(|i| whole.get(i, j)))).collect();
    println!("{} hidden pixels, of values 0 to 16", places.len());
    println!("root of the mean squared error: {:.2}", error(&said));
    println!("with the mean of each pixel:    {:.2}", error(&|_, j| means[j]));
    Ok(())
}

fn mean(numbers: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = numbers.fold((0.0, 0.0), |(sum, count), x| (sum + x, count + 1.0));
    sum / count
}
