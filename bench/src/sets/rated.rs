//! Rated: ratings with something in them to find: offsets, a few tastes, noise.
//! In: users, items, how many ratings.  Out: a sparse matrix of half stars, 0.5 to 5.
//! Invariant: few users rate much and few items are rated much, in the shape of MovieLens 10M; the same bytes every
//! time.
//! Not here: which entries are held out (see `sets`).

use eckart::Matrix;

use super::rows::rows_of;
use crate::Result;
use crate::random::Stream;

/// Tastes that ratings depend on.
const TASTES: usize = 12;
/// The mean rating, and the standard deviations of what is added to it.
const MEAN: f64 = 3.5;
const OF_USERS: f64 = 0.4;
const OF_ITEMS: f64 = 0.5;
const OF_TASTES: f64 = 0.5;
const OF_NOISE: f64 = 0.75;
/// The least that a user rates.
const LEAST: usize = 20;

/// About `stored` ratings.
pub(crate) fn rated(users: usize, items: usize, stored: usize) -> Result<Matrix> {
    let mut random = Stream(1);
    // A user's share beyond the least falls as a power of the place in the order of users, and users are shuffled.
    let weights: Vec<f64> = (0..users).map(|_| (random.unit() + 0.002).powf(-0.7)).collect();
    let total: f64 = weights.iter().sum();
    let rest = stored.saturating_sub(LEAST * users) as f64;
    let count = |weight: &f64| (LEAST + (weight / total * rest).round() as usize).min(items / 3);
    let counts: Vec<usize> = weights.iter().map(count).collect();
    let normals = |random: &mut Stream, count: usize| -> Vec<f64> { (0..count).map(|_| random.normal()).collect() };
    let (of_users, of_items) = (normals(&mut random, users), normals(&mut random, items));
    let (tastes, kinds) = (normals(&mut random, users * TASTES), normals(&mut random, items * TASTES));
    let draw = |random: &mut Stream| (random.unit().powi(2) * items as f64) as usize;
    rows_of(items, &counts, &mut random, draw, |random, i, j| {
        let pairs = tastes[i * TASTES..].iter().zip(&kinds[j * TASTES..]).take(TASTES);
        let taste = pairs.map(|(a, b)| a * b).sum::<f64>() / (TASTES as f64).sqrt();
        let offsets = OF_USERS * of_users[i] + OF_ITEMS * of_items[j];
        half_stars(MEAN + offsets + OF_TASTES * taste + OF_NOISE * random.normal())
    })
}

/// The nearest of 0.5, 1, ... 5.
fn half_stars(value: f64) -> f32 {
    ((2.0 * value).round() / 2.0).clamp(0.5, 5.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratings_are_half_stars_of_busy_and_of_idle_users() {
        let x = rated(1_000, 400, 40_000).unwrap();
        let values = x.values_f64();
        assert!((36_000..41_000).contains(&values.len()), "{}", values.len());
        assert!(values.iter().all(|v| (0.5..=5.0).contains(v) && (2.0 * v).fract() == 0.0));
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!((3.3..3.6).contains(&mean), "{mean}");
        let indptr = x.pattern().unwrap().indptr();
        let counts = || indptr.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(counts().min().unwrap() >= LEAST && counts().max().unwrap() > 100);
        assert_eq!([half_stars(9.0), half_stars(-1.0), half_stars(2.3)], [5.0, 0.5, 2.5]);
    }
}
