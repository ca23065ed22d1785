//! Values: what one word of the command line means.
//! In: a word such as `a=0.1`, `4GB` or `1000x500:20000`.  Out: its value, or what should have been written.
//! Invariant: what can be told from the word alone is told before any work.
//! Not here: which options there are (see the files beside this one).

use std::path::PathBuf;

use eckart::data::{Decimal, Delimiter};
use eckart::run::{SimdLevel, simd_level_by_name};

/// The shape of a matrix that is not at hand.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ShapeArg {
    pub rows: usize,
    pub cols: usize,
    pub stored: Option<usize>,
}

/// What is wrong with one word of the command line; clap says which.
pub(super) type Wrong = Box<dyn std::error::Error + Send + Sync>;

fn named(text: &str, what: &str) -> Result<(String, String), Wrong> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => Ok((name.trim().into(), value.trim().into())),
        _ => Err(format!("write NAME={what}").into()),
    }
}

pub(crate) fn named_value(text: &str) -> Result<(String, f64), Wrong> {
    let (name, value) = named(text, "VALUE")?;
    let found = value.parse().ok().filter(|found: &f64| found.is_finite());
    Ok((name, found.ok_or_else(|| format!("{value} is not a finite number"))?))
}

pub(crate) fn named_file(text: &str) -> Result<(String, PathBuf), Wrong> {
    let (name, file) = named(text, "FILE")?;
    if name == "X" {
        return Err("X is the matrix named first".into());
    }
    Ok((name, file.into()))
}

/// The ranks to choose among: both ends count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ranks {
    pub first: usize,
    pub last: usize,
}

/// "10", "2..20"
pub(crate) fn ranks(text: &str) -> Result<Ranks, Wrong> {
    let wrong = || "write a number of components, such as 10, or a range to choose from, such as 2..20";
    let whole = |text: &str| text.trim().parse::<usize>().map_err(|_| wrong());
    let (first, last) = match text.split_once("..") {
        Some((first, last)) => (whole(first)?, whole(last)?),
        None => (whole(text)?, whole(text)?),
    };
    // One rank alone is held to the data, which says what would fit.
    if last < first || (first == 0 && last > 0) {
        return Err("the ranks of a range go up from 1 or more".into());
    }
    Ok(Ranks { first, last })
}

/// "10", where there is nothing to choose among ranks by.
pub(crate) fn rank(text: &str) -> Result<usize, Wrong> {
    let Ranks { first, last } = ranks(text)?;
    if first == last { Ok(first) } else { Err(format!("one rank is explained: write one, such as {last}").into()) }
}

/// "0.1"
pub(crate) fn share(text: &str) -> Result<f64, Wrong> {
    let share = text.parse().ok().filter(|share| *share > 0.0 && *share < 1.0);
    Ok(share.ok_or("write a share between 0 and 1, such as 0.1")?)
}

/// "4GB", "4 GiB", "1.5g", "1000".
pub(crate) fn bytes(text: &str) -> Result<usize, Wrong> {
    let lower = text.trim().to_ascii_lowercase();
    let digits = lower.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = match &lower[digits.len()..] {
        "" | "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "t" | "tb" => 1e12,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        _ => return Err("write a size such as 4GB, 500MB or 2GiB".into()),
    };
    let count = digits.trim().parse::<f64>().ok().filter(|count| *count > 0.0 && count.is_finite());
    Ok((count.ok_or("write a size such as 4GB, 500MB or 2GiB")? * unit) as usize)
}

/// "28x28": the height and width of pictures, in pixels.
pub(crate) fn picture(text: &str) -> Result<(usize, usize), Wrong> {
    let side = |text: &str| text.trim().parse::<usize>().ok().filter(|side| *side > 0);
    let sides = text.split_once('x').and_then(|(height, width)| Some((side(height)?, side(width)?)));
    Ok(sides.ok_or("write HEIGHTxWIDTH in pixels, such as 28x28")?)
}

pub(crate) fn shape(text: &str) -> Result<ShapeArg, Wrong> {
    let wrong = || "write ROWSxCOLUMNS, such as 1000x500, or 1000x500:20000 where 20000 entries are stored";
    let (sides, stored) = text.split_once(':').map_or((text, None), |(sides, stored)| (sides, Some(stored)));
    let (rows, cols) = sides.split_once('x').ok_or_else(wrong)?;
    let whole = |text: &str| text.trim().replace('_', "").parse::<usize>().map_err(|_| wrong());
    let shape = ShapeArg { rows: whole(rows)?, cols: whole(cols)?, stored: stored.map(whole).transpose()? };
    if shape.rows == 0 || shape.cols == 0 {
        return Err("a side of 0 leaves nothing to factorize".into());
    }
    if shape.stored.is_some_and(|stored| stored > shape.rows.saturating_mul(shape.cols)) {
        return Err("more entries are stored than the matrix has".into());
    }
    Ok(shape)
}

/// `;`, "tab", "blanks", `::`
pub(crate) fn delimiter(text: &str) -> Result<Delimiter, Wrong> {
    Ok(Delimiter::from_name(text)?)
}

/// `.` or `,`
pub(crate) fn decimal(text: &str) -> Result<Decimal, Wrong> {
    Ok(Decimal::from_name(text)?)
}

/// A level of vector registers that this processor has.
pub(crate) fn registers(text: &str) -> Result<SimdLevel, Wrong> {
    Ok(simd_level_by_name(text)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn sizes_are_read() {
        let check = |text: &str, count: usize| assert_eq!(bytes(text).unwrap(), count, "{text}");
        check("1000", 1000);
        check("4GB", 4_000_000_000);
        check("1.5 kb", 1500);
        check("2GiB", 2 << 30);
        assert!(bytes("lots").is_err() && bytes("-1GB").is_err() && bytes("4 apples").is_err());
    }

    #[test]
    fn pictures_have_two_sides() {
        assert_eq!(picture("28x30").unwrap(), (28, 30));
        for wrong in ["28", "0x5", "28x28x3", "axb"] {
            assert!(picture(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_told_from_values() {
        assert_eq!(named_value("a = -2e3").unwrap(), ("a".to_owned(), -2000.0));
        for wrong in ["a", "=1", "a=", "a=x", "a=inf"] {
            assert!(named_value(wrong).is_err(), "{wrong}");
        }
        assert_eq!(named_file("Y=a=b.csv").unwrap(), ("Y".to_owned(), "a=b.csv".into()));
        assert!(named_file("X=a.csv").is_err());
    }

    #[test]
    fn ranks_are_read() {
        assert_eq!(ranks("10").unwrap(), Ranks { first: 10, last: 10 });
        assert_eq!(ranks("0").unwrap().first, 0, "the data says what would fit");
        assert_eq!(ranks("2..20").unwrap(), Ranks { first: 2, last: 20 });
        for wrong in ["", "5..2", "2..", "a", "0..3", "-1"] {
            assert!(ranks(wrong).is_err() && rank(wrong).is_err(), "{wrong}");
        }
        assert_eq!(rank("3..3").unwrap(), 3);
        assert!(rank("2..5").unwrap_err().to_string().contains("one rank"));
    }

    #[test]
    fn shapes_are_read() {
        let check = |text: &str, rows, cols, stored| {
            let shape = shape(text).unwrap();
            assert_eq!((shape.rows, shape.cols, shape.stored), (rows, cols, stored), "{text}");
        };
        check("1_000x500", 1000, 500, None);
        check("10x5:20", 10, 5, Some(20));
        for wrong in ["10", "0x5", "10x5:51", "axb", "1x2x3"] {
            assert!(shape(wrong).is_err(), "{wrong}");
        }
    }
}
