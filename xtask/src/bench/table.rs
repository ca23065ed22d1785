//! The table of a run: plain for a terminal, in Markdown for `docs/speed.md`.

use super::rows::{Ended, Head, Row, median};
use super::tasks::TASKS;

const HEADER: [&str; 10] = [
    "task",
    "baseline",
    "Eckart",
    "baseline time",
    "ratio",
    "target",
    "pass",
    "of roofline",
    "peak, Eckart",
    "peak, baseline",
];
/// The first columns that are set to the left.
const LEFT: usize = 2;

/// The table as lines of equal columns, with what did not go well below it.
pub(super) fn plain(head: &Head, rows: &[Row]) -> String {
    let mut lines = vec![HEADER.map(str::to_owned).to_vec()];
    lines.extend(rows.iter().map(|row| cells(row).to_vec()));
    columns(&lines, LEFT) + "\n" + &about(head) + &notes(rows, "")
}

/// Lines of equal columns, of which the first `left` are set to the left.
pub(super) fn columns(lines: &[Vec<String>], left: usize) -> String {
    let count = lines.first().map_or(0, Vec::len);
    let widths: Vec<usize> =
        (0..count).map(|k| lines.iter().map(|line| line[k].chars().count()).max().unwrap_or(0)).collect();
    let set = |k: usize, cell: &str| match widths[k] {
        width if k < left => format!("{cell:<width$}"),
        width => format!("{cell:>width$}"),
    };
    let mut text = String::new();
    for line in lines {
        let cells: Vec<String> = line.iter().enumerate().map(|(k, cell)| set(k, cell)).collect();
        text += &format!("{}\n", cells.join("  ").trim_end());
    }
    text
}

/// The table for `docs/speed.md`.
pub(super) fn markdown(head: &Head, rows: &[Row]) -> String {
    let line = |cells: &[String]| format!("| {} |\n", cells.join(" | "));
    let mut text = line(&HEADER.map(str::to_owned));
    text += &format!("|{}\n", (0..HEADER.len()).map(|k| if k < LEFT { "---|" } else { "---:|" }).collect::<String>());
    for row in rows {
        let mut cells = cells(row);
        if let Some(task) = TASKS.iter().find(|task| task.name == row.task) {
            cells[0] = format!("{} (`{}`)", task.says, task.name);
        }
        text += &line(&cells);
    }
    text + "\n" + &about(head) + &notes(rows, "- ")
}

/// What a row says, a cell per column.
fn cells(row: &Row) -> [String; 10] {
    let peer = if row.version.is_empty() { &row.peer } else { &row.version };
    let bar = format!("{:.2}", row.bar);
    let dash = || "-".to_owned();
    let Some(ratio) = row.ratio() else {
        let word = if matches!(row.ended, Ended::Absent(_)) { "absent" } else { "FAILED" };
        return [row.task.clone(), peer.clone(), dash(), dash(), word.to_owned(), bar, dash(), dash(), dash(), dash()];
    };
    let time = |seconds: &[f64]| median(seconds).map_or_else(dash, duration);
    let memory = |bytes: Option<u64>| bytes.map_or_else(dash, megabytes);
    let held = match (row.most_memory, row.eckart.peak) {
        (Some(most), Some(peak)) => format!("{} of {}", megabytes(peak), megabytes(most)),
        (_, peak) => memory(peak),
    };
    [
        row.task.clone(),
        peer.clone(),
        time(&row.eckart.seconds),
        time(&row.other.seconds),
        format!("{ratio:.3}"),
        bar,
        if is_met(row) { "yes" } else { "no" }.to_owned(),
        row.share().map_or_else(dash, |share| format!("{:.0} %", 100.0 * share)),
        held,
        memory(row.other.peak),
    ]
}

/// Whether the bars of a row are met, that of memory included.
pub(super) fn is_met(row: &Row) -> bool {
    let fits = row.most_memory.is_none_or(|most| row.eckart.peak.is_some_and(|peak| peak <= most));
    fits && row.ratio().is_some_and(|ratio| ratio <= row.bar)
}

/// "12.3 ms".
pub(super) fn duration(seconds: f64) -> String {
    let (value, unit) = match seconds {
        seconds if seconds < 1e-3 => (1e6 * seconds, "us"),
        seconds if seconds < 1.0 => (1e3 * seconds, "ms"),
        seconds => (seconds, "s"),
    };
    let digits = if value < 10.0 { 2 } else { usize::from(value < 100.0) };
    format!("{value:.digits$} {unit}")
}

fn megabytes(bytes: u64) -> String {
    format!("{:.0} MB", bytes as f64 / 1e6)
}

/// Where, when and how the numbers came about.
fn about(head: &Head) -> String {
    let Head { date, commit, processor, cores, threads, quick, load, speeds, .. } = head;
    format!(
        "{processor}, {cores} cores, {threads} threads on either side{}; commit {commit}, {date}{}. Medians of \
         alternating samples, each after half a second of warm-up; ratio: Eckart's time / the baseline's. Roofline: \
         {:.1} Gflop/s (f32), {:.1} Gflop/s (f64) and {:.1} GB/s, as measured. Peak: the most memory held once the \
         data was read, the data included.\n",
        load.map_or_else(String::new, |load| format!(", load average {load:.1} before the run")),
        if *quick { ", quick" } else { "" },
        speeds.flops_f32 / 1e9,
        speeds.flops / 1e9,
        speeds.bytes / 1e9,
    )
}

/// What failed or was not there, and why.
pub(super) fn notes(rows: &[Row], mark: &str) -> String {
    let note = |row: &Row| match &row.ended {
        Ended::Compared => None,
        Ended::Failed(why) => Some(format!("{mark}FAILED {} / {}: {why}\n", row.task, row.peer)),
        Ended::Absent(why) => Some(format!("{mark}absent {} / {}: {why}\n", row.task, row.peer)),
    };
    let notes: String = rows.iter().filter_map(note).collect();
    if notes.is_empty() { notes } else { format!("\n{notes}") }
}

#[cfg(test)]
mod tests {
    use super::super::rows::tests::sample;
    use super::*;

    #[test]
    fn a_row_is_set_in_columns() {
        let (head, row) = sample();
        let text = plain(&head, &[row]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[1],
            concat!(
                "seed-dense-f32  numpy 2   9.00 ms        20.0 ms  0.450    0.85   yes  ",
                "       44 %         64 MB          128 MB"
            )
        );
        assert_eq!(lines[0].chars().count(), lines[1].chars().count());
        assert!(text.contains("a processor, 4 cores, 2 threads") && text.contains("100.0 Gflop/s"), "{text}");
    }

    #[test]
    fn no_ratio_is_printed_for_a_pair_that_disagrees() {
        let (head, mut row) = sample();
        row.ended = Ended::Failed("Eckart's cost is 1.5, the peer's 2.5".into());
        for text in [plain(&head, std::slice::from_ref(&row)), markdown(&head, std::slice::from_ref(&row))] {
            assert!(text.contains("FAILED") && text.contains("1.5, the peer's 2.5"), "{text}");
            assert!(!text.contains("0.450") && !text.contains("9.00 ms"), "{text}");
        }
        row.ended = Ended::Absent("No module named 'x'".into());
        assert!(plain(&head, &[row]).contains("absent seed-dense-f32 / numpy: No module named 'x'"));
    }

    #[test]
    fn a_bar_of_memory_counts() {
        let (head, mut row) = sample();
        assert!(is_met(&row));
        row.most_memory = Some(63_000_000);
        assert!(!is_met(&row));
        assert!(plain(&head, std::slice::from_ref(&row)).contains("64 MB of 63 MB"));
        row.most_memory = None;
        row.bar = 0.4;
        assert!(!is_met(&row));
    }

    #[test]
    fn markdown_has_a_line_a_row() {
        let (head, row) = sample();
        let text = markdown(&head, &[row]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[1], "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|");
        assert!(
            lines[2]
                .starts_with("| gradient-descent step, 2,000 x 2,000, f32 (`seed-dense-f32`) | numpy 2 | 9.00 ms |")
        );
    }

    /// The tables of `docs/speed.md` are those of the runs it names, and README.md quotes rows of them.
    #[test]
    fn the_documentation_has_the_rows_of_kept_runs() {
        let read = |path: &str| std::fs::read_to_string(crate::root().join(path)).expect("it is kept");
        let page = read("docs/speed.md");
        let runs = page.split('`').flat_map(|text| text.split_whitespace());
        let runs: Vec<&str> = runs.filter(|word| word.starts_with("bench/runs/")).collect();
        assert!(runs.len() >= 4, "{runs:?}");
        for run in runs {
            let (head, rows) = super::super::rows::read(&read(run)).expect("a kept run");
            let table = markdown(&head, &rows);
            let table = table.split("\n\n").next().expect("the rows come first");
            assert!(page.contains(table), "docs/speed.md has another table than `cargo xtask bench --table {run}`");
        }
        let readme = read("README.md");
        let rows = readme.lines().skip_while(|line| !line.starts_with("| task | baseline |")).skip(2);
        let rows: Vec<&str> = rows.take_while(|line| line.starts_with('|')).collect();
        assert!(rows.len() >= 5, "{rows:?}");
        for row in rows {
            let (_, figures) = row[2..].split_once(" | ").expect("a row has several cells");
            assert!(page.contains(figures), "docs/speed.md has no such row: {row}");
        }
    }

    #[test]
    fn times_have_three_digits() {
        assert_eq!(
            [0.0000123, 0.00123, 0.0123, 0.123, 1.23, 123.4].map(duration),
            ["12.3 us", "1.23 ms", "12.3 ms", "123 ms", "1.23 s", "123 s"]
        );
    }
}
