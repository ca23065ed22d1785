//! How long cost and gradients of ten starts of least squares take together, beside those of one.

mod timing;

use eckart::data::{ReadOptions, read};
use eckart::expr::Var;
use eckart::facts::{Given, Givens};
use eckart::function::Compiled;
use eckart::run::Inputs;
use eckart::{Dtype, Matrix, grad, matrix, sum};
use timing::Bench;

const RANK: usize = 10;

fn main() {
    let bench = Bench::of("starts");
    let shared = std::env::var("ECKART_SHARED_DATA").unwrap_or_else(|_| "../../../shared/data".into());
    let sets = [
        ("digits-r10", "../../examples/data/digits/images.npy".to_owned()),
        ("fashion-10k-r10", format!("{shared}/images/fashion-mnist-10k/images.npy")),
    ];
    for (name, path) in sets {
        let Ok(table) = read(&path, &ReadOptions::default()) else {
            println!("{name} was skipped: its data is not here");
            continue;
        };
        let x = table.matrix.cast(Dtype::F32).expect("pixels fit f32");
        for starts in [1, 10] {
            let prepare = || compiled(&x, starts);
            bench.case(&format!("{name}-x{starts}"), prepare, |(compiled, inputs)| {
                compiled.run(inputs).expect("all inputs are given")
            });
        }
    }
}

/// Cost and gradients of so many starts.
fn compiled(x: &Matrix, starts: usize) -> (Compiled, Inputs) {
    let (mut givens, mut inputs) = (Givens::new(), Inputs::default());
    givens.insert(Var::input("X"), Given::of(x));
    inputs.set_matrix(&Var::input("X"), x);
    let mut roots = Vec::new();
    for start in 0..starts {
        let names = [format!("W{start}"), format!("H{start}")];
        for (name, (rows, cols)) in names.iter().zip([(x.rows(), RANK), (RANK, x.cols())]) {
            let number = |i: usize, j: usize| ((1 + i * 7 + j * 13 + start * 31) as f32).sin().abs();
            let factor = Matrix::from_fn(rows, cols, number).expect("a factor has no empty side");
            givens.insert(Var::input(name), Given { data: false, ..Given::of(&factor) });
            inputs.set_matrix(&Var::input(name), &factor);
        }
        let [w, h] = names.map(|name| matrix(&name));
        let cost = sum((matrix("X") - w.dot(&h)).pow(2));
        let [by_w, by_h] = grad(&cost, [&w, &h]);
        roots.extend([cost, by_w, by_h]);
    }
    (Compiled::new(&roots, &givens, usize::MAX).expect("shapes fit"), inputs)
}
