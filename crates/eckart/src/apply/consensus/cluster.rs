//! Cluster: the components of all starts in as many clusters as one start has components.
//! In: all components, each of length 1, and which of the best start each matches.  Out: the median of each cluster.
//! Invariant: clusters begin as the matches and change only while the sum of squared distances falls.
//! Not here: matches (see `matching`).

use super::matching::scale_to;

/// Rounds of moving components to the nearest cluster, at most.
const ROUNDS: usize = 100;
/// A component counts as one that others find too if its mean distance to its nearest neighbours is at most this.
const NEAR: f64 = 0.5;
/// The share of starts that are its neighbours (Kotliar et al. 2019).
const NEIGHBOURS: f64 = 0.3;

/// The consensus of `all` (one after the other, `m` numbers each, of the given `lengths` before they were made 1).
pub(super) fn cluster(all: &[f64], lengths: &[f64], m: usize, begin: &[usize], r: usize) -> Vec<f64> {
    let count = lengths.len();
    let part = |at: usize| &all[at * m..(at + 1) * m];
    let near = dense_ones(all, m, count, r);
    let mut place = begin.to_vec();
    let mut centres = vec![0.0; r * m];
    for round in 0..ROUNDS {
        centres_of(&mut centres, all, m, &place, &near);
        let nearest = |at: usize| {
            let far = |k: usize| distance(part(at), &centres[k * m..(k + 1) * m]);
            (1..r).fold(0, |best, k| if far(k) < far(best) { k } else { best })
        };
        let next: Vec<usize> = (0..count).map(nearest).collect();
        // An empty cluster has lost its component: the matches before stand.
        let whole = (0..r).all(|k| (0..count).any(|at| near[at] && next[at] == k));
        if next == place || !whole || round + 1 == ROUNDS {
            break;
        }
        place = next;
    }
    let mut out = Vec::with_capacity(r * m);
    for k in 0..r {
        let own = members(k, &place, &near);
        let length = median(own.iter().map(|&at| lengths[at]).collect());
        let mut centre: Vec<f64> = (0..m).map(|j| median(own.iter().map(|&at| all[at * m + j]).collect())).collect();
        scale_to(&mut centre, length);
        out.append(&mut centre);
    }
    out
}

/// Whether each component has neighbours in other starts; all have where none would.
fn dense_ones(all: &[f64], m: usize, count: usize, r: usize) -> Vec<bool> {
    let part = |at: usize| &all[at * m..(at + 1) * m];
    let neighbours = ((NEIGHBOURS * (count / r) as f64) as usize).max(1);
    let is_near = |at: usize| {
        let others = (0..count).filter(|&other| other != at);
        let mut far: Vec<f64> = others.map(|other| distance(part(at), part(other)).sqrt()).collect();
        far.sort_by(f64::total_cmp);
        let some = neighbours.min(far.len()).max(1);
        far.iter().take(some).sum::<f64>() / some as f64 <= NEAR
    };
    let near: Vec<bool> = (0..count).map(is_near).collect();
    if near.iter().any(|near| *near) { near } else { vec![true; count] }
}

fn centres_of(centres: &mut [f64], all: &[f64], m: usize, place: &[usize], near: &[bool]) {
    centres.fill(0.0);
    for k in 0..centres.len() / m {
        let own = members(k, place, near);
        let centre = &mut centres[k * m..(k + 1) * m];
        for at in &own {
            centre.iter_mut().zip(&all[at * m..(at + 1) * m]).for_each(|(c, x)| *c += x / own.len() as f64);
        }
    }
}

/// The components of cluster k: those that have neighbours, where any has.
fn members(k: usize, place: &[usize], near: &[bool]) -> Vec<usize> {
    let (own, others): (Vec<usize>, Vec<usize>) =
        (0..place.len()).filter(|&at| place[at] == k).partition(|&at| near[at]);
    if own.is_empty() { others } else { own }
}

fn distance(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(x, y)| (x - y) * (x - y)).sum()
}

/// The middle one, or the mean of the two in the middle; 0 of none.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let half = values.len() / 2;
    match values.len() {
        0 => 0.0,
        count if count % 2 == 1 => values[half],
        _ => 0.5 * (values[half - 1] + values[half]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_start_that_went_astray_does_not_count() {
        // Two components in four starts; the last start found another in the place of the second, and they are swapped.
        let unit = |x: [f64; 3]| {
            let length = x.iter().map(|x| x * x).sum::<f64>().sqrt();
            x.map(|x| x / length)
        };
        let starts = [
            [unit([1.0, 0.1, 0.0]), unit([0.0, 1.0, 0.1])],
            [unit([1.0, 0.2, 0.0]), unit([0.0, 1.0, 0.2])],
            [unit([0.0, 1.0, 0.15]), unit([1.0, 0.15, 0.0])],
            [unit([1.0, 0.12, 0.0]), unit([0.0, 0.0, 1.0])],
        ];
        let all = starts.concat().concat();
        let found = cluster(&all, &[2.0; 8], 3, &[0, 1, 0, 1, 1, 0, 0, 1], 2);
        assert!(found[0] > 1.9 && found[1] > 0.1 && found[2] == 0.0, "{found:?}");
        assert!(found[4] > 1.9 && (found[5] / found[4] - 0.15).abs() < 0.02, "{found:?}");
    }

    #[test]
    fn medians() {
        assert_eq!(
            [median(vec![]), median(vec![3.0]), median(vec![3.0, 1.0]), median(vec![5.0, 1.0, 2.0])],
            [0.0, 3.0, 2.0, 2.0]
        );
    }
}
