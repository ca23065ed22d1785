//! Parts: factors from a truncated SVD: as it is, or its non-negative parts.
//! In: singular values and vectors.  Out: the columns of W and the rows of H, one component after the other.
//! Law: the non-negative forms hold no negative number.
//! Not here: the SVD (see `svd`).

use super::random::{stream, uniform};
use super::svd::Svd;
use crate::data::Matrix;
use crate::solve::settings::Init;

/// W (r x n: a column a row) and H (r x m).
pub(super) fn of(svd: &Svd, init: Init, x: &Matrix, seed: u64) -> (Vec<f64>, Vec<f64>) {
    let (n, m) = x.shape();
    let pairs = svd.left.chunks(n).zip(svd.right.chunks(m)).zip(&svd.values).enumerate();
    let (mut w, mut h) = (Vec::with_capacity(svd.left.len()), Vec::with_capacity(svd.right.len()));
    for (k, ((u, v), &value)) in pairs {
        let (u, v) = match init {
            Init::Svd => (scaled(u, value.sqrt()), scaled(v, value.sqrt())),
            _ if k == 0 => (scaled(&sizes(u), value.sqrt()), scaled(&sizes(v), value.sqrt())),
            _ => nonnegative(u, v, value),
        };
        w.extend(u);
        h.extend(v);
    }
    let mean = || x.values_f64().into_iter().filter(|v| !v.is_nan()).sum::<f64>() / (n * m) as f64;
    match init {
        Init::Auto | Init::Random | Init::Nndsvd | Init::Svd => {}
        Init::Nndsvda => {
            let mean = mean();
            w.iter_mut().chain(&mut h).filter(|b| **b == 0.0).for_each(|b| *b = mean);
        }
        Init::Nndsvdar => {
            let most = mean() / 100.0;
            let mut random = stream(seed, 0, FILL);
            w.iter_mut().chain(&mut h).filter(|b| **b == 0.0).for_each(|b| *b = most * uniform(&mut random));
        }
    }
    (w, h)
}

/// The stream that fills zeros.
const FILL: u64 = u16::MAX as u64 - 1;

/// The larger of the positive and the negative parts of a pair of singular vectors, scaled to its share of the singular
/// value (Boutsidis and Gallopoulos 2008, algorithm NNDSVD).
fn nonnegative(u: &[f64], v: &[f64], value: f64) -> (Vec<f64>, Vec<f64>) {
    let part = |a: &[f64], sign: f64| -> Vec<f64> { a.iter().map(|x| (sign * x).max(0.0)).collect() };
    let of = |sign: f64| {
        let (u, v) = (part(u, sign), part(v, sign));
        let lengths = (length(&u), length(&v));
        (u, v, lengths)
    };
    let (plus, minus) = (of(1.0), of(-1.0));
    let larger = if plus.2.0 * plus.2.1 >= minus.2.0 * minus.2.1 { plus } else { minus };
    let (u, v, (a, b)) = larger;
    if a * b == 0.0 {
        return (vec![0.0; u.len()], vec![0.0; v.len()]);
    }
    let by = (value * a * b).sqrt();
    (scaled(&u, by / a), scaled(&v, by / b))
}

fn sizes(a: &[f64]) -> Vec<f64> {
    a.iter().map(|x| x.abs()).collect()
}

fn scaled(a: &[f64], by: f64) -> Vec<f64> {
    a.iter().map(|x| by * x).collect()
}

fn length(a: &[f64]) -> f64 {
    a.iter().map(|x| x * x).sum::<f64>().sqrt()
}
