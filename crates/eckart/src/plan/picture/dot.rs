//! Dot: a scene in the language of Graphviz.
//! In: a `Scene`, a title.  Out: text for `dot -Tsvg` and its kin.
//! Invariant: every text is quoted; a tiling is a cluster.
//! Not here: placing anything (Graphviz does).

use super::scene::{Card, CardKind, Scene};

/// The graph.
pub(super) fn draw(scene: &Scene, title: &str) -> String {
    let mut out = String::from("digraph plan {\n");
    let label = if title.is_empty() { scene.summary.clone() } else { format!("{title}\n{}", scene.summary) };
    out += &format!("  label={}; labelloc=t; fontname=\"monospace\"; rankdir=TB;\n", quoted(&label));
    out += "  node [shape=box, style=\"filled,rounded\", fontname=\"monospace\", fontsize=11];\n";
    out += "  edge [color=\"#64748b\"];\n";
    let grouped = |at: usize| {
        scene.groups.iter().any(|g| g.parts.iter().chain(&g.steps).chain(&g.results).any(|&member| member == at))
    };
    for (_, card) in scene.cards.iter().enumerate().filter(|(at, _)| !grouped(*at)) {
        out += &node(card, "  ");
    }
    for group in &scene.groups {
        out += &format!("  subgraph {} {{\n", quoted(&format!("cluster_{}", group.id)));
        out += &format!("    label={}; style=dashed; color=\"#64748b\";\n", quoted(&group.lines.join(" ")));
        for &at in group.parts.iter().chain(&group.steps).chain(&group.results) {
            out += &node(&scene.cards[at], "    ");
        }
        out += "  }\n";
    }
    for &(from, to) in &scene.arrows {
        out += &format!("  {} -> {};\n", quoted(&scene.cards[from].id), quoted(&scene.cards[to].id));
    }
    out + "}\n"
}

fn node(card: &Card, indent: &str) -> String {
    let (fill, border) = match card.kind {
        CardKind::Data => ("#dbeafe", "#2563eb"),
        CardKind::Factor => ("#dcfce7", "#16a34a"),
        CardKind::Cached => ("#fef3c7", "#d97706"),
        CardKind::Run => ("#f8fafc", "#475569"),
    };
    let mut lines = vec![card.head.clone()];
    lines.extend(card.lines.iter().cloned());
    lines.extend(card.result.clone());
    let width = match (&card.result, card.part) {
        (Some(_), _) => ", penwidth=3",
        (None, true) => ", style=\"filled,rounded,dashed\"",
        (None, false) => "",
    };
    format!(
        "{indent}{} [label={}, tooltip={}, fillcolor=\"{fill}\", color=\"{border}\"{width}];\n",
        quoted(&card.id),
        quoted(&lines.join("\n")),
        quoted(&card.text)
    )
}

/// A text in quotes; line ends become breaks.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"))
}
