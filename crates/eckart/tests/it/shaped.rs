//! Formulas of any shapes that fit, with much in them that vanishes: differences of equal values, products with them.

use eckart::expr::{Dag, Expr};
use eckart::matrix;

use crate::random::{Random, World};

/// Sides of matrices.
const SIDES: [usize; 4] = [1, 2, 3, 5];

/// A formula in growth, and the matrices it has met.
struct Grown<'r> {
    random: &'r mut Random,
    world: World,
    known: Vec<(Expr, [usize; 2])>,
}

impl Grown<'_> {
    fn side(&mut self) -> usize {
        SIDES[self.random.below(SIDES.len())]
    }

    /// A matrix of a shape, every other time one that is there already.
    fn leaf(&mut self, [n, m]: [usize; 2]) -> Expr {
        let mut fitting: Vec<Expr> =
            self.known.iter().filter(|(_, shape)| *shape == [n, m]).map(|(leaf, _)| leaf.clone()).collect();
        if !fitting.is_empty() && self.random.below(2) == 0 {
            return fitting.swap_remove(self.random.below(fitting.len()));
        }
        let (kind, value) = match self.random.below(4) {
            0 => ("W", self.random.dense(n, m, 0.0, 1.0)),
            1 => ("S", self.random.sparse(n, m, -1.0, 1.0)),
            2 => ("X", self.random.dense(n, m, -1.0, 1.0)),
            _ => ("A", self.random.dense(n, m, -1.0, 1.0)),
        };
        let name = format!("{kind}{}", self.known.len());
        self.known.push((matrix(&name), [n, m]));
        self.world.values.insert(name.clone(), value);
        matrix(&name)
    }

    fn formula(&mut self, [n, m]: [usize; 2], depth: usize) -> Expr {
        if depth == 0 {
            return self.leaf([n, m]);
        }
        let below = depth - 1;
        match self.random.below(16) {
            0 | 1 => {
                let a = self.formula([n, m], below);
                let small = [[n, m], [1, m], [n, 1], [1, 1]][self.random.below(4)];
                let b = self.formula(small, below);
                [&a + &b, &b + &a, &a - &b, &b - &a, &a * &b][self.random.below(5)].clone()
            }
            2..=5 => {
                let inner = self.side();
                self.formula([n, inner], below).dot(self.formula([inner, m], below))
            }
            6 | 7 => {
                let a = self.formula([n, m], below);
                self.vanishing(&a)
            }
            8 => self.formula([m, n], below).t(),
            9 | 10 => {
                let (k, l) = (self.side(), self.side());
                match (n, m) {
                    (1, 1) => eckart::sum(self.formula([k, l], below)),
                    (_, 1) => eckart::rowsum(self.formula([n, k], below)),
                    (1, _) => eckart::colsum(self.formula([k, m], below)),
                    (_, _) => self.formula([n, m], below),
                }
            }
            11 => self.formula([n, m], below).pow([2.0, 3.0][self.random.below(2)]),
            12 => {
                let a = self.formula([n, m], below);
                [eckart::abs(&a), eckart::tanh(&a), eckart::softplus(&a), eckart::sigmoid(&a)][self.random.below(4)]
                    .clone()
            }
            13 => {
                let (a, b) = (self.formula([n, m], below), self.formula([n, m], below));
                if self.random.below(2) == 0 { eckart::max(a, b) } else { eckart::min(a, b) }
            }
            14 if [n, m] == [1, 1] => {
                let k = self.side();
                eckart::trace(self.formula([k, k], below))
            }
            // A sign of what vanishes but for rounding is anything.
            14 => eckart::sign(self.leaf([n, m])),
            _ => {
                let number = [2.0, -1.0, 0.0, 0.5][self.random.below(4)];
                let a = self.formula([n, m], below);
                if self.random.below(2) == 0 { number * a } else { a + number }
            }
        }
    }

    /// Zero, said in a roundabout way.
    fn vanishing(&mut self, a: &Expr) -> Expr {
        let same = &a.clone();
        match self.random.below(6) {
            0 => a - same,
            1 => a - 1.0 * a,
            2 => a + -a,
            3 => 2.0 * a - 2.0 * same,
            4 => (a.t() - a.t()).t(),
            _ => 3.0 * a - a - (a + a),
        }
    }
}

/// Its compiled value is that by definition, up to rounding of the largest number on the way.
fn check(random: &mut Random) {
    let mut grown = Grown { random, world: World::default(), known: Vec::new() };
    let shape = [[1, 1], [1, 1], [3, 2], [1, 3], [5, 1]][grown.random.below(5)];
    let depth = 2 + grown.random.below(4);
    let formula = grown.formula(shape, depth);
    let world = grown.world;
    let dag = Dag::new(std::slice::from_ref(&formula));
    let parts: Vec<Expr> = dag.ids().map(|id| dag.expr(id).clone()).collect();
    let numbers: Vec<f64> = world.literal(&parts).iter().flat_map(eckart::Matrix::to_dense_f64).collect();
    let largest = numbers.iter().fold(1.0_f64, |most, x| most.max(x.abs()));
    if largest > 1e12 || numbers.iter().any(|x| !x.is_finite()) {
        return;
    }
    let roots = [formula];
    let [expected, found] = [world.literal(&roots), world.compiled(&roots)].map(|values| values[0].to_dense_f64());
    for (x, y) in expected.iter().zip(&found) {
        assert!((x - y).abs() <= 1e-9 * largest, "{}: {x} became {y}", roots[0]);
    }
}

/// A class of the search that is zero is also zero times anything: it is not to be made of itself.
#[test]
fn differences_that_vanish_come_to_an_end() {
    for seed in 0..400 {
        check(&mut Random(seed));
    }
}

/// What was made of itself, and its derivatives.
#[test]
fn zero_is_no_part_of_itself() {
    let mut random = Random(7);
    for [n, m, r] in [[2, 2, 2], [1, 1, 1], [4, 3, 2]] {
        for text in [
            "(A - A) @ (A - A)",
            "((A - A) @ (A - A))**2",
            "(B + B) @ (A - A)",
            "(B + B) @ (A - 1*A)",
            "(B + B) @ (A + (-A))",
            "(B + B) @ (2*A - 2*A)",
            "(B + B) @ (A.T - A.T)",
            "(C + C).T @ ((B - A**2) * (rownorm(C) * (B - B))) + 1",
            "trace(sign(A))**2",
            "sum(sign(A) * eye(A))**2",
            "trace(sign(Y))**2",
            "sum(sign(Y) * eye(Y))**2",
            "sum((X > 0) * (X > 0) * (X > 0)**2 * (W @ H))**2",
            "sum((X - W @ H - (W + W) @ (H - H))**2)",
            "sum((X - X) @ (H - H).T) + sum((X - W @ H)**2)",
            "sum(exp(-(X - W @ H)) + exp(-(W @ H - X)) + (X - W @ H)**3 + (W @ H - X))",
        ] {
            let world = World::of([
                ("A", random.dense(n, n, -1.0, 1.0)),
                ("B", random.dense(n, n, -1.0, 1.0)),
                ("C", random.dense(n, m, -1.0, 1.0)),
                ("X", random.dense(n, m, -1.0, 1.0)),
                ("Y", random.dense(n, n, 0.0, 1.0)),
                ("W", random.dense(n, r, -1.0, 1.0)),
                ("H", random.dense(r, m, -1.0, 1.0)),
            ]);
            let formula = eckart::expr::text::parse_expr(text).unwrap();
            let total = eckart::sum(&formula);
            let mut roots =
                eckart::grad::differentiate(&total, &total.variables().iter().map(Expr::from).collect::<Vec<_>>());
            roots.extend([formula, total]);
            for (expected, found) in world.literal(&roots).iter().zip(world.compiled(&roots)) {
                for (x, y) in expected.to_dense_f64().iter().zip(found.to_dense_f64()) {
                    assert!((x - y).abs() <= 1e-9 * (1.0 + x.abs()), "{text}, {n} x {m}: {x} became {y}");
                }
            }
        }
    }
}
