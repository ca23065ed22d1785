//! Explain: a plan in words.
//! In: a `Plan`.  Out: a table: step, what it computes, shape, layout, size, work.
//! Law: the same plan gives the same text; every buffer is listed.
//! Not here: the objective and its gradient (see the command).

use std::fmt;

use super::{Kernel, Plan, Step};
use crate::facts::Layout;

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.steps.iter().enumerate() {
            let size = if step.bytes == 0 { "held".to_owned() } else { bytes(step.bytes) };
            let work = if step.flops > 0.0 { flops(step.flops) } else { String::new() };
            let out = if self.outputs.contains(&at) { " -> result" } else { "" };
            let line = format!(
                "{at:>3}  {:<24} {:<16} {:<14} {size:>10} {work:>13}  {}{out}",
                call(step),
                step.shape.to_string(),
                layout(step),
                step.text,
            );
            writeln!(f, "{}", line.trim_end())?;
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

/// "product(3.T, 4)".
fn call(step: &Step) -> String {
    let flipped = |k: usize| matches!(step.kernel, Kernel::Product { flip } if flip[k]);
    let args: Vec<String> =
        step.args.iter().enumerate().map(|(k, arg)| format!("{arg}{}", if flipped(k) { ".T" } else { "" })).collect();
    let name = match &step.kernel {
        Kernel::Input(_) => return "input".into(),
        Kernel::Literal(_) => return "number".into(),
        Kernel::Map(op) | Kernel::Zip(op) => op.row().name,
        Kernel::Product { .. } => "product",
        Kernel::Transpose => "transpose",
        Kernel::Sum => "sum",
        Kernel::RowSum => "rowsum",
        Kernel::ColSum => "colsum",
        Kernel::Expand => "expand",
        Kernel::SumTo => "sumto",
        Kernel::Eye => "eye",
        Kernel::Observed(var) => return format!("observed({})", var.name()),
    };
    format!("{name}({})", args.join(", "))
}

fn layout(step: &Step) -> String {
    match &step.layout {
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
