//! Place: where the boxes of a scene stand.
//! In: a `Scene`.  Out: rectangles and the ways of arrows.
//! Invariant: a tiling's boxes stand inside its frame, and nothing else does.
//! Not here: rows and lanes (see `layers`), how it looks (see `svg`).

use super::layers::{Laid, LayerEdge, Rail, Size, lay, rows};
use super::scene::{Card, Scene, TilingCards};

/// A character of the font, which has one width.
pub(super) const CHAR: f64 = 7.0;
/// A line.
pub(super) const LINE: f64 = 15.0;
/// Around the text of a box.
pub(super) const PAD: f64 = 10.0;
/// Around the boxes of a tiling.
const FRAME: f64 = 22.0;

/// A rectangle.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct CardRect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

/// A scene's rectangles, in its order.
#[derive(Debug, Default)]
pub(super) struct Placed {
    pub cards: Vec<CardRect>,
    pub groups: Vec<CardRect>,
    pub arrows: Vec<Vec<Rail>>,
    pub width: f64,
    pub height: f64,
}

/// Places a scene.
pub(super) fn place(scene: &Scene) -> Placed {
    let sizes: Vec<Size> = scene.cards.iter().map(size).collect();
    let inner: Vec<Laid> = scene.groups.iter().map(|group| inside(scene, group, &sizes)).collect();
    // Outside, a tiling is one box, in the place of its first member.
    let mut items: Vec<Size> = Vec::new();
    let mut item_of: Vec<usize> = vec![0; scene.cards.len()];
    let mut item_of_group: Vec<Option<usize>> = vec![None; scene.groups.len()];
    let group_of = groups(scene);
    for at in 0..scene.cards.len() {
        item_of[at] = match group_of[at] {
            Some((g, _)) => *item_of_group[g].get_or_insert_with(|| {
                items.push(framed(&scene.groups[g], &inner[g]));
                items.len() - 1
            }),
            None => {
                items.push(sizes[at]);
                items.len() - 1
            }
        };
    }
    let port = |at: usize| {
        group_of[at].map(|(g, k)| heading(&scene.groups[g]) + FRAME + inner[g].corners[k].0 + sizes[at].width / 2.0)
    };
    let outside = |&&(from, to): &&(usize, usize)| item_of[from] != item_of[to];
    let link = |&(from, to): &(usize, usize)| LayerEdge {
        from: item_of[from],
        from_at: port(from),
        to: item_of[to],
        to_at: port(to),
    };
    let links: Vec<LayerEdge> = scene.arrows.iter().filter(outside).map(link).collect();
    let laid = lay(&items, &links, &rows(items.len(), &links, &[], &[]));
    let mut placed = Placed { width: laid.width, height: laid.height, ..Placed::default() };
    for (g, group) in scene.groups.iter().enumerate() {
        let (x, y) = item_of_group[g].map_or((0.0, 0.0), |item| laid.corners[item]);
        let Size { width, height } = framed(group, &inner[g]);
        placed.groups.push(CardRect { x, y, width, height });
    }
    for at in 0..scene.cards.len() {
        let (x, y) = match group_of[at] {
            Some((g, k)) => moved(inner[g].corners[k], origin(&scene.groups[g], placed.groups[g])),
            None => laid.corners[item_of[at]],
        };
        placed.cards.push(CardRect { x, y, width: sizes[at].width, height: sizes[at].height });
    }
    let mut outer_ways = laid.ways.into_iter();
    let mut inner_ways: Vec<_> = inner.iter().map(|laid| laid.ways.iter()).collect();
    for &(from, to) in &scene.arrows {
        let way = if item_of[from] != item_of[to] {
            let mut way = outer_ways.next().unwrap_or_default();
            reach(&mut way, placed.cards[from], placed.cards[to]);
            way
        } else {
            let g = group_of[from].map_or(0, |(g, _)| g);
            let (dx, dy) = origin(&scene.groups[g], placed.groups[g]);
            let shifted = |rail: &Rail| Rail { x: rail.x + dx, top: rail.top + dy, bottom: rail.bottom + dy };
            inner_ways[g].next().map(|way| way.iter().map(shifted).collect()).unwrap_or_default()
        };
        placed.arrows.push(way);
    }
    placed
}

/// The size of a box, by its text.
fn size(card: &Card) -> Size {
    let lines = std::iter::once(&card.head).chain(&card.lines).chain(&card.result);
    let (count, widest) = lines.fold((0, 0), |(n, most), line| (n + 1, most.max(line.chars().count())));
    Size { width: widest as f64 * CHAR + 2.0 * PAD, height: f64::from(count) * LINE + PAD }
}

/// For each box, its tiling and its place in it.
fn groups(scene: &Scene) -> Vec<Option<(usize, usize)>> {
    let mut of = vec![None; scene.cards.len()];
    for (g, group) in scene.groups.iter().enumerate() {
        for (k, at) in members(group).into_iter().enumerate() {
            of[at] = Some((g, k));
        }
    }
    of
}

fn members(group: &TilingCards) -> Vec<usize> {
    group.parts.iter().chain(&group.steps).chain(&group.results).copied().collect()
}

fn inside(scene: &Scene, group: &TilingCards, sizes: &[Size]) -> Laid {
    let members = members(group);
    let local = |at: usize| members.iter().position(|&member| member == at);
    let link = |&(from, to): &(usize, usize)| {
        Some(LayerEdge { from: local(from)?, from_at: None, to: local(to)?, to_at: None })
    };
    let links: Vec<LayerEdge> = scene.arrows.iter().filter_map(link).collect();
    let own: Vec<Size> = members.iter().map(|&at| sizes[at]).collect();
    let first: Vec<usize> = group.parts.iter().filter_map(|&at| local(at)).collect();
    let last: Vec<usize> = group.results.iter().filter_map(|&at| local(at)).collect();
    lay(&own, &links, &rows(own.len(), &links, &first, &last))
}

/// The width of what a tiling's frame says, at its left.
fn heading(group: &TilingCards) -> f64 {
    group.lines.iter().map(|line| line.chars().count()).max().unwrap_or(0) as f64 * CHAR + PAD
}

fn framed(group: &TilingCards, laid: &Laid) -> Size {
    let height = laid.height.max(group.lines.len() as f64 * LINE);
    Size { width: heading(group) + laid.width + 2.0 * FRAME, height: height + 2.0 * FRAME }
}

/// Where the boxes of a tiling begin.
fn origin(group: &TilingCards, frame: CardRect) -> (f64, f64) {
    (frame.x + heading(group) + FRAME, frame.y + FRAME)
}

fn moved(corner: (f64, f64), by: (f64, f64)) -> (f64, f64) {
    (corner.0 + by.0, corner.1 + by.1)
}

/// Leads an arrow on from a frame to the box inside.
fn reach(way: &mut [Rail], from: CardRect, to: CardRect) {
    if let Some(first) = way.first_mut() {
        first.top = from.y + from.height;
    }
    if let Some(last) = way.last_mut() {
        last.bottom = to.y;
    }
}
