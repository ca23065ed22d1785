//! Linkage: a tree of groups from distances.
//! In: a symmetric matrix of distances.  Out: `Tree`: which groups join at which distance.
//! Invariant: groups join by the mean distance of their members; of equals the one of the lower number first.
//! Not here: what the distances are of (see the module above).

/// A tree of groups by average linkage.
#[derive(Debug)]
pub(super) struct Tree {
    count: usize,
    /// Two members, one of each group, and the distance at which the groups join; the least distance first.
    joins: Vec<(usize, usize, f64)>,
}

impl Tree {
    /// The tree of k x k distances, by chains of nearest neighbours (Murtagh 1983): k^2 steps.
    pub(super) fn of(distances: &[f64], k: usize) -> Self {
        let mut between = distances.to_vec();
        let (mut size, mut alive) = (vec![1.0_f64; k], vec![true; k]);
        let (mut joins, mut chain): (Vec<(usize, usize, f64)>, Vec<usize>) = (Vec::new(), Vec::new());
        while joins.len() + 1 < k {
            let Some(&tip) = chain.last() else {
                chain.extend(alive.iter().position(|alive| *alive));
                continue;
            };
            let previous = chain.len().checked_sub(2).map(|at| chain[at]);
            // The one before wins a tie, or the chain would run in circles.
            let mut nearest = previous;
            for other in (0..k).filter(|&other| alive[other] && other != tip) {
                if nearest.is_none_or(|best| between[tip * k + other] < between[tip * k + best]) {
                    nearest = Some(other);
                }
            }
            let Some(nearest) = nearest else { break };
            if Some(nearest) != previous {
                chain.push(nearest);
                continue;
            }
            chain.truncate(chain.len() - 2);
            let (kept, gone) = (tip.min(nearest), tip.max(nearest));
            joins.push((kept, gone, between[tip * k + nearest]));
            let whole = size[kept] + size[gone];
            for other in (0..k).filter(|&other| alive[other] && other != kept && other != gone) {
                let mean = (size[kept] * between[kept * k + other] + size[gone] * between[gone * k + other]) / whole;
                (between[kept * k + other], between[other * k + kept]) = (mean, mean);
            }
            size[kept] = whole;
            alive[gone] = false;
        }
        joins.sort_by(|a, b| a.2.total_cmp(&b.2).then((a.0, a.1).cmp(&(b.0, b.1))));
        Self { count: k, joins }
    }

    /// The group of each where there are `groups`, numbered in order of first appearance.
    pub(super) fn groups(&self, groups: usize) -> Vec<usize> {
        let mut group: Vec<usize> = (0..self.count).collect();
        for (a, b, _) in self.joins.iter().take(self.count.saturating_sub(groups)) {
            let (from, to) = (group[*b], group[*a]);
            group.iter_mut().filter(|own| **own == from).for_each(|own| *own = to);
        }
        let mut order: Vec<usize> = Vec::new();
        let numbered = group.iter().map(|own| {
            order.iter().position(|known| known == own).unwrap_or_else(|| {
                order.push(*own);
                order.len() - 1
            })
        });
        numbered.collect()
    }

    /// The correlation between the distances and those at which the tree joins (Sokal and Rohlf 1962), over all pairs;
    /// 1 where neither varies.
    pub(super) fn cophenetic_correlation(&self, distances: &[f64]) -> f64 {
        let k = self.count;
        let mut members: Vec<Vec<usize>> = (0..k).map(|at| vec![at]).collect();
        let mut group: Vec<usize> = (0..k).collect();
        let mut sums = [0.0; 6];
        for &(a, b, height) in &self.joins {
            let (to, from) = (group[a], group[b]);
            let gone = std::mem::take(&mut members[from]);
            for &p in &members[to] {
                for &q in &gone {
                    let d = distances[p * k + q];
                    let terms = [1.0, d, height, d * d, height * height, d * height];
                    sums.iter_mut().zip(terms).for_each(|(sum, term)| *sum += term);
                }
            }
            gone.iter().for_each(|&q| group[q] = to);
            members[to].extend(gone);
        }
        let [count, x, y, xx, yy, xy] = sums;
        let (of_x, of_y) = (xx - x * x / count, yy - y * y / count);
        let scale = 1e-12 * (xx + yy);
        match (of_x > scale, of_y > scale) {
            (true, true) => (xy - x * y / count) / (of_x * of_y).sqrt(),
            (false, false) => 1.0,
            (_, _) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two pairs, and one alone.
    const DISTANCES: [f64; 25] = [
        0.0, 0.1, 0.6, 0.7, 0.9, //
        0.1, 0.0, 0.5, 0.8, 0.9, //
        0.6, 0.5, 0.0, 0.2, 0.8, //
        0.7, 0.8, 0.2, 0.0, 1.0, //
        0.9, 0.9, 0.8, 1.0, 0.0,
    ];

    #[test]
    fn groups_join_by_mean_distance() {
        let tree = Tree::of(&DISTANCES, 5);
        let heights: Vec<f64> = tree.joins.iter().map(|join| join.2).collect();
        let by_hand = [0.1, 0.2, (0.6 + 0.7 + 0.5 + 0.8) / 4.0, (0.9 + 0.9 + 0.8 + 1.0) / 4.0];
        assert!(heights.iter().zip(by_hand).all(|(a, b)| (a - b).abs() < 1e-15), "{heights:?}");
        assert_eq!(tree.groups(3), [0, 0, 1, 1, 2]);
        assert_eq!(tree.groups(2), [0, 0, 0, 0, 1]);
        assert_eq!(tree.groups(9), [0, 1, 2, 3, 4]);
        let found = tree.cophenetic_correlation(&DISTANCES);
        // scipy.cluster.hierarchy.cophenet of the same distances.
        assert!((found - 0.956_635_518_445_512_8).abs() < 1e-14, "{found}");
    }

    #[test]
    fn full_agreement_correlates_fully() {
        let apart = |at: usize| f64::from(u8::from(at / 6 % 2 != at % 6 % 2));
        let distances: Vec<f64> = (0..36).map(apart).collect();
        let tree = Tree::of(&distances, 6);
        assert!((tree.cophenetic_correlation(&distances) - 1.0).abs() < 1e-12);
        assert_eq!(tree.groups(2), [0, 1, 0, 1, 0, 1]);
        assert_eq!(Tree::of(&[0.0; 9], 3).cophenetic_correlation(&[0.0; 9]), 1.0);
        assert_eq!(Tree::of(&[0.0], 1).groups(1), [0]);
    }
}
