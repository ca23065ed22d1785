//! Grams: what the Gram matrices of rows are made of.
//! In: parts of any kind: formulas, their places among others, values.  Out: the same of other parts.
//! Invariant: the order in which parts are visited is that of the fields.
//! Not here: numbers (see `run::rows`), how they are found (see `solve::derive`).

/// What the Grams of rows are made of. Row i has the Gram `shared + sum_t u_t[i] G_t + scale sum_j C[i, j] left[j].T
/// right[j]`, made symmetric. A part is a `P`: a formula, its place among others, its value.
#[derive(Debug, Clone, PartialEq)]
pub struct GramParts<P> {
    /// r x r, for all rows.
    pub shared: Option<P>,
    /// A number per row (n x 1), u, times a Gram (r x r), G.
    pub scaled: Vec<(P, P)>,
    /// Sums over the entries of a row.
    pub sampled: Vec<SampledGram<P>>,
}

/// Grams that are sums over the entries of a row of weights.
#[derive(Debug, Clone, PartialEq)]
pub struct SampledGram<P> {
    /// All weights times this.
    pub scale: f64,
    /// C, n x m.
    pub weights: P,
    /// m x r.
    pub left: P,
    /// m x r, where it is not the left side.
    pub right: Option<P>,
}

impl<P> Default for GramParts<P> {
    fn default() -> Self {
        Self { shared: None, scaled: Vec::new(), sampled: Vec::new() }
    }
}

impl<P> GramParts<P> {
    /// Whether all rows have one Gram.
    pub fn is_shared(&self) -> bool {
        self.scaled.is_empty() && self.sampled.is_empty()
    }

    /// The same of what `of` makes of the parts, one after the other.
    ///
    /// # Errors
    /// Those of `of`.
    pub(crate) fn map<Q, E>(&self, mut of: impl FnMut(&P) -> Result<Q, E>) -> Result<GramParts<Q>, E> {
        let shared = self.shared.as_ref().map(&mut of).transpose()?;
        let scaled = self.scaled.iter().map(|(rows, gram)| Ok((of(rows)?, of(gram)?))).collect::<Result<_, E>>()?;
        let sampled = self.sampled.iter().map(|SampledGram { scale, weights, left, right }| {
            let (weights, left, right) = (of(weights)?, of(left)?, right.as_ref().map(&mut of).transpose()?);
            Ok(SampledGram { scale: *scale, weights, left, right })
        });
        let sampled = sampled.collect::<Result<_, E>>()?;
        Ok(GramParts { shared, scaled, sampled })
    }
}
