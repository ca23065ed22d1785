//! Svg: a scene as a drawing that needs nothing else.
//! In: a `Scene`, a title.  Out: an SVG document.
//! Invariant: text is text; every text is escaped; colours follow the reader's choice of light or dark.
//! Not here: where things stand (see `place`).

use super::layers::Rail;
use super::place::{CHAR, CardRect, LINE, PAD, Placed, place};
use super::scene::{Card, KINDS, Scene, TilingCards};

/// Around everything.
const MARGIN: f64 = 24.0;
/// The legend and the title need this much.
const LEAST_WIDTH: f64 = 760.0;
/// A character of the title.
const TITLE_CHAR: f64 = 9.1;
const TITLE_LINE: f64 = 20.0;

/// Fill, border and text; light, then dark.
const COLOURS: [(&str, [&str; 2], [&str; 2]); 4] = [
    ("data", ["#dbeafe", "#2563eb"], ["#172554", "#60a5fa"]),
    ("factor", ["#dcfce7", "#15803d"], ["#052e16", "#4ade80"]),
    ("cached", ["#fef3c7", "#b45309"], ["#451a03", "#fbbf24"]),
    ("run", ["#f1f5f9", "#475569"], ["#1e293b", "#94a3b8"]),
];

/// The document.
pub(super) fn draw(scene: &Scene, title: &str) -> String {
    let placed = place(scene);
    let width = placed.width.max(LEAST_WIDTH) + 2.0 * MARGIN;
    let title_lines = broken(title, ((width - 2.0 * MARGIN) / TITLE_CHAR) as usize);
    let summary = broken(&scene.summary, ((width - 2.0 * MARGIN) / CHAR) as usize);
    let mut y = MARGIN;
    let mut head = String::new();
    for line in &title_lines {
        y += TITLE_LINE;
        head += &text("title", MARGIN, y - 5.0, line);
    }
    for line in &summary {
        y += LINE;
        head += &text("", MARGIN, y, line);
    }
    y += LINE;
    head += &legend(y);
    let top = y + LINE + MARGIN;
    let height = top + placed.height + MARGIN;
    let left = MARGIN + (width - 2.0 * MARGIN - placed.width) / 2.0;
    let name = if title.is_empty() { "plan" } else { title };
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" \
         role=\"img\">\n<title>{}</title>\n<style>\n{}</style>\n<defs>\n{}</defs>\n <rect class=\"page\" \
         width=\"100%\" height=\"100%\"/>\n{head}<g transform=\"translate({left:.1} {top:.1})\">\n{}</g>\n </svg>\n",
        escaped(name),
        style(),
        KINDS.iter().map(|(_, name, _)| arrow_head(name)).collect::<String>(),
        body(scene, &placed),
    )
}

fn body(scene: &Scene, placed: &Placed) -> String {
    let mut out = String::new();
    for (group, rect) in scene.groups.iter().zip(&placed.groups) {
        out += &frame(group, *rect);
    }
    for (&(from, _), way) in scene.arrows.iter().zip(&placed.arrows) {
        let name = scene.cards[from].kind.name();
        out += &format!("<path class=\"{name}\" d=\"{}\" marker-end=\"url(#to-{name})\"/>\n", curve(way));
    }
    for (card, rect) in scene.cards.iter().zip(&placed.cards) {
        out += &boxed(card, *rect);
    }
    out
}

fn boxed(card: &Card, rect: CardRect) -> String {
    let CardRect { x, y, width, height } = rect;
    let part = if card.part { " part" } else { "" };
    let result = if card.result.is_some() { " result" } else { "" };
    let mut out = format!(
        "<g id=\"{}\" class=\"{}{part}{result}\"><title>{}</title><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\" rx=\"5\"/>",
        card.id,
        card.kind.name(),
        escaped(&card.text)
    );
    let lines = std::iter::once(("head", &card.head)).chain(card.lines.iter().map(|line| ("", line)));
    for (k, (class, line)) in lines.chain(card.result.iter().map(|line| ("head", line))).enumerate() {
        out += text(class, x + PAD, y + LINE * (k + 1) as f64 + 1.0, line).trim_end();
    }
    out + "</g>\n"
}

fn frame(group: &TilingCards, rect: CardRect) -> String {
    let CardRect { x, y, width, height } = rect;
    let cached = if group.cached { " cached" } else { "" };
    let mut out = format!(
        "<g id=\"{}\" class=\"tiling{cached}\"><rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" \
         height=\"{height:.1}\" rx=\"10\"/>",
        group.id
    );
    for (k, line) in group.lines.iter().enumerate() {
        let class = if k == 0 { "head" } else { "" };
        out += text(class, x + PAD, y + LINE * (k + 1) as f64 + PAD, line).trim_end();
    }
    out + "</g>\n"
}

/// Down each rail, and in curves from one to the next.
fn curve(way: &[Rail]) -> String {
    let mut out = String::new();
    for (k, rail) in way.iter().enumerate() {
        match k.checked_sub(1).map(|before| way[before]) {
            None => out += &format!("M{:.1} {:.1}", rail.x, rail.top),
            Some(before) => {
                let middle = (before.bottom + rail.top) / 2.0;
                out += &format!("C{:.1} {middle:.1} {:.1} {middle:.1} {:.1} {:.1}", before.x, rail.x, rail.x, rail.top);
            }
        }
        if rail.bottom > rail.top {
            out += &format!("V{:.1}", rail.bottom);
        }
    }
    out
}

fn legend(y: f64) -> String {
    let mut out = String::new();
    let mut x = MARGIN;
    let mut entry = |class: &str, words: &str| {
        out += &format!(
            "<g class=\"{class}\"><rect x=\"{x:.1}\" y=\"{:.1}\" width=\"18\" height=\"12\" rx=\"3\"/>{}</g>\n",
            y + 2.0,
            text("", x + 24.0, y + 12.0, words).trim_end()
        );
        x += 24.0 + words.chars().count() as f64 * CHAR + 18.0;
    };
    for (_, name, words) in KINDS {
        entry(name, words);
    }
    entry("run part", "what a block reads of it");
    entry("tiling", "block by block");
    entry("run result", "result");
    out
}

fn arrow_head(name: &str) -> String {
    format!(
        "<marker id=\"to-{name}\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"7\" markerHeight=\"7\" \
         orient=\"auto\"><path class=\"{name} tip\" d=\"M0 0L8 4L0 8z\"/></marker>\n"
    )
}

fn style() -> String {
    let mut out = String::from(
        "text { font: 11.5px ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace; white-space: pre }\n\
         .head { font-weight: bold }\n.title { font-size: 15px; font-weight: bold }\n\
         path { fill: none; stroke-width: 1.3 }\nrect { stroke-width: 1.2 }\n.result rect { stroke-width: 3.5 }\n\
         .part rect { stroke-dasharray: 3 2 }\n.tiling rect { stroke-dasharray: 7 5 }\n.page { stroke: none }\n",
    );
    out += &colours(0);
    out + &format!("@media (prefers-color-scheme: dark) {{\n{}}}\n", colours(1))
}

fn colours(scheme: usize) -> String {
    let [page, ink, tiling] = [["#ffffff", "#0f172a", "#f8fafc"], ["#0b1120", "#e2e8f0", "#111827"]][scheme];
    let mut out = format!(".page {{ fill: {page} }}\ntext {{ fill: {ink} }}\n");
    for (name, light, dark) in COLOURS {
        let [fill, border] = [light, dark][scheme];
        out += &format!(".{name} rect {{ fill: {fill}; stroke: {border} }}\npath.{name} {{ stroke: {border} }}\n");
        out += &format!("path.tip.{name} {{ fill: {border}; stroke: none }}\n");
    }
    out + &format!(".tiling rect {{ fill: {tiling}; stroke: {} }}\n", ["#64748b", "#94a3b8"][scheme])
}

fn text(class: &str, x: f64, y: f64, words: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!("<text{class} x=\"{x:.1}\" y=\"{y:.1}\">{}</text>\n", escaped(words))
}

/// The words of a text in lines of at most `most` characters, longer words aside.
fn broken(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// Text that XML and HTML take for text, between tags and in quotes.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out += "&amp;",
            '<' => out += "&lt;",
            '>' => out += "&gt;",
            '"' => out += "&quot;",
            '\'' => out += "&#39;",
            // No control character but these is allowed, not even escaped.
            c if c.is_control() && !matches!(c, '\n' | '\t') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
