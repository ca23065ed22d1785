//! Scene: what a picture shows, whatever it is drawn with.
//! In: a `Plan`.  Out: boxes with their lines of text, arrows, and the boxes of each tiling.
//! Invariant: boxes stand in the order of the plan, so an arrow leads from an earlier to a later one.
//! Not here: where anything is placed (see `place`).

use std::collections::BTreeMap;

use super::super::explain::{bytes, clipped, combination, flops, name, size, way};
use super::super::program::{Buffer, Kernel, Plan, RowTiling, Step};
use crate::facts::Layout;

/// Characters of a line.
const MOST_TEXT: usize = 34;

/// What a box stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CardKind {
    /// A data matrix.
    Data,
    /// A variable that changes from run to run.
    Factor,
    /// Computed once for all runs.
    Cached,
    /// Computed in each run.
    Run,
}

/// The kinds with what the legend says of them.
pub(super) const KINDS: [(CardKind, &str, &str); 4] = [
    (CardKind::Data, "data", "data"),
    (CardKind::Factor, "factor", "factor"),
    (CardKind::Cached, "cached", "cached: computed once"),
    (CardKind::Run, "run", "computed in each run"),
];

impl CardKind {
    /// Its name in the picture's text.
    pub(super) fn name(self) -> &'static str {
        KINDS.iter().find(|(kind, _, _)| *kind == self).map_or("", |(_, name, _)| name)
    }
}

/// A box.
#[derive(Debug, Clone)]
pub(super) struct Card {
    /// "b7", or "b7-2" for the second buffer of the tiling that fills buffer 7.
    pub id: String,
    pub kind: CardKind,
    /// Whether it is what a block of a tiling reads of something outside.
    pub part: bool,
    /// The kernel, or the name of a variable.
    pub head: String,
    /// What else it says.
    pub lines: Vec<String>,
    /// What the box says where it is a result.
    pub result: Option<String>,
    /// The formula in full length, as the plan keeps it.
    pub text: String,
}

/// The boxes of a tiling: first what comes in, then the steps, then the results.
#[derive(Debug, Clone)]
pub(super) struct TilingCards {
    pub id: String,
    /// What the tiling does.
    pub lines: Vec<String>,
    pub cached: bool,
    pub parts: Vec<usize>,
    pub steps: Vec<usize>,
    pub results: Vec<usize>,
}

/// Boxes, arrows between them, and tilings.
#[derive(Debug, Clone, Default)]
pub(super) struct Scene {
    pub cards: Vec<Card>,
    pub arrows: Vec<(usize, usize)>,
    pub groups: Vec<TilingCards>,
    /// What is said of the whole plan.
    pub summary: String,
}

impl Scene {
    /// The scene of `plan`; `names` are those of its results.
    pub(super) fn of(plan: &Plan, names: &[String]) -> Self {
        let mut scene = Self { summary: summary(plan), ..Self::default() };
        let mut card_of: BTreeMap<usize, usize> = BTreeMap::new();
        for step in &plan.steps {
            match &step.kernel {
                Kernel::Literal(_) => {}
                Kernel::Tiled(tiling) => scene.tiling(plan, step, tiling, &mut card_of, names),
                _ => {
                    for &out in &step.outs {
                        let mut card = card(step, out, &plan.buffers[out], format!("b{out}"));
                        card.result = result(plan, out, names);
                        let at = scene.push(card);
                        scene.connect(&step.args, &card_of, at);
                        card_of.insert(out, at);
                    }
                }
            }
        }
        scene
    }

    fn push(&mut self, card: Card) -> usize {
        self.cards.push(card);
        self.cards.len() - 1
    }

    /// Arrows to `at` from each value it reads, one a value; numbers have no box.
    fn connect(&mut self, args: &[usize], card_of: &BTreeMap<usize, usize>, at: usize) {
        for from in args.iter().filter_map(|arg| card_of.get(arg)) {
            if !self.arrows.contains(&(*from, at)) {
                self.arrows.push((*from, at));
            }
        }
    }

    fn tiling(
        &mut self,
        plan: &Plan,
        step: &Step,
        tiling: &RowTiling,
        card_of: &mut BTreeMap<usize, usize>,
        names: &[String],
    ) {
        let id = format!("b{}", step.outs[0]);
        let mut group = TilingCards {
            id: format!("tiling-{id}"),
            lines: about(step, tiling),
            cached: step.cached,
            parts: vec![],
            steps: vec![],
            results: vec![],
        };
        let mut inner: BTreeMap<usize, usize> = BTreeMap::new();
        for (local, (arg, param)) in step.args.iter().zip(&tiling.params).enumerate() {
            let Some(&source) = card_of.get(arg) else { continue };
            let buffer = &tiling.buffers[local];
            let head = format!("{} of {}", way(*param), clipped(&buffer.text, MOST_TEXT - 10));
            let at = self.push(Card {
                id: format!("{id}-{local}"),
                kind: self.cards[source].kind,
                part: true,
                head,
                lines: extent(buffer),
                result: None,
                text: buffer.text.clone(),
            });
            self.connect(&[*arg], card_of, at);
            inner.insert(local, at);
            group.parts.push(at);
        }
        for body in &tiling.body {
            for &out in &body.outs {
                let mut card = card(body, out, &tiling.buffers[out], format!("{id}-{out}"));
                if step.cached {
                    card.kind = CardKind::Cached;
                }
                let at = self.push(card);
                self.connect(&body.args, &inner, at);
                inner.insert(out, at);
                group.steps.push(at);
            }
        }
        for (&out, (local, combine)) in step.outs.iter().zip(&tiling.results) {
            let buffer = &plan.buffers[out];
            let kind = if step.cached { CardKind::Cached } else { CardKind::Run };
            let head = format!("{out}  {}", combination(*combine));
            let lines = described(buffer, 0.0);
            let (result, text) = (result(plan, out, names), buffer.text.clone());
            let at = self.push(Card { id: format!("b{out}"), kind, part: false, head, lines, result, text });
            self.connect(&[*local], &inner, at);
            card_of.insert(out, at);
            group.results.push(at);
        }
        self.groups.push(group);
    }
}

/// The box of what a step puts into a buffer.
fn card(step: &Step, number: usize, buffer: &Buffer, id: String) -> Card {
    let kind = match (&step.kernel, step.cached) {
        (Kernel::Input(_), true) => CardKind::Data,
        (Kernel::Input(_), false) => CardKind::Factor,
        (_, true) => CardKind::Cached,
        (_, false) => CardKind::Run,
    };
    let text = buffer.text.clone();
    if let Kernel::Input(var) = &step.kernel {
        let head = format!("{number}  {}", var.name());
        return Card { id, kind, part: false, head, lines: extent(buffer), result: None, text };
    }
    let mut lines = vec![clipped(&buffer.text, MOST_TEXT)];
    let work = if number == step.outs[0] { step.flops } else { 0.0 };
    lines.extend(described(buffer, work));
    Card { id, kind, part: false, head: format!("{number}  {}", name(&step.kernel)), lines, result: None, text }
}

/// Shape, stored entries, bytes and work.
fn described(buffer: &Buffer, work: f64) -> Vec<String> {
    let work = if work > 0.0 { format!(", {}", flops(work)) } else { String::new() };
    let cost = format!("{}{work}", size(buffer));
    let mut lines = extent(buffer);
    match buffer.layout {
        Layout::Dense => lines[0] += &format!(", {cost}"),
        Layout::Sparse { .. } => lines.push(cost),
    }
    lines
}

/// The shape, and how many entries are stored.
fn extent(buffer: &Buffer) -> Vec<String> {
    match buffer.layout {
        Layout::Dense => vec![buffer.shape.to_string()],
        Layout::Sparse { nnz, .. } => vec![format!("{}, {nnz} stored", buffer.shape)],
    }
}

fn result(plan: &Plan, buffer: usize, names: &[String]) -> Option<String> {
    let at: Vec<usize> = (0..plan.outputs.len()).filter(|&at| plan.outputs[at] == buffer).collect();
    let named: Vec<&str> = at.iter().filter_map(|&at| names.get(at).map(String::as_str)).collect();
    let text = if named.is_empty() { "result".to_owned() } else { format!("result: {}", named.join(", ")) };
    (!at.is_empty()).then(|| clipped(&text, MOST_TEXT))
}

fn about(step: &Step, tiling: &RowTiling) -> Vec<String> {
    let mut lines = vec![
        "block by block".to_owned(),
        format!("{} of {} rows", tiling.height, tiling.rows),
        "at a time,".to_owned(),
        format!("in {} shards:", tiling.shards),
        flops(step.flops),
    ];
    if step.cached {
        lines.push("cached for all runs".to_owned());
    }
    lines
}

fn summary(plan: &Plan) -> String {
    format!(
        "A run: {}, {} read and written. Peak memory {} beside the inputs; the largest buffer holds {} numbers.",
        flops(plan.flops()),
        bytes(plan.traffic() as usize),
        bytes(plan.peak_bytes),
        plan.largest_buffer()
    )
}
