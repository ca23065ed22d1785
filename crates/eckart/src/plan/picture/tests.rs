//! Tests of pictures: whole, and true to the plan.
//! In: plans of several kinds.  Out: nothing; a failure shows the picture's text.
//! Invariant: nothing here depends on where a box stands, only on what a reader relies on.
//! Not here: the plans themselves (see `plan`).

use super::super::{Kernel, Plan, plan};
use super::Picture;
use super::place::{CardRect, place};
use super::scene::Scene;
use crate::expr::Var;
use crate::expr::text::parse_expr;
use crate::facts::{Given, Givens};
use crate::grad::differentiate;
use crate::rewrite::rewrite;

/// The plan of a cost and its gradients: X is 40 x 30 with some entries stored, or all.
fn planned(cost: &str, stored: Option<usize>) -> Plan {
    let cost = parse_expr(cost).unwrap();
    let x = Given::data(40, 30, stored);
    let mut givens: Givens = [(Var::input("X"), x)].into();
    for (name, rows, cols) in [("W", 40, 3), ("H", 3, 30), ("b", 40, 1)] {
        givens.insert(Var::input(name), Given::dense(rows, cols));
    }
    let factors = [parse_expr("W").unwrap(), parse_expr("H").unwrap()];
    let mut roots = vec![cost.clone()];
    roots.extend(differentiate(&cost, &factors));
    plan(&rewrite(&roots, &givens).unwrap().0, &givens).unwrap()
}

fn plans() -> Vec<Plan> {
    vec![
        planned("sum((X - W @ H)**2)", None),
        planned("sum((X - W @ H)**2) + 0.1*sum(W**2)", Some(200)),
        planned("sum(observed(X) * (X - W @ H - b)**2)", Some(200)),
        planned("sum(softplus(W @ H) - X * (W @ H))", None),
        planned("sum(abs(X - W @ H))", None),
    ]
}

/// Every buffer but numbers: of the plan, and of the bodies of its tilings.
fn ids(plan: &Plan) -> Vec<String> {
    let mut ids = Vec::new();
    for step in &plan.steps {
        let outer = |out: &usize| format!("b{out}");
        match &step.kernel {
            Kernel::Literal(_) => {}
            Kernel::Tiled(tiling) => {
                ids.extend(step.outs.iter().map(outer));
                let inner = tiling.body.iter().flat_map(|body| &body.outs);
                ids.extend(inner.map(|out| format!("b{}-{out}", step.outs[0])));
            }
            _ => ids.extend(step.outs.iter().map(outer)),
        }
    }
    ids
}

#[test]
fn every_buffer_has_one_box() {
    for plan in plans() {
        let (svg, dot) = (plan.to_svg(), plan.to_dot());
        for id in ids(&plan) {
            assert_eq!(svg.matches(&format!("<g id=\"{id}\" ")).count(), 1, "{id} in {svg}");
            assert_eq!(dot.matches(&format!(" \"{id}\" [")).count(), 1, "{id} in {dot}");
        }
        let results = plan.outputs.iter().collect::<std::collections::BTreeSet<_>>().len();
        assert_eq!(svg.matches(">result</text></g>").count(), results + 1, "with the legend: {svg}");
        assert_eq!(svg, plan.to_svg());
    }
}

#[test]
fn drawings_are_well_formed() {
    for plan in plans() {
        let title = "minimize a < b & \"c\" > 'd' \u{1}";
        let svg = Picture::new(&plan).title(title).results(["<cost>".to_owned()]).to_svg();
        check_tags(&svg);
        assert!(svg.contains("minimize a &lt; b &amp; &quot;c&quot; &gt; &#39;d&#39; \u{fffd}"), "{svg}");
        assert!(svg.contains("result: &lt;cost&gt;"), "{svg}");
        let dot = Picture::new(&plan).title("say \"a\\b\"").to_dot();
        assert!(dot.contains("say \\\"a\\\\b\\\""), "{dot}");
        assert_eq!(dot.matches('{').count(), dot.matches('}').count(), "{dot}");
    }
}

/// Every tag is closed, in order, and no `<` or `&` stands for itself.
#[track_caller]
fn check_tags(svg: &str) {
    let mut open: Vec<&str> = Vec::new();
    for piece in svg.split('<').skip(1) {
        let (tag, text) = piece.split_once('>').unwrap_or_else(|| panic!("a tag has no end: {piece}"));
        assert!(!text.contains('>'), "{piece}");
        for entity in tag.split('&').skip(1).chain(text.split('&').skip(1)) {
            let name = entity.split_once(';').map(|(name, _)| name);
            assert!(matches!(name, Some("amp" | "lt" | "gt" | "quot" | "#39")), "{piece}");
        }
        assert!(tag.matches('"').count() % 2 == 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name), "{piece}");
        } else if !tag.ends_with('/') {
            open.push(tag.split([' ', '\n']).next().unwrap_or(tag));
        }
    }
    assert!(open.is_empty(), "{open:?} never end");
}

#[test]
fn no_box_covers_another_and_folds_hold_their_own() {
    let apart = |a: CardRect, b: CardRect| {
        a.x + a.width <= b.x || b.x + b.width <= a.x || a.y + a.height <= b.y || b.y + b.height <= a.y
    };
    let holds = |a: CardRect, b: CardRect| {
        a.x <= b.x && a.y <= b.y && b.x + b.width <= a.x + a.width && b.y + b.height <= a.y + a.height
    };
    for plan in plans() {
        let scene = Scene::of(&plan, &[]);
        let placed = place(&scene);
        for (at, card) in placed.cards.iter().enumerate() {
            assert!(placed.cards[at + 1..].iter().all(|other| apart(*card, *other)), "{:?}", scene.cards[at]);
            for (group, frame) in scene.groups.iter().zip(&placed.groups) {
                let inside = [&group.parts, &group.steps, &group.results].iter().any(|list| list.contains(&at));
                assert!(if inside { holds(*frame, *card) } else { apart(*frame, *card) }, "{:?}", scene.cards[at]);
            }
        }
        for (way, (from, to)) in placed.arrows.iter().zip(&scene.arrows) {
            let (first, last) = (way[0], way[way.len() - 1]);
            let (from, to) = (placed.cards[*from], placed.cards[*to]);
            assert!((first.top - from.y - from.height).abs() < 1e-6 && (last.bottom - to.y).abs() < 1e-6);
            assert!((from.x..=from.x + from.width).contains(&first.x) && (to.x..=to.x + to.width).contains(&last.x));
            for rail in &way[1..way.len() - 1] {
                let through = |card: &CardRect| card.x < rail.x && rail.x < card.x + card.width;
                let beside = |card: &CardRect| card.y < rail.bottom && rail.top < card.y + card.height;
                assert!(!placed.cards.iter().any(|card| through(card) && beside(card)), "{rail:?}");
            }
        }
    }
}
