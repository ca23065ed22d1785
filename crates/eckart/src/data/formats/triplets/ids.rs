//! Ids: those of one side of a list of entries, numbered as they appear.
//! In: the cells of ids.  Out: their numbers from 0, their names.
//! Invariant: an id has one number, however often it stands; `7` and `7.0` are one id, `07` is another.
//! Not here: ids that Python gives (see its `triplets`).

use indexmap::IndexMap;

use crate::data::Ids;
use crate::data::formats::text::cells::CellFormat;
use crate::data::formats::text::number::{name_whole_floats, shown, whole_number, without_zero_decimals};
use crate::data::formats::text::records::cell_text;
use crate::data::memory::room_for_one;
use crate::error::{Code, Error, Result};

/// The ids of a side, numbered as they appear.
#[derive(Debug, Default)]
pub(super) struct IdTable {
    // Only looked up, never walked: their order reaches nothing. Numbers have a map of their own, which is twice as
    // fast.
    by_number: IndexMap<u64, u32>,
    by_text: IndexMap<Box<[u8]>, u32>,
    pub(super) names: Vec<String>,
    last: u32,
}

impl IdTable {
    /// The index of `id`, a new one where it is new.
    pub(super) fn index(&mut self, id: &[u8], format: &CellFormat, line: u64) -> Result<u32> {
        // Files are mostly sorted by one side: its id is that of the line before.
        if self.names.get(self.last as usize).is_some_and(|name| name.as_bytes() == id) {
            return Ok(self.last);
        }
        let key = without_zero_decimals(id);
        let whole = whole_number(key);
        let known = whole.map_or_else(|| self.by_text.get(key), |n| self.by_number.get(&n));
        if let Some(&index) = known {
            self.last = index;
            return Ok(index);
        }
        if format.is_missing_id(id) {
            return Err(no_id(id).at_line(line));
        }
        let index = u32::try_from(self.names.len()).map_err(|_| {
            Error::data(Code::TooLarge, "more than 2^32 different ids", "Cut the file up").at_line(line)
        })?;
        room_for_one(&mut self.names)?;
        self.names.push(cell_text(id, line)?);
        match whole {
            Some(number) => self.by_number.insert(number, index),
            None => self.by_text.insert(key.into(), index),
        };
        self.last = index;
        Ok(index)
    }

    /// Where all ids are whole numbers, sorts them by number; the new index of each old one, and the numbers.
    pub(super) fn sort(&mut self) -> Option<(Vec<u32>, Ids)> {
        let number = |name: &String| match without_zero_decimals(name.as_bytes()) {
            [b'-', digits @ ..] => whole_number(digits).filter(|&n| n > 0).map(|n| -(n as i64)),
            digits => whole_number(digits).map(|n| n as i64),
        };
        let Some(numbers) = self.names.iter().map(number).collect::<Option<Vec<i64>>>() else {
            name_whole_floats(&mut self.names);
            return None;
        };
        let mut order: Vec<u32> = (0..numbers.len() as u32).collect();
        order.sort_unstable_by_key(|&k| numbers[k as usize]);
        let mut new = vec![0; order.len()];
        for (to, &from) in order.iter().enumerate() {
            new[from as usize] = to as u32;
        }
        let sorted = Ids::I64(order.iter().map(|&k| numbers[k as usize]).collect());
        self.names = sorted.texts();
        Some((new, sorted))
    }
}

fn no_id(id: &[u8]) -> Error {
    if id.is_empty() {
        return Error::data(Code::EmptyId, "an id is empty", "Give every entry a row id and a column id");
    }
    let help = "Leave the entry out; where it is an id, say what is missing: na_values (--na-values)";
    Error::data(Code::EmptyId, format!("the id {} says that it is missing", shown(id)), help)
}
