//! Tasks: what is timed, each a formula that Eckart is given and nothing more.
//! In: a data set.  Out: a `Work`, which does the task once each time it is run.
//! Invariant: the same formulas as in `peers/`; the library's public interface only.
//! Not here: the clock (see `serve`), problems that are solved (see `problem` and `searches`).

use eckart::{Expr, Function, Matrix, function, grad, kl, matrix, norm, observed, shared, softplus, sum};
use serde_json::{Value, json};

use crate::problem::{Iterations, Ready};
use crate::searches::{self, Search};
use crate::work::{Data, Work};
use crate::{Result, trouble};

/// The tasks by name.
pub(crate) fn load(task: &str, data: &Data) -> Result<Box<dyn Work>> {
    Ok(match task {
        "seed_step" => Box::new(seed_step(data)?),
        "kl" => Box::new(gradients(data, |x, w, h| sum(kl(x, w.dot(h))))?),
        "masked" => Box::new(gradients(data, |x, w, h| sum(observed(x) * (x - w.dot(h)).pow(2)))?),
        "logistic" => Box::new(gradients(data, |x, w, h| sum(softplus(w.dot(h)) - x * w.dot(h)))?),
        "product" => Box::new(product(data)?),
        "ready" => Box::new(Ready::new(data)?),
        "hals" => Box::new(Iterations::hals(data)?),
        "starts" => Box::new(Iterations::starts(data)?),
        "ten" => Box::new(Iterations::ten(data)?),
        "halved" => Box::new(Iterations::halved(data)?),
        "one_start" => Box::new(Iterations::one_start(data)?),
        "nmf" => Box::new(Search::new(data, searches::NMF)?),
        "kl_nmf" => Box::new(Search::new(data, searches::KL_NMF)?),
        "ratings" => Box::new(Search::new(data, searches::RATINGS)?),
        "ratings_cg" => Box::new(Search::new(data, searches::RATINGS)?),
        "predicted" => Box::new(Search::new(data, searches::PREDICTED)?),
        "implicit_feedback" => Box::new(Search::new(data, searches::IMPLICIT)?),
        "dictionary" => Box::new(Search::new(data, searches::DICTIONARY)?),
        _ => return trouble(format!("there is no task `{task}`")),
    })
}

/// A function that is called with X, and what to look at afterwards.
struct Call {
    function: Function,
    inputs: Vec<Matrix>,
    outputs: Vec<Matrix>,
    updated: Vec<Expr>,
}

impl Work for Call {
    fn run(&mut self) -> Result<()> {
        self.outputs = self.function.call(&self.inputs)?;
        Ok(())
    }

    fn results(&mut self) -> Result<Vec<Matrix>> {
        Ok(self.outputs.iter().cloned().chain(self.updated.iter().filter_map(Expr::value)).collect())
    }

    fn needs(&self) -> Option<Value> {
        let plan = self.function.plan()?;
        Some(json!({ "flops": plan.flops(), "dtype": plan.dtype.to_string(), "bytes": plan.traffic() }))
    }
}

/// The cost of the seed program, and a step of length beta down each factor's gradient.
fn seed_step(data: &Data) -> Result<Call> {
    let (x, w, h) = (matrix("X"), data.shared("W")?, data.shared("H")?);
    let beta = shared(Matrix::scalar(1.0)?, "beta");
    let cost = sum((&x - w.dot(&h)).pow(2)) + 1e-3 * sum(w.pow(2)) + 1e-3 * sum(h.pow(2));
    let [gw, gh] = grad(&cost, [&w, &h]);
    let updates = [(&w, &w - &beta * &gw / norm(&gw)), (&h, &h - &beta * &gh / norm(&gh)), (&beta, &beta * 0.99)];
    let function = function([&x], [&cost], updates)?;
    Ok(Call { function, inputs: vec![data.x()?], outputs: Vec::new(), updated: vec![w, h] })
}

/// A cost and its gradients by W and H.
fn gradients(data: &Data, cost: impl Fn(&Expr, &Expr, &Expr) -> Expr) -> Result<Call> {
    let (x, w, h) = (matrix("X"), data.shared("W")?, data.shared("H")?);
    let cost = cost(&x, &w, &h);
    let [gw, gh] = grad(&cost, [&w, &h]);
    let function = function([&x], [&cost, &gw, &gh], [])?;
    Ok(Call { function, inputs: vec![data.x()?], outputs: Vec::new(), updated: Vec::new() })
}

/// X times the transpose of H. It is a shared variable: a product of two inputs would be kept from call to call.
fn product(data: &Data) -> Result<Call> {
    let (x, b) = (matrix("X"), shared(transposed(&data.factor("H")?)?, "B"));
    let function = function([&x], [&x.dot(&b)], [])?;
    Ok(Call { function, inputs: vec![data.x()?], outputs: Vec::new(), updated: Vec::new() })
}

fn transposed(matrix: &Matrix) -> Result<Matrix> {
    Ok(Matrix::from_fn(matrix.cols(), matrix.rows(), |i, j| matrix.get(j, i))?.cast(matrix.dtype())?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arrays;
    use crate::digest::digest;
    use eckart::data::write_npy;
    use std::path::Path;

    fn small(folder: &Path) {
        std::fs::create_dir_all(folder.join(arrays::HELD)).unwrap();
        let x = Matrix::from_triplets(4, 3, vec![(0, 1, 1.0f32), (1, 0, 1.0), (3, 2, 1.0)]).unwrap();
        arrays::write_data(folder, &x).unwrap();
        arrays::write_data(&folder.join(arrays::HELD), &x).unwrap();
        for (name, rows, cols) in [("W", 4, 2), ("H", 2, 3)] {
            let factor = Matrix::from_fn(rows, cols, |i, j| 0.5 + (i + j) as f32 / 8.0).unwrap();
            write_npy(folder.join(format!("{name}2.npy")), &factor).unwrap();
        }
    }

    /// Runs a task on a small set; how many results it has, and their lengths.
    fn ran(work: &mut dyn Work) -> Vec<f64> {
        work.run().unwrap();
        work.results().unwrap().iter().map(|result| digest(result)[0]).collect()
    }

    #[test]
    fn every_task_runs() {
        let folder = std::env::temp_dir().join(format!("eckart-bench-tasks-{}", std::process::id()));
        small(&folder);
        let data = Data { folder: &folder, rank: 2 };
        for (task, results) in [
            ("seed_step", 3),
            ("kl", 3),
            ("masked", 3),
            ("logistic", 3),
            ("product", 1),
            ("ready", 3),
            // It ends when it fits exactly.
            ("hals", 6),
            ("starts", 1),
            ("ten", 1),
            ("halved", 1),
            ("one_start", 1),
        ] {
            let found = ran(load(task, &data).unwrap().as_mut());
            assert_eq!(found.len(), results, "{task}");
            assert!(found.iter().all(|length| length.is_finite()), "{task}");
        }
        let one = ["starts", "ten", "halved", "one_start"].map(|task| ran(load(task, &data).unwrap().as_mut()));
        assert!(one.windows(2).all(|pair| pair[0] == pair[1]), "the first of many starts is the same as one alone");
        assert!(load("no_such_task", &data).is_err());
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn every_search_reaches_what_it_is_told() {
        let folder = std::env::temp_dir().join(format!("eckart-bench-searches-{}", std::process::id()));
        small(&folder);
        let data = Data { folder: &folder, rank: 2 };
        // Each target is a little above the least value there is from that start: for the dictionary, one of the two
        // rows of X that it starts from is 0, and stays so.
        for (task, factors, target) in [
            ("nmf", 2, 1.1),
            ("kl_nmf", 2, 1.5),
            ("ratings", 2, 3.01),
            ("ratings_cg", 2, 3.01),
            ("predicted", 2, 1.01),
            ("implicit_feedback", 2, 4.9),
            ("dictionary", 1, 2.2),
        ] {
            let mut work = load(task, &data).unwrap();
            work.aim(target).unwrap();
            work.run().unwrap();
            let found = work.results().unwrap();
            assert_eq!((found.len(), work.factors().len()), (factors, factors), "{task}");
            let value = work.value(&found).unwrap();
            assert!(value <= target * (1.0 + 1e-6), "{task}: {value}");
        }
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
