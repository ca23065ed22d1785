//! Unify: sides of formulas that are of one length.
//! In: sides, equated or stretched.  Out: which are the same, and their lengths where these are known.
//! Invariant: a side is never given two lengths; what a side of 1 is only stretched to is 1 where nothing else can be.
//! Not here: which sides a primitive equates (see `infer`).

use std::collections::BTreeMap;

/// A length that is known.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Length {
    Number(usize),
    /// That of the rows of the data, whatever it is.
    Rows,
}

impl Length {
    const ONE: Self = Self::Number(1);

    pub(super) fn number(self) -> Option<usize> {
        if let Self::Number(length) = self { Some(length) } else { None }
    }
}

/// Sides that are known to be equal, with their length where it is known.
#[derive(Default)]
pub(super) struct Unify {
    parent: Vec<usize>,
    length: Vec<Option<Length>>,
    /// Whether a side of the length of rows was to be equal to one of another.
    pub(super) rows_clash: bool,
    /// For sides of 1, by their numbers, which ones were summed over to make them.
    summed: BTreeMap<usize, Vec<usize>>,
    /// Inner sides of products of different factors: how many components they have.
    pub(super) components: Vec<usize>,
    /// Sides that met a side of 1 of a column or line, with that side: see [`Self::settle_vectors`].
    beside_vectors: Vec<(usize, usize)>,
    /// Sides that met a side of 1 of a number.
    beside_ones: Vec<usize>,
}

impl Unify {
    pub(super) fn fresh(&mut self) -> usize {
        self.parent.push(self.parent.len());
        self.length.push(None);
        self.parent.len() - 1
    }

    pub(super) fn fixed(&mut self, length: Length) -> usize {
        let side = self.fresh();
        self.length[side] = Some(length);
        side
    }

    pub(super) fn number(&mut self, length: usize) -> usize {
        self.fixed(Length::Number(length))
    }

    pub(super) fn root(&self, mut side: usize) -> usize {
        while self.parent[side] != side {
            side = self.parent[side];
        }
        side
    }

    pub(super) fn length(&self, side: usize) -> Option<Length> {
        self.length[self.root(side)]
    }

    pub(super) fn is_one(&self, side: usize) -> bool {
        self.length(side) == Some(Length::ONE)
    }

    pub(super) fn is_free(&self, side: usize) -> bool {
        self.length(side).is_none()
    }

    pub(super) fn same(&self, a: usize, b: usize) -> bool {
        self.root(a) == self.root(b)
    }

    fn fix_to_one(&mut self, side: usize) {
        let root = self.root(side);
        self.length[root].get_or_insert(Length::ONE);
    }

    /// Clashing lengths stay apart: the shape check will say so better.
    pub(super) fn equate(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        let known = [self.length[a], self.length[b]];
        if a == b || matches!(known, [Some(p), Some(q)] if p != q) {
            self.rows_clash |= a != b && known.contains(&Some(Length::Rows));
            return;
        }
        self.length[a] = self.length[a].or(self.length[b]);
        self.parent[b] = a;
    }

    /// A side of 1 that is made by summing over one.
    pub(super) fn summed(&mut self, over: usize) -> usize {
        let one = self.number(1);
        let over = self.summed.get(&over).cloned().unwrap_or_else(|| vec![over]);
        self.summed.insert(one, over);
        one
    }

    /// A side of 1 is stretched; otherwise both are taken to be equal.
    pub(super) fn stretched(&mut self, a: usize, b: usize, vectors: [bool; 2]) -> usize {
        match (self.is_one(a), self.is_one(b)) {
            (true, true) => self.both_ones(a, b),
            (true, false) => {
                self.beside_one(b, a, vectors[0]);
                b
            }
            (false, true) => {
                self.beside_one(a, b, vectors[1]);
                a
            }
            (false, false) => {
                self.equate(a, b);
                a
            }
        }
    }

    /// The side of 1 of an entrywise result, summed over what those of both operands were.
    fn both_ones(&mut self, a: usize, b: usize) -> usize {
        let both = match (self.summed.get(&a), self.summed.get(&b)) {
            (None, _) => return b,
            (Some(_), None) => return a,
            (Some(of_a), Some(of_b)) => [of_a.clone(), of_b.clone()].concat(),
        };
        let one = self.number(1);
        self.summed.insert(one, both);
        one
    }

    /// Takes note of a side of unknown length that met a side of 1, of a vector or of a number.
    fn beside_one(&mut self, side: usize, one: usize, of_vector: bool) {
        if self.is_free(side) && of_vector {
            self.beside_vectors.push((side, one));
        } else if self.is_free(side) {
            self.beside_ones.push(side);
        }
    }

    /// Those of some sides that met a side of 1 and that nothing else fixes are 1.
    pub(super) fn settle_ones(&mut self, some: impl Iterator<Item = usize>) {
        for side in some {
            if self.is_free(side) && self.beside_ones.iter().any(|&met| self.same(met, side)) {
                self.fix_to_one(side);
            }
        }
    }

    /// What is fitted to a column of the data has one column, as K of `y - W @ K` has, where nothing else fixes its
    /// side. But that of a product's components, and a side that met sums over one that nothing fixes, as W of
    /// `W - rowsum(W)/5` did, stay open. Of these, the ones that did not meet their own sums are in doubt.
    pub(super) fn settle_vectors(&mut self) -> Vec<usize> {
        let met = std::mem::take(&mut self.beside_vectors);
        let over = |this: &Self, one: usize| this.summed.get(&one).cloned().unwrap_or_default();
        let decides = |this: &Self, &(side, one): &(usize, usize)| {
            let is_open = this.components.iter().any(|&other| this.same(other, side))
                || over(this, one).into_iter().any(|other| this.is_free(other));
            this.is_free(side) && !is_open
        };
        while let Some((side, _)) = met.iter().find(|pair| decides(self, pair)) {
            self.fix_to_one(*side);
        }
        let own = |side: usize, over: &[usize]| !over.is_empty() && over.iter().all(|&other| self.same(other, side));
        let in_doubt = |&&(side, one): &&(usize, usize)| self.is_free(side) && !own(side, &over(self, one));
        met.iter().filter(in_doubt).map(|(side, _)| *side).collect()
    }
}
