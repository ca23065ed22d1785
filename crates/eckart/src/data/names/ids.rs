//! Ids: what the rows or columns of a matrix are called, in the type in which they were given.
//! In: texts, whole numbers, dates.  Out: `Ids`; texts of them; tensors of a model file, and back.
//! Invariant: what is read back is what was written, type and unit included.
//! Not here: files of names (see `names`), which side of what they are of (their holder knows).

use std::collections::BTreeMap;

use crate::data::model_file::{Tensor, TensorSource};

/// What the rows, or the columns, of a matrix are called: one for each, in their order.
///
/// The engine compares names as texts; ids say what the texts were, so that whoever gave numbers or dates gets them
/// back.
///
/// ```
/// use eckart::data::{Ids, TimeUnit};
/// assert_eq!(Ids::I64(vec![-7, 1000]).texts(), ["-7", "1000"]);
/// assert_eq!(Ids::Date(vec![0, 19_782]).texts(), ["1970-01-01", "2024-02-29"]);
/// assert_eq!(Ids::Datetime(vec![1_500], TimeUnit::Milliseconds).texts(), ["1970-01-01 00:00:01.500000"]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Ids {
    /// Texts.
    Text(Vec<String>),
    /// Whole numbers of 64 bits.
    I64(Vec<i64>),
    /// Whole numbers of 64 bits that are not negative, for those that `I64` can't hold.
    U64(Vec<u64>),
    /// Days since 1970-01-01, in the Gregorian calendar; the least number is no date.
    Date(Vec<i64>),
    /// Points in time, in a unit since 1970-01-01 00:00, without a time zone; the least number is no time.
    Datetime(Vec<i64>, TimeUnit),
}

/// The unit of points in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// 1 s.
    Seconds,
    /// 1e-3 s.
    Milliseconds,
    /// 1e-6 s.
    Microseconds,
    /// 1e-9 s.
    Nanoseconds,
}

impl TimeUnit {
    /// Each with its name, and how many there are in a second.
    const TABLE: [(Self, &str, i64); 4] = [
        (Self::Seconds, "s", 1),
        (Self::Milliseconds, "ms", 1_000),
        (Self::Microseconds, "us", 1_000_000),
        (Self::Nanoseconds, "ns", 1_000_000_000),
    ];

    /// Its name: `s`, `ms`, `us` or `ns`.
    pub fn name(self) -> &'static str {
        Self::TABLE[self as usize].1
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::TABLE.into_iter().find(|row| row.1 == name).map(|row| row.0)
    }

    fn per_second(self) -> i64 {
        Self::TABLE[self as usize].2
    }
}

impl Ids {
    /// How many there are.
    pub fn len(&self) -> usize {
        match self {
            Self::Text(texts) => texts.len(),
            Self::U64(numbers) => numbers.len(),
            Self::I64(numbers) | Self::Date(numbers) | Self::Datetime(numbers, _) => numbers.len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The name of their type, as model files have it: `text`, `i64`, `u64`, `date`, or `datetime[UNIT]`.
    pub fn type_name(&self) -> String {
        match self {
            Self::Text(_) => "text".into(),
            Self::I64(_) => "i64".into(),
            Self::U64(_) => "u64".into(),
            Self::Date(_) => "date".into(),
            Self::Datetime(_, unit) => format!("datetime[{}]", unit.name()),
        }
    }

    /// All of them as texts: numbers in decimal, dates as `2024-02-29`, times as `2024-02-29 12:30:00`, with six or
    /// nine decimals where they are needed. Times that are all midnights are named by their dates alone, as tables do
    /// that other programs write.
    pub fn texts(&self) -> Vec<String> {
        match self {
            Self::Text(texts) => texts.clone(),
            Self::I64(numbers) => numbers.iter().map(i64::to_string).collect(),
            Self::U64(numbers) => numbers.iter().map(u64::to_string).collect(),
            Self::Date(days) => days.iter().map(|day| date(*day)).collect(),
            Self::Datetime(times, unit) => {
                let day = 86_400 * unit.per_second();
                let all_midnights = times.iter().all(|time| *time == NONE || time.rem_euclid(day) == 0);
                times.iter().map(|time| datetime(*time, *unit, all_midnights)).collect()
            }
        }
    }

    /// The tensors that hold them in a model file, those of `name`.
    pub(crate) fn sources<'a>(&'a self, name: &str) -> Vec<TensorSource<'a>> {
        let values = format!("{name}.values");
        match self {
            Self::Text(texts) => text_sources(name, texts),
            Self::U64(numbers) => vec![TensorSource::list(values, numbers.len(), || numbers.iter().copied())],
            Self::I64(numbers) | Self::Date(numbers) | Self::Datetime(numbers, _) => {
                vec![TensorSource::list(values, numbers.len(), || numbers.iter().copied())]
            }
        }
    }

    /// Takes them out of the tensors of a model file, the type being called `type_name`; `None` where they are not
    /// there, or damaged.
    pub(crate) fn take(name: &str, type_name: &str, tensors: &mut BTreeMap<String, Tensor>) -> Option<Self> {
        if type_name == "text" {
            return take_texts(name, tensors).map(Self::Text);
        }
        let unit = || TimeUnit::from_name(type_name.strip_prefix("datetime[")?.strip_suffix(']')?);
        match (tensors.remove(&format!("{name}.values"))?, type_name) {
            (Tensor::I64(numbers), "i64") => Some(Self::I64(numbers)),
            (Tensor::U64(numbers), "u64") => Some(Self::U64(numbers)),
            (Tensor::I64(days), "date") => Some(Self::Date(days)),
            (Tensor::I64(times), _) => Some(Self::Datetime(times, unit()?)),
            _ => None,
        }
    }
}

/// The tensors of texts: where each begins and the last one ends, and all bytes.
pub(crate) fn text_sources<'a>(name: &str, texts: &'a [String]) -> Vec<TensorSource<'a>> {
    let bytes = texts.iter().map(String::len).sum();
    vec![TensorSource::offsets(name, texts, String::len), TensorSource::texts(format!("{name}.bytes"), bytes, texts)]
}

fn take_texts(name: &str, tensors: &mut BTreeMap<String, Tensor>) -> Option<Vec<String>> {
    let Tensor::U64(offsets) = tensors.remove(&format!("{name}.offsets"))? else { return None };
    let Tensor::U8(bytes) = tensors.remove(&format!("{name}.bytes"))? else { return None };
    if *offsets.first()? != 0 || *offsets.last()? != bytes.len() as u64 {
        return None;
    }
    let text = |pair: &[u64]| {
        let range = usize::try_from(pair[0]).ok()?..usize::try_from(pair[1]).ok()?;
        Some(std::str::from_utf8(bytes.get(range)?).ok()?.to_owned())
    };
    offsets.windows(2).map(text).collect()
}

/// Of what is no date or time.
const NONE: i64 = i64::MIN;

fn date(days: i64) -> String {
    if days == NONE {
        return "NaT".into();
    }
    let (year, month, day) = civil(days);
    format!("{year:04}-{month:02}-{day:02}")
}

/// The text of a time; of a midnight that is `by_date` its date.
fn datetime(time: i64, unit: TimeUnit, by_date: bool) -> String {
    if time == NONE {
        return "NaT".into();
    }
    let (seconds, rest) = (time.div_euclid(unit.per_second()), time.rem_euclid(unit.per_second()));
    let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    let nanoseconds = rest * (1_000_000_000 / unit.per_second());
    if by_date {
        return date(days);
    }
    let fraction = match (nanoseconds, nanoseconds % 1000) {
        (0, _) => String::new(),
        (_, 0) => format!(".{:06}", nanoseconds / 1000),
        _ => format!(".{nanoseconds:09}"),
    };
    format!("{} {:02}:{:02}:{:02}{fraction}", date(days), second / 3600, second / 60 % 60, second % 60)
}

/// Year, month and day of a number of days since 1970-01-01. Years are counted from March, so that the leap day is the
/// last of one; 400 of them have 146,097 days.
fn civil(days: i64) -> (i128, i64, i64) {
    let days = i128::from(days) + 719_468;
    let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097) as i64);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (era * 400 + i128::from(year_of_era) + i128::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::model_file::{parse_model_file, tensor_bytes};

    #[track_caller]
    fn check(ids: &Ids, texts: &[&str]) {
        assert_eq!(ids.texts(), texts);
        let bytes = tensor_bytes(&BTreeMap::new(), ids.sources("row_names")).unwrap();
        let mut tensors = parse_model_file(&bytes).unwrap().tensors;
        assert_eq!(Ids::take("row_names", &ids.type_name(), &mut tensors).as_ref(), Some(ids));
        assert!(tensors.is_empty());
    }

    #[test]
    fn ids_come_back_as_what_they_were() {
        check(&Ids::Text(vec!["α".into(), String::new(), "b\n\"c\"".into()]), &["α", "", "b\n\"c\""]);
        check(&Ids::I64(vec![i64::MIN, 0, 7]), &["-9223372036854775808", "0", "7"]);
        check(&Ids::U64(vec![u64::MAX]), &["18446744073709551615"]);
        // 1900 is no leap year, 2000 is one.
        check(
            &Ids::Date(vec![-25_509, -25_508, 11_016, 11_017]),
            &["1900-02-28", "1900-03-01", "2000-02-29", "2000-03-01"],
        );
        check(&Ids::Date(vec![i64::MIN, -719_528]), &["NaT", "0000-01-01"]);
        let at = |time, unit| Ids::Datetime(vec![time], unit);
        check(&at(1_704_067_199, TimeUnit::Seconds), &["2023-12-31 23:59:59"]);
        check(&at(-1, TimeUnit::Milliseconds), &["1969-12-31 23:59:59.999000"]);
        check(&at(86_400_000_001, TimeUnit::Microseconds), &["1970-01-02 00:00:00.000001"]);
        check(&at(1_001, TimeUnit::Nanoseconds), &["1970-01-01 00:00:00.000001001"]);
        check(&at(86_400_000_000_000, TimeUnit::Nanoseconds), &["1970-01-02"]);
        check(&at(-86_400, TimeUnit::Seconds), &["1969-12-31"]);
        check(&at(60, TimeUnit::Seconds), &["1970-01-01 00:01:00"]);
        check(&at(i64::MIN, TimeUnit::Nanoseconds), &["NaT"]);
        let several = |times: &[i64]| Ids::Datetime(times.to_vec(), TimeUnit::Seconds);
        check(&several(&[0, 43_200]), &["1970-01-01 00:00:00", "1970-01-01 12:00:00"]);
        check(&several(&[0, i64::MIN, 86_400]), &["1970-01-01", "NaT", "1970-01-02"]);
    }

    #[test]
    fn the_ends_of_the_calendar_are_dates() {
        let ids = Ids::Date(vec![i64::MAX, i64::MIN + 1]);
        assert!(ids.texts().iter().all(|text| text.ends_with(|c: char| c.is_ascii_digit())));
    }

    #[test]
    fn what_is_damaged_is_not_read() {
        let none = |name: &str, tensors: &[(&str, Tensor)]| {
            let mut tensors = tensors.iter().map(|(name, tensor)| ((*name).to_owned(), tensor.clone())).collect();
            assert_eq!(Ids::take("n", name, &mut tensors), None);
        };
        let offsets = |list: &[u64]| ("n.offsets", Tensor::U64(list.to_vec()));
        let bytes = |bytes: &[u8]| ("n.bytes", Tensor::U8(bytes.to_vec()));
        none("text", &[offsets(&[0, 1])]);
        none("text", &[offsets(&[]), bytes(b"")]);
        none("text", &[offsets(&[0, 2]), bytes(b"a")]);
        none("text", &[offsets(&[0, 2, 1]), bytes(b"a")]);
        none("text", &[offsets(&[0, 3, 1]), bytes(b"a")]);
        none("text", &[offsets(&[0, 1, 2]), bytes("α".as_bytes())]);
        none("i64", &[("n.values", Tensor::U64(vec![1]))]);
        none("datetime[h]", &[("n.values", Tensor::I64(vec![1]))]);
    }
}
