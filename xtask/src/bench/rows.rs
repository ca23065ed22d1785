//! What a run of the bench keeps: a line of JSON that says where it was made, then one for each comparison.

use crate::Failure;
use serde_json::{Value, json};

/// Where and when a run was made. No name of a machine, no path.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Head {
    pub(super) date: String,
    /// The commit; with a `+` where the tree had changes.
    pub(super) commit: String,
    /// The commit that it was compared with, where the peer is another build of Eckart.
    pub(super) before: Option<String>,
    pub(super) processor: String,
    pub(super) cores: usize,
    pub(super) threads: usize,
    pub(super) quick: bool,
    /// How many threads of other programs ran on average in the minute before.
    pub(super) load: Option<f64>,
    pub(super) speeds: Speeds,
}

/// What the machine can do at best, measured before the first comparison.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Speeds {
    /// Operations per second, of f64 and of f32.
    pub(super) flops: f64,
    pub(super) flops_f32: f64,
    /// Bytes per second.
    pub(super) bytes: f64,
}

impl Speeds {
    /// What Eckart's side says of the machine.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let number = |key: &str| value[key].as_f64();
        Some(Self {
            flops: number("flops_per_second")?,
            flops_f32: number("flops_per_second_f32")?,
            bytes: number("bytes_per_second")?,
        })
    }

    /// The least seconds of a run that needs so much: `flops` of the type `dtype`, and `bytes`.
    pub(super) fn least(&self, needs: &Value) -> Option<f64> {
        let speed = if needs["dtype"] == "f32" { self.flops_f32 } else { self.flops };
        Some((needs["flops"].as_f64()? / speed).max(needs["bytes"].as_f64()? / self.bytes))
    }
}

/// How a comparison ended.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Ended {
    /// Both sides gave the same.
    Compared,
    /// They did not, or one gave nothing.
    Failed(String),
    /// The peer or the data is not on this machine.
    Absent(String),
}

/// One side of a comparison.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Side {
    /// What a run took: every sample, in order.
    pub(super) seconds: Vec<f64>,
    /// Bytes held when the data was in place, and the most from then on.
    pub(super) held: Option<u64>,
    pub(super) peak: Option<u64>,
    /// The results of the first run and of the last: length and weighted sum of each, or the cost.
    pub(super) values: Vec<f64>,
}

/// One comparison.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) task: String,
    pub(super) peer: String,
    pub(super) version: String,
    /// Eckart's time over the peer's, at most.
    pub(super) bar: f64,
    /// The most bytes that Eckart may hold.
    pub(super) most_memory: Option<u64>,
    /// By how much values may differ.
    pub(super) tolerance: f64,
    /// Runs before the clock of each sample starts, and within it.
    pub(super) lead: u32,
    pub(super) batch: u32,
    /// The least seconds of a run of Eckart's plan on this machine.
    pub(super) least: Option<f64>,
    pub(super) ended: Ended,
    pub(super) eckart: Side,
    pub(super) other: Side,
}

/// The middle one; the mean of the two middle ones of an even number; `None` of none.
pub(super) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => None,
        n if n % 2 == 1 => Some(sorted[middle]),
        _ => Some((sorted[middle - 1] + sorted[middle]) / 2.0),
    }
}

impl Row {
    /// Eckart's median over the peer's; none unless both gave the same.
    pub(super) fn ratio(&self) -> Option<f64> {
        let pair = (median(&self.eckart.seconds)?, median(&self.other.seconds)?);
        (self.ended == Ended::Compared).then_some(pair.0 / pair.1)
    }

    /// The share of the machine's bound that Eckart reaches.
    pub(super) fn share(&self) -> Option<f64> {
        let median = median(&self.eckart.seconds)?;
        self.least.filter(|_| self.ended == Ended::Compared).map(|least| least / median)
    }
}

/// The line of a head.
pub(super) fn head_line(head: &Head) -> String {
    let Head { date, commit, before, processor, cores, threads, quick, load, speeds } = head;
    let mut line = json!({
        "date": date, "commit": commit, "processor": processor, "cores": cores, "threads": threads, "quick": quick,
        "load": load, "flops_per_second": speeds.flops, "flops_per_second_f32": speeds.flops_f32,
        "bytes_per_second": speeds.bytes,
    });
    if let Some(before) = before {
        line["before"] = json!(before);
    }
    line.to_string()
}

/// The line of a row.
pub(super) fn row_line(row: &Row) -> String {
    let side =
        |side: &Side| json!({ "seconds": side.seconds, "held": side.held, "peak": side.peak, "values": side.values });
    let (ended, why) = match &row.ended {
        Ended::Compared => ("compared", String::new()),
        Ended::Failed(why) => ("failed", without_folders(why)),
        Ended::Absent(why) => ("absent", without_folders(why)),
    };
    json!({
        "task": row.task, "peer": row.peer, "version": row.version, "bar": row.bar, "most_memory": row.most_memory,
        "tolerance": row.tolerance, "lead": row.lead, "batch": row.batch, "least": row.least, "ended": ended,
        "why": why, "eckart": side(&row.eckart), "other": side(&row.other),
    })
    .to_string()
}

/// The text with every absolute path shortened to its last name: where things lie on a machine is nobody's business.
fn without_folders(text: &str) -> String {
    let is_around = |c: char| c.is_whitespace() || "'\"`()[]<>,;:=".contains(c);
    let shorten = |word: &str| {
        let (path, end) = word.split_at(word.trim_end_matches(is_around).len());
        match path.trim_end_matches('/').rsplit_once('/') {
            Some((_, name)) if path.starts_with('/') => format!("{name}{end}"),
            _ => word.to_owned(),
        }
    };
    text.split_inclusive(is_around).map(shorten).collect()
}

/// Reads what [`head_line`] and [`row_line`] wrote.
pub(super) fn read(text: &str) -> Result<(Head, Vec<Row>), Failure> {
    let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let wrong = |at: usize| Failure::new(format!("line {} is no row of a kept run", at + 1));
    let parse = |(at, line): (usize, &str)| serde_json::from_str::<Value>(line).map_err(|_| wrong(at));
    let Some(first) = lines.next() else { return Err(Failure::new("the file holds no run")) };
    let head = read_head(&parse(first)?).ok_or_else(|| wrong(first.0))?;
    let rows = lines.map(|line| read_row(&parse(line)?).ok_or_else(|| wrong(line.0)));
    Ok((head, rows.collect::<Result<_, _>>()?))
}

fn read_head(value: &Value) -> Option<Head> {
    Some(Head {
        date: value["date"].as_str()?.to_owned(),
        commit: value["commit"].as_str()?.to_owned(),
        before: value["before"].as_str().map(str::to_owned),
        processor: value["processor"].as_str()?.to_owned(),
        cores: value["cores"].as_u64()? as usize,
        threads: value["threads"].as_u64()? as usize,
        quick: value["quick"].as_bool()?,
        load: value["load"].as_f64(),
        speeds: Speeds::read(value)?,
    })
}

fn read_row(value: &Value) -> Option<Row> {
    let text = |key: &str| value[key].as_str().map(str::to_owned);
    let why = text("why")?;
    Some(Row {
        task: text("task")?,
        peer: text("peer")?,
        version: text("version")?,
        bar: value["bar"].as_f64()?,
        most_memory: value["most_memory"].as_u64(),
        tolerance: value["tolerance"].as_f64()?,
        // Runs were kept before there was any.
        lead: u32::try_from(value["lead"].as_u64().unwrap_or_default()).ok()?,
        batch: u32::try_from(value["batch"].as_u64()?).ok()?,
        least: value["least"].as_f64(),
        ended: match value["ended"].as_str()? {
            "compared" => Ended::Compared,
            "failed" => Ended::Failed(why),
            "absent" => Ended::Absent(why),
            _ => return None,
        },
        eckart: read_side(&value["eckart"])?,
        other: read_side(&value["other"])?,
    })
}

fn read_side(value: &Value) -> Option<Side> {
    let numbers = |key: &str| value[key].as_array().map(|all| all.iter().filter_map(Value::as_f64).collect());
    Some(Side {
        seconds: numbers("seconds")?,
        held: value["held"].as_u64(),
        peak: value["peak"].as_u64(),
        values: numbers("values")?,
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A head and a row to try things on.
    pub(in super::super) fn sample() -> (Head, Row) {
        let head = Head {
            date: "2026-01-31".into(),
            commit: "abc1234".into(),
            before: None,
            processor: "a processor".into(),
            cores: 4,
            threads: 2,
            quick: false,
            load: Some(0.25),
            speeds: Speeds { flops: 1e11, flops_f32: 2e11, bytes: 2e10 },
        };
        let side = |seconds: &[f64], peak| Side {
            seconds: seconds.to_vec(),
            held: Some(1_000_000),
            peak: Some(peak),
            values: vec![1.5, 2.5],
        };
        let row = Row {
            task: "seed-dense-f32".into(),
            peer: "numpy".into(),
            version: "numpy 2".into(),
            bar: 0.85,
            most_memory: None,
            tolerance: 1e-4,
            lead: 2,
            batch: 3,
            least: Some(0.004),
            ended: Ended::Compared,
            eckart: side(&[0.01, 0.008, 0.009], 64_000_000),
            other: side(&[0.02, 0.018, 0.5], 128_000_000),
        };
        (head, row)
    }

    #[test]
    fn the_median_is_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0]), Some(3.0));
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), Some(2.5));
    }

    #[test]
    fn a_ratio_is_that_of_medians_and_of_equal_results() {
        let (_, mut row) = sample();
        assert_eq!(row.ratio(), Some(0.009 / 0.02));
        assert_eq!(row.share(), Some(0.004 / 0.009));
        row.ended = Ended::Failed("they differ".into());
        assert_eq!((row.ratio(), row.share()), (None, None));
    }

    #[test]
    fn no_place_of_a_machine_is_kept() {
        let same = |text: &str| assert_eq!(without_folders(text), text);
        same("no module named 'x'; 1.5 / 2.5, a/b and 3 M/s");
        assert_eq!(
            without_folders("cannot open '/opt/a b/libx.so': no file (/usr/y.py)"),
            "cannot open 'a b/libx.so': no file (y.py)"
        );
        assert_eq!(without_folders("path=/srv/data/x.npy, gone"), "path=x.npy, gone");
    }

    #[test]
    fn what_is_kept_can_be_read() {
        let (mut head, row) = sample();
        head.before = Some("def5678".into());
        let mut failed = row.clone();
        failed.ended = Ended::Failed("1.5 and 2.5".into());
        (failed.least, failed.most_memory, failed.other) = (None, Some(260), Side::default());
        let text = format!("{}\n{}\n\n{}\n", head_line(&head), row_line(&row), row_line(&failed));
        assert_eq!(read(&text).expect("it was written here"), (head, vec![row, failed]));
        assert!(read("").is_err());
        let wrong = read(&text.replace("\"batch\":3", "\"batch\":-3")).expect_err("no batch is negative");
        assert_eq!(wrong.to_string(), "line 2 is no row of a kept run");
    }
}
