//! Explain: a plan in words.
//! In: a `Plan`.  Out: a table: buffer, what computes it, shape, size, work, traffic, formula; tilings with their steps
//! indented.
//! Invariant: the same plan gives the same text; every buffer is listed; nothing measured.
//! Not here: pictures (see `picture`), the objective and its gradient (see the command).

use std::fmt;

use super::program::{Buffer, Combine, Kernel, Param, Plan, RowTiling, Step};
use crate::facts::Layout;

/// Characters of a formula that a line has room for.
const MOST_TEXT: usize = 40;
/// Columns of what computes a buffer.
const CALL: usize = 22;
/// What the table's words mean.
const LEGEND: &str = "fused: functions of entries in one pass; reduced: summed over the blocks; cached: computed once \
                      for all runs; stored: an input, no buffer";
/// Columns of a shape.
const SHAPE: usize = 24;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        header().write(f)?;
        for step in &self.steps {
            if let Kernel::Tiled(tiling) = &step.kernel {
                write_tiling(f, self, step, tiling)?;
            } else {
                let cached = if step.cached && step.flops > 0.0 { " (cached)" } else { "" };
                write_step(f, "", step, &self.buffers, |out| format!("{cached}{}", result_mark(self, out)))?;
            }
        }
        writeln!(
            f,
            "peak {} beside the inputs, largest buffer {} numbers; a run: {}, {} read and written",
            bytes(self.peak_bytes),
            self.largest_buffer(),
            flops(self.flops()),
            bytes(self.traffic() as usize),
        )?;
        writeln!(f, "{LEGEND}")
    }
}

/// A line of the table.
#[derive(Default)]
struct TableLine {
    indent: &'static str,
    number: String,
    call: String,
    shape: String,
    size: String,
    work: String,
    traffic: String,
    text: String,
}

impl TableLine {
    fn write(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { indent, number, call, shape, size, work, traffic, text } = self;
        let width = CALL - indent.len();
        // A long call takes some of the room of the shape.
        let rest = SHAPE.saturating_sub(call.len().saturating_sub(width));
        let line =
            format!("{indent}{number:>3}  {call:<width$} {shape:<rest$} {size:>8} {work:>10} {traffic:>8}  {text}");
        writeln!(f, "{}", line.trim_end())
    }
}

fn header() -> TableLine {
    TableLine {
        call: "kernel".into(),
        shape: "shape: stored".into(),
        size: "buffer".into(),
        work: "work".into(),
        traffic: "traffic".into(),
        text: "formula".into(),
        ..TableLine::default()
    }
}

fn write_step(
    f: &mut fmt::Formatter<'_>,
    indent: &'static str,
    step: &Step,
    buffers: &[Buffer],
    note: impl Fn(usize) -> String,
) -> fmt::Result {
    for (at, &number) in step.outs.iter().enumerate() {
        let (out, first) = (&buffers[number], at == 0);
        let line = TableLine {
            indent,
            number: number.to_string(),
            call: if first { call(step) } else { "  same pass".to_owned() },
            shape: shape(out),
            size: size(out),
            work: if first { some(step.flops, flops(step.flops)) } else { String::new() },
            traffic: if first { some(step.traffic, bytes(step.traffic as usize)) } else { String::new() },
            text: format!("{}{}", clipped(&out.text, MOST_TEXT), note(number)),
        };
        line.write(f)?;
    }
    Ok(())
}

fn write_tiling(f: &mut fmt::Formatter<'_>, plan: &Plan, step: &Step, tiling: &RowTiling) -> fmt::Result {
    let call = format!(
        "for each {} of {} rows, in {} shards{}",
        tiling.height,
        tiling.rows,
        tiling.shards,
        if step.cached { ", cached" } else { "" },
    );
    let (work, traffic) = (flops(step.flops), bytes(step.traffic as usize));
    // Longer than its own column: it takes those of the shape and the size as well.
    let wide = CALL + SHAPE + 10;
    writeln!(f, "     {call:<wide$} {work:>10} {traffic:>8}")?;
    for (local, (arg, param)) in step.args.iter().zip(&tiling.params).enumerate() {
        writeln!(f, "    {local:>3}  {} of {arg}: {}", way(*param), clipped(&plan.buffers[*arg].text, MOST_TEXT))?;
    }
    for inner in &tiling.body {
        write_step(f, "    ", inner, &tiling.buffers, |_| String::new())?;
    }
    for (out, (local, combine)) in step.outs.iter().zip(&tiling.results) {
        let buffer = &plan.buffers[*out];
        let line = TableLine {
            number: out.to_string(),
            call: format!("{local} {}", combination(*combine)),
            shape: shape(buffer),
            size: size(buffer),
            text: format!("{}{}", clipped(&buffer.text, MOST_TEXT), result_mark(plan, *out)),
            ..TableLine::default()
        };
        line.write(f)?;
    }
    Ok(())
}

fn result_mark(plan: &Plan, buffer: usize) -> &'static str {
    match plan.outputs.iter().position(|&output| output == buffer) {
        Some(at) if at < plan.asked => " -> result",
        Some(_) => " -> for the error bound",
        None => "",
    }
}

fn some(count: f64, text: String) -> String {
    if count > 0.0 { text } else { String::new() }
}

/// How an argument comes into a tiling.
pub(super) fn way(param: Param) -> &'static str {
    match param {
        Param::Whole => "all",
        Param::Rows => "rows",
        Param::Cols => "columns",
    }
}

/// How the results of blocks are combined.
pub(super) fn combination(combine: Combine) -> &'static str {
    match combine {
        Combine::Stack => "stacked",
        Combine::Add => "reduced",
    }
}

/// "product(3.T, 4)".
fn call(step: &Step) -> String {
    let transposes = match step.kernel {
        Kernel::Product { transpose } | Kernel::Sampled { transpose } => transpose,
        Kernel::Thin(thin) => [thin.data_transposed, thin.factor_transposed],
        _ => [false, false],
    };
    let transposed = |k: usize| transposes.get(k).copied().unwrap_or(false);
    let args: Vec<String> = step
        .args
        .iter()
        .enumerate()
        .map(|(k, arg)| format!("{arg}{}", if transposed(k) { ".T" } else { "" }))
        .collect();
    match &step.kernel {
        Kernel::Input(_) | Kernel::Literal(_) => name(&step.kernel).into(),
        Kernel::Observed(var) => format!("observed({})", var.name()),
        kernel => format!("{}({})", name(kernel), args.join(", ")),
    }
}

/// The name of a kernel.
pub(super) fn name(kernel: &Kernel) -> &'static str {
    match kernel {
        Kernel::Input(_) => "input",
        Kernel::Literal(_) => "number",
        Kernel::Observed(_) => "observed",
        Kernel::Map(op) | Kernel::Zip(op) => op.row().name,
        Kernel::Product { .. } => "product",
        Kernel::Sampled { .. } => "sampled",
        Kernel::Gather => "gather",
        Kernel::Transpose => "transpose",
        Kernel::Sum => "sum",
        Kernel::RowSum => "rowsum",
        Kernel::ColSum => "colsum",
        Kernel::Expand => "expand",
        Kernel::SumTo => "sumto",
        Kernel::Eye => "eye",
        Kernel::Join { .. } => "join",
        Kernel::Part { .. } => "part",
        Kernel::Thin(_) => "thin product",
        Kernel::Rows(solver) => solver.name(),
        Kernel::Decrease => "decrease",
        Kernel::Fused(fusion) => fusion.name(),
        Kernel::Tiled(_) => "tiled",
    }
}

/// "100 x 50", or "100 x 50: 300" where 300 entries are stored.
pub(super) fn shape(buffer: &Buffer) -> String {
    match &buffer.layout {
        Layout::Dense => buffer.shape.to_string(),
        Layout::Sparse { nnz, .. } => format!("{}: {nnz}", buffer.shape),
    }
}

/// Its bytes, or "stored" where it takes none of its own.
pub(super) fn size(buffer: &Buffer) -> String {
    if buffer.bytes == 0 { "stored".to_owned() } else { bytes(buffer.bytes) }
}

/// The first characters of a text, with dots where some are left out.
pub(super) fn clipped(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let kept: String = text.chars().take(most - 3).collect();
    format!("{}...", kept.trim_end_matches(['.', ' ']))
}

/// "1.5 MB".
pub(crate) fn bytes(count: usize) -> String {
    scaled(count as f64, &["B", "kB", "MB", "GB", "TB"])
}

/// "1.5 Mflop".
pub(crate) fn flops(count: f64) -> String {
    scaled(count, &["flop", "kflop", "Mflop", "Gflop", "Tflop"])
}

fn scaled(mut count: f64, units: &[&str]) -> String {
    let mut unit = 0;
    while count >= 999.5 && unit + 1 < units.len() {
        count /= 1000.0;
        unit += 1;
    }
    let digits = if unit == 0 || count >= 99.95 { 0 } else { 1 };
    format!("{count:.digits$} {}", units[unit])
}
