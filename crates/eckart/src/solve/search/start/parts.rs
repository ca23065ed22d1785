//! Parts: factors from a truncated SVD: as it is, or its non-negative parts.
//! In: singular values and vectors.  Out: the columns of W and the rows of H, one component after the other.
//! Invariant: the non-negative forms hold no negative number.
//! Not here: the SVD (see `svd`).

use super::random::{stream, uniform};
use super::svd::Svd;
use crate::data::Matrix;
use crate::run::{Numbers, Rect};
use crate::solve::search::settings::Init;

/// W (r x n: a column a row) and H (r x m), in the place of the singular vectors.
pub(super) fn of<T: Numbers>(svd: Svd<T>, init: Init, x: &Matrix, seed: u64) -> (Rect<T>, Rect<T>) {
    let (n, m) = x.shape();
    let Svd { values, left: mut w, right: mut h } = svd;
    for (k, ((u, v), value)) in w.make_mut().chunks_mut(n).zip(h.make_mut().chunks_mut(m)).zip(values).enumerate() {
        match init {
            Init::Svd => [u, v].into_iter().for_each(|a| scale(a, value.sqrt(), |x| x)),
            _ if k == 0 => [u, v].into_iter().for_each(|a| scale(a, value.sqrt(), f64::abs)),
            _ => nonnegative(u, v, value),
        }
    }
    let mean = || {
        let mut total = 0.0;
        x.for_each(|v| total += if v.is_nan() { 0.0 } else { v });
        total / (n * m) as f64
    };
    let mut fill = |by: &mut dyn FnMut() -> f64| {
        let zeros = w.make_mut().iter_mut().chain(h.make_mut()).filter(|b| b.to_f64() == 0.0);
        zeros.for_each(|b| *b = T::from_f64(by()));
    };
    match init {
        Init::Auto | Init::Random | Init::Nndsvd | Init::Svd => {}
        Init::Nndsvda => {
            let mean = mean();
            fill(&mut || mean);
        }
        Init::Nndsvdar => {
            let most = mean() / 100.0;
            let mut random = stream(seed, 0, FILL);
            fill(&mut || most * uniform(&mut random));
        }
    }
    (w, h)
}

/// The stream that fills zeros.
const FILL: u64 = u16::MAX as u64 - 1;

/// The larger of the positive and the negative parts of a pair of singular vectors, scaled to its share of the singular
/// value (Boutsidis and Gallopoulos 2008, algorithm NNDSVD).
fn nonnegative<T: Numbers>(u: &mut [T], v: &mut [T], value: f64) {
    let lengths = |sign: f64| (length(u, sign), length(v, sign));
    let (plus, minus) = (lengths(1.0), lengths(-1.0));
    let (sign, (a, b)) = if plus.0 * plus.1 >= minus.0 * minus.1 { (1.0, plus) } else { (-1.0, minus) };
    if a * b == 0.0 {
        u.fill(T::default());
        v.fill(T::default());
        return;
    }
    let by = (value * a * b).sqrt();
    let part = |x: f64| (sign * x).max(0.0);
    scale(u, by / a, part);
    scale(v, by / b, part);
}

fn scale<T: Numbers>(a: &mut [T], by: f64, part: impl Fn(f64) -> f64) {
    a.iter_mut().for_each(|x| *x = T::from_f64(by * part(x.to_f64())));
}

/// The length of the part of that sign.
fn length<T: Numbers>(a: &[T], sign: f64) -> f64 {
    a.iter().map(|x| (sign * x.to_f64()).max(0.0)).map(|x| x * x).sum::<f64>().sqrt()
}
