//! Similar: the columns or rows whose factors are most like those of one.
//! In: `SimilarArgs`.  Out: lists, as text, CSV or JSON.
//! Invariant: names are shown, not numbers.
//! Not here: likeness (see the library's `apply`), how lists look (see `lists`).

use eckart::Result;
use eckart::apply::{Directions, Scored};
use eckart::data::{Matching, Side};

use crate::beside::Readings;
use crate::model::Model;
use crate::options::SimilarArgs;
use crate::output::lists::{Entry, List, Words, shown};
use crate::output::try_writing;

/// `eckart similar MODEL ...`
pub(crate) fn similar(args: &SimilarArgs) -> Result<String> {
    let model = Model::load(&args.model, Matching::default())?.titled(args.listing.titles.as_deref())?;
    args.listing.output.as_deref().map(try_writing).transpose()?;
    let side = if args.users.is_empty() { Side::Cols } else { Side::Rows };
    let of = match side {
        Side::Rows => Directions::of_rows(&model.fit)?,
        Side::Cols => Directions::of_cols(&model.fit)?,
    };
    let numbers: Vec<usize> = if args.all {
        (0..of.count()).collect()
    } else {
        let words = if side == Side::Rows { &args.users } else { &args.items };
        words.iter().map(|word| model.number(side, word)).collect::<Result<_>>()?
    };
    let list = |&at: &usize| {
        let entry = |scored: Scored| Entry { scored, notes: Vec::new() };
        let entries = of.similar(at, args.listing.top)?.into_iter().map(entry).collect();
        Ok(List { about: (side, model.name(side, at)), entries })
    };
    let found = numbers.iter().map(list).collect::<Result<Vec<List>>>()?;
    let words = Words { title: "Like", listed: side, score: "cosine" };
    shown(&found, words, &model, &args.listing, (&[], &Readings::new()))
}
