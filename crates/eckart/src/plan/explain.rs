//! Explain: a plan in words.
//! In: a `Plan`.  Out: a table: buffer, what computes it, shape, layout, size, work; folds with their steps indented.
//! Law: the same plan gives the same text; every buffer is listed.
//! Not here: the objective and its gradient (see the command).

use std::fmt;

use super::{Buffer, Combine, Fold, Kernel, Param, Plan, Step};
use crate::facts::Layout;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            if let Kernel::Fold(fold) = &step.kernel {
                write_fold(f, self, step, fold)?;
            } else {
                let result = self.outputs.contains(&step.outs[0]);
                let once = if step.once && step.flops > 0.0 { " (once)" } else { "" };
                write_step(f, "", step, &self.buffers, &format!("{once}{}", if result { " -> result" } else { "" }))?;
            }
        }
        writeln!(
            f,
            "peak {} beside the inputs, largest buffer {} numbers, {} a run",
            bytes(self.peak_bytes),
            self.largest_buffer(),
            flops(self.flops()),
        )
    }
}

fn write_step(f: &mut fmt::Formatter<'_>, indent: &str, step: &Step, buffers: &[Buffer], note: &str) -> fmt::Result {
    let out = &buffers[step.outs[0]];
    let size = if out.bytes == 0 { "held".to_owned() } else { bytes(out.bytes) };
    let work = if step.flops > 0.0 { flops(step.flops) } else { String::new() };
    let line = format!(
        "{indent}{:>3}  {:<24} {:<16} {:<14} {size:>10} {work:>13}  {}{note}",
        step.outs[0],
        call(step),
        out.shape.to_string(),
        layout(out),
        out.text,
    );
    writeln!(f, "{}", line.trim_end())
}

fn write_fold(f: &mut fmt::Formatter<'_>, plan: &Plan, step: &Step, fold: &Fold) -> fmt::Result {
    writeln!(
        f,
        "     for each {} of {} rows, in {} parts{}{:>20}",
        fold.height,
        fold.rows,
        fold.shards,
        if step.once { ", once" } else { "" },
        flops(step.flops)
    )?;
    for (local, (arg, param)) in step.args.iter().zip(&fold.params).enumerate() {
        let way = match param {
            Param::Whole => "all",
            Param::Rows => "rows",
            Param::Cols => "columns",
        };
        writeln!(f, "     {local:>3}  {way} of {arg}: {}", plan.buffers[*arg].text)?;
    }
    for inner in &fold.body {
        write_step(f, "     ", inner, &fold.buffers, "")?;
    }
    for (out, (local, combine)) in step.outs.iter().zip(&fold.results) {
        let way = match combine {
            Combine::Stack => "stacked",
            Combine::Add => "added up",
        };
        let result = if plan.outputs.contains(out) { " -> result" } else { "" };
        let buffer = &plan.buffers[*out];
        writeln!(
            f,
            "{out:>3}  {:<24} {:<16} {:<14} {:>10}                {}{result}",
            format!("{local} {way}"),
            buffer.shape.to_string(),
            layout(buffer),
            bytes(buffer.bytes),
            buffer.text
        )?;
    }
    Ok(())
}

/// "product(3.T, 4)".
fn call(step: &Step) -> String {
    let flips = match step.kernel {
        Kernel::Product { flip } | Kernel::Sampled { flip } => flip,
        _ => [false, false],
    };
    let flipped = |k: usize| flips.get(k).copied().unwrap_or(false);
    let args: Vec<String> =
        step.args.iter().enumerate().map(|(k, arg)| format!("{arg}{}", if flipped(k) { ".T" } else { "" })).collect();
    let name = match &step.kernel {
        Kernel::Input(_) => return "input".into(),
        Kernel::Literal(_) => return "number".into(),
        Kernel::Observed(var) => return format!("observed({})", var.name()),
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
        Kernel::Fold(_) => "fold",
    };
    format!("{name}({})", args.join(", "))
}

fn layout(buffer: &Buffer) -> String {
    match &buffer.layout {
        Layout::Dense => "dense".into(),
        Layout::Sparse { nnz, .. } => format!("{nnz} stored"),
    }
}

/// "1.5 MB".
pub(super) fn bytes(count: usize) -> String {
    scaled(count as f64, &["B", "kB", "MB", "GB", "TB"])
}

fn flops(count: f64) -> String {
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
